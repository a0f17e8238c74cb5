"""Hulls sent other ways, one after the other, by what cargo would gain: a plan gets better without a program over it.

The linear program of the stowage says what each shipment costs at the margin. Priced against that, every sailing there
could be, with or without a hull today, has tonnes that would gain by it, some more, some less; a full vessel takes
those that gain most. What its voyages earn so is the worth of a hull's way through the month. The hulls that earn least
go first: each gets the way that would earn most from where it begins to where it must end (a longest path in time),
if that beats what its present voyages are worth. Locks bind throughout; terminals have their price.

Worth is marginal, so only some hulls change before the cargo is stowed again, and what does not get better is undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.pricing import prices_of, tonnes_by_gain
from optimizer.planning.design import Bools, Floats, Indices
from optimizer.planning.layout.fleetflow import LOADED
from optimizer.planning.layout.kernels import longest_ways
from optimizer.planning.layout.timespace import columns_of
from optimizer.planning.layout.ways import Ways
from optimizer.planning.solving.stowage import Stowage, stow

EDGES_YUAN = np.concatenate([[0.25], 2.0 ** np.arange(0, 9, 0.5), [1e3, 1e4, 5e4]])
"""Gains of a tonne are told apart by these steps."""
NEAR_SLOTS = 28
"""Voyages of rivals within so many slots of one another compete for the same cargo."""
ROOM = 0.6
"""A vessel goes only where terminals have at least this part of its capacity left on the days."""
LEAST_YUAN = 500.0
"""A hull changes its way for no less."""
ROUNDS = 8
MOST_CHANGES = 64
"""Hulls that change in the first round; a quarter of that after a round that gained nothing."""
FEWEST_CHANGES = 1
WHOLE = 1.0 - 1e-9


@dataclass(frozen=True, slots=True)
class Way:
    """Moves of one hull from its beginning to its end, waits included, and their worth in yuan."""

    moves: tuple[int, ...]
    worth: float


def reroute(
    proof: LagrangianBound,
    hulls: Floats,
    stowage: Stowage,
    prices: Floats,
    seed: int,
    left_s: Callable[[], float] = lambda: np.inf,
    enough_yuan: float = -np.inf,
) -> Iterator[tuple[Floats, Stowage]]:
    """Better and better plans: hull counts (one entry per hull column) and their cargo, from the given ones on, until
    one costs no more than ``enough_yuan``."""
    cost = proof.plan.program.cost[proof.plan.cargo_count :]
    most, best = MOST_CHANGES, float(cost @ hulls) + stowage.yuan
    for _ in range(ROUNDS):
        if left_s() <= 0 or most < FEWEST_CHANGES or best <= enough_yuan:
            return
        tried = _Round(proof, hulls, stowage).changed(most)
        if tried is None:
            return
        stowed = stow(proof, tried, prices, seed, left_s, stowage)
        if stowed is None:
            return
        yuan = float(cost @ tried) + stowed.yuan
        if yuan < best:
            best, hulls, stowage = yuan, tried, stowed
            yield hulls, stowage
        else:
            most //= 4


class _Round:
    """One round: worth of all ways at the margins of a stowage."""

    def __init__(self, proof: LagrangianBound, hulls: Floats, stowage: Stowage) -> None:
        self.proof, self.fleet, self.ways = proof, proof.fleet, proof.ways
        self.columns, self.hulls = self.fleet.columns, hulls.copy()
        plan = proof.plan
        self.cost = plan.program.cost[plan.cargo_count :]
        lock = plan.block("lock")
        rows = slice(lock.first, lock.first + len(lock.keys))
        self.locks = sp.csr_array(plan.program.matrix)[rows][:, plan.cargo_count :]
        self.lock_room = plan.program.row_upper[rows] - self.locks @ hulls
        self.by_hull = sp.csc_array(self.locks)
        self.tonnes = self._tonnes(stowage)
        self.added_t = np.zeros(self.ways.capacity_t.shape)
        self.rivals = _rivals(self.ways)
        self.terminal_room = self._terminal_room(stowage)
        self.days = self.ways.days_of_families()
        self.loaded = np.flatnonzero(self.columns.kind == LOADED)
        family, slot = self.columns.item[self.loaded], self.columns.slot[self.loaded]
        asked = stowage.tonne_yuan[family, slot]
        sails = np.isfinite(asked)
        # A voyage that sails is worth what its room is worth; it would be missed by at least that much.
        self.kept = -self.cost.copy()
        self.kept[self.loaded[sails]] += (asked * self.ways.capacity_t[family, slot])[sails]
        self.new = -self.cost.copy()
        self.new[self.loaded] += self._earned(family, slot)
        self.moves_of = [
            proof.latest_first[self.columns.pool[proof.latest_first] == pool] for pool in range(len(self.fleet.pools))
        ]
        order = np.argsort(self.columns.tail, kind="stable")
        self.leaving = order
        self.first_leaving = np.searchsorted(self.columns.tail[order], np.arange(len(self.fleet.node_slot) + 1))

    def _tonnes(self, stowage: Stowage) -> Floats:
        ways, proof = self.ways, self.proof
        terminal = np.zeros(len(ways.terminals) * ways.days)
        terminal[proof.terminal_days] = stowage.terminal_yuan
        prices = prices_of(ways, np.zeros(ways.capacity_t.shape), terminal, 0.0)
        tonnes = np.zeros((*ways.capacity_t.shape, len(EDGES_YUAN)))
        tonnes_by_gain(ways, prices, stowage.shipment_yuan, EDGES_YUAN, tonnes)
        return tonnes

    def _terminal_room(self, stowage: Stowage) -> Floats:
        """Tonnes that each terminal day can still handle."""
        ways, proof = self.ways, self.proof
        room = np.full(len(ways.terminals) * ways.days, np.inf)
        room[proof.terminal_days] = proof.plan.program.row_upper[proof.terminal]
        cargo = columns_of(ways, stowage.line, stowage.slot)
        handled_t = (stowage.shares * ways.cargo.mass_t[cargo.shipment])[cargo.handled_column]
        np.subtract.at(room, cargo.handled_terminal * ways.days + cargo.handled_day, handled_t)
        return room

    def _crowded(self, family: Indices, slot: Indices) -> Bools:
        """Sailings that some terminal has no room for on its day."""
        days = self.days[family, :, slot]
        room = np.append(self.terminal_room, np.inf)[days].min(axis=1, initial=np.inf)
        return np.asarray(room < ROOM * self.ways.capacity_t[family, slot])

    def _earned(self, family: Indices, slot: Indices) -> Floats:
        """What another vessel earns on each sailing: the tonnes that gain most, less what those added near it took."""
        capacity = self.ways.capacity_t[family, slot]
        before = self.added_t[family, slot]
        best_first = np.cumsum(self.tonnes[family, slot, ::-1], axis=1)
        taken = np.clip(best_first - before[:, None], 0.0, capacity[:, None])
        earned = np.diff(taken, axis=1, prepend=0.0) @ EDGES_YUAN[::-1]
        return np.where(self._crowded(family, slot), 0.0, earned)

    def changed(self, most: int) -> Floats | None:
        """The hull counts after at most ``most`` hulls have changed their ways; None where none would gain."""
        changes = 0
        for way in sorted(self._ways(), key=lambda way: way.worth):
            if changes == most:
                break
            known = self.added_t.copy(), self.terminal_room.copy(), self.new.copy()
            other = self._best(way)
            if other.worth - way.worth >= LEAST_YUAN and self._swap(way, other):
                changes += 1
            else:
                self.added_t, self.terminal_room, self.new = known
        return self.hulls if changes else None

    def _ways(self) -> list[Way]:
        """All hulls' ways, as they come."""
        left, found = self.hulls.copy(), []
        for node in np.flatnonzero(self.fleet.supply > 0).tolist():
            for _ in range(round(float(self.fleet.supply[node]))):
                found.append(self._follow(node, left))
        return found

    def _follow(self, node: int, left: Floats) -> Way:
        moves: list[int] = []
        while True:
            leaving = self.leaving[self.first_leaving[node] : self.first_leaving[node + 1]]
            taken = leaving[left[leaving] > 0.5]
            if not len(taken):
                return Way(tuple(moves), float(self.kept[moves].sum()))
            move = int(taken[np.argmin(self.columns.kind[taken])])
            left[move] -= 1
            moves.append(move)
            node = int(self.columns.head[move])

    def _best(self, way: Way) -> Way:
        """A way that earns more between the ends of a way; the way itself where none does. It is made voyage by voyage,
        for each takes cargo from those after it."""
        if not way.moves:
            return way
        columns, node, end = self.columns, int(self.columns.tail[way.moves[0]]), int(self.columns.head[way.moves[-1]])
        freed = self.lock_room.copy()
        for move in way.moves:
            freed[self._lock_days(move)] += 1
        shut = np.asarray(self.locks.T @ (freed < WHOLE).astype(float)) > 0.5
        own, pool = np.array(way.moves), self.moves_of[int(columns.pool[way.moves[0]])]
        moves: list[int] = []
        worth = 0.0
        while node != end:
            now = np.where(shut, -np.inf, self.new)
            # Its own voyages it may keep at what they are worth.
            now[own] = np.maximum(now[own], self.kept[own])
            value, by = np.full(len(self.fleet.node_slot), -np.inf), np.full(len(self.fleet.node_slot), -1)
            value[end] = 0.0
            longest_ways(columns.tail, columns.head, now, pool, value, by)
            if not worth + value[node] >= way.worth + LEAST_YUAN:
                return way
            loaded = False
            while node != end and not loaded:
                move = int(by[node])
                moves.append(move)
                worth += float(now[move])
                node, loaded = int(columns.head[move]), bool(columns.kind[move] == LOADED)
            if loaded and move not in way.moves:
                self._note(int(columns.item[move]), int(columns.slot[move]))
        return Way(tuple(moves), worth)

    def _lock_days(self, move: int) -> Indices:
        return np.asarray(self.by_hull.indices[self.by_hull.indptr[move] : self.by_hull.indptr[move + 1]])

    def _swap(self, way: Way, other: Way) -> bool:
        """Change a way, unless some lock has no room for the new one (it may pass twice on a day)."""
        for moves, hulls in ((way.moves, -1), (other.moves, 1)):
            self._count(moves, hulls)
        if (self.lock_room > -1e-9).all():
            return True
        for moves, hulls in ((other.moves, -1), (way.moves, 1)):
            self._count(moves, hulls)
        return False

    def _count(self, moves: tuple[int, ...], hulls: int) -> None:
        for move in moves:
            self.hulls[move] += hulls
            self.lock_room[self._lock_days(move)] -= hulls

    def _note(self, family: int, slot: int) -> None:
        """Another voyage: its cargo is gone for rivals at about its time, and so is room at its terminals."""
        columns, capacity_t = self.columns, float(self.ways.capacity_t[family, slot])
        first, last = max(slot - NEAR_SLOTS, 0), slot + NEAR_SLOTS + 1
        self.added_t[self.rivals[family], first:last] += capacity_t
        days = self.days[family, :, slot]
        self.terminal_room[days[days >= 0]] -= capacity_t
        item, when = columns.item[self.loaded], columns.slot[self.loaded]
        near = self.loaded[self.rivals[family][item] & (when >= first) & (when < last)]
        self.new[near] = -self.cost[near] + self._earned(columns.item[near], columns.slot[near])


def _rivals(ways: Ways) -> Bools:
    """Families (rows and columns) that may compete for the same cargo: same group, same origin or destination."""
    group, origin, destination = (
        np.array([getattr(family, name) for family in ways.families])
        for name in ("cargo_group", "origin", "destination")
    )
    same = (origin[:, None] == origin) | (destination[:, None] == destination)
    return np.asarray((group[:, None] == group) & same)
