"""How a run is timed and how it reports: signs of life, and the stopwatch with its limit."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Progress:
    """A sign of life. ``stage``: layout | bound | dispatch | batches | polish | improve | exact | write. Costs in yuan,
    None while unknown."""

    stage: str
    incumbent_yuan: float | None
    bound_yuan: float | None
    columns: int
    seconds: float

    @property
    def gap(self) -> float | None:
        """(incumbent - bound) / |incumbent|, None while one of them is unknown."""
        if self.incumbent_yuan is None or self.bound_yuan is None:
            return None
        return relative_gap(self.incumbent_yuan, self.bound_yuan)


Tell = Callable[[Progress], None]


class Watch:
    """The stopwatch of a run, and the door for signs of life."""

    def __init__(self, clock: Callable[[], float], limit_s: float | None, tell: Tell, kept_s: float = 0.0) -> None:
        self.clock, self.start, self.listener = clock, clock(), tell
        # What is kept is for writing the plan down; at least half of the time is for finding it.
        self.limit_s = None if limit_s is None else max(limit_s - kept_s, limit_s / 2)

    def seconds(self) -> float:
        """Seconds since the start."""
        return self.clock() - self.start

    def unheard(self) -> Watch:
        """The same stopwatch for a search of other costs, of whose progress nobody hears."""
        other = copy(self)
        other.listener = lambda progress: None
        return other

    def left_s(self) -> float:
        """Seconds until the limit, inf without one."""
        return np.inf if self.limit_s is None else self.limit_s - self.seconds()


def relative_gap(objective: float, bound: float) -> float:
    """(objective - bound) / max(|objective|, 1)."""
    return (objective - bound) / max(abs(objective), 1.0)
