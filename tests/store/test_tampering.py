"""Whatever is changed after sealing is found, and nothing is found where nothing was changed."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from optimizer import actions
from optimizer.accounts.checkpoint import Checkpoint, parse_checkpoint
from optimizer.actions.sealing import rotate_key, seal
from optimizer.store.engine import Store
from optimizer.store.tree_rows import TreeRows
from tests.store import tampering
from tests.store.tampering import Tampering, disarm, verified
from tests.waybills.world import LATER

KEY, NEXT_KEY = (Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)) for number in (1, 2))
AT = LATER + timedelta(days=1)
MUTATIONS, CLEAN = 500, 1_000
"""On every run; `make torture` does ten times as many."""


@pytest.fixture
def sealed(settled: Store) -> Store:
    """The tiny world sealed in several batches, a month closed, the key changed, sealed again."""
    seal(settled, KEY, AT, batch=20)
    actions.close(settled, "2026-10", AT)
    rotate_key(settled, NEXT_KEY, AT, old=KEY)
    seal(settled, NEXT_KEY, AT + timedelta(hours=1))
    return settled


class Opened:
    """A sealed database without its guards, where every tampering is undone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.tree = TreeRows(connection)
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self.raw = driver
        self.heads = [parse_checkpoint(head.note) for head in self.tree.heads()]

    @contextmanager
    def tampered(self) -> Iterator[sqlite3.Connection]:
        """Whatever happens inside is rolled back."""
        self.raw.execute("SAVEPOINT tampering")
        try:
            yield self.raw
        finally:
            self.raw.execute("ROLLBACK TO tampering")
            self.raw.execute("RELEASE tampering")

    def codes(self, checkpoints: list[Checkpoint]) -> Counter[str]:
        """The codes of what is found."""
        return Counter(finding.code for finding in verified(self.tree, checkpoints).findings)


@pytest.fixture
def opened(sealed: Store, path: Path) -> Iterator[Opened]:
    """The sealed database over one disarmed connection."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def manual(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        disarm(driver)
        yield Opened(connection)
    engine.dispose()


def kinds_of(opened: Opened) -> list[Tampering]:
    """Every way there is. The last forger has only the newest key, and signs all heads with it."""
    return [
        Tampering("value", tampering.value_changed),
        Tampering("row removed", tampering.row_removed),
        Tampering("part added", tampering.part_added),
        Tampering("rows swapped", tampering.rows_swapped),
        Tampering("leaves moved", tampering.leaves_moved),
        Tampering("order", tampering.order_rewritten),
        Tampering("record slipped in", tampering.record_slipped_in),
        Tampering("head removed", tampering.heads_removed),
        Tampering("truncated", tampering.truncated, needs_checkpoint=True),
        Tampering("rebuilt", tampering.rebuilt(opened.tree, KEY), needs_checkpoint=True),
        Tampering("forked", tampering.forked(opened.tree, KEY), needs_checkpoint=True),
    ]


def torture(opened: Opened, mutations: int, seed: int) -> Counter[str]:
    """Apply so many tamperings in turn, at random places; each must be found. How many of each kind there were."""
    random, done = Random(seed), Counter[str]()
    kinds = kinds_of(opened)
    while done.total() < mutations:
        kind = kinds[done.total() % len(kinds)]
        with opened.tampered() as raw:
            if not kind.apply(raw, random):
                continue
            # Any exported head will do, where it covers what was changed: here the newest, or none at all.
            found = opened.codes([opened.heads[-1]] if kind.needs_checkpoint or random.random() < 0.5 else [])
            assert found, (kind.name, seed, done.total())
        done[kind.name] += 1
    return done


def test_every_tampering_is_found(opened: Opened) -> None:
    """Values, rows, parts, order, leaves, heads, truncation, fork and rebuilt tree, five hundred times."""
    done = torture(opened, MUTATIONS, seed=1)
    assert len(done) == len(kinds_of(opened))
    assert opened.codes(opened.heads) == {}


@pytest.mark.torture
def test_every_tampering_is_found_in_the_long_run(opened: Opened) -> None:
    """Five thousand times and more, with a seed of one's own."""
    torture(opened, 10 * MUTATIONS, seed=int(os.environ.get("TORTURE_SEED", "2")))


def clean_runs(opened: Opened, runs: int, seed: int) -> None:
    """Verify sound books again and again, against any choice of exported heads, with records that wait to be sealed."""
    random = Random(seed)
    for run in range(runs):
        checkpoints = random.sample(opened.heads, random.randrange(len(opened.heads) + 1))
        months = random.randrange(4)
        with opened.tampered() as raw:
            for month in range(months):
                raw.execute("INSERT INTO periods VALUES (?, ?, 99)", (f"2027-{month + 1:02d}", AT.isoformat()))
            report = verified(opened.tree, checkpoints)
        assert (report.findings, report.unsealed) == ((), months), (run, seed)


def test_sound_books_raise_no_alarm(opened: Opened) -> None:
    """A thousand verifications against random heads."""
    clean_runs(opened, CLEAN, seed=1)


@pytest.mark.torture
def test_sound_books_raise_no_alarm_in_the_long_run(opened: Opened) -> None:
    """Ten thousand."""
    clean_runs(opened, 10 * CLEAN, seed=int(os.environ.get("TORTURE_SEED", "2")))


def flipped_files(sealed: Store, path: Path, flips: int, seed: int) -> Counter[str]:
    """Flip one bit of the database file at a time: what the records say afterwards is the same, or it is found."""
    sealed.close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.execute("PRAGMA journal_mode = DELETE")
        before = "\n".join(raw.iterdump())
    sound, random, outcomes = path.read_bytes(), Random(seed), Counter[str]()
    copy = path.with_name("flipped.db")
    for _ in range(flips):
        at, bit = random.randrange(len(sound)), random.randrange(8)
        copy.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :])
        outcomes[_outcome(copy, before)] += 1
    assert outcomes["changed unseen"] == 0, (seed, outcomes)
    return outcomes


def _outcome(copy: Path, before: str) -> str:
    """Refused, found, unchanged (a free byte, an index that was not read), or the one that must not be."""
    engine = create_engine(f"sqlite:///{copy}")
    try:
        with engine.connect() as connection:
            tree = TreeRows(connection)
            if verified(tree).findings or tree.damage():
                return "found"
        with closing(sqlite3.connect(copy)) as raw:
            after = "\n".join(raw.iterdump())
    except (sqlite3.Error, SQLAlchemyError, UnicodeDecodeError):
        return "refused"
    finally:
        engine.dispose()
    sealed_rows = [line for line in before.split("\n") if _is_sealed(line)]
    return "unchanged" if sealed_rows == [line for line in after.split("\n") if _is_sealed(line)] else "changed unseen"


def _is_sealed(line: str) -> bool:
    """Whether a line of a dump is a row that is sealed."""
    return line.startswith(tuple(f'INSERT INTO "{table.name}"' for table in tampering.SEALED_TABLES))


def test_flipped_bits_of_the_file_are_found(sealed: Store, path: Path) -> None:
    """A hundred and fifty bits, one at a time; some of them are found, none changes a sealed row unseen."""
    outcomes = flipped_files(sealed, path, MUTATIONS * 3 // 10, seed=1)
    assert outcomes["found"] + outcomes["refused"] > 0


@pytest.mark.torture
def test_flipped_bits_of_the_file_are_found_in_the_long_run(sealed: Store, path: Path) -> None:
    """Fifteen hundred."""
    flipped_files(sealed, path, MUTATIONS * 3, seed=int(os.environ.get("TORTURE_SEED", "2")))
