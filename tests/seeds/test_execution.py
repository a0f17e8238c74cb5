"""The month as carried out: events that the guards accept, and each incident with the outcome its row promises."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.demo.execution import FUEL_SPREAD_REL, execute_month
from optimizer.demo.incidents import draw_incidents
from optimizer.demo.reports import evidence_text
from optimizer.demo.seed_files import Incident, read_incidents
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.guards import refusals
from optimizer.waybills.lifecycle import CarbonStatus, TransportStatus, WaybillState, effective, fold
from optimizer.waybills.verification import duplicates
from optimizer.waybills.waybill import Waybill
from tests.seeds.waybill_world import START, fleet_of_waybills, lot, waybill

LATER = START + timedelta(days=60)


def certain(kind: str, *shipment_ids: str) -> list[Incident]:
    """Only that incident, only for those shipments, with the size of the shipped table."""
    (row,) = [item for item in read_incidents() if item.kind == kind]
    return [
        Incident(kind, row.name_zh, row.name_en, 0.0, row.size_min, row.size_max, row.size_unit, shipment_ids, "", "")
    ]


def accepted(waybills: Iterable[Waybill], events: Sequence[Event]) -> dict[str, list[Event]]:
    """Events by waybill, each one passed through the guards in the order of recording; a refusal fails the test."""
    by_number = {item.number: item for item in waybills}
    known: dict[str, list[Event]] = {number: [] for number in by_number}
    for event in events:
        faults = refusals(by_number[event.waybill_number], known[event.waybill_number], event, LATER)
        assert not faults, [fault.text("en") for fault in faults]
        known[event.waybill_number].append(event)
    return known


def states(waybills: Sequence[Waybill], events: Sequence[Event]) -> dict[str, WaybillState]:
    """State of each shipment's waybill after the events."""
    known = accepted(waybills, events)
    flagged = duplicates({item.number: item for item in waybills}, events)
    return {
        item.shipment_id: fold(
            item,
            known[item.number],
            {number: found for (bill, number), found in flagged.items() if bill == item.number},
        )
        for item in waybills
    }


def test_an_undisturbed_month_is_verified_to_the_last_lot() -> None:
    """Without incidents every event is accepted and every lot is delivered and verified."""
    waybills = fleet_of_waybills(5)
    for state in states(waybills, execute_month(waybills, [], 1)).values():
        assert state.transport is TransportStatus.DELIVERED
        assert [item.carbon for item in state.lots] == [CarbonStatus.VERIFIED] * 2
        assert not [finding for item in state.lots for finding in item.findings]


def test_every_kind_of_event_is_reported_for_each_lot() -> None:
    """LOAD, DEPA, ARRI, DISC for three transport legs, gates of two hubs, one delivery."""
    events = execute_month([waybill("S1", lot(1, 600_000, "V1"))], [], 1)
    kinds = [event.event_type for event in events]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        EventType.LOAD: 3,
        EventType.DEPA: 3,
        EventType.ARRI: 3,
        EventType.DISC: 3,
        EventType.GTIN: 2,
        EventType.GTOT: 2,
        EventType.DLV: 1,
    }
    assert [event.record_time for event in events] == sorted(event.record_time for event in events)
    assert all(event.record_time > event.event_time for event in events)


def test_a_weighing_stands_on_a_document_that_can_be_shown() -> None:
    """The digest is the SHA-256 of the text that evidence_text gives."""
    bill = waybill("S1", lot(1, 600_000, "V1"))
    load = next(e for e in execute_month([bill], [], 1) if e.event_type is EventType.LOAD and e.leg_seq == 3)
    text = evidence_text("draught_survey", f"{bill.number}/1/3/LOAD", load.event_time, load.mass_kg)
    assert load.evidence[0].sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert load.is_weighing


def test_lots_of_one_voyage_sail_and_burn_together() -> None:
    """Two waybills on one voyage report the same departure, arrival, vessel and fuel."""
    waybills = [waybill("S1", lot(1, 300_000, "V1")), waybill("S2", lot(1, 400_000, "V1"))]
    arrivals = [e for e in execute_month(waybills, [], 4) if e.voyage_id == "V1" and e.event_type is EventType.ARRI]
    assert len(arrivals) == 2
    assert len({(e.event_time, e.vessel_id, e.energy, e.evidence) for e in arrivals}) == 1


def test_fuel_is_logged_for_about_seven_voyages_in_ten_near_the_model() -> None:
    """With the shipped rates 70 % of voyages log fuel (within 5 points of 400), each within 8 % of the plan."""
    waybills = fleet_of_waybills(200)
    events = execute_month(waybills, read_incidents(), 1)
    logged = {e.voyage_id: e.energy.amount_g for e in events if e.energy}
    assert len(logged) / 400 == pytest.approx(0.70, abs=0.05)
    assert all(abs(amount / 1_100_000 - 1) <= FUEL_SPREAD_REL for amount in logged.values())
    assert min(logged.values()) < 1_050_000
    assert max(logged.values()) > 1_150_000


def test_same_seed_same_events_whatever_the_order_of_waybills() -> None:
    """Pure and deterministic; permuting the waybills changes nothing, another seed does."""
    waybills = fleet_of_waybills(8)
    events = execute_month(waybills, read_incidents(), 7)
    shuffled = waybills[:]
    Random(1).shuffle(shuffled)
    assert execute_month(shuffled, read_incidents(), 7) == events
    assert execute_month(waybills, read_incidents(), 8) != events


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), rate=st.floats(0, 1))
def test_no_event_is_refused_however_much_goes_wrong(seed: int, rate: float) -> None:
    """All incidents together, at any rate: the guards accept every event, in the order of recording, and ids differ."""
    waybills = [
        *fleet_of_waybills(4),
        waybill("R1", lot(1, 500_000, "R1a", "R1b")),
        waybill("R2", lot(1, 510_000, "R2a")),
    ]
    incidents = [
        Incident(i.kind, i.name_zh, i.name_en, rate, i.size_min, i.size_max, i.size_unit, (), "", "")
        for i in read_incidents()
    ]
    events = execute_month(waybills, incidents, seed)
    accepted(waybills, events)
    assert len({event.event_id for event in events}) == len(events)


def test_late_shows_on_the_waybill_and_settles_all_the_same() -> None:
    """A late voyage arrives 6 to 36 h late with every lot on board, and a second vessel waits for its cargo."""
    waybills = [waybill("S1", lot(1, 300_000, "V1", "V2")), waybill("S2", lot(1, 300_000, "V2", departs_h=55.0))]
    on_time = {
        (e.waybill_number, e.leg_seq): e for e in execute_month(waybills, [], 1) if e.event_type is EventType.ARRI
    }
    late = execute_month(waybills, certain("late", "S1"), 1)
    delays = {
        (e.voyage_id, (e.event_time - on_time[(e.waybill_number, e.leg_seq)].event_time))
        for e in late
        if e.event_type is EventType.ARRI and e.voyage_id == "V1"
    }
    ((_, delay),) = delays
    assert timedelta(hours=5) < delay <= timedelta(hours=37)
    found = states(waybills, late)
    assert all(item.carbon is CarbonStatus.VERIFIED for state in found.values() for item in state.lots)


def test_partial_delivery_settles_on_what_arrived_and_is_a_finding() -> None:
    """The weighed mass is 6 to 9 % below the declared one; noted, not blocking."""
    waybills = fleet_of_waybills(2)
    state = states(waybills, execute_month(waybills, certain("partial_delivery", "S001"), 1))["S001"]
    declared_kg = waybills[1].lots[0].declared_mass_kg
    assert state.lots[0].weighed_mass_kg is not None
    assert 0.055 < 1 - state.lots[0].weighed_mass_kg / declared_kg < 0.095
    assert [finding.code for finding in state.lots[0].findings] == ["mass_differs"]
    assert state.lots[0].carbon is CarbonStatus.VERIFIED


def test_lost_evidence_freezes_the_lot_and_only_that_lot() -> None:
    """Delivered without a weigh record: EVIDENCE_LOST, the other lot verified."""
    waybills = fleet_of_waybills(2)
    state = states(waybills, execute_month(waybills, certain("lost_evidence", "S000"), 1))["S000"]
    assert [item.carbon for item in state.lots] == [CarbonStatus.EVIDENCE_LOST, CarbonStatus.VERIFIED]
    assert state.transport is TransportStatus.DELIVERED


def test_a_duplicate_report_is_held_and_the_true_one_is_not() -> None:
    """The copying waybill is disputed under the number it copied; the copied one is verified."""
    waybills = fleet_of_waybills(3)
    found = states(waybills, execute_month(waybills, certain("duplicate_report", "S001"), 1))
    assert found["S001"].lots[0].carbon is CarbonStatus.DISPUTED
    assert [finding.code for finding in found["S001"].lots[0].findings] == [
        "vessel_differs",
        "duplicate_under_another_number",
    ]
    assert found["S001"].lots[1].carbon is CarbonStatus.VERIFIED
    for other in ("S000", "S002"):
        assert [item.carbon for item in found[other].lots] == [CarbonStatus.VERIFIED] * 2


def test_a_withdrawn_event_stays_and_the_right_one_counts() -> None:
    """A tenth of the mass is reported, withdrawn with its reason, and reported right; the state is as without it."""
    waybills = fleet_of_waybills(2)
    events = execute_month(waybills, certain("withdrawn_event", "S000"), 1)
    (withdrawal,) = [event for event in events if event.event_type is EventType.WDRW]
    by_id = {event.event_id: event for event in events}
    wrong, right = by_id[withdrawal.withdraws], by_id[withdrawal.corrected_by]
    assert wrong.mass_kg == (right.mass_kg or 0) // 10
    assert withdrawal.reason
    assert wrong not in effective(events)
    undisturbed = states(waybills, execute_month(waybills, [], 1))["S000"]
    state = states(waybills, events)["S000"]
    assert state.lots[0].weighed_mass_kg == undisturbed.lots[0].weighed_mass_kg
    assert state.lots[0].carbon is CarbonStatus.VERIFIED


def test_a_missing_fuel_log_leaves_the_voyage_without_fuel_and_the_others_with() -> None:
    """No fuel on the voyages of that shipment; verification does not need it."""
    waybills = fleet_of_waybills(2)
    events = execute_month(waybills, certain("missing_fuel_log", "S000"), 1)
    logged = {event.voyage_id for event in events if event.energy}
    assert logged == {"V001a", "V001b"}
    assert states(waybills, events)["S000"].lots[0].carbon is CarbonStatus.VERIFIED


def test_a_changed_vessel_is_a_finding_for_every_lot_on_board() -> None:
    """Another vessel of the class: noted on both waybills of the voyage, blocking none."""
    waybills = [waybill("S1", lot(1, 300_000, "V1")), waybill("S2", lot(1, 400_000, "V1"))]
    found = states(waybills, execute_month(waybills, certain("vessel_changed", "S1"), 1))
    for state in found.values():
        assert [finding.code for finding in state.lots[0].findings] == ["vessel_differs"]
        assert state.lots[0].carbon is CarbonStatus.VERIFIED


def test_a_weigh_difference_settles_on_the_carriers_mass() -> None:
    """1.5 to 3 % below the declared mass, every scale on the way agreeing; no finding."""
    waybills = fleet_of_waybills(2)
    state = states(waybills, execute_month(waybills, certain("weigh_difference", "S000"), 1))["S000"]
    for item, declared in zip(state.lots, waybills[0].lots, strict=True):
        assert item.weighed_mass_kg is not None
        assert 0.0149 < 1 - item.weighed_mass_kg / declared.declared_mass_kg < 0.032
        assert not item.findings


def test_the_draw_of_one_waybill_does_not_depend_on_the_others() -> None:
    """Adding waybills leaves what the first ones meet as it was."""
    few = draw_incidents(fleet_of_waybills(20), read_incidents(), 1).sizes
    many = draw_incidents(fleet_of_waybills(60), read_incidents(), 1).sizes
    for kind, met in few.items():
        assert met.items() <= many[kind].items()
    assert any(met for met in few.values())


def test_a_month_without_waybills_has_no_events() -> None:
    """Nothing shipped, nothing reported."""
    assert execute_month([], read_incidents(), 1) == []
