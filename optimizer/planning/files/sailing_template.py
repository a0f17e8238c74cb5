"""The file of sailings that a carrier fills in: the header, and one example row that the reader takes as it is."""

from __future__ import annotations

from optimizer.errors import Lang
from optimizer.planning.files.sailing_file import HEADERS
from optimizer.planning.files.shipment_cells import Cell


def sailing_template_rows(lang: Lang) -> list[list[Cell]]:
    """Every column under its first name in a language, and one example row; places, class and group of the network
    that travels with the product."""
    header: list[Cell] = [HEADERS[column][0] if lang == "zh" else column for column in HEADERS]
    times: list[Cell] = ["2026-10-10 08:00", "2026-10-12 20:00"]
    return [header, ["HY-001", "C-01", "B800", "ZP", "QJ", *times, 780, "coal", 6.5, 0, 300]]
