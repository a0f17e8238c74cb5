"""Multicommodity capacitated network design: the combinatorial heart of freight planning, with its own plain input.

instance    the problem, its answer, settings and progress       reader, generate   public files and random problems
solve       the recipe: ``solve_design``                          flow               its linear case: ``solve_flow``
check       an answer recomputed without the solver
"""

from optimizer.planning.netdesign.flow import solve_flow
from optimizer.planning.netdesign.instance import Design, Instance, Progress, Result, Settings, cost_of
from optimizer.planning.netdesign.reader import read_instance
from optimizer.planning.netdesign.solve import solve_design

__all__ = [
    "Design",
    "Instance",
    "Progress",
    "Result",
    "Settings",
    "cost_of",
    "read_instance",
    "solve_design",
    "solve_flow",
]
