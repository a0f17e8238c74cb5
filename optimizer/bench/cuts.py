"""``bench plan --cuts``: how much linking cuts would raise the bound of months that climb along prices.

The bound of a month too large to write down lets parts of a ship sail: each shipment's choice and each hull's way have
whole answers without being told to, so no prices prove more than the linear program does, and cuts could. Here prices
climb as for a plan; then on from there, once without cuts and once with the cuts that the averages of the climb break,
round after round. All three bounds are proven, over all columns, for every whole plan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.bench.growth import MonthsBench
from optimizer.bench.months import compared, endings_of, values_of
from optimizer.bench.planning_runs import PlanTask, read_task
from optimizer.bench.record import Figure, Method, Result
from optimizer.errors import Message
from optimizer.planning.bounds.ascent import LEVELS, Climb, Stage, climb_on, climb_up
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.linking import Linker, LinkingCut, with_cuts
from optimizer.planning.layout.fleetflow import make_fleetflow
from optimizer.planning.layout.line_layout import make_ways
from optimizer.planning.layout.program import make_program
from optimizer.planning.solving.column_pool import services_only
from optimizer.planning.solving.problem_layout import task_of

BENCH = "plan --cuts"
CLIMB, LONGER, CUTS = "modalshift", "longer", "cuts"
ONWARD = Stage((*LEVELS, 0), 300, 0.1, 0.02)
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Proven:
    """A bound, what it took from the beginning on, the cuts that it rests on and how many of them have a price."""

    bound_yuan: float
    processor_s: float
    cuts: int = 0
    priced: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one month: as for a plan, on from there without cuts, and with them."""

    climb: Proven
    longer: Proven
    cuts: Proven
    network_version: str
    factors_version: str


def run(options: MonthsBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts."""
    subject = Message(
        "生成的月份，联结割能把大计划的下界抬高多少",
        "generated months: how much linking cuts raise the bound of large plans",
    )
    return compared(options, tell, prove, _methods, BENCH, subject)


def prove(task: PlanTask) -> Bounds:
    """The three bounds of a month. Raises InputError for bad files."""
    network, factors, shipments = read_task(task)
    settings = task.settings
    busy = time.process_time()
    book, inside = task_of(shipments, network, factors, settings)
    ways = make_ways(sorted(inside, key=lambda item: item.shipment_id), book, book.graph, settings, None)
    fleet = make_fleetflow(ways, book, book.graph, settings.carbon_price_yuan_per_t / 1000)
    space = services_only(ways)
    plan = make_program(space, fleet, book.network, None)
    proof = LagrangianBound(plan, fleet, ways, settings.workers)

    def proven(climb: Climb, cuts: int = 0, priced: int = 0) -> Proven:
        return Proven(climb.bound, time.process_time() - busy, cuts, priced)

    climb = climb_up(proof, lambda: np.inf)
    first = proven(climb)
    longer = proven(climb_on(proof, climb.prices, lambda: np.inf, ONWARD))
    # What climbing on without cuts took is no part of climbing on with them.
    busy += longer.processor_s - first.processor_s
    linker, cuts, now = Linker(plan, space), dict[LinkingCut, None](), climb
    best = first
    for _ in range(ROUNDS):
        fresh = [cut for cut in linker.broken_on_average(now.line_shares, now.hulls, fleet.columns) if cut not in cuts]
        if not fresh:
            break
        cuts.update(dict.fromkeys(fresh))
        stronger = LagrangianBound(with_cuts(plan, space, list(cuts)), fleet, ways, settings.workers)
        now = climb_on(stronger, np.append(now.prices, np.zeros(len(fresh))), lambda: np.inf, ONWARD)
        priced = int(np.count_nonzero(now.prices[stronger.linking]))
        best = max(best, proven(now, len(cuts), priced), key=lambda item: item.bound_yuan)
    return Bounds(first, longer, replace(best, processor_s=proven(now).processor_s), network.version, factors.version)


def _methods(size: int, answers: Sequence[Bounds | None]) -> list[Method]:
    return [_method(size, name, answers) for name in (CLIMB, LONGER, CUTS)]


def _method(size: int, name: str, answers: Sequence[Bounds | None]) -> Method:
    """The figures of one way to a bound."""
    label, does = {
        CLIMB: (
            Message(f"{size:,} 票", f"{size:,} shipments"),
            Message("涨价，与规划大计划时相同", "prices climb as where a large plan is made"),
        ),
        LONGER: (
            Message(f"{size:,} 票，再涨一程", f"{size:,} shipments, climbed on"),
            Message("由此再涨一程，不加割", "from there on once more, without cuts"),
        ),
        CUTS: (
            Message(f"{size:,} 票，加联结割", f"{size:,} shipments, with linking cuts"),
            Message(
                "由此再涨，逐轮加入平均值违反的割",
                "from there on with the linking cuts that the averages break, round after round",
            ),
        ),
    }[name]

    def values(value: Callable[[Proven], float], digits: int) -> tuple[float | None, ...]:
        return values_of(answers, lambda answer: value(getattr(answer, _FIELDS[name])), digits)

    gained = values_of(
        answers, lambda answer: getattr(answer, _FIELDS[name]).bound_yuan / answer.climb.bound_yuan - 1, 6
    )
    return Method(
        name=f"{name}:{size}",
        label=label,
        baseline=name == LONGER,
        does=does,
        figures=(
            Figure("shipments", Message("票数", "shipments"), "count", (float(size),)),
            Figure("bound", Message("下界", "bound"), "yuan", values(lambda item: item.bound_yuan, 2)),
            Figure("gained", Message("抬高", "gained"), "share", gained),
            Figure(
                "processor_seconds",
                Message("处理器时间", "processor time"),
                "s",
                values(lambda item: item.processor_s, 2),
            ),
            Figure("cuts", Message("割", "cuts"), "count", values(lambda item: float(item.cuts), 0)),
            Figure(
                "priced", Message("其中有价", "of these priced"), "count", values(lambda item: float(item.priced), 0)
            ),
        ),
        endings=endings_of(answers, "exhausted"),
    )


_FIELDS = {CLIMB: "climb", LONGER: "longer", CUTS: "cuts"}
