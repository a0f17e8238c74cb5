"""What a voyage costs a shipment when nothing is known of its other cargo.

    vessels n     = ceil(mass / what one may load at that water)
    load per ship = max(mass / n, voyage_load_factor x what one may load)       the rest of the hold is taken as sold
    voyage yuan   = day rate x days taken + fuel(load) x price
                  + e / (1 - e) x (day rate x days of an empty passage + empty fuel x price)
    per tonne     = voyage yuan / load + tolls

with e = vessel_empty_share, days in whole slots as the planner takes them, the own fleet's rate (the charter rate for a
class that is only hired). Fuel and grams are those of ``emissions.operations.vessel_operation`` with that load and e.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from optimizer.emissions.operations import Intensity, vessel_operation
from optimizer.network.model import Network, VesselClass
from optimizer.planning.routing import tariff
from optimizer.planning.routing.route import RouteLeg
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import SLOT_H, SLOTS_PER_DAY

WHOLE = 1e-9
"""A shipment that exceeds a number of full holds by less than this share is taken to fit them."""


@dataclass(frozen=True, slots=True)
class VoyagePrice:
    """Yuan and kg CO2e WTW of a voyage per tonne aboard, as functions of the load: fixed / load + per tonne."""

    fixed_yuan: float
    yuan_per_t: float
    fixed_wtw_kg: float
    wtw_kg_per_t: float

    def cost_yuan_per_t(self, load_t: float) -> float:
        """Money per tonne, tolls not included."""
        return self.fixed_yuan / load_t + self.yuan_per_t


def voyage_price(book: RouteBook, legs: Sequence[RouteLeg], at: int) -> VoyagePrice:
    """The price of the voyage ``legs[at]`` between its hubs. Raises FactorError for a class without a fuel model."""
    network, leg = book.network, legs[at]
    vessel = network.vessel_classes[leg.vehicle_class]
    day_rate = tariff.day_rate_yuan(vessel, market(network, leg.vehicle_class))
    fuel_yuan = tariff.energy_price_yuan(network, vessel.energy_carrier)
    empty_share = network.value("vessel_empty_share")
    returns = empty_share / (1 - empty_share)
    taken_d = _days(legs[at - 1].hours + leg.hours + legs[at + 1].hours)
    empty_fuel_kg = vessel.fuel_empty_kg_per_km * leg.distance_km
    fixed_yuan = day_rate * (taken_d + returns * _days(leg.hours)) + (1 + returns) * empty_fuel_kg * fuel_yuan
    slope = (vessel.fuel_loaded_kg_per_km - vessel.fuel_empty_kg_per_km) * leg.distance_km / vessel.capacity_t
    # Grams per tonne are c / load + d as well; two loads tell c and d.
    full_t, half_t = vessel.capacity_t, vessel.capacity_t / 2
    full, half = (voyage_intensity(book, vessel, t).wtw_kg * leg.distance_km for t in (full_t, half_t))
    fixed_wtw_kg = (half - full) * full_t
    return VoyagePrice(fixed_yuan, slope * fuel_yuan, fixed_wtw_kg, full - fixed_wtw_kg / full_t)


def voyage_intensity(book: RouteBook, vessel: VesselClass, load_t: float) -> Intensity:
    """Emissions per tkm with this load and the expected empty running."""
    return vessel_operation(vessel, load_t, book.network.value("vessel_empty_share"), book.factors, book.on)


def vessels_needed(mass_t: float, capacity_t: float) -> int:
    """How many vessels of this capacity carry the mass."""
    return max(1, ceil(mass_t / capacity_t * (1 - WHOLE)))


def load_per_vessel_t(mass_t: float, capacity_t: float, load_factor: float) -> float:
    """Tonnes aboard each: the shipment's own, or the mean load of voyages where that is more."""
    return min(capacity_t, max(mass_t / vessels_needed(mass_t, capacity_t), load_factor * capacity_t))


def market(network: Network, vessel_class: str) -> str:
    """own where the fleet holds an own vessel of the class, else spot."""
    markets = {entry.market for entry in network.fleet if entry.vessel_class == vessel_class}
    return "own" if "own" in markets else "spot"


def _days(hours: float) -> float:
    """Days a vessel is taken, in whole slots."""
    return ceil(hours / SLOT_H - WHOLE) / SLOTS_PER_DAY
