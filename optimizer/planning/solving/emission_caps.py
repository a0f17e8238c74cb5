"""Plans under a cap on CO2e.

Hulls that follow a solution and cargo stowed on their voyages know no row that holds all of them at once, and full
ships and windows that must keep it mostly come to no plan. But a price on every tonne of CO2e makes clean ways cheap,
so the plan is made with a price and without the cap. In parts of ships a cap may be worth nothing that whole ships do
not keep: what they emit more goes with what they cost more, so the price begins at what plans cost for each tonne that
they emit. Such a plan mostly stands somewhat above the cap; from there spans are searched, at dearer and dearer prices,
until the cap is kept. The bound stays that of the cap and of the costs as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from optimizer.planning.bounds.ascent import DEARER, Climb, climb_on, climb_up
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.relaxation import Relaxation, relax
from optimizer.planning.design import Effort, Floats
from optimizer.planning.layout.fleetflow import FleetFlow
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.layout.ways import Ways
from optimizer.planning.solving.carbon_price import repriced, with_carbon
from optimizer.planning.solving.column_pool import Made, plan_at_once
from optimizer.planning.solving.neighbourhoods import Neighbourhoods
from optimizer.planning.solving.problem import Priced, Problem
from optimizer.planning.solving.spans import SHORT, Spans
from optimizer.planning.solving.windows import FEASIBLE, violation
from optimizer.quantities import KG_PER_T

FIRST_PART, DEARER_TIMES, MOST_TIMES = 1.0, 3.0, 27.0
"""The first price of CO2e as a part of what a plan costs for each tonne that it emits; by so much it rises while a plan
is above its cap, and so many times that at most."""
SEARCHED = 1.005
"""Whole ships emit so many times what parts of ships do, even after spans were searched: a price at which parts keep a
cap by less is too cheap."""
ROUNDS = 3
"""Rounds of spans at one price, for as long as they gain: in large months a dearer price won little of what more rounds
did."""
WHOLE_SHIPS = 1.03
"""Whole ships emit up to so many times what averages do: where even that keeps the cap no price is asked for."""

HAIR_T, HAIR_REL = 1e-6, 1e-7
"""A plan may be above its cap by a gram and by this part of it: what a solver misses a row by, and never more than any
row may be missed by. A cap of a few grams is no cap where it may be missed by ten."""

Programs = Callable[[Ways, FleetFlow, float | None], PlanProgram]
"""The program over services alone for ways and fleet, with a cap in tonnes or without."""


def keeps_cap(plan: PlanProgram, x: Floats) -> bool:
    """Whether a solution emits no more than the cap of its program, but for a solver's tolerance; any does without."""
    row = plan.block("cap")
    caps_t = plan.program.row_upper[row.first : row.first + len(row.keys)]
    return all(float(plan.wtw_kg @ x) / KG_PER_T <= cap_t * (1 + HAIR_REL) + HAIR_T for cap_t in caps_t)


def plan_near_cap(
    programs: Programs, proof: LagrangianBound, climb: Climb, seed: int, left_s: Callable[[], float] = lambda: np.inf
) -> Made | None:
    """A plan of the whole month where CO2e has a price; it may stand above the cap. ``proof`` and ``climb``: over the
    program with the cap. None and KeyboardInterrupt as in :func:`plan_at_once`."""
    priced, onward, price = _dear_enough(programs, proof, climb, left_s)
    made = plan_at_once(priced, onward, seed, left_s)
    return None if made is None else replace(made, priced=Priced(price, np.append(onward.prices, 0.0)))


def _dear_enough(
    programs: Programs, proof: LagrangianBound, climb: Climb, left_s: Callable[[], float]
) -> tuple[LagrangianBound, Climb, float]:
    """The first price of CO2e at which whole ships may come to keep the cap, with a climb at that price (and no cap).
    By so much as the bound rises from one price to the next, parts of ships emit at some price between the two: they
    emit less and less, whole ships always somewhat more."""
    cap_t = float(proof.plan.program.row_upper[proof.cap][0])
    worth = -float(climb.prices[proof.cap].sum())
    emitted_t = _averages_t(proof, climb)
    loose = worth == 0 and emitted_t * WHOLE_SHIPS <= cap_t
    price = 0.0 if loose else _first_price(climb.bound, worth, max(emitted_t, cap_t))
    most = MOST_TIMES * _first_price(climb.bound, 0.0, max(emitted_t, cap_t))
    # The row of the cap is the last one; without it the same prices prove the same and what the cap was worth.
    before, onward = worth, replace(climb, prices=climb.prices[:-1], bound=climb.bound + worth * cap_t)
    while True:
        ways, fleet = with_carbon(proof.ways, proof.fleet, price / KG_PER_T)
        priced = LagrangianBound(programs(ways, fleet, None), fleet, ways, proof.workers)
        if price == before:
            return priced, onward, price
        proven = onward.bound
        onward = climb_up(priced, left_s, prices=onward.prices * _dearer_by(climb.bound, cap_t, before, price))
        if onward.interrupted:
            raise KeyboardInterrupt
        parts_t = (onward.bound - proven) / (price - before)
        if parts_t * SEARCHED <= cap_t or price * DEARER_TIMES > most or left_s() <= 0:
            return priced, onward, price
        before, price = price, price * DEARER_TIMES


def _averages_t(proof: LagrangianBound, climb: Climb) -> float:
    """What the averages of a climb emit, t: roughly what a linear solution does."""
    lines, ways = proof.ways.lines, proof.ways
    mass_t = climb.line_shares * ways.cargo.mass_t[lines.shipment]
    cargo_kg, hulls_kg = mass_t @ ways.wtw_kg_per_t[lines.route], climb.hulls @ proof.fleet.columns.wtw_kg
    return float(cargo_kg + hulls_kg) / KG_PER_T


def _first_price(bound_yuan: float, worth_yuan_per_t: float, emitted_t: float) -> float:
    """The first price of CO2e: that of the cap in parts of ships is often nothing, and whole ships emit more."""
    first = FIRST_PART * abs(bound_yuan) / max(emitted_t, 1.0)
    return min(max(worth_yuan_per_t, first), first * MOST_TIMES)


def _dearer_by(bound_yuan: float, cap_t: float, before: float, after: float) -> float:
    """How much dearer all becomes at another price of CO2e: about so much must all prices rise, and a climb that begins
    from these is soon there, where from prices as they were it comes nowhere near in the same steps."""
    return (abs(bound_yuan) + after * cap_t) / max(abs(bound_yuan) + before * cap_t, 1.0)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A plan that keeps the cap on CO2e, or None; and what the cleanest plan emits that was seen on the way, t (None
    where none was made or there is no cap). ``interrupted``: somebody pressed Ctrl-C before there was one."""

    x: Floats | None
    cleanest_t: float | None = None
    interrupted: bool = False


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
    cap_t, worth = float(limits_t[0]), -float(relaxation.prices[problem.proof.cap].sum())
    price = _first_price(relaxation.bound, worth, cap_t)
    if worth > price:
        return problem  # So dear is only what leaves cargo behind: that is asked of the rows themselves.
    free = repriced(problem, price)
    prices = relaxation.prices * _dearer_by(relaxation.bound, cap_t, worth, price)
    relaxed = relax(free.program, free.proof, Effort(seed=seed), left_s, prices)
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
    try:
        for price, prices in _dearer(problem, relaxation, emitted_t(made), left_s):
            around = Neighbourhoods(repriced(problem, price), replace(relaxation, prices=prices), x, seed)
            for x in _searched(around, problem.relaxation is not None, left_s):
                cleanest_t = min(cleanest_t, emitted_t(x))
                if emitted_t(x) <= cap_t and violation(program, x) <= FEASIBLE:
                    return Cleaned(x, emitted_t(x))
            if left_s() <= 0:
                break
    except KeyboardInterrupt:
        return Cleaned(None, cleanest_t, interrupted=True)
    return Cleaned(None, cleanest_t)


def _searched(around: Neighbourhoods, large: bool, left_s: Callable[[], float]) -> Iterator[Floats]:
    """Some rounds of spans, short ones first in large plans; corridors where these find nothing."""
    found = False
    for x in Spans(around, SHORT if large else ()).better(left_s, ROUNDS):
        found = True
        yield x
    if not found:
        yield from around.better(left_s)


def _dearer(
    problem: Problem, relaxation: Relaxation, emits_t: float, left_s: Callable[[], float]
) -> Iterator[tuple[float, Floats]]:
    """Dearer and dearer prices of CO2e, each with prices of the rows that were climbed for it: prices of other costs
    would call every empty voyage too dear and every saving too small."""
    worth, prices = -float(relaxation.prices[problem.proof.cap].sum()), relaxation.prices
    price = _first_price(relaxation.bound, worth, emits_t)
    most = MOST_TIMES * _first_price(relaxation.bound, 0.0, emits_t)
    if problem.priced is not None:
        worth, prices = problem.priced.carbon_yuan_per_t, problem.priced.prices
        yield worth, prices
        price = max(worth * DEARER_TIMES, price)
    while price <= most:
        prices = prices * _dearer_by(relaxation.bound, emits_t, worth, price)
        prices = climb_on(repriced(problem, price).proof, prices, left_s, DEARER).prices
        yield price, prices
        worth, price = price, price * DEARER_TIMES
