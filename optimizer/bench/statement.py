"""``bench statement``: the statement of an account with many lots in one month, read and written in every form.

Beside it the driver alone: one SELECT of the same entries, postings and figures, written as CSV; no balances, no bound
of the whole, no seal.
"""

from __future__ import annotations

import csv
import io
import sqlite3
import subprocess  # our own command only # nosec B404
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from optimizer.accounts.statement import Statement
from optimizer.accounts.statement_document import statement_csv, statement_json
from optimizer.actions import open_store
from optimizer.actions.stating import statement
from optimizer.actions.versions import code_version
from optimizer.bench.audit import Ledger, fill
from optimizer.bench.ledger_world import ledger_world
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.demo.world import seed_world
from optimizer.documents.statement_files import statement_pdf, statement_xlsx
from optimizer.emissions.factors import load_factors
from optimizer.errors import Message
from optimizer.network.reader import read_network

OURS, SQL = "modalshift", "sqlite3"
COMMAND = "command"
Write = Callable[[Statement], str | bytes]

FORMS: tuple[tuple[str, Message, Write], ...] = (
    ("json", Message("读出并写成 JSON", "read, as JSON"), statement_json),
    ("csv", Message("读出并写成 CSV", "read, as CSV"), statement_csv),
    ("xlsx", Message("读出并写成 XLSX", "read, as XLSX"), lambda found: statement_xlsx(found, "zh")),
    ("pdf", Message("读出并写成 PDF", "read, as PDF"), lambda found: statement_pdf(found, "zh")),
)


@dataclass(frozen=True, slots=True)
class StatementBench:
    """Each run reads and writes every form of the statement of an account with ``lots`` lots in one month."""

    measured_at: datetime
    lots: int = 10_000
    runs: int = 3
    seed: int = 0


def run(options: StatementBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure on the shipped network. ``tell`` hears of each part before it starts."""
    before = load_average()
    network, factors = read_network(None), load_factors(None)
    made = ledger_world(seed_world(network, factors), time.monotonic, options.seed)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        tell(Message(f"写入 {options.lots:,} 批", f"filling {options.lots:,} lots"))
        ledger = fill(f"sqlite:///{file}", made, 0, options.lots)
        ours: dict[str, list[float]] = {}
        bare_s = []
        for number in range(1, options.runs + 1):
            tell(Message(f"第 {number}/{options.runs} 次", f"run {number}/{options.runs}"))
            for name, took_s in one_run(file, ledger).items():
                ours.setdefault(name, []).append(took_s)
            bare_s.append(_bare_s(file, ledger))
    return Result(
        bench="statement",
        subject=Message(
            f"一个账户一个月 {ledger.account_lots:,} 批的对账单",
            f"the statement of an account with {ledger.account_lots:,} lots in a month",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions={
            "product": code_version(),
            "sqlite": sqlite3.sqlite_version,
            **library_versions("sqlalchemy", "xlsxwriter", "typst"),
        },
        settings={"lots": ledger.account_lots, "entries": ledger.transactions},
        seed=options.seed,
        runs=options.runs,
        methods=(_our_method(ours, len(made.models)), _sql_method(bare_s)),
    )


def one_run(file: Path, ledger: Ledger) -> dict[str, float]:
    """Seconds by form, of a statement read anew for each, from a store that is open."""
    store = open_store(f"sqlite:///{file}")
    with store.read() as session:
        (period,) = session.account_reader.booked_periods()
    took_s = {}
    for name, _, write in FORMS:
        begun = time.perf_counter()
        found = statement(store, ledger.account, period)
        write(found)
        took_s[name] = time.perf_counter() - begun
        if len(found.movements) != ledger.account_lots or found.whole is None:
            raise AssertionError("the statement lacks lots or their bound")
    store.close()
    took_s[COMMAND] = _command_s(file, ledger.account, period)
    return took_s


def _command_s(file: Path, account: str, period: str) -> float:
    """Seconds of the whole command: a new process, its imports, the database opened, the statement read and written."""
    verb = ["statement", account, "--period", period, "--format", "json", "--out", str(file.with_suffix(".json"))]
    begun = time.perf_counter()
    subprocess.run(  # nosec B603
        [sys.executable, "-m", "optimizer", "--db", f"sqlite:///{file}", *verb], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - begun


def _bare_s(file: Path, ledger: Ledger) -> float:
    query = (
        "SELECT t.*, p.ledger, p.bucket, p.amount, r.mass_kg, r.baseline_wtw_g, r.actual_wtw_g, r.expected_wtw_g, "
        "r.credited_wtw_g FROM transactions t JOIN postings p ON p.transaction_seq = t.seq JOIN run_ids k ON "
        "k.level IN (0, 1, 2) AND k.run_id = t.run_id JOIN calculation_runs r ON r.rowid = k.run_no "
        "WHERE t.kind = 'SETTLE' AND p.account_id = ? ORDER BY t.seq, p.line"
    )
    connection = sqlite3.connect(file)
    begun = time.perf_counter()
    csv.writer(io.StringIO()).writerows(connection.execute(query, (ledger.account,)))
    took_s = time.perf_counter() - begun
    connection.close()
    return took_s


def _our_method(ours: dict[str, list[float]], calculations: int) -> Method:
    return Method(
        name=OURS,
        label=Message("modalshift", "modalshift"),
        baseline=False,
        does=Message(
            "期初、逐批明细（计算结果、更正、等级）、期末、整体下限、版本与声明；每种格式都在已打开的库上重新读账；"
            "整条命令另计进程启动、载入与写文件",
            "opening, every lot with its calculation, corrections and tier, closing, the bound of the whole, versions "
            "and notes; the books are read anew for each form from a store that is open; the whole command adds a new "
            "process, its imports and the file",
        ),
        figures=tuple(
            Figure(name, label, "s", tuple(round(value, 3) for value in ours[name]))
            for name, label in (
                *((name, label) for name, label, _ in FORMS),
                (COMMAND, Message("整条命令，JSON", "the whole command, JSON")),
            )
        ),
        notes=(
            Message(
                f"批次是 {calculations} 个计算的副本；XLSX 与 PDF 的时间几乎都在排版库里",
                f"the lots are copies of {calculations} calculations; the time of XLSX and PDF is nearly all in the "
                "libraries that set them",
            ),
        ),
    )


def _sql_method(bare_s: list[float]) -> Method:
    return Method(
        name=SQL,
        label=Message("sqlite3 与 csv", "sqlite3 and csv"),
        baseline=True,
        does=Message(
            "一条 SELECT 连接同样的分录、明细与计算，逐行写成 CSV；不求余额、下限与封存",
            "one SELECT that joins the same entries, postings and figures, written as CSV; no balances, bound or seal",
        ),
        figures=(
            Figure("csv", Message("读出并写成 CSV", "read, as CSV"), "s", tuple(round(one, 3) for one in bare_s)),
        ),
    )
