"""The lines of given sailings: every way in which a shipment can use an offer or the room on a kept voyage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from optimizer.emissions.operations import fuel_emissions
from optimizer.network.model import Mode
from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.families import Family
from optimizer.planning.layout.given import GivenSailing
from optimizer.planning.layout.unusable import Unusable
from optimizer.planning.layout.way_maker import WayMaker
from optimizer.planning.layout.ways import is_unlimited, run_legs
from optimizer.planning.routing import tariff
from optimizer.planning.routing.doors import Doors
from optimizer.planning.routing.route import Route, RouteLeg
from optimizer.planning.settings import MAX_LATE_H, MAX_WAIT_H, SLOT_H
from optimizer.quantities import KG_PER_T

SAME_MOMENT_H = 1e-6
"""Hours by which two moments may differ and still be one."""


def add_given(maker: WayMaker, sailings: Sequence[GivenSailing]) -> list[Unusable]:
    """Add to the lines of a plan a family for each given sailing and every way in which a shipment can use it.

    A way is left out when even in a full vessel the tonne costs at least what it costs on the shipment's road (under a
    cap on CO2e: and emits at least as much), unless the sailing asks for a least load. Returns the carriers' offers
    that nobody can use, in the order of ``sailings``.
    """
    lines = _GivenLines(maker)
    lines.add(sailings)
    offers = {given.voyage_id: given.offer for given in sailings if given.offer is not None}
    return [
        Unusable(offer, FORTUNES[lines.fortune.get(name, 0)])
        for name, offer in offers.items()
        if lines.fortune.get(name, 0) < USED
    ]


FORTUNES = ("outside_horizon", "no_cargo", "dearer")
"""How far an offer may get on its way to being used, see ``unusable``."""
OUTSIDE, INSIDE, FITTING, USED = range(4)

Side = tuple[str, tuple[RouteLeg, ...], str]
"""Terminal, the legs between it and the door, and whether a ship is among them ("" or "sea")."""


class _GivenLines:
    def __init__(self, maker: WayMaker) -> None:
        self.maker, self.network, self.grid, self.cargo = maker, maker.network, maker.grid, maker.cargo
        self.road_yuan, self.road_wtw_kg = self._roads()
        self.tables: dict[tuple[int, tuple[RouteLeg, ...]], int] = {}
        self.reached: set[int] = set()
        self.fortune: dict[str, int] = {}

    def _roads(self) -> tuple[Floats, Floats]:
        """Yuan and kg CO2e per tonne of each shipment's cheapest way that has no limit (inf: none)."""
        count = len(self.maker.shipments)
        yuan, wtw_kg = np.full(count, np.inf), np.full(count, np.inf)
        for part in self.maker.parts:
            if part.route >= 0 and is_unlimited(self.maker.routes[part.route]):
                yuan[part.shipment] = np.minimum(yuan[part.shipment], part.yuan_per_t)
                grams = self.maker.wtw_kg_per_t[part.route]
                wtw_kg[part.shipment] = np.minimum(wtw_kg[part.shipment], grams)
        return yuan, wtw_kg

    def add(self, sailings: Sequence[GivenSailing]) -> None:
        """Families first, one for each sailing in order, then the lines of each group of shipments."""
        by_ends: dict[tuple[str, str, str], list[tuple[GivenSailing, int, int]]] = {}
        for given in sailings:
            slot = int(np.floor(self.grid.hour(given.berth_from) / SLOT_H + SAME_MOMENT_H))
            if 0 <= slot < self.grid.slots - 1:
                ends = (given.cargo_group, given.origin, given.destination)
                self._rise(given, INSIDE)
                by_ends.setdefault(ends, []).append((given, len(self.maker.families), slot))
                self.maker.families.append(self._family(given, slot))
        groups: dict[tuple[str, str, str], list[int]] = {}
        for index, shipment in enumerate(self.maker.shipments):
            groups.setdefault((shipment.origin, shipment.destination, shipment.cargo_code), []).append(index)
        for key, members in groups.items():
            self._add_group(key, np.array(members, dtype=np.int64), by_ends)
        saved = sorted(self.reached & set(self.maker.stranded))
        if saved:
            self.maker.leave_behind(np.array(saved, dtype=np.int64))
            self.maker.stranded = [k for k in self.maker.stranded if k not in self.reached]

    def _rise(self, given: GivenSailing, fortune: int) -> None:
        self.fortune[given.voyage_id] = max(fortune, self.fortune.get(given.voyage_id, OUTSIDE))

    def _family(self, given: GivenSailing, slot: int) -> Family:
        vessel = self.network.vessel_classes[given.vessel_class]
        capacity = np.zeros(self.grid.slots)
        capacity[slot] = given.room_kg / KG_PER_T
        km = given.lane.distance_km
        per_t = (vessel.fuel_loaded_kg_per_km - vessel.fuel_empty_kg_per_km) * km / vessel.capacity_t
        leg = RouteLeg(
            role="main",
            mode=Mode.INLAND_WATERWAY,
            origin=given.origin,
            destination=given.destination,
            vehicle_class=given.vessel_class,
            distance_km=km,
            hours=(given.arrives_at - given.departs_at).total_seconds() / 3600,
            interval_h=0.0,
            yuan_per_t=0.0 if given.price_yuan_per_t is not None else given.lane.toll_yuan_per_t,
            ttw_kg_per_t=0.0,
            wtw_kg_per_t=0.0,
            tier="modelled",
            factor_ids=(),
            planned=True,
            lane=given.lane,
        )
        hour = self.grid.hour
        return Family(
            given.origin,
            given.destination,
            given.vessel_class,
            given.cargo_group,
            leg,
            hour(given.departs_at) - hour(given.berth_from),
            hour(given.free_at) - hour(given.arrives_at),
            1,
            capacity,
            vessel.fuel_empty_kg_per_km * km,
            per_t,
            given=given,
        )

    def _add_group(
        self,
        key: tuple[str, str, str],
        members: Indices,
        by_ends: dict[tuple[str, str, str], list[tuple[GivenSailing, int, int]]],
    ) -> None:
        cargo = self.network.cargo[key[2]]
        door = Doors(self.maker.book, key[0], key[1], cargo)
        for start, before, sea_in in sides_before(door):
            yard_h, hubs = run_legs(before, self.cargo.ready_h[members])
            for end, after, sea_out in sides_after(door):
                if sea_in and sea_out:
                    continue
                kind = "sea-river" if sea_in else "river-sea" if sea_out else "river"
                for given, number, slot in by_ends.get((cargo.cargo_group, start, end), ()):
                    voyage = self.maker.families[number].leg
                    legs = (*before, door.load_hub(start, voyage), voyage, door.load_hub(end, voyage), *after)
                    self._add_lines(members, Route(kind, legs), (given, number, slot), yard_h, hubs, after)

    def _add_lines(
        self,
        members: Indices,
        route: Route,
        sailing: tuple[GivenSailing, int, int],
        yard_h: Floats,
        hubs: list[tuple[str, Floats]],
        after: tuple[RouteLeg, ...],
    ) -> None:
        given, number, slot = sailing
        berth_h = self.grid.hour(given.berth_from)
        door, hubs_after = run_legs(after, np.array([self.grid.hour(given.free_at)]))
        door_h, room_t = float(door[0]), given.room_kg / KG_PER_T
        fits = self.cargo.least_t[members] <= room_t + 1e-9
        fits &= (yard_h <= berth_h + SAME_MOMENT_H) & (berth_h - yard_h <= MAX_WAIT_H)
        rows = np.flatnonzero(fits & (door_h <= self.cargo.due_h[members] + MAX_LATE_H))
        chosen = members[rows]
        if len(chosen):
            self._rise(given, FITTING)
        per_t, wtw_kg_per_t = self._tonne(chosen, route, given, berth_h - yard_h[rows])
        late = self.cargo.late_rate[chosen] * np.maximum(0.0, door_h - self.cargo.due_h[chosen])
        whole = per_t + self.cargo.time_rate[chosen] * door_h + late + given.fixed_yuan / room_t
        # Even a tonne that is dearer than its road may be of use where it brings a sailing to its least load.
        useful = (whole < self.road_yuan[chosen]) | (given.least_kg > 0)
        if self.maker.settings.co2e_cap_t is not None:
            useful |= wtw_kg_per_t < self.road_wtw_kg[chosen]
        rows, chosen, per_t = rows[useful], chosen[useful], per_t[useful]
        if not len(chosen):
            return
        self._rise(given, USED)
        self.reached.update(int(k) for k in chosen)
        if (number, after) not in self.tables:
            arrives = np.array([self.grid.hour(given.arrives_at)])
            quays = [(given.origin, np.array([berth_h])), (given.destination, arrives), *hubs_after]
            self.tables[(number, after)] = self.maker.add_table(number, slot, door_h, quays)
        table, before = self.tables[(number, after)], [(place, hours[rows]) for place, hours in hubs]
        self.maker.add_lines(chosen, route, table, slot, per_t, wtw_kg_per_t, yard_h[rows], before)

    def _tonne(self, chosen: Indices, route: Route, given: GivenSailing, waited_h: Floats) -> tuple[Floats, float]:
        """Yuan per tonne of each shipment without what its hour at the door costs (see ``WayMaker.add_lines``), and kg
        CO2e per tonne; the ship's own running is part of neither."""
        terminal = self.network.terminals[(given.origin, given.cargo_group)]
        days = np.maximum(0.0, waited_h / 24 - terminal.storage_free_days)
        vessel = self.network.vessel_classes[given.vessel_class]
        fuel_kg = (vessel.fuel_loaded_kg_per_km - vessel.fuel_empty_kg_per_km) * given.lane.distance_km
        fuel_kg /= vessel.capacity_t
        book = self.maker.book
        burnt = fuel_emissions(vessel.energy_carrier, "inland_waterway", fuel_kg, book.factors, book.on)
        wtw_kg_per_t = route.wtw_kg_per_t + burnt.wtw_kg
        if given.price_yuan_per_t is not None:
            carriage = given.price_yuan_per_t
        else:
            carriage = fuel_kg * tariff.energy_price_yuan(self.network, vessel.energy_carrier)
        own = route.yuan_per_t + carriage + wtw_kg_per_t * self.maker.carbon_yuan_per_kg
        per_t = own + route.loss_rel * self.maker.value[chosen] + days * terminal.storage_yuan_per_t_day
        return np.asarray(per_t - self.cargo.time_rate[chosen] * self.cargo.ready_h[chosen]), wtw_kg_per_t


def sides_before(door: Doors) -> Iterator[Side]:
    """Ways from the origin's door to a quay: itself or a truck, or a river-sea ship to a port."""
    yield from ((place, legs, "") for place, legs in door.doors(door.origin, "pre"))
    for port in door.sea_ports():
        ship = door.sea_leg(door.origin, port)
        if ship is not None:
            yield port, (door.hub_leg(door.origin), ship), "sea"


def sides_after(door: Doors) -> Iterator[Side]:
    """Ways from a quay to the destination's door."""
    yield from ((place, legs, "") for place, legs in door.doors(door.destination, "post"))
    for port in door.sea_ports():
        ship = door.sea_leg(port, door.destination)
        if ship is not None:
            yield port, (ship, door.hub_leg(door.destination)), "sea"
