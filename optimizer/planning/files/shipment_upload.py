"""A file of shipments read row by row: good rows are kept, and the file goes back with what is wrong beside each row.

The rules are those of ``shipment_file``; only a fault of the whole file (encoding, header, size) refuses it all.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import xlsxwriter

from optimizer.errors import Fault, Lang, Message, ShipmentDataError
from optimizer.network.model import Network
from optimizer.planning.fault_list import FaultList
from optimizer.planning.files.shipment_cells import Cell, plain
from optimizer.planning.files.shipment_columns import HEADERS, REQUIRED, columns_of, header_of, records_of
from optimizer.planning.files.shipment_file import RowReading
from optimizer.planning.files.shipment_sheet import Row, rows_of
from optimizer.planning.shipment import Shipment
from optimizer.quantities import number_of

FAULT_HEADERS: Mapping[Lang, str] = {"zh": "错误", "en": "fault"}
MAX_WIDTH = 60
MAX_FAULTS = 50_000
NOT_DESCRIBED = Message(
    "本行有误；错误太多，未逐条说明。", "This row is wrong; there are too many faults to describe each."
)


@dataclass(frozen=True, slots=True)
class UploadedRow:
    """One row as it came, its number in the file, and either its shipment or its faults."""

    row: Row
    shipment: Shipment | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that could be read. ``header``: its first row; ``titles``: column -> how the file calls it."""

    name: str
    header: Row
    rows: tuple[UploadedRow, ...]
    titles: Mapping[str, str]

    @property
    def shipments(self) -> list[Shipment]:
        """The good rows, in order."""
        return [row.shipment for row in self.rows if row.shipment is not None]

    def title(self, fault: Fault) -> str:
        """The column of a fault in the words of the file; empty for a fault of the whole row."""
        column = fault.column or ""
        return self.titles.get(column, column)

    @property
    def faults(self) -> list[Fault]:
        """Every fault, by row."""
        return [fault for row in self.rows for fault in row.faults]


def read_upload(content: bytes, name: str, network: Network) -> Upload:
    """Read a CSV or XLSX file row by row; one that went back with its faults beside the rows (:func:`marked_rows`) may
    come again as it is. Raises ShipmentDataError for a fault of the whole file."""
    rows = rows_of(content, name)
    header = header_of(rows)
    marks = {place for place, cell in enumerate(header.cells) if plain(cell) in FAULT_HEADERS.values()}
    header = _without(header, marks)
    faults = FaultList(name, MAX_FAULTS)
    columns = columns_of(header, faults)
    faults.raise_if_any(ShipmentDataError)
    reading = RowReading(network, faults, lambda place, column: (place, column))
    kept = [_without(row, marks) for row in rows]
    read: dict[int, Shipment | None] = {}
    for row, cells in records_of(kept, columns, faults):
        before = faults.count
        shipment = reading.shipment(row.number, cells)
        read[row.number] = shipment if faults.count == before else None
    by_row: dict[int, list[Fault]] = {}
    for fault in faults.faults:
        by_row.setdefault(fault.row or header.number, []).append(fault)
    for row in kept:
        # Beyond the limit faults are counted, not described; the row is wrong all the same and goes back.
        if read.get(row.number) is None and row.number not in by_row:
            by_row[row.number] = [Fault(name, row.number, None, "too_many_faults", NOT_DESCRIBED)]
    found = tuple(UploadedRow(row, read.get(row.number), tuple(by_row.get(row.number, ()))) for row in kept)
    titles = {column: plain(cell) for cell, column in zip(header.cells, columns, strict=False) if column}
    return Upload(name, header, found, titles)


def _without(row: Row, places: Collection[int]) -> Row:
    """The row without some of its cells."""
    if not places:
        return row
    return replace(row, cells=tuple(cell for place, cell in enumerate(row.cells) if place not in places))


def marked_rows(upload: Upload, lang: Lang) -> list[list[Cell]]:
    """The file's wrong rows with one more column that says what is wrong."""
    width = max(len(upload.header.cells), 1)
    marked: list[list[Cell]] = [[*_filled(upload.header, width), FAULT_HEADERS[lang]]]
    for row in upload.rows:
        if row.faults:
            words = "; ".join(f"{upload.title(fault)}: {fault.message.text(lang)}".lstrip(": ") for fault in row.faults)
            marked.append([*_filled(row.row, width), words])
    return marked


def workbook(rows: Sequence[Sequence[Cell]], title: str) -> bytes:
    """Rows as an XLSX workbook of one sheet: bold header, frozen; texts stay texts, so nothing becomes a formula."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True},
    )
    sheet = book.add_worksheet(title)
    bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for number, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            _write_cell(sheet, number, column, cell, bold if number == 0 else None, moment, day)
    for column in range(max((len(cells) for cells in rows), default=0)):
        widest = max(len(str(cells[column])) for cells in rows[:200] if column < len(cells))
        sheet.set_column(column, column, min(MAX_WIDTH, widest * 1.2 + 2))
    sheet.freeze_panes(1, 0)
    book.close()
    return buffer.getvalue()


def _write_cell(sheet: Any, row: int, column: int, cell: Cell, bold: Any, moment: Any, day: Any) -> None:
    if isinstance(cell, date):
        sheet.write_datetime(row, column, cell, moment if isinstance(cell, datetime) else day)
    elif isinstance(cell, bool | int | float):
        sheet.write(row, column, cell, bold)
    else:
        # As it came: sentences and names keep their full-width signs.
        sheet.write_string(row, column, cell if isinstance(cell, str) else plain(cell), bold)


def csv_text(rows: Sequence[Sequence[Cell]]) -> str:
    """Rows as CSV. A text that a spreadsheet would take for a formula is disarmed with an apostrophe in front."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for cells in rows:
        writer.writerow([_disarmed(plain(cell)) for cell in cells])
    return buffer.getvalue()


def _disarmed(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return number_of(text) is not None


def template_rows(lang: Lang) -> list[list[Cell]]:
    """The header that a file needs and one example row, in a language."""
    columns = [*REQUIRED, "splittable", "cargo_value_yuan_per_t", "reference"]
    header: list[Cell] = [HEADERS[column][0] if lang == "zh" else column for column in columns]
    example: list[Cell] = ["A-001", "E01", "coal", 1600, "ZP", "QJ", "2026-10-08 08:00", "2026-10-18 18:00"]
    return [header, [*example, "是" if lang == "zh" else "yes", 700, ""]]


def _filled(row: Row, width: int) -> list[Cell]:
    return [*row.cells[:width], *[""] * (width - len(row.cells))]
