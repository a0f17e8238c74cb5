"""Columns that repeat what documents say, read beside them for the audit. A part of ``Session``.

What waybills, lots, legs and evidence are looked up by is compared block by block, with the events of the block
(:class:`WaybillColumns`); the tables that stay small are read whole (:class:`RepeatedColumns`).
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import islice, pairwise
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Table, func, literal, select
from sqlalchemy.exc import DatabaseError

from optimizer.accounts.audit.columns import ChangedRow, differing, differing_rows
from optimizer.accounts.ledger import account_of, month_of
from optimizer.emissions.releases import FactorProposal, FactorRelease, FactorWithdrawal, digest_in, rows_digest
from optimizer.network.releases import NetworkProposal, NetworkRelease, NetworkWithdrawal
from optimizer.store import schema
from optimizer.store.city_tables import city_cursor
from optimizer.store.factor_tables import factor_records
from optimizer.store.listed import list_of, listed_rows
from optimizer.store.network_tables import network_records
from optimizer.waybills.codec import from_json, lean_reader_of, lean_text, sha256, to_json, to_plain
from optimizer.waybills.event import Event
from optimizer.waybills.party import Party
from optimizer.waybills.waybill import Waybill

_LOT_COLUMNS = ("number", "version", "lot_no", "declared_mass_kg", "port_of_loading", "port_of_discharge")
_LEG_COLUMNS = (
    *("number", "version", "lot_no", "seq", "mode", "origin", "destination", "voyage_id", "vessel_id", "distance_km"),
)
_EVIDENCE_COLUMNS = ("event_id", "sha256", "kind")
_PARTY_COLUMNS = ("party_id", "credit_code", "name_zh", "name_en", "domain", "role")

_lot, _leg = attrgetter(*_LOT_COLUMNS[2:]), attrgetter(*_LEG_COLUMNS[3:])
_party = attrgetter(*_PARTY_COLUMNS)
_whole_party = attrgetter(*(item.name for item in fields(Party)))
_read_party = lean_reader_of(Party)


def changed_parts(
    connection: Connection, numbers: Sequence[str], waybills: Collection[Waybill]
) -> list[ChangedRow] | None:
    """What the lots and legs of waybills are looked up by and their documents do not say; None where all of it is said.
    ``numbers`` in order; ``waybills``: what those of all versions of these say, in order of both."""
    if _parts_are_said(connection, numbers, waybills):
        return None
    changed: list[ChangedRow] = []
    lots = [(bill.number, bill.version, lot) for bill in waybills for lot in bill.lots]
    for table, names, key, expected in (
        ("waybill_lots", _LOT_COLUMNS, 3, [(*of, *_lot(lot)) for *of, lot in lots]),
        ("waybill_legs", _LEG_COLUMNS, 4, [(*of, lot.lot_no, *_leg(leg)) for *of, lot in lots for leg in lot.legs]),
    ):
        query = f"SELECT {', '.join(names)} FROM {table} WHERE number {{listed}}"  # nosec B608
        changed += differing_rows("waybill", table, names, key, listed_rows(connection, query, numbers), expected)
    return changed


def _parts_are_said(connection: Connection, numbers: Sequence[str], waybills: Collection[Waybill]) -> bool:
    """Whether lots and legs are those of the documents, asked of all at once: of each column a list. A distance is no
    text that the database and we write alike, so these come as they are."""
    try:
        return (
            _lists(connection, "waybill_lots", _LOT_COLUMNS, 3, numbers) == lean_text(_said_of_lots(waybills))
            and _lists(connection, "waybill_legs", _LEG_COLUMNS[:-1], 4, numbers) == lean_text(_said_of_legs(waybills))
            and _distances(connection, numbers)
            == [(leg.distance_km,) for bill in waybills for lot in bill.lots for leg in lot.legs]
        )
    except DatabaseError:
        if connection.dialect.name != "sqlite":
            raise
        return False  # bytes where a text belongs


def _said_of_lots(waybills: Collection[Waybill]) -> list[list[Any]]:
    """What documents say of each of :data:`_LOT_COLUMNS`. One name at a time is the quickest way."""
    lots = [lot for bill in waybills for lot in bill.lots]
    return [
        [bill.number for bill in waybills for _ in bill.lots],
        [bill.version for bill in waybills for _ in bill.lots],
        [lot.lot_no for lot in lots],
        [lot.declared_mass_kg for lot in lots],
        [lot.port_of_loading for lot in lots],
        [lot.port_of_discharge for lot in lots],
    ]


def _said_of_legs(waybills: Collection[Waybill]) -> list[list[Any]]:
    """The same of :data:`_LEG_COLUMNS` but for the last."""
    legs = [leg for bill in waybills for lot in bill.lots for leg in lot.legs]
    return [
        [bill.number for bill in waybills for lot in bill.lots for _ in lot.legs],
        [bill.version for bill in waybills for lot in bill.lots for _ in lot.legs],
        [lot.lot_no for bill in waybills for lot in bill.lots for _ in lot.legs],
        [leg.seq for leg in legs],
        [leg.mode for leg in legs],
        [leg.origin for leg in legs],
        [leg.destination for leg in legs],
        [leg.voyage_id for leg in legs],
        [leg.vessel_id for leg in legs],
    ]


def _lists(connection: Connection, table: str, names: Sequence[str], key: int, numbers: Sequence[str]) -> bytes:
    """Columns of the parts of some waybills in order, as one JSON list of lists."""
    lists = ", ".join(list_of(connection, name) for name in names)
    rows = _ordered(connection, table, ", ".join(names[:key]))
    return b"[%b]" % b",".join(listed_rows(connection, f"SELECT {lists} FROM {rows}", numbers)[0])  # nosec B608


def _distances(connection: Connection, numbers: Sequence[str]) -> list[tuple[Any, ...]]:
    rows = _ordered(connection, "waybill_legs", ", ".join(_LEG_COLUMNS[:4]))
    return listed_rows(connection, f"SELECT distance_km FROM {rows}", numbers)  # nosec B608


def _ordered(connection: Connection, table: str, key: str) -> str:
    """The rows of some numbers in order of their key: that in which SQLite looks them up."""
    if connection.dialect.name == "sqlite":
        return f"{table} WHERE number {{listed}}"
    return f"(SELECT * FROM {table} WHERE number {{listed}} ORDER BY {key}) AS o"  # nosec B608


def changed_parties(connection: Connection, waybills: Iterable[Waybill]) -> Iterator[ChangedRow]:
    """Parties that are registered otherwise than waybills have them: once registered, a party stays as it is."""
    # Most waybills hold the very same records of parties.
    parties = {
        id(party): party for bill in waybills for party in (bill.operator, bill.consignor, bill.consignee)
    }.values()
    query = "SELECT party_id, document FROM parties WHERE party_id {listed}"
    kept = dict(listed_rows(connection, query, sorted({party.party_id for party in parties})))
    registered = _registered(kept)
    others = {_whole_party(party) for party in parties if registered.get(party.party_id) != party}
    for party in sorted(others, key=str):
        if kept.get(party[0]) != to_json(Party(*party)):
            yield ChangedRow(f"party {party[0]}", "parties", ("document",))


def _registered(kept: Mapping[str, str]) -> dict[str, Party]:
    """The parties of those documents that are canonical, by id. They are few beside the waybills that name them."""
    parties: dict[str, Party] = {}
    for party_id, document in kept.items():
        try:
            party = _read_party(document)
        except ValueError:
            continue
        if lean_text([party]) == f"[{document}]".encode():
            parties[party_id] = party
    return parties


Shown = tuple[str, str, str]
"""A piece of evidence: event, digest, kind."""


def said_evidence(events: Iterable[Event]) -> list[Shown]:
    """The evidence of events as its table has it: of two with one digest the last counts."""
    said: list[Shown] = []
    for event in events:
        shown = event.evidence
        if len(shown) == 1:
            said.append((event.event_id, shown[0].sha256, shown[0].kind))
        elif shown:
            event_id = event.event_id
            said += [(event_id, *item) for item in {item.sha256: item.kind for item in shown}.items()]
    return said


def sum_of(evidence: Iterable[Sequence[Any]], key: bytes) -> int:
    """Equal for the same evidence in any order and in any parts that are added, and for no other that somebody finds
    who does not know the ``key``: a look at the whole table takes a tenth of looking up each event's own.

    The digests of the rows are added, each of its texts with the key between them, which nobody can write into one; a
    row that holds anything but texts is like none that was said."""
    between, rows, total = f"\0{key.hex()}", iter(evidence), 0
    while some := list(islice(rows, _SUMMED)):
        try:
            texts = list(map(between.join, some))
        except TypeError:
            texts = [between.join(row) if all(type(part) is str for part in row) else f"{between}{row}" for row in some]
        total += sum([_number(_digest(text.encode()).digest()) for text in texts])
    return total


_SUMMED = 2_000
"""Rows taken at a time."""
_digest, _number = hashlib.sha256, int.from_bytes


def changed_evidence(connection: Connection, numbers: Iterable[str], events: Iterable[Event]) -> Iterator[ChangedRow]:
    """Pieces of evidence that stand in their table otherwise than in the events of some waybills, or only in one."""
    query = """SELECT v.event_id, v.sha256, v.kind FROM events AS e JOIN evidence AS v ON v.event_id = e.event_id
        WHERE e.number {listed}"""
    rows, expected = listed_rows(connection, query, sorted(numbers)), said_evidence(events)
    yield from differing_rows("event", "evidence", _EVIDENCE_COLUMNS, 2, rows, expected)


_RELEASES: tuple[tuple[Table, dict[str, type[Any]]], ...] = (
    (factor_records, {"PROPOSE": FactorProposal, "RELEASE": FactorRelease, "WITHDRAW": FactorWithdrawal}),
    (network_records, {"PROPOSE": NetworkProposal, "RELEASE": NetworkRelease, "WITHDRAW": NetworkWithdrawal}),
)
_DONE = {"PROPOSE": "proposed", "RELEASE": "released", "WITHDRAW": "withdrawn"}
"""What stands before ``_by`` and ``_at`` in a record of a kind."""


def _is_sound(said: object, archive: str) -> bool:
    """Whether what a proposal digests is what it holds."""
    if isinstance(said, FactorProposal):
        digests = tuple(sha256(text) for text in said.contents)
        named = digest_in(said.proposal_id)
        return rows_digest(said.rows) == named and digests in ((), tuple(row.digest for row in said.rows))
    digest = said.archive_sha256 if isinstance(said, NetworkProposal) else ""
    try:
        kept = b64decode(archive, validate=True)
    except ValueError:
        return False
    return hashlib.sha256(kept).hexdigest() == digest if digest else not kept


class RepeatedColumns:
    """The part of a session that compares what stays small."""

    _connection: Connection

    def changed_rows(self) -> Iterator[ChangedRow]:
        """Parties, plans, accounts, months and numbers that do not say what their documents or the ledger say."""
        yield from self._changed_parties()
        yield from self._changed_plans()
        yield from self._changed_accounts()
        yield from self._changed_releases()
        yield from self._changed_numbers()

    def _changed_parties(self) -> Iterator[ChangedRow]:
        columns = [schema.parties.c[name] for name in _PARTY_COLUMNS]
        for *row, document in self._connection.execute(select(*columns, schema.parties.c.document)):
            record = f"party {row[0]}"
            try:
                said = _party(from_json(Party, document))
            except ValueError:
                yield ChangedRow(record, "parties", ("document",))
            else:
                yield from differing(record, "parties", _PARTY_COLUMNS, row, said)

    def _changed_plans(self) -> Iterator[ChangedRow]:
        """A plan is called by the digest of its document."""
        plans = schema.plans.c
        for plan_id in self._connection.execute(select(plans.plan_id)).scalars().all():
            document = self._connection.execute(select(plans.document).where(plans.plan_id == plan_id)).scalar_one()
            if sha256(document) != plan_id:
                yield ChangedRow(f"plan {plan_id}", "plans", ("document",))

    def _changed_accounts(self) -> Iterator[ChangedRow]:
        accounts = schema.accounts.c
        for account_id, party_id, domain in self._connection.execute(
            select(accounts.account_id, accounts.party_id, accounts.domain)
        ):
            issues = str(account_id).startswith("issuance.")
            named = account_id if issues and party_id is None else account_of(party_id, domain).account_id
            if named != account_id or (issues and domain != "transport"):
                yield ChangedRow(f"account {account_id}", "accounts", ("party_id", "domain"))

    def _changed_releases(self) -> Iterator[ChangedRow]:
        """Of what was proposed, released, withdrawn: by whom, when, under which name, and the tables of a network."""
        columns = ("kind", "proposal_id", "login", "recorded_at")
        for table, records in _RELEASES:
            archive = table.c.archive if "archive" in table.c else literal("")
            query = select(*(table.c[name] for name in columns), table.c.document, archive)
            for kind, *row, document, packed in self._connection.execute(query):
                record = f"{table.name.split('_')[0]} {kind} {row[0]}"
                try:
                    said, done = from_json(records[kind], document), _DONE[kind]
                except (KeyError, ValueError):
                    yield ChangedRow(record, table.name, ("kind", "document"))
                    continue
                right = (said.proposal_id, getattr(said, f"{done}_by"), to_plain(getattr(said, f"{done}_at")))
                yield from differing(record, table.name, columns[1:], row, right)
                if not _is_sound(said, packed):
                    yield ChangedRow(record, table.name, ("document",))

    def _changed_numbers(self) -> Iterator[ChangedRow]:
        """Events are numbered 1, 2, 3; a month was closed after its end, not later in the ledger than the next, and
        neither it nor the city's sums reach beyond the ledger."""
        seq = schema.events.c.seq
        # One by one: each by itself needs no look at every event.
        asked = (func.count(), func.min(seq), func.max(seq))
        events, first, last = (
            self._connection.execute(select(one).select_from(schema.events)).scalar() for one in asked
        )
        if events and (first, last) != (1, events):
            yield ChangedRow(f"event {last}", "events", ("seq",))
        entries = self._connection.execute(select(func.coalesce(func.max(schema.transactions.c.seq), 0))).scalar_one()
        periods = schema.periods.c
        query = select(periods.period, periods.closed_at, periods.last_seq).order_by(periods.period)
        rows = list(self._connection.execute(query))
        for period, closed_at, last_seq in rows:
            if last_seq > entries:
                yield ChangedRow(f"period {period}", "periods", ("last_seq",))
            if month_of(datetime.fromisoformat(closed_at)) <= period:
                yield ChangedRow(f"period {period}", "periods", ("closed_at",))
        # Months close in order from the first with bookings on.
        booked = self._connection.execute(select(schema.transactions.c.period).where(schema.transactions.c.seq == 1))
        if rows and rows[0].period > (booked.scalar() or rows[0].period):
            yield ChangedRow(f"period {rows[0].period}", "periods", ("period",))
        for (_, _, before), (period, _, last_seq) in pairwise(rows):
            if last_seq < before:
                yield ChangedRow(f"period {period}", "periods", ("last_seq",))
        reached = self._connection.execute(select(city_cursor.c.last_seq)).scalar() or 0
        if reached > entries:
            yield ChangedRow("city", "city_cursor", ("last_seq",))
