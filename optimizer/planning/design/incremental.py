"""A linear program that gains columns and rows between solves (column generation, cutting planes).

GLOP through MathOpt keeps its basis over such changes: after new columns or costs the primal simplex goes on from it,
after new rows or bounds the dual simplex. HiGHS through MathOpt would start anew each time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_pb2,
    model_update_pb2,
    parameters_pb2,
    result_pb2,
)
from ortools.math_opt.core.python import solver as mathopt
from ortools.util.python.pybind_solve_interrupter import PySolveInterrupter

from optimizer.errors import Message, SolverError
from optimizer.planning.design.interrupting import interruptible
from optimizer.planning.design.mathopt import dense
from optimizer.planning.design.program import Effort, Floats, Indices, Outcome

_ENDED = {
    result_pb2.TERMINATION_REASON_OPTIMAL: "optimal",
    result_pb2.TERMINATION_REASON_FEASIBLE: "feasible",
    result_pb2.TERMINATION_REASON_NO_SOLUTION_FOUND: "no_solution",
    result_pb2.TERMINATION_REASON_IMPRECISE: "feasible",
    result_pb2.TERMINATION_REASON_INFEASIBLE: "infeasible",
    result_pb2.TERMINATION_REASON_INFEASIBLE_OR_UNBOUNDED: "infeasible",
}


class GrowingLinear:
    """min cost @ x over rows and columns that are added in blocks; columns and rows are numbered in order of coming.

    Entries may be given with either: a block of columns brings its entries in rows that exist, a block of rows its
    entries in columns that exist. Changes are gathered and handed over at the next :meth:`solve`.
    """

    def __init__(self) -> None:
        self.columns = 0
        self.rows = 0
        self._update = model_update_pb2.ModelUpdateProto()
        self._solver: Any = None
        self._interrupter: PySolveInterrupter | None = None

    def add_columns(self, cost: Floats, lower: Floats, upper: Floats, entries: sp.coo_array | None = None) -> Indices:
        """Columns with their bounds. ``entries`` has shape (rows so far, new columns). Returns the columns' numbers."""
        first, count = self.columns, len(cost)
        self.columns += count
        new = self._update.new_variables
        new.ids.extend(range(first, first + count))
        new.lower_bounds.extend(lower)
        new.upper_bounds.extend(upper)
        new.integers.extend([False] * count)
        self.change_costs(np.arange(first, first + count), cost)
        if entries is not None:
            self._add_entries(entries.row, entries.col + first, entries.data)
        return np.arange(first, first + count)

    def add_rows(self, lower: Floats, upper: Floats, entries: sp.coo_array | None = None) -> Indices:
        """Rows with their sides. ``entries`` has shape (new rows, columns so far). Returns the rows' numbers."""
        first, count = self.rows, len(lower)
        self.rows += count
        new = self._update.new_linear_constraints
        new.ids.extend(range(first, first + count))
        new.lower_bounds.extend(lower)
        new.upper_bounds.extend(upper)
        if entries is not None:
            self._add_entries(entries.row + first, entries.col, entries.data)
        return np.arange(first, first + count)

    def change_costs(self, columns: Indices, cost: Floats) -> None:
        """New costs for columns (each at most once between two solves)."""
        self._update.objective_updates.linear_coefficients.ids.extend(columns)
        self._update.objective_updates.linear_coefficients.values.extend(cost)

    def change_bounds(self, columns: Indices, lower: Floats, upper: Floats) -> None:
        """New bounds for columns that were there at the last solve (ascending, each at most once)."""
        for bounds, values in (
            (self._update.variable_updates.lower_bounds, lower),
            (self._update.variable_updates.upper_bounds, upper),
        ):
            bounds.ids.extend(columns)
            bounds.values.extend(values)

    def solve(self, effort: Effort, dual: bool = False) -> Outcome:
        """Solve from the basis of the last solve. ``dual``: by the dual simplex (better after new rows).

        Raises SolverError where GLOP refuses the numbers.
        """
        parameters = parameters_pb2.SolveParametersProto()
        if effort.seconds is not None:
            parameters.time_limit.FromMilliseconds(max(1, int(effort.seconds * 1000)))
        parameters.random_seed = effort.seed
        parameters.glop.use_preprocessing = False  # it would throw the basis away
        parameters.glop.use_dual_simplex = dual
        self._interrupter = PySolveInterrupter()
        interrupter, registration = self._interrupter, callback_pb2.CallbackRegistrationProto()
        model_parameters = model_parameters_pb2.ModelSolveParametersProto()

        def handed_over_and_solved() -> Any:
            self._hand_over()
            return self._solver.solve(parameters, model_parameters, None, registration, None, interrupter)

        return self._outcome(interruptible(handed_over_and_solved, interrupter))

    def interrupt(self) -> None:
        """Ask a solve that runs in another thread to stop; it then ends as feasible or no_solution."""
        if self._interrupter is not None:
            self._interrupter.interrupt()

    def _add_entries(self, rows: Indices, columns: Indices, values: Floats) -> None:
        matrix = self._update.linear_constraint_matrix_updates
        matrix.row_ids.extend(rows)
        matrix.column_ids.extend(columns)
        matrix.coefficients.extend(values)

    def _hand_over(self) -> None:
        """Give the gathered changes to the solver; the first ones become its model."""
        matrix = self._update.linear_constraint_matrix_updates
        rows, columns = np.array(matrix.row_ids), np.array(matrix.column_ids)
        order = np.lexsort((columns, rows)) if len(rows) else np.zeros(0, dtype=np.int64)
        values = np.array(matrix.coefficients)
        matrix.Clear()
        self._add_entries(rows[order], columns[order], values[order])
        if self._solver is None:
            model = model_pb2.ModelProto()
            model.variables.CopyFrom(self._update.new_variables)
            model.linear_constraints.CopyFrom(self._update.new_linear_constraints)
            model.objective.linear_coefficients.CopyFrom(self._update.objective_updates.linear_coefficients)
            model.linear_constraint_matrix.CopyFrom(matrix)
            initializer = parameters_pb2.SolverInitializerProto()
            self._solver = mathopt.new(parameters_pb2.SOLVER_TYPE_GLOP, model, initializer)
        elif not self._solver.update(self._update):
            raise SolverError(Message("GLOP 拒绝了增量修改。", "GLOP refused to take over the changes."))
        self._update = model_update_pb2.ModelUpdateProto()

    def _outcome(self, reply: Any) -> Outcome:
        status = _ENDED.get(reply.termination.reason)
        if status is None:
            detail = reply.termination.detail
            raise SolverError(Message(f"求解器报错：{detail}", f"the solver failed: {detail}"))
        if status == "infeasible":
            return Outcome(status, None, None, np.inf, np.inf)
        bound = float(reply.termination.objective_bounds.dual_bound)
        found = [s for s in reply.solutions if s.HasField("primal_solution")]
        if not found:
            return Outcome("no_solution", None, None, np.inf, bound)
        best = found[0]
        x = dense(best.primal_solution.variable_values, self.columns)
        prices = dense(best.dual_solution.dual_values, self.rows) if best.HasField("dual_solution") else None
        return Outcome(status, x, prices, float(best.primal_solution.objective_value), bound)
