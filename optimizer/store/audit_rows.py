"""The whole ledger in order, row by row, in bounded memory: what the auditor reads. A part of ``Session``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import Connection, select, union
from sqlalchemy.exc import DatabaseError

from optimizer.accounts.audit.rows import EntryRow, Lines, RunRow
from optimizer.accounts.books import StoredDocument
from optimizer.accounts.calculation import CalculationRun
from optimizer.store import schema
from optimizer.store.rows import POSTING_COLUMNS, TRANSACTION_COLUMNS, run_row
from optimizer.waybills.codec import from_json, sha256

_BLOCK = 2_000
"""Rows fetched at a time."""


class AuditRows:
    """The part of a session that reads everything once."""

    _connection: Connection

    def waybill_rows(self) -> Iterator[tuple[str, str, str]]:
        """Number, digest and document of every waybill, versions in order."""
        query = "SELECT number, content_sha256, document FROM waybills ORDER BY number, version"
        yield from ((number, written, document) for number, written, document in self._streamed(query))

    def run_rows(self) -> Iterator[RunRow]:
        """Every calculation run as stored."""
        yield from map(RunRow._make, self._streamed(f"SELECT {', '.join(RunRow._fields)} FROM calculation_runs"))

    def entry_rows(self) -> Iterator[tuple[EntryRow, Lines]]:
        """Every entry in order, with its postings in order."""
        entries = self._streamed(f"SELECT {', '.join(TRANSACTION_COLUMNS)} FROM transactions ORDER BY seq")
        query = f"SELECT {', '.join(POSTING_COLUMNS)} FROM postings ORDER BY transaction_seq, line"
        postings = iter(self._streamed(query))
        posting = next(postings, None)
        for row in entries:
            entry = EntryRow._make(row)
            lines: list[tuple[Any, ...]] = []
            while posting is not None and posting[0] <= entry.seq:
                if posting[0] == entry.seq:
                    lines.append(posting[1:])
                posting = next(postings, None)
            yield entry, tuple(lines)

    def event_documents(self) -> Iterator[StoredDocument]:
        """Digest now and digest written of every event. The columns by which events are looked up say what the document
        says; where they do not, the event is not what was written."""
        columns = ("waybill_number", "voyage_id", "vessel_id", "location_id", "event_time")
        query = "SELECT event_id, content_sha256, document, number, voyage_id, vessel_id, location_id, event_time"
        for event_id, written, document, *values in self._streamed(f"{query} FROM events ORDER BY seq"):
            same = all(
                f'"{name}":{encode_basestring(str(value))}' in document
                for name, value in zip(columns, values, strict=True)
            )
            yield StoredDocument(f"event {event_id}", sha256(document) if same else "differs", written)

    def documents(self) -> Iterator[StoredDocument]:
        """Digest now and digest written of every waybill, event and run document. A run's columns repeat what its
        document says; where they do not, the run is not what was written."""
        for number, version, written, document in self._streamed(
            "SELECT number, version, content_sha256, document FROM waybills ORDER BY number, version"
        ):
            yield StoredDocument(f"waybill {number}/{version}", sha256(document), written)
        yield from self.event_documents()
        for row in self.run_rows():
            now = from_json(CalculationRun, row.document)
            same = run_row(now, row.document) == row._asdict()
            yield StoredDocument(f"run {row.run_id}", now.run_id if same else "differs", row.run_id)

    def kept_balances(self) -> dict[tuple[str, str, str, str], int]:
        """The balances that the database keeps, as stored; zeros left out."""
        rows = self._streamed("SELECT account_id, ledger, bucket, part, amount FROM balances")
        return {(account, ledger, bucket, part): amount for account, ledger, bucket, part, amount in rows if amount}

    def audited_numbers(self) -> list[str]:
        """Every waybill number that is issued or stands in the ledger, in order."""
        issued, booked = select(schema.waybills.c.number), select(schema.transactions.c.number)
        found = (str(row[0]) for row in self._connection.execute(union(issued, booked)))
        return sorted(number for number in found if number)

    def _streamed(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Rows in blocks; the server keeps the rest on PostgreSQL. SQLite's driver hands out plain tuples by itself."""
        if self._connection.dialect.name == "sqlite":
            driver: Any = self._connection.connection.driver_connection
            try:
                yield from driver.execute(query)
            except sqlite3.DatabaseError as error:
                raise DatabaseError(query, None, error) from error
            return
        result = self._connection.exec_driver_sql(query, execution_options={"stream_results": True})
        for rows in result.partitions(_BLOCK):
            yield from map(tuple, rows)
