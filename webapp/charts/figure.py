"""What a page needs to show a chart: the drawing, the same for plotly.js, and the table twin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

COLOURS: Mapping[str, str] = {
    "water": "#17766b",
    "road": "#8a5a2b",
    "sea": "#1d5f8a",
    "rail": "#6b4a8a",
    "negative": "#b3261e",
    "quiet": "#7c8f95",
    "ink": "#17252a",
    "line": "#c3d0d4",
    "thin": "#9db8bf",
    "land": "#fbfaf5",
    "ground": "#dcebf0",
}
"""Look -> colour, those of style.css. Marks keep 3:1 or better on their ground (WCAG 1.4.11)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table twin as printed; ``url`` leads on where there is one."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a chart. The first cell of a row is its header; every row is as long as ``columns``."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart. ``figure_id`` is unique on its page; ``plot`` is {data, layout} for plotly.js; ``table`` None means that
    the page shows the numbers itself; ``is_map``: the plot needs WebGL and shows buttons to zoom; ``credit``: where the
    ground comes from."""

    figure_id: str
    title: str
    svg: Markup
    plot: Mapping[str, Any]
    table: Table | None
    note: str = ""
    is_map: bool = False
    credit: str = ""


def plain(text: str) -> str:
    """Text that plotly.js prints as it stands: it reads ``<b>`` and the like as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
