"""Values of another type than their column has. SQLite keeps any value in any column for who writes into the file
himself, past its rules; code that adds up numbers or cuts texts then stumbles somewhere. Where it does, this says which
value it was. PostgreSQL has the types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Boolean, Column, Engine, Float, Integer, LargeBinary, Table, Text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.types import TypeEngine

from optimizer.errors import Message, UnreadableRecordError
from optimizer.store.schema import metadata

STUMBLES = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What Python raises over a value of another type."""

_WHOLE: tuple[tuple[str, ...], Message] = (("integer",), Message("整数", "a whole number"))
_KINDS: tuple[tuple[type[TypeEngine[Any]], tuple[tuple[str, ...], Message]], ...] = (
    (Boolean, _WHOLE),
    (Integer, _WHOLE),
    (Float, (("real", "integer"), Message("数", "a number"))),
    (Text, (("text",), Message("文本", "a text"))),
    (LargeBinary, (("blob",), Message("字节", "bytes"))),
)
_FOUND = {
    "null": Message("空值", "nothing"),
    "integer": Message("整数", "a whole number"),
    "real": Message("小数", "a broken number"),
    "text": Message("文本", "a text"),
    "blob": Message("字节", "bytes"),
}


@contextmanager
def of_their_types(engine: Engine) -> Iterator[None]:
    """Around what reads a database: an error that a value of another type explains becomes the UnreadableRecordError
    that names the value; any other goes on as it is."""
    try:
        yield
    except STUMBLES as error:
        message = misplaced_value(engine)
        if message is None:
            raise
        raise UnreadableRecordError(message) from error


def misplaced_value(engine: Engine) -> Message | None:
    """The first value that is not of its column's type, as a sentence; None where all are, and where the database has
    the types itself."""
    if engine.dialect.name != "sqlite":
        return None
    try:
        return next((said for table in metadata.sorted_tables if (said := _in_table(engine, table)) is not None), None)
    except DatabaseError:
        # A damaged file, or one of another version: the first error says more.
        return None


def _in_table(engine: Engine, table: Table) -> Message | None:
    """The first such value of a table: one pass over its rows."""
    conditions = {column.name: f"typeof({_quoted(column.name)}) NOT IN ({_types(column)})" for column in table.columns}
    keys = [column.name for column in table.primary_key]
    places = " ".join(f"WHEN {condition} THEN '{name}'" for name, condition in conditions.items())
    types = " ".join(f"WHEN {condition} THEN typeof({_quoted(name)})" for name, condition in conditions.items())
    shown = "".join(f", quote({_quoted(key)})" for key in keys)
    with engine.connect() as connection:
        row = connection.exec_driver_sql(
            f"SELECT CASE {places} END, CASE {types} END{shown} FROM {_quoted(table.name)}"
            f" WHERE {' OR '.join(conditions.values())} LIMIT 1"
        ).first()
    if row is None:
        return None
    name, found, *values = row
    record = ", ".join(f"{key} {value}" for key, value in zip(keys, values, strict=True))
    wanted, there = _kind(table.columns[name])[1], _FOUND[found]
    return Message(
        f"表 {table.name} 中 {record} 一行的 {name} 应为{wanted.zh}，却是{there.zh}（有人绕过数据库直接改了文件）；"
        "请从备份恢复。",
        f"In table {table.name}, row {record}, {name} should be {wanted.en} and is {there.en} (somebody wrote into the"
        " file past its rules); restore a backup.",
    )


def _kind(column: Column[Any]) -> tuple[tuple[str, ...], Message]:
    kind = getattr(column.type, "impl_instance", column.type)
    return next(of_kind for sort, of_kind in _KINDS if isinstance(kind, sort))


def _types(column: Column[Any]) -> str:
    """The types that a column's values may have, as SQL."""
    types = (*_kind(column)[0], "null") if column.nullable else _kind(column)[0]
    return ", ".join(f"'{name}'" for name in types)


def _quoted(name: str) -> str:
    return f'"{name}"'
