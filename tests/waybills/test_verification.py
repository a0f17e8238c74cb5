"""The same transport under two numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from optimizer.waybills.event import Event, EventType, Evidence
from optimizer.waybills.lifecycle import CarbonStatus, fold
from optimizer.waybills.verification import duplicates
from optimizer.waybills.waybill import Waybill
from tests.waybills.world import LATER, all_events, digest, leg_event, lot_events, world_waybills

S1, S2 = world_waybills()
WAYBILLS = {waybill.number: waybill for waybill in (S1, S2)}
HONEST = all_events([S1, S2])


def copied(events: list[Event], **changes: object) -> list[Event]:
    """S2's reports made to look like lot 2 of S1 on V2: vessel, time and mass of that lot."""
    vessel_loading = next(
        event for event in lot_events(S1, S1.lots[1]) if event.voyage_id and event.event_type is EventType.LOAD
    )
    values = {
        "vessel_id": vessel_loading.vessel_id,
        "voyage_id": vessel_loading.voyage_id,
        "event_time": vessel_loading.event_time + timedelta(minutes=20),
        "mass_kg": vessel_loading.mass_kg,
        **changes,
    }
    return [
        replace(event, **values) if event.voyage_id and event.event_type is EventType.LOAD else event
        for event in events
    ]


def test_honest_neighbours_on_one_voyage_are_not_suspected() -> None:
    """V1 carries lots of two waybills; even with the same mass both are believed, for both are planned on it."""
    assert duplicates(WAYBILLS, HONEST) == {}
    alike = [replace(event, mass_kg=300_000) if event.mass_kg else event for event in HONEST]
    assert duplicates(WAYBILLS, alike) == {}


def test_neighbours_in_a_substitute_vessel_are_not_suspected() -> None:
    """When a voyage changes its vessel, all its lots say so alike."""
    alike = [
        replace(event, mass_kg=300_000 if event.mass_kg else None, vessel_id="X") if event.voyage_id == "V1" else event
        for event in HONEST
    ]
    assert duplicates(WAYBILLS, alike) == {}


def test_a_loading_that_was_not_weighed_is_like_no_other() -> None:
    """A copy without a mass, and a copy of something without one: nobody can say that they are the same."""
    mine, copy = lot_events(S1, S1.lots[1]), copied(lot_events(S2, S2.lots[0]))
    assert duplicates(WAYBILLS, mine + copy)
    unweighed = [replace(event, mass_kg=None) for event in copy]
    assert duplicates(WAYBILLS, mine + unweighed) == {}
    assert duplicates(WAYBILLS, [replace(event, mass_kg=None) for event in mine] + unweighed) == {}


def test_a_copy_of_another_waybills_transport_is_found_and_frozen() -> None:
    """Vessel, place, time and mass of S1's second lot under S2's number: S2 is flagged, S1 is believed."""
    events = lot_events(S1, S1.lots[1]) + copied(lot_events(S2, S2.lots[0]))
    found = duplicates(WAYBILLS, events)
    assert list(found) == [(S2.number, 1)]
    assert S1.number in found[S2.number, 1][0].message.en
    own = [event for event in events if event.waybill_number == S2.number]
    assert fold(S2, own, {1: found[S2.number, 1]}).lots[0].carbon is CarbonStatus.DISPUTED


@pytest.mark.parametrize(("mass_kg", "suspects"), [(300_150, 1), (300_151, 0), (299_850, 1), (299_849, 0)])
def test_how_near_two_weighings_are_the_same(mass_kg: int, suspects: int) -> None:
    """Within 0.05 % of the heavier one: 150 kg in 300 t."""
    own = next(leg.vessel_id for leg in S2.lots[0].legs if leg.voyage_id)
    first = [replace(e, vessel_id=own) if e.voyage_id == "V2" else e for e in lot_events(S1, S1.lots[1])]
    second = copied(lot_events(S2, S2.lots[0]), vessel_id=own, mass_kg=mass_kg)
    assert len(duplicates(WAYBILLS, first + second)) == suspects


def test_another_mass_or_time_is_another_transport() -> None:
    """A tonne of difference or a day between the loadings ends the suspicion, unless the lot is on a voyage and in a
    vessel that are both not its plan's: then it takes 2 % or a day and a half, and both at once end it sooner."""
    first, second = lot_events(S1, S1.lots[1]), lot_events(S2, S2.lots[0])
    loaded_at = next(event.event_time for event in copied(second) if event.voyage_id == "V2")
    day, tonne = timedelta(days=1), {"mass_kg": 299_000}
    own_vessel = {"vessel_id": next(leg.vessel_id for leg in S2.lots[0].legs if leg.voyage_id)}
    on_plan = [
        replace(event, vessel_id=own_vessel["vessel_id"]) if event.voyage_id == "V2" else event for event in first
    ]
    for changes in (tonne, {"event_time": loaded_at + day}):
        assert set(duplicates(WAYBILLS, first + copied(second, **changes))) == {(S2.number, 1)}
        assert duplicates(WAYBILLS, on_plan + copied(second, **own_vessel, **changes)) == {}
    for changes in (
        {"mass_kg": 290_000},
        {"event_time": loaded_at + 2 * day},
        {**tonne, "event_time": loaded_at + day},
    ):
        assert duplicates(WAYBILLS, first + copied(second, **changes)) == {}


def test_two_lots_of_one_mass_on_a_voyage_that_weighs_a_lot_too_much_are_frozen() -> None:
    """Both were issued for the voyage and both say so: only its planned load tells that one of them is too many."""

    def planned(load_kg: int) -> dict[str, Waybill]:
        return {
            waybill.number: replace(
                waybill,
                lots=tuple(
                    replace(lot, legs=tuple(replace(leg, voyage_load_kg=load_kg) for leg in lot.legs))
                    for lot in waybill.lots
                ),
            )
            for waybill in (S1, S2)
        }

    alike = [replace(event, mass_kg=300_000) if event.mass_kg else event for event in HONEST]
    assert duplicates(planned(600_000), alike) == {}
    assert duplicates(planned(590_000), alike) == {}
    assert set(duplicates(planned(300_000), alike)) == {(S1.number, 1), (S2.number, 1)}
    different = [replace(event, mass_kg=250_000) if event.waybill_number == S2.number else event for event in alike]
    assert duplicates(planned(300_000), different) == {}


def test_one_weigh_ticket_under_two_numbers_freezes_both() -> None:
    """When both lots sailed as planned nobody but a person can tell whose ticket it is."""
    ticket = next(event.evidence for event in HONEST if event.evidence)
    shared = [
        replace(event, evidence=ticket) if event.evidence and event.waybill_number == S2.number else event
        for event in HONEST
    ]
    assert set(duplicates(WAYBILLS, shared)) == {(S1.number, 1), (S2.number, 1)}


def test_a_fuel_receipt_may_be_shared() -> None:
    """All lots of a voyage name the same receipt."""
    assert duplicates(WAYBILLS, all_events([S1, S2], {"V1": 255_000})) == {}


def test_a_person_may_release_a_suspect() -> None:
    """After a RELS event the lot is not flagged again; one written down before the loadings reviewed nothing."""
    events = lot_events(S1, S1.lots[1]) + copied(lot_events(S2, S2.lots[0]))
    release = replace(events[-1], event_id="r", event_type=EventType.RELS, reason="已核实", record_time=LATER)
    assert duplicates(WAYBILLS, [*events, release]) == {}
    beforehand = replace(release, record_time=min(event.record_time for event in events) - timedelta(days=1))
    assert set(duplicates(WAYBILLS, [*events, beforehand])) == {(S2.number, 1)}


def test_a_shared_ticket_under_two_vessels_and_voyages_accuses_neither_alone() -> None:
    """The honest lot sailed in a substitute vessel, the double as its own false plan says: both are frozen until a
    person has looked, instead of the honest one alone."""
    ticket = (Evidence("weigh_ticket", digest("one ticket")),)
    events = []
    for waybill, vessel_id, voyage_id in ((S1, "CN-SUBSTITUTE", "V-OTHER"), (S2, "SMALL/UP/1", "V1")):
        lot = waybill.lots[0]
        load = leg_event(waybill, lot, lot.legs[2], EventType.LOAD)
        events.append(replace(load, evidence=ticket, vessel_id=vessel_id, voyage_id=voyage_id))
    assert set(duplicates({S1.number: S1, S2.number: S2}, events)) == {(S1.number, 1), (S2.number, 1)}


@pytest.mark.parametrize(
    ("ship", "suspects"),
    [
        (("CN-OTHER", "V1"), {(S1.number, 2)}),
        (("SMALL/UP/1", "V9"), {(S1.number, 2)}),
        (("SMALL/UP/1", ""), {(S1.number, 2)}),
        (("CN-OTHER", "V9"), {(S1.number, 2), (S2.number, 1)}),
        (("CN-OTHER", ""), {(S1.number, 2), (S2.number, 1)}),
    ],
)
def test_a_shared_ticket_accuses_the_lot_off_its_plan_where_a_voyage_or_a_vessel_is_common(
    ship: tuple[str, str], suspects: set[tuple[str, int]]
) -> None:
    """S2 sailed on V1 as its plan says; S1's second lot, planned on V2, shows the same ticket. One of the two in common
    tells whose it is; a voyage that is not named is common to nobody."""
    ticket = (Evidence("weigh_ticket", digest("one ticket")),)
    events = []
    for waybill, lot, (vessel_id, voyage_id) in ((S1, S1.lots[1], ship), (S2, S2.lots[0], ("SMALL/UP/1", "V1"))):
        load = leg_event(waybill, lot, lot.legs[2], EventType.LOAD)
        events.append(replace(load, evidence=ticket, vessel_id=vessel_id, voyage_id=voyage_id))
    assert set(duplicates(WAYBILLS, events)) == suspects


def test_a_shared_ticket_of_a_loading_that_was_not_weighed_freezes_both() -> None:
    """Without its mass the report is no loading that its plan could be held against: a person looks at both."""
    ticket = (Evidence("weigh_ticket", digest("one ticket")),)
    off_plan, as_planned = (
        replace(leg_event(waybill, lot, lot.legs[2], EventType.LOAD), evidence=ticket, vessel_id=ship, voyage_id="V1")
        for waybill, lot, ship in ((S1, S1.lots[1], "CN-OTHER"), (S2, S2.lots[0], "SMALL/UP/1"))
    )
    assert set(duplicates(WAYBILLS, [off_plan, as_planned])) == {(S1.number, 2)}
    unweighed = replace(off_plan, mass_kg=None)
    assert set(duplicates(WAYBILLS, [unweighed, as_planned])) == {(S1.number, 2), (S2.number, 1)}


@pytest.mark.parametrize(
    ("vessel_ids", "suspects"),
    [(("SMALL/UP/1", "CN-OTHER"), {(S1.number, 2), (S2.number, 1)}), (("SMALL/UP/1", "SMALL/UP/1"), {(S1.number, 2)})],
)
def test_two_loads_without_a_voyage_have_none_in_common(
    vessel_ids: tuple[str, str], suspects: set[tuple[str, int]]
) -> None:
    """Only the vessel is left to compare."""
    ticket = (Evidence("weigh_ticket", digest("one ticket")),)
    events = []
    for (waybill, lot), vessel_id in zip(((S2, S2.lots[0]), (S1, S1.lots[1])), vessel_ids, strict=True):
        load = leg_event(waybill, lot, lot.legs[2], EventType.LOAD)
        events.append(replace(load, evidence=ticket, vessel_id=vessel_id, voyage_id=""))
    assert set(duplicates(WAYBILLS, events)) == suspects
