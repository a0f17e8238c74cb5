"""Events that are held against digests and columns side by side: what passes is what would pass one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, StaticPool, create_engine

from optimizer.errors import UnreadableRecordError
from optimizer.store import events_read
from optimizer.store.engine import Store
from optimizer.store.events_read import changed_event
from optimizer.store.rows import event_row, events_of_documents
from optimizer.waybills.event import Event, EventType
from tests.waybills.world import LATER, all_events, world_waybills

EVENTS = all_events(world_waybills())
EVENTS.append(replace(EVENTS[0], event_type=EventType.WDRW, withdraws=EVENTS[1].event_id, reason="量错“了”"))

NAMES = (
    *("seq", "document", "event_id", "content_sha256", "number", "voyage_id", "vessel_id", "location_id"),
    *("event_time", "event_type", "classifier", "leg_seq", "lot_no", "mass_kg", "withdraws", "record_time"),
)
Row = dict[str, Any]


def rows_of(events: Sequence[Event], written: Callable[[str], str] = str) -> list[Row]:
    """Rows as the product writes them; another document comes with its own digest."""
    rows = []
    for seq, event in enumerate(events, start=1):
        row = event_row(event, seq, LATER)
        document = written(row["document"])
        rows.append({**row, "document": document, "content_sha256": hashlib.sha256(document.encode()).hexdigest()})
    return rows


@contextmanager
def stored(rows: Sequence[Row]) -> Iterator[Connection]:
    """A table of events that takes anything, as a file does that somebody edits, with these rows."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE TABLE events ({', '.join(NAMES)})")
        places = ", ".join("?" * len(NAMES))
        listed = [tuple(row[name] for name in NAMES) for row in rows]
        connection.exec_driver_sql(f"INSERT INTO events VALUES ({places})", listed)
        yield connection
    engine.dispose()


def passes(rows: Sequence[Row]) -> tuple[bool, bool]:
    """Whether the rows pass at once, and whether each passes by itself."""
    seqs = [row["seq"] for row in rows]
    with stored(rows) as connection:
        at_once = events_read._at_once(connection, seqs, True)
        one_by_one = events_read._rows(connection, seqs)
    assert at_once is None or at_once == events_of_documents(one_by_one)
    return at_once is not None, all(changed_event(row[1], row[2:]) is None for row in one_by_one)


def test_what_was_written_passes_at_once(settled: Store) -> None:
    """Otherwise every event would be asked by itself."""
    assert passes(rows_of(EVENTS)) == (True, True)
    with settled.read() as session:
        connection = session._connection
        seqs = events_read._seqs(connection, session.audited_numbers().numbers)
        assert len(seqs) > 10
        for compared in (True, False):
            at_once = events_read._at_once(connection, seqs, compared)
            assert at_once is not None
            assert [event.event_id for event in at_once] == [event.event_id for event in session.events()]


@pytest.mark.parametrize("name", NAMES[2:])
def test_a_column_that_says_something_else_passes_neither_way(name: str) -> None:
    """Each column that is compared, in each event; values of another type say something else."""
    for place in range(len(EVENTS)):
        rows = rows_of(EVENTS)
        right = rows[place][name]
        others: list[Any] = [None, 99, "99", b"99", f"{right}x", f"{right}\0x", ""]
        if isinstance(right, str):
            others.append(right.encode())
        if isinstance(right, int):
            others.append(str(right))
        for other in others:
            if other == right or (name == "withdraws" and not other and not right):
                continue
            rows[place][name] = other
            one_by_one = isinstance(right, int) and other == str(right)
            assert passes(rows) == (False, one_by_one), (place, other)


def test_what_moved_from_one_event_to_the_next_passes_neither_way() -> None:
    """Side by side, the same letters and the same lines stand there: only not where they belong."""
    for name in NAMES[2:]:
        rows = rows_of(EVENTS[:2])
        rows[0][name], rows[1][name] = rows[1][name], rows[0][name]
        if rows[0][name] != rows[1][name]:
            assert passes(rows) == (False, False), name
    rows = rows_of(EVENTS[:2])
    rows[1]["document"] = f"{rows[0]['document']}\n{rows[1]['document']}"
    rows[0]["document"] = None
    with stored(rows) as connection:
        assert events_read._at_once(connection, [1, 2], True) is None
        assert events_read._at_once(connection, [1, 2], False) is None


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
        lambda text: text.replace(",", ",\n"),
        lambda text: text + "\n",
        lambda text: "\n" + text,
        lambda text: text + " ",
        lambda text: " " + text,
    ],
)
def test_what_passes_at_once_passes_by_itself(written: Callable[[str], str]) -> None:
    """Documents with their own digest that say the same in another way."""
    for rows in ([row] for row in rows_of(EVENTS, written)):
        at_once, one_by_one = passes(rows)
        assert one_by_one or not at_once
    at_once, one_by_one = passes(rows_of(EVENTS, written))
    assert one_by_one or not at_once


@given(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(["location_id", "voyage_id", "vessel_id", "reason"]),
)
def test_any_text_passes_at_once_only_if_by_itself(text: str, name: str) -> None:
    """Quotes, control characters, names in any script."""
    at_once, one_by_one = passes(rows_of([replace(EVENTS[0], **{name: text}), EVENTS[1]]))
    assert one_by_one
    assert at_once or any(ord(character) < 32 for character in text)


@given(st.sampled_from(NAMES[2:]), st.integers(0, len(EVENTS) - 1), st.integers(0, len(EVENTS) - 1), st.data())
def test_whoever_changes_what_is_named(name: str, place: int, other: int, data: st.DataObject) -> None:
    """Among many events as written, exactly the changed one is named, with its number, however many are read at once;
    where only the type of a number is another one, the row by itself is as written."""
    rows = rows_of(EVENTS)
    right = rows[place][name]
    wrong = data.draw(st.sampled_from([rows[other][name], None, 1, "1", b"1", 1.0]))
    rows[place] = {**rows[place], name: wrong}
    row = tuple(rows[place][column] for column in NAMES)
    by_itself = changed_event(rows[place]["document"].encode(), (*row[2:14], row[14] or "", row[15]))
    with stored(rows) as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(events_read, "TOGETHER", data.draw(st.integers(1, 9)))
        read = events_read.events_read(connection, {row["number"] for row in rows if isinstance(row["number"], str)})
    kept = [row["seq"] for row in rows if isinstance(row["number"], str)]
    assert read.seqs == kept
    if place + 1 in kept:
        assert read.changed == ([] if by_itself is None else [(place + 1, by_itself)])
        assert by_itself is not None or str(right or "") == str(wrong or "")


def test_a_damaged_document_is_named_by_its_number() -> None:
    """Whether it is compared or only looked at."""
    rows = rows_of(EVENTS)
    rows[3]["document"] = rows[3]["document"][:-2]
    with stored(rows) as connection:
        for compared in (True, False):
            with pytest.raises(UnreadableRecordError, match="event 4"):
                events_read.events_read(connection, {row["number"] for row in rows}, compared)
