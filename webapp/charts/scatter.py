"""Points in a plane, joined by a line in their order: what costs what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from webapp.charts.drawing import element, label_text, svg, tick_text, ticks, titled
from webapp.charts.figure import COLOURS, Cell, Figure, Table, plain

WIDTH, HEIGHT = 800, 420
LEFT, RIGHT, TOP, BOTTOM = 96, 24, 34, 58


@dataclass(frozen=True, slots=True)
class Point:
    """``cells``: the row of the table twin; the first names the point. ``url``: the page that it opens. ``apart``:
    drawn for comparison, not on the line."""

    x: float
    y: float
    cells: tuple[str, ...]
    url: str = ""
    apart: bool = False


def scatter_chart(
    figure_id: str,
    title: str,
    x_axis: str,
    y_axis: str,
    points: Sequence[Point],
    columns: tuple[str, ...],
    *,
    note: str = "",
) -> Figure:
    """Points on round axes that need not hold zero; ``columns`` head the table twin, one for each cell of a point."""
    for point in points:
        assert len(point.cells) == len(columns), point
    rows = tuple((Cell(point.cells[0], point.url), *(Cell(text) for text in point.cells[1:])) for point in points)
    return Figure(
        figure_id,
        title,
        _draw(title, x_axis, y_axis, points),
        {"data": _traces(points, columns), "layout": _layout(x_axis, y_axis)},
        Table(columns, rows),
        note,
    )


def _draw(title: str, x_axis: str, y_axis: str, points: Sequence[Point]) -> Markup:
    xs = ticks(min(p.x for p in points), max(p.x for p in points)) if points else [0.0, 1.0]
    ys = ticks(min(p.y for p in points), max(p.y for p in points)) if points else [0.0, 1.0]

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - xs[0]) / (xs[-1] - xs[0])

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (ys[-1] - value) / (ys[-1] - ys[0])

    parts = [label_text(8, 20, y_axis, "start"), label_text(WIDTH - RIGHT, HEIGHT - 12, x_axis, "end")]
    for mark in xs:
        parts.append(element("line", x1=x(mark), x2=x(mark), y1=TOP, y2=HEIGHT - BOTTOM, stroke=COLOURS["line"]))
        parts.append(label_text(x(mark), HEIGHT - BOTTOM + 20, tick_text(mark)))
    for mark in ys:
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y(mark), y2=y(mark), stroke=COLOURS["line"]))
        parts.append(label_text(LEFT - 8, y(mark) + 4, tick_text(mark), "end"))
    path = " ".join(f"{x(p.x):.1f},{y(p.y):.1f}" for p in points if not p.apart)
    parts.append(element("polyline", points=path, fill="none", stroke=COLOURS["water"], stroke_width=2))
    for point in points:
        look = COLOURS["road" if point.apart else "water"]
        parts.append(titled("circle", " · ".join(point.cells), cx=x(point.x), cy=y(point.y), r=6, fill=look))
        parts.append(label_text(x(point.x) + 9, y(point.y) - 9, point.cells[0], "start"))
    return svg(WIDTH, HEIGHT, title, parts)


def _traces(points: Sequence[Point], columns: tuple[str, ...]) -> list[dict[str, Any]]:
    traces = []
    for apart in (False, True):
        kind = [point for point in points if point.apart == apart]
        if not kind:
            continue
        words = "<br>".join(f"{plain(name)}: %{{customdata[{number}]}}" for number, name in enumerate(columns[1:], 1))
        colour = COLOURS["road" if apart else "water"]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers+text" if apart else "lines+markers+text",
                "x": [point.x for point in kind],
                "y": [point.y for point in kind],
                "text": [plain(point.cells[0]) for point in kind],
                "textposition": "top right",
                "cliponaxis": False,
                # The address stands last: clicks look for it there.
                "customdata": [[*(plain(text) for text in point.cells), point.url] for point in kind],
                "hovertemplate": f"<b>%{{customdata[0]}}</b><br>{words}<extra></extra>",
                "marker": {"color": colour, "size": 12},
                "line": {"color": colour, "width": 2},
            }
        )
    return traces


def _layout(x_axis: str, y_axis: str) -> dict[str, Any]:
    def axis(title: str) -> dict[str, Any]:
        return {"title": {"text": plain(title)}, "tickformat": ",", "zeroline": False, "automargin": True}

    return {"height": HEIGHT, "showlegend": False, "xaxis": axis(x_axis), "yaxis": axis(y_axis)}
