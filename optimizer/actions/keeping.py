"""What was accepted, for who plans anew around it."""

from __future__ import annotations

from collections import defaultdict

from optimizer.planning.document import plan_from_json
from optimizer.planning.plan import Plan
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


def newest_accepted(store: Store) -> Plan | None:
    """The plan that was accepted last, as it was accepted; None where none was."""
    with store.read() as session:
        document = session.newest_plan()
    return None if document is None else plan_from_json(document)
