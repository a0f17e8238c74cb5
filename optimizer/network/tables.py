"""Reads the CSV tables of a network directory, typed by the data package's schema, collecting every fault.

The reader stops at nothing: a wrong cell costs its row, never the rest, so that a person sees all faults in one run.
It is plain standard library because it stands in the start of every command.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from optimizer.errors import Fault, Message
from optimizer.network import table_texts as texts
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
    """One table as read: sound rows, and damaged rows that hold only the cells that could be read.

    ``complete`` is False when the file or a column is missing or reading broke off, so that what is absent from the
    rows may still stand in the file: questions of absence are then idle.
    """

    schema: TableSchema
    rows: tuple[TableRow, ...]
    damaged: tuple[TableRow, ...]
    faults: tuple[Fault, ...]
    complete: bool

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
        fault = Fault(str(directory), None, None, "directory_missing", texts.directory_missing(directory))
        return {name: Table(schema.tables[name], (), (), (fault,) if name == names[0] else (), False) for name in names}
    tables = {name: _read_table(directory, schema.tables[name]) for name in names}
    return {name: _with_reference_faults(table, tables) for name, table in tables.items()}


def _read_table(directory: Path, schema: TableSchema) -> Table:
    faults: list[Fault] = []
    text = _read_text(directory, schema, faults)
    if text is None:
        return Table(schema, (), (), tuple(faults), False)
    reading = _Reading(schema, faults)
    try:
        reading.read(text)
    except csv.Error as error:
        reading.add(reading.line, None, "csv_malformed", texts.csv_malformed(str(error)))
        reading.complete = False
    faults = reading.listed_faults()
    return Table(schema, tuple(reading.rows), tuple(reading.damaged), tuple(faults), reading.complete)


def _read_text(directory: Path, schema: TableSchema, faults: list[Fault]) -> str | None:
    """The file's text, or None with a fault. UTF-8 (with or without mark) first: GB18030 accepts nearly any bytes."""
    path = directory / schema.path
    code, message = "", Message("", "")
    try:
        size = path.stat().st_size
        if size > MAX_TABLE_BYTES:
            code, message = "file_too_large", texts.too_large(size, MAX_TABLE_BYTES)
        else:
            raw = path.read_bytes()
            if not raw.strip(b"\xef\xbb\xbf \t\r\n,"):
                code, message = "file_empty", texts.file_empty(schema)
            elif raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in raw:
                code, message = "encoding_unknown", texts.encoding_unknown()
            else:
                return _decode(raw)
    except FileNotFoundError:
        code, message = "file_missing", texts.file_missing(schema)
    except UnicodeDecodeError:
        code, message = "encoding_unknown", texts.encoding_unknown()
    except OSError as error:
        code, message = "file_unreadable", texts.file_unreadable(error)
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
        self.complete = True
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
        message = texts.too_many(self.fault_count, MAX_FAULTS_PER_TABLE)
        return [*self.faults, Fault(self.schema.path, None, None, "too_many_faults", message)]

    def read(self, text: str) -> None:
        """Read header and rows. Raises csv.Error when the quoting cannot be followed."""
        records = self._records(text)
        _, header = next(records, (1, []))
        if not header:
            self.add(None, None, "file_empty", texts.file_empty(self.schema))
            self.complete = False
            return
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
                self.add(1, name, "column_duplicate", texts.column_duplicate(name))
            elif name not in known:
                self.add(1, name or f"#{index + 1}", "column_unknown", texts.column_unknown(name, index, self.schema))
            else:
                columns[name] = index
        for field in self.schema.fields:
            if field.name not in columns and not field.optional:
                self.add(1, field.name, "column_missing", texts.column_missing(field.name))
                self.complete = False
        return columns

    def _row(self, line: int, record: list[str], width: int, columns: Mapping[str, int]) -> None:
        if len(record) != width:
            self.add(line, None, "field_count", texts.field_count(len(record), width))
            self.damaged.append(self._key_row(line, record, columns))
            return
        values: dict[str, Any] = {}
        for field in self.schema.fields:
            index = columns.get(field.name)
            if index is None and not field.optional:
                continue
            try:
                values[field.name] = parse_cell("" if index is None else record[index], field)
            except CellError as error:
                self.add(line, field.name, error.code, error.message)
        unique = self._check_key(line, values)
        sound = unique and len(values) == len(self.schema.fields)
        (self.rows if sound else self.damaged).append(TableRow(self.schema.path, line, values))

    def _key_row(self, line: int, record: list[str], columns: Mapping[str, int]) -> TableRow:
        """The key cells of a row of wrong width: mostly right, because the comma too many stands in a later text.

        Without them every row that refers to this one would be called wrong as well.
        """
        key = [
            (name, columns[name]) for name in self.schema.primary_key if columns.get(name, len(record)) < len(record)
        ]
        return TableRow(self.schema.path, line, {name: record[index].strip() for name, index in key})

    def _check_key(self, line: int, values: Mapping[str, Any]) -> bool:
        key = tuple(values.get(column) for column in self.schema.primary_key)
        if not key or None in key:
            return True
        first = self.first_line_of_key.setdefault(key, line)
        if first != line:
            self.add(line, self.schema.primary_key[-1], "duplicate_key", texts.duplicate_key(key, first))
        return first == line


def _with_reference_faults(table: Table, tables: Mapping[str, Table]) -> Table:
    """The table with its foreign keys checked against the tables read along; others cannot be checked here."""
    faults = list(table.faults)
    for key in table.schema.foreign_keys:
        target = table if key.table in ("", table.schema.name) else tables.get(key.table)
        # A table that could not be read whole has its own fault; hundreds of unknown references would bury it.
        if target is None or not target.complete:
            continue
        known = {row.values.get(key.table_column) for row in target.all_rows}
        for row in table.all_rows:
            value = row.values.get(key.column)
            for item in value if isinstance(value, tuple) else (value,):
                if item not in (None, "") and item not in known:
                    faults.append(row.fault(key.column, "unknown_reference", texts.unknown(item, target.schema.path)))
    return replace(table, faults=tuple(faults))
