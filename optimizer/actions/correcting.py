"""Correct what was settled: reverse a lot, restate it, restate everything after new evidence or a factor revision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.corrections import Booking, chain, require_covered, restatement, reversal
from optimizer.accounts.ledger import BalanceKey, Kind, Ledger, Transaction
from optimizer.accounts.settlement import Desk, Review, review
from optimizer.actions.releasing import keep_factors, require_released_factors
from optimizer.actions.versions import code_version
from optimizer.emissions.factors import FactorTable
from optimizer.errors import ConflictError, InputError, Message, ModalshiftError, UnknownRecordError
from optimizer.network.model import Network
from optimizer.store.engine import Store
from optimizer.store.outbox import LotKey
from optimizer.store.session import Session
from optimizer.waybills.finding import Finding, lot_record
from optimizer.waybills.lifecycle import CarbonStatus
from optimizer.waybills.waybill import Waybill

BATCH = 100
DISPOSING = (Kind.TRANSFER, Kind.RETIRE)
MAX_REASON = 200
"""Characters; the API takes as many."""


@dataclass(frozen=True, slots=True)
class RestateResult:
    """What restating everything did: lots looked at, entries written, the change of credited claim in g CO2e WTW, and
    the lots that could not be restated."""

    lots: int
    restated: int
    credited_change_g: int
    findings: tuple[Finding, ...]


def reverse(store: Store, number: str, lot_no: int, reason: str, at: datetime) -> Transaction:
    """Take a lot's settlement back. Asked again it answers the entry of the first time.

    Raises UnknownRecordError for an unknown lot, ConflictError when it was never settled or when the party has passed
    on or retired what would have to be taken back, InputError without a reason.
    """
    require_reason(reason)
    with store.write() as session:
        _waybill(session, number, lot_no)
        entry = reversal(_lot_entries(session, (number, lot_no)), Booking(at, session.last_closed(), reason))
        return append_covered(session, entry)


def restate(
    store: Store, number: str, lot_no: int, reason: str, network: Network, factors: FactorTable, at: datetime
) -> Transaction | None:
    """Move a lot to what its events, this network and these factors say today; None where that stands already.

    Raises as :func:`reverse` does, ConflictError when the lot's events no longer verify it, and FactorError for
    factors that two persons have not released.
    """
    require_reason(reason)
    require_released_factors(store, factors)
    keep_factors(store, factors, at)
    with store.write() as session:
        waybill = _waybill(session, number, lot_no)
        desk = Desk(network, factors, code_version(), at, session.last_closed())
        run = _run_again(session, desk, (number, lot_no))
        return _write_restatement(session, waybill, run, Booking(at, desk.last_closed, reason))


def restate_all(
    store: Store,
    network: Network,
    factors: FactorTable,
    reason: str,
    at: datetime,
    batch: int = BATCH,
    reached: Callable[[str], None] = lambda step: None,
) -> RestateResult:
    """Restate every settled lot that this network and these factors see otherwise than its standing entry, batch by
    batch in order of lot. Going on after a crash, or running it again, restates nothing twice.

    A lot that was reversed stays reversed. Raises InputError without a reason, FactorError for factors that two persons
    have not released.
    """
    require_reason(reason)
    require_released_factors(store, factors)
    keep_factors(store, factors, at)
    after: LotKey = ("", 0)
    lots, entries, findings = 0, list[Transaction](), list[Finding]()
    while True:
        with store.write() as session:
            keys = session.settled_after(after, batch)
            if not keys:
                break
            lots += len(keys)
            written, refused = _restate_batch(
                session, keys, Desk(network, factors, code_version(), at, session.last_closed()), reason
            )
            reached("written")
        entries += written
        findings += refused
        after = keys[-1]
        reached("committed")
    return RestateResult(lots, len(entries), sum(_claim_change_g(entry) for entry in entries), tuple(findings))


def require_reason(reason: str) -> None:
    """Raise InputError for an empty reason, which helps no auditor, and for one that no line of a statement holds."""
    if not reason.strip():
        raise InputError(Message("须写明原因：它与分录一同保存。", "Give a reason: it is kept with the entry."))
    if not is_one_line(reason):
        raise InputError(
            Message(
                f"原因应为一行、至多 {MAX_REASON} 字的文本。",
                f"The reason should be one line of text of at most {MAX_REASON} characters.",
            )
        )


def is_one_line(text: str) -> bool:
    """Whether a line of a statement holds a text whole."""
    return len(text) <= MAX_REASON and text.isprintable()


def append_covered(
    session: Session, entry: Transaction, run: CalculationRun | None = None, memo_before: str | None = None
) -> Transaction:
    """Append an entry that takes claim from parties, with its run; what is recorded already is answered as recorded.
    ``memo_before``: what the same entry said when memos were written otherwise.

    Raises ConflictError when the id is recorded with other content, or when a balance does not cover it.
    """
    recorded = session.transaction(entry.transaction_id)
    if recorded is not None:
        if recorded.postings != entry.postings or recorded.memo not in (entry.memo, memo_before):
            raise ConflictError(
                Message(
                    f"此业务编号已入账（{entry.transaction_id}），而数量、账户或原因不同；请核对，或换一个编号。",
                    f"This reference is booked already ({entry.transaction_id}), with another amount, account or "
                    "reason; look again, or use another reference.",
                )
            )
        return recorded
    for account_id in sorted({posting.account_id for posting in entry.postings}):
        if not account_id.startswith("issuance."):
            own = tuple(line for line in entry.postings if line.account_id == account_id)
            require_covered(own, session.account_reader.balances(account_id))
            if entry.kind in DISPOSING:
                require_covered(own, _held_by_month(session, account_id, entry.period), entry.period)
    if run is not None:
        session.add_runs([run])
    (written,) = session.add_transactions([entry])
    return written


def _held_by_month(session: Session, account_id: str, period: str) -> dict[BalanceKey, int]:
    """What an account holds by what is booked up to the end of a month."""
    before, within = session.account_reader.balances_around(account_id, period, None)
    return {key: before.get(key, 0) + within.get(key, 0) for key in {*before, *within}}


def _restate_batch(
    session: Session, keys: list[LotKey], desk: Desk, reason: str
) -> tuple[list[Transaction], list[Finding]]:
    written, findings = list[Transaction](), list[Finding]()
    numbers = {number for number, _ in keys}
    around = session.neighbourhood(numbers)
    waybills = session.waybills(around)
    reviewed = review(waybills, session.events(around), numbers)
    by_lot: dict[LotKey, list[Transaction]] = {}
    for entry in session.transactions(numbers):
        by_lot.setdefault((entry.waybill_number, entry.lot_no), []).append(entry)
    for key in keys:
        if chain(by_lot[key])[-1].kind is Kind.REVERSE:
            continue
        try:
            run = _run_reviewed(waybills[key[0]], key[1], reviewed, desk)
            entry_or_none = _write_restatement(
                session, waybills[key[0]], run, Booking(desk.at, desk.last_closed, reason), by_lot[key]
            )
            written += [entry_or_none] if entry_or_none else []
        except ModalshiftError as error:
            findings.append(Finding("cannot_restate", lot_record(*key), error.message))
    return written, findings


def _run_again(session: Session, desk: Desk, key: LotKey) -> CalculationRun:
    around = session.neighbourhood({key[0]})
    waybills = session.waybills(around)
    return _run_reviewed(waybills[key[0]], key[1], review(waybills, session.events(around), {key[0]}), desk)


def _run_reviewed(waybill: Waybill, lot_no: int, reviewed: Review, desk: Desk) -> CalculationRun:
    state = next(lot for lot in reviewed.states[waybill.number].lots if lot.lot_no == lot_no)
    if state.carbon is not CarbonStatus.VERIFIED:
        raise ConflictError(
            Message(
                f"{lot_record(waybill.number, lot_no)} 按现有事件为 {state.carbon.value}，不能重述；请冲正。",
                f"By its events {lot_record(waybill.number, lot_no)} is {state.carbon.value} and cannot be restated; "
                "reverse it.",
            )
        )
    return desk.run_lot(waybill, waybill.lot(lot_no), state, reviewed.voyages)


def _write_restatement(
    session: Session,
    waybill: Waybill,
    run: CalculationRun,
    booking: Booking,
    entries: list[Transaction] | None = None,
) -> Transaction | None:
    known = entries if entries is not None else _lot_entries(session, (waybill.number, run.inputs.lot_no))
    entry = restatement(known, waybill, run, booking)
    written = None if entry is None else append_covered(session, entry, run)
    # A lot that was held because it had been reversed is decided now.
    session.outbox.drop([(waybill.number, run.inputs.lot_no)])
    return written


def _lot_entries(session: Session, key: LotKey) -> list[Transaction]:
    return [entry for entry in session.transactions([key[0]]) if entry.lot_no == key[1]]


def _waybill(session: Session, number: str, lot_no: int) -> Waybill:
    waybill = session.waybills([number]).get(number)
    if waybill is None or all(lot.lot_no != lot_no for lot in waybill.lots):
        raise UnknownRecordError(
            Message(f"没有批次 {number}/{lot_no}；请核对。", f"There is no lot {number}/{lot_no}; check the number.")
        )
    return waybill


def _claim_change_g(entry: Transaction) -> int:
    return sum(
        line.amount
        for line in entry.postings
        if line.ledger is Ledger.CLAIM and not line.account_id.startswith("issuance.")
    )
