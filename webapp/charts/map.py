"""Sketch maps: coast and lakes as ground, lines as wide as what flows along them, places as points.

The ground and all lines are our own GeoJSON: a map asks no tile server, no style and no font of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import asinh, atan, degrees, hypot, log2, pi, radians, sinh, tan
from typing import Any

from markupsafe import Markup

from optimizer.network.shapes import Line, Shapes
from webapp.charts.atlas import along
from webapp.charts.drawing import element, label_text, svg, titled
from webapp.charts.figure import COLOURS, Figure, Table, plain

WIDTH, LEAST_HEIGHT, MOST_HEIGHT = 800, 360, 620
MARGIN = 0.08
LEAST_SPAN_DEG = 0.4
TILE_PX = 512
"""MapLibre's world is so many pixels wide at zoom 0."""
SHOWN_PX = 640
"""A map is at least about so wide on a desk."""
MARK_PX = 14
"""An invisible mark in the middle of a line, so large that a pointer finds it."""
ROUNDED = 4
LEAST_STEP = 1.5
"""Units of the drawing between two points of a line."""


@dataclass(frozen=True, slots=True)
class MapLine:
    """A line: its points, look, width in pixels, and the words that a pointer brings up."""

    line: Line
    look: str
    width: float
    words: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A place, lock or terminal. ``size``: radius in pixels; ``label`` is written beside it (empty: none)."""

    longitude: float
    latitude: float
    look: str
    size: float
    words: str
    label: str = ""


def map_chart(
    figure_id: str,
    title: str,
    ground: Shapes,
    network: Iterable[Line],
    lines: Sequence[MapLine],
    points: Sequence[MapPoint],
    *,
    table: Table | None,
    note: str = "",
    credit: str = "",
) -> Figure:
    """A map that holds all ``lines`` and ``points``; ``network``: thin lines of what could be used beside them. Labels
    that would cover an earlier one are left out: put what matters first."""
    view = _View.of([*(p for line in lines for p in line.line), *((p.longitude, p.latitude) for p in points)])
    thin = tuple(network)
    return Figure(
        figure_id,
        title,
        _draw(title, view, ground, thin, lines, points),
        {"data": _traces(lines, points), "layout": _layout(view, ground, lines)},
        table,
        note,
        is_map=True,
        credit=credit,
    )


@dataclass(frozen=True, slots=True)
class _View:
    """A window in Mercator's projection; x and y in units of the world's width. ``height``: of the drawing, as wide as
    WIDTH, within limits; ``scale``: drawing units for the world's width, so that all fits."""

    west: float
    east: float
    north: float
    south: float
    height: float
    scale: float

    @classmethod
    def of(cls, points: Sequence[tuple[float, float]]) -> _View:
        """Around all points, with a margin; around Quzhou's waters where there are none."""
        points = points or [(118.5, 28.7), (122.0, 31.0)]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        wide, high = (max(LEAST_SPAN_DEG - span, 2 * MARGIN * span) / 2 for span in (max(v) - min(v) for v in (xs, ys)))
        west, east = _x(min(xs) - wide), _x(max(xs) + wide)
        north, south = _y(min(max(ys) + high, 84.0)), _y(max(min(ys) - high, -84.0))
        height = min(MOST_HEIGHT, max(LEAST_HEIGHT, WIDTH * (south - north) / (east - west)))
        return cls(west, east, north, south, height, min(WIDTH / (east - west), height / (south - north)))

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Where a point lies in the drawing."""
        x = WIDTH / 2 + (_x(longitude) - (self.west + self.east) / 2) * self.scale
        y = self.height / 2 + (_y(latitude) - (self.north + self.south) / 2) * self.scale
        return x, y

    def drawn(self, line: Line) -> list[tuple[float, float]]:
        """A line in the drawing, without points that no eye tells apart; empty where it passes the drawing by on one
        side."""
        points = [self.at(*point) for point in line]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        passes = max(xs) < 0 or min(xs) > WIDTH or max(ys) < 0 or min(ys) > self.height
        return [] if passes else _thinned(points)


def _x(longitude: float) -> float:
    return (longitude + 180) / 360


def _y(latitude: float) -> float:
    """South of the pole: Mercator's y is asinh(tan(latitude))."""
    return (1 - asinh(tan(radians(latitude))) / pi) / 2


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Both ends, and of the points between those that lie LEAST_STEP or more from the one kept before."""
    kept = points[:1]
    for point in points[1:-1]:
        if hypot(point[0] - kept[-1][0], point[1] - kept[-1][1]) >= LEAST_STEP:
            kept.append(point)
    return [*kept, *points[1:][-1:]]


def _draw(
    title: str,
    view: _View,
    ground: Shapes,
    network: Sequence[Line],
    lines: Sequence[MapLine],
    points: Sequence[MapPoint],
) -> Markup:
    parts = [element("rect", width=WIDTH, height=view.height, fill=COLOURS["ground"])]
    for ring in ground.coast:
        parts.append(_path("polygon", view, ring, fill=COLOURS["land"], stroke=COLOURS["line"]))
    parts += [_path("polygon", view, ring, fill=COLOURS["ground"]) for ring in ground.lakes]
    if not ground.coast:
        parts = [element("rect", width=WIDTH, height=view.height, fill=COLOURS["land"])]
    parts += [_path("polyline", view, line, fill="none", stroke=COLOURS["thin"], stroke_width=1.2) for line in network]
    drawn = []
    for line in lines:
        look: dict[str, object] = {"fill": "none", "stroke": COLOURS[line.look], "stroke_width": round(line.width, 1)}
        look |= {"stroke_linejoin": "round", "stroke_linecap": "round"}
        dashes = "6 6" if line.dashed else None
        drawn.append(_path("polyline", view, line.line, line.words, **look, stroke_dasharray=dashes))
    # Seen through as one: where stretches meet, nothing is darker.
    parts.append(element("g", Markup("").join(drawn), opacity=0.85))
    for point in reversed(points):
        x, y = view.at(point.longitude, point.latitude)
        mark = {"cx": x, "cy": y, "r": point.size, "fill": COLOURS[point.look]}
        parts.append(titled("circle", point.words, stroke="#ffffff", stroke_width=1, **mark))
    return svg(WIDTH, view.height, title, parts + _labels(view, points))


def _path(name: str, view: _View, line: Line, words: str = "", **look: Any) -> Markup:
    drawn = view.drawn(line)
    if not drawn:
        return Markup("")
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
    return titled(name, words, points=points, **look) if words else element(name, points=points, **look)


def _labels(view: _View, points: Sequence[MapPoint]) -> list[Markup]:
    taken: list[tuple[float, float, float, float]] = []
    parts = []
    for point in points:
        if not point.label:
            continue
        x, y = view.at(point.longitude, point.latitude)
        long = sum(13 if ord(letter) > 0x2E80 else 7 for letter in point.label)
        anchor = "end" if x + point.size + 4 + long > WIDTH else "start"
        start = x + point.size + 4 if anchor == "start" else x - point.size - 4 - long
        box = (start, y - 8, start + long, y + 8)
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            continue
        taken.append(box)
        at = start if anchor == "start" else start + long
        halo: dict[str, object] = {"stroke": "#ffffff", "stroke_width": 3, "paint_order": "stroke"}
        parts.append(label_text(at, y + 4.5, point.label, anchor, **halo))
    return parts


def _traces(lines: Sequence[MapLine], points: Sequence[MapPoint]) -> list[dict[str, Any]]:
    middles = [along(line.line, 0.5) for line in lines]
    hover = {"hovertemplate": "%{customdata}<extra></extra>", "type": "scattermap"}
    marks = {
        **hover,
        "mode": "markers",
        "lon": [round(x, ROUNDED) for x, _ in middles],
        "lat": [round(y, ROUNDED) for _, y in middles],
        "customdata": [plain(line.words) for line in lines],
        "marker": {"size": MARK_PX, "opacity": 0},
    }
    shown = {
        **hover,
        "mode": "markers+text",
        "lon": [point.longitude for point in points],
        "lat": [point.latitude for point in points],
        "customdata": [plain(point.words) for point in points],
        "text": [plain(point.label) for point in points],
        "textposition": "top right",
        "textfont": {"size": 13, "color": COLOURS["ink"]},
        "marker": {
            "size": [2 * point.size for point in points],
            "color": [COLOURS[point.look] for point in points],
        },
    }
    return [marks, shown]


def _layout(view: _View, ground: Shapes, lines: Sequence[MapLine]) -> dict[str, Any]:
    height = round(view.height)
    zoom = min(log2(SHOWN_PX / TILE_PX / (view.east - view.west)), log2(height / TILE_PX / (view.south - view.north)))
    longitude = (view.west + view.east) / 2 * 360 - 180
    south, north = (_latitude(y) for y in (view.south, view.north))
    return {
        "height": height,
        "showlegend": False,
        "map": {
            "style": _style(ground, lines),
            "center": {"lon": round(longitude, ROUNDED), "lat": round((south + north) / 2, ROUNDED)},
            "zoom": round(zoom, 2),
        },
    }


def _latitude(y: float) -> float:
    return degrees(atan(sinh(pi * (1 - 2 * y))))


def ground_sources(ground: Shapes, network: Sequence[Line]) -> dict[str, Any]:
    """The sources that every map has; the page's script puts them into the style before it draws."""
    return {
        "coast": _source("Polygon", ground.coast),
        "lakes": _source("Polygon", ground.lakes),
        "network": _source("LineString", network),
    }


def _style(ground: Shapes, lines: Sequence[MapLine]) -> dict[str, Any]:
    """A MapLibre style without any address in it: it fetches nothing, text is drawn with the visitor's own fonts. The
    sources are those of ``lines``; :func:`ground_sources` are still to be put in."""
    sources: dict[str, Any] = {}
    layers: list[dict[str, Any]] = [
        _layer("sea", "background", **{"background-color": COLOURS["ground" if ground.coast else "land"]}),
        _layer("coast", "fill", **{"fill-color": COLOURS["land"], "fill-outline-color": COLOURS["line"]}),
        _layer("lakes", "fill", **{"fill-color": COLOURS["ground"]}),
        _layer("network", "line", **{"line-color": COLOURS["thin"], "line-width": 1.2}),
    ]
    for number, line in enumerate(lines):
        name = f"line-{number}"
        sources[name] = _source("LineString", [line.line])
        paint = {"line-color": COLOURS[line.look], "line-width": round(line.width, 1), "line-opacity": 0.85}
        if line.dashed:
            paint["line-dasharray"] = [2, 2]
        layers.append({**_layer(name, "line", **paint), "layout": {"line-cap": "butt", "line-join": "round"}})
    return {"version": 8, "sources": sources, "layers": layers}


def _layer(name: str, kind: str, **paint: Any) -> dict[str, Any]:
    layer: dict[str, Any] = {"id": name, "type": kind, "paint": paint}
    return layer if kind == "background" else {**layer, "source": name}


def _source(kind: str, lines: Sequence[Line]) -> dict[str, Any]:
    points = [[[x, y] for x, y in line] for line in lines]
    shapes = [[ring] for ring in points] if kind == "Polygon" else points
    return {"type": "geojson", "data": {"type": f"Multi{kind}", "coordinates": shapes}}
