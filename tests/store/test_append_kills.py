"""Killed while entries are appended: before, between and after the rows, in the writer and in the thread that prepares
the next batch. Each lot is settled exactly once all the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer import actions
from optimizer.store.engine import Store
from tests.store.crashing import Points, every_statement, in_child, while_preparing, within_appends
from tests.store.test_faults import EVENTS, LOTS, Tell, check_story
from tests.waybills.world import ISSUED_AT, LATER, parties, shipments, world_factors, world_network, world_plan

MOST_POINTS = 10_000


def make_due(url: str) -> int:
    """Accept and report everything; the last number of the ledger before anything is settled."""
    store = actions.open_store(url)
    actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    actions.record(store, EVENTS, LATER)
    last = last_seq(store)
    store.close()
    return last


def last_seq(store: Store) -> int:
    """The last number of the ledger."""
    with store.read() as session:
        return session.last_seq()


def settling(batch: int) -> Callable[[Store, Tell], None]:
    """Settle all that is due, so many lots to a batch."""

    def work(store: Store, tell: Tell) -> None:
        actions.settle(store, world_network(), world_factors(), LATER, batch=batch)
        tell("settled")

    return work


def kill_one_batch(url: str, step: int) -> int:
    """All lots in one batch: a child that dies in it leaves nothing behind, so the next one meets the same points. How
    many died."""
    before = make_due(url)
    for deaths, kill_at in enumerate(range(0, MOST_POINTS, step)):
        died = in_child(url, settling(batch=len(LOTS)), kill_at, within_appends)
        store = actions.open_store(url)
        now = last_seq(store)
        store.close()
        assert now == (before if died.was_killed else 12), "half a batch"
        if not died.was_killed:
            return deaths
    raise AssertionError("no child lived")


def kill_copies(due: Path, points: Points, step: int) -> int:
    """One lot to a batch, a database of its own for each point: die there, settle again. How many died."""
    for deaths, kill_at in enumerate(range(0, MOST_POINTS, step)):
        copy = due.with_name("copy.db")
        for left in due.parent.glob("copy.db*"):
            left.unlink()
        shutil.copyfile(due, copy)
        died = in_child(f"sqlite:///{copy}", settling(batch=1), kill_at, points)
        if not died.was_killed:
            return deaths
        assert not in_child(f"sqlite:///{copy}", settling(batch=1)).was_killed
        store = actions.open_store(f"sqlite:///{copy}")
        check_story(store)
        store.close()
    raise AssertionError("no child lived")


@pytest.fixture
def due(path: Path, url: str) -> Path:
    """A SQLite file in which every lot waits to be settled."""
    make_due(url)
    return path


def test_killed_within_the_appends_of_a_batch(url: str) -> None:
    """Entries, their lines, runs, jobs: nothing of a batch stands unless all of it does, and the books are clean."""
    assert kill_one_batch(url, step=5) > 5
    store = actions.open_store(url)
    check_story(store)
    store.close()


def test_killed_while_the_next_batch_is_prepared(due: Path) -> None:
    """The thread dies with its process while a batch is written: the lots of both are settled once."""
    assert kill_copies(due, while_preparing, step=1) > 5


@pytest.mark.torture
def test_killed_at_every_point_of_every_append(url: str) -> None:
    """At each row, statement and trigger, one batch."""
    kill_one_batch(url, step=1)
    store = actions.open_store(url)
    check_story(store)
    store.close()


@pytest.mark.torture
@pytest.mark.parametrize("points", [within_appends, every_statement])
def test_killed_at_every_point_of_three_batches(due: Path, points: Points) -> None:
    """The same and every other statement, one lot to a batch, on a database of its own for each point."""
    assert kill_copies(due, points, step=1) > 50
