"""Accounts, transactions and postings: double entry in integers, only ever added to.

Four ledgers never mix:
    claim         g CO2e (WTW) of credited reduction; exclusive, conserved; buckets reserved, available, retired
    attribution   g CO2e (WTW) of transport emissions, a memo for the Scope 3 statements of several parties
    activity      kg·km of transport, by mode
    energy        g of coal equivalent saved

An account belongs to a party and to one of the city's seven domains; the other side of every posting is the issuance
account of the settlement method. Two phases: ESTIMATE reserves at dispatch; for a verified lot POST releases the part
that came true, VOID the rest, SETTLE credits. Ids are made by the caller from what the transaction is about, so the
same work done twice is the same transaction.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from json.encoder import encode_basestring
from typing import NamedTuple

from optimizer.errors import ConflictError, Message
from optimizer.quantities import CHINA_TIME
from optimizer.waybills.codec import sha256

TRANSACTION_NAMESPACE = uuid.UUID("0d5a1c0c-6b0e-5d3a-9c3e-7f7f2b1d9a44")
_NAMESPACE_HASHED = hashlib.sha1(TRANSACTION_NAMESPACE.bytes, usedforsecurity=False)
_tuple = tuple.__new__
"""A posting made so costs two thirds of one made by its own constructor, which does nothing else."""


class Ledger(StrEnum):
    """The four books."""

    CLAIM = "claim"
    ATTRIBUTION = "attribution"
    ACTIVITY = "activity"
    ENERGY = "energy"


class Bucket(StrEnum):
    """Where inside an account an amount lies. Ledgers other than claim use AVAILABLE only."""

    RESERVED = "reserved"
    AVAILABLE = "available"
    RETIRED = "retired"


class Kind(StrEnum):
    """What a transaction does."""

    ESTIMATE = "ESTIMATE"
    POST = "POST"
    VOID = "VOID"
    SETTLE = "SETTLE"
    REVERSE = "REVERSE"
    RESTATE = "RESTATE"
    TRANSFER = "TRANSFER"
    RETIRE = "RETIRE"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a party in a domain; an issuance account has an empty ``party_id``."""

    account_id: str
    party_id: str
    domain: str


class Posting(NamedTuple):
    """One line. ``part`` divides a ledger further (the mode, in the activity ledger). ``amount`` is never zero. It is a
    tuple because a settlement makes sixteen, and a frozen dataclass takes twice as long to make."""

    account_id: str
    ledger: Ledger
    bucket: Bucket
    part: str
    amount: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """Postings that belong together, in pairs: each line is followed by its counter line of the opposite amount.

    ``memo`` says why a person asked for it (corrections, transfers, retirements; empty otherwise). TRANSFER and RETIRE
    are about no lot: their ``waybill_number`` is empty, ``lot_no`` 0. ``resolves``: the ESTIMATE that a POST or VOID
    answers, or the original of a correction. ``period`` (``YYYY-MM``) is where it is booked; ``effective_at`` when what
    it is about happened (it never orders the ledger); ``booked_at`` when it was written; ``seq`` its place in the
    ledger, given by the store (0: not stored yet).
    """

    transaction_id: str
    kind: Kind
    waybill_number: str
    lot_no: int
    method: str
    run_id: str
    resolves: str
    period: str
    effective_at: datetime
    booked_at: datetime
    postings: tuple[Posting, ...]
    seq: int = 0
    memo: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """A closed month. ``last_seq`` is the last transaction of the ledger when it closed."""

    period: str
    closed_at: datetime
    last_seq: int


def account_of(party_id: str, domain: str) -> Account:
    """The account of a party in a domain: its id is ``party.domain``."""
    return Account(f"{party_id}.{domain}", party_id, domain)


def issuance_account(method: str) -> Account:
    """The other side of a settlement method's postings; its balance is minus what the method has issued."""
    return Account(f"issuance.{method}", "", "transport")


def transaction_id(number: str, lot_no: int, method: str, kind: Kind, about: str = "") -> str:
    """The deterministic id (UUID version 5) of what a method does to a lot.

    ``about`` tells several of a kind apart: the original that a correction names, the version of an amended waybill.
    """
    name = f"{number}|{lot_no}|{method}|{kind._value_}"
    return _uuid5(f"{name}|{about}" if about else name)


def requested_id(kind: Kind, reference: str) -> str:
    """The id of a transfer or retirement: the caller's reference makes it, so the same request is the same entry."""
    return _uuid5(f"{kind.value}|{reference}")


def _uuid5(name: str) -> str:
    """``uuid.uuid5`` in our namespace as text, written out: three of them for each lot cost more than the digest (a
    test compares the two)."""
    hashed = _NAMESPACE_HASHED.copy()
    hashed.update(name.encode())
    digest = bytearray(hashed.digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def content_digest(transaction: Transaction) -> str:
    """SHA-256 of everything a transaction says; place and time of writing are left out, so a repeat has the same."""
    return sha256(content_text(transaction))


def content_text(transaction: Transaction) -> str:
    """The canonical JSON that :func:`content_digest` digests: ``to_json`` of a list of the fields, written out by hand
    because a ledger of a million entries is digested whole (a test compares the two). A memo stands last where there is
    one."""
    lines = ",".join(
        [
            _line_form(line.account_id, line.bucket, line.ledger, line.part) % line.amount
            for line in transaction.postings
        ]
    )
    memo = f",{_quoted(transaction.memo)}" if transaction.memo else ""
    moment = china_text(transaction.effective_at)
    return (
        f'[{encode_basestring(transaction.transaction_id)},"{transaction.kind._value_}",'
        f"{encode_basestring(transaction.waybill_number)},{transaction.lot_no},{_quoted(transaction.method)},"
        f"{encode_basestring(transaction.run_id)},{encode_basestring(transaction.resolves)},"
        f'"{moment}",[{lines}]{memo}]'
    )


@lru_cache(maxsize=65_536)
def _line_form(account_id: str, bucket: Bucket, ledger: Ledger, part: str) -> str:
    """A line of the canonical JSON with a place for its amount: a ledger has few places and very many amounts."""
    names = [encode_basestring(name).replace("%", "%%") for name in (account_id, part)]
    return (
        f'{{"account_id":{names[0]},"amount":%d,"bucket":"{bucket._value_}",'
        f'"ledger":"{ledger._value_}","part":{names[1]}}}'
    )


_quoted = lru_cache(maxsize=65_536)(encode_basestring)


@lru_cache(maxsize=65_536)
def china_text(moment: datetime) -> str:
    """A time in China time with offset, as it stands in digests and rows; a batch asks for the same few again."""
    return moment.astimezone(CHINA_TIME).isoformat()


def placed(transaction: Transaction, seq: int) -> Transaction:
    """The transaction with its place in the ledger; ``dataclasses.replace`` takes four times as long."""
    return Transaction(
        transaction.transaction_id,
        transaction.kind,
        transaction.waybill_number,
        transaction.lot_no,
        transaction.method,
        transaction.run_id,
        transaction.resolves,
        transaction.period,
        transaction.effective_at,
        transaction.booked_at,
        transaction.postings,
        seq,
        transaction.memo,
    )


def require_same_content(transaction: Transaction, recorded_digest: str) -> None:
    """Raise ConflictError when a transaction of the same id is recorded with other content."""
    if content_digest(transaction) != recorded_digest:
        raise ConflictError(
            Message(
                f"交易 {transaction.transaction_id}（{transaction.kind.value}，运单 {transaction.waybill_number}/"
                f"{transaction.lot_no}）已以不同内容入账；更正须另记新交易。",
                f"Transaction {transaction.transaction_id} ({transaction.kind.value}, waybill "
                f"{transaction.waybill_number}/{transaction.lot_no}) is recorded with other content; "
                "a correction is a new transaction.",
            )
        )


def imbalance(transaction: Transaction) -> str:
    """What is wrong with the postings of a transaction: empty when there are at least two, none is zero and every
    ledger sums to zero."""
    if len(transaction.postings) < 2:
        return "fewer than two postings"
    if any(posting.amount == 0 for posting in transaction.postings):
        return "a posting of zero"
    sums: dict[Ledger, int] = {}
    for posting in transaction.postings:
        sums[posting.ledger] = sums.get(posting.ledger, 0) + posting.amount
    wrong = [f"{ledger.value} sums to {total}" for ledger, total in sums.items() if total]
    return ", ".join(wrong)


@dataclass(slots=True)
class PostingLines:
    """Collects postings in pairs: what one account gains, a counter account gives (the issuance account unless another
    is named). Zero amounts leave no line."""

    issuance: str
    lines: list[Posting] = field(default_factory=list)

    def move(
        self, account_id: str, ledger: Ledger, amount: int, bucket: Bucket = Bucket.AVAILABLE, part: str = ""
    ) -> None:
        """Add ``amount`` to an account, taken from the issuance account."""
        if amount:
            self.lines += (
                _tuple(Posting, (account_id, ledger, bucket, part, amount)),
                _tuple(Posting, (self.issuance, ledger, bucket, part, -amount)),
            )

    def move_from(
        self, giver_id: str, giving: Bucket, taker_id: str, taking: Bucket, ledger: Ledger, amount: int
    ) -> None:
        """Add ``amount`` to one place, taken from another."""
        if amount:
            self.lines += (
                Posting(taker_id, ledger, taking, "", amount),
                Posting(giver_id, ledger, giving, "", -amount),
            )


BalanceKey = tuple[str, Ledger, Bucket, str]


def fold_balances(transactions: Iterable[Transaction], until_seq: int | None = None) -> dict[BalanceKey, int]:
    """Balances by (account, ledger, bucket, part): the sum of all postings up to a sequence number."""
    balances: dict[BalanceKey, int] = {}
    for transaction in transactions:
        if until_seq is not None and transaction.seq > until_seq:
            continue
        for posting in transaction.postings:
            key = (posting.account_id, posting.ledger, posting.bucket, posting.part)
            balances[key] = balances.get(key, 0) + posting.amount
    return balances


@lru_cache(maxsize=65_536)
def month_of(moment: datetime) -> str:
    """The period of a moment in China time: ``2026-10``."""
    local = moment.astimezone(CHINA_TIME)
    return f"{local.year:04d}-{local.month:02d}"


def month_after(period: str) -> str:
    """The period after: ``2026-12`` -> ``2027-01``."""
    year, month = map(int, period.split("-"))
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}"


def month_before(period: str) -> str:
    """The period before: ``2027-01`` -> ``2026-12``."""
    year, month = map(int, period.split("-"))
    return f"{year - (month == 1):04d}-{(month - 2) % 12 + 1:02d}"


def booking_period(effective_at: datetime, last_closed: str) -> str:
    """Where something that happened then is booked: its own month, or the first open one when that is closed.

    ``last_closed`` is the last closed period, empty when none is.
    """
    own = month_of(effective_at)
    return month_after(last_closed) if last_closed and own <= last_closed else own


def pending_by_lot(transactions: Iterable[Transaction]) -> Mapping[tuple[str, int], Transaction]:
    """The ESTIMATE of every lot that has one and that no VOID or POST has resolved yet."""
    found = list(transactions)
    resolved = {item.resolves for item in found if item.kind in (Kind.POST, Kind.VOID)}
    return {
        (item.waybill_number, item.lot_no): item
        for item in found
        if item.kind is Kind.ESTIMATE and item.transaction_id not in resolved
    }


def reserved_amount(transaction: Transaction) -> int:
    """What an ESTIMATE (or POST or VOID, then negative) puts into the reserve of its party, g."""
    return _sum_positive(transaction.postings)


def _sum_positive(postings: Sequence[Posting]) -> int:
    return sum(
        posting.amount
        for posting in postings
        if posting.bucket is Bucket.RESERVED and not posting.account_id.startswith("issuance.")
    )
