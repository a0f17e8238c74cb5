"""Which offers to take where the planner sails nothing of its own: whole numbers from the linear relaxation.

Without a fleet to balance the relaxation is whole but for a few sailings: nearly every offer is taken in full or left.
So the clear ones are fixed, and a mixed-integer program decides the others, together with all cargo. Cuts x <= z (a
share of a shipment aboard needs the sailing) are added for the sailings that are open and violate them; without them
half a sailing would carry a whole small shipment. Round by round more sailings are opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.relaxation import Relaxation
from optimizer.planning.design import (
    Bools,
    Effort,
    Floats,
    Indices,
    Program,
    reduced_costs,
    solve_integer,
    solve_linear,
)
from optimizer.planning.layout.program import PlanProgram

CLEAR = 1e-6
"""A sailing this close to 0 or 1 in the relaxation counts as left or taken."""
OPEN_AT_FIRST = 30
"""Clear sailings that are opened again in the first round, those whose reduced costs say least; three times as many in
each further round."""
ROUNDS = 4
CUT_ROUNDS = 1
WAYS_AT_FIRST = 6
"""Ways of each shipment that take part in the first round, those of the least reduced cost and those in use; twice as
many in each further round. Offers at like prices leave hundreds of ways that are as good as one another."""


def takings(
    plan: PlanProgram,
    shipment_of: Indices,
    relaxation: Relaxation,
    effort: Callable[[], Effort],
    left_s: Callable[[], float],
) -> Iterator[Floats]:
    """Whole-number solutions of the program, each from a wider choice of open sailings than the one before.
    ``shipment_of``: the shipment of each cargo column."""
    gains = reduced_costs(plan.program, relaxation.prices)
    opened, ways = OPEN_AT_FIRST, WAYS_AT_FIRST
    for _ in range(ROUNDS):
        if left_s() <= 0:
            return
        taker = _Taker(plan, relaxation.shares, gains, opened, _rank(gains, shipment_of) < ways)
        x = taker.solve(effort, left_s)
        if x is not None:
            yield x
        if opened >= taker.sailings:
            return
        opened, ways = opened * 3, ways * 2


class _Taker:
    """One round: the program over the columns that take part."""

    def __init__(self, plan: PlanProgram, shares: Floats, gains: Floats, opened: int, best: Bools) -> None:
        self.plan = plan
        is_cargo = np.arange(len(shares)) < plan.cargo_count
        sails = ~is_cargo & (plan.column_family >= 0)
        self.sailings = int(sails.sum())
        clear = sails & ((shares <= CLEAR) | (shares >= 1 - CLEAR))
        order = np.flatnonzero(clear)[np.argsort(np.abs(gains[clear]), kind="stable")]
        closed = np.zeros(len(shares), dtype=bool)
        closed[order[opened:]] = True
        lower, upper = plan.program.lower.copy(), plan.program.upper.copy()
        lower[closed & (shares > 0.5)] = 1.0
        upper[closed & (shares <= 0.5)] = 0.0
        self.open = sails & ~closed
        offered = np.zeros(int(plan.column_family.max(initial=-1)) + 2, dtype=bool)
        offered[plan.column_family[sails & (upper > 0)]] = True
        chosen = np.append(best, np.zeros(len(shares) - len(best), dtype=bool))
        near = (plan.column_family < 0) | (chosen & offered[plan.column_family]) | (shares > CLEAR)
        self.columns = np.flatnonzero((is_cargo & near) | (~is_cargo & (upper > 0)))
        matrix = sp.csr_array(sp.csc_array(plan.program.matrix)[:, self.columns])
        self.program = Program(
            plan.program.cost[self.columns],
            matrix,
            plan.program.row_lower,
            plan.program.row_upper,
            lower[self.columns],
            upper[self.columns],
            plan.program.integer[self.columns],
        )

    def solve(self, effort: Callable[[], Effort], left_s: Callable[[], float]) -> Floats | None:
        """The best plan over the columns that take part, in the numbering of the full program."""
        program = self._with_cuts(effort, left_s)
        outcome = solve_integer(program, effort())
        if outcome.x is None:
            return None
        x = np.zeros(len(self.plan.program.cost))
        x[self.columns] = np.where(program.integer, np.round(outcome.x), outcome.x)
        return x

    def _with_cuts(self, effort: Callable[[], Effort], left_s: Callable[[], float]) -> Program:
        """The program with the strong linking cuts that its relaxation violates on open sailings."""
        program, cut = self.program, np.zeros(len(self.columns), dtype=bool)
        aboard, sailing = self._pairs()
        for _ in range(CUT_ROUNDS):
            if not len(aboard) or left_s() <= 0:
                break
            outcome = solve_linear(program, effort())
            if outcome.x is None:
                break
            broken = (outcome.x[aboard] > outcome.x[sailing] + 1e-4) & ~cut[aboard]
            if not broken.any():
                break
            cut[aboard[broken]] = True
            program = _with_rows(program, aboard[broken], sailing[broken])
        return program

    def _pairs(self) -> tuple[Indices, Indices]:
        """(cargo column, sailing column) in the numbering of the round, for all cargo on open sailings."""
        family, is_cargo = self.plan.column_family[self.columns], self.columns < self.plan.cargo_count
        place = np.full(int(self.plan.column_family.max(initial=-1)) + 2, -1)
        mine = np.flatnonzero(self.open[self.columns])
        place[family[mine]] = mine
        aboard = np.flatnonzero(is_cargo & (family >= 0))
        aboard = aboard[place[family[aboard]] >= 0]
        return aboard, place[family[aboard]]


def _rank(gains: Floats, shipment_of: Indices) -> Indices:
    """The place of each cargo column among those of its shipment by reduced cost, 0 for the least."""
    count = len(shipment_of)
    order = np.lexsort((np.arange(count), gains[:count], shipment_of))
    first = np.searchsorted(shipment_of[order], np.arange(int(shipment_of.max(initial=-1)) + 1))
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count) - first[shipment_of[order]]
    return rank


def _with_rows(program: Program, aboard: Indices, sailing: Indices) -> Program:
    count, width = len(aboard), len(program.cost)
    rows = np.repeat(np.arange(count), 2)
    columns = np.stack([aboard, sailing], axis=1).ravel()
    cuts = sp.csr_array(sp.coo_array((np.tile([1.0, -1.0], count), (rows, columns)), shape=(count, width)))
    return replace(
        program,
        matrix=sp.csr_array(sp.vstack([program.matrix, cuts], format="csr")),
        row_lower=np.concatenate([program.row_lower, np.full(count, -np.inf)]),
        row_upper=np.concatenate([program.row_upper, np.zeros(count)]),
    )
