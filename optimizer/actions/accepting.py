"""Accept a plan: issue its waybills and reserve their estimates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from optimizer.accounts.settlement import accounts_for, estimates
from optimizer.actions.submitting import list_accepted
from optimizer.errors import ConflictError, Message
from optimizer.network.model import Network
from optimizer.planning.document import plan_to_json
from optimizer.planning.plan import Plan
from optimizer.planning.shipment import Shipment
from optimizer.store.engine import Store
from optimizer.store.session import Session
from optimizer.waybills.codec import sha256
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.issue import from_plan
from optimizer.waybills.lifecycle import DocumentStatus, document_status, effective
from optimizer.waybills.party import Party
from optimizer.waybills.voyage_names import told_apart, voyage_ids
from optimizer.waybills.waybill import Waybill


def accept(
    store: Store, plan: Plan, shipments: Iterable[Shipment], parties: Sequence[Party], network: Network, at: datetime
) -> list[Waybill]:
    """Issue one waybill for each shipment of the plan that leaves the road, and reserve the estimated savings.

    A voyage whose name another plan has used for another one gets a name of its own (``waybills.voyage_names``).
    Accepting the same plan again answers the same waybills; so does a later plan for the shipments it carries unchanged
    (their way, lots, parties and times). A shipment that the plan had to move away from what was accepted keeps the
    waybill it has, which somebody amends. All shipments of the plan are listed as submitted. Raises ConflictError when
    another shipment has a waybill with another way, or a plan that was not accepted yet has one whose waybill is void,
    and InputError when a shipment, shipper or cargo is unknown; then nothing is written.
    """
    document = plan_to_json(plan)
    plan_id = sha256(document)
    planned = {item.shipment_id for item in plan.shipments}
    shipments = [shipment for shipment in shipments if shipment.shipment_id in planned]
    issued = from_plan(plan, shipments, parties, network, at, plan_id)
    with store.write() as session:
        session.add_parties(parties, at)
        renewed = not session.add_plan(plan_id, document, at)
        sharing_names = session.waybills(session.waybills_on_voyages(voyage_ids(issued)))
        issued = told_apart(issued, sharing_names.values())
        known = session.waybills(waybill.number for waybill in issued)
        if not renewed:
            _refuse_void(session, known)
        _refuse_changed(issued, known, {item.shipment_id for item in plan.moved})
        list_accepted(session, shipments, at)
        fresh = [waybill for waybill in issued if waybill.number not in known]
        session.add_waybills(fresh)
        session.add_accounts(accounts_for(fresh), at)
        last_closed = session.last_closed()
        session.add_transactions(
            [transaction for waybill in fresh for transaction in estimates(waybill, at, last_closed)]
        )
    return [known.get(waybill.number, waybill) for waybill in issued]


def _refuse_void(session: Session, known: Mapping[str, Waybill]) -> None:
    """A number follows from its shipment, so goods whose waybill is void travel under another shipment id."""
    number_of = {number: known[number].shipment_id for number in session.numbers_with(EventType.VOID, known)}
    by_number: dict[str, list[Event]] = defaultdict(list)
    for event in session.events(number_of):
        by_number[event.waybill_number].append(event)
    void = [number for number, found in by_number.items() if document_status(effective(found)) is DocumentStatus.VOIDED]
    if void:
        names = sorted(number_of[number] for number in void)
        listed = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
        raise ConflictError(
            Message(
                f"{len(names)} 票货物的运单已作废（{listed}）；要再运，请以新的货单号提交并重排。",
                f"The waybills of {len(names)} shipment(s) are void ({listed}); to move the goods after all, submit"
                " them under other shipment ids and plan again.",
            )
        )


def _refuse_changed(issued: Iterable[Waybill], known: dict[str, Waybill], moved: Collection[str]) -> None:
    changed = [
        waybill.number
        for waybill in issued
        if waybill.number in known
        and waybill.shipment_id not in moved
        and _content(known[waybill.number]) != _content(waybill)
    ]
    if changed:
        listed = ", ".join(changed[:5]) + (" …" if len(changed) > 5 else "")
        raise ConflictError(
            Message(
                f"{len(changed)} 票货物已按其他安排签发运单（{listed}）；"
                "请保留已接受的计划（页面上勾选“保留”，或 --keep）后重排。",
                f"{len(changed)} shipment(s) already have a waybill with another way ({listed}); "
                "replan with what was accepted kept (the box on the page, or --keep).",
            )
        )


def _content(waybill: Waybill) -> Waybill:
    """The waybill without what differs between two plans that move it alike: which plan, when, and averages over the
    other voyages and their cargo."""
    lots = tuple(
        replace(
            lot,
            legs=tuple(
                replace(
                    leg,
                    co2e_ttw_g=0,
                    co2e_wtw_g=0,
                    voyage_load_kg=0,
                    voyage_fuel_g=0,
                    empty_fuel_ratio=0.0,
                    empty_km_share=0.0,
                    round_trip=None,
                    tour=None,
                )
                for leg in lot.legs
            ),
            cost_fen=0,
        )
        for lot in waybill.lots
    )
    return replace(waybill, plan_id="", issued_at=waybill.ready_at, lots=lots)
