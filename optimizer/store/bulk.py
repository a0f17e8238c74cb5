"""Appending many rows at once, by the fastest road each driver has.

SQLAlchemy's executemany builds a dictionary, a compiled statement and a result for each batch; a settlement run appends
tens of rows for each lot, and there the driver itself is several times faster. SQLite: one INSERT for many rows, which
starts a statement once and leaves the interpreter free for another thread until all of them are in. PostgreSQL: COPY,
which also lets the triggers see the whole batch at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from optimizer.store import batch_tables

Row = TypeVar("Row")

_ROWS = 1024
"""Most rows to an INSERT; smaller ones have a power of two, so that the driver keeps a few prepared statements."""


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
        try:
            for group in _groups(list(rows), driver.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // len(columns)):
                driver.execute(_insert(table, names, len(columns), len(group)), list(chain.from_iterable(group)))
        except sqlite3.IntegrityError as error:
            raise IntegrityError(_insert(table, names, len(columns), 1), None, error) from error
        return
    statement = f"COPY {table} ({names}) FROM STDIN"
    refused: Any = connection.dialect.loaded_dbapi.IntegrityError
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except refused as error:
        raise IntegrityError(statement, None, error) from error


def append_new(
    connection: Connection,
    rows: Sequence[Row],
    write: Callable[[Sequence[Row]], None],
    unknown: Callable[[Sequence[Row]], list[Row]],
) -> list[Row]:
    """Append those rows that are not there yet, and return them. ``write`` appends; ``unknown`` leaves out what is
    there, and raises ConflictError where it is there with other content.

    Nearly always all are new, and the database refuses one that is not: on SQLite they are written without asking, and
    only a refusal is undone, asked about and written anew. On PostgreSQL, where an error costs a round trip and the
    unique index is asked anyway, they are asked about first. Raises IntegrityError where the database refuses what is
    new.
    """
    if connection.dialect.name != "sqlite":
        fresh = unknown(rows)
        write(fresh)
        return fresh
    driver: Any = connection.connection.driver_connection
    driver.execute("SAVEPOINT append_new")
    try:
        write(rows)
    except IntegrityError:
        driver.execute("ROLLBACK TO append_new")
        driver.execute("RELEASE append_new")
        fresh = unknown(rows)
        if len(fresh) == len(rows):
            raise
        write(fresh)
        return fresh
    driver.execute("RELEASE append_new")
    return list(rows)


def delete_keys(connection: Connection, table: str, columns: Sequence[str], keys: Sequence[Sequence[Any]]) -> None:
    """Delete the rows of these keys where there are any; one look-up in the index of ``columns`` for each key."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        for group in _groups(keys, driver.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // len(columns)):
            driver.execute(_delete(table, tuple(columns), len(group)), list(chain.from_iterable(group)))
    elif keys:
        places = " AND ".join(f"{name} = %s" for name in columns)
        driver.cursor().executemany(f"DELETE FROM {table} WHERE {places}", keys)


def _groups(rows: Sequence[Sequence[Any]], most: int) -> Iterator[Sequence[Sequence[Any]]]:
    """Rows in their order, in groups of a power of two, none with more than ``most`` (or ``_ROWS``) rows."""
    start = 0
    while start < len(rows):
        size = 1 << min(len(rows) - start, most, _ROWS).bit_length() - 1
        yield rows[start : start + size]
        start += size


@lru_cache(maxsize=256)
def _insert(table: str, names: str, width: int, count: int) -> str:
    row = f"({', '.join('?' * width)})"
    return f"INSERT INTO {table} ({names}) VALUES {', '.join([row] * count)}"


@lru_cache(maxsize=32)
def _delete(table: str, columns: tuple[str, ...], count: int) -> str:
    """A plain ``IN`` of pairs reads the whole table; the cross join begins with the keys."""
    key = f"({', '.join('?' * len(columns))})"
    same = " AND ".join(f"t.{name} = k.column{place}" for place, name in enumerate(columns, start=1))
    keys = ", ".join([key] * count)
    found = f"SELECT t.rowid FROM (VALUES {keys}) AS k CROSS JOIN {table} AS t ON {same}"
    return f"DELETE FROM {table} WHERE rowid IN ({found})"


@contextmanager
def ledger_batch(connection: Connection, first_seq: int, entries: bool = True) -> Iterator[None]:
    """Entries from ``first_seq`` on that are appended inside are held to the rules of the ledger together, at the end.

    Raises IntegrityError there when the database refuses them. PostgreSQL's triggers see a statement whole anyway.
    """
    table = batch_tables.ledger_batch.name
    with _batch(connection, table, f"INSERT INTO {table} (first_seq, open_batch) VALUES (?, 1)", (first_seq,), entries):
        yield


@contextmanager
def run_batch(connection: Connection, runs: bool = True) -> Iterator[None]:
    """The same of calculation runs, from the next row on."""
    table = batch_tables.run_batch.name
    next_row = (
        f"INSERT INTO {table} (first_run, open_batch) SELECT COALESCE(MAX(rowid), 0) + 1, 1 FROM calculation_runs"
    )
    with _batch(connection, table, next_row, (), runs):
        yield


@contextmanager
def _batch(connection: Connection, table: str, begin: str, place: tuple[int, ...], rows: bool) -> Iterator[None]:
    if connection.dialect.name != "sqlite" or not rows:
        yield
        return
    driver: Any = connection.connection.driver_connection
    close = f"DELETE FROM {table}"
    try:
        driver.execute(begin, place)
        yield
        driver.execute(close)
    except sqlite3.IntegrityError as error:
        raise IntegrityError(close, None, error) from error
