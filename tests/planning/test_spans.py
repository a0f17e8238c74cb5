"""Spans of days: whole numbers next to a linear solution, every step a better plan that holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.planning.design import Effort, Floats, Outcome, Program, solve_linear
from optimizer.planning.settings import PlanSettings
from optimizer.planning.solving import neighbourhoods, problem_layout, search, spans
from optimizer.planning.solving.spans import Spans
from optimizer.planning.solving.windows import between
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import Task, any_tasks, faults, planned
from tests.planning.solved import lay_out
from tests.planning.test_neighbourhoods import around
from tests.planning.test_windows import busy_week, cost, is_plan, no_limit

LOOK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def _short_spans_and_small_gains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tasks have spans, too, and every yuan counts."""
    short = ((8, 0.0), (12, 0.0))
    for name, value in (("SHORT", short), ("LEAST_SLOTS", 1), ("WORTH", 0.0), ("POOR", 0.0), ("NODES", 1_000)):
        monkeypatch.setattr(spans, name, value)
    for name, rounds in (("SHORT", short), ("FINE", ((8, 0.0), (16, 0.0)))):
        monkeypatch.setattr(search, name, rounds)
    for name, value in (("MARGIN_YUAN_PER_T", 1e9), ("HULL_MARGIN_YUAN", 1e9)):
        monkeypatch.setattr(neighbourhoods, name, value)


@LOOK
@given(any_tasks(4))
def test_each_plan_is_better_than_the_one_before_and_holds(task: Task) -> None:
    """Whole hulls, waiting ones included, all rows kept, strictly cheaper each time, and never below the optimum."""
    case = lay_out(*task)
    search_around, _ = around(case)
    before = cost(case, search_around.x)
    for x in Spans(search_around, short=spans.SHORT).better():
        assert is_plan(case, x)
        assert cost(case, x) < before
        before = cost(case, x)
    best = case.solve().objective
    assert before >= best - 1e-6 * abs(best) - 0.01


def test_a_week_by_road_gains_most_of_what_there_is() -> None:
    """One span of the whole task finds more than half of it, and the search around knows the new plan."""
    case = busy_week(4)
    search_around, _ = around(case)
    before, best = cost(case, search_around.x), case.solve(gap=1e-6).objective
    for x in Spans(search_around).better():
        assert search_around.x is x
    assert cost(case, search_around.x) - best < 0.5 * (before - best)
    assert search_around.activity == pytest.approx(case.program.program.matrix @ search_around.x, abs=1e-6)


def test_a_span_keeps_to_its_slots_and_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """What begins before a span or ends after it stands; where spans would be too short there are none."""
    case = busy_week()
    search_around, _ = around(case)
    found = Spans(search_around)
    columns, plan = found.columns(8, 20), case.program
    timed = plan.column_slot[columns] >= 0
    assert timed.any()
    assert not timed.all()
    assert (plan.column_slot[columns[timed]] >= 8).all()
    assert (plan.column_end[columns[timed]] < 20).all()
    for most in (200, 100):
        monkeypatch.setattr(spans, "COLUMNS", most)
        length = found._length()
        assert 0 < length < case.space.grid.slots
        for start in range(0, case.space.grid.slots, length // 2):
            timed = plan.column_slot[found.columns(start, start + length)] >= 0
            assert np.count_nonzero(timed) <= most
    monkeypatch.setattr(spans, "LEAST_SLOTS", 1_000)
    assert list(found.better()) == []


def test_a_voyage_that_no_cargo_may_be_aboard_is_not_set_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loaded voyages of a span are those with cargo among its columns to go with, and those of the plan."""
    monkeypatch.setattr(neighbourhoods, "MARGIN_YUAN_PER_T", 0.5)
    case = busy_week()
    search_around, _ = around(case)
    columns = Spans(search_around).columns(0, case.space.grid.slots)
    aboard, plan = columns < case.program.cargo_count, case.program
    sailings = set(zip(plan.column_family[columns[aboard]], plan.column_slot[columns[aboard]], strict=True))
    loaded = columns[~aboard & (plan.column_family[columns] >= 0) & (search_around.x[columns] == 0)]
    assert len(loaded)
    assert {(plan.column_family[c], plan.column_slot[c]) for c in loaded} <= sailings
    everything = np.flatnonzero(plan.column_family[search_around.near] >= 0)
    assert len(loaded) + int(aboard.sum()) < len(everything)


def test_whole_numbers_stay_between_the_plan_and_the_linear_solution() -> None:
    """Columns at which both stand are fixed, others have the numbers between; parts and waits are as free as before."""
    case = busy_week(4)
    search_around, _ = around(case)
    x, program = search_around.x, case.program.program
    linear = solve_linear(program, Effort()).x
    assert linear is not None
    waits = Spans(search_around).waits
    narrow = between(program, (x, linear), waits)
    whole = program.integer & ~waits
    for solution in (x, linear):
        assert (solution >= narrow.lower - 1e-6).all()
        assert (solution <= narrow.upper + 1e-6).all()
    same = whole & (np.abs(x - linear) < 1e-9)
    assert same.any()
    assert (narrow.lower[same] == narrow.upper[same]).all()
    assert (narrow.upper[whole] - narrow.lower[whole] <= np.abs(x - linear)[whole] + 1.0).all()
    assert (narrow.upper[~whole] == program.upper[~whole]).all()
    assert not narrow.integer[waits].any()


def test_equal_searches_end_equally_and_without_time_nothing_is_tried() -> None:
    """The plans of two searches are the same to the last bit; no time, no plan, no harm."""
    first, second = (list(Spans(around(busy_week(4))[0]).better()) for _ in range(2))
    assert first
    assert [x.tobytes() for x in first] == [x.tobytes() for x in second]
    assert list(Spans(around(busy_week())[0]).better(lambda: 0.0)) == []


def test_spans_solved_at_the_same_time_give_the_plans_of_one_thread() -> None:
    """Short spans by one worker and by two: the same plans to the last bit."""
    found = []
    for workers in (1, 2):
        search_around, _ = around(busy_week(4))
        search_around.problem.proof.workers = workers
        found.append([x.tobytes() for x in Spans(search_around, short=spans.SHORT).better()])
    assert len(found[0]) > 1
    assert found[0] == found[1]


def test_spans_at_the_same_time_set_no_column_free_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services of cargo that could go in either are left to the one that was begun first."""
    free: list[set[int]] = []
    begin, end = Spans._begin, Spans._end

    def begun(self: Spans, *args: Any) -> Any:
        span = begin(self, *args)
        assert all(free_there.isdisjoint(span.columns.tolist()) for free_there in free)
        free.append(set(span.columns.tolist()))
        return span

    def ended(self: Spans, *args: Any) -> float:
        free.pop(0)
        return end(self, *args)

    monkeypatch.setattr(Spans, "_begin", begun)
    monkeypatch.setattr(Spans, "_end", ended)
    assert list(Spans(around(busy_week(4))[0], short=spans.SHORT).better())


def test_what_two_spans_cannot_both_take_is_solved_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solution that no longer fits beside the one before is not taken as it is, and the plan holds all the same."""
    again: list[int] = []
    case = busy_week(4)
    search_around, _ = around(case)
    monkeypatch.setattr(search_around, "holds", lambda columns, entries, outcome: bool(again.append(len(columns))))
    for x in Spans(search_around, short=spans.SHORT).better():
        assert is_plan(case, x)
    assert again


def test_a_solution_that_takes_room_twice_does_not_hold() -> None:
    """``holds`` is asked of the plan as it stands now: what fits alone does not fit where the room is gone."""
    case = busy_week(4)
    search_around, _ = around(case)
    columns = Spans(search_around).columns(0, case.space.grid.slots)
    program, entries = search_around.restricted(columns)
    better = solve_linear(program, Effort())
    assert search_around.holds(columns, entries, better)
    search_around.activity = case.program.program.row_upper + 1.0
    assert not search_around.holds(columns, entries, better)


def test_ctrl_c_within_a_span_keeps_the_plan_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands is written down and holds."""
    asked: list[float] = []

    def stopped(program: Program, effort: Effort, start: Floats | None = None) -> Outcome:
        asked.append(effort.gap)
        raise KeyboardInterrupt

    monkeypatch.setattr(spans, "solve_integer", stopped)
    monkeypatch.setattr(neighbourhoods, "TRIES", 0)
    for name, value in (("EXACT_COLUMNS", 0), ("FEW_SHIPMENTS", 0), ("WHOLE_COLUMNS", 0)):
        monkeypatch.setattr(search, name, value)
    shipments = busy_week().space.shipments
    plan = planned(tiny_network(), shipments, PlanSettings(gap=0.0))
    assert 1 <= len(asked) <= spans.AHEAD
    assert plan.settings["stop"] == "interrupt"
    assert no_limit() > plan.gap >= 0.0
    assert faults(plan, shipments, tiny_network()) == []


@pytest.mark.parametrize("is_large", [True, False])
def test_spans_are_set_free_before_corridors(monkeypatch: pytest.MonkeyPatch, is_large: bool) -> None:
    """Hulls that followed averages, and full ships, lose over weeks at once; in a month that is written down the gains
    looked for are the small ones from the beginning, in a large one only the second time."""
    tried: list[str] = []
    short: list[spans.Rounds] = []
    for name, kind in (("spans", Spans), ("corridors", neighbourhoods.Neighbourhoods)):
        monkeypatch.setattr(kind, "better", lambda self, left_s, name=name: iter(tried.append(name) or ()))
    monkeypatch.setattr(search, "Spans", lambda around, rounds: short.append(rounds) or Spans(around, rounds))
    for name, value in (("EXACT_COLUMNS", 0), ("FEW_SHIPMENTS", 0), ("WHOLE_COLUMNS", 0)):
        monkeypatch.setattr(search, name, value)
    monkeypatch.setattr(problem_layout, "is_large", lambda ways, most: is_large)
    planned(tiny_network(), busy_week().space.shipments, PlanSettings(gap=0.0))
    assert tried[:2] == ["spans", "corridors"]
    assert short[:2] == [search.SHORT if is_large else search.FINE, search.FINE]
