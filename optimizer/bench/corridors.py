"""``bench plan --corridors``: the corridors of a plan's search, each solved by HiGHS, by CP-SAT, and by both.

A month is planned up to its first plan. From there on the search draws its corridors as it does for a plan; each goes,
from the same plan, through the ways of ``--corridors-by``: HiGHS with the effort of the search, CP-SAT over cargo in
whole lots with its fixed work, and CP-SAT going on where HiGHS has not proven its answer. The walk goes on from the
best. The same once more in a month of which nothing may be split: there every column is a whole number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from optimizer.bench.growth import MonthsBench
from optimizer.bench.months import compared, endings_of, values_of
from optimizer.bench.planning_runs import PlanTask, read_task
from optimizer.bench.record import Figure, Method, Result
from optimizer.demo.generate import WHOLE_T
from optimizer.emissions.factors import FactorTable
from optimizer.errors import Message, SolverError
from optimizer.network.model import Network
from optimizer.planning.settings import BOTH, CORRIDORS_BY, CP_SAT, HIGHS, PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solving.neighbourhoods import LEAST_GAIN_YUAN, Neighbourhoods
from optimizer.planning.solving.problem_layout import lay_out, task_of
from optimizer.planning.solving.search import Search
from optimizer.planning.watch import Watch
from optimizer.quantities import KG_PER_T

BENCH = "plan --corridors"
CORRIDORS = 30
"""Corridors of each month."""
FIRST_PLAN_GAP = 1.0
"""Wide enough that the search stops at its first plan."""
COMMON, WHOLE = "common", "whole"
KINDS = {COMMON: Message("", ""), WHOLE: Message("，全不可分", ", none may be split")}
"""The month as it is generated, and one of which nothing may be split."""
LARGEST_WHOLE_KG = round(WHOLE_T[1] * KG_PER_T)
"""Cargo of the second month is no more than this, the largest that the generator lets travel whole."""
NAMES = {HIGHS: "modalshift", CP_SAT: "cp_sat", BOTH: "both"}


@dataclass(frozen=True, slots=True)
class Gained:
    """What one way gained over all corridors: how many of them, yuan, and the time it took for all."""

    corridors: int
    yuan: float
    wall_s: float
    processor_s: float


@dataclass(frozen=True, slots=True)
class Walk:
    """Of one month: how many corridors were solved, what the first plan cost, and what each way gained of it."""

    tried: int
    cost_yuan: float
    gained: dict[str, Gained]


@dataclass(frozen=True, slots=True)
class Walks:
    """The walks of a month, by kind."""

    of_kind: dict[str, Walk]
    network_version: str
    factors_version: str


def run(options: MonthsBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts."""
    subject = Message(
        "生成的月份，同样的走廊分别交 HiGHS、CP-SAT 与两者",
        "generated months: the same corridors given to HiGHS, to CP-SAT and to both",
    )
    return compared(options, tell, walks, _methods, BENCH, subject)


def walks(task: PlanTask) -> Walks:
    """Every way of solving on the corridors of a month, as it is and with nothing to be split. Raises InputError for
    bad files."""
    network, factors, shipments = read_task(task)
    settings = replace(task.settings, gap=FIRST_PLAN_GAP, time_limit_s=None)
    whole = [
        replace(shipment, splittable=False, mass_kg=min(shipment.mass_kg, LARGEST_WHOLE_KG)) for shipment in shipments
    ]
    found = {kind: _walk(month, network, factors, settings) for kind, month in ((COMMON, shipments), (WHOLE, whole))}
    return Walks(found, network.version, factors.version)


def _walk(shipments: Sequence[Shipment], network: Network, factors: FactorTable, settings: PlanSettings) -> Walk:
    book, inside = task_of(shipments, network, factors, settings)
    watch = Watch(time.monotonic, None, lambda progress: None)
    search = Search(lay_out(inside, book, settings, watch=watch), settings, watch)
    search.run()
    if search.x is None:
        raise SolverError(Message("没有得到第一个计划。", "The search came to no first plan."))
    around = Neighbourhoods(search.problem, search.relaxation, search.x, settings.seed)
    cost_yuan = float(around.program.cost @ around.x)
    gains: dict[str, list[tuple[float, float, float]]] = {name: [] for name in CORRIDORS_BY}
    for _ in range(CORRIDORS):
        shipment = around.drawn()
        if shipment < 0:
            break
        _in_turn(around, shipment, gains)
    return Walk(len(gains[HIGHS]), cost_yuan, {name: _summed(found) for name, found in gains.items()})


def _in_turn(around: Neighbourhoods, shipment: int, gains: dict[str, list[tuple[float, float, float]]]) -> None:
    """A corridor by every way from the same plan; what each gained is added to ``gains`` with its seconds of wall and
    processor. The best is taken."""
    freed = around.free(shipment)
    if freed is None:
        return
    start, best = around.x[freed.columns], None
    for name in CORRIDORS_BY:
        around.corridors_by, began, busy = name, time.perf_counter(), time.process_time()
        outcome = around.solved(freed, start)
        spent = time.perf_counter() - began, time.process_time() - busy
        gain = 0.0 if outcome.x is None else float(freed.program.cost @ (start - outcome.x))
        gains[name].append((gain if gain >= LEAST_GAIN_YUAN else 0.0, *spent))
        if best is None or (outcome.x is not None and outcome.objective < best.objective):
            best = outcome
    if best is not None:
        around.take(freed.program, freed.columns, freed.entries, best)


def _summed(gains: Sequence[tuple[float, float, float]]) -> Gained:
    yuan, wall_s, processor_s = (sum(column) for column in zip(*gains, strict=True)) if gains else (0.0, 0.0, 0.0)
    return Gained(sum(gain > 0 for gain, _, _ in gains), yuan, wall_s, processor_s)


def _methods(size: int, answers: Sequence[Walks | None]) -> list[Method]:
    return [_method(size, kind, name, answers) for kind in KINDS for name in CORRIDORS_BY]


DOES = {
    HIGHS: Message("按搜索所用的努力，MathOpt 交 HiGHS", "with the effort of the search, through MathOpt"),
    CP_SAT: Message(
        "货按整批，工作量固定，单线程，其后货流由线性规划定",
        "cargo in whole lots, a fixed amount of work, one thread; cargo settled by a linear program afterwards",
    ),
    BOTH: Message("HiGHS 未证最优处由 CP-SAT 接着找", "CP-SAT goes on where HiGHS has not proven its answer"),
}


def _method(size: int, kind: str, name: str, answers: Sequence[Walks | None]) -> Method:
    """The figures of one way on months of a size and kind."""
    solver = {HIGHS: "HiGHS", CP_SAT: "CP-SAT", BOTH: "HiGHS + CP-SAT"}[name]

    def values(value: Callable[[Gained, Walk], float], digits: int) -> tuple[float | None, ...]:
        def of(answer: Walks) -> float:
            walk = answer.of_kind[kind]
            return value(walk.gained[name], walk)

        return values_of(answers, of, digits)

    return Method(
        name=f"{NAMES[name]}:{size}" + ("" if kind == COMMON else f":{kind}"),
        label=Message(f"{size:,} 票{KINDS[kind].zh}，{solver}", f"{size:,} shipments{KINDS[kind].en}, {solver}"),
        baseline=name != HIGHS,
        does=DOES[name],
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
