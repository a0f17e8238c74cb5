"""``bench plan --sizes``: how the time to a proven gap grows with the month, beside n log n.

Each size is a generated month of that many shipments on the same network, planned until the same gap is proven. A fixed
gap, because that is what is asked for; the same work for each shipment would show a line and prove nothing about
plans. On the way it is timed when wider gaps were first proven, so that sizes that miss the closest can be compared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import log, log2
from pathlib import Path

import numpy as np

from optimizer.bench.isolation import Isolated, in_fresh_process
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.planning_runs import PlanRun, PlanTask, Sign, run_planner
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.cores import cores_here
from optimizer.demo.generate import DEMO_MONTH, generate_shipments, write_shipments_csv
from optimizer.demo.seed_files import read_flows
from optimizer.errors import InputError, Message
from optimizer.planning.settings import PlanSettings

BENCH = "plan --sizes"
MEASURED, YARDSTICK = "modalshift", "n_log_n"
MS_PER_S = 1000.0
LEAST_S = 0.01
GAPS = (0.1, 0.05, 0.025, 0.015)
"""Gaps whose first proof is timed."""
CLOCKS: dict[str, tuple[Message, Callable[[Sign], float]]] = {
    "wall": (Message("用时", "time"), lambda sign: sign.seconds),
    "processor": (Message("处理器时间", "processor time"), lambda sign: sign.processor_s),
}

Runs = Sequence[Isolated[PlanRun] | None]
"""None: the system killed the process for want of memory."""


@dataclass(frozen=True, slots=True)
class MonthsBench:
    """``sizes``: shipments of the months. Every run stops at a proven ``gap`` or after ``time_limit_s``; run n has the
    seed ``seed`` + n, and so has its month."""

    measured_at: datetime
    sizes: tuple[int, ...]
    network_dir: Path | None = None
    time_limit_s: float = 300.0
    gap: float = 0.015
    runs: int = 1
    seed: int = 0


def conditions(options: MonthsBench) -> dict[str, str | int | float | bool]:
    """What a result says of how generated months were planned."""
    return {
        "time_limit_s": options.time_limit_s,
        "gap": options.gap,
        "month": DEMO_MONTH,
        "network": "shipped" if options.network_dir is None else "directory",
    }


def month_task(options: MonthsBench, size: int, seed: int, folder: str) -> PlanTask:
    """A generated month, written into a folder, to be planned with a worker for each core."""
    file = Path(folder) / "shipments.csv"
    write_shipments_csv(generate_shipments(read_flows(), DEMO_MONTH, size, seed), file)
    settings = PlanSettings(gap=options.gap, time_limit_s=options.time_limit_s, seed=seed, workers=cores_here())
    return PlanTask(file, options.network_dir, settings)


def run(options: MonthsBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts."""
    before, methods, versions = load_average(), [], dict[str, str]()
    for size in sorted(set(options.sizes)):
        runs: list[Isolated[PlanRun] | None] = []
        for number in range(options.runs):
            words = f"{size:,}", f"{number + 1}/{options.runs}"
            tell(Message(f"{words[0]} 票，第 {words[1]} 次", f"{words[0]} shipments, run {words[1]}"))
            runs.append(_run(options, size, options.seed + number))
        methods.append(method_of(size, runs))
        versions.update(next((ran.answer.versions for ran in runs if ran is not None), {}))
    return with_yardstick(
        Result(
            bench=BENCH,
            subject=Message(
                f"生成的月份，货量递增，规划到可证明的间隙 {options.gap:.2%}",
                f"generated months of more and more shipments, planned to a proven gap of {options.gap:.2%}",
            ),
            measured_at=options.measured_at,
            machine=this_machine(),
            load=Load(before, load_average()),
            versions={**versions, **library_versions("ortools", "numpy", "scipy", "numba")},
            settings=conditions(options),
            seed=options.seed,
            runs=options.runs,
            methods=tuple(methods),
        )
    )


def _run(options: MonthsBench, size: int, seed: int) -> Isolated[PlanRun] | None:
    with tempfile.TemporaryDirectory() as folder:
        return in_fresh_process(run_planner, month_task(options, size, seed, folder))


def method_of(size: int, runs: Runs) -> Method:
    """The figures of one size. A gap that was not proven has no time."""

    def values(value: Callable[[PlanRun], float | None], digits: int) -> tuple[float | None, ...]:
        found = (None if ran is None else value(ran.answer) for ran in runs)
        return tuple(None if each is None else round(each, digits) for each in found)

    memory = tuple(None if ran is None else round(ran.peak_memory_mib, 1) for ran in runs)
    times = []
    for gap in GAPS:
        for name, (label, seconds_of) in CLOCKS.items():
            words = Message(f"间隙 {gap:.1%} {label.zh}", f"{label.en} to {gap:.1%}")
            reached = values(lambda answer, gap=gap, of=seconds_of: _first(answer, gap, of), 2)  # type: ignore[misc]
            times.append(Figure(f"{name}:{gap:g}", words, "s", reached))
    return Method(
        name=f"{MEASURED}:{size}",
        label=Message(f"{size:,} 票", f"{size:,} shipments"),
        baseline=False,
        does=Message(
            "从读入的货单算起，何时首次证明该间隙；时限内未达到的不计用时；留下的货按规划中的罚价计入间隙；"
            "全程用时含写成计划；线程数等于核数",
            "from read shipments on, when each gap was first proven; one that was not proven within the limit has no"
            " time; cargo left behind counts in these gaps at its price in the program; the whole run includes writing"
            " the plan; a worker for each core",
        ),
        figures=(
            Figure("shipments", Message("票数 n", "shipments n"), "count", (float(size),)),
            *times,
            Figure("seconds", Message("全程", "whole run"), "s", values(lambda a: a.seconds, 2)),
            Figure(
                "processor_seconds",
                Message("全程处理器时间", "processor time of it"),
                "s",
                values(lambda a: a.processor_s, 2),
            ),
            Figure("objective", Message("目标值", "objective"), "yuan", values(lambda a: a.objective_yuan, 2)),
            Figure("bound", Message("下界", "bound"), "yuan", values(lambda a: a.bound_yuan, 2)),
            Figure("gap", Message("间隙", "gap"), "share", values(lambda a: a.gap, 6)),
            Figure("left_behind", Message("留下", "left behind"), "t", values(lambda a: a.left_t, 3)),
            Figure("peak_memory", Message("内存峰值", "peak memory"), "MiB", memory),
        ),
        endings=tuple("out_of_memory" if ran is None else ran.answer.ending for ran in runs),
    )


def _first(answer: PlanRun, gap: float, seconds_of: Callable[[Sign], float]) -> float | None:
    return next((seconds_of(sign) for sign in answer.on_the_way if sign.gap <= gap), None)


def with_yardstick(result: Result) -> Result:
    """The measured sizes in order, each with its time over n log n, and after all of them what each but the smallest
    would take if time grew as n log n, and how it grew instead: by the closest gap that all sizes reached."""
    measured = sorted((method for method in result.methods if not method.baseline), key=_size)
    common = [gap for gap in GAPS if all(_seconds(method, f"wall:{gap:g}") is not None for method in measured)]
    if not common:
        return replace(result, methods=tuple(_with_ratio(method, None) for method in measured))
    gap = min(common)
    first, notes = measured[0], growth(measured, gap)
    yardsticks = [
        Method(
            name=f"{YARDSTICK}:{_size(method)}",
            label=Message(f"{_size(method):,} 票按 n log n", f"{_size(method):,} shipments by n log n"),
            baseline=True,
            does=Message(
                f"由 {_size(first):,} 票实测按 n log n 推算，不求解",
                f"what was measured for {_size(first):,} shipments, carried on by n log n; nothing is solved",
            ),
            figures=(
                Figure("shipments", Message("票数 n", "shipments n"), "count", (float(_size(method)),)),
                *(_scaled(first, f"{name}:{gap:g}", _work(method) / _work(first)) for name in CLOCKS),
            ),
            notes=notes,
        )
        for method in measured[1:]
    ]
    return replace(result, methods=(*(_with_ratio(method, gap) for method in measured), *yardsticks))


def _with_ratio(method: Method, gap: float | None) -> Method:
    """The method with its time to a gap over n log n, after all times."""
    figures = [figure for figure in method.figures if figure.name != "per_n_log_n"]
    if gap is not None:
        times = next(figure for figure in figures if figure.name == f"wall:{gap:g}")
        per_unit = tuple(v if v is None else round(v * MS_PER_S / _work(method), 4) for v in times.values)
        words = Message(f"间隙 {gap:.1%} 用时/(n log₂ n)", f"time to {gap:.1%}/(n log₂ n)")
        figures.insert(1 + len(GAPS) * len(CLOCKS), Figure("per_n_log_n", words, "ms", per_unit))
    return replace(method, figures=tuple(figures))


def growth(measured: Sequence[Method], gap: float) -> tuple[Message, ...]:
    """The exponents b of time = a n^b and of time = a (n log n)^b by least squares on logarithms, and the sizes that
    lie above n log n from the smallest one on, in a sentence. None below two sizes."""
    if len(measured) < 2:
        return ()
    sizes = np.log([_size(method) for method in measured])
    work = np.log([_work(method) for method in measured])
    wall, processor = ([log(_seconds(m, f"{name}:{gap:g}") or LEAST_S) for m in measured] for name in CLOCKS)
    of_work, of_size, of_processor = (
        float(np.polyfit(along, seconds, 1)[0]) for along, seconds in ((work, wall), (sizes, wall), (work, processor))
    )
    worse = round(of_work, 2) > 1.0
    over = [_size(m) for m, x, y in zip(measured, work - work[0], wall, strict=True) if round(y - wall[0] - x, 2) > 0]
    above = ", ".join(f"{size:,}" for size in over)
    return (
        Message(
            f"到间隙 {gap:.1%} 的用时约随 (n log n) 的 {of_work:.2f} 次方增长（n 的 {of_size:.2f} 次方；处理器时间"
            f" {of_processor:.2f}），{'快于' if worse else '不快于'} n log n"
            + (f"；但 {above} 票在由最小一月按 n log n 引出的线之上" if over and not worse else ""),
            f"the time to a gap of {gap:.1%} grows with (n log n)^{of_work:.2f} (n^{of_size:.2f}; processor time"
            f" {of_processor:.2f}): {'faster than' if worse else 'no worse than'} n log n"
            + (
                f"; but {above} shipments lie above the line that n log n draws from the smallest month"
                if over and not worse
                else ""
            ),
        ),
    )


def joined(before: Result, found: Result) -> Result:
    """Both results as one curve: sizes measured again take the place of their old figures.

    Raises InputError where they were not measured under the same conditions.
    """
    same = ("bench", "machine", "versions", "settings", "runs", "seed")
    other = ", ".join(name for name in same if getattr(before, name) != getattr(found, name))
    if other:
        raise InputError(
            Message(f"两次测量的条件不同（{other}），不能并为一表。", f"The two were measured under other {other}.")
        )
    again = {_size(method) for method in found.methods if not method.baseline}
    kept = [method for method in before.methods if not method.baseline and _size(method) not in again]
    load = Load(max(before.load.before, found.load.before), max(before.load.after, found.load.after))
    return with_yardstick(replace(found, methods=(*kept, *found.methods), load=load))


def _size(method: Method) -> int:
    return int(method.name.partition(":")[2])


def _work(method: Method) -> float:
    return _size(method) * log2(_size(method))


def _seconds(method: Method, name: str) -> float | None:
    figure = method.figure(name)
    return None if figure is None else figure.median


def _scaled(method: Method, name: str, times: float) -> Figure:
    figure = method.figure(name)
    assert figure is not None, name
    values = tuple(None if value is None else round(value * times, 2) for value in figure.values)
    return replace(figure, values=values)
