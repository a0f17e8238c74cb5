"""Solves side by side: each in a thread of its own, answers as they are asked for, and an end that waits for none.

What is solved must not depend on which ends first: whoever asks for answers asks in the order of beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import ContextVar
from threading import Event
from types import TracebackType
from typing import Generic, TypeVar

Answer = TypeVar("Answer")
LOOK_S = 0.2
"""How long a Ctrl-C, or the end of all, may wait; an answer does not wait for it."""
ENDED: ContextVar[Event | None] = ContextVar("ended", default=None)
"""Set in the threads here: whether the solve of this thread is wanted no more."""


class SideBySide(Generic[Answer]):
    """At most ``workers`` at a time. At the end of the ``with`` block what waits is never begun and what runs is told
    to stop. Nobody waits for it: HiGHS comes to the end of its branch and bound before it listens."""

    def __init__(self, workers: int) -> None:
        self._pool, self._ended = ThreadPoolExecutor(workers), Event()

    def __enter__(self) -> SideBySide[Answer]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, solve: Callable[[], Answer]) -> Future[Answer]:
        """Solve in a thread; :meth:`answer` gives what it comes to."""

        def in_thread() -> Answer:
            ENDED.set(self._ended)
            return solve()

        return self._pool.submit(in_thread)

    def answer(self, begun: Future[Answer]) -> Answer:
        """What was begun comes to; its errors and a Ctrl-C are raised here."""
        while not wait([begun], timeout=LOOK_S).done:
            pass
        return begun.result()
