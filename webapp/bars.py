"""Bars drawn on the server: an SVG needs no script and prints. Every chart stands beside a table with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000
"""Units across one bar's field; the browser stretches it to the room there is, the words beside it stay in size."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: label, the figure as printed, its size in whole units (g, fen, s), and its look: ``road``, ``option`` or
    ``negative``."""

    label: str
    figure: str
    amount: int
    look: str


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """A bar with its place in its field, in units from the left edge."""

    bar: Bar
    x: float
    length: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars under each other on one scale; ``zero_x`` is where an amount of zero lies."""

    title: str
    bars: tuple[DrawnBar, ...]
    zero_x: float
    width: int = WIDTH


def bar_chart(title: str, bars: Sequence[Bar]) -> Chart:
    """Lay bars out on one scale that holds zero; negative amounts run to the left of it."""
    low = min([0, *(bar.amount for bar in bars)])
    high = max([0, *(bar.amount for bar in bars)])
    scale = WIDTH / ((high - low) or 1)
    zero_x = -low * scale
    drawn = [
        DrawnBar(bar, x=round(zero_x + min(bar.amount, 0) * scale, 1), length=round(abs(bar.amount) * scale, 1))
        for bar in bars
    ]
    return Chart(title, tuple(drawn), zero_x=round(zero_x, 1))
