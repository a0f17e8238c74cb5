"""Bars drawn on the server: an SVG needs no script and prints. Every chart stands beside a table with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BAR_HEIGHT = 22
ROW_HEIGHT = 34
WIDTH = 600
LABEL_WIDTH = 170
VALUE_WIDTH = 120


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
    """A bar with its place in the drawing, in SVG units."""

    bar: Bar
    x: float
    y: float
    length: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of ``WIDTH`` x ``height`` units; ``zero_x`` is where an amount of zero lies."""

    title: str
    bars: tuple[DrawnBar, ...]
    height: int
    zero_x: float
    width: int = WIDTH
    bar_height: int = BAR_HEIGHT
    label_width: int = LABEL_WIDTH


def bar_chart(title: str, bars: Sequence[Bar]) -> Chart:
    """Lay bars out under each other on one scale that holds zero; negative amounts run to the left of it."""
    low = min([0, *(bar.amount for bar in bars)])
    high = max([0, *(bar.amount for bar in bars)])
    scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / ((high - low) or 1)
    zero_x = LABEL_WIDTH - low * scale
    drawn = [
        DrawnBar(
            bar,
            x=round(zero_x + min(bar.amount, 0) * scale, 1),
            y=row * ROW_HEIGHT + (ROW_HEIGHT - BAR_HEIGHT) / 2,
            length=round(abs(bar.amount) * scale, 1),
        )
        for row, bar in enumerate(bars)
    ]
    return Chart(title, tuple(drawn), height=ROW_HEIGHT * len(bars), zero_x=round(zero_x, 1))
