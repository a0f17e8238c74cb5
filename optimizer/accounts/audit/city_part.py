"""What some lots are to the city's kept sums, folded from what the audit has read of them anyway.

The store folds the same of any span of the ledger, row by row (``folded_city_cells``, ``folded_city_exposures``); what
cannot be told from these lots alone is left to it. A test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

import msgspec

from optimizer.accounts.audit.rows import RunRow
from optimizer.accounts.books import StandingEntry
from optimizer.accounts.city import AMOUNTS, CityAmounts, CityCell, CityCells
from optimizer.accounts.ledger import Kind
from optimizer.network.model import WATER_MODES
from optimizer.waybills.waybill import Waybill


class Reach(NamedTuple):
    """``kept``: the last entry that the kept sums hold; ``seen``: the last one that the auditor sees."""

    kept: int
    seen: int


CellKeys = tuple[str, ...]
"""A :class:`CityCell`: month, enterprise, county, cargo, corridor."""


class CityRead(NamedTuple):
    """Of some lots: the kept amounts by cell (in order of :data:`AMOUNTS`); how many runs the entries about them name;
    and the runs that do not count once in what is kept, with how many times more (-1: not at all)."""

    cells: dict[CellKeys, list[int]]
    runs: int
    uneven: dict[str, int]


Versions = Mapping[tuple[str, int], Waybill]
"""Waybills by number and version."""


def read_city(
    entries: Sequence[StandingEntry],
    runs: Sequence[RunRow],
    bills: Versions,
    rests_on: Mapping[str, int],
    reach: Reach,
) -> CityRead | None:
    """``entries``: all settlements and corrections of some waybills; ``runs``: those that they name, as often as they
    are found by their ids; ``bills``: all versions of the waybills; ``rests_on``: of the runs of amended waybills which
    version each rests on, by id. None where these do not say it all."""
    by_id = {run.run_id: run for run in runs}
    moves = _Moves(reach)
    if len(by_id) != len(runs) or not moves.take(entries, by_id):
        return None
    cells: dict[CellKeys, list[int]] = {}
    lots = _lots(bills)
    for (month, sign), moved in moves.by_month.items():
        placed: dict[CellKeys, list[tuple[RunRow, int]]] = {}
        for run_id in moved:
            run = by_id.get(run_id)
            found = None if run is None else lots.get((run.number, rests_on.get(run_id, 1), run.lot_no))
            if run is not None and found is not None:
                placed.setdefault(found[0], []).append((run, found[1]))
        for place, some in placed.items():
            amounts = _amounts(some)
            if amounts is None:
                return None
            _add(cells, (month, *place), [sign * amount for amount in amounts])
    counted = moves.named & by_id.keys()
    uneven = {run_id: count - 1 for run_id, count in moves.counts(counted).items() if count != 1}
    return CityRead(cells, len(counted), uneven)


def cells_of(parts: Iterable[CityRead]) -> CityCells:
    """The cells of all parts; those that come to nothing at all left out."""
    sums: dict[CellKeys, list[int]] = {}
    for part in parts:
        for keys, amounts in part.cells.items():
            _add(sums, keys, amounts)
    return {CityCell(*keys): CityAmounts(*amounts) for keys, amounts in sums.items() if any(amounts)}


def _add(sums: dict[CellKeys, list[int]], keys: CellKeys, amounts: list[int]) -> None:
    known = sums.get(keys)
    sums[keys] = amounts if known is None else [one + other for one, other in zip(known, amounts, strict=True)]


class _Moves:
    """Which runs the entries put in and take out. ``by_month``: the ids of each month, put in (1) and taken out (-1);
    ``named``: of all that were put in as far as the auditor sees."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self.by_month: dict[tuple[str, int], list[str]] = {}
        self.named: set[str] = set()

    def take(self, entries: Sequence[StandingEntry], runs: Mapping[str, RunRow]) -> bool:
        """Take all entries of some waybills; whether they and their runs say it all."""
        by_id = {entry.transaction_id: entry for entry in entries}
        for entry in entries:
            run = runs.get(entry.run_id)
            if run is not None and run.number != entry.waybill_number:
                return False
            if entry.seq > self._reach.seen:
                continue
            month = entry.period
            if entry.kind is not Kind.REVERSE:
                self.named.add(entry.run_id)
                self._move(entry, month, 1, entry.run_id)
            if entry.kind is not Kind.SETTLE:
                original = by_id.get(entry.resolves)
                if original is None or _lot(original) != _lot(entry):
                    return False
                if original.kind is not Kind.REVERSE:
                    self._move(entry, month, -1, original.run_id)
        return len(by_id) == len(entries)

    def _move(self, entry: StandingEntry, month: str, sign: int, run_id: str) -> None:
        if entry.seq <= self._reach.kept:
            self.by_month.setdefault((month, sign), []).append(run_id)

    def counts(self, run_ids: Iterable[str]) -> dict[str, int]:
        """How often each of these counts."""
        found = dict.fromkeys(run_ids, 0)
        for (_, sign), moved in self.by_month.items():
            for run_id in moved:
                if run_id in found:
                    found[run_id] += sign
        return found


def _lot(entry: StandingEntry) -> tuple[str, int]:
    return entry.waybill_number, entry.lot_no


def _lots(bills: Versions) -> dict[tuple[str, int, int], tuple[CellKeys, int]]:
    """Of each lot: enterprise, county, cargo and corridor, and the freight saved, fen."""
    found: dict[tuple[str, int, int], tuple[CellKeys, int]] = {}
    for (number, version), bill in bills.items():
        corridor = f"{bill.place_of_receipt}>{bill.place_of_delivery}"
        place = (bill.consignor.party_id, bill.consignor.county_en, bill.cargo_code, corridor)
        for lot in bill.lots:
            found[number, version, lot.lot_no] = (place, lot.baseline_cost_fen - lot.cost_fen)
    return found


def _amounts(some: Sequence[tuple[RunRow, int]]) -> list[int] | None:
    """What some runs with the freight saved come to, in order of :data:`AMOUNTS`; None for a run that cannot be
    read."""
    try:
        moved = _ACTIVITIES.decode(f"[{','.join([run.activity for run, _ in some])}]")
        mass_kg, *grams = map(sum, zip(*[_figures(run) for run, _ in some], strict=True))
    except (msgspec.DecodeError, TypeError):
        return None
    if len(moved) != len(some):
        return None
    by_mode: dict[str, int] = {}
    for activity in moved:
        for mode, kgkm in activity.items():
            by_mode[mode] = by_mode.get(mode, 0) + kgkm
    water_kgkm = sum(kgkm for mode, kgkm in by_mode.items() if mode in WATER_MODES)
    saved_fen = sum([fen for _, fen in some])
    return [len(some), mass_kg, water_kgkm, sum(by_mode.values()), *grams, saved_fen]


_figures = itemgetter(slice(RunRow._fields.index("mass_kg"), RunRow._fields.index("tier")))
_ACTIVITIES = msgspec.json.Decoder(list[dict[str, int]])
assert len(AMOUNTS) == 10
