"""The thirteen invariants of the ledger: those that need a whole history, and the list of where each one is held."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from optimizer import actions
from optimizer.access.user import ALLOWED, Permission, Role, User
from optimizer.accounts.calculation import calculate
from optimizer.accounts.ledger import BalanceKey, Kind, fold_balances
from optimizer.accounts.statement import MOVING
from optimizer.actions.account_views import accounts_seen_by
from optimizer.actions.waybill_views import report_events, waybill_file, waybills_seen_by
from optimizer.errors import UnknownRecordError
from optimizer.store.engine import Store
from optimizer.waybills.codec import sha256, to_json
from tests.accounts.small_books import FUEL_LOGS, seen_entry
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

S1, S2 = world_waybills()
TESTS = Path(__file__).resolve().parents[1]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
READING = {
    *(Permission.READ_WAYBILLS, Permission.READ_EVIDENCE, Permission.READ_ACCOUNTS, Permission.READ_CITY),
    *(Permission.AUDIT, Permission.READ_SECURITY_LOG, Permission.READ_NETWORK),
}


def history(store: Store) -> list[dict[BalanceKey, int]]:
    """Everything that moves a balance, one verb after the other; the balances that the database kept after each."""
    kept = []

    def look() -> None:
        with store.read() as session:
            kept.append(session.account_reader.all_balances())

    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    look()
    actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    actions.settle(store, world_network(), world_factors(), LATER, batch=1)
    look()
    for number, verb in enumerate(
        (
            lambda: actions.transfer(store, "E1", "E2", 1000, "d1", "test", LATER),
            lambda: actions.retire(store, "E2", 400, "d2", "test", LATER),
            lambda: actions.reverse(store, S2.number, 1, "test", LATER),
            lambda: actions.close(store, "2026-10", LATER),
            lambda: actions.restate(store, S2.number, 1, "test", world_network(), world_factors(), LATER),
        )
    ):
        assert verb() is not None, number
        look()
    return kept


def test_invariant_7_a_balance_is_the_fold_of_postings_at_every_number(store: Store) -> None:
    """For every account: what the database keeps after each verb, and what it sums up to any sequence number, is the
    fold of the postings in plain Python."""
    kept = history(store)
    with store.read() as session:
        entries = session.transactions()
        reader = session.account_reader
        folded = [fold_balances(entries, seq) for seq in range(len(entries) + 1)]
        assert [{key: amount for key, amount in at.items() if amount} for at in folded if at][-1] == kept[-1]
        for balances in kept:
            assert balances in [{key: amount for key, amount in at.items() if amount} for at in folded]
        for account_id in session.accounts():
            for seq, at in enumerate(folded):
                own = {key: amount for key, amount in at.items() if key[0] == account_id}
                assert reader.balances_around(account_id, "9999-12", seq) == (own, {})


def test_what_a_statement_reads_is_what_the_postings_say(store: Store) -> None:
    """For every account, month and sequence number: the entries as the account sees them, added up by the database, are
    those that plain Python makes of the postings, retirements (both sides of a line) and corrections among them; so are
    the balances before and in the month, and the newest entry."""
    history(store)
    with store.read() as session:
        entries, reader = session.transactions(), session.account_reader
        months = {entry.period for entry in entries}
        assert len(months) == 2
        for account_id in session.accounts():
            touching = [entry for entry in entries if any(line.account_id == account_id for line in entry.postings)]
            assert reader.last_seq(account_id) == max((entry.seq for entry in touching), default=0)
            for month in months:
                for seq in (*range(len(entries) + 1), None):
                    known = [entry for entry in touching if seq is None or entry.seq <= seq]
                    listed = [entry for entry in known if entry.period == month and entry.kind in MOVING]
                    seen = [seen_entry(entry, account_id) for entry in listed]
                    assert reader.movements(account_id, month, seq) == seen
                    before, changed = (
                        {key: amount for key, amount in fold_balances(part).items() if key[0] == account_id}
                        for part in (
                            [entry for entry in known if entry.period < month],
                            [entry for entry in known if entry.period == month],
                        )
                    )
                    assert reader.balances_around(account_id, month, seq) == (before, changed)


def test_invariant_9_every_settlement_reruns_to_the_gram_from_the_run_it_names(store: Store) -> None:
    """Run again from its stored inputs each gives the same result, digests and columns; its id names the versions."""
    history(store)
    factors = world_factors()
    with store.read() as session:
        runs = session.runs()
        named = [entry for entry in session.transactions() if entry.kind in (Kind.SETTLE, Kind.RESTATE, Kind.REVERSE)]
        figures = session.account_reader.run_figures(runs)
    assert len(named) == 5
    for entry in named:
        run = runs[entry.run_id]
        assert calculate(run.inputs, factors) == run.result
        assert (sha256(to_json(run.inputs)), sha256(to_json(run.result))) == (run.inputs_sha256, run.result_sha256)
        versions = [run.factors_version, run.network_version, run.code_version]
        assert run.run_id == sha256(to_json([run.inputs_sha256, run.result_sha256, *versions]))
        assert figures[run.run_id].credited_wtw_g == run.result.credited_wtw_g
        assert versions[:2] == [factors.version, world_network().version]


def test_invariant_9_the_database_refuses_a_settlement_without_a_run(settled: Store, raw: Connection) -> None:
    """No run, or one that does not exist."""
    columns = "'{kind}', 'MW', 1, method, {run}, NULL, '2026-12', effective_at, booked_at, '', 1, content_sha256"

    def settle(run: str) -> None:
        raw.exec_driver_sql(
            "INSERT INTO transactions (seq, transaction_id, kind, number, lot_no, method, run_id, resolves, "
            "period, effective_at, booked_at, memo, line_count, content_sha256) "
            f"SELECT (SELECT max(seq) + 1 FROM transactions), 'x', {columns.format(kind='SETTLE', run=run)} "
            "FROM transactions WHERE seq = 1"
        )
        close(raw)

    for run in ("NULL", "'no such run'"):
        begin(raw)
        with pytest.raises(IntegrityError, match=r"settlement_names_run|no such calculation run"):
            settle(run)
        raw.exec_driver_sql("ROLLBACK")


def begin(raw: Connection) -> None:
    """A database transaction; on SQLite also the batch without which no entry enters."""
    raw.exec_driver_sql("BEGIN")
    if raw.dialect.name == "sqlite":
        raw.exec_driver_sql("INSERT INTO ledger_batch SELECT MAX(seq) + 1, 1 FROM transactions")


def close(raw: Connection) -> None:
    """What is written is held to the rules: on SQLite when the batch closes."""
    if raw.dialect.name == "sqlite":
        raw.exec_driver_sql("DELETE FROM ledger_batch")


def test_invariant_11_every_published_head_is_a_prefix_of_the_present_tree(store: Store) -> None:
    """A head is published after each verb; all of them are beginnings of the last tree."""
    heads = []
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    for event in all_events(issued, FUEL_LOGS)[::5]:
        heads.append(actions.seal(store, KEY, LATER).checkpoint)
        actions.record(store, [event], LATER)
    actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    actions.settle(store, world_network(), world_factors(), LATER)
    heads.append(actions.seal(store, KEY, LATER).checkpoint)
    assert len({head.size for head in heads}) == len(heads) > 4
    assert actions.verify(store, heads).findings == ()


def user(role: Role, party_id: str = "") -> User:
    """Somebody of a role."""
    return User(f"u-{role}-{party_id}", f"{role}{party_id}".lower(), "", "", role, party_id)


def test_invariant_13_each_row_is_reached_through_its_party_only(settled: Store) -> None:
    """An enterprise sees its waybills and its account, never another's; nobody's record differs from no record. A bank
    sees what was opened to it: nothing yet."""
    mine, other, receiver = (user(Role.ENTERPRISE, party_id) for party_id in ("E1", "E2", "E3"))
    assert [item.number for item in waybills_seen_by(settled, mine)] == [S1.number]
    assert [item.number for item in waybills_seen_by(settled, other)] == [S2.number]
    assert len(waybills_seen_by(settled, receiver)) == 2
    assert [entry.account.account_id for entry in accounts_seen_by(settled, other)] == ["E2.energy"]
    assert accounts_seen_by(settled, user(Role.BANK)) == []
    assert waybills_seen_by(settled, user(Role.BANK)) == []
    assert len(waybills_seen_by(settled, user(Role.AUDITOR))) == 2
    with pytest.raises(UnknownRecordError) as hidden:
        waybill_file(settled, other, S1.number)
    with pytest.raises(UnknownRecordError) as missing:
        waybill_file(settled, other, S1.number[:-1] + "X")
    assert hidden.value.message.en.replace(S1.number, "") == missing.value.message.en.replace(S1.number[:-1] + "X", "")


def test_invariant_13_auditor_and_bank_only_read(settled: Store) -> None:
    """None of their permissions writes, and a report by an auditor is refused before it reaches the ledger."""
    for role in (Role.AUDITOR, Role.BANK):
        assert ALLOWED[role] <= READING
        with pytest.raises(UnknownRecordError):
            report_events(settled, user(role), S1.number, all_events([S1], FUEL_LOGS)[:1], LATER, world_network())


TABLE = (TESTS / "INVARIANTS.md").read_text(encoding="utf-8")


def test_the_table_of_invariants_names_tests_that_exist() -> None:
    """INVARIANTS.md lists 1 to 13 in order; every test it names is there, and every test that carries a number in its
    name is named beside that number."""
    cells = [(line.split("|")[1].strip(), line) for line in TABLE.splitlines() if line.startswith("|")]
    rows = {int(number): line for number, line in cells if number.isdecimal()}
    assert list(rows) == list(range(1, 14))
    known: dict[str, set[str]] = {}
    for folder in ("store", "accounts", "webapp"):
        for file in sorted((TESTS / folder).glob("test_*.py")):
            names = {item.name for item in ast.parse(file.read_text()).body if isinstance(item, ast.FunctionDef)}
            known[f"{folder}/{file.name}"] = {name for name in names if name.startswith("test_")}
    for number, line in rows.items():
        named = set(re.findall(r"`([a-z]+/test_\w+\.py)::(test_\w+)`", line))
        assert named, number
        for file, name in named:
            assert name in known[file], (number, file, name)
        for file, names in known.items():
            for name in names:
                if re.match(rf"test_invariants?_(\d+_and_)?{number}_", name):
                    assert (file, name) in named, (number, file, name)
