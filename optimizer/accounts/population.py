"""The population that an auditor examines: every settled lot with the entry that stands, and its control totals.

The control totals come from two sides that must agree: the items one by one, and the balances of the claim ledger. An
item left out, doubled or altered in the export shows there and in the digest.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

AMOUNTS = ("mass_kg", "baseline_wtw_g", "actual_wtw_g", "expected_wtw_g", "credited_wtw_g")


@dataclass(frozen=True, slots=True)
class PopulationItem:
    """A settled lot as it stands: the last SETTLE, RESTATE or REVERSE of its chain. ``period`` is that of the entry;
    ``credited_wtw_g`` is the book value. kg and g CO2e WTW as the entry's run says; all 0 where it was reversed."""

    seq: int
    transaction_id: str
    kind: str
    waybill_number: str
    lot_no: int
    period: str
    effective_at: str
    consignor_id: str
    cargo_code: str
    tier: str
    run_id: str
    mass_kg: int
    baseline_wtw_g: int
    actual_wtw_g: int
    expected_wtw_g: int
    credited_wtw_g: int

    @property
    def lot(self) -> str:
        """``MW…/1``."""
        return f"{self.waybill_number}/{self.lot_no}"


COLUMNS = tuple(PopulationItem.__dataclass_fields__)
"""The columns of the export, in order; whole numbers in kg and g."""


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """What an export must add up to. ``last_seq``: up to which entry the ledger was read. ``ledger_g``: claim held or
    retired by all parties after that entry; ``unexplained_g`` = ``ledger_g`` - the items' credited grams, 0 in sound
    books when the whole ledger is exported. ``sha256`` is of the CSV export."""

    last_seq: int
    period: str
    lots: int
    mass_kg: int
    baseline_wtw_g: int
    actual_wtw_g: int
    expected_wtw_g: int
    credited_wtw_g: int
    reversed_lots: int
    ledger_g: int | None
    sha256: str

    @property
    def unexplained_g(self) -> int | None:
        """Grams that the ledger holds and no item explains; None for one month, where the two are not comparable."""
        return None if self.ledger_g is None else self.ledger_g - self.credited_wtw_g


def control_totals(
    items: Sequence[PopulationItem], last_seq: int, ledger_g: int | None, period: str = ""
) -> ControlTotals:
    """The totals of an export; ``ledger_g``: claim of all parties, None where only a month is exported."""
    sums = {name: sum(getattr(item, name) for item in items) for name in AMOUNTS}
    return ControlTotals(
        last_seq=last_seq,
        period=period,
        lots=len(items),
        reversed_lots=sum(item.kind == "REVERSE" for item in items),
        ledger_g=ledger_g,
        sha256=hashlib.sha256(population_csv(items).encode()).hexdigest(),
        **sums,
    )


def population_csv(items: Iterable[PopulationItem]) -> str:
    """The items as CSV with the columns :data:`COLUMNS`, in order of entry."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(item, name) for name in COLUMNS] for item in items)
    return buffer.getvalue()
