"""Check of the balances that the database keeps against the postings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.accounts.audit.naming import finding
from optimizer.accounts.audit.quick import Doubts
from optimizer.waybills.finding import Finding


def pendings_are_the_fold(changed: Sequence[int], totals: tuple[int, int, int, int]) -> Iterator[Finding]:
    """What the database keeps of each estimate is what the ledger says (invariant 4). ``changed``: the numbers of those
    that differ; ``totals``: estimates kept and booked, grams that the open ones reserve and that balances hold."""
    for seq in changed:
        yield finding(
            "pending_differs",
            f"transaction {seq}",
            "预留记录与分录不符",
            "the row kept of its estimate differs from it",
        )
    kept, booked, open_g, held_g = totals
    if kept != booked or open_g != held_g:
        yield finding(
            "pending_differs",
            "pendings",
            f"预留记录 {kept} 笔、未清 {open_g} 克，账上预估 {booked} 笔、预留 {held_g} 克",
            f"{kept} estimates are kept with {open_g} g open; the ledger has {booked} and balances hold {held_g} g",
        )


def balances_are_the_fold(doubts: Doubts) -> Iterator[Finding]:
    """Every kept balance is the sum of its postings (invariant 7)."""
    for place, folded, kept in sorted(doubts.balances, key=str):
        yield finding(
            "balance_differs",
            f"balance {' '.join(str(word) for word in place if word)}",
            f"库存余额 {kept}，分录合计 {folded}",
            f"the database keeps {kept}, the postings come to {folded}",
        )
