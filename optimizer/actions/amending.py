"""Amend an issued waybill: ISSUED > AMENDING > ISSUED v+1, every version kept, estimates reserved anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from optimizer.accounts.ledger import Transaction, pending_by_lot
from optimizer.accounts.settlement import accounts_for, renewed_estimates
from optimizer.actions.correcting import require_reason
from optimizer.actions.recording import write_jobs
from optimizer.errors import ConflictError, Fault, InputError, Message, UnknownRecordError
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.store.engine import Store
from optimizer.store.session import Session
from optimizer.waybills.amendment import Amendment, amended, amendment_faults, changes
from optimizer.waybills.event import DOCUMENT_EVENTS, Classifier, Event, EventType, event_id
from optimizer.waybills.issue import way_of
from optimizer.waybills.lifecycle import DocumentStatus, document_status, effective
from optimizer.waybills.waybill import Waybill

_TICK = timedelta(microseconds=1)
"""Document events of one moment keep their order by this much."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a waybill, what it changed of the one before, and why (both empty for the first)."""

    waybill: Waybill
    changed: tuple[str, ...]
    reason: str


def amend(
    store: Store,
    number: str,
    change: Amendment,
    reason: str,
    network: Network,
    at: datetime,
    reporter_id: str = "",
    seen_version: int | None = None,
) -> Waybill:
    """Issue the next version of a waybill; with an empty change only open the amendment (AMENDING).

    One transaction: the event that opens it (unless it is open), the version, the event that issues it, and for lots
    whose planned saving changed the release of their estimate and a new one. The former versions stay. ``reporter_id``
    is who amends (default: the operator). ``seen_version``: the version that the change was made for.

    Raises InputError without a reason or for what may not change any more, all faults at once; ConflictError for a
    document that cannot be amended and where another version is in force; UnknownRecordError for an unknown waybill.
    Then nothing is written.
    """
    require_reason(reason)
    with store.write() as session:
        waybill = _waybill(session, number)
        if seen_version not in (None, waybill.version):
            raise _another_version(waybill)
        events = session.events([number])
        status = document_status(effective(events))
        clock = _clock(events, at)
        by = reporter_id or waybill.operator.party_id
        written: list[Event] = []
        if status is DocumentStatus.ISSUED:
            opened = _free_id(events, number, EventType.AMND)
            written.append(_document_event(opened, waybill, EventType.AMND, clock, at, by, reason))
        elif status is not DocumentStatus.AMENDING or change.is_empty:
            raise _not_from(status)
        if change.is_empty:
            session.add_events(written, at)
            return waybill
        graph = NetworkGraph(network)
        new = amended(waybill, change, lambda leg: way_of(leg, graph), clock + _TICK)
        _require_allowed(session, waybill, new, events, network)
        session.add_parties([new.consignee], at)
        session.add_events(written, at)
        session.add_waybills([new])
        issued = event_id(number, None, None, EventType.ISSU, new.version)
        note = f"v{new.version}: {reason.strip()}"
        last = _document_event(issued, new, EventType.ISSU, new.issued_at, at, by, note)
        session.add_events([last], at)
        session.add_accounts(accounts_for([new]), at)
        session.add_transactions(_reserved_anew(session, waybill, new, at))
        write_jobs(session, {number: new}, {number: [*events, *written, last]}, {number})
    return new


def cancel_amendment(store: Store, number: str, reason: str, at: datetime, reporter_id: str = "") -> Waybill:
    """Give up an open amendment: the version that stood is in force again. Raises ConflictError where none is open."""
    require_reason(reason)
    with store.write() as session:
        waybill = _waybill(session, number)
        events = session.events([number])
        if document_status(effective(events)) is not DocumentStatus.AMENDING:
            raise _not_from(document_status(effective(events)))
        opened = [item for item in effective(events) if item.event_type is EventType.AMND][-1]
        session.add_events(
            [
                Event(
                    event_id=_free_id(events, number, EventType.WDRW),
                    waybill_number=number,
                    lot_no=None,
                    leg_seq=None,
                    classifier=Classifier.ACT,
                    event_type=EventType.WDRW,
                    event_time=_clock(events, at),
                    record_time=at,
                    reporter_id=reporter_id or waybill.operator.party_id,
                    withdraws=opened.event_id,
                    reason=reason.strip(),
                )
            ],
            at,
        )
    return waybill


def versions(store: Store, number: str) -> list[Version]:
    """Every version of a waybill, the first one first. Raises UnknownRecordError for an unknown one."""
    with store.read() as session:
        found = session.waybill_versions([number])
        events = session.events([number])
    if not found:
        raise _unknown(number)
    reasons = {item.reason.partition(": ")[0]: item for item in events if item.event_type is EventType.ISSU}
    shown = [Version(found[0], (), "")]
    for old, new in pairwise(found):
        issued = reasons.get(f"v{new.version}")
        shown.append(Version(new, tuple(changes(old, new)), issued.reason.partition(": ")[2] if issued else ""))
    return shown


def _reserved_anew(session: Session, old: Waybill, new: Waybill, at: datetime) -> list[Transaction]:
    pending = pending_by_lot(session.transactions([old.number]))
    settled = session.settled_lots([old.number])
    return renewed_estimates(old, new, pending, settled, at, session.last_closed())


def _require_allowed(session: Session, old: Waybill, new: Waybill, events: Sequence[Event], network: Network) -> None:
    faults = [*amendment_faults(old, new, effective(events)), *_without_terminal(old, new, network)]
    known = session.parties().get(new.consignee.party_id)
    if new.consignee != old.consignee and known != new.consignee:
        message = Message("收货人未登记。", "The consignee is not registered.")
        faults.append(Fault("waybill", None, "consignee", "unknown_party", message))
    if not changes(old, new):
        message = Message("与现行版本没有差别。", "It does not differ from the version in force.")
        faults.append(Fault("waybill", None, None, "no_change", message))
    if faults:
        raise InputError.of(faults)


def _without_terminal(old: Waybill, new: Waybill, network: Network) -> Iterator[Fault]:
    """Cargo may be put down only where the network has a terminal for it: else the lot could never be calculated."""
    for before, after in zip(old.lots, new.lots, strict=True):
        for leg, hub in zip(before.legs, after.legs, strict=True):
            handled = (hub.origin, new.cargo_group) in network.terminals
            if hub.mode == "Hub" and hub.origin != leg.origin and not handled:
                message = Message(
                    f"路网中 {hub.origin} 没有装卸 {new.cargo_group} 的码头或货场。",
                    f"The network has no terminal for {new.cargo_group} at {hub.origin}.",
                )
                yield Fault("waybill", None, f"lots/{after.lot_no}/legs/{hub.seq}", "no_terminal", message)


def _document_event(
    own_id: str, waybill: Waybill, kind: EventType, moment: datetime, at: datetime, reporter_id: str, reason: str
) -> Event:
    return Event(
        own_id, waybill.number, None, None, Classifier.ACT, kind, moment, at, reporter_id, reason=reason.strip()
    )


def _clock(events: Sequence[Event], at: datetime) -> datetime:
    """A moment after every document event, whatever a clock says: their order is the order of the versions."""
    last = max((event.event_time for event in events if event.event_type in DOCUMENT_EVENTS), default=None)
    return at if last is None else max(at, last + _TICK)


def _free_id(events: Sequence[Event], number: str, kind: EventType) -> str:
    """The id of the next document event of a kind."""
    taken = {event.event_id for event in events}
    occurrence = 1
    while event_id(number, None, None, kind, occurrence) in taken:
        occurrence += 1
    return event_id(number, None, None, kind, occurrence)


def _waybill(session: Session, number: str) -> Waybill:
    waybill = session.waybills([number]).get(number)
    if waybill is None:
        raise _unknown(number)
    return waybill


def _unknown(number: str) -> UnknownRecordError:
    return UnknownRecordError(
        Message(f"没有运单 {number}；请核对。", f"There is no waybill {number}; check the number.")
    )


def _not_from(status: DocumentStatus) -> ConflictError:
    return ConflictError(
        Message(
            f"运单状态为 {status.value}，此操作不适用。",
            f"The document is {status.value}; this is not possible from there.",
        )
    )


def _another_version(waybill: Waybill) -> ConflictError:
    return ConflictError(
        Message(
            f"运单现为第 {waybill.version} 版；请按现行版本重新提出改单。",
            f"Version {waybill.version} of the waybill is in force; look at it and ask again.",
        )
    )
