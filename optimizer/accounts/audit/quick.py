"""The ledger read once by who only wants to know whether anything is wrong with it.

The checks of the audit work on records and name what they find; making a record of every row costs more than all
checking. Here rows are compared as they are stored. A row passes only where it is, byte for byte, what the checks would
accept; whatever is not is a doubt, and the checks look at it. So this may doubt too much and never too little (a test
mutates rows and compares the two).

The ledger is read in parts (``waybill_part``, ``run_part``, ``entry_part``), each a function of its own rows, so that
several processes can read; :func:`joined` decides what takes more than one part. What is kept of the ledger grows by
some hundred bytes a lot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from optimizer.accounts.audit.credits import NO_FIGURES, credited_g_of, figures_in
from optimizer.accounts.audit.entry_part import EntriesRead, Opened, Release, Settled, Standing, release
from optimizer.accounts.audit.rows import Names, Place, credit_rows
from optimizer.accounts.audit.run_part import RunsRead
from optimizer.accounts.audit.waybill_part import UNKNOWN, WaybillsRead
from optimizer.accounts.settlement import ISSUANCE


@dataclass(slots=True)
class Doubts:
    """What the checks have to look at: everything (``ledger``), documents, or the lots of some waybills; and balances
    that differ: place, fold of the postings, what the database keeps."""

    ledger: bool = False
    documents: bool = False
    numbers: set[str] = field(default_factory=set)
    balances: list[tuple[Place, int, int]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.ledger or self.documents or bool(self.numbers) or bool(self.balances)


def joined(
    waybills: Iterable[WaybillsRead],
    runs: Iterable[RunsRead],
    entries: Iterable[tuple[EntriesRead, int]],
    kept: Mapping[Place, int],
) -> Doubts:
    """What is left to look at. ``entries``: the parts in order, each with the number of entries it should have;
    ``kept``: the balances that the database keeps, zeros left out."""
    join = _Join()
    for waybill_part in waybills:
        join.waybills(waybill_part)
    for run_part in runs:
        join.runs(run_part)
    for entry_part, expected in entries:
        join.entries(entry_part, expected)
    return join.doubts(kept)


class _Join:
    """Takes the parts in order: all waybills, all runs, then the entries."""

    def __init__(self) -> None:
        self._doubts = Doubts()
        self._newest: dict[str, int] = {}
        self._parties: dict[str, int] = {}
        self._party_places: dict[tuple[str, ...], int] = {}
        self._runs: dict[str, tuple[str, int, str]] = {}
        self._shapes: dict[tuple[Names, ...], int] = {}
        self._sums: dict[Place, int] = {}
        self._opened: dict[str, Opened] = {}
        self._touched: set[str] = set()
        # Of the newest settlement or correction of each lot its place among all of them: id, period, g credited.
        self._last: dict[tuple[str, int], int] = {}
        self._ids: list[str] = []
        self._periods: list[str] = []
        self._worths: list[str] = []

    def waybills(self, part: WaybillsRead) -> None:
        """The newest version of each waybill says who is credited."""
        self._doubts.documents |= part.changed
        self._doubts.numbers |= part.numbers
        places = [self._party_places.setdefault(accounts, len(self._party_places)) for accounts in part.parties]
        for number, (version, place) in part.newest.items():
            if number not in self._newest or self._newest[number] < version:
                self._newest[number] = version
                self._parties[number] = place if place == UNKNOWN else places[place]

    def runs(self, part: RunsRead) -> None:
        """Of sound runs what they are worth; the others are looked at."""
        self._doubts.documents |= bool(part.numbers)
        self._doubts.numbers |= part.numbers
        self._runs.update(zip(part.run_ids, part.lots, strict=True))

    def entries(self, part: EntriesRead, expected: int) -> None:
        """The next part of the ledger."""
        doubts = self._doubts
        doubts.ledger |= part.wrong or part.count != expected
        doubts.numbers |= part.numbers
        for place, lowest in part.lowest.items():
            if place[1] == "claim" and self._sums.get(place, 0) + lowest < 0 and place[0] != ISSUANCE.account_id:
                doubts.ledger = True
        for place, moved in part.sums.items():
            self._sums[place] = self._sums.get(place, 0) + moved
        for item in part.releases:
            self._release(item)
        self._opened.update(part.opened)
        self._touched |= part.touched
        shapes = [self._shapes.setdefault(shape, len(self._shapes)) for shape in part.shapes]
        parties = [self._party_places.setdefault(accounts, len(self._party_places)) for accounts in part.parties]
        done = 0
        for standing in part.standings:
            self._settle(part.settled, slice(done, standing.after), parties)
            done = standing.after
            self._stand(standing, shapes[standing.shape])
        self._settle(part.settled, slice(done, None), parties)

    def _release(self, item: Release) -> None:
        opened = self._opened.get(item.estimate_id)
        if opened is None or opened[:2] != (item.number, item.lot_no):
            self._doubts.numbers.add(item.number)
        else:
            release(self._opened, self._touched, item.estimate_id, item.released_g)

    def _settle(self, settled: Settled, which: slice, parties: Sequence[int]) -> None:
        """Settlements that follow one another, each the first of its lot, that posts what its run is worth to who is
        credited: asked of all of them at once, and of each where that does not hold. ``parties``: their places, by
        those in the part."""
        lots, credited = settled.lots[which], [parties[place] for place in settled.parties[which]]
        runs = list(map(self._runs.get, settled.run_ids[which]))
        keys = [lot[:2] for lot in lots]
        numbers = [lot[0] for lot in lots]
        if (
            runs != lots
            or list(map(self._parties.get, numbers)) != credited
            or len(set(keys)) != len(keys)
            or not self._last.keys().isdisjoint(keys)
        ):
            seen = set[tuple[str, int]]()
            for key, lot, run, place in zip(keys, lots, runs, credited, strict=True):
                if run != lot or self._parties.get(key[0]) != place or key in seen or key in self._last:
                    self._doubts.numbers.add(key[0])
                seen.add(key)
        self._last.update(zip(keys, range(len(self._ids), len(self._ids) + len(keys)), strict=True))
        self._ids += settled.transaction_ids[which]
        self._periods += settled.periods[which]
        self._worths += [NO_FIGURES if run is None else run[2] for run in runs]

    def _stand(self, item: Standing, shape: int) -> None:
        """The chain of a lot: one settlement, that posts what its run is worth, then corrections. ``shape``: the number
        of the names of its lines."""
        doubts, key = self._doubts, (item.number, item.lot_no)
        last, run = self._last.get(key), self._runs.get(item.run_id)
        if item.kind == "SETTLE":
            if last is not None or run is None or not self._is_credit(key, run, shape, item.amounts):
                doubts.numbers.add(item.number)
        else:
            # How much a correction moves hangs on what stood before: the checks look at such lots.
            doubts.numbers.add(item.number)
            if last is None or item.resolves != self._ids[last] or item.period < self._periods[last]:
                doubts.ledger = True
        self._last[key] = len(self._ids)
        self._ids.append(item.transaction_id)
        self._periods.append(item.period)
        self._worths.append(NO_FIGURES if item.kind == "REVERSE" or run is None else run[2])

    def _is_credit(self, key: tuple[str, int], run: tuple[str, int, str], shape: int, amounts: tuple[int, ...]) -> bool:
        """Whether lines are those that the run of a settlement is worth; not where that is not known."""
        place = self._parties.get(key[0], UNKNOWN)
        if place == UNKNOWN or run[:2] != key:
            return False
        accounts, worth = list(self._party_places)[place], figures_in(run[2])
        lines = credit_rows(accounts, worth.credited_wtw_g, worth.actual_wtw_g, worth.activity, worth.energy_saved_g)
        names = tuple([line[1:-1] for line in lines])
        return shape == self._shapes.get(names) and amounts == tuple([line[-1] for line in lines])

    def doubts(self, kept: Mapping[Place, int]) -> Doubts:
        """What is left at the end."""
        doubts = self._doubts
        doubts.numbers |= {self._opened[estimate_id][0] for estimate_id in self._touched}
        doubts.numbers |= {number for number, lot_no, _ in self._opened.values() if (number, lot_no) in self._last}
        held_g = sum(
            amount
            for (account, ledger, bucket, _), amount in self._sums.items()
            if ledger == "claim" and bucket != "reserved" and account != ISSUANCE.account_id
        )
        if held_g != sum(credited_g_of(self._worths[place]) for place in self._last.values()):
            doubts.ledger = True
        for place in {*self._sums, *kept}:
            folded, stored = self._sums.get(place, 0), kept.get(place, 0)
            if folded != stored:
                doubts.balances.append((place, folded, stored))
        return doubts
