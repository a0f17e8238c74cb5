"""Slots and families: when there is time to sail, and what one sailing takes and carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from optimizer.emissions.operations import fuel_emissions
from optimizer.network.graph import NetworkGraph
from optimizer.planning.design import Floats
from optimizer.planning.layout.given import GivenSailing
from optimizer.planning.quote.calendar import Moments, SailingCalendar, slot_at
from optimizer.planning.routing import tariff
from optimizer.planning.routing.route import Route, RouteLeg
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import SLOT_H
from optimizer.quantities import KG_PER_T


@dataclass(frozen=True, slots=True)
class Grid:
    """The slots of a plan: slot s begins ``s * SLOT_H`` hours after ``epoch``."""

    epoch: datetime
    slots: int

    def hour(self, moment: datetime) -> float:
        """Hours from the epoch to a moment."""
        return (moment - self.epoch).total_seconds() / 3600

    def moment(self, hour: float) -> datetime:
        """The moment at an hour of the plan, to the second."""
        return self.epoch + timedelta(seconds=round(hour * 3600))


@dataclass(frozen=True, slots=True)
class Family:
    """All sailings of a class and cargo group from one terminal to another.

    ``load_h`` and ``discharge_h`` are berth times, ``slots_taken`` how long one sailing takes a vessel.
    ``capacity_t`` is an array over slots: what one vessel may load when berthing then, 0 where it must not sail
    (closure, no water, past the horizon). Fuel: ``fuel_empty_kg`` of the ship itself plus ``fuel_kg_per_t`` of what
    it carries. ``given``: the one given sailing that this family stands for, None for voyages of the planner's own."""

    origin: str
    destination: str
    vessel_class: str
    cargo_group: str
    leg: RouteLeg
    load_h: float
    discharge_h: float
    slots_taken: int
    capacity_t: Floats
    fuel_empty_kg: float
    fuel_kg_per_t: float
    given: GivenSailing | None = None

    @property
    def door_to_door_h(self) -> float:
        """From berthing at the origin until discharged at the destination."""
        return self.load_h + self.leg.hours + self.discharge_h


def make_family(route: Route, at: int, group: str, grid: Grid, graph: NetworkGraph, moments: Moments) -> Family:
    """The family of the voyage leg ``at`` of a route. ``moments``: when depths and closures change."""
    leg, load, discharge = route.legs[at], route.legs[at - 1], route.legs[at + 1]
    assert leg.lane is not None
    vessel = graph.network.vessel_classes[leg.vehicle_class]
    taken = int(np.ceil((load.hours + leg.hours + discharge.hours) / SLOT_H - 1e-9))
    capacity = np.zeros(grid.slots)
    # Capacity changes at a few moments only; the calendar looks once between two of them.
    calendar = SailingCalendar(graph, moments, leg, load.hours, discharge.hours)
    epoch = slot_at(grid.epoch)
    last = max(grid.slots - taken, 0)
    changes = [0, *(slot - epoch for slot in calendar.changes(epoch, epoch + last - 1)), last]
    for start, end in pairwise(changes):
        # Whole kilograms, as shipments are: then a full vessel leaves no fraction of one on the quay.
        capacity[start:end] = np.floor(calendar.capacity_t(epoch + start) * KG_PER_T + 1e-6) / KG_PER_T
    empty_kg = vessel.fuel_empty_kg_per_km * leg.distance_km
    per_t = (vessel.fuel_loaded_kg_per_km - vessel.fuel_empty_kg_per_km) * leg.distance_km / vessel.capacity_t
    ends = (leg.origin, leg.destination)
    return Family(*ends, leg.vehicle_class, group, leg, load.hours, discharge.hours, taken, capacity, empty_kg, per_t)


def empty_slots(transit_h: float) -> int:
    """Slots that an empty voyage takes a vessel."""
    return max(1, int(np.ceil(transit_h / SLOT_H - 1e-9)))


def fuel_yuan_per_kg(book: RouteBook, carrier: str, carbon_yuan_per_kg: float) -> float:
    """Price of one kg of a vessel's fuel plus the priced carbon of burning it."""
    burnt = fuel_emissions(carrier, "inland_waterway", 1.0, book.factors, book.on)
    return tariff.energy_price_yuan(book.network, carrier) + burnt.wtw_kg * carbon_yuan_per_kg
