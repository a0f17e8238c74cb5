"""Appending to the ledger and reading its entries. A part of ``Session``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, text

from optimizer.accounts.books import StoredTransaction
from optimizer.accounts.ledger import Kind, Transaction, content_digest, placed, require_same_content
from optimizer.store import schema
from optimizer.store.batch_tables import ID_START, LEVELS, entry_ids
from optimizer.store.bulk import append_new, append_tuples, ledger_batch
from optimizer.store.line_tables import account_numbers
from optimizer.store.prepared_settlements import ReadyEntry, ready_entries
from optimizer.store.rows import LINE_COLUMNS, TRANSACTION_COLUMNS, entry_of

_CHUNK = 500
"""Most ids in one IN clause: below SQLite's limit on variables in every build."""
_CHAIN = (Kind.SETTLE.value, Kind.RESTATE.value, Kind.REVERSE.value)
_DIGESTS = {
    "sqlite": f"""SELECT t.transaction_id, t.content_sha256 FROM json_each(:ids) AS j
        CROSS JOIN entry_ids AS k ON k.level IN {LEVELS} AND k.id_start = substr(j.value, 1, {ID_START})
        CROSS JOIN transactions AS t ON t.seq = k.seq AND t.transaction_id = j.value""",
    "postgresql": "SELECT transaction_id, content_sha256 FROM transactions WHERE transaction_id = ANY(:ids)",
}
_RUNS = {
    "sqlite": f"""SELECT k.run_id FROM json_each(:ids) AS j
        CROSS JOIN run_ids AS k ON k.level IN {LEVELS} AND k.run_id = j.value""",
    "postgresql": "SELECT run_id FROM calculation_runs WHERE run_id = ANY(:ids)",
}


def has_id(connection: Connection, ids: Sequence[str]) -> ColumnElement[bool]:
    """That a transaction has one of these ids, said so that the database finds it by its index."""
    entries = schema.transactions.c
    if connection.dialect.name != "sqlite":
        return entries.transaction_id.in_(ids)
    starts = entry_ids.c.level.in_(LEVELS) & entry_ids.c.id_start.in_({item[:ID_START] for item in ids})
    return entries.seq.in_(select(entry_ids.c.seq).where(starts)) & entries.transaction_id.in_(ids)


class EntryRows:
    """The part of a session that keeps the ledger."""

    _connection: Connection

    def add_transactions(self, transactions: Sequence[Transaction]) -> list[Transaction]:
        """Append transactions in this order and return those that were new, with their sequence numbers.

        A transaction whose id is recorded with the same content is left out; with other content: ConflictError."""
        numbers = self.numbers_of(line.account_id for item in transactions for line in item.postings)
        digested = [content_digest(item) for item in transactions]
        fresh, first = self._append_entries(ready_entries(transactions, digested, numbers))
        return [placed(item.transaction, seq) for seq, item in enumerate(fresh, start=first)]

    def add_ready_entries(self, entries: Sequence[ReadyEntry]) -> int:
        """The same with rows that are made already; how many entries were new."""
        return len(self._append_entries(entries)[0])

    def _append_entries(self, entries: Sequence[ReadyEntry]) -> tuple[list[ReadyEntry], int]:
        """Those that were new, and the number of the first."""
        last = self._connection.exec_driver_sql("SELECT COALESCE(MAX(seq), 0) FROM transactions").scalar_one()
        first = int(last) + 1
        fresh = append_new(self._connection, entries, lambda items: self._write_entries(items, first), self._unknown)
        return fresh, first

    def _write_entries(self, entries: Sequence[ReadyEntry], first: int) -> None:
        with ledger_batch(self._connection, first, bool(entries)):
            rows = [(seq, *item.row) for seq, item in enumerate(entries, start=first)]
            append_tuples(self._connection, "transactions", TRANSACTION_COLUMNS, rows)
            lines = [(seq, *line) for seq, item in enumerate(entries, start=first) for line in item.lines]
            append_tuples(self._connection, "posting_lines", LINE_COLUMNS, lines)

    def _unknown(self, entries: Sequence[ReadyEntry]) -> list[ReadyEntry]:
        """Those that are not recorded. Raises ConflictError for one that is recorded with other content."""
        known = self._transaction_digests([item.transaction.transaction_id for item in entries])
        fresh: list[ReadyEntry] = []
        for item in entries:
            recorded = known.get(item.transaction.transaction_id)
            if recorded is None:
                known[item.transaction.transaction_id] = item.digest
                fresh.append(item)
            elif recorded != item.digest:
                require_same_content(item.transaction, recorded)
        return fresh

    def numbers_of(self, account_ids: Iterable[str]) -> dict[str, int]:
        """The numbers of those accounts that are open; they never change."""
        query = select(account_numbers.c.account_id, account_numbers.c.account_no)
        return {row[0]: row[1] for row in self._selected(query, account_numbers.c.account_id, account_ids)}

    def stored_transactions(self, numbers: Iterable[str] | None = None) -> list[StoredTransaction]:
        """The ledger in order, each entry with the digest and line count written beside it; ``numbers``: only entries
        about those waybills."""
        entries = schema.transactions
        return self._stored(self._selected(select(entries), entries.c.number, numbers), everything=numbers is None)

    def _stored(self, rows: Sequence[Any], everything: bool = False) -> list[StoredTransaction]:
        lines = schema.postings
        posted = select(lines).order_by(lines.c.transaction_seq, lines.c.line)
        wanted = None if everything else [row.seq for row in rows]
        lines_of: dict[int, list[Any]] = {}
        for row in self._selected(posted, lines.c.transaction_seq, wanted):
            lines_of.setdefault(row[0], []).append(row)
        return [
            StoredTransaction(entry_of(row, lines_of.get(row.seq, ())), row.content_sha256, 2 * row.line_count)
            for row in sorted(rows, key=lambda row: int(row.seq))
        ]

    def transactions(self, numbers: Iterable[str] | None = None) -> list[Transaction]:
        """The ledger in order, or what is about some waybills."""
        return [item.transaction for item in self.stored_transactions(numbers)]

    def transaction(self, transaction_id: str) -> Transaction | None:
        """The entry of an id, None when there is none."""
        query = select(schema.transactions).where(has_id(self._connection, [transaction_id]))
        found = self._stored(self._connection.execute(query).all())
        return found[0].transaction if found else None

    def settled_lots(self, numbers: Iterable[str]) -> set[tuple[str, int]]:
        """The lots of these waybills that have a SETTLE."""
        entries = schema.transactions.c
        query = select(entries.number, entries.lot_no).where(entries.kind == "SETTLE")
        return {(row.number, row.lot_no) for row in self._selected(query, entries.number, numbers)}

    def reversed_lots(self, numbers: Iterable[str]) -> set[tuple[str, int]]:
        """The lots of these waybills whose settlement was taken back and not restated since."""
        entries = schema.transactions.c
        query = select(entries.seq, entries.number, entries.lot_no, entries.kind)
        chains = query.where(entries.kind.in_(_CHAIN))
        links = sorted(self._selected(chains, entries.number, numbers), key=lambda row: int(row.seq))
        standing = {(row.number, row.lot_no): row.kind for row in links}
        return {lot for lot, kind in standing.items() if kind == Kind.REVERSE}

    def pending_lots(self, numbers: Iterable[str]) -> set[tuple[str, int]]:
        """The lots of these waybills with an estimate that nothing resolved yet."""
        entries, pendings = schema.transactions.c, schema.pendings.c
        query = (
            select(entries.number, entries.lot_no)
            .join(schema.pendings, pendings.estimate_seq == entries.seq)
            .where(entries.kind == "ESTIMATE", pendings.remaining_g.is_(None))
        )
        return {(row.number, row.lot_no) for row in self._selected(query, entries.number, numbers)}

    def _selected(self, query: Any, column: Any, wanted: Iterable[Any] | None) -> list[Any]:
        """Rows of a query, all or in slices of an IN clause."""
        if wanted is None:
            return list(self._connection.execute(query).all())
        values = sorted(set(wanted))
        rows: list[Any] = []
        for start in range(0, len(values), _CHUNK):
            rows += self._connection.execute(query.where(column.in_(values[start : start + _CHUNK]))).all()
        return rows

    def _transaction_digests(self, ids: Sequence[str]) -> dict[str, str]:
        sqlite = self._connection.dialect.name == "sqlite"
        query = text(_DIGESTS[self._connection.dialect.name])
        rows = self._connection.execute(query, {"ids": json.dumps(ids) if sqlite else list(ids)}) if ids else ()
        return {row[0]: row[1] for row in rows}

    def _known_runs(self, ids: Sequence[str]) -> set[str]:
        """Those of these runs that are recorded; one statement for a batch."""
        sqlite = self._connection.dialect.name == "sqlite"
        query = text(_RUNS[self._connection.dialect.name])
        rows = self._connection.execute(query, {"ids": json.dumps(ids) if sqlite else list(ids)}) if ids else ()
        return {row[0] for row in rows}
