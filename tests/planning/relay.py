"""A tiny named world for cargo that changes ships, and every plan of it tried one by one.

    UP ==20 km, at most 400 t== MID ==========300 km========== LOW                     (water, flows to LOW)
    UP 340 km LOW, MID 310 km LOW, UP 60 km MID                                        (road)

接驳 A boat of 300 t (BOAT) serves the shallow reach, a barge of 1,200 t (BARGE) the rest; only the boat could sail all
the way, and where the bridges of the lower reach are too low for it (``low_bridge``) not even that. Written from the
documentation of the tariffs and times, with no code of the planner.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from math import ceil

from optimizer.network.model import FleetEntry, Mode, Network
from optimizer.planning.shipment import Shipment
from tests.planning.corridor import MADE_UP, START, corridor, link, location, terminal

SLOT_H = 6
CHANGE_H = 48
"""The second ship berths at most this long after it could at first."""
LATEST_H = 72.0
REACH_KM = {frozenset({"UP", "MID"}): 20.0, frozenset({"MID", "LOW"}): 300.0, frozenset({"UP", "LOW"}): 320.0}
ROAD_KM = {frozenset({"UP", "MID"}): 60.0, frozenset({"MID", "LOW"}): 310.0, frozenset({"UP", "LOW"}): 340.0}
ORDER = ("UP", "MID", "LOW")
UP_KM_H, DOWN_KM_H = 10.0, 12.5
BERTH_T_PER_H, HUB_YUAN, STORAGE_YUAN, FREE_DAYS = 400.0, 2.0, 0.5, 1.0
DIESEL_YUAN, WTW_KG, HUB_WTW_KG = 8.0, 4.0, 0.2 * 4 + 1.0 * 0.5
LINE_HAUL_KG_PER_TKM = (0.3 + 0.2 * 0.3 / 0.7) / 32


@dataclass(frozen=True)
class Size:
    """A class: tonnes, kg diesel per km empty and full, yuan a day."""

    capacity_t: float
    empty_kg_per_km: float
    full_kg_per_km: float
    yuan_per_day: float

    @property
    def berth_h(self) -> float:
        """An hour and the tonnes of a full ship."""
        return 1 + self.capacity_t / BERTH_T_PER_H


SIZES = {"BOAT": Size(300.0, 1.6, 2.2, 1300.0), "BARGE": Size(1200.0, 3.0, 4.4, 2600.0)}


@dataclass(frozen=True)
class Hull:
    """One own vessel."""

    size: str
    home: str


def sail_h(start: str, end: str) -> float:
    """Downstream at 12.5 km/h, upstream at 10."""
    down = ORDER.index(start) < ORDER.index(end)
    return REACH_KM[frozenset({start, end})] / (DOWN_KM_H if down else UP_KM_H)


def relay(hulls: Sequence[Hull], *, low_bridge: bool = False, handling_t_per_day: float = 4000.0) -> Network:
    """The network with these hulls."""
    base = corridor()
    water = {"min_depth_m": 4.0, "air_draught_m": 8.0}
    lower = water | {"air_draught_m": 7.5} if low_bridge else water
    places = [
        location("UP", "上游港", "Upper port", "inland_port", 28.0),
        location("MID", "中游港", "Middle port", "inland_port", 28.5),
        location("LOW", "下游港", "Lower port", "inland_port", 31.0),
    ]
    links = [
        link("UP-MID", "UP", "MID", Mode.INLAND_WATERWAY, 20.0, UP_KM_H, DOWN_KM_H, downstream_location="MID",
             max_vessel_dwt_t=400.0, **water),
        link("MID-LOW", "MID", "LOW", Mode.INLAND_WATERWAY, 300.0, UP_KM_H, DOWN_KM_H, downstream_location="LOW",
             max_vessel_dwt_t=2000.0, **lower),
        *(link("-".join(sorted(ends)), *sorted(ends), Mode.ROAD, km, 60.0, 60.0, use="line_haul")
          for ends, km in ROAD_KM.items()),
    ]  # fmt: skip
    quays = [
        replace(terminal(place, "steel"), transfer_yuan_per_t=HUB_YUAN, storage_free_days=FREE_DAYS,
                storage_yuan_per_t_day=STORAGE_YUAN, handling_t_per_day=handling_t_per_day)
        for place in ORDER
    ]  # fmt: skip
    named = {"BOAT": ("小驳", "boat"), "BARGE": ("大驳", "barge")}
    classes = {
        name: replace(
            base.vessel_classes["B800"],
            vessel_class=name,
            name_zh=named[name][0],
            name_en=named[name][1],
            capacity_t=size.capacity_t,
            air_draught_m=7.8 if name == "BOAT" else 7.0,
            fuel_loaded_kg_per_km=size.full_kg_per_km,
            fuel_empty_kg_per_km=size.empty_kg_per_km,
            cost_yuan_per_day=size.yuan_per_day,
        )
        for name, size in SIZES.items()
    }
    fleet = [FleetEntry(f"F{n}", hull.size, hull.home, 1, START, "own", MADE_UP) for n, hull in enumerate(hulls)]
    more = {"drayage_max_km": 5.0, "voyage_load_factor": 0.9, "vessel_empty_share": 0.2}
    parameters = {name: replace(base.parameters["berth_overhead_h"], name=name, value=v) for name, v in more.items()}
    return replace(
        base,
        version="relay",
        locations={place.location_id: place for place in places},
        terminals={(item.location_id, item.cargo_group): item for item in quays},
        links={item.link_id: item for item in links},
        locks={},
        closures=(),
        water_levels=(),
        vessel_classes=classes,
        fleet=tuple(fleet),
        parameters={**base.parameters, **parameters},
    )


Sailing = tuple[int, str, str, int]
"""Hull number, from, to, slot of berthing."""
Way = tuple[float, tuple[Sailing, ...], tuple[tuple[str, int], ...]]
"""Yuan, sailings, (port, day) of each handling."""


def cheapest(
    shipments: Sequence[Shipment],
    hulls: Sequence[Hull],
    *,
    low_bridge: bool = False,
    handling_t_per_day: float = 4000.0,
    carbon_yuan_per_t: float = 100.0,
) -> float:
    """The least objective in yuan over every assignment of whole shipments to the road, to a ship, or to two."""
    world = _World(tuple(hulls), low_bridge, carbon_yuan_per_t / 1000)
    ways = [sorted(world.ways(shipment)) for shipment in shipments]
    best = float("inf")
    for plan in product(*ways):
        cost = sum(way_cost for way_cost, _, _ in plan)
        if cost >= best or not world.holds(shipments, plan, handling_t_per_day):
            continue
        tasks: dict[int, set[tuple[str, str, int]]] = defaultdict(set)
        for _, sailings, _ in plan:
            for sailing in sailings:
                tasks[sailing[0]].add(sailing[1:])
        best = min(best, cost + sum(world.tour_yuan(hull, frozenset(sailed)) for hull, sailed in tasks.items()))
    return best


class _World:
    def __init__(self, hulls: tuple[Hull, ...], low_bridge: bool, carbon_yuan_per_kg: float) -> None:
        self.hulls, self.carbon = hulls, carbon_yuan_per_kg
        self.lanes = {
            "BOAT": [ends for ends in REACH_KM if not low_bridge or ends == {"UP", "MID"}],
            "BARGE": [frozenset({"MID", "LOW"})],
        }
        self.fuel_yuan = DIESEL_YUAN + WTW_KG * carbon_yuan_per_kg
        self.tour_yuan = cache(self._tour_yuan)

    def ways(self, shipment: Shipment) -> Iterator[Way]:
        """The road; every slot of every hull that goes all the way; every pair of slots of two that meet."""
        start, end = shipment.origin, shipment.destination
        km, ready_h, due_h = ROAD_KM[frozenset({start, end})], _hour(shipment, "ready_at"), _hour(shipment, "due_at")
        wtw = LINE_HAUL_KG_PER_TKM * km * WTW_KG
        yield self._cost(shipment, 10 + 0.4 * km, wtw, ready_h + 2 + km / 60), (), ()
        for voyages in self._chains(shipment):
            yield from self._on(shipment, voyages, (), ready_h, 0.0, due_h + LATEST_H)

    def _chains(self, shipment: Shipment) -> list[tuple[tuple[int, str, str], ...]]:
        start, end = shipment.origin, shipment.destination
        able = [(n, hull.size) for n, hull in enumerate(self.hulls) if frozenset({start, end}) in self.lanes[hull.size]]
        through: list[tuple[tuple[int, str, str], ...]] = [((n, start, end),) for n, _ in able]
        if "MID" in (start, end):
            return through
        kinds = {hull.size for hull in self.hulls}
        # A change pays by itself where no class sails through, or only at more for a full ship and its empty way back.
        least = min((self._full_yuan(shipment, [(size, start, end)]) for _, size in able), default=float("inf"))
        for one, two in product(range(len(self.hulls)), repeat=2):
            first, second = (self.hulls[one].size, start, "MID"), (self.hulls[two].size, "MID", end)
            sails = all(frozenset(leg[1:]) in self.lanes[leg[0]] for leg in (first, second))
            differ = first[0] != second[0] and kinds == {"BOAT", "BARGE"}
            if sails and differ and self._full_yuan(shipment, [first, second]) < least:
                through.append(((one, start, "MID"), (two, "MID", end)))
        return through

    def _full_yuan(self, shipment: Shipment, legs: Sequence[tuple[str, str, str]]) -> float:
        yuan = 0.0
        for name, start, end in legs:
            size, km, hours = SIZES[name], REACH_KM[frozenset({start, end})], sail_h(start, end)
            days = (ceil((2 * size.berth_h + hours) / SLOT_H) + ceil(sail_h(end, start) / SLOT_H)) * SLOT_H / 24
            fuel = km * self.fuel_yuan * (size.empty_kg_per_km + size.full_kg_per_km) / size.capacity_t
            yuan += days * size.yuan_per_day / size.capacity_t + fuel + 2 * HUB_YUAN + 2 * HUB_WTW_KG * self.carbon
            yuan += shipment.cargo_value_yuan_per_t * 0.06 / 8760 * (2 * size.berth_h + hours)
        return yuan

    def _on(
        self,
        shipment: Shipment,
        voyages: tuple[tuple[int, str, str], ...],
        before: tuple[Sailing, ...],
        hour: float,
        yuan_per_t: float,
        latest_h: float,
        handled: tuple[tuple[str, int], ...] = (),
        wtw: float = 0.0,
    ) -> Iterator[Way]:
        """The rest of a chain from an hour on."""
        if not voyages:
            if hour <= latest_h:
                yield self._cost(shipment, yuan_per_t, wtw, hour), before, handled
            return
        (number, start, end), size = voyages[0], SIZES[self.hulls[voyages[0][0]].size]
        soonest = ceil(hour / SLOT_H - 1e-9)
        most = int(latest_h // SLOT_H) if not before else soonest + CHANGE_H // SLOT_H
        for slot in range(soonest, most + 1):
            stored = max(0.0, (slot * SLOT_H - hour) / 24 - FREE_DAYS) * STORAGE_YUAN
            fuel_kg = (size.full_kg_per_km - size.empty_kg_per_km) * REACH_KM[frozenset({start, end})] / size.capacity_t
            ashore_h = slot * SLOT_H + size.berth_h + sail_h(start, end)
            days = ((start, slot * SLOT_H // 24), (end, int(ashore_h // 24)))
            yield from self._on(
                shipment,
                voyages[1:],
                (*before, (number, start, end, slot)),
                ashore_h + size.berth_h,
                yuan_per_t + 2 * HUB_YUAN + stored + fuel_kg * DIESEL_YUAN,
                latest_h,
                (*handled, *days),
                wtw + 2 * HUB_WTW_KG + fuel_kg * WTW_KG,
            )

    def _cost(self, shipment: Shipment, yuan_per_t: float, wtw_kg_per_t: float, door_h: float) -> float:
        value, late_h = shipment.cargo_value_yuan_per_t, max(0.0, door_h - _hour(shipment, "due_at"))
        time = value * 0.06 / 8760 * (door_h - _hour(shipment, "ready_at"))
        late = (value * 0.01 + 2.0) / 24 * late_h
        return (yuan_per_t + wtw_kg_per_t * self.carbon + time + late) * shipment.mass_kg / 1000

    def holds(self, shipments: Sequence[Shipment], plan: Sequence[Way], handling_t_per_day: float) -> bool:
        """No ship overladen, no port over its day."""
        load: dict[Sailing, float] = defaultdict(float)
        handled: dict[tuple[str, int], float] = defaultdict(float)
        for shipment, (_, sailings, ports) in zip(shipments, plan, strict=True):
            for sailing in sailings:
                load[sailing] += shipment.mass_kg / 1000
            for key in ports:
                handled[key] += shipment.mass_kg / 1000
        return all(t <= SIZES[self.hulls[sailing[0]].size].capacity_t for sailing, t in load.items()) and all(
            t <= handling_t_per_day for t in handled.values()
        )

    def _tour_yuan(self, number: int, sailings: frozenset[tuple[str, str, int]]) -> float:
        """The cheapest way of a hull through its sailings and home again, inf when it cannot make them."""
        hull, size = self.hulls[number], SIZES[self.hulls[number].size]
        wanted = {slot: (start, end) for start, end, slot in sailings}
        if len(wanted) < len(sailings):
            return float("inf")
        end = max(wanted) + 24
        at = [dict.fromkeys(ORDER, float("inf")) for _ in range(end + 16)]
        at[0][hull.home] = 0.0
        for slot in range(end):
            for place in ORDER:
                here = at[slot][place]
                if here == float("inf"):
                    continue
                task = wanted.get(slot)
                if task is not None and task[0] == place:
                    steps = [(task[1], ceil((2 * size.berth_h + sail_h(*task)) / SLOT_H))]
                elif task is not None:
                    continue
                else:
                    others = [o for o in ORDER if o != place and frozenset({place, o}) in self.lanes[hull.size]]
                    steps = [(other, ceil(sail_h(place, other) / SLOT_H)) for other in others]
                    at[slot + 1][place] = min(at[slot + 1][place], here)
                for there, taken in steps:
                    if any(slot < other < slot + taken for other in wanted):
                        continue
                    yuan = size.empty_kg_per_km * REACH_KM[frozenset({place, there})] * self.fuel_yuan
                    yuan += taken * SLOT_H / 24 * size.yuan_per_day
                    at[slot + taken][there] = min(at[slot + taken][there], here + yuan)
        return at[end][hull.home]


def _hour(shipment: Shipment, name: str) -> float:
    return float((getattr(shipment, name) - START).total_seconds() / 3600)
