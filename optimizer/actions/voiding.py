"""Take an issued waybill back before anything was loaded: its document is void, its estimates are released."""

from __future__ import annotations

from datetime import datetime

from optimizer.access.user import Permission, User
from optimizer.actions.correcting import require_reason
from optimizer.actions.recording import record
from optimizer.actions.waybill_views import WaybillFile, require_seen
from optimizer.errors import InputError, Message, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.waybills.event import Classifier, Event, EventType, event_id
from optimizer.waybills.guards import MOVED
from optimizer.waybills.lifecycle import DOCUMENT_MOVES, effective


def void(store: Store, number: str, reason: str, at: datetime, reporter_id: str = "") -> None:
    """Void a waybill. ``reporter_id``: who does it (default: the operator).

    Raises InputError without a reason and where the guards refuse it (loaded, void already), UnknownRecordError for an
    unknown waybill. Then nothing is written.
    """
    require_reason(reason)
    with store.read() as session:
        waybill, known = session.waybills([number]).get(number), session.events([number])
    if waybill is None:
        raise UnknownRecordError(
            Message(f"没有运单 {number}；请核对。", f"There is no waybill {number}; check the number.")
        )
    # A void that was withdrawn may come again, so the id counts them.
    occurrence = 1 + sum(event.event_type is EventType.VOID for event in known)
    event = Event(
        event_id(number, None, None, EventType.VOID, occurrence),
        number,
        None,
        None,
        Classifier.ACT,
        EventType.VOID,
        at,
        at,
        reporter_id or waybill.operator.party_id,
        reason=reason.strip(),
    )
    faults = [fault for refusal in record(store, [event], at).refused for fault in refusal.faults]
    if faults:
        raise InputError.of(faults)


def void_as(store: Store, user: User, number: str, reason: str, at: datetime) -> None:
    """Void a waybill of the user's own scope; who may issue may void. Raises as :func:`void`, UnknownRecordError where
    the waybill is not for this user."""
    require_seen(store, user, number, Permission.ACCEPT_PLANS)
    void(store, number, reason, at, user.party_id)


def may_void(user: User, found: WaybillFile) -> bool:
    """Whether this user could void the waybill as it stands."""
    moved = any(event.event_type in MOVED for event in effective(found.events))
    return user.may(Permission.ACCEPT_PLANS) and (found.state.document, EventType.VOID) in DOCUMENT_MOVES and not moved
