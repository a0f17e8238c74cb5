"""What the auditor reads of some waybills to hold settlements against their evidence. A part of ``Session``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from json.encoder import encode_basestring as _quoted
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, text, union

from optimizer.accounts.audit.evidence_part import RunDigest
from optimizer.accounts.books import StoredDocument, StoredTransaction
from optimizer.accounts.corrections import SETTLING
from optimizer.store import schema
from optimizer.store.listed import as_list, columns_of_runs, in_list
from optimizer.store.rows import entry_of, event_of_document
from optimizer.waybills.event import Event

_STANDING = tuple(kind.value for kind in SETTLING)
_RUNS = schema.calculation_runs.c
EVENT_COLUMNS = "event_id, content_sha256, number, voyage_id, vessel_id, location_id, event_time"


class Reported(NamedTuple):
    """Events of some waybills in order of arrival, and those among them, by number, that are not what was written."""

    events: list[Event]
    changed: list[tuple[int, StoredDocument]]


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

    def reported(self, around: Iterable[str], numbers: Collection[str]) -> Reported:
        """The events of waybills ``around``; those of ``numbers`` are held against their digests and columns. Raises
        UnreadableRecordError for one whose document was damaged."""
        columns = text(f"seq, {self._as_bytes('document')}, {EVENT_COLUMNS}")
        query = select(columns).select_from(schema.events).where(in_list(self._connection, schema.events.c.number))
        asked = {"ids": as_list(self._connection, sorted(set(around)))}
        events, changed, own = list[Event](), list[tuple[int, StoredDocument]](), set(numbers)
        for row in sorted(self._connection.execute(query, asked).all(), key=itemgetter(0)):
            seq, now = row[0], bytes(row[1])
            if row[4] in own:
                found = changed_event(now, row[2:])
                if found is not None:
                    changed.append((seq, found))
            events.append(event_of_document(seq, now))
        return Reported(events, changed)

    def _as_bytes(self, column: str) -> str:
        """A text as it lies in the file; reading it as text and encoding it again costs more than its digest."""
        sqlite = self._connection.dialect.name == "sqlite"
        return f"CAST({column} AS BLOB)" if sqlite else f"convert_to({column}, 'UTF8')"

    def standing(self, numbers: Iterable[str]) -> list[StoredTransaction]:
        """The settlements, restatements and reversals of these waybills in order, without their postings."""
        entries = schema.transactions
        query = select(entries).where(entries.c.kind.in_(_STANDING), in_list(self._connection, entries.c.number))
        rows = self._connection.execute(query, {"ids": as_list(self._connection, sorted(set(numbers)))}).all()
        return [
            StoredTransaction(entry_of(row, ()), row.content_sha256, 2 * row.line_count)
            for row in sorted(rows, key=lambda row: int(row.seq))
        ]

    def run_digests(self, run_ids: Iterable[str]) -> dict[str, RunDigest]:
        """Of those of these runs that exist, by id, what their columns say of their inputs and versions."""
        columns = (_RUNS.run_id, _RUNS.inputs_sha256, _RUNS.factors_version, _RUNS.network_version)
        rows: Iterator[Any] = columns_of_runs(self._connection, columns, run_ids)
        return {row[0]: RunDigest(*row[1:]) for row in rows}


def changed_event(document: bytes, columns: Sequence[Any]) -> StoredDocument | None:
    """Digest now and digest written of an event with its :data:`EVENT_COLUMNS`, None where it is as written. The
    columns by which events are looked up say what the document says; where they do not, it is not what was written."""
    event_id, written, number, voyage_id, vessel_id, location_id, event_time = columns
    by_ship, by_voyage, by_number = (
        f'"vessel_id":{_quoted(str(vessel_id))}',
        f'"voyage_id":{_quoted(str(voyage_id))}',
        f'"waybill_number":{_quoted(str(number))}',
    )
    # These stand side by side in what the product writes, so one look finds all three.
    same = (
        (
            f"{by_ship},{by_voyage},{by_number}".encode() in document
            or all(said.encode() in document for said in (by_ship, by_voyage, by_number))
        )
        and f'"location_id":{_quoted(str(location_id))}'.encode() in document
        and f'"event_time":{_quoted(str(event_time))}'.encode() in document
    )
    now = sha256(document).hexdigest() if same else "differs"
    return None if now == written else StoredDocument(f"event {event_id}", now, written)
