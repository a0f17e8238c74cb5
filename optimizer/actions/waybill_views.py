"""Waybills as a user may see them: lists, one whole with its state, and reports upon it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from optimizer.access.user import Permission, Role, User, sees_waybill_of
from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.corrections import standing_entries
from optimizer.accounts.ledger import Kind, Transaction
from optimizer.accounts.settlement import review
from optimizer.actions.amending import Version, amend, cancel_amendment, versions
from optimizer.actions.recording import RecordResult, Refusal, record
from optimizer.errors import Fault, Message, UnknownRecordError
from optimizer.network.model import Network
from optimizer.store.engine import Store
from optimizer.store.waybill_lists import WaybillHeader
from optimizer.waybills.amendment_reader import amendment_from_record
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.lifecycle import CarbonStatus, WaybillState, settled_status
from optimizer.waybills.waybill import Waybill


@dataclass(frozen=True, slots=True)
class WaybillFile:
    """Everything about one waybill: the document, where it stands, what was reported, what was booked and computed."""

    waybill: Waybill
    state: WaybillState
    events: tuple[Event, ...]
    transactions: tuple[Transaction, ...]
    runs: tuple[CalculationRun, ...]

    def settled(self, lot_no: int) -> bool:
        """Whether a lot has its settlement."""
        return any(entry.kind is Kind.SETTLE and entry.lot_no == lot_no for entry in self.transactions)

    def carbon(self, lot_no: int) -> CarbonStatus:
        """Where a lot stands on the third axis, by its events and then by its accounts."""
        entry = standing_entries(self.transactions).get((self.waybill.number, lot_no))
        by_events = next(lot.carbon for lot in self.state.lots if lot.lot_no == lot_no)
        return settled_status(by_events, entry.kind.value if entry is not None else "")

    def standing_settlement(self, lot_no: int) -> bool:
        """Whether a lot's settlement still stands, so that it has a calculation sheet: not reversed since."""
        return self.carbon(lot_no) in (CarbonStatus.SETTLED, CarbonStatus.RESTATED)

    def run_of(self, lot_no: int) -> CalculationRun | None:
        """The newest calculation run of a lot that an entry names."""
        ids = [entry.run_id for entry in self.transactions if entry.lot_no == lot_no and entry.run_id]
        by_id = {run.run_id: run for run in self.runs}
        return by_id.get(ids[-1]) if ids else None


def waybills_seen_by(
    store: Store,
    user: User,
    after: str = "",
    limit: int | None = None,
    text: str = "",
    *,
    open_only: bool = False,
    offset: int = 0,
) -> list[WaybillHeader]:
    """Headers of the waybills in a user's scope, by number; none for a role that may not read waybills. ``open_only``:
    those that still wait for a report; ``offset``: how many are passed over."""
    if not user.may(Permission.READ_WAYBILLS):
        return []
    with store.read() as session:
        return session.waybill_headers(
            after=after, limit=limit, text=text, open_only=open_only, offset=offset, **_scope(user)
        )


def count_waybills_seen_by(store: Store, user: User, text: str = "") -> int:
    """How many waybills :func:`waybills_seen_by` would list."""
    if not user.may(Permission.READ_WAYBILLS):
        return 0
    with store.read() as session:
        return session.count_waybill_headers(text=text, **_scope(user))


def _scope(user: User) -> dict[str, str]:
    """Whose waybills a user sees, in the words of the store."""
    if user.role is Role.AUDITOR:
        return {}
    if user.role is Role.ENTERPRISE:
        return {"shipper_or_receiver_id": user.party_id}
    return {"operator_id": user.party_id}


def waybill_file(store: Store, user: User, number: str) -> WaybillFile:
    """One waybill whole. Raises UnknownRecordError when there is none or it is not for this user: the same for both."""
    with store.read() as session:
        found = session.waybills([number]).get(number)
        if found is None or not sees_waybill(user, found):
            raise unknown_waybill(number)
        neighbours = session.neighbourhood({number})
        waybills, events = session.waybills(neighbours | {number}), session.events(neighbours | {number})
        entries = session.transactions([number])
        runs = session.runs({entry.run_id for entry in entries if entry.run_id})
    state = review(waybills, events, [number]).states[number]
    own = tuple(event for event in events if event.waybill_number == number)
    return WaybillFile(found, state, own, tuple(entries), tuple(runs.values()))


def report_events(
    store: Store, user: User, number: str, events: Sequence[Event], at: datetime, network: Network
) -> RecordResult:
    """Record events upon a waybill in the user's scope; ``network``: the one in force. Raises UnknownRecordError as
    :func:`waybill_file`.

    What a carrier may not say is refused: nobody releases his own lot after a hold or a suspicion, and the document is
    its issuer's.
    """
    require_seen(store, user, number, Permission.REPORT_EVENTS)
    kept = _kept_from(store, user, number, events)
    result = record(store, [event for event in events if event not in kept], at, network.vessel_classes)
    return replace(result, refused=(*result.refused, *(Refusal(event, (_NOT_A_CARRIERS,)) for event in kept)))


_OF_THE_ISSUER = frozenset({EventType.RELS, EventType.VOID, EventType.CMPL, EventType.AMND})
_NOT_A_CARRIERS = Fault(
    "events",
    None,
    "event_type",
    "not_a_carriers",
    Message(
        "解除冻结、作废、完成与改单须由经营人的调度报告，冻结也不由承运人撤回。",
        "Releases, voiding, completion and amendments are reported by the operator's planners, who alone withdraw "
        "holds.",
    ),
)


def _kept_from(store: Store, user: User, number: str, events: Sequence[Event]) -> list[Event]:
    """The events that a user may not report."""
    if user.role is not Role.CARRIER:
        return []
    with store.read() as session:
        kinds = {event.event_id: event.event_type for event in session.events([number])}
    of_others = _OF_THE_ISSUER | {EventType.HOLD}
    return [event for event in events if event.event_type in _OF_THE_ISSUER or kinds.get(event.withdraws) in of_others]


def versions_seen_by(store: Store, user: User, number: str) -> list[Version]:
    """Every version of a waybill in the user's scope. Raises UnknownRecordError as :func:`waybill_file`."""
    require_seen(store, user, number, Permission.READ_WAYBILLS)
    return versions(store, number)


def amend_as(
    store: Store, user: User, number: str, record: Mapping[str, Any], network: Network, at: datetime
) -> Version:
    """Amend a waybill of the user's own scope as a record asks (``amendment_reader``); who may issue may amend.

    Raises UnknownRecordError as :func:`waybill_file`, InputError and ConflictError as ``amending.amend``.
    """
    require_seen(store, user, number, Permission.ACCEPT_PLANS)
    with store.read() as session:
        parties = session.parties()
    asked = amendment_from_record(record, parties)
    new = amend(store, number, asked.change, asked.reason, network, at, user.party_id, asked.version)
    return next(item for item in versions(store, number) if item.waybill.version == new.version)


def withdraw_amendment_as(store: Store, user: User, number: str, reason: str, at: datetime) -> Version:
    """Give up an open amendment of a waybill in the user's scope. Raises as :func:`amend_as`."""
    require_seen(store, user, number, Permission.ACCEPT_PLANS)
    kept = cancel_amendment(store, number, reason, at, user.party_id)
    return next(item for item in versions(store, number) if item.waybill.version == kept.version)


def require_seen(store: Store, user: User, number: str, permission: Permission) -> None:
    """Raises UnknownRecordError where there is no such waybill, or none for this user to use a permission upon."""
    with store.read() as session:
        found = session.waybills([number]).get(number)
    if found is None or not user.may(permission) or not sees_waybill(user, found):
        raise unknown_waybill(number)


def sees_waybill(user: User, waybill: Waybill) -> bool:
    """Whether a waybill is in a user's scope."""
    return sees_waybill_of(user, waybill.operator.party_id, waybill.consignor.party_id, waybill.consignee.party_id)


def unknown_waybill(number: str) -> UnknownRecordError:
    """The error for a waybill that does not exist or is not for this user."""
    return UnknownRecordError(Message(f"没有运单 {number}。", f"There is no waybill {number}."))
