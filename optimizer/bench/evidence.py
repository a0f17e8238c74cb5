"""``bench evidence``: a whole audit with the evidence of every lot, no two calculations alike.

``bench audit`` times the books of a million entries, of which a few calculations stand for all. Here every lot has
waybill, voyage, vessel, reports and tickets of its own (``evidence_world``): each result is recomputed, each lot's
events are folded with those of its mates and suspects, and its inputs are made again from them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from optimizer.actions import audit, open_store
from optimizer.bench.audit import audit_s
from optimizer.bench.evidence_world import fill_with_evidence
from optimizer.bench.isolation import in_fresh_process, peak_of_children_mib
from optimizer.bench.ledger_world import ledger_versions, ledger_world
from optimizer.bench.machine import load_average, this_machine
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.cores import cores_here
from optimizer.demo.world import seed_world
from optimizer.emissions.factors import load_factors
from optimizer.errors import Message
from optimizer.network.reader import read_network

OURS, BOOKS = "modalshift", "books"
PROCESSES = cores_here()


@dataclass(frozen=True, slots=True)
class EvidenceBench:
    """Each run audits a ledger of ``lots`` settled lots, which is filled once, in a process of its own."""

    measured_at: datetime
    lots: int = 100_000
    runs: int = 1
    seed: int = 0


def run(options: EvidenceBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure on the shipped network. ``tell`` hears of each part before it starts."""
    before = load_average()
    network, factors = read_network(None), load_factors(None)
    made = ledger_world(seed_world(network, factors), time.monotonic, options.seed)
    whole: list[tuple[float, float]] = []
    books: list[tuple[float, float]] = []
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        tell(Message(f"写入 {options.lots:,} 批及其凭证", f"filling {options.lots:,} lots with their evidence"))
        store = open_store(f"sqlite:///{file}")
        lots = fill_with_evidence(store, made, options.lots)
        with store.read() as session:
            entries, events = session.last_seq(), session.last_event_seq()
        store.close()
        for number in range(1, options.runs + 1):
            tell(Message(f"第 {number}/{options.runs} 次", f"run {number}/{options.runs}"))
            whole.append(_measured(whole_audit_s, file))
            books.append(_measured(audit_s, file))
        size_mib = file.stat().st_size / 2**20
    return Result(
        bench="evidence",
        subject=Message(
            f"{lots:,} 批连同凭证（{entries:,} 笔、{events:,} 条事件，{size_mib:.0f} MiB）整本审计",
            f"{lots:,} lots with their evidence ({entries:,} entries, {events:,} events, {size_mib:.0f} MiB) audited",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions=ledger_versions(network, factors),
        settings={"lots": lots, "entries": entries, "events": events, "processes": PROCESSES},
        seed=options.seed,
        runs=options.runs,
        methods=(_whole_method(whole), _books_method(books)),
    )


def _measured(audited: Callable[[tuple[str, int]], tuple[float, float]], file: Path) -> tuple[float, float]:
    """Seconds, and the peak of memory of all processes together, MiB."""
    found = in_fresh_process(audited, (f"sqlite:///{file}", PROCESSES))
    if found is None:
        raise MemoryError("the audit ran out of memory")
    took_s, largest_reader_mib = found.answer
    return took_s, found.peak_memory_mib + (PROCESSES * largest_reader_mib if PROCESSES > 1 else 0)


def whole_audit_s(task: tuple[str, int]) -> tuple[float, float]:
    """Seconds of the whole audit of a database (URL, processes), and the peak of memory of the largest of them, MiB.
    Books that are not clean are no measurement."""
    url, processes = task
    network, factors = read_network(None), load_factors(None)
    store = open_store(url)
    begun = time.perf_counter()
    found = audit(store, network, factors, processes=processes)
    took_s = time.perf_counter() - begun
    store.close()
    if found:
        raise AssertionError(f"the books of the bench are not clean: {found[:3]}")
    return took_s, peak_of_children_mib()


def _figures(measured: list[tuple[float, float]]) -> tuple[Figure, ...]:
    return (
        Figure("audit", Message("审计", "audit"), "s", tuple(round(took_s, 2) for took_s, _ in measured)),
        Figure(
            "peak_memory",
            Message("内存峰值（各进程合计）", "peak memory, all processes"),
            "MiB",
            tuple(round(peak_mib) for _, peak_mib in measured),
        ),
    )


def _whole_method(measured: list[tuple[float, float]]) -> Method:
    return Method(
        name=OURS,
        label=Message("modalshift", "modalshift"),
        baseline=False,
        does=Message(
            "全部核对：账本、逐批凭证（同船同批、查重、冻结、漏结）、由凭证重建的计算输入、改单、全市存量；"
            "每批的计算都不同，逐一重算",
            "every check: the books, the evidence of each lot (mates on board, doubles, frozen, unsettled), inputs "
            "made again from it, amendments, the city's sums; no two calculations are alike, each is computed again",
        ),
        figures=_figures(measured),
    )


def _books_method(measured: list[tuple[float, float]]) -> Method:
    return Method(
        name=BOOKS,
        label=Message("仅账本", "the books alone"),
        baseline=True,
        does=Message(
            "同一数据库不看凭证：摘要、余额、逐笔重算（`bench audit` 所测）",
            "the same database without its evidence: digests, balances, every result computed again (what "
            "`bench audit` times)",
        ),
        figures=_figures(measured),
    )
