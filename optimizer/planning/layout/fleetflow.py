"""The fleet as a flow in time: hulls of a class and market move between terminals, loaded, empty or waiting.

A *pool* is one vessel class on one market (own or spot). Its hulls start where the fleet table says and must be back
there in the last slot: no plan looks good by leaving boats at the far end. An own hull costs its daily rate while it
is taken by a voyage; a spot hull costs the charter from the day it leaves its base until it is back, waiting
included.

Empty voyages run between places where the pool can load, discharge or is at home. They load and discharge nothing and
take ceil(transit / slot) slots.

Hulls of one pool are alike: what must be as it was is the number of hulls at each home, not which hull lies where.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from optimizer.emissions.operations import fuel_emissions
from optimizer.network.graph import Lane, NetworkGraph
from optimizer.network.model import FleetEntry, VesselClass
from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.families import Family, Grid, empty_slots, fuel_yuan_per_kg
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.planning.layout.ways import Ways
from optimizer.planning.routing import tariff
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import SLOT_H, SLOTS_PER_DAY

LOADED, EMPTY, WAIT = 0, 1, 2
SLOT = timedelta(hours=SLOT_H)


@dataclass(frozen=True, slots=True)
class Pool:
    """Hulls of one class on one market. ``places`` are the terminals it may be at; ``homes`` maps place -> entries.
    ``sailing_id`` names the one given sailing whose vessel this is, empty for the planner's own fleet."""

    vessel_class: str
    market: str
    places: tuple[str, ...]
    entries: tuple[FleetEntry, ...]
    sailing_id: str = ""

    @property
    def count(self) -> int:
        """All hulls of the pool."""
        return sum(entry.count for entry in self.entries)


@dataclass(frozen=True, slots=True)
class EmptyLane:
    """A repositioning way of a pool between two of its places."""

    pool: int
    lane: Lane
    slots_taken: int


@dataclass(frozen=True, slots=True)
class FleetColumns:
    """One entry per column: ``kind`` LOADED | EMPTY | WAIT; ``pool``; ``item`` is the family (LOADED), the empty lane
    (EMPTY) or -1; ``slot`` when it begins; ``tail`` and ``head`` are node rows; ``cost`` yuan (objective) and
    ``wtw_kg`` per hull; ``most`` hulls at once."""

    kind: Indices
    pool: Indices
    item: Indices
    slot: Indices
    tail: Indices
    head: Indices
    cost: Floats
    wtw_kg: Floats
    most: Floats


@dataclass(frozen=True, slots=True)
class FleetFlow:
    """The columns, the nodes (``supply`` hulls appear there, negative: must end there) and what they refer to.
    ``node_slot`` is each node's slot, ``node_pool`` its pool, ``node_place`` its place. ``returning``: names of hulls
    that appear at a node after a tour that is no matter of this flow; ``reserved``: names that no other hull may
    have."""

    pools: tuple[Pool, ...]
    empty_lanes: tuple[EmptyLane, ...]
    columns: FleetColumns
    supply: Floats
    node_slot: Indices
    node_pool: Indices
    node_place: tuple[str, ...]
    returning: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    reserved: frozenset[str] = frozenset()


def make_fleetflow(
    space: TimeSpace | Ways, book: RouteBook, graph: NetworkGraph, carbon_yuan_per_kg: float
) -> FleetFlow:
    """Lay out pools, nodes and columns for the families of a time-space (written down or not)."""
    maker = _FleetMaker(space, book, graph, carbon_yuan_per_kg)
    for pool in _pools(space.families, book):
        maker.add_pool(pool)
    return maker.finish()


def _pools(families: Sequence[Family], book: RouteBook) -> list[Pool]:
    """Pools whose class has a family, in table order."""
    used: dict[str, dict[str, None]] = defaultdict(dict)
    for family in families:
        if family.given is not None:
            continue
        used[family.vessel_class].update({family.origin: None, family.destination: None})
    entries: dict[tuple[str, str], list[FleetEntry]] = defaultdict(list)
    for entry in book.network.fleet:
        if entry.vessel_class in used and entry.count > 0:
            entries[(entry.vessel_class, entry.market)].append(entry)
    pools = []
    for (vessel_class, market), members in entries.items():
        places = dict.fromkeys([*used[vessel_class], *(entry.location_id for entry in members)])
        pools.append(Pool(vessel_class, market, tuple(places), tuple(members)))
    return pools


class _FleetMaker:
    def __init__(
        self, space: TimeSpace | Ways, book: RouteBook, graph: NetworkGraph, carbon_yuan_per_kg: float
    ) -> None:
        self.space, self.book, self.graph = space, book, graph
        self.grid: Grid = space.grid
        self.carbon = carbon_yuan_per_kg
        self.pools: list[Pool] = []
        self.empty_lanes: list[EmptyLane] = []
        self.parts: list[tuple[np.ndarray, ...]] = []
        self.supplies: list[Floats] = []
        self.node_slots: list[np.ndarray] = []
        self.node_pools: list[np.ndarray] = []
        self.node_places: list[str] = []
        self.nodes = 0

    def add_pool(self, pool: Pool) -> None:
        """Nodes (place, slot) and the columns between them."""
        number, slots = len(self.pools), self.grid.slots
        self.pools.append(pool)
        first = {place: self.nodes + i * slots for i, place in enumerate(pool.places)}
        self.supplies.append(self._supply(pool))
        self.node_slots.append(np.tile(np.arange(slots), len(pool.places)))
        self.node_pools.append(np.full(len(pool.places) * slots, number))
        self.node_places.extend(place for place in pool.places for _ in range(slots))
        self.nodes += slots * len(pool.places)
        vessel = self.book.network.vessel_classes[pool.vessel_class]
        slot_yuan = tariff.day_rate_yuan(vessel, pool.market) / SLOTS_PER_DAY
        self._add_waits(pool, number, first, slot_yuan)
        self._add_loaded(pool, number, first, slot_yuan, vessel)
        self._add_empty(pool, number, first, slot_yuan, vessel)

    def _supply(self, pool: Pool) -> Floats:
        slots = self.grid.slots
        supply = np.zeros((len(pool.places), slots))
        for entry in pool.entries:
            place = pool.places.index(entry.location_id)
            start = int(np.ceil(max(0.0, self.grid.hour(entry.available_from)) / SLOT_H - 1e-9))
            if start < slots:
                supply[place, start] += entry.count
                supply[place, slots - 1] -= entry.count
        return supply.ravel()

    def _add_waits(self, pool: Pool, number: int, first: dict[str, int], slot_yuan: float) -> None:
        slots = np.arange(self.grid.slots - 1)
        homes = {entry.location_id for entry in pool.entries}
        for place in pool.places:
            hired = pool.market == "spot" and place not in homes
            self._append(
                WAIT, number, -1, slots, first[place] + slots, first[place] + slots + 1, slot_yuan * hired, 0.0
            )

    def _add_loaded(
        self, pool: Pool, number: int, first: dict[str, int], slot_yuan: float, vessel: VesselClass
    ) -> None:
        fuel_yuan = fuel_yuan_per_kg(self.book, vessel.energy_carrier, self.carbon)
        for index, family in enumerate(self.space.families):
            if family.vessel_class != pool.vessel_class or family.given is not None:
                continue
            slots = np.flatnonzero(family.capacity_t > 0)
            cost = slot_yuan * family.slots_taken + fuel_yuan * family.fuel_empty_kg
            wtw_kg = self._wtw_kg(vessel, family.fuel_empty_kg)
            head = first[family.destination] + slots + family.slots_taken
            self._append(LOADED, number, index, slots, first[family.origin] + slots, head, cost, wtw_kg)

    def _add_empty(self, pool: Pool, number: int, first: dict[str, int], slot_yuan: float, vessel: VesselClass) -> None:
        families = [f for f in self.space.families if f.vessel_class == pool.vessel_class and f.given is None]
        homes = {entry.location_id for entry in pool.entries}
        leaves = {f.destination for f in families} | homes
        enters = {f.origin for f in families} | homes
        fuel_yuan = fuel_yuan_per_kg(self.book, vessel.energy_carrier, self.carbon)
        for origin in sorted(leaves):
            for destination in sorted(enters):
                lane = self.graph.lane(origin, destination, pool.vessel_class)
                if lane is None:
                    continue
                taken = empty_slots(lane.transit_h)
                slots = self._open_slots(lane, taken)
                fuel_kg = vessel.fuel_empty_kg_per_km * lane.distance_km
                cost = slot_yuan * taken + fuel_yuan * fuel_kg
                item = len(self.empty_lanes)
                self.empty_lanes.append(EmptyLane(number, lane, taken))
                tail, head = first[origin] + slots, first[destination] + slots + taken
                self._append(EMPTY, number, item, slots, tail, head, cost, self._wtw_kg(vessel, fuel_kg))

    def _open_slots(self, lane: Lane, taken: int) -> np.ndarray:
        """Slots in which an empty hull may leave: nothing shut on the way and water enough to float light."""
        open_slot = np.ones(max(0, self.grid.slots - taken), dtype=bool)
        for start, end in self.graph.closed_departures(lane):
            first = (start - self.grid.epoch) // SLOT + 1
            beyond = -((self.grid.epoch - end) // SLOT)
            open_slot[max(first, 0) : max(beyond, 0)] = False
        if not self.graph.always_floats(lane):
            open_slot &= [self.graph.floats(lane, self.grid.epoch + slot * SLOT) for slot in range(len(open_slot))]
        return np.flatnonzero(open_slot)

    def _wtw_kg(self, vessel: VesselClass, fuel_kg: float) -> float:
        return fuel_emissions(vessel.energy_carrier, "inland_waterway", fuel_kg, self.book.factors, self.book.on).wtw_kg

    def _append(
        self,
        kind: int,
        pool: int,
        item: int,
        slot: np.ndarray,
        tail: np.ndarray,
        head: np.ndarray,
        cost: float,
        wtw: float,
    ) -> None:
        n = len(slot)
        most = float(self.pools[pool].count)
        columns = (np.full(n, kind), np.full(n, pool), np.full(n, item), slot, tail, head)
        self.parts.append((*columns, np.full(n, float(cost)), np.full(n, float(wtw)), np.full(n, most)))

    def finish(self) -> FleetFlow:
        """Join the parts."""

        def numbers(place: int) -> Indices:
            return np.concatenate([np.zeros(0, dtype=np.int64), *(part[place] for part in self.parts)]).astype(np.int64)

        def amounts(place: int) -> Floats:
            return np.concatenate([np.zeros(0), *(part[place] for part in self.parts)]).astype(np.float64)

        columns = FleetColumns(
            kind=numbers(0),
            pool=numbers(1),
            item=numbers(2),
            slot=numbers(3),
            tail=numbers(4),
            head=numbers(5),
            cost=amounts(6),
            wtw_kg=amounts(7),
            most=amounts(8),
        )
        none = np.zeros(0, dtype=np.int64)
        return FleetFlow(
            tuple(self.pools),
            tuple(self.empty_lanes),
            columns,
            np.concatenate(self.supplies) if self.supplies else np.zeros(0),
            np.concatenate(self.node_slots) if self.node_slots else none,
            np.concatenate(self.node_pools) if self.node_pools else none,
            tuple(self.node_places),
        )
