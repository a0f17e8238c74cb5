"""Ruin and recreate, compiled: take some commodities off the network, put each back along the way that costs least now.

What a way costs counts fixed costs: an arc with room left costs its unit cost only, the next module costs its price.
Ways are found for the whole amount, or, by turns, for as much as the cheapest way per unit still takes, so that flows
split where that pays. A worse answer is accepted now and then (simulated annealing).

Flow stands in ``flow[k, a]``; loads, open modules and the total follow from it.
"""

# mypy: allow-untyped-defs
# Compiled functions take their types from their arguments.

from __future__ import annotations

import numpy as np
from numba import njit

FAR = 1e300
EPS = 1e-7


@njit(cache=True, nogil=True)
def open_modules(load, capacity):
    """Modules that a load needs."""
    if load <= EPS:
        return 0.0
    return np.ceil((load - EPS) / capacity)


@njit(cache=True, nogil=True)
def cost_of_loads(load, unit_cost, capacity, fixed_cost):
    """The objective of loads with as few modules as they need."""
    total = 0.0
    for a in range(len(load)):
        if load[a] > EPS:
            total += unit_cost[a] * load[a] + fixed_cost[a] * open_modules(load[a], capacity[a])
    return total


@njit(cache=True, nogil=True)
def cheapest_way(
    source, sink, amount, whole, first, arcs, head, unit_cost, capacity, charge, most, load, spare, distance,
    parent, settled,
):  # fmt: skip
    """Dijkstra on what carrying ``amount`` would cost more: in total (``whole``) or per unit of what fits. Returns
    whether the sink was reached; fills ``parent``. ``charge`` stands for the fixed costs."""
    nodes = len(distance)
    for v in range(nodes):
        distance[v] = FAR
        settled[v] = False
    distance[source] = 0.0
    while True:
        near, v = FAR, -1
        for w in range(nodes):
            if not settled[w] and distance[w] < near:
                near, v = distance[w], w
        if v < 0:
            return False
        if v == sink:
            return True
        settled[v] = True
        for e in range(first[v], first[v + 1]):
            a = arcs[e]
            w = head[a]
            if settled[w]:
                continue
            room = most[a] - load[a]
            if whole:
                if room + EPS < amount:
                    continue
                more = unit_cost[a] * amount
                if amount > spare[a] + EPS:
                    more += charge[a] * np.ceil((amount - spare[a] - EPS) / capacity[a])
            else:
                if room <= EPS:
                    continue
                fits = min(amount, room)
                more = unit_cost[a]
                if fits > spare[a] + EPS:
                    more += charge[a] * np.ceil((fits - spare[a] - EPS) / capacity[a]) / fits
            if near + more < distance[w]:
                distance[w] = near + more
                parent[w] = a


@njit(cache=True, nogil=True)
def carry(
    k, amount, by_parts, origin, destination, first, arcs, tail, head, unit_cost, capacity, fixed_cost, charge,
    most, load, spare, flow, distance, parent, settled,
):  # fmt: skip
    """Put an amount of a commodity on the network. Returns what it cost, or -1 where it does not fit."""
    cost = 0.0
    for _ in range(200):
        if amount <= EPS:
            return cost
        found = False
        if not by_parts:
            found = cheapest_way(
                origin[k], destination[k], amount, True, first, arcs, head, unit_cost, capacity, charge, most, load,
                spare, distance, parent, settled,
            )  # fmt: skip
        if not found:
            found = cheapest_way(
                origin[k], destination[k], amount, False, first, arcs, head, unit_cost, capacity, charge, most, load,
                spare, distance, parent, settled,
            )  # fmt: skip
        if not found:
            return -1.0
        fits = amount
        v = destination[k]
        while v != origin[k]:
            a = parent[v]
            fits = min(fits, most[a] - load[a])
            v = tail[a]
        if fits <= EPS:
            return -1.0
        v = destination[k]
        while v != origin[k]:
            a = parent[v]
            before = open_modules(load[a], capacity[a])
            load[a] += fits
            after = open_modules(load[a], capacity[a])
            spare[a] = after * capacity[a] - load[a]
            flow[k, a] += fits
            cost += unit_cost[a] * fits + fixed_cost[a] * (after - before)
            v = tail[a]
        amount -= fits
    return -1.0


@njit(cache=True, nogil=True)
def construct(
    by_parts, origin, destination, demand, first, arcs, tail, head, unit_cost, capacity, fixed_cost, charge, most,
    flow,
):  # fmt: skip
    """Commodities by falling demand onto an empty network. Returns the cost, or -1 where one did not fit."""
    nodes = len(first) - 1
    flow[:] = 0.0
    load, spare = np.zeros(len(tail)), np.zeros(len(tail))
    distance, parent, settled = np.empty(nodes), np.empty(nodes, np.int64), np.empty(nodes, np.bool_)
    total = 0.0
    for k in np.argsort(-demand):
        cost = carry(
            k, demand[k], by_parts, origin, destination, first, arcs, tail, head, unit_cost, capacity, fixed_cost,
            charge, most, load, spare, flow, distance, parent, settled,
        )  # fmt: skip
        if cost < 0.0:
            return -1.0
        total += cost
    return total


@njit(cache=True, nogil=True)
def choose(wanted, first, arcs, origin, destination, load, flow, picked, chosen):
    """Commodities that have something to do with each other: those on some loaded arcs, at one node, or both. Returns
    how many, and an arc that they leave (-1 for none)."""
    nodes, count, width = len(first) - 1, len(origin), flow.shape[1]
    found, arc = 0, -1
    kind = np.random.random()
    offset = np.random.randint(count)
    if kind < 0.7:
        for _ in range(6):
            a = np.random.randint(width)
            for _ in range(10 * width):
                if load[a] > EPS:
                    break
                a = np.random.randint(width)
            if arc < 0:
                arc = a
            for shift in range(count):
                k = (offset + shift) % count
                if flow[k, a] > EPS and not chosen[k] and found < wanted:
                    chosen[k] = True
                    picked[found] = k
                    found += 1
            if found >= wanted:
                break
        return found, arc
    v = np.random.randint(nodes)
    for shift in range(count):
        k = (offset + shift) % count
        if found >= wanted:
            break
        take = kind < 0.85 and (origin[k] == v or destination[k] == v)
        if kind >= 0.85:
            for e in range(first[v], first[v + 1]):
                if flow[k, arcs[e]] > EPS:
                    take = True
                    break
        if take:
            chosen[k] = True
            picked[found] = k
            found += 1
    return found, -1


@njit(cache=True, nogil=True)
def take_off(found, picked, chosen, capacity, load, spare, flow, old_flow):
    """Ruin: remove the picked commodities; their flow is kept in ``old_flow``, a row each."""
    for position in range(found):
        k = picked[position]
        chosen[k] = False
        for a in range(flow.shape[1]):
            old_flow[position, a] = flow[k, a]
            if flow[k, a] != 0.0:
                load[a] -= flow[k, a]
                if load[a] < EPS:
                    load[a] = 0.0
                spare[a] = open_modules(load[a], capacity[a]) * capacity[a] - load[a]
                flow[k, a] = 0.0


@njit(cache=True, nogil=True)
def draw_charges(fixed_cost, likely, avoided, charge):
    """Fixed costs as the next move sees them: noisy, likely arcs cheaper by turns, the arc just left dearer."""
    trust = np.random.random() if np.random.random() < 0.5 else 0.0
    noise = 0.3 * np.random.random()
    for a in range(len(charge)):
        charge[a] = fixed_cost[a] * max(0.0, 1.0 - trust * likely[a]) * (1.0 + noise * (np.random.random() - 0.5))
    if avoided >= 0 and np.random.random() < 0.3:
        charge[avoided] += 3.0 * fixed_cost[avoided]


@njit(cache=True, nogil=True)
def sequence(found, picked, demand):
    """In which order to put back: any, or large ones first, roughly."""
    keys = np.random.random(found)
    if np.random.random() < 0.5:
        for position in range(found):
            keys[position] = -demand[picked[position]] * (0.8 + 0.4 * keys[position])
    return np.argsort(keys)


@njit(cache=True, nogil=True)
def anneal(
    origin, destination, demand, first, arcs, tail, head, unit_cost, capacity, fixed_cost, most, likely, flow,
    best_flow, best, steps, hot, cold, largest, seed,
):  # fmt: skip
    """``steps`` moves from ``flow`` at temperatures from ``hot`` to ``cold`` (units of cost). ``likely`` (arcs,): how
    probably an arc is open in the relaxation; such arcs are let seem cheaper by turns. ``best_flow`` is replaced
    where something better than ``best`` is found. Returns the best cost and the current one."""
    np.random.seed(seed)
    width, count, nodes = len(tail), len(demand), len(first) - 1
    load, spare, charge = np.zeros(width), np.zeros(width), np.empty(width)
    distance, parent, settled = np.empty(nodes), np.empty(nodes, np.int64), np.empty(nodes, np.bool_)
    picked, chosen = np.empty(count, np.int64), np.zeros(count, np.bool_)
    old_load, old_spare, old_flow = np.empty(width), np.empty(width), np.empty((count, width))
    for a in range(width):
        for k in range(count):
            load[a] += flow[k, a]
        spare[a] = open_modules(load[a], capacity[a]) * capacity[a] - load[a]
    current = cost_of_loads(load, unit_cost, capacity, fixed_cost)
    for number in range(steps):
        heat = hot * (cold / hot) ** (number / steps)
        most_cost = current - heat * np.log(max(np.random.random(), 1e-12))
        wanted = 1 + int(largest ** np.random.random())
        found, arc = choose(wanted, first, arcs, origin, destination, load, flow, picked, chosen)
        if found == 0:
            continue
        old_load[:] = load
        old_spare[:] = spare
        take_off(found, picked, chosen, capacity, load, spare, flow, old_flow)
        cost = cost_of_loads(load, unit_cost, capacity, fixed_cost)
        draw_charges(fixed_cost, likely, arc, charge)
        parts = max(0.0, 2.0 * np.random.random() - 1.0)
        fits = True
        for position in sequence(found, picked, demand):
            k = picked[position]
            more = carry(
                k, demand[k], np.random.random() < parts, origin, destination, first, arcs, tail, head, unit_cost,
                capacity, fixed_cost, charge, most, load, spare, flow, distance, parent, settled,
            )  # fmt: skip
            cost += more
            if more < 0.0 or cost > most_cost:
                fits = False
                break
        if fits:
            current = cost_of_loads(load, unit_cost, capacity, fixed_cost)
            if current < best - 1e-6:
                best = current
                best_flow[:] = flow
        else:
            load[:] = old_load
            spare[:] = old_spare
            for position in range(found):
                flow[picked[position], :] = old_flow[position, :]
    return best, current
