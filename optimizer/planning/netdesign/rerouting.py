"""Flows as designs: paths out of raw arc flows, and the cheapest flow for given modules."""

# mypy: allow-untyped-defs
# Compiled functions take their types from their arguments.

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from optimizer.planning.design import Floats, Indices
from optimizer.planning.netdesign.flow import solve_flow
from optimizer.planning.netdesign.instance import Design, Instance, Settings

EXACT = 8e-7
"""Part of a module that a load may exceed its room by: branch and bound answers to 1e-6, the checker allows 1e-6."""


def design_of(instance: Instance, flow: Floats) -> Design:
    """A design with as few modules as the flow (commodities, arcs) needs; circulations and dust are taken out and each
    commodity sums exactly to its demand along its paths."""
    clean = _unrolled(
        flow, instance.origin, instance.destination, instance.demand, instance.tail, instance.head, instance.nodes
    )
    arc, commodity = np.nonzero(clean.T)
    amount = clean[commodity, arc]
    load = np.bincount(arc, amount, minlength=instance.arcs).astype(np.float64)
    return Design(modules_for(instance, load), arc.astype(np.int64), commodity.astype(np.int64), amount)


def modules_for(instance: Instance, load: Floats) -> Indices:
    """As few whole modules as the loads (arcs,) need, shape (arcs,)."""
    needed = np.ceil(load / np.maximum(instance.capacity, 1e-9) - EXACT)
    return np.where(load > 1e-9, np.maximum(needed, 1), 0).astype(np.int64)


def cheapest_within(
    instance: Instance, modules: Indices, clock: Callable[[], float], limit_s: float | None
) -> Floats | None:
    """The cheapest flow (commodities, arcs) in the room of these modules; None where it was not found in time."""
    fixed = Instance(
        instance.name,
        instance.nodes,
        instance.tail,
        instance.head,
        instance.capacity,
        instance.unit_cost,
        np.zeros(instance.arcs),
        modules,
        instance.origin,
        instance.destination,
        instance.demand,
    )
    result = solve_flow(fixed, Settings(gap=1e-6, time_limit_s=limit_s, work=60), clock)
    return None if result.design is None else flow_of(instance, result.design)


def flow_of(instance: Instance, design: Design) -> Floats:
    """The flow of a design as an array (commodities, arcs)."""
    flow = np.zeros((instance.commodities, instance.arcs))
    np.add.at(flow, (design.flow_commodity, design.flow_arc), design.flow_amount)
    return flow


@njit(cache=True, nogil=True)
def _unrolled(flow, origin, destination, demand, tail, head, nodes):
    """Each commodity's flow as paths that sum to its demand: walk from the destination backwards along the largest
    flow, take the least on the way off, again until all is carried; what is left over are circles and dust."""
    count, width = flow.shape
    clean = np.zeros((count, width))
    way = np.empty(nodes + 1, np.int64)
    seen = np.empty(nodes, np.int64)
    for k in range(count):
        left, rest = flow[k].copy(), demand[k]
        while rest > 0.0:
            seen[:] = -1
            v, length, least = destination[k], 0, rest
            seen[v] = 0
            stuck = False
            while v != origin[k]:
                into, most = -1, 1e-12 * demand[k]
                for a in range(width):
                    if head[a] == v and left[a] > most:
                        into, most = a, left[a]
                if into < 0:
                    stuck = True
                    break
                way[length] = into
                length += 1
                v = tail[into]
                if seen[v] >= 0:
                    # A circle: take it off, begin again.
                    circle = 1e300
                    for position in range(seen[v], length):
                        circle = min(circle, left[way[position]])
                    for position in range(seen[v], length):
                        left[way[position]] -= circle
                    length = -1
                    break
                seen[v] = length
            if length < 0:
                continue
            if stuck:
                break
            for position in range(length):
                least = min(least, left[way[position]])
            for position in range(length):
                left[way[position]] -= least
                clean[k, way[position]] += least
            rest -= least
        if rest > 0.0 and rest < demand[k]:
            for a in range(width):
                clean[k, a] *= demand[k] / (demand[k] - rest)
    return clean
