"""Settle: a worker that takes jobs from the outbox, a batch to a transaction.

Each batch loads what its own lots need and nothing else, so a settlement costs the same in a ledger of a million
entries as in an empty one. A crash leaves a batch either undone (the jobs are still there) or done (they are gone).

On a SQLite file the next batch is prepared (read, calculated, digested) by a second thread while one is written, so
other writers wait for rows alone and not for calculations. What was prepared counts only if, with the lock held, the
outbox and the books still stand as they were read; otherwise the batch is prepared again under the lock. Ctrl-C undoes
the batch that is being written, ends the preparation at its next lot, and leaves the rest to the next run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event

from optimizer.accounts.calculation import CalculationRun, LotResult
from optimizer.accounts.corrections import standing_entries, verified_again
from optimizer.accounts.ledger import Transaction, content_digest, pending_by_lot
from optimizer.accounts.settlement import Desk, review
from optimizer.actions.city import keep_city_totals
from optimizer.actions.garbage import collected_rarely
from optimizer.actions.releasing import keep_factors, require_released_factors
from optimizer.actions.thread_turns import short_turns
from optimizer.actions.versions import code_version
from optimizer.emissions.factors import FactorTable
from optimizer.errors import Message, ModalshiftError
from optimizer.network.model import Network
from optimizer.store.engine import Store
from optimizer.store.outbox import Job
from optimizer.store.period_rows import AsRead
from optimizer.store.prepared_settlements import ReadyEntry, ReadyRun, ready_entries, ready_run
from optimizer.store.session import Session
from optimizer.waybills.finding import Finding, lot_record
from optimizer.waybills.lifecycle import CarbonStatus, LotState, settled_status
from optimizer.waybills.waybill import Waybill

BATCH = 1_000
"""Jobs to a transaction: one disk flush for all of them, and a page of an index that several of them change is written
once. Other writers get their turn in between, a fifth of a second later."""

_DOUBLE = "duplicate_under_another_number"


@dataclass(frozen=True, slots=True)
class SettleResult:
    """What a settlement run did. Grams are CO2e WTW of the lots settled now; ``findings`` say why a lot that was due is
    not settled."""

    settled_lots: int
    mass_kg: int
    baseline_g: int
    actual_g: int
    expected_g: int
    credited_g: int
    transactions: int
    tiers: Mapping[str, int]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class LotsOverview:
    """All lots as they stand: how many have each carbon status, and every note and dispute about any of them."""

    carbon: Mapping[str, int]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Run:
    """What one call of settle has done so far."""

    results: list[LotResult] = field(default_factory=list)
    transactions: int = 0
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A batch before it is written. ``as_read``: where the books stood then; None when they were read under the
    lock."""

    jobs: tuple[Job, ...]
    as_read: AsRead | None
    runs: tuple[CalculationRun, ...]
    run_rows: tuple[ReadyRun, ...]
    entries: tuple[ReadyEntry, ...]
    put_back: tuple[tuple[Job, Finding], ...]

    def stands(self, jobs: Sequence[Job], now: AsRead, own: tuple[int, int]) -> bool:
        """Whether these are the jobs now due, and nothing was added since but our own batch before, which is about
        other lots: ``own`` are the last numbers of the ledger before and after it."""
        if self.as_read is None or list(self.jobs) != list(jobs):
            return False
        seen = self.as_read
        if (seen.last_seq, now.last_seq) == own:
            seen = replace(seen, last_seq=now.last_seq)
        return seen == now


def settle(
    store: Store,
    network: Network,
    factors: FactorTable,
    at: datetime,
    batch: int = BATCH,
    reached: Callable[[str], None] = lambda step: None,
) -> SettleResult:
    """Take every job that is open and settle its lot: credit, memo ledgers, estimate resolved. A lot that was reversed
    and is verified again is named and not settled: its one settlement was taken back by a person.

    Running it again, or in several processes at once, settles nothing twice. A lot that cannot be settled (no factor,
    suspected double) stays in the outbox and is named in the findings. ``reached`` hears each step (for tests).
    Raises FactorError before anything is written when the table holds factors that two persons have not released.
    """
    require_released_factors(store, factors)
    keep_factors(store, factors, at)
    with store.write() as session:
        session.outbox.retry_failed()
    done = _Run()
    _settle_batches(store, Desk(network, factors, code_version(), at, ""), batch, reached, done)
    if done.transactions:
        keep_city_totals(store)
    with store.read() as session:
        done.findings += [verified_again(job.number, job.lot_no) for job in session.outbox.to_decide()]
    return SettleResult(
        settled_lots=len(done.results),
        mass_kg=sum(result.mass_kg for result in done.results),
        baseline_g=sum(result.baseline_wtw_g for result in done.results),
        actual_g=sum(result.actual_wtw_g for result in done.results),
        expected_g=sum(result.expected_wtw_g for result in done.results),
        credited_g=sum(result.credited_wtw_g for result in done.results),
        transactions=done.transactions,
        tiers=dict(Counter(result.tier for result in done.results)),
        findings=tuple(done.findings),
    )


def lots_overview(store: Store) -> LotsOverview:
    """Fold everything that is recorded; for people who look at the whole, not for settling."""
    with store.read() as session:
        reviewed = review(session.waybills(), session.events())
        standing = standing_entries(session.transactions())
    kinds = {key: entry.kind.value for key, entry in standing.items()}
    lots = [(number, lot) for number, state in reviewed.states.items() for lot in state.lots]
    return LotsOverview(
        carbon=dict(
            Counter(settled_status(lot.carbon, kinds.get((number, lot.lot_no), "")).value for number, lot in lots)
        ),
        findings=tuple(finding for _, lot in lots for finding in lot.findings),
    )


def _settle_batches(store: Store, desk: Desk, batch: int, reached: Callable[[str], None], done: _Run) -> None:
    stopped = Event()

    def look_ahead(after: Job | None) -> _Prepared | None:
        with store.read() as session:
            jobs = session.outbox.take(batch, after=after)
            return _prepared(session, jobs, desk, session.as_read(), stopped) if jobs else None

    ahead = look_ahead(None) if store.reads_beside_writer else None
    own = (0, 0)
    with collected_rarely(), short_turns(), ThreadPoolExecutor(1, "prepare") as worker, _set_at_the_end(stopped):
        while True:
            coming: Future[_Prepared | None] | None = None
            if ahead is not None and len(ahead.jobs) == batch:
                coming = worker.submit(look_ahead, ahead.jobs[-1])
            with store.write() as session:
                reached("began")
                jobs = session.outbox.take(batch)
                reached("taken")
                if not jobs:
                    return
                if ahead is None or not ahead.stands(jobs, session.as_read(), own):
                    ahead, coming = _prepared(session, jobs, desk), None
                before = session.last_seq()
                own = (before, before + _write(session, ahead, done))
                reached("written")
            reached("committed")
            # What was read before somebody else wrote is of no use; the batch after it is prepared under the lock.
            ahead = coming.result() if coming is not None else None


class _Stopped(Exception):  # noqa: N818 -- no error: it ends a preparation that nobody waits for
    """The run ended (Ctrl-C, a disk that is full) while the next batch was prepared."""


@contextmanager
def _set_at_the_end(stopped: Event) -> Iterator[None]:
    """Whatever ends the run, the thread that prepares hears of it before anybody waits for that thread."""
    try:
        yield
    finally:
        stopped.set()


def _prepared(
    session: Session, jobs: Sequence[Job], desk: Desk, as_read: AsRead | None = None, stopped: Event | None = None
) -> _Prepared:
    """What settling these jobs writes, as the session sees the books. Raises _Stopped once ``stopped`` is set."""
    desk = replace(desk, last_closed=session.last_closed())
    about = {job.number for job in jobs}
    around = session.neighbourhood(about)
    waybills = session.waybills(around)
    reviewed = review(waybills, session.events(around), about)
    pending = pending_by_lot(session.transactions(about))
    settled = session.settled_lots(about)
    runs: list[CalculationRun] = []
    entries: list[Transaction] = []
    put_back: list[tuple[Job, Finding]] = []
    for job in jobs:
        if stopped is not None and stopped.is_set():
            raise _Stopped
        waybill = waybills[job.number]
        state = next(lot for lot in reviewed.states[job.number].lots if lot.lot_no == job.lot_no)
        waiting = pending.get((job.number, job.lot_no))
        if state.carbon is CarbonStatus.VERIFIED and (job.number, job.lot_no) not in settled:
            try:
                settlement = desk.settle_lot(waybill, waybill.lot(job.lot_no), state, reviewed.voyages, waiting)
            except ModalshiftError as error:
                put_back.append(_failed(job, error))
                continue
            runs.append(settlement.run)
            entries += settlement.transactions
        elif state.carbon is CarbonStatus.NONE and waiting is not None:
            entries.append(desk.release(waybill, waybill.lot(job.lot_no), waiting, job.delivered_at))
        elif state.carbon is CarbonStatus.DISPUTED and (job.number, job.lot_no) not in settled:
            put_back.append(_held(job, state, waybills))
    numbers = session.numbers_of(line.account_id for entry in entries for line in entry.postings)
    return _Prepared(
        jobs=tuple(jobs),
        as_read=as_read,
        runs=tuple(runs),
        run_rows=tuple(ready_run(run) for run in runs),
        entries=tuple(ready_entries(entries, [content_digest(entry) for entry in entries], numbers)),
        put_back=tuple(put_back),
    )


def _write(session: Session, prepared: _Prepared, done: _Run) -> int:
    """Append a batch and delete its jobs; how many entries were new."""
    session.add_ready_runs(prepared.run_rows)
    written = session.add_ready_entries(prepared.entries)
    session.outbox.drop((job.number, job.lot_no) for job in prepared.jobs)
    session.outbox.put([job for job, _ in prepared.put_back])
    done.results += [run.result for run in prepared.runs]
    done.transactions += written
    done.findings += [finding for _, finding in prepared.put_back]
    return written


def _failed(job: Job, error: ModalshiftError) -> tuple[Job, Finding]:
    text = error.message
    record = lot_record(job.number, job.lot_no)
    finding = Finding(
        "cannot_settle",
        record,
        Message(f"未能结算，保留在待结清单：{text.zh}", f"Not settled, still in the outbox: {text.en}"),
    )
    return Job(job.number, job.lot_no, "failed", job.delivered_at, reason=text.en), finding


def _held(job: Job, state: LotState, waybills: Mapping[str, Waybill]) -> tuple[Job, Finding]:
    finding = next(item for item in state.findings if item.blocks)
    other = ""
    if finding.code == _DOUBLE:
        other = next((number for number in waybills if number != job.number and number in finding.message.en), "")
    return Job(job.number, job.lot_no, "held", job.delivered_at, other, finding.code), finding
