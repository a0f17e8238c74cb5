"""Large plans under a cap on CO2e.

Hulls that follow averages and cargo stowed on their voyages know no row that holds all of them at once. But the price
of the cap that the climb has found, put on every tonne of CO2e, makes the same ways cheap, so the plan is made with
that price and without the cap. Whole ships emit a little more than the averages: such a plan mostly stands somewhat
above the cap. From there spans and corridors are searched in which CO2e costs far more than it is worth, until the cap
is kept. The bound stays that of the cap and of the costs as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from optimizer.planning.ascent import Climb
from optimizer.planning.carbon_price import repriced, with_carbon
from optimizer.planning.design import Floats
from optimizer.planning.fleetflow import FleetFlow
from optimizer.planning.lagrange import LagrangianBound
from optimizer.planning.neighbourhoods import Neighbourhoods
from optimizer.planning.pool import Made, plan_at_once
from optimizer.planning.problem import Problem
from optimizer.planning.program import PlanProgram
from optimizer.planning.relaxation import Relaxation
from optimizer.planning.spans import Spans
from optimizer.planning.ways import Ways
from optimizer.planning.windows import FEASIBLE, violation
from optimizer.quantities import KG_PER_T

CLEANING_YUAN_PER_T = (5_000.0, 20_000.0, 80_000.0)
"""The prices of CO2e, one after the other, while a plan is above its cap. The first is about what plans cost in all for
each tonne that they emit."""

Programs = Callable[[Ways, FleetFlow, float | None], PlanProgram]
"""The program over services alone for ways and fleet, with a cap in tonnes or without."""


def plan_near_cap(
    programs: Programs, proof: LagrangianBound, climb: Climb, seed: int, left_s: Callable[[], float] = lambda: np.inf
) -> Made | None:
    """A plan of the whole month at the price of the cap that ``climb`` has found; it may stand above the cap.
    ``proof``: over the program with the cap. None and KeyboardInterrupt as in :func:`plan_at_once`."""
    ways, fleet = with_carbon(proof.ways, proof.fleet, -float(climb.prices[proof.cap].sum()) / KG_PER_T)
    priced = LagrangianBound(programs(ways, fleet, None), fleet, ways, proof.workers)
    # The row of the cap is the last one; without it the same prices prove the same and what the cap was worth.
    return plan_at_once(priced, replace(climb, prices=climb.prices[: len(priced.plan.row_slot)]), seed, left_s)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A plan that keeps the cap on CO2e, or None; and what the cleanest plan emits that was seen on the way, t (None
    where none was made or there is no cap)."""

    x: Floats | None
    cleanest_t: float | None = None


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

    cap_t, x = float(program.row_upper[cap][0]), made
    cleanest_t = emitted_t(made)
    for price in CLEANING_YUAN_PER_T:
        around = _cleaning(problem, relaxation, x, price, seed)
        for x in chain(Spans(around).better(left_s), around.better(left_s)):
            cleanest_t = min(cleanest_t, emitted_t(x))
            if emitted_t(x) <= cap_t and violation(program, x) <= FEASIBLE:
                return Cleaned(x, emitted_t(x))
    return Cleaned(None, cleanest_t)


def _cleaning(problem: Problem, relaxation: Relaxation, x: Floats, price: float, seed: int) -> Neighbourhoods:
    """Around a plan, what costs least where a tonne of CO2e costs ``price`` yuan."""
    cleaner, prices = repriced(problem, price), relaxation.prices.copy()
    prices[problem.proof.cap] = 0.0  # The price is in the costs.
    return Neighbourhoods(cleaner, replace(relaxation, prices=cleaner.proof.prove(prices)[1]), x, seed)
