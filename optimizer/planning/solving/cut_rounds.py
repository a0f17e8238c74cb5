"""A better bound from whole ships: rounds of the coarse relaxation with the linking cuts that it breaks.

A month of full ships gains little by it; where loads are small beside ships it is much of what is left of the gap.
So it waits until a plan has been improved where it loses most, and ends when rounds gain little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.linking import Linker, LinkingCut, with_cuts
from optimizer.planning.bounds.relaxation import Relaxation, tighten
from optimizer.planning.design import Effort, Floats
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.solving.problem import Problem

ROUNDS = 12
LEAST_GAIN, WEAK_ROUNDS = 5e-4, 2
"""Once so many rounds in a row raise the bound by less than this part, all the rounds are over. The first may gain
nothing where the next one does: relaxations are solved no closer than CLOSE_ENOUGH. But where its linear program comes
to no more than what is proven already, slot by slot, as in months of full ships, the rounds are over at once."""


@dataclass(frozen=True, slots=True)
class Strengthened:
    """The plan program with linking cuts among its rows, what proves bounds of it, row prices, and the bound in yuan
    that they prove. It holds for every whole plan."""

    plan: PlanProgram
    proof: LagrangianBound
    prices: Floats
    bound_yuan: float


def strengthened(
    problem: Problem, relaxation: Relaxation, seed: int, left_s: Callable[[], float] = lambda: np.inf
) -> Iterator[Strengthened]:
    """Round after round the program with more of the cuts that its relaxation breaks, each with a bound no worse than
    the one before. ``relaxation``: of the program without cuts, all columns written down."""
    plan, linker = problem.program, Linker(problem.program, problem.space)
    horizon = int(max(plan.row_slot.max(initial=0), plan.column_slot.max(initial=0))) + 1
    cuts: dict[LinkingCut, None] = {}
    weak = 0
    for _ in range(ROUNDS):
        fresh = [cut for cut in linker.broken(relaxation.shares) if cut not in cuts]
        if not fresh or left_s() <= 0:
            return
        cuts.update(dict.fromkeys(fresh))
        stronger = with_cuts(plan, problem.space, list(cuts))
        proof = LagrangianBound(stronger, problem.fleet, problem.space.ways, problem.proof.workers)
        before = replace(relaxation, prices=np.append(relaxation.prices, np.zeros(len(fresh))))
        relaxation = tighten(stronger, horizon, before, proof, Effort(seed=seed), left_s)
        if not relaxation.feasible:
            return
        yield Strengthened(stronger, proof, relaxation.prices, relaxation.bound)
        weak = weak + 1 if relaxation.bound - before.bound < LEAST_GAIN * abs(before.bound) else 0
        if weak == WEAK_ROUNDS or relaxation.most_yuan <= before.bound:
            return
