"""How the tables of one network differ from those of another, row by row, for whoever is to sign for them.

Rows are found again by the primary key of their table. Cells are compared as the text they hold.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from optimizer.network.schema import PackageSchema, TableSchema

ENCODINGS = ("utf-8-sig", "gb18030")
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell; ``before`` is empty in an added row, ``after`` in a removed one."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that was added, removed or changed, with the cells that differ; ``key`` as in its table."""

    table: str
    key: tuple[str, ...]
    kind: Literal["added", "removed", "changed"]
    cells: tuple[CellChange, ...]


def row_changes(before: Mapping[str, bytes], after: Mapping[str, bytes], schema: PackageSchema) -> list[RowChange]:
    """What became of every row, by table in the order of the schema and in it by the order of the new file, removed
    rows last. ``before`` and ``after``: file name -> content; a table that ``after`` lacks did not change."""
    found: list[RowChange] = []
    for table in schema.tables.values():
        old, new = before.get(table.path, b""), after.get(table.path)
        if new is not None and new != old:
            found += _of_table(table, rows_by_key(table, old), rows_by_key(table, new))
    return found


def taken_back(
    before: Mapping[str, bytes], since: Mapping[str, bytes], after: Mapping[str, bytes], schema: PackageSchema
) -> list[RowChange]:
    """Rows that ``after``, made from ``before``, would change in the tables ``since`` although somebody else changed
    them between: each as it stands and as ``after`` has it. Files as in :func:`row_changes`."""
    others = {(row.table, row.key) for row in row_changes(before, since, schema)}
    if not others:
        return []
    return [row for row in row_changes(since, after, schema) if (row.table, row.key) in others]


def changed_keys(old: Mapping[tuple[str, ...], Row], new: Mapping[tuple[str, ...], Row]) -> list[tuple[str, ...]]:
    """Keys of the rows that were added, changed or removed, in the order of the new ones, removed ones last."""
    return [key for key in new if _cells(old.get(key, {}), new[key]) or key not in old] + [
        key for key in old if key not in new
    ]


def _of_table(
    table: TableSchema, old: Mapping[tuple[str, ...], Row], new: Mapping[tuple[str, ...], Row]
) -> Iterator[RowChange]:
    for key, row in new.items():
        cells = _cells(old.get(key, {}), row)
        if key not in old:
            yield RowChange(table.name, key, "added", cells)
        elif cells:
            yield RowChange(table.name, key, "changed", cells)
    for key, row in old.items():
        if key not in new:
            yield RowChange(table.name, key, "removed", _cells(row, {}))


def _cells(old: Row, new: Row) -> tuple[CellChange, ...]:
    columns = dict.fromkeys([*new, *old])
    pairs = ((column, old.get(column, ""), new.get(column, "")) for column in columns)
    return tuple(CellChange(*pair) for pair in pairs if pair[1] != pair[2])


def rows_by_key(table: TableSchema, content: bytes) -> dict[tuple[str, ...], Row]:
    """The rows of a file, cells stripped, by their primary key."""
    rows = csv.DictReader(io.StringIO(_text(content), newline=""))
    found: dict[tuple[str, ...], Row] = {}
    for record in rows:
        row = {column: cell.strip() for column, cell in record.items() if column and isinstance(cell, str)}
        found[tuple(row.get(column, "") for column in table.primary_key)] = row
    return found


def _text(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", "replace")
