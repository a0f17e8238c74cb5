"""Databases of the first revision, with data, come through every migration with every record as it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, create_engine, event, insert, text
from sqlalchemy.exc import DatabaseError

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.accounts.entries import Entry
from optimizer.accounts.ledger import content_digest
from optimizer.emissions.releases import propose as propose_factors
from optimizer.network.releases import propose
from optimizer.store import schema
from optimizer.store.engine import Store, migrate, prepare_sqlite
from optimizer.store.line_tables import posting_lines
from optimizer.store.packed import unpacked
from optimizer.store.schema import metadata
from optimizer.store.session import Session
from optimizer.waybills.event import EventType
from tests.emissions.world import factor
from tests.store.servers import Postgres
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))
OLD_COLUMNS = {
    "parties": "party_id, credit_code, name_zh, name_en, domain, role, document, recorded_at",
    "plans": "plan_id, document, accepted_at",
    "waybills": "number, version, plan_id, shipment_id, operator_id, consignor_id, consignee_id, cargo_code, "
    "declared_mass_kg, place_of_receipt, place_of_delivery, issued_at, content_sha256, document",
    "waybill_lots": "number, version, lot_no, declared_mass_kg, port_of_loading, port_of_discharge",
    "waybill_legs": "number, version, lot_no, seq, mode, origin, destination, voyage_id, vessel_id, distance_km",
    "events": "seq, event_id, number, lot_no, leg_seq, classifier, event_type, event_time, record_time, recorded_at, "
    "withdraws, content_sha256, document",
    "evidence": "event_id, sha256, kind",
    "calculation_runs": "run_id, number, lot_no, method, inputs_sha256, result_sha256, factors_version, "
    "network_version, code_version, run_at, document",
    "accounts": "account_id, party_id, domain, opened_at",
    "periods": "period, closed_at, last_seq",
}


@pytest.fixture
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.empty_database() as address:
            yield address


def connect_old(url: str, revision: str = "0001") -> Connection:
    """A database at an old revision."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _record: prepare_sqlite(connection))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    connection = engine.connect()
    migrate(connection, revision)
    return connection


def plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A run as it lay before it was packed."""
    return {**row, "document": unpacked(bytes(row["document"])).decode()}


def fill_old(old: Connection, settled: Store) -> None:
    """The records of a settled database of today, laid out as the first revision did: postings one line each."""
    with settled.read() as session, old.begin():
        new = session._connection
        for table, columns in OLD_COLUMNS.items():
            places = ", ".join(f":{name.strip()}" for name in columns.split(","))
            order = " ORDER BY seq" if table == "events" else ""
            for row in new.exec_driver_sql(f"SELECT {columns} FROM {table}{order}").mappings():
                values = plain(row) if table == "calculation_runs" else dict(row)
                old.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)
        for entry in session.transactions():
            old.execute(
                text(
                    "INSERT INTO transactions (seq, transaction_id, kind, number, lot_no, method, run_id, resolves, "
                    "period, effective_at, booked_at, line_count, content_sha256) VALUES (:seq, :id, :kind, :number, "
                    ":lot, :method, :run, :resolves, :period, :effective, :booked, :lines, :digest)"
                ),
                {
                    "seq": entry.seq,
                    "id": entry.transaction_id,
                    "kind": entry.kind.value,
                    "number": entry.waybill_number,
                    "lot": entry.lot_no,
                    "method": entry.method,
                    "run": entry.run_id or None,
                    "resolves": entry.resolves or None,
                    "period": entry.period,
                    "effective": entry.effective_at.isoformat(),
                    "booked": entry.booked_at.isoformat(),
                    "lines": len(entry.postings),
                    "digest": content_digest(entry),
                },
            )
            for number, line in enumerate(entry.postings, start=1):
                old.execute(
                    text("INSERT INTO postings VALUES (:seq, :line, :account, :ledger, :bucket, :part, :amount)"),
                    {
                        "seq": entry.seq,
                        "line": number,
                        "account": line.account_id,
                        "ledger": line.ledger.value,
                        "bucket": line.bucket.value,
                        "part": line.part,
                        "amount": line.amount,
                    },
                )


@pytest.mark.parametrize("old_url", ["sqlite", "postgresql"], indirect=True)
def test_a_populated_database_of_the_first_revision_is_upgraded(
    old_url: str, sqlite_templates: dict[bool, Path], tmp_path: Path
) -> None:
    """Ledger, balances, audit and statements are as before; a delivered lot that was not settled gets its job."""
    shutil.copyfile(sqlite_templates[True], tmp_path / "settled.db")
    settled = actions.open_store(f"sqlite:///{tmp_path / 'settled.db'}")
    old = connect_old(old_url)
    fill_old(old, settled)
    old.close()
    old.engine.dispose()
    upgraded = actions.open_store(old_url)
    with upgraded.read() as now, settled.read() as before:
        assert now.stored_transactions() == before.stored_transactions()
        assert now.account_reader.all_balances() == before.account_reader.all_balances()
        assert now.events() == before.events()
        runs = {entry.run_id for entry in before.transactions() if entry.run_id}
        assert now.account_reader.run_figures(runs) == before.account_reader.run_figures(runs)
        assert now.pending_lots([item.number for item in world_waybills()]) == set()
        assert now.outbox.keys() == set()
    assert actions.audit(upgraded, world_network(), world_factors()) == []
    assert actions.statement(upgraded, "E1", "2026-10") == actions.statement(settled, "E1", "2026-10")
    # And it goes on working: nothing settles twice, and the rules of the new revision hold.
    assert actions.settle(upgraded, world_network(), world_factors(), LATER).settled_lots == 0
    assert actions.close(upgraded, "2026-10", LATER).last_seq == 12
    upgraded.close()
    settled.close()


@pytest.mark.parametrize("old_url", ["sqlite", "postgresql"], indirect=True)
def test_what_was_delivered_and_not_settled_gets_its_job(
    old_url: str, sqlite_templates: dict[bool, Path], tmp_path: Path
) -> None:
    """An old database in which everything was reported and nothing settled: the first settle settles all three lots."""
    shutil.copyfile(sqlite_templates[False], tmp_path / "open.db")
    source = actions.open_store(f"sqlite:///{tmp_path / 'open.db'}")
    actions.accept(source, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    events = all_events(world_waybills())
    assert sum(item.event_type is EventType.DLV for item in events) == 3
    actions.record(source, events, LATER)
    old = connect_old(old_url)
    fill_old(old, source)
    old.close()
    old.engine.dispose()
    upgraded = actions.open_store(old_url)
    assert actions.settle(upgraded, world_network(), world_factors(), LATER).settled_lots == 3
    assert actions.audit(upgraded, world_network(), world_factors()) == []
    upgraded.close()
    source.close()


def fill_old_revision(old: Connection, sealed: Store, revision: str) -> None:
    """Every record of a settled and sealed database of today in one of revision 0015 to 0025, which keeps balances and
    pendings by itself; postings were a table with names in the first, and runs were not packed in the first two."""
    lines = schema.postings if revision == "0015" else posting_lines
    derived = {
        "balances",
        "pendings",
        "account_numbers",
        "posting_lines",
        "zero",
        "ledger_batch",
        "run_batch",
        "entry_ids",
        "run_ids",
        "city_cells",
        "city_exposures",
        "city_cursor",
        "shipments",  # those of a plan from a file were not listed then
    }
    by_line = "transaction_seq, line"
    order = {"events": "seq", "transactions": "seq", "postings": by_line, "posting_lines": by_line}
    with sealed.read() as session, old.begin():
        new = session._connection
        if old.dialect.name == "postgresql":
            old.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")
        batch = revision != "0015" and old.dialect.name == "sqlite"
        if batch:
            old.exec_driver_sql("INSERT INTO ledger_batch VALUES (1, 1)")
        tables = [table for table in metadata.sorted_tables if table.name not in derived]
        for table in [*tables, lines]:
            query = f"SELECT * FROM {table.name}"
            query += f" ORDER BY {order[table.name]}" if table.name in order else ""
            apart = table is schema.calculation_runs and revision >= "0022" and old.dialect.name == "sqlite"
            if apart:
                old.exec_driver_sql("INSERT INTO run_batch VALUES (1, 1)")
            for row in new.exec_driver_sql(query).mappings():
                if table is schema.calculation_runs and revision < "0017":
                    places = ", ".join(f":{name}" for name in row)
                    old.execute(text(f"INSERT INTO calculation_runs VALUES ({places})"), plain(row))
                else:
                    old.execute(insert(table), dict(row))
            if apart:
                old.exec_driver_sql("DELETE FROM run_batch")
        if batch:
            old.exec_driver_sql("DELETE FROM ledger_batch")


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Records by kind and id: each database hands runs out in its own order."""
    return sorted(entries, key=lambda entry: (entry.kind, entry.seq, entry.entry_id))


@pytest.mark.parametrize("revision", ["0015", "0016", "0017", "0018", "0019", "0020", "0021", "0022", "0025"])
@pytest.mark.parametrize("old_url", ["sqlite", "postgresql"], indirect=True)
def test_leaves_and_statements_of_old_revisions_stay_bit_for_bit(
    old_url: str, revision: str, sqlite_templates: dict[bool, Path], tmp_path: Path
) -> None:
    """Postings by name become postings by number, and runs are packed; every leaf, old head, balance and statement as
    of a tree is as it was, also on a database that grows afterwards."""
    shutil.copyfile(sqlite_templates[True], tmp_path / "sealed.db")
    before = actions.open_store(f"sqlite:///{tmp_path / 'sealed.db'}")
    size = actions.seal(before, KEY, LATER).checkpoint.size
    exported = actions.checkpoint(before)
    old = connect_old(old_url, revision)
    fill_old_revision(old, before, revision)
    balances = {tuple(row) for row in old.exec_driver_sql("SELECT * FROM balances WHERE amount <> 0")}
    pendings = {
        tuple(row)
        for row in old.exec_driver_sql(
            "SELECT * FROM pendings"
            if revision >= "0018"
            else "SELECT t.seq, p.reserved_g, p.remaining_g FROM pendings AS p JOIN transactions AS t "
            "ON t.transaction_id = p.estimate_id"
        )
    }
    old.rollback()
    old.close()
    old.engine.dispose()
    upgraded = actions.open_store(old_url)
    with upgraded.read() as now, before.read() as then:
        assert in_order(now.tree.entries()) == in_order(then.tree.entries())
        assert now.stored_transactions() == then.stored_transactions()
        assert {
            (a, b.value, c.value, d, e) for (a, b, c, d), e in now.account_reader.all_balances().items()
        } == balances
        assert {tuple(row) for row in now._connection.exec_driver_sql("SELECT * FROM pendings")} == pendings
    assert actions.verify(upgraded, [exported]).findings == ()
    for party in ("E1", "E2", "E9"):
        assert actions.statement(upgraded, party, "2026-10", at_size=size) == actions.statement(
            before, party, "2026-10", at_size=size
        )
    # The triggers of the new revision keep the books on.
    actions.transfer(upgraded, "E1", "E2", 5, "D-1", "after the upgrade", LATER)
    actions.seal(upgraded, KEY, LATER)
    assert actions.audit(upgraded, world_network(), world_factors()) == []
    assert actions.verify(upgraded, [exported]).findings == ()
    assert actions.statement(upgraded, "E1", "2026-10", at_size=size) == actions.statement(
        before, "E1", "2026-10", at_size=size
    )
    upgraded.close()
    before.close()


@pytest.mark.parametrize("old_url", ["sqlite", "postgresql"], indirect=True)
def test_networks_proposed_before_can_be_withdrawn_after(old_url: str) -> None:
    """The rows stay, a third kind of record is let in, a fourth is not, and nothing is changed or deleted."""
    old = connect_old(old_url, "0026")
    made = propose(b"tables", "tiny", (), "li", LATER, "measured anew")
    with old.begin():
        Session(old).add_network_proposal(made, b"tables")
    old.close()
    old.engine.dispose()
    upgraded = actions.open_store(old_url)
    actions.add_user(upgraded, User(actions.user_id_of("li"), "li", "li", "li", Role.ADMINISTRATOR, ""), None, LATER)
    actions.withdraw_network(upgraded, made.proposal_id, "li", LATER)
    upgraded.close()
    again = connect_old(old_url, "head")
    for wrong in (
        "INSERT INTO network_records VALUES ('OTHER', 'x', 'li', '', '', '')",
        "UPDATE network_records SET login = 'wang'",
        "DELETE FROM network_records",
    ):
        with pytest.raises(DatabaseError), again.begin():
            again.exec_driver_sql(wrong)
    again.close()
    again.engine.dispose()


@pytest.mark.parametrize("old_url", ["sqlite", "postgresql"], indirect=True)
def test_factors_proposed_before_can_be_withdrawn_after(old_url: str) -> None:
    """The rows stay as they were written, a third kind of record is let in, a fourth is not."""
    old = connect_old(old_url, "0028")
    rows = [factor("own", unit="tkm", ttw_kg=0.05, wtt_kg=0.01)]
    made = propose_factors(rows, "own", "li", LATER, "measured anew")
    with old.begin():
        Session(old).add_factor_record("PROPOSE", made.proposal_id, "li", LATER, made)
        before = old.exec_driver_sql("SELECT * FROM factor_records").all()
    old.close()
    old.engine.dispose()
    upgraded = actions.open_store(old_url)
    actions.add_user(upgraded, User(actions.user_id_of("li"), "li", "li", "li", Role.ADMINISTRATOR, ""), None, LATER)
    assert actions.factor_releases(upgraded).waiting == (made,)
    actions.withdraw_factors(upgraded, made.proposal_id, "li", LATER)
    upgraded.close()
    again = connect_old(old_url, "head")
    with again.begin():
        assert again.exec_driver_sql("SELECT * FROM factor_records WHERE kind = 'PROPOSE'").all() == before
    for wrong in (
        "INSERT INTO factor_records VALUES ('OTHER', 'x', 'li', '', '')",
        "UPDATE factor_records SET login = 'wang'",
        "DELETE FROM factor_records",
    ):
        with pytest.raises(DatabaseError), again.begin():
            again.exec_driver_sql(wrong)
    again.close()
    again.engine.dispose()
