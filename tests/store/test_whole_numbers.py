"""Grams, kilograms and every other number of the books: SQLite refuses what is not whole, in each column."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Float, Integer, LargeBinary, Text
from sqlalchemy.exc import DBAPIError, IntegrityError

from optimizer import actions
from optimizer.store.engine import Store, migrate
from optimizer.store.migrations.whole_rules import MAY_BE_EMPTY
from optimizer.store.schema import metadata
from optimizer.store.tree_rows import TreeRows
from tests.store.test_migrations import connect_old
from tests.store.test_schema import entry, in_one, last_seq, line

NO_AMOUNTS = {
    "users": "how often sessions were ended",
    "account_grants": "keys of their rows alone",
    "idempotency_keys": "codes of answers",
    "security_events": "keys of their rows alone",
    "webhooks": "how far each was told",
    "shipments": "versions of wishes",
    "plan_runs": "points of a curve",
    "tree_nodes": "places of hashes, compared with the leaves by `verify`",
    "ledger_batch": "empty but inside a transaction",
    "run_batch": "empty but inside a transaction",
    "entry_ids": "an index, written by triggers out of keys",
    "run_ids": "an index, written by triggers out of keys",
}
"""Tables whose numbers no amount of the books depends on, and why."""
SOUND = {
    "evidence_files": {"sha256": "'" + "a" * 64 + "'"},
    "transactions": {"kind": "'TRANSFER'", "resolves": "NULL"},
    "posting_lines": {"account_no": "3", "counter_account_no": "2"},
    "settlement_jobs": {"state": "'ready'"},
    "zero": {"value": "0"},
}
"""Values that the other checks of a table want, beside a one, a letter and a byte."""
PLACES = [
    (table, column.name)
    for table in sorted({*metadata.tables} - {*NO_AMOUNTS})
    for column in metadata.tables[table].columns
    if isinstance(column.type, Integer)
]
PARTS = ("1.5", "-0.1", "'1.5'", "9223372036854775808", "-9223372036854775809", "9e999", "'9223372036854775808'")
WORDS = ("'x'", "''", "'12 g'", "x'31'", "X''")


def value_of(column: Column[object]) -> str:
    """Something that a column holds."""
    return {Text: "'x'", Float: "1.5", LargeBinary: "x'01'"}.get(type(column.type), "1")


def inserted(table: str, name: str, value: str) -> str:
    """A statement that appends a row with one value as given, the others sound."""
    columns = metadata.tables[table].columns
    row = {column.name: value_of(column) for column in columns} | SOUND.get(table, {}) | {name: value}
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(row.values())})"


@pytest.fixture(scope="module")
def bare(sqlite_templates: dict[bool, Path]) -> Iterator[sqlite3.Connection]:
    """The tables of a migrated database without triggers: what the tables hold by themselves."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as tables:
        with closing(sqlite3.connect(sqlite_templates[False])) as made:
            for (sql,) in made.execute("SELECT sql FROM sqlite_schema WHERE type = 'table'"):
                tables.execute(sql)
        yield tables


@pytest.mark.parametrize(("table", "name"), PLACES)
def test_invariant_1_every_number_of_the_books_is_whole(bare: sqlite3.Connection, table: str, name: str) -> None:
    """A part, a word, bytes, what 64 bits do not hold, and nothing are refused when a row comes and when it changes; a
    whole number written another way becomes one."""
    empty = () if f"{table}.{name}" in MAY_BE_EMPTY else ("NULL",)
    # A key that counts rows is given where none is said, and some have one value alone.
    counted = metadata.tables[table].primary_key.columns.keys() == [name]
    bare.execute("BEGIN")
    for value in (*PARTS, *WORDS, *(() if counted else empty)):
        with pytest.raises(sqlite3.IntegrityError):
            bare.execute(inserted(table, name, value))
    bare.execute(inserted(table, name, "1" if table != "zero" else "0"))
    for value in (*PARTS, *WORDS, *empty):
        with pytest.raises(sqlite3.IntegrityError):
            bare.execute(f"UPDATE {table} SET {name} = {value}")
    for value in ("1.0", "' 1 '") if table != "zero" else ("0.0", "'0'"):
        bare.execute(f"DELETE FROM {table}")
        bare.execute(inserted(table, name, value))
        assert bare.execute(f"SELECT typeof({name}) FROM {table}").fetchall() == [("integer",)]
    bare.execute("ROLLBACK")


def test_the_database_refuses_half_a_gram(raw: Connection) -> None:
    """Through a second connection with every guard on. PostgreSQL, whose columns hold whole numbers alone, rounds."""
    seq = last_seq(raw) + 1

    def work(it: Connection) -> None:
        entry(it, seq)
        line(it, seq, amount=1.5)  # type: ignore[arg-type]

    if raw.dialect.name == "sqlite":
        with pytest.raises(IntegrityError, match="ck_posting_lines_whole_numbers"):
            in_one(raw, work)
        assert last_seq(raw) == seq - 1
    else:
        in_one(raw, work)
        assert raw.exec_driver_sql(f"SELECT amount FROM posting_lines WHERE transaction_seq = {seq}").scalar_one() == 2


def test_a_balance_beyond_64_bits_is_refused(raw: Connection) -> None:
    """Each amount fits, their sum does not: SQLite would go on with a rounded number."""
    seq, most = last_seq(raw) + 1, 2**62
    in_one(raw, lambda it: (entry(it, seq), line(it, seq, amount=most)))  # type: ignore[arg-type, func-returns-value, return-value]
    with pytest.raises(DBAPIError, match=r"ck_balances_whole_numbers|out of range"):
        in_one(raw, lambda it: (entry(it, seq + 1), line(it, seq + 1, amount=most)))  # type: ignore[arg-type, func-returns-value, return-value]
    assert last_seq(raw) == seq


def test_what_is_not_whole_from_before_stays_and_is_named(tmp_path: Path) -> None:
    """Revision 0025 took a size of one and a half bytes; after the upgrade it is there, `verify` names its table, and
    no other comes in."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    old = connect_old(url, "0025")
    with old.begin():
        old.exec_driver_sql(inserted("evidence_files", "size_bytes", "1.5"))
    migrate(old)
    with old.begin():
        assert old.exec_driver_sql("SELECT size_bytes FROM evidence_files").scalar_one() == 1.5
        assert TreeRows(old).damage() == ["CHECK constraint failed in evidence_files"]
        with pytest.raises(IntegrityError, match="ck_evidence_files_whole_numbers"):
            old.exec_driver_sql(inserted("evidence_files", "size_bytes", "2.5").replace("aaa", "bbb"))
    old.close()
    old.engine.dispose()


def test_the_tables_that_hold_amounts_are_all_asked(settled: Store) -> None:
    """A new table with numbers is among them, or is named above with a reason."""
    counting = {name for name, table in metadata.tables.items() if any(isinstance(c.type, Integer) for c in table.c)}
    assert {table for table, _ in PLACES} == counting - {*NO_AMOUNTS}
    assert actions.verify(settled).findings == ()
