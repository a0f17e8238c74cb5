"""The audit: a list of plain functions from books to findings. None in clean books.

Each function asks one question of everything that is recorded and names the record that answers it badly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from optimizer.accounts.audit.entries import (
    accounts_exist,
    balances_never_negative,
    bookings_follow_their_dates,
    closed_periods_untouched,
    corrections_form_a_chain,
    credits_add_up,
    documents_are_as_written,
    estimates_resolve_once,
    one_claim_per_lot,
    postings_balance,
    settled_lots_are_cleared,
    transactions_are_as_written,
)
from optimizer.accounts.audit.lots import (
    double_reporting,
    frozen_lots,
    settled_lots_are_verified,
    verified_lots_are_settled,
)
from optimizer.accounts.audit.settlements import inputs_match_evidence, settlements_recompute
from optimizer.accounts.books import AuditView, Books
from optimizer.accounts.corrections import standing_entries
from optimizer.accounts.settlement import review
from optimizer.waybills.finding import Finding

Check = Callable[[AuditView], Iterator[Finding]]


def audit(books: Books) -> list[Finding]:
    """Run every check; findings in the order of :data:`CHECKS`, then of record."""
    settled = {(entry.waybill_number, entry.lot_no) for entry in books.settlements}
    view = AuditView(books, review(books.waybills, books.events), standing_entries(books.transactions), settled)
    return [finding for check in CHECKS for finding in check(view)]


CHECKS: tuple[Check, ...] = (
    documents_are_as_written,
    transactions_are_as_written,
    postings_balance,
    accounts_exist,
    balances_never_negative,
    estimates_resolve_once,
    settled_lots_are_cleared,
    one_claim_per_lot,
    corrections_form_a_chain,
    verified_lots_are_settled,
    settled_lots_are_verified,
    settlements_recompute,
    inputs_match_evidence,
    closed_periods_untouched,
    bookings_follow_their_dates,
    double_reporting,
    frozen_lots,
    credits_add_up,
)
"""All checks, in the order in which an auditor reads them."""

LOT_CHECKS = frozenset(
    {
        estimates_resolve_once,
        settled_lots_are_cleared,
        one_claim_per_lot,
        corrections_form_a_chain,
        settlements_recompute,
    }
)
"""What the entries and runs of a waybill answer by themselves."""

EVIDENCE_CHECKS = frozenset(
    {
        verified_lots_are_settled,
        settled_lots_are_verified,
        inputs_match_evidence,
        double_reporting,
        frozen_lots,
    }
)
"""What the events of a waybill and of its neighbours answer."""


def codes(findings: Iterable[Finding]) -> dict[str, int]:
    """How often each code occurs, for a summary."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.code] = counts.get(finding.code, 0) + 1
    return counts
