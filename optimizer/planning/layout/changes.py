"""Lines of cargo that changes ships: two planned voyages in one route (``transshipment`` finds the routes).

Each voyage is a family like any other, with its own hulls, water and lockages; the cargo is handled at both ends of
both. The second vessel berths in any slot from the first one after the cargo is ashore to :data:`MAX_CHANGE_H` later;
beyond its free days the yard between charges for the wait, as the one before the first voyage does. Each length of the
wait is a table and a line of its own (see ``ways``).

A change is no way of a plan unless it can pay by itself: in full ships that come back empty, a tonne must cost less
than on the shipment's cheapest way with one voyage, each where the water is kindest to the change (deepest for its
ships, shallowest for the one ship). Where the small class sails through at less, two more operations are money thrown
away, and tens of thousands of such lines would be written down to prove it. Under a cap on CO2e it may emit less
instead. Bounds are bounds of plans with these ways. The yardstick does not see that small vessels are scarce, so what
makes the one ship cheaper (deeper water, a cheaper market) can take a change out of the plan's ways, and such a plan
may then cost more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.families import Family
from optimizer.planning.layout.full_ships import Trip, round_trip_wtw_kg_per_t, round_trip_yuan_per_t, trip_of
from optimizer.planning.layout.way_maker import RoadPrice, WayMaker
from optimizer.planning.layout.ways import run_legs
from optimizer.planning.routing.route import Route
from optimizer.planning.settings import MAX_CHANGE_H, MAX_LATE_H, MAX_WAIT_H, SLOT_H


def add_changes(
    maker: WayMaker, members: Indices, through: Sequence[Route], changes: Sequence[Route], group: str, road: RoadPrice
) -> None:
    """Add the lines of ``members`` (shipments with the same doors and cargo) on routes of two voyages. ``through``: the
    routes of one voyage that they are held against."""
    if changes:
        _Changes(maker, members, group, road).add(through, changes)


class _Changes:
    def __init__(self, maker: WayMaker, members: Indices, group: str, road: RoadPrice) -> None:
        self.maker, self.members, self.group, self.road = maker, members, group, road
        self.carbon = maker.carbon_yuan_per_kg
        self.time_rate, self.value = maker.cargo.time_rate[members], maker.value[members]
        self.trips: dict[int, Trip] = {}

    def add(self, through: Sequence[Route], changes: Sequence[Route]) -> None:
        """Routes one after the other, those that may pay: at one price of carbon, or under a cap, which raises it, at
        some higher one."""
        capped, book = self.maker.settings.co2e_cap_t is not None, self.maker.book
        singles: list[tuple[Floats, float]] = []
        for route in through:
            families = [self.maker.draft(route, at, self.group) for at in route.voyages]
            wtw_kg = round_trip_wtw_kg_per_t(route, families, book, best=False) if capped else -np.inf
            singles.append((self._round_trip(route, families, best=False), wtw_kg))
        for route in changes:
            families = [self.maker.draft(route, at, self.group) for at in route.voyages]
            yuan = self._round_trip(route, families, best=True)
            wtw_kg = round_trip_wtw_kg_per_t(route, families, book, best=True) if capped else 0.0
            pays = self._at_best(route, families) < self.road.yuan_per_t
            if capped:
                pays |= self._wtw_kg_per_t(route, families) < self.road.wtw_kg_per_t
            for other_yuan, other_kg in singles:
                pays &= (yuan < other_yuan) | (wtw_kg < other_kg)
            if pays.any():
                self._add_route(self.members[pays], route, families)

    def _round_trip(self, route: Route, families: Sequence[Family], *, best: bool) -> Floats:
        trips = [self._trip(family) for family in families]
        hours = sum(family.door_to_door_h for family in families)
        own = round_trip_yuan_per_t(route, trips, self.carbon, best=best)
        return np.asarray(own + route.loss_rel * self.value + self.time_rate * hours)

    def _trip(self, family: Family) -> Trip:
        if id(family) not in self.trips:
            self.trips[id(family)] = trip_of(family, self.maker.book, self.carbon)
        return self.trips[id(family)]

    def _at_best(self, route: Route, families: Sequence[Family]) -> Floats:
        """The least that the route can cost: full ships that must go that way anyway, and no waiting (as ``WayMaker``
        has it for one voyage)."""
        fixed = route.yuan_per_t + route.wtw_kg_per_t * self.carbon
        for family in families:
            best_t = float(family.capacity_t.max(initial=0.0))
            if best_t <= 0:
                return np.full(len(self.members), np.inf)
            fixed += self.maker.berth_yuan(family) / best_t + self.maker.fuel_yuan(family) * family.fuel_kg_per_t
        hours = sum(family.door_to_door_h for family in families)
        return np.asarray(fixed + route.loss_rel * self.value + self.time_rate * hours)

    def _wtw_kg_per_t(self, route: Route, families: Sequence[Family]) -> float:
        """kg CO2e WTW of a tonne, the ships' own running not included."""
        return route.wtw_kg_per_t + sum(self.maker.cargo_wtw_kg_per_t(family) for family in families)

    def _add_route(self, members: Indices, route: Route, families: Sequence[Family]) -> None:
        """The lines of a route: one for each member and length of the wait at the port between."""
        maker, (one, two) = self.maker, families
        first_at, second_at = route.voyages
        yard_h, hubs = run_legs(route.legs[: first_at - 1], maker.cargo.ready_h[members])
        first = np.ceil((yard_h - 1e-9) / SLOT_H).astype(np.int64)
        wtw_kg_per_t = self._wtw_kg_per_t(route, families)
        fuel_yuan = sum(family.fuel_kg_per_t * maker.energy_yuan(family) for family in families)
        price = maker.route_price(members, route, wtw_kg_per_t, fuel_yuan)
        price -= maker.cargo.time_rate[members] * maker.cargo.ready_h[members]
        soonest = int(np.ceil((one.door_to_door_h - 1e-9) / SLOT_H))
        port = maker.network.terminals[(route.legs[second_at].origin, self.group)]
        for after in range(soonest, soonest + MAX_CHANGE_H // SLOT_H + 1):
            door_h, hubs_after = run_legs(
                route.legs[second_at + 2 :], maker.slot_h + after * SLOT_H + two.door_to_door_h
            )
            last = np.searchsorted(door_h, maker.cargo.due_h[members] + MAX_LATE_H, side="right") - 1
            last = np.minimum(last, first + MAX_WAIT_H // SLOT_H)
            last = np.minimum(last, maker.grid.slots - 1 - after)
            stays = last >= first
            if not stays.any():
                continue
            waited_d = (after * SLOT_H - one.door_to_door_h) / 24
            stored = max(0.0, waited_d - port.storage_free_days) * port.storage_yuan_per_t_day
            quays = _quays(families, maker.slot_h, after * float(SLOT_H))
            numbers = maker.family_of(route, first_at, self.group), maker.family_of(route, second_at, self.group)
            maker.add_change(
                members[stays],
                route,
                numbers,
                after,
                (first[stays], last[stays]),
                price[stays] + stored,
                wtw_kg_per_t,
                yard_h[stays],
                door_h,
                [(place, hours[stays]) for place, hours in hubs],
                [*quays, *hubs_after],
            )


def _quays(families: Sequence[Family], slot_h: Floats, after_h: float) -> list[tuple[str, Floats]]:
    """Where and when the cargo is handled, for each slot of the first berthing: the ends of both voyages."""
    found = []
    for family, later_h in zip(families, (0.0, after_h), strict=True):
        found.append((family.origin, slot_h + later_h))
        found.append((family.destination, slot_h + later_h + family.load_h + family.leg.hours))
    return found
