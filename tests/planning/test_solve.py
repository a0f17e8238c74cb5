"""Planning as a whole, attacked: any task gives a plan that holds, with a bound that is one."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.planning.random_tasks import Task, any_tasks, faults, planned

LOOK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LOOK
@given(any_tasks())
def test_any_task_makes_a_plan_that_holds(task: Task) -> None:
    """Whatever is asked and however little there is to do it with, the second opinion finds nothing wrong."""
    network, shipments = task
    plan = planned(network, shipments)
    assert faults(plan, shipments, network) == []


@LOOK
@given(any_tasks())
def test_any_task_makes_a_plan_that_holds_in_steps(task: Task) -> None:
    """The way of large plans (coarse prices, batches, windows) gives plans that hold, never below the optimum."""
    network, shipments = task
    best, plan = planned(network, shipments), planned(network, shipments, in_steps=True)
    assert faults(plan, shipments, network) == []
    slack = 1e-6 * abs(best.objective_yuan) + 0.5
    rejected = [[s.shipment_id for s in p.shipments if s.status == "rejected"] for p in (best, plan)]
    if rejected[0] == rejected[1]:
        assert plan.bound_yuan <= best.objective_yuan + slack
        assert plan.objective_yuan >= best.bound_yuan - slack
