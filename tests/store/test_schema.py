"""The migrations make the schema that the code expects, and the database keeps the rules by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from optimizer import actions
from optimizer.errors import InputError
from optimizer.store.engine import Store
from optimizer.store.migrations.rules import ACCESS_APPEND_ONLY, APPEND_ONLY, TREE_APPEND_ONLY, statements
from optimizer.store.schema import metadata


def test_migrations_and_schema_agree(store: Store, path: Path) -> None:
    """Alembic finds no difference between a migrated database and the tables in ``schema``."""
    with create_engine(f"sqlite:///{path}").connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata})
        assert compare_metadata(context, metadata) == []


def test_every_table_but_users_and_sums_is_append_only() -> None:
    """A new table must be listed, or be one of those that may change."""
    later = {*TREE_APPEND_ONLY, *ACCESS_APPEND_ONLY}
    assert set(metadata.tables) - set(APPEND_ONLY) - later == {
        "users",
        "transaction_sums",
        "api_tokens",
        "idempotency_keys",
    }


def test_opening_twice_changes_nothing(settled: Store, path: Path) -> None:
    """A second process opens the same database and reads the same ledger."""
    again = actions.open_store(f"sqlite:///{path}")
    with settled.read() as first, again.read() as second:
        assert first.transactions() == second.transactions()
    again.close()


@pytest.mark.parametrize("url", ["", "no url", "mysql://host/db", "sqlite:////no/such/directory/x.db"])
def test_a_database_that_cannot_be_opened_is_an_input_error(url: str) -> None:
    """The sentence gives an example of a right one."""
    with pytest.raises(InputError, match="sqlite:///"):
        actions.open_store(url)


def test_sqlite_runs_with_full_durability(raw: sqlite3.Connection) -> None:
    """WAL journal, synchronous FULL (2), foreign keys on."""
    pragmas = [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert pragmas == ["wal", 2, 1]


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_invariant_2_rows_are_never_updated_or_deleted(raw: sqlite3.Connection, table: str) -> None:
    """UPDATE and DELETE through a second connection are refused for every table that has rows."""
    if raw.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0:
        raw.execute("INSERT INTO periods VALUES ('2026-09', '2026-10-01', 0)")
    column = raw.execute(f"PRAGMA table_info({table})").fetchone()[1]
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute(statement)


@pytest.mark.parametrize("table", sorted(set(APPEND_ONLY) - {"periods", "zero"}))
def test_invariant_2_rows_are_never_replaced(path: Path, settled: Store, table: str) -> None:
    """INSERT OR REPLACE would delete without a delete trigger, even where recursive triggers are off."""
    with sqlite3.connect(path) as plain:
        before = plain.execute(f"SELECT * FROM {table}").fetchall()
        for prefix in ("INSERT OR REPLACE", "REPLACE"):
            with pytest.raises(sqlite3.IntegrityError):
                plain.execute(f"{prefix} INTO {table} SELECT * FROM {table}")
        assert plain.execute(f"SELECT * FROM {table}").fetchall() == before


NEW_TRANSACTION = (
    "INSERT INTO transactions VALUES "
    "({seq}, '{id}', 'TRANSFER', 'n', 1, 'm', NULL, NULL, '{period}', 't', 't', {lines}, 'x')"
)


def append(
    raw: sqlite3.Connection, postings: Sequence[int], lines: int = 2, period: str = "2026-10", gap: int = 1
) -> None:
    """Append a transaction with postings of these amounts in one database transaction."""
    seq = raw.execute("SELECT MAX(seq) FROM transactions").fetchone()[0] + gap
    raw.execute("BEGIN")
    try:
        raw.execute(NEW_TRANSACTION.format(seq=seq, id=f"t{seq}", period=period, lines=lines))
        for line, amount in enumerate(postings, start=1):
            raw.execute(
                "INSERT INTO postings VALUES (?, ?, 'E1.industry', 'claim', 'available', '', ?)", (seq, line, amount)
            )
        raw.execute("COMMIT")
    except sqlite3.Error:
        raw.execute("ROLLBACK")
        raise


def test_invariant_1_a_balanced_transaction_commits(raw: sqlite3.Connection) -> None:
    """Plus and minus five grams: both rows are there afterwards."""
    before = raw.execute("SELECT COUNT(*), SUM(amount) FROM postings").fetchone()
    append(raw, [5, -5])
    after = raw.execute("SELECT COUNT(*), SUM(amount) FROM postings").fetchone()
    assert (after[0] - before[0], after[1]) == (2, before[1])


@pytest.mark.parametrize("postings", [[5, -4], [5], [], [5, -5, 1, -1]])
def test_invariant_1_the_database_refuses_what_does_not_balance(raw: sqlite3.Connection, postings: list[int]) -> None:
    """A sum that is not zero, a line too few, no line at all, lines nobody announced: refused at COMMIT."""
    before = raw.execute("SELECT COUNT(*) FROM transactions").fetchone()
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        append(raw, postings)
    assert raw.execute("SELECT COUNT(*) FROM transactions").fetchone() == before


def test_invariant_1_a_posting_of_zero_is_refused(raw: sqlite3.Connection) -> None:
    """A line that says nothing."""
    with pytest.raises(sqlite3.IntegrityError, match="not_zero"):
        append(raw, [0, 0])


def test_invariant_1_nothing_is_added_to_an_old_transaction(raw: sqlite3.Connection) -> None:
    """A pair of postings slipped into a settled transaction sums to zero and is refused all the same."""
    raw.execute("BEGIN")
    for line, amount in ((98, 5), (99, -5)):
        raw.execute("INSERT INTO postings VALUES (1, ?, 'E1.industry', 'claim', 'available', '', ?)", (line, amount))
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        raw.execute("COMMIT")


def test_invariant_8_the_database_refuses_a_closed_period(raw: sqlite3.Connection) -> None:
    """October is closed: nothing enters October any more, November is open; September cannot close after October."""
    raw.execute("INSERT INTO periods VALUES ('2026-10', '2026-11-01', 12)")
    with pytest.raises(sqlite3.IntegrityError, match="period is closed"):
        append(raw, [5, -5])
    append(raw, [5, -5], period="2026-11")
    with pytest.raises(sqlite3.IntegrityError, match="earlier period"):
        raw.execute("INSERT INTO periods VALUES ('2026-09', '2026-11-01', 12)")


def test_invariant_10_the_sequence_has_no_gap(raw: sqlite3.Connection) -> None:
    """A number left out is refused."""
    with pytest.raises(sqlite3.IntegrityError, match="no gaps"):
        append(raw, [5, -5], gap=2)


def test_invariants_4_and_5_one_resolution_and_one_settlement(raw: sqlite3.Connection) -> None:
    """A second SETTLE of a lot, and a second VOID of an estimate, break a unique index."""
    for kind in ("SETTLE", "VOID"):
        seq = raw.execute("SELECT MAX(seq) FROM transactions").fetchone()[0] + 1
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            raw.execute(
                "INSERT INTO transactions SELECT ?, 'again', kind, number, lot_no, method, run_id, resolves, period, "
                "effective_at, booked_at, line_count, content_sha256 FROM transactions WHERE kind = ? LIMIT 1",
                (seq, kind),
            )


def test_rules_exist_for_two_databases() -> None:
    """SQLite and PostgreSQL; another one is refused."""
    for dialect in ("sqlite", "postgresql"):
        assert len(list(statements(dialect))) > len(APPEND_ONLY)
    with pytest.raises(ValueError, match="oracle"):
        list(statements("oracle"))
