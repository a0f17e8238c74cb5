"""Spans of days set free whole: where a plan lost much at once, as at quays that are full for weeks, no corridor of a
few thousand columns mends it.

All columns that may be set free (``neighbourhoods``) in some weeks make a program too large for branch and bound, but
a quick linear one. Its solution and the plan say nearly the same; only the hulls between the two numbers, the whole
ones next to the solution and those of the plan, are left to branch and bound, which has the plan to begin from
(relaxation induced neighbourhoods: E. Danna, E. Rothberg and C. Le Pape, Mathematical Programming 102, 2005).

Spans overlap by half and go through the month until a round gains little. Each stops at a gap or a number of nodes, so
that equal input gives equal plans.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from optimizer.planning.design import Bools, Effort, Floats, Indices, solve_integer, solve_linear
from optimizer.planning.fleetflow import WAIT
from optimizer.planning.neighbourhoods import USED, Neighbourhoods
from optimizer.planning.windows import between

COLUMNS = 90_000
"""A span is as long as it may be with so many columns."""
LEAST_SLOTS = 32
"""A shorter span knows no way there and back: then there are none."""
POOR = 2e-4
"""The search ends with a round that gained less than this part of the cost."""
WORTH = 2e-4
"""A linear program that gains less than this part of the cost is not worth whole numbers; proofs stop at it, too."""
NODES = 5
LEAST_S = 0.1


class Spans:
    """Searches on from where ``around`` stands; what is found it knows, too."""

    def __init__(self, around: Neighbourhoods) -> None:
        self.around, self.program = around, around.program
        timed = around.slot >= 0
        self.first = np.where(timed, np.minimum(around.slot, around.end), -1)
        self.last = np.where(timed, np.maximum(around.slot, around.end), -1)
        self.slots = around.problem.space.grid.slots
        hulls = around.problem.fleet.columns
        self.waits = np.concatenate([np.zeros(around.plan.cargo_count, dtype=bool), hulls.kind == WAIT])
        self.useful = self._useful()

    def better(self, left_s: Callable[[], float] = lambda: np.inf, rounds: float = np.inf) -> Iterator[Floats]:
        """Better and better plans, until a round gains little, or so many rounds are over, or the time is up."""
        gained, length = np.inf, self._length()
        if length < LEAST_SLOTS:
            return
        start = 0
        while rounds > 0 and gained > POOR * self._yuan():
            gained, rounds = 0.0, rounds - 1
            for first in range(start, self.slots, length // 2):
                if left_s() <= 0:
                    return
                gain = self._try(self.columns(first, first + length), left_s)
                gained += gain
                if gain:
                    yield self.around.x
            # The next round's spans have their ends where these had their middles.
            start = -(length // 4) - start

    def _yuan(self) -> float:
        return abs(float(self.program.cost @ self.around.x))

    def _length(self) -> int:
        """The slots of the longest span that keeps to so many columns wherever it lies."""
        for length in range(self.slots, 0, -4):
            starts = range(0, self.slots, max(length // 2, 1))
            if all(int(self._inside(start, start + length).sum()) <= COLUMNS for start in starts):
                return length
        return 0

    def _useful(self) -> Bools:
        """Which of what may be set free may gain: a loaded voyage does where some cargo may be aboard."""
        around, slots = self.around, self.slots
        cargo, owned = around.problem.space.columns, around.near[around.owner >= 0]
        asked = np.zeros((len(around.problem.space.families) + 1, slots), dtype=bool)
        asked[cargo.family[owned], cargo.slot[owned]] = True
        asked[cargo.onward[owned], cargo.onward_slot[owned]] = True
        asked[-1] = False
        loaded = (around.owner < 0) & (around.family >= 0)
        return np.asarray(~loaded | asked[around.family, around.slot] | (around.x[around.near] > USED))

    def _inside(self, start: int, end: int) -> Bools:
        return np.asarray((self.first >= max(start, 0)) & (self.last < end) & self.useful)

    def columns(self, start: int, end: int) -> Indices:
        """The columns that begin and end in the slots ``start`` to ``end``, and the services of all cargo among
        them."""
        found = np.flatnonzero(self._inside(start, end))
        return np.asarray(self.around.near[np.sort(np.concatenate([found, self.around.services(found)]))])

    def _try(self, columns: Indices, left_s: Callable[[], float]) -> float:
        """Solve a span; what that gains (yuan, 0: nothing)."""
        around = self.around
        program, entries = around.restricted(columns)
        x, worth = around.x[columns], WORTH * self._yuan()
        before = float(program.cost @ x)
        linear = solve_linear(program, self._effort(left_s))
        if linear.x is None or before - linear.objective < worth:
            return 0.0
        effort = replace(self._effort(left_s), gap=worth / max(abs(before), 1.0), nodes=NODES)
        outcome = solve_integer(between(program, (x, linear.x), self.waits[columns]), effort, x)
        return around.take(program, columns, entries, outcome)

    def _effort(self, left_s: Callable[[], float]) -> Effort:
        left = left_s()
        return Effort(seconds=None if np.isinf(left) else max(left, LEAST_S), seed=self.around.seed)
