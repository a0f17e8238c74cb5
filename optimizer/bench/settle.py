"""``bench settle``: settlements appended by the store, beside the same rows inserted by the driver alone.

Both write the same rows in the same batches to databases of the same schema, with the same triggers, the same
write-ahead log and a full flush at each commit. The store builds entries, digests and rows, and leaves out what the
database refuses as known; the driver is given the finished rows.
"""

from __future__ import annotations

import gc
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from optimizer.accounts.ledger import Transaction, content_digest
from optimizer.accounts.settlement import accounts_for, settlement_transactions
from optimizer.actions import open_store
from optimizer.actions.garbage import collected_rarely
from optimizer.actions.settling import BATCH
from optimizer.actions.thread_turns import short_turns
from optimizer.bench.ledger_world import (
    A_DAY,
    Copy,
    LedgerWorld,
    copied_estimate,
    copies,
    ledger_versions,
    ledger_world,
    open_accounts,
)
from optimizer.bench.machine import load_average, this_machine
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.demo.world import seed_world
from optimizer.emissions.factors import load_factors
from optimizer.errors import Message
from optimizer.network.reader import read_network
from optimizer.store.batch_tables import LEVELS
from optimizer.store.engine import Store, prepare_sqlite
from optimizer.store.prepared_settlements import ReadyEntry, ReadyRun, ready_entries, ready_run
from optimizer.store.session import Session

STORE, DRIVER = "modalshift", "sqlite3"
PROCESSOR = "processor"
FILLED = 2_500
"""Settlements appended at a time while a ledger is filled."""
MEASURED = 10 * BATCH
"""Settlements that are timed at each size of the ledger: two seconds, in which the log is moved into the file at least
once, and a level of ids may sink. The first batch is prepared while nothing is written, as at the start of each run."""
TABLES = ("calculation_runs", "transactions", "posting_lines")
"""What a settlement appends, in this order."""


@dataclass(frozen=True, slots=True)
class SettleBench:
    """Each run fills a fresh ledger to each of ``sizes`` entries and times the next settlements there."""

    measured_at: datetime
    sizes: tuple[int, ...] = (10_000, 100_000)
    runs: int = 3
    seed: int = 0


def run(options: SettleBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure on the shipped network. ``tell`` hears of each run before it starts."""
    before = load_average()
    network, factors = read_network(None), load_factors(None)
    made = ledger_world(seed_world(network, factors), time.monotonic, options.seed)
    rates: dict[str, dict[int, list[float | None]]] = {
        name: {size: [] for size in options.sizes} for name in (STORE, DRIVER, PROCESSOR)
    }
    for number in range(1, options.runs + 1):
        tell(Message(f"第 {number}/{options.runs} 次", f"run {number}/{options.runs}"))
        for name, by_size in one_run(made, options.sizes).items():
            for size, rate in by_size.items():
                rates[name][size].append(rate)
    return Result(
        bench="settle",
        subject=Message(
            f"向 SQLite 账本追加结算，每批 {BATCH} 笔，每次提交落盘",
            f"settlements appended to a SQLite ledger, {BATCH} to a batch, flushed to disk at each commit",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions=ledger_versions(network, factors),
        settings={
            "batch": BATCH,
            "measured": MEASURED,
            "waybills_a_day": A_DAY,
            "synchronous": "FULL",
            "journal": "WAL",
        },
        seed=options.seed,
        runs=options.runs,
        methods=(_store_method(rates[STORE], rates[PROCESSOR]), _driver_method(rates[DRIVER])),
    )


def one_run(made: LedgerWorld, sizes: Sequence[int], measured: int = MEASURED) -> dict[str, dict[int, float]]:
    """Settlements per second at each size of the ledger, by the store and by the driver, each on a database of its own
    with the same content; and the processor time of one by the store, both threads, µs."""
    found: dict[str, dict[int, float]] = {STORE: {}, DRIVER: {}, PROCESSOR: {}}
    with TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.db" for name in (STORE, DRIVER)}
        store = open_store(f"sqlite:///{paths[STORE]}")
        open_accounts(store, made)
        place = 0
        for size in sizes:
            while _entries(store) < size:
                batch = list(copies(made, place, FILLED))
                with store.write() as session:
                    session.add_transactions([copy.estimate for copy in batch if copy.estimate is not None])
                    _append(session, batch)
                place += len(batch)
            _estimate(store, made, place, measured)
            _copied(paths[STORE], paths[DRIVER])
            batch = list(copies(made, place, measured))
            seconds, processor_s = _settle(store, made, batch, place)
            found[STORE][size] = measured / seconds
            found[PROCESSOR][size] = 1e6 * processor_s / measured
            found[DRIVER][size] = measured / _driven(paths[DRIVER], _rows_of(paths[STORE], measured, batch))
            place += measured
        store.close()
    return found


def _copied(source: Path, target: Path) -> None:
    """The same ledger once more, nothing of it in a log."""
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in (target, target.with_name(f"{target.name}-wal"), target.with_name(f"{target.name}-shm")):
        path.unlink(missing_ok=True)
    copyfile(source, target)


def _entries(store: Store) -> int:
    with store.read() as session:
        return session.last_seq()


def _estimate(store: Store, made: LedgerWorld, first: int, count: int) -> None:
    """Dispatch: reserve the estimates of the copies, and put their jobs into the outbox."""
    waiting = list(copies(made, first, count))
    with store.write() as session:
        session.add_transactions([copy.estimate for copy in waiting if copy.estimate is not None])
        session.outbox.put([copy.job for copy in waiting])


def _append(session: Session, batch: Sequence[Copy]) -> None:
    session.add_runs([copy.run for copy in batch], {copy.run.run_id: copy.document for copy in batch})
    session.add_transactions([entry for copy in batch for entry in copy.transactions])


def _settle(store: Store, made: LedgerWorld, batch: Sequence[Copy], first: int) -> tuple[float, float]:
    """Seconds, and seconds of processor time, for what the worker does once runs are calculated: entries built and
    digested, runs packed, rows appended, jobs deleted. As in the worker, a thread prepares the next batch while one is
    written."""
    models = [made.models[place % len(made.models)] for place in range(first, first + len(batch))]
    waybills = [made.renumbered(place) for place in range(first, first + len(batch))]
    pending = [copied_estimate(made, place) for place in range(first, first + len(batch))]

    with store.read() as reading:
        numbers = reading.numbers_of(account.account_id for account in accounts_for(made.waybills))

    def prepared(start: int) -> tuple[list[ReadyRun], list[ReadyEntry]]:
        entries: list[Transaction] = []
        for place, copy in enumerate(batch[start : start + BATCH], start=start):
            model = models[place]
            entries += settlement_transactions(
                waybills[place], model.lot, copy.run, pending[place], model.delivered_at, made.at, ""
            )
        runs = [ready_run(copy.run, copy.document) for copy in batch[start : start + BATCH]]
        return runs, ready_entries(entries, [content_digest(entry) for entry in entries], numbers)

    # What the bench made is walked before the clock starts: half a million young objects are not the settlements'.
    gc.collect()
    begun, processor_begun = time.perf_counter(), time.process_time()
    with collected_rarely(), short_turns(), ThreadPoolExecutor(1) as worker:
        coming = worker.submit(prepared, 0)
        for start in range(0, len(batch), BATCH):
            part = batch[start : start + BATCH]
            runs, entries = coming.result()
            coming = worker.submit(prepared, start + BATCH)
            with store.write() as session:
                session.add_ready_runs(runs)
                session.add_ready_entries(entries)
                session.outbox.drop((copy.job.number, copy.job.lot_no) for copy in part)
        return time.perf_counter() - begun, time.process_time() - processor_begun


Rows = dict[str, list[tuple[Any, ...]]]


def _rows_of(path: Path, measured: int, batch: Sequence[Copy]) -> list[Rows]:
    """The rows that the store just wrote, batch by batch, for the driver to write again."""
    connection = sqlite3.connect(path)
    last = connection.execute("SELECT MAX(seq) FROM transactions").fetchone()[0]
    counts = [
        sum(len(copy.transactions) for copy in batch[start : start + BATCH]) for start in range(0, measured, BATCH)
    ]
    first = last - sum(counts)
    found: list[Rows] = []
    for number, count in enumerate(counts):
        ids = [copy.run.run_id for copy in batch[number * BATCH : (number + 1) * BATCH]]
        marks = ", ".join("?" * len(ids))
        span = (first, first + count)
        found.append(
            {
                "calculation_runs": connection.execute(
                    "SELECT r.* FROM run_ids AS k JOIN calculation_runs AS r ON r.rowid = k.run_no "
                    f"WHERE k.level IN {LEVELS} AND k.run_id IN ({marks}) ORDER BY r.rowid",
                    ids,
                ).fetchall(),
                "transactions": connection.execute(
                    "SELECT * FROM transactions WHERE seq > ? AND seq <= ? ORDER BY seq", span
                ).fetchall(),
                "posting_lines": connection.execute(
                    "SELECT * FROM posting_lines WHERE transaction_seq > ? AND transaction_seq <= ?", span
                ).fetchall(),
                "settlement_jobs": [(copy.job.number, copy.job.lot_no) for copy in batch[number * BATCH :][:BATCH]],
            }
        )
        first += count
    connection.close()
    return found


def _driven(path: Path, batches: Sequence[Rows]) -> float:
    """Seconds that the driver takes for the same rows in the same batches."""
    connection = sqlite3.connect(path)
    prepare_sqlite(connection)
    begun = time.perf_counter()
    for rows in batches:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO run_batch SELECT COALESCE(MAX(rowid), 0) + 1, 1 FROM calculation_runs")
        connection.execute("INSERT INTO ledger_batch SELECT MAX(seq) + 1, 1 FROM transactions")
        for table in TABLES:
            if rows[table]:
                marks = ", ".join("?" * len(rows[table][0]))
                connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows[table])
            if table == "calculation_runs":
                connection.execute("DELETE FROM run_batch")
        connection.execute("DELETE FROM ledger_batch")
        connection.executemany("DELETE FROM settlement_jobs WHERE number = ? AND lot_no = ?", rows["settlement_jobs"])
        connection.execute("COMMIT")
    seconds = time.perf_counter() - begun
    connection.close()
    return seconds


def _figures(rates: dict[int, list[float | None]]) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            f"settlements_per_s_{size}",
            Message(f"每秒结算（账本 {size:,} 笔）", f"settlements/s at {size:,} entries"),
            "count",
            tuple(values),
        )
        for size, values in rates.items()
    )


def _store_method(rates: dict[int, list[float | None]], costs_us: dict[int, list[float | None]]) -> Method:
    return Method(
        name=STORE,
        label=Message("modalshift", "modalshift"),
        baseline=False,
        does=Message(
            "从算好的批次起：生成释放、注销与入账分录，求摘要，追加计算记录、分录与明细（库中已有的被拒而略去），删除待结任务；写一批时另一线程备下一批；"
            "不含减排计算本身",
            "from calculated lots on: builds POST, VOID and SETTLE, digests them, appends run, entries and postings "
            "(what the database refuses as known is left out), deletes the jobs; a thread prepares the next batch "
            "while one is written; the calculation itself is not timed",
        ),
        figures=_figures(rates),
        notes=(_costs(rates), _processor(costs_us)),
    )


def _costs(rates: Mapping[int, Sequence[float | None]]) -> Message:
    """What one settlement costs at each size, and against the smallest ledger: flat is 1."""
    costs_us = {size: 1e6 / median(rate for rate in values if rate) for size, values in rates.items()}
    first_us = next(iter(costs_us.values()))
    zh = "，".join(f"账本 {size:,} 笔时 {cost:.0f} µs（{cost / first_us:.2f} 倍）" for size, cost in costs_us.items())
    en = ", ".join(
        f"{cost:.0f} µs at {size:,} entries ({cost / first_us:.2f} times)" for size, cost in costs_us.items()
    )
    return Message(f"每笔结算的成本：{zh}", f"cost of a settlement: {en}")


def _processor(costs_us: Mapping[int, Sequence[float | None]]) -> Message:
    """Processor time of one settlement at each size, which other work on the machine changes less than the rate."""
    medians = {size: median(cost for cost in values if cost) for size, values in costs_us.items()}
    zh = "，".join(f"账本 {size:,} 笔时 {cost:.0f} µs" for size, cost in medians.items())
    en = ", ".join(f"{cost:.0f} µs at {size:,} entries" for size, cost in medians.items())
    return Message(f"每笔结算的处理器时间（两个线程合计）：{zh}", f"processor time of a settlement, both threads: {en}")


def _driver_method(rates: dict[int, list[float | None]]) -> Method:
    return Method(
        name=DRIVER,
        label=Message("sqlite3 驱动", "sqlite3 driver"),
        baseline=True,
        does=Message(
            "把同样的行按同样批次写入同样的表（触发器、外键、落盘相同），行已备好",
            "inserts the same rows in the same batches into the same tables (same triggers, foreign keys and flushes), "
            "the rows ready made",
        ),
        figures=_figures(rates),
    )
