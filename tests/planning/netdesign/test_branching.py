"""Branching on modules: a bound that never passes the best design, and the best design never cut off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from optimizer.planning.design import Effort
from optimizer.planning.netdesign import Instance, Settings, branching, search, solve, solve_design
from optimizer.planning.netdesign.branching import Tree, branch_slice, tree_of
from optimizer.planning.netdesign.exact import solve_whole
from optimizer.planning.netdesign.generate import canad
from optimizer.planning.netdesign.relaxation import climb, first_relaxation
from tests.planning.netdesign.problems import tiny

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: a problem of this size is small enough to read."""
ONE_NODE = 1


def root_of(instance: Instance, cutoff: float, steps: int) -> Tree:
    """A tree over all designs after some steps of climbing."""
    relaxation, none = first_relaxation(instance), np.zeros_like(instance.most_modules)
    climb(instance, relaxation, cutoff, steps, instance.most_modules, none)
    return tree_of(instance, relaxation, instance.most_modules, none)


def best_cost(instance: Instance) -> float:
    """By the exact program, without any limit from a bound."""
    none, all_of_it = np.zeros_like(instance.most_modules), np.tile(instance.demand, (instance.arcs, 1))
    outcome, _ = solve_whole(instance, instance.most_modules, none, all_of_it, Effort(gap=1e-9))
    assert outcome.status == "optimal"
    return outcome.objective


@given(tiny(connected=True), st.integers(1, 40))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=QUICK)
def test_the_bound_rises_and_never_passes_the_best_design(instance: Instance, steps: int) -> None:
    """Node after node, for designs up to a little above the best: its modules lie in a node that is still open, or in
    one where nothing is left to decide."""
    best = best_cost(instance)
    tree, before = root_of(instance, best, steps), -np.inf
    for _ in range(30):
        branch_slice(tree, best * (1 + 1e-6) + 1e-6, ONE_NODE)
        assert before <= tree.bound <= best * (1 + 1e-7) + 1e-6
        before = tree.bound


@pytest.mark.parametrize(("seed", "modules"), [(2, 1), (5, 1), (2, 2)])
def test_a_bound_that_climbing_cannot_reach_is_reached_by_branching(seed: int, modules: int) -> None:
    """8 nodes, 24 arcs, 12 commodities, fixed costs high: the exact program says what is best. The linear relaxation
    stays percents below it, the tree closes the most of that."""
    instance = canad(8, 24, 12, seed, fixed_ratio=2.0, capacity_ratio=3.0, most_modules=modules)
    best = best_cost(instance)
    tree = root_of(instance, best, 2000)
    root = tree.bound
    assert root < best * (1 - 1e-2)
    for _ in range(40):
        branch_slice(tree, best * (1 + 1e-6), ONE_NODE)
        assert tree.bound <= best * (1 + 1e-7)
    assert best - tree.bound < 0.3 * (best - root)


def test_nodes_are_held_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it no node is split, and the bound stays what it is."""
    instance = canad(8, 24, 12, 3, fixed_ratio=4.0, capacity_ratio=1.5)
    tree = root_of(instance, 1e9, 50)
    monkeypatch.setattr(branching, "MOST_HELD", 1.0)
    before = tree.bound
    assert tree.full
    branch_slice(tree, 1e9, ONE_NODE)
    assert (tree.bound, tree.made) == (before, 1)


@pytest.fixture
def large_ways(monkeypatch: pytest.MonkeyPatch) -> Instance:
    """A problem that goes the way of large ones, in slices short enough for a test."""
    monkeypatch.setattr(solve, "MOST_CELLS", 0)
    monkeypatch.setattr(search, "MOVES_PER_SLICE", 1e5)
    monkeypatch.setattr(search, "CLIMB_CELLS_PER_SLICE", 8e5)
    return canad(10, 60, 30, 1, fixed_ratio=2.0, capacity_ratio=6.0)


def test_the_time_limit_is_used(large_ways: Instance) -> None:
    """On a clock that ticks with each reading, two epochs take a part of the limit: what is left is used. The bound
    goes where climbing alone does not come to."""
    reading = iter(range(10**6))
    limits = Settings(gap=0.0, time_limit_s=6.0)
    result = solve_design(large_ways, limits, lambda: next(reading) * 0.03)
    assert result.ending == "time_limit"
    assert result.work > 20
    assert result.objective is not None
    climbed = root_of(large_ways, result.objective, 3000)
    assert climbed.bound * (1 + 5e-3) < result.bound <= result.objective


@pytest.mark.parametrize("threads", [1, 2])
def test_branching_beside_annealing_gives_the_same_bytes(
    large_ways: Instance, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped by work, whatever the number of threads: twice the same design and bound, which branching has raised."""
    monkeypatch.setattr(solve, "EPOCHS", 0)
    made: list[int] = []

    def counted(tree: Tree, cutoff: float, steps: int) -> None:
        branch_slice(tree, cutoff, steps)
        made.append(tree.made)

    monkeypatch.setattr(search, "branch_slice", counted)
    limits = Settings(gap=0.0, time_limit_s=1e9, work=10, threads=threads)
    first, second = (solve_design(large_ways, limits, lambda: 0.0) for _ in range(2))
    assert first.ending == second.ending == "work"
    assert max(made) > 1
    assert first.design is not None
    assert second.design is not None
    assert first.design.flow_amount.tobytes() == second.design.flow_amount.tobytes()
    assert (first.objective, first.bound) == (second.objective, second.bound)
