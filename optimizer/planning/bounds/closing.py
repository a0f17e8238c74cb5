"""Closing the gap: what a proven bound and a good plan already rule out need not be searched.

A hull column whose reduced cost exceeds (plan - bound) cannot sail in any better plan; a share of a shipment on a
column can be at most (plan - bound) / reduced cost. With these the full program often shrinks to something that
branch and bound settles: then the plan is optimal, or a better one is found and more is ruled out. The bound stays a
bound of the full program: plans that use what was left out cost at least the plan at hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.design import Effort, Floats, Program, reduced_costs, solve_integer
from optimizer.planning.layout.program import PlanProgram

HAIR_YUAN = 1e-6
"""Rounding noise of reduced costs."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """What a better plan may still use: the program over ``columns`` of the full one."""

    program: Program
    columns: np.ndarray


@dataclass(frozen=True, slots=True)
class Closed:
    """The best plan known after closing, and the bound, yuan. ``settled``: branch and bound came to its end."""

    x: Floats
    bound_yuan: float
    settled: bool


def close_gap(
    plan: PlanProgram, proof: LagrangianBound, prices: Floats, x: Floats, effort: Effort, most_columns: int
) -> Closed | None:
    """Search what is left of a plan program for something better than ``x``; None when more than ``most_columns`` are
    left to try. ``prices``: any prices of its rows; the better the bound they prove, the less is left."""
    proven, mended = proof.prove(prices)
    rest = remainder(plan, mended, float(plan.program.cost @ x) - proven)
    if len(rest.columns) > most_columns:
        return None
    best = float(plan.program.cost @ x)
    outcome = solve_integer(rest.program, effort, x[rest.columns])
    bound = best if outcome.status == "infeasible" else min(best, outcome.bound)
    better = x
    if outcome.x is not None and outcome.objective < best:
        better = np.zeros(len(x))
        better[rest.columns] = np.where(rest.program.integer, np.round(outcome.x), outcome.x)
    return Closed(better, max(bound, proven), outcome.status in ("optimal", "infeasible"))


def remainder(plan: PlanProgram, prices: Floats, slack_yuan: float) -> Remainder:
    """The columns that a plan within ``slack_yuan`` of the bound of ``prices`` can use, shares cut to what it can
    afford."""
    program = plan.program
    gains = np.maximum(reduced_costs(program, prices), 0.0)
    is_cargo = np.arange(len(gains)) < plan.cargo_count
    sails = ~is_cargo & (gains <= slack_yuan + HAIR_YUAN)
    block = plan.block("link")
    links = slice(block.first, block.first + len(block.keys))
    by_column = sp.csc_array(program.matrix)
    offered = np.asarray(abs(by_column[links]) @ sails.astype(float)).ravel() > 0
    missing = np.zeros(len(plan.row_slot))
    missing[links] = ~offered
    stranded = np.asarray(abs(by_column).T @ missing).ravel() > 0
    kept = np.flatnonzero(sails | (is_cargo & ~stranded))
    affordable = np.where(gains > 0, (slack_yuan + HAIR_YUAN) / np.maximum(gains, HAIR_YUAN), np.inf)
    upper = np.where(is_cargo & ~program.integer, np.minimum(program.upper, affordable), program.upper)
    upper = np.where(is_cargo & program.integer & (affordable < 1.0), 0.0, upper)
    matrix = sp.csr_array(by_column[:, kept])
    rows = np.flatnonzero(np.diff(matrix.indptr) > 0)
    rest = Program(
        program.cost[kept],
        sp.csr_array(matrix[rows]),
        program.row_lower[rows],
        program.row_upper[rows],
        program.lower[kept],
        upper[kept],
        program.integer[kept],
    )
    return Remainder(rest, kept)
