"""What the checks look things up in: the plan by id, the network's ways, and what a leg should cost and emit.

Formulas, written anew from the documentation of tariffs, routes and voyages:

    truck    max(minimum, fixed + yuan_per_tkm x km) per tonne; line haul (below 50 km: short haul) on the main leg,
             drayage before and after; hours = 2 x loading hours + driving
    train    tariff of the cargo's rail service; river-sea ship: tariff ``river_sea``; both leave on a grid of their
             interval counted from midnight of the plan's first day
    hub      transfer + harbour due at sea ports + value x handling loss, + storage before a planned voyage after the
             free days; hours = berth_overhead_h + vehicle load / berth_t_per_h, the load of a full vessel where a
             planned voyage begins or ends, else of a train where one does, else of the smallest river-sea class
    voyage   days taken x daily rate (spot: charter) + fuel x price; fuel linear in the load
    offer    fixed sum + price x load; its fuel counts for grams alone, its hours are the carrier's
    grams    intensity x mass x km, intensities of ``emissions.operations`` on the plan's first day
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, cached_property

from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import (
    Intensity,
    hub_operation,
    rail_operation,
    sea_service_operation,
    truck_operation,
    vessel_fuel_kg,
)
from optimizer.network.model import Mode, Network, Tariff, Terminal, TruckClass, VesselClass
from optimizer.planning.check.berths import Berths
from optimizer.planning.check.ways import Course, Ways
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Leg, Lot, Plan, PlannedShipment, Voyage
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME

SHORT_HAUL_KM = 50.0
DAYS_PER_YEAR, HALF_SECOND_D = 365.0, 0.5 / 86400
MOST_HORIZON_DAYS, MOST_SETTING = 366, 1e15
"""No price, cap or limit of time comes near."""
CLOCK_S = 2.0
"""Times are printed to the second; two roundings may add up."""


@dataclass(frozen=True, slots=True)
class Carried:
    """One leg with what it belongs to. ``lot`` is None on a baseline; ``mass_kg`` travels on the leg."""

    where: str
    planned: PlannedShipment
    shipment: Shipment
    lot: Lot | None
    leg: Leg
    before: Leg | None
    after: Leg | None
    mass_kg: int

    @property
    def planned_leg(self) -> Leg | None:
        """The neighbouring leg by planned voyage, if there is one."""
        return next((leg for leg in (self.before, self.after) if leg is not None and leg.voyage_id), None)


@dataclass
class Workings:
    """Everything the checks share; nothing here comes from the planner."""

    plan: Plan
    shipments: Sequence[Shipment]
    network: Network
    factors: FactorTable
    offers: Sequence[Offer] = ()
    accepted: Plan | None = None
    ways: Ways = field(init=False)

    def __post_init__(self) -> None:
        self.ways = Ways(self.network)
        self.shipment_by_id = {shipment.shipment_id: shipment for shipment in self.shipments}
        self.offer_by_id = {offer.sailing_id: offer for offer in self.offers}
        self.voyage_by_id = {voyage.voyage_id: voyage for voyage in self.plan.voyages}
        self.truck_intensity = cache(lambda truck_class: truck_operation(
            self.network.truck_classes[truck_class], self.factors, self.on))  # fmt: skip
        self.hub_intensity = cache(lambda place, group: hub_operation(
            self.network.terminals[(place, group)], self.factors, self.on))  # fmt: skip

    @cached_property
    def epoch(self) -> datetime:
        """Midnight of the plan's first day."""
        first = min((shipment.ready_at for shipment in self.shipments), default=datetime(2000, 1, 1, tzinfo=CHINA_TIME))
        return first.replace(hour=0, minute=0, second=0, microsecond=0)

    @cached_property
    def on(self) -> date:
        """The day whose factors are used."""
        return self.epoch.date()

    @cached_property
    def berths(self) -> Berths:
        """When vessels may berth, and what they may load."""
        inside = [shipment for shipment in self.shipments if not self.after_horizon(shipment)]
        return Berths(self.network, self.ways, self.epoch, self.hub_h, inside)

    @cached_property
    def known(self) -> list[tuple[PlannedShipment, Shipment]]:
        """Planned shipments whose data is known."""
        return [
            (planned, self.shipment_by_id[planned.shipment_id])
            for planned in self.plan.shipments
            if planned.shipment_id in self.shipment_by_id
        ]

    @cached_property
    def all_legs(self) -> list[Carried]:
        """Every leg of every lot."""
        return [item for chain in self._chains for item in chain]

    @cached_property
    def all_baseline_legs(self) -> list[Carried]:
        """Every leg of every baseline."""
        return [item for chain in self._baseline_chains for item in chain]

    @cached_property
    def legs(self) -> list[Carried]:
        """Legs of lots in which every leg makes sense to the network, so that it can be recomputed."""
        return [item for chain in self._chains if not any(map(self.misfit, chain)) for item in chain]

    @cached_property
    def baseline_legs(self) -> list[Carried]:
        """Legs of baselines in which every leg makes sense to the network."""
        return [item for chain in self._baseline_chains if not any(map(self.misfit, chain)) for item in chain]

    @cached_property
    def baseline_of(self) -> dict[str, list[Carried]]:
        """The legs of each shipment's baseline that makes sense to the network."""
        found: dict[str, list[Carried]] = {}
        for item in self.baseline_legs:
            found.setdefault(item.shipment.shipment_id, []).append(item)
        return found

    @cached_property
    def voyages(self) -> list[Voyage]:
        """Voyages of known classes between known places."""
        return [voyage for voyage in self.plan.voyages if self.voyage_misfit(voyage) is None]

    @cached_property
    def _chains(self) -> list[list[Carried]]:
        return [
            _carried(f"shipments/{planned.shipment_id}/lots/{lot.lot_no}/legs", planned, shipment, lot, lot.legs)
            for planned, shipment in self.known
            for lot in planned.lots
        ]

    @cached_property
    def _baseline_chains(self) -> list[list[Carried]]:
        return [
            _carried(f"shipments/{planned.shipment_id}/baseline_legs", planned, shipment, None, planned.baseline_legs)
            for planned, shipment in self.known
        ]

    def misfit(self, item: Carried) -> str | None:
        """The code of what keeps a leg from being recomputed, None when nothing does."""
        leg = item.leg
        if not {leg.origin, leg.destination} <= self.network.locations.keys():
            return "place_unknown"
        if leg.voyage_id and leg.voyage_id not in self.voyage_by_id:
            return "voyage_unknown"
        sea_vessel = self.sea_vessel(self.group(item.shipment))
        fits = {
            Mode.HUB: leg.role == "hub" and not leg.vehicle_class and leg.origin == leg.destination,
            Mode.ROAD: leg.role in ("pre", "main", "post") and self.truck(item) is not None,
            Mode.RAIL: leg.role == "main" and not leg.vehicle_class,
            Mode.SEA: leg.role == "main" and sea_vessel is not None and leg.vehicle_class == sea_vessel.vessel_class,
            Mode.INLAND_WATERWAY: leg.role == "main" and leg.vehicle_class in self.network.vessel_classes,
        }.get(Mode(leg.mode), False)
        if not fits or bool(leg.voyage_id) != (leg.mode == Mode.INLAND_WATERWAY):
            return "leg_kind"
        if leg.mode == Mode.HUB and self.terminal(leg.origin, item.shipment) is None:
            return "no_terminal"
        return "no_way" if self.leg_hours(item) is None else None

    def voyage_misfit(self, voyage: Voyage) -> str | None:
        """The code of what keeps a voyage from being recomputed, None when nothing does."""
        if voyage.vessel_class not in self.network.vessel_classes:
            return "vessel_class_unknown"
        if not {voyage.origin, voyage.destination} <= self.network.locations.keys():
            return "place_unknown"
        return "no_way" if self.course(voyage) is None else None

    def course(self, voyage: Voyage) -> Course | None:
        """The way of a voyage."""
        return self.ways.course(voyage.origin, voyage.destination, voyage.vessel_class)

    @cached_property
    def legs_of_voyage(self) -> dict[str, list[Carried]]:
        """The legs that travel on each voyage."""
        found: dict[str, list[Carried]] = {}
        for item in self.legs:
            if item.leg.voyage_id:
                found.setdefault(item.leg.voyage_id, []).append(item)
        return found

    @cached_property
    def slack_yuan(self) -> float:
        """How far rounding may take the objective: fen and priced grams of each leg, half a second of each arrival."""
        objective, value = self.plan.objective_yuan, self.network.value
        if not math.isfinite(objective):
            return math.inf
        items, day_yuan = len(self.all_legs) + len(self.plan.voyages), 0.0
        for _, shipment in self.known:
            rate = value("time_value_rel_per_year") / DAYS_PER_YEAR + value("lateness_rel_per_day")
            per_t = shipment.cargo_value_yuan_per_t * rate + value("lateness_yuan_per_t_day")
            day_yuan += per_t * shipment.mass_kg / 1000
        item_yuan = 0.02 + (self.setting("carbon_price_yuan_per_t") or 0.0) / 1e6
        return 1e-6 * abs(objective) + item_yuan * items + 0.01 + day_yuan * HALF_SECOND_D

    @cached_property
    def accepted_voyage(self) -> dict[str, Voyage]:
        """The voyages of the accepted plan by id; empty where none is given."""
        return {voyage.voyage_id: voyage for voyage in self.accepted.voyages} if self.accepted is not None else {}

    @cached_property
    def sailed(self) -> list[Voyage]:
        """Voyages of the planner's own fleet, hired vessels included."""
        return [voyage for voyage in self.voyages if voyage.offer is None]

    def bought(self, leg: Leg) -> bool:
        """Whether a leg travels on a carrier's sailing."""
        voyage = self.voyage_by_id.get(leg.voyage_id)
        return voyage is not None and voyage.offer is not None

    def setting(self, name: str) -> float | None:
        """A number among the plan's settings; None where it is absent, no number or beyond all bounds."""
        value = self.plan.settings.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if abs(value) <= MOST_SETTING else None

    def fuel_kg(self, voyage: Voyage) -> float:
        """Fuel of a voyage with its stated load (a load beyond the name plate is reported elsewhere)."""
        vessel = self.network.vessel_classes[voyage.vessel_class]
        load_t = max(0.0, min(voyage.load_kg / 1000, vessel.capacity_t))
        course = self.course(voyage)
        return vessel_fuel_kg(vessel, course.distance_km if course else 0.0, load_t)

    def after_horizon(self, shipment: Shipment) -> bool:
        """Whether a shipment becomes ready only after the days that were planned."""
        days = self.setting("horizon_days") or 0.0
        return 0 < days <= MOST_HORIZON_DAYS and shipment.ready_at >= self.epoch + timedelta(days=days)

    def group(self, shipment: Shipment) -> str:
        """The shipment's cargo group."""
        return self.network.cargo[shipment.cargo_code].cargo_group

    def terminal(self, place: str, shipment: Shipment) -> Terminal | None:
        """The terminal for a shipment's cargo at a place."""
        return self.network.terminals.get((place, self.group(shipment)))

    def sea_vessel(self, group: str) -> VesselClass | None:
        """The river-sea class that sells its service by the tonne: the smallest one for the group."""
        fitting = [
            v for v in self.network.vessel_classes.values() if v.waters == "river_sea" and group in v.cargo_groups
        ]
        return min(fitting, key=lambda v: (v.capacity_t, v.vessel_class), default=None)

    def truck(self, item: Carried) -> TruckClass | None:
        """The truck class of a road leg, if it may do this work."""
        truck = self.network.truck_classes.get(item.leg.vehicle_class)
        use = "line_haul" if item.leg.role == "main" else "drayage"
        return truck if truck and truck.use == use and self.group(item.shipment) in truck.cargo_groups else None

    def hub_h(self, terminal: Terminal, load_t: float) -> float:
        """Hours to load or discharge a vehicle."""
        return self.network.value("berth_overhead_h") + load_t / terminal.berth_t_per_h

    def hub_load_t(self, item: Carried) -> float:
        """The vehicle load that a hub operation is timed for."""
        voyage_leg = item.planned_leg
        if voyage_leg is not None and voyage_leg.vehicle_class in self.network.vessel_classes:
            return self.network.vessel_classes[voyage_leg.vehicle_class].capacity_t
        vessel = self.sea_vessel(self.group(item.shipment))
        by_rail = any(leg is not None and leg.mode == Mode.RAIL for leg in (item.before, item.after))
        return self.network.value("rail_train_t") if by_rail or vessel is None else vessel.capacity_t

    def leg_hours(self, item: Carried) -> float | None:
        """How long a leg takes; None where the network has no such way."""
        leg, value = item.leg, self.network.value
        if leg.mode == Mode.HUB:
            terminal = self.terminal(leg.origin, item.shipment)
            return self.hub_h(terminal, self.hub_load_t(item)) if terminal else None
        if leg.mode == Mode.ROAD:
            road = self.ways.road(leg.origin, leg.destination)
            loading = value("truck_loading_h" if leg.role == "main" else "drayage_loading_h")
            return 2 * loading + road.hours if road else None
        if leg.mode == Mode.RAIL:
            rail = self.ways.rail(leg.origin, leg.destination)
            return rail.hours if rail else None
        course = self.ways.course(leg.origin, leg.destination, leg.vehicle_class)
        if leg.mode == Mode.SEA and (course is None or not course.at_sea):
            return None  # a ship that touches no salt water is a voyage, not this service
        offer = self.offer_by_id.get(leg.voyage_id) if self.bought(leg) else None
        if course and offer is not None:
            return (offer.arrives_at - offer.departs_at) / timedelta(hours=1)
        return course.hours if course else None

    def leg_distance_km(self, item: Carried) -> float | None:
        """How far a leg goes; None where the network has no such way."""
        leg = item.leg
        if leg.mode == Mode.HUB:
            return 0.0
        if leg.mode in (Mode.ROAD, Mode.RAIL):
            overland = (self.ways.road if leg.mode == Mode.ROAD else self.ways.rail)(leg.origin, leg.destination)
            return overland.distance_km if overland else None
        course = self.ways.course(leg.origin, leg.destination, leg.vehicle_class)
        return course.distance_km if course else None

    def leg_yuan_per_t(self, item: Carried) -> float:
        """Price of a leg that is not a planned voyage. KeyError when the tables lack a row."""
        leg = item.leg
        if leg.mode == Mode.HUB:
            return self._hub_yuan_per_t(item)
        service = {Mode.RAIL: self.network.cargo[item.shipment.cargo_code].rail_service, Mode.SEA: "river_sea"}.get(
            Mode(leg.mode), "drayage"
        )
        if leg.mode == Mode.ROAD and leg.role == "main":
            service = "short_haul" if leg.distance_km < SHORT_HAUL_KM else "line_haul"
        row = self.tariff(Mode(leg.mode), service)
        return max(row.minimum_yuan_per_t, row.fixed_yuan_per_t + row.yuan_per_tkm * leg.distance_km)

    def tariff(self, mode: Mode, service: str) -> Tariff:
        """The price row of a service; KeyError when there is none."""
        for row in self.network.tariffs.values():
            if (row.mode, row.service) == (mode, service):
                return row
        raise KeyError((mode, service))

    def _hub_yuan_per_t(self, item: Carried) -> float:
        terminal = self.network.terminals[(item.leg.origin, self.group(item.shipment))]
        at_sea = self.network.locations[item.leg.origin].kind == "sea_port"
        price = terminal.transfer_yuan_per_t + (self.network.value("sea_harbour_due_yuan_per_t") if at_sea else 0.0)
        price += item.shipment.cargo_value_yuan_per_t * self.network.cargo[item.shipment.cargo_code].handling_loss_rel
        if item.after is not None and item.after.voyage_id:
            arrived = item.before.arrives_at if item.before else item.shipment.ready_at
            waited_d = (item.leg.departs_at - arrived) / timedelta(days=1)
            price += max(0.0, waited_d - terminal.storage_free_days) * terminal.storage_yuan_per_t_day
        return price

    def leg_intensity(self, item: Carried) -> Intensity:
        """Emissions per tkm (hub: per t) of a leg that is not a planned voyage. KeyError for an unknown class."""
        leg, group = item.leg, self.group(item.shipment)
        if leg.mode == Mode.HUB:
            return self.hub_intensity(leg.origin, group)
        if leg.mode == Mode.ROAD:
            return self.truck_intensity(leg.vehicle_class)
        if leg.mode == Mode.RAIL:
            return self.rail_intensity
        load, empty = (self.network.value(name) for name in ("sea_load_factor", "sea_empty_share"))
        vessel = self.network.vessel_classes[leg.vehicle_class]
        return sea_service_operation(vessel, load, empty, self.factors, self.on)

    @cached_property
    def rail_intensity(self) -> Intensity:
        """Emissions of rail per tkm."""
        return rail_operation(self.factors, self.on)

    def day_rate_yuan(self, voyage: Voyage) -> float:
        """What the vessel costs a day without fuel."""
        vessel = self.network.vessel_classes[voyage.vessel_class]
        return vessel.charter_yuan_per_day if voyage.market == "spot" else vessel.cost_yuan_per_day

    def fuel_yuan_per_kg(self, vessel: VesselClass) -> float:
        """Price of one kg of diesel or one kWh."""
        electric = vessel.energy_carrier == "Electric"
        return self.network.value("electricity_price_yuan_per_kwh" if electric else "diesel_price_yuan_per_kg")


def _carried(
    where: str, planned: PlannedShipment, shipment: Shipment, lot: Lot | None, legs: Sequence[Leg]
) -> list[Carried]:
    mass_kg = shipment.mass_kg - planned.left_kg if lot is None else lot.mass_kg
    padded = [None, *legs, None]
    return [
        Carried(f"{where}/{leg.seq}", planned, shipment, lot, leg, padded[place], padded[place + 2], mass_kg)
        for place, leg in enumerate(legs)
    ]
