"""Sums of a plan: amounts of a shipment beside its baseline, totals, and the objective, all from the integers of the
legs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor

from optimizer.errors import Message
from optimizer.network.model import WATER_MODES, Network
from optimizer.planning.design import Floats
from optimizer.planning.layout.timespace import REJECT_YUAN_PER_T, TimeSpace
from optimizer.planning.plan import Amounts, LeftBehind, Leg, Lot, PlannedShipment, Totals, Voyage
from optimizer.planning.routing import tariff
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.voyages.legs import seconds, sum_of
from optimizer.quantities import FEN_PER_YUAN, G_PER_T, KG_PER_T

MORE_SPENT = 1.1
"""How much of this plan's costs another may spend for which it is said how little it could leave behind."""


def planned_shipment(shipment: Shipment, lots: Sequence[Lot], baseline_legs: tuple[Leg, ...]) -> PlannedShipment:
    """A carried shipment with its baseline, saving and lateness. Without a road there is nothing to compare with."""
    arrives_at = max(lot.legs[-1].arrives_at for lot in lots)
    spent = sum_of(_legs(lots), seconds(arrives_at - shipment.ready_at))
    baseline = saving = None
    if baseline_legs:
        baseline = sum_of(baseline_legs, seconds(baseline_legs[-1].arrives_at - shipment.ready_at))
        saving = _minus(baseline, spent)
    late_s = max(0, seconds(arrives_at - shipment.due_at))
    return PlannedShipment(
        shipment.shipment_id, "planned", None, None, tuple(lots), baseline, baseline_legs, saving, late_s
    )


def plan_totals(tasks: Sequence[Shipment], shipments: Sequence[PlannedShipment], voyages: Sequence[Voyage]) -> Totals:
    """Sums over the planned shipments, given in the order of ``tasks``, and km over the voyages."""
    carried = [(s, p) for s, p in zip(tasks, shipments, strict=True) if p.status == "planned"]
    lots = [lot for _, planned in carried for lot in planned.lots]
    legs = _legs(lots)
    spent = [
        sum_of(_legs(planned.lots), seconds(max(lot.legs[-1].arrives_at for lot in planned.lots) - shipment.ready_at))
        for shipment, planned in carried
    ]
    return Totals(
        planned=_sum(spent),
        baseline=_sum(planned.baseline for _, planned in carried),
        saving=_sum(planned.saving for _, planned in carried),
        mass_kg=sum(lot.mass_kg for lot in lots),
        water_mass_kg=sum(lot.mass_kg for lot in lots if any(leg.mode in WATER_MODES for leg in lot.legs)),
        activity_kgkm=sum(leg.activity_kgkm for leg in legs),
        water_activity_kgkm=sum(leg.activity_kgkm for leg in legs if leg.mode in WATER_MODES),
        empty_km=sum(voyage.distance_km for voyage in voyages if voyage.empty),
        loaded_km=sum(voyage.distance_km for voyage in voyages if not voyage.empty),
    )


def objective_yuan(
    tasks: Sequence[Shipment], network: Network, settings: PlanSettings, shipments: Sequence[PlannedShipment]
) -> float:
    """Money + carbon price x WTW CO2e + time value + lateness of everything carried, yuan.

    A shipment that is left behind costs nothing here; see :func:`bound_of_the_carried`.
    """
    yuan = 0.0
    for shipment, planned in zip(tasks, shipments, strict=True):
        legs = _legs(planned.lots)
        yuan += sum(leg.cost_fen for leg in legs) / FEN_PER_YUAN
        yuan += sum(leg.co2e_wtw_g for leg in legs) / G_PER_T * settings.carbon_price_yuan_per_t
        time_rate = tariff.time_yuan_per_t_h(network, shipment.cargo_value_yuan_per_t)
        late_rate = tariff.lateness_yuan_per_t_h(network, shipment.cargo_value_yuan_per_t)
        for lot in planned.lots:
            arrives_at = lot.legs[-1].arrives_at
            hours = (arrives_at - shipment.ready_at).total_seconds() / 3600
            late_h = max(0.0, (arrives_at - shipment.due_at).total_seconds() / 3600)
            yuan += lot.mass_kg / KG_PER_T * (time_rate * hours + late_rate * late_h)
    return yuan


@dataclass(frozen=True, slots=True)
class ShipmentPrices:
    """A bound in yuan that is a sum over shipments, each at its cheapest way at some prices, and a rest."""

    bound_yuan: float
    cheapest_yuan: Floats


def bound_of_the_carried(
    bound_yuan: float,
    space: TimeSpace,
    shipments: Sequence[PlannedShipment],
    prices: ShipmentPrices | None = None,
) -> float:
    """A bound on every plan that leaves behind what this plan leaves behind, yuan.

    Any bound of the program holds less the price of leaving so many tonnes behind. Of a bound that is a sum over
    shipments only their own terms need to go, each by the share that stays, which leaves far more of it where more
    stays than must. Nothing costs less than nothing.
    """
    left_kg = left_by_shipment(space, shipments)
    if not left_kg:
        return bound_yuan
    found = max(0.0, bound_yuan - price_of_the_left(left_kg))
    if prices is None:
        return found
    gone = sum(float(prices.cheapest_yuan[k]) * kg / space.shipments[k].mass_kg for k, kg in left_kg.items())
    return max(found, prices.bound_yuan - gone)


def price_of_the_left(left_kg: Mapping[int, int]) -> float:
    """What the program pays for what stays behind (:func:`left_by_shipment`), yuan."""
    return REJECT_YUAN_PER_T * sum(left_kg.values()) / KG_PER_T


def left_by_shipment(space: TimeSpace, shipments: Sequence[PlannedShipment]) -> dict[int, int]:
    """Kilograms that stay behind though there are ways for them, by number of the shipment."""
    stranded = set(space.stranded)
    return {
        k: space.shipments[k].mass_kg if planned.status == "rejected" else planned.left_kg
        for k, planned in enumerate(shipments)
        if k not in stranded and (planned.status == "rejected" or planned.left_kg)
    }


def left_behind(
    bound_yuan: float, objective_yuan: float, space: TimeSpace, shipments: Sequence[PlannedShipment]
) -> LeftBehind | None:
    """What stays behind, and how little it could be; None where nothing does.

    ``bound_yuan`` is a bound of the program, in which a tonne left behind costs REJECT_YUAN_PER_T. So any plan that
    carries for at most C yuan leaves behind at least (bound - C) / REJECT_YUAN_PER_T tonnes; C is a tenth more than
    ``objective_yuan``.
    """
    mass_kg = sum(left_by_shipment(space, shipments).values())
    if not mass_kg:
        return None
    proven_t = max(0.0, bound_yuan - MORE_SPENT * objective_yuan) / REJECT_YUAN_PER_T
    at_least_kg = min(mass_kg, floor(proven_t * KG_PER_T))
    left, least = f"{mass_kg / KG_PER_T:,.1f}", f"{at_least_kg / KG_PER_T:,.1f}"
    return LeftBehind(
        mass_kg,
        at_least_kg,
        Message(
            f"不通公路的货留下 {left} 吨；已证明：费用不超过本计划 {MORE_SPENT:.0%} 的任何计划都至少留下 {least} 吨。",
            f"{left} t of cargo without a road stay behind; proven: no plan that costs at most {MORE_SPENT:.0%} of this"
            f" one leaves behind less than {least} t.",
        ),
    )


def _legs(lots: Iterable[Lot]) -> list[Leg]:
    return [leg for lot in lots for leg in lot.legs]


def _minus(left: Amounts, right: Amounts) -> Amounts:
    return Amounts(
        left.cost_fen - right.cost_fen,
        left.co2e_ttw_g - right.co2e_ttw_g,
        left.co2e_wtw_g - right.co2e_wtw_g,
        left.duration_s - right.duration_s,
    )


def _sum(items: Iterable[Amounts | None]) -> Amounts:
    known = [item for item in items if item is not None]
    return Amounts(
        sum(item.cost_fen for item in known),
        sum(item.co2e_ttw_g for item in known),
        sum(item.co2e_wtw_g for item in known),
        sum(item.duration_s for item in known),
    )
