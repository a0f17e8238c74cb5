"""The ledger read in parts, by this process or by several at once.

Each part is a pure function of its rows; what takes more than one part is decided when they are joined
(``accounts.audit.quick``). Several processes read through connections of their own, and see what this one sees.
"""

from __future__ import annotations

import atexit
import os
import pickle  # nosec B403
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing import get_context
from types import TracebackType
from typing import TypeVar

from optimizer.accounts.audit.entry_blocks import EntryBlocks
from optimizer.accounts.audit.entry_part import EntriesRead, EntryReader, read_entries
from optimizer.accounts.audit.evidence_part import RunsAgain
from optimizer.accounts.audit.quick import Doubts, joined
from optimizer.accounts.audit.run_part import RunPlace, RunsRead, read_runs
from optimizer.accounts.audit.waybill_part import WaybillsRead, read_waybills
from optimizer.accounts.whole import SourceName
from optimizer.actions.garbage import collect_rarely, collection_paused
from optimizer.actions.interrupts import end_on_interrupt, interrupts_held
from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.store.audit_rows import Part
from optimizer.store.engine import Store, open_store
from optimizer.store.session import Session

Task = TypeVar("Task")
Answer = TypeVar("Answer")

PARTS_A_PROCESS = 4
"""Parts of each table for each process: so many that all have something to do to the end."""

_SLICE = 5_000
"""Runs read at a time by where they lie."""

_ENTRIES = 250
"""Entries read at a time: so few that all of them stay in the caches of a processor."""

WORTH_A_PROCESS = 25_000
"""Entries that pay for starting another process."""


def fitting_processes(entries: int, cores: int) -> int:
    """How many processes read a ledger of so many entries in the least time."""
    return max(min(entries // WORTH_A_PROCESS, cores), 1)


@dataclass(frozen=True)
class Package:
    """What the auditor recomputes with; ``kept`` are the factor tables of former runs, by version."""

    network: Network
    factors: FactorTable
    kept: Mapping[str, FactorTable] = field(default_factory=dict)

    @cached_property
    def runs_again(self) -> RunsAgain:
        """Who holds runs against evidence with it, in this process."""
        return RunsAgain(self.network, self.factors, self.kept)


class Readers(AbstractContextManager["Readers"]):
    """Runs functions of a session, the package and a task: in this process, or in several where ``processes`` is above
    one and the database can be opened by others."""

    def __init__(
        self, store: Store, session: Session, package: Package, processes: int = 1, parts: int | None = None
    ) -> None:
        """``parts``: in how many each table is read; one where one process reads."""
        self._session, self.package = session, package
        several = processes > 1 and bool(store.url)
        self.parts = parts or (PARTS_A_PROCESS * processes if several else 1)
        self._pool: ProcessPoolExecutor | None = None
        if several:
            self._pool = ProcessPoolExecutor(
                processes,
                mp_context=get_context("spawn"),
                initializer=_Reader.open,
                initargs=(store.url, session.snapshot(), _small(package)),
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def each(self, function: Callable[[Session, Package, Task], Answer], tasks: Sequence[Task]) -> Iterator[Answer]:
        """The answers in order of the tasks, all of which begin at once where there are several processes."""
        if self._pool is None:
            return (function(self._session, self.package, task) for task in tasks)
        with interrupts_held():
            asked: list[Future[Answer]] = [self._pool.submit(_Reader.ask, function, task) for task in tasks]
        return _answers(asked)


def _answers(asked: list[Future[Answer]]) -> Iterator[Answer]:
    """Each answer is let go when it was taken."""
    asked.reverse()
    while asked:
        yield asked.pop().result()


class _Reader:
    """What a reading process holds: one session for its whole life."""

    _open: ExitStack
    _session: Session
    _package: Package

    @classmethod
    def open(cls, url: str, snapshot: str, package: bytes) -> None:
        """Open the database and see what the session of ``snapshot`` sees. ``package``: as :func:`_small` made it."""
        end_on_interrupt()
        collect_rarely()
        cls._open = ExitStack()
        store = open_store(url)
        cls._open.callback(store.close)
        cls._session = cls._open.enter_context(store.read(snapshot))
        cls._package = pickle.loads(zlib.decompress(package))  # nosec B301
        atexit.register(cls.leave)

    @classmethod
    def leave(cls) -> None:
        """Close the database and end at once: to give back what was kept of a large ledger, record by record, takes
        longer than the system takes to have all of it, and somebody waits."""
        cls._open.close()
        os._exit(0)

    @classmethod
    def ask(cls, function: Callable[[Session, Package, Task], Answer], task: Task) -> Answer:
        """Run a function here."""
        return function(cls._session, cls._package, task)


def _small(package: Package) -> bytes:
    """A package as another process is given it. More than a pipe holds at once (64 KiB) would keep us waiting until
    that process has begun, and the next one would begin only then; a network is several times as much."""
    return zlib.compress(pickle.dumps(package, pickle.HIGHEST_PROTOCOL))


def ledger_doubts(session: Session, readers: Readers) -> Doubts:
    """Read every waybill, run and entry once: all digests, all balances, all settlements recomputed."""
    return LedgerReading(session, readers).doubts()


class LedgerReading:
    """All parts of the ledger, asked for at once."""

    def __init__(self, session: Session, readers: Readers, alone: bool = True) -> None:
        """``alone``: whether all is read here; else runs and waybills are given (:meth:`take`) by who reads most of
        them."""
        self._session, self._readers = session, readers
        self._runs = readers.each(_runs, session.row_parts("calculation_runs", readers.parts) if alone else ())
        self._waybills = readers.each(_waybills, session.row_parts("waybills", readers.parts) if alone else ())
        parts = session.numbered_parts("transactions", readers.parts)
        self._entries = zip(readers.each(_entries, parts), [part.entries for part in parts], strict=True)
        self._read: list[RunsRead] = []
        self._seen: list[WaybillsRead] | None = None if alone else []

    def take(self, runs: RunsRead, waybills: WaybillsRead) -> None:
        """Runs and waybills that somebody has read."""
        self._read.append(runs)
        if self._seen is not None:
            self._seen.append(waybills)

    def read_others(self) -> None:
        """Read the runs that were not given: each is read once, whatever names it."""
        taken = {place for part in self._read for place in part.taken}
        others = self._session.run_places_beside(taken)
        parts = [others[start : start + _SLICE] for start in range(0, len(others), _SLICE)]
        self._read += self._readers.each(_runs_at, parts)

    def unsound(self) -> frozenset[str]:
        """The runs that are not what they should be, as soon as all were read."""
        return frozenset[str]().union(*(part.unsound for part in self._all_runs()))

    def moved(self) -> dict[SourceName, int] | None:
        """What moves with each error source in all runs together, each counted once; None where not every run is what
        it should be. To be asked before the parts are joined."""
        runs = self._all_runs()
        ids = sum(len(part.run_ids) for part in runs)
        if self.unsound() or len({run_id for part in runs for run_id in part.run_ids}) != ids:
            return None
        sums: dict[SourceName, int] = {}
        for part in runs:
            for name, exposed_mg in part.moved.items():
                sums[name] = sums.get(name, 0) + exposed_mg
            part.moved = {}
        return sums

    def run_count(self) -> int:
        """How many runs are what they should be. To be asked before the parts are joined."""
        return sum(len(part.run_ids) for part in self._all_runs())

    def doubts(self) -> Doubts:
        """All parts joined, and each let go."""
        with collection_paused():
            waybills = self._all_waybills()
            return joined(waybills, _taken(self._all_runs()), self._entries, self._session.kept_balances())

    def _all_waybills(self) -> Iterable[WaybillsRead]:
        """Those that were given, if they are as many as there are rows; else each is read."""
        if self._seen is None:
            return self._waybills
        if sum(part.count for part in self._seen) == self._session.waybill_count():
            return self._seen
        return self._readers.each(_waybills, self._session.row_parts("waybills", self._readers.parts))

    def _all_runs(self) -> list[RunsRead]:
        """Those whose answers came, and the others as soon as they come."""
        self._read += self._runs
        return self._read


def _taken(parts: list[RunsRead]) -> Iterator[RunsRead]:
    parts.reverse()
    while parts:
        yield parts.pop()


def _waybills(session: Session, _package: Package, part: Part) -> WaybillsRead:
    return read_waybills(session.waybill_rows(part))


def _runs(session: Session, package: Package, part: Part) -> RunsRead:
    return read_runs(session.run_rows(part), package.factors, package.kept)


def _runs_at(session: Session, package: Package, places: Sequence[RunPlace]) -> RunsRead:
    return read_runs(session.run_rows_at(places), package.factors, package.kept)


def _entries(session: Session, _package: Package, part: Part) -> EntriesRead:
    reader = EntryReader(session.line_names(), part.first or 1, session.accounts(), session.periods())
    blocks = EntryBlocks(reader)
    for piece in part.pieces(_ENTRIES):
        if not blocks.take(session.entry_block(piece)):
            read_entries(reader, session.entry_rows(piece))
    return reader.read()
