"""Where a waybill stands: three axes, each a pure fold over its events.

    document    DRAFT > SUBMITTED > (REJECTED) | APPROVED > ISSUED > [AMENDING > ISSUED] > COMPLETED;  VOIDED
    transport   PLANNED > ACCEPTED > IN_TRANSIT > PARTIALLY_DELIVERED > DELIVERED | RETURNED | LOST | CANCELLED
    carbon      NONE > ESTIMATED > EVIDENCE_COMPLETE > VERIFIED > SETTLED > RESTATED | REVERSED
                DISPUTED and EVIDENCE_LOST freeze a lot until later events mend it

A waybill record is the issued document, so its first axis starts at ISSUED. The fold looks at the set of events, never
at the order in which they arrived: any order gives the same state. What may not enter the set is decided before, by
:mod:`optimizer.waybills.guards`. The last three steps of the carbon axis are taken by the accounts, not by events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter

from optimizer.errors import Message
from optimizer.network.model import WATER_MODES
from optimizer.waybills.deviations import AT_DESTINATION, AT_ORIGIN, deviations, disputes, notes
from optimizer.waybills.event import DOCUMENT_EVENTS, Classifier, Event, EventType
from optimizer.waybills.finding import Finding
from optimizer.waybills.waybill import Waybill, WaybillLot


class DocumentStatus(StrEnum):
    """First axis: the document."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    REJECTED = "REJECTED"
    APPROVED = "APPROVED"
    ISSUED = "ISSUED"
    AMENDING = "AMENDING"
    COMPLETED = "COMPLETED"
    VOIDED = "VOIDED"


class TransportStatus(StrEnum):
    """Second axis: the cargo."""

    PLANNED = "PLANNED"
    ACCEPTED = "ACCEPTED"
    IN_TRANSIT = "IN_TRANSIT"
    PARTIALLY_DELIVERED = "PARTIALLY_DELIVERED"
    DELIVERED = "DELIVERED"
    RETURNED = "RETURNED"
    LOST = "LOST"
    CANCELLED = "CANCELLED"


class CarbonStatus(StrEnum):
    """Third axis: what the reduction of a lot is worth so far."""

    NONE = "NONE"
    ESTIMATED = "ESTIMATED"
    EVIDENCE_COMPLETE = "EVIDENCE_COMPLETE"
    EVIDENCE_LOST = "EVIDENCE_LOST"
    DISPUTED = "DISPUTED"
    VERIFIED = "VERIFIED"
    SETTLED = "SETTLED"
    RESTATED = "RESTATED"
    REVERSED = "REVERSED"


DOCUMENT_MOVES: Mapping[tuple[DocumentStatus, EventType], DocumentStatus] = {
    (DocumentStatus.ISSUED, EventType.AMND): DocumentStatus.AMENDING,
    (DocumentStatus.AMENDING, EventType.ISSU): DocumentStatus.ISSUED,
    (DocumentStatus.ISSUED, EventType.CMPL): DocumentStatus.COMPLETED,
    (DocumentStatus.ISSUED, EventType.VOID): DocumentStatus.VOIDED,
    (DocumentStatus.AMENDING, EventType.VOID): DocumentStatus.VOIDED,
}
"""Which document event moves which status; any other pair is refused by the guards."""


@dataclass(frozen=True, slots=True)
class LotState:
    """Where one lot stands.

    ``weighed_mass_kg`` is the least of its weigh records (None: not weighed): what arrived, and a heavier second
    weighing can never raise a settlement. ``missing`` lists the evidence still wanted.
    """

    lot_no: int
    transport: TransportStatus
    carbon: CarbonStatus
    weighed_mass_kg: int | None
    delivered_at: datetime | None
    missing: tuple[Message, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class WaybillState:
    """Where a waybill stands: two axes of its own and its lots."""

    number: str
    document: DocumentStatus
    transport: TransportStatus
    lots: tuple[LotState, ...]


_IN_TIME = attrgetter("event_time", "event_id")


class Facts(list[Event]):
    """What :func:`effective` gives: facts that count, in order."""


def effective(events: Iterable[Event]) -> Facts:
    """The facts that count: actual events that no withdrawal names, in order of event time (then of id). Of facts they
    are these facts themselves."""
    if isinstance(events, Facts):
        return events
    known = list(events)
    fact, withdrawal = Classifier.ACT, EventType.WDRW
    withdrawn = {event.withdraws for event in known if event.event_type is withdrawal}
    facts = Facts(
        [
            event
            for event in known
            if event.classifier is fact and event.event_type is not withdrawal and event.event_id not in withdrawn
        ]
    )
    facts.sort(key=_IN_TIME)
    return facts


def fold(
    waybill: Waybill, events: Iterable[Event], duplicates: Mapping[int, Sequence[Finding]] | None = None
) -> WaybillState:
    """The state of a waybill after a set of events.

    ``duplicates``: findings per lot number about the same transport under another number (see ``verification``). The
    carbon axis ends at VERIFIED here.
    """
    facts = effective(events)
    document = document_status(facts)
    of_lots: dict[int | None, list[Event]] = {}
    for fact in facts:
        of_lots.setdefault(fact.lot_no, []).append(fact)
    lots = tuple(
        [_fold_lot(waybill, lot, of_lots.get(lot.lot_no, ()), document, duplicates or {}) for lot in waybill.lots]
    )
    transport = _waybill_transport([lot.transport for lot in lots])
    if document is DocumentStatus.ISSUED and transport is TransportStatus.DELIVERED:
        document = DocumentStatus.COMPLETED
    return WaybillState(waybill.number, document, transport, lots)


def document_status(facts: Iterable[Event]) -> DocumentStatus:
    """The first axis after the document events among the facts, in their order."""
    status = DocumentStatus.ISSUED
    for fact in facts:
        if fact.event_type in DOCUMENT_EVENTS:
            status = DOCUMENT_MOVES.get((status, fact.event_type), status)
    return status


def ended_at(facts: Iterable[Event], lot_no: int) -> datetime | None:
    """When a lot was last reported as cancelled, lost or returned; None where it was not."""
    ends = (fact for fact in facts if fact.event_type in _ENDS and fact.lot_no in (None, lot_no))
    return max((fact.event_time for fact in ends), default=None)


_ENDS = frozenset({EventType.VOID, EventType.LOST, EventType.RETN})


def settled_status(carbon: CarbonStatus, standing: str) -> CarbonStatus:
    """The third axis once the accounts have spoken: ``standing`` is the kind of the last entry of a lot's chain
    (SETTLE, RESTATE, REVERSE; a lot that was reversed may be restated), empty where it was never settled."""
    return _POSTED.get(standing, carbon)


_POSTED = {"SETTLE": CarbonStatus.SETTLED, "RESTATE": CarbonStatus.RESTATED, "REVERSE": CarbonStatus.REVERSED}


def missing_evidence(lot: WaybillLot, facts: Sequence[Event]) -> tuple[Message, ...]:
    """What a lot lacks before its evidence is complete.

    Every transport leg needs LOAD and DISC; every leg by water (without one: the last leg) needs a weigh record, that
    is a LOAD or DISC with a mass and the digest of a weigh ticket or draught survey.
    """
    missing = []
    legs = lot.transport_legs
    to_weigh = [leg.seq for leg in legs if leg.mode in WATER_MODES] or [leg.seq for leg in legs[-1:]]
    have = {(fact.leg_seq, fact.event_type) for fact in facts}
    weighed = {fact.leg_seq for fact in facts if fact.mass_kg is not None and fact.is_weighing}
    for leg in legs:
        for kind, word in _ENDS_OF_LEG.items():
            if (leg.seq, kind) not in have:
                missing.append(
                    Message(
                        f"第 {leg.seq} 段缺少{word}（{kind.value}）事件",
                        f"leg {leg.seq} has no {kind.value} event",
                    )
                )
        if leg.seq in to_weigh and leg.seq not in weighed:
            missing.append(
                Message(
                    f"第 {leg.seq} 段缺少附证据的计重记录",
                    f"leg {leg.seq} has no weigh record with evidence",
                )
            )
    return tuple(missing)


def _fold_lot(
    waybill: Waybill,
    lot: WaybillLot,
    facts: Sequence[Event],
    document: DocumentStatus,
    duplicates: Mapping[int, Sequence[Finding]],
) -> LotState:
    kinds = {fact.event_type for fact in facts}
    weighings = [fact.mass_kg for fact in facts if fact.mass_kg is not None and fact.is_weighing]
    weighed_mass_kg = min(weighings) if weighings else None
    delivered_at = None
    if _DLV in kinds:
        delivered_at = max([fact.event_time for fact in facts if fact.event_type is _DLV])
    transport = _lot_transport(kinds, document)
    missing = missing_evidence(lot, facts)
    findings = (
        *deviations(waybill, lot, facts),
        *notes(waybill, lot, weighed_mass_kg, delivered_at),
        *(disputes(waybill, lot, facts) if EventType.HOLD in kinds else ()),
        *duplicates.get(lot.lot_no, ()),
    )
    carbon = _carbon(transport, missing, findings)
    return LotState(lot.lot_no, transport, carbon, weighed_mass_kg, delivered_at, missing, findings)


def _carbon(transport: TransportStatus, missing: Sequence[Message], findings: Sequence[Finding]) -> CarbonStatus:
    if transport in (TransportStatus.CANCELLED, TransportStatus.LOST, TransportStatus.RETURNED):
        return CarbonStatus.NONE
    if findings and any(finding.blocks for finding in findings):
        return CarbonStatus.DISPUTED
    delivered = transport is TransportStatus.DELIVERED
    if missing:
        return CarbonStatus.EVIDENCE_LOST if delivered else CarbonStatus.ESTIMATED
    return CarbonStatus.VERIFIED if delivered else CarbonStatus.EVIDENCE_COMPLETE


_DLV = EventType.DLV
_ENDS_OF_LEG = {EventType.LOAD: "装载", EventType.DISC: "卸载"}
_LAST_WORDS = (
    (EventType.LOST, TransportStatus.LOST),
    (EventType.RETN, TransportStatus.RETURNED),
    (EventType.DLV, TransportStatus.DELIVERED),
)


def _lot_transport(kinds: Set[EventType], document: DocumentStatus) -> TransportStatus:
    """``kinds``: of all facts of the lot."""
    if document is DocumentStatus.VOIDED:
        return TransportStatus.CANCELLED
    for kind, status in _LAST_WORDS:
        if kind in kinds:
            return status
    if kinds & (AT_ORIGIN | AT_DESTINATION):
        return TransportStatus.IN_TRANSIT
    return TransportStatus.ACCEPTED if kinds & {EventType.RECE, EventType.GTIN} else TransportStatus.PLANNED


def _waybill_transport(lots: Sequence[TransportStatus]) -> TransportStatus:
    """The whole from its parts: all alike is that; some delivered is partial; any under way is in transit."""
    distinct = set(lots)
    if len(distinct) == 1:
        return lots[0]
    if TransportStatus.DELIVERED in distinct:
        return TransportStatus.PARTIALLY_DELIVERED
    started = distinct - {TransportStatus.PLANNED, TransportStatus.ACCEPTED}
    return TransportStatus.IN_TRANSIT if started else TransportStatus.ACCEPTED
