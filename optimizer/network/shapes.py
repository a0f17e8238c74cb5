"""Coast, lakes and the way of each waterway, for drawing alone: no distance, time or emission is read from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path

from optimizer.errors import Fault, Message, NetworkDataError
from optimizer.network.schema import load_schema, shipped_directory
from optimizer.network.tables import TableRow, read_tables
from optimizer.quantities import number_of

Line = tuple[tuple[float, float], ...]
"""Points as (longitude, latitude), degrees."""

TABLE = "shapes"


@dataclass(frozen=True, slots=True)
class Shapes:
    """Rings of land and lakes, and lines by link id. A link without a line is drawn straight."""

    coast: tuple[Line, ...] = ()
    lakes: tuple[Line, ...] = ()
    links: Mapping[str, Line] = field(default_factory=dict)


def read_shapes(directory: Path | None = None) -> Shapes:
    """The shapes of a network directory, or the shipped ones; none where the directory has no such table.

    Raises NetworkDataError with every fault of the table.
    """
    directory = shipped_directory() if directory is None else directory
    schema = load_schema(directory)
    if not (directory / schema.tables[TABLE].path).is_file():
        return Shapes()
    table = read_tables(directory, [TABLE], schema)[TABLE]
    faults = list(table.faults)
    lines: dict[str, dict[str, Line]] = {"coast": {}, "lake": {}, "link": {}}
    for row in table.rows:
        line = _line(row)
        if isinstance(line, Fault):
            faults.append(line)
        else:
            lines[row.values["kind"]][row.values["shape_id"]] = line
    if faults:
        raise NetworkDataError.of(faults)
    return Shapes(tuple(lines["coast"].values()), tuple(lines["lake"].values()), lines["link"])


def _line(row: TableRow) -> Line | Fault:
    points = []
    for text in row.values["points"].split(";"):
        words = [number_of(word) for word in text.split()]
        known = [float(number) for number in words if number is not None]
        longitude, latitude = known if len(known) == len(words) == 2 else (nan, nan)
        if not (isfinite(longitude) and isfinite(latitude) and abs(longitude) <= 180 and abs(latitude) <= 85):
            return row.fault(
                "points",
                "not_a_point",
                Message(
                    f"“{text.strip()[:40]}”不是点；请写经度、空格、纬度，点间用分号，例如 118.95 29.00;119.29 29.07",
                    f"“{text.strip()[:40]}” is no point; write longitude, a space and latitude, points between "
                    "semicolons, such as 118.95 29.00;119.29 29.07",
                ),
            )
        points.append((longitude, latitude))
    least = 2 if row.values["kind"] == "link" else 4
    if len(points) < least:
        return row.fault(
            "points",
            "too_few_points",
            Message(f"只有 {len(points)} 个点；至少要 {least} 个", f"has {len(points)} points; {least} are needed"),
        )
    return tuple(points)
