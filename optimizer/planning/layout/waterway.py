"""What a shipment could do by water, apart from what the plan decided: its routes, the least they cost, the earliest
they arrive, and, where there is none, what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from optimizer.errors import Message
from optimizer.network.model import Network
from optimizer.planning.layout.families import Family, make_family
from optimizer.planning.layout.full_ships import Trip, trip_of
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.planning.plan import Reason
from optimizer.planning.quote.calendar import moments_of_change
from optimizer.planning.routing import tariff
from optimizer.planning.routing.route import Route, finish_h
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import SLOT_H

NAMED_GOODS = 3
"""A cargo group is named by at most this many of its goods."""


@dataclass(frozen=True, slots=True)
class WaterRoute:
    """A route with one voyage or two and what it costs in money and priced carbon, without the cargo's own value and
    time. ``tonne_yuan`` is paid per tonne: services, hubs, tolls and the fuel that the load itself burns; ``trips`` are
    those of its ships, one for each family."""

    route: Route
    families: tuple[Family, ...]
    tonne_yuan: float
    trips: tuple[Trip, ...]

    @property
    def most_t(self) -> float:
        """What every ship of the route takes at best (0: one of them never sails)."""
        return min(trip.most_t for trip in self.trips)


@dataclass(frozen=True, slots=True)
class WaterPrice:
    """What a tonne of one shipment weighs in the plan by one route, yuan: in a full vessel one way, and with its empty
    way back; ``least_t`` is the load from which a round trip beats a price by road (inf: never)."""

    one_way_yuan_per_t: float
    round_trip_yuan_per_t: float
    least_t: float


class WaterWays:
    """Answers for the shipments of one time-space; what depends on doors and cargo only is kept."""

    def __init__(
        self, space: TimeSpace, book: RouteBook, carbon_yuan_per_kg: float, *, own_voyages: bool = True
    ) -> None:
        self.own_voyages = own_voyages
        self.space, self.book, self.network, self.carbon = space, book, book.network, carbon_yuan_per_kg
        self._families = {
            (f.origin, f.destination, f.vessel_class, f.cargo_group): f for f in space.families if f.given is None
        }
        self._changes = {id(route) for route in space.routes if len(route.voyages) > 1}
        self._open: dict[int, np.ndarray] = {}
        self._kept: dict[tuple[str, str, str], list[WaterRoute]] = {}

    def routes(self, k: int) -> list[WaterRoute]:
        """Routes of a shipment that have planned voyages: those of one, and those of two that may pay, or all of these
        where nothing else goes by water."""
        shipment = self.space.shipments[k]
        key = (shipment.origin, shipment.destination, shipment.cargo_code)
        if key not in self._kept:
            through = [route for route in self.book.routes(*key) if _voyage(route)]
            changes = [route for route in self.book.transshipped(*key) if id(route) in self._changes or not through]
            routes = [*through, *changes] if self.own_voyages else []
            self._kept[key] = [self._water_route(route, key[2]) for route in routes]
        return self._kept[key]

    def price(self, k: int, water: WaterRoute, road_yuan_per_t: float) -> WaterPrice:
        """What a route would cost a shipment per tonne, its value and time included, beside the road's price."""
        value = self.space.shipments[k].cargo_value_yuan_per_t
        tonne = water.tonne_yuan + water.route.loss_rel * value
        hours = sum(family.door_to_door_h for family in water.families)
        tonne += tariff.time_yuan_per_t_h(self.network, value) * hours
        if water.most_t <= 0:
            return WaterPrice(inf, inf, inf)
        one_way = tonne + sum(trip.there_yuan / trip.most_t for trip in water.trips)
        round_trip = one_way + sum(trip.back_yuan / trip.most_t for trip in water.trips)
        trip_yuan = sum(trip.there_yuan + trip.back_yuan for trip in water.trips)
        least_t = trip_yuan / (road_yuan_per_t - tonne) if road_yuan_per_t > tonne else inf
        return WaterPrice(one_way, round_trip, least_t)

    def earliest_h(self, k: int, water: WaterRoute) -> float | None:
        """The first hour of the plan at which a route can be at the door, None when no sailing is open."""
        hour, begin = self.space.grid.hour(self.space.shipments[k].ready_at), 0
        for at, family in zip(water.route.voyages, water.families, strict=True):
            yard_h = finish_h(water.route.legs[begin : at - 1], hour)
            open_slots = self._open.setdefault(id(family), np.flatnonzero(family.capacity_t > 0))
            place = int(np.searchsorted(open_slots, np.ceil((yard_h - 1e-9) / SLOT_H)))
            if place == len(open_slots):
                return None
            hour, begin = float(open_slots[place]) * SLOT_H + family.door_to_door_h, at + 2
        return finish_h(water.route.legs[begin:], hour)

    def named(self, water: WaterRoute) -> Message:
        """``800 t vessel QJ - ZP``; two with a word between."""
        each = [self._named(family) for family in water.families]
        return Message("转".join(name.zh for name in each), " then ".join(name.en for name in each))

    def _named(self, family: Family) -> Message:
        vessel, places = self.network.vessel_classes[family.vessel_class], self.network.locations
        start, end = places[family.origin], places[family.destination]
        return Message(
            f"{vessel.name_zh} {start.name_zh}—{end.name_zh}", f"{vessel.name_en}, {start.name_en} to {end.name_en}"
        )

    def missing(self, k: int) -> Reason:
        """What is missing where there is no route with a voyage: vessels, a terminal near a door, or a passable way."""
        shipment = self.space.shipments[k]
        group = self.network.cargo[shipment.cargo_code].cargo_group
        goods = goods_of_group(self.network, group)
        if not self.book.inland_vessels(group):
            return Reason(
                f"船队中没有可装运{goods.zh}的内河船。",
                f"No inland vessel of the fleet may carry {goods.en}.",
                "no_vessel_for_cargo",
                lacks="way",
            )
        limit_km = self.network.value("drayage_max_km")
        for end in (shipment.origin, shipment.destination):
            nearest = self._nearest_terminal(end, group)
            if nearest is None or nearest[0] > limit_km:
                place, far = self.network.locations[end], _far(self.network, nearest)
                return Reason(
                    f"{place.name_zh}周围 {limit_km:,.0f} 公里内没有可装卸{goods.zh}的码头{far.zh}。",
                    f"No terminal within {limit_km:,.0f} km of {place.name_en} handles {goods.en}{far.en}.",
                    "no_terminal_near",
                    lacks="way",
                )
        return Reason(
            "两端码头之间没有船队可用船型能通过的航道（船闸、桥高、航道等级或码头靠泊限制）。",
            "No vessel class of the fleet can pass between the terminals at both ends (locks, bridges, waterway class"
            " or berths).",
            "no_waterway",
            lacks="way",
        )

    def _nearest_terminal(self, place: str, group: str) -> tuple[float, str] | None:
        """(km by road, place) of the nearest terminal for a cargo group, itself at 0 km."""
        found = []
        for location_id, handled in self.network.terminals:
            if handled == group:
                way = self.book.graph.road(place, location_id)
                if location_id == place or way is not None:
                    found.append((0.0 if way is None else way.distance_km, location_id))
        return min(found, default=None)

    def _water_route(self, route: Route, cargo_code: str) -> WaterRoute:
        group = self.network.cargo[cargo_code].cargo_group
        families = tuple(self._family(route, at, group) for at in route.voyages)
        trips = tuple(trip_of(family, self.book, self.carbon) for family in families)
        tonne_yuan = route.yuan_per_t + route.wtw_kg_per_t * self.carbon + sum(trip.tonne_yuan for trip in trips)
        return WaterRoute(route, families, tonne_yuan, trips)

    def _family(self, route: Route, at: int, group: str) -> Family:
        """The family of a voyage; one that cannot pay is in no plan, but it can be said what it would cost."""
        leg = route.legs[at]
        key = (leg.origin, leg.destination, leg.vehicle_class, group)
        if key not in self._families:
            moments = moments_of_change(self.network)
            self._families[key] = make_family(route, at, group, self.space.grid, self.book.graph, moments)
        return self._families[key]


def goods_of_group(network: Network, group: str) -> Message:
    """A cargo group by the names of its goods: ``coal, coke``."""
    members = [cargo for cargo in network.cargo.values() if cargo.cargo_group == group]
    zh = "、".join(cargo.name_zh for cargo in members[:NAMED_GOODS])
    en = ", ".join(cargo.name_en.lower() for cargo in members[:NAMED_GOODS])
    more = len(members) > NAMED_GOODS
    return Message(f"{zh}等" if more else zh, f"{en} and the like" if more else en)


def _voyage(route: Route) -> bool:
    return route.planned_at is not None


def _far(network: Network, nearest: tuple[float, str] | None) -> Message:
    if nearest is None:
        return Message("", "")
    place = network.locations[nearest[1]]
    return Message(
        f"（最近的 {place.name_zh} 相距 {nearest[0]:,.0f} 公里）",
        f" (the nearest, {place.name_en}, is {nearest[0]:,.0f} km away)",
    )
