"""Reads the CSV tables of a network directory, typed by the data package's schema, collecting every fault.

The reader stops at nothing: a wrong cell costs its row, never the rest, so that a person sees all faults in one run.
It is plain standard library because it stands in the start of every command.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.errors import Fault, Message
from optimizer.network.cells import CellError, parse_cell
from optimizer.network.schema import PackageSchema, TableSchema, load_schema

MAX_TABLE_BYTES = 100 * 1024 * 1024
MAX_FAULTS_PER_TABLE = 1_000


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: the file's name, the line on which it starts (the header is line 1) and the typed values by column.

    Optional empty cells are ``""`` (string), ``()`` (list) or None (other types).
    """

    file: str
    line: int
    values: Mapping[str, Any]

    def has(self, *columns: str) -> bool:
        """Whether the cells of these columns could be read and are not empty."""
        return all(self.values.get(column) not in (None, "", ()) for column in columns)

    def fault(self, column: str | None, code: str, message: Message) -> Fault:
        """A fault at this row."""
        return Fault(self.file, self.line, column, code, message)


@dataclass(frozen=True, slots=True)
class Table:
    """One table as read: sound rows, and damaged rows that hold only the cells that could be read."""

    schema: TableSchema
    rows: tuple[TableRow, ...]
    damaged: tuple[TableRow, ...]
    faults: tuple[Fault, ...]

    @property
    def all_rows(self) -> tuple[TableRow, ...]:
        """Sound and damaged rows, for questions of absence: a damaged row is not an absent one."""
        return self.rows + self.damaged


def read_package(directory: Path, names: Sequence[str]) -> tuple[dict[str, list[TableRow]], list[Fault]]:
    """The sound rows of the named tables and all faults found in them.

    Foreign keys are checked between the tables named. Nothing is raised for a fault in a table; NetworkDataError is
    raised when ``directory`` carries a descriptor that cannot be used. The caller decides what faults mean.
    """
    tables = read_tables(directory, names, load_schema(directory))
    rows = {name: list(table.rows) for name, table in tables.items()}
    return rows, [fault for table in tables.values() for fault in table.faults]


def read_tables(directory: Path, names: Sequence[str], schema: PackageSchema) -> dict[str, Table]:
    """The named tables with their damaged rows; ``read_package`` for those who need only sound ones."""
    if not directory.is_dir():
        fault = Fault(str(directory), None, None, "directory_missing", _directory_missing(directory))
        return {name: Table(schema.tables[name], (), (), (fault,) if name == names[0] else ()) for name in names}
    tables = {name: _read_table(directory, schema.tables[name]) for name in names}
    return {name: _with_reference_faults(table, tables) for name, table in tables.items()}


def _read_table(directory: Path, schema: TableSchema) -> Table:
    faults: list[Fault] = []
    text = _read_text(directory, schema, faults)
    if text is None:
        return Table(schema, (), (), tuple(faults))
    reading = _Reading(schema, faults)
    try:
        reading.read(text)
    except csv.Error as error:
        reading.add(reading.line, None, "csv_malformed", _csv_malformed(str(error)))
    return Table(schema, tuple(reading.rows), tuple(reading.damaged), tuple(reading.listed_faults()))


def _read_text(directory: Path, schema: TableSchema, faults: list[Fault]) -> str | None:
    """The file's text, or None with a fault. UTF-8 (with or without mark) first: GB18030 accepts nearly any bytes."""
    path = directory / schema.path
    code, message = "", Message("", "")
    try:
        size = path.stat().st_size
        if size > MAX_TABLE_BYTES:
            code, message = "file_too_large", _too_large(size)
        else:
            raw = path.read_bytes()
            if not raw.strip(b"\xef\xbb\xbf \t\r\n,"):
                code, message = "file_empty", _file_empty(schema)
            elif raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in raw:
                code, message = "encoding_unknown", _encoding_unknown()
            else:
                return _decode(raw)
    except FileNotFoundError:
        code, message = "file_missing", _file_missing(schema)
    except UnicodeDecodeError:
        code, message = "encoding_unknown", _encoding_unknown()
    except OSError as error:
        code, message = "file_unreadable", _file_unreadable(error)
    faults.append(Fault(schema.path, None, None, code, message))
    return None


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030")


class _Reading:
    """The state of reading one table: rows so far, faults so far, the line reached."""

    def __init__(self, schema: TableSchema, faults: list[Fault]) -> None:
        self.schema = schema
        self.faults = faults
        self.fault_count = len(faults)
        self.rows: list[TableRow] = []
        self.damaged: list[TableRow] = []
        self.line = 1
        self.first_line_of_key: dict[tuple[Any, ...], int] = {}

    def add(self, line: int | None, column: str | None, code: str, message: Message) -> None:
        """Count a fault; list it while there is room."""
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS_PER_TABLE:
            self.faults.append(Fault(self.schema.path, line, column, code, message))

    def listed_faults(self) -> list[Fault]:
        """The faults listed, with a closing one where there were more."""
        if self.fault_count <= MAX_FAULTS_PER_TABLE:
            return self.faults
        message = Message(
            f"此表共有 {self.fault_count} 处错误，只列出前 {MAX_FAULTS_PER_TABLE} 处；请先改正这些。",
            f"This table has {self.fault_count} faults, of which the first {MAX_FAULTS_PER_TABLE} are listed; "
            "mend these first.",
        )
        return [*self.faults, Fault(self.schema.path, None, None, "too_many_faults", message)]

    def read(self, text: str) -> None:
        """Read header and rows. Raises csv.Error when the quoting cannot be followed."""
        records = self._records(text)
        _, header = next(records)
        columns = self._header([name.strip() for name in header])
        for line, record in records:
            self._row(line, record, len(header), columns)

    def _records(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Records with the line on which each starts (a quoted cell may hold line breaks); blank ones are passed."""
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        for record in reader:
            if any(cell.strip() for cell in record):
                yield self.line, record
            self.line = reader.line_num + 1

    def _header(self, header: list[str]) -> dict[str, int]:
        """Index of each known column. Missing, unknown and repeated ones are faults of line 1."""
        known = {field.name for field in self.schema.fields}
        columns: dict[str, int] = {}
        for index, name in enumerate(header):
            if name in columns:
                self.add(1, name, "column_duplicate", _column_duplicate(name))
            elif name not in known:
                self.add(1, name or f"#{index + 1}", "column_unknown", _column_unknown(name, index, self.schema))
            else:
                columns[name] = index
        for field in self.schema.fields:
            if field.name not in columns:
                self.add(1, field.name, "column_missing", _column_missing(field.name))
        return columns

    def _row(self, line: int, record: list[str], width: int, columns: Mapping[str, int]) -> None:
        if len(record) != width:
            self.add(line, None, "field_count", _field_count(len(record), width))
            return
        values: dict[str, Any] = {}
        for field in self.schema.fields:
            index = columns.get(field.name)
            if index is None:
                continue
            try:
                values[field.name] = parse_cell(record[index], field)
            except CellError as error:
                self.add(line, field.name, error.code, error.message)
        unique = self._check_key(line, values)
        sound = unique and len(values) == len(self.schema.fields)
        (self.rows if sound else self.damaged).append(TableRow(self.schema.path, line, values))

    def _check_key(self, line: int, values: Mapping[str, Any]) -> bool:
        key = tuple(values.get(column) for column in self.schema.primary_key)
        if not key or None in key:
            return True
        first = self.first_line_of_key.setdefault(key, line)
        if first != line:
            self.add(line, self.schema.primary_key[-1], "duplicate_key", _duplicate_key(key, first))
        return first == line


def _with_reference_faults(table: Table, tables: Mapping[str, Table]) -> Table:
    """The table with its foreign keys checked against the tables read along; others cannot be checked here."""
    faults = list(table.faults)
    for key in table.schema.foreign_keys:
        target = table if key.table in ("", table.schema.name) else tables.get(key.table)
        # A table that could not be read at all has its own fault; hundreds of unknown references would bury it.
        if target is None or not target.all_rows:
            continue
        known = {row.values.get(key.table_column) for row in target.all_rows}
        for row in table.all_rows:
            value = row.values.get(key.column)
            for item in value if isinstance(value, tuple) else (value,):
                if item not in (None, "") and item not in known:
                    faults.append(row.fault(key.column, "unknown_reference", _unknown(item, target.schema.path)))
    return Table(table.schema, table.rows, table.damaged, tuple(faults))


def _directory_missing(directory: Path) -> Message:
    return Message(
        f"没有目录 {directory}；请给出存有数据表的目录。",
        f"There is no directory {directory}; name one with the tables.",
    )


def _file_missing(schema: TableSchema) -> Message:
    header = ",".join(field.name for field in schema.fields)
    return Message(
        f"缺少此文件；请建立，首行为 {header}", f"The file is missing; create it with the first line {header}"
    )


def _file_empty(schema: TableSchema) -> Message:
    header = ",".join(field.name for field in schema.fields)
    return Message(f"文件为空；首行应为 {header}", f"The file is empty; its first line should be {header}")


def _file_unreadable(error: OSError) -> Message:
    return Message(
        f"无法读取（{error.strerror}）；请检查权限。", f"It cannot be read ({error.strerror}); check its rights."
    )


def _too_large(size: int) -> Message:
    limit_mb, size_mb = MAX_TABLE_BYTES // 2**20, size // 2**20
    return Message(
        f"文件有 {size_mb} MB，超过上限 {limit_mb} MB；请拆分或删去不用的行。",
        f"The file has {size_mb} MB, above the limit of {limit_mb} MB; drop rows that are not needed.",
    )


def _encoding_unknown() -> Message:
    return Message(
        "既不是 UTF-8 也不是 GB18030；请以“CSV UTF-8”格式另存。",
        "It is neither UTF-8 nor GB18030; save it as “CSV UTF-8”.",
    )


def _csv_malformed(detail: str) -> Message:
    return Message(
        f"引号不配对或单元格过长（{detail}），其后各行未读；请改正引号。",
        f"Quotes do not match or a cell is too long ({detail}); the rest was not read. Mend the quotes.",
    )


def _column_duplicate(name: str) -> Message:
    return Message(f"列 {name} 出现多次；请只保留一列。", f"Column {name} stands twice; keep one.")


def _column_unknown(name: str, index: int, schema: TableSchema) -> Message:
    known = ", ".join(field.name for field in schema.fields)
    shown = name or f"#{index + 1}"
    return Message(f"不认识列 {shown}；可用的列：{known}。", f"Column {shown} is not known; the columns are {known}.")


def _column_missing(name: str) -> Message:
    return Message(f"缺少列 {name}；请在首行加上。", f"Column {name} is missing; add it to the first line.")


def _field_count(found: int, wanted: int) -> Message:
    return Message(
        f"此行有 {found} 格，表头有 {wanted} 格；含逗号的文字请加引号。",
        f"This row has {found} cells, the header {wanted}; put quotes around text with commas.",
    )


def _duplicate_key(key: tuple[Any, ...], first: int) -> Message:
    shown = "/".join(str(part) for part in key)
    return Message(
        f"{shown} 在第 {first} 行已有；每个键只能出现一次。", f"{shown} stands in row {first} already; use it once."
    )


def _unknown(item: object, path: str) -> Message:
    return Message(
        f"{path} 中没有 {item}；请先在该表登记或改正。", f"{path} has no {item}; add it there or mend it here."
    )
