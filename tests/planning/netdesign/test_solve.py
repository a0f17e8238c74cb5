"""Network design: brute force, bounds, order, capacity, limits and interrupts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from optimizer.errors import InputError
from optimizer.planning.design import Effort
from optimizer.planning.netdesign import Instance, Progress, Result, Settings, cost_of, solve_design
from optimizer.planning.netdesign.check import recomputed_cost, violations
from optimizer.planning.netdesign.exact import solve_whole
from optimizer.planning.netdesign.generate import canad
from optimizer.planning.netdesign.relaxation import climb, first_relaxation, tighten
from optimizer.planning.netdesign.rerouting import flow_of
from tests.planning.netdesign.enumeration import best_of_all
from tests.planning.netdesign.problems import detour, instance_of, permuted, tiny

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: a problem of this size is small enough to read."""
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=QUICK)


def still() -> float:
    """A clock that stands, so that only gap and work end a solve."""
    return 0.0


def ticking(step_s: float) -> Callable[[], float]:
    """A clock that goes on by a step whenever it is read."""
    reading = [0.0]

    def read() -> float:
        reading[0] += step_s
        return reading[0]

    return read


def solved(instance: Instance, **changes: object) -> Result:
    """A solve that ends by gap or work, its answer checked by the independent checker."""
    options = {"gap": 1e-9, "time_limit_s": None, "work": 12, **changes}
    result = solve_design(instance, Settings(**options), still)  # type: ignore[arg-type]
    if result.design is not None:
        assert violations(instance, result.design) == []
        assert result.objective is not None
        assert recomputed_cost(instance, result.design) == pytest.approx(result.objective)
        assert cost_of(instance, result.design) == pytest.approx(result.objective)
        assert result.bound <= result.objective
    return result


def middling(seed: int = 3, modules: int = 1) -> Instance:
    """Large enough not to end at once, small enough for a test."""
    return canad(8, 24, 12, seed, fixed_ratio=1.0, capacity_ratio=1.5, most_modules=modules)


def test_sharing_a_detour_is_found_and_proven() -> None:
    """40 as reckoned in the problem's own words: two modules of the second leg, the direct arc closed."""
    result = solved(detour())
    assert (result.status, result.objective) == ("optimal", pytest.approx(40.0))
    assert result.design is not None
    assert result.design.modules.tolist() == [0, 1, 2]


@FEW
@given(tiny())
def test_the_solver_equals_brute_force(instance: Instance) -> None:
    """Every choice of modules (up to two an arc) tried: same cost, proven optimal; or infeasible for both."""
    best = best_of_all(instance)
    result = solved(instance)
    if best is None:
        assert (result.status, result.design) == ("infeasible", None)
        assert result.bound == np.inf
    else:
        assert result.objective == pytest.approx(best, abs=1e-5)
        assert result.bound == pytest.approx(best, abs=1e-4)


@FEW
@given(tiny(), st.integers(0, 99))
def test_order_of_arcs_and_commodities_means_nothing(instance: Instance, seed: int) -> None:
    """Permuted, the optimum is the same."""
    first, second = solved(instance), solved(permuted(instance, seed))
    assert first.status == second.status
    if first.objective is not None:
        assert second.objective == pytest.approx(first.objective, abs=1e-5)


@FEW
@given(tiny(connected=True), st.integers(0, 3), st.integers(1, 5))
def test_more_capacity_never_costs_more(instance: Instance, arc: int, more: int) -> None:
    """One arc's module gets larger: the optimum stays or falls."""
    first = solved(instance)
    larger = instance.capacity.copy()
    larger[arc % instance.arcs] += more
    second = solved(replace(instance, capacity=larger))
    assert second.objective is not None
    assert first.objective is not None
    assert second.objective <= first.objective + 1e-5


@pytest.mark.parametrize("modules", [1, 3])
def test_a_problem_too_large_for_enumeration_is_closed_by_branch_and_bound(modules: int) -> None:
    """The exact program proves what annealing found, whole modules above one included."""
    result = solved(middling(modules=modules), gap=1e-6, work=None)
    assert result.status == "optimal"
    assert result.gap is not None
    assert result.gap <= 1e-6


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Stopped by work: flow, modules, bound and objective are equal to the last bit, on any number of runs."""
    instance = middling(5)
    first, second = (solved(instance, work=3, gap=0.0, seed=4) for _ in range(2))
    assert first.design is not None
    assert second.design is not None
    for name in ("modules", "flow_arc", "flow_commodity", "flow_amount"):
        assert getattr(first.design, name).tobytes() == getattr(second.design, name).tobytes()
    assert (first.objective, first.bound) == (second.objective, second.bound)


def test_a_time_limit_gives_a_valid_design_with_its_gap() -> None:
    """The clock runs out in the midst of annealing."""
    instance = canad(10, 60, 30, 1, fixed_ratio=2.0, capacity_ratio=6.0)
    result = solve_design(instance, Settings(gap=0.0, time_limit_s=4.0), ticking(0.2))
    assert result.ending == "time_limit"
    assert result.design is not None
    assert violations(instance, result.design) == []
    assert result.gap is not None
    assert 0 <= result.gap < 0.5


def test_an_interrupt_gives_the_best_so_far() -> None:
    """Ctrl-C after the second report: the design and bound told by then, or better."""
    told: list[Progress] = []

    def tell(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 2:
            raise KeyboardInterrupt

    instance = canad(10, 60, 30, 1, fixed_ratio=2.0, capacity_ratio=6.0)
    result = solve_design(instance, Settings(gap=0.0, time_limit_s=None), still, tell)
    assert result.ending == "interrupt"
    assert result.design is not None
    assert result.objective is not None
    assert told[-1].objective is not None
    assert result.objective <= told[-1].objective + 1e-6
    assert result.bound >= told[-1].bound - 1e-6
    assert violations(instance, result.design) == []


def test_progress_only_gets_better() -> None:
    """Objectives fall, bounds rise, and a bound never exceeds an objective."""
    told: list[Progress] = []
    solve_design(middling(9), Settings(gap=0.0, time_limit_s=None, work=4), still, told.append)
    objectives = [progress.objective for progress in told if progress.objective is not None]
    bounds = [progress.bound for progress in told]
    assert objectives == sorted(objectives, reverse=True)
    assert bounds == sorted(bounds)
    assert bounds[-1] <= objectives[-1] * (1 + 1e-9)


def test_room_that_is_there_but_too_small_is_infeasible() -> None:
    """Two units over a way of one: no path is missing, the prices of the linear flow prove it."""
    result = solved(instance_of(2, [(0, 1, 1.0, 1.0, 5.0, 1)], [(0, 1, 2.0)]))
    assert (result.status, result.ending, result.bound) == ("infeasible", "infeasible", np.inf)
    assert result.reason is not None
    assert "too little room" in result.reason.en


def test_a_place_that_cannot_be_reached_is_infeasible() -> None:
    """The only arc leads the wrong way, or has no modules: the commodity is named as files number it."""
    barred = solved(instance_of(2, [(1, 0, 1.0, 9.0, 5.0, 1)], [(1, 0, 1.0), (0, 1, 2.0)]))
    assert barred.status == "infeasible"
    assert barred.reason is not None
    assert "commodity 2 (1-2)" in barred.reason.en
    assert solved(instance_of(2, [(0, 1, 1.0, 9.0, 5.0, 0)], [(0, 1, 2.0)])).status == "infeasible"


def test_an_arc_without_capacity_carries_nothing() -> None:
    """Free, and with modules to open, but of no room: the exact program once divided by it."""
    instance = instance_of(2, [(0, 1, 0.0, 0.0, 0.0, 1), (0, 1, 1.0, 9.0, 5.0, 1)], [(0, 1, 2.0)])
    result = solved(instance)
    assert (result.status, result.objective) == ("optimal", pytest.approx(7.0))
    all_of_it, none = np.full((2, 1), 2.0), np.zeros(2, dtype=np.int64)
    outcome, _ = solve_whole(instance, instance.most_modules, none, all_of_it, Effort(gap=1e-9))
    assert outcome.objective == pytest.approx(7.0)


@pytest.mark.parametrize("fixed_cost", [0.0, 5.0])
def test_a_load_that_is_next_to_nothing_needs_a_module_too(fixed_cost: float) -> None:
    """A thousandth of a unit over an arc of a million: its module is part of the design."""
    result = solved(instance_of(2, [(0, 1, 1.0, 1e6, fixed_cost, 1)], [(0, 1, 0.001)]))
    assert result.design is not None
    assert result.design.modules.tolist() == [1]


@pytest.mark.parametrize("fixed_cost", [0.0, 5.0])
def test_nothing_to_carry_costs_nothing(fixed_cost: float) -> None:
    """No commodities: the empty design is the optimum, with fixed costs and without."""
    result = solved(instance_of(2, [(0, 1, 1.0, 9.0, fixed_cost, 1)], []))
    assert (result.status, result.objective, result.bound) == ("optimal", 0.0, 0.0)


TINY_LIMITS = instance_of(
    4,
    [
        *((2, 3, 7.0, 7.0, 18.0, 2), (1, 3, 8.0, 3.0, 27.0, 2), (3, 1, 5.0, 1.0, 30.0, 2), (3, 2, 9.0, 2.0, 12.0, 1)),
        *((2, 1, 4.0, 4.0, 15.0, 2), (0, 1, 20.0, 30.0, 40.0, 1), (1, 2, 20.0, 30.0, 40.0, 1)),
        *((2, 3, 20.0, 30.0, 40.0, 1), (3, 0, 20.0, 30.0, 40.0, 1)),
    ],
    [(2, 1, 7.0), (0, 3, 3.0)],
)
"""Its limits fall to the margin on most arcs: the exact program answered 239 where the best design costs 209."""


@given(tiny(connected=True), st.integers(1, 40))
@example(TINY_LIMITS, 22)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=QUICK)
def test_limits_from_reduced_costs_cut_off_no_best_design(instance: Instance, steps: int) -> None:
    """After any climb, at the cost of the best design: its flow keeps to the limits, and so the program with them has
    the same optimum. The bound under them stays below it."""
    best = solved(instance)
    assert best.objective is not None
    assert best.design is not None
    relaxation = first_relaxation(instance)
    none = np.zeros_like(instance.most_modules)
    climb(instance, relaxation, best.objective, steps, instance.most_modules, none)
    tighten(instance, relaxation, best.objective)
    flow = flow_of(instance, best.design)
    assert np.all(relaxation.limit * (1 + 1e-6) + 1e-6 >= flow.T)
    climb(instance, relaxation, best.objective, steps, instance.most_modules, none)
    assert relaxation.bound <= best.objective * (1 + 1e-7) + 1e-6
    outcome, _ = solve_whole(instance, instance.most_modules, none, relaxation.limit, Effort(gap=1e-9))
    assert outcome.objective == pytest.approx(best.objective, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    "change", [{"demand": np.array([0.0, 1.0])}, {"tail": np.array([0, 0, 7])}, {"unit_cost": np.full(3, 1e16)}]
)
def test_nonsense_is_refused(change: dict[str, np.ndarray]) -> None:
    """A demand of nothing, an arc from nowhere, costs of which a float does not tell the units."""
    with pytest.raises(InputError):
        replace(detour(), **change)


def test_the_checker_finds_what_is_planted() -> None:
    """Too few modules, too much flow, a commodity that vanishes: each is named."""
    instance = detour()
    design = solved(instance).design
    assert design is not None
    closed = replace(design, modules=np.zeros_like(design.modules))
    assert any("carries" in text.en for text in violations(instance, closed))
    doubled = replace(design, flow_amount=design.flow_amount * 2)
    assert any("not conserved" in text.en for text in violations(instance, doubled))
    many = replace(design, modules=design.modules + 5)
    assert any("modules" in text.en for text in violations(instance, many))
