"""Bars and lines over categories: months, locks, places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal

from markupsafe import Markup

from webapp.charts.drawing import element, label_text, svg, text_width, tick_text, ticks, titled
from webapp.charts.figure import COLOURS, Cell, Figure, Table, plain

WIDTH, HEIGHT = 800, 340
LEFT, RIGHT, TOP, BOTTOM = 84, 12, 40, 44
MAX_LABEL = 12
ROW, LEAST_LEFT, MOST_LEFT = 30, 120, 330
"""Height of a category lying down, and the least and the most room for its name."""


@dataclass(frozen=True, slots=True)
class Series:
    """One measure: a value for each category (None: there is none), and how it is printed. ``mark``: bar | line."""

    name: str
    values: Sequence[float | None]
    figures: Sequence[str]
    look: str
    mark: Literal["bar", "line"] = "bar"


def category_chart(
    figure_id: str,
    title: str,
    heading: str,
    categories: Sequence[str],
    series: Sequence[Series],
    *,
    axis: str = "",
    stacked: bool = False,
    lying: bool = False,
    urls: Sequence[str] = (),
    table: bool = True,
    note: str = "",
) -> Figure:
    """Bars beside each other (``stacked``: upon each other) and lines over ``categories``; ``lying``: bars from left to
    right, for long names. ``heading`` names the categories, ``axis`` the unit of the values; ``urls``: where each
    category leads. ``table`` False: the page shows the numbers itself."""
    for one in series:
        assert len(one.values) == len(one.figures) == len(categories), one.name
    assert not urls or len(urls) == len(categories)
    low, high = _range(series, stacked)
    draw = _draw_lying if lying else _draw_standing
    return Figure(
        figure_id,
        title,
        draw(title, categories, series, ticks(low, high), stacked, axis),
        {"data": _traces(categories, series, lying, urls), "layout": _layout(series, axis, stacked, lying, categories)},
        _table(heading, categories, series, urls) if table else None,
        note,
    )


def _range(series: Sequence[Series], stacked: bool) -> tuple[float, float]:
    bars = [[value or 0.0 for value in one.values] for one in series if one.mark == "bar"]
    lines = [value for one in series if one.mark == "line" for value in one.values if value is not None]
    if stacked:
        columns = list(zip(*bars, strict=True))
        ends = [sum(v for v in column if v > 0) for column in columns] + [
            sum(v for v in column if v < 0) for column in columns
        ]
    else:
        ends = [value for values in bars for value in values]
    return min(0.0, *ends, *lines, 0.0), max(0.0, *ends, *lines, 0.0)


def _bands(number: int, series: Sequence[Series], stacked: bool) -> list[tuple[Series, float, float, float, float]]:
    """Bars of one category: (series, from, to, place, breadth); place and breadth are shares of the category's room."""
    bars = [one for one in series if one.mark == "bar"]
    if not stacked:
        breadth = 0.7 / max(len(bars), 1)
        return [
            (one, 0.0, value, 0.15 + place * breadth, breadth)
            for place, one in enumerate(bars)
            if (value := one.values[number]) is not None
        ]
    values = [one.values[number] or 0.0 for one in bars]
    ups = list(accumulate((max(value, 0.0) for value in values), initial=0.0))
    downs = list(accumulate((min(value, 0.0) for value in values), initial=0.0))
    return [
        (one, ups[place] if value >= 0 else downs[place], (ups if value >= 0 else downs)[place + 1], 0.15, 0.7)
        for place, (one, value) in enumerate(zip(bars, values, strict=True))
    ]


def _words(one: Series, category: str, number: int) -> str:
    return f"{category} · {one.name}: {one.figures[number]}"


def _draw_standing(
    title: str, categories: Sequence[str], series: Sequence[Series], marks: list[float], stacked: bool, axis: str
) -> Markup:
    room, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    each = room / max(len(categories), 1)

    def y(value: float) -> float:
        return TOP + tall * (marks[-1] - value) / (marks[-1] - marks[0])

    parts = _legend(series, axis)
    for mark in marks:
        colour = COLOURS["ink" if mark == 0 else "line"]
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y(mark), y2=y(mark), stroke=colour))
        parts.append(label_text(LEFT - 8, y(mark) + 4, tick_text(mark), "end"))
    skip = max(1, -(-len(categories) * 70 // room))
    for number, category in enumerate(categories):
        left = LEFT + number * each
        if number % skip == 0:
            parts.append(label_text(left + each / 2, HEIGHT - BOTTOM + 20, _short(category)))
        for one, start, end, place, breadth in _bands(number, series, stacked):
            box = {"x": left + place * each, "width": breadth * each, "y": y(max(start, end))}
            box["height"] = abs(y(start) - y(end))
            parts.append(titled("rect", _words(one, category, number), **box, fill=COLOURS[one.look]))
    for one in series:
        if one.mark == "line":
            points = [
                (LEFT + (number + 0.5) * each, y(value)) for number, value in enumerate(one.values) if value is not None
            ]
            parts += _line(one, points)
    return svg(WIDTH, HEIGHT, title, parts)


def _line(one: Series, points: list[tuple[float, float]]) -> list[Markup]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [element("circle", cx=x, cy=y, r=4, fill=COLOURS[one.look]) for x, y in points]
    return [element("polyline", points=path, fill="none", stroke=COLOURS[one.look], stroke_width=2.5), *dots]


def _draw_lying(
    title: str, categories: Sequence[str], series: Sequence[Series], marks: list[float], stacked: bool, axis: str
) -> Markup:
    left = min(MOST_LEFT, max([LEAST_LEFT, *(text_width(category) + 16 for category in categories)]))
    room, foot = WIDTH - left - 90, TOP + ROW * len(categories)

    def x(value: float) -> float:
        return left + room * (value - marks[0]) / (marks[-1] - marks[0])

    parts = _legend(series, axis)
    for mark in marks:
        colour = COLOURS["ink" if mark == 0 else "line"]
        parts.append(element("line", x1=x(mark), x2=x(mark), y1=TOP, y2=foot, stroke=colour))
        parts.append(label_text(x(mark), foot + 18, tick_text(mark)))
    for number, category in enumerate(categories):
        top = TOP + number * ROW
        parts.append(label_text(left - 8, top + ROW / 2 + 4, _fitted(category, left - 16), "end"))
        for one, start, end, place, breadth in _bands(number, series, stacked):
            box = {"x": x(min(start, end)), "width": abs(x(end) - x(start)), "y": top + place * ROW}
            box["height"] = breadth * ROW
            parts.append(titled("rect", _words(one, category, number), **box, fill=COLOURS[one.look]))
            if len(series) == 1:
                parts.append(label_text(x(max(start, end)) + 6, top + ROW / 2 + 4, one.figures[number], "start"))
    return svg(WIDTH, foot + 28, title, parts)


def _legend(series: Sequence[Series], axis: str) -> list[Markup]:
    parts = [label_text(8, 20, axis, "start", fill="#4b5d63")] if axis else []
    x = float(LEFT) + 60
    for one in series if len(series) > 1 else ():
        parts.append(element("rect", x=x, y=10, width=12, height=12, fill=COLOURS[one.look]))
        parts.append(label_text(x + 18, 20, one.name, "start"))
        x += 36 + text_width(one.name)
    return parts


def _short(text: str) -> str:
    return text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "…"


def _fitted(text: str, room: float) -> str:
    """As many letters as there is room for; a mark at the end ("*") stays."""
    if text_width(text) <= room:
        return text
    mark = " *" if text.endswith(" *") else ""
    kept = text.removesuffix(mark)
    while kept and text_width(f"{kept}…{mark}") > room:
        kept = kept[:-1]
    return f"{kept}…{mark}"


def _traces(
    categories: Sequence[str], series: Sequence[Series], lying: bool, urls: Sequence[str]
) -> list[dict[str, Any]]:
    names = [plain(category) for category in categories]
    whose = "%{fullData.name}" if len(series) > 1 else ""
    traces = []
    for one in series:
        along, across = ("y", "x") if lying else ("x", "y")
        trace: dict[str, Any] = {
            "type": "bar" if one.mark == "bar" else "scatter",
            "name": plain(one.name),
            along: names,
            across: list(one.values),
            "customdata": [[plain(figure), urls[number] if urls else ""] for number, figure in enumerate(one.figures)],
            "hovertemplate": f"%{{{along}}}<br>%{{customdata[0]}}<extra>{whose}</extra>",
            "marker": {"color": COLOURS[one.look]},
        }
        if lying:
            trace["orientation"] = "h"
        if one.mark == "line":
            trace |= {"mode": "lines+markers", "line": {"color": COLOURS[one.look], "width": 2.5}}
        elif len(series) == 1:
            trace |= {"text": [plain(figure) for figure in one.figures], "textposition": "auto", "cliponaxis": False}
        traces.append(trace)
    return traces


def _layout(
    series: Sequence[Series], axis: str, stacked: bool, lying: bool, categories: Sequence[str]
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "title": {"text": plain(axis)},
        "tickformat": ",",
        "rangemode": "tozero",
        "automargin": True,
    }
    names: dict[str, Any] = {"type": "category", "automargin": True, "showgrid": False}
    if lying:
        names["autorange"] = "reversed"
    return {
        "barmode": "relative" if stacked else "group",
        "height": TOP + ROW * len(categories) + 70 if lying else HEIGHT,
        "showlegend": len(series) > 1,
        "xaxis" if lying else "yaxis": values,
        "yaxis" if lying else "xaxis": names,
    }


def _table(heading: str, categories: Sequence[str], series: Sequence[Series], urls: Sequence[str]) -> Table:
    return Table(
        (heading, *(one.name for one in series)),
        tuple(
            (
                Cell(category, urls[number] if urls else ""),
                *(Cell(one.figures[number] or "—") for one in series),
            )
            for number, category in enumerate(categories)
        ),
    )
