"""The linear program of a whole month over few columns, and the plan of hulls that follow it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.planning import month_program, pool
from optimizer.planning.ascent import Climb, climb_up
from optimizer.planning.design import Effort, Floats, solve_linear
from optimizer.planning.month_program import linear_hulls
from optimizer.planning.pool import plan_at_once
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import Task, any_tasks, cargo
from tests.planning.test_plan_at_once import Laid

LOOK = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def climbed(laid: Laid) -> Climb:
    """Prices of the task."""
    return climb_up(laid.proof, lambda: np.inf, lambda bound_yuan: None)


def least_yuan(laid: Laid, hulls: Floats | None = None) -> float:
    """The linear optimum of the full program, with hull counts given or free."""
    program, count = laid.full.program, laid.full.cargo_count
    lower, upper = program.lower.copy(), program.upper.copy()
    if hulls is not None:
        lower[count:], upper[count:] = hulls - 1e-7, hulls + 1e-7
    return solve_linear(replace(program, lower=lower, upper=upper), Effort()).objective


@LOOK
@given(any_tasks(3))
def test_with_every_column_its_hulls_are_those_of_a_linear_optimum(task: Task) -> None:
    """Rows, capacities and what is left out are those of the full program: the cheapest cargo beside these hulls costs
    what the full linear program does."""
    laid = Laid(*task)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(month_program, "MARGINS_YUAN_PER_T", (1e9,))
        patch.setattr(month_program, "HULL_YUAN", 1e12)
        hulls = linear_hulls(laid.proof, climbed(laid), 0)
    assert hulls is not None
    assert least_yuan(laid, hulls) == pytest.approx(least_yuan(laid), rel=1e-6, abs=1.0)


@LOOK
@given(any_tasks(3))
def test_few_columns_leave_a_fleet_that_keeps_every_row(task: Task) -> None:
    """No hull is lost or made, none passes a full lock, and cargo finds a way beside them, no cheaper than the
    optimum."""
    laid = Laid(*task)
    hulls = linear_hulls(laid.proof, climbed(laid), 0)
    if hulls is not None:
        assert np.isfinite(beside := least_yuan(laid, hulls))
        assert beside >= least_yuan(laid) - 1.0


def test_a_month_too_large_for_it_and_one_without_time_follow_averages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there is no linear solution, and a plan all the same."""
    laid = Laid(tiny_network(), (cargo(1, 800.0, due_h=300.0), cargo(2, 700.0, due_h=300.0)))
    climb = climbed(laid)
    assert linear_hulls(laid.proof, climb, 0) is not None
    monkeypatch.setattr(month_program, "CARGO_COLUMNS", 0)
    assert linear_hulls(laid.proof, climb, 0) is None
    asked: list[Floats] = []
    follow = pool.follow

    def followed(proof: object, hulls: Floats, needed: object) -> Floats | None:
        asked.append(hulls)
        return follow(proof, hulls, needed)  # type: ignore[arg-type]

    monkeypatch.setattr(pool, "follow", followed)
    made = plan_at_once(laid.proof, climb, 0)
    assert made is not None
    assert asked == [climb.hulls]


def test_equal_months_give_equal_hulls() -> None:
    """To the last bit."""
    first, second = (
        linear_hulls(laid.proof, climbed(laid), 0)
        for laid in (Laid(tiny_network(), (cargo(1, 800.0, due_h=300.0), cargo(2, 700.0))) for _ in range(2))
    )
    assert first is not None
    assert second is not None
    assert first.tobytes() == second.tobytes()
