"""One run each on a network design problem, by the solver and by its baselines. They run in processes of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from optimizer.errors import Message, SolverError
from optimizer.planning.design import Effort, Floats, Outcome, Program, solve_by_cp_sat, solve_integer, solve_linear
from optimizer.planning.netdesign import Instance, Settings, read_instance, solve_design
from optimizer.planning.netdesign.check import recomputed_cost, violations
from optimizer.planning.netdesign.exact import ArcProgram, arc_program
from optimizer.planning.netdesign.generate import canad, grid

LEAST_SECONDS = 0.1
KEEPS, KEEPS_FIRST_ORDER = 1e-5, 1e-3
"""Share of a side by which a solver's answer may miss it; a first-order method measures itself by norms of all rows."""


@dataclass(frozen=True, slots=True)
class DesignTask:
    """A file, and what holds for every method: the relative gap to stop at, the limit and the seed."""

    path: Path
    gap: float
    time_limit_s: float
    seed: int


@dataclass(frozen=True, slots=True)
class DesignRun:
    """What one run came to. ``ending``: gap | work | time_limit | interrupt | infeasible | no_solution | failed (the
    solver's own error) | refused (the answer broke the problem). ``seconds``: wall time from a read problem to its
    answer. None: not known or nothing found. ``reason`` of the own solver: why a problem is infeasible."""

    ending: str
    seconds: float
    objective: float | None
    bound: float | None
    reason: Message | None = None

    @property
    def gap(self) -> float | None:
        """(objective - bound) / |objective|."""
        if self.objective is None or self.bound is None:
            return None
        return max(0.0, self.objective - self.bound) / max(abs(self.objective), 1e-9)


def run_own(task: DesignTask) -> DesignRun:
    """The project's solver; its objective is recomputed from the design, which must keep to the problem."""
    instance = read_instance(task.path)
    _load_kernels()
    settings = Settings(gap=task.gap, time_limit_s=task.time_limit_s, seed=task.seed)
    start = time.perf_counter()
    try:
        result = solve_design(instance, settings, time.perf_counter)
    except SolverError:
        return DesignRun("failed", time.perf_counter() - start, None, None)
    seconds = time.perf_counter() - start
    if result.design is None:
        return DesignRun(result.ending, seconds, None, _finite(result.bound), result.reason)
    if violations(instance, result.design):
        return DesignRun("refused", seconds, None, _finite(result.bound))
    return DesignRun(result.ending, seconds, recomputed_cost(instance, result.design), _finite(result.bound))


def run_direct_linear(task: DesignTask) -> DesignRun:
    """All arc flows in one linear program by HiGHS' own choice of method, flows of one origin together."""
    return _direct_linear(task, "choose")


def run_interior_point(task: DesignTask) -> DesignRun:
    """The same program by HiGHS' interior point method without crossover: the quickest that it has."""
    return _direct_linear(task, "ipm_without_crossover")


def run_glop(task: DesignTask) -> DesignRun:
    """The same program by GLOP."""
    return _direct_linear(task, "glop")


def run_pdlp(task: DesignTask) -> DesignRun:
    """The same program by PDLP, which ends with rows missed by more than the others."""
    return _direct_linear(task, "pdlp", KEEPS_FIRST_ORDER)


def run_direct_integer(task: DesignTask) -> DesignRun:
    """The arc-flow program with all strong links by HiGHS."""
    return _direct(task, lambda instance: _strong(instance).program, solve_integer)


def run_cp_sat(task: DesignTask) -> DesignRun:
    """The same program in whole units of flow by CP-SAT."""
    return _direct(task, whole_program, solve_by_cp_sat)


def _direct_linear(task: DesignTask, method: str, keeps: float = KEEPS) -> DesignRun:
    return _direct(task, origin_program, lambda program, effort: solve_linear(program, effort, method), keeps)


def origin_program(instance: Instance) -> Program:
    """Linear flow, exact: columns are the amounts of each origin on each arc (origin-major).

    Rows: what each node sends on less what it gets, per origin; then the room of each arc.
    """
    origins, which = np.unique(instance.origin, return_inverse=True)
    arc, count = np.arange(instance.arcs), len(origins)
    ends = sp.csr_array(
        (
            np.concatenate([np.ones(instance.arcs), -np.ones(instance.arcs)]),
            (np.concatenate([instance.tail, instance.head]), np.concatenate([arc, arc])),
        ),
        shape=(instance.nodes, instance.arcs),
    )
    supply = np.zeros((count, instance.nodes))
    np.add.at(supply, (which, instance.origin), instance.demand)
    np.subtract.at(supply, (which, instance.destination), instance.demand)
    conserve = sp.kron(sp.eye_array(count), ends, format="csr")
    room = sp.hstack([sp.eye_array(instance.arcs)] * count, format="csr")
    columns = count * instance.arcs
    return Program(
        cost=np.tile(instance.unit_cost, count),
        matrix=sp.csr_array(sp.vstack([conserve, room])),
        row_lower=np.concatenate([supply.ravel(), np.full(instance.arcs, -np.inf)]),
        row_upper=np.concatenate([supply.ravel(), instance.most_capacity]),
        lower=np.zeros(columns),
        upper=np.tile(instance.most_capacity, count),
        integer=np.zeros(columns, dtype=bool),
    )


def whole_program(instance: Instance) -> Program:
    """The strong arc-flow program in amounts instead of shares, all columns whole: what CP-SAT can read. With whole
    demands and capacities every coefficient is whole."""
    made = _strong(instance)
    program, demand = made.program, instance.demand[made.cell_commodity]
    rows = np.concatenate([np.repeat(instance.demand, instance.nodes - 1), instance.capacity[made.arcs], demand])
    columns = np.concatenate([1.0 / demand, np.ones(len(made.arcs))])
    matrix = sp.csr_array(sp.diags_array(rows) @ program.matrix @ sp.diags_array(columns))
    # 1/3 * 3 is not always 1.
    near = np.round(matrix.data)
    matrix.data = np.where(np.abs(matrix.data - near) < 1e-9 * np.maximum(1.0, np.abs(near)), near, matrix.data)
    return replace(
        program,
        cost=program.cost * columns,
        matrix=matrix,
        row_lower=program.row_lower * rows,
        row_upper=program.row_upper * rows,
        upper=np.concatenate([demand, program.upper[len(demand) :]]),
        integer=np.ones(len(program.cost), dtype=bool),
    )


def _strong(instance: Instance) -> ArcProgram:
    open_arcs = np.where(instance.capacity > 0, instance.most_modules, 0)
    return arc_program(instance, open_arcs, np.zeros_like(open_arcs))


def _direct(
    task: DesignTask,
    lay_out: Callable[[Instance], Program],
    solve: Callable[[Program, Effort], Outcome],
    keeps: float = KEEPS,
) -> DesignRun:
    """Laying the program out counts against the same time limit."""
    instance = read_instance(task.path)
    start = time.perf_counter()
    program = lay_out(instance)
    left_s = max(task.time_limit_s - (time.perf_counter() - start), LEAST_SECONDS)
    try:
        outcome = solve(program, Effort(gap=task.gap, seconds=left_s, seed=task.seed))
    except SolverError:
        return DesignRun("failed", time.perf_counter() - start, None, None)
    seconds = time.perf_counter() - start
    ending = {"optimal": "gap", "feasible": "time_limit"}.get(outcome.status, outcome.status)
    # A dual simplex that is stopped hands back a point that breaks rows: that is no answer.
    found = outcome.x is not None and _keeps(program, outcome.x, keeps)
    return DesignRun(ending, seconds, outcome.objective if found else None, _finite(outcome.bound))


def _keeps(program: Program, x: Floats, share: float) -> bool:
    """Whether a point keeps to rows and bounds but for a share of their size."""
    rows = program.matrix @ x
    sides = ((rows, program.row_lower, program.row_upper), (x, program.lower, program.upper))
    return all(
        bool(np.all(value >= low - share * _size(low)) and np.all(value <= high + share * _size(high)))
        for value, low, high in sides
    )


def _size(side: Floats) -> Floats:
    return np.maximum(1.0, np.abs(np.where(np.isfinite(side), side, 1.0)))


def _load_kernels() -> None:
    """Compiled code is loaded, or compiled once after an installation, before the clock starts."""
    for instance in (canad(4, 8, 2, 0, 1.0, 2.0), grid(2, 2, 0)):
        solve_design(instance, Settings(work=1, time_limit_s=None), time.perf_counter)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
