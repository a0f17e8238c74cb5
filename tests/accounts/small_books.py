"""The tiny world settled in memory: waybills, events, ledger and runs, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from optimizer.accounts.books import Books, StoredDocument, StoredTransaction
from optimizer.accounts.ledger import Bucket, Kind, Ledger, Period, Transaction, content_digest
from optimizer.accounts.settlement import accounts_for, estimates, review, settle
from optimizer.accounts.statement import SeenEntry
from optimizer.waybills.event import Event
from optimizer.waybills.waybill import Waybill
from tests.waybills.world import ISSUED_AT, LATER, all_events, world_factors, world_network, world_waybills

FUEL_LOGS = {"V1": 255_000}


def numbered(transactions: Iterable[Transaction]) -> list[Transaction]:
    """Sequence numbers in order, as the store gives them."""
    return [replace(entry, seq=seq) for seq, entry in enumerate(transactions, start=1)]


def settled_books(
    waybills: Sequence[Waybill] | None = None,
    events: Sequence[Event] | None = None,
    at: datetime = LATER,
    last_closed: str = "",
    periods: Sequence[Period] = (),
) -> Books:
    """Books after dispatch and one settlement run over the events (all of them by default)."""
    issued = list(waybills if waybills is not None else world_waybills())
    reported = list(events if events is not None else all_events(issued, FUEL_LOGS))
    by_number = {waybill.number: waybill for waybill in issued}
    opened = numbered(entry for waybill in issued for entry in estimates(waybill, ISSUED_AT, last_closed))
    network, factors = world_network(), world_factors()
    settlements = settle(by_number, review(by_number, reported), opened, network, factors, "test", at, last_closed)
    ledger = numbered([*opened, *(entry for item in settlements for entry in item.transactions)])
    return Books(
        waybills=by_number,
        events=reported,
        documents=(),
        runs={item.run.run_id: item.run for item in settlements},
        accounts={account.account_id: account for account in accounts_for(issued)},
        stored=[StoredTransaction(entry, content_digest(entry), len(entry.postings)) for entry in ledger],
        periods=periods,
        network=network,
        factors=factors,
    )


def with_ledger(books: Books, transactions: Iterable[Transaction]) -> Books:
    """The same books with another ledger, digests included: what a careful forger leaves."""
    stored = [StoredTransaction(entry, content_digest(entry), len(entry.postings)) for entry in transactions]
    return replace(books, stored=stored)


def with_document(books: Books, document: StoredDocument) -> Books:
    """The same books with one document digest."""
    return replace(books, documents=(document,))


def seen_entry(transaction: Transaction, account_id: str) -> SeenEntry:
    """A transaction as an account sees it."""
    held = {Ledger.CLAIM: 0, Ledger.ATTRIBUTION: 0, Ledger.ENERGY: 0, Ledger.ACTIVITY: 0}
    lines = [line for line in transaction.postings if line.account_id == account_id]
    others = [line for line in transaction.postings if line.account_id != account_id]
    for line in lines:
        if line.bucket is Bucket.AVAILABLE:
            held[line.ledger] += line.amount
    return SeenEntry(
        transaction.seq,
        transaction.transaction_id,
        transaction.kind,
        transaction.waybill_number,
        transaction.lot_no,
        transaction.run_id,
        transaction.resolves,
        transaction.effective_at,
        transaction.memo,
        held[Ledger.CLAIM],
        held[Ledger.ATTRIBUTION],
        held[Ledger.ENERGY],
        # Whatever is not the memo is posted to the consignor alone, also where nothing is credited.
        any(line.ledger is not Ledger.ATTRIBUTION for line in lines),
        next((line.account_id for line in others), "") if transaction.kind is Kind.TRANSFER else "",
    )
