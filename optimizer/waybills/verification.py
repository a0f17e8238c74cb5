"""The same transport under two numbers: found by vessel, place, time and mass, or by a shared document.

Two loadings of different waybills are suspects when they name the same vessel and place within twelve hours and the
same mass. On one voyage two honest lots may weigh alike, so a lot that sails in the vessel its own plan names is
believed; the other one is flagged. A weigh ticket or delivery receipt whose digest stands under two numbers is
stronger evidence: then, if both sail as planned, both are frozen until a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from optimizer.errors import Message
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.finding import Finding
from optimizer.waybills.lifecycle import effective, lot_record
from optimizer.waybills.waybill import WATER_MODES, Waybill

TIME_WINDOW = timedelta(hours=12)
SAME_MASS_REL = 0.0005
"""Masses closer than this are the same weighing (0.4 t on a barge of 800 t)."""

_ONE_LOT_ONLY = frozenset({"weigh_ticket", "draught_survey", "delivery_receipt"})
"""Evidence that belongs to a single lot; a fuel receipt or a track is rightly shared by all lots of a voyage.
Draught surveys are of the whole vessel, but each lot's record is its own document."""

LotKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Loading:
    """One LOAD on a leg by water. ``as_planned``: in the vessel that the lot's own plan names."""

    key: LotKey
    event: Event
    as_planned: bool


def duplicates(waybills: Mapping[str, Waybill], events: Iterable[Event]) -> dict[LotKey, list[Finding]]:
    """Findings for every lot that looks like a transport already reported under another number.

    ``waybills`` by number; ``events`` of all of them. A lot released by a RELS event after review is not flagged again.
    """
    facts = effective(events)
    released = {_key(fact) for fact in facts if fact.event_type is EventType.RELS}
    pairs = {*_same_loading(_loadings(waybills, facts)), *_same_evidence(waybills, facts)}
    found: dict[LotKey, list[Finding]] = {}
    for suspect, other in sorted(pairs):
        if suspect not in released:
            found.setdefault(suspect, []).append(_finding(suspect, other))
    return found


def _loadings(waybills: Mapping[str, Waybill], facts: Sequence[Event]) -> list[_Loading]:
    loadings = []
    for fact in facts:
        waybill = waybills.get(fact.waybill_number)
        if waybill is None or fact.event_type is not EventType.LOAD or not fact.vessel_id or fact.mass_kg is None:
            continue
        planned = {
            leg.vessel_id
            for lot in waybill.lots
            if lot.lot_no == fact.lot_no
            for leg in lot.legs
            if leg.seq == fact.leg_seq and leg.mode in WATER_MODES
        }
        if planned:
            loadings.append(_Loading(_key(fact), fact, fact.vessel_id in planned))
    return loadings


def _same_loading(loadings: Sequence[_Loading]) -> Iterator[tuple[LotKey, LotKey]]:
    by_berth: dict[tuple[str, str], list[_Loading]] = {}
    for loading in loadings:
        by_berth.setdefault((loading.event.vessel_id, loading.event.location_id), []).append(loading)
    for group in by_berth.values():
        for first, second in combinations(group, 2):
            if first.key[0] != second.key[0] and _alike(first.event, second.event):
                yield from _suspects(first, second, both=False)


def _same_evidence(waybills: Mapping[str, Waybill], facts: Sequence[Event]) -> Iterator[tuple[LotKey, LotKey]]:
    as_planned: dict[LotKey, bool] = {}
    for loading in _loadings(waybills, facts):
        as_planned[loading.key] = as_planned.get(loading.key, True) and loading.as_planned
    holders: dict[str, dict[LotKey, Event]] = {}
    for fact in facts:
        for item in fact.evidence:
            if item.kind in _ONE_LOT_ONLY and fact.lot_no is not None:
                holders.setdefault(item.sha256, {}).setdefault(_key(fact), fact)
    for lots in holders.values():
        for (key_a, fact_a), (key_b, fact_b) in combinations(lots.items(), 2):
            if key_a[0] != key_b[0]:
                first = _Loading(key_a, fact_a, as_planned.get(key_a, True))
                second = _Loading(key_b, fact_b, as_planned.get(key_b, True))
                yield from _suspects(first, second, both=True)


def _alike(first: Event, second: Event) -> bool:
    if first.mass_kg is None or second.mass_kg is None:
        return False
    same_mass = abs(first.mass_kg - second.mass_kg) <= SAME_MASS_REL * max(first.mass_kg, second.mass_kg)
    return same_mass and abs(first.event_time - second.event_time) <= TIME_WINDOW


def _suspects(first: _Loading, second: _Loading, both: bool) -> Iterator[tuple[LotKey, LotKey]]:
    """(suspect, the other): the one that did not sail as planned; where that does not decide, both or none."""
    undecided = first.as_planned == second.as_planned
    if not first.as_planned or (undecided and both):
        yield first.key, second.key
    if not second.as_planned or (undecided and both):
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
