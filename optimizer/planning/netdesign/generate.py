"""Random problems of the two benchmark families, for measuring on problems that nobody has looked at.

``planar`` and ``grid`` are linear; ``canad`` has fixed charges. The same arguments give the same problem.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from optimizer.errors import InputError, Message
from optimizer.planning.design import Floats, Indices
from optimizer.planning.netdesign.instance import Instance

CANAD_SHAPES = (
    (20, 230, 40, 0.1, 10.0),
    (20, 230, 200, 5.0, 18.0),
    (20, 290, 40, 0.07, 12.0),
    (20, 290, 200, 3.5, 26.0),
    (30, 520, 100, 0.4, 25.0),
    (30, 520, 400, 1.6, 45.0),
    (30, 680, 100, 0.4, 25.0),
    (30, 680, 400, 1.6, 45.0),
)
"""Nodes, arcs, commodities, fixed_ratio and capacity_ratio of the families in which the Canad C problems come."""


def grid(side: int, commodities: int, seed: int, tightness: float = 1.0) -> Instance:
    """A square grid with arcs both ways, uniform costs 80 to 100 and demands 10 to 100; capacities are what an even
    spread of shortest ways would load, divided by ``tightness`` and never below the largest demand."""
    rng = np.random.default_rng(seed)
    place = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate(
        [
            np.stack([place[:, :-1].ravel(), place[:, 1:].ravel()], axis=1),
            np.stack([place[:-1].ravel(), place[1:].ravel()], axis=1),
        ]
    )
    tail, head = np.concatenate([pairs[:, 0], pairs[:, 1]]), np.concatenate([pairs[:, 1], pairs[:, 0]])
    cost = rng.integers(80, 101, len(tail)).astype(float)
    origin, destination = _pairs(rng, side * side, commodities)
    demand = rng.integers(10, 101, commodities).astype(float)
    row, column = np.divmod(origin, side)
    to_row, to_column = np.divmod(destination, side)
    steps = float(demand @ (np.abs(row - to_row) + np.abs(column - to_column)))
    room = np.full(len(tail), max(1.6 * steps / len(tail) / tightness, 2.0 * float(demand.max())))
    capacity = np.floor(room * rng.uniform(0.8, 1.4, len(tail)))
    return _linear(
        f"grid-{side}-{commodities}-{seed}", side * side, tail, head, cost, capacity, origin, destination, demand
    )


def planar(nodes: int, commodities: int, seed: int, tightness: float = 1.0) -> Instance:
    """Points in a square, each joined both ways with its five nearest and along a chain that keeps all connected; costs
    are distances, demands 2 to 11."""
    rng = np.random.default_rng(seed)
    points = rng.random((nodes, 2)) * 1000
    gap = np.linalg.norm(points[:, None] - points[None, :], axis=2)
    near = np.argsort(gap, axis=1)[:, 1:6]
    links = {(min(i, int(j)), max(i, int(j))) for i in range(nodes) for j in near[i]}
    chain = np.argsort(points[:, 0])
    links |= {(min(int(a), int(b)), max(int(a), int(b))) for a, b in pairwise(chain)}
    ends = np.array(sorted(links))
    tail, head = np.concatenate([ends[:, 0], ends[:, 1]]), np.concatenate([ends[:, 1], ends[:, 0]])
    cost = np.ceil(gap[tail, head]) + 1.0
    origin, destination = _pairs(rng, nodes, commodities)
    demand = rng.integers(2, 12, commodities).astype(float)
    mean_hops = float(np.mean(gap[origin, destination]) / np.mean(gap[tail, head]))
    room = max(2.2 * float(demand.sum()) * mean_hops / len(tail) / tightness, 2.0 * float(demand.max()))
    capacity = np.floor(room * rng.uniform(0.6, 2.2, len(tail)))
    return _linear(
        f"planar-{nodes}-{commodities}-{seed}", nodes, tail, head, cost, capacity, origin, destination, demand
    )


def canad(
    nodes: int,
    arcs: int,
    commodities: int,
    seed: int,
    fixed_ratio: float,
    capacity_ratio: float,
    most_modules: int = 1,
) -> Instance:
    """A random network in the manner of the Canad problems.

    ``fixed_ratio``: commodities * sum of fixed costs / (sum of demands * sum of unit costs); ``capacity_ratio``: arcs *
    sum of demands / sum of capacities, larger is tighter. With more modules the capacity of one shrinks accordingly.
    Raises InputError where the arcs are too few to go around or more than there are pairs.
    """
    if not nodes <= arcs <= nodes * (nodes - 1):
        raise InputError(
            Message("弧数应在节点数与 n(n-1) 之间。", "Arcs should number from nodes to nodes * (nodes - 1).")
        )
    rng = np.random.default_rng(seed)
    around = rng.permutation(nodes)
    chosen = {(int(a), int(b)) for a, b in zip(around, np.roll(around, -1), strict=True)}
    every = [(i, j) for i in range(nodes) for j in range(nodes) if i != j and (i, j) not in chosen]
    more = rng.choice(len(every), arcs - nodes, replace=False)
    ends = np.array(sorted(chosen | {every[int(number)] for number in more}))
    cost = rng.integers(1, 20, arcs).astype(float)
    demand = rng.integers(15, 75, commodities).astype(float)
    room = rng.uniform(1.0, 5.0, arcs)
    room *= arcs * float(demand.sum()) / capacity_ratio / float(room.sum())
    fixed = rng.uniform(1.0, 10.0, arcs)
    fixed *= fixed_ratio * float(demand.sum()) * float(cost.sum()) / commodities / float(fixed.sum())
    origin, destination = _pairs(rng, nodes, commodities)
    return Instance(
        f"canad-{nodes}-{arcs}-{commodities}-{seed}",
        nodes,
        ends[:, 0],
        ends[:, 1],
        np.maximum(1.0, np.round(room / most_modules)),
        cost,
        np.maximum(1.0, np.round(fixed / most_modules)),
        np.full(arcs, most_modules, dtype=np.int64),
        origin,
        destination,
        demand,
    )


def unseen(kind: str, seed: int) -> list[Instance]:
    """A few problems of either family (``mcf`` | ``mcnd``) from small to large, for measuring on what nobody tuned to:
    another seed gives others of the same sizes."""
    if kind == "mcf":
        # Loose enough that all demand can be carried whatever the seed, tight enough that many arcs are full.
        sizes = ((grid, 15, 400, 1.0), (grid, 25, 2000, 1.0), (planar, 100, 1000, 0.5), (planar, 200, 2400, 0.5))
        return [make(size, count, seed + n, tight) for n, (make, size, count, tight) in enumerate(sizes)]
    return [canad(*shape[:3], seed + n, *shape[3:]) for n, shape in enumerate(CANAD_SHAPES)]


def _pairs(rng: np.random.Generator, nodes: int, count: int) -> tuple[Indices, Indices]:
    origin = rng.integers(0, nodes, count)
    return origin, (origin + rng.integers(1, nodes, count)) % nodes


def _linear(
    name: str,
    nodes: int,
    tail: Indices,
    head: Indices,
    cost: Floats,
    capacity: Floats,
    origin: Indices,
    destination: Indices,
    demand: Floats,
) -> Instance:
    arcs = len(tail)
    return Instance(
        name,
        nodes,
        tail,
        head,
        capacity,
        cost,
        np.zeros(arcs),
        np.ones(arcs, dtype=np.int64),
        origin,
        destination,
        demand,
    )
