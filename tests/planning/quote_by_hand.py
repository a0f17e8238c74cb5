"""Every (route, slot) of a shipment tried one after the other and priced on paper: what a quote is held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from optimizer.emissions.operations import vessel_operation
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Closure, FleetEntry, Mode, Network, Parameter
from optimizer.planning.routing.route import Route, RouteLeg, begin_h
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.shipment import Shipment
from tests.planning.corridor import MADE_UP, START, corridor, link

HOUR = timedelta(hours=1)


def quoted_corridor() -> Network:
    """The corridor with the two parameters that only a quote needs."""
    network = corridor()
    more = {"voyage_load_factor": 0.9, "vessel_empty_share": 0.2}
    parameters = {name: Parameter(name, value, "1", MADE_UP) for name, value in more.items()}
    return Network(**{name: getattr(network, name) for name in network.__slots__} | {
        "parameters": {**network.parameters, **parameters}
    })  # fmt: skip


def parted_corridor() -> Network:
    """The quoted corridor with a narrow upper reach, where only 300 t boats pass, a long lower one for 800 t barges,
    cheap terminals, and rails that reach the water at LOW."""
    network = quoted_corridor()
    narrow = replace(network.links["UP-MID"], max_vessel_dwt_t=400.0)
    long = replace(network.links["MID-LOW"], distance_km=300.0)
    rails = link("LOW-RYL", "LOW", "RYL", Mode.RAIL, 30.0, 45.0, 45.0)
    boat = replace(
        network.vessel_classes["B800"],
        vessel_class="S300",
        capacity_t=300.0,
        draught_m=1.6,
        light_draught_m=0.6,
        fuel_loaded_kg_per_km=2.2,
        fuel_empty_kg_per_km=1.6,
        cost_yuan_per_day=1300.0,
    )
    return replace(
        network,
        links={**network.links, "UP-MID": narrow, "MID-LOW": long, "LOW-RYL": rails},
        locks={**network.locks, "L1": replace(network.locks["L1"], max_vessel_dwt_t=400.0)},
        terminals={key: replace(row, transfer_yuan_per_t=2.0) for key, row in network.terminals.items()},
        vessel_classes={**network.vessel_classes, "S300": boat},
        fleet=(*network.fleet[1:], FleetEntry("F4", "S300", "UP", 3, START, "own", MADE_UP)),
    )


@dataclass(frozen=True)
class Tried:
    """One (route, slots): yuan and kg of the whole shipment before rounding, and the arrival."""

    route: Route
    slots: tuple[int, ...]
    yuan: float
    wtw_kg: float
    arrives_at: datetime


def try_everything(shipment: Shipment, book: RouteBook, graph: NetworkGraph) -> list[Tried]:
    """All of them, arriving at most 72 h after the due time; the road however late."""
    midnight = shipment.ready_at.replace(hour=0, minute=0, second=0)
    found: list[Tried] = []
    doors = (shipment.origin, shipment.destination, shipment.cargo_code)
    for route in (*book.routes(*doors), *book.transshipped(*doors)):
        found.extend(_tries(shipment, book, graph, route, midnight))
    latest = shipment.due_at + 72 * HOUR
    return [tried for tried in found if tried.route.kind == "road" or tried.arrives_at <= latest]


def _tries(
    shipment: Shipment, book: RouteBook, graph: NetworkGraph, route: Route, midnight: datetime
) -> Iterator[Tried]:
    """Every voyage in every slot; what has been done up to a voyage goes on from there."""
    mass_t, value = shipment.mass_kg / 1000, shipment.cargo_value_yuan_per_t
    fixed = route.yuan_per_t + route.loss_rel * value, route.wtw_kg_per_t
    places = [at for at, leg in enumerate(route.legs) if leg.planned]
    ready_h = (shipment.ready_at - midnight) / HOUR

    def go_on(start: int, hour: float, slots: tuple[int, ...], yuan: float, wtw: float) -> Iterator[Tried]:
        at = next((place for place in places if place >= start), None)
        if at is None:
            door_h = run(route.legs[start:], hour, graph, midnight)
            yield Tried(route, slots, yuan * mass_t, wtw * mass_t, moment(midnight, door_h))
            return
        yard_h = run(route.legs[start : at - 1], hour, graph, midnight)
        for slot, yuan_per_t, wtw_per_t in _sailings(shipment, book, graph, route, at, yard_h, midnight):
            off_h = slot * 6 + sum(leg.hours for leg in route.legs[at - 1 : at + 2])
            yield from go_on(at + 2, off_h, (*slots, slot), yuan + yuan_per_t, wtw + wtw_per_t)

    yield from go_on(0, ready_h, (), *fixed)


def _sailings(
    shipment: Shipment,
    book: RouteBook,
    graph: NetworkGraph,
    route: Route,
    at: int,
    yard_h: float,
    midnight: datetime,
) -> Iterator[tuple[int, float, float]]:
    """Slot, yuan and kg a tonne (storage before it included) of every sailing of the voyage ``at``."""
    mass_t = shipment.mass_kg / 1000
    load, leg, discharge = route.legs[at - 1], route.legs[at], route.legs[at + 1]
    assert leg.lane is not None
    vessel = graph.network.vessel_classes[leg.vehicle_class]
    terminal = graph.network.terminals[(leg.origin, graph.network.cargo[shipment.cargo_code].cargo_group)]
    last = ceil(((shipment.due_at - midnight) / HOUR + 72) / 6)
    for slot in range(last + 1):
        if slot * 6 < yard_h - 1e-9:
            continue
        casts_off = midnight + (slot * 6 + load.hours) * HOUR
        arrives = casts_off + leg.hours * HOUR
        capacity_t = graph.capacity_t(leg.lane, casts_off)
        if (
            capacity_t <= 0
            or (not shipment.splittable and mass_t > capacity_t)
            or graph.closed(leg.lane, casts_off)
            or graph.terminal_closed(leg.origin, midnight + slot * 6 * HOUR, casts_off)
            or graph.terminal_closed(leg.destination, arrives, arrives + discharge.hours * HOUR)
        ):
            continue
        vessels = ceil(mass_t / capacity_t - 1e-9)
        aboard_t = min(capacity_t, max(mass_t / vessels, graph.network.value("voyage_load_factor") * capacity_t))
        voyage_yuan = _voyage_yuan(graph.network, load, leg, discharge, aboard_t)
        stored = max(0.0, (slot * 6 - yard_h) / 24 - terminal.storage_free_days) * terminal.storage_yuan_per_t_day
        empty_share = graph.network.value("vessel_empty_share")
        grams = vessel_operation(vessel, aboard_t, empty_share, book.factors, book.on).wtw_kg * leg.distance_km
        yield slot, stored + voyage_yuan / aboard_t, grams


def _voyage_yuan(network: Network, load: RouteLeg, leg: RouteLeg, discharge: RouteLeg, aboard_t: float) -> float:
    """Days and fuel of the loaded voyage, and the expected part of an empty one."""
    vessel = network.vessel_classes[leg.vehicle_class]
    own = any(f.market == "own" for f in network.fleet if f.vessel_class == leg.vehicle_class)
    rate = vessel.cost_yuan_per_day if own else vessel.charter_yuan_per_day
    price, km = network.value("diesel_price_yuan_per_kg"), leg.distance_km
    empty, full = vessel.fuel_empty_kg_per_km, vessel.fuel_loaded_kg_per_km
    loaded_yuan = rate * ceil((load.hours + leg.hours + discharge.hours) / 6 - 1e-9) / 4
    loaded_yuan += price * km * (empty + (full - empty) * aboard_t / vessel.capacity_t)
    empty_yuan = rate * ceil(leg.hours / 6 - 1e-9) / 4 + price * km * empty
    share = network.value("vessel_empty_share")
    return loaded_yuan + share / (1 - share) * empty_yuan


def run(legs: Sequence[RouteLeg], hour: float, graph: NetworkGraph, midnight: datetime) -> float:
    """Services one after the other; a shut ship waits for the next bell, a shut hub for the end of its closure."""
    for leg in legs:
        hour = begin_h(leg, hour)
        while leg.lane is not None and graph.closed(leg.lane, midnight + hour * HOUR):
            hour += leg.interval_h
        while leg.role == "hub" and (shut := _meets(graph.network, leg, midnight + hour * HOUR)):
            hour = (shut.closed_to - midnight) / HOUR
        hour += leg.hours
    return hour


def _meets(network: Network, leg: RouteLeg, begins: datetime) -> Closure | None:
    ends = begins + leg.hours * HOUR
    return next(
        (
            c
            for c in network.closures
            if (c.kind, c.item_id) == ("terminal", leg.origin) and c.closed_from < ends and c.closed_to > begins
        ),
        None,
    )


def moment(midnight: datetime, hour: float) -> datetime:
    """To the second."""
    return midnight + timedelta(seconds=round(hour * 3600))
