"""Neighbourhood search: what loses is found, every step leaves a better plan that holds, and a stop keeps the best."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.relaxation import Relaxation, relax
from optimizer.planning.design import Effort, Floats, Outcome, Program
from optimizer.planning.settings import PlanSettings
from optimizer.planning.solving import neighbourhoods, search
from optimizer.planning.solving.fallback_plans import by_services
from optimizer.planning.solving.neighbourhoods import Neighbourhoods
from optimizer.planning.solving.problem import Problem
from optimizer.planning.solving.windows import FEASIBLE, violation
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import Task, any_tasks, faults, planned
from tests.planning.solved import Case, lay_out
from tests.planning.test_windows import busy_week, cost, is_plan, no_limit

LOOK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def around(case: Case, seed: int = 0) -> tuple[Neighbourhoods, Relaxation]:
    """The search around the plan that sends everything by truck, and the relaxation that guides it."""
    proof = LagrangianBound(case.program, case.fleet, case.space.ways)
    problem = Problem(tiny_network(), case.space, case.fleet, case.program, proof)
    relaxation = relax(case.program, proof, Effort())
    x = by_services(problem, capped=False)[2]
    assert violation(case.program.program, x) < FEASIBLE
    return Neighbourhoods(problem, relaxation, x, seed), relaxation


@LOOK
@given(any_tasks(4))
def test_each_plan_is_better_than_the_one_before_and_holds(task: Task) -> None:
    """Whole hulls, all rows kept, strictly cheaper each time, and never below the optimum."""
    case = lay_out(*task)
    search_around, _ = around(case)
    before = cost(case, search_around.x)
    for x in search_around.better():
        assert is_plan(case, x)
        assert cost(case, x) < before
        before = cost(case, x)
    best = case.solve().objective
    assert before >= best - 1e-6 * abs(best) - 0.01


@LOOK
@given(any_tasks(4))
def test_losses_are_no_more_than_what_parts_a_plan_from_its_bound(task: Task) -> None:
    """Plan less bound is made of losses of cargo, of hulls and of other rows; none of them is negative."""
    case = lay_out(*task)
    search_around, relaxation = around(case)
    proven, _ = LagrangianBound(case.program, case.fleet, case.space.ways).prove(relaxation.prices)
    for x in (search_around.x, *search_around.better()):
        gap_yuan = cost(case, x) - proven
        assert -1e-6 <= search_around.losses().sum() <= gap_yuan + 1e-6 * abs(proven) + 1.0


def test_a_week_by_road_becomes_the_best_week(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all columns near and corridors as wide as the task, the search ends at the optimum."""
    for name, value in (("MARGIN_YUAN_PER_T", 1e9), ("HULL_MARGIN_YUAN", 1e9), ("NODES", 10_000)):
        monkeypatch.setattr(neighbourhoods, name, value)
    case = busy_week(4)
    search_around, _ = around(case)
    for _ in search_around.better():
        pass
    assert cost(case, search_around.x) == pytest.approx(case.solve(gap=1e-6).objective, rel=2e-3)


def test_a_corridor_keeps_to_its_size_and_moves_only_hulls_that_can_carry_its_cargo() -> None:
    """Free are ways of some families, moves of their classes, and services; everything else stays."""
    case = busy_week()
    search_around, _ = around(case)
    plan = case.program
    for size in (40, 200):
        columns = search_around.corridor(0, size)
        assert (np.diff(columns) > 0).all()
        services = (columns < plan.cargo_count) & (plan.column_family[columns] < 0)
        pools = {case.fleet.pools[p].vessel_class for p in plan.column_pool[columns] if p >= 0}
        families = {case.space.families[f].vessel_class for f in plan.column_family[columns] if f >= 0}
        assert pools <= families
        # What is as far away as the last one that fits comes along.
        assert np.count_nonzero(~services) <= 2 * size
    assert len(search_around.corridor(0, 40)) < len(search_around.corridor(0, 200))


def test_equal_seeds_draw_equally_and_without_time_nothing_is_tried() -> None:
    """The plans of two searches with one seed are the same to the last bit; no time, no plan, no harm."""
    first, second = (list(around(busy_week(4), 7)[0].better()) for _ in range(2))
    assert [x.tobytes() for x in first] == [x.tobytes() for x in second]
    assert list(around(busy_week())[0].better(lambda: 0.0)) == []


def test_corridors_solved_at_the_same_time_give_the_plans_of_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """By one worker, by two, and by two of which now one and now the other is slow: the same plans to the last bit."""
    solve, asked = neighbourhoods.solve_integer, iter(range(1_000_000))

    def slow(program: Program, effort: Effort, start: Floats | None = None) -> Outcome:
        time.sleep(0.02 if next(asked) % 3 else 0.0)
        return solve(program, effort, start)

    found = []
    for workers, solver in ((1, solve), (2, solve), (2, slow), (4, slow)):
        monkeypatch.setattr(neighbourhoods, "solve_integer", solver)
        search_around, _ = around(busy_week(4))
        search_around.problem.proof.workers = workers
        found.append([x.tobytes() for x in search_around.better()])
    assert len(found[0]) > 1
    assert all(plans == found[0] for plans in found)


def test_a_corridor_is_begun_while_another_is_solved_and_around_another_shipment() -> None:
    """As many as may be under way, never two around one shipment, and answers in the order of beginning."""
    search_around, _ = around(busy_week(4))
    under_way: list[int] = []
    most = 0
    begin, end = search_around._begin, search_around._end

    def begun(shipment: int, *args: Any) -> Any:
        nonlocal most
        if shipment not in under_way:
            under_way.append(shipment)
        most = max(most, len(under_way))
        return begin(shipment, *args)

    def ended(corridor: Any, *args: Any) -> float:
        gain = end(corridor, *args)
        assert under_way.pop(0) == corridor.shipment
        return gain

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_around, "_begin", begun)
        patch.setattr(search_around, "_end", ended)
        assert list(search_around.better())
    assert most == neighbourhoods.AHEAD
    assert not under_way


@pytest.mark.parametrize("room_is_gone", [True, False])
def test_what_no_longer_fits_the_plan_is_solved_once_more(room_is_gone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A corridor that gains, but began before the one ahead of it changed room or columns of both, is not taken as it
    is, and the plan holds all the same."""
    case, again = busy_week(4), []
    search_around, _ = around(case)
    opened = search_around.opened
    if room_is_gone:
        monkeypatch.setattr(search_around, "holds", lambda columns, entries, outcome: False)
    begun = []
    monkeypatch.setattr(search_around, "opened", lambda *args: begun.append(len(args[0])) or opened(*args))
    free = search_around.free
    monkeypatch.setattr(search_around, "free", lambda *args: again.append(free(*args)) or again[-1])
    before = cost(case, search_around.x)
    for x in search_around.better():
        assert is_plan(case, x)
        assert cost(case, x) < before
        before = cost(case, x)
    assert len(begun) > sum(freed is not None for freed in again)


def test_a_shipment_under_way_is_not_drawn() -> None:
    """Whatever it loses; where nothing else loses there is none."""
    search_around, _ = around(busy_week(4))
    loses = np.flatnonzero(search_around.losses() > 0).tolist()
    assert loses
    assert search_around.drawn(loses) == -1
    assert {search_around.drawn(loses[1:]) for _ in range(5)} <= {loses[0], -1}


@pytest.mark.parametrize("answers", [0, 1])
def test_ctrl_c_within_a_corridor_keeps_the_plan_so_far(answers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pressed in the first corridor or in the next one, what stands is written down and holds."""
    asked: list[float] = []

    def stopped(program: Program, effort: Effort, start: Floats | None = None) -> Outcome:
        asked.append(effort.gap)
        if len(asked) > answers:
            raise KeyboardInterrupt
        return solve(program, effort, start)

    solve = neighbourhoods.solve_integer
    monkeypatch.setattr(neighbourhoods, "solve_integer", stopped)
    monkeypatch.setattr(search, "EXACT_COLUMNS", 0)
    monkeypatch.setattr(search, "FEW_SHIPMENTS", 0)
    monkeypatch.setattr(search, "WHOLE_COLUMNS", 0)
    shipments = busy_week().space.shipments
    plan = planned(tiny_network(), shipments, PlanSettings(gap=0.0))
    assert answers + 1 <= len(asked) <= answers + neighbourhoods.AHEAD
    assert plan.settings["stop"] == "interrupt"
    assert no_limit() > plan.gap >= 0.0
    assert faults(plan, shipments, tiny_network()) == []
