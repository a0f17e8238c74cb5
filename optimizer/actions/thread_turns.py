"""Turns of two threads at the interpreter."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

SHORT_TURN_S = 0.0001
"""A fiftieth of the usual. A writer who comes back from the database waits for the turn of the thread that prepares the
next batch to end, many times for each batch."""


@contextmanager
def short_turns() -> Iterator[None]:
    """A thread that comes back from the database goes on soon inside. The setting is of the whole process; where
    several do this at once, whoever found the usual one puts it back."""
    usual_s = sys.getswitchinterval()
    if usual_s <= SHORT_TURN_S:
        yield
        return
    sys.setswitchinterval(SHORT_TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(usual_s)
