"""Ids on SQLite: however their levels stand, every entry and run is found by its id and no id is given twice."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from optimizer import actions
from optimizer.store.engine import prepare_sqlite
from optimizer.store.entry_rows import EntryRows
from optimizer.store.migrations import slice_rules
from optimizer.store.migrations.batch_rules import runs_sink
from optimizer.store.migrations.sorted_rules import sink
from optimizer.store.prepared_settlements import RUN_COLUMNS
from optimizer.store.session import Session
from optimizer.store.sorted_ids import lost_ids
from optimizer.store.tree_sources import BY_KIND
from tests.store.conftest import connect

SMALL = (4, 12)
"""Levels sink so early that a few entries fill all three."""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger with two accounts whose levels are small."""
    file = tmp_path_factory.mktemp("ids") / "empty.db"
    actions.open_store(f"sqlite:///{file}").close()
    with sqlite3.connect(file) as connection:
        for name in ("issuance.shift-v1", "E1.industry"):
            connection.execute("INSERT INTO accounts VALUES (?, NULL, 'industry', 't')", (name,))
        small = [sink(0, SMALL[0]), runs_sink(0, SMALL[0])]
        small += [*slice_rules.entries_sink(SMALL[1]), *slice_rules.runs_sink(SMALL[1])]
        for statement in small:
            connection.execute(f"DROP TRIGGER {statement.split()[2]}")
            connection.execute(statement)
    connection.close()
    return file


def opened(file: Path) -> sqlite3.Connection:
    """A copy of the ledger in memory, with the pragmas of the product."""
    memory = sqlite3.connect(":memory:", check_same_thread=False)
    with sqlite3.connect(file) as source:
        source.backup(memory)
    source.close()
    prepare_sqlite(memory)
    return memory


@pytest.fixture
def ledger(empty: Path) -> Iterator[sqlite3.Connection]:
    """One such copy."""
    connection = opened(empty)
    yield connection
    connection.close()


def appended(ledger: sqlite3.Connection, names: list[str]) -> bool:
    """Append entries of these ids as one batch; whether the database took it."""
    ledger.execute("BEGIN")
    try:
        ledger.execute("INSERT INTO ledger_batch SELECT COALESCE(MAX(seq), 0) + 1, 1 FROM transactions")
        for name in names:
            seq = ledger.execute("SELECT COALESCE(MAX(seq), 0) + 1 FROM transactions").fetchone()[0]
            ledger.execute(
                "INSERT INTO transactions VALUES "
                "(?, ?, 'TRANSFER', 'n', ?, 'm', NULL, NULL, '2026-10', 't', 't', '', 1, ?)",
                (seq, name, seq, f"digest of {name}"),
            )
            ledger.execute("INSERT INTO posting_lines VALUES (?, 1, 1, '', 1, 2, -1, 2, 5)", (seq,))
        ledger.execute("DELETE FROM ledger_batch")
        ledger.execute("COMMIT")
    except sqlite3.IntegrityError:
        ledger.execute("ROLLBACK")
        return False
    return True


def levels(ledger: sqlite3.Connection) -> Counter[int]:
    """How many ids lie in each level."""
    return Counter(level for (level,) in ledger.execute("SELECT level FROM entry_ids"))


def name_of(start: int, end: int) -> str:
    """An id of a slice: the first, some between, the last, and two that are not hexadecimal."""
    return f"{'048f!z7'[start]}{start:07d}-{end}"


NAMES = st.builds(name_of, st.integers(0, 5), st.integers(0, 9))
"""Few starts, so that most ids share one."""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(NAMES, min_size=1, max_size=7), min_size=1, max_size=9))
def test_an_id_is_given_once_and_found_at_every_level(empty: Path, batches: list[list[str]]) -> None:
    """A model with a plain set: batches with a given id, or with one twice, are refused whole, the others taken; then
    the product finds the digest of every id, and of no other."""
    ledger = opened(empty)
    given_ids: set[str] = set()
    for names in batches:
        fresh = len(set(names)) == len(names) and given_ids.isdisjoint(names)
        assert appended(ledger, names) == fresh
        given_ids |= set(names) if fresh else set()
    engine = create_engine("sqlite://", creator=lambda: ledger, poolclass=StaticPool)
    with engine.connect() as connection:
        rows = EntryRows()
        rows._connection = connection
        asked = [name_of(start, end) for start in range(7) for end in range(10)]
        assert rows._transaction_digests(asked) == {name: f"digest of {name}" for name in given_ids}
    assert sum(levels(ledger).values()) == len(given_ids)
    assert levels(ledger)[0] < SMALL[0]
    ledger.close()


def test_levels_sink_in_order(ledger: sqlite3.Connection) -> None:
    """Level 0 sinks whole whenever a multiple of four is passed, level 1 of twelve; a large batch passes several."""
    names = iter(f"{place:08d}" for place in range(100))
    seen = []
    for count in (3, 1, 3, 4, 1, 30):
        assert appended(ledger, [next(names) for _ in range(count)])
        found = levels(ledger)
        seen.append((found[0], found[1] + found[2]))
    assert seen == [(3, 0), (0, 4), (3, 4), (0, 11), (0, 12), (0, 42)]
    assert levels(ledger)[2] >= 12


def test_each_slice_sinks_once_in_a_period(ledger: sqlite3.Connection) -> None:
    """Entries one by one, then more than a period of others: all of the first lie in level 2, and few moved at a
    time."""
    first = [f"{character}{place:07d}" for place, character in enumerate("0123456789abcdef!z")]
    moved, before = [], 0
    for name in [*first, *(f"5{place:07d}" for place in range(100, 116))]:
        assert appended(ledger, [name])
        now = levels(ledger)[2]
        moved.append(now - before)
        before = now
    sunk = {start for (start,) in ledger.execute("SELECT id_start FROM entry_ids WHERE level = 2")}
    assert {name[:8] for name in first} <= sunk
    assert max(moved) <= 6


def test_the_database_says_why_it_refuses_an_id(ledger: sqlite3.Connection) -> None:
    """When the batch closes, in the words that the store knows."""
    assert appended(ledger, ["a"])
    ledger.execute("BEGIN")
    ledger.execute("INSERT INTO ledger_batch VALUES (2, 1)")
    ledger.execute(
        "INSERT INTO transactions SELECT 2, transaction_id, kind, number, 9, method, run_id, resolves, "
        "period, effective_at, booked_at, memo, line_count, content_sha256 FROM transactions"
    )
    ledger.execute("INSERT INTO posting_lines VALUES (2, 1, 1, '', 1, 2, -1, 2, 5)")
    with pytest.raises(sqlite3.IntegrityError, match="append-only, the key exists"):
        ledger.execute("DELETE FROM ledger_batch")
    ledger.execute("ROLLBACK")


def test_nothing_is_taken_out_of_the_ids(ledger: sqlite3.Connection) -> None:
    """An id that is not there any more could be given again: no update, and no delete but of what has sunk."""
    assert appended(ledger, [f"{place:08d}" for place in range(6)])
    assert set(levels(ledger)) == {1}
    for statement in ("UPDATE entry_ids SET seq = seq + 1", "DELETE FROM entry_ids", "UPDATE entry_ids SET level = 2"):
        with pytest.raises(sqlite3.IntegrityError, match="kept by the ledger"):
            ledger.execute(statement)


def run_id_of(number: int) -> str:
    """Ids over all slices."""
    return f"{6 * number:02x}{number:062x}"


RUN_IDS = st.integers(0, 40).map(run_id_of)


def run_row(run_id: str) -> tuple[Any, ...]:
    """A run of this id as the store is given it."""
    return (run_id, "n", 1, *("x",) * 7, b"text", *(0,) * 6, "", "{}")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(RUN_IDS, min_size=1, max_size=9), min_size=1, max_size=8))
def test_runs_are_recorded_once_and_found_at_every_level(empty: Path, batches: list[list[str]]) -> None:
    """A model with a plain dictionary: what is known is left out, what is new lies at the next row and is found there,
    and waits to be sealed in order of ids; so it stays when the file is written anew."""
    ledger = opened(empty)
    engine = create_engine("sqlite://", creator=lambda: ledger, poolclass=StaticPool)
    connection = engine.connect()
    session = Session(connection)
    rows: dict[str, int] = {}
    for names in batches:
        connection.exec_driver_sql("BEGIN")
        session.add_ready_runs([run_row(name) for name in names])
        connection.exec_driver_sql("COMMIT")
        for name in names:
            rows.setdefault(name, len(rows) + 1)
        assert session._known_runs([run_id_of(number) for number in range(42)]) == set(rows)
    first, *others = sorted(rows)
    connection.exec_driver_sql("INSERT INTO tree_leaves VALUES (0, 'run', ?, x'00')", (first,))
    for count in (1, 4, 50):
        found = session.tree._unsealed(BY_KIND["run"], None, count)
        assert [entry.entry_id for entry in found] == others[:count]
    connection.commit()
    for _ in range(2):
        assert dict(ledger.execute("SELECT run_id, run_no FROM run_ids")) == rows
        assert dict(ledger.execute("SELECT run_id, rowid FROM calculation_runs")) == rows
        assert lost_ids(connection) == []
        connection.commit()
        ledger.execute("VACUUM")
    assert ledger.execute("SELECT COUNT(*) FROM run_ids WHERE level = 0").fetchone()[0] < SMALL[0]
    connection.close()
    ledger.close()


def record(ledger: sqlite3.Connection, *names: str, verb: str = "INSERT", row: str = "NULL") -> None:
    """Runs of these ids as one batch, at a row where one is given; raises IntegrityError where the database refuses
    them, and nothing of the batch is left."""
    columns, places = ", ".join(RUN_COLUMNS), ", ".join("?" * len(RUN_COLUMNS))
    ledger.execute("BEGIN")
    try:
        ledger.execute("INSERT INTO run_batch SELECT COALESCE(MAX(rowid), 0) + 1, 1 FROM calculation_runs")
        for name in names:
            insert = f"{verb} INTO calculation_runs (rowid, {columns}) VALUES ({row}, {places})"
            ledger.execute(insert, run_row(name))
        ledger.execute("DELETE FROM run_batch")
    except sqlite3.IntegrityError:
        ledger.execute("ROLLBACK")
        raise
    ledger.execute("COMMIT")


def runs_of(ledger: sqlite3.Connection) -> list[tuple[int, str]]:
    """Rows and ids of all runs."""
    return ledger.execute("SELECT rowid, run_id FROM calculation_runs ORDER BY rowid").fetchall()


def test_a_run_is_not_replaced_nor_set_apart(ledger: sqlite3.Connection) -> None:
    """By its id or by its row, also where triggers of deletion sleep; no row is left out, so that numbers stay."""
    record(ledger, "a", "b", "c")
    ledger.execute("PRAGMA recursive_triggers = OFF")
    for verb in ("INSERT", "REPLACE", "INSERT OR IGNORE"):
        for row, name in (("2", "d"), ("3", "d"), ("5", "d"), ("-7", "d"), ("NULL", "a"), ("2", "b"), ("4", "b")):
            if verb == "INSERT OR IGNORE" and row in ("2", "3"):
                continue  # ignored: nothing is written, and nothing refused
            with pytest.raises(sqlite3.IntegrityError, match="calculation_runs"):
                record(ledger, name, verb=verb, row=row)
    with pytest.raises(sqlite3.IntegrityError):
        record(ledger, "d", "e", "d")
    for statement in ("UPDATE run_ids SET run_no = 1", "DELETE FROM run_ids"):
        with pytest.raises(sqlite3.IntegrityError, match="kept by the runs"):
            ledger.execute(statement)
    assert runs_of(ledger) == [(1, "a"), (2, "b"), (3, "c")]


def test_runs_are_recorded_in_a_batch_only(ledger: sqlite3.Connection) -> None:
    """Without one none enters, at the highest row there is neither; an open one is not committed, and there is one at a
    time, from the next row on."""
    record(ledger, "a")
    columns, places = ", ".join(RUN_COLUMNS), ", ".join("?" * len(RUN_COLUMNS))
    for verb in ("INSERT", "REPLACE", "INSERT OR IGNORE", "INSERT OR FAIL"):
        for row in ("NULL", "2", str(2**63 - 1)):
            with pytest.raises(sqlite3.IntegrityError, match="recorded in a batch"):
                ledger.execute(
                    f"{verb} INTO calculation_runs (rowid, {columns}) VALUES ({row}, {places})", run_row("b")
                )
    for wrong in ((1, 1), (3, 1), (2, 0), (2, None)):
        with pytest.raises(sqlite3.IntegrityError):
            ledger.execute("INSERT INTO run_batch VALUES (?, ?)", wrong)
    ledger.execute("BEGIN")
    ledger.execute("INSERT INTO run_batch VALUES (2, 1)")
    for statement in (
        "INSERT INTO run_batch VALUES (3, 1)",
        "UPDATE run_batch SET first_run = 1",
        "UPDATE run_batch SET open_batch = 0",
        "REPLACE INTO run_batch VALUES (2, 1)",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="run_batch"):
            ledger.execute(statement)
    ledger.execute(f"INSERT INTO calculation_runs VALUES ({places})", run_row("b"))
    with pytest.raises(sqlite3.IntegrityError):
        ledger.execute("COMMIT")
    ledger.execute("ROLLBACK")
    assert runs_of(ledger) == [(1, "a")]
    record(ledger, "b")
    assert runs_of(ledger) == [(1, "a"), (2, "b")]


def test_an_entry_enters_in_a_batch_only_at_the_highest_number_too(ledger: sqlite3.Connection) -> None:
    """The largest number that a row can have is inside of no batch that is not open."""
    row = (
        "INSERT INTO transactions VALUES (?, 't', 'TRANSFER', 'n', 1, 'm', NULL, NULL, '2026-10', 't', 't', '', 1, 'x')"
    )
    with pytest.raises(sqlite3.IntegrityError, match="in a batch"):
        ledger.execute(row, (2**63 - 1,))
    ledger.execute("BEGIN")
    ledger.execute("INSERT INTO ledger_batch VALUES (1, 1)")
    ledger.execute(row, (2**63 - 1,))
    with pytest.raises(sqlite3.IntegrityError, match="no gaps"):
        ledger.execute("DELETE FROM ledger_batch")
    ledger.execute("ROLLBACK")
    assert appended(ledger, ["a"])


def test_an_entry_names_no_run_that_only_the_ids_know(ledger: sqlite3.Connection) -> None:
    """A row that somebody put into ``run_ids`` makes no run."""
    record(ledger, "a")
    ledger.execute("INSERT INTO run_ids VALUES (2, 'forged', 1)")
    settle = "INSERT INTO transactions VALUES (1, 't', 'SETTLE', 'n', 1, 'm', ?, NULL, '2026-10', 't', 't', '', 1, 'x')"

    def close(run_id: str) -> None:
        ledger.execute("INSERT INTO ledger_batch VALUES (1, 1)")
        ledger.execute(settle, (run_id,))
        ledger.execute("INSERT INTO posting_lines VALUES (1, 1, 1, '', 1, 2, -1, 2, 5)")
        ledger.execute("DELETE FROM ledger_batch")

    ledger.execute("BEGIN")
    with pytest.raises(sqlite3.IntegrityError, match="no such calculation run"):
        close("forged")
    ledger.execute("ROLLBACK")
    ledger.execute("BEGIN")
    close("a")
    ledger.execute("COMMIT")


@pytest.mark.parametrize(
    ("trigger", "statement", "said"),
    [
        ("entry_ids_sink_only", "DELETE FROM entry_ids WHERE seq = 3", "entry 3 missing"),
        ("run_ids_sink_only", "DELETE FROM run_ids WHERE run_no = 1", "missing from run_ids"),
        ("run_ids_no_update", "UPDATE run_ids SET run_no = 99 WHERE run_no = 1", "missing from run_ids"),
    ],
)
def test_an_id_that_was_taken_out_is_found_by_verify(
    trigger: str, statement: str, said: str, tmp_path: Path, sqlite_templates: dict[bool, Path]
) -> None:
    """Whoever drops the trigger and hides an entry or a run from those who look for it by its id is told of."""
    file = tmp_path / "books.db"
    file.write_bytes(sqlite_templates[True].read_bytes())
    store = actions.open_store(f"sqlite:///{file}")
    assert actions.verify(store, []).findings == ()
    raw = connect(f"sqlite:///{file}")
    raw.exec_driver_sql(f"DROP TRIGGER {trigger}")
    raw.exec_driver_sql(statement)
    raw.close()
    raw.engine.dispose()
    (finding,) = actions.verify(store, []).findings
    assert finding.code == "file_damaged"
    assert said in finding.message.en
    store.close()
