"""Run the audit."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import NamedTuple

from optimizer.accounts import audit as checks
from optimizer.accounts.audit import Check
from optimizer.accounts.audit.amendments import amendments_follow_the_rules
from optimizer.accounts.audit.balances import balances_are_the_fold, pendings_are_the_fold
from optimizer.accounts.audit.city_part import CityRead, Reach
from optimizer.accounts.audit.columns import ChangedRow, columns_repeat_documents
from optimizer.accounts.audit.entries import closed_periods_untouched, documents_are_as_written
from optimizer.accounts.audit.kept_factors import kept_factors_are_whole
from optimizer.accounts.audit.plain_lots import plainly_reviewed
from optimizer.accounts.audit.run_part import RunsRead
from optimizer.accounts.audit.waybill_part import WaybillsRead, seen_waybills
from optimizer.accounts.books import AuditView, Books, StoredDocument
from optimizer.accounts.corrections import standing_entries
from optimizer.accounts.ledger import Kind, Period
from optimizer.accounts.settlement import Review
from optimizer.accounts.voyages import Voyages
from optimizer.actions.audit_city import CityAudit, block_of_city
from optimizer.actions.audit_parts import LedgerReading, Package, Readers, fitting_processes
from optimizer.actions.evidencing import check_evidence
from optimizer.actions.garbage import HARDLY, collected_rarely
from optimizer.cores import cores_here
from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.store.audit_rows import Part
from optimizer.store.engine import Store
from optimizer.store.evidence_files import EvidenceFiles
from optimizer.store.neighbourhood import Sharing
from optimizer.store.run_rows import document_of
from optimizer.store.session import Session
from optimizer.waybills.event import Event
from optimizer.waybills.finding import Finding

BLOCK = 1_000
"""Waybills whose events are folded at a time, with their neighbours: a demo month is one block or two."""


def audit(
    store: Store,
    network: Network,
    factors: FactorTable,
    evidence: EvidenceFiles | None = None,
    processes: int | None = 1,
) -> list[Finding]:
    """Every finding of every check over the whole database, recomputed with this data package. Empty: clean books.

    ``evidence``: the files that are kept beside it; without them they are not looked at. ``processes``: how many read
    at once (None: as many as the ledger is worth and the machine has cores); they find the same.

    The ledger is read once, row by row (``accounts.audit.quick``); the checks get records only of what that leaves in
    doubt, and the evidence in blocks of waybills. So memory stays bounded while the books are clean.
    """
    with collected_rarely(HARDLY), store.read() as session:
        count = fitting_processes(session.last_seq(), cores_here()) if processes is None else processes
        kept, changed = session.kept_factor_tables()
        with Readers(store, session, Package(network, factors, kept), count) as readers:
            # One task for as long as the ledger is: a process that takes it early does not keep others waiting.
            reserved, city = readers.each(_pendings, [None]), CityAudit(session)
            found = [*kept_factors_are_whole(changed), *_recorded(session, readers, city)]
            amended = [*_amendments(session), *(finding for findings in reserved for finding in findings)]
            amended += [*city.totals(), *city.exposures()]
    if evidence is not None:
        found += check_evidence(store, evidence).findings
    return found + amended


def _pendings(session: Session, _package: Package, _task: None) -> list[Finding]:
    """What the database keeps of estimates and the ledger does not say."""
    return list(pendings_are_the_fold(session.changed_pendings(), session.open_pendings()))


def _recorded(session: Session, readers: Readers, city: CityAudit | None = None) -> list[Finding]:
    """The findings of :data:`checks.CHECKS`, in their order. ``city``: is given what it asks of the same reading."""
    city = city or CityAudit(session)
    found: dict[Check, list[Finding]] = {}
    read_with = readers.package
    package = (session.periods(), read_with.network, read_with.factors, read_with.kept)

    def look(view: AuditView, chosen: Collection[Check]) -> None:
        for check in chosen:
            found.setdefault(check, []).extend(check(view))

    # What hangs on nothing else is asked for first: the processes work on it while the ledger is joined.
    ledger = LedgerReading(session, readers, alone=False)
    numbers, others = session.audited_numbers()
    sharing = session.ticket_sharing()
    # Events about waybills that nobody issued are in no block.
    events = readers.each(_changed_events, session.numbered_parts("events", readers.parts)) if others else ()
    key = secrets.token_bytes(16)
    by_evidence = readers.each(_evidence, [(sorted(block), sharing, key, city.reach) for block in _blocks(numbers)])
    shown = readers.each(_shown, [(key, part) for part in session.row_parts("evidence", readers.parts)])
    seen = list[_Seen]()
    for one in by_evidence:
        ledger.take(one.runs, one.waybills)
        seen.append(one)
    ledger.read_others()
    city.take_runs(ledger)
    doubts = ledger.doubts()
    city.take_blocks(one.city for one in seen)
    changed = [item for part in events for item in part]
    if not others:
        changed = [item for _, item in sorted((item for one in seen for item in one.changed), key=itemgetter(0))]
    read = session.documents() if doubts.documents else changed
    look(_view(Books({}, (), read, {}, {}, (), *package)), (documents_are_as_written,))
    if doubts.ledger:
        whole = Books(
            session.waybills(), (), (), session.runs(), session.accounts(), session.stored_transactions(), *package
        )
        look(_view(whole), set(checks.CHECKS) - checks.EVIDENCE_CHECKS - {documents_are_as_written})
    else:
        look(_view(Books({}, (), (), {}, {}, (), *package)), (closed_periods_untouched,))
        for block in _blocks(sorted(doubts.numbers)):
            look(_view(_books_of(session, block, package)), checks.LOT_CHECKS)
    for one in seen:
        for check, findings in zip(_EVIDENCE, one.findings, strict=True):
            found.setdefault(check, []).extend(findings)
    listed = [finding for check in checks.CHECKS for finding in found.get(check, ())]
    rows = [row for one in seen for row in one.rows]
    if sum(shown) != sum(one.shown for one in seen):
        rows += [row for block in _blocks(numbers) for row in session.changed_evidence(block)]
    listed += columns_repeat_documents([*rows, *session.changed_rows()])
    return listed + list(balances_are_the_fold(doubts))


_EVIDENCE = tuple(check for check in checks.CHECKS if check in checks.EVIDENCE_CHECKS)


def _changed_events(session: Session, _package: Package, part: Part) -> list[StoredDocument]:
    """The events of a part that are not what was written."""
    return list(session.changed_events(part))


class _Seen(NamedTuple):
    """Of a block of waybills: findings, check by check of :data:`_EVIDENCE`, the events that are not what was written,
    by number, the rows that are not what their documents say, what the evidence in their events adds up to, what they
    are to the kept sums of the city, where they say it all, the runs that stand for their lots, and what the ledger is
    held against of the waybills themselves."""

    findings: list[list[Finding]]
    changed: list[tuple[int, StoredDocument]]
    rows: list[ChangedRow]
    shown: int
    city: CityRead | None
    runs: RunsRead
    waybills: WaybillsRead


def _shown(session: Session, _package: Package, task: tuple[bytes, Part]) -> int:
    """What the evidence of a part of its table adds up to."""
    return session.evidence_part(*task)


Block = tuple[Sequence[str], Sharing, bytes, Reach]
"""The numbers of some waybills; of all the books who shows tickets of others, the key of the sum of evidence, and how
far the kept sums of the city reach."""


def _evidence(session: Session, package: Package, task: Block) -> _Seen:
    """What the events of some waybills and of their neighbours answer."""
    numbers, sharing, key, reach = task
    entries = session.standing(numbers)
    reported = session.reported(numbers, sharing, key)
    read = (session.periods(), package.network, package.factors, package.kept)
    books = Books(reported.waybills, (), (), {}, {}, (), *read)
    reviewed, plain = plainly_reviewed(books.waybills, reported.reports, reported.events_of, numbers)
    settled = {(entry.waybill_number, entry.lot_no) for entry in entries if entry.kind is Kind.SETTLE}
    view = AuditView(books, reviewed, standing_entries(entries), settled, plain)
    runs = session.runs_named(list(dict.fromkeys([entry.run_id for entry in entries])))
    city = block_of_city(session, entries, [row for _, row in runs], reported.read.versions, reach)
    held = package.runs_again(view, runs, document_of)
    if held.doubted:
        view = replace(view, books=replace(books, runs=session.runs(held.doubted)))
    found = [list(check(view)) for check in _EVIDENCE]
    waybills = seen_waybills(reported.read.versions, reported.read.changed)
    return _Seen(found, reported.changed, reported.rows, reported.shown, city, held.read, waybills)


ReadWith = tuple[Sequence[Period], Network, FactorTable, Mapping[str, FactorTable]]


def _books_of(session: Session, numbers: Sequence[str], package: ReadWith) -> Books:
    """Some waybills with their entries and runs, without events."""
    stored = session.stored_transactions(numbers)
    runs = session.runs({item.transaction.run_id for item in stored if item.transaction.run_id})
    return Books(session.waybills(numbers), (), (), runs, {}, stored, *package)


def _view(books: Books) -> AuditView:
    """The books without their events."""
    settled = {(entry.waybill_number, entry.lot_no) for entry in books.settlements}
    return AuditView(books, Review({}, Voyages({}, {}, {})), standing_entries(books.transactions), settled)


def _blocks(numbers: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(numbers), BLOCK):
        yield numbers[start : start + BLOCK]


def _amendments(session: Session) -> Iterator[Finding]:
    """What was amended against the rules; only waybills with more than one version are read."""
    numbers = session.amended_numbers()
    events: dict[str, list[Event]] = {}
    for event in session.events(numbers):
        events.setdefault(event.waybill_number, []).append(event)
    yield from amendments_follow_the_rules(session.waybill_versions(numbers), events)


def books(store: Store, network: Network, factors: FactorTable) -> Books:
    """Everything recorded, as one consistent view."""
    with store.read() as session:
        return Books(
            waybills=session.waybills(),
            events=session.events(),
            documents=list(session.documents()),
            runs=session.runs(),
            accounts=session.accounts(),
            stored=session.stored_transactions(),
            periods=session.periods(),
            network=network,
            factors=factors,
            kept_factors=session.kept_factor_tables()[0],
        )
