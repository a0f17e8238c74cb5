"""What is prepared while another batch is written counts only if the books still stand as they were read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import actions
from optimizer.accounts.ledger import Kind
from optimizer.accounts.settlement import Desk, Settlement
from optimizer.actions import settling
from optimizer.actions.settling import _prepared, _set_at_the_end, _Stopped
from optimizer.store.engine import Store
from optimizer.waybills.event import EventType, event_id
from tests.store.test_outbox import EVENTS, LOTS, S2, accept, jobs, settle, settled_lots
from tests.waybills.world import LATER, world_factors, world_network

WAIT_S = 60.0


class Preparations:
    """Listens to preparations: how many were made beside the writer and under its lock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.beside: list[int] = []
        self.locked: list[int] = []
        self.lots: list[tuple[str, int]] = []
        self._second = threading.Event()
        real = settling._prepared

        def listen(*arguments: object) -> object:
            found = real(*arguments)  # type: ignore[arg-type]
            (self.locked if found.as_read is None else self.beside).append(len(found.jobs))
            self.lots += [(job.number, job.lot_no) for job in found.jobs]
            if len(self.beside) == 2:
                self._second.set()
            return found

        monkeypatch.setattr(settling, "_prepared", listen)

    def meanwhile(self, do: Callable[[], object]) -> Callable[[str], None]:
        """Once the first batch is committed and the second lies prepared, ``do`` something."""
        done: list[str] = []

        def reached(step: str) -> None:
            if step == "committed" and not done:
                done.append(step)
                assert self._second.wait(WAIT_S)
                do()

        return reached


@pytest.fixture
def due(sqlite_store: Store) -> Store:
    """Three lots are due."""
    accept(sqlite_store)
    actions.record(sqlite_store, EVENTS, LATER)
    return sqlite_store


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """Only a SQLite file prepares ahead: elsewhere batches are prepared under the lock."""
    opened = actions.open_store(f"sqlite:///{tmp_path / 'accounts.db'}")
    assert opened.reads_beside_writer
    yield opened
    opened.close()


def run(store: Store, reached: Callable[[str], None] = lambda step: None) -> actions.SettleResult:
    """One run of the worker, one lot to a batch."""
    return actions.settle(store, world_network(), world_factors(), LATER, batch=1, reached=reached)


def test_what_nobody_touched_is_written_as_prepared(due: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is calculated under the lock, and the books are clean."""
    heard = Preparations(monkeypatch)
    assert run(due).settled_lots == 3
    assert (heard.beside, heard.locked) == ([1, 1, 1], [])
    assert settled_lots(due) == sorted(LOTS)
    assert actions.audit(due, world_network(), world_factors()) == []


def test_a_lot_withdrawn_after_it_was_prepared_is_not_settled(due: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The delivery of the second lot is withdrawn while it lies prepared: the other two are settled."""
    heard = Preparations(monkeypatch)
    withdrawn: list[tuple[str, int]] = []

    def withdraw() -> None:
        lot = heard.lots[1]
        delivery = next(
            event
            for event in EVENTS
            if event.event_type is EventType.DLV and (event.waybill_number, event.lot_no) == lot
        )
        withdrawal = replace(
            delivery,
            event_id=event_id(delivery.waybill_number, delivery.lot_no, None, EventType.WDRW),
            event_type=EventType.WDRW,
            withdraws=delivery.event_id,
            reason="other cargo",
        )
        assert actions.record(due, [withdrawal], LATER).refused == ()
        withdrawn.append(lot)

    assert run(due, heard.meanwhile(withdraw)).settled_lots == 2
    assert set(settled_lots(due)) == LOTS - set(withdrawn)
    assert jobs(due) == set()


def test_an_event_of_the_same_voyages_makes_the_batch_be_prepared_again(
    due: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The jobs are the same, but an event came: the second lot is calculated again under the lock."""
    heard = Preparations(monkeypatch)
    said = next(event for event in EVENTS if event.waybill_number == S2.number and event.event_type is EventType.DLV)
    held = event_id(S2.number, 1, None, EventType.HOLD, 9)
    late = replace(said, event_id=held, event_type=EventType.HOLD, reason="a doubt")
    run(due, heard.meanwhile(lambda: actions.record(due, [late], LATER)))
    assert heard.beside[:2] == [1, 1]
    assert heard.locked[:1] == [1]


def test_what_another_process_settled_meanwhile_is_not_settled_again(
    due: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker takes every job while the second lot lies prepared."""
    heard = Preparations(monkeypatch)

    def elsewhere() -> None:
        other = actions.open_store(due.url)
        assert settle(other).settled_lots == 2
        other.close()

    assert run(due, heard.meanwhile(elsewhere)).settled_lots == 1
    assert settled_lots(due) == sorted(LOTS)
    with due.read() as session:
        kinds = [entry.kind for entry in session.transactions()]
    assert kinds.count(Kind.SETTLE) == 3
    assert actions.audit(due, world_network(), world_factors()) == []


def test_a_fault_while_preparing_leaves_what_was_written(due: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread fails on the second batch: the first stays, the run says so, the next run does the rest."""
    real, calls = settling._prepared, []

    def fail(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise RuntimeError("no more memory")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(settling, "_prepared", fail)
    with pytest.raises(RuntimeError, match="no more memory"):
        run(due)
    assert len(settled_lots(due)) == 1
    assert run(due).settled_lots == 2
    assert settled_lots(due) == sorted(LOTS)


@pytest.mark.parametrize("step", ["began", "taken", "written", "committed"])
def test_ctrl_c_ends_the_preparation_and_leaves_whole_batches(
    due: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Wherever the run is interrupted while a thread calculates a lot: the thread is told before anybody waits for it,
    nothing is half written, and the next run settles the rest once."""
    at_work, ended = threading.Event(), threading.Event()
    waited: list[bool] = []
    told_to_stop: list[bool] = []
    real = Desk.settle_lot

    def slow(desk: Desk, *rest: Any) -> Settlement:
        if threading.current_thread() is not threading.main_thread():
            at_work.set()
            waited.append(ended.wait(WAIT_S))
        return real(desk, *rest)

    def reached(now: str) -> None:
        if now == step:
            assert at_work.wait(WAIT_S)
            raise KeyboardInterrupt

    @contextmanager
    def told(stopped: threading.Event) -> Iterator[None]:
        try:
            with _set_at_the_end(stopped):
                yield
        finally:
            told_to_stop.append(stopped.is_set())
            ended.set()

    monkeypatch.setattr(Desk, "settle_lot", slow)
    monkeypatch.setattr(settling, "_set_at_the_end", told)
    with pytest.raises(KeyboardInterrupt):
        actions.settle(due, world_network(), world_factors(), LATER, batch=1, reached=reached)
    assert (waited, told_to_stop) == ([True], [True])
    monkeypatch.undo()
    settled = 1 if step == "committed" else 0
    with due.read() as session:
        assert sum(entry.kind is Kind.SETTLE for entry in session.transactions()) == settled
    assert run(due).settled_lots == 3 - settled
    assert actions.audit(due, world_network(), world_factors()) == []


def test_a_preparation_that_is_told_to_stop_calculates_no_further_lot(
    due: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told during the first of three lots, it is the last."""
    stopped = threading.Event()
    calculated: list[int] = []
    real = Desk.settle_lot

    def told(desk: Desk, *rest: Any) -> Settlement:
        calculated.append(len(calculated))
        stopped.set()
        return real(desk, *rest)

    monkeypatch.setattr(Desk, "settle_lot", told)
    desk = Desk(world_network(), world_factors(), "test", LATER, "")
    with due.read() as session, pytest.raises(_Stopped):
        _prepared(session, session.outbox.take(3), desk, session.as_read(), stopped)
    assert calculated == [0]
