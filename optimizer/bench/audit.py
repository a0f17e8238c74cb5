"""``bench audit``: a ledger of a given size read, checked and recomputed whole, beside a plain fold in SQL.

The ledger holds copies of settled lots (``ledger_world``) with their waybills, runs, entries and postings, and no
events: what is timed is the audit of the ledger, not the folding of evidence, which goes by waybill. The city's
totals are asked of the same ledger.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from optimizer.actions import city_totals, keep_city_totals, open_store
from optimizer.actions.audit_parts import Package, Readers, ledger_doubts
from optimizer.bench.isolation import in_fresh_process, peak_of_children_mib
from optimizer.bench.ledger_world import (
    NO_PLAN,
    NO_PLAN_ID,
    LedgerWorld,
    copied_estimate,
    copies,
    ledger_versions,
    ledger_world,
    open_accounts,
)
from optimizer.bench.machine import load_average, this_machine
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.cores import cores_here
from optimizer.demo.world import seed_world
from optimizer.emissions.factors import load_factors
from optimizer.errors import Message
from optimizer.network.reader import read_network
from optimizer.store.engine import Store
from optimizer.waybills.codec import to_json
from optimizer.waybills.waybill import Waybill

OURS, SQL = "modalshift", "sqlite3"
FILLED = 2_000
"""Lots appended at a time."""


@dataclass(frozen=True, slots=True)
class AuditBench:
    """Each run audits a ledger of ``entries`` transactions, which is filled once, in a process of its own."""

    measured_at: datetime
    entries: int = 1_000_000
    runs: int = 3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class AuditTimes:
    """One run: seconds of the audit by several processes and by one, of city totals and SQL fold; the peak of memory of
    the audit, all its processes together."""

    audit_s: float
    alone_s: float
    peak_memory_mib: float
    city_s: float
    fold_s: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was filled: lots, transactions, the account with the most lots and how many it has; and how many processes
    read it."""

    lots: int
    transactions: int
    account: str
    account_lots: int
    processes: int


def run(options: AuditBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure on the shipped network. ``tell`` hears of each part before it starts."""
    before = load_average()
    network, factors = read_network(None), load_factors(None)
    made = ledger_world(seed_world(network, factors), time.monotonic, options.seed)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        tell(Message(f"写入 {options.entries:,} 笔", f"filling {options.entries:,} entries"))
        ledger = fill(f"sqlite:///{file}", made, options.entries)
        times = []
        for number in range(1, options.runs + 1):
            tell(Message(f"第 {number}/{options.runs} 次", f"run {number}/{options.runs}"))
            times.append(one_run(file, ledger))
        size_mib = file.stat().st_size / 2**20
    return Result(
        bench="audit",
        subject=Message(
            f"{ledger.transactions:,} 笔的账本（{ledger.lots:,} 批，{size_mib:.0f} MiB）整本审计",
            f"a ledger of {ledger.transactions:,} entries ({ledger.lots:,} lots, {size_mib:.0f} MiB) audited whole",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions=ledger_versions(network, factors),
        settings={
            "entries": options.entries,
            "calculations": len(made.models),
            "lots": ledger.lots,
            "processes": ledger.processes,
        },
        seed=options.seed,
        runs=options.runs,
        methods=(_our_method(times, ledger, len(made.models)), _sql_method(times)),
    )


def fill(url: str, made: LedgerWorld, entries: int, lots: int = 0) -> Ledger:
    """Copies of settled lots until the ledger has so many transactions and lots."""
    store = open_store(url)
    open_accounts(store, made)
    documents = [to_json(model.waybill) for model in made.models]
    with store.write() as session:
        session.add_plan(NO_PLAN_ID, NO_PLAN, made.at)
    place = last = 0
    by_account: dict[str, int] = {}
    while last < entries or place < lots:
        waybills = dict(_waybills(made, documents, place))
        batch = list(copies(made, place, FILLED))
        estimates = [copied_estimate(made, place + offset) for offset in range(FILLED)]
        with store.write() as session:
            session.add_waybills(list(waybills), {bill.number: text for bill, text in waybills.items()})
            session.add_runs([copy.run for copy in batch], {copy.run.run_id: copy.document for copy in batch})
            session.add_transactions(
                [
                    *(entry for entry in estimates if entry is not None),
                    *(entry for copy in batch for entry in copy.transactions),
                ]
            )
            last = session.last_seq()
        for bill in waybills:
            account = f"{bill.consignor.party_id}.{bill.consignor.domain}"
            by_account[account] = by_account.get(account, 0) + 1
        place += FILLED
    keep_city_totals(store)
    store.close()
    largest = max(by_account, key=lambda name: by_account[name])
    return Ledger(place, last, largest, by_account[largest], cores_here())


def _waybills(made: LedgerWorld, documents: list[str], first: int) -> Iterator[tuple[Waybill, str]]:
    for place in range(first, first + FILLED):
        model, bill = made.models[place % len(made.models)], made.renumbered(place)
        text = documents[place % len(made.models)].replace(model.waybill.number, bill.number)
        yield bill, text


def one_run(file: Path, ledger: Ledger) -> AuditTimes:
    """Audit in a fresh process; statement and totals on an open store; the fold by the driver alone."""
    several, alone = (_audited(file, processes) for processes in (ledger.processes, 1))
    store = open_store(f"sqlite:///{file}")
    summed = _city_s(store, ledger)
    store.close()
    return AuditTimes(several[0], alone[0], several[1], summed, _fold_s(file))


def _audited(file: Path, processes: int) -> tuple[float, float]:
    audited = in_fresh_process(audit_s, (f"sqlite:///{file}", processes))
    if audited is None:
        raise MemoryError("the audit ran out of memory")
    took_s, largest_reader_mib = audited.answer
    return took_s, audited.peak_memory_mib + (processes * largest_reader_mib if processes > 1 else 0)


def audit_s(task: tuple[str, int]) -> tuple[float, float]:
    """Seconds of the audit of a ledger (URL, processes), the start of the processes included, and the peak of memory of
    the largest of them, MiB. Books that are not clean are no measurement."""
    url, processes = task
    package = Package(read_network(None), load_factors(None))
    store = open_store(url)
    begun = time.perf_counter()
    with store.read() as session, Readers(store, session, package, processes) as readers:
        doubts = ledger_doubts(session, readers)
    took_s = time.perf_counter() - begun
    store.close()
    if doubts:
        raise AssertionError(f"the books of the bench are not clean: {doubts}")
    return took_s, peak_of_children_mib()


def _city_s(store: Store, ledger: Ledger) -> float:
    begun = time.perf_counter()
    rows = city_totals(store, ("month", "enterprise"))
    took_s = time.perf_counter() - begun
    if sum(row.amounts.lots for row in rows) != ledger.lots:
        raise AssertionError("the totals lack lots")
    return took_s


def _fold_s(file: Path) -> float:
    """The balances alone, summed by SQL over the lines as they are stored."""
    query = (
        "SELECT account_no, ledger, bucket, part, SUM(amount) FROM ("
        "SELECT account_no, ledger, bucket, part, amount FROM posting_lines UNION ALL "
        "SELECT counter_account_no, ledger, counter_bucket, part, -amount FROM posting_lines) "
        "GROUP BY 1, 2, 3, 4"
    )
    connection = sqlite3.connect(file)
    begun = time.perf_counter()
    connection.execute(query).fetchall()
    took_s = time.perf_counter() - begun
    connection.close()
    return took_s


def _our_method(times: list[AuditTimes], ledger: Ledger, calculations: int) -> Method:
    return Method(
        name=OURS,
        label=Message("modalshift", "modalshift"),
        baseline=False,
        does=Message(
            f"{ledger.processes} 个进程逐行读账本一遍：运单、计算记录、分录的摘要，余额逐笔累加并与库存比对，"
            "每笔结算由存储的输入重算并与分录比对；不含事件的核对（此账本无事件）",
            f"{ledger.processes} processes read the ledger once, row by row: digests of waybills, runs and entries, "
            "balances folded line by line and compared with those kept, every settlement recomputed from its stored "
            "inputs and compared with its postings; folding evidence is not in it (this ledger has no events)",
        ),
        figures=(
            Figure("audit", Message("审计", "audit"), "s", tuple(round(one.audit_s, 2) for one in times)),
            Figure(
                "audit_alone",
                Message("单进程审计", "audit by one process"),
                "s",
                tuple(round(one.alone_s, 2) for one in times),
            ),
            Figure(
                "peak_memory",
                Message("内存峰值（各进程合计）", "peak memory, all processes"),
                "MiB",
                tuple(round(one.peak_memory_mib) for one in times),
            ),
            Figure(
                "city",
                Message("全市汇总", "city totals"),
                "ms",
                tuple(round(one.city_s * 1000, 2) for one in times),
            ),
        ),
        notes=(
            Message(
                f"批次是 {calculations} 个计算的副本，相同输入只重算一次；最大账户有 {ledger.account_lots:,} 批",
                f"the lots are copies of {calculations} calculations, and equal inputs are recomputed once; the "
                f"largest account has {ledger.account_lots:,} lots",
            ),
        ),
    )


def _sql_method(times: list[AuditTimes]) -> Method:
    return Method(
        name=SQL,
        label=Message("SQL 求和", "a sum in SQL"),
        baseline=True,
        does=Message("只汇总余额：一条 GROUP BY，不核对任何内容", "the balances alone: one GROUP BY, nothing checked"),
        figures=(Figure("audit", Message("审计", "audit"), "s", tuple(round(one.fold_s, 2) for one in times)),),
    )
