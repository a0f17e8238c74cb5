"""The way of large plans, taken by small ones: prices without a program, few columns written down, a dispatcher."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.planning import laying
from optimizer.planning.settings import PlanSettings
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import Task, any_tasks, cargo, faults, planned

LOOK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LOOK
@given(any_tasks(4))
def test_a_plan_of_few_columns_holds_and_its_bound_is_below_the_optimum(task: Task) -> None:
    """The second opinion finds nothing; the bound is no higher than the optimum; two workers plan what one plans."""
    network, shipments = task
    best = planned(network, shipments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(laying, "is_large", lambda ways: True)
        plan = planned(network, shipments)
        assert planned(network, shipments, PlanSettings(gap=0.0, workers=2)) == plan
    assert faults(plan, shipments, network) == []
    left = {s.shipment_id for s in plan.shipments if s.status == "rejected"}
    if left == {s.shipment_id for s in best.shipments if s.status == "rejected"}:
        assert plan.bound_yuan <= best.objective_yuan + 0.05
        assert plan.objective_yuan >= best.bound_yuan - 0.05


def test_without_a_vessel_everything_takes_the_road_and_the_bound_is_the_plan() -> None:
    """A network without a fleet has no hull whose price could climb."""
    network, shipments = replace(tiny_network(), fleet=()), [cargo(1, 300.0), cargo(2, 50.0)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(laying, "is_large", lambda ways: True)
        plan = planned(network, shipments)
    assert plan.voyages == ()
    assert {s.status for s in plan.shipments} == {"planned"}
    assert plan.bound_yuan == pytest.approx(planned(network, shipments).objective_yuan, abs=0.05)
    assert faults(plan, shipments, network) == []
