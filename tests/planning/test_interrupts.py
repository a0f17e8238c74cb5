"""Ctrl-C and the time limit in every step of a large plan: the best plan so far, its gap, and the word for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from optimizer.network.model import Network
from optimizer.planning.answer import writing
from optimizer.planning.bounds import ascent
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.plan import Plan
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solving import column_pool, problem_layout, search
from optimizer.planning.watch import Progress
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import cargo, faults, planned

UNHURRIED = PlanSettings(gap=0.15, time_limit_s=1e6)


def fortnight() -> tuple[Shipment, ...]:
    """Shipments down and up the river."""
    down = [cargo(n, 180.0 + 70 * n, ready_h=8.0 * n, due_h=150.0) for n in range(5)]
    up = [cargo(n + 8, 260.0, "DOWN", "UP", code="coal", ready_h=20.0 * n, due_h=150.0) for n in range(2)]
    return (*down, *up)


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Network, tuple[Shipment, ...]]]:
    """The tiny world, planned the way of large months."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problem_layout, "is_large", lambda ways, most: True)
        # Few steps of the climb, to be quick.
        patch.setattr(ascent, "STAGES", tuple(replace(stage, steps=40) for stage in ascent.STAGES))
        yield tiny_network(), fortnight()


class Ticking:
    """A clock that goes on by a step whenever somebody looks, and may press Ctrl-C at one of those looks."""

    def __init__(self, step_s: float = 0.0, interrupt_at: int | None = None) -> None:
        self.step_s, self.looks, self.interrupt_at = step_s, 0, interrupt_at

    def __call__(self) -> float:
        """Seconds."""
        self.looks += 1
        if self.looks == self.interrupt_at:
            raise KeyboardInterrupt
        return self.looks * self.step_s


def test_a_plan_stands_whenever_ctrl_c_comes(world: tuple[Network, tuple[Shipment, ...]]) -> None:
    """At looks at the clock from the first to the last: each plan holds, says interrupt unless it was done, proves a
    bound below itself and below the best plan; and the last is as good as the one that nobody interrupted."""
    network, shipments = world
    whole = Ticking()
    done = planned(network, shipments, UNHURRIED, clock=whole)
    looks = [*range(2, whole.looks, max(1, whole.looks // 8)), whole.looks]
    plans = [planned(network, shipments, UNHURRIED, clock=Ticking(0.0, look)) for look in looks]
    for plan in plans:
        assert faults(plan, shipments, network) == []
        assert plan.bound_yuan <= done.objective_yuan + 0.05
        assert plan.bound_yuan <= plan.objective_yuan
    assert "interrupt" in {plan.settings["stop"] for plan in plans}
    assert plans[-1].objective_yuan == pytest.approx(done.objective_yuan)


def raising_once(work: Callable[..., Any], at_call: int = 1) -> Callable[..., Any]:
    """The same work, but its n-th call is met by Ctrl-C when it is nearly done."""
    calls = 0

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        answer = work(*args, **kwargs)
        if calls == at_call:
            raise KeyboardInterrupt
        return answer

    return interrupted


STEPS: dict[str, tuple[Any, str, int]] = {
    "solve the month": (column_pool, "linear_hulls", 1),
    "follow": (column_pool, "follow", 1),
    "stow": (column_pool, "stow", 1),
    "choose few columns": (LagrangianBound, "columns_near", 1),
    "choose the columns": (LagrangianBound, "columns_near", 2),
    "write the program out": (problem_layout, "_program", 2),
    "first plans": (search, "by_services", 1),
    "put the document together": (writing, "assemble", 1),
}


@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_in_a_step_that_looks_at_no_clock(world: tuple[Network, tuple[Shipment, ...]], step: str) -> None:
    """In each step of a large plan by name: a plan that holds, with its gap."""
    network, shipments = world
    module, name, at_call = STEPS[step]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, raising_once(getattr(module, name), at_call))
        plan = planned(network, shipments, UNHURRIED)
    assert faults(plan, shipments, network) == []
    assert plan.bound_yuan <= plan.objective_yuan
    assert {item.status for item in plan.shipments} == {"planned"}
    if step != "put the document together":
        assert plan.settings["stop"] == "interrupt"


def test_ctrl_c_while_hulls_are_sent_other_ways_keeps_what_was_found(
    world: tuple[Network, tuple[Shipment, ...]],
) -> None:
    """After the first better plan of a rerouting somebody presses Ctrl-C: that plan is the answer, not a worse one of
    the dispatcher, and the search does not go on."""
    network, shipments = world
    stages: list[str] = []

    def plan_with(reroute: Callable[..., Iterator[Any]]) -> Plan:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(column_pool, "reroute", reroute)
            patch.setattr(column_pool, "linear_hulls", lambda *_: None)
            return planned(network, shipments, UNHURRIED, tell=lambda progress: stages.append(progress.stage))

    def stopped(*_args: Any, **_kwargs: Any) -> Iterator[Any]:
        raise KeyboardInterrupt
        yield

    plan = plan_with(stopped)
    assert plan.settings["stop"] == "interrupt"
    assert {"dispatch", "improve", "polish"}.isdisjoint(stages)
    assert faults(plan, shipments, network) == []
    assert plan.voyages
    assert any(not voyage.empty for voyage in plan.voyages)


def test_ctrl_c_from_the_listener_at_any_stage(world: tuple[Network, tuple[Shipment, ...]]) -> None:
    """The page's cancel comes that way: at the first sign of life of each stage."""
    network, shipments = world
    stages: list[str] = []
    planned(network, shipments, UNHURRIED, tell=lambda progress: stages.append(progress.stage))
    for stage in dict.fromkeys(stages):
        heard: list[str] = []

        def tell(progress: Progress, stage: str = stage, heard: list[str] = heard) -> None:
            heard.append(progress.stage)
            if progress.stage == stage and heard.count(stage) == 1:
                raise KeyboardInterrupt

        plan = planned(network, shipments, UNHURRIED, tell=tell)
        assert faults(plan, shipments, network) == []
        assert plan.settings["stop"] == "interrupt" or stage == "write"


@pytest.mark.parametrize("step_s", [3000.0, 400.0, 60.0, 8.0])
def test_a_time_limit_in_any_step(world: tuple[Network, tuple[Shipment, ...]], step_s: float) -> None:
    """A limit of 3,000 s by clocks that run out at once, while prices climb, or later: a plan that holds, late or not
    by its own word."""
    network, shipments = world
    plan = planned(network, shipments, PlanSettings(gap=0.15, time_limit_s=3000.0), clock=Ticking(step_s))
    assert faults(plan, shipments, network) == []
    assert plan.bound_yuan <= plan.objective_yuan
    assert plan.status in ("time_limit", "feasible", "optimal")
    assert plan.seconds > 0
