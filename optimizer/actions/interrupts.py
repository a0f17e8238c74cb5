"""Ctrl-C and the processes that read for another one: it reaches all of them, and one of them answers."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_INTERRUPT = {signal.SIGINT}


@contextmanager
def interrupts_held() -> Iterator[None]:
    """A process begun inside hears Ctrl-C only once it calls :func:`end_on_interrupt`: while it still imports, it would
    print a traceback of that. This process hears it as ever, after the block at the latest."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPT)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_on_interrupt() -> None:
    """For a process that only reads: Ctrl-C, also one that came before, ends it at once and without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPT)
