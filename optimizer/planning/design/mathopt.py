"""One-shot solves through MathOpt: HiGHS for linear and mixed-integer programs, CP-SAT where asked for.

A program goes over as one protocol buffer filled from arrays. Every call names its seed and prefers an amount of work
(gap, nodes) to a clock as its stop, so that equal input gives equal output.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import ortools
from ortools.math_opt import callback_pb2, model_parameters_pb2, model_pb2, parameters_pb2, result_pb2
from ortools.math_opt.core.python import solver as mathopt
from ortools.util.python.pybind_solve_interrupter import PySolveInterrupter

from optimizer.errors import Message, SolverError
from optimizer.planning.design.interrupting import interruptible
from optimizer.planning.design.program import Bools, Effort, Floats, Outcome, Program
from optimizer.planning.design.quieting import without_noise

DEPENDENT_EQUATIONS = 1 << 10
"""The step of HiGHS's presolve that looks for equations which follow from others. Of a month's flows there are so many
that under a time limit it is now done, now broken off, and the answer is another one."""
SETTLED = 1e-7
"""A column this close to a whole number counts as whole."""

SOLVER_VERSION = f"OR-Tools {ortools.__version__} (MathOpt, HiGHS)"

HIGHS = parameters_pb2.SOLVER_TYPE_HIGHS
SCIP = parameters_pb2.SOLVER_TYPE_GSCIP
CP_SAT = parameters_pb2.SOLVER_TYPE_CP_SAT
PDLP = parameters_pb2.SOLVER_TYPE_PDLP
Options = dict[str, str | int]
OTHERS = {"glop": parameters_pb2.SOLVER_TYPE_GLOP, "pdlp": PDLP}
"""Solvers of linear programs beside HiGHS."""


def solve_linear(program: Program, effort: Effort, method: str = "simplex") -> Outcome:
    """Solve the continuous relaxation. ``method``: of HiGHS ipm | ipm_without_crossover | simplex (dual) |
    flow_simplex | choose; or glop | pdlp (first order; answers to a relative 1e-6). On plan programs simplex is several
    times faster than the interior point with crossover. Without crossover the answer is no vertex and exact to some
    1e-8 only; its prices lie in the middle of the optimal face. flow_simplex is simplex for programs of tens of
    thousands of flow equations: as long as a time limit is not struck, it changes no answer."""
    continuous = np.zeros(len(program.cost), dtype=bool)
    if method in OTHERS:
        return _solve(OTHERS[method], program, effort, continuous, {}, None)
    options: Options = {"solver": method} if method != "choose" else {}
    if method == "ipm_without_crossover":
        options = {"solver": "ipm", "run_crossover": "off"}
    if method == "flow_simplex":
        options = {"solver": "simplex", "presolve_rule_off": DEPENDENT_EQUATIONS}
    try:
        return _solve(HIGHS, program, effort, continuous, options, None)
    except SolverError:
        # Where a row is missed by a hair, HiGHS may say at once that there is a solution and that there is none.
        return _solve(OTHERS["glop"], program, effort, continuous, {}, None)


def solve_integer(program: Program, effort: Effort, start: Floats | None = None) -> Outcome:
    """Solve with integrality. ``start`` is a known solution to begin from."""
    try:
        return _solve(HIGHS, program, effort, program.integer, {}, start)
    except SolverError:
        # HiGHS 1.12 ends some small programs with an internal error (it cannot map its solution back).
        with without_noise():
            return _solve(SCIP, program, effort, program.integer, {}, start)


def solve_by_cp_sat(program: Program, effort: Effort, start: Floats | None = None) -> Outcome:
    """Solve with integrality by CP-SAT, for programs of whole numbers: scheduling and small neighbourhoods. It scales
    other coefficients and makes continuous columns discrete, so use :func:`solve_integer` where those matter. The node
    limit does not apply, the limit of work does; more than one thread makes the answer depend on the machine's load."""
    return _solve(CP_SAT, program, replace(effort, nodes=None), program.integer, {}, start)


def solve_nearly_whole(program: Program, effort: Effort) -> Outcome:
    """Solve an integer program whose relaxation is almost whole already (hull flows are): take the linear solution,
    keep the binary columns that are 1 in it, and let branch and bound settle the rest. HiGHS would spend a minute on
    cuts at the root that this needs not. The bound is that of the linear program."""
    linear = solve_linear(program, effort, "simplex")
    if linear.x is None:
        return linear
    settled = program.integer & (program.upper <= 1.0) & (linear.x >= 1.0 - SETTLED)
    lower = np.where(settled, 1.0, program.lower)
    outcome = solve_integer(replace(program, lower=lower), effort)
    if outcome.x is None:
        outcome = solve_integer(program, effort)
    return replace(outcome, bound=linear.objective)


def _solve(
    solver: Any, program: Program, effort: Effort, integer: Bools, options: Options, start: Floats | None
) -> Outcome:
    model = _to_model(program, integer)
    is_mip = bool(integer.any())
    parameters = _parameters(solver, effort, options, is_mip)
    model_parameters = model_parameters_pb2.ModelSolveParametersProto()
    if start is not None:
        hint = model_parameters.solution_hints.add()
        hint.variable_values.ids.extend(range(len(start)))
        hint.variable_values.values.extend(start)
    interrupter = PySolveInterrupter()
    initializer, registration = parameters_pb2.SolverInitializerProto(), callback_pb2.CallbackRegistrationProto()
    reply = interruptible(
        lambda: mathopt.solve(
            model, solver, initializer, parameters, model_parameters, None, registration, None, interrupter
        ),
        interrupter,
    )
    return _outcome(reply, program, is_mip)


def _to_model(program: Program, integer: Bools) -> Any:
    rows, columns = program.matrix.shape
    model = model_pb2.ModelProto()
    model.variables.ids.extend(range(columns))
    model.variables.lower_bounds.extend(program.lower)
    model.variables.upper_bounds.extend(program.upper)
    model.variables.integers.extend(integer.tolist())
    priced = np.flatnonzero(program.cost)
    model.objective.linear_coefficients.ids.extend(priced)
    model.objective.linear_coefficients.values.extend(program.cost[priced])
    model.linear_constraints.ids.extend(range(rows))
    model.linear_constraints.lower_bounds.extend(program.row_lower)
    model.linear_constraints.upper_bounds.extend(program.row_upper)
    matrix = program.matrix
    matrix.sort_indices()
    model.linear_constraint_matrix.row_ids.extend(np.repeat(np.arange(rows), np.diff(matrix.indptr)))
    model.linear_constraint_matrix.column_ids.extend(matrix.indices)
    model.linear_constraint_matrix.coefficients.extend(matrix.data)
    return model


def _parameters(solver: Any, effort: Effort, options: Options, is_mip: bool) -> Any:
    parameters = parameters_pb2.SolveParametersProto()
    if solver != PDLP:
        parameters.random_seed = effort.seed  # nothing in PDLP is random, so it refuses one
    if effort.seconds is not None:
        parameters.time_limit.FromMilliseconds(max(1, int(effort.seconds * 1000)))
    if effort.threads is not None and solver != HIGHS:
        parameters.threads = effort.threads  # of HiGHS they are settled once for the whole process
    if effort.work is not None and solver == CP_SAT:
        parameters.cp_sat.max_deterministic_time = effort.work
    if is_mip:
        parameters.relative_gap_tolerance = effort.gap
        if effort.nodes is not None:
            parameters.node_limit = effort.nodes
    for name, value in options.items():
        if isinstance(value, str):
            parameters.highs.string_options[name] = value
        else:
            parameters.highs.int_options[name] = value
    return parameters


def _outcome(reply: Any, program: Program, is_mip: bool) -> Outcome:
    reason = reply.termination.reason
    bounds = reply.termination.objective_bounds
    if reason in (result_pb2.TERMINATION_REASON_INFEASIBLE, result_pb2.TERMINATION_REASON_INFEASIBLE_OR_UNBOUNDED):
        return Outcome("infeasible", None, None, np.inf, np.inf)
    found = [s for s in reply.solutions if s.HasField("primal_solution")]
    if not found:
        if reason == result_pb2.TERMINATION_REASON_OTHER_ERROR:
            raise SolverError(
                Message(f"求解器报错：{reply.termination.detail}", f"the solver failed: {reply.termination.detail}")
            )
        return Outcome("no_solution", None, None, np.inf, float(bounds.dual_bound))
    best = found[0]
    x = dense(best.primal_solution.variable_values, len(program.cost))
    prices = None
    if not is_mip and best.HasField("dual_solution"):
        prices = dense(best.dual_solution.dual_values, program.matrix.shape[0])
    status = "optimal" if reason == result_pb2.TERMINATION_REASON_OPTIMAL else "feasible"
    return Outcome(status, x, prices, float(best.primal_solution.objective_value), float(bounds.dual_bound))


def dense(vector: Any, size: int) -> Floats:
    """A sparse vector of MathOpt as an array of shape (size,)."""
    values = np.zeros(size)
    values[np.fromiter(vector.ids, dtype=np.int64, count=len(vector.ids))] = np.fromiter(
        vector.values, dtype=np.float64, count=len(vector.values)
    )
    return values
