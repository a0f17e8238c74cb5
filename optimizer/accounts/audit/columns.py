"""Check of columns that repeat what a stored document says: lists, statements and the audit look records up by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from optimizer.accounts.audit.naming import finding
from optimizer.waybills.finding import Finding


class ChangedRow(NamedTuple):
    """A row that does not say what its record does. ``columns``: those that differ; none where the whole row is missing
    or one too many."""

    record: str
    table: str
    columns: tuple[str, ...]


def columns_repeat_documents(changed: Iterable[ChangedRow]) -> Iterator[Finding]:
    """One finding for each row that differs from its record."""
    for record, table, columns in changed:
        if columns:
            listed = ", ".join(columns)
            zh = f"表 {table} 的 {listed} 与其文书或账本所载不符"
            en = f"{listed} in the table {table} differ from what its document or the ledger says"
        else:
            zh, en = f"表 {table} 缺一行或多一行", f"a row of the table {table} is missing or one too many"
        yield finding("columns_differ", record, zh, en)


Row = Sequence[Any]


def differing(record: str, table: str, names: Sequence[str], row: Row, said: Row) -> Iterator[ChangedRow]:
    """What a row has otherwise than it should. ``names``: its columns, in the order of both."""
    columns = tuple(name for name, kept, right in zip(names, row, said, strict=True) if kept != right)
    if columns:
        yield ChangedRow(record, table, columns)


def differing_rows(
    kind: str, table: str, names: Sequence[str], key: int, rows: Sequence[Row], said: Sequence[Row]
) -> Iterator[ChangedRow]:
    """The same of many rows in any order. ``kind``: of their records, whose name the first column is; ``key``: how many
    of the first columns name a row."""
    if rows == said:
        return
    kept = {tuple(row[:key]): row for row in rows}
    right = {tuple(row[:key]): row for row in said}
    for place in sorted((place for place in {*kept, *right} if kept.get(place) != right.get(place)), key=str):
        record = f"{kind} {place[0]}"
        if place in kept and place in right:
            yield from differing(record, table, names, kept[place], right[place])
        else:
            yield ChangedRow(record, table, ())
