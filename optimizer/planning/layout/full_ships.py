"""What a tonne costs and emits in full ships that come back empty: the yardstick by which ways are held side by side
before anything is planned, and by which a shipment that stays on the road is told why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from optimizer.emissions.operations import fuel_emissions
from optimizer.network.model import VesselClass
from optimizer.planning.layout.families import Family, fuel_yuan_per_kg
from optimizer.planning.routing import tariff
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import SLOT_H, SLOTS_PER_DAY


@dataclass(frozen=True, slots=True)
class Trip:
    """One loaded voyage and its way back: ``tonne_yuan`` is the fuel that the load itself burns, a tonne;
    ``there_yuan`` and ``back_yuan`` the vessel's days and own fuel on the cheapest market, loaded there and empty back;
    ``most_t`` what it loads at best, ``least_t`` where it loads least (0: it never sails). Fuel counts with its priced
    carbon."""

    tonne_yuan: float
    there_yuan: float
    back_yuan: float
    most_t: float
    least_t: float


def trip_of(family: Family, book: RouteBook, carbon_yuan_per_kg: float) -> Trip:
    """The trip of a family. Without a way back the vessel has another round, and nothing is counted for it."""
    vessel = book.network.vessel_classes[family.vessel_class]
    fuel_yuan = fuel_yuan_per_kg(book, vessel.energy_carrier, carbon_yuan_per_kg)
    lane = book.graph.lane(family.destination, family.origin, vessel.vessel_class)
    back_yuan = 0.0
    if lane is not None:
        slots = max(1, ceil(lane.transit_h / SLOT_H - 1e-9))
        back_yuan = _slots_yuan(book, vessel, slots) + fuel_yuan * vessel.fuel_empty_kg_per_km * lane.distance_km
    there_yuan = _slots_yuan(book, vessel, family.slots_taken) + fuel_yuan * family.fuel_empty_kg
    open_t = family.capacity_t[family.capacity_t > 0]
    return Trip(
        fuel_yuan * family.fuel_kg_per_t,
        there_yuan,
        back_yuan,
        float(open_t.max(initial=0.0)),
        float(open_t.min()) if len(open_t) else 0.0,
    )


def _slots_yuan(book: RouteBook, vessel: VesselClass, slots: int) -> float:
    markets = {entry.market for entry in book.network.fleet if entry.vessel_class == vessel.vessel_class}
    return min(tariff.day_rate_yuan(vessel, market) for market in markets) * slots / SLOTS_PER_DAY


def round_trip_yuan_per_t(route: Route, trips: Sequence[Trip], carbon_yuan_per_kg: float, *, best: bool) -> float:
    """A tonne on a route in full ships there and empty back, the cargo's own value and time apart; ``best``: at the
    deepest water of the plan, else at the shallowest in which the ships sail. inf where some ship never sails."""
    yuan = route.yuan_per_t + route.wtw_kg_per_t * carbon_yuan_per_kg
    for trip in trips:
        load_t = trip.most_t if best else trip.least_t
        yuan += trip.tonne_yuan + (trip.there_yuan + trip.back_yuan) / load_t if load_t > 0 else inf
    return yuan


def round_trip_wtw_kg_per_t(route: Route, families: Sequence[Family], book: RouteBook, *, best: bool) -> float:
    """kg CO2e WTW of a tonne in the same ships."""
    kg = route.wtw_kg_per_t
    for family in families:
        vessel = book.network.vessel_classes[family.vessel_class]
        open_t = family.capacity_t[family.capacity_t > 0]
        if not len(open_t):
            return inf
        load_t = float(np.max(open_t) if best else np.min(open_t))
        fuel_kg = family.fuel_kg_per_t + 2 * family.fuel_empty_kg / load_t
        kg += fuel_emissions(vessel.energy_carrier, "inland_waterway", fuel_kg, book.factors, book.on).wtw_kg
    return kg
