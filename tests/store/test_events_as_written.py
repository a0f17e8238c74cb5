"""Events that are held against digests and columns all at once: what passes is what would pass one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.store.engine import Store
from optimizer.store.evidence_rows import _as_written, changed_event
from optimizer.store.rows import events_of_documents
from optimizer.waybills.codec import to_json
from optimizer.waybills.event import Event, EventType
from tests.waybills.world import all_events, world_waybills

EVENTS = all_events(world_waybills())
EVENTS.append(replace(EVENTS[0], event_type=EventType.WDRW, withdraws=EVENTS[1].event_id, reason="量错“了”"))


def row_of(event: Event, document: str | None = None) -> tuple[Any, ...]:
    """A row as the auditor reads it; another document than that of the event comes with its own digest."""
    text = to_json(event) if document is None else document
    written = hashlib.sha256(text.encode()).hexdigest()
    time = to_json(event.event_time)[1:-1]
    return (
        *(7, text.encode(), event.event_id, written, event.waybill_number, event.voyage_id, event.vessel_id),
        *(event.location_id, time, event.event_type.value, event.classifier.value, event.leg_seq, event.lot_no),
        *(event.mass_kg, event.withdraws, to_json(event.record_time)[1:-1]),
    )


def passes(rows: Sequence[tuple[Any, ...]]) -> tuple[bool, bool]:
    """Whether the rows pass at once, and whether each passes by itself."""
    one_by_one = all(changed_event(row[1], row[2:]) is None for row in rows)
    return _as_written(rows, events_of_documents(rows)), one_by_one


def test_what_was_written_passes_at_once(settled: Store) -> None:
    """Otherwise every event would be asked by itself."""
    rows = [row_of(event) for event in EVENTS]
    assert passes(rows) == (True, True)
    with settled.read() as session:
        rows = session._event_rows(session.audited_numbers().numbers)
    assert len(rows) > 10
    assert passes(rows) == (True, True)


@pytest.mark.parametrize("place", range(3, 16))
def test_a_column_that_says_something_else_passes_neither_way(place: int) -> None:
    """Each column that is compared, in each event."""
    for event in EVENTS:
        row = row_of(event)
        others: list[Any] = [None, 99, "99", b"99", f"{row[place]}x", ""]
        if isinstance(row[place], str):
            others.append(row[place].encode())
        for other in others:
            if other != row[place] and not (place == 14 and not other and not row[place]):
                changed = (*row[:place], other, *row[place + 1 :])
                assert passes([row_of(EVENTS[0]), changed]) == (False, False)


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.replace('"lot_no":', '"lot_no": '),
        lambda text: text.replace('"lot_no":1,', '"lot_no":2,"lot_no":1,'),
        lambda text: text.replace('{"classifier":"ACT",', "{").replace(
            '"withdraws":', '"classifier":"ACT","withdraws":'
        ),
        lambda text: text.replace("+08:00", "+08:00 ").replace(" ", ""),
        lambda text: text.replace('"reason":""', '"reason":"\\u0041"'),
        lambda text: text.replace('"reason":""', '"more":1,"reason":""'),
        lambda text: text.replace("+08:00", "Z"),
        lambda text: text.replace("T19:", "t19:").replace("T1", "t1").replace("T0", "t0"),
        lambda text: text + " ",
        lambda text: " " + text,
    ],
)
def test_what_passes_at_once_passes_by_itself(written: Callable[[str], str]) -> None:
    """Documents with their own digest that say the same in another way."""
    rows = [row_of(event, written(to_json(event))) for event in EVENTS]
    for row in rows:
        at_once, one_by_one = passes([row])
        assert one_by_one or not at_once
    at_once, one_by_one = passes(rows)
    assert one_by_one or not at_once


@given(st.text(st.characters(codec="utf-8"), max_size=8), st.sampled_from(["location_id", "voyage_id", "vessel_id"]))
def test_any_text_passes_at_once_only_if_by_itself(text: str, name: str) -> None:
    """Quotes, control characters, names in any script."""
    event = replace(EVENTS[0], **{name: text})
    at_once, one_by_one = passes([row_of(event)])
    assert one_by_one
    assert at_once or any(ord(character) < 32 for character in text)
