"""From the relaxation to whole voyages: windows of days, one after the other, then again where it pays.

**Roll forward**: in each window the hulls are whole numbers; days behind are fixed, days ahead inside a look-ahead are
continuous, and everything beyond is replaced by the row prices of the relaxation (a hull left somewhere, a shipment left
for later, a lockage used later: all have their price). So each step is a small program that still knows the month.

**Polish**: with the sailings fixed, cargo is assigned afresh over the whole month; with the cargo fixed, the fleet flow is.

**Improve**: one window is set free between fixed days and solved again, starting from what stands. Only better plans are
kept. Windows are visited in a fixed order, and each solve stops at a gap or a number of nodes, so that the result does not
depend on the clock unless a time limit was asked for and struck.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optimizer.planning.design import Bools, Effort, Floats, Indices, Program, reduced_costs, solve_integer
from optimizer.errors import Message, SolverError
from optimizer.planning.program import PlanProgram
from optimizer.planning.settings import SLOTS_PER_DAY

Stopwatch = Callable[[], float]
"""Seconds left until the caller's time limit (inf: none)."""


@dataclass(frozen=True, slots=True)
class WindowSizes:
    """Days decided at once, days looked ahead, and the stop of one solve. Columns whose reduced cost exceeds the margins are
    left out of a window: they would make a plan dearer by at least that much (waiting is never left out)."""

    decide_days: int = 3
    look_days: int = 4
    gap: float = 2e-3
    nodes: int = 200
    cargo_margin_yuan: float = 2500.0
    hull_margin_yuan: float = 2500.0


class Windows:
    """Window solves on one plan program, with the prices of its relaxation."""

    def __init__(self, plan: PlanProgram, prices: Floats, sizes: WindowSizes, seed: int) -> None:
        self.plan, self.prices, self.sizes, self.seed = plan, prices, sizes, seed
        self.program = plan.program
        self.by_column = sp.csc_array(plan.program.matrix)
        self.is_cargo = np.arange(len(plan.column_slot)) < plan.cargo_count
        self.is_assign = np.zeros(len(plan.row_slot), dtype=bool)
        assign = plan.block("assign")
        self.is_assign[assign.first : assign.first + len(assign.keys)] = True
        self.last_slot = int(plan.row_slot.max(initial=0))
        self.is_link = np.zeros(len(plan.row_slot), dtype=bool)
        link = plan.block("link")
        self.is_link[link.first : link.first + len(link.keys)] = True
        margin = np.where(self.is_cargo, sizes.cargo_margin_yuan, sizes.hull_margin_yuan)
        waits = ~self.is_cargo & (self.program.cost == 0)
        self.promising = (reduced_costs(self.program, prices) <= margin) | waits | (plan.column_slot < 0)

    def roll_forward(self, left_s: Stopwatch) -> Floats:
        """A whole-number plan for the whole horizon, window by window."""
        x = np.zeros(len(self.program.cost))
        decide, look = self.sizes.decide_days * SLOTS_PER_DAY, self.sizes.look_days * SLOTS_PER_DAY
        slot = self.plan.column_slot
        for start in range(0, self.last_slot + 1, decide):
            end, horizon = start + decide, start + decide + look
            free = (slot >= start) & (slot < horizon) | (slot < 0)
            whole = (slot >= start) & (slot < end)
            found = self._solve_window(x, free, whole, horizon, left_s)
            now = free & whole
            x[now] = found[now]
        return x

    def polish_cargo(self, x: Floats, left_s: Stopwatch) -> Floats:
        """Assign all cargo afresh to the sailings of ``x``."""
        room = np.zeros(len(self.plan.row_slot), dtype=bool)
        hulls = np.where(self.is_cargo, 0.0, x)
        room[self.is_link] = (self.program.matrix @ hulls)[self.is_link] < -1e-9
        blocked = self.is_link & ~room
        touches_blocked = np.asarray(abs(self.by_column).T @ blocked.astype(float)).ravel() > 0
        return self._improved(x, self.is_cargo & ~touches_blocked, left_s)

    def polish_fleet(self, x: Floats, left_s: Stopwatch) -> Floats:
        """Route the fleet afresh under the cargo of ``x``: sailings that nobody needs disappear."""
        return self._improved(x, ~self.is_cargo & (self.promising | (x > 0)), left_s)

    def improve(self, x: Floats, start: int, end: int, left_s: Stopwatch) -> Floats:
        """Set the slots ``start`` to ``end`` free and solve them again; never worse than ``x``."""
        slot = self.plan.column_slot
        inside = (slot >= start) & (slot < end) & (self.promising | (x > 1e-9))
        return self._improved(x, inside | (slot < 0), left_s)

    def _improved(self, x: Floats, free: Bools, left_s: Stopwatch) -> Floats:
        columns = np.flatnonzero(free)
        sub, _ = self._restricted(x, columns, np.ones(len(self.plan.row_slot), dtype=bool), self.last_slot + 1)
        effort = Effort(gap=self.sizes.gap / 10, nodes=self.sizes.nodes, seconds=_seconds(left_s()), seed=self.seed)
        outcome = solve_integer(sub, effort, start=x[columns])
        before = float(sub.cost @ x[columns])
        feasible = _violation(sub, x[columns]) < FEASIBLE
        if outcome.x is None or (feasible and outcome.objective >= before):
            return x
        result = x.copy()
        result[columns] = np.where(sub.integer, np.round(outcome.x), outcome.x)
        return result

    def _solve_window(self, x: Floats, free: Bools, whole: Bools, horizon: int, left_s: Stopwatch) -> Floats:
        keep = self.is_assign | (self.plan.row_slot < horizon)
        # A window may need a column that looked too dear to keep; then all columns of its days take part.
        for candidates in (free & self.promising, free):
            columns = np.flatnonzero(candidates)
            sub, later = self._restricted(x, columns, keep, horizon)
            integer = np.concatenate([self.program.integer[columns] & whole[columns], np.zeros(len(later), dtype=bool)])
            effort = Effort(gap=self.sizes.gap, nodes=self.sizes.nodes, seconds=_seconds(left_s()), seed=self.seed)
            outcome = solve_integer(replace(sub, integer=integer), effort)
            if outcome.x is not None:
                result = x.copy()
                found = outcome.x[: len(columns)]
                result[columns] = np.where(integer[: len(columns)], np.round(found), found)
                return result
        raise SolverError(
            Message("滚动窗口没有可行解，请报告此缺陷。", "a rolling window has no solution; please report this defect")
        )

    def _restricted(self, x: Floats, columns: Indices, keep: Bools, horizon: int) -> tuple[Program, Indices]:
        """The program over some columns: others stand at ``x``, dropped rows are paid at their prices, and a shipment that
        still has columns beyond the horizon may be postponed at its own price."""
        fixed = x.copy()
        fixed[columns] = 0.0
        matrix = self.by_column[:, columns].tocsr()
        used = keep & (np.diff(matrix.indptr) > 0)
        taken = self.program.matrix @ fixed
        cost = self.program.cost[columns] - matrix[~keep].T @ self.prices[~keep]
        rows = np.flatnonzero(used)
        sub = matrix[rows]
        later = self._postponable(rows, horizon)
        if len(later):
            position = np.searchsorted(rows, later)
            extra = sp.csr_array(
                (np.ones(len(later)), (position, np.arange(len(later)))), shape=(len(rows), len(later))
            )
            sub = sp.csr_array(sp.hstack([sub, extra], format="csr"))
        return (
            Program(
                cost=np.concatenate([cost, self.prices[later]]),
                matrix=sub,
                row_lower=self.program.row_lower[rows] - taken[rows],
                row_upper=self.program.row_upper[rows] - taken[rows],
                lower=np.concatenate([self.program.lower[columns], np.zeros(len(later))]),
                upper=np.concatenate([self.program.upper[columns], np.ones(len(later))]),
                integer=np.concatenate([self.program.integer[columns], np.zeros(len(later), dtype=bool)]),
            ),
            later,
        )

    def _postponable(self, rows: Indices, horizon: int) -> Indices:
        """Assignment rows among ``rows`` whose shipment has a promising column at or after the horizon."""
        beyond = np.flatnonzero(self.is_cargo & self.promising & (self.plan.column_slot >= horizon))
        touched = np.zeros(len(self.plan.row_slot), dtype=bool)
        touched[self.by_column[:, beyond].indices] = True
        return rows[(touched & self.is_assign)[rows]]


FEASIBLE = 1e-5
"""A row may be missed by this much before a solution counts as infeasible."""


def _violation(program: Program, x: Floats) -> float:
    """The largest amount by which ``x`` misses a row."""
    activity = program.matrix @ x
    below = np.max(program.row_lower - activity, initial=0.0)
    return float(max(below, np.max(activity - program.row_upper, initial=0.0)))


def _seconds(left: float) -> float | None:
    """A time limit for one solve, None when there is no limit at all."""
    return None if np.isinf(left) else max(left, 0.1)
