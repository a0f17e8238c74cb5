"""Linear multicommodity flow: an independent linear program, bounds, order, infeasibility."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from optimizer.planning.netdesign import Instance, Progress, Result, Settings, solve_design, solve_flow
from optimizer.planning.netdesign.check import recomputed_cost, violations
from optimizer.planning.netdesign.generate import grid, planar
from optimizer.planning.netdesign.paths import Pricer
from tests.planning.netdesign.enumeration import cheapest_flow
from tests.planning.netdesign.problems import permuted, tiny

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: a problem of this size is small enough to read."""


def still() -> float:
    """A clock that stands."""
    return 0.0


def solved(instance: Instance) -> Result:
    """To 1e-8, checked."""
    result = solve_flow(instance, Settings(gap=1e-8, time_limit_s=None), still)
    if result.design is not None:
        assert violations(instance, result.design) == []
        assert recomputed_cost(instance, result.design) == pytest.approx(result.objective)
        assert result.objective is not None
        assert result.bound <= result.objective
    return result


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=QUICK)
@given(tiny(fixed=False))
def test_the_flow_equals_an_arc_flow_program(instance: Instance) -> None:
    """scipy's linear program over arcs: same cost, or infeasible for both."""
    best = cheapest_flow(instance, instance.most_modules.astype(float))
    result = solved(instance)
    if best is None:
        assert result.status == "infeasible"
    else:
        assert result.status == "optimal"
        assert result.objective == pytest.approx(best, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("instance", [grid(5, 40, 1, 1.5), planar(15, 60, 2, 2.0), grid(6, 60, 3, 0.9)])
def test_crowded_networks_are_solved_to_the_optimum(instance: Instance) -> None:
    """The bound of exact pricing meets a flow within all capacities; the arcs' program agrees."""
    result = solved(instance)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(cheapest_flow(instance, np.ones(instance.arcs)), rel=1e-7)


def test_order_means_nothing() -> None:
    """Permuted, the optimum is the same."""
    instance = grid(5, 40, 4, 1.5)
    assert solved(permuted(instance, 1)).objective == pytest.approx(solved(instance).objective, rel=1e-7)


def test_any_prices_bound_the_cost() -> None:
    """Random prices never prove more than the optimum."""
    instance = planar(15, 60, 5, 2.0)
    best = solved(instance).objective
    assert best is not None
    pricer, rng = Pricer(instance, instance.unit_cost), np.random.default_rng(0)
    for scale in (0.0, 1.0, 10.0, 1000.0):
        assert pricer.price(rng.random(instance.arcs) * scale).bound <= best + 1e-6 * best


def test_demand_beyond_all_room_is_proven_infeasible() -> None:
    """A network with a tenth of the capacity."""
    instance = grid(5, 40, 1, 1.5)
    result = solved(replace(instance, capacity=np.floor(instance.capacity / 10)))
    assert (result.status, result.design) == ("infeasible", None)


def test_the_same_input_gives_the_same_bytes() -> None:
    """Twice to the gap."""
    instance = planar(15, 60, 6, 2.0)
    first, second = solved(instance).design, solved(instance).design
    assert first is not None
    assert second is not None
    assert first.flow_amount.tobytes() == second.flow_amount.tobytes()


def test_a_limit_of_work_gives_a_bound_that_holds() -> None:
    """One round: whatever it has, the bound is below the optimum."""
    instance = planar(15, 60, 7, 2.5)
    early = solve_flow(instance, Settings(gap=0.0, time_limit_s=None, work=1), still)
    best = solved(instance).objective
    assert best is not None
    assert early.ending == "work"
    assert early.bound <= best * (1 + 1e-9)


def test_an_interrupt_gives_what_there_is() -> None:
    """Ctrl-C in the first report."""

    def tell(progress: Progress) -> None:
        raise KeyboardInterrupt

    result = solve_flow(planar(15, 60, 8, 2.5), Settings(gap=0.0, time_limit_s=None), still, tell)
    assert result.ending == "interrupt"
    assert result.bound > 0


def test_design_without_fixed_costs_is_the_flow() -> None:
    """The door of the fixed-charge solver leads linear problems to the flow."""
    instance = grid(4, 20, 1)
    options = Settings(gap=1e-8, time_limit_s=None)
    assert solve_design(instance, options, still).objective == solve_flow(instance, options, still).objective
