"""Ways through the network: water lanes by vessel class, roads, rail.

A *lane* is the quickest water way between two places for one vessel class, with every lock and the hour at which it
is passed. Which links a class may use follows from its capacity (``max_vessel_dwt_t``), its air draught and the
waters it is built for; how deep it may load follows from the water levels at the hour of passing (see
:meth:`Lane.capacity_t`)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Any

import networkx as nx

from optimizer.network.measured import Measured
from optimizer.network.model import Link, Lock, Mode, Network
from optimizer.network.navigability import admits, load_at_draught_t, sailing_speed_km_h

EARTH_RADIUS_KM = 6371.0088
"""Mean radius R1 of the GRS80 ellipsoid (IUGG)."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One link of a lane, in sailing direction. Hours count from casting off."""

    link_id: str
    distance_km: float
    enters_h: float
    leaves_h: float


@dataclass(frozen=True, slots=True)
class LanePassage:
    """A lock on a lane: ``arrives_h`` when the vessel joins the queue, ``leaves_h`` when the gates have opened."""

    lock_id: str
    arrives_h: float
    leaves_h: float


@dataclass(frozen=True, slots=True)
class Lane:
    """The quickest way of one vessel class from ``origin`` to ``destination``.

    ``transit_h`` = sailing + waiting at locks + lockages. ``toll_yuan_per_t`` sums links and locks. The capacity is the
    class's name plate reduced to what the shallowest stretch allows on the day it is passed.
    """

    origin: str
    destination: str
    vessel_class: str
    stretches: tuple[Stretch, ...]
    passages: tuple[LanePassage, ...]
    distance_km: float
    transit_h: float
    toll_yuan_per_t: float


@dataclass(frozen=True, slots=True)
class Way:
    """A road or rail way. ``basis`` as in the links table: actual | sfd | gcd (then the km are great circle times a
    detour factor; :meth:`NetworkGraph.measured` says it in the terms of ISO 14083). ``link_ids`` is empty where the
    distance was computed."""

    distance_km: float
    hours: float
    basis: str
    link_ids: tuple[str, ...]


def great_circle_km(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    """Distance in km on a sphere of the mean Earth radius (haversine formula). Degrees in."""
    phi_a, phi_b = radians(latitude_a), radians(latitude_b)
    half = sin((phi_b - phi_a) / 2) ** 2
    half += cos(phi_a) * cos(phi_b) * sin(radians(longitude_b - longitude_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(half))


class NetworkGraph:
    """Searches on one network. Results are cached, so keep one object per network.

    ``scenario``: names of future states whose links are open besides the base.
    """

    def __init__(self, network: Network, scenarios: Iterable[str] = ()) -> None:
        self.network = network
        open_scenarios = {"base", *scenarios}
        self._links = [link for link in network.links.values() if link.scenario in open_scenarios]
        self._locks: dict[str, list[Lock]] = {}
        for lock in sorted(network.locks.values(), key=lambda item: (item.order_on_link, item.lock_id)):
            self._locks.setdefault(lock.link_id, []).append(lock)
        self._water: dict[str, nx.DiGraph] = {}
        self._lanes: dict[tuple[str, str, str], Lane | None] = {}
        self._roads: dict[tuple[str, str], Way | None] = {}
        self._levels = _levels_by_link(network)
        self._closures = _closures_by_item(network)
        self._rail = self._rail_graph()
        self._road_links = self._road_links_by_pair()

    def lane(self, origin: str, destination: str, vessel_class: str) -> Lane | None:
        """The lane of a class between two places, None when the class cannot get there.

        Quickest by transit hours; equal hours: shorter; equal again: link ids in order. KeyError for an unknown class.
        """
        key = (origin, destination, vessel_class)
        if key not in self._lanes:
            self._lanes[key] = self._search_lane(*key)
        return self._lanes[key]

    def capacity_t(self, lane: Lane, departs_at: datetime) -> float:
        """Tonnes a vessel may load when it casts off at ``departs_at``: the shallowest stretch decides.

        A stretch of depth d allows the draught d - keel clearance; load grows linearly from 0 at the light draught to
        the full capacity at the full draught. A stretch without a depth (sea) sets no limit. 0 when it cannot float.
        """
        vessel = self.network.vessel_classes[lane.vessel_class]
        depth_m = self._least_depth_m(lane, departs_at)
        if depth_m is None:
            return vessel.capacity_t
        return load_at_draught_t(vessel, depth_m - self.network.value("keel_clearance_m"))

    def floats(self, lane: Lane, departs_at: datetime) -> bool:
        """Whether an empty vessel that casts off then has its light draught under way."""
        depth_m = self._least_depth_m(lane, departs_at)
        return depth_m is None or self._is_afloat(lane, depth_m)

    def always_floats(self, lane: Lane) -> bool:
        """Whether :meth:`floats` holds for every departure: at the least depth that any table row names."""
        depths = [level.available_depth_m for level in self.network.water_levels if level.link_id in _links_of(lane)]
        depths += [own for name in _links_of(lane) if (own := self.network.links[name].min_depth_m) is not None]
        return not depths or self._is_afloat(lane, min(depths))

    def _is_afloat(self, lane: Lane, depth_m: float) -> bool:
        vessel = self.network.vessel_classes[lane.vessel_class]
        return depth_m - self.network.value("keel_clearance_m") >= vessel.light_draught_m

    def closed(self, lane: Lane, departs_at: datetime) -> str | None:
        """The id of the first closure that a sailing at ``departs_at`` would run into, None when the way is open.

        A closed link may not be entered or under way, a closed lock not be waited at or passed; the planner holds the
        vessel in port instead.
        """
        for stretch in lane.stretches:
            found = self._closure("link", stretch.link_id, departs_at, stretch.enters_h, stretch.leaves_h)
            if found:
                return found
        for passage in lane.passages:
            found = self._closure("lock", passage.lock_id, departs_at, passage.arrives_h, passage.leaves_h)
            if found:
                return found
        return None

    def closed_departures(self, lane: Lane) -> list[tuple[datetime, datetime]]:
        """All spans of ``departs_at`` for which :meth:`closed` names a closure; both ends themselves are open.

        For who asks about many departures on one lane: the spans cost as much as one call of ``closed``.
        """
        met = [(("link", s.link_id), s.enters_h, s.leaves_h) for s in lane.stretches]
        met += [(("lock", p.lock_id), p.arrives_h, p.leaves_h) for p in lane.passages]
        return [
            (start - timedelta(hours=leaves_h), end - timedelta(hours=enters_h))
            for key, enters_h, leaves_h in met
            for start, end, _ in self._closures.get(key, ())
        ]

    def terminal_closed(self, location_id: str, opens: datetime, ends: datetime) -> bool:
        """Whether a terminal is shut at any time in a span."""
        return any(start < ends and end > opens for start, end, _ in self._closures.get(("terminal", location_id), ()))

    def road(self, origin: str, destination: str) -> Way | None:
        """The way by truck, None when one end has no road access.

        A link of the table where there is one; otherwise great circle x ``road_detour_factor`` (drayage factor and
        minimum for short ways), basis ``gcd``: the same rule that the table's derived rows follow.
        """
        key = (origin, destination)
        if key not in self._roads:
            self._roads[key] = self._find_road(origin, destination)
        return self._roads[key]

    def rail(self, origin: str, destination: str) -> Way | None:
        """The shortest way by rail between two rail places, None when there is none."""
        if origin not in self._rail or destination not in self._rail or origin == destination:
            return None
        try:
            path = nx.dijkstra_path(self._rail, origin, destination, weight="distance_km")
        except nx.NetworkXNoPath:
            return None
        edges = [self._rail.edges[pair] for pair in pairwise(path)]
        distance_km = sum(edge["distance_km"] for edge in edges)
        return Way(distance_km, sum(edge["hours"] for edge in edges), "sfd", tuple(edge["link_id"] for edge in edges))

    def measured(self, mode: Mode, origin: str, destination: str, vehicle_class: str = "") -> Measured:
        """How the distance of a leg is known: a fairway or track of the table that was measured (actual), the shortest
        way through links of which some are estimated (sfd), or one great circle with a detour factor (sfd, with its
        great circle). A way that is not there counts as sfd. KeyError for an unknown place."""
        if mode in (Mode.INLAND_WATERWAY, Mode.SEA):
            lane = (
                self.lane(origin, destination, vehicle_class) if vehicle_class in self.network.vessel_classes else None
            )
            bases = [self.network.links[stretch.link_id].distance_basis for stretch in lane.stretches] if lane else []
        else:
            way = self.rail(origin, destination) if mode is Mode.RAIL else self.road(origin, destination)
            named = [self.network.links[link_id].distance_basis for link_id in way.link_ids] if way else []
            bases = named or ([way.basis] if way else [])
        if bases == ["gcd"]:
            ends = [self.network.locations[place] for place in (origin, destination)]
            straight_km = great_circle_km(ends[0].latitude, ends[0].longitude, ends[1].latitude, ends[1].longitude)
            return Measured("sfd", straight_km)
        return Measured("actual" if set(bases) == {"actual"} else "sfd")

    def rail_places(self) -> list[str]:
        """Places with a rail link, sorted."""
        return sorted(self._rail.nodes)

    def _find_road(self, origin: str, destination: str) -> Way | None:
        ends = [self.network.locations[place] for place in (origin, destination)]
        if origin == destination or not all(end.road_access for end in ends):
            return None
        link = self._road_links.get(frozenset((origin, destination)))
        if link is not None:
            return Way(link.distance_km, link.distance_km / link.speed_down_km_h, link.distance_basis, (link.link_id,))
        straight_km = great_circle_km(ends[0].latitude, ends[0].longitude, ends[1].latitude, ends[1].longitude)
        value = self.network.value
        short_km = max(straight_km * value("drayage_detour_factor"), value("drayage_min_km"))
        if short_km <= value("drayage_max_km"):
            return Way(short_km, short_km / self._truck_speed_km_h("drayage"), "gcd", ())
        distance_km = straight_km * value("road_detour_factor")
        return Way(distance_km, distance_km / self._truck_speed_km_h("line_haul"), "gcd", ())

    def _truck_speed_km_h(self, use: str) -> float:
        return min(truck.speed_km_h for truck in self.network.truck_classes.values() if truck.use == use)

    def _road_links_by_pair(self) -> dict[frozenset[str], Link]:
        pairs: dict[frozenset[str], Link] = {}
        for link in self._links:
            if link.mode is Mode.ROAD:
                pair = frozenset((link.from_location, link.to_location))
                if pair not in pairs or link.distance_km < pairs[pair].distance_km:
                    pairs[pair] = link
        return pairs

    def _rail_graph(self) -> nx.Graph:
        graph = nx.Graph()
        for link in self._links:
            if link.mode is Mode.RAIL:
                hours = link.distance_km / link.speed_down_km_h
                graph.add_edge(
                    link.from_location,
                    link.to_location,
                    link_id=link.link_id,
                    distance_km=link.distance_km,
                    hours=hours,
                )
        return graph

    def _water_graph(self, vessel_class: str) -> nx.DiGraph:
        if vessel_class not in self._water:
            vessel = self.network.vessel_classes[vessel_class]
            graph = nx.DiGraph()
            for link in self._links:
                if admits(link, self._locks.get(link.link_id, []), vessel):
                    self._add_both_ways(graph, link)
            self._water[vessel_class] = graph
        return self._water[vessel_class]

    def _add_both_ways(self, graph: nx.DiGraph, link: Link) -> None:
        locks = self._locks.get(link.link_id, [])
        locks_h = sum(lock.wait_h + lock.passage_min / 60 for lock in locks)
        for start, end in ((link.from_location, link.to_location), (link.to_location, link.from_location)):
            hours = link.distance_km / sailing_speed_km_h(link, end) + locks_h
            weight = (hours, link.distance_km, link.link_id)
            if not graph.has_edge(start, end) or weight < graph.edges[start, end]["weight"]:
                graph.add_edge(start, end, weight=weight, hours=hours, link=link)

    def _search_lane(self, origin: str, destination: str, vessel_class: str) -> Lane | None:
        graph = self._water_graph(vessel_class)
        if origin == destination or origin not in graph or destination not in graph:
            return None

        # Hours decide; a hair of distance on top settles ties the same way on every machine.
        def cost(_start: str, _end: str, edge: dict[str, Any]) -> float:
            return float(edge["hours"] + edge["weight"][1] * 1e-9)

        try:
            path = nx.dijkstra_path(graph, origin, destination, weight=cost)
        except nx.NetworkXNoPath:
            return None
        return self._lane_along(path, graph, vessel_class)

    def _lane_along(self, path: list[str], graph: nx.DiGraph, vessel_class: str) -> Lane:
        stretches: list[Stretch] = []
        passages: list[LanePassage] = []
        hour, toll = 0.0, 0.0
        for start, end in pairwise(path):
            link: Link = graph.edges[start, end]["link"]
            entered, speed, done = hour, sailing_speed_km_h(link, end), 0.0
            locks = self._locks.get(link.link_id, [])
            toll += link.toll_yuan_per_t + sum(lock.toll_yuan_per_t for lock in locks)
            forward = end == link.to_location
            for lock in locks if forward else reversed(locks):
                position = lock.position if forward else 1 - lock.position
                hour += (position - done) * link.distance_km / speed
                done = position
                leaves = hour + lock.wait_h + lock.passage_min / 60
                passages.append(LanePassage(lock.lock_id, hour, leaves))
                hour = leaves
            hour += (1 - done) * link.distance_km / speed
            stretches.append(Stretch(link.link_id, link.distance_km, entered, hour))
        distance_km = sum(stretch.distance_km for stretch in stretches)
        return Lane(path[0], path[-1], vessel_class, tuple(stretches), tuple(passages), distance_km, hour, toll)

    def _least_depth_m(self, lane: Lane, departs_at: datetime) -> float | None:
        least: float | None = None
        for stretch in lane.stretches:
            enters = departs_at + timedelta(hours=stretch.enters_h)
            leaves = departs_at + timedelta(hours=stretch.leaves_h)
            depth = self._depth_m(stretch.link_id, enters, leaves)
            if depth is not None and (least is None or depth < least):
                least = depth
        return least

    def _depth_m(self, link_id: str, enters: datetime, leaves: datetime) -> float | None:
        """The least depth while the vessel is on the link; spans of the water-level table replace the link's own."""
        own = self.network.links[link_id].min_depth_m
        spans = self._levels.get(link_id)
        if not spans:
            return own
        starts = [span[0] for span in spans]
        first = max(bisect_right(starts, enters) - 1, 0)
        depths: list[float] = []
        covered_to = enters
        for start, end, depth in spans[first:]:
            if start >= leaves:
                break  # the vessel has left when this level begins
            if end <= enters:
                continue
            if start > covered_to and own is not None:
                depths.append(own)
            depths.append(depth)
            covered_to = max(covered_to, end)
        if covered_to < leaves and own is not None:
            depths.append(own)
        return min(depths) if depths else own

    def _closure(self, kind: str, item_id: str, departs_at: datetime, from_h: float, to_h: float) -> str | None:
        spans = self._closures.get((kind, item_id))
        if not spans:
            return None
        enters, leaves = departs_at + timedelta(hours=from_h), departs_at + timedelta(hours=to_h)
        return next((closure_id for start, end, closure_id in spans if start < leaves and end > enters), None)


def _links_of(lane: Lane) -> set[str]:
    return {stretch.link_id for stretch in lane.stretches}


def _levels_by_link(network: Network) -> dict[str, list[tuple[datetime, datetime, float]]]:
    spans: dict[str, list[tuple[datetime, datetime, float]]] = {}
    for level in network.water_levels:
        spans.setdefault(level.link_id, []).append((level.valid_from, level.valid_to, level.available_depth_m))
    return {link_id: sorted(items) for link_id, items in spans.items()}


def _closures_by_item(network: Network) -> dict[tuple[str, str], list[tuple[datetime, datetime, str]]]:
    spans: dict[tuple[str, str], list[tuple[datetime, datetime, str]]] = {}
    for closure in network.closures:
        key = (closure.kind, closure.item_id)
        spans.setdefault(key, []).append((closure.closed_from, closure.closed_to, closure.closure_id))
    return {key: sorted(items) for key, items in spans.items()}
