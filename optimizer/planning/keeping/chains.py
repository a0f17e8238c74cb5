"""The chain of an accepted lot, found again on the network of today.

Nothing of the accepted document is believed but what is physical: places, vehicles, voyages and hours. Distances,
prices and grams come from today's tables, so that a kept lot can be recomputed like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from optimizer.emissions.operations import fuel_emissions
from optimizer.network.model import Mode
from optimizer.planning.keeping.move_reasons import Why, named
from optimizer.planning.layout.families import Grid
from optimizer.planning.layout.given_ways import sides_after, sides_before
from optimizer.planning.plan import Leg, Lot, PlannedShipment, Voyage
from optimizer.planning.routing.doors import Doors
from optimizer.planning.routing.route import Route, RouteLeg
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.shipment import Shipment
from optimizer.planning.voyages.legs import LegPricer, Passage
from optimizer.planning.voyages.sailings import Borne

CLOCK = timedelta(seconds=2)
"""Times are written to the second; two roundings may add up."""
KM = 1e-6
NOTHING = Borne(0, 0, 0)


@dataclass(frozen=True, slots=True)
class HeldLot:
    """A lot that stays: its chain priced today, the voyage's leg with its tolls alone."""

    mass_kg: int
    legs: tuple[Leg, ...]

    @property
    def voyage_ids(self) -> tuple[str, ...]:
        """The voyages it travels on."""
        return tuple(leg.voyage_id for leg in self.legs if leg.voyage_id)


@dataclass(frozen=True, slots=True)
class HeldShipment:
    """A shipment that stays: its lots and its road today."""

    shipment: Shipment
    planned: PlannedShipment
    lots: tuple[HeldLot, ...]
    baseline_legs: tuple[Leg, ...]

    @property
    def voyage_ids(self) -> tuple[str, ...]:
        """The voyages it travels on, each once."""
        return tuple(dict.fromkeys(name for lot in self.lots for name in lot.voyage_ids))


class ChainFinder:
    """Finds chains of accepted lots again."""

    def __init__(self, book: RouteBook, grid: Grid, voyages: Mapping[str, Voyage]) -> None:
        self.book, self.pricer, self.voyages = book, LegPricer(book.network, grid), voyages

    def held(self, planned: PlannedShipment, shipment: Shipment) -> HeldShipment | Why:
        """The shipment as it stays, or why it cannot."""
        why = _changed(planned, shipment, self.voyages)
        if why is not None:
            return why
        lots = [self._lot(lot, shipment) for lot in planned.lots]
        if any(lot is None for lot in lots):
            return Why("way_changed")
        routes = self.book.routes(shipment.origin, shipment.destination, shipment.cargo_code)
        road = next((route for route in routes if route.kind == "road"), None)
        carried_kg = shipment.mass_kg - planned.left_kg
        baseline = self.pricer.services(road, shipment, carried_kg) if road is not None else ()
        return HeldShipment(shipment, planned, tuple(lot for lot in lots if lot is not None), baseline)

    def _lot(self, lot: Lot, shipment: Shipment) -> HeldLot | None:
        for route in self._routes(lot, shipment):
            legs = self._run(route, lot, shipment)
            if len(legs) == len(lot.legs) and all(map(_alike, legs, lot.legs)):
                return HeldLot(lot.mass_kg, legs)
        return None

    def _run(self, route: Route, lot: Lot, shipment: Shipment) -> tuple[Leg, ...]:
        names = [leg.voyage_id for leg in lot.legs if leg.voyage_id]
        if not names:
            return self.pricer.services(route, shipment, lot.mass_kg)
        passages = [self._passage(self.voyages[name]) for name in names]
        return self.pricer.by_voyage(route, shipment, lot.mass_kg, passages)

    def _passage(self, voyage: Voyage) -> Passage:
        carrier = self.book.network.vessel_classes[voyage.vessel_class].energy_carrier
        burnt = fuel_emissions(carrier, "inland_waterway", 1.0, self.book.factors, self.book.on)
        return Passage(voyage, NOTHING, burnt.factor_ids)

    def _routes(self, lot: Lot, shipment: Shipment) -> Iterator[Route]:
        """Routes of today that go the lot's way."""
        ends = (shipment.origin, shipment.destination, shipment.cargo_code)
        signs = tuple(map(_sign, lot.legs))
        names = [leg.voyage_id for leg in lot.legs if leg.voyage_id]
        if shipment.cargo_code not in self.book.network.cargo:
            return
        known = self.book.routes(*ends) if len(names) < 2 else self.book.transshipped(*ends)
        if len(names) == 1 and self.voyages[names[0]].offer is not None:
            known = tuple(self._bought(self.voyages[names[0]], shipment))
        yield from (route for route in known if tuple(map(_route_sign, route.legs)) == signs)

    def _bought(self, voyage: Voyage, shipment: Shipment) -> Iterator[Route]:
        """Every chain that has a carrier's sailing in it."""
        network = self.book.network
        cargo = network.cargo[shipment.cargo_code]
        door = Doors(self.book, shipment.origin, shipment.destination, cargo)
        lane = self.book.graph.lane(voyage.origin, voyage.destination, voyage.vessel_class)
        quays = {(place, cargo.cargo_group) for place in (voyage.origin, voyage.destination)}
        if lane is None or not quays <= network.terminals.keys():
            return
        template = next(door.voyage_legs(voyage.origin, voyage.destination), None)
        hours = (voyage.arrives_at - voyage.departs_at) / timedelta(hours=1)
        leg = _sailing_leg(template, voyage, lane.distance_km, hours)
        for start, before, _ in sides_before(door):
            for end, after, _ in sides_after(door):
                if (start, end) == (voyage.origin, voyage.destination):
                    hubs = door.load_hub(start, leg), door.load_hub(end, leg)
                    yield Route("river", (*before, hubs[0], leg, hubs[1], *after))


def _sailing_leg(template: RouteLeg | None, voyage: Voyage, distance_km: float, hours: float) -> RouteLeg:
    blank = template or RouteLeg(
        "main", Mode.INLAND_WATERWAY, "", "", "", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "modelled", (), planned=True
    )
    return replace(
        blank,
        origin=voyage.origin,
        destination=voyage.destination,
        vehicle_class=voyage.vessel_class,
        distance_km=distance_km,
        hours=hours,
        yuan_per_t=0.0,
    )


def _changed(planned: PlannedShipment, shipment: Shipment, voyages: Mapping[str, Voyage]) -> Why | None:
    """What the new file says otherwise about a shipment."""
    mass_kg = sum(lot.mass_kg for lot in planned.lots) + planned.left_kg
    if mass_kg != shipment.mass_kg:
        return Why("mass_changed", named(f"{mass_kg / 1000:,.3f} t → {shipment.mass_kg / 1000:,.3f} t"))
    if {(lot.legs[0].origin, lot.legs[-1].destination) for lot in planned.lots} != {
        (shipment.origin, shipment.destination)
    }:
        return Why("doors_changed")
    if not shipment.splittable and len(planned.lots) > 1:
        return Why("not_whole")
    if min(lot.legs[0].departs_at for lot in planned.lots) < shipment.ready_at - CLOCK:
        return Why("ready_later")
    lost = [leg.voyage_id for lot in planned.lots for leg in lot.legs if leg.voyage_id and leg.voyage_id not in voyages]
    return Why("voyage_gone", named(lost[0])) if lost else None


def _sign(leg: Leg) -> tuple[str, ...]:
    return (leg.role, leg.mode, leg.origin, leg.destination, leg.vehicle_class)


def _route_sign(leg: RouteLeg) -> tuple[str, ...]:
    return (leg.role, str(leg.mode), leg.origin, leg.destination, leg.vehicle_class)


def _alike(today: Leg, accepted: Leg) -> bool:
    """Whether a leg is where and when it was."""
    times = ((today.departs_at, accepted.departs_at), (today.arrives_at, accepted.arrives_at))
    near = all(abs(one - other) <= CLOCK for one, other in times)
    return near and abs(today.distance_km - accepted.distance_km) <= KM and today.voyage_id == accepted.voyage_id
