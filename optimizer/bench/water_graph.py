"""Shortest paths by hours on the water legs of quotes: what a general graph library can say about a shipment.

Nodes are (place, side): a side is ``land`` or the vessel class that lies there. Arcs are the trucks to and from
terminals, the hub operations between two sides of a terminal, and the links that a class sails, locks included. Weights
are hours of processing. Nothing else is known to the graph: no money, no emissions, no day, hence no slot, timetable,
closure or depth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

from optimizer.network.model import Network
from optimizer.planning.routing.route import Route, RouteLeg

Node = tuple[str, str]
LAND = "land"
WATER_KINDS = ("river", "sea-river", "river-sea", "sea")
NO_NODE = -9999
"""What csgraph writes where a path has no predecessor."""


@dataclass(frozen=True)
class WaterGraph:
    """The same arcs for both libraries. ``numbers`` are the rows of ``matrix`` (CSR, hours)."""

    arcs: nx.DiGraph
    nodes: tuple[Node, ...]
    numbers: dict[Node, int]
    matrix: sp.csr_array

    def networkx_path(self, origin: str, destination: str) -> tuple[float, list[Node]] | None:
        """Hours and nodes of the quickest way, found by networkx, which stops at the destination; None without one."""
        start, end = (origin, LAND), (destination, LAND)
        try:
            hours, path = nx.single_source_dijkstra(self.arcs, start, end, weight="hours")
        except (nx.NetworkXNoPath, nx.NodeNotFound):
            return None
        return float(hours), path

    def csgraph_path(self, origin: str, destination: str) -> tuple[float, list[Node]] | None:
        """The same, found by scipy, which always finds the way to every node."""
        start, end = self.numbers.get((origin, LAND)), self.numbers.get((destination, LAND))
        if start is None or end is None:
            return None
        hours, before = dijkstra(self.matrix, indices=start, return_predecessors=True)
        if not np.isfinite(hours[end]):
            return None
        path = [end]
        while before[path[-1]] != NO_NODE:
            path.append(int(before[path[-1]]))
        return float(hours[end]), [self.nodes[number] for number in reversed(path)]


def water_graph(routes: Iterable[Route], network: Network) -> WaterGraph:
    """The graph of all water routes among these; of parallel arcs the quickest."""
    arcs = nx.DiGraph()
    for route in routes:
        if route.kind in WATER_KINDS:
            for start, end, hours in _arcs(route.legs, network):
                if not arcs.has_edge(start, end) or hours < arcs.edges[start, end]["hours"]:
                    arcs.add_edge(start, end, hours=hours)
    nodes = tuple(sorted(arcs.nodes))
    numbers = {node: number for number, node in enumerate(nodes)}
    entries: list[tuple[Node, Node, Any]] = list(arcs.edges(data="hours"))
    rows = np.array([numbers[start] for start, _, _ in entries], dtype=np.int64)
    columns = np.array([numbers[end] for _, end, _ in entries], dtype=np.int64)
    hours_h = np.array([hours for _, _, hours in entries], dtype=np.float64)
    matrix = sp.csr_array(sp.coo_array((hours_h, (rows, columns)), shape=(len(nodes), len(nodes))))
    return WaterGraph(arcs, nodes, numbers, matrix)


def _arcs(legs: tuple[RouteLeg, ...], network: Network) -> Iterator[tuple[Node, Node, float]]:
    sides = [LAND if leg.lane is None else leg.vehicle_class for leg in legs]
    for number, leg in enumerate(legs):
        if leg.lane is not None:
            yield from _sailed(leg, network)
        elif leg.role == "hub":
            before = sides[number - 1] if number else LAND
            after = sides[number + 1] if number + 1 < len(legs) else LAND
            yield (leg.origin, before), (leg.origin, after), leg.hours
        else:
            yield (leg.origin, LAND), (leg.destination, LAND), leg.hours


def _sailed(leg: RouteLeg, network: Network) -> Iterator[tuple[Node, Node, float]]:
    assert leg.lane is not None
    here = leg.lane.origin
    for stretch in leg.lane.stretches:
        link = network.links[stretch.link_id]
        there = link.to_location if here == link.from_location else link.from_location
        yield (here, leg.vehicle_class), (there, leg.vehicle_class), stretch.leaves_h - stretch.enters_h
        here = there
