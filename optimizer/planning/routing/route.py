"""A route: a chain of priced legs from door to door.

Times of a leg: a truck takes 2 x drayage_loading_h (truck_loading_h on line haul) + driving; a hub takes
berth_overhead_h + vehicle load / berth_t_per_h; a service leaves on a grid of its interval counted from the plan's
midnight.
"""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.emissions.operations import Intensity
from optimizer.network.graph import Lane
from optimizer.network.model import Mode, Network, Terminal


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
    """A chain of legs from door to door. ``kind``: road | river | sea-river | river-sea | rail | sea | sea-rail |
    rail-sea | river-rail | rail-river, and river-river (see ``transshipment``)."""

    kind: str
    legs: tuple[RouteLeg, ...]

    @property
    def planned_at(self) -> int | None:
        """Index of the (first) voyage leg, None for a route of services only."""
        return next((index for index, leg in enumerate(self.legs) if leg.planned), None)

    @property
    def voyages(self) -> tuple[int, ...]:
        """Indices of all planned legs."""
        return tuple(index for index, leg in enumerate(self.legs) if leg.planned)

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


def hub_hours(network: Network, terminal: Terminal, load_t: float) -> float:
    """Time of one handling operation of a vehicle load: berth_overhead_h + load / rate of one berth."""
    return network.value("berth_overhead_h") + load_t / terminal.berth_t_per_h


def service_leg(
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
