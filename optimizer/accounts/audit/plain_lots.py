"""Lots whose evidence plainly verifies them, found among many at once; all others are reviewed one by one.

A lot is plain where nothing but the usual was reported of its waybill: every leg loaded and unloaded once where it was
planned, on the voyage and in the vessel of the plan, weighed with evidence where that is wanted, delivered at its
place; nothing held, released, lost, returned, amended or voided. Such a lot is verified, and an auditor wants no more
of it than what it weighed and when it was delivered. Most lots are plain. What is planned and what was reported of all
of them is compared as sets; a waybill of which these differ gets its state from ``lifecycle.fold``, so this may find
too few plain lots and never one too many (a test holds both together).

Doubles need a suspect (``waybills.verification``): a loading that is not as planned, a voyage with too much on board,
or a ticket under two numbers. Only waybills that such a thing concerns are compared with each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from optimizer.accounts.audit.reports import EventsOf, Loaded, Place, Reports
from optimizer.accounts.settlement import Review, review
from optimizer.accounts.voyages import LegKey, voyages_on
from optimizer.network.model import WATER_MODES
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.finding import Finding
from optimizer.waybills.lifecycle import Facts, WaybillState, effective, fold
from optimizer.waybills.verification import CLOSE_MASS_REL, LotKey, duplicates
from optimizer.waybills.waybill import Waybill, WaybillLeg, WaybillLot

Plain = Mapping[LotKey, tuple[int, datetime]]
"""Of each plain lot the least weighed mass, kg, and the last delivery."""


def plainly_reviewed(
    waybills: Mapping[str, Waybill], reports: Reports, events_of: EventsOf, numbers: Collection[str]
) -> tuple[Review, Plain]:
    """As ``settlement.review``, but for the plain lots of ``numbers``: these have no state. Waybills that are not plain
    have theirs; nothing is plain where lots or legs of a waybill share a number or legs are out of order. ``reports``:
    gathered from all events, with which nobody else has anything to do; ``events_of``: reads some of them again."""
    planned = _planned(waybills)
    if planned is None:
        return review(waybills, events_of(set(reports.numbers)), numbers), {}
    doubted = reports.about_withdrawals()
    reports.settle(doubted, events_of)
    unlike = _unlike(planned.loaded, reports.loaded)
    strange = {said for said in unlike if said not in planned.loaded}
    doubted |= {said[0] for said in unlike} | _differing(planned, reports)
    found: dict[LotKey, list[Finding]] = {}
    suspects = _suspects(planned, reports, strange)
    if suspects:
        found = duplicates(waybills, reports.facts_among(events_of(suspects)))
        doubted.update(number for number, _ in found)
    load = EventType.LOAD
    sailing = Facts([*reports.loads, *[fact for fact in reports.logged if fact.event_type is not load]])
    # Where no leg was loaded twice and all logs are of one kind of energy, their order does not matter.
    once = len(reports.loaded) == len(planned.loaded) - len(unlike)
    if not once or len({fact.energy.carrier for fact in reports.logged if fact.energy is not None}) > 1:
        sailing = effective(list(sailing))
    voyages = voyages_on(waybills, planned.by_water, sailing, found)
    own = set(numbers)
    states: dict[str, WaybillState] = {}
    lots = planned.lots
    if doubted or not own >= waybills.keys():
        lots = [key for key in lots if key[0] in own and key[0] not in doubted]
        reviewed = own & doubted
        states = _states(waybills, events_of(reviewed) if reviewed else (), reviewed, found)
    weighed_kg, delivered_at = map(reports.weighed_kg.__getitem__, lots), map(reports.delivered_at.__getitem__, lots)
    return Review(states, voyages), dict(zip(lots, zip(weighed_kg, delivered_at, strict=True), strict=True))


def _states(
    waybills: Mapping[str, Waybill],
    events: Iterable[Event],
    numbers: Collection[str],
    found: Mapping[LotKey, list[Finding]],
) -> dict[str, WaybillState]:
    by_waybill: dict[str, list[Event]] = {}
    for event in events:
        by_waybill.setdefault(event.waybill_number, []).append(event)
    return {
        number: fold(
            waybill,
            by_waybill.get(number, ()),
            {lot.lot_no: found[number, lot.lot_no] for lot in waybill.lots if (number, lot.lot_no) in found},
        )
        for number, waybill in waybills.items()
        if number in numbers
    }


_Said = TypeVar("_Said", Loaded, Place)


@dataclass(slots=True)
class _Planned:
    """What the waybills say: their lots in order; of each leg of transport where it begins, on what and where it ends;
    which legs are to be weighed; the legs by water; the least load that a leg names for each voyage, kg."""

    lots: list[LotKey] = field(default_factory=list)
    delivered: set[tuple[str, str]] = field(default_factory=set)
    loaded: set[Loaded] = field(default_factory=set)
    destinations: set[Place] = field(default_factory=set)
    to_weigh: set[LegKey] = field(default_factory=set)
    by_water: dict[LegKey, WaybillLeg] = field(default_factory=dict)
    load_kg: dict[str, int] = field(default_factory=dict)

    def add(self, number: str, lot: WaybillLot) -> bool:
        """Note a lot. False where its legs are not numbered in order."""
        lot_no, before, last, by_water = lot.lot_no, -1, None, False
        self.lots.append((number, lot_no))
        for leg in lot.legs:
            seq, mode = leg.seq, leg.mode
            if seq <= before:
                return False
            before = seq
            if mode == "Hub":
                continue
            voyage_id = leg.voyage_id
            self.loaded.add((number, lot_no, seq, leg.origin, voyage_id, leg.vessel_id))
            self.destinations.add((number, lot_no, seq, leg.destination))
            last = number, lot_no, seq
            if mode not in WATER_MODES:
                continue
            by_water = True
            self.to_weigh.add(last)
            self.by_water[last] = leg
            load_kg = leg.voyage_load_kg
            if load_kg and self.load_kg.setdefault(voyage_id, load_kg) > load_kg:
                self.load_kg[voyage_id] = load_kg
        if last is not None and not by_water:
            self.to_weigh.add(last)
        return True


def _planned(waybills: Mapping[str, Waybill]) -> _Planned | None:
    planned = _Planned()
    for number, waybill in waybills.items():
        planned.delivered.add((number, waybill.place_of_delivery))
        for lot in waybill.lots:
            if not planned.add(number, lot):
                return None
    return planned if len(set(planned.lots)) == len(planned.lots) else None


def _differing(planned: _Planned, reports: Reports) -> set[str]:
    """The waybills of which, loadings aside, not just what is planned was reported."""
    found = set(reports.unusual)
    for differing in (
        _unlike(planned.destinations, reports.unloaded),
        _elsewhere(planned, reports.departed),
        set(reports.arrived) - planned.destinations,
        planned.to_weigh.difference(reports.weighed),
        # A delivery need not say where.
        [said for said in set(reports.delivered) - planned.delivered if said[1]],
        [key for key in planned.lots if key not in reports.delivered_at or key not in reports.weighed_kg],
    ):
        found.update([key[0] for key in differing])
    return found


def _unlike(planned: set[_Said], reported: Sequence[_Said]) -> Collection[_Said]:
    """What is planned and not reported, or reported and not planned."""
    if len(planned) == len(reported) and not planned.difference(reported):
        return ()
    return planned.symmetric_difference(reported)


def _elsewhere(planned: _Planned, departed: Iterable[Loaded]) -> set[Place]:
    """Departures from other places than those where a leg begins."""
    unlike = set(departed) - planned.loaded
    return {said[:4] for said in unlike}.difference(said[:4] for said in planned.loaded) if unlike else set()


def _suspects(planned: _Planned, reports: Reports, strange: Collection[Loaded]) -> set[str]:
    """The waybills among which any double is: ``verification.duplicates`` of their events is that of all.

    Two that both loaded as planned, voyage and vessel, are both believed. On a voyage there is too much only where all
    its loadings weigh more than the least planned load by nearly the lightest of them.
    """
    berths = {(said[5], said[3]) for said in strange}
    found = {said[0] for said in reports.loaded if (said[5], said[3]) in berths} if berths else set()
    found |= _overloading(planned, reports.loads)
    if len({digest for digest, _ in reports.shown}) != len(reports.shown):
        found |= _sharing(reports.shown)
    return found


def _overloading(planned: _Planned, loads: Iterable[Event]) -> set[str]:
    """The waybills on voyages that may have too much on board."""
    on_board: dict[str, list[tuple[int, str]]] = {}
    for fact in loads:
        if fact.mass_kg is not None and fact.voyage_id in planned.load_kg:
            on_board.setdefault(fact.voyage_id, []).append((fact.mass_kg, fact.waybill_number))
    found = set()
    for voyage_id, listed in on_board.items():
        lightest_kg = min(listed)[0]
        too_much_kg = sum([mass_kg for mass_kg, _ in listed]) - planned.load_kg[voyage_id]
        if lightest_kg <= 0 or too_much_kg >= lightest_kg * (1 - CLOSE_MASS_REL):
            found.update([number for _, number in listed])
    return found


def _sharing(shown: Iterable[tuple[str, str]]) -> set[str]:
    """The waybills that show a ticket of one lot that stands under other numbers too."""
    holders: dict[str, set[str]] = {}
    for digest, number in shown:
        holders.setdefault(digest, set()).add(number)
    return {number for numbers in holders.values() if len(numbers) > 1 for number in numbers}
