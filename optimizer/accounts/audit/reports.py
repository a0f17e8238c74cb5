"""What was reported of many waybills, gathered from their events some hundred at a time.

An audit that keeps millions of events until all is compared waits for memory: to make, to find again and to free an
event costs more than to look at it. So each event is looked at once, right after it was read, and let go; of most of
them some names remain. The few that a verdict takes whole (``plain_lots``) are read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from optimizer.accounts.voyages import LegKey
from optimizer.waybills.event import WEIGHING_EVIDENCE, Classifier, Event, EventType
from optimizer.waybills.verification import ONE_LOT_ONLY, LotKey

USUAL = frozenset(
    {
        *(EventType.RECE, EventType.GTIN, EventType.GTOT, EventType.LOAD, EventType.DEPA),
        *(EventType.ARRI, EventType.DISC, EventType.DLV),
    }
)
"""What is reported of any transport."""

EventsOf = Callable[[Collection[str]], Sequence[Event]]
"""All events about some waybills, in order of arrival."""
Loaded = tuple[str, int, int, str, str, str]
"""Waybill, lot, leg, place, voyage, vessel."""
Place = tuple[str, int, int, str]
"""Waybill, lot, leg, place."""


@dataclass(slots=True)
class Reports:
    """What facts say: loadings, whole and as they are compared; facts with energy, whole; where departures, arrivals
    and unloadings were; for each delivery waybill and place, and the last one of each lot; which legs were weighed with
    evidence, and the least mass of each lot, kg; tickets of one lot with the waybills that show them; the waybills of
    anything unusual. Of every event, fact or not, id and waybill; of withdrawals what they name, and their waybills."""

    loads: list[Event] = field(default_factory=list)
    loaded: list[Loaded] = field(default_factory=list)
    logged: list[Event] = field(default_factory=list)
    departed: list[Loaded] = field(default_factory=list)
    arrived: list[Place] = field(default_factory=list)
    unloaded: list[Place] = field(default_factory=list)
    delivered: list[tuple[str, str]] = field(default_factory=list)
    delivered_at: dict[LotKey, datetime] = field(default_factory=dict)
    weighed: list[LegKey] = field(default_factory=list)
    weighed_kg: dict[LotKey, int] = field(default_factory=dict)
    shown: list[tuple[str, str]] = field(default_factory=list)
    unusual: list[str] = field(default_factory=list)
    event_ids: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)
    withdrawing: set[str] = field(default_factory=set)

    def add(self, events: Sequence[Event]) -> None:
        """Note some events. A fact that is withdrawn counts until :meth:`settle`."""
        self.event_ids += [event.event_id for event in events]
        self.numbers += [event.waybill_number for event in events]
        fact, withdrawal = Classifier.ACT, EventType.WDRW
        facts = [event for event in events if event.classifier is fact and event.event_type is not withdrawal]
        if len(facts) != len(events):
            withdrawals = [event for event in events if event.event_type is withdrawal]
            self.withdrawn.update([event.withdraws for event in withdrawals])
            self.withdrawing.update([event.waybill_number for event in withdrawals])
        self._add_facts(facts)

    def about_withdrawals(self) -> set[str]:
        """The waybills of withdrawals and of what these name: one that names a report about another waybill counts for
        who looks at all of them, and not for that waybill."""
        named, withdrawn = zip(self.event_ids, self.numbers, strict=True), self.withdrawn
        about = {number for event_id, number in named if event_id in withdrawn} if withdrawn else set()
        return about | self.withdrawing

    def settle(self, numbers: Collection[str], events_of: EventsOf) -> None:
        """Of these waybills let only the facts count that no withdrawal names: forget them, and note those."""
        if not numbers:
            return
        for listed in (self.loads, self.logged):
            listed[:] = [fact for fact in listed if fact.waybill_number not in numbers]
        keyed: tuple[list[Any], ...] = (
            *(self.loaded, self.departed, self.arrived),
            *(self.unloaded, self.delivered, self.weighed),
        )
        for said in keyed:
            said[:] = [key for key in said if key[0] not in numbers]
        kept: dict[LotKey, Any]
        for kept in (self.delivered_at, self.weighed_kg):
            for key in [key for key in kept if key[0] in numbers]:
                del kept[key]
        self.shown[:] = [item for item in self.shown if item[1] not in numbers]
        self.unusual[:] = [number for number in self.unusual if number not in numbers]
        self._add_facts(self.facts_among(events_of(numbers)))

    def facts_among(self, events: Sequence[Event]) -> list[Event]:
        """Those of some events that are facts and that no withdrawal names, whoever wrote it."""
        fact, withdrawal, withdrawn = Classifier.ACT, EventType.WDRW, self.withdrawn
        return [
            event
            for event in events
            if event.classifier is fact and event.event_type is not withdrawal and event.event_id not in withdrawn
        ]

    def _add_facts(self, facts: Sequence[Event]) -> None:
        of_kind: dict[EventType, list[Event]] = defaultdict(list)
        for fact in facts:
            of_kind[fact.event_type].append(fact)
        loads = of_kind[EventType.LOAD]
        self.loads += loads
        self.loaded += map(_LOADED, loads)
        self.departed += map(_LOADED, of_kind[EventType.DEPA])
        self.arrived += map(_PLACE, of_kind[EventType.ARRI])
        self.unloaded += map(_PLACE, of_kind[EventType.DISC])
        self.logged += [fact for fact in facts if fact.energy is not None]
        for kind in of_kind.keys() - USUAL:
            self.unusual += [fact.waybill_number for fact in of_kind[kind]]
        deliveries = of_kind[EventType.DLV]
        self.delivered += map(_DELIVERED, deliveries)
        for fact in deliveries:
            key, at = _LOT(fact), fact.event_time
            if self.delivered_at.setdefault(key, at) < at:
                self.delivered_at[key] = at
        self._add_evidence([fact for fact in facts if fact.evidence])

    def _add_evidence(self, facts: Sequence[Event]) -> None:
        shown = [(item, fact) for fact in facts for item in fact.evidence]
        self.shown += [(item.sha256, fact.waybill_number) for item, fact in shown if item.kind in ONE_LOT_ONLY]
        weighed = [fact for item, fact in shown if item.kind in WEIGHING_EVIDENCE and fact.mass_kg is not None]
        self.weighed += map(_LEG, weighed)
        for key, mass_kg in zip(map(_LOT, weighed), map(_MASS, weighed), strict=True):
            if self.weighed_kg.setdefault(key, mass_kg) > mass_kg:
                self.weighed_kg[key] = mass_kg


_MASS = attrgetter("mass_kg")
_LOT = attrgetter("waybill_number", "lot_no")
_LEG = attrgetter("waybill_number", "lot_no", "leg_seq")
_PLACE = attrgetter("waybill_number", "lot_no", "leg_seq", "location_id")
_LOADED = attrgetter("waybill_number", "lot_no", "leg_seq", "location_id", "voyage_id", "vessel_id")
_DELIVERED = attrgetter("waybill_number", "location_id")
