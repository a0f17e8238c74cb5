"""The city's kept sums held against what the audit reads of lots and runs anyway, and against a fold of the ledger
where that does not say it all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from optimizer.accounts.audit.city import city_exposures_are_the_fold, city_totals_are_the_fold
from optimizer.accounts.audit.city_part import CityRead, Reach, Versions, cells_of, read_city
from optimizer.accounts.audit.rows import RunRow
from optimizer.accounts.books import StandingEntry
from optimizer.accounts.city import CityCells
from optimizer.accounts.whole import ExposureSums, SourceName, exposure_sums
from optimizer.actions.audit_parts import LedgerReading
from optimizer.store.session import Session
from optimizer.waybills.finding import Finding


def reach_of(session: Session) -> Reach:
    """How far the kept sums and the ledger reach."""
    last = session.last_seq()
    return Reach(last - session.city_behind(), last)


def block_of_city(
    session: Session, entries: Sequence[StandingEntry], runs: Sequence[RunRow], bills: Versions, reach: Reach
) -> CityRead | None:
    """What a block of waybills is to the kept sums (``city_part.read_city``)."""
    amended = {number for number, version in bills if version == 2}
    rests_on = session.versions_behind({run.run_id for run in runs if run.number in amended}) if amended else {}
    return read_city(entries, runs, bills, rests_on, reach)


class CityAudit:
    """Takes what was read of all runs and of each block of waybills; says what the kept sums differ in."""

    def __init__(self, session: Session) -> None:
        self.reach = reach_of(session)
        self._session = session
        # Entries of no waybill are in no block.
        self._sound = not session.standing([""])
        self._blocks: list[CityRead] = []
        self._moved: dict[SourceName, int] | None = None
        self._runs = 0

    def take_runs(self, ledger: LedgerReading) -> None:
        """All runs, before the ledger lets go of them."""
        self._runs, self._moved = ledger.run_count(), ledger.moved()

    def take_blocks(self, blocks: Iterable[CityRead | None]) -> None:
        """All blocks."""
        for block in blocks:
            if block is None:
                self._sound = False
            else:
                self._blocks.append(block)

    def totals(self) -> list[Finding]:
        """Cells that differ."""
        return list(city_totals_are_the_fold(self._session.kept_city_cells(), self.folded_totals()))

    def exposures(self) -> list[Finding]:
        """Error sources that differ."""
        return list(city_exposures_are_the_fold(self._session.kept_city_exposures(), self.folded_exposures()))

    def folded_totals(self) -> CityCells:
        """What the cells have to be."""
        return cells_of(self._blocks) if self._sound else self._session.folded_city_cells()

    def folded_exposures(self) -> ExposureSums:
        """What the sums of error sources have to be: every run counts once, but for those that blocks name. Where there
        are runs that no entry names, and where most are not in the kept sums yet, the ledger is folded."""
        moved = self._moved
        behind = 2 * (self.reach.seen - self.reach.kept) > self.reach.kept
        named = sum(block.runs for block in self._blocks)
        if moved is None or not self._sound or named != self._runs or behind:
            return self._session.folded_city_exposures()
        uneven = {run_id: count for block in self._blocks for run_id, count in block.uneven.items()}
        sums = self._session.exposures_of(uneven)
        for name, exposed_mg in moved.items():
            sums[name] = sums.get(name, 0) + exposed_mg
        return exposure_sums(sums)
