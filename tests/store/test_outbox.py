"""The outbox: a job with the event that completes a lot, exactly one settlement per job, at a cost of its own lots."""

from __future__ import annotations

import multiprocessing
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event as engine_event

from optimizer import actions
from optimizer.accounts.audit import codes
from optimizer.accounts.ledger import Kind
from optimizer.accounts.settlement import review
from optimizer.actions.recording import due_jobs
from optimizer.store.engine import Store
from optimizer.store.outbox import Job
from optimizer.waybills.event import Event, EventType, Evidence, event_id
from optimizer.waybills.lifecycle import CarbonStatus
from tests.accounts.small_books import FUEL_LOGS
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    digest,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

S1, S2 = world_waybills()
EVENTS = all_events([S1, S2], FUEL_LOGS)
LOTS = {(S1.number, 1), (S1.number, 2), (S2.number, 1)}


def accept(store: Store) -> None:
    """Accept the world's plan."""
    actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)


def settle(store: Store) -> actions.SettleResult:
    """One run of the worker."""
    return actions.settle(store, world_network(), world_factors(), LATER)


def jobs(store: Store) -> set[tuple[str, int]]:
    """The lots in the outbox."""
    with store.read() as session:
        return session.outbox.keys()


def settled_lots(store: Store) -> list[tuple[str, int]]:
    """The lots that have a SETTLE, as often as they have one."""
    with store.read() as session:
        return sorted((e.waybill_number, e.lot_no) for e in session.transactions() if e.kind is Kind.SETTLE)


def test_the_job_comes_with_the_last_event(store: Store) -> None:
    """No job while anything is missing; the delivery, or the evidence that comes after it, brings it."""
    accept(store)
    own = [event for event in EVENTS if event.waybill_number == S2.number]
    delivery = next(event for event in own if event.event_type is EventType.DLV)
    discharge = next(event for event in own if event.event_type is EventType.DISC and event.voyage_id)
    actions.record(store, [event for event in own if event not in (delivery, discharge)], LATER)
    assert jobs(store) == set()
    actions.record(store, [delivery], LATER)
    assert jobs(store) == set()
    actions.record(store, [discharge], LATER)
    assert jobs(store) == {(S2.number, 1)}
    assert settle(store).settled_lots == 1
    assert jobs(store) == set()


def test_invariant_12_a_verified_lot_has_a_settlement_or_a_job(store: Store) -> None:
    """After each single event: the lots that a full review calls verified are in the outbox or in the ledger."""
    accept(store)
    for number, event in enumerate(EVENTS):
        actions.record(store, [event], LATER)
        if number % 7 == 3:
            settle(store)
        with store.read() as session:
            states = review(session.waybills(), session.events()).states
        verified = {
            (name, lot.lot_no)
            for name, state in states.items()
            for lot in state.lots
            if lot.carbon is CarbonStatus.VERIFIED
        }
        assert verified <= jobs(store) | set(settled_lots(store))
    settle(store)
    assert set(settled_lots(store)) == LOTS


def test_a_withdrawal_takes_the_job_back(store: Store) -> None:
    """What is no longer delivered does not settle; delivered again, it does."""
    accept(store)
    actions.record(store, EVENTS, LATER)
    delivery = next(e for e in EVENTS if e.event_type is EventType.DLV and e.waybill_number == S2.number)
    withdrawal = replace(
        delivery,
        event_id=event_id(S2.number, 1, None, EventType.WDRW),
        event_type=EventType.WDRW,
        withdraws=delivery.event_id,
        reason="other cargo",
    )
    actions.record(store, [withdrawal], LATER)
    assert jobs(store) == LOTS - {(S2.number, 1)}
    actions.record(store, [replace(delivery, event_id=event_id(S2.number, 1, None, EventType.DLV, 2))], LATER)
    assert jobs(store) == LOTS


def doubled() -> list[Event]:
    """Both waybills show the same weigh ticket."""
    shared = (Evidence("weigh_ticket", digest("one ticket")),)
    return [replace(event, evidence=shared) if event.is_weighing else event for event in EVENTS]


def test_a_suspected_double_is_held_and_freed_by_the_other_waybill(store: Store) -> None:
    """Both are held and say why; settling again changes nothing; a release on either waybill lets its lot settle, and
    an event of the other one makes the job be looked at again."""
    accept(store)
    actions.record(store, doubled(), LATER)
    result = settle(store)
    assert codes(result.findings) == {"duplicate_under_another_number": 3}
    assert (result.settled_lots, settle(store).findings) == (0, ())
    assert jobs(store) == LOTS
    assert actions.close(store, "2026-10", LATER).period == "2026-10"  # what is disputed does not keep the month open
    last = max(event.event_time for event in EVENTS)
    release = Event(
        event_id=event_id(S2.number, 1, None, EventType.RELS),
        waybill_number=S2.number,
        lot_no=1,
        leg_seq=None,
        classifier=EVENTS[0].classifier,
        event_type=EventType.RELS,
        event_time=last,
        record_time=last,
        reporter_id="E9",
        reason="seen both barges",
    )
    assert actions.record(store, [release], LATER).refused == ()
    again = settle(store)
    assert settled_lots(store) == [(S2.number, 1)]
    assert codes(again.findings) == {"duplicate_under_another_number": 2}  # S1 was looked at again, and stays held


@settings(max_examples=20)
@given(st.data())
def test_a_neighbourhood_decides_as_the_whole_does(sqlite_templates: dict[bool, Path], data: st.DataObject) -> None:
    """For any part of the events, tickets shared or not, vessels swapped or not: reviewing a waybill's neighbourhood
    gives its lots and voyages the same state as reviewing everything."""
    events = data.draw(st.sampled_from([EVENTS, doubled()]))
    chosen = data.draw(st.lists(st.sampled_from(events), unique=True, max_size=len(events)))
    if data.draw(st.booleans()):
        chosen = [replace(event, vessel_id="SMALL/UP/1") if event.vessel_id else event for event in chosen]
    with fresh(sqlite_templates[False]) as store:
        accept(store)
        actions.record(store, chosen, LATER)
        with store.read() as session:
            whole = review(session.waybills(), session.events())
            for number in whole.states:
                around = session.neighbourhood({number})
                part = review(session.waybills(around), session.events(around), {number})
                assert part.states[number] == whole.states[number]
                own = [key for key in whole.voyages.legs if key[0] == number]
                for key in own:
                    sailed = whole.voyages.legs[key]
                    assert part.voyages.legs[key] == sailed
                    assert part.voyages.load_kg.get(sailed.voyage_id) == whole.voyages.load_kg.get(sailed.voyage_id)
                    assert part.voyages.logs.get(sailed.voyage_id) == whole.voyages.logs.get(sailed.voyage_id)


def test_who_loads_the_same_vessel_at_its_place_is_near(store: Store) -> None:
    """On both databases, to the second of the window, whatever the vessel is called; other places, vessels and kinds of
    reports are far. Mates of mates are on board, and so are those who only planned to be."""
    load = next(event for event in EVENTS if event.event_type is EventType.LOAD)
    here = replace(load, vessel_id='own "x\\\'y" 号', location_id="UP", voyage_id="")
    later, late = here.event_time + timedelta(hours=36), here.event_time + timedelta(hours=36, seconds=1)
    reports = {
        "A": here,
        "B": replace(here, event_time=later),
        "C": replace(here, event_time=late),
        "D": replace(here, location_id="DOWN"),
        "E": replace(here, vessel_id="own"),
        "F": replace(here, event_type=EventType.DISC),
        "G": replace(here, vessel_id="", voyage_id="V9"),
        "H": replace(here, event_time=late, voyage_id="V9"),
        "I": replace(here, vessel_id="", voyage_id="V1"),
    }
    accept(store)
    with store.write() as session:
        listed = [
            replace(event, waybill_number=number, event_id=f"event {number}") for number, event in reports.items()
        ]
        session.add_events(listed, LATER)
    with store.read() as session:
        found = {number: "".join(sorted(session.neighbourhood({number}))) for number in "ABCEFG"}
        # Who sails with H bears what H bears, so whoever loaded near H is near.
        assert found == {"A": "AB", "B": "ABCH", "C": "BCH", "E": "E", "F": "F", "G": "BCGH"}
        assert session.neighbourhood({"I"}) == {"I", S1.number, S2.number}
        # The audit, which has read what these report and counts their voyages first, finds the same.
        for number, around in found.items():
            assert set(session.reported({number}, {}).reports.numbers) == set(around)
        assert set(session.reported({"I"}, {}).waybills) == {S1.number, S2.number}


@contextmanager
def fresh(template: Path) -> Iterator[Store]:
    """A copy of an empty database, for properties that need many."""
    with TemporaryDirectory() as folder:
        shutil.copyfile(template, f"{folder}/x.db")
        store = actions.open_store(f"sqlite:///{folder}/x.db")
        yield store
        store.close()


def test_due_jobs_of_nothing_is_nothing() -> None:
    """A waybill without events, and one whose lots are settled."""
    assert due_jobs(S1, [], set(), set()) == []
    own = [event for event in EVENTS if event.waybill_number == S1.number]
    assert [job.lot_no for job in due_jobs(S1, own, set(), set())] == [1, 2]
    assert due_jobs(S1, own, LOTS, LOTS) == []


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_batches_of_any_size_settle_the_same(store: Store, batch: int) -> None:
    """One job to a transaction or all of them."""
    accept(store)
    actions.record(store, EVENTS, LATER)
    result = actions.settle(store, world_network(), world_factors(), LATER, batch=batch)
    assert result.settled_lots == 3
    assert actions.audit(store, world_network(), world_factors()) == []


def test_the_same_request_many_times_in_parallel(store: Store, url: str) -> None:
    """Ten threads report the same events and settle: each event once, each lot once, no gap."""
    accept(store)
    errors: list[Exception] = []

    def work() -> None:
        own = actions.open_store(url)
        try:
            actions.record(own, EVENTS, LATER)
            actions.settle(own, world_network(), world_factors(), LATER)
        except Exception as error:
            errors.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert errors == []
    assert settled_lots(store) == sorted(LOTS)
    with store.read() as session:
        assert session.last_event_seq() == len(EVENTS)
    assert actions.audit(store, world_network(), world_factors()) == []


def settle_elsewhere(url: str) -> int:
    """What one of several processes does."""
    own = actions.open_store(url)
    try:
        return actions.settle(own, world_network(), world_factors(), LATER, batch=1).settled_lots
    finally:
        own.close()


def test_eight_processes_settle_each_lot_once(store: Store, url: str) -> None:
    """All at once over the same jobs, one job to a transaction."""
    accept(store)
    actions.record(store, EVENTS, LATER)
    store.close()  # no connection may cross the fork
    with multiprocessing.get_context("fork").Pool(8) as pool:
        assert sum(pool.map(settle_elsewhere, [url] * 8)) == 3
    assert settled_lots(store) == sorted(LOTS)
    assert actions.audit(store, world_network(), world_factors()) == []


def test_jobs_are_taken_page_by_page_without_a_gap(store: Store) -> None:
    """In order of delivery, then of number and lot, also where many lots were delivered at one moment."""
    accept(store)
    made = [
        Job(number, lot_no, "ready", LATER + timedelta(hours=hour))
        for hour, number, lot_no in ((0, "B", 2), (0, "A", 1), (0, "B", 1), (1, "A", 2), (0, "A", 3))
    ]
    with store.write() as session:
        session.outbox.put(made)
        in_order = sorted(made, key=lambda job: (job.delivered_at, job.number, job.lot_no))
        taken: list[Job] = []
        while page := session.outbox.take(2, after=taken[-1] if taken else None):
            taken += page
        assert taken == in_order


def test_settling_reads_its_own_lots_only(settled: Store) -> None:
    """However much is recorded, a run without jobs runs three statements and reads no waybill, event or entry."""
    statements: list[str] = []
    engine_event.listen(
        settled._engine, "before_cursor_execute", lambda _c, _cur, statement, *_rest: statements.append(statement)
    )
    settle(settled)
    read = " ".join(statements).lower()
    assert "from waybills" not in read
    assert "from events" not in read
    assert "from transactions" not in read


def test_clock_skew_never_orders_the_ledger(store: Store) -> None:
    """A reporter whose clock is nine days slow: its lots settle in the order of writing, numbers without a gap, and
    each is booked in the month of its own delivery or the first open one."""
    accept(store)
    skewed = [
        replace(event, event_time=event.event_time - timedelta(days=9), record_time=event.record_time)
        if event.waybill_number == S2.number
        else event
        for event in EVENTS
    ]
    actions.record(store, [event for event in skewed if event.waybill_number == S1.number], LATER)
    settle(store)
    actions.record(store, [event for event in skewed if event.waybill_number == S2.number], LATER)
    settle(store)
    with store.read() as session:
        entries = session.transactions()
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    settlements = [entry for entry in entries if entry.kind is Kind.SETTLE]
    assert settlements[-1].waybill_number == S2.number
    assert settlements[-1].effective_at < settlements[0].effective_at
    assert settlements[-1].period == "2026-09"
    # The second waybill sailed on the first one's vessel: with its load known, the first one's share of fuel is less.
    assert codes(actions.audit(store, world_network(), world_factors())) == {"inputs_differ_from_evidence": 1}
    actions.restate_all(store, world_network(), world_factors(), "the load is known now", LATER)
    assert actions.audit(store, world_network(), world_factors()) == []
