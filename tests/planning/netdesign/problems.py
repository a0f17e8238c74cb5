"""Small problems: one known by heart, and hypothesis' own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from optimizer.planning.netdesign import Instance


def instance_of(
    nodes: int,
    arcs: list[tuple[int, int, float, float, float, int]],
    commodities: list[tuple[int, int, float]],
    name: str = "small",
) -> Instance:
    """Arcs as (tail, head, unit cost, capacity, fixed cost, most modules)."""
    arc, commodity = np.array(arcs, dtype=float).reshape(-1, 6), np.array(commodities, dtype=float).reshape(-1, 3)
    return Instance(
        name=name,
        nodes=nodes,
        tail=arc[:, 0].astype(np.int64),
        head=arc[:, 1].astype(np.int64),
        capacity=arc[:, 3].copy(),
        unit_cost=arc[:, 2].copy(),
        fixed_cost=arc[:, 4].copy(),
        most_modules=arc[:, 5].astype(np.int64),
        origin=commodity[:, 0].astype(np.int64),
        destination=commodity[:, 1].astype(np.int64),
        demand=commodity[:, 2].copy(),
    )


def detour() -> Instance:
    """Two commodities of 6 from 0 to 2 and from 1 to 2. Direct 0 -> 2: unit 1, fixed 30, room 10. By 1: 0 -> 1 unit 1,
    fixed 2; 1 -> 2 unit 1, modules of 6 at 10, two at most. Sharing 1 -> 2 costs 6+6+6+2+20 = 40; apart 6+30+6+10.
    """
    return instance_of(
        3,
        [(0, 2, 1.0, 10.0, 30.0, 1), (0, 1, 1.0, 8.0, 2.0, 1), (1, 2, 1.0, 6.0, 10.0, 2)],
        [(0, 2, 6.0), (1, 2, 6.0)],
    )


@st.composite
def tiny(draw: st.DrawFn, fixed: bool = True, connected: bool = False) -> Instance:
    """Up to 4 nodes, 6 arcs, 3 commodities, 2 modules an arc; often feasible, not always. Some arcs have no room or far
    more than enough, some commodities next to nothing. ``connected``: besides, a dear way round with room for all, so
    that there is a design."""
    nodes = draw(st.integers(2, 4))
    pairs = [(i, j) for i in range(nodes) for j in range(nodes) if i != j]
    count = draw(st.integers(1, 6))
    arcs = [
        (
            *draw(st.sampled_from(pairs)),
            float(draw(st.integers(0, 9))),
            float(draw(st.one_of(st.integers(1, 12), st.sampled_from([0, 0.5, 1e6])))),
            float(draw(st.integers(0, 30))) if fixed else 0.0,
            draw(st.integers(0, 2)),
        )
        for _ in range(count)
    ]
    if connected:
        arcs += [(v, (v + 1) % nodes, 20.0, 30.0, 40.0, 1) for v in range(nodes)]
    commodities = [
        (*draw(st.sampled_from(pairs)), float(draw(st.one_of(st.integers(1, 8), st.just(0.001)))))
        for _ in range(draw(st.integers(1, 3)))
    ]
    return instance_of(nodes, arcs, commodities)


def permuted(instance: Instance, seed: int) -> Instance:
    """The same problem with arcs and commodities in another order."""
    rng = np.random.default_rng(seed)
    arc, commodity = rng.permutation(instance.arcs), rng.permutation(instance.commodities)
    return replace(
        instance,
        **{
            name: getattr(instance, name)[arc]
            for name in ("tail", "head", "capacity", "unit_cost", "fixed_cost", "most_modules")
        },
        **{name: getattr(instance, name)[commodity] for name in ("origin", "destination", "demand")},
    )
