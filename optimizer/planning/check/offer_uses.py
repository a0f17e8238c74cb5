"""Which shipments could use a carrier's sailing, and what a tonne would cost them: from the tables alone.

A shipment comes to the quay and goes on from it by truck or none, by river-sea ship or by train. It is there before the
vessel loads, at most 31 days, and at the door at most 72 h after it is due; one that must stay whole fits the vessel.
Per tonne, in a full vessel:

    services and hubs + the carrier's price + its fixed sum / load + carbon, that of the load's fuel too
    + value lost at hubs + storage after the free days + time until the door x what it binds of the value + lateness

A way by truck or none at both ends is one that a plan tries for sure; that no way at all fits, or costs less than the
road, no plan refutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import product

from optimizer.emissions.operations import fuel_emissions
from optimizer.planning.check.berths import LONGEST_WAIT, SLOT_H
from optimizer.planning.check.water_options import LATE_H, Chain, Step, WaterPrices
from optimizer.planning.check.workings import CLOCK_S, Workings
from optimizer.planning.offer import Offer
from optimizer.planning.shipment import Shipment

HOUR = timedelta(hours=1)
CLOCK_H = CLOCK_S / 3600
YUAN_PER_T = 1e-6
"""Two ways of adding up the same prices."""
DAY_H = 24

Doors = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Use:
    """One way of one shipment. ``plain``: by truck or none at both ends. ``spare_h``: what is left of its time,
    negative where it is too late. ``off``: how far rounding may take the price."""

    plain: bool
    spare_h: float
    yuan_per_t: float
    road_yuan_per_t: float
    off: float

    @property
    def surely_cheaper(self) -> bool:
        """Whether it costs less than the road, whatever was rounded."""
        return self.yuan_per_t < self.road_yuan_per_t - self.off

    @property
    def may_be_cheaper(self) -> bool:
        """Whether it costs less than the road, if rounding helps."""
        return self.yuan_per_t < self.road_yuan_per_t + self.off


class OfferUses:
    """The uses of carriers' sailings by the shipments that were planned anew; ways between places are kept."""

    def __init__(self, work: Workings) -> None:
        self.work, self.network = work, work.network
        self.to_plan: dict[Doors, list[Shipment]] = {}
        kept = set(work.plan.kept.shipments) if work.plan.kept is not None else set()
        for shipment in work.shipments:
            if shipment.shipment_id not in kept and not work.after_horizon(shipment):
                key = (shipment.origin, shipment.destination, shipment.cargo_code)
                self.to_plan.setdefault(key, []).append(shipment)
        self._prices = cache(lambda shipment: WaterPrices(work, shipment))
        self._sides = cache(self._ways_between)
        self._road = cache(self._road_yuan_per_t)

    def loads_inside(self, offer: Offer) -> bool:
        """Whether a vessel berths for it while any voyage of the plan may begin."""
        vessel_t = self.network.vessel_classes[offer.vessel_class].capacity_t
        for group in offer.cargo_groups:
            quay = self.network.terminals.get((offer.origin, group))
            if quay is not None and quays_open(self.work, offer, group):
                berth_h = self._hour(offer.departs_at) - self.work.hub_h(quay, vessel_t)
                if CLOCK_H < berth_h < (self.work.berths.slots - 1) * SLOT_H:
                    return True
        return False

    def uses(self, offer: Offer) -> Iterator[Use]:
        """Every way in which a shipment can reach the sailing, in time or nearly so, and be aboard."""
        allowed_kg = allowed_load_kg(self.work, offer)
        for doors, members in self.to_plan.items():
            group = self.network.cargo[doors[2]].cargo_group
            quays = [(place, group) in self.network.terminals for place in (offer.origin, offer.destination)]
            if group not in offer.cargo_groups or not all(quays) or not quays_open(self.work, offer, group):
                continue
            sides = self._sides(doors, offer.origin, offer.destination)
            for shipment in members if sides else ():
                fits = shipment.splittable or shipment.mass_kg <= allowed_kg
                near = shipment.ready_at < offer.departs_at and offer.arrives_at < shipment.due_at + LATE_H * HOUR
                for plain, before, after in sides if fits and near else ():
                    use = self._use(offer, allowed_kg / 1000, shipment, plain, before, after)
                    if use.spare_h > -CLOCK_H:
                        yield use

    def _hour(self, moment: datetime) -> float:
        return (moment - self.work.epoch) / HOUR

    def _ways_between(self, doors: Doors, start: str, end: str) -> list[tuple[bool, Chain, Chain]]:
        """Ways from a door to a quay and from another to a door, and whether both are by truck or none."""
        prices = self._prices(self.to_plan[doors][0])
        trucks = prices.truck_to(start), prices.truck_from(end)
        return [
            (before == trucks[0] and after == trucks[1], before, after)
            for before, after in product(prices.before(start), prices.after(end))
        ]

    def _road_yuan_per_t(self, shipment: Shipment) -> float:
        """What it weighs by truck from door to door; inf where no road goes there, since then no price is too high."""
        legs = self.work.baseline_of.get(shipment.shipment_id, [])
        road = self._prices(shipment).road_yuan_per_t() if len(legs) == 1 else None
        return math.inf if road is None else road

    def _use(self, offer: Offer, load_t: float, shipment: Shipment, plain: bool, before: Chain, after: Chain) -> Use:
        prices, vessel = self._prices(shipment), self.network.vessel_classes[offer.vessel_class]
        load, discharge = (prices.hub(place, vessel.capacity_t) for place in (offer.origin, offer.destination))
        ready_h, due_h = self._hour(shipment.ready_at), self._hour(shipment.due_at)
        waits_h = self._hour(offer.departs_at - _span(load.hours)) - _after(before, ready_h)
        door_h = _after(after, self._hour(offer.arrives_at + _span(discharge.hours)))
        steps = [step for step in (*before, load, discharge, *after) if isinstance(step, Step)]
        yuan = sum(s.yuan_per_t + s.wtw_kg_per_t * prices.carbon + s.lossy * prices.loss_yuan for s in steps)
        yuan += offer.price_yuan_per_t + offer.fixed_yuan / load_t + self._fuel_wtw_kg(offer) * prices.carbon
        quay = self.network.terminals[(offer.origin, prices.group)]
        yuan += max(0.0, waits_h / DAY_H - quay.storage_free_days) * quay.storage_yuan_per_t_day
        yuan += prices.hour_yuan * (door_h - ready_h) + prices.late_hour_yuan * max(0.0, door_h - due_h)
        spare_h = min(waits_h, LONGEST_WAIT / HOUR - waits_h, due_h + LATE_H - door_h)
        return Use(plain, spare_h, yuan, self._road(shipment), YUAN_PER_T + 2 * prices.second_yuan)

    def _fuel_wtw_kg(self, offer: Offer) -> float:
        """Kg CO2e of the fuel that each tonne aboard burns more."""
        vessel = self.network.vessel_classes[offer.vessel_class]
        course = self.work.ways.course(offer.origin, offer.destination, offer.vessel_class)
        more_kg = (vessel.fuel_loaded_kg_per_km - vessel.fuel_empty_kg_per_km) / vessel.capacity_t
        more_kg *= course.distance_km if course is not None else 0.0
        return fuel_emissions(vessel.energy_carrier, "inland_waterway", more_kg, self.work.factors, self.work.on).wtw_kg


def allowed_load_kg(work: Workings, offer: Offer) -> int:
    """What a sailing may load in the water of its day; 0 where it has no way."""
    course = work.ways.course(offer.origin, offer.destination, offer.vessel_class)
    if course is None:
        return 0
    vessel = work.network.vessel_classes[offer.vessel_class]
    return min(offer.capacity_kg, int(work.ways.capacity_t(course, vessel, offer.departs_at) * 1000 + 1e-6))


def quays_open(work: Workings, offer: Offer, group: str) -> bool:
    """Whether both terminals are open while a sailing of a cargo group loads and discharges."""
    vessel_t = work.network.vessel_classes[offer.vessel_class].capacity_t
    quays = [work.network.terminals.get((place, group)) for place in (offer.origin, offer.destination)]
    load_h, discharge_h = (timedelta(hours=work.hub_h(quay, vessel_t) if quay else 0.0) for quay in quays)
    return not (
        work.ways.terminal_closures(offer.origin, offer.departs_at - load_h, offer.departs_at)
        or work.ways.terminal_closures(offer.destination, offer.arrives_at, offer.arrives_at + discharge_h)
    )


def _span(hours: float) -> timedelta:
    """Work at a quay, to the second."""
    return timedelta(seconds=round(hours * 3600))


def _after(chain: Chain, hour: float) -> float:
    """The hour at the end of some services."""
    for step in chain:
        assert isinstance(step, Step)
        if step.interval_h > 0:
            hour = math.ceil((hour - 1e-9) / step.interval_h) * step.interval_h
        hour += step.hours
    return hour
