"""Are the yuan and the grams of each leg and voyage right, and is every voyage shared out in full?"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from optimizer.emissions.operations import fuel_emissions
from optimizer.network.model import Mode
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.workings import Carried, Workings
from optimizer.planning.plan import Voyage

ROUNDING = 1.0
"""Fen or grams: one rounding of the plan's against one of ours."""
SHARING = 2.0
"""Fen or grams: a share is split by largest remainder (less than 1 off), a voyage's own part and the empties apart."""


def check_leg_costs(work: Workings, found: Findings) -> None:
    """Legs by truck, train, river-sea ship and hub cost their price per tonne times the mass."""
    for item in _services(work):
        expected_fen = work.leg_yuan_per_t(item) * item.mass_kg / 10
        found.near("leg_cost", item.where, expected_fen, item.leg.cost_fen, ROUNDING)


def check_leg_emissions(work: Workings, found: Findings) -> None:
    """Legs by truck, train, river-sea ship and hub emit intensity x mass x km (hub: x mass), with tier and factors."""
    for item in _services(work):
        leg, intensity = item.leg, work.leg_intensity(item)
        units = item.mass_kg / 1000 * (leg.distance_km if intensity.unit == "tkm" else 1.0)
        found.near("leg_co2e", f"{item.where}/co2e_ttw", intensity.ttw_kg * units * 1000, leg.co2e_ttw_g, ROUNDING)
        found.near("leg_co2e", f"{item.where}/co2e_wtw", intensity.wtw_kg * units * 1000, leg.co2e_wtw_g, ROUNDING)
        named = (leg.data_tier, sorted(leg.factor_ids))
        found.same("leg_factors", item.where, (str(intensity.tier), sorted(intensity.factor_ids)), named)


def check_voyage_amounts(work: Workings, found: Findings) -> None:
    """Fuel linear in the load; cost = days taken x daily rate + fuel x price; grams from the fuel."""
    for voyage in work.voyages:
        where, vessel = f"voyages/{voyage.voyage_id}", work.network.vessel_classes[voyage.vessel_class]
        fuel_kg = work.fuel_kg(voyage)
        found.near("voyage_fuel", where, fuel_kg * 1000, voyage.fuel_g, ROUNDING)
        burnt = fuel_emissions(vessel.energy_carrier, "inland_waterway", fuel_kg, work.factors, work.on)
        found.near("voyage_co2e", f"{where}/co2e_ttw", burnt.ttw_kg * 1000, voyage.co2e_ttw_g, ROUNDING)
        found.near("voyage_co2e", f"{where}/co2e_wtw", burnt.wtw_kg * 1000, voyage.co2e_wtw_g, ROUNDING)
        for item in work.legs_of_voyage.get(voyage.voyage_id, []):
            named = (item.leg.data_tier, sorted(item.leg.factor_ids))
            found.same("leg_factors", item.where, ("modelled", sorted(burnt.factor_ids)), named)


def check_voyage_costs(work: Workings, found: Findings) -> None:
    """An own hull is paid from berthing until free, a spot hull also while it waits away from its base: that charter is
    the next voyage's. A carrier's sailing costs its fixed sum and its price for each tonne aboard."""
    tours: dict[str, list[Voyage]] = defaultdict(list)
    for voyage in work.voyages:
        if voyage.offer is not None:
            expected_yuan = voyage.offer.fixed_yuan + voyage.offer.price_yuan_per_t * voyage.load_kg / 1000
            found.near("voyage_cost", f"voyages/{voyage.voyage_id}", expected_yuan * 100, voyage.cost_fen, ROUNDING)
    for voyage in sorted(work.sailed, key=lambda voyage: (voyage.berth_from, voyage.free_at)):
        tours[voyage.vessel_id].append(voyage)
    for voyages in tours.values():
        for last, voyage in zip([None, *voyages], voyages, strict=False):
            expected_yuan = _voyage_yuan(work, voyage) + _waiting_yuan(work, last, voyage)
            where = f"voyages/{voyage.voyage_id}"
            found.near("voyage_cost", where, expected_yuan * 100, voyage.cost_fen, ROUNDING)


def _voyage_yuan(work: Workings, voyage: Voyage) -> float:
    vessel = work.network.vessel_classes[voyage.vessel_class]
    days = (voyage.free_at - voyage.berth_from) / timedelta(days=1)
    return work.day_rate_yuan(voyage) * days + work.fuel_kg(voyage) * work.fuel_yuan_per_kg(vessel)


def _waiting_yuan(work: Workings, last: Voyage | None, voyage: Voyage) -> float:
    """Charter of a spot hull since its voyage before, at a place that is no base of its class."""
    if last is None or voyage.market != "spot":
        return 0.0
    bases = {e.location_id for e in work.network.fleet if (e.vessel_class, e.market) == (last.vessel_class, "spot")}
    if last.destination in bases:
        return 0.0
    waited = max(timedelta(), voyage.berth_from - last.free_at)
    return work.day_rate_yuan(voyage) * (waited / timedelta(days=1))


def check_shares(work: Workings, found: Findings) -> None:
    """Lots of one voyage bear it by tonnes and at least its own amounts; all lots together bear all voyages, empty ones
    included. Tolls are a lot's own and come on top. A carrier's sailing bears itself and nothing else."""
    borne = [0.0, 0.0, 0.0]
    lots = 0
    for voyage in work.plan.voyages:
        items = work.legs_of_voyage.get(voyage.voyage_id, [])
        shares = [_share(work, item) for item in items]
        lots += len(items)
        mass_kg = sum(item.mass_kg for item in items)
        for number, (name, own) in enumerate(_own(voyage)):
            total = sum(share[number] for share in shares)
            borne[number] += total
            if items and total < own - SHARING * len(items):
                found.add("voyage_shares", f"voyages/{voyage.voyage_id}/{name}", f">= {own}", total)
            if voyage.offer is not None and total > own:
                found.add("voyage_shares", f"voyages/{voyage.voyage_id}/{name}", own, total)
            for item, share in zip(items, shares, strict=True):
                expected = total * item.mass_kg / mass_kg if mass_kg else 0.0
                found.near("voyage_shares", f"{item.where}/{name}", expected, share[number], SHARING)
    for number, (name, tolerance) in enumerate((("cost", ROUNDING * lots), ("co2e_ttw", 0.5), ("co2e_wtw", 0.5))):
        own = sum(_own(voyage)[number][1] for voyage in work.plan.voyages)
        found.near("fleet_shares", f"voyages/*/{name}", own, borne[number], tolerance)


def _own(voyage: Voyage) -> list[tuple[str, int]]:
    return [("cost", voyage.cost_fen), ("co2e_ttw", voyage.co2e_ttw_g), ("co2e_wtw", voyage.co2e_wtw_g)]


def _share(work: Workings, item: Carried) -> tuple[float, float, float]:
    course = work.ways.course(item.leg.origin, item.leg.destination, item.leg.vehicle_class)
    tolled = course is not None and not work.bought(item.leg)
    toll_fen = (course.toll_yuan_per_t if course and tolled else 0.0) * item.mass_kg / 10
    return item.leg.cost_fen - toll_fen, item.leg.co2e_ttw_g, item.leg.co2e_wtw_g


def _services(work: Workings) -> list[Carried]:
    return [i for i in [*work.legs, *work.baseline_legs] if i.leg.mode != Mode.INLAND_WATERWAY]
