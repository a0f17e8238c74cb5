"""The linear program of a whole month over few columns, and the plan of hulls that follow it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.planning.bounds.ascent import Climb, climb_up
from optimizer.planning.design import Effort, Floats, Outcome, Program, solve_linear
from optimizer.planning.layout.fleetflow import WAIT
from optimizer.planning.solving import column_pool, fleet_rounding, month_program
from optimizer.planning.solving.column_pool import plan_at_once
from optimizer.planning.solving.fleet_rounding import STOPS, follow
from optimizer.planning.solving.month_program import Remainder, linear_hulls
from optimizer.planning.solving.stowage import stow
from optimizer.planning.solving.windows import violation
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import Task, any_tasks, cargo
from tests.planning.test_plan_at_once import LOOK, Laid, averages


def climbed(laid: Laid) -> Climb:
    """Prices of the task."""
    return climb_up(laid.proof, lambda: np.inf, lambda bound_yuan: None)


def test_a_month_too_large_for_it_or_far_from_its_bound_follows_averages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there is no linear solution, and a plan all the same."""
    laid = Laid(tiny_network(), (cargo(1, 800.0, due_h=300.0), cargo(2, 700.0, due_h=300.0)))
    climb = climbed(laid)
    for name, value in (("FAR", -1.0), ("SHIPMENTS", 1), ("CARGO_COLUMNS", 0)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(month_program, "FAR", np.inf)
            assert linear_hulls(laid.proof, climb, 0) is not None
            patch.setattr(month_program, name, value)
            assert linear_hulls(laid.proof, climb, 0) is None
    monkeypatch.setattr(month_program, "CARGO_COLUMNS", 0)
    asked: list[Floats] = []
    follow = column_pool.follow

    def followed(proof: object, hulls: Floats, needed: object) -> Floats | None:
        asked.append(hulls)
        return follow(proof, hulls, needed)  # type: ignore[arg-type]

    monkeypatch.setattr(column_pool, "follow", followed)
    made = plan_at_once(laid.proof, climb, 0)
    assert made is not None
    assert asked == [climb.hulls]


def test_equal_months_give_equal_hulls(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit."""
    monkeypatch.setattr(month_program, "FAR", np.inf)
    first, second = (
        linear_hulls(laid.proof, climbed(laid), 0)
        for laid in (Laid(tiny_network(), (cargo(1, 800.0, due_h=300.0), cargo(2, 700.0))) for _ in range(2))
    )
    assert first is not None
    assert second is not None
    assert first.tobytes() == second.tobytes()


@LOOK
@given(any_tasks(3))
def test_with_every_way_and_hull_the_program_is_the_linear_program_of_the_month(task: Task) -> None:
    """Each entry stands in the row of the full program that it belongs to: the optimum is the same."""
    network, shipments = task
    laid = Laid(network, tuple(replace(shipment, splittable=True) for shipment in shipments))
    solved: list[Outcome] = []

    def seen(program: Program, effort: Effort, method: str) -> Outcome:
        assert method == "flow_simplex"  # Any other may answer by the clock where equations are many.
        solved.append(solve_linear(program, effort, method))
        return solved[-1]

    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("MARGINS_YUAN_PER_T", (1e9,)), ("HULL_YUAN", np.inf), ("FAR", np.inf)):
            patch.setattr(month_program, name, value)
        patch.setattr(month_program, "solve_linear", seen)
        assert linear_hulls(laid.proof, climbed(laid), 0) is not None
    whole = laid.full.program
    full = solve_linear(replace(whole, integer=np.zeros(len(whole.cost), dtype=bool)), Effort(seed=0))
    assert [outcome.objective for outcome in solved] == [pytest.approx(full.objective, rel=1e-6, abs=1e-3)]


@LOOK
@given(any_tasks(3), st.integers(0, 5))
def test_beside_hulls_that_have_sailed_the_month_is_solved_again_and_they_stand(task: Task, seed: int) -> None:
    """After each part of the month there is a solution, with the voyages of before as they were; what is followed in
    the end keeps the flow, the locks and the homes."""
    laid = Laid(*task)
    parts, columns = averages(laid, seed), laid.fleet.columns
    remainder = Remainder(laid.proof, climbed(laid), parts, 0)
    asked: list[int] = []

    def anew(counts: Floats, slot: int) -> Floats | None:
        asked.append(slot)
        hulls = remainder.anew(counts, slot)
        if hulls is not None:
            sailed = (columns.kind != WAIT) & (columns.slot < slot)
            assert hulls[sailed] == pytest.approx(counts[sailed], abs=1e-6)
        return hulls

    hulls = follow(laid.proof, parts, laid.none_needed, anew)
    assert asked == [round(part * laid.space.grid.slots) for part in STOPS]
    assert hulls is not None
    assert (hulls == np.round(hulls)).all()
    stowage = stow(laid.proof, hulls, laid.free, 0)
    assert stowage is not None
    x = laid.x(stowage, hulls)
    assert violation(laid.full.program, x) <= 1e-6
    assert (x >= -1e-9).all()


def test_hulls_turn_to_the_cargo_that_those_before_them_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Averages too small to be followed leave all cargo ashore until the first stop; what is made anew there has it
    carried by whole hulls after all."""
    monkeypatch.setattr(fleet_rounding, "STOPS", (0.02,))
    laid = Laid(tiny_network(), (cargo(1, 800.0, due_h=300.0), cargo(2, 700.0, due_h=300.0)))
    columns = laid.fleet.columns
    sails = columns.kind != WAIT
    little = np.where(sails, 1e-4, 0.0)
    ashore = follow(laid.proof, little, laid.none_needed)
    afloat = follow(laid.proof, little, laid.none_needed, Remainder(laid.proof, climbed(laid), little, 0).anew)
    assert ashore is not None
    assert afloat is not None
    assert not ashore[sails].any()
    assert afloat[sails].any()
    cost, yuan = laid.full.program.cost[laid.full.cargo_count :], []
    for hulls in (ashore, afloat):
        stowage = stow(laid.proof, hulls, laid.free, 0)
        assert stowage is not None
        yuan.append(float(cost @ hulls) + stowage.yuan)
    assert yuan[1] < yuan[0]


def test_a_month_is_followed_by_what_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is a linear solution, and at each stop; where there is no time for another the first is followed."""
    monkeypatch.setattr(month_program, "FAR", np.inf)
    laid = Laid(tiny_network(), (cargo(1, 800.0, due_h=300.0), cargo(2, 700.0, due_h=300.0)))
    climb, stops = climbed(laid), []

    def none(remainder: Remainder, counts: Floats, slot: int) -> None:
        stops.append(slot)

    monkeypatch.setattr(Remainder, "anew", none)
    made = plan_at_once(laid.proof, climb, 0)
    linear = linear_hulls(laid.proof, climb, 0)
    assert linear is not None
    followed = follow(laid.proof, linear, laid.none_needed)
    assert made is not None
    assert followed is not None
    assert made.x[-len(followed) :].tolist() == followed.tolist()
    assert len(stops) == len(STOPS)
