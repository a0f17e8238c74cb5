"""What a bench hands back, as frozen records.

Result   one bench on one machine: what was measured, with which settings and versions
Method   ours or a baseline, with what it does and does not do
Figure   one measured quantity of a method, a value per run
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median as median_of
from typing import Any

from optimizer.errors import Message

UNITS = ("s", "ms", "yuan", "cost", "t", "MiB", "kB", "share", "count")
"""Units a figure may have; a share is a part of 1, a cost is in the units of a public problem, which are no money."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity. ``values``: one per run, or a single one where nothing can vary; None where a run gave none."""

    name: str
    label: Message
    unit: str
    values: tuple[float | None, ...]

    @property
    def median(self) -> float | None:
        """The median of the values. None as soon as one run gave none: leaving the failures out would flatter."""
        return middle(self.values)


@dataclass(frozen=True, slots=True)
class Method:
    """One way of doing the work. ``does``: what it does and what it leaves out. ``endings``: how each run ended, a word
    per run (empty where a run can only end in one way). ``notes``: what a reader must know about the figures."""

    name: str
    label: Message
    baseline: bool
    does: Message
    figures: tuple[Figure, ...]
    endings: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()

    def figure(self, name: str) -> Figure | None:
        """The figure of a name, None when the method does not have it."""
        return next((figure for figure in self.figures if figure.name == name), None)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured. ``memory_gib`` is what the system reports; ``cores`` are those open to the process."""

    cpu: str
    cores: int
    memory_gib: float
    system: str
    python: str


@dataclass(frozen=True, slots=True)
class Load:
    """Load averages over one minute when the bench began and when it ended; at the end it includes the bench itself.
    -1 where the system does not tell."""

    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Result:
    """A bench. ``subject``: what was worked on. ``settings``: JSON values. ``versions``: of the product, its data and
    the libraries that did the work. ``seed``: of the first run."""

    bench: str
    subject: Message
    measured_at: datetime
    machine: Machine
    load: Load
    versions: Mapping[str, str]
    settings: Mapping[str, Any]
    seed: int
    runs: int
    methods: tuple[Method, ...]

    def method(self, name: str) -> Method:
        """The method of a name; KeyError when there is none."""
        for method in self.methods:
            if method.name == name:
                return method
        raise KeyError(name)


def middle(values: Sequence[float | None]) -> float | None:
    """The median; None for no values and where any is None."""
    known = [value for value in values if value is not None]
    return float(median_of(known)) if known and len(known) == len(values) else None
