"""The prices: the linear relaxation, solved coarsely in time.

Summing the rows of a place (or sailing, lock, terminal) over a span of slots gives a coarser program whose solution
prices all slots of the span alike. Any prices are good for a bound (``lagrange`` prices every column of the full
program against them), so a coarse resolution still proves a bound of the *full* plan: the whole horizon as one span
is a second's work, comes within about a percent of the exact relaxation, and says which sailings matter. Only
promising columns enter; all others are priced afterwards, and those that would gain are added until none gains enough
to matter. A small program is solved as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.design import (
    Bools,
    Effort,
    Floats,
    Indices,
    Program,
    reduced_costs,
    solve_linear,
)
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.settings import SLOTS_PER_DAY

ROUNDS = 8
"""Pricing rounds per resolution; the bound is valid after any of them."""
LEAST_S = 0.1
"""A solve is never given less time than this."""
USED = 1e-6
"""A column with more than this in the linear solution counts as used."""
SMALL = 20_000
"""Up to this many columns the relaxation is solved slot by slot."""
TIGHTEN_SPANS = (8, 4)
"""Finer resolutions (slots) that are tried when the whole horizon as one span leaves too wide a gap."""
CLOSE_ENOUGH = 2e-4
"""Stop pricing when bound and restricted optimum differ by less than this, relatively."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Row prices of the full program, the lower bound they prove in yuan, and the last linear solution (``shares``, one
    column standing for its whole span). ``feasible`` is False once even the relaxation is proven to have no solution:
    then no plan exists. ``partial``: prices were found over all columns, only promising ones are written down.
    ``most_yuan``: what the last linear program came to; over more columns it would come to no more."""

    prices: Floats
    bound: float
    shares: Floats
    feasible: bool = True
    partial: bool = False
    most_yuan: float = np.inf

    @property
    def used(self) -> Bools:
        """Columns of the linear solution."""
        return self.shares > USED


def unrelaxed(plan: PlanProgram, proof: LagrangianBound) -> Relaxation:
    """What is known before anything is solved: every shipment at its cheapest way, hulls and room free of charge."""
    bound, prices = proof.prove(np.zeros(len(plan.row_slot)))
    return Relaxation(prices, bound, np.zeros(len(plan.column_slot)))


def relax(
    plan: PlanProgram,
    proof: LagrangianBound,
    effort: Effort,
    left_s: Callable[[], float] = lambda: np.inf,
    prices: Floats | None = None,
) -> Relaxation:
    """Prices and bound of a plan program; what :func:`unrelaxed` knows where the time (``left_s``) is up at once.
    ``prices``: row prices of a like program, from which to begin."""
    horizon = int(max(plan.row_slot.max(initial=0), plan.column_slot.max(initial=0))) + 1
    span = 1 if len(plan.column_slot) <= SMALL else horizon
    before = unrelaxed(plan, proof)
    if prices is not None:
        bound, mended = proof.prove(prices)
        before = replace(before, prices=mended, bound=max(before.bound, bound))
    return tighten(plan, span, before, proof, effort, left_s)


def relax_whole(plan: PlanProgram, proof: LagrangianBound, effort: Effort) -> Relaxation:
    """The relaxation of the whole program at once: where nothing binds the slots together that is quicker than
    pricing."""
    # Bounds on hulls are left to the rows of their nodes, so that what they are worth shows in the prices of rows.
    upper = np.where(_is_hull(plan), np.inf, plan.program.upper)
    before, outcome = unrelaxed(plan, proof), solve_linear(replace(plan.program, upper=upper), effort)
    if outcome.status == "infeasible":
        return replace(before, feasible=False)
    if outcome.x is None or outcome.row_prices is None:
        return before
    bound, mended = proof.prove(outcome.row_prices)
    return Relaxation(mended, max(bound, before.bound), outcome.x)


def tighten(
    plan: PlanProgram,
    span: int,
    before: Relaxation,
    proof: LagrangianBound,
    effort: Effort,
    left_s: Callable[[], float] = lambda: np.inf,
) -> Relaxation:
    """A better bound from another resolution in time (``span`` slots); never a worse one."""
    sums = summing(plan, span)
    program = plan.program
    coarse = replace(
        program,
        matrix=sp.csr_array(sums @ program.matrix),
        row_lower=summed_sides(sums, program.row_lower),
        row_upper=summed_sides(sums, program.row_upper),
    )
    by_column = sp.csc_array(coarse.matrix)
    keys = column_keys(plan, min(span, SLOTS_PER_DAY))
    gains = reduced_costs(program, before.prices)
    always = (plan.column_slot < 0) | (_is_hull(plan) & (plan.column_end == plan.column_slot + 1))
    chosen = best_per_key(keys, gains, (gains <= _margin(plan)) | always)
    best = before
    for _ in range(ROUNDS):
        if left_s() <= 0:
            break
        columns = np.flatnonzero(chosen)
        now = effort if np.isinf(left_s()) else replace(effort, seconds=max(left_s(), LEAST_S))
        outcome = solve_linear(_restricted(coarse, by_column, columns, plan.cargo_count), now)
        if outcome.status == "infeasible":
            # Perhaps for want of columns only (a cap on CO2e asks for dear ones): once more with all of them.
            if chosen.all():
                return replace(before, feasible=False)
            chosen[:] = True
            continue
        if outcome.x is None or outcome.row_prices is None:
            break
        prices = np.asarray(sums.T @ outcome.row_prices)
        bound, mended = proof.prove(prices)
        shares = np.zeros(len(chosen))
        shares[columns] = outcome.x
        # A round cut short may prove less than the one before; its prices would explain the gap badly.
        better = bound >= best.bound
        best = Relaxation(mended, bound, shares) if better else replace(best, shares=shares)
        best = replace(best, most_yuan=outcome.objective)
        # Once it comes to less than what is proven already, more columns are no help.
        if outcome.objective - bound <= CLOSE_ENOUGH * abs(bound) or outcome.objective <= before.bound:
            break
        gains = reduced_costs(program, prices)
        fresh = best_per_key(keys, gains, gains < -1e-6) & ~chosen
        if not fresh.any():
            break
        chosen |= fresh
    return best


def tightened(
    plan: PlanProgram, before: Relaxation, proof: LagrangianBound, effort: Effort, left_s: Callable[[], float]
) -> Iterator[Relaxation]:
    """Finer and finer in time, as far as the time allows; never a worse bound than the one before."""
    for span in TIGHTEN_SPANS:
        if left_s() <= 0:
            return
        before = tighten(plan, span, before, proof, effort, left_s)
        yield before


def _margin(plan: PlanProgram) -> Floats:
    """How dear a column may look and still enter the first round: cargo by tonne prices, hulls by voyage prices."""
    return np.where(_is_hull(plan), 1000.0, 800.0)


def _is_hull(plan: PlanProgram) -> Bools:
    return np.arange(len(plan.column_slot)) >= plan.cargo_count


def summing(plan: PlanProgram, span: int, beyond: int = 0) -> sp.csr_array:
    """The 0/1 matrix that sums node and link rows of the same thing over ``span`` slots from slot ``beyond`` on; all
    other rows stay as they are."""
    codes = np.empty(len(plan.row_slot), dtype=np.int64)
    first = 0
    for block in plan.blocks:
        rows = slice(block.first, block.first + len(block.keys))
        if block.kind not in ("node", "link"):
            codes[rows] = first + np.arange(len(block.keys))
        else:
            things: dict[tuple[object, ...], int] = {}
            thing = np.array([things.setdefault(key[:-1], len(things)) for key in block.keys], dtype=np.int64)
            when = np.where(block.slot < beyond, block.slot, beyond + (block.slot - beyond) // span)
            codes[rows] = first + thing * (int(plan.row_slot.max(initial=0)) + 1) + when
        first = int(codes[rows].max(initial=first)) + 1
    used, coarse = np.unique(codes, return_inverse=True)
    ones = np.ones(len(codes))
    return sp.csr_array((ones, (coarse, np.arange(len(codes)))), shape=(len(used), len(codes)))


def summed_sides(sums: sp.csr_array, side: Floats) -> Floats:
    """Row sides summed; an infinite side stays infinite."""
    finite = np.where(np.isinf(side), 0.0, side)
    infinite = np.where(np.isinf(side), 1.0, 0.0)
    total = np.asarray(sums @ finite)
    unbounded = np.asarray(sums @ infinite) > 0
    sign = np.sign(side[np.isinf(side)][0]) if np.isinf(side).any() else 1.0
    return np.where(unbounded, sign * np.inf, total)


def column_keys(plan: PlanProgram, span: int, beyond: int = 0) -> Indices:
    """Columns that differ only in the slots inside one span share a key (spans counted from slot ``beyond``)."""
    first = (plan.column_slot - beyond) // span
    last = (plan.column_end - beyond) // span
    least = int(min(first.min(initial=0), last.min(initial=0)))
    spans = int(last.max(initial=0)) - least + 1
    code = (plan.column_thing * spans + first - least) * spans + last - least
    _, keys = np.unique(code, return_inverse=True)
    return np.asarray(keys, dtype=np.int64)


def best_per_key(keys: Indices, gains: Floats, eligible: Bools) -> Bools:
    """The eligible column with the smallest reduced cost of each key (ties: the first)."""
    candidates = np.flatnonzero(eligible)
    order = candidates[np.lexsort((candidates, gains[candidates], keys[candidates]))]
    first = np.ones(len(order), dtype=bool)
    first[1:] = keys[order][1:] != keys[order][:-1]
    chosen = np.zeros(len(keys), dtype=bool)
    chosen[order[first]] = True
    return chosen


def _restricted(program: Program, by_column: sp.csc_array, columns: Indices, cargo_count: int) -> Program:
    # One hull column stands for a span of them, so its bound is left open; the proof prices the real ones.
    upper = np.where(columns < cargo_count, program.upper[columns], np.inf)
    return Program(
        program.cost[columns],
        sp.csr_array(by_column[:, columns]),
        program.row_lower,
        program.row_upper,
        program.lower[columns],
        upper,
        program.integer[columns],
    )
