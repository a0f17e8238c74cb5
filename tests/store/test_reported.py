"""What the audit gathers of events as it reads them, and what it reads of them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from optimizer.accounts.audit.reports import Reports
from optimizer.store import events_read, evidence_rows, neighbourhood, waybills_read
from optimizer.store.engine import Store
from optimizer.waybills.event import Event, EventType
from tests.store.conftest import allow_changes
from tests.waybills.world import LATER, all_events, world_waybills


def gathered(events: Sequence[Event], together: int) -> Reports:
    """So many events at a time."""
    reports = Reports()
    for start in range(0, len(events), together):
        reports.add(events[start : start + together])
    return reports


@pytest.mark.parametrize("together", [1, 3, 500])
def test_what_is_gathered_is_what_was_reported(settled: Store, monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    """However many are read at a time, about some waybills and their neighbours; and the events of any of these come
    again in order of arrival."""
    monkeypatch.setattr(events_read, "TOGETHER", together)
    with settled.read() as session:
        events, numbers = session.events(), session.audited_numbers().numbers
        for own in (numbers, numbers[:1]):
            reported = session.reported(own, {})
            assert set(reported.waybills) == set(numbers)
            again = {event.event_id: event for event in reported.events_of(set(numbers))}
            assert len(again) == len(events)
            assert reported.reports == gathered([again[event_id] for event_id in reported.reports.event_ids], 500)
            for chosen in ({numbers[0]}, set(numbers[1:]), set(numbers), set[str]()):
                listed = [event.event_id for event in reported.events_of(chosen)]
                assert listed == [event.event_id for event in events if event.waybill_number in chosen]


def test_an_event_is_of_the_waybill_that_its_document_names(raw: Connection, settled: Store) -> None:
    """Also where the column by which it is looked up names another one: that is found, and the verdict is as ever."""
    with settled.read() as session:
        first, second = session.audited_numbers().numbers[:2]
    allow_changes(raw, "events")
    seq = raw.exec_driver_sql(f"SELECT MIN(seq) FROM events WHERE number = '{first}'").scalar_one()
    raw.exec_driver_sql(f"UPDATE events SET document = replace(document, '{first}', '{second}') WHERE seq = {seq}")
    with settled.read() as session:
        reported = session.reported([first, second], {})
        named = {number: len(reported.events_of({number})) for number in (first, second)}
        stored = {number: len(session.events([number])) for number in (first, second)}
    assert [number for number, _ in reported.changed] == [seq]
    assert named == {first: stored[first] - 1, second: stored[second] + 1}


def test_what_is_withdrawn_counts_no_more_once_that_is_settled() -> None:
    """Reports about the waybills of a withdrawal and of what it names are gathered again; all others stay."""
    events = all_events(world_waybills())
    first = events[0]
    for event in events:
        withdrawal = replace(
            first, event_id="w", event_type=EventType.WDRW, withdraws=event.event_id, event_time=LATER, reason="why"
        )
        reports = gathered([*events, withdrawal], 2)
        about = reports.about_withdrawals()
        assert about == {first.waybill_number, event.waybill_number}
        reports.settle(about, lambda chosen: [one for one in events if one.waybill_number in chosen])
        left = gathered([one for one in events if one is not event], 500)
        for name in ("loads", "loaded", "logged", "departed", "arrived", "unloaded", "delivered", "weighed", "shown"):
            assert sorted(getattr(reports, name), key=str) == sorted(getattr(left, name), key=str), name
        assert (reports.delivered_at, reports.weighed_kg) == (left.delivered_at, left.weighed_kg)


@pytest.mark.parametrize("together", [1, 50])
def test_voyages_of_plans_are_those_of_the_columns(
    raw: Connection, settled: Store, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """Documents name them where columns say the same; where one differs, columns are asked."""
    monkeypatch.setattr(waybills_read, "TOGETHER", together)
    with settled.read() as session:
        numbers = session.audited_numbers().numbers
        read, planned = evidence_rows._own_waybills(session._connection, numbers)
        assert planned is not None
        assert not read.rows
        assert sorted(filter(None, planned)) == sorted(neighbourhood._planned(session._connection, numbers))
    allow_changes(raw, "waybill_legs")
    allow_changes(raw, "waybill_lots")
    for number in numbers:
        raw.exec_driver_sql(f"UPDATE waybill_legs SET voyage_id = 'V9' WHERE number = '{number}' AND voyage_id <> ''")
        raw.exec_driver_sql(f"UPDATE waybill_lots SET port_of_loading = 'X' WHERE number = '{number}'")
    with settled.read() as session:
        read, planned = evidence_rows._own_waybills(session._connection, numbers)
    assert planned is None
    named = [(row.record, row.table) for row in read.rows]
    records = [f"waybill {number}" for number in sorted(numbers)]
    assert sorted(set(named)) == sorted((record, table) for record in records for table in TABLES)
    assert [table for _, table in named] == sorted([table for _, table in named], reverse=True)


TABLES = ("waybill_lots", "waybill_legs")
