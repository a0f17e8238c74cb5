"""Which events may join a waybill's record.

Every guard compares the new event with the waybill or with one known event at a time. So a set of events that
contradict nothing is accepted in any order of arrival, and of two that contradict each other the later arrival is
refused, with the reason; the reporter withdraws the wrong one (WDRW) and sends the right one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from optimizer.errors import Fault, Message
from optimizer.network.model import WATER_MODES
from optimizer.quantities import CHINA_TIME, grouped, tonnes
from optimizer.waybills.event import (
    DOCUMENT_EVENTS,
    LEG_EVENTS,
    Classifier,
    Event,
    EventType,
    faults_of,
)
from optimizer.waybills.lifecycle import DOCUMENT_MOVES, DocumentStatus, document_status, effective
from optimizer.waybills.waybill import Waybill, WaybillLot

MASS_TOLERANCE_PER_MILLE = 5
"""Cargo does not grow on the way; two scales may differ by this much (OIML class III trade scales are well within)."""

CLOCK_TOLERANCE = timedelta(hours=1)
"""A reporter's clock may run ahead of ours by this much."""

_ORDER_ON_LEG = {EventType.LOAD: 0, EventType.DEPA: 1, EventType.ARRI: 2, EventType.DISC: 3}
MOVED = frozenset({*_ORDER_ON_LEG, EventType.DLV, EventType.LOST, EventType.RETN})
"""After one of these there was a transport, and its waybill stands: a void one would hide a delivery or a loss."""


def refusals(
    waybill: Waybill,
    known: Sequence[Event],
    event: Event,
    at: datetime,
    vessel_classes: Collection[str] | None = None,
) -> list[Fault]:
    """Why the event may not join the known events of its waybill; empty when it may.

    ``at`` is the present time. Times of actual events may not lie after it (clock tolerance aside).
    ``vessel_classes``: those of the network, one of which a vessel other than planned must have (None: not known).
    """
    faults = faults_of(event)
    if faults:
        return faults
    if event.event_type is EventType.ISSU:
        return [
            _fault(
                "event_type",
                "issued_by_amendment",
                "ISSU 由改单命令随新版本一并写入，不能单独上报。",
                "ISSU is written with the version that an amendment makes; it cannot be reported by itself.",
            )
        ]
    faults = _place_on_waybill_faults(waybill, event)
    if not faults and vessel_classes is not None:
        faults = _class_faults(waybill, event, vessel_classes)
    if faults or event.classifier is not Classifier.ACT:
        return faults
    if event.event_time > at + CLOCK_TOLERANCE:
        return [
            _fault(
                "event_time",
                "in_the_future",
                f"{_minute(event.event_time)} 还没到（现在是 {_minute(at)}）；请核对时间。"
                "尚未发生的只能报为预计（EST）。",
                f"{_minute(event.event_time)} has not come yet (it is {_minute(at)}); look at the time. What has not "
                "happened is reported as an estimate (EST).",
            )
        ]
    if event.event_type is EventType.WDRW:
        return _withdrawal_faults(known, event)
    facts = effective(known)
    if event.event_type in DOCUMENT_EVENTS:
        return _document_faults(facts, event)
    return _lot_faults(waybill.lot(event.lot_no or 0), facts, event)


def _minute(moment: datetime) -> str:
    """A time as people at the quay write it."""
    return f"{moment.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"


def _weight(event: Event) -> str:
    """What an event weighed, in tonnes as tickets have it."""
    return grouped(tonnes(event.mass_kg or 0))


def _withdrawal_faults(known: Iterable[Event], event: Event) -> list[Fault]:
    target = next((other for other in known if other.event_id == event.withdraws), None)
    if target is None or target.event_type is EventType.WDRW:
        return [
            _fault(
                "withdraws",
                "unknown_event",
                "被撤回的事件不在本运单的事件中（撤回事件本身不可撤回）。",
                "The withdrawn event is none of this waybill's events (a withdrawal itself cannot be withdrawn).",
            )
        ]
    if target.event_type is EventType.ISSU or _was_issued(known, target):
        return [
            _fault(
                "withdraws",
                "version_issued",
                "已签发的版本不能撤回；请再次改单。",
                "A version that was issued cannot be withdrawn; amend the waybill again.",
            )
        ]
    if any(other.withdraws == event.withdraws for other in known):
        return [_fault("withdraws", "already_withdrawn", "该事件已被撤回。", "That event is already withdrawn.")]
    return []


def _was_issued(known: Iterable[Event], opened: Event) -> bool:
    """Whether an opened amendment ended in a version."""
    return opened.event_type is EventType.AMND and any(
        other.event_type is EventType.ISSU and other.event_time > opened.event_time for other in known
    )


def _place_on_waybill_faults(waybill: Waybill, event: Event) -> list[Fault]:
    if event.lot_no is None:
        return []
    lot = next((item for item in waybill.lots if item.lot_no == event.lot_no), None)
    if lot is None:
        return [
            _fault(
                "lot_no",
                "unknown_lot",
                f"运单没有第 {event.lot_no} 批；共 {len(waybill.lots)} 批。",
                f"The waybill has no lot {event.lot_no}; it has {len(waybill.lots)}.",
            )
        ]
    if event.event_type not in LEG_EVENTS:
        return []
    leg = next((item for item in lot.legs if item.seq == event.leg_seq), None)
    gate = event.event_type in (EventType.GTIN, EventType.GTOT)
    if leg is None or (leg.mode == "Hub" and not gate):
        seqs = ", ".join(str(item.seq) for item in lot.transport_legs)
        return [
            _fault(
                "leg_seq",
                "unknown_leg",
                f"第 {event.leg_seq} 段不是运输段；运输段为 {seqs}。",
                f"Leg {event.leg_seq} is no transport leg; transport legs are {seqs}.",
            )
        ]
    return []


def _class_faults(waybill: Waybill, event: Event, vessel_classes: Collection[str]) -> list[Fault]:
    """A voyage in a class that nobody knows could never be settled: no intensity belongs to it."""
    if event.event_type not in LEG_EVENTS or not event.vehicle_class:
        return []
    leg = next(item for item in waybill.lot(event.lot_no or 0).legs if item.seq == event.leg_seq)
    if leg.mode not in WATER_MODES or event.vehicle_class in {leg.vehicle_class, *vessel_classes}:
        return []
    known = ", ".join(sorted(vessel_classes))
    return [
        _fault(
            "vehicle_class",
            "unknown_vehicle_class",
            f"路网没有船型 {event.vehicle_class[:40]}；请写 {known} 之一，与计划的 {leg.vehicle_class} 相同则留空。",
            f"The network has no vessel class {event.vehicle_class[:40]}; name one of {known}, or none where it is"
            f" {leg.vehicle_class} as planned.",
        )
    ]


def _document_faults(facts: Sequence[Event], event: Event) -> list[Fault]:
    status = document_status(facts)
    if event.event_type is EventType.VOID and any(fact.event_type in MOVED for fact in facts):
        return [
            _fault(
                "event_type",
                "already_under_way",
                "货物已装运，运单不能作废；请报退回（RETN）或灭失（LOST），误报的装运事件先撤回。",
                "The cargo is under way, the waybill cannot be voided; report RETN (returned) or LOST, or withdraw "
                "what was reported by mistake first.",
            )
        ]
    if (status, event.event_type) not in DOCUMENT_MOVES:
        return [
            _fault(
                "event_type",
                "not_from_here",
                f"运单状态为 {status.value}，不能 {event.event_type.value}。",
                f"The document is {status.value}; {event.event_type.value} is not possible from there.",
            )
        ]
    return []


def _lot_faults(lot: WaybillLot, facts: Sequence[Event], event: Event) -> list[Fault]:
    if document_status(facts) is DocumentStatus.VOIDED:
        return [_fault("waybill_number", "voided", "运单已作废。", "The waybill is voided.")]
    position = _position(lot, event)
    if position is None:
        return []
    faults = []
    for fact in facts:
        if fact.lot_no != event.lot_no:
            continue
        other = _position(lot, fact)
        if other is None:
            continue
        if other == position:
            return [_reported_twice(fact, event)]
        earlier, later = (fact, event) if other < position else (event, fact)
        if later.event_time < earlier.event_time:
            faults.append(_out_of_order(earlier, later))
        if _grown(earlier, later):
            faults.append(_mass_grew(earlier, later))
    return faults


def _position(lot: WaybillLot, event: Event) -> tuple[int, int] | None:
    """Where an event stands on the lot's way; None for events without a fixed place (gates, holds)."""
    if event.event_type is EventType.DLV:
        return (len(lot.legs), 0)
    if event.event_type not in _ORDER_ON_LEG:
        return None
    index = next(index for index, leg in enumerate(lot.legs) if leg.seq == event.leg_seq)
    return (index, _ORDER_ON_LEG[event.event_type])


def _grown(earlier: Event, later: Event) -> bool:
    if earlier.mass_kg is None or later.mass_kg is None:
        return False
    return 1000 * later.mass_kg > (1000 + MASS_TOLERANCE_PER_MILLE) * earlier.mass_kg


def _reported_twice(fact: Event, event: Event) -> Fault:
    return _fault(
        "event_type",
        "reported_already",
        f"{_name_zh(event)}已由事件 {fact.event_id} 报告；如有误请先撤回。",
        f"{_name(event)} is already reported by event {fact.event_id}; withdraw that one first if it is wrong.",
    )


def _out_of_order(earlier: Event, later: Event) -> Fault:
    return _fault(
        "event_time",
        "out_of_order",
        f"{_name_zh(later)}（{_minute(later.event_time)}）早于{_name_zh(earlier)}（{_minute(earlier.event_time)}）；"
        "前段卸货后才能装下一段。",
        f"{_name(later)} at {_minute(later.event_time)} lies before {_name(earlier)} at {_minute(earlier.event_time)}; "
        "a leg loads only after the former discharged.",
    )


def _mass_grew(earlier: Event, later: Event) -> Fault:
    return _fault(
        "mass_kg",
        "mass_grew",
        f"{_name_zh(later)}的重量 {_weight(later)} t 大于{_name_zh(earlier)}的 {_weight(earlier)} t；"
        "货物在途不会增加。",
        f"{_name(later)} weighs {_weight(later)} t, more than {_weight(earlier)} t at {_name(earlier)}; "
        "cargo does not grow on the way.",
    )


_WORDS_ZH = {
    EventType.LOAD: "装载",
    EventType.DEPA: "离开",
    EventType.ARRI: "到达",
    EventType.DISC: "卸载",
    EventType.GTIN: "进闸口",
    EventType.GTOT: "出闸口",
    EventType.RECE: "收货",
    EventType.DLV: "送达",
}


def _name_zh(event: Event) -> str:
    kind = event.event_type
    word = f"{_WORDS_ZH[kind]}（{kind.value}）" if kind in _WORDS_ZH else kind.value
    return word if event.leg_seq is None else f"第 {event.leg_seq} 段{word}"


def _name(event: Event) -> str:
    return event.event_type.value if event.leg_seq is None else f"{event.event_type.value}/{event.leg_seq}"


def _fault(column: str, code: str, zh: str, en: str) -> Fault:
    return Fault("events", None, column, code, Message(zh, en))
