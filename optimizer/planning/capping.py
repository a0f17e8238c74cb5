"""Large plans under a cap on CO2e.

Hulls that follow averages and cargo stowed on their voyages know no row that holds all of them at once. But the price
of the cap that the climb has found, put on every tonne of CO2e, makes the same ways cheap, so the plan is made with
that price and without the cap. Whole ships emit a little more than the averages: such a plan mostly stands somewhat
above the cap. From there spans and corridors are searched in which CO2e costs far more than it is worth, until the cap
is kept. The bound stays that of the cap and of the costs as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from optimizer.planning.ascent import DEARER, Climb, climb_on
from optimizer.planning.carbon_price import repriced, with_carbon
from optimizer.planning.design import Effort, Floats
from optimizer.planning.fleetflow import FleetFlow
from optimizer.planning.lagrange import LagrangianBound
from optimizer.planning.neighbourhoods import Neighbourhoods
from optimizer.planning.pool import Made, plan_at_once
from optimizer.planning.problem import Priced, Problem
from optimizer.planning.program import PlanProgram
from optimizer.planning.relaxation import Relaxation, relax
from optimizer.planning.spans import Spans
from optimizer.planning.ways import Ways
from optimizer.planning.windows import FEASIBLE, violation
from optimizer.quantities import KG_PER_T

WHOLE_SHIPS = 0.008
"""Whole ships emit about this part more than the averages that they follow: so much below the cap these must be."""
LEAST_YUAN_PER_T, MOST_YUAN_PER_T = 250.0, 64_000.0
"""The first price of CO2e above none, and the greatest. Plans cost some 7,000 yuan in all for each tonne that they
emit."""
DEARER_TIMES = 3.0
"""By so much the price rises while a plan is above its cap."""

Programs = Callable[[Ways, FleetFlow, float | None], PlanProgram]
"""The program over services alone for ways and fleet, with a cap in tonnes or without."""


def plan_near_cap(
    programs: Programs, proof: LagrangianBound, climb: Climb, seed: int, left_s: Callable[[], float] = lambda: np.inf
) -> Made | None:
    """A plan of the whole month at a price of CO2e that keeps averages a little below the cap; the plan may stand above
    it. ``proof`` and ``climb``: over the program with the cap. None and KeyboardInterrupt as in :func:`plan_at_once`.
    """
    ways, fleet, workers = proof.ways, proof.fleet, proof.workers
    cap_t = float(proof.plan.program.row_upper[proof.cap][0])
    lower = LagrangianBound(programs(ways, fleet, cap_t * (1 - WHOLE_SHIPS)), fleet, ways, workers)
    onward = climb_on(lower, climb.prices, left_s, DEARER)
    asked = -float(onward.prices[proof.cap].sum())
    price = min(asked, MOST_YUAN_PER_T)
    ways, fleet = with_carbon(ways, fleet, price / KG_PER_T)
    priced = LagrangianBound(programs(ways, fleet, None), fleet, ways, workers)
    # The row of the cap is the last one; without it the same prices prove the same and what the cap was worth.
    prices = onward.prices[: len(priced.plan.row_slot)]
    if price == asked:
        onward = replace(onward, prices=prices, bound=priced.prove(prices)[0])
    else:
        onward = climb_on(priced, prices, left_s, DEARER)
    made = plan_at_once(priced, onward, seed, left_s)
    return None if made is None else replace(made, priced=Priced(price, np.append(onward.prices, 0.0)))


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A plan that keeps the cap on CO2e, or None; and what the cleanest plan emits that was seen on the way, t (None
    where none was made or there is no cap)."""

    x: Floats | None
    cleanest_t: float | None = None


FirstPlan = Callable[[Problem, Relaxation], Floats | None]
"""A plan of a problem without a cap at the prices of its relaxation; or none in time."""


def at_a_price(
    problem: Problem, relaxation: Relaxation, plan: FirstPlan, seed: int, left_s: Callable[[], float]
) -> Problem:
    """The problem with a plan that was made where a tonne of CO2e costs what a cap is worth, and no cap: full ships and
    windows that must keep it to the last tonne mostly come to no plan. As it is where there is no cap, or a plan was
    made already. ``relaxation``: of the problem with the cap."""
    limits_t = problem.program.program.row_upper[problem.proof.cap]
    if problem.relaxation is not None or not np.isfinite(limits_t).any():
        return problem
    price = max(-float(relaxation.prices[problem.proof.cap].sum()), LEAST_YUAN_PER_T)
    if price > MOST_YUAN_PER_T:
        return problem  # So dear is only what leaves cargo behind: what emits less is asked of the rows themselves.
    free = repriced(problem, price)
    relaxed = relax(free.program, free.proof, Effort(seed=seed), left_s, relaxation.prices)
    if not relaxed.feasible or left_s() <= 0:
        return problem
    return replace(problem, made=plan(free, relaxed), priced=Priced(price, relaxed.prices))


def below_cap(
    problem: Problem, relaxation: Relaxation, seed: int, left_s: Callable[[], float] = lambda: np.inf
) -> Cleaned:
    """The plan that ``problem`` was made with, or one near it that keeps the cap on CO2e; without a plan where there is
    none that holds every row, the search does not get there, or not in time. ``relaxation``: prices of the problem's
    rows."""
    program, cap, made = problem.program.program, problem.proof.cap, problem.made
    if made is None or violation(program, made) <= FEASIBLE:
        return Cleaned(made)
    if cap.start == cap.stop:
        return Cleaned(None)

    def emitted_t(x: Floats) -> float:
        return float(problem.program.wtw_kg @ x) / KG_PER_T

    cap_t, x, cleanest_t = float(program.row_upper[cap][0]), made, emitted_t(made)
    for price, prices in _dearer(problem, relaxation, left_s):
        around = Neighbourhoods(repriced(problem, price), replace(relaxation, prices=prices), x, seed)
        for x in _searched(around, left_s, to_the_end=price * DEARER_TIMES > MOST_YUAN_PER_T):
            cleanest_t = min(cleanest_t, emitted_t(x))
            if emitted_t(x) <= cap_t and violation(program, x) <= FEASIBLE:
                return Cleaned(x, emitted_t(x))
        if left_s() <= 0:
            break
    return Cleaned(None, cleanest_t)


def _searched(around: Neighbourhoods, left_s: Callable[[], float], *, to_the_end: bool) -> Iterator[Floats]:
    """One round of spans; corridors where these find nothing, and where no dearer price comes after this one."""
    found = False
    for x in Spans(around).better(left_s, 1):
        found = True
        yield x
    if to_the_end or not found:
        yield from around.better(left_s)


def _dearer(problem: Problem, relaxation: Relaxation, left_s: Callable[[], float]) -> Iterator[tuple[float, Floats]]:
    """Dearer and dearer prices of CO2e, each with prices of the rows that were climbed for it: prices of other costs
    would call every empty voyage too dear and every saving too small."""
    price, prices = -float(relaxation.prices[problem.proof.cap].sum()), relaxation.prices
    if problem.priced is not None:
        price, prices = problem.priced.carbon_yuan_per_t, problem.priced.prices
        yield price, prices
        price *= DEARER_TIMES
    price = max(price, LEAST_YUAN_PER_T)
    while price <= MOST_YUAN_PER_T:
        prices = climb_on(repriced(problem, price).proof, prices, left_s, DEARER).prices
        yield price, prices
        price *= DEARER_TIMES
