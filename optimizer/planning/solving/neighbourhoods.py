"""Neighbourhood search: what keeps a plan from its bound is looked up, and set free together with what competes for it.

At any row prices, plan less bound is the sum of what each shipment pays above its cheapest way and of the room that
sails empty at its price. So the shipments that lose most are known. One of them is drawn, by its loss; a *corridor* is
the families it could well sail with, all cargo that could sail with these, and the hulls of their classes between their
ports and homes; as many days around the shipment as fit a small program. Where that is in vain the families that would
bring these hulls back loaded are freed as well: some voyages pay only with a cargo for the way back. Everything else
stays as it stands, so each answer is a plan, and only better ones are taken. What was tried in vain is drawn more
rarely, and then with a longer corridor (in the spirit of adaptive large neighbourhood search, S. Ropke and D. Pisinger,
Transportation Science 40, 2006).

Corridors are solved by HiGHS, or where that is asked for by CP-SAT over cargo in whole lots (``lots``), or by both.
What each gains in the same corridors: ``modalshift bench plan --corridors``.

Corridors are solved at the same time: the next one is drawn and begun from the plan as it stands while others are
still solved. Where one of them then changes what the next had before it, the next is solved once more if it gained.

Each solve stops at a gap or a number of nodes, draws depend on the seed alone, and answers are taken in the order in
which corridors began, so that equal input gives equal plans, whatever the number of threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.relaxation import Relaxation
from optimizer.planning.design import (
    Effort,
    Floats,
    Indices,
    Outcome,
    Program,
    SideBySide,
    reduced_costs,
    solve_integer,
)
from optimizer.planning.layout.fleetflow import EMPTY
from optimizer.planning.settings import CP_SAT, HIGHS
from optimizer.planning.solving.lots import improved_in_lots
from optimizer.planning.solving.problem import Problem
from optimizer.planning.solving.windows import FEASIBLE

LADDER = ((2_500, False), (5_000, True), (10_000, True))
"""Columns of a program and whether ways back are free: what is tried in turn while it is in vain."""
AHEAD = 3
"""So many corridors are under way: on two cores one waits for whichever ends first, for some take many times as long as
others and answers are taken in order."""
TRIES = 60
"""Tries before it is asked what they gained."""
POOR = 1e-5
"""The search ends when that many tries gained less than this part of the cost."""
MARGIN_YUAN_PER_T = 4.0
"""How much dearer than a shipment's cheapest way a way may look and still be tried."""
HULL_MARGIN_YUAN = 1_000.0
"""How dear a hull's move may look, charter surcharge aside."""
GAP, NODES = 1e-5, 5
"""Stops of one solve: the gap is a part of the whole plan's cost, for less is not worth a long proof."""
LEAST_S = 0.1
LEAST_GAIN_YUAN = 1.0
LEAST_LOSS_YUAN = 10.0
"""Below this nothing is looked for."""
FORGET, RECALL = 0.7, 1.3
"""A shipment that was tried is drawn this much more rarely; a gain around it takes a part of that back."""
USED = 1e-9


class Freed(NamedTuple):
    """A corridor: its columns, the program over them with all others standing, their entries in all rows, and how hard
    that is tried."""

    columns: Indices
    program: Program
    entries: sp.csc_array
    effort: Effort


class _Begun(NamedTuple):
    """A corridor that is being solved: around which shipment, and how its columns stood when it was begun."""

    shipment: int
    freed: Freed
    x: Floats
    answer: Future[Outcome]


Threads = SideBySide[Outcome]


class Neighbourhoods:
    """Searches around one plan (whole numbers, every row held). ``relaxation``: prices that say where it loses;
    ``corridors_by``: which solver (``settings.CORRIDORS_BY``)."""

    def __init__(
        self, problem: Problem, relaxation: Relaxation, x: Floats, seed: int, corridors_by: str = HIGHS
    ) -> None:
        self.corridors_by = corridors_by
        self.problem, self.plan, self.program = problem, problem.program, problem.program.program
        self.prices, self.seed = relaxation.prices, seed
        self.draw = np.random.default_rng(seed)
        self.gains = reduced_costs(self.program, relaxation.prices)
        self.x, self.activity = x, self.program.matrix @ x
        self.memory = np.ones(len(problem.space.shipments))
        self.in_vain = np.zeros(len(self.memory), dtype=np.int64)
        self.mass_t = problem.space.ways.cargo.mass_t
        self._note_near(relaxation)
        self._note_places()

    def _note_near(self, relaxation: Relaxation) -> None:
        """The columns that may ever be set free, with what they are. Cargo columns come first."""
        plan, cargo = self.plan, self.problem.space.columns
        near = self.x > USED
        first, owner = plan.cargo_count, cargo.shipment
        near[:first] |= (self.gains[:first] <= MARGIN_YUAN_PER_T * self.mass_t[owner]) | (cargo.family < 0)
        near[first:] |= self.gains[first:] <= HULL_MARGIN_YUAN + plan.column_surcharge_yuan[first:]
        near |= relaxation.used
        self.near = np.flatnonzero(near)
        count = int(np.searchsorted(self.near, first))
        none = np.full(len(self.near) - count, -1)
        self.owner = np.concatenate([owner[self.near[:count]], none])
        self.family, self.pool = plan.column_family[self.near], plan.column_pool[self.near]
        self.slot, self.end = plan.column_slot[self.near], plan.column_end[self.near]

    def _note_places(self) -> None:
        fleet, families = self.problem.fleet, self.problem.space.families
        ports = {name for family in families for name in (family.origin, family.destination)}
        number = {name: i for i, name in enumerate(sorted({*fleet.node_place, *ports}))}
        of_node = np.array([number[name] for name in fleet.node_place], dtype=np.int64)
        hulls = self.near[self.owner < 0] - self.plan.cargo_count
        none = np.full(len(self.near) - len(hulls), -1)
        columns = fleet.columns
        self.tail = np.concatenate([none, of_node[columns.tail[hulls]]])
        self.head = np.concatenate([none, of_node[columns.head[hulls]]])
        self.moves = np.concatenate([none, columns.kind[hulls]]) >= EMPTY
        self.ports = np.array([(number[f.origin], number[f.destination]) for f in families]).reshape(-1, 2)
        self.homes = np.zeros((len(fleet.pools), len(number)), dtype=bool)
        starts = np.flatnonzero(fleet.supply)
        self.homes[fleet.node_pool[starts], of_node[starts]] = True
        self.class_of_family = np.array([family.vessel_class for family in families])
        self.class_of_pool = np.array([pool.vessel_class for pool in fleet.pools])

    def better(self, left_s: Callable[[], float] = lambda: np.inf) -> Iterator[Floats]:
        """Better and better plans, until many tries gain little or the time is up."""
        gained = np.inf
        with Threads(min(self.problem.proof.workers, AHEAD)) as threads:
            while gained > POOR * abs(float(self.program.cost @ self.x)):
                gained = yield from self._round(threads, left_s)

    def _round(self, threads: Threads, left_s: Callable[[], float]) -> Generator[Floats, None, float]:
        """So many tries, each begun while the one before is still solved; what all gain, yuan."""
        gained, tries, begun = 0.0, 0, deque[_Begun]()
        while True:
            if len(begun) < AHEAD and tries < TRIES and left_s() > 0:
                shipment = self.drawn([corridor.shipment for corridor in begun])
                if shipment >= 0:
                    tries += 1
                    freed = self.free(shipment)
                    if freed is not None:
                        begun.append(self._begin(shipment, freed, threads, left_s))
                    continue
            if not begun:
                return gained
            gain = self._end(begun.popleft(), threads, left_s)
            gained += gain
            if gain:
                yield self.x

    def drawn(self, but: Collection[int] = ()) -> int:
        """A shipment, the more likely the more it loses, ``but`` none of these; -1 where all others that lose were
        tried in vain."""
        weight = np.where(self.in_vain < len(LADDER), self.losses(), 0.0) * self.memory
        weight[list(but)] = 0.0
        if weight.sum() <= LEAST_LOSS_YUAN:
            return -1
        return int(self.draw.choice(len(weight), p=weight / weight.sum()))

    def losses(self) -> Floats:
        """What each shipment pays above its cheapest way at the prices, its part of the room that sails empty included
        (yuan)."""
        cargo, ways, first = self.problem.space.columns, self.problem.space.ways, self.plan.cargo_count
        used = np.flatnonzero(self.x[:first] > USED)
        losses = np.zeros(len(self.memory))
        np.add.at(losses, cargo.shipment[used], self.gains[used] * self.x[used])
        proof = self.problem.proof
        room_yuan = np.zeros(ways.capacity_t.size)
        room_yuan[proof.sailings] = self.activity[proof.link] * self.prices[proof.link]
        aboard = used[cargo.family[used] >= 0]
        sailing = cargo.family[aboard] * ways.grid.slots + cargo.slot[aboard]
        mass_t = self.x[aboard] * self.mass_t[cargo.shipment[aboard]]
        loaded_t = np.zeros(len(room_yuan))
        np.add.at(loaded_t, sailing, mass_t)
        np.add.at(losses, cargo.shipment[aboard], room_yuan[sailing] * mass_t / loaded_t[sailing])
        return np.maximum(losses, 0.0)

    def _begin(self, shipment: int, freed: Freed, threads: Threads, left_s: Callable[[], float]) -> _Begun:
        x = self.x[freed.columns]
        return _Begun(shipment, freed, x, threads.begin(lambda: self.solved(freed, x, left_s)))

    def _end(self, begun: _Begun, threads: Threads, left_s: Callable[[], float]) -> float:
        """Take what a corridor comes to; what that gains (yuan, 0: nothing)."""
        freed, outcome = begun.freed, threads.answer(begun.answer)
        before = float(freed.program.cost @ begun.x)
        if outcome.x is None or before - outcome.objective < LEAST_GAIN_YUAN:
            return 0.0
        if not (self.x[freed.columns] == begun.x).all() or not self.holds(freed.columns, freed.entries, outcome):
            # The corridor before has changed what this one began from: once more from there.
            freed = self.opened(freed.columns)
            outcome = threads.answer(self._begin(begun.shipment, freed, threads, left_s).answer)
        return self.take(freed.program, freed.columns, freed.entries, outcome)

    def free(self, shipment: int) -> Freed | None:
        """The corridor of a shipment to be solved, as wide as it is tried next; None where no voyage is near enough.
        It counts as tried from now on."""
        columns = self.corridor(shipment, *LADDER[self.in_vain[shipment]])
        self.memory[shipment] *= FORGET
        self.in_vain[shipment] += 1
        if not len(columns):
            self.in_vain[shipment] = len(LADDER)
            return None
        return self.opened(columns)

    def opened(self, columns: Indices) -> Freed:
        """Some columns to be solved with all others standing."""
        program, entries = self.restricted(columns)
        before = float(program.cost @ self.x[columns])
        gap = GAP * abs(float(self.program.cost @ self.x)) / max(abs(before), 1.0)
        return Freed(columns, program, entries, Effort(gap, None, NODES, self.seed))

    def solved(self, freed: Freed, x: Floats, left_s: Callable[[], float] = lambda: np.inf) -> Outcome:
        """A corridor solved from the plan's ``x`` of its columns, in the time that is left when each solver begins: it
        may have waited for a thread. It changes nothing here: threads may do it."""
        program, best = freed.program, Outcome("no_solution", None, None, np.inf, -np.inf)
        if self.corridors_by != CP_SAT:
            best = solve_integer(program, _timed(freed.effort, left_s), x)
            if self.corridors_by == HIGHS or best.status == "optimal":
                return best
            if best.x is not None:
                x = np.where(program.integer, np.round(best.x), best.x)
        owner = self.owner[np.searchsorted(self.near, freed.columns)]  # only what is near is ever set free
        other = improved_in_lots(program, _timed(freed.effort, left_s), x, owner, self.mass_t)
        return other if other.x is not None and other.objective < best.objective else best

    def take(self, program: Program, columns: Indices, entries: sp.csc_array, outcome: Outcome) -> float:
        """Change the plan to a solution of ``program``, which is over ``columns`` with ``entries`` in all rows; what
        that gains (yuan, 0: too little, and the plan stands as it was)."""
        if outcome.x is None:
            return 0.0
        after = np.where(program.integer, np.round(outcome.x), outcome.x)
        gain = float(program.cost @ self.x[columns]) - float(program.cost @ after)
        if gain < LEAST_GAIN_YUAN:
            return 0.0
        self.activity = self.activity + entries @ (after - self.x[columns])
        self.x = self.x.copy()
        self.x[columns] = after
        self._recall(columns)
        return gain

    def holds(self, columns: Indices, entries: sp.csc_array, outcome: Outcome) -> bool:
        """Whether the plan would still hold every row with a solution that was found while other columns stood
        elsewhere."""
        if outcome.x is None:
            return True
        change, program = entries @ (outcome.x - self.x[columns]), self.program
        rows = np.flatnonzero(change)
        after = self.activity[rows] + change[rows]
        over = np.maximum(after - program.row_upper[rows], program.row_lower[rows] - after)
        return bool((over <= FEASIBLE).all())

    def _recall(self, columns: Indices) -> None:
        """Where something has changed, what was in vain before may gain now."""
        there = np.unique(self.problem.space.columns.shipment[columns[columns < self.plan.cargo_count]])
        self.in_vain[there] = 0
        self.memory[there] = np.minimum(self.memory[there] * RECALL, 1.0)

    def corridor(self, shipment: int, size: int, returns: bool = False) -> Indices:
        """The columns set free around a shipment: some ``size`` of them, and the services of all cargo among them;
        with ``returns`` ways back are among them. None where no voyage is near enough for the shipment."""
        mine = np.flatnonzero((self.owner == shipment) & (self.family >= 0))
        if not len(mine):
            return mine
        families = self._with_returns(np.unique(self.family[mine])) if returns else np.unique(self.family[mine])
        places = np.zeros(self.homes.shape[1], dtype=bool)
        places[self.ports[families].ravel()] = True
        pools = np.isin(self.class_of_pool, self.class_of_family[families])
        places |= self.homes[pools].any(axis=0)
        # No pool (-1) reads the last entry; there may be no pools at all.
        moves = self.moves & np.append(pools, False)[self.pool] & places[self.tail] & places[self.head]
        found = np.flatnonzero(np.isin(self.family, families) | moves)
        middle = self._middle(mine)
        away = np.maximum(np.abs(self.slot[found] - middle), np.abs(self.end[found] - middle))
        if len(found) > size:
            found = found[away <= np.partition(away, size)[size]]
        return np.asarray(self.near[np.sort(np.concatenate([found, self.services(found)]))])

    def _with_returns(self, families: Indices) -> Indices:
        """Some families and those that sail from where they end to where they begin, in vessels of their classes."""
        here = np.isin(self.class_of_family, self.class_of_family[families])
        from_end, to_start = (np.isin(self.ports[:, i], self.ports[families, 1 - i]) for i in (0, 1))
        return np.union1d(families, np.flatnonzero(here & from_end & to_start))

    def _middle(self, mine: Indices) -> float:
        """The slot about which a shipment sails; where it does not, about which it could."""
        shares = self.x[self.near[mine]]
        if shares.sum() <= USED:
            shares = np.ones(len(mine))
        return float(self.slot[mine] @ shares / shares.sum())

    def services(self, found: Indices) -> Indices:
        """Which of what may be set free are the services of the cargo among ``found``."""
        taking = np.zeros(len(self.memory) + 1, dtype=bool)
        taking[self.owner[found]] = True
        taking[-1] = False
        return np.flatnonzero(taking[self.owner] & (self.family < 0))

    def restricted(self, columns: Indices) -> tuple[Program, sp.csc_array]:
        """The program over some columns, all others standing, and the entries of these columns in all rows."""
        program, entries = self.program, self.plan.by_column[:, columns]
        rows = np.unique(entries.indices)
        matrix = sp.csr_array(entries)[rows]
        here = matrix @ self.x[columns]
        taken = self.activity[rows] - here
        # What stands holds every row but for rounding noise; its program must not call it wrong for that.
        return Program(
            program.cost[columns],
            sp.csr_array(matrix),
            np.minimum(program.row_lower[rows] - taken, here),
            np.maximum(program.row_upper[rows] - taken, here),
            program.lower[columns],
            np.maximum(program.upper[columns], self.x[columns]),
            program.integer[columns],
        ), entries


def _timed(effort: Effort, left_s: Callable[[], float]) -> Effort:
    """The same effort for the time that is left now."""
    left = left_s()
    return effort if np.isinf(left) else replace(effort, seconds=max(left, LEAST_S))
