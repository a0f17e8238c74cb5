"""Planning again with one unit more: what a small program saves by it, to the solver's precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from optimizer.errors import SolverError
from optimizer.planning.answer.binding import Widening
from optimizer.planning.design import Effort, Floats, Program, solve_integer
from optimizer.planning.layout.fleetflow import FleetFlow
from optimizer.planning.layout.program import PlanProgram

MOST = 8
"""So many entries at most are planned again, the most valuable ones."""
PRECISE, NODES = 1e-9, 2_000


class Again:
    """Answers for the widenings of one program, of which ``x`` is the optimum. None once :data:`MOST` were asked for,
    the time (``left_s``) is up, or a solve does not come to its end."""

    def __init__(self, plan: PlanProgram, fleet: FleetFlow, x: Floats, seed: int, left_s: Callable[[], float]) -> None:
        self.plan, self.fleet, self.x, self.seed, self.left_s = plan, fleet, x, seed, left_s
        self.asked, self.here_yuan = 0, None if left_s() <= 0 else self._solved(plan.program)

    def __call__(self, widening: Widening) -> float | None:
        """Yuan saved by one unit more."""
        self.asked += 1
        if self.here_yuan is None or self.asked > MOST or self.left_s() <= 0:
            return None
        there_yuan = self._solved(self._wider(widening))
        # What was the optimum still is a plan; a cent above it is the solver's tolerance.
        return None if there_yuan is None else max(0.0, self.here_yuan - there_yuan)

    def _solved(self, program: Program) -> float | None:
        left = self.left_s()
        effort = Effort(PRECISE, None if np.isinf(left) else max(left, 0.1), NODES, self.seed)
        # The optimum as it was is no flow where a hull is added.
        start = self.x if program.row_lower is self.plan.program.row_lower else None
        try:
            outcome = solve_integer(program, effort, start)
        except SolverError:
            return None
        return outcome.objective if outcome.status == "optimal" else None

    def _wider(self, widening: Widening) -> Program:
        program, cargo_count = self.plan.program, self.plan.cargo_count
        move = np.zeros(len(program.row_upper))
        for row, by in widening.rows.items():
            move[row] = by
        upper = program.upper.copy()
        upper[cargo_count:][self.fleet.columns.pool == widening.pool] += 1.0
        matrix = program.matrix
        if widening.link >= 0:
            row = sp.coo_array(sp.csr_array(matrix)[[widening.link]])
            hulls = row.col[row.col >= cargo_count]
            more = (-np.ones(len(hulls)), (np.full(len(hulls), widening.link), hulls))
            matrix = sp.csr_array(matrix + sp.coo_array(more, shape=matrix.shape))
        return replace(
            program, matrix=matrix, row_lower=program.row_lower + move, row_upper=program.row_upper + move, upper=upper
        )
