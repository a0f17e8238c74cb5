"""The grammar of routes between one pair of doors (see ``routes`` for the kinds)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from optimizer.emissions.operations import sea_service_operation
from optimizer.network.graph import Way
from optimizer.network.model import Cargo, Mode, Terminal
from optimizer.planning.routing import tariff
from optimizer.planning.routing.route import Route, RouteLeg, hub_hours, service_leg
from optimizer.planning.routing.transport_means import TransportMeans

MAX_TERMINALS_PER_DOOR = 4
"""Terminals within drayage distance that are tried at each door, nearest first."""


class Doors:
    """Builds the routes between one pair of doors for one cargo."""

    def __init__(self, means: TransportMeans, origin: str, destination: str, cargo: Cargo) -> None:
        self.means, self.network, self.graph = means, means.network, means.graph
        self.origin, self.destination, self.cargo = origin, destination, cargo
        self.group = cargo.cargo_group

    def road(self) -> Iterator[Route]:
        """The truck; for an island the cheapest chain of river-sea ship and truck."""
        way = self.graph.road(self.origin, self.destination)
        if way is not None:
            yield Route("road", (self.truck_leg("main", self.origin, self.destination, way),))
            return
        # An island has no road: its baseline is the river-sea ship to a mainland port and a truck from there.
        chains: list[Route] = []
        for port in self.sea_ports():
            way_out, way_in = self.graph.road(port, self.destination), self.graph.road(self.origin, port)
            ship_out, ship_in = self.sea_leg(self.origin, port), self.sea_leg(port, self.destination)
            if way_out is not None and ship_out is not None:
                legs = [self.hub_leg(self.origin), ship_out, self.hub_leg(port)]
                legs.append(self.truck_leg("main", port, self.destination, way_out))
                chains.append(Route("road", tuple(legs)))
            if way_in is not None and ship_in is not None:
                legs = [self.truck_leg("main", self.origin, port, way_in), self.hub_leg(port), ship_in]
                legs.append(self.hub_leg(self.destination))
                chains.append(Route("road", tuple(legs)))
        if chains:
            yield min(chains, key=lambda route: (route.yuan_per_t, route.legs[0].destination))

    def river(self) -> Iterator[Route]:
        """One inland voyage between terminals that serve the doors."""
        for start, before in self.doors(self.origin, "pre"):
            for end, after in self.doors(self.destination, "post"):
                for voyage in self.voyage_legs(start, end):
                    yield Route(
                        "river", (*before, self.load_hub(start, voyage), voyage, self.load_hub(end, voyage), *after)
                    )

    def sea_and_river(self) -> Iterator[Route]:
        """A river-sea ship on one side of the inland voyage."""
        for port in self.sea_ports():
            inbound, outbound = self.sea_leg(self.origin, port), self.sea_leg(port, self.destination)
            if inbound is not None:
                for end, after in self.doors(self.destination, "post"):
                    for voyage in self.voyage_legs(port, end):
                        hubs = self.load_hub(port, voyage), self.load_hub(end, voyage)
                        legs = (self.hub_leg(self.origin), inbound, hubs[0], voyage, hubs[1], *after)
                        yield Route("sea-river", legs)
            if outbound is not None:
                for start, before in self.doors(self.origin, "pre"):
                    for voyage in self.voyage_legs(start, port):
                        hubs = self.load_hub(start, voyage), self.load_hub(port, voyage)
                        legs = (*before, hubs[0], voyage, hubs[1], outbound, self.hub_leg(self.destination))
                        yield Route("river-sea", legs)

    def rail(self) -> Iterator[Route]:
        """A train between rail places that serve the doors."""
        for start, before in self.doors(self.origin, "pre"):
            for end, after in self.doors(self.destination, "post"):
                for train in self.train_legs(start, end):
                    yield Route("rail", (*before, self.train_hub(start), train, self.train_hub(end), *after))

    def rail_and_water(self) -> Iterator[Route]:
        """A train on one side of a river-sea ship or of an inland voyage, changing where rails reach the water.

        The change is two operations with a yard between them, as from barge to barge (``transshipment``): no crane
        lifts a whole ship into a train that stands ready.
        """
        for port in self.rail_ports():
            for end, after in self.doors(self.destination, "post"):
                for train in self.train_legs(port, end):
                    onward = (self.train_hub(port), train, self.train_hub(end), *after)
                    yield from self._water_to(port, onward)
            for start, before in self.doors(self.origin, "pre"):
                for train in self.train_legs(start, port):
                    yield from self._water_from(port, (*before, self.train_hub(start), train))

    def _water_to(self, port: str, onward: tuple[RouteLeg, ...]) -> Iterator[Route]:
        ship = self.sea_leg(self.origin, port)
        if ship is not None:
            yield Route("sea-rail", (self.hub_leg(self.origin), ship, self.hub_leg(port), *onward))
        for start, before in self.doors(self.origin, "pre"):
            for voyage in self.voyage_legs(start, port):
                hubs = self.load_hub(start, voyage), self.load_hub(port, voyage)
                yield Route("river-rail", (*before, hubs[0], voyage, hubs[1], *onward))

    def _water_from(self, port: str, inward: tuple[RouteLeg, ...]) -> Iterator[Route]:
        ship = self.sea_leg(port, self.destination)
        if ship is not None:
            ashore, aboard = self.train_hub(port), self.hub_leg(port)
            yield Route("rail-sea", (*inward, ashore, aboard, ship, self.hub_leg(self.destination)))
        for end, after in self.doors(self.destination, "post"):
            for voyage in self.voyage_legs(port, end):
                hubs = self.load_hub(port, voyage), self.load_hub(end, voyage)
                yield Route("rail-river", (*inward, self.train_hub(port), hubs[0], voyage, hubs[1], *after))

    def sea(self) -> Iterator[Route]:
        """A river-sea ship from port to port."""
        ship = self.sea_leg(self.origin, self.destination)
        if ship is not None:
            yield Route("sea", (self.hub_leg(self.origin), ship, self.hub_leg(self.destination)))

    def doors(self, place: str, role: str) -> list[tuple[str, tuple[RouteLeg, ...]]]:
        """Terminals from which a door is served: itself without a leg, others in drayage distance by truck."""
        found: list[tuple[float, str, tuple[RouteLeg, ...]]] = []
        for location_id, group in self.network.terminals:
            if group != self.group:
                continue
            if location_id == place:
                found.append((0.0, location_id, ()))
                continue
            way = self.graph.road(place, location_id)
            if way is None or way.distance_km > self.network.value("drayage_max_km"):
                continue
            ends = (place, location_id) if role == "pre" else (location_id, place)
            found.append((way.distance_km, location_id, (self.drayage_leg(role, *ends, way),)))
        found.sort(key=lambda item: item[:2])
        return [(location_id, legs) for _, location_id, legs in found[:MAX_TERMINALS_PER_DOOR]]

    def sea_ports(self) -> list[str]:
        """Ports where this cargo may change between a river-sea ship and anything else."""
        return sorted(
            place
            for place, group in self.network.terminals
            if group == self.group
            and self.network.locations[place].kind in ("sea_port", "river_port")
            and place not in (self.origin, self.destination)
        )

    def rail_ports(self) -> list[str]:
        """Places, neither door of the two, where this cargo may change between a train and a vessel."""
        return [
            place
            for place in self.graph.rail_places()
            if (place, self.group) in self.network.terminals
            and self.network.locations[place].kind in ("sea_port", "river_port", "inland_port")
            and place not in (self.origin, self.destination)
        ]

    def voyage_legs(self, start: str, end: str) -> Iterator[RouteLeg]:
        """The planned leg of each inland class that can sail between two terminals."""
        limit_t = min(self.terminal(start).max_vessel_dwt_t, self.terminal(end).max_vessel_dwt_t)
        for vessel in self.means.inland_vessels(self.group):
            lane = self.graph.lane(start, end, vessel.vessel_class)
            if lane is None or vessel.capacity_t > limit_t:
                continue
            yield RouteLeg(
                role="main",
                mode=Mode.INLAND_WATERWAY,
                origin=start,
                destination=end,
                vehicle_class=vessel.vessel_class,
                distance_km=lane.distance_km,
                hours=lane.transit_h,
                interval_h=0.0,
                yuan_per_t=lane.toll_yuan_per_t,
                ttw_kg_per_t=0.0,
                wtw_kg_per_t=0.0,
                tier="modelled",
                factor_ids=(),
                planned=True,
                lane=lane,
            )

    def truck_leg(self, role: str, start: str, end: str, way: Way) -> RouteLeg:
        """A truck on the line haul."""
        truck, intensity = self.means.truck("line_haul", self.group)
        hours = 2 * self.network.value("truck_loading_h") + way.hours
        price = tariff.haul_yuan_per_t(self.network, way)
        return service_leg(
            role, Mode.ROAD, start, end, truck.truck_class, way.distance_km, hours, 0.0, price, intensity
        )

    def drayage_leg(self, role: str, start: str, end: str, way: Way) -> RouteLeg:
        """A truck between a door and a terminal."""
        truck, intensity = self.means.truck("drayage", self.group)
        hours = 2 * self.network.value("drayage_loading_h") + way.hours
        price = tariff.drayage_yuan_per_t(self.network, way)
        return service_leg(
            role, Mode.ROAD, start, end, truck.truck_class, way.distance_km, hours, 0.0, price, intensity
        )

    def sea_leg(self, start: str, end: str) -> RouteLeg | None:
        """A river-sea service between two ports, None where there is none."""
        vessel = self.means.sea_vessel(self.group)
        if (
            vessel is None
            or start == end
            or not all((place, self.group) in self.network.terminals for place in (start, end))
        ):
            return None
        # A ship that need not touch salt water is an inland voyage, not this service.
        lane = self.graph.lane(start, end, vessel.vessel_class)
        if lane is None or not any(self.network.links[s.link_id].mode is Mode.SEA for s in lane.stretches):
            return None
        if vessel.capacity_t > min(self.terminal(start).max_vessel_dwt_t, self.terminal(end).max_vessel_dwt_t):
            return None
        price = tariff.carriage_yuan_per_t(tariff.service_tariff(self.network, Mode.SEA, "river_sea"), lane.distance_km)
        intensity = sea_service_operation(
            vessel,
            self.network.value("sea_load_factor"),
            self.network.value("sea_empty_share"),
            self.means.factors,
            self.means.on,
        )
        interval_h = self.network.value("sea_service_interval_h")
        leg = service_leg(
            "main",
            Mode.SEA,
            start,
            end,
            vessel.vessel_class,
            lane.distance_km,
            lane.transit_h,
            interval_h,
            price,
            intensity,
        )
        return replace(leg, lane=lane)

    def train_legs(self, start: str, end: str) -> Iterator[RouteLeg]:
        """The train between two terminals, if rails join them."""
        way = self.graph.rail(start, end)
        if way is None:
            return
        row = tariff.service_tariff(self.network, Mode.RAIL, self.cargo.rail_service)
        price = tariff.carriage_yuan_per_t(row, way.distance_km)
        interval_h = self.network.value("rail_service_interval_h")
        intensity = self.means.rail_intensity
        yield service_leg("main", Mode.RAIL, start, end, "", way.distance_km, way.hours, interval_h, price, intensity)

    def train_hub(self, place: str) -> RouteLeg:
        """One operation between yard and train."""
        return self._hub(self.terminal(place), self.network.value("rail_train_t"))

    def hub_leg(self, place: str) -> RouteLeg:
        """One operation between yard and a river-sea ship."""
        vessel = self.means.sea_vessel(self.group)
        assert vessel is not None, "a ship is handled where ships sail"
        return self._hub(self.terminal(place), vessel.capacity_t)

    def load_hub(self, place: str, voyage: RouteLeg) -> RouteLeg:
        """Loading or discharging a planned voyage: the time is that of a full vessel."""
        vessel = self.network.vessel_classes[voyage.vehicle_class]
        return self._hub(self.terminal(place), vessel.capacity_t)

    def _hub(self, terminal: Terminal, load_t: float) -> RouteLeg:
        hours = hub_hours(self.network, terminal, load_t)
        price = tariff.transfer_yuan_per_t(self.network, terminal)
        place, intensity = terminal.location_id, self.means.hub_intensity(terminal)
        return RouteLeg(
            role="hub",
            mode=Mode.HUB,
            origin=place,
            destination=place,
            vehicle_class="",
            distance_km=0.0,
            hours=hours,
            interval_h=0.0,
            yuan_per_t=price,
            ttw_kg_per_t=intensity.ttw_kg,
            wtw_kg_per_t=intensity.ttw_kg + intensity.wtt_kg,
            tier=str(intensity.tier),
            factor_ids=tuple(intensity.factor_ids),
            loss_rel=self.cargo.handling_loss_rel,
        )

    def terminal(self, place: str) -> Terminal:
        """What a place can do with this cargo."""
        return self.network.terminals[(place, self.group)]
