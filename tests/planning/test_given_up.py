"""Small plans that branch and bound does not close: they are improved as larger ones are, and the run ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.planning.document import plan_to_json
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


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_tasks())
def test_any_plan_that_is_given_up_holds_with_a_bound_below_the_optimum(task: Task) -> None:
    """One node: the second opinion finds nothing, the bound is one, and the same bytes come twice."""
    best, plan = planned(*task), given_up(task, 1)
    assert plan_to_json(given_up(task, 1)) == plan_to_json(plan)
    assert faults(plan, task[1], task[0]) == []
    slack = 1e-6 * abs(best.objective_yuan) + 0.5
    rejected = [[s.shipment_id for s in p.shipments if s.status == "rejected"] for p in (best, plan)]
    if rejected[0] == rejected[1]:
        assert plan.bound_yuan <= best.objective_yuan + slack
        assert plan.objective_yuan >= best.bound_yuan - slack


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
