"""Corrections and dispositions: entries that change what was settled, and what a party does with its claim.

    REVERSE     takes a lot's settlement back to nothing (its evidence fell away)
    RESTATE     moves a lot from what is booked to what another calculation run says (new evidence, revised factors)
    TRANSFER    moves available claim from one party to another
    RETIRE      takes available claim out of circulation for good

A correction is booked when it is made, in the open period, and names the entry that it corrects; each entry is
corrected at most once, so the entries of a lot form a chain whose last one says what stands. Statements of closed
months stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.ledger import (
    BalanceKey,
    Bucket,
    Kind,
    Ledger,
    Posting,
    PostingLines,
    Transaction,
    booking_period,
    fold_balances,
    requested_id,
    transaction_id,
)
from optimizer.accounts.settlement import ISSUANCE, credit_lines
from optimizer.emissions.reduction import METHOD
from optimizer.errors import ConflictError, InputError, Message
from optimizer.quantities import grouped, kilograms
from optimizer.waybills.finding import Finding, lot_record
from optimizer.waybills.waybill import Waybill

SETTLING = (Kind.SETTLE, Kind.RESTATE, Kind.REVERSE)
"""Kinds of which a lot's chain is made."""


class OfALot(Protocol):
    """What an entry says of its lot."""

    @property
    def kind(self) -> Kind: ...
    @property
    def waybill_number(self) -> str: ...
    @property
    def lot_no(self) -> int: ...


Entry = TypeVar("Entry", bound=OfALot)


@dataclass(frozen=True, slots=True)
class Booking:
    """When a correction is made, in which period that is booked (``last_closed`` is closed), and why."""

    at: datetime
    last_closed: str
    memo: str


def chain(entries: Iterable[Transaction]) -> list[Transaction]:
    """The settlement of a lot and its corrections, in order; empty when it was never settled."""
    return sorted((entry for entry in entries if entry.kind in SETTLING), key=lambda entry: entry.seq)


def standing(entries: Iterable[Transaction]) -> dict[BalanceKey, int]:
    """What a lot's chain is worth now, by party account; places that are zero are left out."""
    folded = fold_balances(chain(entries))
    return {key: amount for key, amount in folded.items() if amount and not key[0].startswith("issuance.")}


def reversal(entries: Iterable[Transaction], booking: Booking) -> Transaction:
    """The REVERSE of a lot's chain, or the one that is its last entry already. Raises ConflictError without one."""
    links = chain(entries)
    if not links:
        raise _not_settled()
    last = links[-1]
    if last.kind is Kind.REVERSE:
        return last
    lines = PostingLines(ISSUANCE.account_id)
    for (account_id, ledger, bucket, part), amount in sorted(standing(links).items()):
        lines.move(account_id, ledger, -amount, bucket, part)
    return _correction(Kind.REVERSE, last, last.run_id, lines, booking)


def restatement(
    entries: Iterable[Transaction], waybill: Waybill, run: CalculationRun, booking: Booking
) -> Transaction | None:
    """The RESTATE that moves a lot to what ``run`` says; None where that is what stands already.

    Raises ConflictError when the lot was never settled.
    """
    links = chain(entries)
    if not links:
        raise _not_settled()
    present = standing(links)
    wanted: dict[BalanceKey, int] = {}
    for line in credit_lines(waybill, run.result):
        if not line.account_id.startswith("issuance."):
            wanted[line.account_id, line.ledger, line.bucket, line.part] = line.amount
    lines = PostingLines(ISSUANCE.account_id)
    for key in sorted({*present, *wanted}):
        account_id, ledger, bucket, part = key
        lines.move(account_id, ledger, wanted.get(key, 0) - present.get(key, 0), bucket, part)
    if not lines.lines:
        return None
    return _correction(Kind.RESTATE, links[-1], run.run_id, lines, booking)


def verified_again(number: str, lot_no: int) -> Finding:
    """A lot whose settlement was taken back, and whose events verify it: what a person can do."""
    lot = f"{number}/{lot_no}"
    return Finding(
        "reversed_verified_again",
        lot_record(number, lot_no),
        Message(
            f"已冲正，按现有事件又已核证；入账须由人决定：modalshift restate {lot} --reason …，否则保持冲正。",
            f"was reversed and its events verify it again; a person decides: modalshift restate {lot} --reason R, "
            "or it stays reversed.",
        ),
    )


def transfer(giver_id: str, taker_id: str, amount_g: int, reference: str, booking: Booking) -> Transaction:
    """The TRANSFER of available claim between two parties' accounts. ``reference`` is the caller's own id of the deal;
    it makes the entry's id and stands before the reason (:func:`deal_memo`).

    Raises InputError for an amount that is not positive or for one account on both sides.
    """
    if giver_id == taker_id:
        raise InputError(Message("转出与转入账户相同。", "The account that gives and the one that takes are the same."))
    return _disposition(Kind.TRANSFER, (giver_id, taker_id, Bucket.AVAILABLE), amount_g, reference, booking)


def retirement(account_id: str, amount_g: int, reference: str, booking: Booking) -> Transaction:
    """The RETIRE of available claim. Raises InputError for an amount that is not positive."""
    return _disposition(Kind.RETIRE, (account_id, account_id, Bucket.RETIRED), amount_g, reference, booking)


def deal_memo(reference: str, reason: str) -> str:
    """What a transfer or retirement says: ``[reference] reason``. The id is a digest, out of which nobody could read
    the reference; entries of before this was written say the reason alone."""
    return f"[{reference}] {reason}"


def require_covered(postings: Sequence[Posting], balances: Mapping[BalanceKey, int], month: str = "") -> None:
    """Raise ConflictError when postings would leave a party's claim below zero (invariant 6). ``month``: the one they
    are booked in, whose end the balances are of; by a clock that runs behind it may come before the credit."""
    changes: dict[BalanceKey, int] = {}
    for line in postings:
        key = (line.account_id, line.ledger, line.bucket, line.part)
        changes[key] = changes.get(key, 0) + line.amount
    for key, change in changes.items():
        account_id, ledger, bucket, _ = key
        if ledger is not Ledger.CLAIM or account_id.startswith("issuance."):
            continue
        held = balances.get(key, 0)
        if held + change < 0 and month:
            raise ConflictError(
                Message(
                    f"记入 {month}，而账户 {account_id} 到该月末只有 {kilograms(held)} kg，"
                    "其余入账在后；请核对系统时钟。",
                    f"This is booked in {month}, by whose end account {account_id} holds {kilograms(held)} kg; the "
                    "rest was credited later. Check the clock.",
                )
            )
        if held + change < 0:
            raise ConflictError(
                Message(
                    f"账户 {account_id} 可用减排量 {grouped(kilograms(held))} kg，"
                    f"不足 {grouped(kilograms(-change))} kg；"
                    "已转让或注销的量须先补足。",
                    f"Account {account_id} holds {grouped(kilograms(held))} kg {bucket.value}, less than the "
                    f"{grouped(kilograms(-change))} kg that this takes; replace what was transferred or retired first.",
                )
            )


def _disposition(
    kind: Kind, ends: tuple[str, str, Bucket], amount_g: int, reference: str, booking: Booking
) -> Transaction:
    giver_id, taker_id, bucket = ends
    # SQLite keeps what is no whole number as it is, and grams are added up to the last one.
    if type(amount_g) is not int or amount_g <= 0:
        raise InputError(Message("数量应为正整数（克）。", "The amount must be positive, in whole grams."))
    lines = PostingLines(ISSUANCE.account_id)
    lines.move_from(giver_id, Bucket.AVAILABLE, taker_id, bucket, Ledger.CLAIM, amount_g)
    return Transaction(
        transaction_id=requested_id(kind, reference),
        kind=kind,
        waybill_number="",
        lot_no=0,
        method=METHOD,
        run_id="",
        resolves="",
        period=booking_period(booking.at, booking.last_closed),
        effective_at=booking.at,
        booked_at=booking.at,
        postings=tuple(lines.lines),
        memo=deal_memo(reference, booking.memo),
    )


def _correction(kind: Kind, last: Transaction, run_id: str, lines: PostingLines, booking: Booking) -> Transaction:
    about = last.transaction_id if kind is Kind.REVERSE else f"{last.transaction_id}|{run_id}"
    # By a clock that runs behind, a correction would else stand in a month before what it takes back.
    effective_at = max(booking.at, last.effective_at)
    return Transaction(
        transaction_id=transaction_id(last.waybill_number, last.lot_no, last.method, kind, about),
        kind=kind,
        waybill_number=last.waybill_number,
        lot_no=last.lot_no,
        method=last.method,
        run_id=run_id,
        resolves=last.transaction_id,
        period=booking_period(effective_at, booking.last_closed),
        effective_at=effective_at,
        booked_at=booking.at,
        postings=tuple(lines.lines),
        memo=booking.memo,
    )


def active_runs(transactions: Sequence[Transaction]) -> dict[tuple[str, int], str]:
    """The run that stands for each settled lot; lots whose last entry is a REVERSE are left out."""
    return {
        key: entry.run_id for key, entry in standing_entries(transactions).items() if entry.kind is not Kind.REVERSE
    }


def standing_entries(transactions: Iterable[Entry]) -> dict[tuple[str, int], Entry]:
    """The last SETTLE, RESTATE or REVERSE of each lot, by lot, in order of settlement."""
    return {(entry.waybill_number, entry.lot_no): entry for entry in transactions if entry.kind in SETTLING}


def _not_settled() -> ConflictError:
    return ConflictError(
        Message("该批次尚未结算，无可更正。", "This lot is not settled yet; there is nothing to correct.")
    )
