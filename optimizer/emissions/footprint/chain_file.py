"""Read a chains file: CSV in UTF-8 (with or without mark) or GB18030, as arrow columns of text.

Cells stay text, so that the result repeats them as they were written. What is wrong with the file as a whole (missing
columns, a row with too many cells) is an InputError with every fault; what is wrong with a cell is a fault of its row.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from optimizer.emissions.footprint import columns as names
from optimizer.errors import Fault, InputError, Message

MAX_FILE_BYTES = 2 * 2**30
BLOCK_BYTES = 8 * 2**20
MAX_LISTED_ROWS = 100
NEWLINE = b"\n"
COMMA = 44
MAX_TEXT_BYTES = 2**31 - 1
NOT_TEXT = ("不是 UTF-8 或 GB18030 的 CSV 文本", "is not CSV text in UTF-8 or GB18030")


@dataclass(frozen=True, slots=True, eq=False)
class ChainFile:
    """A file as read. ``columns``: text columns under the names of this product, the file's own for others, in the
    order of the file. ``text``: all rows as UTF-8 with a comma after each; ``starts`` (one more than rows) says where
    each begins. ``marked``: whether the file began with a byte order mark, which Excel needs to read UTF-8; the result
    then does too."""

    columns: dict[str, Any]
    rows: int
    text: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int64]
    marked: bool


def read_chains(path: Path) -> ChainFile:
    """Read a chains file. Raises InputError with every fault of the file as a whole."""
    data, marked = _utf8(path)
    end = data.find(NEWLINE)
    header = [name.strip() for name in next(csv.reader([data[:end].decode()]), [])]
    known = [names.CHINESE.get(name, name) for name in header]
    faults = list(_header_faults(path.name, known))
    if faults:
        raise InputError.of(faults)
    body = memoryview(data)[end + 1 :]
    table = _table(path, body, known)
    columns = {name: _whole(table.column(name)) for name in known}
    text = np.frombuffer(body, dtype=np.uint8).copy()
    ends = np.flatnonzero(text == NEWLINE[0])
    if len(ends) != table.num_rows:
        # A line break inside quotes: rows and lines would part, and results would stand beside the wrong rows.
        zh, en = "单元格内含换行；请删除格内换行", "has a line break inside a cell; remove it"
        raise _refused(path, "newline_in_cell", zh, en)
    text[ends] = COMMA
    return ChainFile(columns, table.num_rows, text, np.append(0, ends + 1), marked)


def _utf8(path: Path) -> tuple[bytes, bool]:
    """The file as UTF-8 without mark, each line ended by one newline, no blank ones; and whether a mark stood there."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _refused(path, "file_too_large", "超过 2 GiB；请分成几个文件", "is larger than 2 GiB; split it")
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        zh, en = f"无法读取（{reason}）；请检查路径与权限", f"cannot be read ({reason}); check path and rights"
        raise _refused(path, "unreadable_file", zh, en) from error
    marked = data.startswith(codecs.BOM_UTF8)
    if marked:
        data = data[len(codecs.BOM_UTF8) :]
    if not data.strip(b" \t\r\n,"):
        raise _refused(
            path, "file_empty", "没有内容；第一行应为列名", "is empty; the first line holds the column names"
        )
    if not data.isascii():
        data = _decoded(path, data)
    if b"\x00" in data:
        raise _refused(path, "encoding_unknown", *NOT_TEXT)
    if b"\r" in data:
        data = data.replace(b"\r\n", NEWLINE).replace(b"\r", NEWLINE)
    if b"\n\n" in data or data.startswith(NEWLINE):
        data = re.sub(rb"\n{2,}", NEWLINE, data.lstrip(NEWLINE))
    return (data if data.endswith(NEWLINE) else data + NEWLINE), marked


def _decoded(path: Path, data: bytes) -> bytes:
    """UTF-8 first: GB18030 accepts nearly any bytes."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return data.decode("gb18030").encode("utf-8")
        except UnicodeDecodeError as error:
            raise _refused(path, "encoding_unknown", *NOT_TEXT) from error
    return data


def _header_faults(file: str, known: list[str]) -> Iterator[Fault]:
    for name in names.REQUIRED:
        if name not in known:
            yield Fault(file, 1, name, "column_missing", Message(f"缺少列 {name}。", f"Column {name} is missing."))
    if names.FACTOR not in known and names.CARRIER not in known:
        yield Fault(
            file, 1, names.FACTOR, "column_missing",
            Message("至少应有 factor_id 或能源各列。", "Columns factor_id or those of energy are needed."),
        )  # fmt: skip
    seen: set[str] = set()
    for name in known:
        if name in seen or not name:
            yield Fault(
                file,
                1,
                name,
                "column_duplicate",
                Message("列名为空或重复。", "A column name is empty or stands twice."),
            )
        elif name in names.RESULT:
            message = Message(
                f"{name} 由结果写入，请从输入中删除此列。", f"{name} is written by the result; remove the column."
            )
            yield Fault(file, 1, name, "column_reserved", message)
        seen.add(name)


def _table(path: Path, body: memoryview, known: list[str]) -> Any:
    ragged: list[tuple[int | None, int]] = []

    def remember(row: Any) -> str:
        ragged.append((row.number, row.actual_columns))
        return "skip"

    if not len(body):
        return pa.table({name: pa.array([], pa.string()) for name in known})
    try:
        table = _parse(body, known, remember, threads=True)
        if ragged:
            # Row numbers are known only to the reader with one thread.
            ragged.clear()
            _parse(body, known, remember, threads=False)
    except pa.ArrowInvalid as error:
        detail = str(error).splitlines()[0]
        zh, en = f"不是可读的 CSV（{detail}）", f"is not readable CSV ({detail})"
        raise _refused(path, "csv_malformed", zh, en) from error
    if ragged:
        listed = ragged[:MAX_LISTED_ROWS]
        raise InputError.of([_ragged(path.name, number, cells, len(known)) for number, cells in listed])
    return table


def _parse(body: memoryview, known: list[str], handler: Any, threads: bool) -> Any:
    return pa_csv.read_csv(
        pa.BufferReader(pa.py_buffer(body)),
        read_options=pa_csv.ReadOptions(use_threads=threads, column_names=known, block_size=BLOCK_BYTES),
        parse_options=pa_csv.ParseOptions(invalid_row_handler=handler),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: pa.string() for name in known},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _whole(column: Any) -> Any:
    """One array; text beyond 2 GiB in one column needs the large type."""
    if column.nbytes > MAX_TEXT_BYTES:
        column = column.cast(pa.large_string())
    whole = column.combine_chunks()
    return whole if isinstance(whole, pa.Array) else whole.chunk(0)


def _ragged(file: str, number: int | None, cells: int, expected: int) -> Fault:
    # Counted from the header, which is line 1.
    line = None if number is None else number + 1
    message = Message(
        f"该行有 {cells} 格，列名有 {expected} 个；含逗号的内容请加双引号。",
        f"The row has {cells} cells for {expected} columns; put quotes around text with commas.",
    )
    return Fault(file, line, None, "field_count", message)


def _refused(path: Path, code: str, zh: str, en: str) -> InputError:
    return InputError.of([Fault(path.name, None, None, code, Message(f"{zh}。", f"The file {en}."))])
