"""Submit shipments, one by one or a file of them: good ones are kept, each fault is named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from optimizer.access.user import Permission, Role, User
from optimizer.actions.registering import with_party_ids
from optimizer.errors import ConflictError, Message, UnknownRecordError
from optimizer.planning.shipment import Shipment
from optimizer.store.engine import Store
from optimizer.store.planning_rows import SubmittedShipment
from optimizer.store.session import Session


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of one shipment: ``new``, ``changed``, ``known`` (same content), ``has_waybill`` (an accepted plan
    carries it; it cannot change), ``foreign`` (another enterprise's)."""

    shipment_id: str
    outcome: str

    @property
    def kept(self) -> bool:
        """Whether the books now hold exactly what was handed in."""
        return self.outcome in ("new", "changed", "known")


def submit_shipments(store: Store, shipments: Sequence[Shipment], user: User, at: datetime) -> list[Submission]:
    """Record shipments, one outcome each, in order. A known id with other content becomes its next version.

    An enterprise submits for itself only, and never touches an id of another enterprise: it is not even told whose. A
    registered shipper may be called by its name or credit code; the books have its id.
    """
    outcomes: list[Submission] = []
    with store.write() as session:
        shipments = with_party_ids(shipments, session.parties())
        known = {
            entry.shipment.shipment_id: entry for entry in session.submitted(ids=[s.shipment_id for s in shipments])
        }
        fresh: list[tuple[Shipment, int]] = []
        for shipment in shipments:
            before = known.get(shipment.shipment_id)
            outcome = _outcome(shipment, before, user)
            outcomes.append(Submission(shipment.shipment_id, outcome))
            if outcome in ("new", "changed"):
                version = 1 if before is None else before.version + 1
                fresh.append((shipment, version))
        session.add_shipments(fresh, user.user_id, at)
    return outcomes


def list_accepted(session: Session, shipments: Iterable[Shipment], at: datetime) -> None:
    """List shipments of a plan that is being accepted as submitted, before its waybills are added: planned from a file,
    nobody may have submitted them, or otherwise than they were planned. One that has a waybill stays as it is."""
    wanted = {shipment.shipment_id: shipment for shipment in shipments}
    known = {entry.shipment.shipment_id: entry for entry in session.submitted(ids=wanted)}
    fresh: list[tuple[Shipment, int]] = []
    for shipment_id, shipment in wanted.items():
        before = known.get(shipment_id)
        if before is None:
            fresh.append((shipment, 1))
        elif not before.waybill_number and (before.withdrawn or before.shipment != shipment):
            fresh.append((shipment, before.version + 1))
    session.add_shipments(fresh, None, at)


def _outcome(shipment: Shipment, before: SubmittedShipment | None, user: User) -> str:
    mine = user.role is not Role.ENTERPRISE or shipment.shipper_id == user.party_id
    if not mine or (before is not None and not sees_shipment(user, before.shipment)):
        return "foreign"
    if before is None:
        return "new"
    if before.shipment == shipment and not before.withdrawn:
        return "known"
    return "has_waybill" if before.waybill_number else "changed"


def withdraw_shipment(store: Store, shipment_id: str, user: User, at: datetime) -> None:
    """Withdraw a shipment that no waybill carries yet. Raises UnknownRecordError, ConflictError."""
    with store.write() as session:
        found = session.submitted(ids=[shipment_id])
        if not found or not sees_shipment(user, found[0].shipment):
            raise unknown_shipment(shipment_id)
        entry = found[0]
        if entry.waybill_number:
            raise ConflictError(
                Message(
                    f"货单 {shipment_id} 已有运单 {entry.waybill_number}，不能撤回；装运之前可作废该运单。",
                    f"Shipment {shipment_id} has waybill {entry.waybill_number} and cannot be withdrawn; void the"
                    " waybill, as long as nothing is loaded.",
                )
            )
        if not entry.withdrawn:
            session.add_shipments([(entry.shipment, entry.version + 1)], user.user_id, at, withdrawn=True)


def shipments_seen_by(store: Store, user: User, after: str = "", limit: int | None = None) -> list[SubmittedShipment]:
    """The shipments that a user may see, by id: planners all, enterprises their own, others none."""
    if not user.may(Permission.READ_SHIPMENTS):
        return []
    shipper = user.party_id if user.role is Role.ENTERPRISE else None
    with store.read() as session:
        return session.submitted(shipper, after=after, limit=limit)


def waiting_shipments(store: Store, user: User) -> list[Shipment]:
    """Those in a user's scope that are still to be planned; what is on a waybill or withdrawn is not even read."""
    if not user.may(Permission.READ_SHIPMENTS):
        return []
    with store.read() as session:
        shipper = user.party_id if user.role is Role.ENTERPRISE else None
        return [entry.shipment for entry in session.submitted(shipper, only_open=True)]


def sees_shipment(user: User, shipment: Shipment) -> bool:
    """Whether a user may see a shipment."""
    if not user.may(Permission.READ_SHIPMENTS):
        return False
    return user.role is not Role.ENTERPRISE or (bool(user.party_id) and shipment.shipper_id == user.party_id)


def open_shipments(entries: Iterable[SubmittedShipment]) -> list[Shipment]:
    """Those still to be planned: neither withdrawn nor on a waybill."""
    return [entry.shipment for entry in entries if not entry.withdrawn and not entry.waybill_number]


def unknown_shipment(shipment_id: str) -> UnknownRecordError:
    """The error for an id that does not exist or is not for this user: the same for both."""
    return UnknownRecordError(Message(f"没有货单 {shipment_id}。", f"There is no shipment {shipment_id}."))
