"""A frontier as a document: JSON, CSV, and a small drawing for a terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields

from optimizer.planning.frontier import Frontier, FrontierPoint

DIGITS = {"gap": 6, "water_share_t": 4, "co2e_wtw_t": 6}
"""Digits after the point; two for all other numbers."""
WIDTH, HEIGHT = 56, 12
"""Of the drawing, in characters."""


def frontier_to_json(frontier: Frontier, settings: Mapping[str, object], versions: Mapping[str, str]) -> str:
    """One point to a line, cheapest first."""
    lines = ",\n".join("    " + json.dumps(_rounded(point), ensure_ascii=False) for point in frontier.points)
    head = {"settings": dict(settings), "versions": dict(versions), "dominated": frontier.dominated}
    body = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items())
    return f'{{\n{body},\n  "seconds": {frontier.seconds:.2f},\n  "points": [\n{lines}\n  ]\n}}\n'


def frontier_to_csv(frontier: Frontier) -> str:
    """A header and one row for each point, cheapest first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([field.name for field in fields(FrontierPoint)])
    writer.writerows(_rounded(point).values() for point in frontier.points)
    return buffer.getvalue()


def drawing(frontier: Frontier) -> list[str]:
    """Points on a plane of characters: cost to the right, CO2e upwards; each is drawn as its number (1: cheapest)."""
    points = frontier.points
    cost, co2e = [point.weighed_yuan for point in points], [point.co2e_wtw_t for point in points]
    cells = [[" "] * WIDTH for _ in range(HEIGHT)]
    for number, (x, y) in enumerate(zip(cost, co2e, strict=True), start=1):
        column = _place(x, min(cost), max(cost), WIDTH)
        row = HEIGHT - 1 - _place(y, min(co2e), max(co2e), HEIGHT)
        cells[row][column] = str(number % 10)
    lines = ["│" + "".join(row).rstrip() for row in cells]
    return [f"{max(co2e):,.1f} t CO2e", *lines, "└" + "─" * WIDTH, f"{min(cost):,.0f} … {max(cost):,.0f} yuan"]


def _place(value: float, low: float, high: float, cells: int) -> int:
    return round((value - low) / (high - low) * (cells - 1)) if high > low else 0


def _rounded(point: FrontierPoint) -> dict[str, object]:
    return {
        name: round(value, DIGITS.get(name, 2)) if isinstance(value, float) else value
        for name, value in asdict(point).items()
    }
