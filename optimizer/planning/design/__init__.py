"""The only door to OR-Tools: linear and mixed-integer programs handed over as arrays.

Building a large model expression by expression in Python takes longer than solving it, so a :class:`Program` is plain
arrays. Five ways in:

solve_linear, solve_integer      one program, once, by HiGHS
solve_nearly_whole               the same for programs whose relaxation is almost whole
solve_by_cp_sat                  one integer program by CP-SAT (whole coefficients; what is continuous is discretised)
GrowingLinear                    a linear program that gains columns and rows and is solved again from where it stood
SideBySide                       several of these at the same time

:func:`proven_bound` does not believe any of them.
"""

from optimizer.planning.design.incremental import GrowingLinear
from optimizer.planning.design.mathopt import (
    SETTLED,
    SOLVER_VERSION,
    solve_by_cp_sat,
    solve_integer,
    solve_linear,
    solve_nearly_whole,
)
from optimizer.planning.design.program import (
    Bools,
    Effort,
    Floats,
    Indices,
    Outcome,
    Program,
    proven_bound,
    reduced_costs,
)
from optimizer.planning.design.side_by_side import SideBySide

__all__ = [
    "SETTLED",
    "SOLVER_VERSION",
    "Bools",
    "Effort",
    "Floats",
    "GrowingLinear",
    "Indices",
    "Outcome",
    "Program",
    "SideBySide",
    "proven_bound",
    "reduced_costs",
    "solve_by_cp_sat",
    "solve_integer",
    "solve_linear",
    "solve_nearly_whole",
]
