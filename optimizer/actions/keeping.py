"""What was accepted, for who plans anew around it."""

from __future__ import annotations

from collections import defaultdict

from optimizer.errors import ConflictError, Message
from optimizer.planning.document import plan_from_json
from optimizer.planning.keeping.held import Accepted
from optimizer.planning.shipment import Shipment
from optimizer.store.engine import Store
from optimizer.waybills.event import Event
from optimizer.waybills.lifecycle import DocumentStatus, document_status, effective


def issued_shipments(store: Store) -> frozenset[str]:
    """Ids of the shipments that a waybill carries, voided ones left out."""
    with store.read() as session:
        headers = session.waybill_headers()
        events = session.events({header.number for header in headers})
    by_number: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_number[event.waybill_number].append(event)
    return frozenset(
        header.shipment_id
        for header in headers
        if document_status(effective(by_number[header.number])) is not DocumentStatus.VOIDED
    )


def accepted_so_far(store: Store) -> Accepted | None:
    """The plan that was accepted last with the shipments that have a waybill; None where none was accepted.

    Raises ConflictError when some waybill stems from a plan that this one was not made around: then no document tells
    where all of their vessels are.
    """
    with store.read() as session:
        document = session.newest_plan()
    if document is None:
        return None
    plan, issued = plan_from_json(document), issued_shipments(store)
    strangers = sorted(issued - {entry.shipment_id for entry in plan.shipments})
    if strangers:
        listed = ", ".join(strangers[:5]) + (" …" if len(strangers) > 5 else "")
        raise ConflictError(
            Message(
                f"{len(strangers)} 票的运单出自另一份计划（{listed}），无法一并保留；请先作废或完成，或不勾选“保留”。",
                f"{len(strangers)} waybill(s) stem from another plan ({listed}) and cannot be kept together; void or"
                " complete them, or plan without keeping.",
            )
        )
    return Accepted(plan, issued)


def carried_shipments(store: Store, accepted: Accepted) -> list[Shipment]:
    """The shipments of an accepted plan that have a waybill, as they were submitted."""
    wanted = [
        entry.shipment_id
        for entry in accepted.plan.shipments
        if accepted.shipment_ids is None or entry.shipment_id in accepted.shipment_ids
    ]
    with store.read() as session:
        return [entry.shipment for entry in session.submitted(ids=wanted)]
