"""From waybills to transactions: the estimate at dispatch, the settlement of verified lots.

    dispatch    ESTIMATE  reserves the planned saving of a lot for its consignor (nothing when it is not positive)
    verified    POST      releases min(reserved, credited): the part of the estimate that came true
                VOID      releases the rest, so that posted + voided = reserved
                SETTLE    credits the claim and writes the memo ledgers, naming its calculation run

Per lot the SETTLE transaction holds: claim, credited g CO2e, consignor (no line when nothing is credited: a shift that
emits more is shown in the run and never posted as a claim); attribution, actual g CO2e, to consignor, consignee and
operator alike; activity, kg·km by mode, consignor; energy, g coal equivalent saved (may be negative), consignor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from optimizer.accounts.calculation import CalculationRun, calculate, inputs_of, run_of
from optimizer.accounts.ledger import (
    Account,
    Bucket,
    Kind,
    Ledger,
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
from optimizer.network.model import Network
from optimizer.quantities import CHINA_TIME
from optimizer.waybills.event import Event
from optimizer.waybills.lifecycle import CarbonStatus, LotState, WaybillState, fold
from optimizer.waybills.party import Party
from optimizer.waybills.verification import LotKey, duplicates
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


def review(waybills: Mapping[str, Waybill], events: Sequence[Event]) -> Review:
    """Fold all events: the state of every waybill, double reporting included, and the loads of every voyage."""
    found = duplicates(waybills, events)
    by_waybill: dict[str, list[Event]] = {}
    for event in events:
        by_waybill.setdefault(event.waybill_number, []).append(event)
    states = {
        number: fold(
            waybill,
            by_waybill.get(number, ()),
            {lot.lot_no: found[number, lot.lot_no] for lot in waybill.lots if (number, lot.lot_no) in found},
        )
        for number, waybill in waybills.items()
    }
    return Review(states, voyages_of(waybills, events, found))


def estimates(waybill: Waybill, booked_at: datetime, last_closed: str) -> list[Transaction]:
    """The ESTIMATE of each lot of an issued waybill with a positive planned saving, booked when it is due to arrive."""
    transactions = []
    for lot in waybill.lots:
        lines = PostingLines(ISSUANCE.account_id)
        lines.move(_account(waybill.consignor), Ledger.CLAIM, max(0, lot.estimated_saving_wtw_g), Bucket.RESERVED)
        if lines.lines:
            arrives_at = lot.legs[-1].planned_arrives_at
            transactions.append(_transaction(Kind.ESTIMATE, waybill, lot, lines, arrives_at, booked_at, last_closed))
    return transactions


def verified_lots(waybills: Mapping[str, Waybill], reviewed: Review) -> Iterable[tuple[Waybill, WaybillLot, LotState]]:
    """Every lot that may settle, in order of delivery (then of number), so that one run's ledger is reproducible."""
    found = [
        (waybills[number], waybills[number].lot(lot.lot_no), lot)
        for number, state in reviewed.states.items()
        for lot in state.lots
        if lot.carbon is CarbonStatus.VERIFIED
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
    versions = (factors.version, network.version, code_version)
    settlements = []
    for waybill, lot, state in verified_lots(waybills, reviewed):
        key: LotKey = (waybill.number, lot.lot_no)
        if key in done or state.delivered_at is None or state.weighed_mass_kg is None:
            continue
        on = state.delivered_at.astimezone(CHINA_TIME).date()
        inputs = inputs_of(waybill, lot, state.weighed_mass_kg, on, reviewed.voyages, network, factors)
        run = run_of(inputs, calculate(inputs, factors), versions, at)
        transactions = settlement_transactions(waybill, lot, run, pending.get(key), state.delivered_at, at, last_closed)
        settlements.append(Settlement(run, transactions))
    return settlements


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
    result = run.result
    consignor = _account(waybill.consignor)
    transactions = []
    if pending is not None:
        reserved_g = reserved_amount(pending)
        posted_g = min(reserved_g, result.credited_wtw_g)
        for kind, released_g in ((Kind.POST, posted_g), (Kind.VOID, reserved_g - posted_g)):
            lines = PostingLines(ISSUANCE.account_id)
            lines.move(consignor, Ledger.CLAIM, -released_g, Bucket.RESERVED)
            if lines.lines:
                transactions.append(
                    _transaction(kind, waybill, lot, lines, delivered_at, booked_at, last_closed, pending, run)
                )
    lines = PostingLines(ISSUANCE.account_id)
    lines.move(consignor, Ledger.CLAIM, result.credited_wtw_g)
    for party in dict.fromkeys((waybill.consignor, waybill.consignee, waybill.operator)):
        lines.move(_account(party), Ledger.ATTRIBUTION, result.actual_wtw_g)
    for mode, activity_kgkm in sorted(result.activity_kgkm.items()):
        lines.move(consignor, Ledger.ACTIVITY, activity_kgkm, part=mode)
    lines.move(consignor, Ledger.ENERGY, result.energy_saved_g)
    transactions.append(_transaction(Kind.SETTLE, waybill, lot, lines, delivered_at, booked_at, last_closed, None, run))
    return tuple(transactions)


def accounts_for(waybills: Iterable[Waybill]) -> list[Account]:
    """The accounts that settling these waybills touches, issuance first, each once."""
    parties = (party for waybill in waybills for party in (waybill.consignor, waybill.consignee, waybill.operator))
    return list(dict.fromkeys((ISSUANCE, *(account_of(party.party_id, party.domain) for party in parties))))


def _account(party: Party) -> str:
    return account_of(party.party_id, party.domain).account_id


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
    return Transaction(
        transaction_id=transaction_id(waybill.number, lot.lot_no, METHOD, kind),
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
