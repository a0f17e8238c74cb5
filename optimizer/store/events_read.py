"""The events of some waybills, held against their digests and columns side by side: for who reads millions.

A row of an event costs the driver as much as all else that is asked of it. So the database hands out some hundred
events at a time as one row: their documents, a line each, and of each column a JSON list; and what the documents say is
written down in the same two forms. What is equal is as written. Whatever differs, or cannot be written so, is read
again row by row and decided by :func:`changed_event`: a document in more lines or otherwise spaced, a value that is
missing or of another type, bytes, letters that nobody can read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring as _quoted
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from optimizer.accounts.books import StoredDocument
from optimizer.store.listed import list_of, listed_rows
from optimizer.store.rows import events_of_documents
from optimizer.waybills.codec import lean_lines, lean_lines_reader_of, lean_text
from optimizer.waybills.event import Event

EVENT_COLUMNS = (
    "event_id, content_sha256, number, voyage_id, vessel_id, location_id, event_time, "
    "event_type, classifier, leg_seq, lot_no, mass_kg, COALESCE(withdraws, '') AS withdraws, record_time"
)
TOGETHER = 500
"""Events read at a time: their texts stay near the processor."""


class EventsRead(NamedTuple):
    """Events in order of arrival, with their numbers, and those of them that are not what was written, by number.
    ``doubted``: whether any was read again."""

    seqs: list[int]
    events: list[Event]
    changed: list[tuple[int, StoredDocument]]
    doubted: bool


def events_read(connection: Connection, numbers: Collection[str], compared: bool = True) -> EventsRead:
    """The events of some waybills. ``compared``: whether they are held against digests and columns. Raises
    UnreadableRecordError for an event whose document was damaged."""
    blocks = list(event_blocks(connection, numbers, compared))
    return EventsRead(
        [seq for block in blocks for seq in block.seqs],
        [event for block in blocks for event in block.events],
        [item for block in blocks for item in block.changed],
        any(block.doubted for block in blocks),
    )


def event_blocks(connection: Connection, numbers: Collection[str], compared: bool = True) -> Iterator[EventsRead]:
    """The same, some at a time: whoever lets go of them before the next come has them near the processor."""
    seqs = _seqs(connection, numbers) if numbers else []
    for start in range(0, len(seqs), TOGETHER):
        yield _block(connection, seqs[start : start + TOGETHER], compared)


def events_numbered(connection: Connection, seqs: list[int]) -> list[Event]:
    """The events of these numbers, which are in order. Raises UnreadableRecordError as :func:`events_read`."""
    parts = (seqs[start : start + TOGETHER] for start in range(0, len(seqs), TOGETHER))
    return [event for some in parts for event in _block(connection, some, compared=False).events]


def _block(connection: Connection, seqs: list[int], compared: bool) -> EventsRead:
    events = _at_once(connection, seqs, compared)
    if events is not None:
        return EventsRead(seqs, events, [], False)
    rows, changed = _rows(connection, seqs), list[tuple[int, StoredDocument]]()
    if compared:
        found = ((row[0], changed_event(row[1], row[2:])) for row in rows)
        changed = [(seq, document) for seq, document in found if document is not None]
    return EventsRead(seqs, events_of_documents(rows), changed, True)


def as_bytes(connection: Connection, column: str) -> str:
    """A text as it lies in the file; reading it as text and encoding it again costs more than its digest."""
    return f"CAST({column} AS BLOB)" if connection.dialect.name == "sqlite" else f"convert_to({column}, 'UTF8')"


def _seqs(connection: Connection, numbers: Collection[str]) -> list[int]:
    query = f"SELECT {list_of(connection, 'seq')} FROM events WHERE number {{listed}}"  # nosec B608
    ((listed,),) = listed_rows(connection, query, sorted(numbers))
    return sorted(json.loads(listed))


def _rows(connection: Connection, seqs: Sequence[int]) -> list[tuple[Any, ...]]:
    """Number, document and :data:`EVENT_COLUMNS` of some events, in order."""
    columns = f"seq, {as_bytes(connection, 'document')}, {EVENT_COLUMNS}"
    return sorted(
        listed_rows(connection, f"SELECT {columns} FROM events WHERE seq {{listed}}", seqs),  # nosec B608
        key=itemgetter(0),
    )


def _at_once(connection: Connection, seqs: Sequence[int], compared: bool) -> list[Event] | None:
    """Some events in order, if there is nothing to doubt: each document is one line, and where that is asked for, all
    are canonical and their digests and columns say what they say."""
    try:
        ((count, lines, *columns),) = listed_rows(connection, _query(connection, compared), seqs)
    except DatabaseError:
        if connection.dialect.name != "sqlite":
            raise
        return None  # bytes where a text belongs
    try:
        events = _read(lines)
    except (TypeError, ValueError):
        return None
    if not count == len(events) == len(seqs):
        return None
    said: list[list[Any]] = [list(seqs)]
    if compared:
        said += ([sha256(line).hexdigest() for line in lines.split(b"\n")], *_said(events))
    if lean_text(said) != b"[%b]" % b",".join(columns):
        return None
    return events if not compared or lean_lines(events) == lines + b"\n" else None


def _said(events: Sequence[Event]) -> Iterator[list[Any]]:
    """What the documents say of each of :data:`_COLUMNS` after the digest. One name at a time is the quickest way."""
    yield [event.event_id for event in events]
    yield [event.waybill_number for event in events]
    yield [event.voyage_id for event in events]
    yield [event.vessel_id for event in events]
    yield [event.location_id for event in events]
    yield [event.event_time for event in events]
    yield [event.event_type for event in events]
    yield [event.classifier for event in events]
    yield [event.leg_seq for event in events]
    yield [event.lot_no for event in events]
    yield [event.mass_kg for event in events]
    yield [event.withdraws for event in events]
    yield [event.record_time for event in events]


def changed_event(document: bytes, columns: Sequence[Any]) -> StoredDocument | None:
    """Digest now and digest written of an event with its :data:`EVENT_COLUMNS`, None where it is as written. The
    columns by which events are looked up say what the document says; where they do not, it is not what was written."""
    event_id, written, number, voyage_id, vessel_id, location_id, event_time, kind, *others = columns
    classifier, leg_seq, lot_no, mass_kg, withdraws, record_time = others
    end = _end(vessel_id, voyage_id, number, withdraws)
    beginning, place, what = _kind(classifier, leg_seq, location_id, lot_no, kind)
    same = (
        place + (b"null," if mass_kg is None else f"{mass_kg},".encode()) in document
        and f'"event_id":{_quoted(str(event_id))},"event_time":{_quoted(str(event_time))}{what}'.encode() in document
        and f'"record_time":{_quoted(str(record_time))}'.encode() in document
        and (
            # As the product writes it; else wherever it says so.
            (document.endswith(end) and document.startswith(beginning))
            or all(said in document for said in _each(vessel_id, voyage_id, number, classifier, withdraws))
        )
    )
    now = sha256(document).hexdigest() if same else "differs"
    return None if now == written else StoredDocument(f"event {event_id}", now, written)


@lru_cache(maxsize=65_536)
def _end(vessel_id: Any, voyage_id: Any, number: Any, withdraws: Any) -> bytes:
    """How a document that the product wrote ends; most of an event's neighbours end alike."""
    each = [said.decode() for said in _each(vessel_id, voyage_id, number, "", withdraws)]
    return f"{each[0]},{each[1]},{each[2]},{each[4]}}}".encode()


@lru_cache(maxsize=65_536, typed=True)
def _kind(classifier: Any, leg_seq: Any, location_id: Any, lot_no: Any, kind: Any) -> tuple[bytes, bytes, str]:
    """How such a document begins; what stands before the mass, neighbours in any document; what after the time."""
    place = f'"location_id":{_quoted(str(location_id))}'.encode()
    return (
        f'{{"classifier":{_quoted(str(classifier))},'.encode(),
        b'"leg_seq":%b,%b,"lot_no":%b,"mass_kg":' % (_plain(leg_seq), place, _plain(lot_no)),
        f',"event_type":{_quoted(str(kind))}',
    )


def _each(vessel_id: Any, voyage_id: Any, number: Any, classifier: Any, withdraws: Any) -> Iterator[bytes]:
    """How a document says each of these, wherever it stands."""
    yield f'"vessel_id":{_quoted(str(vessel_id))}'.encode()
    yield f'"voyage_id":{_quoted(str(voyage_id))}'.encode()
    yield f'"waybill_number":{_quoted(str(number))}'.encode()
    yield f'"classifier":{_quoted(str(classifier))}'.encode()
    yield f'"withdraws":{_quoted(str(withdraws or ""))}'.encode()


def _plain(number: Any) -> bytes:
    return b"null" if number is None else str(number).encode()


def _query(connection: Connection, compared: bool) -> str:
    """How many of some events have a document, these, and a list of their numbers or of each of :data:`_COLUMNS`."""
    documents, rows = "convert_to(string_agg(document, chr(10)), 'UTF8')", _IN_ORDER
    if connection.dialect.name == "sqlite":
        # It looks rows up in the order of their numbers.
        documents, rows = "CAST(group_concat(document, char(10)) AS BLOB)", "events WHERE seq {listed}"
    lists = [list_of(connection, column) for column in (_COLUMNS if compared else _COLUMNS[:1])]
    return f"SELECT count(document), {documents}, {', '.join(lists)} FROM {rows}"  # nosec B608


_IN_ORDER = "(SELECT * FROM events WHERE seq {listed} ORDER BY seq) AS e"
_read = lean_lines_reader_of(Event)
_COLUMNS = (
    *("seq", "content_sha256", "event_id", "number", "voyage_id", "vessel_id", "location_id", "event_time"),
    *("event_type", "classifier", "leg_seq", "lot_no", "mass_kg", "COALESCE(withdraws, '')", "record_time"),
)
"""Compared side by side, in the order of :func:`_said`."""
