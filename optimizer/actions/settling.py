"""Settle: a worker that takes jobs from the outbox, a batch to a transaction.

Each batch loads what its own lots need and nothing else, so a settlement costs the same in a ledger of a million
entries as in an empty one. A crash leaves a batch either undone (the jobs are still there) or done (they are gone).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from optimizer.accounts.calculation import CalculationRun, LotResult
from optimizer.accounts.ledger import Transaction, pending_by_lot
from optimizer.accounts.settlement import Desk, review
from optimizer.actions.city import keep_city_totals
from optimizer.actions.releasing import keep_factors, require_released_factors
from optimizer.actions.versions import code_version
from optimizer.emissions.factors import FactorTable
from optimizer.errors import Message, ModalshiftError
from optimizer.network.model import Network
from optimizer.store.engine import Store
from optimizer.store.outbox import Job
from optimizer.store.session import Session
from optimizer.waybills.finding import Finding
from optimizer.waybills.lifecycle import CarbonStatus, LotState, lot_record, settled_status
from optimizer.waybills.waybill import Waybill

BATCH = 500
"""Jobs to a transaction: one disk flush for all of them, and readers and other writers get their turn in between."""

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


def settle(
    store: Store,
    network: Network,
    factors: FactorTable,
    at: datetime,
    batch: int = BATCH,
    reached: Callable[[str], None] = lambda step: None,
) -> SettleResult:
    """Take every job that is open and settle its lot: credit, memo ledgers, estimate resolved.

    Running it again, or in several processes at once, settles nothing twice. A lot that cannot be settled (no factor,
    suspected double) stays in the outbox and is named in the findings. ``reached`` hears each step (for tests).
    Raises FactorError before anything is written when the table holds factors that two persons have not released.
    """
    require_released_factors(store, factors)
    keep_factors(store, factors, at)
    with store.write() as session:
        session.outbox.retry_failed()
    done = _Run()
    while True:
        with store.write() as session:
            reached("began")
            jobs = session.outbox.take(batch)
            reached("taken")
            if not jobs:
                break
            _settle_batch(session, jobs, Desk(network, factors, code_version(), at, session.last_closed()), done)
            reached("written")
        reached("committed")
    if done.transactions:
        keep_city_totals(store)
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
        recorded = session.transactions()
    kinds: dict[tuple[str, int], set[str]] = {}
    for entry in recorded:
        kinds.setdefault((entry.waybill_number, entry.lot_no), set()).add(entry.kind.value)
    lots = [(number, lot) for number, state in reviewed.states.items() for lot in state.lots]
    return LotsOverview(
        carbon=dict(
            Counter(settled_status(lot.carbon, kinds.get((number, lot.lot_no), ())).value for number, lot in lots)
        ),
        findings=tuple(finding for _, lot in lots for finding in lot.findings),
    )


def _settle_batch(session: Session, jobs: Sequence[Job], desk: Desk, done: _Run) -> None:
    numbers = {job.number for job in jobs}
    around = session.neighbourhood(numbers)
    waybills = session.waybills(around)
    reviewed = review(waybills, session.events(around), numbers)
    pending = pending_by_lot(session.transactions(numbers))
    settled = session.settled_lots(numbers)
    runs: list[CalculationRun] = []
    entries: list[Transaction] = []
    put_back: list[tuple[Job, Finding]] = []
    for job in jobs:
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
    session.add_runs(runs)
    written = session.add_transactions(entries)
    session.outbox.drop((job.number, job.lot_no) for job in jobs)
    session.outbox.put([job for job, _ in put_back])
    done.results += [run.result for run in runs]
    done.transactions += len(written)
    done.findings += [finding for _, finding in put_back]


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
