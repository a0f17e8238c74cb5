"""Windows: every step leaves a plan that holds, and never a dearer one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.relaxation import relax
from optimizer.planning.design import Effort, Floats
from optimizer.planning.settings import PlanSettings
from optimizer.planning.solving import search
from optimizer.planning.solving import windows as windows_module
from optimizer.planning.solving.windows import FEASIBLE, Windows, WindowSizes, violation
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import Task, any_tasks, cargo, faults, planned
from tests.planning.solved import Case, lay_out

LOOK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHORT = WindowSizes(decide_days=1, look_days=1, coarse_days=2, gap=1e-3, nodes=50)


def no_limit() -> float:
    """A stopwatch that never runs out."""
    return np.inf


def windows_of(case: Case, sizes: WindowSizes = SHORT) -> Windows:
    """Windows guided by the relaxation of a case."""
    proof = LagrangianBound(case.program, case.fleet, case.space.ways)
    return Windows(case.program, relax(case.program, proof, Effort()), sizes, 0)


def cost(case: Case, x: Floats) -> float:
    """Objective of a solution."""
    return float(case.program.program.cost @ x)


def is_plan(case: Case, x: Floats) -> bool:
    """Whether rows, bounds and whole numbers are kept."""
    program = case.program.program
    whole = np.abs(x - np.round(x))[program.integer].max(initial=0.0) < 1e-6
    return bool(
        violation(program, x) < FEASIBLE
        and (x >= program.lower - 1e-9).all()
        and (x <= program.upper + 1e-9).all()
        and whole
    )


def busy_week(count: int = 6) -> Case:
    """Shipments both ways, ten hours after each other."""
    shipments = [
        cargo(
            number,
            150.0 + 70 * (number % 5),
            *(("DOWN", "UP") if number % 3 == 2 else ("MILL", "DOWN")),
            ready_h=10.0 * number,
            due_h=10.0 * number + 50,
            splittable=number % 4 != 1,
        )
        for number in range(count)
    ]
    return lay_out(tiny_network(), shipments)


@LOOK
@given(any_tasks(3))
def test_rolling_forward_makes_a_plan_that_holds(task: Task) -> None:
    """Window by window to the end of any task: whole hulls, all rows kept, everybody home, no better than the best."""
    case = lay_out(*task)
    x = windows_of(case).roll_forward(no_limit)
    assert x is not None
    assert is_plan(case, x)
    best = case.solve().objective
    assert cost(case, x) >= best - 1e-6 * abs(best) - 0.01


@LOOK
@given(any_tasks(3))
def test_next_to_the_linear_solution_a_plan_holds_as_well(task: Task) -> None:
    """Large windows take whole numbers next to their linear solution, others only where there are none: whole hulls,
    waiting ones included, all rows kept, no better than the best."""
    case = lay_out(*task)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows_module, "QUICK_COLUMNS", 0)
        x = windows_of(case).roll_forward(no_limit)
    assert x is not None
    assert is_plan(case, x)
    best = case.solve().objective
    assert cost(case, x) >= best - 1e-6 * abs(best) - 0.01


def test_a_crowded_month_begins_window_by_window_where_the_time_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where quays make up much of the bound batches are not asked; with little time they are. Either plan holds."""
    for name, value in (("EXACT_COLUMNS", 0), ("FEW_SHIPMENTS", 0), ("WHOLE_COLUMNS", 0), ("CROWDED", -1.0)):
        monkeypatch.setattr(search, name, value)
    monkeypatch.setattr(search, "CROWDED_GAP", 1.0)
    asked: list[int] = []
    monkeypatch.setattr(search, "batch_plan", lambda *args: asked.append(1))
    shipments = busy_week(4).space.shipments
    for per_column, batches in ((0.0, 0), (1e9, 1)):
        monkeypatch.setattr(search, "ROLL_S_PER_COLUMN", per_column)
        plan = planned(tiny_network(), shipments, PlanSettings(gap=0.2, time_limit_s=600.0))
        assert len(asked) == batches
        assert faults(plan, shipments, tiny_network()) == []
    # Windows that come to no end in time leave their time to batches.
    monkeypatch.setattr(search, "ROLL_S_PER_COLUMN", 0.0)
    monkeypatch.setattr(search, "ROLL_SHARE", 0.0)
    plan = planned(tiny_network(), shipments, PlanSettings(gap=0.2, time_limit_s=600.0))
    assert len(asked) == 2
    assert faults(plan, shipments, tiny_network()) == []


@LOOK
@given(any_tasks(3), st.integers(0, 20), st.integers(1, 20))
def test_no_step_makes_a_plan_dearer(task: Task, start: int, length: int) -> None:
    """Improve any span, polish cargo, polish fleet: a plan stays a plan, at the same cost or less."""
    case = lay_out(*task)
    windows = windows_of(case)
    x = windows.roll_forward(no_limit)
    assert x is not None
    for step in (
        lambda x: windows.improve(x, start, start + length, no_limit),
        lambda x: windows.polish_cargo(x, no_limit),
        lambda x: windows.polish_fleet(x, no_limit),
    ):
        better = step(x)
        assert is_plan(case, better)
        assert cost(case, better) <= cost(case, x) + 1e-6
        x = better


def test_one_window_over_everything_finds_the_optimum() -> None:
    """Set free from the first slot to the last, with all columns and no limit of nodes, improving is solving."""
    case = busy_week(4)
    windows = windows_of(case, WindowSizes(3, 3, 4, 1e-3, 100_000, 1e9, 1e9, 1e9))
    x = windows.roll_forward(no_limit)
    assert x is not None
    best = case.solve(gap=1e-6)
    x = windows.improve(x, 0, windows.last_slot + 1, no_limit)
    assert cost(case, x) == pytest.approx(best.objective, rel=1e-3)


def test_windows_mend_a_broken_plan() -> None:
    """Shares that nobody carries are put right by polishing, though the plan becomes dearer."""
    case = busy_week()
    windows = windows_of(case)
    whole = windows.roll_forward(no_limit)
    assert whole is not None
    broken = whole.copy()
    broken[case.program.cargo_count :] = windows.polish_fleet(np.zeros(len(whole)), no_limit)[
        case.program.cargo_count :
    ]
    assert violation(case.program.program, broken) > FEASIBLE
    mended = windows.polish_fleet(windows.polish_cargo(broken, no_limit), no_limit)
    assert is_plan(case, mended)


def test_out_of_time_there_is_no_plan_and_no_harm() -> None:
    """Rolling forward without time gives none; an improvement cut short never loses the plan it had."""
    case = busy_week()
    windows = windows_of(case)
    assert windows.roll_forward(lambda: 0.0) is None
    x = windows.roll_forward(no_limit)
    assert x is not None
    kept = windows.improve(x, 0, windows.last_slot + 1, lambda: 1e-9)
    assert is_plan(case, kept)
    assert cost(case, kept) <= cost(case, x) + 1e-6


def test_violation_is_the_largest_miss_of_a_row() -> None:
    """The empty solution carries no shipment: each assignment row is missed by one."""
    case = lay_out(tiny_network(fleet=()), [cargo(0, 100.0)])
    assert violation(case.program.program, np.zeros(len(case.program.program.cost))) == pytest.approx(1.0)
    assert violation(case.program.program, np.full(len(case.program.program.cost), 3.0)) == pytest.approx(2.0)
    assert violation(case.program.program, np.ones(len(case.program.program.cost))) == 0.0
