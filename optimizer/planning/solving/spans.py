"""Spans of days set free whole: where a plan lost much at once, as at quays that are full for weeks, or by filling
ships one after the other, no corridor of a few thousand columns mends it.

All columns that may be set free (``neighbourhoods``) in some weeks make a program too large for branch and bound, but
a quick linear one. Its solution and the plan say nearly the same; only the hulls between the two numbers, the whole
ones next to the solution and those of the plan, are left to branch and bound, which has the plan to begin from
(relaxation induced neighbourhoods: E. Danna, E. Rothberg and C. Le Pape, Mathematical Programming 102, 2005).

Spans overlap by half and go through the month until a round gains little. Each stops at a gap or a number of nodes, so
that equal input gives equal plans.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optimizer.planning.design import (
    Bools,
    Effort,
    Floats,
    Indices,
    Outcome,
    Program,
    SideBySide,
    solve_integer,
    solve_linear,
)
from optimizer.planning.layout.fleetflow import WAIT
from optimizer.planning.solving.neighbourhoods import USED, Neighbourhoods
from optimizer.planning.solving.windows import between

Rounds = tuple[tuple[int, float], ...]

SHORT: Rounds = ((24, 2e-4), (32, 2e-4), (40, 2e-4))
"""Slots of the spans of one round each before the longest, and what a linear program must gain there: a short one is
solved in a fraction of the time of the longest, and gains much of what there is. Of months of 2,000 and 3,000 shipments
the shortest gained most in their first seconds, and those of another length cut the month elsewhere."""
FINE: Rounds = ((24, 2e-5), (32, 2e-5), (40, 2e-5))
"""The same where a plan is close to its bound already: then smaller gains are what there is."""
AHEAD = 2
"""So many spans are solved at the same time."""
COLUMNS = 90_000
"""The longest spans are as long as it may be with so many columns."""
LEAST_SLOTS = 32
"""A shorter span knows no way there and back: then there are none."""
POOR = 2e-4
"""The search ends with a round that gained less than this part of the cost."""
WORTH = 2e-4
"""A linear program that gains less than this part of the cost is not worth whole numbers; proofs stop at it, too."""
NODES = 5
LEAST_S = 0.1


Threads = SideBySide[Outcome | None]


@dataclass(frozen=True, slots=True)
class _Span:
    """Slots ``start`` to ``end`` set free, with what is being solved for them."""

    start: int
    end: int
    worth: float
    columns: Indices
    program: Program
    entries: sp.csc_array
    answer: Future[Outcome | None]

    def meets(self, start: int, end: int) -> bool:
        """Whether these slots have some in common with others."""
        return self.start < end and start < self.end


class Spans:
    """Searches on from where ``around`` stands; what is found it knows, too. ``short``: rounds of short spans that go
    before the longest."""

    def __init__(self, around: Neighbourhoods, short: Rounds = ()) -> None:
        self.short = short
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
        with Threads(min(self.around.problem.proof.workers, AHEAD)) as threads:
            for short, worth in self.short:
                if short < length:
                    yield from self._round(0, short, worth, threads, left_s)
            start = 0
            while rounds > 0 and gained > POOR * self._yuan() and left_s() > 0:
                rounds -= 1
                gained = yield from self._round(start, length, WORTH, threads, left_s)
                # The next round's spans have their ends where these had their middles.
                start = -(length // 4) - start

    def _round(
        self, start: int, length: int, worth: float, threads: Threads, left_s: Callable[[], float]
    ) -> Generator[Floats, None, float]:
        """Spans of a length all through the month, every other one first, so that two in a row have no day in common:
        a span begins while the one before is still solved. What all gain, yuan."""
        gained, begun = 0.0, deque[_Span]()
        starts = range(start, self.slots, max(length // 2, 1))
        for first in (*starts[::2], *starts[1::2]):
            while begun and (len(begun) == AHEAD or begun[-1].meets(first, first + length)):
                gain = self._end(begun.popleft(), threads, left_s)
                gained += gain
                if gain:
                    yield self.around.x
            if left_s() <= 0:
                break
            begun.append(self._begin(first, first + length, worth, begun, threads, left_s))
        while begun:
            gain = self._end(begun.popleft(), threads, left_s)
            gained += gain
            if gain:
                yield self.around.x
        return gained

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

    def _begin(
        self,
        start: int,
        end: int,
        worth: float,
        begun: Iterable[_Span],
        threads: Threads,
        left_s: Callable[[], float],
    ) -> _Span:
        """Begin to solve a span. Services of cargo that could go in a span before, too, are left to that one."""
        columns = self.columns(start, end)
        for span in begun:
            columns = np.setdiff1d(columns, span.columns, assume_unique=True)
        program, entries = self.around.restricted(columns)
        x, worth_yuan = self.around.x[columns], worth * self._yuan()
        answer = threads.begin(lambda: self._solved(program, x, self.waits[columns], worth_yuan, left_s))
        return _Span(start, end, worth, columns, program, entries, answer)

    def _end(self, span: _Span, threads: Threads, left_s: Callable[[], float]) -> float:
        """Take what a span comes to; what that gains (yuan, 0: nothing)."""
        outcome = threads.answer(span.answer)
        if outcome is None:
            return 0.0
        if not self.around.holds(span.columns, span.entries, outcome):
            # What the span before has taken since (room at a terminal on a day of both) is missing: once more without.
            span = self._begin(span.start, span.end, span.worth, (), threads, left_s)
            outcome = threads.answer(span.answer)
            if outcome is None:
                return 0.0
        return self.around.take(span.program, span.columns, span.entries, outcome)

    def _solved(
        self, program: Program, x: Floats, waits: Bools, worth_yuan: float, left_s: Callable[[], float]
    ) -> Outcome | None:
        """Whole numbers between the plan ``x`` and the linear solution; None where these are not worth it."""
        before = float(program.cost @ x)
        linear = solve_linear(program, self._effort(left_s))
        if linear.x is None or before - linear.objective < worth_yuan:
            return None
        effort = replace(self._effort(left_s), gap=worth_yuan / max(abs(before), 1.0), nodes=NODES)
        return solve_integer(between(program, (x, linear.x), waits), effort, x)

    def _effort(self, left_s: Callable[[], float]) -> Effort:
        left = left_s()
        return Effort(seconds=None if np.isinf(left) else max(left, LEAST_S), seed=self.around.seed)
