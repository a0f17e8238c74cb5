"""``bench plan --corridors``: the corridors of a plan's search, each solved by HiGHS and by CP-SAT.

A month is planned up to its first plan. From there on the search draws its corridors as it does for a plan; each goes,
from the same plan, to HiGHS with the effort of the search, and to CP-SAT with ten times the time that HiGHS took.
CP-SAT knows whole numbers only: it gets the cargo in whole tonnes, and what it decides of ships is settled by a linear
program over the cargo. The walk goes on from what HiGHS found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optimizer.bench.growth import MonthsBench
from optimizer.bench.months import compared, endings_of, values_of
from optimizer.bench.planning_runs import PlanTask, read_task
from optimizer.bench.record import Figure, Method, Result
from optimizer.cores import cores_here
from optimizer.errors import Message, SolverError
from optimizer.planning.design import (
    Effort,
    Floats,
    Outcome,
    Program,
    solve_by_cp_sat,
    solve_integer,
    solve_linear,
)
from optimizer.planning.solving.neighbourhoods import LEAST_GAIN_YUAN, Freed, Neighbourhoods
from optimizer.planning.solving.problem_layout import lay_out, task_of
from optimizer.planning.solving.search import Search
from optimizer.planning.watch import Watch

BENCH = "plan --corridors"
HIGHS, CP_SAT = "modalshift", "cp_sat"
CORRIDORS = 30
"""Corridors of each month."""
TIMES_AS_LONG, LEAST_S = 10.0, 1.0
"""CP-SAT gets so many times the seconds of HiGHS, and no less than these."""
FIRST_PLAN_GAP = 1.0
"""Wide enough that the search stops at its first plan."""


@dataclass(frozen=True, slots=True)
class Gained:
    """What one solver gained over all corridors: how many of them, yuan, and the time it took for all."""

    corridors: int
    yuan: float
    wall_s: float
    processor_s: float


@dataclass(frozen=True, slots=True)
class Walk:
    """Of one month: how many corridors were solved, what the first plan cost, and what each solver gained of it."""

    tried: int
    cost_yuan: float
    highs: Gained
    cp_sat: Gained
    network_version: str
    factors_version: str


def run(options: MonthsBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts."""
    subject = Message(
        "生成的月份，同样的走廊分别交 HiGHS 与 CP-SAT",
        "generated months: the same corridors given to HiGHS and to CP-SAT",
    )
    return compared(options, tell, walk, _methods, BENCH, subject)


def walk(task: PlanTask) -> Walk:
    """Both solvers on the corridors of a month. Raises InputError for bad files."""
    network, factors, shipments = read_task(task)
    settings = replace(task.settings, gap=FIRST_PLAN_GAP, time_limit_s=None)
    book, inside = task_of(shipments, network, factors, settings)
    watch = Watch(time.monotonic, None, lambda progress: None)
    search = Search(lay_out(inside, book, settings, watch=watch), settings, watch)
    search.run()
    if search.x is None:
        raise SolverError(Message("没有得到第一个计划。", "The search came to no first plan."))
    around = Neighbourhoods(search.problem, search.relaxation, search.x, settings.seed)
    cost_yuan = float(around.program.cost @ around.x)
    gains: dict[str, list[tuple[float, float, float]]] = {HIGHS: [], CP_SAT: []}
    for _ in range(CORRIDORS):
        shipment = around.drawn()
        if shipment < 0:
            break
        freed = around.free(shipment)
        if freed is not None:
            outcome = _in_turn(freed, around.x[freed.columns], _tonnes(around, freed), gains)
            around.take(freed.program, freed.columns, freed.entries, outcome)
    highs, cp_sat = (_summed(gains[name]) for name in (HIGHS, CP_SAT))
    return Walk(len(gains[HIGHS]), cost_yuan, highs, cp_sat, network.version, factors.version)


def _tonnes(around: Neighbourhoods, freed: Freed) -> Floats:
    """Into how many whole parts each column is cut that is a share of a cargo: its tonnes, rounded up; 1 for others."""
    count = np.ones(len(freed.columns))
    cargo = np.flatnonzero(~freed.program.integer & (freed.columns < around.plan.cargo_count))
    owner = around.problem.space.columns.shipment[freed.columns[cargo]]
    count[cargo] = np.ceil(around.mass_t[owner])
    return count


def _in_turn(
    freed: Freed, start: Floats, tonnes: Floats, gains: dict[str, list[tuple[float, float, float]]]
) -> Outcome:
    """Both solvers from ``start``; what each gained is added to ``gains`` with its seconds of wall and processor."""
    program, began, busy = freed.program, time.perf_counter(), time.process_time()
    found = solve_integer(program, freed.effort, start)
    wall_s = time.perf_counter() - began
    gains[HIGHS].append((_gain(program, start, found), wall_s, time.process_time() - busy))
    began, busy = time.perf_counter(), time.process_time()
    longer = Effort(
        freed.effort.gap, max(TIMES_AS_LONG * wall_s, LEAST_S), None, freed.effort.seed, threads=cores_here()
    )
    other = by_cp_sat(program, longer, start, tonnes)
    gains[CP_SAT].append((_gain(program, start, other), time.perf_counter() - began, time.process_time() - busy))
    return found


def by_cp_sat(program: Program, effort: Effort, start: Floats, tonnes: Floats) -> Outcome:
    """A program solved by CP-SAT in whole tonnes, its continuous columns then by a linear program around what it says
    of the others. ``tonnes``: of each continuous column, how many whole parts make 1. Rows that the start breaks once
    it is rounded to whole tonnes are widened by that much, so that there is an answer."""
    matrix = sp.csr_array(program.matrix @ sp.diags_array(1 / tonnes))
    begun = np.round(start * tonnes)
    there = matrix @ begun
    whole = Program(
        program.cost / tonnes,
        matrix,
        np.minimum(program.row_lower, there),
        np.maximum(program.row_upper, there),
        np.floor(program.lower * tonnes),
        np.ceil(program.upper * tonnes),
        np.ones(len(tonnes), dtype=bool),
    )
    outcome = solve_by_cp_sat(whole, effort, begun)
    if outcome.x is None:
        return outcome
    decided = np.round(outcome.x)
    lower, upper = (np.where(program.integer, decided, side) for side in (program.lower, program.upper))
    return solve_linear(replace(program, lower=lower, upper=upper), Effort(seed=effort.seed))


def _gain(program: Program, start: Floats, outcome: Outcome) -> float:
    """Yuan; 0 for what the search would not take."""
    if outcome.x is None:
        return 0.0
    gain = float(program.cost @ start) - float(program.cost @ outcome.x)
    return gain if gain >= LEAST_GAIN_YUAN else 0.0


def _summed(gains: Sequence[tuple[float, float, float]]) -> Gained:
    yuan, wall_s, processor_s = (sum(column) for column in zip(*gains, strict=True)) if gains else (0.0, 0.0, 0.0)
    return Gained(sum(gain > 0 for gain, _, _ in gains), yuan, wall_s, processor_s)


def _methods(size: int, answers: Sequence[Walk | None]) -> list[Method]:
    return [_method(size, name, answers) for name in (HIGHS, CP_SAT)]


def _method(size: int, name: str, answers: Sequence[Walk | None]) -> Method:
    """The figures of one solver on months of a size."""
    solver = "HiGHS" if name == HIGHS else "CP-SAT"
    does = (
        Message("按搜索所用的努力，MathOpt 交 HiGHS", "with the effort of the search, through MathOpt")
        if name == HIGHS
        else Message(
            f"货以整吨计，用时为 HiGHS 的 {TIMES_AS_LONG:g} 倍（至少 {LEAST_S:g} 秒）、线程数等于核数，"
            "其后货流由线性规划定",
            f"cargo in whole tonnes, {TIMES_AS_LONG:g} times the time of HiGHS (at least {LEAST_S:g} s), a thread for"
            " each core; cargo settled by a linear program afterwards",
        )
    )

    def values(value: Callable[[Gained, Walk], float], digits: int) -> tuple[float | None, ...]:
        return values_of(answers, lambda answer: value(getattr(answer, _FIELDS[name]), answer), digits)

    return Method(
        name=f"{name}:{size}",
        label=Message(f"{size:,} 票，{solver}", f"{size:,} shipments, {solver}"),
        baseline=name == CP_SAT,
        does=does,
        figures=(
            Figure("shipments", Message("票数", "shipments"), "count", (float(size),)),
            Figure("tried", Message("走廊", "corridors"), "count", values(lambda _, walk: float(walk.tried), 0)),
            Figure("better", Message("有改进", "improved"), "count", values(lambda one, _: float(one.corridors), 0)),
            Figure("gained", Message("共省", "saved"), "yuan", values(lambda one, _: one.yuan, 0)),
            Figure(
                "part",
                Message("占成本", "of the cost"),
                "share",
                values(lambda one, walk: one.yuan / walk.cost_yuan, 6),
            ),
            Figure("seconds", Message("用时", "time"), "s", values(lambda one, _: one.wall_s, 2)),
            Figure(
                "processor_seconds",
                Message("处理器时间", "processor time"),
                "s",
                values(lambda one, _: one.processor_s, 2),
            ),
        ),
        endings=endings_of(answers, "exhausted"),
    )


_FIELDS = {HIGHS: "highs", CP_SAT: "cp_sat"}
