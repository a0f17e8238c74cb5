"""What the fixed-charge solver knows at a moment, and the slices of work that make it know more.

Every slice is a fixed amount of work from a seed of its own, so that what comes out does not depend on speed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from optimizer.planning.design import Bools, Floats, Indices
from optimizer.planning.netdesign.branching import LEAST_STEPS, Tree, branch_slice, tree_of
from optimizer.planning.netdesign.instance import Instance
from optimizer.planning.netdesign.pricing import forward_star
from optimizer.planning.netdesign.relaxation import Relaxation, climb, decide, tighten
from optimizer.planning.netdesign.rerouting import modules_for
from optimizer.planning.netdesign.ruin import anneal, construct

HOT, WARM, COLD = 5e-3, 1.5e-3, 5e-5
"""Temperatures as shares of the cost: from hot to cold from a first design, from warm to cold among the arcs of the
best ones."""
MOST_ELITE = 8
"""Designs of different chains that are kept."""
MOST_TOGETHER = 40.0
"""Most commodities that one move takes off (their number is drawn with logarithmic weight)."""
MOVES_PER_SLICE, CLIMB_CELLS_PER_SLICE = 2e7, 1.6e8
"""Some 1.5 s of work each on one core of 2020."""
CLIMBED = 2e-5
"""A slice of climbing that raises the bound by less than this share is the last."""
MOST_CLIMBS = 12
BIG = 2**31


@dataclass(slots=True)
class Chain:
    """One annealing chain: where it stands and the best it ever met."""

    flow: Floats
    best_flow: Floats
    best: float


@dataclass(slots=True)
class Search:
    """Incumbent, bound and what is fixed. ``most`` and ``least`` (arcs,) are the modules that a better design than the
    incumbent can have. ``first`` is the design that was built; ``elite`` the best of chains that began there, as cost
    and the arcs that they use (arcs,), by cost. ``climbs``: slices of climbing that may still pay; then, if
    ``branches``, the bound rises by branching, in ``tree``."""

    instance: Instance
    relaxation: Relaxation
    most: Indices
    least: Indices
    flow: Floats | None = None
    best: float = np.inf
    bound: float = -np.inf
    chains: list[Chain] = field(default_factory=list)
    first: Floats | None = None
    elite: list[tuple[float, Bools]] = field(default_factory=list)
    moves: int = 0
    climbs: int = MOST_CLIMBS
    branches: bool = False
    tree: Tree | None = None

    @property
    def gap(self) -> float:
        """(best - bound) / best; infinite without an incumbent."""
        if not np.isfinite(self.best):
            return np.inf
        return max(0.0, self.best - self.bound) / max(abs(self.best), 1e-9)

    def cost_of_load(self, load: Floats) -> float:
        """What loads (arcs,) cost with as few modules as they need."""
        instance = self.instance
        return float(instance.unit_cost @ load) + float(instance.fixed_cost @ modules_for(instance, load))

    def take(self, flow: Floats) -> bool:
        """Keep a flow (commodities, arcs) if it is better than the incumbent."""
        cost = self.cost_of_load(flow.sum(axis=0))
        if cost < self.best - 1e-9 * abs(cost):
            self.flow, self.best = flow.copy(), cost
            return True
        return False

    def fix(self) -> int:
        """Close arcs that no better design opens, keep open those that none closes. Returns how many are decided."""
        if not np.isfinite(self.best):
            return 0
        decide(self.relaxation, self.best, self.most, self.least)
        return int(np.sum(self.most == self.least))


def tighten_limits(search: Search) -> None:
    """Lower what each arc may carry of each commodity to what a design as good as the incumbent can. Every bound from
    here on holds for such designs only, which is all that a bound says (it never exceeds the incumbent)."""
    if np.isfinite(search.best):
        tighten(search.instance, search.relaxation, search.best)


def climb_slice(search: Search, steps: int) -> float:
    """Raise the bound; returns by what share it rose. Bounds hold for all better designs, so they are proven for the
    problem up to the incumbent's own cost."""
    before = search.relaxation.bound
    target = search.best if np.isfinite(search.best) else _hoped(search)
    whole = search.instance.most_modules
    climb(search.instance, search.relaxation, target, steps, whole, np.zeros_like(whole))
    search.bound = max(search.bound, min(search.relaxation.bound, search.best))
    rise = (search.relaxation.bound - before) / max(abs(before), 1e-9) if np.isfinite(before) else np.inf
    search.climbs = search.climbs - 1 if rise > CLIMBED else 0
    return rise


def raising(search: Search) -> Callable[[], object] | None:
    """A slice of work on the bound, to be run beside annealing: climbing while that pays, then branching. None where
    nothing is left to gain, or the problem is too large."""
    steps = climb_steps(search.instance)
    if search.climbs:
        return partial(climb_slice, search, steps)
    if search.tree is None and search.branches and steps >= LEAST_STEPS:
        search.tree = tree_of(search.instance, search.relaxation, search.most, search.least)
    if search.tree is None or search.tree.full:
        return None
    return partial(branch_slice, search.tree, search.best, steps)


def climb_steps(instance: Instance) -> int:
    """Steps of one slice of climbing."""
    return int(np.clip(CLIMB_CELLS_PER_SLICE / max(1, instance.arcs * instance.commodities), 50, 3000))


def first_flow(search: Search) -> None:
    """Build a flow by falling demand, whole or in parts, with likely arcs made cheaper or not."""
    instance = search.instance
    first, arcs = forward_star(instance.nodes, instance.tail)
    likely = _likely(search)
    for trust in (0.9, 0.0):
        for by_parts in (False, True):
            flow = np.zeros((instance.commodities, instance.arcs))
            cost = construct(
                by_parts,
                instance.origin,
                instance.destination,
                instance.demand,
                first,
                arcs,
                instance.tail,
                instance.head,
                instance.unit_cost,
                np.maximum(instance.capacity, 1e-9),
                instance.fixed_cost,
                instance.fixed_cost * (1.0 - trust * likely),
                instance.most_capacity,
                flow,
            )
            if cost >= 0:
                search.take(flow)


def annealing(
    search: Search, number: int, temperatures: tuple[float, float], seed: int, most: Floats, part: float = 1.0
) -> Callable[[], None]:
    """One slice of chain ``number``, or a part of one, between two temperatures, within the capacities ``most``
    (arcs,), to be run. What it takes from the search it takes now: a climb may run beside it."""
    instance, chain = search.instance, search.chains[number]
    first, arcs = forward_star(instance.nodes, instance.tail)
    scale, likely = max(search.bound, 0.5 * search.best), _likely(search)

    def run() -> None:
        chain.best, _ = anneal(
            instance.origin,
            instance.destination,
            instance.demand,
            first,
            arcs,
            instance.tail,
            instance.head,
            instance.unit_cost,
            np.maximum(instance.capacity, 1e-9),
            instance.fixed_cost,
            most,
            likely,
            chain.flow,
            chain.best_flow,
            chain.best,
            max(1, int(part * moves_per_slice(instance))),
            scale * temperatures[0],
            scale * temperatures[1],
            min(MOST_TOGETHER, float(instance.commodities)),
            seed % BIG,
        )

    return run


def moves_per_slice(instance: Instance) -> int:
    """Moves of one slice of annealing."""
    return int(np.clip(MOVES_PER_SLICE / (instance.nodes**2 + instance.arcs), 200, 50_000))


def cooling(hot: float, number: int, length: int) -> tuple[float, float]:
    """Temperatures at the begin and end of slice ``number`` of a cycle that cools from ``hot``."""
    return hot * (COLD / hot) ** (number / length), hot * (COLD / hot) ** ((number + 1) / length)


def restart(search: Search, chains: int) -> None:
    """All chains from the incumbent."""
    assert search.flow is not None
    search.chains = [Chain(search.flow.copy(), search.flow.copy(), search.best) for _ in range(chains)]


def begin_anew(search: Search, chains: int) -> None:
    """All chains from the design that was built first: what each comes to is its own."""
    assert search.first is not None
    load = search.first.sum(axis=0)
    cost = search.cost_of_load(load)
    search.chains = [Chain(search.first.copy(), search.first.copy(), cost) for _ in range(chains)]


def gather(search: Search) -> None:
    """Take the chains' best, the first of equals, and the bound that branching came to."""
    for chain in search.chains:
        search.take(chain.best_flow)
    reached = search.relaxation.bound if search.tree is None else max(search.relaxation.bound, search.tree.bound)
    search.bound = max(search.bound, min(reached, search.best))


def join_elite(search: Search) -> None:
    """Keep what the chains came to among the best designs."""
    search.elite += [(chain.best, chain.best_flow.sum(axis=0) > 0) for chain in search.chains]
    search.elite = sorted(search.elite, key=lambda design: design[0])[:MOST_ELITE]


def room_of_elite(search: Search) -> Floats:
    """Capacities (arcs,) of the arcs that any of the best designs or the incumbent uses, 0 elsewhere. What is left to
    decide are the arcs in which they differ."""
    assert search.flow is not None
    used = np.any([search.flow.sum(axis=0) > 0, *(arcs for _, arcs in search.elite)], axis=0)
    return np.where(used, search.instance.most_capacity, 0.0)


def _hoped(search: Search) -> float:
    """A target before any design is known."""
    bound = search.relaxation.bound
    return float(bound * 1.1 if np.isfinite(bound) and bound > 0 else search.instance.fixed_cost.sum() + 1.0)


def _likely(search: Search) -> Floats:
    return np.minimum(1.0, np.maximum(0.0, search.relaxation.modules))
