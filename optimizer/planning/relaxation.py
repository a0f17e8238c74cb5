"""The bound and the prices: the linear relaxation, solved from coarse time to fine.

Summing the rows of a place (or sailing, lock, terminal) over a span of slots gives a coarser program whose solution prices
all slots of the span alike. Any prices are good for a bound (:func:`design.proven_bound` prices every column of the full program
against them), so each resolution gives a proven bound of the *full* plan: first the whole horizon as one span (a second's
work, and it says which sailings matter), then day by day. At each resolution only promising columns enter; all others are
priced afterwards, and those that would gain are added until none gains enough to matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optimizer.errors import Message, SolverError
from optimizer.planning.design import (
    Bools,
    Effort,
    Floats,
    Indices,
    Program,
    proven_bound,
    reduced_costs,
    solve_linear,
)
from optimizer.planning.program import PlanProgram
from optimizer.planning.settings import SLOTS_PER_DAY

ROUNDS = 6
"""Pricing rounds per resolution; the bound is valid after any of them."""
CLOSE_ENOUGH = 2e-4
"""Stop pricing when bound and restricted optimum differ by less than this, relatively."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Row prices of the full program and the lower bound they prove, yuan."""

    prices: Floats
    bound: float


def relax(plan: PlanProgram, effort: Effort) -> Relaxation:
    """Prices and bound of a plan program. Raises SolverError when no linear program could be solved."""
    horizon = int(max(plan.row_slot.max(initial=0), plan.column_slot.max(initial=0))) + 1
    prices = np.zeros(len(plan.row_slot))
    found = Relaxation(prices, proven_bound(plan.program, prices))
    for span in (horizon, SLOTS_PER_DAY):
        found = _solve_resolution(plan, span, found, effort)
    return found


def _solve_resolution(plan: PlanProgram, span: int, before: Relaxation, effort: Effort) -> Relaxation:
    sums = _summing(plan, span)
    program = plan.program
    coarse = replace(
        program,
        matrix=sp.csr_array(sums @ program.matrix),
        row_lower=_summed(sums, program.row_lower),
        row_upper=_summed(sums, program.row_upper),
    )
    by_column = sp.csc_array(coarse.matrix)
    keys = _column_keys(plan, span)
    gains = reduced_costs(program, before.prices)
    always = (plan.column_slot < 0) | (_is_hull(plan) & (plan.column_end == plan.column_slot + 1))
    chosen = _best_per_key(keys, gains, (gains <= _margin(plan, gains)) | always)
    best = before
    for _ in range(ROUNDS):
        columns = np.flatnonzero(chosen)
        outcome = solve_linear(_restricted(coarse, by_column, columns, plan.cargo_count), effort)
        if outcome.row_prices is None:
            raise SolverError(Message("线性松弛没有解。", f"the linear relaxation has no solution ({outcome.status})"))
        prices = np.asarray(sums.T @ outcome.row_prices)
        bound = proven_bound(program, prices)
        if bound > best.bound:
            best = Relaxation(prices, bound)
        if outcome.objective - bound <= CLOSE_ENOUGH * abs(bound):
            break
        gains = reduced_costs(program, prices)
        chosen |= _best_per_key(keys, gains, gains < -1e-6)
    return best


def _margin(plan: PlanProgram, gains: Floats) -> Floats:
    """How dear a column may look and still enter the first round: cargo by tonne prices, hulls by voyage prices."""
    return np.where(_is_hull(plan), 4000.0, 3000.0)


def _is_hull(plan: PlanProgram) -> Bools:
    return np.arange(len(plan.column_slot)) >= plan.cargo_count


def _summing(plan: PlanProgram, span: int) -> sp.csr_array:
    """The 0/1 matrix that sums rows of the same thing over ``span`` slots; rows without a time stay as they are."""
    codes = np.empty(len(plan.row_slot), dtype=np.int64)
    first = 0
    for block in plan.blocks:
        rows = slice(block.first, block.first + len(block.keys))
        if block.kind in ("assign", "cap"):
            codes[rows] = first + np.arange(len(block.keys))
        else:
            things: dict[tuple[object, ...], int] = {}
            thing = np.array([things.setdefault(key[:-1], len(things)) for key in block.keys], dtype=np.int64)
            codes[rows] = first + thing * (int(plan.row_slot.max(initial=0)) // span + 1) + block.slot // span
        first = int(codes[rows].max(initial=first)) + 1
    used, coarse = np.unique(codes, return_inverse=True)
    ones = np.ones(len(codes))
    return sp.csr_array((ones, (coarse, np.arange(len(codes)))), shape=(len(used), len(codes)))


def _summed(sums: sp.csr_array, side: Floats) -> Floats:
    """Row sides summed; an infinite side stays infinite."""
    finite = np.where(np.isinf(side), 0.0, side)
    infinite = np.where(np.isinf(side), 1.0, 0.0)
    total = np.asarray(sums @ finite)
    unbounded = np.asarray(sums @ infinite) > 0
    sign = np.sign(side[np.isinf(side)][0]) if np.isinf(side).any() else 1.0
    return np.where(unbounded, sign * np.inf, total)


def _column_keys(plan: PlanProgram, span: int) -> Indices:
    """Columns that differ only in the slot inside one span share a key."""
    spans = int(plan.column_end.max(initial=0)) // span + 2
    code = (plan.column_thing * spans + plan.column_slot // span + 1) * spans + plan.column_end // span + 1
    _, keys = np.unique(code, return_inverse=True)
    return np.asarray(keys, dtype=np.int64)


def _best_per_key(keys: Indices, gains: Floats, eligible: Bools) -> Bools:
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
