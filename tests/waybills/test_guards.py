"""What may not join a waybill's record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from optimizer.quantities import CHINA_TIME
from optimizer.waybills.event import Classifier, EnergyLog, Event, EventType, Evidence, event_id
from optimizer.waybills.guards import refusals
from optimizer.waybills.waybill import Waybill
from tests.waybills.world import LATER, delivery, leg_event, lot_events, world_waybills


@pytest.fixture
def waybill() -> Waybill:
    """S1: two lots, truck (leg 1) and vessel (leg 3)."""
    return world_waybills()[0]


def codes(waybill: Waybill, known: Sequence[Event], event: Event) -> list[str]:
    """The codes of an event's refusals."""
    return [fault.code for fault in refusals(waybill, known, event, LATER)]


def of_leg(waybill: Waybill, place: int, kind: EventType, occurrence: int = 1, **changes: object) -> Event:
    """An event of a leg of lot 1; ``place`` counts legs from 0 (0 truck, 2 vessel)."""
    return leg_event(waybill, waybill.lots[0], waybill.lots[0].legs[place], kind, occurrence, **changes)


def test_a_whole_delivery_is_accepted(waybill: Waybill) -> None:
    """Nothing in a faithful report is refused."""
    known: list[Event] = []
    for event in lot_events(waybill, waybill.lots[0], {"V1": 255_000}):
        assert codes(waybill, known, event) == []
        known.append(event)


def test_a_leg_may_not_load_before_the_former_discharged(waybill: Waybill) -> None:
    """The vessel cannot take what the truck still carries, whichever report comes first."""
    discharged = of_leg(waybill, 0, EventType.DISC)
    too_early = of_leg(waybill, 2, EventType.LOAD, event_time=discharged.event_time - timedelta(minutes=1))
    assert codes(waybill, [discharged], too_early) == ["out_of_order"]
    assert codes(waybill, [too_early], discharged) == ["out_of_order"]
    (fault,) = refusals(waybill, [discharged], too_early, LATER)
    assert fault.message.en.startswith("LOAD/3 ")


def test_a_delivery_before_the_last_discharge_is_refused(waybill: Waybill) -> None:
    """Delivery comes last."""
    discharged = of_leg(waybill, 2, EventType.DISC)
    early = delivery(waybill, waybill.lots[0], event_time=discharged.event_time - timedelta(hours=1))
    assert codes(waybill, [discharged], early) == ["out_of_order"]


@pytest.mark.parametrize(("mass_kg", "expected"), [(301_500, []), (301_501, ["mass_grew"]), (299_000, [])])
def test_mass_may_not_grow_beyond_the_scales(waybill: Waybill, mass_kg: int, expected: list[str]) -> None:
    """Half a percent is what two scales may differ; losing mass is possible, gaining more is not."""
    loaded = of_leg(waybill, 2, EventType.LOAD)
    assert codes(waybill, [loaded], of_leg(waybill, 2, EventType.DISC, mass_kg=mass_kg)) == expected


def test_the_same_step_twice_needs_a_withdrawal_first(waybill: Waybill) -> None:
    """A second discharge is refused until the first one is withdrawn."""
    first = of_leg(waybill, 2, EventType.DISC)
    second = of_leg(waybill, 2, EventType.DISC, 2, mass_kg=299_000)
    assert codes(waybill, [first], second) == ["reported_already"]
    withdrawal = withdraw(first, second)
    assert codes(waybill, [first], withdrawal) == []
    assert codes(waybill, [first, withdrawal], second) == []


def test_a_withdrawal_names_a_known_event_once(waybill: Waybill) -> None:
    """Unknown targets, second withdrawals and withdrawals of withdrawals are refused."""
    first = of_leg(waybill, 2, EventType.DISC)
    withdrawal = withdraw(first, None)
    assert codes(waybill, [], withdrawal) == ["unknown_event"]
    again = replace(withdrawal, event_id=event_id(waybill.number, 1, 3, EventType.WDRW, 2))
    assert codes(waybill, [first, withdrawal], again) == ["already_withdrawn"]
    assert codes(waybill, [first, withdrawal], replace(again, withdraws=withdrawal.event_id)) == ["unknown_event"]


def test_a_withdrawal_is_a_fact_about_this_waybill(waybill: Waybill) -> None:
    """Not planned, not in the future, not about a lot that the waybill does not have: it would take effect all the
    same."""
    first = of_leg(waybill, 2, EventType.DISC)
    withdrawal = withdraw(first, None)
    assert codes(waybill, [first], withdrawal) == []
    assert codes(waybill, [first], replace(withdrawal, classifier=Classifier.EST)) == ["not_allowed"]
    assert codes(waybill, [first], replace(withdrawal, event_time=LATER + timedelta(days=1))) == ["in_the_future"]
    assert codes(waybill, [first], replace(withdrawal, lot_no=99)) == ["unknown_lot"]


def test_who_gives_up_one_lot_does_not_void_the_waybill(waybill: Waybill) -> None:
    """VOID ends the whole document: one that names a lot meant something else and is refused, not taken for all."""
    loaded = of_leg(waybill, 0, EventType.LOAD)
    void = replace(loaded, event_type=EventType.VOID, leg_seq=None, mass_kg=None, evidence=(), reason="只取消第一批")
    assert codes(waybill, [], void) == ["not_allowed"]
    assert codes(waybill, [], replace(void, lot_no=None)) == []


@pytest.mark.parametrize("kind", [EventType.HOLD, EventType.VOID])
def test_what_is_decided_against_a_waybill_has_a_reason(waybill: Waybill, kind: EventType) -> None:
    """Who is to answer a hold must be told why; blanks are none."""
    lot_no = 1 if kind is EventType.HOLD else None
    loaded = of_leg(waybill, 0, EventType.LOAD)
    decided = replace(loaded, event_type=kind, lot_no=lot_no, leg_seq=None, mass_kg=None, evidence=(), reason="复核")
    assert codes(waybill, [], decided) == []
    for reason in ("", " "):
        (fault,) = refusals(waybill, [], replace(decided, reason=reason), LATER)
        assert (fault.column, fault.code) == ("reason", "required")


def test_a_mass_is_weighed_if_something_shows_it(waybill: Waybill) -> None:
    """A ticket without a mass is none, and a photo shows no mass."""
    weighed = of_leg(waybill, 2, EventType.LOAD)
    assert weighed.is_weighing
    assert not replace(weighed, mass_kg=None).is_weighing
    assert not replace(weighed, evidence=()).is_weighing
    assert not replace(weighed, evidence=(Evidence("photo", "0" * 64),)).is_weighing


def test_the_future_has_not_happened(waybill: Waybill) -> None:
    """An actual event after now is refused; as an estimate it may stand."""
    tomorrow = of_leg(waybill, 0, EventType.LOAD, event_time=LATER + timedelta(days=1))
    (fault,) = refusals(waybill, [], tomorrow, LATER)
    assert fault.code == "in_the_future"
    when, now = (f"{at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}" for at in (tomorrow.event_time, LATER))
    assert fault.message.zh == f"{when} 还没到（现在是 {now}）；请核对时间。尚未发生的只能报为预计（EST）。"
    assert codes(waybill, [], replace(tomorrow, classifier=Classifier.EST)) == []


def test_refusals_speak_of_tonnes_and_legs_as_the_quay_does(waybill: Waybill) -> None:
    """Tickets are in tonnes, and a skipper does not know DISC/2."""
    loaded = of_leg(waybill, 2, EventType.LOAD)
    (fault,) = refusals(waybill, [loaded], of_leg(waybill, 2, EventType.DISC, mass_kg=1_400_000), LATER)
    assert fault.message.zh.startswith("第 3 段卸载（DISC）的重量 1,400.000 t 大于第 3 段装载（LOAD）的 300.000 t；")


def test_a_clock_that_runs_an_hour_ahead_is_believed(waybill: Waybill) -> None:
    """A reporter's clock is not ours; a second beyond the hour is the future."""
    loaded = of_leg(waybill, 0, EventType.LOAD, event_time=LATER + timedelta(hours=1))
    assert codes(waybill, [], loaded) == []
    assert codes(waybill, [], replace(loaded, event_time=loaded.event_time + timedelta(seconds=1))) == ["in_the_future"]


def test_a_gate_has_no_place_in_the_order_of_a_lot(waybill: Waybill) -> None:
    """Gates may be reported at any time and any number of times, beside loadings and before them."""
    loaded = of_leg(waybill, 0, EventType.LOAD)
    gate = replace(loaded, event_id=event_id(waybill.number, 1, 1, EventType.GTIN), event_type=EventType.GTIN)
    again = replace(gate, event_id=event_id(waybill.number, 1, 1, EventType.GTIN, 2))
    assert codes(waybill, [loaded], gate) == []
    assert codes(waybill, [gate], loaded) == []
    assert codes(waybill, [loaded, gate], again) == []


def test_an_amendment_opened_after_a_version_may_still_be_withdrawn(waybill: Waybill) -> None:
    """The one that ended in the version may not: others have read it."""
    loaded = of_leg(waybill, 0, EventType.LOAD)
    bare = replace(loaded, lot_no=None, leg_seq=None, mass_kg=None, evidence=(), reason="改单")
    first, issued, second = (
        replace(
            bare,
            event_id=event_id(waybill.number, None, None, kind, hour),
            event_type=kind,
            event_time=loaded.event_time + timedelta(hours=hour),
        )
        for hour, kind in enumerate((EventType.AMND, EventType.ISSU, EventType.AMND))
    )
    known = [first, issued, second]
    assert codes(waybill, known, withdraw(first, None)) == ["version_issued"]
    assert codes(waybill, known, withdraw(issued, None)) == ["version_issued"]
    assert codes(waybill, known, withdraw(second, None)) == []


def test_lot_and_leg_must_exist(waybill: Waybill) -> None:
    """A third lot, a fifth leg and a loading at a hub are named."""
    loaded = of_leg(waybill, 0, EventType.LOAD)
    assert codes(waybill, [], replace(loaded, lot_no=3)) == ["unknown_lot"]
    assert codes(waybill, [], replace(loaded, leg_seq=9)) == ["unknown_leg"]
    assert codes(waybill, [], replace(loaded, leg_seq=2)) == ["unknown_leg"]
    assert codes(waybill, [], replace(loaded, leg_seq=2, event_type=EventType.GTIN)) == []


def test_a_vessel_of_a_class_that_nobody_knows_is_refused(waybill: Waybill) -> None:
    """Its voyage could never be settled. The planned class needs no network, no truck is a vessel, and who has no
    network at hand does not look."""

    def codes_of(name: str, classes: Sequence[str] | None, place: int = 2) -> list[str]:
        event = of_leg(waybill, place, EventType.LOAD, vehicle_class=name)
        return [fault.code for fault in refusals(waybill, [], event, LATER, classes)]

    planned = waybill.lots[0].legs[2].vehicle_class
    assert codes_of("NOPE", ["BIG"]) == ["unknown_vehicle_class"]
    assert codes_of("BIG", ["BIG"]) == codes_of(planned, []) == codes_of("", []) == codes_of("NOPE", None) == []
    assert codes_of("NOPE", ["BIG"], place=0) == []


def test_a_waybill_under_way_cannot_be_voided_and_a_voided_one_not_moved(waybill: Waybill) -> None:
    """VOID before loading ends the waybill; after loading it is refused."""
    loaded = of_leg(waybill, 0, EventType.LOAD)
    void = replace(loaded, event_type=EventType.VOID, lot_no=None, leg_seq=None, mass_kg=None, reason="取消")
    assert codes(waybill, [], void) == []
    assert codes(waybill, [loaded], void) == ["already_under_way"]
    assert codes(waybill, [void], loaded) == ["voided"]
    assert codes(waybill, [void], replace(void, event_type=EventType.AMND)) == ["not_from_here"]


@pytest.mark.parametrize("kind", [EventType.DLV, EventType.LOST, EventType.RETN])
def test_a_waybill_whose_cargo_ended_somewhere_cannot_be_voided(waybill: Waybill, kind: EventType) -> None:
    """Whatever else is missing: a delivery, a loss or a return that was reported is not hidden by a void document, just
    as none is taken after it."""
    loaded = of_leg(waybill, 0, EventType.LOAD)
    ended = replace(delivery(waybill, waybill.lot(1)), event_type=kind, mass_kg=None, evidence=(), reason="沉没")
    void = replace(loaded, event_type=EventType.VOID, lot_no=None, leg_seq=None, mass_kg=None, reason="取消")
    assert codes(waybill, [], ended) == []
    assert codes(waybill, [ended], void) == ["already_under_way"]
    assert codes(waybill, [void], ended) == ["voided"]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"event_id": "1"}, "event_id"),
        ({"waybill_number": "MW1"}, "waybill_number"),
        ({"lot_no": None}, "lot_no"),
        ({"leg_seq": None}, "leg_seq"),
        ({"location_id": ""}, "location_id"),
        ({"reporter_id": ""}, "reporter_id"),
        ({"mass_kg": 0}, "mass_kg"),
        ({"ship_identification_no": "CN1"}, "ship_identification_no"),
        ({"energy": EnergyLog("Coal", 5)}, "energy"),
        ({"energy": EnergyLog("Diesel", 0)}, "energy"),
        ({"evidence": (Evidence("rumour", "0" * 64),)}, "evidence"),
        ({"evidence": (Evidence("photo", "xyz"),)}, "evidence"),
        ({"withdraws": "x"}, "withdraws"),
        ({"event_type": EventType.VOID, "reason": "取消"}, "lot_no"),
        ({"event_time": datetime(1, 1, 1, tzinfo=UTC)}, "event_time"),
        ({"event_time": datetime(9999, 1, 1, tzinfo=UTC), "classifier": Classifier.EST}, "event_time"),
    ],
)
def test_what_is_wrong_with_an_event_by_itself(waybill: Waybill, changes: dict[str, object], column: str) -> None:
    """Each malformed field is named, in both languages."""
    (fault,) = refusals(waybill, [], of_leg(waybill, 2, EventType.LOAD, **changes), LATER)
    assert fault.column == column
    assert fault.message.zh
    assert fault.message.en


def test_a_time_without_offset_is_refused(waybill: Waybill) -> None:
    """Whose clock it was must be known."""
    loaded = of_leg(waybill, 0, EventType.LOAD)
    naive = replace(loaded, event_time=loaded.event_time.replace(tzinfo=None))
    assert codes(waybill, [], naive) == ["no_offset"]


def withdraw(event: Event, correct: Event | None) -> Event:
    """The withdrawal of an event."""
    return replace(
        event,
        event_id=event_id(event.waybill_number, event.lot_no, event.leg_seq, EventType.WDRW),
        event_type=EventType.WDRW,
        mass_kg=None,
        evidence=(),
        withdraws=event.event_id,
        corrected_by=correct.event_id if correct else "",
        reason="重量有误",
    )
