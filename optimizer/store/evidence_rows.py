"""What the auditor reads of some waybills to hold settlements against their evidence. A part of ``Session``."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from optimizer.accounts.audit.columns import ChangedRow
from optimizer.accounts.audit.reports import EventsOf, Reports
from optimizer.accounts.audit.rows import RunRow
from optimizer.accounts.audit.run_part import PlacedRun
from optimizer.accounts.books import StandingEntry, StoredDocument
from optimizer.accounts.corrections import SETTLING
from optimizer.store.events_read import as_bytes, event_blocks, events_numbered, events_read
from optimizer.store.listed import list_of, listed_rows
from optimizer.store.neighbourhood import Named, Sharing, neighbourhood
from optimizer.store.repeated_columns import changed_evidence, changed_parties, changed_parts, said_evidence, sum_of
from optimizer.store.run_rows import run_columns
from optimizer.store.sorted_ids import joined_runs
from optimizer.store.waybills_read import Versions, WaybillsOf, waybill_blocks, waybills_read
from optimizer.waybills.codec import lean_text
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.waybill import Waybill

_STANDING = ", ".join(f"'{kind.value}'" for kind in SETTLING)
_ENTRY_COLUMNS = "seq, transaction_id, kind, number, lot_no, COALESCE(run_id, ''), COALESCE(resolves, ''), period"
_read_entries = msgspec.json.Decoder(list[StandingEntry]).decode
_KINDS = {kind.value: kind for kind in SETTLING}
_BOOKED_ONLY = """SELECT t.number FROM (SELECT DISTINCT number FROM transactions) AS t
    WHERE NOT EXISTS (SELECT 1 FROM waybills AS w WHERE w.number = t.number)"""
_FIRST_REPORTS = "SELECT number, MIN(seq) FROM events GROUP BY number ORDER BY 2"


class Reported(NamedTuple):
    """What decides about some waybills: these and their neighbours, the newest version of each by number; what was
    gathered from the events of all of them, and what reads some of these again; of the first all versions as they were
    read, the events, by number, that are not what was written, rows that are not what their documents say, and the sum
    of their evidence (``repeated_columns.sum_of``)."""

    waybills: dict[str, Waybill]
    read: WaybillsOf
    reports: Reports
    events_of: EventsOf
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
        ours, planned = _own_waybills(self._connection, numbers)
        gathered = _gathered(self._connection, numbers, key)
        reports, seqs = gathered.reports, gathered.seqs
        # What is as written names what its columns name.
        around = neighbourhood(self._connection, numbers, sharing, gathered.named, planned)
        for block in event_blocks(self._connection, around.difference(numbers), compared=False):
            reports.add(block.events)
            seqs += block.seqs

        def events_of(chosen: Collection[str]) -> list[Event]:
            listed = [seq for seq, number in zip(seqs, reports.numbers, strict=True) if number in chosen]
            return events_numbered(self._connection, sorted(listed))

        others = waybills_read(self._connection, around.difference(numbers))
        newest = {waybill.number: waybill for read in (ours, others) for waybill in read.versions.values()}
        return Reported(newest, ours, reports, events_of, gathered.changed, ours.rows, gathered.shown)

    def changed_evidence(self, numbers: Collection[str]) -> list[ChangedRow]:
        """The evidence of some waybills that is not in its table as events have it, or only there."""
        events = events_read(self._connection, numbers, compared=False).events
        return list(changed_evidence(self._connection, numbers, events))

    def _as_bytes(self, column: str) -> str:
        """:func:`as_bytes` here."""
        return as_bytes(self._connection, column)

    def standing(self, numbers: Iterable[str]) -> list[StandingEntry]:
        """The settlements, restatements and reversals of these waybills in order."""
        query = f"SELECT {{columns}} FROM transactions WHERE kind IN ({_STANDING}) AND number {{{{listed}}}}"  # nosec B608
        listed, sqlite = sorted(set(numbers)), self._connection.dialect.name == "sqlite"
        made = f"{'json_array' if sqlite else 'json_build_array'}({_ENTRY_COLUMNS})"
        try:
            ((text,),) = listed_rows(self._connection, query.format(columns=list_of(self._connection, made)), listed)
            return sorted(_read_entries(text), key=_SEQ)
        except DatabaseError:
            if not sqlite:
                raise
        except msgspec.DecodeError:
            pass
        # Bytes where a text belongs, or another type: as the rows have it.
        rows = sorted(listed_rows(self._connection, query.format(columns=_ENTRY_COLUMNS), listed), key=_SEQ)
        return [StandingEntry(seq, entry_id, _KINDS[kind], *others) for seq, entry_id, kind, *others in rows]

    def runs_named(self, run_ids: Sequence[str]) -> list[PlacedRun]:
        """Those of these runs that are found by their ids, as often as they are found; their documents are packed, as
        they lie. Runs lie in the order of the entries that name them: asked for in that order, they are read so."""
        place, columns = run_columns(self._connection)
        joined = joined_runs(self._connection, "m.value")
        rows = listed_rows(self._connection, f"SELECT {place}, {columns} FROM {{values}} {joined}", run_ids)  # nosec B608
        return [(row[0], RunRow._make(row[1:])) for row in rows]


def _own_waybills(connection: Connection, numbers: Collection[str]) -> tuple[WaybillsOf, list[str] | None]:
    """All versions of some waybills, with the rows of these and of their lots, legs and parties that are not what
    documents say; and the voyage of each of their legs, None where columns may name others."""
    versions: Versions = {}
    rows, parts, voyages = list[ChangedRow](), list[ChangedRow](), list[str]()
    changed, said = False, True
    for some, block in waybill_blocks(connection, numbers):
        bills = block.versions.values()
        differing = changed_parts(connection, some, bills)
        if differing is None:
            voyages += [leg.voyage_id for bill in bills for lot in bill.lots for leg in lot.legs]
        else:
            said = False
            parts += differing
        versions |= block.versions
        rows += block.rows
        changed |= block.changed
    parts.sort(key=_is_of_legs)
    rows += [*parts, *changed_parties(connection, versions.values())]
    return WaybillsOf(versions, rows, changed), voyages if said else None


def _is_of_legs(row: ChangedRow) -> bool:
    return row.table == "waybill_legs"


class _Gathered(NamedTuple):
    """Of the own events of some waybills what they report, their numbers, those that are not what was written, by
    number, the sum of their evidence, and what they name; None where columns may name something else."""

    reports: Reports
    seqs: list[int]
    changed: list[tuple[int, StoredDocument]]
    shown: int
    named: Named | None


def _gathered(connection: Connection, numbers: Collection[str], key: bytes) -> _Gathered:
    """Everything that is asked of an event is asked here, before the next ones are read."""
    reports, seqs, shown, doubted = Reports(), list[int](), 0, False
    changed: list[tuple[int, StoredDocument]] = []
    voyages, berths, off_voyage = set[str](), set[tuple[str, str, str]](), 0
    for block in event_blocks(connection, numbers):
        events = block.events
        reports.add(events)
        shown += sum_of(said_evidence(events), key)
        named = [event.voyage_id for event in events]
        voyages.update(named)
        off_voyage += named.count("")
        berths |= _berths(events)
        seqs += block.seqs
        changed += block.changed
        doubted |= block.doubted
        del block, events
    said = None if doubted else Named(voyages, berths, len(seqs) - off_voyage, seqs)
    return _Gathered(reports, seqs, changed, shown, said)


def _berths(events: Iterable[Event]) -> set[tuple[str, str, str]]:
    """Where and when vessels were loaded, as reports have it, withdrawn or not."""
    load = EventType.LOAD
    loads = [event for event in events if event.event_type is load and event.vessel_id]
    times = json.loads(lean_text([event.event_time for event in loads]))
    return set(zip([event.vessel_id for event in loads], [event.location_id for event in loads], times, strict=True))


_SEQ, _VERSION = itemgetter(0), itemgetter(0, 1)
