"""Linear multicommodity flow to its optimum, with a bound that no solver is believed for.

1. Capacity prices by a subgradient method (averaged flows): cheap, and its shortest paths are good columns.
2. Column generation: a master over the paths found so far and over the arcs that were ever overloaded, solved by the
   interior point method without crossover, whose prices lie in the middle of the optimal face and so need few rounds;
   overload is allowed at a penalty until enough paths are known.
3. Each round prices all commodities exactly. The Lagrangian bound of the round's prices is valid whatever the master
   said; the solve ends when a flow within all capacities meets it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from optimizer.errors import SolverError
from optimizer.planning.design import Bools, Effort, Floats, Indices, Outcome, Program, solve_linear
from optimizer.planning.netdesign.instance import Design, Instance, Progress, Result, Settings
from optimizer.planning.netdesign.paths import PathPool, Priced, Pricer

SUBGRADIENT_STEPS = 400
STALLED_STEPS, STALLED = 60, 1e-6
"""The subgradient method ends early when so many steps raise the bound by no more than this share of it."""
BETWEEN = (0.5, 0.2, 0.05)
"""Shares of the way from the best prices to the master's at which paths are priced too."""
FIRST_COLUMNS, KEPT_COLUMNS = 5, 4
"""Columns per commodity in the first master, and after a round that lowered its objective much."""
MUCH = 1e-4
OVERLOAD = 1e-9
"""Relative overload of an arc that counts as none; flows are scaled down to it at the end."""
PRICED_IN = 1e-7
"""A path must be cheaper than its commodity's price by this relative amount to be a new column."""
MOST_PENALTY_RAISES = 12
DONE_GAP = 1e-9
"""Below this relative gap floating point says no more."""


@dataclass(slots=True)
class FlowState:
    """What the rounds share. ``prices`` are those of the best bound."""

    bound: float
    prices: Floats
    rows: Indices
    penalty: Floats
    design: Design | None = None
    objective: float | None = None
    raises: int = 0
    rounds: int = 0
    last_master: float = np.inf


def solve_flow(
    instance: Instance,
    settings: Settings,
    clock: Callable[[], float],
    tell: Callable[[Progress], None] = lambda progress: None,
    unit_cost: Floats | None = None,
) -> Result:
    """Carry all demand at least cost within ``most_capacity``; fixed costs are left aside. ``unit_cost`` (arcs,)
    replaces the instance's. ``settings.work`` counts rounds. KeyboardInterrupt ends it with what there is.
    """
    costs = instance.unit_cost if unit_cost is None else unit_cost
    pricer, start_s = Pricer(instance, costs), clock()
    if instance.commodities == 0:
        return Result.of_nothing(instance.arcs)
    if len(stranded := pricer.stranded()):
        return Result.without_way(instance, stranded)
    pool = PathPool(instance, costs)
    state = _first_prices(pricer, pool)
    ending = "interrupt"
    try:
        while True:
            ending = _round(instance, pricer, pool, state, settings, start_s, clock)
            seconds = clock() - start_s
            tell(Progress("flow", seconds, state.objective, state.bound, len(pool.commodity)))
            if not ending and settings.time_limit_s is not None and seconds >= settings.time_limit_s:
                ending = "time_limit"
            if not ending and settings.work is not None and state.rounds >= settings.work:
                ending = "work"
            if ending:
                break
    except KeyboardInterrupt:
        ending = "interrupt"
    return _result(state, settings, ending)


def _first_prices(pricer: Pricer, pool: PathPool) -> FlowState:
    """Subgradient steps from the best prices so far along the averaged violation; fills the pool on the way."""
    capacity, arcs = pricer.capacity, pricer.instance.arcs
    priced = pricer.price(np.zeros(arcs))
    best, best_prices, flow = priced.bound, np.zeros(arcs), priced.load
    overloaded = priced.load > capacity
    penalty = np.full(arcs, 3.0 * float(priced.length.max(initial=0.0)) + 1.0)
    pool.add(priced)
    target, step, fails, earlier = best * 1.05 + 1.0, 1.0, 0, best
    prices = best_prices
    for number in range(1, SUBGRADIENT_STEPS if overloaded.any() else 0):
        if number % STALLED_STEPS == 0:
            if best - earlier <= STALLED * abs(best):
                break
            earlier = best
        slope = flow - capacity
        slope[(best_prices <= 0) & (slope < 0)] = 0.0
        size = float(slope @ slope)
        if size <= 0:
            break
        prices = np.maximum(0.0, best_prices + step * (target - priced.bound) / size * slope)
        priced = pricer.price(prices)
        if number > SUBGRADIENT_STEPS // 4:
            pool.add(priced)
        share = max(0.1, 1.0 / (number + 1))
        flow = share * priced.load + (1 - share) * flow
        if priced.bound > best:
            best, best_prices, fails, step = priced.bound, prices, 0, min(step * 1.05, 2.0)
        else:
            fails += 1
            if fails >= 5:
                step, fails = step * 0.7, 0
        if best > target - 0.01 * abs(target):
            target = best + 0.02 * abs(best)
    final = pricer.price(best_prices)
    pool.add(final)
    pool.settle()
    gain = (pool.cost + pool.incidence.T @ best_prices - final.length[pool.commodity]) * pricer.instance.demand[
        pool.commodity
    ]
    pool.keep(_least(gain, FIRST_COLUMNS * pricer.instance.commodities))
    return FlowState(best, best_prices, np.flatnonzero(overloaded | (best_prices > 0)), penalty)


def _least(values: Floats, count: int) -> Bools:
    """Which values are among the ``count`` least (ties included)."""
    if len(values) <= count:
        return np.ones(len(values), dtype=bool)
    return np.asarray(values <= np.partition(values, count)[count] + 1e-9)


def _round(
    instance: Instance,
    pricer: Pricer,
    pool: PathPool,
    state: FlowState,
    settings: Settings,
    start_s: float,
    clock: Callable[[], float],
) -> str:
    """One master and one pricing. Returns how the solve ended, or an empty string to go on."""
    left_s = None if settings.time_limit_s is None else max(0.05, settings.time_limit_s - (clock() - start_s))
    outcome = _solve_master(_master(instance, pool, state), Effort(seconds=left_s, seed=settings.seed))
    state.rounds += 1
    if outcome.row_prices is None or outcome.x is None:
        return "time_limit"
    shares, overload = outcome.x[: len(pool.commodity)], outcome.x[len(pool.commodity) :]
    value, prices = _unscaled(instance, state, outcome)
    amounts = np.maximum(shares, 0.0) * instance.demand[pool.commodity]
    load = pool.incidence @ amounts
    over = load > pricer.capacity * (1 + 1e-7) + 1e-7
    if not over.any():
        _take(instance, pool, state, amounts)
    priced = pricer.price(prices)
    between = _between(pricer, state, prices)
    if priced.bound > state.bound:
        state.bound, state.prices = priced.bound, prices
    missing = np.setdiff1d(np.flatnonzero(load > pricer.capacity * (1 + OVERLOAD)), state.rows)
    state.rows = np.concatenate([state.rows, missing])
    if outcome.objective < state.last_master * (1 - MUCH):
        reduced = (pool.cost + pool.incidence.T @ prices - value[pool.commodity]) * instance.demand[pool.commodity]
        pool.keep((shares > 1e-7) | _least(reduced, KEPT_COLUMNS * instance.commodities))
    state.last_master = outcome.objective
    cheaper = priced.length - value < -PRICED_IN * np.maximum(1.0, np.abs(value))
    new = pool.add(priced, cheaper)
    for other in between if new else ():
        pool.add(other)
    pool.settle()
    if state.objective is not None and state.objective - state.bound <= settings.gap * max(abs(state.objective), 1e-9):
        return "gap"
    if new or len(missing):
        return ""
    return _when_nothing_is_new(pricer, state, prices, bool(np.any(overload > 1e-7)))


def _between(pricer: Pricer, state: FlowState, prices: Floats) -> list[Priced]:
    """Cheapest paths at prices between the best ones so far and the master's. The master's swing from round to round;
    on the way to them lie better bounds, and paths that the next master would ask for."""
    start, found = state.prices, []
    for share in BETWEEN:
        mixed = start + share * (prices - start)
        priced = pricer.price(mixed)
        found.append(priced)
        if priced.bound > state.bound:
            state.bound, state.prices = priced.bound, mixed
    return found


def _solve_master(program: Program, effort: Effort) -> Outcome:
    """By interior point; where that ends without an answer (degenerate, badly scaled), by simplex."""
    try:
        outcome = solve_linear(program, effort, "ipm_without_crossover")
    except SolverError:
        return solve_linear(program, effort)
    if outcome.row_prices is None or outcome.x is None:
        return solve_linear(program, effort)
    return outcome


def _when_nothing_is_new(pricer: Pricer, state: FlowState, prices: Floats, overloaded: bool) -> str:
    """Overload that stays although no path is missing: infeasible if the prices prove it, else too small a penalty."""
    if not overloaded:
        return "gap" if state.objective is not None else "work"
    proof = pricer.price(prices, with_costs=False)
    if proof.bound > 1e-7 * float(prices @ pricer.capacity):
        return "infeasible"
    state.penalty = state.penalty * 10.0
    state.raises += 1
    return "work" if state.raises > MOST_PENALTY_RAISES else ""


def _master(instance: Instance, pool: PathPool, state: FlowState) -> Program:
    """Shares of paths, and overload per arc row. Rows: each commodity whole; each arc's load in units of its room."""
    demand, capacity = instance.demand[pool.commodity], np.maximum(instance.most_capacity, 1e-9)
    paths, rows = len(pool.commodity), state.rows
    whole = sp.csr_array((np.ones(paths), (pool.commodity, np.arange(paths))), shape=(instance.commodities, paths))
    load = sp.csr_array(pool.incidence)[rows].multiply(demand[None, :]).multiply(1.0 / capacity[rows][:, None])
    matrix = sp.csr_array(sp.block_array([[whole, None], [sp.csr_array(load), -sp.eye_array(len(rows))]]))
    columns = paths + len(rows)
    return Program(
        cost=np.concatenate([pool.cost * demand, state.penalty[rows] * capacity[rows]]),
        matrix=matrix,
        row_lower=np.concatenate([np.ones(instance.commodities), np.full(len(rows), -np.inf)]),
        row_upper=np.ones(instance.commodities + len(rows)),
        lower=np.zeros(columns),
        upper=np.full(columns, np.inf),
        integer=np.zeros(columns, dtype=bool),
    )


def _unscaled(instance: Instance, state: FlowState, outcome: Outcome) -> tuple[Floats, Floats]:
    """The master's prices per unit: of each commodity's way, and of each arc's room (>= 0)."""
    assert outcome.row_prices is not None
    count, capacity = instance.commodities, np.maximum(instance.most_capacity, 1e-9)
    prices = np.zeros(instance.arcs)
    prices[state.rows] = np.maximum(0.0, -outcome.row_prices[count:]) / capacity[state.rows]
    return outcome.row_prices[:count] / instance.demand, prices


def _take(instance: Instance, pool: PathPool, state: FlowState, amounts: Floats) -> None:
    """Make an exact flow of the master's: each commodity sums to its demand; keep it when it is the best so far."""
    sums = np.bincount(pool.commodity, amounts, minlength=instance.commodities)
    if np.any(sums <= 0):
        return
    amounts = amounts * (instance.demand / sums)[pool.commodity]
    used = np.flatnonzero(amounts > 1e-9 * instance.demand[pool.commodity])
    sums = np.bincount(pool.commodity[used], amounts[used], minlength=instance.commodities)
    amounts = amounts[used] * (instance.demand / sums)[pool.commodity[used]]
    part = sp.coo_array(pool.incidence[:, used])
    cells = sp.csr_array(
        (amounts[part.col], (part.row, pool.commodity[used][part.col])), shape=(instance.arcs, instance.commodities)
    )
    cells.sum_duplicates()
    cells.sort_indices()
    flow = sp.coo_array(cells)
    load = np.bincount(flow.row, flow.data, minlength=instance.arcs)
    needed = np.ceil(load / np.maximum(instance.capacity, 1e-9) * (1 - 2e-7) - 1e-9)
    modules = np.where(load > 0, np.maximum(needed, 1), 0).astype(np.int64)  # However little it is, it needs one.
    design = Design(
        np.minimum(modules, instance.most_modules), flow.row.astype(np.int64), flow.col.astype(np.int64), flow.data
    )
    objective = float(pool.unit_cost[design.flow_arc] @ design.flow_amount)
    if state.objective is None or objective < state.objective:
        state.design, state.objective = design, objective


def _result(state: FlowState, settings: Settings, ending: str) -> Result:
    if ending == "infeasible":
        return Result.without_room(state.rounds)
    if state.design is None or state.objective is None:
        return Result("no_solution", ending, None, None, state.bound, state.rounds)
    # A flow may beat the bound by the tolerance of capacities; the bound of a minimum is never above its value.
    bound = min(state.bound, state.objective)
    closed = state.objective - bound <= max(settings.gap, DONE_GAP) * max(abs(state.objective), 1e-9)
    return Result("optimal" if closed else "feasible", ending, state.design, state.objective, bound, state.rounds)
