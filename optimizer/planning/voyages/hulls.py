"""Following hulls through the fleet flow: counts of hulls per column become voyages of named vessels.

The flow says how many hulls of a pool make each move; which of them does is free. At each place the hull that lay
there longest goes first. A vessel is named by class, market, the place where it started and a number there:
``B800-own-QJ-007``.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.errors import Message, SolverError
from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.fleetflow import EMPTY, LOADED, WAIT, FleetFlow
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.planning.voyages.lots import Sailing

WHOLE = 1e-3
"""A number of hulls may be this far from a whole number (solvers work to a tolerance)."""


@dataclass(frozen=True, slots=True)
class Move:
    """One hull's move that begins in ``slot``; ``item`` is the family (``kind`` LOADED) or the empty lane (EMPTY).
    ``given``: the vessel is that of a given sailing."""

    vessel_id: str
    pool: int
    kind: int
    item: int
    slot: int
    origin: str
    destination: str
    slots_taken: int
    given: bool = False

    @property
    def sailing(self) -> Sailing | None:
        """The sailing that a loaded move is part of."""
        return (self.item, self.slot) if self.kind == LOADED else None


def whole_hulls(x: Floats) -> Indices:
    """Hull counts as integers. Raises SolverError where a count is not a whole number to the solver's tolerance."""
    counts = np.round(x)
    if len(x) and float(np.abs(x - counts).max()) > WHOLE:
        raise SolverError(Message("求解器给出的船数不是整数。", "the solver answered with a broken number of vessels"))
    return counts.astype(np.int64)


def hulls_by_sailing(fleet: FleetFlow, counts: Indices) -> dict[Sailing, int]:
    """How many hulls make each sailing, all pools of the class together."""
    columns = fleet.columns
    found: dict[Sailing, int] = defaultdict(int)
    for column in np.flatnonzero((columns.kind == LOADED) & (counts > 0)):
        found[(int(columns.item[column]), int(columns.slot[column]))] += int(counts[column])
    return dict(found)


def follow_hulls(space: TimeSpace, fleet: FleetFlow, counts: Indices) -> list[Move]:
    """The moves of every hull in order of slot. Raises SolverError where a hull would have to be in two places."""
    lying = _at_home(fleet)
    columns = fleet.columns
    moving = np.flatnonzero((counts > 0) & (columns.kind != WAIT))
    moving = moving[np.lexsort((moving, columns.slot[moving]))]
    moves: list[Move] = []
    for column in moving:
        pool, kind, item, slot = (int(a[column]) for a in (columns.pool, columns.kind, columns.item, columns.slot))
        origin, destination, taken = _way(space, fleet, kind, item)
        for _ in range(int(counts[column])):
            queue = lying[(pool, origin)]
            if not queue or queue[0][0] > slot:
                raise SolverError(
                    Message(f"{origin} 没有可用的船，船舶流不守恒。", f"no vessel lies at {origin}: the flow is broken")
                )
            _, vessel_id = heapq.heappop(queue)
            heapq.heappush(lying[(pool, destination)], (slot + taken, vessel_id))
            given = fleet.pools[pool].sailing_id != ""
            moves.append(Move(vessel_id, pool, kind, item, slot, origin, destination, taken, given))
    return moves


def tours_of(moves: Sequence[Move]) -> dict[str, list[Move]]:
    """The moves of each hull in their order."""
    tours: dict[str, list[Move]] = defaultdict(list)
    for move in moves:
        tours[move.vessel_id].append(move)
    return dict(tours)


def _at_home(fleet: FleetFlow) -> dict[tuple[int, str], list[tuple[int, str]]]:
    """Hulls by pool and place with the slot from which they are there, as heaps."""
    lying: dict[tuple[int, str], list[tuple[int, str]]] = defaultdict(list)
    named: Counter[tuple[int, str]] = Counter()
    for node in np.flatnonzero(fleet.supply > 0):
        pool, place = int(fleet.node_pool[node]), fleet.node_place[node]
        home, slot = fleet.pools[pool], int(fleet.node_slot[node])
        names = list(fleet.returning.get(int(node), ()))
        while len(names) < round(float(fleet.supply[node])):
            named[(pool, place)] += 1
            name = home.sailing_id or f"{home.vessel_class}-{home.market}-{place}-{named[(pool, place)]:03d}"
            if name not in fleet.reserved:
                names.append(name)
        lying[(pool, place)] += [(slot, name) for name in names]
    for queue in lying.values():
        heapq.heapify(queue)
    return lying


def _way(space: TimeSpace, fleet: FleetFlow, kind: int, item: int) -> tuple[str, str, int]:
    if kind == EMPTY:
        empty = fleet.empty_lanes[item]
        return empty.lane.origin, empty.lane.destination, empty.slots_taken
    family = space.families[item]
    return family.origin, family.destination, family.slots_taken
