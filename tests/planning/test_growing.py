"""A program solved in slices equals the same program solved whole; CP-SAT's door answers as HiGHS' does."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from optimizer.errors import SolverError
from optimizer.planning.design import (
    Effort,
    Floats,
    GrowingLinear,
    Program,
    proven_bound,
    solve_by_cp_sat,
    solve_integer,
    solve_linear,
)


def covering(rows: int, columns: int, seed: int) -> Program:
    """Each row is covered five times, each column at most thrice; every row has columns enough."""
    rng = np.random.default_rng(seed)
    matrix = sp.random_array((rows, columns), density=0.3, rng=rng, format="csr") + sp.csr_array(
        sp.eye_array(rows, columns)
    )
    return Program(
        cost=rng.integers(1, 20, columns).astype(float),
        matrix=sp.csr_array(matrix),
        row_lower=np.full(rows, 5.0),
        row_upper=np.full(rows, np.inf),
        lower=np.zeros(columns),
        upper=np.full(columns, 9.0),
        integer=np.ones(columns, dtype=bool),
    )


def part(program: Program, rows: slice, columns: slice) -> sp.coo_array:
    """A block of the matrix."""
    return sp.coo_array(program.matrix[rows][:, columns])


def add(growing: GrowingLinear, program: Program, rows: slice, columns: slice) -> None:
    """Columns with their entries in rows that are there."""
    growing.add_columns(
        program.cost[columns], program.lower[columns], program.upper[columns], part(program, rows, columns)
    )


@pytest.mark.parametrize("seed", range(4))
def test_columns_and_rows_that_come_later_count_as_if_they_had_been_there(seed: int) -> None:
    """Half the rows and columns, then columns, then rows: objective and prices are those of the whole program."""
    program = covering(12, 40, seed)
    growing = GrowingLinear()
    growing.add_rows(program.row_lower[:6], program.row_upper[:6])
    add(growing, program, slice(0, 6), slice(0, 20))
    first = growing.solve(Effort())
    add(growing, program, slice(0, 6), slice(20, 40))
    more_columns = growing.solve(Effort())
    assert more_columns.objective <= first.objective + 1e-9
    growing.add_rows(program.row_lower[6:], program.row_upper[6:], part(program, slice(6, 12), slice(0, 40)))
    whole = growing.solve(Effort(), dual=True)
    assert whole.status == "optimal"
    assert whole.objective == pytest.approx(solve_linear(program, Effort()).objective, rel=1e-9)
    assert whole.row_prices is not None
    assert proven_bound(program, whole.row_prices) == pytest.approx(whole.objective, rel=1e-9)


def test_costs_and_bounds_may_change() -> None:
    """A column that becomes dear leaves the answer; one whose upper bound falls gives way."""
    growing = GrowingLinear()
    growing.add_rows(np.array([4.0]), np.array([np.inf]))
    growing.add_columns(np.array([1.0, 2.0]), np.zeros(2), np.array([9.0, 9.0]), sp.coo_array(np.array([[1.0, 1.0]])))
    assert growing.solve(Effort()).objective == pytest.approx(4.0)
    growing.change_costs(np.array([0]), np.array([5.0]))
    assert growing.solve(Effort()).objective == pytest.approx(8.0)
    growing.change_bounds(np.array([1]), np.array([0.0]), np.array([1.0]))
    answer = growing.solve(Effort(), dual=True)
    assert answer.x == pytest.approx([3.0, 1.0])
    assert answer.row_prices == pytest.approx([5.0])


def test_no_answer_is_said_and_not_raised() -> None:
    """More asked than the columns can give."""
    growing = GrowingLinear()
    growing.add_rows(np.array([4.0]), np.array([np.inf]))
    growing.add_columns(np.ones(1), np.zeros(1), np.ones(1), sp.coo_array(np.ones((1, 1))))
    outcome = growing.solve(Effort())
    assert (outcome.status, outcome.x) == ("infeasible", None)


def test_numbers_that_are_none_are_refused_by_name() -> None:
    """NaN in a cost is a defect of the caller."""
    growing = GrowingLinear()
    growing.add_columns(np.array([np.nan]), np.zeros(1), np.ones(1))
    with pytest.raises(SolverError, match="refused"):
        growing.solve(Effort())


@pytest.mark.parametrize("seed", range(3))
def test_cp_sat_agrees_with_highs(seed: int) -> None:
    """The same knapsack cover, whole numbers only, to the optimum; a start is taken."""
    program = covering(5, 12, seed)
    rounded = Program(
        program.cost,
        sp.csr_array(np.ceil(program.matrix.toarray() * 3)),
        program.row_lower,
        program.row_upper,
        program.lower,
        program.upper,
        program.integer,
    )
    highs = solve_integer(rounded, Effort(gap=0.0))
    start: Floats = np.full(12, 9.0)
    cp_sat = solve_by_cp_sat(rounded, Effort(gap=0.0, threads=1), start)
    assert cp_sat.status == "optimal"
    assert cp_sat.objective == pytest.approx(highs.objective)
    assert cp_sat.bound == pytest.approx(highs.objective)
