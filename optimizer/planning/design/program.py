"""Linear and mixed-integer programs as plain arrays, what a solve gives, and bounds that need no solver.

:func:`proven_bound` does not believe the solver: any row prices give a valid lower bound once every column is priced
against them. It knows nothing of ships and is the plain measure for ``lagrange``, which proves the bound that a plan
prints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]


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
    """How hard to try. ``nodes`` limits branch and bound, ``seconds`` is the last resort that breaks determinism.
    ``threads`` None leaves their number to the solver; it counts for CP-SAT and SCIP. ``work`` limits CP-SAT by its own
    measure of work (deterministic time, about a second each), which with one thread ends alike on every machine."""

    gap: float = 1e-4
    seconds: float | None = None
    nodes: int | None = None
    seed: int = 0
    threads: int | None = None
    work: float | None = None


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
