"""What the auditor reads of some waybills to hold settlements against their evidence. A part of ``Session``."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Connection

from optimizer.accounts.audit.columns import ChangedRow
from optimizer.accounts.audit.rows import RunRow
from optimizer.accounts.audit.run_part import PlacedRun
from optimizer.accounts.books import StandingEntry, StoredDocument
from optimizer.accounts.corrections import SETTLING
from optimizer.store.events_read import EventsRead, as_bytes, events_read
from optimizer.store.listed import listed_rows
from optimizer.store.neighbourhood import Named, Sharing, neighbourhood
from optimizer.store.repeated_columns import changed_evidence, changed_parts, said_evidence, sum_of
from optimizer.store.run_rows import run_columns
from optimizer.store.sorted_ids import joined_runs
from optimizer.store.waybills_read import WaybillsOf, waybills_read
from optimizer.waybills.codec import lean_text
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.waybill import Waybill

_STANDING = ", ".join(f"'{kind.value}'" for kind in SETTLING)
_KINDS = {kind.value: kind for kind in SETTLING}
_BOOKED_ONLY = """SELECT t.number FROM (SELECT DISTINCT number FROM transactions) AS t
    WHERE NOT EXISTS (SELECT 1 FROM waybills AS w WHERE w.number = t.number)"""
_FIRST_REPORTS = "SELECT number, MIN(seq) FROM events GROUP BY number ORDER BY 2"


class Reported(NamedTuple):
    """What decides about some waybills: these and their neighbours, the newest version of each by number; the events
    of all of them in order of arrival; of the first all versions as they were read, the events, by number, that are not
    what was written, rows that are not what their documents say, and the sum of their evidence
    (``repeated_columns.sum_of``)."""

    waybills: dict[str, Waybill]
    read: WaybillsOf
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
        issued = listed_rows(self._connection, "SELECT DISTINCT number FROM waybills")
        booked = listed_rows(self._connection, _BOOKED_ONLY)
        found = {str(row[0]) for row in (*issued, *booked)} - {""}
        first = [row[0] for row in listed_rows(self._connection, _FIRST_REPORTS)]
        reported = set(first)
        listed = first if reported <= found else [number for number in first if number in found]
        return Audited(listed + sorted(found - reported), not reported <= found)

    def reported(self, numbers: Collection[str], sharing: Sharing, key: bytes = b"") -> Reported:
        """What decides about some waybills; their own events are held against digests and columns. ``sharing``: who in
        all the books shows tickets of others; ``key``: of the sum of evidence. Raises UnreadableRecordError for an
        event or waybill whose document was damaged."""
        own = events_read(self._connection, numbers)
        # What is as written names what its columns name.
        around = neighbourhood(self._connection, numbers, sharing, None if own.doubted else _named(own))
        shown = sum_of(said_evidence(own.events), key)
        beside = events_read(self._connection, around.difference(numbers), compared=False)
        events = own.events
        if beside.events:
            listed = sorted(zip([*own.seqs, *beside.seqs], [*events, *beside.events], strict=True), key=_SEQ)
            events = [event for _, event in listed]
        ours = waybills_read(self._connection, numbers)
        others = waybills_read(self._connection, around.difference(numbers))
        newest = {waybill.number: waybill for read in (ours, others) for waybill in read.versions.values()}
        rows = [*ours.rows, *changed_parts(self._connection, numbers, ours.versions.values())]
        return Reported(newest, ours, events, own.changed, rows, shown)

    def changed_evidence(self, numbers: Collection[str]) -> list[ChangedRow]:
        """The evidence of some waybills that is not in its table as events have it, or only there."""
        events = events_read(self._connection, numbers, compared=False).events
        return list(changed_evidence(self._connection, numbers, events))

    def _as_bytes(self, column: str) -> str:
        """:func:`as_bytes` here."""
        return as_bytes(self._connection, column)

    def standing(self, numbers: Iterable[str]) -> list[StandingEntry]:
        """The settlements, restatements and reversals of these waybills in order."""
        query = f"""SELECT seq, transaction_id, kind, number, lot_no, COALESCE(run_id, ''), COALESCE(resolves, ''),
            period FROM transactions WHERE kind IN ({_STANDING}) AND number {{listed}}"""  # nosec B608
        rows = sorted(listed_rows(self._connection, query, sorted(set(numbers))), key=_SEQ)
        return [StandingEntry(seq, entry_id, _KINDS[kind], *others) for seq, entry_id, kind, *others in rows]

    def runs_named(self, run_ids: Sequence[str]) -> list[PlacedRun]:
        """Those of these runs that are found by their ids, as often as they are found; their documents are packed, as
        they lie. Runs lie in the order of the entries that name them: asked for in that order, they are read so."""
        place, columns = run_columns(self._connection)
        joined = joined_runs(self._connection, "m.value")
        rows = listed_rows(self._connection, f"SELECT {place}, {columns} FROM {{values}} {joined}", run_ids)  # nosec B608
        return [(row[0], RunRow._make(row[1:])) for row in rows]


def _named(own: EventsRead) -> Named:
    """What reports name that were read."""
    voyages = [event.voyage_id for event in own.events]
    load = EventType.LOAD
    loads = [event for event in own.events if event.event_type is load and event.vessel_id]
    times = json.loads(lean_text([event.event_time for event in loads]))
    berths = zip([event.vessel_id for event in loads], [event.location_id for event in loads], times, strict=True)
    return Named(set(voyages), set(berths), len(voyages) - voyages.count(""), own.seqs)


_SEQ, _VERSION = itemgetter(0), itemgetter(0, 1)
