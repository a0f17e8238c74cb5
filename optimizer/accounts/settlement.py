"""From waybills to transactions: the estimate at dispatch, the settlement of verified lots.

    dispatch    ESTIMATE  reserves the planned saving of a lot for its consignor (nothing when it is not positive)
    never came  VOID      releases the whole estimate of a lot that was lost, returned or cancelled
    verified    POST      releases min(reserved, credited): the part of the estimate that came true
                VOID      releases the rest, so that posted + voided = reserved
                SETTLE    credits the claim and writes the memo ledgers, naming its calculation run

Per lot the SETTLE transaction holds: claim, credited g CO2e, consignor (no line when nothing is credited: a shift that
emits more is shown in the run and never posted as a claim); attribution, actual g CO2e, to consignor, consignee and
operator alike; activity, kg·km by mode, consignor; energy, g coal equivalent saved (may be negative), consignor.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from optimizer.accounts.calculation import CalculationRun, LotResult, calculate, inputs_of, run_of
from optimizer.accounts.ledger import (
    Account,
    Bucket,
    Kind,
    Ledger,
    Posting,
    PostingLines,
    Transaction,
    account_of,
    booking_period,
    issuance_account,
    pending_by_lot,
    reserved_amount,
    transaction_id,
)
from optimizer.accounts.voyages import Voyages, voyages_of
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.reduction import METHOD
from optimizer.errors import Message, UnknownRecordError
from optimizer.network.model import Network
from optimizer.quantities import CHINA_TIME
from optimizer.waybills.event import Event
from optimizer.waybills.lifecycle import CarbonStatus, Facts, LotState, WaybillState, effective, fold
from optimizer.waybills.party import Party
from optimizer.waybills.verification import duplicates
from optimizer.waybills.waybill import Waybill, WaybillLot

ISSUANCE = issuance_account(METHOD)


@dataclass(frozen=True, slots=True)
class Review:
    """All waybills after all events: states by number, and the voyages they sailed on."""

    states: Mapping[str, WaybillState]
    voyages: Voyages


@dataclass(frozen=True, slots=True)
class Settlement:
    """What settling one lot writes."""

    run: CalculationRun
    transactions: tuple[Transaction, ...]


def review(waybills: Mapping[str, Waybill], events: Sequence[Event], numbers: Collection[str] | None = None) -> Review:
    """Fold all events: the state of every waybill, double reporting included, and the loads of every voyage.

    ``numbers``: only these waybills get a state (the others are their neighbours on voyages and in reports).
    """
    facts = effective(events)
    found = duplicates(waybills, facts)
    by_waybill: dict[str, list[Event]] = {}
    # Where every event is a fact, those of one waybill are its facts, in order.
    kind, listed = (Facts, facts) if len(facts) == len(events) else (list[Event], events)
    for event in listed:
        own = by_waybill.get(event.waybill_number)
        if own is None:
            own = by_waybill[event.waybill_number] = kind()
        own.append(event)
    states = {
        number: fold(
            waybill,
            by_waybill.get(number, ()),
            {lot.lot_no: found[number, lot.lot_no] for lot in waybill.lots if (number, lot.lot_no) in found}
            if found
            else None,
        )
        for number, waybill in waybills.items()
        if numbers is None or number in numbers
    }
    return Review(states, voyages_of(waybills, facts, found))


def estimates(waybill: Waybill, booked_at: datetime, last_closed: str) -> list[Transaction]:
    """The ESTIMATE of each lot of an issued waybill with a positive planned saving, booked when the lot is to be
    dispatched: never in a later month than what resolves it, so that no month ends with less than nothing reserved."""
    transactions = []
    for lot in waybill.lots:
        lines = PostingLines(ISSUANCE.account_id)
        lines.move(_account(waybill.consignor), Ledger.CLAIM, max(0, lot.estimated_saving_wtw_g), Bucket.RESERVED)
        if lines.lines:
            leaves_at = lot.legs[0].planned_departs_at
            transactions.append(_transaction(Kind.ESTIMATE, waybill, lot, lines, leaves_at, booked_at, last_closed))
    return transactions


def renewed_estimates(
    old: Waybill,
    new: Waybill,
    pending: Mapping[tuple[str, int], Transaction],
    settled: Collection[tuple[str, int]],
    booked_at: datetime,
    last_closed: str,
) -> list[Transaction]:
    """For each lot that is not settled and whose planned saving an amendment changed: the VOID of its estimate, where
    one is pending, and the ESTIMATE of the new version."""
    estimated = {item.lot_no: item for item in estimates(new, booked_at, last_closed)}
    transactions = []
    for before, lot in zip(old.lots, new.lots, strict=True):
        key = (new.number, lot.lot_no)
        if key in settled or before.estimated_saving_wtw_g == lot.estimated_saving_wtw_g:
            continue
        waiting = pending.get(key)
        if waiting is not None:
            lines = PostingLines(ISSUANCE.account_id)
            lines.move(_account(new.consignor), Ledger.CLAIM, -reserved_amount(waiting), Bucket.RESERVED)
            transactions.append(_transaction(Kind.VOID, new, lot, lines, booked_at, booked_at, last_closed, waiting))
        if lot.lot_no in estimated:
            transactions.append(estimated[lot.lot_no])
    return transactions


def verified_lots(waybills: Mapping[str, Waybill], reviewed: Review) -> Iterable[tuple[Waybill, WaybillLot, LotState]]:
    """Every lot that may settle, in order of delivery (then of number), so that one run's ledger is reproducible."""
    found = [
        (waybills[number], waybills[number].lot(lot.lot_no), lot)
        for number, state in reviewed.states.items()
        for lot in state.lots
        if lot.carbon is CarbonStatus.VERIFIED and lot.delivered_at is not None and lot.weighed_mass_kg is not None
    ]
    return sorted(found, key=lambda item: (item[2].delivered_at or item[0].issued_at, item[0].number, item[1].lot_no))


def settle(
    waybills: Mapping[str, Waybill],
    reviewed: Review,
    recorded: Iterable[Transaction],
    network: Network,
    factors: FactorTable,
    code_version: str,
    at: datetime,
    last_closed: str,
) -> list[Settlement]:
    """Settle every verified lot that has no SETTLE yet.

    ``recorded`` are the ledger's transactions so far, ``last_closed`` the last closed period ("" for none). Raises
    FactorError when a lot needs a factor that does not exist.
    """
    known = list(recorded)
    pending = pending_by_lot(known)
    done = {(item.waybill_number, item.lot_no) for item in known if item.kind is Kind.SETTLE}
    desk = Desk(network, factors, code_version, at, last_closed)
    return [
        desk.settle_lot(waybill, lot, state, reviewed.voyages, pending.get((waybill.number, lot.lot_no)))
        for waybill, lot, state in verified_lots(waybills, reviewed)
        if (waybill.number, lot.lot_no) not in done
    ]


@dataclass(frozen=True, slots=True)
class Desk:
    """What settling rests on besides the lot: data package, product version, present time, last closed period."""

    network: Network
    factors: FactorTable
    code_version: str
    at: datetime
    last_closed: str

    def run_lot(self, waybill: Waybill, lot: WaybillLot, state: LotState, voyages: Voyages) -> CalculationRun:
        """The calculation of a delivered lot. Raises FactorError where a factor is missing, UnknownRecordError where
        the network lacks a class that the lot travelled with."""
        assert state.delivered_at is not None
        assert state.weighed_mass_kg is not None
        on = state.delivered_at.astimezone(CHINA_TIME).date()
        try:
            inputs = inputs_of(waybill, lot, state.weighed_mass_kg, on, voyages, self.network, self.factors)
        except KeyError as error:
            raise UnknownRecordError(
                Message(
                    f"路网 {self.network.version} 没有 {error}；请使用签发运单时的路网。",
                    f"The network {self.network.version} has no {error}; use the network the waybill was issued with.",
                )
            ) from error
        versions = (self.factors.version, self.network.version, self.code_version)
        return run_of(inputs, calculate(inputs, self.factors), versions, self.at)

    def settle_lot(
        self, waybill: Waybill, lot: WaybillLot, state: LotState, voyages: Voyages, pending: Transaction | None
    ) -> Settlement:
        """Run, POST, VOID and SETTLE of one verified lot. Raises FactorError where a factor is missing."""
        run = self.run_lot(waybill, lot, state, voyages)
        assert state.delivered_at is not None
        transactions = settlement_transactions(
            waybill, lot, run, pending, state.delivered_at, self.at, self.last_closed
        )
        return Settlement(run, transactions)

    def release(self, waybill: Waybill, lot: WaybillLot, pending: Transaction, ended_at: datetime) -> Transaction:
        """The VOID of a whole estimate: the lot was lost, returned or cancelled."""
        lines = PostingLines(ISSUANCE.account_id)
        lines.move(_account(waybill.consignor), Ledger.CLAIM, -reserved_amount(pending), Bucket.RESERVED)
        return _transaction(Kind.VOID, waybill, lot, lines, ended_at, self.at, self.last_closed, pending)


def settlement_transactions(
    waybill: Waybill,
    lot: WaybillLot,
    run: CalculationRun,
    pending: Transaction | None,
    delivered_at: datetime,
    booked_at: datetime,
    last_closed: str,
) -> tuple[Transaction, ...]:
    """POST and VOID of the pending estimate (where there is one) and the SETTLE of a lot."""
    consignor = _account(waybill.consignor)
    transactions = []
    if pending is not None:
        reserved_g = reserved_amount(pending)
        posted_g = min(reserved_g, run.result.credited_wtw_g)
        for kind, released_g in ((Kind.POST, posted_g), (Kind.VOID, reserved_g - posted_g)):
            lines = PostingLines(ISSUANCE.account_id)
            lines.move(consignor, Ledger.CLAIM, -released_g, Bucket.RESERVED)
            if lines.lines:
                transactions.append(
                    _transaction(kind, waybill, lot, lines, delivered_at, booked_at, last_closed, pending, run)
                )
    lines = PostingLines(ISSUANCE.account_id, credit_lines(waybill, run.result))
    transactions.append(_transaction(Kind.SETTLE, waybill, lot, lines, delivered_at, booked_at, last_closed, None, run))
    return tuple(transactions)


def credit_lines(waybill: Waybill, result: LotResult) -> list[Posting]:
    """The postings that a result is worth: claim, attribution to three parties, activity by mode, energy."""
    consignor = _account(waybill.consignor)
    lines = PostingLines(ISSUANCE.account_id)
    lines.move(consignor, Ledger.CLAIM, result.credited_wtw_g)
    for account in dict.fromkeys((consignor, _account(waybill.consignee), _account(waybill.operator))):
        lines.move(account, Ledger.ATTRIBUTION, result.actual_wtw_g)
    for mode, activity_kgkm in sorted(result.activity_kgkm.items()):
        lines.move(consignor, Ledger.ACTIVITY, activity_kgkm, part=mode)
    lines.move(consignor, Ledger.ENERGY, result.energy_saved_g)
    return lines.lines


def accounts_for(waybills: Iterable[Waybill]) -> list[Account]:
    """The accounts that settling these waybills touches, issuance first, each once."""
    parties = (party for waybill in waybills for party in (waybill.consignor, waybill.consignee, waybill.operator))
    return list(dict.fromkeys((ISSUANCE, *(account_of(party.party_id, party.domain) for party in parties))))


def _version_of(waybill: Waybill, pending: Transaction | None) -> str:
    """Empty for the estimate of the first issue and what resolves it."""
    if waybill.version == 1:
        return ""
    if pending is None:
        return f"v{waybill.version}"
    first = transaction_id(pending.waybill_number, pending.lot_no, METHOD, Kind.ESTIMATE)
    return "" if pending.transaction_id == first else pending.transaction_id


def _account(party: Party) -> str:
    return _account_id(party.party_id, party.domain)


@lru_cache(maxsize=65_536)
def _account_id(party_id: str, domain: str) -> str:
    return account_of(party_id, domain).account_id


def _transaction(
    kind: Kind,
    waybill: Waybill,
    lot: WaybillLot,
    lines: PostingLines,
    effective_at: datetime,
    booked_at: datetime,
    last_closed: str,
    pending: Transaction | None = None,
    run: CalculationRun | None = None,
) -> Transaction:
    if pending is not None:
        # Cancelled or delivered before its planned departure: no month may end with less than nothing reserved.
        effective_at = max(effective_at, pending.effective_at)
    # An amended waybill reserves anew; its entries are told apart from those of the first issue.
    about = "" if kind is Kind.SETTLE else _version_of(waybill, pending)
    return Transaction(
        transaction_id=transaction_id(waybill.number, lot.lot_no, METHOD, kind, about),
        kind=kind,
        waybill_number=waybill.number,
        lot_no=lot.lot_no,
        method=METHOD,
        run_id=run.run_id if run else "",
        resolves=pending.transaction_id if pending else "",
        period=booking_period(effective_at, last_closed),
        effective_at=effective_at,
        booked_at=booked_at,
        postings=tuple(lines.lines),
    )
