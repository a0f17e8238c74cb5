"""What one entry of the ledger adds to the city's totals: the line an auditor reads between a total and its lot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

LOT_FILTERS = ("month", "county", "cargo", "corridor", "enterprise")
"""What entries can be restricted by; each takes the key that the city's groups have."""


@dataclass(frozen=True, slots=True)
class LotAmounts:
    """Amounts of lots or of a sum of them. Mass kg, activity kg·km, emissions g CO2e WTW, energy g of coal equivalent,
    money in fen (freight by road less planned freight). A correction may be negative in any of them."""

    lots: int = 0
    mass_kg: int = 0
    water_kgkm: int = 0
    activity_kgkm: int = 0
    baseline_g: int = 0
    actual_g: int = 0
    expected_g: int = 0
    credited_g: int = 0
    energy_saved_g: int = 0
    cost_saved_fen: int = 0

    def plus(self, other: LotAmounts, sign: int = 1) -> LotAmounts:
        """Both together; ``sign`` -1 takes the other out."""
        return LotAmounts(**{name: getattr(self, name) + sign * getattr(other, name) for name in AMOUNTS})


AMOUNTS = tuple(field.name for field in fields(LotAmounts))


@dataclass(frozen=True, slots=True)
class LotEntry:
    """A SETTLE, RESTATE or REVERSE as the totals count it, in the month in which it is booked.

    A restatement counts what it changes (0 lots), a reversal takes its lot out (-1). ``tier`` is the run's, empty for a
    reversal; ``enterprise`` the consignor's id, ``corridor`` ``from>to`` by location ids.
    """

    seq: int
    transaction_id: str
    kind: str
    number: str
    lot_no: int
    month: str
    enterprise: str
    cargo: str
    corridor: str
    tier: str
    amounts: LotAmounts


def sum_of(entries: Iterable[LotEntry]) -> LotAmounts:
    """The control totals of entries: exact sums of every amount."""
    sums: dict[str, Any] = dict.fromkeys(AMOUNTS, 0)
    for entry in entries:
        for name in AMOUNTS:
            sums[name] += getattr(entry.amounts, name)
    return replace(LotAmounts(), **sums)
