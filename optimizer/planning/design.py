"""The only door to OR-Tools: linear and mixed-integer programs handed over as arrays.

Building a large model expression by expression in Python takes longer than solving it, so a :class:`Program` is plain
arrays and goes to MathOpt as one protocol buffer. HiGHS solves both kinds; every call names its seed and prefers an
amount of work (gap, nodes) to a clock as its stop, so that equal input gives equal output.

:func:`proven_bound` does not believe the solver: any row prices give a valid lower bound once every column is priced
against them. It knows nothing of ships and is the plain measure for ``lagrange``, which proves the bound that a plan
prints.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import ortools
import scipy.sparse as sp
from ortools.math_opt import callback_pb2, model_parameters_pb2, model_pb2, parameters_pb2, result_pb2
from ortools.math_opt.core.python import solver as mathopt
from ortools.util.python.pybind_solve_interrupter import PySolveInterrupter

from optimizer.errors import Message, SolverError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]

SIGNAL_CHECK_S = 0.2
"""How long a Ctrl-C may wait while the solver runs; an answer does not wait for it."""
SETTLED = 1e-7
"""A column this close to a whole number counts as whole."""

SOLVER_VERSION = f"OR-Tools {ortools.__version__} (MathOpt, HiGHS)"


@dataclass(frozen=True, slots=True)
class Program:
    """min cost @ x  subject to  row_lower <= matrix @ x <= row_upper,  lower <= x <= upper,  x[integer] whole.

    ``matrix`` is CSR of shape (rows, columns); infinite bounds are +-inf.
    """

    cost: Floats
    matrix: sp.csr_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integer: Bools


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a solve gave. ``status``: optimal | feasible | infeasible | no_solution. ``x`` is None without a solution;
    ``row_prices`` only after a linear program; ``bound`` is the solver's own lower bound."""

    status: str
    x: Floats | None
    row_prices: Floats | None
    objective: float
    bound: float


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to try. ``nodes`` limits branch and bound, ``seconds`` is the last resort that breaks determinism."""

    gap: float = 1e-4
    seconds: float | None = None
    nodes: int | None = None
    seed: int = 0


def solve_linear(program: Program, effort: Effort, method: str = "simplex") -> Outcome:
    """Solve the continuous relaxation. ``method``: ipm | simplex (dual) | choose. On plan programs simplex
    is several times faster than the interior point with crossover."""
    options = {"solver": method} if method != "choose" else {}
    return _solve(program, effort, np.zeros(len(program.cost), dtype=bool), options, None)


def solve_integer(program: Program, effort: Effort, start: Floats | None = None) -> Outcome:
    """Solve with integrality. ``start`` is a known solution to begin from."""
    return _solve(program, effort, program.integer, {}, start)


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


def reduced_costs(program: Program, row_prices: Floats) -> Floats:
    """cost - matrix.T @ row_prices: what each column would gain (negative) or lose at these row prices."""
    return np.asarray(program.cost - program.matrix.T @ row_prices)


def proven_bound(program: Program, row_prices: Floats) -> float:
    """A lower bound on the program that holds for any row prices (Lagrangian bound, exact pricing of every column).

    Prices of the wrong sign for a one-sided row count as 0. Columns with a negative reduced cost enter at their upper
    bound; an unbounded one gives -inf, so bounds on columns must be finite for a useful answer.
    """
    prices = np.where(np.isneginf(program.row_lower), np.minimum(row_prices, 0.0), row_prices)
    prices = np.where(np.isposinf(program.row_upper), np.maximum(prices, 0.0), prices)
    sides = np.where(prices >= 0, program.row_lower, program.row_upper)
    from_rows = float(np.sum(np.where(prices == 0, 0.0, prices * np.where(prices == 0, 0.0, sides))))
    gains = reduced_costs(program, prices)
    ends = np.where(gains >= 0, program.lower, program.upper)
    return from_rows + float(np.sum(np.where(gains == 0, 0.0, gains * np.where(gains == 0, 0.0, ends))))


def _solve(program: Program, effort: Effort, integer: Bools, options: dict[str, str], start: Floats | None) -> Outcome:
    model = _to_model(program, integer)
    is_mip = bool(integer.any())
    parameters = _parameters(effort, options, is_mip)
    model_parameters = model_parameters_pb2.ModelSolveParametersProto()
    if start is not None:
        hint = model_parameters.solution_hints.add()
        hint.variable_values.ids.extend(range(len(start)))
        hint.variable_values.values.extend(start)
    try:
        reply = _interruptible(model, parameters, model_parameters)
    except Exception as error:  # the binding's own StatusNotOk derives from Exception only
        detail = str(error)[:300]
        raise SolverError(Message(f"求解器拒绝了模型：{detail}", f"the solver refused the model: {detail}")) from error
    return _outcome(reply, program, is_mip)


def _interruptible(model: Any, parameters: Any, model_parameters: Any) -> Any:
    """MathOpt's answer, from a thread of its own: inside the native call a Ctrl-C would be swallowed. The waiting side
    gets the KeyboardInterrupt, tells the solver to stop, and passes it on."""
    interrupter = PySolveInterrupter()
    solver, initializer = parameters_pb2.SOLVER_TYPE_HIGHS, parameters_pb2.SolverInitializerProto()
    registration = callback_pb2.CallbackRegistrationProto()
    with ThreadPoolExecutor(max_workers=1) as worker:
        answer = worker.submit(
            mathopt.solve,
            model,
            solver,
            initializer,
            parameters,
            model_parameters,
            None,
            registration,
            None,
            interrupter,
        )
        try:
            while True:
                try:
                    return answer.result(timeout=SIGNAL_CHECK_S)
                except TimeoutError:
                    if answer.done():
                        raise
        except KeyboardInterrupt:
            interrupter.interrupt()
            raise


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


def _parameters(effort: Effort, options: dict[str, str], is_mip: bool) -> Any:
    parameters = parameters_pb2.SolveParametersProto()
    parameters.random_seed = effort.seed
    if effort.seconds is not None:
        parameters.time_limit.FromMilliseconds(max(1, int(effort.seconds * 1000)))
    if is_mip:
        parameters.relative_gap_tolerance = effort.gap
        if effort.nodes is not None:
            parameters.node_limit = effort.nodes
    for name, text in options.items():
        parameters.highs.string_options[name] = text
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
    x = _dense(best.primal_solution.variable_values, len(program.cost))
    prices = None
    if not is_mip and best.HasField("dual_solution"):
        prices = _dense(best.dual_solution.dual_values, program.matrix.shape[0])
    status = "optimal" if reason == result_pb2.TERMINATION_REASON_OPTIMAL else "feasible"
    return Outcome(status, x, prices, float(best.primal_solution.objective_value), float(bounds.dual_bound))


def _dense(vector: Any, size: int) -> Floats:
    values = np.zeros(size)
    values[np.fromiter(vector.ids, dtype=np.int64, count=len(vector.ids))] = np.fromiter(
        vector.values, dtype=np.float64, count=len(vector.values)
    )
    return values
