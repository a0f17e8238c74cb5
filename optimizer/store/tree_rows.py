"""The Merkle tree in the database: which records are sealed, and the nodes that proofs are made of.

Which tables are sealed stands in :mod:`~optimizer.store.tree_sources`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.exc import DatabaseError

from optimizer.accounts.entries import DOCUMENT, Entry, entry_text
from optimizer.accounts.merkle import STRIDE, Coordinate, NodeReader, Range, stored_coordinates
from optimizer.accounts.seal_view import SealedLog
from optimizer.accounts.sealed import Head, Leaf, LogKey
from optimizer.errors import Message, UnreadableRecordError
from optimizer.store import schema
from optimizer.store.entry_rows import has_id
from optimizer.store.sorted_ids import first_runs, lost_ids, run_where
from optimizer.store.tree_nodes import whole_reader
from optimizer.store.tree_sources import BY_KIND, HEAD, SOURCES, Part, Source

CHUNK = 500
"""Records read at a time; also the most values of one IN clause."""


class TreeRows:
    """The tree's tables and what they seal, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # Keys and heads

    def public_keys(self) -> list[LogKey]:
        """The log's public keys, oldest first."""
        rows = self._rows(select(schema.tree_keys).order_by(schema.tree_keys.c.key_no))
        return [
            LogKey(
                _number(row.key_no),
                _words(row.verifier_key),
                _words(row.recorded_at),
                _words(row.rotation),
                _words(row.reason),
            )
            for row in rows
        ]

    def add_key(self, key: LogKey) -> None:
        """Append a public key."""
        row = {
            "key_no": key.key_no,
            "verifier_key": key.verifier_key,
            "recorded_at": key.recorded_at,
            "rotation": key.rotation or None,
            "reason": key.reason or None,
        }
        self._connection.execute(insert(schema.tree_keys), [row])

    def heads(self) -> list[Head]:
        """All tree heads, smallest tree first."""
        return [_head(row) for row in self._rows(select(schema.tree_heads).order_by(schema.tree_heads.c.tree_size))]

    def head(self, at_most: int | None = None) -> Head | None:
        """The newest head, or the newest of a tree of at most so many leaves; None where there is none."""
        heads = schema.tree_heads
        query = select(heads).order_by(heads.c.tree_size.desc()).limit(1)
        if at_most is not None:
            query = query.where(heads.c.tree_size <= at_most)
        row = self._connection.execute(query).first()
        return None if row is None else _head(row)

    # Records

    def unsealed(self, head: Head | None, limit: int) -> list[Entry]:
        """Records that no leaf stands for yet, in the order in which they are sealed, at most ``limit``; then, where
        there are any, the heads of batches before."""
        found: list[Entry] = []
        for source in SOURCES:
            if source.kind != HEAD and len(found) < limit:
                found += self._unsealed(source, head, limit - len(found))
        return [*found, *self._unsealed(BY_KIND[HEAD], head, limit)] if found else []

    def count_unsealed(self, head: Head | None) -> int:
        """How many records no leaf stands for yet."""
        waiting = (source for source in SOURCES if source.kind != HEAD)
        return sum(self._count(source.table, self._not_sealed(source, head)) for source in waiting)

    def entries(self) -> Iterator[Entry]:
        """Every record as it is now, kind by kind, numbered kinds in order; runs on SQLite as they lie: any
        other order has all their documents sorted."""
        for source in SOURCES:
            query = select(source.table).execution_options(yield_per=CHUNK)
            if not self._by_rows(source):
                query = query.order_by(*self._order(source))
            for rows in self._connection.execute(query).partitions(CHUNK):
                yield from self._entries(source, _mappings(source.table, rows))

    def entry(self, kind: str, entry_id: str) -> tuple[Entry, str] | None:
        """A record as it is now, with its document (empty where it has none); None where it does not exist."""
        source = BY_KIND[kind]
        rows = self._rows(select(source.table).where(self._named(source, entry_id)))
        if not rows:
            return None
        (row,) = _mappings(source.table, rows[:1])
        return self._entries(source, [row])[0], str(row.get(DOCUMENT, ""))

    def orphans(self) -> list[str]:
        """Rows of a part whose record is gone, as ``table column=value``; the first of each table."""
        found = []
        for source in SOURCES:
            for part in source.parts:
                belongs = and_(*(source.table.c[own] == part.table.c[theirs] for own, theirs in part.link))
                query = select(part.table).where(~exists().where(belongs)).limit(1)
                for row in self._rows(query):
                    named = (f"{theirs}={getattr(row, theirs)}" for _, theirs in part.link)
                    found.append(f"{part.table.name} {' '.join(named)}")
        return found

    def damage(self) -> list[str]:
        """What SQLite's own check says about the file: a row that its index contradicts reads one way here and another
        way there. Nothing for a sound file, and on PostgreSQL."""
        if self._connection.dialect.name != "sqlite":
            return []
        said = [str(row[0]) for row in self._connection.exec_driver_sql("PRAGMA integrity_check(10)")]
        return [*(line for line in said if line != "ok"), *lost_ids(self._connection)]

    def log(self) -> SealedLog:
        """Everything that :func:`seal_check.check_seals` compares, read while it compares."""
        return SealedLog(self.public_keys(), self.heads(), self.leaves(), self.nodes(), self.entries(), self.orphans())

    # Leaves and nodes

    def leaves(self) -> Iterator[Leaf]:
        """All leaves in order."""
        query = select(schema.tree_leaves).order_by(schema.tree_leaves.c.leaf_index)
        rows = self._connection.execute(query.execution_options(yield_per=10 * CHUNK))
        return (Leaf(_number(row.leaf_index), _words(row.kind), _words(row.entry_id), row.leaf_hash) for row in rows)

    def leaf_at(self, index: int) -> Leaf | None:
        """The leaf at an index, None beyond the tree."""
        return self._leaf(schema.tree_leaves.c.leaf_index == index)

    def leaves_of(self, entry_id: str, kind: str = "") -> list[Leaf]:
        """The leaves of a record's id: of one kind, or of every kind that has such an id."""
        column = schema.tree_leaves.c
        kinds = [kind] if kind else list(BY_KIND)
        found = (self._leaf(and_(column.kind == one, column.entry_id == entry_id)) for one in kinds)
        return [leaf for leaf in found if leaf is not None]

    def count_leaves(self, kind: str, start: int, end: int) -> int:
        """How many leaves of a kind stand in ``[start, end)``."""
        column = schema.tree_leaves.c
        counted = and_(column.leaf_index >= start, column.leaf_index < end, column.kind == kind)
        return self._count(schema.tree_leaves, counted)

    def last_closed(self, size: int) -> str:
        """The last period closed among the first ``size`` leaves, empty when none is."""
        column = schema.tree_leaves.c
        query = select(func.max(column.entry_id)).where(column.kind == "period", column.leaf_index < size)
        return self._connection.execute(query).scalar() or ""

    def nodes(self) -> Iterator[tuple[Coordinate, bytes]]:
        """All stored nodes above the leaves."""
        nodes = schema.tree_nodes
        query = select(nodes).order_by(nodes.c.level, nodes.c.node_index).execution_options(yield_per=10 * CHUNK)
        return (((row.level, row.node_index), row.node_hash) for row in self._connection.execute(query))

    def reader(self, ranges: Iterable[Range]) -> NodeReader:
        """Reads the subtrees that hashing these ranges needs, fetched at once. It raises UnreadableRecordError where
        the stored tree has a hole."""
        spans = _spans(sorted(stored_coordinates(ranges)))
        read = self._spans_one_by_one if self._connection.dialect.name == "sqlite" else self._spans_at_once
        return whole_reader({(level, index): value for level, index, value in read(spans)})

    def _spans_one_by_one(self, spans: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int, bytes]]:
        """SQLite: the driver keeps two prepared statements, which costs less than one that is new each time."""
        driver: Any = self._connection.connection.driver_connection
        try:
            for level, first, last in spans:
                if level:
                    yield from driver.execute(f"{_NODE_HASHES} {_NODE_SPAN}", (level, first, last))
                else:
                    yield from driver.execute(f"{_LEAF_HASHES} {_LEAF_SPAN}", (first, last))
        except sqlite3.DatabaseError as error:
            raise DatabaseError(_NODE_HASHES, None, error) from error

    def _spans_at_once(self, spans: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int, bytes]]:
        """A server: one question. Plain SQL of our own integers: building these conditions as expressions takes three
        times as long as all else."""
        leaves = [f"leaf_index BETWEEN {first:d} AND {last:d}" for level, first, last in spans if not level]
        nodes = [
            f"level = {level:d} AND node_index BETWEEN {first:d} AND {last:d}" for level, first, last in spans if level
        ]
        for query, conditions in ((_LEAF_HASHES, leaves), (_NODE_HASHES, nodes)):
            if conditions:
                found = self._connection.exec_driver_sql(f"{query} WHERE {' OR '.join(conditions)}")
                yield from ((level, index, value) for level, index, value in found)

    def append(self, leaves: Sequence[Leaf], nodes: Iterable[tuple[Coordinate, bytes]]) -> None:
        """Append leaves and the nodes that they completed."""
        rows = [
            {"leaf_index": leaf.index, "kind": leaf.kind, "entry_id": leaf.entry_id, "leaf_hash": leaf.leaf_hash}
            for leaf in leaves
        ]
        self._connection.execute(insert(schema.tree_leaves), rows)
        added = [{"level": level, "node_index": index, "node_hash": node_hash} for (level, index), node_hash in nodes]
        if added:
            self._connection.execute(insert(schema.tree_nodes), added)

    def add_head(self, head: Head) -> None:
        """Append a signed head."""
        row = {
            "tree_size": head.size,
            "root": head.root,
            "sealed_at": head.sealed_at,
            "key_no": head.key_no,
            "last_event_seq": head.last_event_seq,
            "last_transaction_seq": head.last_transaction_seq,
            "note": head.note,
        }
        self._connection.execute(insert(schema.tree_heads), [row])

    # Rows

    def _rows(self, query: Select[Any]) -> list[Any]:
        return list(self._connection.execute(query))

    def _count(self, table: Table, condition: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(table).where(condition)
        return int(self._connection.execute(query).scalar_one())

    def _leaf(self, condition: ColumnElement[bool]) -> Leaf | None:
        row = self._connection.execute(select(schema.tree_leaves).where(condition)).first()
        return None if row is None else Leaf(row.leaf_index, row.kind, row.entry_id, row.leaf_hash)

    def _unsealed(self, source: Source, head: Head | None, limit: int) -> list[Entry]:
        query = select(source.table).where(self._not_sealed(source, head, limit)).order_by(*self._order(source))
        rows = _mappings(source.table, self._connection.execute(query.limit(limit)))
        return [
            entry
            for start in range(0, len(rows), CHUNK)
            for entry in self._entries(source, rows[start : start + CHUNK])
        ]

    def _entries(self, source: Source, rows: Sequence[Any]) -> list[Entry]:
        """Records of one kind with their parts, in the order of the rows."""
        parts = [(part, self._parts(part, rows)) for part in source.parts]
        found = []
        for row in rows:
            entry_id = "/".join(str(row[column]) for column in source.key)
            own = {part.name: rows_of.get(tuple(row[own] for own, _ in part.link), ()) for part, rows_of in parts}
            text = entry_text(source.kind, entry_id, row, own)
            found.append(Entry(source.kind, entry_id, _number(row["seq"]) if source.numbered else 0, text))
        return found

    def _parts(self, part: Part, rows: Sequence[Any]) -> dict[tuple[Any, ...], list[Any]]:
        """The rows of a part by the values that link them, each list in order of its primary key."""
        first_own, first_theirs = part.link[0]
        wanted = {row[first_own] for row in rows}
        column = part.table.c[first_theirs]
        # The type is said, or a value of another type that somebody put there would decide how all are bound.
        query = select(part.table).where(column.in_(bindparam("wanted", wanted, column.type, expanding=True)))
        found: dict[tuple[Any, ...], list[Any]] = {}
        rows_of = self._connection.execute(query.order_by(*self._in_order(part.table.primary_key)))
        for row in _mappings(part.table, rows_of):
            found.setdefault(tuple(row[theirs] for _, theirs in part.link), []).append(row)
        return found

    def _by_rows(self, source: Source) -> bool:
        """Runs on SQLite, whose ids lie beside them (``store.sorted_ids``)."""
        return source.table is schema.calculation_runs and self._connection.dialect.name == "sqlite"

    def _named(self, source: Source, entry_id: str) -> ColumnElement[bool]:
        """That a record has this id, said so that the database finds it by its index."""
        if source.table is schema.transactions:
            return has_id(self._connection, [entry_id])
        if source.table is schema.calculation_runs:
            return run_where(self._connection, source.table, lambda run_id: run_id == entry_id)
        return _id_of(source) == entry_id

    def _not_sealed(self, source: Source, head: Head | None, limit: int | None = None) -> ColumnElement[bool]:
        """Numbered kinds are sealed in order, so their number says it; others are looked up. ``limit``: how many of the
        first are wanted, where not all are."""
        if source.numbered:
            last = 0 if head is None else head.last_event_seq if source.kind == "event" else head.last_transaction_seq
            return source.table.c.seq > last
        leaves = schema.tree_leaves.c
        if source.table is schema.calculation_runs:

            def waiting(run_id: ColumnElement[str]) -> ColumnElement[bool]:
                return ~exists().where(leaves.kind == source.kind, leaves.entry_id == run_id)

            if limit is not None:
                return first_runs(self._connection, source.table, waiting, limit)
            return run_where(self._connection, source.table, waiting)
        return ~exists().where(leaves.kind == source.kind, leaves.entry_id == _id_of(source)).correlate(source.table)

    def _order(self, source: Source) -> list[ColumnElement[Any]]:
        return self._in_order(
            [source.table.c.seq] if source.numbered else [source.table.c[name] for name in source.key]
        )

    def _in_order(self, columns: Iterable[Any]) -> list[ColumnElement[Any]]:
        """Text by code point on every database, so that the same records make the same tree."""
        bytewise = self._connection.dialect.name == "postgresql"
        return [column.collate("C") if bytewise and isinstance(column.type, Text) else column for column in columns]


def _mappings(table: Table, rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Whole rows of a table by column name."""
    names = table.c.keys()
    return [dict(zip(names, row, strict=True)) for row in rows]


@contextmanager
def readable() -> Iterator[None]:
    """Turns what the database says about damage into an UnreadableRecordError, for who reads every row."""
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig)
        raise UnreadableRecordError(
            Message(
                f"数据库有读不出的内容：{reason}；请从备份恢复。",
                f"The database holds what it cannot hand out: {reason}; restore a backup.",
            )
        ) from error


def _id_of(source: Source) -> ColumnElement[str]:
    """The id of a record as SQL."""
    columns = [source.table.c[name] for name in source.key]
    joined: ColumnElement[str] = _text(columns[0])
    for column in columns[1:]:
        joined = joined.concat(literal("/")).concat(_text(column))
    return joined


def _text(column: Any) -> ColumnElement[str]:
    return column if isinstance(column.type, Text) else cast(column, Text)


def _head(row: Any) -> Head:
    return Head(
        _number(row.tree_size),
        row.root,
        _words(row.sealed_at),
        _number(row.key_no),
        _number(row.last_event_seq),
        _number(row.last_transaction_seq),
        _words(row.note),
    )


def _number(value: object) -> int:
    """A number as stored. SQLite keeps whatever somebody put there; what is no number agrees with none."""
    return value if isinstance(value, int) else -1


def _words(value: object) -> str:
    """A text as stored, empty for NULL; what is no text agrees with none."""
    return value if isinstance(value, str) else "" if value is None else repr(value)


_LEAF_HASHES = "SELECT 0, leaf_index, leaf_hash FROM tree_leaves"
_NODE_HASHES = "SELECT level, node_index, node_hash FROM tree_nodes"
_LEAF_SPAN = "WHERE leaf_index BETWEEN ? AND ?"
_NODE_SPAN = "WHERE level = ? AND node_index BETWEEN ? AND ?"


def _spans(coordinates: Sequence[Coordinate]) -> list[tuple[int, int, int]]:
    """Runs of near neighbours among sorted coordinates: (level, first, last). A few rows too many cost less than one
    more condition."""
    spans: list[tuple[int, int, int]] = []
    for level, index in coordinates:
        if spans and spans[-1][0] == level and index - spans[-1][2] < 1 << STRIDE:
            spans[-1] = (level, spans[-1][1], index)
        else:
            spans.append((level, index, index))
    return spans
