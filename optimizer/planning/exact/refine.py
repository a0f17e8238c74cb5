"""The loop: solve coarsely, sail the solution, cut time where it cannot be sailed.

Each round makes the coarse program (``coarse``), strengthens it (``valid_inequalities``), rules out classes that no
plan better than the best known can use, lets branch and bound settle the rest, and turns the solution into slots
(``disaggregate``). If that costs what the coarse plan costs, it is optimal. If not, time is cut (``resolution``) at the
places and hours where the coarse plan cheated, and the next round cannot cheat there.

First some rounds run on the linear relaxation only: most cuts that matter show there, for a fraction of the time.

Bounds are proven: a coarse program is a relaxation; a class is left out when its reduced cost, at prices whose bound is
computed here and not believed, exceeds what a better plan can spend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optimizer.planning.design import (
    Effort,
    Floats,
    Indices,
    Outcome,
    Program,
    proven_bound,
    reduced_costs,
    solve_integer,
)
from optimizer.planning.exact.coarse import Coarse, coarsen
from optimizer.planning.exact.disaggregate import USED, Disaggregated, disaggregate, limit_rows, reroute, restow
from optimizer.planning.exact.resolution import Clock, Resolution
from optimizer.planning.exact.valid_inequalities import strengthened
from optimizer.planning.layout.fleetflow import WAIT, FleetFlow
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.layout.timespace import TimeSpace

LINEAR_ROUNDS = 5
LINEAR_SEARCHES, SEARCHES = 4, 25
"""How often covering rows are looked for in a round on the linear relaxation, and in one with branch and bound."""
ROUNDS = 25
FIRST_GAP, LAST_GAP = 5e-3, 2e-7
"""Where branch and bound may stop while time is still being cut, and when nothing is left to cut."""
NODES = 2_000
"""Branch and bound gives up after so many nodes: an amount of work, so that equal input gives equal output. Without a
time limit no round follows one that used up its nodes: the next would, and there are many."""
FIRST_REACH = 2e-3
"""Classes whose reduced cost exceeds this share of the bound stay out at first; then they come in as needed."""
HAIR_YUAN = 1e-3
"""Rounding noise of reduced costs."""
STOW = Effort(gap=1e-9)
NOWHERE: Indices = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Step:
    """News of a round: a plan perhaps (a full solution, to be checked before it is believed), and a proven bound."""

    x: Floats | None
    bound_yuan: float


class Refinement:
    """One run on one plan program. ``left_s``: seconds until the time is up (inf: no limit)."""

    def __init__(
        self, plan: PlanProgram, space: TimeSpace, fleet: FleetFlow, seed: int, left_s: Callable[[], float]
    ) -> None:
        self.plan, self.space, self.fleet, self.seed, self.left_s = plan, space, fleet, seed, left_s
        self.clock = Clock(space, fleet)
        self.resolution = self.clock.coarsest()
        self.alive = np.ones(len(plan.program.cost), dtype=bool)
        self.mass_t = np.array([shipment.mass_kg / 1000 for shipment in space.shipments])
        self.best: Floats | None = None
        self.bound_yuan = -np.inf

    @property
    def best_yuan(self) -> float:
        """Cost of the best plan known here, inf without one."""
        return np.inf if self.best is None else float(self.plan.program.cost @ self.best)

    @property
    def gap(self) -> float:
        """(plan - bound) / |plan|."""
        best = self.best_yuan
        return np.inf if np.isinf(best) else (best - self.bound_yuan) / max(abs(best), 1.0)

    def offer(self, x: Floats) -> None:
        """Tell of a plan that holds."""
        if float(self.plan.program.cost @ x) < self.best_yuan:
            self.best = x

    def steps(self) -> Iterator[Step]:
        """Rounds until the best plan is proven, nothing is left to cut, or nodes or time are used up. The caller checks
        each plan and gives those that hold to :meth:`offer`."""
        self._cut_by_relaxation()
        yield Step(None, self.bound_yuan)
        gap, reach = FIRST_GAP, FIRST_REACH
        for _ in range(ROUNDS):
            if self.left_s() <= 0:
                return
            coarse = coarsen(self.plan, self.space, self.fleet, self.resolution, self.alive)
            program, linear = strengthened(coarse, self.mass_t, SEARCHES, self._effort(LAST_GAP))
            if linear.row_prices is None:
                return
            outcome, bound = self._branch(coarse, program, linear.row_prices, gap, reach)
            self.bound_yuan = max(self.bound_yuan, min(bound, self.best_yuan))
            if outcome.x is None:
                yield Step(None, self.bound_yuan)
                if reach >= 1.0 or self.gap <= LAST_GAP or self._used_up(outcome.status == "infeasible"):
                    return
                reach *= 4
                continue
            found = disaggregate(self.plan, self.fleet, coarse, outcome.x, self._effort(1e-6))
            if found is None:
                return
            yield from self._plans(found)
            if self.gap <= LAST_GAP * 2 or self._used_up(outcome.status == "optimal" and found.settled):
                return
            finer = self._finer(coarse, found, outcome.x)
            settled = found.holds and float(self.plan.program.cost @ found.x) <= outcome.objective * (1 + LAST_GAP)
            if settled or _same(finer, self.resolution):
                if gap <= LAST_GAP and reach >= 1.0:
                    return
                gap, reach = LAST_GAP, 1.0
            gap = max(LAST_GAP, min(gap, self.gap / 4))
            reach = max(reach, outcome.objective / self.bound_yuan - 1.0) if self.bound_yuan > 0 else 1.0
            self.resolution = finer if not settled else self.resolution

    def _plans(self, found: Disaggregated) -> Iterator[Step]:
        x: Floats | None = found.x
        if not found.holds:
            x = reroute(self.plan, self.fleet, found.x, self._effort(1e-6))
        if x is not None:
            x = restow(self.plan, x, replace(STOW, seed=self.seed))
        yield Step(x, self.bound_yuan)

    def _cut_by_relaxation(self) -> None:
        for _ in range(LINEAR_ROUNDS):
            if self.left_s() <= 0:
                return
            coarse = coarsen(self.plan, self.space, self.fleet, self.resolution, self.alive)
            program, linear = strengthened(coarse, self.mass_t, LINEAR_SEARCHES, self._effort(LAST_GAP))
            if linear.x is None or linear.row_prices is None:
                return
            self.bound_yuan = max(self.bound_yuan, proven_bound(program, linear.row_prices))
            found = disaggregate(self.plan, self.fleet, coarse, linear.x, self._effort(LAST_GAP), whole=False)
            if found is None or found.holds:
                return
            self.resolution = self._cut_where_it_fails(found)

    def _branch(
        self, coarse: Coarse, program: Program, prices: Floats, gap: float, reach: float
    ) -> tuple[Outcome, float]:
        """Branch and bound over the classes within reach; what it found, and a bound on every plan better than the
        best. Classes of no use to any such plan are ruled out for good."""
        proven, gains = proven_bound(program, prices), reduced_costs(program, prices)
        slack = self.best_yuan - proven
        useless = program.integer & (gains > slack + HAIR_YUAN)
        self.alive &= ~np.append(useless, False)[coarse.class_of]
        limit = min(slack, reach * abs(proven)) if reach < 1.0 else slack
        kept = np.flatnonzero(~program.integer | (gains <= limit + HAIR_YUAN))
        small = replace(
            program,
            cost=program.cost[kept],
            matrix=sp.csr_array(program.matrix[:, kept]),
            lower=program.lower[kept],
            upper=program.upper[kept],
            integer=program.integer[kept],
        )
        start = None if self.best is None else self._in_classes(coarse, self.best)[kept]
        effort = self._effort(gap, NODES)
        if effort.seconds is not None:
            # Time must be left to sail what is found, and for another round.
            effort = replace(effort, seconds=effort.seconds / 2)
        outcome = solve_integer(small, effort, start)
        beyond = proven + limit
        if outcome.x is None:
            return outcome, max(proven, beyond if outcome.status == "infeasible" else min(outcome.bound, beyond))
        shares = np.zeros(len(coarse.first))
        shares[kept] = outcome.x
        return replace(outcome, x=shares), max(proven, min(outcome.bound, beyond))

    def _in_classes(self, coarse: Coarse, x: Floats) -> Floats:
        known = coarse.class_of >= 0
        return np.asarray(np.bincount(coarse.class_of[known], x[known], len(coarse.first)), dtype=np.float64)

    def _finer(self, coarse: Coarse, found: Disaggregated, shares: Floats) -> Resolution:
        """Time cut where the disaggregated plan does not hold, or else where it costs more than the coarse plan
        (``shares``)."""
        if not found.holds:
            return self._cut_where_it_fails(found)
        dearer = self._cut_where_it_costs(coarse, found)
        return self._cut_where_cargo_stays(coarse, found, shares) if _same(dearer, self.resolution) else dearer

    def _cut_where_it_costs(self, coarse: Coarse, found: Disaggregated) -> Resolution:
        """Cuts at columns that cost more than the cheapest of their class."""
        hulls, cost = self.fleet.columns, self.plan.program.cost
        used = np.flatnonzero(found.x > 1e-6)
        of_class = coarse.class_of[used]
        dearer = used[(of_class >= 0) & (cost[used] > coarse.program.cost[of_class] + HAIR_YUAN)]
        dearer = dearer[self.plan.column_family[dearer] >= 0]
        sailings = np.stack([self.plan.column_family[dearer], self.plan.column_slot[dearer]], axis=1)
        cargo, changing = self.space.columns, dearer[dearer < self.plan.cargo_count]
        changing = changing[cargo.onward[changing] >= 0]
        onward = np.stack([cargo.onward[changing], cargo.onward_slot[changing]], axis=1)
        sailings = np.concatenate([sailings, onward])
        moves = used[used >= self.plan.cargo_count] - self.plan.cargo_count
        moves = moves[hulls.kind[moves] != WAIT]
        return self.clock.cut(self.resolution, np.concatenate([hulls.tail[moves], hulls.head[moves]]), sailings)

    def _cut_where_cargo_stays(self, coarse: Coarse, found: Disaggregated, shares: Floats) -> Resolution:
        """A coarse sailing may load with the room of several days, and no single one of its slots has that room: the
        disaggregated plan holds and costs what its classes cost, but leaves cargo behind. Cuts at the ends of the rows
        that are full where that cargo should have gone; where those are cut already, around the slots that were
        sailed."""
        plan, program = self.plan, self.plan.program
        left = (shares - self._in_classes(coarse, found.x) > USED) & (coarse.sailing >= 0) & (coarse.shipment >= 0)
        wanted = np.append(left, False)[coarse.class_of].astype(float)
        room = program.row_upper - program.matrix @ found.x
        limits = limit_rows(plan)
        full = limits[
            (room[limits] <= USED * (1.0 + abs(program.row_upper[limits]))) & (program.matrix @ wanted > 0)[limits]
        ]
        cut = self._cut_at(full)
        if not _same(cut, self.resolution):
            return cut
        spans = np.unique(np.concatenate([coarse.sailing[left], coarse.onward[left]]))
        sails = np.flatnonzero(found.x > USED)
        sails = sails[(sails >= plan.cargo_count) & (coarse.class_of[sails] >= 0)]
        sails = sails[np.isin(coarse.sailing[coarse.class_of[sails]], spans[spans >= 0])]
        around = np.stack([plan.column_family[sails], plan.column_slot[sails]], axis=1)
        after = around + np.array([0, 1])
        ends = np.concatenate([around, after[after[:, 1] < self.space.grid.slots]])
        return self.clock.cut(self.resolution, NOWHERE, ends)

    def _cut_where_it_fails(self, found: Disaggregated) -> Resolution:
        """A hull that went back some slots arrived at the last of these nodes and left from the first: one cut there
        tells the two apart. A row over its limit gets cuts at both ends of its time, for all that counts in it."""
        back = np.sort(found.back)
        return self._cut_at(found.broken, back[np.diff(back, append=-1) != 1])

    def _cut_at(self, rows: Indices, at: Indices = NOWHERE) -> Resolution:
        """Cuts at both ends of the time of these rows, and at nodes ``at``."""
        nodes, sailings = [at], [np.zeros((0, 2), dtype=np.int64)]
        for row in rows:
            at_nodes, at_sailings = self._ends_of(int(row))
            nodes.append(at_nodes)
            sailings.append(at_sailings)
        return self.clock.cut(self.resolution, np.concatenate(nodes), np.concatenate(sailings))

    def _ends_of(self, row: int) -> tuple[Indices, Indices]:
        """Cuts that put every column wholly inside or outside of a row: nodes for empty voyages, (family, slot) for
        sailings."""
        plan, hulls, last = self.plan, self.fleet.columns, self.space.grid.slots - 1
        matrix = plan.program.matrix
        columns = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        sails = columns[plan.column_family[columns] >= 0]
        sailings = np.stack([plan.column_family[sails], plan.column_slot[sails]], axis=1)
        after = sailings + np.array([0, 1])
        empty = columns[(columns >= plan.cargo_count) & (plan.column_family[columns] < 0)] - plan.cargo_count
        tails = hulls.tail[empty]
        next_tails = tails[hulls.slot[empty] < last] + 1
        return np.unique(np.concatenate([tails, next_tails])), np.unique(
            np.concatenate([sailings, after[after[:, 1] <= last]]), axis=0
        )

    def _used_up(self, settled: bool) -> bool:
        """Whether nodes, not time, ended a round that is not ``settled``."""
        return not settled and bool(np.isinf(self.left_s()))

    def _effort(self, gap: float, nodes: int | None = None) -> Effort:
        left = self.left_s()
        return Effort(gap, None if np.isinf(left) else max(left, 0.1), nodes, self.seed)


def _same(one: Resolution, other: Resolution) -> bool:
    return bool(
        np.array_equal(one.node_begins, other.node_begins) and np.array_equal(one.sailing_begins, other.sailing_begins)
    )
