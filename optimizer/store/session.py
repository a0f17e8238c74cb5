"""One open transaction on the database: everything that is read or appended goes through here.

Records go in and come out; rows stay inside. Appending something that is already there with the same content does
nothing; with other content it raises ConflictError.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.ledger import Account
from optimizer.errors import ConflictError, Message
from optimizer.store import schema
from optimizer.store.access_rows import AccessRows
from optimizer.store.audit_rows import AuditRows
from optimizer.store.bulk import append, append_new, append_tuples, run_batch
from optimizer.store.city_rows import CityRows
from optimizer.store.entry_rows import EntryRows
from optimizer.store.evidence_files import EvidenceFile
from optimizer.store.lot_entries import LotEntries
from optimizer.store.neighbourhood import Sharing, neighbourhood, ticket_sharing
from optimizer.store.network_rows import NetworkRows
from optimizer.store.outbox import Outbox
from optimizer.store.period_rows import PeriodRows
from optimizer.store.planning_rows import PlanningRows
from optimizer.store.population_rows import PopulationRows
from optimizer.store.prepared_settlements import RUN_COLUMNS, ReadyRun, ready_run
from optimizer.store.repeated_columns import RepeatedColumns
from optimizer.store.rows import (
    event_of_document,
    event_row,
    party_of_document,
    run_of_document,
    waybill_of_document,
    waybill_row,
)
from optimizer.store.sorted_ids import run_where
from optimizer.store.statements import AccountReader
from optimizer.store.tree_rows import TreeRows
from optimizer.store.waybill_lists import WaybillLists
from optimizer.store.webhook_rows import WebhookRows
from optimizer.waybills.codec import to_json, to_plain
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.party import Party
from optimizer.waybills.waybill import Waybill

_CHUNK = 500
"""Most ids in one IN clause."""


class Session(
    AccessRows,
    AuditRows,
    CityRows,
    EntryRows,
    NetworkRows,
    PlanningRows,
    PeriodRows,
    PopulationRows,
    RepeatedColumns,
    WaybillLists,
    WebhookRows,
):
    """Reads and appends inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.outbox = Outbox(connection)
        self.account_reader = AccountReader(connection)
        self.lot_entries = LotEntries(connection)

    @property
    def tree(self) -> TreeRows:
        """The Merkle tree over everything recorded."""
        return TreeRows(self._connection)

    # Parties, plans, waybills

    def add_parties(self, parties: Iterable[Party], at: datetime) -> None:
        """Append parties. Raises ConflictError when one is known with other content."""
        known = {row.party_id: row.document for row in self._connection.execute(select(schema.parties))}
        rows = []
        for party in dict.fromkeys(parties):
            document = to_json(party)
            if known.setdefault(party.party_id, document) != document:
                raise _conflict(f"参与方 {party.party_id}", f"Party {party.party_id}")
            rows.append(
                {
                    "party_id": party.party_id,
                    "credit_code": party.credit_code,
                    "name_zh": party.name_zh,
                    "name_en": party.name_en,
                    "domain": party.domain,
                    "role": party.role,
                    "document": document,
                    "recorded_at": to_plain(at),
                }
            )
        self._append_new(schema.parties, "party_id", rows)

    def parties(self) -> dict[str, Party]:
        """All parties by id."""
        table = schema.parties
        rows = self._connection.execute(select(table.c.party_id, table.c.document).order_by(table.c.party_id))
        return {party.party_id: party for party in (party_of_document(row.party_id, row.document) for row in rows)}

    def add_plan(self, plan_id: str, document: str, at: datetime) -> bool:
        """Append an accepted plan document; False when it is there already."""
        row = {"plan_id": plan_id, "document": document, "accepted_at": to_plain(at)}
        return self._append_new(schema.plans, "plan_id", [row]) == 1

    def newest_plan(self) -> str | None:
        """The plan document that was accepted last, None where none was."""
        plans = schema.plans.c
        query = select(plans.document).order_by(plans.accepted_at.desc(), plans.plan_id).limit(1)
        document: str | None = self._connection.execute(query).scalar()
        return document

    def add_waybills(self, waybills: Sequence[Waybill], documents: Mapping[str, str] | None = None) -> None:
        """Append waybills with their lots and legs; numbers must be new. ``documents``: canonical JSON by number, where
        known."""
        known = documents or {}
        self._append(schema.waybills, [waybill_row(waybill, known.get(waybill.number)) for waybill in waybills])
        lots = [(waybill, lot) for waybill in waybills for lot in waybill.lots]
        self._append(
            schema.waybill_lots,
            [
                {
                    "number": waybill.number,
                    "version": waybill.version,
                    "lot_no": lot.lot_no,
                    "declared_mass_kg": lot.declared_mass_kg,
                    "port_of_loading": lot.port_of_loading,
                    "port_of_discharge": lot.port_of_discharge,
                }
                for waybill, lot in lots
            ],
        )
        self._append(
            schema.waybill_legs,
            [
                {
                    "number": waybill.number,
                    "version": waybill.version,
                    "lot_no": lot.lot_no,
                    "seq": leg.seq,
                    "mode": leg.mode,
                    "origin": leg.origin,
                    "destination": leg.destination,
                    "voyage_id": leg.voyage_id,
                    "vessel_id": leg.vessel_id,
                    "distance_km": leg.distance_km,
                }
                for waybill, lot in lots
                for leg in lot.legs
            ],
        )

    def waybills(self, numbers: Iterable[str] | None = None) -> dict[str, Waybill]:
        """Waybills by number, the newest version of each: all, or those asked for that exist."""
        bills = schema.waybills.c
        query = select(bills.number, bills.document).order_by(bills.number, bills.version)
        rows = self._selected(query, bills.number, numbers)
        read = (waybill_of_document(row.number, row.document) for row in rows)
        return {waybill.number: waybill for waybill in read}

    def waybill_versions(self, numbers: Iterable[str] | None = None) -> list[Waybill]:
        """Every version of all waybills, or of those asked for, in order of number and version."""
        table = schema.waybills
        query = select(table.c.number, table.c.version, table.c.document)
        rows = sorted(self._selected(query, table.c.number, numbers), key=lambda row: (row.number, int(row.version)))
        return [waybill_of_document(row.number, row.document) for row in rows]

    def amended_numbers(self) -> set[str]:
        """The waybills with more than one version."""
        table = schema.waybills.c
        return {row.number for row in self._connection.execute(select(table.number).where(table.version == 2))}

    def neighbourhood(self, numbers: Collection[str], sharing: Sharing | None = None) -> set[str]:
        """These waybills and every other one that decides about their lots. ``sharing``: :meth:`ticket_sharing`, read
        once by who asks about all of them."""
        return neighbourhood(self._connection, numbers, sharing)

    def ticket_sharing(self) -> dict[str, set[str]]:
        """The waybills that show a ticket of one lot which stands under other numbers too, each with all of these."""
        return ticket_sharing(self._connection)

    # Events

    def add_events(self, events: Sequence[Event], at: datetime) -> None:
        """Append events in this order; ids must be new."""
        first = self._next(schema.events)
        self._append(
            schema.events,
            [event_row(event, seq, at) for seq, event in enumerate(events, start=first)],
        )
        evidence = {
            (event.event_id, item.sha256): {"event_id": event.event_id, "sha256": item.sha256, "kind": item.kind}
            for event in events
            for item in event.evidence
        }
        self._append(schema.evidence, list(evidence.values()))

    def events(self, numbers: Iterable[str] | None = None) -> list[Event]:
        """Events in order of arrival: all, or those of some waybills. Raises UnreadableRecordError for one whose
        document was damaged."""
        query = select(schema.events.c.seq, schema.events.c.document).order_by(schema.events.c.seq)
        rows = sorted(self._selected(query, schema.events.c.number, numbers), key=lambda row: int(row.seq))
        return [event_of_document(row.seq, row.document) for row in rows]

    def numbers_with(self, kind: EventType, numbers: Iterable[str]) -> set[str]:
        """Those of some waybills that have an event of a kind, withdrawn or not."""
        events = schema.events.c
        query = select(events.number).where(events.event_type == kind.value).distinct()
        return {row.number for row in self._selected(query, events.number, numbers)}

    def arrivals(self) -> list[tuple[str, str, datetime, datetime]]:
        """Event id, waybill number, time and arrival of every actual event, in order of arrival."""
        table = schema.events.c
        query = (
            select(table.event_id, table.number, table.event_time, table.recorded_at)
            .where(table.classifier == "ACT")
            .order_by(table.seq)
        )
        return [
            (row[0], row[1], datetime.fromisoformat(row[2]), datetime.fromisoformat(row[3]))
            for row in self._connection.execute(query)
        ]

    def event_digests(self, event_ids: Iterable[str]) -> dict[str, str]:
        """The recorded content digest of those events that exist."""
        query = select(schema.events.c.event_id, schema.events.c.content_sha256)
        rows = self._selected(query, schema.events.c.event_id, event_ids)
        return {row.event_id: row.content_sha256 for row in rows}

    def add_evidence_files(self, files: Iterable[EvidenceFile], at: datetime) -> int:
        """Register files that are kept; how many were new. A digest is the content, so none can differ."""
        rows = [
            {
                "sha256": file.sha256,
                "media_type": file.media_type,
                "size_bytes": file.size_bytes,
                "added_at": to_plain(at),
            }
            for file in files
        ]
        return self._append_new(schema.evidence_files, "sha256", rows)

    def evidence_files(self) -> dict[str, EvidenceFile]:
        """Every registered file by its digest."""
        rows = self._connection.execute(select(schema.evidence_files).order_by(schema.evidence_files.c.sha256))
        return {row.sha256: EvidenceFile(row.sha256, row.media_type, row.size_bytes) for row in rows}

    def evidence_named(self) -> set[str]:
        """The digests that events name."""
        return {row.sha256 for row in self._connection.execute(select(schema.evidence.c.sha256).distinct())}

    # Runs, accounts, ledger

    def add_runs(self, runs: Sequence[CalculationRun], documents: Mapping[str, str] | None = None) -> None:
        """Append calculation runs that are not there yet. ``documents``: canonical JSON by run id, where known."""
        self.add_ready_runs([ready_run(run, (documents or {}).get(run.run_id)) for run in runs])

    def add_ready_runs(self, rows: Sequence[ReadyRun]) -> None:
        """The same with rows that are made already."""

        def write(fresh: Sequence[ReadyRun]) -> None:
            with run_batch(self._connection, bool(fresh)):
                append_tuples(self._connection, "calculation_runs", RUN_COLUMNS, fresh)

        append_new(self._connection, rows, write, self._unknown_runs)

    def _unknown_runs(self, rows: Sequence[ReadyRun]) -> list[ReadyRun]:
        known = self._known_runs([row[0] for row in rows])
        return list({row[0]: row for row in rows if row[0] not in known}.values())

    def runs(self, run_ids: Iterable[str] | None = None) -> dict[str, CalculationRun]:
        """Calculation runs by id: all, or those asked for that exist."""
        table, found = schema.calculation_runs, dict[str, CalculationRun]()
        query = select(table.c.run_id, table.c.document)
        wanted = None if run_ids is None else sorted(set(run_ids))
        for ids in [None] if wanted is None else [wanted[at : at + _CHUNK] for at in range(0, len(wanted), _CHUNK)]:
            chosen = query if ids is None else query.where(run_where(self._connection, table, _one_of(ids)))
            for row in self._connection.execute(chosen):
                found[row.run_id] = run_of_document(row.run_id, row.document)
        return found

    def add_accounts(self, accounts: Iterable[Account], at: datetime) -> None:
        """Open those accounts that are not open yet."""
        rows = [
            {
                "account_id": account.account_id,
                "party_id": account.party_id or None,
                "domain": account.domain,
                "opened_at": to_plain(at),
            }
            for account in accounts
        ]
        self._append_new(schema.accounts, "account_id", rows)

    def accounts(self) -> dict[str, Account]:
        """All accounts by id."""
        rows = self._connection.execute(select(schema.accounts).order_by(schema.accounts.c.account_id))
        return {row.account_id: Account(row.account_id, row.party_id or "", row.domain) for row in rows}

    def account(self, account_id: str) -> tuple[Account, Party | None] | None:
        """One account with its party (None: an issuance account), None where there is no such account."""
        table, parties = schema.accounts, schema.parties
        query = (
            select(table, parties.c.document)
            .select_from(table.outerjoin(parties, parties.c.party_id == table.c.party_id))
            .where(table.c.account_id == account_id)
        )
        row = self._connection.execute(query).first()
        if row is None:
            return None
        party = None if row.document is None else party_of_document(row.party_id, row.document)
        return Account(row.account_id, row.party_id or "", row.domain), party

    # Rows

    def _append(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        append(self._connection, table.name, rows)

    def _append_new(self, table: Table, key: str, rows: Sequence[Mapping[str, Any]]) -> int:
        column = table.c[key]
        found = self._selected(select(column), column, (row[key] for row in rows))
        known = {row[0] for row in found}
        fresh = list({row[key]: row for row in rows if row[key] not in known}.values())
        self._append(table, fresh)
        return len(fresh)


def _one_of(ids: Sequence[str]) -> Callable[[ColumnElement[str]], ColumnElement[bool]]:
    return lambda run_id: run_id.in_(ids)


def _conflict(zh: str, en: str) -> ConflictError:
    return ConflictError(
        Message(
            f"{zh} 已以不同内容登记；更正须另行登记。", f"{en} is recorded with other content; register a correction."
        )
    )
