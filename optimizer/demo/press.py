"""The press: PDFs made in a process beside the story, which goes on meanwhile.

Typst holds the interpreter while it sets a document, so a thread would not help; the second core does.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from optimizer.accounts.statement import Statement
from optimizer.demo.folder import DemoFolder
from optimizer.documents.statement_files import statement_pdf


class Press:
    """Takes statements, and puts their PDFs into the folder when told to deliver."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool
        self._orders: list[tuple[str, Future[bytes]]] = []

    def order(self, name: str, statement: Statement) -> None:
        """Have the Chinese PDF of a statement made, to be the file ``name``."""
        self._orders.append((name, self._pool.submit(statement_pdf, statement, "zh")))

    def deliver(self, folder: DemoFolder) -> None:
        """Wait for everything that was ordered and write it. Raises what went wrong in making one."""
        for name, made in self._orders:
            folder.write(name, made.result())
        self._orders.clear()


@contextmanager
def press() -> Iterator[Press]:
    """A press for the length of a story; what nobody fetched by then is dropped."""
    # Spawned, not forked: the planner has left threads of its solvers behind, and a fork would copy their locks.
    pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), initializer=_leave_interrupts_alone)
    try:
        yield Press(pool)
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_alone() -> None:
    """Ctrl-C reaches the whole process group; the story answers it and closes the press."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
