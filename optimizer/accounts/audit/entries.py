"""Checks of the entries alone: digests, sums, balances, order, periods."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from optimizer.accounts.audit.naming import entry_name, finding
from optimizer.accounts.books import AuditView
from optimizer.accounts.corrections import SETTLING, active_runs
from optimizer.accounts.ledger import (
    Bucket,
    Kind,
    Ledger,
    Transaction,
    booking_period,
    content_digest,
    fold_balances,
    imbalance,
    month_after,
    pending_by_lot,
    reserved_amount,
)
from optimizer.accounts.settlement import ISSUANCE
from optimizer.waybills.finding import Finding


def documents_are_as_written(view: AuditView) -> Iterator[Finding]:
    """Waybills, events and runs still have the digest that was written beside them."""
    for item in view.books.documents:
        if item.sha256_now != item.sha256_written:
            yield finding("document_changed", item.record, "内容与登记的摘要不符", "differs from its recorded digest")


def transactions_are_as_written(view: AuditView) -> Iterator[Finding]:
    """Transactions still have their content and their number of lines, and the sequence has no gap (invariant 10)."""
    for place, item in enumerate(view.books.stored, start=1):
        entry = item.transaction
        if entry.seq != place:
            yield finding("sequence_gap", entry_name(entry), f"序号应为 {place}", f"should stand at {place}")
        if content_digest(entry) != item.content_sha256 or len(entry.postings) != item.line_count:
            yield finding(
                "transaction_changed", entry_name(entry), "内容与登记的摘要不符", "differs from its recorded digest"
            )


def postings_balance(view: AuditView) -> Iterator[Finding]:
    """Every transaction sums to zero in each ledger, has two postings or more and none of zero (invariant 1)."""
    for entry in view.books.transactions:
        wrong = imbalance(entry)
        if wrong:
            yield finding(
                "not_balanced", entry_name(entry), f"分录不平衡：{wrong}", f"postings do not balance: {wrong}"
            )


def accounts_exist(view: AuditView) -> Iterator[Finding]:
    """Every posting names an account that exists."""
    for entry in view.books.transactions:
        for account_id in {posting.account_id for posting in entry.postings} - set(view.books.accounts):
            yield finding("unknown_account", entry_name(entry), f"账户 {account_id} 不存在", f"no account {account_id}")


def balances_never_negative(view: AuditView) -> Iterator[Finding]:
    """Reserved, available and retired claims of a party never fall below zero, at any point (invariants 6 and 7)."""
    running: dict[tuple[str, Bucket], int] = {}
    for entry in view.books.transactions:
        for posting in entry.postings:
            if posting.ledger is not Ledger.CLAIM or posting.account_id == ISSUANCE.account_id:
                continue
            key = (posting.account_id, posting.bucket)
            running[key] = running.get(key, 0) + posting.amount
            if running[key] < 0:
                yield finding(
                    "negative_balance",
                    entry_name(entry),
                    f"账户 {key[0]} 的 {key[1].value} 余额为 {running[key]} 克",
                    f"leaves {key[0]} with {running[key]} g {key[1].value}",
                )


def estimates_resolve_once(view: AuditView) -> Iterator[Finding]:
    """Posted + voided = reserved for every estimate that is resolved (invariant 4)."""
    entries = view.books.transactions
    estimates = {item.transaction_id: item for item in entries if item.kind is Kind.ESTIMATE}
    released: dict[str, int] = {}
    for entry in entries:
        if entry.kind in (Kind.POST, Kind.VOID):
            released[entry.resolves] = released.get(entry.resolves, 0) - reserved_amount(entry)
            if entry.resolves not in estimates:
                yield finding("resolves_nothing", entry_name(entry), "没有对应的预估", "resolves no estimate")
    for estimate_id, amount_g in released.items():
        if estimate_id in estimates and amount_g != reserved_amount(estimates[estimate_id]):
            reserved_g = reserved_amount(estimates[estimate_id])
            yield finding(
                "pending_mismatch",
                entry_name(estimates[estimate_id]),
                f"预留 {reserved_g} 克，已释放 {amount_g} 克",
                f"reserved {reserved_g} g, released {amount_g} g",
            )


def settled_lots_are_cleared(view: AuditView) -> Iterator[Finding]:
    """A settled lot has no estimate left pending."""
    settled = {(item.waybill_number, item.lot_no) for item in view.books.settlements}
    for key, entry in pending_by_lot(view.books.transactions).items():
        if key in settled:
            yield finding(
                "pending_after_settlement", entry_name(entry), "结算后仍有预留", "still pending after settlement"
            )


def one_claim_per_lot(view: AuditView) -> Iterator[Finding]:
    """At most one settlement of a lot (invariant 5)."""
    seen: dict[tuple[str, int], Transaction] = {}
    for entry in view.books.settlements:
        first = seen.setdefault((entry.waybill_number, entry.lot_no), entry)
        if first is not entry:
            yield finding(
                "settled_twice",
                entry_name(entry),
                f"该批已由第 {first.seq} 号交易结算",
                f"settled before by {entry_name(first)}",
            )


def corrections_form_a_chain(view: AuditView) -> Iterator[Finding]:
    """Every correction names the entry that stood for its lot when it was made, and is dated no earlier than that
    (invariants 5 and 8)."""
    last: dict[tuple[str, int], Transaction] = {}
    for entry in view.books.transactions:
        key = (entry.waybill_number, entry.lot_no)
        standing_entry = last.get(key)
        if entry.kind in (Kind.REVERSE, Kind.RESTATE):
            if standing_entry is None or entry.resolves != standing_entry.transaction_id:
                yield finding(
                    "corrects_another", entry_name(entry), "未指向该批现行分录", "does not name the entry that stood"
                )
            elif entry.period < standing_entry.period:
                yield finding(
                    "correction_backdated", entry_name(entry), "更正早于原分录", "is booked before what it corrects"
                )
        if entry.kind in SETTLING:
            last[key] = entry


def closed_periods_untouched(view: AuditView) -> Iterator[Finding]:
    """Nothing was posted into a period after it closed, and periods closed in order (invariant 8)."""
    periods = sorted(view.books.periods, key=lambda item: item.period)
    for period in periods:
        for entry in view.books.transactions:
            if entry.period <= period.period and entry.seq > period.last_seq:
                yield finding(
                    "posted_into_closed_period",
                    entry_name(entry),
                    f"记入已关账的 {entry.period}",
                    f"is booked in {entry.period}, which was closed",
                )
    for earlier, later in pairwise(periods):
        if later.closed_at < earlier.closed_at or later.period != month_after(earlier.period):
            yield finding("periods_out_of_order", f"period {later.period}", "关账顺序不连续", "was not closed in order")


def bookings_follow_their_dates(view: AuditView) -> Iterator[Finding]:
    """Every entry stands in the month of what it is about, or in the first month that was open when it was written."""
    periods = view.books.periods
    for entry in view.books.transactions:
        last_closed = max((item.period for item in periods if item.last_seq < entry.seq), default="")
        expected = booking_period(entry.effective_at, last_closed)
        if entry.period != expected:
            yield finding(
                "booked_in_wrong_period",
                entry_name(entry),
                f"记入 {entry.period}，应为 {expected}",
                f"is booked in {entry.period} and belongs in {expected}",
            )


def credits_add_up(view: AuditView) -> Iterator[Finding]:
    """Claims over all parties, retired ones included, equal the sum of credited grams of all runs that stand, to the
    gram (invariant 5)."""
    books = view.books
    folded = fold_balances(books.transactions)
    held_g = sum(
        amount
        for (account_id, ledger, bucket, _), amount in folded.items()
        if ledger is Ledger.CLAIM and bucket is not Bucket.RESERVED and account_id != ISSUANCE.account_id
    )
    credited_g = sum(
        books.runs[run_id].result.credited_wtw_g
        for run_id in active_runs(books.transactions).values()
        if run_id in books.runs
    )
    if held_g != credited_g:
        yield finding(
            "claims_differ_from_runs",
            "ledger claim",
            f"账上 {held_g} 克，计算结果合计 {credited_g} 克",
            f"accounts hold {held_g} g, the runs credit {credited_g} g",
        )
