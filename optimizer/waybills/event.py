"""What carriers report: events in the manner of DCSA, append-only.

An event is a fact (ACT), an estimate (EST) or a plan (PLN) about one lot (and leg) of a waybill. Only facts move the
state. A wrong event is never changed: a withdrawal (``WDRW``, after the error declaration of EPCIS) names it, says why,
and names the event that is right, if there is one.

``event_time`` is when it happened, ``record_time`` when the reporter wrote it down; the store adds when it arrived.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from optimizer.errors import Fault, Message
from optimizer.waybills.codes import is_ship_identification_number, is_waybill_number

EVENT_NAMESPACE = uuid.UUID("6f1d3f0e-8a55-5f4c-9f0e-5a1f4f0b7c21")


class Classifier(StrEnum):
    """Planned, estimated, actual (DCSA eventClassifierCode)."""

    PLN = "PLN"
    EST = "EST"
    ACT = "ACT"


class EventType(StrEnum):
    """What happened. The first block is about a leg, the second about a lot, the third about the document."""

    LOAD = "LOAD"
    DEPA = "DEPA"
    ARRI = "ARRI"
    DISC = "DISC"
    GTIN = "GTIN"
    GTOT = "GTOT"

    RECE = "RECE"
    DLV = "DLV"
    HOLD = "HOLD"
    RELS = "RELS"
    LOST = "LOST"
    RETN = "RETN"

    AMND = "AMND"
    ISSU = "ISSU"
    CMPL = "CMPL"
    VOID = "VOID"
    WDRW = "WDRW"


LEG_EVENTS = frozenset({EventType.LOAD, EventType.DEPA, EventType.ARRI, EventType.DISC, EventType.GTIN, EventType.GTOT})
LOT_EVENTS = frozenset({EventType.RECE, EventType.DLV, EventType.HOLD, EventType.RELS, EventType.LOST, EventType.RETN})
DOCUMENT_EVENTS = frozenset({EventType.AMND, EventType.ISSU, EventType.CMPL, EventType.VOID})

REASONED = frozenset({EventType.HOLD, EventType.VOID})
"""What somebody decides against a waybill: who is to answer it must be told why."""

EVIDENCE_KINDS = ("weigh_ticket", "draught_survey", "fuel_receipt", "delivery_receipt", "photo", "track")
WEIGHING_EVIDENCE = frozenset({"weigh_ticket", "draught_survey"})
"""Kinds of evidence that make a mass a weigh record."""

ENERGY_CARRIERS = ("Diesel", "HVO", "LNG", "CNG", "Methanol", "MGO", "HFO", "Electric")
"""iLEAP names of what vessels and trucks may log."""

YEARS = range(2000, 3000)
"""Years that an event may lie in: a window around any of them is still in the calendar."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class EnergyLog:
    """Energy used by the whole voyage (or truck trip): ``amount_g`` grams of fuel; Electric: watt-hours."""

    carrier: str
    amount_g: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document kept elsewhere, named by its digest. ``kind`` is one of :data:`EVIDENCE_KINDS`; ``sha256`` 64 hex."""

    kind: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Event:
    """One report.

    ``leg_seq`` is the leg's ``seq`` (None for lot and document events; document events have no ``lot_no`` either).
    ``location_id``: where. ``voyage_id``, ``vessel_id``: as sailed, to be compared with the plan; ``vehicle_class``
    when it differs from the planned class. ``ship_identification_no``: CN + 11 digits, optional. ``mass_kg``: what
    LOAD, DISC or DLV weighed; it is a weigh record when evidence of a weighing kind stands beside it. ``energy``: fuel
    of the whole voyage, on ARRI. ``withdraws``, ``corrected_by`` and ``reason`` belong to WDRW (``corrected_by`` may
    be empty: it never happened); ``reason`` also to HOLD, VOID, LOST and RETN.
    """

    event_id: str
    waybill_number: str
    lot_no: int | None
    leg_seq: int | None
    classifier: Classifier
    event_type: EventType
    event_time: datetime
    record_time: datetime
    reporter_id: str
    location_id: str = ""
    voyage_id: str = ""
    vessel_id: str = ""
    vehicle_class: str = ""
    ship_identification_no: str = ""
    mass_kg: int | None = None
    energy: EnergyLog | None = None
    evidence: tuple[Evidence, ...] = ()
    withdraws: str = ""
    corrected_by: str = ""
    reason: str = ""

    @property
    def is_weighing(self) -> bool:
        """Whether this is a weigh record: a mass with evidence of how it was weighed."""
        if self.mass_kg is None:
            return False
        for item in self.evidence:  # noqa: SIM110  # asked millions of times: no generator
            if item.kind in WEIGHING_EVIDENCE:
                return True
        return False


def event_id(number: str, lot_no: int | None, leg_seq: int | None, event_type: EventType, occurrence: int = 1) -> str:
    """A deterministic id for the ``occurrence``-th event of a kind: sent twice it is the same event, not two."""
    return str(uuid.uuid5(EVENT_NAMESPACE, f"{number}|{lot_no}|{leg_seq}|{event_type.value}|{occurrence}"))


def faults_of(event: Event) -> list[Fault]:
    """Everything wrong with an event by itself, before it is compared with its waybill."""
    checks = [*_identity_checks(event), *_reason_checks(event), *_shape_checks(event)]
    return [Fault("events", None, column, code, Message(zh, en)) for wrong, column, code, zh, en in checks if wrong]


_Check = tuple[bool, str, str, str, str]


def _identity_checks(event: Event) -> list[_Check]:
    kind = event.event_type
    try:
        uuid.UUID(event.event_id)
        bad_id = False
    except ValueError:
        bad_id = True
    needs_lot = kind in LEG_EVENTS or kind in LOT_EVENTS
    return [
        (bad_id, "event_id", "not_a_uuid", "事件号应为 UUID", "the event id must be a UUID"),
        (
            not is_waybill_number(event.waybill_number),
            "waybill_number",
            "check_character",
            f"“{event.waybill_number}”不是有效的运单号（校验位不符）",
            f"'{event.waybill_number}' is no valid waybill number (check character)",
        ),
        (
            needs_lot and event.lot_no is None,
            "lot_no",
            "required",
            f"{kind} 须写明批次号",
            f"{kind} must name its lot",
        ),
        (
            kind in LEG_EVENTS and event.leg_seq is None,
            "leg_seq",
            "required",
            f"{kind} 须写明运段序号",
            f"{kind} must name its leg",
        ),
        (
            kind in LEG_EVENTS and not event.location_id,
            "location_id",
            "required",
            f"{kind} 须写明地点",
            f"{kind} must name its place",
        ),
        (
            kind in DOCUMENT_EVENTS and (event.lot_no is not None or event.leg_seq is not None),
            "lot_no",
            "not_allowed",
            f"{kind} 针对整份运单，不能写批次或运段",
            f"{kind} is about the whole waybill and names neither lot nor leg",
        ),
        (not event.reporter_id, "reporter_id", "required", "须写明报告方", "the reporter must be named"),
    ]


def _reason_checks(event: Event) -> list[_Check]:
    kind = event.event_type
    return [
        (
            kind is EventType.WDRW and event.classifier is not Classifier.ACT,
            "classifier",
            "not_allowed",
            "撤回只能是 ACT",
            "a withdrawal is a fact (ACT)",
        ),
        (
            kind is EventType.WDRW and not (event.withdraws and event.reason),
            "withdraws",
            "required",
            "撤回须写明被撤回的事件和原因",
            "a withdrawal must name the withdrawn event and the reason",
        ),
        (
            kind in REASONED and not event.reason.strip(),
            "reason",
            "required",
            f"{kind} 须写明原因",
            f"{kind} must say why",
        ),
        (
            kind is not EventType.WDRW and bool(event.withdraws or event.corrected_by),
            "withdraws",
            "not_allowed",
            "只有 WDRW 事件可以撤回别的事件",
            "only a WDRW event may withdraw another",
        ),
    ]


def _shape_checks(event: Event) -> list[_Check]:
    naive = event.event_time.tzinfo is None or event.record_time.tzinfo is None
    energy = event.energy
    return [
        (naive, "event_time", "no_offset", "时间须带时区偏移，如 +08:00", "times need an offset such as +08:00"),
        (
            event.event_time.year not in YEARS,
            "event_time",
            "out_of_range",
            f"时间应在 {YEARS.start} 至 {YEARS.stop - 1} 年之间",
            f"the time should lie in the years {YEARS.start} to {YEARS.stop - 1}",
        ),
        (
            event.mass_kg is not None and event.mass_kg <= 0,
            "mass_kg",
            "not_positive",
            "重量应为正整数（千克）",
            "the mass must be a positive whole number of kg",
        ),
        (
            bool(event.ship_identification_no) and not is_ship_identification_number(event.ship_identification_no),
            "ship_identification_no",
            "shape",
            "船舶识别号应为 CN 加 11 位数字",
            "a ship identification number is CN and eleven digits",
        ),
        (
            energy is not None and energy.carrier not in ENERGY_CARRIERS,
            "energy",
            "not_allowed",
            f"能源种类应为 {', '.join(ENERGY_CARRIERS)} 之一",
            f"the energy carrier must be one of {', '.join(ENERGY_CARRIERS)}",
        ),
        (
            energy is not None and energy.amount_g <= 0,
            "energy",
            "not_positive",
            "能源用量应为正数",
            "the energy amount must be positive",
        ),
        (
            any(item.kind not in EVIDENCE_KINDS for item in event.evidence),
            "evidence",
            "not_allowed",
            f"证据种类应为 {', '.join(EVIDENCE_KINDS)} 之一",
            f"the kind of evidence must be one of {', '.join(EVIDENCE_KINDS)}",
        ),
        (
            any(_SHA256.fullmatch(item.sha256) is None for item in event.evidence),
            "evidence",
            "shape",
            "证据摘要应为 64 位小写十六进制 SHA-256",
            "an evidence digest is a SHA-256 in 64 lower-case hex digits",
        ),
    ]
