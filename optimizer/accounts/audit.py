"""The audit: a list of plain functions from books to findings. None in clean books.

Each function asks one question of everything that is recorded and names the record that answers it badly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from optimizer.accounts.books import AuditView, Books
from optimizer.accounts.calculation import CalculationRun, calculate, inputs_of
from optimizer.accounts.corrections import SETTLING, Booking, active_runs, restatement, reversal, standing_entries
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
from optimizer.accounts.settlement import ISSUANCE, credit_lines, review
from optimizer.errors import Message, ModalshiftError
from optimizer.quantities import CHINA_TIME
from optimizer.waybills.codec import sha256, to_json
from optimizer.waybills.finding import Finding
from optimizer.waybills.lifecycle import CarbonStatus, lot_record
from optimizer.waybills.waybill import Waybill

Check = Callable[[AuditView], Iterator[Finding]]


def audit(books: Books) -> list[Finding]:
    """Run every check; findings in the order of :data:`CHECKS`, then of record."""
    view = AuditView(books, review(books.waybills, books.events), standing_entries(books.transactions))
    return [finding for check in CHECKS for finding in check(view)]


def documents_are_as_written(view: AuditView) -> Iterator[Finding]:
    """Waybills, events and runs still have the digest that was written beside them."""
    for item in view.books.documents:
        if item.sha256_now != item.sha256_written:
            yield _finding("document_changed", item.record, "内容与登记的摘要不符", "differs from its recorded digest")


def transactions_are_as_written(view: AuditView) -> Iterator[Finding]:
    """Transactions still have their content and their number of lines, and the sequence has no gap (invariant 10)."""
    for place, item in enumerate(view.books.stored, start=1):
        entry = item.transaction
        if entry.seq != place:
            yield _finding("sequence_gap", _name(entry), f"序号应为 {place}", f"should stand at {place}")
        if content_digest(entry) != item.content_sha256 or len(entry.postings) != item.line_count:
            yield _finding(
                "transaction_changed", _name(entry), "内容与登记的摘要不符", "differs from its recorded digest"
            )


def postings_balance(view: AuditView) -> Iterator[Finding]:
    """Every transaction sums to zero in each ledger, has two postings or more and none of zero (invariant 1)."""
    for entry in view.books.transactions:
        wrong = imbalance(entry)
        if wrong:
            yield _finding("not_balanced", _name(entry), f"分录不平衡：{wrong}", f"postings do not balance: {wrong}")


def accounts_exist(view: AuditView) -> Iterator[Finding]:
    """Every posting names an account that exists."""
    for entry in view.books.transactions:
        for account_id in {posting.account_id for posting in entry.postings} - set(view.books.accounts):
            yield _finding("unknown_account", _name(entry), f"账户 {account_id} 不存在", f"no account {account_id}")


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
                yield _finding(
                    "negative_balance",
                    _name(entry),
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
                yield _finding("resolves_nothing", _name(entry), "没有对应的预估", "resolves no estimate")
    for estimate_id, amount_g in released.items():
        if estimate_id in estimates and amount_g != reserved_amount(estimates[estimate_id]):
            reserved_g = reserved_amount(estimates[estimate_id])
            yield _finding(
                "pending_mismatch",
                _name(estimates[estimate_id]),
                f"预留 {reserved_g} 克，已释放 {amount_g} 克",
                f"reserved {reserved_g} g, released {amount_g} g",
            )


def settled_lots_are_cleared(view: AuditView) -> Iterator[Finding]:
    """A settled lot has no estimate left pending."""
    settled = {(item.waybill_number, item.lot_no) for item in view.books.settlements}
    for key, entry in pending_by_lot(view.books.transactions).items():
        if key in settled:
            yield _finding("pending_after_settlement", _name(entry), "结算后仍有预留", "still pending after settlement")


def corrections_form_a_chain(view: AuditView) -> Iterator[Finding]:
    """Every correction names the entry that stood for its lot when it was made, and is dated no earlier than that
    (invariants 5 and 8)."""
    last: dict[tuple[str, int], Transaction] = {}
    for entry in view.books.transactions:
        key = (entry.waybill_number, entry.lot_no)
        standing_entry = last.get(key)
        if entry.kind in (Kind.REVERSE, Kind.RESTATE):
            if standing_entry is None or entry.resolves != standing_entry.transaction_id:
                yield _finding(
                    "corrects_another", _name(entry), "未指向该批现行分录", "does not name the entry that stood"
                )
            elif entry.period < standing_entry.period:
                yield _finding(
                    "correction_backdated", _name(entry), "更正早于原分录", "is booked before what it corrects"
                )
        if entry.kind in SETTLING:
            last[key] = entry


def one_claim_per_lot(view: AuditView) -> Iterator[Finding]:
    """At most one settlement of a lot (invariant 5)."""
    seen: dict[tuple[str, int], Transaction] = {}
    for entry in view.books.settlements:
        first = seen.setdefault((entry.waybill_number, entry.lot_no), entry)
        if first is not entry:
            yield _finding(
                "settled_twice", _name(entry), f"该批已由第 {first.seq} 号交易结算", f"settled before by {_name(first)}"
            )


def verified_lots_are_settled(view: AuditView) -> Iterator[Finding]:
    """Every delivered and verified lot has a settlement, or an open job that is named here (invariant 12)."""
    settled = {(item.waybill_number, item.lot_no) for item in view.books.settlements}
    for number, state in view.reviewed.states.items():
        for lot in state.lots:
            if lot.carbon is CarbonStatus.VERIFIED and (number, lot.lot_no) not in settled:
                yield _finding(
                    "verified_not_settled", lot_record(number, lot.lot_no), "已核证未结算", "verified and not settled"
                )


def settled_lots_are_verified(view: AuditView) -> Iterator[Finding]:
    """Every settled lot exists and its events still verify it, unless it was reversed; later withdrawals and disputes
    show here."""
    for (number, lot_no), entry in view.standing.items():
        record = lot_record(number, lot_no)
        state = view.reviewed.states.get(number)
        lot = next((item for item in state.lots if item.lot_no == lot_no), None) if state else None
        if lot is None:
            yield _finding("settled_without_waybill", _name(entry), f"没有 {record}", f"there is no {record}")
        elif lot.carbon is not CarbonStatus.VERIFIED and entry.kind is not Kind.REVERSE:
            yield _finding(
                "settled_not_verified",
                record,
                f"已结算，但按现有事件为 {lot.carbon.value}；须冲正",
                f"is settled, but its events now say {lot.carbon.value}; it needs a reversal",
            )


def settlements_recompute(view: AuditView) -> Iterator[Finding]:
    """Every settlement and restatement names a run; running it again from its stored inputs gives the same grams, and
    these are the grams posted; a reversal takes back what stood (invariant 9)."""
    before: dict[tuple[str, int], list[Transaction]] = {}
    for entry in view.books.transactions:
        if entry.kind not in SETTLING:
            continue
        earlier = before.setdefault((entry.waybill_number, entry.lot_no), [])
        run = view.books.runs.get(entry.run_id)
        if run is None:
            yield _finding("run_missing", _name(entry), "没有计算记录", "has no calculation run")
        else:
            if entry.kind is not Kind.REVERSE:
                yield from _recomputed(view, entry, run)
            waybill = view.waybill_of(run)
            if waybill is not None and not _posts_its_run(entry, earlier, waybill, run):
                yield _finding(
                    "postings_differ_from_run",
                    _name(entry),
                    "分录与计算结果不符",
                    "posts other amounts than its calculation run",
                )
        earlier.append(entry)


def _posts_its_run(entry: Transaction, earlier: Sequence[Transaction], waybill: Waybill, run: CalculationRun) -> bool:
    booking = Booking(entry.effective_at, "", entry.memo)
    try:
        if entry.kind is Kind.SETTLE:
            return tuple(credit_lines(waybill, run.result)) == entry.postings
        if entry.kind is Kind.REVERSE:
            return reversal(earlier, booking).postings == entry.postings
        expected = restatement(earlier, waybill, run, booking)
    except ModalshiftError:
        return False
    return expected is not None and expected.postings == entry.postings


def _recomputed(view: AuditView, entry: Transaction, run: CalculationRun) -> Iterator[Finding]:
    books = view.books
    if sha256(to_json(run.inputs)) != run.inputs_sha256 or sha256(to_json(run.result)) != run.result_sha256:
        yield _finding("run_changed", f"run {run.run_id}", "输入或结果与摘要不符", "differs from its digests")
    if run.factors_version != books.factors.version:
        return  # Its factor set is not at hand; the digests above still hold inputs and result together.
    try:
        result = calculate(run.inputs, books.factors)
    except (ModalshiftError, ValueError) as error:
        yield _finding("run_fails", f"run {run.run_id}", f"无法重算：{error}", f"cannot be run again: {error}")
        return
    if result != run.result:
        yield _finding(
            "recomputes_differently",
            _name(entry),
            f"重算得 {result.credited_wtw_g} 克，账面 {run.result.credited_wtw_g} 克",
            f"recomputes to {result.credited_wtw_g} g, the run says {run.result.credited_wtw_g} g",
        )


def inputs_match_evidence(view: AuditView) -> Iterator[Finding]:
    """The inputs of a standing settlement are those that waybill, events and data package give today (same versions
    only)."""
    books = view.books
    for (number, lot_no), entry in view.standing.items():
        run = books.runs.get(entry.run_id)
        waybill = books.waybills.get(number)
        if run is None or waybill is None or entry.kind is Kind.REVERSE:
            continue
        if (run.network_version, run.factors_version) != (books.network.version, books.factors.version):
            continue
        lots = view.reviewed.states[number].lots
        lot = next((item for item in lots if item.lot_no == lot_no), None)
        if lot is None or lot.weighed_mass_kg is None or lot.delivered_at is None:
            continue  # settled_lots_are_verified reports it
        on = lot.delivered_at.astimezone(CHINA_TIME).date()
        inputs = inputs_of(
            waybill,
            waybill.lot(lot_no),
            lot.weighed_mass_kg,
            on,
            view.reviewed.voyages,
            books.network,
            books.factors,
        )
        if inputs != run.inputs:
            yield _finding(
                "inputs_differ_from_evidence",
                lot_record(number, lot_no),
                f"结算所用输入与现有事件不符（{_difference(run, lot.weighed_mass_kg)}）；须重述",
                f"was settled on other inputs than now ({_difference(run, lot.weighed_mass_kg)}); restate it",
            )


def _difference(run: CalculationRun, weighed_mass_kg: int) -> str:
    if run.inputs.mass_kg != weighed_mass_kg:
        return f"{run.inputs.mass_kg} kg / {weighed_mass_kg} kg"
    return "legs, voyage load or fuel log"


def closed_periods_untouched(view: AuditView) -> Iterator[Finding]:
    """Nothing was posted into a period after it closed, and periods closed in order (invariant 8)."""
    periods = sorted(view.books.periods, key=lambda item: item.period)
    for period in periods:
        for entry in view.books.transactions:
            if entry.period <= period.period and entry.seq > period.last_seq:
                yield _finding(
                    "posted_into_closed_period",
                    _name(entry),
                    f"记入已关账的 {entry.period}",
                    f"is booked in {entry.period}, which was closed",
                )
    for earlier, later in pairwise(periods):
        if later.closed_at < earlier.closed_at or later.period != month_after(earlier.period):
            yield _finding(
                "periods_out_of_order", f"period {later.period}", "关账顺序不连续", "was not closed in order"
            )


def bookings_follow_their_dates(view: AuditView) -> Iterator[Finding]:
    """Every entry stands in the month of what it is about, or in the first month that was open when it was written."""
    periods = view.books.periods
    for entry in view.books.transactions:
        last_closed = max((item.period for item in periods if item.last_seq < entry.seq), default="")
        expected = booking_period(entry.effective_at, last_closed)
        if entry.period != expected:
            yield _finding(
                "booked_in_wrong_period",
                _name(entry),
                f"记入 {entry.period}，应为 {expected}",
                f"is booked in {entry.period} and belongs in {expected}",
            )


def double_reporting(view: AuditView) -> Iterator[Finding]:
    """Lots that look like a transport reported under another number, settled or not."""
    for state in view.reviewed.states.values():
        for lot in state.lots:
            yield from (item for item in lot.findings if item.code == "duplicate_under_another_number")


def frozen_lots(view: AuditView) -> Iterator[Finding]:
    """Delivered lots whose evidence is incomplete, and disputed ones: reserved and not credited."""
    for number, state in view.reviewed.states.items():
        for lot in state.lots:
            record = lot_record(number, lot.lot_no)
            if lot.carbon is CarbonStatus.EVIDENCE_LOST:
                yield Finding(
                    "evidence_lost",
                    record,
                    Message(
                        "已交付，证据不全：" + "；".join(item.zh for item in lot.missing) + "。",
                        "Delivered, evidence incomplete: " + "; ".join(item.en for item in lot.missing) + ".",
                    ),
                )
            elif lot.carbon is CarbonStatus.DISPUTED:
                yield from (
                    item for item in lot.findings if item.blocks and item.code != "duplicate_under_another_number"
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
        yield _finding(
            "claims_differ_from_runs",
            "ledger claim",
            f"账上 {held_g} 克，计算结果合计 {credited_g} 克",
            f"accounts hold {held_g} g, the runs credit {credited_g} g",
        )


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


def codes(findings: Iterable[Finding]) -> dict[str, int]:
    """How often each code occurs, for a summary."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.code] = counts.get(finding.code, 0) + 1
    return counts


def _name(entry: Transaction) -> str:
    return f"transaction {entry.seq} ({entry.kind.value} {entry.waybill_number}/{entry.lot_no})"


def _finding(code: str, record: str, zh: str, en: str) -> Finding:
    return Finding(code, record, Message(f"{record}：{zh}。", f"{record}: {en}."))
