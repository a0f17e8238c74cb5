"""The way of large plans, taken by small ones: prices without a program, few columns written down, a dispatcher."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.network.model import Closure
from optimizer.planning.bounds.ascent import Ascent, Directions, Stage, climb_up
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.design import Effort, solve_linear
from optimizer.planning.settings import PlanSettings
from optimizer.planning.solving import problem_layout
from tests.network.tiny import tiny_network
from tests.planning.corridor import MADE_UP, START
from tests.planning.random_tasks import HOUR, Task, any_tasks, cargo, faults, planned
from tests.planning.relay import Hull, relay
from tests.planning.solved import lay_out
from tests.planning.test_changes import steel
from tests.planning.test_windows import busy_week

LOOK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LOOK
@given(any_tasks(4))
def test_a_plan_of_few_columns_holds_and_its_bound_is_below_the_optimum(task: Task) -> None:
    """The second opinion finds nothing; the bound is no higher than the optimum; two workers plan what one plans."""
    network, shipments = task
    best = planned(network, shipments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problem_layout, "is_large", lambda ways, most: True)
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
        patch.setattr(problem_layout, "is_large", lambda ways, most: True)
        plan = planned(network, shipments)
    assert plan.voyages == ()
    assert {s.status for s in plan.shipments} == {"planned"}
    assert plan.bound_yuan == pytest.approx(planned(network, shipments).objective_yuan, abs=0.05)
    assert faults(plan, shipments, network) == []


@pytest.mark.parametrize("evenly", [True, False])
def test_averages_begin_as_the_mean_of_all_choices_where_a_stage_says_so(evenly: bool) -> None:
    """An average that is slow to forget would keep the first choice for most of a climb."""
    case = busy_week()
    proof = LagrangianBound(case.program, case.fleet, case.space.ways)
    ascent = Ascent(proof, np.zeros(len(proof.plan.row_slot)))
    ascent.enter(Stage((1, 4), 8, 1.0, 0.01, evenly))
    choices = []
    for _ in range(8):
        ascent.climb(1)
        choices.append(ascent.newest.copy())
    assert np.ptp(choices, axis=0).max() > 0
    assert np.allclose(ascent.hulls, np.mean(choices, axis=0)) is evenly


def test_prices_of_a_pool_that_drifted_far_off_prove_the_same() -> None:
    """A pool ends with as many hulls as it has, so a constant on its nodes says nothing, however large: no rounding of
    it may lift a bound above what is true."""
    case = lay_out(tiny_network(), [cargo(n, 300.0 + n, ready_h=6.0 * n) for n in range(3)])
    proof = LagrangianBound(case.program, case.fleet, case.space.ways)
    prices = np.random.default_rng(1).normal(0.0, 50.0, len(case.program.row_slot)).round()
    drifted = prices.copy()
    drifted[proof.node] += 2.0**50 * (1 + case.fleet.node_pool)
    assert proof.prove(drifted)[0] == pytest.approx(proof.prove(prices)[0], abs=1e-3)


@pytest.mark.parametrize("days", [4, 7])
def test_a_climb_proves_nearly_what_the_linear_program_does(days: int) -> None:
    """Never more than the whole program's linear relaxation, and less by no more than a thousandth."""
    case = busy_week(days)
    proof = LagrangianBound(case.program, case.fleet, case.space.ways)
    linear = solve_linear(case.program.program, Effort()).objective
    climb = climb_up(proof, lambda: np.inf, lambda bound: None)
    assert linear * 0.999 <= climb.bound <= linear * (1 + 1e-9)


def test_a_plan_is_large_by_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """One column more than may be written down; around kept voyages more may be; few shipments never are large."""
    ways = busy_week(4).space.ways
    columns = int(ways.counts().sum())
    assert not problem_layout.is_large(ways, columns - 1)
    monkeypatch.setattr(problem_layout, "FEW_SHIPMENTS", 3)
    assert problem_layout.is_large(ways, columns - 1)
    assert not problem_layout.is_large(ways, columns)
    assert problem_layout.WRITTEN_DOWN < problem_layout.WRITTEN_DOWN_AROUND


@pytest.mark.parametrize("spans", [(), (0,), (1, 4), (1, 4, 16, 64, 0)])
def test_node_prices_move_as_written_out(spans: tuple[int, ...]) -> None:
    """Directions of node prices beside their matrix, one column each: places over spans of slots, all of length 1, and
    through each day of a pool a fall from 0 to -1, no longer than 1."""
    fleet = busy_week(7).fleet
    slot, pool = fleet.node_slot, fleet.node_pool
    place = np.cumsum(slot == 0)
    columns = []
    for span in spans:
        group = place * 1000 + (slot // span if span else 0)
        columns += [(group == one) / np.sqrt((group == one).sum()) for one in np.unique(group)]
    for number in range(len(fleet.pools) if 0 in spans else 0):
        for first in range(0, int(slot.max()) + 1, 4):
            fall = -np.clip((slot - first) / 4, 0.0, 1.0) * (pool == number)
            columns.append(fall / max(np.sqrt((fall**2).sum()), 1.0))
    whole = np.array(columns).reshape(len(columns), len(slot))
    found, nodes = Directions(fleet, spans), np.random.default_rng(0).normal(size=len(slot))
    along = found.along(nodes)
    assert sorted(along) == pytest.approx(sorted(whole @ nodes), abs=1e-9)
    assert found.moved(along) == pytest.approx(whole.T @ (whole @ nodes), abs=1e-9)


def test_a_climb_along_nothing_goes_nowhere() -> None:
    """Where vessels are plenty no hull is ever missed but by rounding; a bound found so is still no higher than the
    plan (it once stood 0.40 yuan above a plan of 224,072.36)."""
    shipments = [
        steel(0, 600.123, ready_h=5.5, hurry_h=150.0, value=0.0),
        steel(1, 900.0, hurry_h=12.0, splittable=True),
        steel(2, 300.0, "UP", "MID", hurry_h=150.0),
    ]
    network = relay([Hull("BOAT", "UP"), Hull("BARGE", "LOW")], low_bridge=True)
    boats, barges = network.fleet
    shut = [(23, 43), (63, 83)]
    network = replace(
        network,
        fleet=(replace(boats, count=2), replace(barges, count=0)),
        closures=tuple(
            Closure(f"C{begin}", "terminal", "UP", START + begin * HOUR, START + end * HOUR, "", "", MADE_UP)
            for begin, end in shut
        ),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problem_layout, "is_large", lambda ways, most: True)
        plan = planned(network, shipments)
    assert plan.bound_yuan <= plan.objective_yuan
    assert faults(plan, shipments, network) == []
