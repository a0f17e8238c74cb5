"""Plain lots are what the review says of them, whatever was reported; and all others are reviewed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from optimizer.accounts.audit import EVIDENCE_CHECKS
from optimizer.accounts.audit.plain_lots import Plain, plainly_reviewed
from optimizer.accounts.audit.reports import Reports
from optimizer.accounts.books import AuditView
from optimizer.accounts.corrections import standing_entries
from optimizer.accounts.settlement import Review, review
from optimizer.waybills.event import Classifier, EnergyLog, Event, EventType, Evidence
from optimizer.waybills.lifecycle import CarbonStatus
from optimizer.waybills.waybill import Waybill, WaybillLeg
from tests.accounts.small_books import FUEL_LOGS, settled_books
from tests.waybills.world import ISSUED_AT, LATER, all_events, digest, lot_events, world_waybills

S1, S2 = world_waybills()
DOUBLE = replace(S2, number="MW261005DOUBLE", shipment_id="S9")
"""S2 issued once more under another number: V1 is planned for one of the two."""
THREE = {bill.number: bill for bill in (S1, S2, DOUBLE)}
REPORTED = [*all_events([S1, S2], FUEL_LOGS), *all_events([DOUBLE])]
BOOKS = replace(settled_books([S1, S2]), waybills=THREE)
STANDING = standing_entries(BOOKS.transactions)
DIGESTS = [item.sha256 for event in REPORTED for item in event.evidence]


def with_legs(bill: Waybill, **values: Any) -> Waybill:
    """The waybill with other values in its legs by water."""
    legs = [tuple(replace(leg, **values) if leg.voyage_id else leg for leg in lot.legs) for lot in bill.lots]
    return replace(bill, lots=tuple(replace(lot, legs=own) for lot, own in zip(bill.lots, legs, strict=True)))


Change = Callable[[Event, Event], Sequence[Event]]
"""What becomes of an event, given another one."""


def changed(**names: str) -> Change:
    """The event with fields of the other one: ``its name=the other's``."""
    return lambda event, other: [replace(event, **{name: getattr(other, of) for name, of in names.items()})]


def with_(**values: Any) -> Change:
    """The event with other values."""
    return lambda event, _: [replace(event, **values)]


def besides(kind: EventType, **values: Any) -> Change:
    """The event, and another one about the same lot a minute after the other's time."""

    def change(event: Event, other: Event) -> Sequence[Event]:
        later = other.event_time + timedelta(minutes=1)
        added = replace(
            event,
            event_id=f"{event.event_id}-{kind.value}",
            event_type=kind,
            event_time=later,
            record_time=later,
            evidence=(),
            mass_kg=None,
            energy=None,
            reason="why",
        )
        return [event, replace(added, **values)]

    return change


def again(**values: Any) -> Change:
    """The event twice, under two ids."""
    return lambda event, _: [event, replace(event, event_id=f"{event.event_id}-2", **values)]


def moved(hours: float) -> Change:
    """The event at another time."""
    return lambda event, _: [replace(event, event_time=event.event_time + timedelta(hours=hours))]


def weighing(share: float) -> Change:
    """The event with nearly the mass of the other one, in its vessel, at its place and time."""
    return lambda event, other: [
        replace(
            event,
            mass_kg=int((other.mass_kg or 300_000) * share),
            vessel_id=other.vessel_id,
            location_id=other.location_id,
            event_time=other.event_time,
        )
    ]


def withdrawn(event: Event, other: Event) -> Sequence[Event]:
    """The event and a withdrawal of the other one."""
    return [event, *besides(EventType.WDRW, withdraws=other.event_id)(event, other)[1:]]


CHANGES: Sequence[Change] = (
    lambda event, other: [],
    withdrawn,
    again(),
    again(mass_kg=200_000),
    again(event_time=LATER),
    again(event_time=ISSUED_AT),
    again(energy=EnergyLog("LNG", 255_000), evidence=(Evidence("fuel_receipt", digest("LNG")),)),
    *(moved(hours) for hours in (-40, -13, 0.2, 13, 40)),
    *(weighing(share) for share in (1, 0.9996, 0.985)),
    *(
        with_(mass_kg=None),
        with_(mass_kg=0),
        with_(location_id="QJ"),
        with_(location_id=""),
        with_(vessel_id="X"),
        with_(vessel_id=""),
        with_(vehicle_class="BIG"),
        with_(lot_no=None),
        with_(lot_no=2),
        with_(lot_no=7),
        with_(leg_seq=None),
        with_(leg_seq=2),
        with_(classifier=Classifier.EST),
        with_(evidence=()),
        with_(evidence=(Evidence("photo", digest("photo")),)),
        with_(evidence=(Evidence("weigh_ticket", digest("weighed")),), mass_kg=140_000),
        with_(energy=EnergyLog("Diesel", 300_000)),
        with_(energy=EnergyLog("LNG", 255_000)),
        with_(voyage_id=""),
        with_(voyage_id="", vessel_id=""),
    ),
    *(
        changed(mass_kg="mass_kg"),
        changed(vessel_id="vessel_id"),
        changed(voyage_id="voyage_id", vessel_id="vessel_id"),
        changed(voyage_id="voyage_id"),
        changed(waybill_number="waybill_number"),
        changed(evidence="evidence"),
        changed(event_type="event_type"),
        changed(location_id="location_id"),
    ),
    *(besides(kind) for kind in EventType if kind is not EventType.WDRW),
)
MANY = st.lists(
    st.tuples(st.sampled_from(CHANGES), st.integers(0, 10**4), st.integers(0, 10**4), st.booleans()), max_size=6
)
BILLS = st.lists(
    st.sampled_from(
        [
            {S1.number: replace(S1, place_of_delivery="MILL")},
            {S2.number: replace(S2, place_of_delivery="")},
            {S1.number: replace(S1, lots=(S1.lots[0], replace(S1.lots[1], lot_no=1)))},
            {DOUBLE.number: replace(DOUBLE, lots=())},
            {DOUBLE.number: with_legs(DOUBLE, voyage_load_kg=900_000)},
            {S2.number: with_legs(S2, voyage_load_kg=0)},
        ]
    ),
    max_size=1,
)


def mutated(events: Sequence[Event], changes: Sequence[tuple[Change, int, int, bool]]) -> list[Event]:
    """Every change made to an event, given another one; ``loads``: of loadings by water alone, the likes of doubles.
    No two events share an id."""
    found = list(events)
    for change, first, second, loads in changes:
        places = [
            place
            for place, event in enumerate(found)
            if not loads or (event.event_type is EventType.LOAD and event.vessel_id)
        ]
        if places:
            place, other = places[first % len(places)], places[second % len(places)]
            kept, *added = [*change(found[place], found[other]), None]
            found[place : place + 1] = [kept] if kept else []
            found += [replace(event, event_id=f"{event.event_id}-{len(found)}") for event in added if event]
    return found


def plainly(waybills: Mapping[str, Waybill], events: Sequence[Event], numbers: Sequence[str]) -> tuple[Review, Plain]:
    """The quick way, given the events in pieces as an audit reads them."""
    reports = Reports()
    for start in range(0, len(events), 5):
        reports.add(events[start : start + 5])
    return plainly_reviewed(
        waybills, reports, lambda chosen: [event for event in events if event.waybill_number in chosen], numbers
    )


def looked_at(waybills: Mapping[str, Waybill], events: Sequence[Event], numbers: Sequence[str]) -> set[str]:
    """Both ways of looking at reports say the same. The plain waybills."""
    asked = review(waybills, events, numbers)
    quick, plain = plainly(waybills, events, numbers)
    assert quick.voyages == asked.voyages
    assert list(quick.states) == [number for number in asked.states if number in quick.states]
    for number, state in asked.states.items():
        if number in quick.states:
            assert quick.states[number] == state
            continue
        for lot in state.lots:
            assert (lot.weighed_mass_kg, lot.delivered_at) == plain[number, lot.lot_no]
            assert lot.carbon is CarbonStatus.VERIFIED
            assert not any(finding.blocks for finding in lot.findings)
    known = {(number, lot.lot_no) for number in asked.states for lot in waybills[number].lots}
    assert set(plain) == {key for key in known if key[0] not in quick.states}
    return {number for number, _ in plain}


def held_together(waybills: Mapping[str, Waybill], events: Sequence[Event], numbers: Sequence[str]) -> set[str]:
    """Both say the same, and so the checks of the audit. The plain waybills."""
    found = looked_at(waybills, events, numbers)
    quick, plain = plainly(waybills, events, numbers)
    books = replace(BOOKS, waybills=waybills, events=events)
    standing = {key: entry for key, entry in STANDING.items() if key[0] in numbers}
    views = (
        AuditView(books, review(waybills, events, numbers), standing, set(standing)),
        AuditView(books, quick, standing, set(standing), plain),
    )
    for check in EVIDENCE_CHECKS:
        slow, fast = ([*check(view)] for view in views)
        assert fast == slow, check
    return found


@settings(max_examples=250)
@example([], [], 2, 0)
@example([], [], 3, 0)
@given(MANY, BILLS, st.integers(1, 3), st.integers(0, 99))
def test_what_is_plain_is_what_the_review_says(
    changes: list[tuple[Change, int, int, bool]], others: list[dict[str, Waybill]], count: int, shuffled: int
) -> None:
    """Of any events in any order, about any of the waybills, their neighbours beside them or not."""
    events = [event for event in REPORTED if count == 3 or event.waybill_number != DOUBLE.number]
    waybills = THREE if count > 1 else TWO
    for other in others:
        waybills = {number: other.get(number, bill) for number, bill in waybills.items()}
    found = mutated(events, changes)
    cut = shuffled % (len(found) or 1)
    held_together(waybills, [*found[cut:], *found[:cut]], list(waybills)[: max(1, shuffled % 4)])


TWO = {bill.number: bill for bill in (S1, S2)}


@pytest.mark.parametrize("waybills", [TWO, THREE])
def test_each_change_of_each_report_is_seen(waybills: Mapping[str, Waybill]) -> None:
    """Of one lot among others: what is reported otherwise, once or several times, is reviewed or no matter."""
    events = [event for event in REPORTED if event.waybill_number in waybills]
    places = [place for place, event in enumerate(events) if event.waybill_number == S2.number]
    for change in CHANGES:
        for place in places:
            before, event, after = events[:place], events[place], events[place + 1 :]
            others = [
                one for one in (*before[-1:], *before, *after) if one.event_type is event.event_type and one.vessel_id
            ]
            for other in others if event.vessel_id else before[-1:]:
                looked_at(waybills, [*before, *change(event, other), *after], list(waybills))


@pytest.mark.parametrize("seqs", [(1, 2, 3, 4), (1,), (1, 2)])
@pytest.mark.parametrize("kind", [EventType.DLV, EventType.LOAD, EventType.DISC, EventType.RECE])
def test_a_ticket_weighs_the_leg_that_it_is_about(seqs: tuple[int, ...], kind: EventType) -> None:
    """The leg by water, without one the last leg; a ticket at another place makes no lot plain."""
    bill = replace(S2, lots=(replace(S2.lots[0], legs=tuple(leg for leg in S2.lots[0].legs if leg.seq in seqs)),))
    reported = lot_events(bill, bill.lots[0])
    reported += besides(EventType.RECE)(reported[-1], reported[0])[1:]
    ticket = (Evidence("weigh_ticket", digest("weighed")),)
    for seq in (None, 1, 3):
        found = [
            replace(event, evidence=ticket, mass_kg=150_000)
            if (event.event_type, event.leg_seq) == (kind, seq)
            else replace(event, evidence=())
            for event in reported
        ]
        weighed = seq == max(seq for seq in seqs if seq in (1, 3)) and kind in (EventType.LOAD, EventType.DISC)
        assert looked_at({bill.number: bill}, found, [bill.number]) == ({bill.number} if weighed else set())


def test_a_withdrawal_by_another_waybill_holds_for_who_looks_at_all() -> None:
    """The guards refuse it; the waybill itself is judged by its own reports, as ever."""
    first, last = REPORTED[0], next(event for event in REPORTED if event.waybill_number == S2.number)
    for event in REPORTED:
        if event.waybill_number == S1.number:
            alien = besides(EventType.WDRW, withdraws=event.event_id)(last, first)[1]
            assert looked_at(TWO, [*(one for one in REPORTED if one.waybill_number in TWO), alien], list(TWO)) == set()


def test_lots_that_went_as_planned_are_plain() -> None:
    """All of them, in any order, also with gates, a receipt, a late delivery and a mass that differs."""
    events = [event for event in REPORTED if event.waybill_number != DOUBLE.number]
    both = [S1.number, S2.number]
    assert held_together(TWO, events, both) == held_together(TWO, events[::-1], both) == set(TWO)
    late = [
        replace(event, event_time=event.event_time + timedelta(days=30)) if event.event_type is EventType.DLV else event
        for event in events
    ]
    assert held_together(TWO, late, both) == set(TWO)
    first = events[0]
    more = [besides(kind)(first, first)[1] for kind in (EventType.RECE, EventType.GTIN, EventType.GTOT)]
    assert held_together(TWO, [*events, *more], both) == set(TWO)
    light = [replace(event, mass_kg=event.mass_kg * 9 // 10) if event.mass_kg else event for event in events]
    assert held_together(TWO, light, both) == set(TWO)


@pytest.mark.parametrize("number", [S1.number, S2.number])
@pytest.mark.parametrize(
    "change",
    [
        CHANGES[0],
        with_(location_id="QJ"),
        with_(vessel_id="X"),
        with_(classifier=Classifier.EST),
        besides(EventType.HOLD),
        besides(EventType.LOST),
        besides(EventType.AMND, lot_no=None, leg_seq=None),
    ],
)
def test_only_the_waybill_that_a_report_is_about_is_reviewed(number: str, change: Change) -> None:
    """One loading is missing, elsewhere, otherwise, or something happened: the other waybill stays plain."""
    events = [event for event in REPORTED if event.waybill_number != DOUBLE.number]
    place = next(
        place
        for place, event in enumerate(events)
        if event.waybill_number == number and event.event_type is EventType.LOAD and event.vessel_id
    )
    found = [*events[:place], *change(events[place], events[place]), *events[place + 1 :]]
    assert held_together(TWO, found, list(TWO)) == set(TWO) - {number}


def test_doubles_are_not_plain() -> None:
    """One waybill under two numbers, one ticket under two numbers: who is flagged is reviewed, the others are not."""
    for claimed_kg in (450_000, 900_000, 500_000):  # the false waybill may claim a larger load
        bills = {**THREE, DOUBLE.number: with_legs(DOUBLE, voyage_load_kg=claimed_kg)}
        assert held_together(bills, REPORTED, list(THREE)) == {S1.number}
    ticket = Evidence("weigh_ticket", DIGESTS[0])
    shared = [
        replace(event, evidence=(ticket,)) if event.waybill_number == S2.number and event.evidence else event
        for event in REPORTED
        if event.waybill_number != DOUBLE.number
    ]
    assert len(held_together(TWO, shared, list(TWO))) < 2


def test_nothing_is_plain_where_legs_or_lots_share_a_number() -> None:
    """Nobody issues such a waybill; the review decides what its reports are about."""

    def twice(legs: tuple[WaybillLeg, ...]) -> tuple[WaybillLeg, ...]:
        return (*legs, replace(legs[-1], seq=legs[0].seq))

    events = [event for event in REPORTED if event.waybill_number == S2.number]
    legs = replace(S2, lots=(replace(S2.lots[0], legs=twice(S2.lots[0].legs)),))
    lots = replace(S2, lots=(S2.lots[0], S2.lots[0]))
    for bill in (legs, lots):
        assert held_together({S2.number: bill}, events, [S2.number]) == set()
    assert held_together({S2.number: S2}, events, [S2.number]) == {S2.number}
