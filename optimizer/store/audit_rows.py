"""The whole ledger in order, row by row, in bounded memory: what the auditor reads. A part of ``Session``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.exc import DatabaseError

from optimizer.accounts.audit.rows import EntryBlock, Names, NumberedLine, RunRow
from optimizer.accounts.audit.run_part import RunPlace
from optimizer.accounts.books import StoredDocument
from optimizer.store.events_read import EVENT_COLUMNS, changed_event
from optimizer.store.evidence_rows import EvidenceRows
from optimizer.store.listed import listed_rows
from optimizer.store.repeated_columns import sum_of
from optimizer.store.rows import BUCKET_CODES, LEDGER_CODES, LINE_COLUMNS, TRANSACTION_COLUMNS, run_of_document, run_row
from optimizer.store.run_rows import run_columns, stored_run
from optimizer.waybills.codec import sha256

_BLOCK = 2_000
"""Rows fetched at a time."""


class Part(NamedTuple):
    """Rows from a number to a number, both included; None: no bound."""

    first: int | None
    last: int | None

    def pieces(self, size: int) -> list[Part]:
        """A part with a last number in parts of at most ``size`` numbers; the first takes what stands before."""
        return [
            Part(self.first if start == (self.first or 1) else start, min(start + size - 1, self.last or 0))
            for start in range(self.first or 1, (self.last or 0) + 1, size)
        ]

    @property
    def entries(self) -> int:
        """How many entries of the ledger a part with a last number has."""
        return max((self.last or 0) - (self.first or 1) + 1, 0)


WHOLE = Part(None, None)


def _parts(first: int, last: int, count: int) -> list[Part]:
    """Numbers from ``first`` to ``last`` in at most ``count`` parts; the first one also takes what stands before."""
    if last < first:
        return [Part(None, last)]
    step = -(-(last - first + 1) // count)
    return [
        Part(start if start > first else None, min(start + step - 1, last)) for start in range(first, last + 1, step)
    ]


def _between(column: str, part: Part) -> str:
    bounds = [f"{column} >= {part.first}"] if part.first is not None else []
    bounds += [f"{column} <= {part.last}"] if part.last is not None else []
    return " WHERE " + " AND ".join(bounds) if bounds else ""


class _Named(dict[tuple[Any, ...], Names]):
    """What the numbers of a line stand for: ledger, part, account, bucket, counter account, its bucket. There are few
    such combinations and millions of lines. A number that stands for nothing is shown as such; no check passes it."""

    def __init__(self, accounts: Mapping[int, str]) -> None:
        super().__init__()
        self._accounts = accounts

    def __missing__(self, key: tuple[Any, ...]) -> Names:
        ledger, part, account, bucket, counter, counter_bucket = key
        names = (
            _LEDGERS.get(ledger, f"#{ledger}"),
            part,
            self._accounts.get(account, f"#{account}"),
            _BUCKETS.get(bucket, f"#{bucket}"),
            self._accounts.get(counter, f"#{counter}"),
            _BUCKETS.get(counter_bucket, f"#{counter_bucket}"),
        )
        self[key] = names
        return names


_MAY_BE_NONE = frozenset({"run_id", "resolves"})
_LINES = (
    "json_group_array(json_array(line, ledger, part, account_no, bucket, counter_account_no, counter_bucket)),"
    " json_group_array(amount)"
)
_PG_LINES = (
    "'[' || string_agg(concat('[', line, ',', ledger, ',', to_json(part), ',', account_no, ',', bucket, ',',"
    " counter_account_no, ',', counter_bucket, ']'), ',' ORDER BY transaction_seq, line) || ']',"
    " '[' || string_agg(amount::text, ',' ORDER BY transaction_seq, line) || ']'"
)
"""Postings in order as :class:`EntryBlock` has them."""
_LEDGERS = {number: name for name, number in LEDGER_CODES.items()}
_BUCKETS = {number: name for name, number in BUCKET_CODES.items()}


class AuditRows(EvidenceRows):
    """The part of a session that reads everything once."""

    def waybill_rows(self, part: Part = WHOLE) -> Iterator[tuple[str, int, str, bytes]]:
        """Number, version, digest and document of the waybills of a part, in the order in which they lie."""
        query = f"SELECT number, version, content_sha256, {self._as_bytes('document')} FROM waybills"
        for number, version, written, document in self._streamed(query + self._within(part)):
            yield number, version, written, bytes(document)

    def waybill_count(self) -> int:
        """How many rows of waybills there are, whatever their numbers."""
        return self._number("SELECT COUNT(*) FROM waybills")

    def run_rows(self, part: Part = WHOLE) -> Iterator[RunRow]:
        """The calculation runs of a part as stored, in the order in which they lie."""
        _, columns = run_columns(self._connection)
        yield from map(stored_run, self._streamed(f"SELECT {columns} FROM calculation_runs AS r" + self._within(part)))

    def run_places_beside(self, taken: set[RunPlace]) -> list[RunPlace]:
        """Where those calculation runs lie that are not among these, in order. SQLite numbers its rows: where each
        number from the first to the last is among these, no row is asked."""
        if self._connection.dialect.name == "sqlite":
            first, last = (self._number(f"SELECT {end}(rowid) FROM calculation_runs") for end in ("MIN", "MAX"))
            if last - first < len(taken) and taken.issuperset(range(first, last + 1)):
                return []
        place, _ = run_columns(self._connection)
        places = self._streamed(f"SELECT {place} FROM calculation_runs AS r ORDER BY {place}")
        return [row[0] for row in places if row[0] not in taken]

    def run_rows_at(self, places: Sequence[RunPlace]) -> Iterator[RunRow]:
        """The calculation runs that lie there, as stored."""
        place, columns = run_columns(self._connection)
        query = f"SELECT {columns} FROM calculation_runs AS r WHERE {place} {{listed}} ORDER BY {place}"  # nosec B608
        return map(stored_run, listed_rows(self._connection, query, places))

    def line_names(self) -> Mapping[tuple[Any, ...], Names]:
        """What the numbers of a posting stand for."""
        return _Named(dict(self._streamed("SELECT account_no, account_id FROM account_numbers")))

    def entry_rows(self, part: Part = WHOLE) -> Iterator[tuple[tuple[Any, ...], list[NumberedLine]]]:
        """The entries of a part in order (the columns of ``EntryRow``), each with its postings in order."""
        columns, lines_columns = ", ".join(TRANSACTION_COLUMNS), ", ".join(LINE_COLUMNS)
        where, lines_where = (_between(name, part) for name in ("seq", "transaction_seq"))
        entries = self._streamed(f"SELECT {columns} FROM transactions{where} ORDER BY seq")
        query = f"SELECT {lines_columns} FROM posting_lines{lines_where} ORDER BY transaction_seq, line"
        postings = iter(self._streamed(query))
        posting = next(postings, None)
        for row in entries:
            seq = row[0]
            lines: list[NumberedLine] = []
            while posting is not None and posting[0] <= seq:
                if posting[0] == seq:
                    lines.append(posting)
                posting = next(postings, None)
            yield row, lines

    def entry_block(self, part: Part) -> EntryBlock:
        """The same for who reads them together. SQLite takes rows as they lie, which is in order: were it otherwise,
        numbers would show it, and digests."""
        sqlite = self._connection.dialect.name == "sqlite"
        # Numbers are bound and stand in no text, so that each query is prepared once and not for each block.
        mark = "?" if sqlite else "%s"
        within = f"{{0}} <= {mark}" if part.first is None else f"{{0}} <= {mark} AND {{0}} >= {mark}"
        entries, lines = map(within.format, ("seq", "transaction_seq"))
        values = [end for end in (part.last, part.first) if end is not None]
        columns = (f"COALESCE({name}, '')" if name in _MAY_BE_NONE else name for name in TRANSACTION_COLUMNS)
        form = "json_group_array({})" if sqlite else "json_agg({} ORDER BY seq)::text"
        try:
            query = f"SELECT {', '.join(map(form.format, columns))} FROM transactions WHERE {entries}"
            (row,) = self._streamed(query, values)
            query = f"SELECT {_LINES if sqlite else _PG_LINES} FROM posting_lines WHERE {lines}"
            (texts,) = self._streamed(query, values)
        except DatabaseError:  # values that JSON does not have
            return EntryBlock((), "", "")
        return EntryBlock([text or "" for text in row], *[text or "" for text in texts])

    def numbered_parts(self, table: str, count: int) -> list[Part]:
        """The rows of a table that are numbered from one on, in about ``count`` parts by number."""
        return _parts(1, self._number(f"SELECT MAX(seq) FROM {table}"), count)

    def row_parts(self, table: str, count: int) -> list[Part]:
        """The rows of a table in about ``count`` parts of its file."""
        if self._connection.dialect.name == "sqlite":
            first = self._number(f"SELECT MIN(rowid) FROM {table}")
            return _parts(first, self._number(f"SELECT MAX(rowid) FROM {table}"), count)
        size = f"SELECT pg_relation_size('{table}') / current_setting('block_size')::int"
        return _parts(0, self._number(size), count)

    def snapshot(self) -> str:
        """A name under which other connections see what this one sees (PostgreSQL); empty where there is none: rows of
        SQLite are only ever appended, so parts that end where this one saw the end hold what it sees."""
        if self._connection.dialect.name == "sqlite":
            return ""
        return str(self._connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one())

    def _number(self, query: str) -> int:
        return int(self._connection.exec_driver_sql(query).scalar() or 0)

    def _within(self, part: Part) -> str:
        if self._connection.dialect.name == "sqlite":
            return _between("rowid", part)
        bounds = [f"ctid >= '({part.first},0)'"] if part.first is not None else []
        bounds += [f"ctid < '({part.last + 1},0)'"] if part.last is not None else []
        return " WHERE " + " AND ".join(bounds) if bounds else ""

    def changed_events(self, part: Part = WHOLE) -> Iterator[StoredDocument]:
        """The events of a part that are not what was written (``events_read.changed_event``), in order."""
        query = f"SELECT {self._as_bytes('document')}, {EVENT_COLUMNS} FROM events{_between('seq', part)} ORDER BY seq"
        for document, *columns in self._streamed(query):
            found = changed_event(bytes(document), columns)
            if found is not None:
                yield found

    def evidence_part(self, key: bytes, part: Part = WHOLE) -> int:
        """What the evidence of a part of its table adds up to."""
        query = f"SELECT event_id, sha256, kind FROM evidence{self._within(part)}"  # nosec B608
        return sum_of(self._streamed(query), key)

    def documents(self) -> Iterator[StoredDocument]:
        """Digest now and digest written of every waybill and run document, and of the events that changed. A run's
        columns repeat what its document says; where they do not, the run is not what was written."""
        for number, version, written, document in self._streamed(
            "SELECT number, version, content_sha256, document FROM waybills ORDER BY number, version"
        ):
            yield StoredDocument(f"waybill {number}/{version}", sha256(document), written)
        yield from self.changed_events()
        for row in self.run_rows():
            now = run_of_document(row.run_id, row.document)
            document = row.document.decode()
            same = run_row(now, document) == {**row._asdict(), "document": document}
            yield StoredDocument(f"run {row.run_id}", now.run_id if same else "differs", row.run_id)

    def kept_balances(self) -> dict[tuple[str, str, str, str], int]:
        """The balances that the database keeps, as stored; zeros left out."""
        rows = self._streamed("SELECT account_id, ledger, bucket, part, amount FROM balances")
        return {(account, ledger, bucket, part): amount for account, ledger, bucket, part, amount in rows if amount}

    def changed_pendings(self) -> list[int]:
        """Estimates whose row in ``pendings`` is not what the ledger says of them, by number: no estimate, another
        amount, or touched and not resolved in full."""
        posted = "SELECT SUM(amount) FROM posting_lines WHERE transaction_seq = p.estimate_seq AND bucket = 1"
        query = f"""SELECT p.estimate_seq FROM pendings AS p LEFT JOIN transactions AS t ON t.seq = p.estimate_seq
            WHERE COALESCE(t.kind, '') <> 'ESTIMATE' OR COALESCE(p.remaining_g, 0) <> 0
            OR p.reserved_g <> COALESCE(({posted}), 0) ORDER BY p.estimate_seq"""  # nosec B608
        return [row[0] for row in self._streamed(query)]

    def open_pendings(self) -> tuple[int, int, int, int]:
        """How many estimates there are in ``pendings`` and in the ledger; grams that the open ones of ``pendings``
        reserve, and that the balances of parties hold reserved."""
        reserved = "ledger = 'claim' AND bucket = 'reserved' AND substr(account_id, 1, 9) <> 'issuance.'"
        numbers = (
            "SELECT COUNT(*) FROM pendings",
            "SELECT COUNT(*) FROM transactions WHERE kind = 'ESTIMATE'",
            "SELECT SUM(reserved_g) FROM pendings WHERE remaining_g IS NULL",
            f"SELECT SUM(amount) FROM balances WHERE {reserved}",  # nosec B608
        )
        kept, booked, open_g, held_g = map(self._number, numbers)
        return kept, booked, open_g, held_g

    def _streamed(self, query: str, values: Sequence[int] = ()) -> Iterator[tuple[Any, ...]]:
        """Rows in blocks; the server keeps the rest on PostgreSQL. SQLite's driver hands out plain tuples by itself."""
        if self._connection.dialect.name == "sqlite":
            driver: Any = self._connection.connection.driver_connection
            try:
                yield from driver.execute(query, values)
            except sqlite3.DatabaseError as error:
                raise DatabaseError(query, None, error) from error
            return
        bound = tuple(values) or None
        result = self._connection.exec_driver_sql(query, bound, execution_options={"stream_results": True})
        for rows in result.partitions(_BLOCK):
            yield from map(tuple, rows)
