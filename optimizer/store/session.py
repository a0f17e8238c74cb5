"""One open transaction on the database: everything that is read or appended goes through here.

Records go in and come out; rows stay inside. Appending something that is already there with the same content does
nothing; with other content it raises ConflictError.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from optimizer.accounts.books import StoredTransaction
from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.ledger import (
    Account,
    Posting,
    Transaction,
    content_digest,
    placed,
    require_same_content,
)
from optimizer.errors import ConflictError, Message
from optimizer.store import schema
from optimizer.store.access_rows import AccessRows
from optimizer.store.audit_rows import AuditRows
from optimizer.store.bulk import append, append_tuples, ledger_batch
from optimizer.store.city_rows import CityRows
from optimizer.store.evidence_files import EvidenceFile
from optimizer.store.line_tables import account_numbers
from optimizer.store.lot_entries import LotEntries
from optimizer.store.neighbourhood import neighbourhood
from optimizer.store.network_rows import NetworkRows
from optimizer.store.outbox import Outbox
from optimizer.store.period_rows import PeriodRows
from optimizer.store.planning_rows import PlanningRows
from optimizer.store.population_rows import PopulationRows
from optimizer.store.rows import (
    LINE_COLUMNS,
    TRANSACTION_COLUMNS,
    event_row,
    line_rows,
    postings_of,
    run_row,
    transaction_of,
    transaction_row,
    waybill_row,
)
from optimizer.store.statements import AccountReader
from optimizer.store.tree_rows import TreeRows
from optimizer.store.waybill_lists import WaybillLists
from optimizer.store.webhook_rows import WebhookRows
from optimizer.waybills.codec import from_json, to_json, to_plain
from optimizer.waybills.event import Event
from optimizer.waybills.party import Party
from optimizer.waybills.waybill import Waybill

_CHUNK = 500
"""Most ids in one IN clause: below SQLite's limit on variables in every build."""


class Session(
    AccessRows, AuditRows, CityRows, NetworkRows, PlanningRows, PeriodRows, PopulationRows, WaybillLists, WebhookRows
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
        rows = self._connection.execute(select(schema.parties.c.document).order_by(schema.parties.c.party_id))
        return {party.party_id: party for party in (from_json(Party, row.document) for row in rows)}

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
        query = select(schema.waybills.c.document).order_by(schema.waybills.c.number, schema.waybills.c.version)
        rows = self._selected(query, schema.waybills.c.number, numbers)
        return {waybill.number: waybill for waybill in (from_json(Waybill, row.document) for row in rows)}

    def waybill_versions(self, numbers: Iterable[str] | None = None) -> list[Waybill]:
        """Every version of all waybills, or of those asked for, in order of number and version."""
        table = schema.waybills
        query = select(table.c.number, table.c.version, table.c.document)
        rows = sorted(self._selected(query, table.c.number, numbers), key=lambda row: (row.number, int(row.version)))
        return [from_json(Waybill, row.document) for row in rows]

    def amended_numbers(self) -> set[str]:
        """The waybills with more than one version."""
        table = schema.waybills.c
        return {row.number for row in self._connection.execute(select(table.number).where(table.version == 2))}

    def neighbourhood(self, numbers: Collection[str]) -> set[str]:
        """These waybills and every other one that decides about their lots."""
        return neighbourhood(self._connection, numbers)

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
        """Events in order of arrival: all, or those of some waybills."""
        query = select(schema.events.c.seq, schema.events.c.document).order_by(schema.events.c.seq)
        rows = sorted(self._selected(query, schema.events.c.number, numbers), key=lambda row: int(row.seq))
        return [from_json(Event, row.document) for row in rows]

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
        rows = [run_row(run, (documents or {}).get(run.run_id)) for run in runs]
        self._append_new(schema.calculation_runs, "run_id", rows)

    def runs(self, run_ids: Iterable[str] | None = None) -> dict[str, CalculationRun]:
        """Calculation runs by id: all, or those asked for that exist."""
        table = schema.calculation_runs
        rows = self._selected(select(table.c.document), table.c.run_id, run_ids)
        return {run.run_id: run for run in (from_json(CalculationRun, row.document) for row in rows)}

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
        party = from_json(Party, row.document) if row.document else None
        return Account(row.account_id, row.party_id or "", row.domain), party

    def add_transactions(self, transactions: Sequence[Transaction], digests: Sequence[str] = ()) -> list[Transaction]:
        """Append transactions in this order and return those that were new, with their sequence numbers.

        A transaction whose id is recorded with the same content is left out; with other content: ConflictError.
        ``digests``: ``content_digest`` of each where that is known."""
        known = self._transaction_digests(item.transaction_id for item in transactions)
        fresh: list[Transaction] = []
        entries: list[tuple[object, ...]] = []
        lines: list[tuple[object, ...]] = []
        first = self._next(schema.transactions)
        numbers = self._account_numbers(line.account_id for item in transactions for line in item.postings)
        digested = digests or [content_digest(item) for item in transactions]
        for transaction, digest in zip(transactions, digested, strict=True):
            recorded = known.get(transaction.transaction_id)
            if recorded is None:
                known[transaction.transaction_id] = digest
                seq = first + len(fresh)
                fresh.append(placed(transaction, seq))
                entries.append(transaction_row(transaction, digest, seq))
                lines += line_rows(transaction, seq, numbers)
            elif recorded != digest:
                require_same_content(transaction, recorded)
        with ledger_batch(self._connection, first, bool(entries)):
            append_tuples(self._connection, "transactions", TRANSACTION_COLUMNS, entries)
            append_tuples(self._connection, "posting_lines", LINE_COLUMNS, lines)
        return fresh

    def stored_transactions(self, numbers: Iterable[str] | None = None) -> list[StoredTransaction]:
        """The ledger in order, each entry with the digest and line count written beside it; ``numbers``: only entries
        about those waybills."""
        entries = schema.transactions
        return self._stored(self._selected(select(entries), entries.c.number, numbers), everything=numbers is None)

    def _stored(self, rows: Sequence[Any], everything: bool = False) -> list[StoredTransaction]:
        lines = schema.postings
        posted = select(lines).order_by(lines.c.transaction_seq, lines.c.line)
        wanted = None if everything else [row.seq for row in rows]
        postings: dict[int, list[Posting]] = {}
        for row in self._selected(posted, lines.c.transaction_seq, wanted):
            postings.setdefault(row[0], []).extend(postings_of(row))
        return [
            StoredTransaction(transaction_of(row, postings.get(row.seq, ())), row.content_sha256, 2 * row.line_count)
            for row in sorted(rows, key=lambda row: int(row.seq))
        ]

    def transactions(self, numbers: Iterable[str] | None = None) -> list[Transaction]:
        """The ledger in order, or what is about some waybills."""
        return [item.transaction for item in self.stored_transactions(numbers)]

    def transaction(self, transaction_id: str) -> Transaction | None:
        """The entry of an id, None when there is none."""
        query = select(schema.transactions).where(schema.transactions.c.transaction_id == transaction_id)
        found = self._stored(self._connection.execute(query).all())
        return found[0].transaction if found else None

    def settled_lots(self, numbers: Iterable[str]) -> set[tuple[str, int]]:
        """The lots of these waybills that have a SETTLE."""
        entries = schema.transactions.c
        query = select(entries.number, entries.lot_no).where(entries.kind == "SETTLE")
        return {(row.number, row.lot_no) for row in self._selected(query, entries.number, numbers)}

    def pending_lots(self, numbers: Iterable[str]) -> set[tuple[str, int]]:
        """The lots of these waybills with an estimate that nothing resolved yet."""
        entries, pendings = schema.transactions.c, schema.pendings.c
        query = (
            select(entries.number, entries.lot_no)
            .join(schema.pendings, pendings.estimate_id == entries.transaction_id)
            .where(entries.kind == "ESTIMATE", pendings.remaining_g.is_(None))
        )
        return {(row.number, row.lot_no) for row in self._selected(query, entries.number, numbers)}

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

    def _selected(self, query: Any, column: Any, wanted: Iterable[Any] | None) -> list[Any]:
        """Rows of a query, all or in slices of an IN clause."""
        if wanted is None:
            return list(self._connection.execute(query))
        values = sorted(set(wanted))
        rows: list[Any] = []
        for start in range(0, len(values), _CHUNK):
            rows += self._connection.execute(query.where(column.in_(values[start : start + _CHUNK])))
        return rows

    def _account_numbers(self, account_ids: Iterable[str]) -> dict[str, int]:
        query = select(account_numbers.c.account_id, account_numbers.c.account_no)
        return {row[0]: row[1] for row in self._selected(query, account_numbers.c.account_id, account_ids)}

    def _transaction_digests(self, ids: Iterable[str]) -> dict[str, str]:
        entries = schema.transactions
        query = select(entries.c.transaction_id, entries.c.content_sha256)
        return {row.transaction_id: row.content_sha256 for row in self._selected(query, entries.c.transaction_id, ids)}


def _conflict(zh: str, en: str) -> ConflictError:
    return ConflictError(
        Message(
            f"{zh} 已以不同内容登记；更正须另行登记。", f"{en} is recorded with other content; register a correction."
        )
    )
