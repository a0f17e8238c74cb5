"""Appending many rows at once, by the fastest road each driver has.

SQLAlchemy's executemany builds a dictionary, a compiled statement and a result for each batch; a settlement run appends
tens of rows for each lot, and there the driver itself is several times faster. SQLite: ``executemany`` of the driver.
PostgreSQL: COPY, which also lets the triggers see the whole batch at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from optimizer.store import batch_tables


def append(connection: Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows that all have the columns of the first one. Raises IntegrityError when the database refuses."""
    if rows:
        columns = tuple(rows[0])
        append_tuples(connection, table, columns, [tuple(row[name] for name in columns) for row in rows])


def append_tuples(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append rows given in the order of ``columns``. Raises IntegrityError when the database refuses."""
    names = ", ".join(columns)
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({places})"
        try:
            driver.executemany(statement, rows)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(statement, None, error) from error
        return
    statement = f"COPY {table} ({names}) FROM STDIN"
    refused: Any = connection.dialect.loaded_dbapi.IntegrityError
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except refused as error:
        raise IntegrityError(statement, None, error) from error


@contextmanager
def ledger_batch(connection: Connection, first_seq: int, entries: bool = True) -> Iterator[None]:
    """Entries from ``first_seq`` on that are appended inside are held to the rules of the ledger together, at the end.

    Raises IntegrityError there when the database refuses them. PostgreSQL's triggers see a statement whole anyway.
    """
    if connection.dialect.name != "sqlite" or not entries:
        yield
        return
    driver: Any = connection.connection.driver_connection
    table = batch_tables.ledger_batch.name
    begin, close = f"INSERT INTO {table} (first_seq, open_batch) VALUES (?, 1)", f"DELETE FROM {table}"
    try:
        driver.execute(begin, (first_seq,))
        yield
        driver.execute(close)
    except sqlite3.IntegrityError as error:
        raise IntegrityError(close, None, error) from error
