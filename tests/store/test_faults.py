"""Faults that the books must survive: killed at every statement and at any time, full disks, duplicates."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from optimizer import actions
from optimizer.accounts.audit import codes
from optimizer.accounts.ledger import Kind
from optimizer.errors import StorageError
from optimizer.store import engine
from optimizer.store.engine import Store
from tests.accounts.small_books import FUEL_LOGS
from tests.store.crashing import in_child, kill, sqlite_limit_pages, start
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
EVENTS = all_events([S1, S2], FUEL_LOGS)
LOTS = [(S1.number, 1), (S1.number, 2), (S2.number, 1)]
Tell = Callable[[str], None]

RANDOM_KILLS, KILLS_ON_A_SERVER = 300, 40
"""On every run; `make torture` does ten thousand."""
LONGEST_LIFE_S = 0.12
"""A child needs about so long for the whole story; most are killed much earlier."""


def whole_story(store: Store, tell: Tell) -> None:
    """Accept, report and settle; each verb is acknowledged when it has returned."""
    actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    tell("accepted")
    for half in (EVENTS[::2], EVENTS[1::2]):
        for event_id in actions.record(store, half, LATER).accepted:
            tell(f"event {event_id}")
    if actions.settle(store, world_network(), world_factors(), LATER, batch=1).settled_lots:
        tell("settled")


def check_acknowledged(store: Store, acknowledged: set[str]) -> None:
    """What a verb answered is there."""
    with store.read() as session:
        recorded = {event.event_id for event in session.events()}
        settled = {e.waybill_number for e in session.transactions() if e.kind is Kind.SETTLE}
        assert session.waybills() or "accepted" not in acknowledged
    assert {name.removeprefix("event ") for name in acknowledged if name.startswith("event ")} <= recorded
    assert settled or "settled" not in acknowledged


def check_story(store: Store) -> None:
    """Every event once, every lot settled exactly once, nothing left to do, clean books."""
    with store.read() as session:
        entries = session.transactions()
        assert session.last_event_seq() == len(EVENTS)
        assert session.outbox.keys() == set()
    assert sorted((e.waybill_number, e.lot_no) for e in entries if e.kind is Kind.SETTLE) == sorted(LOTS)
    assert [entry.seq for entry in entries] == list(range(1, 13))
    assert set(codes(actions.audit(store, world_network(), world_factors()))) <= {"inputs_differ_from_evidence"}


def kill_at_every(url: str, step: int) -> int:
    """Kill a child before its n-th statement, for every ``step``-th n until one lives; each child goes on where the one
    before it died."""
    acknowledged: set[str] = set()
    for deaths, kill_at in enumerate(range(0, 10_000, step)):
        died = in_child(url, whole_story, kill_at)
        acknowledged.update(died.acknowledged)
        store = actions.open_store(url)
        check_acknowledged(store, acknowledged)
        store.close()
        if not died.was_killed:
            return deaths
    raise AssertionError("no child lived")


def test_killed_before_each_statement_in_turn(url: str) -> None:
    """The n-th child dies before its n-th statement. Whatever was acknowledged is there; in the end each lot is settled
    exactly once."""
    deaths = kill_at_every(url, step=2 if url.startswith("sqlite") else 5)
    assert deaths > 5
    store = actions.open_store(url)
    check_story(store)
    store.close()


def test_killed_at_each_statement_of_a_fresh_database(
    url: str, sqlite_templates: dict[bool, Path], tmp_path: Path
) -> None:
    """The same on a database of its own for each statement: die once, start again, and the story ends as it should."""
    if not url.startswith("sqlite"):
        return  # PostgreSQL's own turn is the test above: a copy of a database for each statement takes long there
    for kill_at in range(0, 10_000, 11):
        path = tmp_path / f"{kill_at}.db"
        path.write_bytes(sqlite_templates[False].read_bytes())
        died = in_child(f"sqlite:///{path}", whole_story, kill_at)
        again = in_child(f"sqlite:///{path}", whole_story)
        assert not again.was_killed
        store = actions.open_store(f"sqlite:///{path}")
        check_acknowledged(store, {*died.acknowledged, *again.acknowledged})
        check_story(store)
        store.close()
        if not died.was_killed:
            assert kill_at > 40
            return


def one_step_at_a_time(store: Store, tell: Tell) -> None:
    """Events one by one in a random order, settling now and then, again and again until killed or done."""
    with store.read() as session:
        accepted = session.last_seq() > 0
    if not accepted:
        actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    rng = random.Random(os.getpid())
    for event in rng.sample(EVENTS, len(EVENTS)):
        for event_id in actions.record(store, [event], LATER).accepted:
            tell(f"event {event_id}")
        if rng.random() < 0.3:
            actions.settle(store, world_network(), world_factors(), LATER, batch=1)


def kill_at_random(new_url: Callable[[], str], kills: int, seed: int) -> int:
    """Kill children after random times; databases that reach the end are checked and replaced. How many ended."""
    rng = random.Random(seed)
    ended, url, acknowledged = 0, new_url(), set[str]()
    begun = time.monotonic()
    for number in range(1, kills + 1):
        if kills > RANDOM_KILLS and number % 100 == 0:
            minutes = (time.monotonic() - begun) / 60
            print(f"{number}/{kills} kills, {ended} stories ended and checked, {minutes:.1f} min", flush=True)
        child, reader = start(url, one_step_at_a_time)
        time.sleep(rng.random() ** 2 * LONGEST_LIFE_S)
        acknowledged.update(kill(child, reader))
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as raw:
            kept = {f"event {row[0]}" for row in raw.execute("SELECT event_id FROM events")}
        assert {name for name in acknowledged if name.startswith("event ")} <= kept
        done = len(kept) == len(EVENTS)
        if done or rng.random() < 0.03:
            in_child(url, whole_story)
            store = actions.open_store(url)
            check_acknowledged(store, acknowledged)
            check_story(store)
            store.close()
            ended, acknowledged = ended + 1, set()
        if done:
            url = new_url()
            acknowledged = set()
    return ended


def sqlite_copies(template: Path, folder: Path) -> Callable[[], str]:
    """Fresh SQLite databases, one after the other."""
    count = iter(range(1_000_000))

    def make() -> str:
        path = folder / f"random-{next(count)}.db"
        path.write_bytes(template.read_bytes())
        return f"sqlite:///{path}"

    return make


def test_killed_at_random_times(sqlite_templates: dict[bool, Path], tmp_path: Path) -> None:
    """A child reports and settles in its own order and is killed at some moment: nothing acknowledged is lost, and
    whoever goes on settles each lot exactly once."""
    assert kill_at_random(sqlite_copies(sqlite_templates[False], tmp_path), RANDOM_KILLS, seed=1) > 0


@pytest.mark.torture
def test_killed_ten_thousand_times(sqlite_templates: dict[bool, Path], tmp_path: Path) -> None:
    """The same for as long as it takes."""
    assert kill_at_random(sqlite_copies(sqlite_templates[False], tmp_path), 10_000, seed=2) > 100


def test_killed_at_random_times_on_a_server(url: str) -> None:
    """The client of a server dies; the server rolls its transaction back."""
    if url.startswith("sqlite"):
        return
    rng = random.Random(3)
    acknowledged: set[str] = set()
    for _ in range(KILLS_ON_A_SERVER):
        child, reader = start(url, one_step_at_a_time)
        time.sleep(rng.random() ** 2 * 2 * LONGEST_LIFE_S)
        acknowledged.update(kill(child, reader))
    store = actions.open_store(url)
    check_acknowledged(store, acknowledged)
    store.close()
    in_child(url, whole_story)
    store = actions.open_store(url)
    check_story(store)
    store.close()


# Full disks


@pytest.mark.parametrize("pages", range(0, 40, 3))
def test_a_database_that_may_not_grow_writes_all_or_nothing(store: Store, path: Path, pages: int) -> None:
    """SQLite with room for so many pages more: verbs say so in a sentence, and once there is room the story goes on."""
    store.close()
    cramped = actions.open_store(f"sqlite:///{path}")
    sqlite_limit_pages(cramped, pages)
    cramped.close()
    full = 0
    for _ in range(2):
        try:
            whole_story(cramped, lambda text: None)
        except StorageError as error:
            full += "full" in error.text("en")
    assert full in (0, 2)
    cramped.close()
    roomy = actions.open_store(f"sqlite:///{path}")
    whole_story(roomy, lambda text: None)
    check_story(roomy)
    roomy.close()


def limited(limit_bytes: int) -> Callable[[Store, Tell], None]:
    """The story where no file may grow beyond a size."""

    def work(store: Store, tell: Tell) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        try:
            whole_story(store, tell)
        except StorageError:
            tell("full")

    return work


def test_a_full_disk_loses_nothing_acknowledged(store: Store, path: Path) -> None:
    """The write-ahead log hits the limit of the file system at some place in the story: acknowledged work stays, and
    with room again each lot is settled exactly once."""
    store.close()
    hit = 0
    for limit_kib in range(40, 900, 60):
        died = in_child(f"sqlite:///{path}", limited(limit_kib * 1024))
        hit += "full" in died.acknowledged
        again = actions.open_store(f"sqlite:///{path}")
        check_acknowledged(again, set(died.acknowledged))
        again.close()
    assert hit > 0
    in_child(f"sqlite:///{path}", whole_story)
    again = actions.open_store(f"sqlite:///{path}")
    check_story(again)
    again.close()


def test_a_database_that_does_not_answer_is_no_defect(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody holds the file for good: reading says so, as writing does."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0)
    store = actions.open_store(f"sqlite:///{path}")
    store.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="does not answer"), store.read() as session:
            session.last_seq()
    store.close()
