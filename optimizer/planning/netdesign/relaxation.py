"""A lower bound for the fixed-charge problem: Lagrange on the conservation of flow, compiled.

With a price ``potential[v, k]`` of each commodity at each node, conservation leaves the constraints and every arc
stands alone: open y modules and fill them with the commodities whose reduced cost is most negative,

    bound = sum over k of demand[k] * (potential[origin] - potential[destination])
          + sum over arcs of min over whole y of (fixed_cost * y + continuous knapsack of capacity * y).

This is valid for any potentials and equals, at the best ones, the linear relaxation with all strong links
flow[k, a] <= min(demand[k], capacity[a]) * modules[a] (or better, as modules stay whole). The volume algorithm climbs
to it in milliseconds per step, and its averaged modules say which arcs are worth opening.
"""

# mypy: allow-untyped-defs
# Compiled functions take their types from their arguments.

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from optimizer.planning.design import Floats, Indices
from optimizer.planning.netdesign.instance import Instance

LIMIT_MARGIN = 1e-5
"""Share of a demand by which a limit of flow is rounded up. A limit becomes an entry of the exact program: those of the
size of a solver's tolerance (1e-7) had it take a dearer design for the best."""


@dataclass(slots=True)
class Relaxation:
    """Where the climb stands. ``potential`` (nodes, commodities) of the best bound; ``modules`` (arcs,) averaged;
    ``opening`` (arcs,): by how much the bound rises if the arc's first module is opened (> 0) or forbidden (< 0)."""

    bound: float
    potential: Floats
    modules: Floats
    opening: Floats
    violation: Floats
    limit: Floats
    step: float = 0.1
    share: float = 0.1
    fails: int = 0
    steps: int = 0


def first_relaxation(instance: Instance) -> Relaxation:
    """Potentials of the shortest ways when each unit of room costs its share of the fixed cost."""
    room = np.maximum(instance.capacity, 1e-9)
    length = np.where(instance.most_capacity > 0, instance.unit_cost + instance.fixed_cost / room, np.inf)
    distance = np.full((instance.nodes, instance.nodes), np.inf)
    np.fill_diagonal(distance, 0.0)
    np.minimum.at(distance, (instance.tail, instance.head), length)
    for middle in range(instance.nodes):
        np.minimum(distance, distance[:, [middle]] + distance[[middle], :], out=distance)
    reached = distance[np.isfinite(distance)]
    far = 2.0 * float(reached.max(initial=0.0))
    potential = -np.where(np.isfinite(distance), distance, far)[instance.origin].T
    shape = (instance.nodes, instance.commodities)
    arcs = instance.arcs
    limit = np.tile(instance.demand, (arcs, 1))
    return Relaxation(-np.inf, np.ascontiguousarray(potential), np.zeros(arcs), np.zeros(arcs), np.zeros(shape), limit)


def tighten(instance: Instance, relaxation: Relaxation, cost: float) -> None:
    """Lower the limits of flow to what a design of at most this cost can send: each unit of a commodity on an arc with
    a positive reduced cost raises the bound by that, and the arc's opening raises it as well."""
    slack = cost * (1 + 1e-9) - relaxation.bound - np.maximum(relaxation.opening, 0.0)
    reduced = instance.unit_cost[:, None] - relaxation.potential[instance.tail] + relaxation.potential[instance.head]
    with np.errstate(divide="ignore", invalid="ignore"):
        most = np.maximum(slack, 0.0)[:, None] / reduced + LIMIT_MARGIN * instance.demand
    np.minimum(relaxation.limit, np.where(reduced > 0, most, np.inf), out=relaxation.limit)


def decide(relaxation: Relaxation, cost: float, most: Indices, least: Indices) -> None:
    """Close arcs that no design of at most this cost opens, keep open those that none closes: what the bound rises by
    passes the cost. ``most`` and ``least`` (arcs,) are the modules still allowed, changed in place."""
    slack = cost + 1e-9 * abs(cost)
    dear = relaxation.bound + np.maximum(relaxation.opening, 0.0) > slack
    needed = relaxation.bound - np.minimum(relaxation.opening, 0.0) > slack
    most[dear & (least == 0)] = 0
    least[needed & (most > 0)] = np.maximum(least[needed & (most > 0)], 1)


def climb(instance: Instance, relaxation: Relaxation, target: float, steps: int, most: Indices, least: Indices) -> None:
    """Take volume steps towards ``target`` (the cost of a known design). ``most`` and ``least`` (arcs,) are the modules
    still allowed: bounds found under them hold for designs within them only."""
    bound, step, share, fails = _climb(
        instance.tail,
        instance.head,
        instance.unit_cost,
        instance.capacity,
        instance.fixed_cost,
        most,
        least,
        instance.origin,
        instance.destination,
        instance.demand,
        relaxation.potential,
        relaxation.modules,
        relaxation.opening,
        relaxation.violation,
        relaxation.limit,
        target,
        relaxation.bound,
        relaxation.step,
        relaxation.share,
        relaxation.fails,
        relaxation.steps,
        steps,
    )
    relaxation.bound, relaxation.step, relaxation.share, relaxation.fails = bound, step, share, fails
    relaxation.steps += steps


@njit(cache=True, nogil=True)
def evaluate(tail, head, unit_cost, capacity, fixed_cost, most, least, limit, potential, flow, modules, opening):
    """The arcs' part of the bound; fills ``flow`` (arcs, commodities), ``modules`` and ``opening`` (arcs,). ``limit``
    (arcs, commodities) is the largest flow of each commodity on each arc."""
    arcs, count = limit.shape
    total = 0.0
    who = np.empty(count, np.int64)
    gain = np.empty(count)
    for a in range(arcs):
        at_tail, at_head, row, amounts = potential[tail[a]], potential[head[a]], flow[a], limit[a]
        found, wanted, worth = 0, 0.0, fixed_cost[a]
        for k in range(count):
            row[k] = 0.0
            reduced = unit_cost[a] - at_tail[k] + at_head[k]
            if reduced < 0.0:
                who[found] = k
                gain[found] = reduced
                found += 1
                wanted += amounts[k]
                worth += reduced * amounts[k]
        modules[a] = 0.0
        opening[a] = fixed_cost[a]
        if wanted <= capacity[a] and most[a] > 0 and least[a] <= 1:
            # All of it fits one module: nothing to choose from.
            opening[a] = worth
            if worth < 0.0 or least[a] == 1:
                modules[a] = 1.0
                total += worth
                for position in range(found):
                    row[who[position]] = amounts[who[position]]
            continue
        order = np.argsort(gain[:found])
        at, left = 0, 0.0
        if found > 0:
            left = amounts[who[order[0]]]
        for module in range(most[a]):
            room, worth = capacity[a], fixed_cost[a]
            while room > 0.0 and at < found:
                amount = min(room, left)
                worth += amount * gain[order[at]]
                room -= amount
                left -= amount
                if left <= 0.0:
                    at += 1
                    if at < found:
                        left = amounts[who[order[at]]]
            if module == 0:
                opening[a] = worth
            if worth >= 0.0 and module >= least[a]:
                break
            modules[a] += 1.0
            total += worth
        room = capacity[a] * modules[a]
        for position in range(found):
            if room <= 0.0:
                break
            k = who[order[position]]
            row[k] = min(room, amounts[k])
            room -= row[k]
    return total


@njit(cache=True, nogil=True)
def imbalance(tail, head, origin, destination, demand, potential, modules, flow, violation):
    """What the arcs' answers leave undelivered, into ``violation`` (nodes, commodities); returns the demands' part of
    the bound."""
    total = 0.0
    violation[:] = 0.0
    for k in range(len(demand)):
        total += demand[k] * (potential[origin[k], k] - potential[destination[k], k])
        violation[origin[k], k] += demand[k]
        violation[destination[k], k] -= demand[k]
    for a in range(len(tail)):
        if modules[a] > 0.0:
            for k in range(len(demand)):
                violation[tail[a], k] -= flow[a, k]
                violation[head[a], k] += flow[a, k]
    return total


@njit(cache=True, nogil=True)
def _climb(
    tail,
    head,
    unit_cost,
    capacity,
    fixed_cost,
    most,
    least,
    origin,
    destination,
    demand,
    best_potential,
    mean_modules,
    best_opening,
    mean_violation,
    limit,
    target,
    best,
    step,
    share,
    fails,
    done,
    steps,
):
    """The volume algorithm. Arrays named best_ and mean_ are updated in place."""
    arcs, count, nodes = len(tail), len(demand), best_potential.shape[0]
    potential = best_potential.copy()
    flow, modules, opening = np.zeros((arcs, count)), np.zeros(arcs), np.zeros(arcs)
    violation = np.zeros((nodes, count))
    for number in range(steps):
        if number > 0 or done > 0:
            length = step * max(target - best, 1e-6 * abs(target)) / max(np.sum(mean_violation**2), 1e-12)
            potential[:] = best_potential + length * mean_violation
        bound = evaluate(
            tail, head, unit_cost, capacity, fixed_cost, most, least, limit, potential, flow, modules, opening
        )
        bound += imbalance(tail, head, origin, destination, demand, potential, modules, flow, violation)
        part = 1.0 if number + done == 0 else share
        for a in range(arcs):
            mean_modules[a] = part * modules[a] + (1.0 - part) * mean_modules[a]
        if bound > best:
            along = np.sum(violation * mean_violation)
            if bound - best > 1e-4 * abs(best):
                fails = 0
            best = bound
            best_potential[:] = potential
            best_opening[:] = opening
            if along > 0.0:
                step = min(step * 1.1, 2.0)
        else:
            fails += 1
            if fails >= 20:
                step, fails = max(step * 0.66, 1e-4), 0
        mean_violation[:] = part * violation + (1.0 - part) * mean_violation
        if (number + done) % 100 == 99:
            share = max(share * 0.8, 0.005)
    return best, step, share, fails
