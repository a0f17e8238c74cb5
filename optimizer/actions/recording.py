"""Record reported events: each is accepted, known already, or refused with the reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from optimizer.errors import Fault, Message
from optimizer.store.engine import Store
from optimizer.store.outbox import REVERSED, Job, LotKey
from optimizer.store.session import Session
from optimizer.waybills.codec import sha256, to_json
from optimizer.waybills.event import Event
from optimizer.waybills.guards import refusals
from optimizer.waybills.lifecycle import CarbonStatus, effective, ended_at, fold
from optimizer.waybills.waybill import Waybill


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that was not recorded, and why."""

    event: Event
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of each event. ``known``: recorded before with the same content, whenever that was written down;
    answered as then."""

    accepted: tuple[str, ...]
    known: tuple[str, ...]
    refused: tuple[Refusal, ...]


def record(
    store: Store, events: Iterable[Event], at: datetime, vessel_classes: Collection[str] | None = None
) -> RecordResult:
    """Append events to their waybills, in order of their record time. ``vessel_classes``: those of the network in
    force; a vessel of another class than planned must have one of them (None: not looked at).

    An event that only fits once another one of the batch is there is tried again, so the order inside a batch does not
    matter. Nothing is raised for a wrong event: it comes back with its faults, the others are recorded.
    """
    batch = sorted(events, key=lambda event: (event.record_time, event.event_time, event.event_id))
    with store.write() as session:
        digests = session.event_digests(event.event_id for event in batch)
        numbers = {event.waybill_number for event in batch}
        waybills = session.waybills(numbers)
        known_events: dict[str, list[Event]] = {}
        for event in session.events(numbers):
            known_events.setdefault(event.waybill_number, []).append(event)
        intake = _Intake(waybills, known_events, digests, at, vessel_classes)
        waiting = batch
        while waiting:
            left = [event for event in waiting if not intake.take(event)]
            if len(left) == len(waiting):
                break
            waiting = left
        session.add_events(intake.accepted, at)
        write_jobs(session, waybills, known_events, {event.waybill_number for event in intake.accepted})
    refused = tuple(Refusal(event, intake.faults[event]) for event in waiting)
    return RecordResult(tuple(event.event_id for event in intake.accepted), tuple(intake.known), refused)


def due_jobs(
    waybill: Waybill,
    events: Sequence[Event],
    settled: Collection[LotKey],
    pending: Collection[LotKey],
    reversed_lots: Collection[LotKey] = (),
) -> list[Job]:
    """The jobs that a waybill's events call for: lots that are delivered with their evidence complete and not settled,
    and lots that will never come and still hold an estimate. A lot whose settlement a person took back is held when its
    events verify it: reports alone never bring its credit back, a person does (``restate``) or leaves it.

    Doubles under another number are for the worker to see: it holds the job.
    """
    jobs = []
    facts = effective(events)
    for lot in fold(waybill, facts).lots:
        key = (waybill.number, lot.lot_no)
        delivered = lot.delivered_at is not None and not lot.missing
        if delivered and key not in settled and lot.carbon is not CarbonStatus.NONE:
            jobs.append(Job(*key, "ready", lot.delivered_at or waybill.issued_at))
        elif lot.carbon is CarbonStatus.NONE and key in pending:
            jobs.append(Job(*key, "ready", ended_at(facts, lot.lot_no) or waybill.issued_at))
        elif key in reversed_lots and lot.carbon is CarbonStatus.VERIFIED:
            jobs.append(Job(*key, "held", lot.delivered_at or waybill.issued_at, reason=REVERSED))
    return jobs


def write_jobs(
    session: Session, waybills: Mapping[str, Waybill], events: Mapping[str, Sequence[Event]], touched: set[str]
) -> None:
    """Bring the outbox up to date with the waybills that were reported on, in the transaction of their events."""
    settled, pending = session.settled_lots(touched), session.pending_lots(touched)
    taken_back = session.reversed_lots(number for number, _ in settled)
    session.outbox.drop((number, lot.lot_no) for number in touched for lot in waybills[number].lots)
    jobs = [
        job
        for number in sorted(touched)
        for job in due_jobs(waybills[number], events[number], settled, pending, taken_back)
    ]
    session.outbox.put(jobs)
    session.outbox.free(touched)


class _Intake:
    """Takes events one by one and remembers what it took and why it refused."""

    def __init__(
        self,
        waybills: Mapping[str, Waybill],
        known_events: dict[str, list[Event]],
        digests: Mapping[str, str],
        at: datetime,
        vessel_classes: Collection[str] | None,
    ) -> None:
        self._waybills, self._events, self._digests, self._at = waybills, known_events, dict(digests), at
        self._vessel_classes = vessel_classes
        self.accepted: list[Event] = []
        self.known: list[str] = []
        self.faults: dict[Event, tuple[Fault, ...]] = {}

    def take(self, event: Event) -> bool:
        """Whether the event is recorded now; otherwise ``faults`` says why not."""
        digest = sha256(to_json(event))
        recorded = self._digests.get(event.event_id)
        if recorded is not None and (recorded == digest or self._is_told_again(event)):
            self.known.append(event.event_id)
            return True
        faults = self._why_not(event, recorded)
        if faults:
            self.faults[event] = tuple(faults)
            return False
        self._digests[event.event_id] = digest
        self._events.setdefault(event.waybill_number, []).append(event)
        self.accepted.append(event)
        return True

    def _is_told_again(self, event: Event) -> bool:
        """Whether the recorded event of this id differs in nothing but when it was written down: a report that is sent
        again, after a time-out, is written down later."""
        known = (item for item in self._events.get(event.waybill_number, ()) if item.event_id == event.event_id)
        return any(replace(item, record_time=event.record_time) == event for item in known)

    def _why_not(self, event: Event, recorded: str | None) -> Sequence[Fault]:
        if recorded is not None:
            return [
                _fault(
                    "event_id",
                    "id_taken",
                    f"事件号 {event.event_id} 已用于另一内容的事件；更正请撤回后另报新事件。",
                    f"Event id {event.event_id} is taken by an event with other content; withdraw that one and report "
                    "a new event.",
                )
            ]
        waybill = self._waybills.get(event.waybill_number)
        if waybill is None:
            return [
                _fault(
                    "waybill_number",
                    "unknown_waybill",
                    f"没有运单 {event.waybill_number}；请核对运单号。",
                    f"There is no waybill {event.waybill_number}; check the number.",
                )
            ]
        known = self._events.get(event.waybill_number, [])
        return refusals(waybill, known, event, self._at, self._vessel_classes)


def _fault(column: str, code: str, zh: str, en: str) -> Fault:
    return Fault("events", None, column, code, Message(zh, en))
