"""Ways through the network, computed afresh: shortest paths, hours, locks, depths, closures.

Written from the tables' meaning and on purpose without ``network.graph``: a mistake there must not hide itself here.

    water    quickest by hours = sailing (speed by direction of flow) + waiting and lockage at every lock; equal hours:
             the shorter way. A class may use a link when its waters, its size (link and locks) and its air draught fit.
    load     linear between light and full draught; draught = depth - keel clearance; depth = the water-level table
             while it has a row, else the link's own; the least depth on the way while the vessel is there decides.
    road     a row of the table (the shortest one), else great circle x detour factor: the drayage factor and minimum
             up to ``drayage_max_km``, the line-haul factor above.
    rail     shortest by km.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise

import networkx as nx

from optimizer.network.model import Link, Mode, Network, VesselClass, WaterLevel

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth, (2a + b) / 3 of GRS80."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A link or a lock on the way: hours from casting off until it is reached and until it is left."""

    item_id: str
    from_h: float
    to_h: float


@dataclass(frozen=True, slots=True)
class Course:
    """A vessel's way from port to port."""

    links: tuple[Stay, ...]
    locks: tuple[Stay, ...]
    distance_km: float
    hours: float
    toll_yuan_per_t: float
    at_sea: bool


@dataclass(frozen=True, slots=True)
class Overland:
    """A way by road or rail."""

    distance_km: float
    hours: float


class Ways:
    """Ways through one network; answers are kept."""

    def __init__(self, network: Network, scenarios: Iterable[str] = ()) -> None:
        self.network = network
        scenarios = {"base", *scenarios}
        self._links = [link for link in network.links.values() if link.scenario in scenarios]
        self._locks = {link.link_id: [lock for lock in network.locks.values() if lock.link_id == link.link_id]
                       for link in self._links}  # fmt: skip
        self._levels: dict[str, list[WaterLevel]] = {}
        for level in network.water_levels:
            self._levels.setdefault(level.link_id, []).append(level)
        self._rail = self._rail_graph()
        self.course = cache(self._course)
        self.road = cache(self._road)
        self.rail = cache(self._rail_way)
        self._river = cache(self._river_graph)

    def draught_m(self, course: Course, casts_off: datetime) -> float:
        """How deep a vessel may lie that casts off then: the shallowest link on its way, less the keel clearance."""
        depths = [depth for stay in course.links if (depth := self._depth_m(stay, casts_off)) is not None]
        return min(depths, default=math.inf) - self.network.value("keel_clearance_m")

    def capacity_t(self, course: Course, vessel: VesselClass, casts_off: datetime) -> float:
        """Tonnes the vessel may carry on a course when it casts off then; 0 when it cannot float."""
        part = self.draught_m(course, casts_off) - vessel.light_draught_m
        return vessel.capacity_t * max(0.0, min(1.0, part / (vessel.draught_m - vessel.light_draught_m)))

    def closures(self, course: Course, casts_off: datetime) -> list[str]:
        """Ids of closures of links and locks that the voyage would meet."""
        stays = [("link", stay) for stay in course.links] + [("lock", stay) for stay in course.locks]
        return [
            closure.closure_id
            for closure in self.network.closures
            for kind, stay in stays
            if (closure.kind, closure.item_id) == (kind, stay.item_id)
            and closure.closed_from < casts_off + timedelta(hours=stay.to_h)
            and closure.closed_to > casts_off + timedelta(hours=stay.from_h)
        ]

    def terminal_closures(self, location_id: str, opens: datetime, ends: datetime) -> list[str]:
        """Ids of closures of a terminal within a span."""
        return [
            closure.closure_id
            for closure in self.network.closures
            if closure.kind == "terminal"
            and closure.item_id == location_id
            and closure.closed_from < ends
            and closure.closed_to > opens
        ]

    def _depth_m(self, stay: Stay, casts_off: datetime) -> float | None:
        """Least depth of a link while the vessel is on it."""
        enters, leaves = casts_off + timedelta(hours=stay.from_h), casts_off + timedelta(hours=stay.to_h)
        levels = self._levels.get(stay.item_id, [])
        # Between two of these moments nothing changes, so one look at the start of each piece is enough.
        edges = {edge for level in levels for edge in (level.valid_from, level.valid_to) if enters < edge < leaves}
        depths = []
        for moment in (enters, *edges):
            measured = [level.available_depth_m for level in levels if level.valid_from <= moment < level.valid_to]
            own = self.network.links[stay.item_id].min_depth_m
            depths += measured or ([] if own is None else [own])
        return min(depths, default=None)

    def _may_use(self, link: Link, vessel: VesselClass) -> bool:
        inland, sea = link.mode is Mode.INLAND_WATERWAY, link.mode is Mode.SEA and vessel.waters == "river_sea"
        sizes = [link.max_vessel_dwt_t, *(lock.max_vessel_dwt_t for lock in self._locks[link.link_id])]
        fits = all(size is None or vessel.capacity_t <= size for size in sizes)
        return (inland or sea) and fits and (link.air_draught_m is None or vessel.air_draught_m <= link.air_draught_m)

    def _river_graph(self, vessel_class: str) -> nx.MultiDiGraph:
        graph = nx.MultiDiGraph()
        for link in self._links:
            if self._may_use(link, self.network.vessel_classes[vessel_class]):
                locks_h = sum(lock.wait_h + lock.passage_min / 60 for lock in self._locks[link.link_id])
                for start, end in ((link.from_location, link.to_location), (link.to_location, link.from_location)):
                    hours = link.distance_km / _speed_km_h(link, end) + locks_h
                    graph.add_edge(start, end, link=link, weight=hours + link.distance_km * 1e-9)
        return graph

    def _course(self, origin: str, destination: str, vessel_class: str) -> Course | None:
        graph = self._river(vessel_class)
        if origin == destination or origin not in graph or destination not in graph:
            return None
        try:
            path = nx.shortest_path(graph, origin, destination, weight="weight")
        except nx.NetworkXNoPath:
            return None
        links: list[Stay] = []
        locks: list[Stay] = []
        hour = distance_km = toll = 0.0
        at_sea = False
        for start, end in pairwise(path):
            link: Link = min(graph[start][end].values(), key=lambda edge: (edge["weight"], edge["link"].link_id))[
                "link"
            ]
            entered, sailed = hour, 0.0
            forward = end == link.to_location
            for lock in sorted(self._locks[link.link_id], key=lambda lock: lock.order_on_link, reverse=not forward):
                place = lock.position if forward else 1 - lock.position
                hour += (place - sailed) * link.distance_km / _speed_km_h(link, end)
                sailed = place
                out = hour + lock.wait_h + lock.passage_min / 60
                locks.append(Stay(lock.lock_id, hour, out))
                hour = out
                toll += lock.toll_yuan_per_t
            hour += (1 - sailed) * link.distance_km / _speed_km_h(link, end)
            links.append(Stay(link.link_id, entered, hour))
            distance_km += link.distance_km
            toll += link.toll_yuan_per_t
            at_sea = at_sea or link.mode is Mode.SEA
        return Course(tuple(links), tuple(locks), distance_km, hour, toll, at_sea)

    def _road(self, origin: str, destination: str) -> Overland | None:
        ends = [self.network.locations[place] for place in (origin, destination)]
        if origin == destination or not all(end.road_access for end in ends):
            return None
        rows = [link for link in self._links if link.mode is Mode.ROAD
                and {link.from_location, link.to_location} == {origin, destination}]  # fmt: skip
        if rows:
            row = min(rows, key=lambda link: link.distance_km)
            return Overland(row.distance_km, row.distance_km / row.speed_down_km_h)
        straight_km = _great_circle_km(ends[0].latitude, ends[0].longitude, ends[1].latitude, ends[1].longitude)
        value = self.network.value
        near_km = max(straight_km * value("drayage_detour_factor"), value("drayage_min_km"))
        near = near_km <= value("drayage_max_km")
        distance_km = near_km if near else straight_km * value("road_detour_factor")
        use = "drayage" if near else "line_haul"
        speed = min(truck.speed_km_h for truck in self.network.truck_classes.values() if truck.use == use)
        return Overland(distance_km, distance_km / speed)

    def _rail_graph(self) -> nx.Graph:
        graph = nx.Graph()
        for link in self._links:
            if link.mode is Mode.RAIL:
                hours = link.distance_km / link.speed_down_km_h
                graph.add_edge(link.from_location, link.to_location, km=link.distance_km, hours=hours)
        return graph

    def _rail_way(self, origin: str, destination: str) -> Overland | None:
        if origin == destination or origin not in self._rail or destination not in self._rail:
            return None
        try:
            path = nx.shortest_path(self._rail, origin, destination, weight="km")
        except nx.NetworkXNoPath:
            return None
        return Overland(nx.path_weight(self._rail, path, "km"), nx.path_weight(self._rail, path, "hours"))


def _speed_km_h(link: Link, towards: str) -> float:
    return link.speed_down_km_h if towards == link.downstream_location else link.speed_up_km_h


def _great_circle_km(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    """Great circle on a sphere by the angle between two unit vectors (atan2 form), degrees in."""
    phi_a, phi_b, turn = math.radians(latitude_a), math.radians(latitude_b), math.radians(longitude_b - longitude_a)
    across = math.hypot(
        math.cos(phi_b) * math.sin(turn),
        math.cos(phi_a) * math.sin(phi_b) - math.sin(phi_a) * math.cos(phi_b) * math.cos(turn),
    )
    along = math.sin(phi_a) * math.sin(phi_b) + math.cos(phi_a) * math.cos(phi_b) * math.cos(turn)
    return EARTH_RADIUS_KM * math.atan2(across, along)
