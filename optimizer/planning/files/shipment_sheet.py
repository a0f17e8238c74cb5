"""The bytes of a CSV or XLSX file to rows of cells, knowing nothing of shipments.

CSV: UTF-8 with or without byte order mark, UTF-16 with one, GB18030; delimiter comma, semicolon or tab, told from the
first line. XLSX: the first sheet, values as last calculated. Blank rows are passed over; row numbers are those an
editor or a spreadsheet shows.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice
from typing import Any

import openpyxl

from optimizer.errors import Fault, Message, ShipmentDataError
from optimizer.planning.files.shipment_cells import Cell

MAX_FILE_BYTES = 100_000_000
MAX_UNPACKED_BYTES = 1_000_000_000
"""A workbook is a zip archive: what it unpacks to is limited as well."""
SMALL_BYTES = 10_000_000
MOST_TIMES_PACKED = 100
"""A larger part of a workbook that packs better than this was made to keep a reader busy: tables come to some thirty
times at most."""
MAX_ROWS = 1_000_000
LAST_SHEET_ROW = 1_048_576
"""No spreadsheet program writes a row below this one (ECMA-376). A file of a few kilobytes may say that its only row is
the billionth, or hold a hundred million blank ones; each of them would be handed out."""

DELIMITERS = ",;\t"
LINES_LOOKED_AT, LEAST_DELIMITERS = 10, 5
"""A header has eight columns or more; a title that holds as many commas is none that anybody wrote."""

MIDNIGHT = time(0)
_HOURS = re.compile("h", re.IGNORECASE)
_WORDS = re.compile(r'"[^"]*"|\\.|\[\$[^\]]*\]')

_ZIP_MAGIC = b"PK\x03\x04"
_OLD_EXCEL_MAGIC = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not blank; ``number`` is its line in an editor or its row in a spreadsheet. ``padded``: the
    format has no field count of its own (a workbook leaves trailing cells out)."""

    number: int
    cells: tuple[Cell, ...]
    padded: bool = False


def file_error(name: str, code: str, message: Message, row: int | None = None) -> ShipmentDataError:
    """An error of the whole file, or of the row where reading had to stop."""
    return ShipmentDataError.of([Fault(name, row, None, code, message)])


def too_large(name: str, size_bytes: int) -> ShipmentDataError:
    """The error for a file above the limit, which is refused before it is read."""
    size, limit = f"{size_bytes / 1e6:,.0f} MB", f"{MAX_FILE_BYTES // 10**6} MB"
    message = Message(
        f"文件有 {size}，上限 {limit}；请分成几个文件。", f"The file has {size}, the limit is {limit}; split it."
    )
    return file_error(name, "too_large", message)


def _too_many_rows(name: str, row: int) -> ShipmentDataError:
    message = Message(f"超过 {MAX_ROWS:,} 行；请分成几个文件。", f"More than {MAX_ROWS:,} rows; split the file.")
    return file_error(name, "too_many_rows", message, row)


def rows_of(content: bytes, name: str) -> Iterator[Row]:
    """All rows that are not blank, the header first (there is always one).

    Raises ShipmentDataError: empty_file, too_large, old_workbook, broken_workbook, wrong_encoding, not_text,
    bad_quoting, too_many_rows.
    """
    if len(content) > MAX_FILE_BYTES:
        raise too_large(name, len(content))
    if content.startswith(_OLD_EXCEL_MAGIC):
        message = Message(
            "这是旧式 .xls 工作簿；请另存为 .xlsx 或 .csv。", "This is an old .xls workbook; save it as .xlsx or .csv."
        )
        raise file_error(name, "old_workbook", message)
    rows = _workbook_rows(content, name) if content.startswith(_ZIP_MAGIC) else _text_rows(content, name)
    count = 0
    for count, row in enumerate(rows, start=1):
        if count > MAX_ROWS + 1:
            raise _too_many_rows(name, row.number)
        yield row
    if count == 0:
        message = Message("文件为空；请给出表头和至少一行。", "The file is empty; give a header and at least one row.")
        raise file_error(name, "empty_file", message)


def _text_rows(content: bytes, name: str) -> Iterator[Row]:
    text = _decoded(content, name)
    if "\0" in text:
        message = Message("这不是文本文件；请给出 CSV 或 XLSX。", "This is not a text file; give CSV or XLSX.")
        raise file_error(name, "not_text", message)
    lines = io.StringIO(text, newline="")
    delimiter, skipped = _delimiter(text)
    for _ in range(skipped):
        lines.readline()
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    start = skipped + 1
    try:
        for fields in reader:
            if any(field and not field.isspace() for field in fields):
                yield Row(start, tuple(fields))
            start = skipped + reader.line_num + 1
    except csv.Error as error:
        message = Message(
            "此处起引号不成对，或一格过长；请检查双引号。",
            "From here on quotes do not pair, or a field is too long; check the double quotes.",
        )
        raise file_error(name, "bad_quoting", message, start) from error


def _decoded(content: bytes, name: str) -> str:
    encodings: tuple[str, ...] = ("utf-8", "gb18030")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ("utf-16",)
    elif content.startswith(codecs.BOM_UTF8):
        encodings = ("utf-8-sig",)
    row = None
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            row = row or content.count(b"\n", 0, error.start) + 1
    message = Message(
        "文字编码既不是 UTF-8 也不是 GB18030；请另存为 UTF-8 的 CSV。",
        "The text is neither UTF-8 nor GB18030; save it as CSV in UTF-8.",
    )
    raise file_error(name, "wrong_encoding", message, row)


def _delimiter(text: str) -> tuple[str, int]:
    """The delimiter, and how many lines to skip (Excel's ``sep=;`` line). It is that of the first line with as many
    columns as a header has at least: above it may stand titles, with a comma in their text. Without such a line near
    the top, that of the first one."""
    first = ""
    filled = ((number, line) for number, line in enumerate(io.StringIO(text)) if line.strip())
    for number, line in islice(filled, LINES_LOOKED_AT):
        if line.casefold().startswith("sep=") and len(line.strip("\r\n")) == 5 and not first:
            return line[4], number + 1
        first = first or line
        delimiter = max(DELIMITERS, key=line.count)
        if line.count(delimiter) >= LEAST_DELIMITERS:
            return delimiter, 0
    return max(DELIMITERS, key=first.count), 0


def _is_bomb(part: zipfile.ZipInfo, size_bytes: int) -> bool:
    """What a part says of its packed size is believed up to the size of the file."""
    return part.file_size > max(SMALL_BYTES, MOST_TIMES_PACKED * min(part.compress_size, size_bytes))


def _workbook_rows(content: bytes, name: str) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
        unpacked_bytes = sum(part.file_size for part in parts)
        if unpacked_bytes > MAX_UNPACKED_BYTES or any(_is_bomb(part, len(content)) for part in parts):
            raise too_large(name, unpacked_bytes)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # Some programs write a wrong extent into the sheet; without it openpyxl reads what is there.
        sheet.reset_dimensions()
        for number, found in enumerate(sheet.iter_rows(), start=1):
            if number > LAST_SHEET_ROW:
                raise _too_many_rows(name, number)
            cells = tuple(map(_value, found))
            if any(cell is not None and cell != "" for cell in cells):
                yield Row(number, cells, padded=True)
    except ShipmentDataError:
        raise
    except Exception as error:  # a damaged workbook fails in whatever part of openpyxl, zipfile or XML meets it first
        message = Message(
            "工作簿损坏或不是 XLSX；请用表格软件重新另存。",
            "The workbook is damaged or no XLSX; save it again with a spreadsheet program.",
        )
        raise file_error(name, "broken_workbook", message) from error


def _value(found: Any) -> Cell:
    """What a cell holds. A day that is shown without an hour is a date: its midnight was said by nobody."""
    value: Cell = found.value
    if isinstance(value, datetime) and value.time() == MIDNIGHT and not _HOURS.search(_words_off(found.number_format)):
        return value.date()
    return value


def _words_off(number_format: str) -> str:
    """A number format without its quoted words, escaped characters and bracketed conditions."""
    return _WORDS.sub("", number_format)
