"""What one entry of the ledger adds to the city's totals: the line an auditor reads between a total and its lot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from optimizer.accounts.city import AMOUNTS, CityAmounts


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
    amounts: CityAmounts


def sum_of(amounts: Iterable[CityAmounts]) -> CityAmounts:
    """The control totals: exact sums of every amount."""
    sums = dict.fromkeys(AMOUNTS, 0)
    for one in amounts:
        for name in AMOUNTS:
            sums[name] += getattr(one, name)
    return CityAmounts(**sums)
