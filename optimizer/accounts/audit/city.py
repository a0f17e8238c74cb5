"""Check of the city's kept sums against the ledger."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.accounts.audit.naming import finding
from optimizer.accounts.city import CityAmounts, CityCells
from optimizer.accounts.whole import ExposureSums
from optimizer.waybills.finding import Finding


def city_totals_are_the_fold(kept: CityCells, folded: CityCells) -> Iterator[Finding]:
    """Every kept sum is what the settlements and corrections behind it come to."""
    nothing = CityAmounts()
    for cell in sorted({*kept, *folded}, key=lambda one: (one.month, one.enterprise, one.cargo, one.corridor)):
        if kept.get(cell, nothing) != folded.get(cell, nothing):
            record = f"city {cell.month} {cell.enterprise} {cell.cargo} {cell.corridor}"
            yield finding(
                "city_totals_differ",
                record,
                "全市汇总与账本不符",
                "differs from the ledger it sums",
            )


def city_exposures_are_the_fold(kept: ExposureSums, folded: ExposureSums) -> Iterator[Finding]:
    """Every kept sum of an error source is what the runs behind it come to."""
    if kept == folded:
        return  # A city has a source for each voyage: they are put in order only to name some.
    for key in sorted({*kept, *folded}):
        if kept.get(key, 0) != folded.get(key, 0):
            yield finding(
                "city_exposures_differ",
                f"city {key.source_key or 'runs without error sources'} {key.uncertainty_version}".rstrip(),
                "全市误差来源的汇总与账本不符",
                "differs from the ledger it sums",
            )
