"""Run the audit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from optimizer.accounts import audit as checks
from optimizer.accounts.audit import Check
from optimizer.accounts.audit.amendments import amendments_follow_the_rules
from optimizer.accounts.audit.balances import balances_are_the_fold
from optimizer.accounts.audit.city import city_totals_are_the_fold
from optimizer.accounts.audit.entries import closed_periods_untouched, documents_are_as_written
from optimizer.accounts.audit.quick import Doubts, QuickLedger
from optimizer.accounts.books import AuditView, Books
from optimizer.accounts.corrections import standing_entries
from optimizer.accounts.ledger import Period
from optimizer.accounts.settlement import Review, review
from optimizer.accounts.voyages import Voyages
from optimizer.actions.evidencing import check_evidence
from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.store.engine import Store
from optimizer.store.evidence_files import EvidenceFiles
from optimizer.store.session import Session
from optimizer.waybills.event import Event
from optimizer.waybills.finding import Finding

BLOCK = 1_000
"""Waybills whose events are folded at a time, with their neighbours: a demo month is one block or two."""


def audit(store: Store, network: Network, factors: FactorTable, evidence: EvidenceFiles | None = None) -> list[Finding]:
    """Every finding of every check over the whole database, recomputed with this data package. Empty: clean books.

    ``evidence``: the files that are kept beside it; without them they are not looked at.

    The ledger is read once, row by row (``accounts.audit.quick``); the checks get records only of what that leaves in
    doubt, and the evidence in blocks of waybills. So memory stays bounded while the books are clean.
    """
    with store.read() as session:
        found = _recorded(session, network, factors)
    if evidence is not None:
        found += check_evidence(store, evidence).findings
    with store.read() as session:
        found += _amendments(session)
        return [*found, *city_totals_are_the_fold(session.kept_city_cells(), session.folded_city_cells())]


def ledger_doubts(session: Session, factors: FactorTable) -> Doubts:
    """Read every waybill, run and entry once: all digests, all balances, all settlements recomputed."""
    quick = QuickLedger(session.accounts(), session.periods(), factors)
    for waybill in session.waybill_rows():
        quick.waybill(*waybill)
    for run in session.run_rows():
        quick.run(run)
    for entry, lines in session.entry_rows():
        quick.entry(entry, lines)
    return quick.doubts(session.kept_balances())


def _recorded(session: Session, network: Network, factors: FactorTable) -> list[Finding]:
    """The findings of :data:`checks.CHECKS`, in their order."""
    doubts = ledger_doubts(session, factors)
    found: dict[Check, list[Finding]] = {}

    def look(view: AuditView, chosen: Collection[Check]) -> None:
        for check in chosen:
            found.setdefault(check, []).extend(check(view))

    package = (session.periods(), network, factors)
    read = session.documents() if doubts.documents else session.event_documents()
    look(_view(Books({}, (), read, {}, {}, (), *package)), (documents_are_as_written,))
    if doubts.ledger:
        whole = Books(
            session.waybills(), (), (), session.runs(), session.accounts(), session.stored_transactions(), *package
        )
        look(_view(whole), set(checks.CHECKS) - checks.EVIDENCE_CHECKS - {documents_are_as_written})
    else:
        look(_view(Books({}, (), (), {}, {}, (), *package)), (closed_periods_untouched,))
        for numbers in _blocks(sorted(doubts.numbers)):
            look(_view(_books_of(session, numbers, numbers, (), package)), checks.LOT_CHECKS)
    for numbers in _blocks(session.audited_numbers()):
        around = session.neighbourhood(numbers) | set(numbers)
        view = _view(_books_of(session, numbers, around, session.events(around), package), numbers)
        look(view, checks.EVIDENCE_CHECKS)
    listed = [finding for check in checks.CHECKS for finding in found.get(check, ())]
    return listed + list(balances_are_the_fold(doubts))


Package = tuple[Sequence[Period], Network, FactorTable]


def _books_of(
    session: Session, numbers: Sequence[str], around: Collection[str], events: Sequence[Event], package: Package
) -> Books:
    """The entries and runs of some waybills, with the waybills and events around them."""
    stored = session.stored_transactions(numbers)
    runs = session.runs({item.transaction.run_id for item in stored if item.transaction.run_id})
    return Books(session.waybills(around), events, (), runs, {}, stored, *package)


def _view(books: Books, numbers: Sequence[str] = ()) -> AuditView:
    """The books with the events of ``numbers`` folded."""
    reviewed = review(books.waybills, books.events, set(numbers)) if numbers else Review({}, Voyages({}, {}, {}))
    return AuditView(books, reviewed, standing_entries(books.transactions))


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
        )
