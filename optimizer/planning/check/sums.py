"""Do baseline, saving, totals and objective follow from the legs and voyages?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import astuple, fields

from optimizer.network.model import WATER_MODES, Mode
from optimizer.planning.check.structure import duration_s
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.workings import CLOCK_S, Workings
from optimizer.planning.plan import Amounts, Leg, PlannedShipment
from optimizer.planning.shipment import Shipment

HOURS_PER_YEAR = 8760.0
AMOUNTS = [field.name for field in fields(Amounts)]


def check_baselines(work: Workings, found: Findings) -> None:
    """The baseline is the truck from door to door (an island's: ship and truck), its amounts the sums of its legs."""
    for planned, shipment in work.known:
        where, legs = f"shipments/{planned.shipment_id}/baseline", planned.baseline_legs
        road = work.ways.road(shipment.origin, shipment.destination)
        modes = [leg.mode for leg in legs]
        if (legs or planned.status == "planned") and road is not None and modes != [Mode.ROAD]:
            found.add("baseline", f"{where}_legs", [Mode.ROAD], modes)
        elif any(mode not in (Mode.ROAD, Mode.SEA, Mode.HUB) for mode in modes):
            found.add("baseline", f"{where}_legs", [Mode.ROAD, Mode.SEA, Mode.HUB], modes)
        if (planned.baseline is None) != (not legs):
            found.add("baseline", where, "amounts and legs", f"{len(legs)} legs, {planned.baseline}")
        elif planned.baseline is not None:
            taken_s = (legs[-1].arrives_at - shipment.ready_at).total_seconds()
            _compare(found, "baseline", where, _sum_of(legs, taken_s), planned.baseline)


def check_savings(work: Workings, found: Findings) -> None:
    """Saving = baseline - plan in every amount; it may be negative."""
    for planned, shipment in work.known:
        where = f"shipments/{planned.shipment_id}/saving"
        due = planned.baseline is not None and planned.status == "planned"
        if due != (planned.saving is not None):
            found.add("saving", where, "a saving" if due else "none", planned.saving)
        elif planned.baseline is not None and planned.saving is not None:
            spent = _planned(planned, shipment)
            expected = (base - cost for base, cost in zip(astuple(planned.baseline), astuple(spent), strict=True))
            _compare(found, "saving", where, Amounts(*expected), planned.saving)


def check_totals(work: Workings, found: Findings) -> None:
    """Every total is the sum over the planned shipments; empty and loaded km the sums over the voyages."""
    totals = work.plan.totals
    live = [(planned, shipment) for planned, shipment in work.known if planned.status == "planned"]
    lots = [lot for planned, _ in live for lot in planned.lots]
    sums = {
        "plan": (_added(_planned(planned, shipment) for planned, shipment in live), totals.planned),
        "baseline": (_added(planned.baseline for planned, _ in live), totals.baseline),
        "saving": (_added(planned.saving for planned, _ in live), totals.saving),
    }
    for name, (expected, said) in sums.items():
        _compare(found, "totals", f"totals/{name}", expected, said, CLOCK_S * max(1, len(live)))
    found.same("totals", "totals/mass", sum(lot.mass_kg for lot in lots), totals.mass_kg)
    wet = sum(lot.mass_kg for lot in lots if any(leg.mode in WATER_MODES for leg in lot.legs))
    found.same("totals", "totals/water_mass", wet, totals.water_mass_kg)
    legs = [leg for lot in lots for leg in lot.legs]
    found.same("totals", "totals/activity", sum(leg.activity_kgkm for leg in legs), totals.activity_kgkm)
    wet = sum(leg.activity_kgkm for leg in legs if leg.mode in WATER_MODES)
    found.same("totals", "totals/water_activity", wet, totals.water_activity_kgkm)
    for name, empty, said_km in (("empty", True, totals.empty_km), ("loaded", False, totals.loaded_km)):
        expected_km = sum(voyage.distance_km for voyage in work.plan.voyages if voyage.empty == empty)
        found.near("totals", f"totals/{name}_km", expected_km, said_km, 0.01)


def check_cap(work: Workings, found: Findings) -> None:
    """Where a cap was set, the plan's WTW CO2e keeps it, to the rounding of its legs."""
    cap_t = work.setting("co2e_cap_t")
    if cap_t is not None:
        emitted_g = sum(leg.leg.co2e_wtw_g for leg in work.all_legs)
        if emitted_g > cap_t * 1e6 + len(work.all_legs) + 1:
            found.add("co2e_cap", "settings/co2e_cap_t", f"<= {cap_t} t", f"{emitted_g / 1e6} t")


def check_objective(work: Workings, found: Findings) -> None:
    """Objective = money + carbon price x WTW CO2e + time value + lateness; bound <= objective; the gap between them."""
    plan = work.plan
    if not math.isfinite(plan.objective_yuan):
        found.same("gap", "gap", math.inf, plan.gap)
        return
    carbon_yuan_per_g = (work.setting("carbon_price_yuan_per_t") or 0.0) / 1e6
    yuan = 0.0
    for item in work.all_legs:
        yuan += item.leg.cost_fen / 100 + item.leg.co2e_wtw_g * carbon_yuan_per_g
    for planned, shipment in work.known:
        yuan += _waiting_yuan(work, planned, shipment)
    slack = 1e-6 * abs(yuan) + 0.02 * (len(work.all_legs) + len(plan.voyages)) + 0.01
    found.near("objective", "objective_yuan", yuan, plan.objective_yuan, slack)
    if plan.bound_yuan > plan.objective_yuan + slack:
        found.add("bound", "bound_yuan", f"<= {plan.objective_yuan}", plan.bound_yuan)
    gap = (plan.objective_yuan - plan.bound_yuan) / max(abs(plan.objective_yuan), 1.0)
    if gap != plan.gap:
        found.near("gap", "gap", gap, plan.gap, 1e-9)


def _waiting_yuan(work: Workings, planned: PlannedShipment, shipment: Shipment) -> float:
    """What time binds of the cargo's value until each lot arrives, and what being late costs."""
    value, parameter = shipment.cargo_value_yuan_per_t, work.network.value
    per_t_h = value * parameter("time_value_rel_per_year") / HOURS_PER_YEAR
    late_per_t_h = (value * parameter("lateness_rel_per_day") + parameter("lateness_yuan_per_t_day")) / 24
    yuan = 0.0
    for lot in planned.lots:
        if lot.legs:
            arrives_at = lot.legs[-1].arrives_at
            hours = (arrives_at - shipment.ready_at).total_seconds() / 3600
            late_h = max(0.0, (arrives_at - shipment.due_at).total_seconds() / 3600)
            yuan += lot.mass_kg / 1000 * (per_t_h * hours + late_per_t_h * late_h)
    return yuan


def _planned(planned: PlannedShipment, shipment: Shipment) -> Amounts:
    legs = [leg for lot in planned.lots for leg in lot.legs]
    return _sum_of(legs, duration_s(planned, shipment))


def _sum_of(legs: Iterable[Leg], taken_s: float) -> Amounts:
    legs = list(legs)
    return Amounts(
        sum(leg.cost_fen for leg in legs),
        sum(leg.co2e_ttw_g for leg in legs),
        sum(leg.co2e_wtw_g for leg in legs),
        round(taken_s),
    )


def _added(amounts: Iterable[Amounts | None]) -> Amounts:
    known = [astuple(item) for item in amounts if item is not None]
    return Amounts(*(sum(column) for column in zip(*known, strict=True))) if known else Amounts(0, 0, 0, 0)


def _compare(
    found: Findings, code: str, where: str, expected: Amounts, said: Amounts, clock_s: float = CLOCK_S
) -> None:
    for name in AMOUNTS:
        tolerance = clock_s if name == "duration_s" else 0.0
        found.near(code, f"{where}/{name}", getattr(expected, name), getattr(said, name), tolerance)
