"""The same transport under two numbers: found by vessel, place, time and mass, or by a shared document.

Two loadings of different waybills are suspects when they name the same vessel and place within twelve hours and the
same mass. On one voyage two honest lots may weigh alike, so a lot that sails as its own plan says is believed: on its
planned voyage, where both name one voyage, else in its planned vessel. The other one is flagged. A lot that sailed on a
voyage and in a vessel that are both not its plan's (an honest change is amended) is compared more widely with lots
that were planned there: the same mass within a day and a half, or masses within 2 % within twelve hours.

Two kinds of evidence are stronger than the plan: a weigh ticket or delivery receipt whose digest stands under two
numbers, and a voyage on which the lots planned for it weigh at least one lot more than its planned load, two of them
the same. Then, if the plan does not decide between the two, both are frozen until a person does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from optimizer.errors import Message
from optimizer.network.model import WATER_MODES
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.finding import Finding, lot_record
from optimizer.waybills.lifecycle import effective
from optimizer.waybills.waybill import Waybill

TIME_WINDOW = timedelta(hours=12)
SAME_MASS_REL = 0.0005
"""Masses closer than this are the same weighing (0.4 t on a barge of 800 t)."""

WIDE_TIME_WINDOW = timedelta(hours=36)
CLOSE_MASS_REL = 0.02
"""How far the time or the mass of a lot that sailed against its whole plan may be from another's."""

ONE_LOT_ONLY = frozenset({"weigh_ticket", "draught_survey", "delivery_receipt"})
"""Evidence that belongs to a single lot; a fuel receipt or a track is rightly shared by all lots of a voyage.
Draught surveys are of the whole vessel, but each lot's record is its own document."""

LotKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Loading:
    """One LOAD on a leg by water, and the vessel and voyage that the lot's own plan names for it; the load that the
    plan has for the whole voyage (0: none)."""

    key: LotKey
    event: Event
    planned_vessel: str
    planned_voyage: str
    planned_load_kg: int = 0

    @property
    def off_plan(self) -> bool:
        """Whether both voyage and vessel are others than the plan's."""
        sailed = self.event
        return self.planned_voyage not in ("", sailed.voyage_id) and self.planned_vessel not in ("", sailed.vessel_id)

    def comparable(self, other: _Loading) -> bool:
        """Whether both name one voyage or one vessel."""
        mine, theirs = self.event, other.event
        return (mine.voyage_id or None) == theirs.voyage_id or (mine.vessel_id or None) == theirs.vessel_id

    def as_planned(self, other: _Loading) -> bool:
        """Whether this lot sailed as its plan says, judged by what the two reports have in common."""
        if self.event.voyage_id and self.event.voyage_id == other.event.voyage_id:
            return self.event.voyage_id == self.planned_voyage
        return self.event.vessel_id == self.planned_vessel


def duplicates(waybills: Mapping[str, Waybill], events: Iterable[Event]) -> dict[LotKey, list[Finding]]:
    """Findings for every lot that looks like a transport already reported under another number.

    ``waybills`` by number; ``events`` of all of them. A lot released by a RELS event after review is not flagged again
    for what was reported by then; one that was released before the other loading was reported was not reviewed.
    """
    facts = effective(events)
    release = EventType.RELS
    released = _latest([fact for fact in facts if fact.event_type is release])
    loadings = _loadings(waybills, facts)
    pairs = {*_same_loading(loadings), *_same_evidence(loadings, facts), *_too_much_on_board(loadings)}
    reported = _latest(loading.event for loading in loadings) if pairs else {}
    found: dict[LotKey, list[Finding]] = {}
    for suspect, other in sorted(pairs):
        reviewed_at = released.get(suspect)
        if reviewed_at is None or any(reported.get(key, reviewed_at) > reviewed_at for key in (suspect, other)):
            found.setdefault(suspect, []).append(_finding(suspect, other))
    return found


def _latest(facts: Iterable[Event]) -> dict[LotKey, datetime]:
    """When the last of these facts about each lot was written down."""
    latest: dict[LotKey, datetime] = {}
    for fact in facts:
        key = _key(fact)
        latest[key] = max(latest.get(key, fact.record_time), fact.record_time)
    return latest


def _loadings(waybills: Mapping[str, Waybill], facts: Sequence[Event]) -> list[_Loading]:
    loadings, load = [], EventType.LOAD
    for fact in facts:
        if fact.event_type is not load or not fact.vessel_id or fact.mass_kg is None:
            continue
        waybill = waybills.get(fact.waybill_number)
        for lot in waybill.lots if waybill is not None else ():
            if lot.lot_no != fact.lot_no:
                continue
            for leg in lot.legs:
                if leg.seq == fact.leg_seq and leg.mode in WATER_MODES:
                    loadings.append(_Loading(_key(fact), fact, leg.vessel_id, leg.voyage_id, leg.voyage_load_kg))
    return loadings


def _same_loading(loadings: Sequence[_Loading]) -> Iterator[tuple[LotKey, LotKey]]:
    by_berth: dict[tuple[str, str], list[_Loading]] = {}
    for loading in loadings:
        by_berth.setdefault((loading.event.vessel_id, loading.event.location_id), []).append(loading)
    for group in by_berth.values():
        for first, second in combinations(group, 2):
            if first.key[0] == second.key[0]:
                continue
            if _alike(first.event, second.event, SAME_MASS_REL, TIME_WINDOW):
                yield from _suspects(first, second, both=False)
            elif first.off_plan != second.off_plan and (
                _alike(first.event, second.event, SAME_MASS_REL, WIDE_TIME_WINDOW)
                or _alike(first.event, second.event, CLOSE_MASS_REL, TIME_WINDOW)
            ):
                yield (first.key, second.key) if first.off_plan else (second.key, first.key)


def _too_much_on_board(loadings: Sequence[_Loading]) -> Iterator[tuple[LotKey, LotKey]]:
    """Pairs of one mass on a voyage whose planned lots weigh more than its planned load by such a lot or more. The
    smallest load that a plan names counts: a false waybill may name a larger one."""
    planned: dict[str, dict[LotKey, _Loading]] = {}
    for loading in loadings:
        if loading.planned_voyage and loading.planned_voyage == loading.event.voyage_id:
            planned.setdefault(loading.planned_voyage, {}).setdefault(loading.key, loading)
    for on_board in planned.values():
        known_kg = [loading.planned_load_kg for loading in on_board.values() if loading.planned_load_kg]
        if not known_kg:
            continue
        too_much_kg = sum(loading.event.mass_kg or 0 for loading in on_board.values()) - min(known_kg)
        for first, second in combinations(on_board.values(), 2):
            lighter_kg = min(first.event.mass_kg or 0, second.event.mass_kg or 0)
            same = _alike(first.event, second.event, SAME_MASS_REL, WIDE_TIME_WINDOW)
            if first.key[0] != second.key[0] and same and too_much_kg >= lighter_kg * (1 - CLOSE_MASS_REL):
                yield first.key, second.key
                yield second.key, first.key


def _same_evidence(loadings: Sequence[_Loading], facts: Sequence[Event]) -> Iterator[tuple[LotKey, LotKey]]:
    shared = _shared_digests(facts)
    if not shared:
        return
    first_loading: dict[LotKey, _Loading] = {}
    for loading in loadings:
        first_loading.setdefault(loading.key, loading)
    holders: dict[str, dict[LotKey, _Loading]] = {}
    for fact in facts:
        for item in fact.evidence:
            if item.sha256 in shared and item.kind in ONE_LOT_ONLY and fact.lot_no is not None:
                key = _key(fact)
                loading = first_loading.get(key) or _Loading(key, fact, fact.vessel_id, fact.voyage_id)
                holders.setdefault(item.sha256, {}).setdefault(key, loading)
    for lots in holders.values():
        for first, second in combinations(lots.values(), 2):
            if first.key[0] != second.key[0]:
                yield from _suspects(first, second, both=True)


def _shared_digests(facts: Sequence[Event]) -> set[str]:
    """The digests that stand under several numbers: in honest books of tracks and receipts of fuel alone."""
    holder: dict[str, str] = {}
    shared: set[str] = set()
    for fact in facts:
        for item in fact.evidence:
            if item.kind in ONE_LOT_ONLY and holder.setdefault(item.sha256, fact.waybill_number) != fact.waybill_number:
                shared.add(item.sha256)
    return shared


def _alike(first: Event, second: Event, mass_rel: float, window: timedelta) -> bool:
    if first.mass_kg is None or second.mass_kg is None:
        return False
    same_mass = abs(first.mass_kg - second.mass_kg) <= mass_rel * max(first.mass_kg, second.mass_kg)
    return same_mass and abs(first.event_time - second.event_time) <= window


def _suspects(first: _Loading, second: _Loading, both: bool) -> Iterator[tuple[LotKey, LotKey]]:
    """(suspect, the other): the one that did not sail as planned; where that does not decide, both or none.

    A shared document under two vessels and two voyages says that one report is false. Which one, no plan tells: the
    double names its own vessel, and the honest lot may have sailed in a substitute.
    """
    first_believed, second_believed = first.as_planned(second), second.as_planned(first)
    undecided = both and (first_believed == second_believed or not first.comparable(second))
    if not first_believed or undecided:
        yield first.key, second.key
    if not second_believed or undecided:
        yield second.key, first.key


def _key(event: Event) -> LotKey:
    return event.waybill_number, event.lot_no or 0


def _finding(suspect: LotKey, other: LotKey) -> Finding:
    return Finding(
        "duplicate_under_another_number",
        lot_record(*suspect),
        Message(
            f"与运单 {other[0]} 第 {other[1]} 批疑为同一次运输（同船、同地、同时、同重，或同一凭证）；核实前不结算。",
            f"Looks like the same transport as waybill {other[0]} lot {other[1]}: same vessel, place, time and mass, "
            "or the same document. It does not settle before a person has checked.",
        ),
    )
