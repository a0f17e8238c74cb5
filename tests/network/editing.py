"""Copies of the shipped package with something changed: how the fault tests make their bad directories."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

from optimizer.network.schema import shipped_directory

Records = list[list[str]]


def copy_of_shipped(directory: Path) -> Path:
    """A fresh copy of the shipped tables without the descriptor, as a user would bring them."""
    target = directory / "network"
    shutil.copytree(shipped_directory(), target, ignore=shutil.ignore_patterns("*.py", "*.json", "__pycache__"))
    return target


def edit(directory: Path, table: str, change: Callable[[Records], None]) -> None:
    """Rewrite a table after ``change`` has worked on its records (header first)."""
    path = directory / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        records = list(csv.reader(stream))
    change(records)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(records)


def set_cell(directory: Path, table: str, key: str, column: str, value: str) -> int:
    """Write one cell of the row whose first cell is ``key`` (``a/b``: first two cells); returns its line number."""
    found: list[int] = []

    def change(records: Records) -> None:
        parts = key.split("/")
        for line, record in enumerate(records[1:], start=2):
            if record[: len(parts)] == parts:
                record[records[0].index(column)] = value
                found.append(line)

    edit(directory, table, change)
    (line,) = found
    return line


def add_copy(directory: Path, table: str, key: str, **values: str) -> int:
    """Append a copy of the row whose first cell is ``key`` with other values; returns the new line number."""
    lines: list[int] = []

    def change(records: Records) -> None:
        header = records[0]
        record = list(next(item for item in records[1:] if item[0] == key))
        for column, value in values.items():
            record[header.index(column)] = value
        records.append(record)
        lines.append(len(records))

    edit(directory, table, change)
    return lines[0]


def drop(directory: Path, table: str, key: str) -> None:
    """Delete every row whose first cell is ``key``."""

    def change(records: Records) -> None:
        kept = [record for record in records if record[0] != key]
        assert len(kept) < len(records)
        records[:] = kept

    edit(directory, table, change)
