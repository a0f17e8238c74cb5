"""Door-to-door routes: which chains of legs can carry a cargo from one place to another.

A route is a chain of priced legs. At most one of them is a *planned* leg: a voyage of an inland vessel whose sailing,
load and return are the planner's decision. Everything else is a service sold by the tonne (truck, rail, river-sea
ship):

    road            truck from door to door; where a door is an island, river-sea ship to a mainland port and truck
    river           [truck] hub  voyage  hub [truck]
    sea-river       hub  ship  hub  voyage  hub [truck]          and the mirror image river-sea
    rail            [truck] hub  train  hub [truck]
    sea             hub  ship  hub                               between two sea ports

Times of a leg: a truck takes 2 x drayage_loading_h (truck_loading_h on line haul) + driving; a hub takes
berth_overhead_h + vehicle load / berth_t_per_h; a service leaves on a grid of its interval counted from the plan's
midnight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import (
    Intensity,
    hub_operation,
    rail_operation,
    sea_service_operation,
    truck_operation,
)
from optimizer.network.graph import Lane, NetworkGraph, Way
from optimizer.network.model import Cargo, Mode, Network, Terminal, TruckClass, VesselClass
from optimizer.planning import tariff

MAX_TERMINALS_PER_DOOR = 4
"""Terminals within drayage distance that are tried at each door, nearest first."""


@dataclass(frozen=True, slots=True)
class RouteLeg:
    """One element of a chain with everything per tonne. ``hours`` is its processing time, ``interval_h`` the grid on
    which a service leaves (0: whenever the cargo is there). ``loss_rel`` is the share of the cargo's value lost in
    handling, paid beside ``yuan_per_t``. ``lane`` is set on ships; ``planned`` marks the voyage leg, whose price and
    grams follow from the plan and are 0 here except tolls."""

    role: str
    mode: Mode
    origin: str
    destination: str
    vehicle_class: str
    distance_km: float
    hours: float
    interval_h: float
    yuan_per_t: float
    ttw_kg_per_t: float
    wtw_kg_per_t: float
    tier: str
    factor_ids: tuple[str, ...]
    loss_rel: float = 0.0
    planned: bool = False
    lane: Lane | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A chain of legs from door to door. ``kind``: road | river | sea-river | river-sea | rail | sea."""

    kind: str
    legs: tuple[RouteLeg, ...]

    @property
    def planned_at(self) -> int | None:
        """Index of the voyage leg, None for a route of services only."""
        return next((index for index, leg in enumerate(self.legs) if leg.planned), None)

    @property
    def yuan_per_t(self) -> float:
        """Price of the services and hubs of the chain."""
        return sum(leg.yuan_per_t for leg in self.legs)

    @property
    def loss_rel(self) -> float:
        """Share of the cargo's value lost at the chain's hubs."""
        return sum(leg.loss_rel for leg in self.legs)

    @property
    def wtw_kg_per_t(self) -> float:
        """kg CO2e WTW per tonne of the services and hubs of the chain."""
        return sum(leg.wtw_kg_per_t for leg in self.legs)


def finish_h(legs: tuple[RouteLeg, ...], start_h: float) -> float:
    """Run legs one after the other from ``start_h``; services wait for their grid."""
    for leg in legs:
        start_h = begin_h(leg, start_h) + leg.hours
    return start_h


def begin_h(leg: RouteLeg, ready_h: float) -> float:
    """When a leg leaves if its cargo is ready at ``ready_h`` (hours from the plan's midnight)."""
    if leg.interval_h <= 0:
        return ready_h
    # A cargo that is ready a rounding error after the bell still catches it.
    return -(-(ready_h - 1e-9) // leg.interval_h) * leg.interval_h


class RouteBook:
    """All routes of one network at one date, priced once per (origin, destination, cargo) and kept."""

    def __init__(self, network: Network, graph: NetworkGraph, factors: FactorTable, on: date) -> None:
        self.network, self.graph, self.factors, self.on = network, graph, factors, on
        self._kept: dict[tuple[str, str, str], tuple[Route, ...]] = {}
        self._hubs: dict[tuple[str, str], Intensity] = {}
        self._trucks: dict[tuple[str, str], tuple[TruckClass, Intensity]] = {}

    def routes(self, origin: str, destination: str, cargo_code: str) -> tuple[Route, ...]:
        """Every chain of the grammar above, road first; empty when nobody can move it. KeyError for unknown codes."""
        key = (origin, destination, cargo_code)
        if key not in self._kept:
            cargo = self.network.cargo[cargo_code]
            door = _Doors(self, origin, destination, cargo)
            self._kept[key] = (*door.road(), *door.river(), *door.sea_and_river(), *door.rail(), *door.sea())
        return self._kept[key]

    def inland_vessels(self, cargo_group: str) -> list[VesselClass]:
        """Inland classes of the fleet that may carry a cargo group, in table order."""
        return [v for v in self._fleet_vessels if v.waters == "inland" and cargo_group in v.cargo_groups]

    def sea_vessel(self, cargo_group: str) -> VesselClass | None:
        """The river-sea class that sells per-tonne services for a cargo group: the smallest one."""
        fitting = [
            v for v in self.network.vessel_classes.values() if v.waters == "river_sea" and cargo_group in v.cargo_groups
        ]
        return min(fitting, key=lambda v: (v.capacity_t, v.vessel_class), default=None)

    def hub_intensity(self, terminal: Terminal) -> Intensity:
        """Emissions of one handling operation per tonne."""
        key = (terminal.location_id, terminal.cargo_group)
        if key not in self._hubs:
            self._hubs[key] = hub_operation(terminal, self.factors, self.on)
        return self._hubs[key]

    def truck(self, use: str, cargo_group: str) -> tuple[TruckClass, Intensity]:
        """The truck class of a use that carries a cargo group (first in table order), with its intensity per tkm."""
        key = (use, cargo_group)
        if key not in self._trucks:
            trucks = [t for t in self.network.truck_classes.values() if t.use == use and cargo_group in t.cargo_groups]
            if not trucks:
                raise KeyError(f"no {use} truck carries {cargo_group}")
            self._trucks[key] = (trucks[0], truck_operation(trucks[0], self.factors, self.on))
        return self._trucks[key]

    @cached_property
    def rail_intensity(self) -> Intensity:
        """Emissions of rail per tkm."""
        return rail_operation(self.factors, self.on)

    @cached_property
    def _fleet_vessels(self) -> list[VesselClass]:
        in_fleet = {entry.vessel_class for entry in self.network.fleet}
        return [v for code, v in self.network.vessel_classes.items() if code in in_fleet]


class _Doors:
    """Builds the routes between one pair of doors for one cargo."""

    def __init__(self, book: RouteBook, origin: str, destination: str, cargo: Cargo) -> None:
        self.book, self.network, self.graph = book, book.network, book.graph
        self.origin, self.destination, self.cargo = origin, destination, cargo
        self.group = cargo.cargo_group

    def road(self) -> Iterator[Route]:
        way = self.graph.road(self.origin, self.destination)
        if way is not None:
            yield Route("road", (self.truck_leg("main", self.origin, self.destination, way),))
            return
        # An island has no road: its baseline is the river-sea ship to a mainland port and a truck from there.
        chains: list[Route] = []
        for port in self.sea_ports():
            way_out, way_in = self.graph.road(port, self.destination), self.graph.road(self.origin, port)
            ship_out, ship_in = self.sea_leg(self.origin, port), self.sea_leg(port, self.destination)
            if way_out is not None and ship_out is not None:
                legs = [self.hub_leg(self.origin), ship_out, self.hub_leg(port)]
                legs.append(self.truck_leg("main", port, self.destination, way_out))
                chains.append(Route("road", tuple(legs)))
            if way_in is not None and ship_in is not None:
                legs = [self.truck_leg("main", self.origin, port, way_in), self.hub_leg(port), ship_in]
                legs.append(self.hub_leg(self.destination))
                chains.append(Route("road", tuple(legs)))
        if chains:
            yield min(chains, key=lambda route: (route.yuan_per_t, route.legs[0].destination))

    def river(self) -> Iterator[Route]:
        for start, before in self.doors(self.origin, "pre"):
            for end, after in self.doors(self.destination, "post"):
                for voyage in self.voyage_legs(start, end):
                    yield Route(
                        "river", (*before, self.load_hub(start, voyage), voyage, self.load_hub(end, voyage), *after)
                    )

    def sea_and_river(self) -> Iterator[Route]:
        for port in self.sea_ports():
            inbound, outbound = self.sea_leg(self.origin, port), self.sea_leg(port, self.destination)
            if inbound is not None:
                for end, after in self.doors(self.destination, "post"):
                    for voyage in self.voyage_legs(port, end):
                        hubs = self.load_hub(port, voyage), self.load_hub(end, voyage)
                        legs = (self.hub_leg(self.origin), inbound, hubs[0], voyage, hubs[1], *after)
                        yield Route("sea-river", legs)
            if outbound is not None:
                for start, before in self.doors(self.origin, "pre"):
                    for voyage in self.voyage_legs(start, port):
                        hubs = self.load_hub(start, voyage), self.load_hub(port, voyage)
                        legs = (*before, hubs[0], voyage, hubs[1], outbound, self.hub_leg(self.destination))
                        yield Route("river-sea", legs)

    def rail(self) -> Iterator[Route]:
        places = set(self.graph.rail_places())
        for start, before in self.doors(self.origin, "pre"):
            for end, after in self.doors(self.destination, "post"):
                if start in places and end in places:
                    way = self.graph.rail(start, end)
                    if way is not None:
                        legs = (self.hub_leg(start), self.rail_leg(start, end, way), self.hub_leg(end))
                        yield Route("rail", (*before, *legs, *after))

    def sea(self) -> Iterator[Route]:
        ship = self.sea_leg(self.origin, self.destination)
        if ship is not None:
            yield Route("sea", (self.hub_leg(self.origin), ship, self.hub_leg(self.destination)))

    def doors(self, place: str, role: str) -> list[tuple[str, tuple[RouteLeg, ...]]]:
        """Terminals from which a door is served: itself without a leg, others in drayage distance by truck."""
        found: list[tuple[float, str, tuple[RouteLeg, ...]]] = []
        for location_id, group in self.network.terminals:
            if group != self.group:
                continue
            if location_id == place:
                found.append((0.0, location_id, ()))
                continue
            way = self.graph.road(place, location_id)
            if way is None or way.distance_km > self.network.value("drayage_max_km"):
                continue
            ends = (place, location_id) if role == "pre" else (location_id, place)
            found.append((way.distance_km, location_id, (self.drayage_leg(role, *ends, way),)))
        found.sort(key=lambda item: item[:2])
        return [(location_id, legs) for _, location_id, legs in found[:MAX_TERMINALS_PER_DOOR]]

    def sea_ports(self) -> list[str]:
        """Ports where this cargo may change between a river-sea ship and anything else."""
        return sorted(
            place
            for place, group in self.network.terminals
            if group == self.group
            and self.network.locations[place].kind in ("sea_port", "river_port")
            and place not in (self.origin, self.destination)
        )

    def voyage_legs(self, start: str, end: str) -> Iterator[RouteLeg]:
        limit_t = min(self.terminal(start).max_vessel_dwt_t, self.terminal(end).max_vessel_dwt_t)
        for vessel in self.book.inland_vessels(self.group):
            lane = self.graph.lane(start, end, vessel.vessel_class)
            if lane is None or vessel.capacity_t > limit_t:
                continue
            yield RouteLeg(
                role="main",
                mode=Mode.INLAND_WATERWAY,
                origin=start,
                destination=end,
                vehicle_class=vessel.vessel_class,
                distance_km=lane.distance_km,
                hours=lane.transit_h,
                interval_h=0.0,
                yuan_per_t=lane.toll_yuan_per_t,
                ttw_kg_per_t=0.0,
                wtw_kg_per_t=0.0,
                tier="modelled",
                factor_ids=(),
                planned=True,
                lane=lane,
            )

    def truck_leg(self, role: str, start: str, end: str, way: Way) -> RouteLeg:
        truck, intensity = self.book.truck("line_haul", self.group)
        hours = 2 * self.network.value("truck_loading_h") + way.hours
        price = tariff.haul_yuan_per_t(self.network, way)
        return _leg(role, Mode.ROAD, start, end, truck.truck_class, way.distance_km, hours, 0.0, price, intensity)

    def drayage_leg(self, role: str, start: str, end: str, way: Way) -> RouteLeg:
        truck, intensity = self.book.truck("drayage", self.group)
        hours = 2 * self.network.value("drayage_loading_h") + way.hours
        price = tariff.drayage_yuan_per_t(self.network, way)
        return _leg(role, Mode.ROAD, start, end, truck.truck_class, way.distance_km, hours, 0.0, price, intensity)

    def sea_leg(self, start: str, end: str) -> RouteLeg | None:
        vessel = self.book.sea_vessel(self.group)
        if (
            vessel is None
            or start == end
            or not all((place, self.group) in self.network.terminals for place in (start, end))
        ):
            return None
        # A ship that need not touch salt water is an inland voyage, not this service.
        lane = self.graph.lane(start, end, vessel.vessel_class)
        if lane is None or not any(self.network.links[s.link_id].mode is Mode.SEA for s in lane.stretches):
            return None
        if vessel.capacity_t > min(self.terminal(start).max_vessel_dwt_t, self.terminal(end).max_vessel_dwt_t):
            return None
        price = tariff.carriage_yuan_per_t(tariff.service_tariff(self.network, Mode.SEA, "river_sea"), lane.distance_km)
        intensity = sea_service_operation(
            vessel,
            self.network.value("sea_load_factor"),
            self.network.value("sea_empty_share"),
            self.book.factors,
            self.book.on,
        )
        interval_h = self.network.value("sea_service_interval_h")
        leg = _leg(
            "main",
            Mode.SEA,
            start,
            end,
            vessel.vessel_class,
            lane.distance_km,
            lane.transit_h,
            interval_h,
            price,
            intensity,
        )
        return replace(leg, lane=lane)

    def rail_leg(self, start: str, end: str, way: Way) -> RouteLeg:
        row = tariff.service_tariff(self.network, Mode.RAIL, self.cargo.rail_service)
        price = tariff.carriage_yuan_per_t(row, way.distance_km)
        interval_h = self.network.value("rail_service_interval_h")
        intensity = self.book.rail_intensity
        return _leg("main", Mode.RAIL, start, end, "", way.distance_km, way.hours, interval_h, price, intensity)

    def hub_leg(self, place: str) -> RouteLeg:
        """One operation between yard and a service ship, train or truck."""
        terminal = self.terminal(place)
        vessel = self.book.sea_vessel(self.group)
        rail = self.network.locations[place].kind in ("rail_yard", "dry_port")
        load_t = self.network.value("rail_train_t") if rail or vessel is None else vessel.capacity_t
        return self._hub(terminal, load_t)

    def load_hub(self, place: str, voyage: RouteLeg) -> RouteLeg:
        """Loading or discharging a planned voyage: the time is that of a full vessel."""
        vessel = self.network.vessel_classes[voyage.vehicle_class]
        return self._hub(self.terminal(place), vessel.capacity_t)

    def _hub(self, terminal: Terminal, load_t: float) -> RouteLeg:
        hours = hub_hours(self.network, terminal, load_t)
        price = tariff.transfer_yuan_per_t(self.network, terminal)
        place, intensity = terminal.location_id, self.book.hub_intensity(terminal)
        return RouteLeg(
            role="hub",
            mode=Mode.HUB,
            origin=place,
            destination=place,
            vehicle_class="",
            distance_km=0.0,
            hours=hours,
            interval_h=0.0,
            yuan_per_t=price,
            ttw_kg_per_t=intensity.ttw_kg,
            wtw_kg_per_t=intensity.ttw_kg + intensity.wtt_kg,
            tier=str(intensity.tier),
            factor_ids=tuple(intensity.factor_ids),
            loss_rel=self.cargo.handling_loss_rel,
        )

    def terminal(self, place: str) -> Terminal:
        return self.network.terminals[(place, self.group)]


def hub_hours(network: Network, terminal: Terminal, load_t: float) -> float:
    """Time of one handling operation of a vehicle load: berth_overhead_h + load / rate of one berth."""
    return network.value("berth_overhead_h") + load_t / terminal.berth_t_per_h


def _leg(
    role: str,
    mode: Mode,
    start: str,
    end: str,
    vehicle_class: str,
    distance_km: float,
    hours: float,
    interval_h: float,
    yuan_per_t: float,
    intensity: Intensity,
) -> RouteLeg:
    """A service leg: grams per tonne are intensity per tkm x km."""
    return RouteLeg(
        role=role,
        mode=mode,
        origin=start,
        destination=end,
        vehicle_class=vehicle_class,
        distance_km=distance_km,
        hours=hours,
        interval_h=interval_h,
        yuan_per_t=yuan_per_t,
        ttw_kg_per_t=intensity.ttw_kg * distance_km,
        wtw_kg_per_t=(intensity.ttw_kg + intensity.wtt_kg) * distance_km,
        tier=str(intensity.tier),
        factor_ids=tuple(intensity.factor_ids),
    )
