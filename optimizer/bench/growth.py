"""``bench plan --sizes``: how the time to a proven gap grows with the month, beside n log n.

Each size is a generated month of that many shipments on the same network, planned until the same gap is proven. A fixed
gap, because that is what is asked for; the same work for each shipment would show a line and prove nothing about
plans. What is timed is the whole run, from read shipments to the finished document.
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
from optimizer.bench.planning_runs import PlanRun, PlanTask, run_planner
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.demo.generate import DEMO_MONTH, generate_shipments, write_shipments_csv
from optimizer.demo.seed_files import read_flows
from optimizer.errors import InputError, Message
from optimizer.planning.settings import PlanSettings

BENCH = "plan --sizes"
MEASURED, YARDSTICK = "modalshift", "n_log_n"
MS_PER_S = 1000.0

Runs = Sequence[Isolated[PlanRun] | None]
"""None: the system killed the process for want of memory."""


@dataclass(frozen=True, slots=True)
class GrowthBench:
    """``sizes``: shipments of the months. Every run stops at a proven ``gap`` or after ``time_limit_s``; run n has the
    seed ``seed`` + n, and so has its month."""

    measured_at: datetime
    sizes: tuple[int, ...]
    network_dir: Path | None = None
    time_limit_s: float = 300.0
    gap: float = 0.015
    runs: int = 1
    seed: int = 0


def run(options: GrowthBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts."""
    before, methods, versions = load_average(), [], dict[str, str]()
    for size in sorted(set(options.sizes)):
        runs: list[Isolated[PlanRun] | None] = []
        for number in range(options.runs):
            words = f"{size:,}", f"{number + 1}/{options.runs}"
            tell(Message(f"{words[0]} 票，第 {words[1]} 次", f"{words[0]} shipments, run {words[1]}"))
            runs.append(_run(options, size, options.seed + number))
        methods.append(method_of(size, runs, options.gap))
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
            settings={
                "time_limit_s": options.time_limit_s,
                "gap": options.gap,
                "month": DEMO_MONTH,
                "network": "shipped" if options.network_dir is None else "directory",
            },
            seed=options.seed,
            runs=options.runs,
            methods=tuple(methods),
        )
    )


def _run(options: GrowthBench, size: int, seed: int) -> Isolated[PlanRun] | None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shipments.csv"
        write_shipments_csv(generate_shipments(read_flows(), DEMO_MONTH, size, seed), file)
        settings = PlanSettings(gap=options.gap, time_limit_s=options.time_limit_s, seed=seed)
        return in_fresh_process(run_planner, PlanTask(file, options.network_dir, settings))


def method_of(size: int, runs: Runs, gap: float) -> Method:
    """The figures of one size. Times are those of runs that proved the gap: a run that was cut off has none."""

    def values(value: Callable[[PlanRun], float | None], digits: int) -> tuple[float | None, ...]:
        found = (None if ran is None else value(ran.answer) for ran in runs)
        return tuple(None if each is None else round(each, digits) for each in found)

    def reached(answer: PlanRun, seconds: float | None) -> float | None:
        return seconds if answer.gap is not None and answer.gap <= gap else None

    wall_s = values(lambda answer: reached(answer, answer.seconds), 2)
    work = size * log2(size)
    memory = tuple(None if ran is None else round(ran.peak_memory_mib, 1) for ran in runs)
    return Method(
        name=f"{MEASURED}:{size}",
        label=Message(f"{size:,} 票", f"{size:,} shipments"),
        baseline=False,
        does=Message(
            "从读入的货单到写成的计划，停于可证明的间隙；时限内未达到的不计用时",
            "from read shipments to the finished plan, stopping at the proven gap; a run that did not reach it within"
            " the limit has no time",
        ),
        figures=(
            Figure("shipments", Message("票数 n", "shipments n"), "count", (float(size),)),
            Figure("seconds", Message("用时", "time"), "s", wall_s),
            Figure(
                "processor_seconds",
                Message("处理器时间", "processor time"),
                "s",
                values(lambda answer: reached(answer, answer.processor_s), 2),
            ),
            Figure(
                "per_n_log_n",
                Message("用时/(n log₂ n)", "time/(n log₂ n)"),
                "ms",
                tuple(None if each is None else round(each * MS_PER_S / work, 4) for each in wall_s),
            ),
            Figure("objective", Message("目标值", "objective"), "yuan", values(lambda a: a.objective_yuan, 2)),
            Figure("bound", Message("下界", "bound"), "yuan", values(lambda a: a.bound_yuan, 2)),
            Figure("gap", Message("间隙", "gap"), "share", values(lambda a: a.gap, 6)),
            Figure("left_behind", Message("留下", "left behind"), "t", values(lambda a: a.left_t, 3)),
            Figure("peak_memory", Message("内存峰值", "peak memory"), "MiB", memory),
        ),
        endings=tuple("out_of_memory" if ran is None else ran.answer.ending for ran in runs),
    )


def with_yardstick(result: Result) -> Result:
    """The measured sizes in order; after each but the smallest what it would take if time grew as n log n, and how
    time grew instead. The smallest size that has a time is the measure."""
    measured = sorted((method for method in result.methods if not method.baseline), key=_size)
    timed = [method for method in measured if _seconds(method, "seconds") is not None]
    methods = list(measured)
    for method in measured:
        if not timed or _size(method) <= _size(timed[0]):
            continue
        times = _work(method) / _work(timed[0])
        methods.append(
            Method(
                name=f"{YARDSTICK}:{_size(method)}",
                label=Message(f"{_size(method):,} 票按 n log n", f"{_size(method):,} shipments by n log n"),
                baseline=True,
                does=Message(
                    f"由 {_size(timed[0]):,} 票实测按 n log n 推算，不求解",
                    f"what was measured for {_size(timed[0]):,} shipments, carried on by n log n; nothing is solved",
                ),
                figures=(
                    Figure("shipments", Message("票数 n", "shipments n"), "count", (float(_size(method)),)),
                    _scaled(timed[0], "seconds", times),
                    _scaled(timed[0], "processor_seconds", times),
                ),
                notes=growth(timed),
            )
        )
    return replace(result, methods=tuple(methods))


def growth(timed: Sequence[Method]) -> tuple[Message, ...]:
    """The exponents b of time = a n^b and of time = a (n log n)^b by least squares on logarithms, in a sentence. None
    below two sizes."""
    if len(timed) < 2:
        return ()
    sizes = np.log([_size(method) for method in timed])
    work = np.log([_work(method) for method in timed])
    wall, processor = ([log(_seconds(m, name) or 1.0) for m in timed] for name in ("seconds", "processor_seconds"))
    of_work, of_size, of_processor = (
        float(np.polyfit(along, seconds, 1)[0]) for along, seconds in ((work, wall), (sizes, wall), (work, processor))
    )
    worse = of_work > 1.0
    return (
        Message(
            f"实测用时约随 (n log n) 的 {of_work:.2f} 次方增长（n 的 {of_size:.2f} 次方；处理器时间"
            f" {of_processor:.2f}），{'快于' if worse else '不快于'} n log n",
            f"time as measured grows with (n log n)^{of_work:.2f} (n^{of_size:.2f}; processor time"
            f" {of_processor:.2f}): {'faster than' if worse else 'no worse than'} n log n",
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
