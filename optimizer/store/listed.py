"""Long lists of ids in a query: one parameter, where an IN clause has one for each id and is written anew each time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ARRAY, ColumnElement, Connection, Text, bindparam, func, select, text
from sqlalchemy.exc import DatabaseError

from optimizer.store import schema
from optimizer.store.sorted_ids import run_where

_SLICE = 5_000
"""Most runs whose documents are held at a time."""


def in_list(connection: Connection, column: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a column is in the list ``ids``."""
    if connection.dialect.name == "sqlite":
        return column.in_(select(func.json_each(bindparam("ids")).table_valued("value").c.value))
    return column == func.any(bindparam("ids", type_=ARRAY(Text)))


def as_list(connection: Connection, ids: Sequence[str | int]) -> Any:
    """The value of ``ids``."""
    if connection.dialect.name != "sqlite":
        return list(ids)
    try:
        return msgspec.json.encode(ids).decode()
    except UnicodeEncodeError:  # half a letter, as a command line may give
        return json.dumps(ids)


def list_of(connection: Connection, column: str) -> str:
    """A column of all rows of a query as one JSON list without spaces, in bytes: to hand out a row costs ten times as
    much as a value in a list. Numbers, texts and nothing each look otherwise there; SQLite refuses bytes."""
    if connection.dialect.name == "sqlite":
        return f"CAST(json_group_array({column}) AS BLOB)"
    return f"convert_to('[' || coalesce(string_agg(coalesce(to_json({column})::text, 'null'), ','), '') || ']', 'UTF8')"


def listed_rows(connection: Connection, query: str, *lists: Sequence[str | int]) -> list[tuple[Any, ...]]:
    """Plain rows of a query, for who reads millions: SQLite's driver hands out tuples by itself, and rows of another
    kind take longer to make than to read. ``query``: each ``{listed}`` in it stands for one of the lists, in order, as
    what a column is compared with, or ``{values}`` as a table ``m`` with the column ``value``."""
    asked = tuple(as_list(connection, ids) for ids in lists)
    if connection.dialect.name == "sqlite":
        query = query.format(listed="IN (SELECT value FROM json_each(?))", values="json_each(?) AS m")
        return driver_rows(connection, query, asked)
    query = query.format(listed="= ANY(%s)", values="unnest(%s::text[]) AS m (value)")
    return list(map(tuple, connection.exec_driver_sql(query, asked)))


def named_rows(connection: Connection, query: str, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The same of a query with named values, each written ``:name``."""
    if connection.dialect.name == "sqlite":
        return driver_rows(connection, query, asked)
    return list(map(tuple, connection.execute(text(query), asked)))


def driver_rows(connection: Connection, query: str, asked: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Rows of SQLite's driver. Raises what SQLAlchemy raises for a damaged file."""
    driver: Any = connection.connection.driver_connection
    try:
        return list(driver.execute(query, asked))
    except sqlite3.DatabaseError as error:
        raise DatabaseError(query, None, error) from error


def columns_of_runs(
    connection: Connection, columns: Sequence[ColumnElement[Any]], run_ids: Iterable[str], *also: ColumnElement[bool]
) -> Iterator[Any]:
    """Columns of those of these runs that exist, in large slices."""
    wanted, runs = sorted(set(run_ids)), schema.calculation_runs
    query = select(*columns).where(run_where(connection, runs, lambda run_id: in_list(connection, run_id)), *also)
    for start in range(0, len(wanted), _SLICE):
        ids = wanted[start : start + _SLICE]
        yield from connection.execute(query, {"ids": as_list(connection, ids)}).all()
