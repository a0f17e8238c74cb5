"""What the audit makes of the city's kept sums from lots and runs that it has read is what a fold of the ledger makes
of them, whatever somebody changed."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from optimizer import actions
from optimizer.accounts.audit.city import city_exposures_are_the_fold, city_totals_are_the_fold
from optimizer.actions import auditing
from optimizer.actions.amending import amend
from optimizer.actions.audit_city import CityAudit
from optimizer.actions.audit_parts import Package, Readers
from optimizer.store.engine import Store
from optimizer.waybills.amendment import Amendment
from optimizer.waybills.finding import Finding
from tests.accounts.small_books import FUEL_LOGS
from tests.store.tampering import altered, disarm
from tests.store.test_city import NOVEMBER
from tests.store.test_corrections import dearer_diesel
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    START,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

S1, S2 = world_waybills()
CHANGED = 20
COLUMNS = {
    "transactions": ("transaction_id", "kind", "number", "lot_no", "run_id", "resolves", "period", "seq"),
    "calculation_runs": ("run_id", "number", "lot_no", "document", "mass_kg", "expected_wtw_g", "activity"),
    "waybills": ("number", "version", "document"),
    "run_ids": ("run_id", "run_no", "level"),
    "city_cells": ("month", "lots", "credited_g", "cost_saved_fen"),
    "city_exposures": ("source_key", "exposed_mg"),
    "city_cursor": ("last_seq",),
}


@pytest.fixture(scope="module")
def corrected(sqlite_templates: dict[bool, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny world with an amended waybill, a lot restated, one reversed and one reversed and restated; the sums are
    kept up to some of these."""
    file = tmp_path_factory.mktemp("corrected") / "accounts.db"
    shutil.copyfile(sqlite_templates[False], file)
    store = actions.open_store(f"sqlite:///{file}")
    network, factors = world_network(), world_factors()
    actions.accept(store, world_plan(), shipments(), parties(), network, ISSUED_AT)
    newest = amend(store, S1.number, Amendment(declared_mass_kg={1: 280_000}), "lighter", network, START)
    assert actions.record(store, all_events([newest, S2], FUEL_LOGS), LATER).refused == ()
    assert actions.settle(store, network, factors, LATER).settled_lots == 3
    actions.restate(store, S1.number, 2, "revised", network, dearer_diesel(store), NOVEMBER)
    actions.reverse(store, S2.number, 1, "the ticket was forged", NOVEMBER)
    actions.keep_city_totals(store)
    actions.restate(store, S2.number, 1, "it was not", network, factors, NOVEMBER)
    actions.reverse(store, S1.number, 1, "the ticket was forged", NOVEMBER)
    store.close()
    return file


def from_reading(store: Store) -> list[Finding]:
    """What the audit finds, in blocks of one waybill."""
    package = Package(world_network(), world_factors())
    with store.read() as session, Readers(store, session, package) as readers:
        city = CityAudit(session)
        auditing._recorded(session, readers, city)
        return [*city.totals(), *city.exposures()]


def from_ledger(store: Store) -> list[Finding]:
    """What a fold of the ledger says."""
    with store.read() as session:
        return [
            *city_totals_are_the_fold(session.kept_city_cells(), session.folded_city_cells()),
            *city_exposures_are_the_fold(session.kept_city_exposures(), session.folded_city_exposures()),
        ]


def found(read: Callable[[Store], list[Finding]], store: Store) -> list[Finding] | None:
    """Findings; None where damage cannot be read."""
    try:
        return read(store)
    except Exception:
        return None


def change(raw: sqlite3.Connection, random: Random) -> str:
    """One value changed, taken from another row, or a row removed or there twice; says what was done."""
    table = random.choice(list(COLUMNS))
    column = random.choice(COLUMNS[table])
    listed = ", ".join(row[1] for row in raw.execute(f"PRAGMA table_info({table})"))
    raw.execute(f"CREATE TABLE changed AS SELECT {listed} FROM {table}")  # without keys and checks
    rows = [row[0] for row in raw.execute("SELECT rowid FROM changed")]
    number, other = random.choice(rows), random.choice(rows)
    done = random.choice(["altered", "altered", "swapped", "removed", "twice"])
    if done == "removed":
        raw.execute("DELETE FROM changed WHERE rowid = ?", (number,))
    elif done == "twice":
        raw.execute("INSERT INTO changed SELECT * FROM changed WHERE rowid = ?", (number,))
    else:
        of = number if done == "altered" else other
        value = raw.execute(f"SELECT {column} FROM changed WHERE rowid = ?", (of,)).fetchone()[0]
        value = altered(value, random) if done == "altered" else value
        raw.execute(f"UPDATE changed SET {column} = ? WHERE rowid = ?", (value, number))
    raw.execute("PRAGMA legacy_alter_table = ON")
    raw.execute(f"ALTER TABLE {table} RENAME TO kept")
    raw.execute(f"ALTER TABLE changed RENAME TO {table}")
    raw.commit()
    return f"{done} {table}.{column}"


@pytest.mark.parametrize("seed", range(2))
def test_the_audit_finds_of_the_city_what_a_fold_of_the_ledger_finds(
    corrected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Entries, runs, waybills, kept sums and the index of runs, changed one at a time."""
    monkeypatch.setattr(auditing, "BLOCK", 1)
    random, faulty = Random(seed), 0
    for number in range(CHANGED):
        file = tmp_path / f"{number}.db"
        shutil.copyfile(corrected, file)
        raw = sqlite3.connect(file)
        disarm(raw)
        done = change(raw, random) if number else "nothing"
        raw.close()
        store = actions.open_store(f"sqlite:///{file}")
        quick, slow = found(from_reading, store), found(from_ledger, store)
        store.close()
        file.unlink()
        assert quick == slow or quick is None, done
        assert quick == [] or number, done
        faulty += bool(slow)
    assert faulty


FIRST = "(SELECT {} FROM transactions WHERE kind = 'SETTLE' AND number = '{}' AND lot_no = {})"
OTHER = FIRST.format("transaction_id", S1.number, 2)


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE transactions SET run_id = {FIRST.format('run_id', S2.number, 1)} WHERE kind = 'SETTLE'",
        f"UPDATE transactions SET resolves = {FIRST.format('transaction_id', S1.number, 1)} WHERE kind = 'RESTATE'",
        f"UPDATE transactions SET transaction_id = {OTHER} WHERE memo = 'revised'",
        "UPDATE transactions SET number = '' WHERE kind = 'SETTLE'",
        "UPDATE calculation_runs SET activity = '{}}' || activity",
    ],
)
def test_what_lots_alone_do_not_say_is_folded(corrected: Path, tmp_path: Path, statement: str) -> None:
    """The run of another waybill, the entry of another lot, one id twice, an entry of no waybill, an unread run."""
    file = tmp_path / "accounts.db"
    shutil.copyfile(corrected, file)
    with closing(sqlite3.connect(file)) as raw:
        disarm(raw)
        raw.execute("DROP INDEX IF EXISTS uq_transactions_transaction_id")
        raw.execute(statement)
        raw.commit()
    store = actions.open_store(f"sqlite:///{file}")
    quick, slow = found(from_reading, store), found(from_ledger, store)
    store.close()
    assert quick == slow != []
