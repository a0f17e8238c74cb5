"""Small plans that branch and bound does not close: they are improved as larger ones are, and the run ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.planning.document import plan_to_json
from optimizer.planning.exact import disaggregate, refine
from optimizer.planning.plan import Plan
from optimizer.planning.solving import search
from tests.planning.corridor import START
from tests.planning.random_tasks import Task, any_tasks, cargo, faults, planned
from tests.planning.relay import Hull, relay


def given_up(task: Task, nodes: int) -> Plan:
    """The plan where branch and bound has so many nodes for the whole of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "EXACT_NODES", nodes)
        return planned(*task)


def refined_with(task: Task, branching: int, sailing: int, stages: list[str] | None = None) -> Plan:
    """The plan by refinement in time with so many nodes for a round, and so many to sail it. ``stages`` is filled."""
    told = [] if stages is None else stages
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refine, "NODES", branching)
        patch.setattr(disaggregate, "NODES", sailing)
        patch.setattr(search, "CLOSE_NODES", 1)
        return planned(*task, refined=True, tell=lambda progress: told.append(progress.stage))


def assert_it_holds(task: Task, plan: Plan) -> None:
    """The second opinion finds nothing, and beside the optimum the bound is one; where as much is left behind."""
    best = planned(*task)
    assert faults(plan, task[1], task[0]) == []
    slack = 1e-6 * abs(best.objective_yuan) + 0.5
    rejected = [[s.shipment_id for s in p.shipments if s.status == "rejected"] for p in (best, plan)]
    if rejected[0] == rejected[1]:
        assert plan.bound_yuan <= best.objective_yuan + slack
        assert plan.objective_yuan >= best.bound_yuan - slack


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_tasks())
def test_any_plan_that_is_given_up_holds_with_a_bound_below_the_optimum(task: Task) -> None:
    """One node: the second opinion finds nothing, the bound is one, and the same bytes come twice."""
    plan = given_up(task, 1)
    assert plan_to_json(given_up(task, 1)) == plan_to_json(plan)
    assert_it_holds(task, plan)


def test_a_great_mass_in_many_like_ships_comes_to_an_end() -> None:
    """50,000 t in boats of 300 t or by both classes, in a fortnight: some two thousand columns that branch and bound
    had searched for minutes, and no end to it. Given up, it says what is proven, and what more units save is not said.
    """
    network = relay([Hull("BOAT", "UP"), Hull("BOAT", "MID"), Hull("BARGE", "MID"), Hull("BARGE", "LOW")])
    *others, hired = network.fleet
    network = replace(network, fleet=(*others, replace(hired, count=3, market="spot")))
    ore = [cargo(0, 50_000.0, "UP", "LOW", code="steel", ready_h=17.3, due_h=417.3, value=20_000.0, start=START)]
    plan = given_up((network, ore), 3)
    assert plan.settings["stop"] == "exhausted"
    assert 1e-5 < plan.gap < 0.2
    assert all(limit.saving_yuan is None for limit in plan.binding)
    assert faults(plan, ore, network) == []


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_tasks())
def test_any_refinement_that_is_given_up_holds_with_a_bound_below_the_optimum(task: Task) -> None:
    """One node for a round and one to sail it: the second opinion finds nothing, the bound is one, and the same bytes
    come twice."""
    plan = refined_with(task, 1, 1)
    assert plan_to_json(refined_with(task, 1, 1)) == plan_to_json(plan)
    assert_it_holds(task, plan)


def test_no_round_follows_one_that_used_up_its_nodes() -> None:
    """Far more ore than the quay takes: a dozen rounds of refinement, each as hard to sail as the one before. Given up
    at the first, what is proven stands, and the plan is improved as larger ones are."""
    network = relay([Hull("BOAT", "UP"), Hull("BARGE", "LOW")])
    quays = {
        key: replace(quay, handling_t_per_day=100.0) if key[0] == "LOW" else quay
        for key, quay in network.terminals.items()
    }
    network = replace(network, terminals=quays)
    ore = [cargo(0, 1_500.0, "UP", "LOW", code="steel", ready_h=5.5, due_h=180.0, value=300.0, start=START)]
    ore += [cargo(1, 844.395, "UP", "LOW", code="steel", due_h=180.0, ready_h=17.3, splittable=False, start=START)]
    stages: list[str] = []
    plan = refined_with((network, tuple(ore)), 2_000, 1, stages)
    assert stages[: stages.index("batches")].count("exact") < 8
    assert faults(plan, ore, network) == []
