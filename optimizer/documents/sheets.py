"""Workbooks: tables with typed cells. Numbers stay numbers, texts stay texts: only a :class:`Formula` is a formula."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter


@dataclass(frozen=True, slots=True)
class Formula:
    """A live cell: ``text`` is what the cell reckons (without the equals sign), ``value`` its result as the engine has
    it, which readers that do not reckon show. Only our own code writes the text; what users type stays text."""

    text: str
    value: int | Decimal


Cell = str | int | Decimal | Formula | None
MAX_WIDTH = 48
MAX_LEAD_WIDTH = 26
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: ``lead`` are lines above the table (name, value), ``columns`` its header, ``rows`` its cells,
    ``closing`` rows in bold below, ``notes`` texts at the end. ``decimals``: digits shown of Decimal cells."""

    title: str
    lead: Sequence[tuple[str, Cell]]
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    closing: Sequence[Sequence[Cell]] = ()
    notes: Sequence[str] = ()
    decimals: int = 3

    @property
    def first_row(self) -> int:
        """The spreadsheet's number of the first row of cells, for formulas that point to it."""
        return first_row(len(self.lead))


def first_row(lead: int) -> int:
    """Number of the first row of cells below so many lines of lead: a blank line, the header, then the cells."""
    return lead + (1 if lead else 0) + 2


def workbook_of(sheets: Sequence[Sheet], title: str, made_at: datetime) -> bytes:
    """The bytes of an XLSX workbook; ``made_at`` is the only date in it, so that equal input gives equal bytes."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": title, "created": made_at.replace(tzinfo=None)})
    for sheet in sheets:
        _write(book, sheet)
    book.close()
    return buffer.getvalue()


def _write(book: Any, sheet: Sheet) -> None:
    page = book.add_worksheet(sheet.title[:31])
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    number = book.add_format({"num_format": f"#,##0.{'0' * sheet.decimals}"})
    total = book.add_format({"bold": True, "num_format": f"#,##0.{'0' * sheet.decimals}", "top": 1})
    for row, (name, value) in enumerate(sheet.lead):
        page.write_string(row, 0, name, bold)
        _cell(page, row, 1, value, number)
    top = len(sheet.lead) + (1 if sheet.lead else 0)
    for column, name in enumerate(sheet.columns):
        page.write_string(top, column, name, bold)
    row = top
    for cells in sheet.rows:
        row += 1
        for column, value in enumerate(cells):
            _cell(page, row, column, value, number)
    if sheet.rows:
        page.autofilter(top, 0, row, len(sheet.columns) - 1)
    for cells in sheet.closing:
        row += 1
        for column, value in enumerate(cells):
            _cell(page, row, column, value, total)
    for note in sheet.notes:
        row += 1
        page.write_string(row + 1, 0, note)
    for column, name in enumerate(sheet.columns):
        shown = [_shown(cells[column]) for cells in sheet.rows[:200] if column < len(cells)]
        widest = max(_width(text) for text in (name, *shown))
        if column == 0:
            # Names of the lead stand in the first column, which below them may hold no more than a number.
            widest = max([widest, *(min(MAX_LEAD_WIDTH, _width(label)) for label, _ in sheet.lead)])
        page.set_column(column, column, min(MAX_WIDTH, widest + 2))
    page.freeze_panes(top + 1, 0)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(top)


def _cell(page: Any, row: int, column: int, value: Cell, number: Any) -> None:
    if value is None:
        return
    if isinstance(value, Formula):
        style = number if isinstance(value.value, Decimal) else None
        page.write_formula(row, column, f"={value.text}", style, _cached(value.value))
    elif isinstance(value, Decimal):
        page.write_number(row, column, float(value), number)
    elif isinstance(value, int):
        page.write_number(row, column, value)
    else:
        page.write_string(row, column, value)


def _width(text: str) -> float:
    """How wide a text is, in digits of the sheet's font: a Chinese character takes two, other letters up to 1.3."""
    return sum(2.0 if unicodedata.east_asian_width(character) in "WF" else 1.3 for character in text)


def _cached(value: int | Decimal) -> int | float:
    return value if isinstance(value, int) else float(value)


def _shown(cell: Cell) -> str:
    return str(cell.value if isinstance(cell, Formula) else cell)
