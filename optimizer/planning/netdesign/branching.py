"""A higher bound: branching on modules, with the Lagrangian bound in every node.

The linear relaxation with all strong links, to which the climb comes, lies some 3 % below the best design where fixed
costs are high. A node allows each arc fewer modules, or demands more, and climbs on from its parent's potentials: that
takes milliseconds where a linear program of its size takes minutes. The bound is the least of all open nodes, so the
node with the least is always the next to be split (best first). Where to split is tried (strong branching): a few
undecided arcs, a few steps on either side, the largest product of rises wins.

All bounds hold for designs below ``cutoff``, the incumbent's cost: nodes at or above it are dropped, and reduced costs
close arcs, or keep them open, within a node.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

import numpy as np

from optimizer.planning.design import Indices
from optimizer.planning.netdesign.instance import Instance
from optimizer.planning.netdesign.relaxation import Relaxation, climb, decide

MOST_TRIED = 4
"""Arcs of which both sides are tried before a node is split."""
TRY_STEPS, CHILD_STEPS = 30, 150
"""Steps of climbing in each side that is tried, and in each child."""
FIRST_STEP, FIRST_SHARE = 0.01, 0.02
"""Where the step and the share of the newest answer in the averages begin again in a child."""
LEAST_STEPS = 200
"""Steps below which a slice is too short to split a node: the problem is too large for this."""
MOST_HELD = 4e8
"""Bytes of open nodes beyond which no node is split any more."""
LEAST_RISE = 1e-6
"""Share of the bound that stands for a rise of nothing in products."""


@dataclass(slots=True)
class Node:
    """A part of the designs: those with modules from ``least`` to ``most`` (arcs,)."""

    relaxation: Relaxation
    most: Indices
    least: Indices


@dataclass(slots=True)
class Tree:
    """Open nodes by bound. ``settled``: the least bound of nodes in which nothing is left to decide."""

    instance: Instance
    nodes: list[tuple[float, int, Node]] = field(default_factory=list)
    made: int = 0
    settled: float = np.inf

    @property
    def bound(self) -> float:
        """No design below the cutoffs so far costs less; infinite where there is none."""
        return min(self.settled, self.nodes[0][0] if self.nodes else np.inf)

    @property
    def full(self) -> bool:
        """Whether no node is left to split, or too many are held."""
        relaxation_bytes = 16.0 * self.instance.nodes * self.instance.commodities + 32.0 * self.instance.arcs
        return not self.nodes or self.settled <= self.nodes[0][0] or len(self.nodes) * relaxation_bytes > MOST_HELD

    def add(self, node: Node) -> None:
        """Keep a node; equal bounds by age."""
        self.made += 1
        heappush(self.nodes, (node.relaxation.bound, self.made, node))


def tree_of(instance: Instance, relaxation: Relaxation, most: Indices, least: Indices) -> Tree:
    """A tree whose root is the relaxation as it stands, which has climbed already."""
    tree = Tree(instance)
    tree.add(Node(_copied(relaxation), most.copy(), least.copy()))
    return tree


def branch_slice(tree: Tree, cutoff: float, steps: int) -> None:
    """Split nodes until some ``steps`` of climbing are done, one node at least."""
    tried = int(np.clip((steps - 2 * CHILD_STEPS) / (2 * TRY_STEPS), 1, MOST_TRIED))
    left = steps
    while left > 0 and not tree.full:
        left -= _split(tree, cutoff, tried)
    while tree.nodes and tree.nodes[0][0] >= cutoff:
        heappop(tree.nodes)


def _split(tree: Tree, cutoff: float, tried: int) -> int:
    """Replace the node with the least bound by two. Returns the steps taken. The node stays until both are there, so
    that the bound holds wherever an interrupt strikes."""
    _, _, node = tree.nodes[0]
    if node.relaxation.bound >= cutoff:
        heappop(tree.nodes)
        return 1
    arcs = _undecided(tree.instance, node)[:tried]
    if not len(arcs):
        return _settle(tree, node, cutoff)
    steps, best, chosen = 0, -np.inf, (node, node)
    for arc in arcs.tolist():
        sides = _sides(node, arc)
        if len(arcs) > 1:
            for side in sides:
                _climb(tree.instance, side, cutoff, TRY_STEPS)
                steps += TRY_STEPS
        score = _product(node.relaxation.bound, sides, cutoff)
        if score > best:
            best, chosen = score, sides
    for side in chosen:
        _climb(tree.instance, side, cutoff, CHILD_STEPS)
        steps += CHILD_STEPS
        decide(side.relaxation, cutoff, side.most, side.least)
        if side.relaxation.bound < cutoff:
            tree.add(side)
    heappop(tree.nodes)
    return steps


def _settle(tree: Tree, node: Node, cutoff: float) -> int:
    """Climb on where nothing is left to split, for as long as that pays."""
    before = node.relaxation.bound
    _climb(tree.instance, node, cutoff, CHILD_STEPS)
    if node.relaxation.bound - before > LEAST_RISE * abs(before):
        tree.add(node)
    else:
        tree.settled = min(tree.settled, node.relaxation.bound)
    heappop(tree.nodes)
    return CHILD_STEPS


def _undecided(instance: Instance, node: Node) -> Indices:
    """Arcs whose modules are open, those first that the relaxation leaves in the middle and that cost most."""
    between = np.mod(node.relaxation.modules, 1.0)
    doubt = np.minimum(between, 1.0 - between) * instance.fixed_cost
    arcs = np.flatnonzero(node.least < node.most)
    doubtful = arcs[doubt[arcs] > 0]
    asked = doubtful if len(doubtful) else arcs
    return asked[np.argsort(-doubt[asked], kind="stable")]


def _sides(node: Node, arc: int) -> tuple[Node, Node]:
    """At most, and at least one more than, the whole modules that the relaxation has there. Where that is about the
    first module, what its opening costs is known before any step."""
    low, high = int(node.least[arc]), int(node.most[arc])
    whole = min(max(int(node.relaxation.modules[arc]), low), high - 1)
    fewer, more = (Node(_copied(node.relaxation), node.most.copy(), node.least.copy()) for _ in range(2))
    fewer.most[arc], more.least[arc] = whole, whole + 1
    if whole == 0:
        opening = float(node.relaxation.opening[arc])
        fewer.relaxation.bound -= min(opening, 0.0)
        more.relaxation.bound += max(opening, 0.0)
    return fewer, more


def _copied(relaxation: Relaxation) -> Relaxation:
    return replace(
        relaxation,
        potential=relaxation.potential.copy(),
        modules=relaxation.modules.copy(),
        opening=relaxation.opening.copy(),
        violation=relaxation.violation.copy(),
        step=FIRST_STEP,
        share=FIRST_SHARE,
        fails=0,
    )


def _climb(instance: Instance, node: Node, cutoff: float, steps: int) -> None:
    climb(instance, node.relaxation, cutoff, steps, node.most, node.least)


def _product(bound: float, sides: tuple[Node, Node], cutoff: float) -> float:
    """How much the sides rise together; a small rise on one side is not made up for by the other, and above the cutoff
    nothing is left to gain."""
    rises = [min(side.relaxation.bound, cutoff) - bound for side in sides]
    return float(np.prod(np.maximum(rises, LEAST_RISE * abs(bound))))
