"""A user's factor table, CSV or XLSX, as rows of text that know where each cell stands.

XLSX: values as last calculated, from one sheet; a formula without a stored result and an error such as ``#REF!`` are
faults, because an empty cell in their place would be read as "no value". Text that a spreadsheet program would run as
a formula is refused in both formats: the table is written again as CSV, and others open it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from optimizer.emissions.formula_text import runs_as_formula
from optimizer.errors import Fault, InputError, Message
from optimizer.network.tables import MAX_TABLE_BYTES

MAX_UNPACKED_BYTES = 10 * MAX_TABLE_BYTES
"""A workbook is a zip archive: what it unpacks to is limited as well."""

MAX_ROWS = 100_000
MAX_COLUMNS = 500
HEAD_LINES = 20
_ZIP_MAGIC = b"PK\x03\x04"
"""What a spreadsheet program takes for the beginning of a formula."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """One row that is not blank, by the user's column names; ``number`` is its line or its row in the spreadsheet."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class UserTable:
    """The header and the rows under it. ``letters``: the spreadsheet's column of each header, empty for CSV."""

    name: str
    header_row: int
    columns: tuple[str, ...]
    letters: Mapping[str, str]
    rows: tuple[UserRow, ...]

    def place(self, row: int | None, column: str) -> str:
        """A column as a fault names it: with the cell (``TTW g (E7)``) where the file is a workbook."""
        letter = self.letters.get(column, "")
        return f"{column} ({letter}{row or self.header_row})" if letter else column


_Raw = list[tuple[int, list[Any]]]


def read_user_table(path: Path, sheet: str = "", header_row: int = 0, last_row: int = 0) -> UserTable:
    """Read a file. ``sheet``: the sheet's name, the first one when empty; ``header_row``: the row of the column names,
    the first that is not blank when 0; ``last_row``: where to stop (footnotes often stand below), the end when 0.

    Raises InputError with every fault: unreadable_file, file_too_large, encoding_unknown, broken_workbook,
    sheet_unknown, too_many_rows, too_many_columns, file_empty, column_twice, too_many_cells, formula_without_value,
    cell_error, not_text, formula_text.
    """
    content = _content(path)
    faults: list[Fault] = []
    workbook = content.startswith(_ZIP_MAGIC)
    raw = _workbook(content, path.name, sheet, faults) if workbook else _text(content, path.name)
    if header_row:
        raw = [one for one in raw if one[0] >= header_row]
    if last_row:
        raw = [one for one in raw if one[0] <= last_row]
    if len(raw) > MAX_ROWS:
        raise _whole(path.name, "too_many_rows", f"超过 {MAX_ROWS:,} 行。", f"More than {MAX_ROWS:,} rows.")
    if not raw:
        raise _whole(path.name, "file_empty", "没有数据行。", "The file has no rows.")
    (top, header), *body = raw
    table = _table(path.name, top, header, body, workbook, faults)
    if not table.rows:
        faults.append(_fault(path.name, None, None, "file_empty", "没有数据行。", "The file has no rows."))
    if faults:
        raise InputError.of(faults)
    return table


def _table(name: str, top: int, header: Sequence[Any], body: _Raw, workbook: bool, faults: list[Fault]) -> UserTable:
    places = {at: _plain(cell) for at, cell in enumerate(header) if _plain(cell)}
    columns = tuple(places.values())
    for twice in sorted({column for column in columns if columns.count(column) > 1}):
        faults.append(
            _fault(name, top, twice, "column_twice", f"列名 {twice} 出现两次。", f"Column {twice} stands twice.")
        )
    letters = {column: get_column_letter(at + 1) for at, column in places.items()} if workbook else {}
    table = UserTable(name, top, columns, letters, ())
    rows = []
    for number, cells in body:
        found = {}
        for at, cell in enumerate(cells):
            text = _plain(cell)
            if at not in places:
                if text:
                    where = f"{get_column_letter(at + 1)}{number}"
                    faults.append(
                        _fault(
                            name, number, where, "too_many_cells", f"“{text[:40]}”上方没有列名。",
                            f"{text[:40]!r} has no column name above it.",
                        )
                    )  # fmt: skip
                continue
            if runs_as_formula(text):
                faults.append(
                    _fault(
                        name, number, table.place(number, places[at]), "formula_text",
                        f"“{text[:40]}”会被表格软件当作公式；请去掉开头的符号。",
                        f"A spreadsheet program would run {text[:40]!r} as a formula; take off its first character.",
                    )
                )  # fmt: skip
            found[places[at]] = text
        rows.append(UserRow(number, found))
    return UserTable(name, top, columns, letters, tuple(rows))


def _plain(cell: Any) -> str:
    """A cell as one line of text: numbers with the 15 digits a spreadsheet keeps, dates as ISO."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return f"{cell:.15g}"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if (cell.hour, cell.minute, cell.second) == (0, 0, 0) else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return " ".join(str(cell).split())


def _text(content: bytes, name: str) -> _Raw:
    text = _decoded(content, name)
    # The line with most of a delimiter is a line of the table; titles above it hold few.
    head = list(islice(io.StringIO(text), HEAD_LINES))
    delimiter = max(",;\t", key=lambda one: max((line.count(one) for line in head), default=0))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: _Raw = []
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((start, list(cells)))
            start = reader.line_num + 1
    except csv.Error as error:
        raise _whole(name, "bad_quoting", "引号不成对。", "Quotes do not pair.") from error
    return rows


def _workbook(content: bytes, name: str, sheet: str, faults: list[Fault]) -> _Raw:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise _whole(name, "file_too_large", "文件过大。", "The file is too large.")
        values, formulas = (
            openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=one) for one in (True, False)
        )
        if sheet and sheet not in values.sheetnames:
            known = ", ".join(values.sheetnames)
            raise _whole(
                name, "sheet_unknown", f"没有工作表 {sheet}；有：{known}。", f"No sheet {sheet}; there are: {known}."
            )
        pages = [book[sheet] if sheet else book.worksheets[0] for book in (values, formulas)]
        for page in pages:
            # Some programs write a wrong extent into the sheet; without it openpyxl reads what is there.
            page.reset_dimensions()
        return list(_cells(pages[0].iter_rows(), pages[1].iter_rows(), name, faults))
    except InputError:
        raise
    except Exception as error:  # a damaged workbook fails in whatever part of openpyxl, zipfile or XML meets it first
        raise _whole(
            name, "broken_workbook", "工作簿损坏或不是 XLSX；请用表格软件重新另存。",
            "The workbook is damaged or no XLSX; save it again with a spreadsheet program.",
        ) from error  # fmt: skip


def _cells(
    values: Iterator[Any], formulas: Iterator[Any], name: str, faults: list[Fault]
) -> Iterator[tuple[int, list[Any]]]:
    for number, (row, twin) in enumerate(zip(values, formulas, strict=True), start=1):
        if number > MAX_ROWS + 1 or len(row) > MAX_COLUMNS:
            raise _whole(
                name, "too_many_rows" if number > MAX_ROWS else "too_many_columns",
                f"超过 {MAX_ROWS:,} 行或 {MAX_COLUMNS} 列。", f"More than {MAX_ROWS:,} rows or {MAX_COLUMNS} columns.",
            )  # fmt: skip
        cells = []
        for at, (cell, source) in enumerate(zip(row, twin, strict=True)):
            where = f"{get_column_letter(at + 1)}{number}"
            value = cell.value
            if value is None and source.data_type == "f":
                faults.append(
                    _fault(
                        name, number, where, "formula_without_value", "公式没有计算结果；请用表格软件打开并保存。",
                        "The formula has no stored result; open and save the file with a spreadsheet program.",
                    )
                )  # fmt: skip
            elif cell.data_type == "e":
                faults.append(
                    _fault(name, number, where, "cell_error", f"单元格为 {value}。", f"The cell holds {value}.")
                )
                value = None
            cells.append(value)
        if any(_plain(cell) for cell in cells):
            yield number, cells


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise _whole(path.name, "file_too_large", "文件过大。", "The file is too large.")
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise _whole(str(path), "unreadable_file", f"无法读取（{reason}）。", f"Cannot be read ({reason}).") from error


def _decoded(raw: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise _whole(name, "not_text", "不是文本；请给出 CSV 或 XLSX。", "This is not text; give CSV or XLSX.")
        return text
    raise _whole(name, "encoding_unknown", "不是 UTF-8 或 GB18030 文本。", "Neither UTF-8 nor GB18030 text.")


def _whole(name: str, code: str, zh: str, en: str) -> InputError:
    return InputError.of([_fault(name, None, None, code, zh, en)])


def _fault(name: str, row: int | None, column: str | None, code: str, zh: str, en: str) -> Fault:
    return Fault(name, row, column, code, Message(zh, en))
