"""From the relaxation to whole voyages: windows of days, one after the other, then again where it pays.

**Roll forward**: in each window the hulls of the first days are whole numbers and those of the next days continuous,
slot by slot; everything after that is still there, but coarse (node and sailing rows summed over spans of days). So
each step is a small program that knows the whole month: where hulls are needed later, which terminals fill up, that
everybody must get home.

**Polish**: with the sailings fixed, cargo is assigned afresh over the whole month; with the cargo fixed, the fleet
flow is.

**Improve**: one window is set free between fixed days and solved again, starting from what stands. Only better plans
are kept. Windows are visited in a fixed order, and each solve stops at a gap or a number of nodes, so that the result
does not depend on the clock unless a time limit was asked for and struck.

Only promising columns take part: those of families that the relaxation used or nearly used, with a small reduced cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.relaxation import Relaxation, best_per_key, column_keys, summed_sides, summing
from optimizer.planning.design import (
    Bools,
    Effort,
    Floats,
    Indices,
    Outcome,
    Program,
    reduced_costs,
    solve_integer,
    solve_linear,
)
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.settings import SLOTS_PER_DAY

Stopwatch = Callable[[], float]
"""Seconds left until the caller's time limit (inf: none)."""
TAIL_DAYS = 4
"""A window that ends this close to the horizon takes the rest with it."""
QUICK_COLUMNS = 20_000
"""Above that a window's whole numbers are looked for next to its linear solution first."""
QUICK_NODES = 20


@dataclass(frozen=True, slots=True)
class WindowSizes:
    """Days decided at once, days looked ahead slot by slot, days summed into one beyond that, and the stop of one
    solve. Columns whose reduced cost exceeds the margins stay out: they would make a plan dearer by at least that
    much."""

    decide_days: int = 3
    look_days: int = 3
    coarse_days: int = 4
    gap: float = 1e-3
    nodes: int = 50
    cargo_margin_yuan_per_share: float = 3000.0
    hull_margin_yuan: float = 1500.0
    near_yuan_per_share: float = 200.0


class Windows:
    """Window solves on one plan program, guided by its relaxation."""

    def __init__(self, plan: PlanProgram, relaxation: Relaxation, sizes: WindowSizes, seed: int) -> None:
        self.plan, self.sizes, self.seed = plan, sizes, seed
        self.program = plan.program
        self.by_column = sp.csc_array(plan.program.matrix)
        self.is_cargo = np.arange(len(plan.column_slot)) < plan.cargo_count
        link = plan.block("link")
        self.is_link = np.zeros(len(plan.row_slot), dtype=bool)
        self.is_link[link.first : link.first + len(link.keys)] = True
        self.last_slot = int(plan.row_slot.max(initial=0))
        self.gains = reduced_costs(self.program, relaxation.prices)
        one_slot = plan.column_end == plan.column_slot + 1
        self.waits = ~self.is_cargo & (plan.column_family < 0) & one_slot & (plan.program.cost == 0)
        self.promising = self._promising(relaxation)

    def _promising(self, relaxation: Relaxation) -> Bools:
        """Services; cargo and hulls of families used or nearly used; moves between places that those families touch."""
        near = self.is_cargo & (relaxation.used | (self.gains <= self.sizes.near_yuan_per_share))
        families = np.zeros(int(self.plan.column_family.max(initial=-1)) + 2, dtype=bool)
        families[self.plan.column_family[near]] = True
        families[self.plan.column_onward[near]] = True
        families[-1] = False
        of_family = (self.plan.column_family >= 0) & families[self.plan.column_family]
        margin = np.where(self.is_cargo, self.sizes.cargo_margin_yuan_per_share, self.sizes.hull_margin_yuan)
        # The coarse relaxation does not see that own hulls run short, so hired ones are judged without their surcharge.
        margin = margin + self.plan.column_surcharge_yuan
        services = self.plan.column_slot < 0
        moves = ~self.is_cargo & (self.plan.column_family < 0)
        # Waiting looks dear wherever hulls are short, and yet every plan needs it; few columns leave no way around it.
        waits = moves & (self.plan.column_end == self.plan.column_slot + 1) & relaxation.partial
        waits |= self.plan.home_columns
        return np.asarray(services | waits | ((of_family | moves) & (self.gains <= margin)) | relaxation.used)

    def roll_forward(self, left_s: Stopwatch) -> Floats | None:
        """A whole-number plan for the whole horizon, window by window; None where the time is up before its end or a
        window has no solution."""
        x = np.zeros(len(self.program.cost))
        decide, look = self.sizes.decide_days * SLOTS_PER_DAY, self.sizes.look_days * SLOTS_PER_DAY
        slot, last = self.plan.column_slot, self._last_voyage()
        start, over = 0, self.last_slot + 1
        while start < over:
            end, horizon = start + decide, start + decide + look
            if horizon + TAIL_DAYS * SLOTS_PER_DAY >= over:
                # The hulls must get home: the last days are decided together.
                end = horizon = over
            # What goes by services is settled with the last window; until then it is only a promise.
            whole = (last >= start) & (last < end) | (slot < 0) & (end >= over)
            found = self._solve_window(x, start, horizon, whole, left_s)
            if found is None:
                return None
            x[whole] = found[whole]
            start = end
        return x

    def _last_voyage(self) -> Indices:
        """When a column is decided: as it begins; cargo that changes ships with the second one, for which the fleet is
        settled only then."""
        return np.where(self.is_cargo, self.plan.column_end, self.plan.column_slot)

    def _solve_window(self, x: Floats, start: int, horizon: int, whole: Bools, left_s: Stopwatch) -> Floats | None:
        slot = self.plan.column_slot
        # Terminals and locks are asked day by day, so there is a column for each day, too, however coarse the rows are.
        keys = column_keys(self.plan, SLOTS_PER_DAY, horizon)
        # A window may need a column that looked too dear to keep; then all columns take part.
        for eligible in (self.promising, np.ones(len(slot), dtype=bool)):
            if left_s() <= 0:
                break
            fine = eligible & ((slot < 0) | ((self._last_voyage() >= start) & (slot < horizon)))
            coarse = best_per_key(keys, self.gains, eligible & (slot >= horizon))
            columns = np.flatnonzero(fine | coarse)
            sub = self._restricted(x, columns, horizon)
            upper = np.where((slot[columns] >= horizon) & ~self.is_cargo[columns], np.inf, sub.upper)
            sub = replace(sub, upper=upper, integer=sub.integer & whole[columns])
            outcome = self._solve_next_to_linear(sub, columns, left_s) if len(columns) > QUICK_COLUMNS else None
            if outcome is None or outcome.x is None:
                outcome = self._solve(sub, self.sizes.gap, left_s, None)
            if outcome.x is not None:
                result = x.copy()
                result[columns] = np.where(sub.integer, np.round(outcome.x), outcome.x)
                return result
        return None

    def _solve_next_to_linear(self, program: Program, columns: Indices, left_s: Stopwatch) -> Outcome | None:
        """Whole numbers next to the linear solution; hulls that wait are whole where all others are. None where the
        linear program has no solution or the time is up."""
        effort = Effort(self.sizes.gap, None if np.isinf(left_s()) else max(left_s(), 0.1), QUICK_NODES, self.seed)
        linear = solve_linear(program, effort)
        if linear.x is None:
            return None
        return solve_integer(between(program, (linear.x,), self.waits[columns]), effort)

    def _restricted(self, x: Floats, columns: Indices, horizon: int) -> Program:
        """The program over some columns with the others standing at ``x``; rows at or after the horizon are summed."""
        fixed = x.copy()
        fixed[columns] = 0.0
        taken = self.program.matrix @ fixed
        lower, upper = self.program.row_lower - taken, self.program.row_upper - taken
        matrix = sp.csr_array(self.by_column[:, columns])
        if horizon <= self.last_slot:
            sums = summing(self.plan, self.sizes.coarse_days * SLOTS_PER_DAY, horizon)
            matrix = sp.csr_array(sums @ matrix)
            lower, upper = summed_sides(sums, lower), summed_sides(sums, upper)
        rows = np.flatnonzero(np.diff(matrix.indptr) > 0)
        return Program(
            cost=self.program.cost[columns],
            matrix=sp.csr_array(matrix[rows]),
            row_lower=lower[rows],
            row_upper=upper[rows],
            lower=self.program.lower[columns],
            upper=self.program.upper[columns],
            integer=self.program.integer[columns],
        )

    def _solve(self, program: Program, gap: float, left_s: Stopwatch, start: Floats | None) -> Outcome:
        left = left_s()
        seconds = None if np.isinf(left) else max(left, 0.1)
        return solve_integer(program, Effort(gap=gap, nodes=self.sizes.nodes, seconds=seconds, seed=self.seed), start)

    def polish_cargo(self, x: Floats, left_s: Stopwatch) -> Floats:
        """Assign all cargo afresh to the sailings of ``x``."""
        room = np.zeros(len(self.plan.row_slot), dtype=bool)
        hulls = np.where(self.is_cargo, 0.0, x)
        room[self.is_link] = (self.program.matrix @ hulls)[self.is_link] < -1e-9
        blocked = self.is_link & ~room
        touches_blocked = np.asarray(abs(self.by_column).T @ blocked.astype(float)).ravel() > 0
        return self._improved(x, self.is_cargo & ~touches_blocked, left_s)

    def polish_fleet(self, x: Floats, left_s: Stopwatch) -> Floats:
        """Route the fleet afresh under the cargo of ``x``: sailings that nobody needs disappear.

        A sailing without cargo is only a dear empty voyage, so no new ones are offered: a quarter of the columns that
        took most of the time.
        """
        loaded = self.is_link & (self.program.matrix @ np.where(self.is_cargo, x, 0.0) > 1e-9)
        needed = np.asarray(abs(self.by_column).T @ loaded.astype(float)).ravel() > 0
        useful = self.promising & (needed | (self.plan.column_family < 0))
        return self._improved(x, ~self.is_cargo & (useful | (x > 0)), left_s)

    def improve(self, x: Floats, start: int, end: int, left_s: Stopwatch) -> Floats:
        """Set the slots ``start`` to ``end`` free and solve them again; never worse than ``x``."""
        slot = self.plan.column_slot
        inside = (slot >= start) & (slot < end) & (self.promising | (x > 1e-9))
        return self._improved(x, inside | (slot < 0), left_s)

    def _improved(self, x: Floats, free: Bools, left_s: Stopwatch) -> Floats:
        columns = np.flatnonzero(free)
        sub = self._restricted(x, columns, self.last_slot + 1)
        outcome = self._solve(sub, self.sizes.gap / 10, left_s, x[columns])
        before = float(sub.cost @ x[columns])
        feasible = violation(sub, x[columns]) < FEASIBLE
        if outcome.x is None or (feasible and outcome.objective >= before):
            return x
        result = x.copy()
        result[columns] = np.where(sub.integer, np.round(outcome.x), outcome.x)
        return result


NEARLY = 1e-6
"""A solution this close to a whole number stands at it."""


def between(program: Program, solutions: Sequence[Floats], waits: Bools) -> Program:
    """The program with whole columns kept between the whole numbers next to these solutions, least and greatest.
    ``waits`` may be what they like: hulls that wait are whole where all other moves are."""
    whole = program.integer & ~waits
    down = np.min([np.floor(x + NEARLY) for x in solutions], axis=0)
    up = np.max([np.ceil(x - NEARLY) for x in solutions], axis=0)
    return replace(
        program,
        lower=np.where(whole, np.clip(down, program.lower, program.upper), program.lower),
        upper=np.where(whole, np.clip(up, program.lower, program.upper), program.upper),
        integer=whole,
    )


FEASIBLE = 1e-5
"""A row may be missed by this much before a solution counts as infeasible."""


def violation(program: Program, x: Floats) -> float:
    """The largest amount by which ``x`` misses a row."""
    activity = program.matrix @ x
    below = np.max(program.row_lower - activity, initial=0.0)
    return float(max(below, np.max(activity - program.row_upper, initial=0.0)))
