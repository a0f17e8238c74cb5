"""Reading a hundred thousand records at once without the collector of cycles walking them over and over.

Everything that is read lives to the end and holds no cycles: the walks find nothing and take a third of the time (a
statement of 10,000 lots, `modalshift bench statement`). Reference counting goes on as ever.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = 200_000
"""Objects made between two walks in a process that does nothing but settle."""
HARDLY = 1_000_000
"""The same for one that does nothing but read: more than a block of waybills has, or each block would be walked."""


@contextmanager
def collection_paused() -> Iterator[None]:
    """No walks inside. Threads may overlap: whoever found the collector running sets it going again."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@contextmanager
def collected_rarely(objects: int = RARELY) -> Iterator[None]:
    """Walks after so many ``objects`` inside, for work that goes on for long and lets go of what it made, batch by
    batch. Where several do this at once, whoever found the usual thresholds puts them back."""
    usual = gc.get_threshold()
    if usual[0] >= objects:
        yield
        return
    collect_rarely(objects)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def collect_rarely(objects: int = HARDLY) -> None:
    """For a process that only reads."""
    gc.set_threshold(objects, 10, 10)
