"""Collects lines and tables of ways, group by group of shipments with the same doors and cargo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.emissions.operations import fuel_emissions
from optimizer.network.graph import NetworkGraph
from optimizer.planning.design import Bools, Floats, Indices
from optimizer.planning.layout.families import Family, Grid, empty_slots, fuel_yuan_per_kg, make_family
from optimizer.planning.layout.ways import REJECT_YUAN_PER_T, Cargo, Lines, Tables, Ways, is_unlimited, run_legs
from optimizer.planning.quote.calendar import moments_of_change
from optimizer.planning.routing import tariff
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import MAX_LATE_H, MAX_WAIT_H, SLOT_H, SLOTS_PER_DAY, PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.quantities import KG_PER_T


@dataclass(frozen=True, slots=True)
class RoadPrice:
    """What the road costs each member (yuan a tonne, time and carbon included) and emits (kg a tonne); inf without."""

    yuan_per_t: Floats
    wtw_kg_per_t: float


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of one route, one per member; ``handled`` lists (terminal, days)."""

    shipment: Indices
    route: int
    table: int
    first: Indices
    last: Indices
    yuan_per_t: Floats
    yard_h: Floats
    door_h: Floats
    handled: list[tuple[int, Indices]]


class WayMaker:
    """Collects lines and tables group by group; :meth:`finish` joins them."""

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
        self.mass_t = np.array([s.mass_kg / KG_PER_T for s in shipments])
        self.value = np.array([s.cargo_value_yuan_per_t for s in shipments], dtype=np.float64)
        self.cargo = Cargo(
            mass_t=self.mass_t,
            time_rate=np.array([tariff.time_yuan_per_t_h(self.network, v) for v in self.value]),
            late_rate=np.array([tariff.lateness_yuan_per_t_h(self.network, v) for v in self.value]),
            ready_h=np.array([grid.hour(s.ready_at) for s in shipments]),
            due_h=np.array([grid.hour(s.due_at) for s in shipments]),
            least_t=np.where([not s.splittable for s in shipments], self.mass_t, 0.0),
        )
        self.carbon_yuan_per_kg = settings.carbon_price_yuan_per_t / 1000
        self.slot_h: Floats = np.arange(grid.slots, dtype=np.float64) * SLOT_H
        self.routes: list[Route] = []
        self.wtw_kg_per_t: list[float] = []
        self.families: list[Family] = []
        self.drafts: dict[tuple[str, str, str, str], Family] = {}
        self.family_index: dict[tuple[str, str, str, str], int] = {}
        self.terminal_index: dict[tuple[str, str], int] = {}
        self.parts: list[Part] = []
        self.table_family: list[int] = []
        self.table_second: list[tuple[int, int]] = []
        self.table_door: list[Floats] = []
        self.table_handled: list[list[tuple[int, Indices]]] = []
        self.table_yard: list[tuple[float, float]] = []
        self.stranded: list[int] = []

    def strand(self, members: Indices) -> None:
        """Shipments that no route takes."""
        self.stranded.extend(int(k) for k in members)

    def add_group(self, members: Indices, routes: Sequence[Route], group: str) -> RoadPrice:
        """The lines of shipments with the same doors and cargo on routes of at most one voyage; what their road is."""
        nobody = np.full(len(members), -1)
        if not any(is_unlimited(route) for route in routes):
            self.leave_behind(members)
        road_yuan_per_t, road_wtw_kg_per_t = np.full(len(members), np.inf), np.inf
        for route in routes:
            number = len(self.routes)
            self.routes.append(route)
            if route.planned_at is not None:
                self._add_sailings(members, route, number, group, road_yuan_per_t, road_wtw_kg_per_t)
                continue
            self.wtw_kg_per_t.append(route.wtw_kg_per_t)
            price, door_h, handled = self._services(members, route, group)
            self.parts.append(Part(members, number, -1, nobody, nobody, price, door_h, door_h, handled))
            if is_unlimited(route):
                road_yuan_per_t = np.minimum(road_yuan_per_t, price)
                road_wtw_kg_per_t = min(road_wtw_kg_per_t, route.wtw_kg_per_t)
        return RoadPrice(road_yuan_per_t, road_wtw_kg_per_t)

    def add_change(
        self,
        members: Indices,
        route: Route,
        families: tuple[int, int],
        after: int,
        slots: tuple[Indices, Indices],
        yuan_per_t: Floats,
        wtw_kg_per_t: float,
        yard_h: Floats,
        door_h: Floats,
        hubs: Sequence[tuple[str, Floats]],
        quays: Sequence[tuple[str, Floats]],
    ) -> None:
        """A table and its lines for a route of two voyages, the second ``after`` slots later than the first. ``slots``:
        first and last of each line; ``hubs`` on the way to the yard, ``quays`` from the first berth on."""
        group = self.families[families[0]].cargo_group
        handled, nothing = self._terminal_days(hubs, group), np.zeros(len(members))
        table, number = len(self.table_family), len(self.routes)
        self.parts.append(Part(members, number, table, *slots, yuan_per_t, yard_h, nothing, handled))
        self.routes.append(route)
        self.wtw_kg_per_t.append(wtw_kg_per_t)
        self.table_family.append(families[0])
        self.table_second.append((families[1], after))
        self.table_door.append(door_h)
        self.table_handled.append(self._terminal_days(quays, group))
        yard = self.network.terminals[(self.families[families[0]].origin, group)]
        self.table_yard.append((yard.storage_free_days, yard.storage_yuan_per_t_day))

    def add_table(self, family: int, slot: int, door_h: float, hubs: Sequence[tuple[str, Floats]]) -> int:
        """A table for a family that sails in one slot only, and the hubs from the berth on. Storage is no part of it.
        Returns its number."""
        never = np.full(self.grid.slots, np.inf)
        never[slot] = door_h
        days = self._terminal_days(hubs, self.families[family].cargo_group)
        self.table_family.append(family)
        self.table_second.append((-1, 0))
        self.table_door.append(never)
        self.table_handled.append([(number, np.full(self.grid.slots, day[0])) for number, day in days])
        self.table_yard.append((0.0, 0.0))
        return len(self.table_family) - 1

    def add_lines(
        self,
        members: Indices,
        route: Route,
        table: int,
        slot: int,
        yuan_per_t: Floats,
        wtw_kg_per_t: float,
        yard_h: Floats,
        hubs: Sequence[tuple[str, Floats]],
    ) -> None:
        """Lines of shipments on a route that sails in one slot. ``yuan_per_t`` leaves out what pricing adds: the time
        rate x hours at the door since the plan's midnight, and lateness."""
        handled = self._terminal_days(hubs, self.families[self.table_family[table]].cargo_group)
        when, nothing = np.full(len(members), slot), np.zeros(len(members))
        self.parts.append(Part(members, len(self.routes), table, when, when, yuan_per_t, yard_h, nothing, handled))
        self.routes.append(route)
        self.wtw_kg_per_t.append(wtw_kg_per_t)

    def leave_behind(self, members: Indices) -> None:
        """Let shipments be left behind at the price of a rejection."""
        nobody, never = np.full(len(members), -1), np.full(len(members), np.inf)
        price = np.full(len(members), REJECT_YUAN_PER_T)
        self.parts.append(Part(members, -1, -1, nobody, nobody, price, never, never, []))

    def _services(self, members: Indices, route: Route, group: str) -> tuple[Floats, Floats, list[tuple[int, Indices]]]:
        door_h, hubs = run_legs(route.legs, self.cargo.ready_h[members])
        price = self.route_price(members, route, route.wtw_kg_per_t, 0.0)
        price += self.cargo.time_rate[members] * (door_h - self.cargo.ready_h[members])
        price += self.cargo.late_rate[members] * np.maximum(0.0, door_h - self.cargo.due_h[members])
        return price, door_h, self._terminal_days(hubs, group)

    def _add_sailings(
        self, members: Indices, route: Route, number: int, group: str, road_yuan_per_t: Floats, road_wtw_kg_per_t: float
    ) -> None:
        at = route.planned_at
        assert at is not None
        index = self.family_of(route, at, group)
        family = self.families[index]
        wtw_kg_per_t = self._sailing_wtw_kg_per_t(route, family)
        self.wtw_kg_per_t.append(wtw_kg_per_t)
        useful = self._useful(members, route, family, road_yuan_per_t)
        if self.settings.co2e_cap_t is not None:
            useful |= wtw_kg_per_t < road_wtw_kg_per_t
        chosen = members[useful]
        yard_h, hubs = run_legs(route.legs[: at - 1], self.cargo.ready_h[chosen])
        door_h, hubs_after = run_legs(route.legs[at + 2 :], self.slot_h + family.door_to_door_h)
        first = np.ceil((yard_h - 1e-9) / SLOT_H).astype(np.int64)
        last = np.searchsorted(door_h, self.cargo.due_h[chosen] + MAX_LATE_H, side="right") - 1
        last = np.minimum(last, first + MAX_WAIT_H // SLOT_H)
        handled = self._terminal_days(hubs, group)
        slot_handled = self._terminal_days(
            [
                (family.origin, self.slot_h),
                (family.destination, self.slot_h + family.load_h + family.leg.hours),
                *hubs_after,
            ],
            group,
        )
        if not len(chosen) or not (last >= first).any():
            return
        price = self.route_price(chosen, route, wtw_kg_per_t, family.fuel_kg_per_t * self.energy_yuan(family))
        price -= self.cargo.time_rate[chosen] * self.cargo.ready_h[chosen]
        terminal = self.network.terminals[(route.legs[at].origin, group)]
        self.parts.append(
            Part(chosen, number, len(self.table_family), first, last, price, yard_h, np.zeros(len(chosen)), handled)
        )
        self.table_family.append(index)
        self.table_second.append((-1, 0))
        self.table_door.append(door_h)
        self.table_handled.append(slot_handled)
        self.table_yard.append((terminal.storage_free_days, terminal.storage_yuan_per_t_day))

    def route_price(self, members: Indices, route: Route, wtw_kg_per_t: float, fuel_yuan_per_t: float) -> Floats:
        """Yuan per tonne that do not depend on time."""
        own = route.yuan_per_t + fuel_yuan_per_t + wtw_kg_per_t * self.carbon_yuan_per_kg
        return np.asarray(own + route.loss_rel * self.value[members])

    def _useful(self, members: Indices, route: Route, family: Family, road: Floats) -> Bools:
        """Members for whom the chain at its very best (full ship that must go that way anyway, no waiting) beats their
        road; the road price here includes its own time, lateness and carbon."""
        best_t = float(family.capacity_t.max(initial=0.0))
        if best_t <= 0:
            return np.zeros(len(members), dtype=bool)
        fixed = route.yuan_per_t + self.berth_yuan(family) / best_t + self.fuel_yuan(family) * family.fuel_kg_per_t
        fixed += route.wtw_kg_per_t * self.carbon_yuan_per_kg
        floor = fixed + route.loss_rel * self.value[members] + self.cargo.time_rate[members] * family.door_to_door_h
        return np.asarray(floor < road)

    def berth_yuan(self, family: Family) -> float:
        """The least that a loaded sailing costs above an empty one: days at berths, unless a hired vessel, which is
        paid while it waits away from its base, would have waited as long."""
        vessel = self.network.vessel_classes[family.vessel_class]
        markets = {entry.market for entry in self.network.fleet if entry.vessel_class == family.vessel_class}
        if "spot" in markets:
            return 0.0
        slots = family.slots_taken - empty_slots(family.leg.hours)
        return tariff.day_rate_yuan(vessel, "own") * max(slots, 0) / SLOTS_PER_DAY

    def _sailing_wtw_kg_per_t(self, route: Route, family: Family) -> float:
        """kg CO2e WTW of a tonne on a route, the ship's own running not included."""
        return route.wtw_kg_per_t + self.cargo_wtw_kg_per_t(family)

    def cargo_wtw_kg_per_t(self, family: Family) -> float:
        """kg CO2e WTW of the fuel that a tonne aboard adds."""
        vessel = self.network.vessel_classes[family.vessel_class]
        return fuel_emissions(
            vessel.energy_carrier, "inland_waterway", family.fuel_kg_per_t, self.book.factors, self.book.on
        ).wtw_kg

    def energy_yuan(self, family: Family) -> float:
        """Price of one kg (kWh) of the family's energy carrier, its carbon not included."""
        carrier = self.network.vessel_classes[family.vessel_class].energy_carrier
        return tariff.energy_price_yuan(self.network, carrier)

    def fuel_yuan(self, family: Family) -> float:
        """Money and priced carbon of one kg (kWh) of the family's energy carrier."""
        vessel = self.network.vessel_classes[family.vessel_class]
        return fuel_yuan_per_kg(self.book, vessel.energy_carrier, self.carbon_yuan_per_kg)

    def draft(self, route: Route, at: int, group: str) -> Family:
        """The family of a voyage, whether or not anything will sail with it."""
        leg = route.legs[at]
        key = (leg.origin, leg.destination, leg.vehicle_class, group)
        if key not in self.drafts:
            self.drafts[key] = make_family(route, at, group, self.grid, self.graph, self.moments)
        return self.drafts[key]

    def family_of(self, route: Route, at: int, group: str) -> int:
        """The number of the family of a voyage that something may sail with."""
        family = self.draft(route, at, group)
        key = (family.origin, family.destination, family.vessel_class, group)
        if key not in self.family_index:
            self.family_index[key] = len(self.families)
            self.families.append(family)
        return self.family_index[key]

    def _terminal_days(self, hubs: Sequence[tuple[str, Floats]], group: str) -> list[tuple[int, Indices]]:
        """(terminal, day) of operations that begin at these hours."""
        found = []
        for place, hours in hubs:
            number = self.terminal_index.setdefault((place, group), len(self.terminal_index))
            found.append((number, np.floor(hours / 24 + 1e-9).astype(np.int64)))
        return found

    def finish(self) -> Ways:
        """Join the parts, lines of a shipment together in order of its routes."""
        days = 2 + max((int(day.max(initial=0)) for part in self.parts for _, day in part.handled), default=0)
        days = max([days, *(2 + int(day.max(initial=0)) for table in self.table_handled for _, day in table)])
        owner = _joined([part.shipment for part in self.parts], np.int64)
        order = np.argsort(owner, kind="stable")

        def taken(name: str, kind: type) -> np.ndarray:
            return _joined([getattr(part, name) for part in self.parts], kind)[order]

        def each(name: str) -> Indices:
            parts = [np.full(len(part.shipment), getattr(part, name)) for part in self.parts]
            return np.asarray(_joined(parts, np.int64)[order])

        most = max((len(part.handled) for part in self.parts), default=0)
        handled = np.full((len(owner), most), -1, dtype=np.int64)
        start = 0
        for part in self.parts:
            for place, (terminal, day) in enumerate(part.handled):
                handled[start : start + len(day), place] = terminal * days + day
            start += len(part.shipment)
        lines = Lines(
            shipment=owner[order],
            starts=np.searchsorted(owner[order], np.arange(len(self.shipments) + 1)),
            route=each("route"),
            table=each("table"),
            first=taken("first", np.int64),
            last=taken("last", np.int64),
            yuan_per_t=taken("yuan_per_t", np.float64),
            yard_h=taken("yard_h", np.float64),
            door_h=taken("door_h", np.float64),
            handled=handled[order],
        )
        slots = self.grid.slots
        capacity_t = np.stack([f.capacity_t for f in self.families]) if self.families else np.zeros((0, slots))
        return Ways(
            grid=self.grid,
            shipments=self.shipments,
            routes=tuple(self.routes),
            families=tuple(self.families),
            terminals=tuple(self.terminal_index),
            stranded=tuple(self.stranded),
            cargo=self.cargo,
            lines=lines,
            tables=self._tables(days),
            capacity_t=capacity_t,
            wtw_kg_per_t=np.array([*self.wtw_kg_per_t, 0.0]),
            days=days,
        )

    def _tables(self, days: int) -> Tables:
        count, slots = len(self.table_family), self.grid.slots
        most = max((len(table) for table in self.table_handled), default=0)
        handled = np.full((count, most, slots), -1, dtype=np.int64)
        for number, table in enumerate(self.table_handled):
            for place, (terminal, day) in enumerate(table):
                handled[number, place] = terminal * days + day
        return Tables(
            family=np.array(self.table_family, dtype=np.int64),
            onward=np.array([family for family, _ in self.table_second], dtype=np.int64),
            after=np.array([after for _, after in self.table_second], dtype=np.int64),
            door_h=np.stack(self.table_door) if count else np.zeros((0, slots)),
            handled=handled,
            free_days=np.array([free for free, _ in self.table_yard], dtype=np.float64),
            storage_yuan=np.array([yuan for _, yuan in self.table_yard], dtype=np.float64),
        )


def _joined(parts: Sequence[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate([np.zeros(0, dtype=kind), *parts]).astype(kind)
