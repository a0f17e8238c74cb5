"""What the facts of a lot say against its waybill: other places and vessels, other masses and times, holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from optimizer.errors import Message
from optimizer.quantities import iso, tonnes
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.finding import Finding, lot_record
from optimizer.waybills.waybill import Waybill, WaybillLeg, WaybillLot

MASS_DIFFERENCE_NOTED_REL = 0.05
"""A weighed mass this far from the declared one is noted (it settles all the same, on the weighed mass)."""
AT_ORIGIN, AT_DESTINATION = (
    frozenset({EventType.LOAD, EventType.DEPA}),
    frozenset({EventType.ARRI, EventType.DISC}),
)


def deviations(waybill: Waybill, lot: WaybillLot, facts: Sequence[Event]) -> list[Finding]:
    """Place and vessel against the plan. Another place blocks (the distance is not the planned one); another vessel is
    noted once for each leg, because a substitute may carry the cargo."""
    legs: dict[int | None, WaybillLeg] = {leg.seq: leg for leg in lot.legs}
    findings: list[Finding] = []
    for fact in facts:
        kind, leg = fact.event_type, legs.get(fact.leg_seq)
        if kind is EventType.DLV:
            expected = waybill.place_of_delivery
        elif leg is None:
            continue  # nothing is planned of it
        elif kind in AT_ORIGIN:
            expected = leg.origin
        else:
            expected = leg.destination if kind in AT_DESTINATION else ""
        if fact.location_id != expected and expected and fact.location_id:
            findings.append(
                Finding(
                    "place_differs",
                    lot_record(waybill.number, lot.lot_no),
                    Message(
                        f"{fact.event_type.value} 报告地点为 {fact.location_id}，运单为 {expected}；须更正事件或改单。",
                        f"{fact.event_type.value} was reported at {fact.location_id}, the waybill says {expected}; "
                        "withdraw the event or amend the waybill.",
                    ),
                )
            )
        if leg is not None and leg.vessel_id and fact.vessel_id not in ("", leg.vessel_id):
            findings.append(
                Finding(
                    "vessel_differs",
                    lot_record(waybill.number, lot.lot_no),
                    Message(
                        f"第 {leg.seq} 段由 {fact.vessel_id} 承运，计划为 {leg.vessel_id}。",
                        f"Leg {leg.seq} sailed in {fact.vessel_id}, planned was {leg.vessel_id}.",
                    ),
                    blocks=False,
                )
            )
    return list(dict.fromkeys(findings)) if findings else findings


def notes(
    waybill: Waybill, lot: WaybillLot, weighed_mass_kg: int | None, delivered_at: datetime | None
) -> list[Finding]:
    """A mass far from the declared one, and a late delivery: worth knowing, and no reason not to settle."""
    findings = []
    declared_kg = lot.declared_mass_kg
    if weighed_mass_kg is not None and abs(weighed_mass_kg - declared_kg) > MASS_DIFFERENCE_NOTED_REL * declared_kg:
        findings.append(
            Finding(
                "mass_differs",
                lot_record(waybill.number, lot.lot_no),
                Message(
                    f"承运人计重 {tonnes(weighed_mass_kg)} 吨，申报 {tonnes(declared_kg)} 吨；按计重结算。",
                    f"Weighed {tonnes(weighed_mass_kg)} t, declared {tonnes(declared_kg)} t; the weighed mass settles.",
                ),
                blocks=False,
            )
        )
    if delivered_at is not None and delivered_at > waybill.due_at:
        findings.append(
            Finding(
                "late",
                lot_record(waybill.number, lot.lot_no),
                Message(
                    f"{iso(delivered_at)} 交付，晚于约定的 {iso(waybill.due_at)}。",
                    f"Delivered at {iso(delivered_at)}, after the due time {iso(waybill.due_at)}.",
                ),
                blocks=False,
            )
        )
    return findings


def disputes(waybill: Waybill, lot: WaybillLot, facts: Sequence[Event]) -> list[Finding]:
    """A HOLD freezes until a RELS of the same or a later time."""
    holds = [fact for fact in facts if fact.event_type is EventType.HOLD]
    releases = [fact.event_time for fact in facts if fact.event_type is EventType.RELS]
    if not holds or (releases and max(releases) >= holds[-1].event_time):
        return []
    last = holds[-1]
    return [
        Finding(
            "on_hold",
            lot_record(waybill.number, lot.lot_no),
            Message(
                f"{last.reporter_id} 已冻结：{last.reason or '未写明原因'}；须由 RELS 事件解除。",
                f"Held by {last.reporter_id}: {last.reason or 'no reason given'}; a RELS event releases it.",
            ),
        )
    ]
