"""Whole hulls that follow averaged choices: a fleet plan in a fraction of a second, however large the month.

Prices that have climbed leave behind averages: how many hulls of a pool sail each way in each slot, in parts of a hull.
Going through time, every way keeps count of what the averages sent and what has sailed; a hull that is free at a place
takes the way that lags most behind. So no way is ever off by more than a hull and what no hull was there for, and over
many sailings that is little. Locks bind, and so do terminals by what a full vessel loads and discharges. In the end
every hull goes home; one that cannot any more gives up its last voyage.

Whole hulls miss some of the room that parts of hulls filled, at quays that are full for weeks most of all, and the
averages know nothing of it. Where they can be made anew they are, on the way: what has sailed stands, and the rest is
averaged again around it.

What goes aboard is settled afterwards, see ``stowage``.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.design import Bools, Floats, Indices
from optimizer.planning.layout.fleetflow import EMPTY, LOADED, WAIT, FleetFlow

LAG = 0.5
"""A way must lag this many hulls behind before one takes it."""
USED = 0.3
"""A way that the averages give fewer hulls than this over the whole horizon is noise."""
ROOM = 0.8
"""A vessel loads and discharges only where the terminal has at least this part of its capacity left that day."""
WHOLE = 1.0 - 1e-9
NEEDED = 1.0
"""By so many hulls cargo that has no road goes before other cargo."""
STOPS = (0.4, 0.6, 0.8)
"""After these parts of the month averages are made anew: early stops take longest, for most is open there, and stops at
a quarter, half and three quarters took half as long again for no more."""

Anew = Callable[[Floats, int], Floats | None]
"""Averages (one entry per hull column) beside the voyages that began before a slot, in whole hulls; None: there are
none."""


def follow(proof: LagrangianBound, hulls: Floats, needed: Bools, anew: Anew | None = None) -> Floats | None:
    """Whole numbers for all hull columns, waiting included, close to ``hulls``, or to what ``anew`` makes of these on
    the way. ``needed``: families that carry cargo which has no road. None where a hull finds no way to where it must
    end."""
    walk, first = _Walk(proof, hulls, needed), 0
    if anew is not None:
        for stop in (round(part * walk.slots) for part in STOPS):
            walk.through_time(first, stop)
            first, other = stop, anew(walk.counts, stop)
            if other is not None:
                walk.aim(other, stop)
    walk.through_time(first, walk.slots)
    return with_waits(proof.fleet, walk.counts) if walk.go_home() else None


def with_waits(fleet: FleetFlow, counts: Floats) -> Floats:
    """``counts`` of loaded and empty voyages with the waits between them: who neither sails nor ends waits."""
    hulls, counts = fleet.columns, counts.copy()
    waits = np.flatnonzero(hulls.kind == WAIT)
    counts[waits] = 0.0
    left = fleet.supply.copy()
    np.subtract.at(left, hulls.tail, counts)
    np.add.at(left, hulls.head, counts)
    # Nodes of a place are numbered in order of time, so what is there is a running sum; it is 0 again at each end.
    counts[waits] = np.round(np.cumsum(left))[hulls.tail[waits]]
    return counts


@dataclass(slots=True)
class _Thing:
    """One way of a pool: its hull column by slot (-1: none), what the averages have sent by each slot, its family (-1:
    empty), and how many have sailed."""

    place: tuple[int, str]
    columns: Indices
    sent: Floats
    family: int
    bonus: float
    sailed: int = 0


class _Walk:
    def __init__(self, proof: LagrangianBound, hulls: Floats, needed: Bools) -> None:
        self.fleet, self.ways, plan = proof.fleet, proof.ways, proof.plan
        self.slots = self.ways.grid.slots
        lock = plan.block("lock")
        rows = slice(lock.first, lock.first + len(lock.keys))
        self.locks = sp.csc_array(sp.csr_array(plan.program.matrix)[rows])[:, plan.cargo_count :]
        self.lock_room = plan.program.row_upper[rows].copy()
        self.days, self.terminal_room = self.ways.days_of_families(), _terminal_room(proof)
        self.first_node = {
            (int(self.fleet.node_pool[n]), self.fleet.node_place[n]): int(n)
            for n in np.flatnonzero(self.fleet.node_slot == 0)
        }
        self.counts, self.needed = np.zeros(len(hulls)), needed
        self.things = _things(self.fleet, hulls, self.slots, needed)
        self.free: dict[tuple[int, str], int] = defaultdict(int)
        self.arriving = np.maximum(self.fleet.supply, 0.0)

    def aim(self, hulls: Floats, first: int) -> None:
        """Follow other averages from a slot on."""
        later = np.where(self.fleet.columns.slot >= first, hulls, 0.0)
        self.things = _things(self.fleet, later, self.slots, self.needed)

    def through_time(self, first: int, end: int) -> None:
        """Slot by slot, from the first to before the end, let free hulls take the ways that lag most."""
        free, arriving, heads = self.free, self.arriving, self.fleet.columns.head
        for slot in range(first, end):
            for place, node in self.first_node.items():
                free[place] += round(float(arriving[node + slot]))
            todo = [
                (-lag - thing.bonus, number)
                for number, thing in enumerate(self.things)
                if free[thing.place] and (lag := thing.sent[slot] - thing.sailed) >= LAG and thing.columns[slot] >= 0
            ]
            heapq.heapify(todo)
            while todo:
                key, number = heapq.heappop(todo)
                thing = self.things[number]
                column = int(thing.columns[slot])
                if not free[thing.place] or not self._pass(thing, column, slot):
                    continue
                free[thing.place] -= 1
                thing.sailed += 1
                arriving[heads[column]] += 1
                if thing.sent[slot] - thing.sailed >= LAG:
                    heapq.heappush(todo, (key + 1.0, number))

    def _pass(self, thing: _Thing, column: int, slot: int) -> bool:
        """Take a column if locks and terminals have room for it."""
        if not self._has_lockage(column):
            return False
        if thing.family >= 0:
            days = self.days[thing.family, :, slot]
            capacity_t = float(self.ways.capacity_t[thing.family, slot])
            days = days[days >= 0]
            if (self.terminal_room[days] < ROOM * capacity_t).any():
                return False
            self.terminal_room[days] -= capacity_t
        self._count(column, 1)
        return True

    def _has_lockage(self, column: int) -> bool:
        return bool((self.lock_room[self._lock_days(column)] >= WHOLE).all())

    def _lock_days(self, column: int) -> Indices:
        return np.asarray(self.locks.indices[self.locks.indptr[column] : self.locks.indptr[column + 1]])

    def _count(self, column: int, hulls: int) -> None:
        self.counts[column] += hulls
        self.lock_room[self._lock_days(column)] -= hulls

    def go_home(self) -> bool:
        """Every pool ends with as many hulls at each home as must end there; False where that fails."""
        hulls = self.fleet.columns
        stock = self.fleet.supply.copy()
        np.subtract.at(stock, hulls.tail, self.counts)
        np.add.at(stock, hulls.head, self.counts)
        homeward = _homeward(self.fleet)
        for (pool, place), node in sorted(self.first_node.items(), key=lambda item: item[1]):
            # What is left at the last slot, after those that belong there have ended, belongs elsewhere.
            while stock[node : node + self.slots].sum() > 0.5:
                if not self._one_home(pool, place, stock, homeward):
                    return False
        return True

    def _one_home(self, pool: int, place: str, stock: Floats, homeward: dict[tuple[int, str], list[list[int]]]) -> bool:
        """Send one hull of a place to a home that lacks one, or along the way back by which it came."""
        hulls = self.fleet.columns
        while True:
            node = self.first_node[(pool, place)]
            there = np.cumsum(stock[node : node + self.slots])
            there[-1] = max(there[-1], 1.0)
            idle_from = np.minimum.accumulate(there[::-1])[::-1]
            column = self._way_home(pool, place, stock, idle_from, homeward)
            if column >= 0:
                self._count(column, 1)
                stock[hulls.tail[column]] -= 1
                stock[hulls.head[column]] += 1
                return True
            column = self._last_into(pool, place)
            if column < 0:
                return False
            self._count(column, -1)
            stock[hulls.head[column]] -= 1
            stock[hulls.tail[column]] += 1
            place = self.fleet.node_place[int(hulls.tail[column])]
            node = self.first_node[(pool, place)]
            if stock[node : node + self.slots].sum() < 0.5:
                return True

    def _way_home(
        self,
        pool: int,
        place: str,
        stock: Floats,
        idle_from: Floats,
        homeward: dict[tuple[int, str], list[list[int]]],
    ) -> int:
        """The first empty voyage of an idle hull to a home that lacks one, the shortest ways first; -1: none."""
        hulls = self.fleet.columns
        for columns in homeward.get((pool, place), ()):
            home = self.first_node[(pool, self.fleet.node_place[int(hulls.head[columns[0]])])]
            if stock[home : home + self.slots].sum() > -0.5:
                continue
            for column in columns:
                if idle_from[hulls.slot[column]] >= WHOLE and self._has_lockage(column):
                    return column
        return -1

    def _last_into(self, pool: int, place: str) -> int:
        """The voyage that came last to a place (-1: none)."""
        hulls = self.fleet.columns
        node = self.first_node[(pool, place)]
        came = np.flatnonzero(
            (self.counts > 0) & (hulls.head >= node) & (hulls.head < node + self.slots) & (hulls.kind != WAIT)
        )
        return int(came[np.argmax(hulls.head[came])]) if len(came) else -1


def _terminal_room(proof: LagrangianBound) -> Floats:
    """Tonnes by terminal day."""
    room = np.full(len(proof.ways.terminals) * proof.ways.days, np.inf)
    room[proof.terminal_days] = proof.plan.program.row_upper[proof.terminal]
    return room


def _things(fleet: FleetFlow, hulls: Floats, slots: int, needed: Bools) -> list[_Thing]:
    """The ways that the averages use."""
    columns = fleet.columns
    found = []
    for kind in (LOADED, EMPTY):
        moves = np.flatnonzero(columns.kind == kind)
        items = int(columns.item.max(initial=0)) + 1
        _, way, start = _numbered(columns.pool[moves] * items + columns.item[moves])
        sent = np.zeros((len(start), slots))
        by_slot = np.full((len(start), slots), -1, dtype=np.int64)
        np.add.at(sent, (way, columns.slot[moves]), hulls[moves])
        by_slot[way, columns.slot[moves]] = moves
        for number in np.flatnonzero(sent.sum(axis=1) > USED):
            any_of = int(moves[start[number]])
            node, family = int(columns.tail[any_of]), int(columns.item[any_of]) if kind == LOADED else -1
            place = int(columns.pool[any_of]), fleet.node_place[node]
            bonus = NEEDED if family >= 0 and needed[family] else 0.0
            found.append(_Thing(place, by_slot[number], np.cumsum(sent[number]), family, bonus))
    return found


def _numbered(codes: Indices) -> tuple[Indices, Indices, Indices]:
    used, start, number = np.unique(codes, return_index=True, return_inverse=True)
    return used, np.asarray(number, dtype=np.int64), np.asarray(start, dtype=np.int64)


def _homeward(fleet: FleetFlow) -> dict[tuple[int, str], list[list[int]]]:
    """Empty voyages of each pool from each place to its homes: the shortest way first, each in order of time."""
    hulls = fleet.columns
    homes = {(int(fleet.node_pool[n]), fleet.node_place[n]) for n in np.flatnonzero(fleet.supply < 0)}
    moves = np.flatnonzero(hulls.kind == EMPTY)
    _, way, start = _numbered(hulls.item[moves])
    order = np.lexsort((hulls.slot[moves], way))
    bounds = np.searchsorted(way[order], np.arange(len(start) + 1))
    found: dict[tuple[int, str], list[tuple[int, list[int]]]] = defaultdict(list)
    for number in range(len(start)):
        columns = moves[order[bounds[number] : bounds[number + 1]]].tolist()
        pool = int(hulls.pool[columns[0]])
        if (pool, fleet.node_place[int(hulls.head[columns[0]])]) in homes:
            taken = int(fleet.node_slot[hulls.head[columns[0]]] - hulls.slot[columns[0]])
            found[(pool, fleet.node_place[int(hulls.tail[columns[0]])])].append((taken, columns))
    return {place: [columns for _, columns in sorted(ways)] for place, ways in found.items()}
