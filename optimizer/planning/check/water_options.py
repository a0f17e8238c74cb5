"""What a water option would cost a shipment, and when it could be there: from the tables alone.

An option names its voyages (``B800 QJ-ZP``; two with a change of ship); before and after them the cargo goes by truck
within drayage distance, by river-sea ship or by train. All these ways are priced, since any of them may be meant. Per
tonne, in full vessels:

    one way      services and hubs + tolls + carbon + value lost at hubs + time under way x what it binds of the value
                 + (days at the cheapest market of the class + fuel of the empty ship) / load + fuel of the load
    round trip   the same + days and fuel of the empty way back / load, nothing where there is no way back
    least load   what a round trip costs as such / (price by road - what each tonne costs)

A voyage takes whole slots of 6 h from berthing to discharged, berths at the beginning of a slot, and carries at best
what its deepest open slot of the plan allows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import pairwise, product

from optimizer.emissions.operations import fuel_emissions, sea_service_operation
from optimizer.network.model import Mode, VesselClass
from optimizer.planning.check.berths import BEYOND_D, SLOT_H
from optimizer.planning.check.ways import Course
from optimizer.planning.check.workings import Workings
from optimizer.planning.shipment import Shipment

LATE_H = 72
"""So long after it is due a shipment may arrive by water at most."""
TERMINALS_PER_DOOR = 4
"""So many terminals a plan tries at a door."""
HOURS_PER_YEAR = 8760.0


@dataclass(frozen=True, slots=True)
class Step:
    """A service or an operation on the way: hours, the grid on which it leaves (0: at once), per tonne yuan and kg
    CO2e WTW; ``lossy`` where handling loses value."""

    hours: float
    interval_h: float
    yuan_per_t: float
    wtw_kg_per_t: float
    lossy: bool = False


@dataclass(frozen=True, slots=True)
class Sailing:
    """A voyage between two terminals with the operations at both ends."""

    vessel: VesselClass
    origin: str
    destination: str
    course: Course
    load: Step
    discharge: Step

    @property
    def hours(self) -> float:
        """From berthing until discharged."""
        return self.load.hours + self.course.hours + self.discharge.hours


Chain = tuple[Step | Sailing, ...]
Side = tuple[Chain, str, bool]
BY_SEA, BY_RAIL = ("sea_port", "river_port"), ("sea_port", "river_port", "inland_port")
"""Kinds of places where cargo may change to or from an inland vessel."""


@dataclass(frozen=True, slots=True)
class Price:
    """Yuan per tonne one way and with the empty way back; tonnes from which a round trip beats the road; yuan for each
    tonne, and for a round trip as such."""

    one_way: float
    round_trip: float
    least_t: float
    tonne: float
    trips: float


class WaterPrices:
    """Prices and arrivals of the ways of one shipment that make the voyages of an option."""

    def __init__(self, work: Workings, shipment: Shipment) -> None:
        self.work, self.network, self.shipment = work, work.network, shipment
        self.group = work.group(shipment)
        self.carbon = (work.setting("carbon_price_yuan_per_t") or 0.0) / 1000
        value = shipment.cargo_value_yuan_per_t
        self.hour_yuan = value * self.network.value("time_value_rel_per_year") / HOURS_PER_YEAR
        late_day_yuan = value * self.network.value("lateness_rel_per_day")
        self.late_hour_yuan = (late_day_yuan + self.network.value("lateness_yuan_per_t_day")) / 24
        self.loss_yuan = value * self.network.cargo[shipment.cargo_code].handling_loss_rel

    def road_yuan_per_t(self) -> float | None:
        """What the shipment's road weighs, None where its baseline makes no sense to the network."""
        legs = self.work.baseline_of.get(self.shipment.shipment_id)
        if not legs:
            return None
        yuan = 0.0
        for item in legs:
            intensity = self.work.leg_intensity(item)
            km = item.leg.distance_km if intensity.unit == "tkm" else 1.0
            yuan += self.work.leg_yuan_per_t(item) + intensity.wtw_kg * km * self.carbon
        arrives_at = legs[-1].leg.arrives_at
        late_h = max(0.0, (arrives_at - self.shipment.due_at) / timedelta(hours=1))
        hours = (arrives_at - self.shipment.ready_at) / timedelta(hours=1)
        return yuan + self.hour_yuan * hours + self.late_hour_yuan * late_h

    @property
    def second_yuan(self) -> float:
        """What a second is worth at most, a tonne: so far a price may be off, since times are printed to the second."""
        return (self.hour_yuan + self.late_hour_yuan) / 3600

    def chains(self, option: str) -> list[Chain]:
        """Every way whose voyages are those of ``option``; none where one of them cannot be made."""
        each = [self._sailings(named) for named in option.split(" + ")]
        found = []
        for sailings in product(*each):
            if all(a.destination == b.origin for a, b in pairwise(sailings)):
                before, after = self.before(sailings[0].origin), self.after(sailings[-1].destination)
                found += [(*start, *sailings, *end) for start, end in product(before, after)]
        return found

    def through_chains(self) -> list[Chain]:
        """Every way with one voyage, of a class of the fleet between quays that berth it: by truck or none between both
        doors and quays, or at one of the two by river-sea ship, or by train from a quay near the door."""
        voyages, found = cache(self._voyages), list[Chain]()
        sides = self._starts(), self._ends()
        for (before, start, services), (after, end, more_services) in product(*sides):
            if not (services and more_services):
                found += [(*before, voyage, *after) for voyage in voyages(start, end)]
        return found

    def relayed_chains(self) -> list[Chain]:
        """Every way with two voyages of different classes, by truck or none between doors and quays, with a change at
        any other terminal. A plan looks at all of these where there is no way with one voyage."""
        voyages, found = cache(self._voyages), list[Chain]()
        ports = [place for place, group in self.network.terminals if group == self.group]
        for (before, start, services), (after, end, more_services) in product(self._starts(), self._ends()):
            for port in ports if start != end and not (services or more_services) else ():
                for first, second in product(voyages(start, port), voyages(port, end)):
                    if first.vessel != second.vessel:
                        found.append((*before, first, second, *after))
        return found

    def _voyages(self, start: str, end: str) -> list[Sailing]:
        """Voyages between two terminals of the classes of the fleet that both berth."""
        fleet = {entry.vessel_class for entry in self.network.fleet}
        vessels = [v for v in self.network.vessel_classes.values() if v.vessel_class in fleet and v.waters == "inland"]
        most_t = min(self.network.terminals[(port, self.group)].max_vessel_dwt_t for port in (start, end))
        each = (self._sailing(vessel, start, end) for vessel in vessels if vessel.capacity_t <= most_t and start != end)
        return [voyage for voyage in each if voyage is not None]

    def _starts(self) -> list[Side]:
        """Quays at which the first vessel may load, the way there, and whether a ship or train is part of it."""
        door = self.shipment.origin
        trucks = [(truck, quay, False) for quay in self.quays(door) if (truck := self.truck_to(quay)) is not None]
        found: list[Side] = [*trucks]
        for port in self._ports(BY_SEA):
            found += [((self._ship_hub(door), ship), port, True) for ship in self._ship(door, port)]
        for port, (truck, quay, _) in product(self._ports(BY_RAIL), trucks):
            train = self._train(quay, port)
            hubs = self._train_hub(quay), self._train_hub(port)
            found += [((*truck, hubs[0], train, hubs[1]), port, True)] if train is not None else []
        return found

    def _ends(self) -> list[Side]:
        """The same from where the last vessel is discharged."""
        door = self.shipment.destination
        trucks = [(truck, quay, False) for quay in self.quays(door) if (truck := self.truck_from(quay)) is not None]
        found: list[Side] = [*trucks]
        for port in self._ports(BY_SEA):
            found += [((ship, self._ship_hub(door)), port, True) for ship in self._ship(port, door)]
        for port, (truck, quay, _) in product(self._ports(BY_RAIL), trucks):
            train = self._train(port, quay)
            hubs = self._train_hub(port), self._train_hub(quay)
            found += [((hubs[0], train, hubs[1], *truck), port, True)] if train is not None else []
        return found

    def _ports(self, kinds: tuple[str, ...]) -> list[str]:
        """Where the cargo may change between an inland vessel and a ship or train: ports of these kinds, no doors."""
        doors = (self.shipment.origin, self.shipment.destination)
        places = [place for place, group in self.network.terminals if group == self.group and place not in doors]
        return [place for place in places if self.network.locations[place].kind in kinds]

    def quays(self, door: str) -> list[str]:
        """The terminals in drayage distance of a door that a plan tries, nearest first; the door itself is one."""
        near = []
        for place, group in self.network.terminals:
            way = self.work.ways.road(door, place) if group == self.group and place != door else None
            if group == self.group and place == door:
                near.append((0.0, place))
            elif way is not None and way.distance_km <= self.network.value("drayage_max_km"):
                near.append((way.distance_km, place))
        return [place for _, place in sorted(near)[:TERMINALS_PER_DOOR]]

    def truck_to(self, quay: str) -> Chain | None:
        """The truck to a quay that a plan tries at the origin, no leg where both are one; None where it is none."""
        door = self.shipment.origin
        return next(iter(self._truck(door, quay)), None) if quay in self.quays(door) else None

    def truck_from(self, quay: str) -> Chain | None:
        """The same from a quay at the destination."""
        door = self.shipment.destination
        return next(iter(self._truck(quay, door)), None) if quay in self.quays(door) else None

    def least_room_t(self, chain: Chain) -> float:
        """What the smallest ship of a way takes at least at its deepest."""
        return min(min(self._most_t(step)) for step in chain if isinstance(step, Sailing))

    def prices(self, chain: Chain, road: float) -> list[Price]:
        """What the way costs in its full vessels, by how much they may load at best."""
        sailings = [step for step in chain if isinstance(step, Sailing)]
        steps = [step for step in chain if isinstance(step, Step)]
        steps += [end for sailing in sailings for end in (sailing.load, sailing.discharge)]
        tonne = sum(s.yuan_per_t + s.wtw_kg_per_t * self.carbon + s.lossy * self.loss_yuan for s in steps)
        there, back = [], []
        for sailing in sailings:
            vessel, course = sailing.vessel, sailing.course
            fuel = self._fuel_yuan(vessel)
            more = (vessel.fuel_loaded_kg_per_km - vessel.fuel_empty_kg_per_km) / vessel.capacity_t
            tonne += course.toll_yuan_per_t + fuel * more * course.distance_km + self.hour_yuan * sailing.hours
            there.append(
                self._days_yuan(vessel, sailing.hours) + fuel * vessel.fuel_empty_kg_per_km * course.distance_km
            )
            home = self.work.ways.course(sailing.destination, sailing.origin, vessel.vessel_class)
            back.append(
                self._days_yuan(vessel, home.hours) + fuel * vessel.fuel_empty_kg_per_km * home.distance_km
                if home is not None
                else 0.0
            )
        found = []
        for most in product(*(self._most_t(sailing) for sailing in sailings)):
            if min(most) > 0:
                one_way = tonne + sum(yuan / load for yuan, load in zip(there, most, strict=True))
                round_trip = one_way + sum(yuan / load for yuan, load in zip(back, most, strict=True))
                trips = sum(there) + sum(back)
                least_t = trips / (road - tonne) if road > tonne else math.inf
                found.append(Price(one_way, round_trip, least_t, tonne, trips))
        return found

    def earliest_h(self, chain: Chain, beyond_d: int = BEYOND_D) -> float | None:
        """Hours from the plan's midnight until the way can be at the door; None where no sailing is open, so many days
        after the last that any voyage of the plan is sure to have included."""
        hour = (self.shipment.ready_at - self.work.epoch) / timedelta(hours=1)
        for step in chain:
            if isinstance(step, Sailing):
                first = math.ceil((hour - 1e-9) / SLOT_H)
                slots = range(first, (first if beyond_d else 0) + beyond_d * 24 // SLOT_H + self.work.berths.slots)
                open_slot = next((slot for slot in slots if self._capacity_t(step, slot) > 0), None)
                if open_slot is None:
                    return None
                hour = open_slot * SLOT_H + step.hours
            else:
                if step.interval_h > 0:
                    hour = math.ceil((hour - 1e-9) / step.interval_h) * step.interval_h
                hour += step.hours
        return hour

    def _sailings(self, named: str) -> list[Sailing]:
        vessel = self.network.vessel_classes.get(named.split(" ")[0])
        ends = named.partition(" ")[2]
        splits = [(ends[:place], ends[place + 1 :]) for place, letter in enumerate(ends) if letter == "-"]
        if vessel is None:
            return []
        return [sailing for start, end in splits if (sailing := self._sailing(vessel, start, end)) is not None]

    def _sailing(self, vessel: VesselClass, start: str, end: str) -> Sailing | None:
        terminals = [self.network.terminals.get((port, self.group)) for port in (start, end)]
        if self.group not in vessel.cargo_groups or None in terminals:
            return None
        course = self.work.ways.course(start, end, vessel.vessel_class)
        if course is None:
            return None
        load, discharge = (self.hub(port, vessel.capacity_t) for port in (start, end))
        return Sailing(vessel, start, end, course, load, discharge)

    def before(self, port: str) -> list[Chain]:
        """Ways to the quay at which the first vessel loads."""
        door = self.shipment.origin
        found: list[Chain] = list(self._truck(door, port))
        found += [(self._ship_hub(door), ship) for ship in self._ship(door, port)]
        for start, train in self._trains(port, inward=True):
            hubs = self._train_hub(start), self._train_hub(port)
            found += [(*truck, hubs[0], train, hubs[1]) for truck in self._truck(door, start)]
        return found

    def after(self, port: str) -> list[Chain]:
        """Ways from the quay at which the last vessel is discharged."""
        door = self.shipment.destination
        found: list[Chain] = list(self._truck(port, door))
        found += [(ship, self._ship_hub(door)) for ship in self._ship(port, door)]
        for end, train in self._trains(port, inward=False):
            hubs = self._train_hub(port), self._train_hub(end)
            found += [(hubs[0], train, hubs[1], *truck) for truck in self._truck(end, door)]
        return found

    def _truck(self, start: str, end: str) -> Iterator[tuple[Step, ...]]:
        if start == end:
            yield ()
            return
        way = self.work.ways.road(start, end)
        if way is None or way.distance_km > self.network.value("drayage_max_km"):
            return
        yuan, hours = self._tariff_yuan(Mode.ROAD, "drayage", way.distance_km), self.network.value("drayage_loading_h")
        for truck in self.network.truck_classes.values():
            if truck.use == "drayage" and self.group in truck.cargo_groups:
                wtw_kg = self.work.truck_intensity(truck.truck_class).wtw_kg * way.distance_km
                yield (Step(2 * hours + way.hours, 0.0, yuan, wtw_kg),)

    def _ship(self, start: str, end: str) -> Iterator[Step]:
        vessel = self.work.sea_vessel(self.group)
        ends = {(start, self.group), (end, self.group)}
        if vessel is None or start == end or not ends <= self.network.terminals.keys():
            return
        if vessel.capacity_t > min(self.network.terminals[quay].max_vessel_dwt_t for quay in ends):
            return
        course = self.work.ways.course(start, end, vessel.vessel_class)
        if course is not None and course.at_sea:
            yuan = self._tariff_yuan(Mode.SEA, "river_sea", course.distance_km)
            load, empty = (self.network.value(name) for name in ("sea_load_factor", "sea_empty_share"))
            wtw_kg = sea_service_operation(vessel, load, empty, self.work.factors, self.work.on).wtw_kg
            interval_h = self.network.value("sea_service_interval_h")
            yield Step(course.hours, interval_h, yuan, wtw_kg * course.distance_km)

    def _trains(self, port: str, *, inward: bool) -> Iterator[tuple[str, Step]]:
        for place, group in self.network.terminals:
            ends = (place, port) if inward else (port, place)
            train = self._train(*ends) if group == self.group else None
            if train is not None:
                yield place, train

    def _train(self, start: str, end: str) -> Step | None:
        way = self.work.ways.rail(start, end) if start != end else None
        if way is None:
            return None
        service = self.network.cargo[self.shipment.cargo_code].rail_service
        yuan = self._tariff_yuan(Mode.RAIL, service, way.distance_km)
        wtw_kg = self.work.rail_intensity.wtw_kg * way.distance_km
        return Step(way.hours, self.network.value("rail_service_interval_h"), yuan, wtw_kg)

    def _tariff_yuan(self, mode: Mode, service: str, distance_km: float) -> float:
        row = self.work.tariff(mode, service)
        return max(row.minimum_yuan_per_t, row.fixed_yuan_per_t + row.yuan_per_tkm * distance_km)

    def _ship_hub(self, place: str) -> Step:
        vessel = self.work.sea_vessel(self.group)
        return self.hub(place, vessel.capacity_t if vessel is not None else 0.0)

    def _train_hub(self, place: str) -> Step:
        return self.hub(place, self.network.value("rail_train_t"))

    def hub(self, place: str, load_t: float) -> Step:
        """The operation at a terminal between its yard and a vehicle with so much aboard."""
        terminal = self.network.terminals[(place, self.group)]
        at_sea = self.network.locations[place].kind == "sea_port"
        yuan = terminal.transfer_yuan_per_t + (self.network.value("sea_harbour_due_yuan_per_t") if at_sea else 0.0)
        return Step(
            self.work.hub_h(terminal, load_t), 0.0, yuan, self.work.hub_intensity(place, self.group).wtw_kg, lossy=True
        )

    def _fuel_yuan(self, vessel: VesselClass) -> float:
        burnt = fuel_emissions(vessel.energy_carrier, "inland_waterway", 1.0, self.work.factors, self.work.on)
        return self.work.fuel_yuan_per_kg(vessel) + burnt.wtw_kg * self.carbon

    def _days_yuan(self, vessel: VesselClass, hours: float) -> float:
        markets = {entry.market for entry in self.network.fleet if entry.vessel_class == vessel.vessel_class}
        rates = [vessel.charter_yuan_per_day if market == "spot" else vessel.cost_yuan_per_day for market in markets]
        return min(rates, default=math.inf) * max(1, math.ceil(hours / SLOT_H - 1e-9)) * SLOT_H / 24

    def _most_t(self, sailing: Sailing) -> tuple[float, ...]:
        return self.work.berths.most_t(*self._named(sailing))

    def _capacity_t(self, sailing: Sailing, slot: int) -> float:
        return self.work.berths.capacity_t(*self._named(sailing), slot)

    def _named(self, sailing: Sailing) -> tuple[str, str, str, str]:
        return sailing.origin, sailing.destination, sailing.vessel.vessel_class, self.group
