"""What the auditor reads of some waybills to hold settlements against their evidence. A part of ``Session``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import compress
from json.encoder import encode_basestring as _quoted
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, union

from optimizer.accounts.audit.columns import ChangedRow
from optimizer.accounts.audit.evidence_part import RunDigest
from optimizer.accounts.audit.rows import EntryRow
from optimizer.accounts.books import StoredDocument, StoredTransaction
from optimizer.accounts.corrections import SETTLING
from optimizer.store import schema
from optimizer.store.listed import columns_of_runs, listed_rows
from optimizer.store.neighbourhood import Named, Sharing, neighbourhood
from optimizer.store.repeated_columns import WAYBILL_COLUMNS, changed_evidence, changed_waybills, said_evidence, sum_of
from optimizer.store.rows import TRANSACTION_COLUMNS, entry_of, events_of_documents, seen_waybill
from optimizer.waybills.codec import lean_text
from optimizer.waybills.event import Event
from optimizer.waybills.waybill import Waybill

_STANDING = ", ".join(f"'{kind.value}'" for kind in SETTLING)
_RUNS = schema.calculation_runs.c
EVENT_COLUMNS = (
    "event_id, content_sha256, number, voyage_id, vessel_id, location_id, event_time, "
    "event_type, classifier, leg_seq, lot_no, mass_kg, COALESCE(withdraws, '') AS withdraws, record_time"
)


class Reported(NamedTuple):
    """What decides about some waybills: these and their neighbours, the newest version of each by number; the events
    of all of them in order of arrival; of the first the events, by number, that are not what was written, rows that are
    not what their documents say, and the sum of their evidence (``repeated_columns.sum_of``)."""

    waybills: dict[str, Waybill]
    events: list[Event]
    changed: list[tuple[int, StoredDocument]]
    rows: list[ChangedRow]
    shown: int


class Audited(NamedTuple):
    """``numbers``: every waybill number that is issued or stands in the ledger. ``others``: whether there are events
    about any other."""

    numbers: list[str]
    others: bool


class EvidenceRows:
    """The part of a session that reads evidence for the audit."""

    _connection: Connection

    def audited_numbers(self) -> Audited:
        """In the order of their first reports: who sails together loads together, so that a run of them has most of its
        mates on board in itself. Those without reports come last, by number."""
        issued, booked = select(schema.waybills.c.number), select(schema.transactions.c.number)
        found = {str(row[0]) for row in self._connection.execute(union(issued, booked)).all()} - {""}
        reported = schema.events.c
        query = select(reported.number, func.min(reported.seq)).group_by(reported.number)
        first: dict[str, int] = {row[0]: row[1] for row in self._connection.execute(query).all()}
        last = max(first.values(), default=0) + 1
        listed = sorted(found, key=lambda number: (first.get(number, last), number))
        return Audited(listed, not first.keys() <= found)

    def reported(self, numbers: Collection[str], sharing: Sharing, key: bytes = b"") -> Reported:
        """What decides about some waybills; their own events are held against digests and columns. ``sharing``: who in
        all the books shows tickets of others; ``key``: of the sum of evidence. Raises UnreadableRecordError for an
        event or waybill whose document was damaged."""
        rows, changed = self._event_rows(numbers), list[tuple[int, StoredDocument]]()
        rows.sort(key=_SEQ)
        events = events_of_documents(rows)
        for start in range(0, len(rows), _COMPARED):
            some = rows[start : start + _COMPARED]
            if not _as_written(some, events[start : start + _COMPARED]):
                found = ((row[0], changed_event(row[1], row[2:])) for row in some)
                changed += [(seq, document) for seq, document in found if document is not None]
        named = Named(
            {row[_VOYAGE] for row in rows},
            {row[_BERTH] for row in rows if row[_TYPE] == "LOAD" and row[_VESSEL]},
            sum([row[_VOYAGE] != "" for row in rows]),
        )
        around = neighbourhood(self._connection, numbers, sharing, named)
        shown = sum_of(said_evidence(events), key)
        beside = self._event_rows(around.difference(numbers))
        events += events_of_documents(beside)
        rows += beside
        events = [event for _, event in sorted(zip(map(_SEQ, rows), events, strict=True), key=_SEQ)]
        newest, versions, waybills = self._waybills(around, set(numbers))
        differing = list(changed_waybills(self._connection, versions, waybills))
        return Reported(newest, events, sorted(changed, key=_SEQ), differing, shown)

    def changed_evidence(self, numbers: Collection[str]) -> list[ChangedRow]:
        """The evidence of some waybills that is not in its table as events have it, or only there."""
        rows = self._event_rows(numbers)
        return list(changed_evidence(self._connection, numbers, events_of_documents(rows)))

    def _event_rows(self, numbers: Collection[str]) -> list[tuple[Any, ...]]:
        """Number, document and :data:`EVENT_COLUMNS` of the events of some waybills."""
        columns = f"seq, {self._as_bytes('document')}, {EVENT_COLUMNS}"
        query = f"SELECT {columns} FROM events WHERE number {{listed}}"  # nosec B608
        return listed_rows(self._connection, query, sorted(numbers)) if numbers else []

    def _waybills(
        self, numbers: Collection[str], own: Collection[str]
    ) -> tuple[dict[str, Waybill], list[tuple[Any, ...]], list[Waybill]]:
        """The newest version of each by number; every version of ``own``, as rows that begin with their columns, and as
        what their documents say."""
        columns = f"{', '.join(WAYBILL_COLUMNS)}, {self._as_bytes('document')}"
        query = f"SELECT {columns} FROM waybills WHERE number {{listed}}"  # nosec B608
        rows = sorted(listed_rows(self._connection, query, sorted(numbers)), key=_VERSION)
        waybills = [seen_waybill(row[0], row[-1]) for row in rows]
        ours = [row[0] in own for row in rows]
        newest = {waybill.number: waybill for waybill in waybills}
        return newest, list(compress(rows, ours)), list(compress(waybills, ours))

    def _as_bytes(self, column: str) -> str:
        """A text as it lies in the file; reading it as text and encoding it again costs more than its digest."""
        sqlite = self._connection.dialect.name == "sqlite"
        return f"CAST({column} AS BLOB)" if sqlite else f"convert_to({column}, 'UTF8')"

    def standing(self, numbers: Iterable[str]) -> list[StoredTransaction]:
        """The settlements, restatements and reversals of these waybills in order, without their postings."""
        columns = ", ".join(TRANSACTION_COLUMNS)
        query = f"SELECT {columns} FROM transactions WHERE kind IN ({_STANDING}) AND number {{listed}}"  # nosec B608
        rows = sorted(listed_rows(self._connection, query, sorted(set(numbers))), key=_SEQ)
        entries = map(EntryRow._make, rows)
        return [StoredTransaction(entry_of(row, ()), row.content_sha256, 2 * row.line_count) for row in entries]

    def run_digests(self, run_ids: Iterable[str]) -> dict[str, RunDigest]:
        """Of those of these runs that exist, by id, what their columns say of their inputs and versions."""
        columns = (_RUNS.run_id, _RUNS.inputs_sha256, _RUNS.factors_version, _RUNS.network_version)
        rows: Iterator[Any] = columns_of_runs(self._connection, columns, run_ids)
        return {row[0]: RunDigest(*row[1:]) for row in rows}


def _as_written(rows: Sequence[Sequence[Any]], events: Sequence[Event]) -> bool:
    """Whether none of some events is changed (:func:`changed_event`), asked of all of them at once: their documents are
    canonical, so what stands in them stands there as the columns would write it, once. ``events``: what the documents
    of the rows say. It may say no too often."""
    documents = [row[1] for row in rows]
    return (
        lean_text(events) == b"[%b]" % b",".join(documents)
        and list(map(_SAID, events)) == list(map(_COLUMNS, rows))
        and lean_text([event.event_time for event in events]) == lean_text(list(map(_TIME, rows)))
        and lean_text([event.record_time for event in events]) == lean_text(list(map(_RECORD_TIME, rows)))
        and [sha256(document).hexdigest() for document in documents] == list(map(_DIGEST, rows))
    )


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


@lru_cache(maxsize=65_536)
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


_SEQ, _VERSION = itemgetter(0), itemgetter(0, 1)
_VOYAGE, _VESSEL, _BERTH, _TYPE = 5, 6, slice(6, 9), 9
"""Where these stand in a row of an event; vessel, place and time of a loading are side by side."""
_DIGEST, _TIME, _RECORD_TIME = itemgetter(3), itemgetter(8), itemgetter(15)
_COLUMNS = itemgetter(2, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14)
_SAID = attrgetter(
    *("event_id", "waybill_number", "voyage_id", "vessel_id", "location_id", "event_type"),
    *("classifier", "leg_seq", "lot_no", "mass_kg", "withdraws"),
)
_COMPARED = 500
"""Events compared at a time: their texts stay near the processor."""
