"""Every plan of a small task on the tiny world, tried one by one: what the planner must not be beaten by.

Written from the documentation of the tariffs, times and the tiny world's figures, with no code of the planner: each
unsplittable shipment takes the road or one hull in one slot; each hull then does what it was given in the cheapest way,
found step by step in time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from math import ceil

from optimizer.planning.shipment import Shipment
from tests.network.tiny import TINY_START

SLOT_H = 6
WAY_KM = 100.0
SAIL_H = {"DOWN": 100 / 12 + 1.5, "UP": 100 / 10 + 1.5}
"""Towards a place: sailing at 12 km/h down or 10 km/h up, and 1.5 h at the lock."""
PORT = {"MILL": ("UP", 5.0, 120.0), "PIT": ("UP", 10.0, 130.0), "UP": ("UP", 0.0, 115.0)}
"""Door above: its port, km to it, km by road to DOWN."""
DIESEL_YUAN, WTW_KG, HUB_WTW_KG, HUB_YUAN = 8.0, 4.0, 0.1 * 4 + 0.7 * 0.5, 10.0
LINE_HAUL_KG_PER_TKM = (0.3 + 0.2 * 0.3 / 0.7) / 30
DRAYAGE_KG_PER_TKM = (0.3 + 0.2) / 30
LOSS = {"coal": 0.005, "stone": 0.0}
GROUP = {"coal": "coal", "stone": "mineral"}
LATEST_H = 72.0

Sailing = tuple[int, str, int]
"""Hull number, towards UP or DOWN, slot of berthing."""


@dataclass(frozen=True)
class Size:
    """A vessel class: tonnes, kg diesel per km empty, further kg per km when full, yuan a day own and hired."""

    capacity_t: float
    empty_kg_per_km: float
    more_kg_per_km: float
    own_yuan: float
    spot_yuan: float

    @property
    def berth_h(self) -> float:
        """An hour and the tonnes at 200 t/h."""
        return 1 + self.capacity_t / 200

    def slots(self, towards: str) -> int:
        """Slots that a loaded sailing takes."""
        return ceil((2 * self.berth_h + SAIL_H[towards]) / SLOT_H)


SIZES = {"SMALL": Size(500.0, 2.0, 1.0, 2000.0, 3000.0), "BIG": Size(1000.0, 3.0, 1.5, 3000.0, 5000.0)}


@dataclass(frozen=True)
class Hull:
    """One vessel at home in a port from a slot on."""

    size: str
    home: str
    market: str = "own"
    from_slot: int = 0

    @property
    def slot_yuan(self) -> float:
        """What a slot costs."""
        size = SIZES[self.size]
        return (size.spot_yuan if self.market == "spot" else size.own_yuan) * SLOT_H / 24


def cheapest(
    shipments: Sequence[Shipment],
    hulls: Sequence[Hull],
    carbon_yuan_per_t: float = 100.0,
    handling_t_per_day: float = 3000.0,
) -> float:
    """The least objective in yuan over every assignment of whole shipments to the road and to hulls in slots."""
    world = _World(tuple(hulls), carbon_yuan_per_t / 1000)
    ways = [list(world.ways(shipment)) for shipment in shipments]
    best = float("inf")
    for plan in product(*ways):
        cost = sum(way_cost for way_cost, _, _ in plan)
        if cost >= best or not world.holds(shipments, plan, handling_t_per_day):
            continue
        tasks: dict[int, set[tuple[str, int]]] = defaultdict(set)
        for _, sailing, _ in plan:
            if sailing is not None:
                tasks[sailing[0]].add(sailing[1:])
        best = min(best, cost + sum(world.tour_yuan(hull, frozenset(sailed)) for hull, sailed in tasks.items()))
    return best


def every_plan(
    shipments: Sequence[Shipment], hulls: Sequence[Hull], handling_t_per_day: float = 3000.0
) -> list[tuple[float, float]]:
    """(yuan without carbon, kg CO2e) of every assignment of whole shipments to the road and to own hulls in slots, each
    hull on its tour of least cost: for an own hull that waits free of charge it is the one that emits least as well.
    """
    assert all(hull.market == "own" for hull in hulls)
    free, priced = _World(tuple(hulls), 0.0), _World(tuple(hulls), 1.0)
    ways = [list(zip(free.ways(shipment), priced.ways(shipment), strict=True)) for shipment in shipments]
    found = []
    for plan in product(*ways):
        if not free.holds(shipments, [way for way, _ in plan], handling_t_per_day):
            continue
        tasks: dict[int, set[tuple[str, int]]] = defaultdict(set)
        for (_, sailing, _), _ in plan:
            if sailing is not None:
                tasks[sailing[0]].add(sailing[1:])
        yuan = sum(way[0] for way, _ in plan) + sum(free.tour_yuan(h, frozenset(s)) for h, s in tasks.items())
        if yuan < float("inf"):
            dear = sum(way[0] for _, way in plan) + sum(priced.tour_yuan(h, frozenset(s)) for h, s in tasks.items())
            found.append((yuan, dear - yuan))
    return found


Way = tuple[float, Sailing | None, tuple[tuple[str, int], ...]]
"""Yuan, the sailing (None: road), and (port, day) of each handling."""


class _World:
    def __init__(self, hulls: tuple[Hull, ...], carbon_yuan_per_kg: float) -> None:
        self.hulls, self.carbon = hulls, carbon_yuan_per_kg
        self.fuel_yuan = DIESEL_YUAN + WTW_KG * carbon_yuan_per_kg
        self.tour_yuan = cache(self._tour_yuan)

    def ways(self, shipment: Shipment) -> Iterator[Way]:
        """The road, and every slot of every hull that is there in time."""
        ready_h, due_h = (_hour(shipment, name) for name in ("ready_at", "due_at"))
        above = shipment.origin if shipment.origin in PORT else shipment.destination
        towards = "DOWN" if above == shipment.origin else "UP"
        _, drayage_km, road_km = PORT[above]
        wtw = LINE_HAUL_KG_PER_TKM * road_km * WTW_KG
        yield self._cost(shipment, 10 + 0.4 * road_km, wtw, ready_h + 2 + road_km / 60), None, ()
        truck_h = 1 + drayage_km / 30 if drayage_km else 0.0
        truck_yuan = max(12.0, 6 + 0.6 * drayage_km) if drayage_km else 0.0
        yard_h = ready_h + (truck_h if towards == "DOWN" else 0.0)
        for number, hull in enumerate(self.hulls):
            size = SIZES[hull.size]
            slot = ceil(yard_h / SLOT_H - 1e-9)
            while True:
                off_h = slot * SLOT_H + size.berth_h + SAIL_H[towards]
                door_h = off_h + size.berth_h + (truck_h if towards == "UP" else 0.0)
                if door_h > due_h + LATEST_H:
                    break
                stored = max(0.0, (slot * SLOT_H - yard_h) / 24 - 2) * 0.5
                loss = 2 * LOSS[shipment.cargo_code] * shipment.cargo_value_yuan_per_t
                fuel_kg = size.more_kg_per_km * WAY_KM / size.capacity_t
                yuan = truck_yuan + 2 * HUB_YUAN + stored + loss + fuel_kg * DIESEL_YUAN
                wtw = (DRAYAGE_KG_PER_TKM * drayage_km + fuel_kg) * WTW_KG + 2 * HUB_WTW_KG
                start = "UP" if towards == "DOWN" else "DOWN"
                handled = ((start, int(slot * SLOT_H // 24)), (towards, int(off_h // 24)))
                yield self._cost(shipment, yuan, wtw, door_h), (number, towards, slot), handled
                slot += 1

    def _cost(self, shipment: Shipment, yuan_per_t: float, wtw_kg_per_t: float, door_h: float) -> float:
        value, late_h = shipment.cargo_value_yuan_per_t, max(0.0, door_h - _hour(shipment, "due_at"))
        time = value * 0.06 / 8760 * (door_h - _hour(shipment, "ready_at"))
        late = (value * 0.005 + 2.0) / 24 * late_h
        return (yuan_per_t + wtw_kg_per_t * self.carbon + time + late) * shipment.mass_kg / 1000

    def holds(self, shipments: Sequence[Shipment], plan: Sequence[Way], handling_t_per_day: float) -> bool:
        """One cargo group in a hold, no more than it takes, and no port over its day."""
        load: dict[Sailing, float] = defaultdict(float)
        groups: dict[Sailing, set[str]] = defaultdict(set)
        handled: dict[tuple[str, str, int], float] = defaultdict(float)
        for shipment, (_, sailing, ports) in zip(shipments, plan, strict=True):
            if sailing is not None:
                load[sailing] += shipment.mass_kg / 1000
                groups[sailing].add(GROUP[shipment.cargo_code])
            for port, day in ports:
                handled[(GROUP[shipment.cargo_code], port, day)] += shipment.mass_kg / 1000
        if any(len(found) > 1 for found in groups.values()) or any(t > handling_t_per_day for t in handled.values()):
            return False
        return all(t <= SIZES[self.hulls[sailing[0]].size].capacity_t for sailing, t in load.items())

    def _tour_yuan(self, number: int, sailings: frozenset[tuple[str, int]]) -> float:
        """The cheapest way of a hull through its sailings and home again, inf when it cannot make them."""
        hull, size = self.hulls[number], SIZES[self.hulls[number].size]
        wanted = {slot: towards for towards, slot in sailings}
        if len(wanted) < len(sailings) or min(wanted) < hull.from_slot:
            return float("inf")
        end = max(wanted) + 12
        at = [dict.fromkeys(("UP", "DOWN"), float("inf")) for _ in range(end + 8)]
        at[hull.from_slot][hull.home] = 0.0
        fuel = size.empty_kg_per_km * WAY_KM * self.fuel_yuan
        for slot in range(hull.from_slot, end):
            for place, other in (("UP", "DOWN"), ("DOWN", "UP")):
                here = at[slot][place]
                towards = wanted.get(slot)
                if towards is not None and towards != other:
                    continue
                loaded, empty = size.slots(other), ceil(SAIL_H[other] / SLOT_H)
                if towards is not None:
                    steps = [(other, loaded, fuel + loaded * hull.slot_yuan)]
                else:
                    idle = hull.slot_yuan if hull.market == "spot" and place != hull.home else 0.0
                    steps = [(place, 1, idle), (other, empty, fuel + empty * hull.slot_yuan)]
                for there, taken, yuan in steps:
                    # A hull under way cannot begin another sailing.
                    missed = any(slot < other_slot < slot + taken for other_slot in wanted)
                    if not missed:
                        at[slot + taken][there] = min(at[slot + taken][there], here + yuan)
        return at[end][hull.home]


def _hour(shipment: Shipment, name: str) -> float:
    moment = getattr(shipment, name)
    return float((moment - TINY_START).total_seconds() / 3600)


def cheapest_around(
    kept: Mapping[str, Sailing | None],
    shipments: Sequence[Shipment],
    hulls: Sequence[Hull],
    free_from: Mapping[int, int],
    handling_t_per_day: float = 3000.0,
) -> float:
    """The least objective of the restricted problem: shipments in ``kept`` take the sailing named (None: the road), and
    a hull in ``free_from`` makes its kept sailings and nothing else before that slot, when it is home again."""
    later = [replace(hulls[number], from_slot=slot) for number, slot in free_from.items()]
    world = _World((*hulls, *later), 0.1)
    fixed = {sailing for sailing in kept.values() if sailing is not None}

    def open_to(shipment: Shipment, sailing: Sailing | None) -> bool:
        if shipment.shipment_id in kept:
            return sailing == kept[shipment.shipment_id]
        return sailing is None or sailing in fixed or sailing[0] not in free_from

    ways = [[way for way in world.ways(item) if open_to(item, way[1])] for item in shipments]
    best = float("inf")
    for plan in product(*ways):
        if not world.holds(shipments, plan, handling_t_per_day):
            continue
        tasks: dict[int, set[tuple[str, int]]] = defaultdict(set)
        for _, sailing, _ in plan:
            if sailing is not None:
                tasks[sailing[0]].add(sailing[1:])
        cost = sum(way_cost for way_cost, _, _ in plan)
        best = min(best, cost + sum(world.tour_yuan(hull, frozenset(sailed)) for hull, sailed in tasks.items()))
    return best
