"""Shortest paths in compiled code: the pricing problem of every method here.

Arcs stand in forward-star order: ``arcs[first[v] : first[v + 1]]`` leave node v. Costs may not be negative.
"""

# mypy: allow-untyped-defs
# Compiled functions take their types from their arguments.

from __future__ import annotations

import numpy as np
from numba import njit

from optimizer.planning.design import Indices

UNREACHED = 1e300
"""Distance of a node that cannot be reached."""


def forward_star(nodes: int, tail: Indices) -> tuple[Indices, Indices]:
    """``first`` (nodes + 1,) and ``arcs`` (arcs,), arcs of one tail in their own order."""
    first = np.zeros(nodes + 1, dtype=np.int64)
    np.add.at(first, tail + 1, 1)
    return np.cumsum(first), np.argsort(tail, kind="stable").astype(np.int64)


@njit(cache=True, nogil=True)
def tree_from(source, first, arcs, head, cost, distance, parent, heap_key, heap_node):
    """Dijkstra with a binary heap (entries left in place when a node improves). Fills ``distance`` and ``parent`` (the
    arc into each node, -1 for none), both of shape (nodes,); the heap arrays need room for all arcs and one more."""
    for v in range(len(distance)):
        distance[v] = UNREACHED
        parent[v] = -1
    distance[source] = 0.0
    heap_key[0] = 0.0
    heap_node[0] = source
    size = 1
    while size > 0:
        key, v = heap_key[0], heap_node[0]
        size -= 1
        last_key, last_node = heap_key[size], heap_node[size]
        at = 0
        while True:
            child = 2 * at + 1
            if child >= size:
                break
            if child + 1 < size and heap_key[child + 1] < heap_key[child]:
                child += 1
            if heap_key[child] >= last_key:
                break
            heap_key[at], heap_node[at] = heap_key[child], heap_node[child]
            at = child
        heap_key[at], heap_node[at] = last_key, last_node
        if key > distance[v]:
            continue
        for e in range(first[v], first[v + 1]):
            a = arcs[e]
            w = head[a]
            through = key + cost[a]
            if through < distance[w]:
                distance[w] = through
                parent[w] = a
                at = size
                size += 1
                while at > 0 and heap_key[(at - 1) // 2] > through:
                    heap_key[at], heap_node[at] = heap_key[(at - 1) // 2], heap_node[(at - 1) // 2]
                    at = (at - 1) // 2
                heap_key[at], heap_node[at] = through, w


@njit(cache=True, nogil=True)
def price_paths(sources, order, starts, destination, first, arcs, tail, head, cost):
    """Cheapest path of every commodity. Commodities ``order[starts[s] : starts[s + 1]]`` begin at ``sources[s]``.

    Returns ``length`` (commodities,), and the paths' arcs as ``path_start`` (commodities + 1,) in the sequence of
    ``order`` and ``path_arc``. A destination that cannot be reached has length UNREACHED and no arcs.
    """
    nodes, count = len(first) - 1, len(order)
    distance, parent = np.empty(nodes), np.empty(nodes, np.int64)
    heap_key, heap_node = np.empty(len(arcs) + 2), np.empty(len(arcs) + 2, np.int64)
    length = np.empty(count)
    path_start = np.zeros(count + 1, np.int64)
    path_arc = np.empty(max(16, 8 * count), np.int64)
    filled = 0
    for s in range(len(sources)):
        tree_from(sources[s], first, arcs, head, cost, distance, parent, heap_key, heap_node)
        for position in range(starts[s], starts[s + 1]):
            k = order[position]
            v = destination[k]
            length[k] = distance[v]
            if filled + nodes > len(path_arc):
                grown = np.empty(2 * len(path_arc) + nodes, np.int64)
                grown[:filled] = path_arc[:filled]
                path_arc = grown
            while distance[v] < UNREACHED and parent[v] >= 0:
                path_arc[filled] = parent[v]
                filled += 1
                v = tail[parent[v]]
            path_start[position + 1] = filled
    return length, path_start, path_arc[:filled]
