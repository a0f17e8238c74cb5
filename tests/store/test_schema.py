"""The migrations make the schema that the code expects, and each database keeps the rules by itself."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.exc import IntegrityError

from optimizer import actions
from optimizer.accounts.ledger import Kind
from optimizer.errors import InputError
from optimizer.store import schema
from optimizer.store.engine import Store
from optimizer.store.entry_rows import has_id
from optimizer.store.migrations import ledger_rules, line_rules, sorted_rules
from optimizer.store.migrations.rules import (
    ACCESS_APPEND_ONLY,
    FACTOR_APPEND_ONLY,
    FACTOR_ARCHIVE_APPEND_ONLY,
    NETWORK_APPEND_ONLY,
    PLANNING_APPEND_ONLY,
    TREE_APPEND_ONLY,
)
from optimizer.store.rows import BUCKET_CODES
from optimizer.store.schema import POSTGRESQL_ONLY, metadata

BATCH = "INSERT INTO ledger_batch SELECT COALESCE(MAX(seq), 0) + 1, 1 FROM transactions"
"""On SQLite entries enter inside a batch, which is closed by deleting its row."""
Statement = tuple[str, Sequence[object]]
APPEND_ONLY_TABLES = {*ledger_rules.APPEND_ONLY_TABLES, *line_rules.APPEND_ONLY_TABLES} - {"postings"}
"""``postings`` is a view of ``posting_lines``."""


def in_one(raw: Connection, work: Callable[[Connection], None]) -> None:
    """Run statements as one database transaction on the autocommit connection: on SQLite, one batch of entries."""
    raw.exec_driver_sql("BEGIN")
    try:
        if raw.dialect.name == "sqlite":
            raw.exec_driver_sql(BATCH)
        work(raw)
        if raw.dialect.name == "sqlite":
            raw.exec_driver_sql("DELETE FROM ledger_batch")
        raw.exec_driver_sql("COMMIT")
    except Exception:
        raw.exec_driver_sql("ROLLBACK")
        raise


def test_migrations_and_schema_agree(store: Store, url: str) -> None:
    """Alembic finds no difference between a migrated database and the tables in ``schema``."""
    with create_engine(url).connect() as connection:
        left_out = () if connection.dialect.name == "postgresql" else POSTGRESQL_ONLY
        wanted = {"target_metadata": metadata, "include_object": lambda _it, name, *_: name not in left_out}
        context = MigrationContext.configure(connection, opts=wanted)
        assert compare_metadata(context, metadata) == []


def test_partial_indexes_have_the_conditions_of_the_schema(store: Store, url: str) -> None:
    """Alembic does not compare them. SQLite has those that are not for PostgreSQL alone."""
    partial = [index for table in metadata.tables.values() for index in table.indexes if "where" in index.info]
    assert len(partial) == 4
    with create_engine(url).connect() as connection:
        on_postgresql = connection.dialect.name == "postgresql"
        query = (
            "SELECT indexdef FROM pg_indexes WHERE indexname = :name"
            if on_postgresql
            else ("SELECT sql FROM sqlite_master WHERE name = :name")
        )
        for index in partial:
            made = connection.execute(text(query), {"name": index.name}).scalar_one_or_none()
            if made is None:
                assert (index.name in POSTGRESQL_ONLY, on_postgresql) == (True, False)
            else:
                words = re.findall(r"'?\w+'?|[<>]", index.info["where"])
                condition = made.partition(" WHERE ")[2].replace("::text", "").replace("= ANY (ARRAY", "IN (")
                assert re.findall(r"'?\w+'?|[<>]", condition) == words


def test_every_table_is_append_only_but_those_that_may_change() -> None:
    """A new table must be listed, or be one of those that may change."""
    later = {*NETWORK_APPEND_ONLY, *TREE_APPEND_ONLY, *ACCESS_APPEND_ONLY, *PLANNING_APPEND_ONLY, *FACTOR_APPEND_ONLY}
    later |= {*FACTOR_ARCHIVE_APPEND_ONLY}
    may_change = {"users", "balances", "pendings", "settlement_jobs", "api_tokens", "idempotency_keys"}
    may_change |= {
        "plan_runs",
        "returned_files",
        "city_cells",
        "city_exposures",
        "city_cursor",
        "ledger_batch",
        "run_batch",
        "entry_ids",
        "run_ids",
        "webhooks",
    }
    assert set(metadata.tables) - set(APPEND_ONLY_TABLES) - later == may_change


def test_opening_twice_changes_nothing(settled: Store, url: str) -> None:
    """A second process opens the same database and reads the same ledger."""
    again = actions.open_store(url)
    with settled.read() as first, again.read() as second:
        assert first.transactions() == second.transactions()
    again.close()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("", "sqlite:///"),
        ("no url", "sqlite:///"),
        ("mysql://host/db", "sqlite:///"),
        ("sqlite:////no/such/directory/x.db", "check the file or server that --db"),
    ],
)
def test_a_database_that_cannot_be_opened_is_an_input_error(wrong: str, told: str) -> None:
    """The sentence gives an example of a right one, or says where the one that cannot be opened is named."""
    with pytest.raises(InputError, match=told):
        actions.open_store(wrong)


def test_sqlite_runs_with_full_durability(tmp_path: Path) -> None:
    """WAL journal, synchronous FULL (2), foreign keys on, on the connections that the store itself uses."""
    store = actions.open_store(f"sqlite:///{tmp_path / 'x.db'}")
    with store.read() as session:
        connection = session._connection
        names = ("journal_mode", "synchronous", "foreign_keys")
        assert [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names] == ["wal", 2, 1]
    store.close()


def rows_of(raw: Connection, table: str) -> list[tuple[object, ...]]:
    """Every row of a table, ordered."""
    return sorted((tuple(row) for row in raw.exec_driver_sql(f"SELECT * FROM {table}")), key=str)


def filled(raw: Connection, table: str) -> None:
    """Some tables have no row in the settled world."""
    if table == "periods":
        raw.exec_driver_sql("INSERT INTO periods VALUES ('2026-09', '2026-10-01', 0)")
    if table == "evidence_files":
        raw.exec_driver_sql(f"INSERT INTO evidence_files VALUES ('{'a' * 64}', 'application/pdf', 1, 't')")


@pytest.mark.parametrize("table", sorted(APPEND_ONLY_TABLES))
def test_invariant_2_rows_are_never_updated_or_deleted(raw: Connection, table: str) -> None:
    """UPDATE and DELETE through a second connection are refused for every table."""
    filled(raw, table)
    before = rows_of(raw, table)
    assert before
    column = metadata.tables[table].c.keys()[0]
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match="append-only"):
            raw.exec_driver_sql(statement)
    if raw.dialect.name == "postgresql":
        with pytest.raises(IntegrityError, match="append-only"):
            raw.exec_driver_sql(f"TRUNCATE {table} CASCADE")
    assert rows_of(raw, table) == before


@pytest.mark.parametrize("table", sorted(set(APPEND_ONLY_TABLES) - {"periods", "zero", "evidence_files"}))
def test_invariant_2_rows_are_never_replaced(url: str, settled: Store, table: str) -> None:
    """INSERT OR REPLACE of SQLite would delete without a delete trigger, even where recursive triggers are off."""
    if not url.startswith("sqlite"):
        return  # PostgreSQL has no such statement; ON CONFLICT DO UPDATE is an UPDATE there.
    with sqlite3.connect(url.removeprefix("sqlite:///")) as plain:
        before = plain.execute(f"SELECT * FROM {table}").fetchall()
        for prefix in ("INSERT OR REPLACE", "REPLACE"):
            plain.execute(BATCH)
            with pytest.raises(sqlite3.IntegrityError):
                plain.execute(f"{prefix} INTO {table} SELECT * FROM {table}")
            plain.rollback()
        assert plain.execute(f"SELECT * FROM {table}").fetchall() == before


def test_invariant_5_a_settlement_is_not_replaced_through_its_lot(url: str, settled: Store) -> None:
    """A REPLACE with a new number and id, which would push out the old settlement of the lot by its unique index."""
    if not url.startswith("sqlite"):
        return
    with sqlite3.connect(url.removeprefix("sqlite:///")) as plain:
        before = plain.execute("SELECT * FROM transactions").fetchall()
        plain.execute(BATCH)
        plain.execute(
            "INSERT OR REPLACE INTO transactions SELECT (SELECT MAX(seq) + 1 FROM transactions), 'new', kind, "
            "number, lot_no, method, run_id, resolves, period, effective_at, booked_at, memo, line_count, "
            "content_sha256 FROM transactions WHERE kind = 'SETTLE' LIMIT 1"
        )
        assert plain.execute("SELECT * FROM transactions").fetchall()[: len(before)] == before
        with pytest.raises(sqlite3.IntegrityError, match="the key exists"):
            plain.execute("DELETE FROM ledger_batch")
        plain.rollback()


def last_seq(raw: Connection) -> int:
    """The newest transaction."""
    return int(raw.exec_driver_sql("SELECT MAX(seq) FROM transactions").scalar_one())


def entry(
    raw: Connection, seq: int, lines: int = 1, period: str = "2026-10", kind: str = "TRANSFER", **more: str
) -> None:
    """Insert a transaction row."""
    values = {"number": "n", "lot_no": "1", "run_id": "NULL", "resolves": "NULL", **more}
    raw.exec_driver_sql(
        "INSERT INTO transactions (seq, transaction_id, kind, number, lot_no, method, run_id, resolves, period, "
        f"effective_at, booked_at, memo, line_count, content_sha256) VALUES ({seq}, 't{seq}', '{kind}', "
        f"'{values['number']}', {values['lot_no']}, 'm', {values['run_id']}, {values['resolves']}, '{period}', "
        f"'t', 't', '', {lines}, 'x')"
    )


def line(
    raw: Connection,
    seq: int,
    number: int = 1,
    amount: int = 5,
    bucket: str = "available",
    giver: str = "issuance.shift-v1",
    giving: str = "available",
) -> None:
    """Insert a line of the claim ledger for E1."""
    raw.exec_driver_sql(
        f"INSERT INTO posting_lines SELECT {seq}, {number}, 1, '', taker.account_no, {BUCKET_CODES[bucket]}, "
        f"giver.account_no, {BUCKET_CODES[giving]}, {amount} FROM account_numbers AS taker, account_numbers AS giver "
        f"WHERE taker.account_id = 'E1.industry' AND giver.account_id = '{giver}'"
    )


def test_invariant_1_an_entry_is_both_its_sides(raw: Connection) -> None:
    """Five grams from issuance to E1: one row, and the balances of both sides move by it."""
    query = "SELECT account_id, amount FROM balances WHERE ledger = 'claim' AND bucket = 'available'"
    before = {row[0]: row[1] for row in raw.exec_driver_sql(query)}
    seq = last_seq(raw) + 1
    in_one(raw, lambda it: (entry(it, seq), line(it, seq)))  # type: ignore[func-returns-value, return-value, arg-type]
    after = {row[0]: row[1] for row in raw.exec_driver_sql(query)}
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "E1.industry": 5,
        "issuance.shift-v1": -5,
    }
    assert sum(after.values()) == 0


@pytest.mark.parametrize("numbers", [[1], [], [2], [1, 3], [1, 2, 3]])
def test_invariant_1_the_database_refuses_an_entry_that_is_not_complete(raw: Connection, numbers: list[int]) -> None:
    """Two lines announced: one missing, none, a hole, or one more than announced."""
    seq = last_seq(raw) + 1

    def work(it: Connection) -> None:
        entry(it, seq, lines=2)
        for number in numbers:
            line(it, seq, number)

    with pytest.raises(IntegrityError):
        in_one(raw, work)
    assert last_seq(raw) == seq - 1


def test_invariant_1_a_posting_of_zero_or_to_itself_is_refused(raw: Connection) -> None:
    """A line that says nothing."""
    seq = last_seq(raw) + 1
    for wrong in (
        lambda it: (entry(it, seq), line(it, seq, amount=0)),
        lambda it: (entry(it, seq), line(it, seq, giver="E1.industry")),
    ):
        with pytest.raises(IntegrityError):
            in_one(raw, wrong)  # type: ignore[arg-type]


def test_invariant_1_sqlite_takes_entries_in_a_batch_only(raw: Connection) -> None:
    """An entry, a line of a new entry, and a line of an old one: refused while no batch stands, whose closing would
    hold them to the rules."""
    if raw.dialect.name != "sqlite":
        return  # PostgreSQL has triggers for each statement and for COMMIT
    seq = last_seq(raw) + 1
    with pytest.raises(IntegrityError, match="in a batch"):
        entry(raw, seq)
    for number in (seq, seq - 1):
        with pytest.raises(IntegrityError, match="append-only"):
            line(raw, number, 99)


def test_an_account_has_one_number_and_keeps_it(raw: Connection) -> None:
    """Each account got one when it was opened, issuance below zero; none is given twice or to nobody."""
    accounts = {row[0] for row in raw.exec_driver_sql("SELECT account_id FROM accounts")}
    numbers = {row[1]: row[0] for row in raw.exec_driver_sql("SELECT account_no, account_id FROM account_numbers")}
    assert set(numbers) == accounts
    assert {name for name, number in numbers.items() if number < 0} == {"issuance.shift-v1"}
    raw.exec_driver_sql("INSERT INTO accounts VALUES ('issuance.other-v1', NULL, 'transport', 't')")
    raw.exec_driver_sql("INSERT INTO accounts VALUES ('nobody.energy', NULL, 'energy', 't')")
    found = {row[0]: row[1] for row in raw.exec_driver_sql("SELECT account_id, account_no FROM account_numbers")}
    assert (found["issuance.other-v1"], found["nobody.energy"]) == (-2, max(numbers.values()) + 1)
    for number, name in ((1, "x.energy"), (99, "nobody.energy"), (99, "x.energy"), (-9, "nobody.energy")):
        with pytest.raises(IntegrityError):
            raw.exec_driver_sql(f"INSERT INTO account_numbers VALUES ({number}, '{name}')")


def test_invariant_1_nothing_is_added_to_an_old_transaction(raw: Connection) -> None:
    """Not after its last line, not before its first."""
    count = raw.exec_driver_sql("SELECT COUNT(*) FROM posting_lines WHERE transaction_seq = 6").scalar_one()
    for number in (count + 1, 99, 0, -1, 1):
        with pytest.raises(IntegrityError):
            in_one(raw, lambda it, number=number: line(it, 6, number))  # type: ignore[misc]


def test_invariant_6_no_claim_below_zero(raw: Connection) -> None:
    """Taking more than is available, or out of an empty reserve, is refused by the database alone."""
    held = raw.exec_driver_sql(
        "SELECT amount FROM balances WHERE account_id = 'E1.industry' AND ledger = 'claim' AND bucket = 'available'"
    ).scalar_one()
    seq = last_seq(raw) + 1
    for bucket, amount in (("available", -held - 1), ("reserved", -1), ("retired", -1)):

        def work(it: Connection, bucket: str = bucket, amount: int = amount) -> None:
            entry(it, seq)
            line(it, seq, amount=amount, bucket=bucket)

        with pytest.raises(IntegrityError, match="below zero"):
            in_one(raw, work)
    in_one(raw, lambda it: (entry(it, seq), line(it, seq, amount=-held)))  # type: ignore[arg-type, func-returns-value, return-value]


def test_invariant_8_the_database_refuses_a_closed_period(raw: Connection) -> None:
    """October is closed: nothing enters October any more, November is open; only November closes next."""
    raw.exec_driver_sql("INSERT INTO periods VALUES ('2026-10', '2026-11-01', 12)")
    seq = last_seq(raw) + 1
    with pytest.raises(IntegrityError, match="period is closed"):
        in_one(raw, lambda it: (entry(it, seq), line(it, seq)))  # type: ignore[arg-type, func-returns-value, return-value]
    in_one(raw, lambda it: (entry(it, seq, period="2026-11"), line(it, seq)))  # type: ignore[arg-type, func-returns-value, return-value]
    for period in ("2026-09", "2026-10", "2026-12"):
        with pytest.raises(IntegrityError):
            raw.exec_driver_sql(f"INSERT INTO periods VALUES ('{period}', '2026-11-01', 12)")
    raw.exec_driver_sql("INSERT INTO periods VALUES ('2026-11', '2026-12-01', 13)")


def test_invariant_10_the_sequence_has_no_gap(raw: Connection) -> None:
    """A number left out or used again is refused."""
    for seq in (last_seq(raw) + 2, last_seq(raw), 0):
        with pytest.raises(IntegrityError):
            in_one(raw, lambda it, seq=seq: (entry(it, seq), line(it, seq)))  # type: ignore[misc, arg-type]


def test_invariant_4_a_pending_resolves_once_and_in_full(raw: Connection) -> None:
    """A new estimate of ten: releasing nine of it fails at COMMIT, ten passes, and nothing more afterwards."""
    seq = last_seq(raw) + 1

    def estimate(it: Connection) -> None:
        entry(it, seq, kind="ESTIMATE")
        line(it, seq, amount=10, bucket="reserved", giving="reserved")

    def release(number: int, kind: str, amount: int) -> Callable[[Connection], None]:
        def work(it: Connection) -> None:
            entry(it, number, kind=kind, resolves=f"'t{seq}'")
            line(it, number, amount=-amount, bucket="reserved", giving="reserved")

        return work

    in_one(raw, estimate)
    for kind, amount in (("POST", 9), ("VOID", 1)):
        with pytest.raises(IntegrityError):
            in_one(raw, release(seq + 1, kind, amount))

    def both(it: Connection) -> None:
        release(seq + 1, "POST", 4)(it)
        release(seq + 2, "VOID", 6)(it)

    in_one(raw, both)
    for kind in ("POST", "VOID"):
        with pytest.raises(IntegrityError):
            in_one(raw, release(seq + 3, kind, 1))


@pytest.mark.parametrize("kind", ["POST", "VOID", "REVERSE", "RESTATE"])
def test_invariant_8_a_correction_names_an_original_of_its_own_lot(raw: Connection, kind: str) -> None:
    """Without one, of another lot, or of a kind that it cannot correct."""
    seq = last_seq(raw) + 1
    estimate = raw.exec_driver_sql("SELECT transaction_id FROM transactions WHERE kind = 'ESTIMATE'").scalar()
    settlement = raw.exec_driver_sql("SELECT transaction_id FROM transactions WHERE kind = 'SETTLE'").scalar()
    run = raw.exec_driver_sql("SELECT run_id FROM calculation_runs").scalar()
    for original in ("NULL", f"'{estimate}'", f"'{settlement}'", "'nobody'"):

        def work(it: Connection, original: str = original) -> None:
            entry(it, seq, kind=kind, resolves=original, run_id=f"'{run}'")
            line(it, seq)

        with pytest.raises(IntegrityError):
            in_one(raw, work)


def test_invariants_4_and_5_one_resolution_and_one_settlement(raw: Connection) -> None:
    """A second SETTLE of a lot, and a second VOID of an estimate, are refused."""
    for kind in ("SETTLE", "VOID"):
        again = (
            f"INSERT INTO transactions SELECT {last_seq(raw) + 1}, 'again', kind, number, lot_no, method, run_id, "
            "resolves, period, effective_at, booked_at, memo, line_count, content_sha256 FROM transactions "
            f"WHERE kind = '{kind}' LIMIT 1"
        )
        refusal = "the key exists|UNIQUE|uq_transactions" if kind == "SETTLE" else "uncorrected|uq_transactions"
        with pytest.raises(IntegrityError, match=refusal):
            in_one(raw, lambda it, again=again: it.exec_driver_sql(again))  # type: ignore[misc]


def test_invariant_3_an_id_is_given_once(raw: Connection) -> None:
    """An id of another lot is refused, before it could stand for two entries; one that only begins alike is not."""
    seq = last_seq(raw) + 1
    known = raw.exec_driver_sql("SELECT transaction_id FROM transactions WHERE seq = 6").scalar_one()

    def named(name: str) -> Callable[[Connection], None]:
        def work(it: Connection) -> None:
            it.exec_driver_sql(
                "INSERT INTO transactions (seq, transaction_id, kind, number, lot_no, method, period, effective_at, "
                f"booked_at, memo, line_count, content_sha256) VALUES ({seq}, '{name}', 'TRANSFER', 'n', 1, 'm', "
                "'2026-10', 't', 't', '', 1, 'x')"
            )
            line(it, seq)

        return work

    with pytest.raises(IntegrityError, match=r"the key exists|uq_transactions_transaction_id"):
        in_one(raw, named(known))
    in_one(raw, named(f"{known[:8]}-and-another-end"))


def test_entries_are_found_by_their_id(settled: Store) -> None:
    """One, several, and none; on SQLite by ``entry_ids``, never by reading the ledger."""
    with settled.read() as session:
        entries = session.transactions()
        for entry_of in entries:
            assert session.transaction(entry_of.transaction_id) == entry_of
            assert session.transaction(f"{entry_of.transaction_id[:8]}-other") is None
        assert session.add_transactions(entries) == []
        connection = session._connection
        if connection.dialect.name == "sqlite":
            for count in (1, 2):
                found = select(schema.transactions).where(
                    has_id(connection, [it.transaction_id for it in entries[:count]])
                )
                said = str(found.compile(connection, compile_kwargs={"literal_binds": True}))
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}").fetchall()
                assert any("entry_ids USING PRIMARY KEY (level=? AND id_start=?)" in str(step) for step in plan)
                assert not any("SCAN transactions" in str(step) for step in plan)


def test_an_event_that_contradicts_another_is_refused_by_the_database(raw: Connection) -> None:
    """The same discharge again under another id, one before the loading, and one that grew by a tonne."""
    seq = raw.exec_driver_sql("SELECT MAX(seq) FROM events").scalar_one() + 1
    columns = "number, lot_no, leg_seq, classifier"
    tail = "record_time, recorded_at, NULL, content_sha256, document, voyage_id, vessel_id, location_id"
    for event_type, moment, mass in (
        ("DISC", "event_time", "mass_kg"),
        ("DEPA", "'2020-01-01T00:00:00+08:00'", "NULL"),
        ("LOAD", "event_time", "mass_kg - 5000"),
    ):
        with pytest.raises(IntegrityError):
            raw.exec_driver_sql(
                f"INSERT INTO events SELECT {seq}, 'x', {columns}, '{event_type}', {moment}, {tail}, {mass} "
                "FROM events WHERE event_type = 'DISC' AND voyage_id <> '' LIMIT 1"
            )


def test_versions_of_a_waybill_follow_one_another(raw: Connection) -> None:
    """Version 3 before version 2 is refused."""
    with pytest.raises(IntegrityError, match="waybills: "):
        raw.exec_driver_sql(
            "INSERT INTO waybills SELECT number, 3, plan_id, shipment_id, operator_id, consignor_id, consignee_id, "
            "cargo_code, declared_mass_kg, place_of_receipt, place_of_delivery, issued_at, content_sha256, document "
            "FROM waybills LIMIT 1"
        )


def test_rules_exist_for_two_databases() -> None:
    """SQLite and PostgreSQL; another one is refused."""
    for dialect in ("sqlite", "postgresql"):
        assert len(list(ledger_rules.statements(dialect))) > 8
        assert len(list(line_rules.statements(dialect))) > 6
        assert list(sorted_rules.statements(dialect))
    for rules in (ledger_rules, line_rules, sorted_rules):
        with pytest.raises(ValueError, match="oracle"):
            list(rules.statements("oracle"))


def test_every_entry_finds_its_children_by_index(store: Store) -> None:
    """A table that grows with the ledger and points at another has an index on the column: without one SQLite reads the
    whole table for each row that enters the other, and appending slows down as the ledger grows."""
    for name in ("transactions", "posting_lines", "evidence", "waybill_lots", "waybill_legs"):
        table = metadata.tables[name]
        leading = [next(iter(index.columns)).name for index in table.indexes] + [next(iter(table.primary_key)).name]
        for key in table.foreign_key_constraints:
            assert key.columns[0].name in leading, f"{name}.{key.columns[0].name}"


def test_checks_of_kinds_are_plain_and_say_the_same(raw: Connection) -> None:
    """SQLite: no list of kinds is left to look into, no kind that is not known enters, and the file is sound; a
    correction names an original and nothing else does."""
    if raw.dialect.name != "sqlite":
        return
    said = raw.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE name = 'transactions'").scalar_one()
    assert "kind IN" not in said
    assert said.count("kind = 'SETTLE' OR") == 1
    assert raw.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    correcting = {"POST", "VOID", "REVERSE", "RESTATE"}
    for kind in (*(item.value for item in Kind), "OTHER", ""):
        for original in ("NULL", "'t'"):
            raw.exec_driver_sql("BEGIN")
            raw.exec_driver_sql(BATCH)
            row = f"{last_seq(raw) + 1}, 'x', '{kind}', 'n', 1, 'm', 'r', {original}, '2026-10', 't', 't', '', 1, 'x'"
            if kind in set(Kind) and (original == "NULL") == (kind not in correcting):
                raw.exec_driver_sql(f"INSERT INTO transactions VALUES ({row})")
            else:
                with pytest.raises(IntegrityError, match="ck_transactions"):
                    raw.exec_driver_sql(f"INSERT INTO transactions VALUES ({row})")
            raw.exec_driver_sql("ROLLBACK")
