"""Calculation runs as they are stored, for who reads millions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from optimizer.accounts.audit.rows import RunRow
from optimizer.store.packed import unpacked

_DOCUMENT = RunRow._fields.index("document")


def run_columns(connection: Connection) -> tuple[str, str]:
    """SQL of where a run ``r`` lies, what no two rows have in common, and of its columns as :func:`stored_run` takes
    them."""
    sqlite = connection.dialect.name == "sqlite"
    stored = "CAST(r.document AS BLOB)" if sqlite else "r.document"
    columns = ", ".join(stored if name == "document" else f"r.{name}" for name in RunRow._fields)
    return "r.rowid" if sqlite else "r.run_id", columns


def stored_run(row: Sequence[Any]) -> RunRow:
    """A run, its document unpacked."""
    return RunRow._make((*row[:_DOCUMENT], unpacked(bytes(row[_DOCUMENT])), *row[_DOCUMENT + 1 :]))


def document_of(row: RunRow) -> bytes:
    """The document of a run that was read as it lies."""
    return unpacked(bytes(row.document))
