"""Solves side by side: at the same time, answered in the order they were begun, and ended together."""

from __future__ import annotations

from threading import Barrier, Event

import numpy as np
import pytest
import scipy.sparse as sp

from optimizer.errors import InputError, Message
from optimizer.planning.design import Effort, Outcome, Program, SideBySide, solve_integer

LONG_S = 60.0


def smallest() -> Program:
    """One column that is whole."""
    zero, one = np.zeros(1), np.ones(1)
    return Program(one, sp.csr_array([[1.0]]), one, one, zero, one, one.astype(bool))


def test_two_solves_run_at_the_same_time_and_answer_in_order() -> None:
    """Each waits for the other before it answers: one after the other they would wait for ever."""
    both = Barrier(2, timeout=LONG_S)

    def solve(number: int) -> int:
        both.wait()
        return number

    with SideBySide[int](2) as threads:
        begun = [threads.begin(lambda number=number: solve(number)) for number in (1, 2)]  # type: ignore[misc]
        assert [threads.answer(each) for each in begun] == [1, 2]


def test_leaving_waits_for_nobody_and_begins_nothing_more() -> None:
    """What waited is never begun, and a thread that comes to its next solve afterwards gives up."""
    left = Event()

    def solve() -> Outcome:
        assert left.wait(LONG_S)
        return solve_integer(smallest(), Effort())

    with SideBySide[Outcome](1) as threads:
        begun, later = threads.begin(solve), threads.begin(lambda: pytest.fail("never begun"))
    assert not begun.done()
    left.set()
    assert isinstance(begun.exception(LONG_S), KeyboardInterrupt)
    assert later.cancelled()
    assert solve_integer(smallest(), Effort()).objective == 1.0


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InputError(Message("错", "wrong"))])
def test_what_stops_a_solve_reaches_whoever_asks_for_its_answer(error: BaseException) -> None:
    """An error or a Ctrl-C within a thread is raised where the answer is asked for."""

    def solve() -> int:
        raise error

    with pytest.raises(type(error)), SideBySide[int](2) as threads:
        threads.answer(threads.begin(solve))
