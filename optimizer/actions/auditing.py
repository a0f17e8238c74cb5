"""Run the audit."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.accounts import audit as checks
from optimizer.accounts.audit.amendments import amendments_follow_the_rules
from optimizer.accounts.audit.city import city_totals_are_the_fold
from optimizer.accounts.books import Books
from optimizer.actions.evidencing import check_evidence
from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.store.engine import Store
from optimizer.store.evidence_files import EvidenceFiles
from optimizer.store.session import Session
from optimizer.waybills.event import Event
from optimizer.waybills.finding import Finding


def audit(store: Store, network: Network, factors: FactorTable, evidence: EvidenceFiles | None = None) -> list[Finding]:
    """Every finding of every check over the whole database, recomputed with this data package. Empty: clean books.

    ``evidence``: the files that are kept beside it; without them they are not looked at.
    """
    found = checks.audit(books(store, network, factors))
    if evidence is not None:
        found += check_evidence(store, evidence).findings
    with store.read() as session:
        found += _amendments(session)
        return [*found, *city_totals_are_the_fold(session.kept_city_cells(), session.folded_city_cells())]


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
            documents=session.documents(),
            runs=session.runs(),
            accounts=session.accounts(),
            stored=session.stored_transactions(),
            periods=session.periods(),
            network=network,
            factors=factors,
        )
