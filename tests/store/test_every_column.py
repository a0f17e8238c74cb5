"""Every column of every table of the books: a value changed in the database is found, by the audit before anything is
sealed, by the seals after, or it is named here why nobody can find it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine

from optimizer import actions
from optimizer.actions.amending import amend
from optimizer.actions.evidencing import keep_evidence
from optimizer.actions.sealing import rotate_key, seal
from optimizer.emissions import releases as factor_rules
from optimizer.errors import ModalshiftError
from optimizer.network import releases as network_rules
from optimizer.store.engine import Store
from optimizer.store.evidence_files import EvidenceFiles
from optimizer.store.schema import metadata
from optimizer.store.tree_rows import TreeRows
from optimizer.waybills.amendment import Amendment
from tests.store.tampering import SEALED_TABLES, disarm, verified
from tests.store.test_quick_audit import damage
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    START,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

KEY, NEXT_KEY = (Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)) for number in (1, 2))
AFTER = LATER + timedelta(days=30)

NO_BOOKS = {
    "users": "log-ins change",
    "api_tokens": "log-ins change",
    "account_grants": "who may read, not what is read",
    "idempotency_keys": "answers kept for a day",
    "security_events": "a log beside the books",
    "webhooks": "who is told what",
    "shipments": "wishes; what became of them stands in plans and waybills",
    "plan_runs": "work in progress; what was accepted stands in plans",
    "returned_files": "kept for a day",
    "settlement_jobs": "work that waits; the audit names its lot as verified and not settled, whatever the job says",
    "ledger_batch": "empty but inside a transaction",
    "run_batch": "empty but inside a transaction",
}
"""Tables that the books do not rest on, and why."""

SEALS_ALONE = {
    "parties.recorded_at": "when a row came is written nowhere else",
    "plans.accepted_at": "when a row came is written nowhere else",
    "events.recorded_at": "when a row came is written nowhere else",
    "evidence_files.added_at": "when a row came is written nowhere else",
    "accounts.opened_at": "when a row came is written nowhere else",
    "transactions.booked_at": "when a row came is written nowhere else",
    "factor_archive.kept_at": "when a row came is written nowhere else",
    "periods.closed_at": "when a row came is written nowhere else, but that it was after the month",
    "network_records.document": "who proposed what, and its tables, are checked; the reason stands nowhere else",
    "posting_lines.line": "the order of the lines of an entry, which its digest holds, is the same",
}
"""Columns of which only the seals know what they were."""

VERIFY_ALONE = {
    "zero.value": "what the database's own rules lean on: a check of the file itself",
    **{f"entry_ids.{column}": "an index: a check of the file itself" for column in ("level", "id_start", "seq")},
    "city_cursor.cursor_no": "always 1: a check of the file itself",
    **{
        f"{table}.{column.name}": "the tree: checked against its signed heads"
        for table in ("tree_keys", "tree_leaves", "tree_nodes", "tree_heads")
        for column in metadata.tables[table].columns
    },
}
"""Columns that `verify` looks at and the audit does not."""

ALSO_VERIFIED = frozenset({"account_numbers", "run_ids"})
"""Tables that are not sealed themselves; what sealed rows say hangs on them."""

BOOKS = sorted({*metadata.tables} - {*NO_BOOKS})


@dataclass(frozen=True)
class Changeable:
    """A sealed database without its guards, and everything that looks at it."""

    raw: sqlite3.Connection
    store: Store
    files: EvidenceFiles
    path: Path

    @contextmanager
    def changed(self, table: str, column: str, to: Callable[[object], object]) -> Iterator[str]:
        """One value of one row is another one inside; says from what to what."""
        names = [row[1] for row in self.raw.execute(f"PRAGMA table_info({table})")]
        # The greatest value: no empty text, no account without an amount.
        telling = "ABS(amount)" if table == "balances" else column
        row = self.raw.execute(f"SELECT * FROM {table} ORDER BY {telling} IS NULL, {telling} DESC").fetchone()
        assert row is not None, f"{table} is empty in this world"
        before = row[names.index(column)]
        where = " AND ".join(f"{name} IS ?" for name in names)
        changing = f"UPDATE {table} SET {column} = ? WHERE {where}"
        (now,) = self.raw.execute(f"{changing} RETURNING *", [to(before), *row]).fetchall()
        try:
            after = now[names.index(column)]
            yield f"{table}.{column}: {before!r:.60} to {'the same' if now == row else repr(after)[:60]}"
        finally:
            done = self.raw.execute(changing, [before, *now])
            assert done.rowcount == 1

    def audited(self) -> bool:
        """Whether the audit finds anything, or says that it cannot read what is there."""
        return _finds(lambda: actions.audit(self.store, world_network(), world_factors(), self.files))

    def verified(self) -> bool:
        """Whether `verify` does."""
        engine = create_engine(f"sqlite:///{self.path}")
        with engine.connect() as connection:
            tree = TreeRows(connection)
            found = _finds(lambda: [*verified(tree).findings, *tree.damage()])
        engine.dispose()
        return found


def _finds(look: Callable[[], list[object]]) -> bool:
    try:
        return bool(look())
    except ModalshiftError:
        return True


def other(value: object) -> object:
    """A value of the same type that says something else; of a time, another day of the same month."""
    if isinstance(value, (int, float)):
        return value + 1_000
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if not isinstance(value, str) or not value:
        return "x"
    if value[4:5] == "-" and value[10:11] == "T":
        return value[:8] + ("17" if value[8:10] != "17" else "18") + value[10:]
    # The last letter or digit: a document goes on being one.
    place = max((place for place, letter in enumerate(value) if letter.isalnum()), default=0)
    return value[:place] + ("0" if value[place] != "0" else "1") + value[place + 1 :]


@pytest.fixture(scope="module")
def changeable(sqlite_templates: dict[bool, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changeable]:
    """The settled world with files, a factor release, city sums, closed months and two keys, all sealed."""
    path = tmp_path_factory.mktemp("columns") / "accounts.db"
    path.write_bytes(sqlite_templates[True].read_bytes())
    store = actions.open_store(f"sqlite:///{path}")
    files = EvidenceFiles(path.with_name("evidence"))
    keep_evidence(store, files, [("ticket.pdf", b"%PDF-1.4 a ticket")], LATER)
    with store.write() as session:
        factors = factor_rules.propose(world_factors().factors, "tiny", "li", LATER, "measured anew")
        session.add_factor_record("PROPOSE", factors.proposal_id, "li", LATER, factors)
        network = network_rules.propose(b"tables", "tiny", (), "li", LATER, "measured anew")
        session.add_network_proposal(network, b"tables")
    actions.close(store, "2026-10", AFTER)
    seal(store, KEY, AFTER, batch=20)
    rotate_key(store, NEXT_KEY, AFTER, old=KEY)
    actions.keep_city_totals(store)
    seal(store, NEXT_KEY, AFTER)
    raw = sqlite3.connect(path, isolation_level=None)
    disarm(raw)
    yield Changeable(raw, store, files, path)
    raw.close()
    store.close()


def test_nothing_is_found_where_nothing_was_changed(changeable: Changeable) -> None:
    """Or the tests below would say nothing."""
    assert not changeable.audited()
    assert not changeable.verified()


@pytest.mark.parametrize("table", BOOKS)
def test_a_changed_value_of_any_column_is_found(changeable: Changeable, table: str) -> None:
    """By the audit, by `verify`, or by both, as the lists above say."""
    for column in metadata.tables[table].columns:
        name = f"{table}.{column.name}"
        with changeable.changed(table, column.name, other) as what:
            assert changeable.audited() != (name in {**SEALS_ALONE, **VERIFY_ALONE}), what
            sealed = metadata.tables[table] in SEALED_TABLES or table in ALSO_VERIFIED
            assert changeable.verified() == (sealed or name in VERIFY_ALONE), what


STRANGE = (b"\xff\x00", "2026-10", 1.5, None)
"""Values of every type that a file can hold."""


@pytest.mark.parametrize("table", BOOKS)
def test_a_value_of_another_type_is_named_or_found_and_never_a_traceback(changeable: Changeable, table: str) -> None:
    """Whatever somebody writes into the file by hand: who looks says what he finds, or which value he cannot read."""
    for column, value in product(metadata.tables[table].columns, STRANGE):
        try:
            with changeable.changed(table, column.name, lambda _, value=value: value) as what:
                found = changeable.audited(), _finds(lambda: list(actions.verify(changeable.store).findings))
                assert any(found) or what.endswith(" to the same"), what
                for look in (_statement, actions.city_bound):
                    with suppress(ModalshiftError):  # Anything else is an error that nobody foresaw.
                        look(changeable.store)
        except sqlite3.IntegrityError:
            continue  # A key that is nothing, or there twice: a rule that nobody can switch off.


def _statement(store: Store) -> object:
    return actions.statement(store, "E1.industry", "2026-10")


CHANGES = (
    "UPDATE parties SET name_en = 'X' WHERE party_id = 'E1'",
    "UPDATE parties SET document = REPLACE(document, 'Demo E1', 'Demo X'), name_en = 'Demo X' WHERE party_id = 'E1'",
    "UPDATE parties SET document = REPLACE(document, '\"role\":', ' \"role\":') WHERE party_id = 'E1'",
    "UPDATE plans SET document = REPLACE(document, 'feasible', 'optimal')",
    "UPDATE accounts SET domain = 'household' WHERE account_id = 'E1.industry'",
    "UPDATE accounts SET party_id = 'E1' WHERE party_id IS NULL",
    "UPDATE waybills SET consignor_id = 'E2' WHERE consignor_id = 'E1'",
    "UPDATE waybills SET declared_mass_kg = declared_mass_kg + 1",
    "UPDATE waybill_lots SET port_of_loading = 'DOWN' WHERE lot_no = 1",
    "DELETE FROM waybill_legs WHERE lot_no = 2",
    "UPDATE waybill_legs SET distance_km = distance_km * 2 WHERE seq = 1",
    "UPDATE evidence SET kind = 'photo' WHERE kind = 'weigh_ticket'",
    "DELETE FROM evidence WHERE kind = 'weigh_ticket'",
    "UPDATE events SET event_id = 'x' WHERE seq = 1",
    "UPDATE events SET record_time = '2026-10-17T00:00:00+08:00' WHERE seq = 1",
    "UPDATE events SET seq = 1000 WHERE seq = 1",
    "UPDATE periods SET last_seq = last_seq + 1000",
    "UPDATE periods SET period = '2026-11'",
    "UPDATE periods SET closed_at = '2026-10-30T00:00:00+08:00'",
    "UPDATE city_cursor SET last_seq = last_seq + 1000",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_row_that_its_record_contradicts_is_found_on_both_databases(url: str, settled: Store, change: str) -> None:
    """An administrator changes a row; the audit names its record and its table."""
    actions.keep_city_totals(settled)
    actions.close(settled, "2026-10", AFTER)
    damage(url, change)
    found = actions.audit(settled, world_network(), world_factors())
    table = change.split()[1 if change.startswith("UPDATE") else 2]
    assert {"columns_differ", "document_changed"} & {item.code for item in found}
    assert any(table in item.message.en or item.record.startswith("event ") for item in found)


def test_what_a_former_version_is_listed_by_is_compared_too(url: str, store: Store) -> None:
    """An amended waybill has lots of both versions."""
    actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    number = world_waybills()[0].number
    amend(store, number, Amendment(declared_mass_kg={1: 280_000}), "the shipper asked", world_network(), START)
    assert actions.audit(store, world_network(), world_factors()) == []
    damage(url, "UPDATE waybill_lots SET declared_mass_kg = 9 WHERE version = 1 AND lot_no = 2")
    (found,) = actions.audit(store, world_network(), world_factors())
    assert found.record == f"waybill {number}"
    assert (found.code, "declared_mass_kg" in found.message.zh) == ("columns_differ", True)
