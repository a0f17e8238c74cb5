"""Corridors by CP-SAT: the plan is an answer to the last bit, lots are whole, and only better plans come back."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings

from optimizer.planning.design import Effort, Floats, Outcome, Program
from optimizer.planning.settings import BOTH, CP_SAT
from optimizer.planning.solving import lots, neighbourhoods
from optimizer.planning.solving.lots import improved_in_lots, in_lots
from optimizer.planning.solving.windows import FEASIBLE, violation
from tests.planning.random_tasks import Task, any_tasks
from tests.planning.solved import lay_out
from tests.planning.test_neighbourhoods import around
from tests.planning.test_windows import busy_week, cost, is_plan

LOOK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EFFORT = Effort(gap=1e-6, seconds=20.0)


def ferry(whole: bool = False, kept_t: float = 0.0) -> tuple[Program, Floats]:
    """1,000 t by road for 100 yuan or in ships of 500 t for 10 yuan each; the plan sends all by road. ``kept_t``: what
    of a ship somebody else has already."""
    # Columns: share on water, share by road, ships. Rows: all cargo goes; no more on water than the ships carry.
    program = Program(
        np.array([0.0, 100.0, 10.0]),
        sp.csr_array(np.array([[1.0, 1.0, 0.0], [1000.0, 0.0, -500.0]])),
        np.array([1.0, -np.inf]),
        np.array([1.0, -kept_t]),
        np.zeros(3),
        np.array([1.0, 1.0, 5.0]),
        np.array([whole, whole, True]),
    )
    return program, np.array([0.0, 1.0, 0.0])


OWNER, MASS_T = np.array([0, 0, -1]), np.array([1000.0])


def test_cargo_is_cut_into_equal_lots_and_what_must_not_be_split_is_one() -> None:
    """1,000 t are three lots of 333 t; whole, they are one. Both begin from the plan."""
    for whole, count in ((False, 3.0), (True, 1.0)):
        cut = in_lots(*ferry(whole), OWNER, MASS_T)
        assert cut.start.tolist() == [0.0, count, 0.0]
        assert cut.shares(cut.start) == pytest.approx([0.0, 1.0, 0.0])
        assert cut.program.integer.all()
        assert cut.program.cost @ cut.start == pytest.approx(100.0)


def test_what_is_decided_of_ships_is_filled_in_parts_of_tonnes() -> None:
    """With 100 t of one ship taken, two ships hold 900 t: two of the lots, and the tonnes that no lot makes."""
    found = improved_in_lots(*_with(ferry(kept_t=100.0), ships=2.0), OWNER, MASS_T)
    assert found.x is not None
    assert found.x == pytest.approx([0.9, 0.1, 2.0])


def _with(case: tuple[Program, Floats], ships: float) -> tuple[Program, Effort, Floats]:
    """No more ships than these."""
    program, x = case
    upper = program.upper.copy()
    upper[2] = ships
    return (
        Program(
            program.cost, program.matrix, program.row_lower, program.row_upper, program.lower, upper, program.integer
        ),
        EFFORT,
        x,
    )


def test_what_must_not_be_split_goes_whole_or_stays() -> None:
    """Two ships of 500 t take 1,000 t whole; where a tonne of one is taken, nothing better is found."""
    program, x = ferry(whole=True)
    found = improved_in_lots(program, EFFORT, x, OWNER, MASS_T)
    assert found.x is not None
    assert found.x.tolist() == [1.0, 0.0, 2.0]
    assert improved_in_lots(*_with(ferry(whole=True, kept_t=1.0), ships=2.0), OWNER, MASS_T).x is None


def test_columns_that_are_neither_cargo_nor_ships_stay_out() -> None:
    """At nothing they stay there; where the plan has them at something, no answer is claimed."""
    program, x = ferry()
    odd = Program(
        np.append(program.cost, -1000.0),
        sp.csr_array(sp.hstack([program.matrix, sp.csr_array((2, 1))])),
        program.row_lower,
        program.row_upper,
        np.zeros(4),
        np.append(program.upper, 1.0),
        np.append(program.integer, False),
    )
    owner = np.append(OWNER, -1)
    assert in_lots(odd, np.append(x, 0.0), owner, MASS_T).program.upper[-1] == 0.0
    assert improved_in_lots(odd, EFFORT, np.append(x, 0.5), owner, MASS_T).x is None


@LOOK
@given(any_tasks(4))
def test_each_plan_by_cp_sat_is_better_than_the_one_before_and_holds(task: Task) -> None:
    """Whole hulls, all rows kept, strictly cheaper each time, and never below the optimum."""
    case = lay_out(*task)
    search_around, _ = around(case)
    search_around.corridors_by = CP_SAT
    before = cost(case, search_around.x)
    for x in search_around.better():
        assert violation(case.program.program, x) < FEASIBLE
        assert is_plan(case, x)
        assert cost(case, x) < before
        before = cost(case, x)
    best = case.solve().objective
    assert before >= best - 1e-6 * abs(best) - 0.01


def test_equal_seeds_give_equal_plans_whatever_the_number_of_threads() -> None:
    """CP-SAT stops by work, not by the clock."""
    found = []
    for workers in (1, 2):
        search_around, _ = around(busy_week(4))
        search_around.corridors_by = CP_SAT
        search_around.problem.proof.workers = workers
        found.append([x.tobytes() for x in search_around.better()])
    assert found[0]
    assert found[0] == found[1]


def test_cp_sat_goes_on_only_where_highs_has_proven_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is optimal is taken as it is; from anything else CP-SAT begins, and the better of both counts."""
    asked: list[Floats] = []

    def listening(program: Program, effort: Effort, x: Floats, owner: object, mass_t: Floats) -> Outcome:
        asked.append(x)
        return Outcome("feasible", x, None, -1.0, -np.inf)

    monkeypatch.setattr(neighbourhoods, "improved_in_lots", listening)
    search_around, _ = around(busy_week())
    search_around.corridors_by = BOTH
    freed = search_around.free(0)
    assert freed is not None
    x = search_around.x[freed.columns]
    for status, objective, calls in (("optimal", 5.0, 0), ("feasible", 5.0, 1), ("feasible", -2.0, 2)):
        better = Outcome(status, x, None, objective, 0.0)
        monkeypatch.setattr(neighbourhoods, "solve_integer", lambda *args, better=better: better)
        found = search_around.solved(freed, x)
        assert (len(asked), found.objective) == (calls, min(objective, -1.0) if calls else objective)


def test_each_solver_gets_the_time_that_is_left_when_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A corridor that waited for a thread, or came after HiGHS, must not take the time it was promised before."""
    given: list[float | None] = []

    def solved(program: Program, effort: Effort, x: Floats, *rest: object) -> Outcome:
        given.append(effort.seconds)
        return Outcome("feasible", x, None, 0.0, -np.inf)

    monkeypatch.setattr(neighbourhoods, "solve_integer", solved)
    monkeypatch.setattr(neighbourhoods, "improved_in_lots", solved)
    search_around, _ = around(busy_week())
    search_around.corridors_by = BOTH
    freed = search_around.free(0)
    assert freed is not None
    left_s = iter([7.0, 3.0])
    search_around.solved(freed, search_around.x[freed.columns], lambda: next(left_s))
    search_around.solved(freed, search_around.x[freed.columns])
    assert given == [7.0, 3.0, None, None]


def test_a_lot_is_no_more_than_half_a_ship() -> None:
    """Each part of the plan is cut by what it weighs, not by what the shipment does."""
    program, _ = ferry()
    cut = in_lots(program, np.array([0.3, 0.7, 1.0]), OWNER, np.array([2000.0]))
    weight_t = cut.share * 2000.0
    assert (weight_t <= lots.LOT_T + 1e-9).all()
    assert sorted({round(float(each), 3) for each in weight_t}) == [300.0, 350.0]
