"""Why a way that a person would expect is not among the options: barred for good, or missed by this shipment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise, product

import networkx as nx
import numpy as np

from optimizer.errors import Message
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Link, Lock, Mode, Network, VesselClass
from optimizer.network.navigability import admits
from optimizer.planning.quote.records import MissingRoute, QuoteOption
from optimizer.planning.quote.sailings import Sailings
from optimizer.planning.quote.words import place_name
from optimizer.planning.routing.doors import MAX_TERMINALS_PER_DOOR
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import MAX_LATE_H
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME, KG_PER_T

BLOCKED_KM = 1e6
"""A link that a class may not use counts as this long, so that the way with the fewest obstacles is explained."""

KIND_NAMES = {
    "river": Message("内河水路", "The river"),
    "sea-river": Message("海进江（江海转内河）", "Ship and river"),
    "river-sea": Message("江出海（内河转江海）", "River and ship"),
    "rail": Message("铁路", "Rail"),
    "sea": Message("江海直达", "The river-sea ship"),
    "river-river": Message("两程内河（途中换船）", "The river with a change of vessel"),
    "sea-rail": Message("海铁联运（船转铁路）", "Ship and rail"),
    "rail-sea": Message("铁海联运（铁路转船）", "Rail and ship"),
    "river-rail": Message("水铁联运（内河转铁路）", "River and rail"),
    "rail-river": Message("铁水联运（铁路转内河）", "Rail and river"),
}


def barred_routes(
    book: RouteBook, graph: NetworkGraph, key: tuple[str, str, str], planned: Sequence[Route]
) -> tuple[MissingRoute, ...]:
    """What keeps the cargo, or the larger vessels that may carry it, off the river whatever the day.

    ``key``: origin, destination, cargo code; ``planned``: the routes with a voyage between them.
    """
    network = book.network
    cargo = network.cargo[key[2]]
    vessels = book.inland_vessels(cargo.cargo_group)
    if not vessels:
        zh = f"船队中没有可装{cargo.name_zh}（{cargo.cargo_group}）的内河船型，因此没有内河航次。"
        en = (
            f"No inland vessel class of the fleet carries {cargo.name_en} ({cargo.cargo_group}), so there is no voyage."
        )
        return (MissingRoute("no_vessel", Message(zh, en)),)
    doors = [near_terminals(graph, place, cargo.cargo_group) for place in key[:2]]
    if not planned and not all(doors):
        return tuple(_no_terminal(network, key[side], cargo.cargo_group) for side in (0, 1) if not doors[side])
    sailing = {leg.vehicle_class for route in planned for leg in route.legs if leg.planned}
    # Where vessels sail, others are explained on the same lane; else on the nearest pair of terminals.
    lanes = [(leg.origin, leg.destination) for route in planned[:1] for leg in route.legs if leg.planned]
    pairs = lanes or [(start, end) for start, end in product(*doors) if start != end]
    if not pairs:
        return (_same_terminal(network, doors[0][0]),)
    found: dict[str, MissingRoute] = {}
    for vessel in vessels:
        if vessel.vessel_class not in sailing:
            reason = _barred_class(graph, vessel, *pairs[0], cargo.cargo_group)
            found.setdefault(reason.message.en, reason)
    return tuple(found.values())


def near_terminals(graph: NetworkGraph, place: str, cargo_group: str) -> list[str]:
    """Terminals for a cargo group at a place or within drayage distance of it, nearest first, as many as are tried."""
    network = graph.network
    found: list[tuple[float, str]] = []
    for location_id, group in network.terminals:
        way = graph.road(place, location_id) if group == cargo_group and location_id != place else None
        if group == cargo_group and location_id == place:
            found.append((0.0, location_id))
        elif way is not None and way.distance_km <= network.value("drayage_max_km"):
            found.append((way.distance_km, location_id))
    return [location_id for _, location_id in sorted(found)[:MAX_TERMINALS_PER_DOOR]]


def missed_routes(
    shipment: Shipment, network: Network, services: Sequence[QuoteOption], sailings: Sailings
) -> tuple[MissingRoute, ...]:
    """What keeps existing routes from this shipment: closures and low water, its size, its due time."""
    return (*_shut(network, shipment, sailings), *_late(shipment, services, sailings))


def _shut(network: Network, shipment: Shipment, sailings: Sailings) -> Iterator[MissingRoute]:
    found = sailings.found
    if found is None:
        return
    closures = {closure.closure_id: closure for closure in network.closures}
    for closure_id in found.closures:
        c = closures[closure_id]
        opens, ends = (f"{moment.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}" for moment in (c.closed_from, c.closed_to))
        lock = network.locks.get(c.item_id) if c.kind == "lock" else None
        name = Message(f"{lock.name_zh}船闸", f"{lock.name_en} lock") if lock else Message(c.item_id, c.item_id)
        zh = f"{name.zh}停航（{c.reason_zh}，{opens} 至 {ends}）：会遇上停航的班次改在其后开航。"
        en = f"{name.en} is shut ({c.reason_en}, {opens} to {ends}): sailings that would meet it wait for its end."
        yield MissingRoute("closure", Message(zh, en))
    if found.shallow:
        names = found.shallow
        zh = f"水深不足：{'、'.join(names)} 在部分或全部班次空载也不能浮航。"
        en = f"Too shallow: on some or all sailings {', '.join(names)} cannot float, even empty."
        yield MissingRoute("low_water", Message(zh, en))
    if found.too_small:
        mass_t, names = shipment.mass_kg / KG_PER_T, found.too_small
        zh = f"本票 {mass_t:,.3f} 吨不可拆分，一艘 {'、'.join(names)} 装不下；允许拆分即可用多艘船。"
        en = (
            f"The shipment of {mass_t:,.3f} t may not be split and exceeds one vessel of {', '.join(names)};"
            " if it may be split, several vessels can carry it."
        )
        yield MissingRoute("indivisible", Message(zh, en))


def _late(shipment: Shipment, services: Sequence[QuoteOption], sailings: Sailings) -> Iterator[MissingRoute]:
    """Kinds of routes none of which arrives within the allowance, with the hours after due_at of the earliest."""
    earliest_h: dict[str, float] = {}
    for option in services:
        if option.kind != "road":
            hours = (option.arrives_at - shipment.due_at) / timedelta(hours=1)
            earliest_h[option.kind] = min(hours, earliest_h.get(option.kind, np.inf))
    if sailings.found is not None and sailings.table is not None:
        kinds = np.array([route.kind for route in sailings.table.routes])[sailings.found.route]
        for kind in dict.fromkeys(kinds.tolist()):
            first_s = int(sailings.found.arrives_s[kinds == kind].min())
            earliest_h[kind] = first_s / 3600 - sailings.due_h
    for kind, hours in earliest_h.items():
        if hours > MAX_LATE_H:
            name = KIND_NAMES[kind]
            zh = f"{name.zh}最早也比期限晚 {hours:,.1f} 小时，超过最多晚到 {MAX_LATE_H} 小时的限度。"
            en = f"{name.en} arrives {hours:,.1f} h after the due time at the earliest; {MAX_LATE_H} h is the limit."
            yield MissingRoute("too_late", Message(zh, en))


def _no_terminal(network: Network, place: str, cargo_group: str) -> MissingRoute:
    limit_km = network.value("drayage_max_km")
    name = place_name(network, place)
    others = sorted({group for location_id, group in network.terminals if location_id == place})
    zh = f"{name.zh}及其 {limit_km:g} km 短驳范围内没有装卸 {cargo_group} 的码头"
    en = f"There is no terminal for {cargo_group} at {name.en} or within {limit_km:g} km of drayage"
    if others:
        zh, en = f"{zh}（当地可装卸：{'、'.join(others)}）", f"{en} (it handles {', '.join(others)})"
    return MissingRoute("no_terminal", Message(f"{zh}。", f"{en}."))


def _same_terminal(network: Network, place: str) -> MissingRoute:
    name = place_name(network, place)
    zh = f"起点与终点的码头都是{name.zh}，无须水运。"
    en = f"Both doors are served by the same terminal, {name.en}; there is nothing to sail."
    return MissingRoute("no_waterway", Message(zh, en))


def _barred_class(graph: NetworkGraph, vessel: VesselClass, start: str, end: str, cargo_group: str) -> MissingRoute:
    """Why a class does not sail between two terminals."""
    network = graph.network
    ends = f"{start}–{end}"
    if graph.lane(start, end, vessel.vessel_class) is not None:
        terminals = (network.terminals[(place, cargo_group)] for place in (start, end))
        small = min(terminals, key=lambda t: t.max_vessel_dwt_t)
        zh = f"{vessel.name_zh}进不了 {small.location_id} 码头：该码头最大 {small.max_vessel_dwt_t:,.0f} 吨级。"
        en = f"{vessel.name_en} cannot berth at {small.location_id}, whose limit is {small.max_vessel_dwt_t:,.0f} t."
        return MissingRoute("terminal_too_small", Message(zh, en))
    locks: dict[str, list[Lock]] = {}
    for lock in network.locks.values():
        locks.setdefault(lock.link_id, []).append(lock)
    water = nx.Graph()
    for link in network.links.values():
        if link.mode is Mode.INLAND_WATERWAY and link.scenario == "base":
            open_to = admits(link, locks.get(link.link_id, []), vessel)
            km = link.distance_km + (0.0 if open_to else BLOCKED_KM)
            known = water.get_edge_data(link.from_location, link.to_location)
            if known is None or km < known["km"]:
                water.add_edge(link.from_location, link.to_location, km=km, link=link)
    if start not in water or end not in water or not nx.has_path(water, start, end):
        zh = f"{ends} 之间没有相连的内河航道。"
        return MissingRoute("no_waterway", Message(zh, f"No inland waterway connects {ends}."))
    path = nx.dijkstra_path(water, start, end, weight="km")
    links: list[Link] = [water.edges[pair]["link"] for pair in pairwise(path)]
    blocked = next(link for link in links if not admits(link, locks.get(link.link_id, []), vessel))
    return _too_large(vessel, blocked, locks.get(blocked.link_id, []))


def _too_large(vessel: VesselClass, link: Link, locks: Sequence[Lock]) -> MissingRoute:
    """The limit of a link, of its locks or bridges that a class exceeds."""
    lock = next((lock for lock in locks if vessel.capacity_t > lock.max_vessel_dwt_t), None)
    if link.max_vessel_dwt_t is not None and vessel.capacity_t > link.max_vessel_dwt_t:
        zh, en = f"最大 {link.max_vessel_dwt_t:,.0f} 吨级", f"takes vessels up to {link.max_vessel_dwt_t:,.0f} t"
    elif lock is not None:
        zh = f"{lock.name_zh}最大 {lock.max_vessel_dwt_t:,.0f} 吨级"
        en = f"has {lock.name_en}, which takes vessels up to {lock.max_vessel_dwt_t:,.0f} t"
    else:
        zh = f"通航净高 {link.air_draught_m:g} m，船高 {vessel.air_draught_m:g} m"
        en = f"has a clearance of {link.air_draught_m:g} m and the vessel needs {vessel.air_draught_m:g} m"
    return MissingRoute(
        "class_too_large",
        Message(
            f"{vessel.name_zh}不能通过航段 {link.link_id}：{zh}。",
            f"{vessel.name_en} cannot pass {link.link_id}, which {en}.",
        ),
    )
