"""Time and space as arrays: which sailings exist, and every way in which each shipment can use them.

Time is cut into slots of :data:`~optimizer.planning.settings.SLOT_H` hours from midnight of the first day. A *family*
is all sailings of one vessel class with one cargo group from one terminal to another; a *cargo column* is one
shipment on one route with one departure slot (slot -1: services only, nothing planned). Columns are made for whole
groups of shipments at once (same doors, same cargo), never one by one.

A column is left out only when it can never be of use: when even in a full vessel that has to make this trip anyway
(an empty voyage would burn the same fuel), the tonne costs at least what it costs on that shipment's road. Under a cap
on CO2e it must in the same way emit at least what the road emits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from optimizer.emissions.operations import fuel_emissions
from optimizer.network.graph import NetworkGraph
from optimizer.planning import tariff
from optimizer.planning.design import Floats, Indices
from optimizer.planning.families import Family, Grid, empty_slots, fuel_yuan_per_kg, make_family
from optimizer.planning.quote.calendar import moments_of_change
from optimizer.planning.route import Route, RouteLeg
from optimizer.planning.routes import RouteBook
from optimizer.planning.settings import MAX_LATE_H, MAX_WAIT_H, SLOT_H, SLOTS_PER_DAY, PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME

REJECT_YUAN_PER_T = 100_000.0
"""Price of leaving behind a shipment that has no road: far above any transport, so it happens only when nothing else
can."""


@dataclass(frozen=True, slots=True)
class CargoColumns:
    """One entry per column. ``cost`` (yuan, objective) and ``wtw_kg`` are for the whole shipment, ``door_h`` is the
    hour of arrival at the door (inf when left behind); ``family`` is -1 and ``slot`` -1 for services; ``route`` -1
    means left behind. ``handled_*``: pairs (column, row key) for tonnes handled at a terminal on a day."""

    shipment: Indices
    route: Indices
    family: Indices
    slot: Indices
    cost: Floats
    wtw_kg: Floats
    door_h: Floats
    handled_column: Indices
    handled_terminal: Indices
    handled_day: Indices


@dataclass(frozen=True, slots=True)
class TimeSpace:
    """Everything the model builder needs. ``routes`` are numbered as in ``CargoColumns.route``; ``terminals`` as in
    ``handled_terminal``; ``stranded`` lists shipments that nobody can move."""

    grid: Grid
    shipments: tuple[Shipment, ...]
    routes: tuple[Route, ...]
    families: tuple[Family, ...]
    terminals: tuple[tuple[str, str], ...]
    columns: CargoColumns
    stranded: tuple[int, ...]


def make_grid(shipments: Sequence[Shipment], longest_voyage_h: float) -> Grid:
    """Slots from midnight of the first ready day to the last due time, with time to be late and to sail home."""
    first = min(shipment.ready_at for shipment in shipments)
    epoch = first.astimezone(CHINA_TIME).replace(hour=0, minute=0, second=0, microsecond=0)
    longest_wait = timedelta(hours=MAX_WAIT_H)
    last = max(min(max(s.due_at, s.ready_at), s.ready_at + longest_wait) for s in shipments)
    hours = (last - epoch).total_seconds() / 3600 + MAX_LATE_H + longest_voyage_h
    return Grid(epoch, int(np.ceil(hours / 24)) * SLOTS_PER_DAY)


def make_timespace(
    shipments: Sequence[Shipment], book: RouteBook, graph: NetworkGraph, settings: PlanSettings
) -> TimeSpace:
    """Lay out sailings and cargo columns for these shipments (at least one)."""
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for index, shipment in enumerate(shipments):
        groups[(shipment.origin, shipment.destination, shipment.cargo_code)].append(index)
    routes_of = {key: book.routes(*key) for key in groups}
    longest_h = max(
        (leg.hours for routes in routes_of.values() for r in routes for leg in r.legs if leg.planned), default=0
    )
    grid = make_grid(shipments, longest_h + 48)
    maker = _ColumnMaker(shipments, book, graph, settings, grid)
    for key, members in groups.items():
        maker.add_group(np.array(members, dtype=np.int64), routes_of[key], book.network.cargo[key[2]].cargo_group)
    return maker.finish()


class _ColumnMaker:
    def __init__(
        self,
        shipments: Sequence[Shipment],
        book: RouteBook,
        graph: NetworkGraph,
        settings: PlanSettings,
        grid: Grid,
    ) -> None:
        self.shipments, self.book, self.graph, self.settings, self.grid = tuple(shipments), book, graph, settings, grid
        self.network = book.network
        self.moments = moments_of_change(self.network)
        self.ready_h = np.array([grid.hour(s.ready_at) for s in shipments])
        self.due_h = np.array([grid.hour(s.due_at) for s in shipments])
        self.mass_t = np.array([s.mass_kg / 1000 for s in shipments])
        self.value = np.array([s.cargo_value_yuan_per_t for s in shipments])
        self.whole = np.array([not s.splittable for s in shipments])
        self.time_rate = np.array([tariff.time_yuan_per_t_h(self.network, v) for v in self.value])
        self.late_rate = np.array([tariff.lateness_yuan_per_t_h(self.network, v) for v in self.value])
        self.carbon_yuan_per_kg = settings.carbon_price_yuan_per_t / 1000
        self.routes: list[Route] = []
        self.families: list[Family] = []
        self.family_index: dict[tuple[str, str, str, str], int] = {}
        self.terminal_index: dict[tuple[str, str], int] = {}
        self.parts: list[dict[str, np.ndarray]] = []
        self.handled: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.count = 0
        self.stranded: list[int] = []

    def add_group(self, members: Indices, routes: Sequence[Route], group: str) -> None:
        """All columns of shipments with the same doors and cargo."""
        if not routes:
            self.stranded.extend(int(k) for k in members)
            return
        if not any(_is_unlimited(route) for route in routes):
            cost = REJECT_YUAN_PER_T * self.mass_t[members]
            nothing = np.full(len(members), -1)
            self._append(members, -1, -1, nothing, cost, np.zeros(len(members)), np.full(len(members), np.inf))
        road_yuan_per_t, road_wtw_kg_per_t = np.full(len(members), np.inf), np.inf
        for route in routes:
            number = len(self.routes)
            self.routes.append(route)
            if route.planned_at is None:
                cost = self._add_services(members, route, number, group)
                if _is_unlimited(route):
                    road_yuan_per_t = np.minimum(road_yuan_per_t, cost / self.mass_t[members])
                    road_wtw_kg_per_t = min(road_wtw_kg_per_t, route.wtw_kg_per_t)
            else:
                self._add_sailings(members, route, number, group, road_yuan_per_t, road_wtw_kg_per_t)

    def _add_services(self, members: Indices, route: Route, number: int, group: str) -> Floats:
        hour = self.ready_h[members]
        hubs: list[tuple[RouteLeg, Floats]] = []
        for leg in route.legs:
            hour = begin_hours(leg, hour)
            if leg.role == "hub":
                hubs.append((leg, hour))
            hour = hour + leg.hours
        cost, wtw_kg = self._money(members, route, hour, np.zeros(len(members)), 0.0)
        columns = self._append(members, number, -1, np.full(len(members), -1), cost, wtw_kg, hour)
        for leg, at in hubs:
            self._note_handling(columns, leg.origin, group, at)
        return cost

    def _add_sailings(
        self, members: Indices, route: Route, number: int, group: str, road_yuan_per_t: Floats, road_wtw_kg_per_t: float
    ) -> None:
        at = route.planned_at
        assert at is not None
        index = self._family(route, at, group)
        family = self.families[index]
        yard_h, hubs_before = self._run_before(members, route.legs[: at - 1])
        slot_hours: Floats = np.arange(self.grid.slots, dtype=np.float64) * SLOT_H
        off_h: Floats = slot_hours + family.door_to_door_h
        door_h, hubs_after = _run_after(route.legs[at + 2 :], off_h)
        first = np.ceil((yard_h - 1e-9) / SLOT_H).astype(np.int64)
        last = np.searchsorted(door_h, self.due_h[members] + MAX_LATE_H, side="right") - 1
        last = np.minimum(last, first + MAX_WAIT_H // SLOT_H)
        useful = self._useful(members, route, family, road_yuan_per_t)
        if self.settings.co2e_cap_t is not None:
            useful |= self._wtw_kg_per_t(route, family) < road_wtw_kg_per_t
        counts = np.where(useful, np.maximum(last - first + 1, 0), 0)
        row = np.repeat(np.arange(len(members)), counts)
        slot = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
        # What must stay whole needs a vessel that takes it whole, however many sail.
        least_t = np.where(self.whole[members], self.mass_t[members], 0.0)[row]
        capacity_t = family.capacity_t[np.minimum(slot, self.grid.slots - 1)]
        open_slot = (capacity_t > 0) & (capacity_t >= least_t - 1e-9)
        row, slot = row[open_slot], slot[open_slot]
        if not len(row):
            return
        chosen = members[row]
        stored = self._storage(route, at, group, slot_hours[slot] - yard_h[row])
        cost, wtw_kg = self._money(chosen, route, door_h[slot], stored, family.fuel_kg_per_t, family)
        columns = self._append(chosen, number, index, slot, cost, wtw_kg, door_h[slot])
        for leg, hours in hubs_before:
            self._note_handling(columns, leg.origin, group, hours[row])
        self._note_handling(columns, family.origin, group, slot_hours[slot])
        self._note_handling(columns, family.destination, group, (slot_hours + family.load_h + family.leg.hours)[slot])
        for leg, hours in hubs_after:
            self._note_handling(columns, leg.origin, group, hours[slot])

    def _run_before(self, members: Indices, legs: Sequence[RouteLeg]) -> tuple[Floats, list[tuple[RouteLeg, Floats]]]:
        hour = self.ready_h[members]
        hubs = []
        for leg in legs:
            hour = begin_hours(leg, hour)
            if leg.role == "hub":
                hubs.append((leg, hour))
            hour = hour + leg.hours
        return hour, hubs

    def _useful(self, members: Indices, route: Route, family: Family, road: Floats) -> np.ndarray:
        """Members for whom the chain at its very best (full ship that must go that way anyway, no waiting) beats their
        road; the road price here includes its own time, lateness and carbon."""
        best_t = float(family.capacity_t.max(initial=0.0))
        if best_t <= 0:
            return np.zeros(len(members), dtype=bool)
        fixed = route.yuan_per_t + self._berth_yuan(family) / best_t + self.fuel_yuan(family) * family.fuel_kg_per_t
        fixed += route.wtw_kg_per_t * self.carbon_yuan_per_kg
        floor = fixed + route.loss_rel * self.value[members] + self.time_rate[members] * family.door_to_door_h
        return np.asarray(floor < road)

    def _berth_yuan(self, family: Family) -> float:
        """The least that a loaded sailing costs above an empty one: days at berths, unless a hired vessel, which is
        paid while it waits away from its base, would have waited as long."""
        vessel = self.network.vessel_classes[family.vessel_class]
        markets = {entry.market for entry in self.network.fleet if entry.vessel_class == family.vessel_class}
        if "spot" in markets:
            return 0.0
        slots = family.slots_taken - empty_slots(family.leg.hours)
        return tariff.day_rate_yuan(vessel, "own") * max(slots, 0) / SLOTS_PER_DAY

    def _wtw_kg_per_t(self, route: Route, family: Family) -> float:
        """kg CO2e WTW of a tonne on a route, the ship's own running not included."""
        vessel = self.network.vessel_classes[family.vessel_class]
        burnt = fuel_emissions(
            vessel.energy_carrier, "inland_waterway", family.fuel_kg_per_t, self.book.factors, self.book.on
        )
        return route.wtw_kg_per_t + burnt.wtw_kg

    def fuel_yuan(self, family: Family) -> float:
        """Money and priced carbon of one kg (kWh) of the family's energy carrier."""
        vessel = self.network.vessel_classes[family.vessel_class]
        return fuel_yuan_per_kg(self.book, vessel.energy_carrier, self.carbon_yuan_per_kg)

    def _storage(self, route: Route, at: int, group: str, waited_h: Floats) -> Floats:
        terminal = self.network.terminals[(route.legs[at].origin, group)]
        days = np.maximum(0.0, waited_h / 24 - terminal.storage_free_days)
        return np.asarray(days * terminal.storage_yuan_per_t_day)

    def _money(
        self,
        chosen: Indices,
        route: Route,
        door_h: Floats,
        stored: Floats,
        fuel_kg_per_t: float,
        family: Family | None = None,
    ) -> tuple[Floats, Floats]:
        """Objective yuan and kg CO2e WTW of whole shipments on a route, the ship's own running not included."""
        per_t = route.yuan_per_t + route.loss_rel * self.value[chosen] + stored
        per_t = per_t + self.time_rate[chosen] * (door_h - self.ready_h[chosen])
        per_t = per_t + self.late_rate[chosen] * np.maximum(0.0, door_h - self.due_h[chosen])
        wtw_per_t = route.wtw_kg_per_t
        if family is not None:
            vessel = self.network.vessel_classes[family.vessel_class]
            wtw_per_t = self._wtw_kg_per_t(route, family)
            per_t = per_t + fuel_kg_per_t * tariff.energy_price_yuan(self.network, vessel.energy_carrier)
        per_t = per_t + wtw_per_t * self.carbon_yuan_per_kg
        return per_t * self.mass_t[chosen], wtw_per_t * self.mass_t[chosen]

    def _family(self, route: Route, at: int, group: str) -> int:
        leg = route.legs[at]
        key = (leg.origin, leg.destination, leg.vehicle_class, group)
        if key not in self.family_index:
            self.family_index[key] = len(self.families)
            self.families.append(make_family(route, at, group, self.grid, self.graph, self.moments))
        return self.family_index[key]

    def _append(
        self, chosen: Indices, route: int, family: int, slot: np.ndarray, cost: Floats, wtw_kg: Floats, door_h: Floats
    ) -> Indices:
        n = len(chosen)
        self.parts.append(
            {
                "shipment": chosen,
                "route": np.full(n, route),
                "family": np.full(n, family),
                "slot": slot,
                "cost": cost,
                "wtw_kg": wtw_kg,
                "door_h": door_h,
            }
        )
        columns = np.arange(self.count, self.count + n)
        self.count += n
        return columns

    def _note_handling(self, columns: Indices, place: str, group: str, hours: Floats) -> None:
        number = self.terminal_index.setdefault((place, group), len(self.terminal_index))
        day = np.floor(hours / 24 + 1e-9).astype(np.int64)
        self.handled.append((columns, np.full(len(columns), number), day))

    def finish(self) -> TimeSpace:
        """Join the parts."""

        def numbers(name: str) -> Indices:
            return np.concatenate([np.zeros(0, dtype=np.int64), *(part[name] for part in self.parts)]).astype(np.int64)

        def amounts(name: str) -> Floats:
            return np.concatenate([np.zeros(0), *(part[name] for part in self.parts)]).astype(np.float64)

        def handled(place: int) -> Indices:
            return np.concatenate([np.zeros(0, dtype=np.int64), *(part[place] for part in self.handled)]).astype(
                np.int64
            )

        columns = CargoColumns(
            shipment=numbers("shipment"),
            route=numbers("route"),
            family=numbers("family"),
            slot=numbers("slot"),
            cost=amounts("cost"),
            wtw_kg=amounts("wtw_kg"),
            door_h=amounts("door_h"),
            handled_column=handled(0),
            handled_terminal=handled(1),
            handled_day=handled(2),
        )
        return TimeSpace(
            self.grid,
            self.shipments,
            tuple(self.routes),
            tuple(self.families),
            tuple(self.terminal_index),
            columns,
            tuple(self.stranded),
        )


def _is_unlimited(route: Route) -> bool:
    """Whether any tonnage can go this way at any time: trucks only, no terminal whose day may be full."""
    return route.planned_at is None and all(leg.role != "hub" for leg in route.legs)


def begin_hours(leg: RouteLeg, ready_h: Floats) -> Floats:
    """When a leg leaves for cargo ready at these hours: at once, or at the next bell of its interval."""
    if leg.interval_h <= 0:
        return ready_h
    return np.asarray(np.ceil((ready_h - 1e-9) / leg.interval_h) * leg.interval_h)


def _run_after(legs: Sequence[RouteLeg], hour: Floats) -> tuple[Floats, list[tuple[RouteLeg, Floats]]]:
    """Hours at the door, and at each hub on the way, for cargo off the ship at ``hour``."""
    hubs = []
    for leg in legs:
        hour = begin_hours(leg, hour)
        if leg.role == "hub":
            hubs.append((leg, hour))
        hour = hour + leg.hours
    return hour, hubs
