"""``bench plan --caps``: generated months planned under caps on CO2e below what their plan without a cap emits.

Each month is planned without a cap first, then under each cap, with the same gap to stop at, time limit and seed. The
cap is a part of what that first plan emits, as somebody would choose it who has just seen the plan. So a plan is asked
for that emits less than one that was good enough: the better the first, the harder the cap.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from optimizer.bench.growth import MonthsBench, Runs, conditions, month_task
from optimizer.bench.isolation import Isolated, in_fresh_process
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.planning_runs import PlanRun, run_planner
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.errors import Message

BENCH = "plan --caps"
CAPPED, FREE = "modalshift", "no_cap"


@dataclass(frozen=True, slots=True)
class CapBench(MonthsBench):
    """``below``: caps as parts below what the plan without a cap emits."""

    below: tuple[float, ...] = ()


def run(options: CapBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts."""
    before, methods, versions = load_average(), list[Method](), dict[str, str]()
    for size in sorted(set(options.sizes)):
        runs = [_one(options, size, options.seed + number, tell) for number in range(options.runs)]
        free = [found[0] for found in runs]
        methods.append(_method(size, None, free, [None] * len(free)))
        for place, below in enumerate(options.below, 1):
            caps_t = [_cap_t(each, below) for each in free]
            methods.append(_method(size, below, [found[place] for found in runs], caps_t))
        versions.update(next((ran.answer.versions for ran in free if ran is not None), {}))
    return Result(
        bench=BENCH,
        subject=Message(
            "生成的月份，排放上限低于无上限计划的排放",
            "generated months under caps below what their plan without one emits",
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


def _one(options: CapBench, size: int, seed: int, tell: Callable[[Message], None]) -> list[Isolated[PlanRun] | None]:
    """One month: without a cap, then under each."""
    with tempfile.TemporaryDirectory() as folder:
        task = month_task(options, size, seed, folder)
        tell(Message(f"{size:,} 票，种子 {seed}，无上限", f"{size:,} shipments, seed {seed}, no cap"))
        free = in_fresh_process(run_planner, task)
        found = [free]
        for below in options.below:
            cap_t = _cap_t(free, below)
            tell(Message(f"{size:,} 票，上限低 {below:.1%}", f"{size:,} shipments, cap {below:.1%} below"))
            capped = replace(task, settings=replace(task.settings, co2e_cap_t=cap_t))
            found.append(None if cap_t is None else in_fresh_process(run_planner, capped))
        return found


def _cap_t(free: Isolated[PlanRun] | None, below: float) -> float | None:
    """A cap that much below what a plan emits, to the kilogram; None where there is no plan."""
    emits_t = None if free is None else free.answer.co2e_wtw_t
    return None if emits_t is None else round(emits_t * (1 - below), 3)


def _method(size: int, below: float | None, runs: Runs, caps_t: Sequence[float | None]) -> Method:
    """The figures of one month without a cap (``below`` None) or under one."""

    def values(value: Callable[[PlanRun], float | None], digits: int) -> tuple[float | None, ...]:
        found = (None if ran is None else value(ran.answer) for ran in runs)
        return tuple(None if each is None else round(each, digits) for each in found)

    emitted_t = values(lambda a: a.co2e_wtw_t, 3)
    kept = values(lambda a: float(a.faults == 0), 0)
    of_cap = (
        ()
        if below is None
        else (
            Figure("cap", Message("上限", "cap"), "t", tuple(caps_t)),
            Figure("kept", Message("复核无误", "passes the check"), "count", kept),
        )
    )
    memory = tuple(None if ran is None else round(ran.peak_memory_mib, 1) for ran in runs)
    return Method(
        name=f"{FREE}:{size}" if below is None else f"{CAPPED}:{size}:{below:g}",
        label=Message(f"{size:,} 票，无上限", f"{size:,} shipments, no cap")
        if below is None
        else Message(f"{size:,} 票，低 {below:.1%}", f"{size:,} shipments, {below:.1%} below"),
        baseline=below is None,
        does=Message(
            "同一规划器、同一月份，不设上限：上限由其排放得出",
            "the same planner on the same month without a cap: from what it emits the caps are made",
        )
        if below is None
        else Message(
            "在排放上限下规划；间隙对设有该上限的规划证明，未找到计划则不计；留下的货只能是不通公路的",
            "planned under the cap; the gap is proven for the program with that cap; no figures where no plan was"
            " found; only cargo without a road is ever left behind",
        ),
        figures=(
            Figure("shipments", Message("票数", "shipments"), "count", (float(size),)),
            *of_cap,
            Figure("co2e_wtw", Message("CO2e（WTW）", "CO2e (WTW)"), "t", emitted_t),
            Figure("seconds", Message("用时", "time"), "s", values(lambda a: a.seconds, 2)),
            Figure(
                "processor_seconds", Message("处理器时间", "processor time"), "s", values(lambda a: a.processor_s, 2)
            ),
            Figure("objective", Message("目标值", "objective"), "yuan", values(lambda a: a.objective_yuan, 2)),
            Figure("bound", Message("下界", "bound"), "yuan", values(lambda a: a.bound_yuan, 2)),
            Figure("gap", Message("间隙", "gap"), "share", values(lambda a: a.gap, 6)),
            Figure("left_behind", Message("留下", "left behind"), "t", values(lambda a: a.left_t, 3)),
            Figure("peak_memory", Message("内存峰值", "peak memory"), "MiB", memory),
        ),
        endings=tuple("out_of_memory" if ran is None else ran.answer.ending for ran in runs),
    )
