"""A batch of entries is held to the same rules as batches of one entry: same sums, same refusals. SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Integer

from optimizer import actions
from optimizer.store import schema
from optimizer.store.engine import prepare_sqlite
from optimizer.store.rows import BUCKET_CODES

ACCOUNTS = ("issuance.shift-v1", "E1.industry", "E2.industry")
NUMBERS = (-1, 1, 2)
"""Theirs, in the order in which they were opened."""
Line = tuple[int, int, str, int]
"""Receiver, giver (places in ACCOUNTS), bucket, amount."""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger with three accounts."""
    file = tmp_path_factory.mktemp("batches") / "empty.db"
    actions.open_store(f"sqlite:///{file}").close()
    with sqlite3.connect(file) as connection:
        connection.executemany("INSERT INTO accounts VALUES (?, NULL, 'industry', 't')", [(name,) for name in ACCOUNTS])
    connection.close()
    return file


def opened(file: Path) -> sqlite3.Connection:
    """A copy of the ledger in memory, with the pragmas of the product."""
    memory = sqlite3.connect(":memory:")
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


def add_entry(ledger: sqlite3.Connection, kind: str, resolves: str | None, lines: Sequence[Line]) -> None:
    """A transaction and its postings."""
    seq = ledger.execute("SELECT COALESCE(MAX(seq), 0) + 1 FROM transactions").fetchone()[0]
    ledger.execute(
        "INSERT INTO transactions VALUES (?, ?, ?, 'n', 1, 'm', NULL, ?, '2026-10', 't', 't', '', ?, 'x')",
        (seq, f"t{seq}", kind, resolves, len(lines)),
    )
    for number, (receiver, giver, bucket, amount) in enumerate(lines, start=1):
        ledger.execute(
            "INSERT INTO posting_lines VALUES (?, ?, 1, '', ?, ?, ?, ?, ?)",
            (seq, number, NUMBERS[receiver], BUCKET_CODES[bucket], NUMBERS[giver], BUCKET_CODES[bucket], amount),
        )


def sums(ledger: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    """What triggers keep; balances of zero count as none."""
    balances = "SELECT * FROM balances WHERE amount <> 0 ORDER BY 1, 2, 3, 4"
    return [ledger.execute(query).fetchall() for query in (balances, "SELECT * FROM pendings ORDER BY 1")]


def written(ledger: sqlite3.Connection, entries: Sequence[tuple[str, str | None, Sequence[Line]]], batch: bool) -> bool:
    """Append in one database transaction, as one batch or as one for each entry; whether the database took it."""
    ledger.execute("BEGIN")
    try:
        for part in [entries] if batch else [[entry] for entry in entries]:
            ledger.execute("INSERT INTO ledger_batch SELECT COALESCE(MAX(seq), 0) + 1, 1 FROM transactions")
            for kind, resolves, lines in part:
                add_entry(ledger, kind, resolves, lines)
            ledger.execute("DELETE FROM ledger_batch")
        ledger.execute("COMMIT")
    except sqlite3.IntegrityError:
        ledger.execute("ROLLBACK")
        return False
    return True


LINES = st.lists(
    st.tuples(
        st.integers(1, 2), st.just(0), st.sampled_from(["available", "reserved"]), st.integers(-9, 30).filter(bool)
    ),
    min_size=1,
    max_size=3,
)
ENTRIES = st.lists(
    st.one_of(
        st.tuples(st.just("TRANSFER"), st.none(), LINES),
        st.tuples(st.just("ESTIMATE"), st.none(), LINES),
        st.tuples(st.sampled_from(["POST", "VOID"]), st.sampled_from(["t1", "t2", "t3"]), LINES),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=4))
def test_a_batch_keeps_the_same_sums_and_refuses_the_same_entries(
    empty: Path, parts: list[list[tuple[str, str | None, list[Line]]]]
) -> None:
    """Whatever is appended, in batches or entry by entry: taken or refused alike, with equal balances and pendings."""
    single, batched = opened(empty), opened(empty)
    for entries in parts:
        assert written(single, entries, batch=False) == written(batched, entries, batch=True)
        assert sums(single) == sums(batched)
    single.close()
    batched.close()


def test_a_batch_that_was_not_closed_is_not_committed(ledger: sqlite3.Connection) -> None:
    """Its sums were never taken, so nothing of it may stay."""
    ledger.execute("BEGIN")
    ledger.execute("INSERT INTO ledger_batch VALUES (1, 1)")
    add_entry(ledger, "TRANSFER", None, [(1, 0, "available", 5)])
    with pytest.raises(sqlite3.IntegrityError):
        ledger.execute("COMMIT")
    ledger.execute("ROLLBACK")
    assert ledger.execute("SELECT COUNT(*) FROM transactions").fetchone() == (0,)


def test_a_batch_starts_at_the_next_number_and_alone(ledger: sqlite3.Connection) -> None:
    """Skipping entries, a second batch inside the first, or moving its start would leave entries out of the sums."""
    assert written(ledger, [("TRANSFER", None, [(1, 0, "available", 5)])], batch=True)
    ledger.execute("BEGIN")
    for wrong in ((1, 1), (3, 1), (2, 0)):
        with pytest.raises(sqlite3.IntegrityError):
            ledger.execute("INSERT INTO ledger_batch VALUES (?, ?)", wrong)
    ledger.execute("INSERT INTO ledger_batch VALUES (2, 1)")
    add_entry(ledger, "TRANSFER", None, [(1, 0, "available", 5)])
    for statement in (
        "INSERT INTO ledger_batch VALUES (3, 1)",
        "UPDATE ledger_batch SET first_seq = 3",
        "REPLACE INTO ledger_batch VALUES (2, 1)",
        "INSERT INTO posting_lines VALUES (1, 2, 1, '', 1, 2, 2, 2, 1)",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            ledger.execute(statement)
    ledger.execute("ROLLBACK")


@pytest.mark.parametrize("lines", [[2], [3, 1], [1, 3], [1, 2], []])
def test_a_batch_holds_every_entry_to_its_lines(ledger: sqlite3.Connection, lines: list[int]) -> None:
    """One line announced: none, another number, or more are refused when the batch closes."""
    ledger.execute("BEGIN")
    ledger.execute("INSERT INTO ledger_batch VALUES (1, 1)")
    ledger.execute("INSERT INTO transactions VALUES (1,'t','TRANSFER','n',1,'m',NULL,NULL,'2026-10','t','t','',1,'x')")
    for line in lines:
        ledger.execute("INSERT INTO posting_lines VALUES (1, ?, 1, '', 1, 2, -1, 2, 1)", (line,))
    with pytest.raises(sqlite3.IntegrityError, match="as many as announced"):
        ledger.execute("DELETE FROM ledger_batch")
    ledger.execute("ROLLBACK")


def test_claims_stay_above_zero_after_every_line_of_a_batch(ledger: sqlite3.Connection) -> None:
    """Five grams out before five come in: the sum is zero, and in between it was not."""
    out_first = [("TRANSFER", None, [(1, 0, "available", -5)]), ("TRANSFER", None, [(1, 0, "available", 5)])]
    assert not written(ledger, out_first, batch=True)
    assert written(ledger, out_first[::-1], batch=True)


def test_claims_are_followed_line_by_line_where_the_sums_do_not_tell(ledger: sqlite3.Connection) -> None:
    """In before out, out of what is given in all more than the account had: taken. Between two parties, either side."""
    assert written(ledger, [("TRANSFER", None, [(1, 0, "available", 3), (1, 0, "available", -3)])], batch=True)
    between = [("TRANSFER", None, [(1, 0, "available", 4), (2, 1, "available", 4), (1, 2, "available", 4)])]
    assert written(ledger, between, batch=True)
    assert not written(ledger, [("TRANSFER", None, [(2, 1, "available", 5), (1, 2, "available", 5)])], batch=True)
    assert written(ledger, [("TRANSFER", None, [(2, 1, "available", 4)])], batch=True)


ENTRY = "INSERT INTO transactions VALUES (?, ?, ?, 'n', 1, 'm', ?, ?, ?, 't', 't', '', 1, 'x')"


def record_run(ledger: sqlite3.Connection) -> None:
    """A calculation run of the id r, in a batch of its own."""
    ledger.execute("BEGIN")
    ledger.execute("INSERT INTO run_batch VALUES (1, 1)")
    values = [1 if isinstance(column.type, Integer) else "x" for column in schema.calculation_runs.columns]
    ledger.execute(f"INSERT INTO calculation_runs VALUES ({', '.join('?' * len(values))})", ["r", *values[1:]])
    ledger.execute("DELETE FROM run_batch")
    ledger.execute("COMMIT")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ((3, "c", "TRANSFER", None, None, "2026-10"), "no gaps"),
        ((2, "c", "TRANSFER", None, None, "2026-09"), "period is closed"),
        ((2, "c", "SETTLE", "r", None, "2026-10"), "the key exists"),
        ((2, "a", "TRANSFER", None, None, "2026-10"), "the key exists"),
        ((2, "c", "REVERSE", "other", "a", "2026-10"), "no such calculation run"),
        ((2, "c", "VOID", None, "a", "2026-10"), "uncorrected original"),
        ((2, "c", "REVERSE", None, "z", "2026-10"), "uncorrected original"),
        ((2, "c", "REVERSE", None, "c", "2026-10"), "uncorrected original"),
    ],
)
def test_one_wrong_entry_in_a_batch_is_refused_at_the_close_and_says_why(
    ledger: sqlite3.Connection, wrong: tuple[object, ...], said: str
) -> None:
    """Beside one that is right: the whole batch is refused, and after a rollback nothing of it is left."""
    record_run(ledger)
    ledger.execute("INSERT INTO periods VALUES ('2026-09', 't', 0)")
    ledger.execute("BEGIN")
    ledger.execute("INSERT INTO ledger_batch VALUES (1, 1)")
    for values in ((1, "a", "SETTLE", "r", None, "2026-10"), wrong):
        ledger.execute(ENTRY, values)
        ledger.execute("INSERT INTO posting_lines VALUES (?, 1, 1, '', 1, 2, -1, 2, 1)", (values[0],))
    with pytest.raises(sqlite3.IntegrityError, match=said):
        ledger.execute("DELETE FROM ledger_batch")
    with pytest.raises(sqlite3.IntegrityError):
        ledger.execute("COMMIT")
    ledger.execute("ROLLBACK")
    assert ledger.execute("SELECT COUNT(*) FROM transactions").fetchone() == (0,)


def test_an_original_is_corrected_once_also_within_a_batch(ledger: sqlite3.Connection) -> None:
    """Settled, reversed and restated in one batch is one correction too many; the first two pass."""
    record_run(ledger)
    settled = [(1, "a", "SETTLE", "r", None, "2026-10"), (2, "b", "REVERSE", None, "a", "2026-10")]
    for entries in ([*settled, (3, "c", "RESTATE", "r", "a", "2026-10")], settled):
        ledger.execute("BEGIN")
        ledger.execute("INSERT INTO ledger_batch VALUES (1, 1)")
        for values in entries:
            ledger.execute(ENTRY, values)
            ledger.execute("INSERT INTO posting_lines VALUES (?, 1, 1, '', 1, 2, -1, 2, 1)", (values[0],))
        if entries is settled:
            ledger.execute("DELETE FROM ledger_batch")
            ledger.execute("COMMIT")
            continue
        with pytest.raises(sqlite3.IntegrityError, match="uncorrected original"):
            ledger.execute("DELETE FROM ledger_batch")
        ledger.execute("ROLLBACK")


def test_who_leaves_a_batch_open_stops_the_ledger(ledger: sqlite3.Connection) -> None:
    """A tool that switches foreign keys off can commit an open batch. Nothing is appended after it, and closing it
    holds its entries to the rules."""
    ledger.execute("PRAGMA foreign_keys = OFF")
    ledger.execute("INSERT INTO ledger_batch VALUES (1, 1)")
    ledger.execute(ENTRY, (1, "a", "SETTLE", "no run", None, "2026-10"))
    ledger.execute("PRAGMA foreign_keys = ON")
    with pytest.raises(sqlite3.IntegrityError, match="one at a time"):
        ledger.execute("INSERT INTO ledger_batch VALUES (2, 1)")
    with pytest.raises(sqlite3.IntegrityError, match="no such calculation run"):
        ledger.execute("DELETE FROM ledger_batch")
