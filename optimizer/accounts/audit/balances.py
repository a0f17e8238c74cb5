"""Check of the balances that the database keeps against the postings."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.accounts.audit.naming import finding
from optimizer.accounts.audit.quick import Doubts
from optimizer.waybills.finding import Finding


def balances_are_the_fold(doubts: Doubts) -> Iterator[Finding]:
    """Every kept balance is the sum of its postings (invariant 7)."""
    for place, folded, kept in sorted(doubts.balances, key=str):
        yield finding(
            "balance_differs",
            f"balance {' '.join(str(word) for word in place if word)}",
            f"库存余额 {kept}，分录合计 {folded}",
            f"the database keeps {kept}, the postings come to {folded}",
        )
