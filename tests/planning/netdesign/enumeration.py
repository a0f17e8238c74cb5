"""The best design of a tiny problem by trying every choice of modules, each with a linear program of its own."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.optimize import linprog

from optimizer.planning.netdesign import Instance


def best_of_all(instance: Instance) -> float | None:
    """The least cost over all module vectors; None where no vector carries the demand."""
    costs = [
        float(instance.fixed_cost @ np.array(modules)) + flow
        for modules in product(*(range(int(most) + 1) for most in instance.most_modules))
        if (flow := cheapest_flow(instance, np.array(modules, dtype=float))) is not None
    ]
    return min(costs) if costs else None


def cheapest_flow(instance: Instance, modules: np.ndarray) -> float | None:
    """The linear program of the flow, arc by arc and commodity by commodity, by scipy (no code of the product)."""
    arcs, count, nodes = instance.arcs, instance.commodities, instance.nodes
    conserve = np.zeros((count * nodes, count * arcs))
    balance = np.zeros(count * nodes)
    for k in range(count):
        balance[k * nodes + instance.origin[k]] += instance.demand[k]
        balance[k * nodes + instance.destination[k]] -= instance.demand[k]
        for a in range(arcs):
            conserve[k * nodes + instance.tail[a], k * arcs + a] += 1.0
            conserve[k * nodes + instance.head[a], k * arcs + a] -= 1.0
    room = np.tile(np.eye(arcs), (1, count))
    solved = linprog(
        np.tile(instance.unit_cost, count),
        A_ub=room,
        b_ub=instance.capacity * modules,
        A_eq=conserve,
        b_eq=balance,
        bounds=(0, None),
    )
    return float(solved.fun) if solved.status == 0 else None
