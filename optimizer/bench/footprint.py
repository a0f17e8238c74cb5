"""``bench footprint``: the command on many legs, beside a bare multiplication of the same columns with the same
files."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from optimizer.actions.versions import code_version
from optimizer.bench.chains import ROWS_PER_CHAIN, write_chains
from optimizer.bench.isolation import Isolated, in_fresh_process
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.emissions.factors import load_factors
from optimizer.emissions.footprint import footprint_of, read_chains
from optimizer.errors import Message

OURS, BARE = "modalshift", "numpy"
ON = date(2026, 10, 1)
RATES = {"co2e_ttw_kg": 0.044086, "co2e_wtt_kg": 0.010601, "co2e_wtw_kg": 0.054687}


@dataclass(frozen=True, slots=True)
class FootprintBench:
    """``legs`` rows of chains, the same file for every run and method, each run in a process of its own. Times include
    reading and writing the files, not the start of Python or the import of libraries."""

    measured_at: datetime
    legs: int = 1_000_000
    runs: int = 5
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One run: the file to read and the one to write."""

    source: Path
    out: Path


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall time and processor time of all threads."""

    wall_s: float
    cpu_s: float


def run(options: FootprintBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts."""
    before = load_average()
    measured: dict[str, list[Isolated[Seconds] | None]] = {OURS: [], BARE: []}
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "chains.csv"
        write_chains(source, options.legs, options.seed)
        file_mib = source.stat().st_size / 2**20
        for number in range(1, options.runs + 1):
            for name, work in ((OURS, compute_file), (BARE, multiply_file)):
                tell(Message(f"第 {number}/{options.runs} 次：{name}", f"run {number}/{options.runs}: {name}"))
                measured[name].append(in_fresh_process(work, Task(source, Path(directory) / f"{name}.csv")))
    legs = options.legs // ROWS_PER_CHAIN * ROWS_PER_CHAIN
    return Result(
        bench="footprint",
        subject=Message(
            f"{legs:,} 行运输链（{file_mib:.0f} MiB 的 CSV），读、算、写",
            f"{legs:,} rows of transport chains ({file_mib:.0f} MiB of CSV): read, compute, write",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions={
            "product": code_version(),
            "factors": load_factors().version,
            **library_versions("numpy", "pyarrow"),
        },
        settings={"legs": legs},
        seed=options.seed,
        runs=options.runs,
        methods=(_ours(measured[OURS], legs), _bare(measured[BARE], legs)),
    )


def compute_file(task: Task) -> Seconds:
    """What ``modalshift footprint`` does once its libraries are loaded, the factor table included."""
    began, cpu = time.perf_counter(), time.process_time()
    with task.out.open("wb") as file:
        outcome = footprint_of(read_chains(task.source), load_factors(), ON, file)
    assert outcome.failed_chains == 0
    return Seconds(time.perf_counter() - began, time.process_time() - cpu)


def multiply_file(task: Task) -> Seconds:
    """Mass times distance times three rates, appended to the columns read."""
    began, cpu = time.perf_counter(), time.process_time()
    table = pa_csv.read_csv(task.source)
    activity = table["mass_t"].to_numpy() * np.nan_to_num(table["distance_km"].to_numpy())
    table = table.append_column("activity_tkm", pa.array(activity))
    for name, rate in RATES.items():
        table = table.append_column(name, pa.array(activity * rate))
    pa_csv.write_csv(table, task.out, pa_csv.WriteOptions(quoting_style="none"))
    return Seconds(time.perf_counter() - began, time.process_time() - cpu)


def _ours(runs: list[Isolated[Seconds] | None], legs: int) -> Method:
    return Method(
        name=OURS,
        label=Message("modalshift", "modalshift"),
        baseline=False,
        does=Message(
            "逐行校验、查因子（因子、燃油、电）、按整数毫克舍入、整链合计、逐行原样写回，另写数据等级、边界与因子版本",
            "checks every cell, looks up factors (by id, fuel, electricity), rounds to whole milligrams, totals chains,"
            " writes each row back as it was with tier, boundary and factor version",
        ),
        figures=_figures(runs, legs),
    )


def _bare(runs: list[Isolated[Seconds] | None], legs: int) -> Method:
    return Method(
        name=BARE,
        label=Message("numpy 相乘", "numpy multiplication"),
        baseline=True,
        does=Message(
            "同一文件用 pyarrow 读写，重量×里程×三个常数；不校验、不查因子、不合计、不舍入",
            "the same file read and written by pyarrow, mass x distance x three constants; nothing checked, looked up,"
            " totalled or rounded",
        ),
        figures=_figures(runs, legs),
    )


def _figures(runs: list[Isolated[Seconds] | None], legs: int) -> tuple[Figure, ...]:
    """A value per run; none where the system killed the process."""

    def each(value: Callable[[Isolated[Seconds]], float], digits: int) -> tuple[float | None, ...]:
        return tuple(None if one is None else round(value(one), digits) for one in runs)

    return (
        Figure("time", Message("用时", "time"), "s", each(lambda one: one.answer.wall_s, 3)),
        Figure("cpu_time", Message("处理器时间", "processor time"), "s", each(lambda one: one.answer.cpu_s, 3)),
        Figure(
            "rows_per_s",
            Message(
                "每秒行数",
                "rows a second",
            ),
            "count",
            each(lambda one: legs / one.answer.wall_s, 0),
        ),
        Figure("peak_memory", Message("内存峰值", "peak memory"), "MiB", each(lambda one: one.peak_memory_mib, 0)),
    )
