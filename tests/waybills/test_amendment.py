"""The next version of a waybill, as a pure function, and what may not follow."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.emissions.round_trip import RoundTrip
from optimizer.network.measured import Measured
from optimizer.waybills.amendment import Amendment, LegChange, amended, amendment_faults, before_issue, changes
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.waybill import Waybill, WaybillLeg
from tests.waybills.world import LATER, delivery, leg_event, world_waybills

S1, S2 = world_waybills()


def with_last_road(waybill: Waybill) -> Waybill:
    """The waybill with a truck from the port on: its lots end at the works."""
    lots = []
    for lot in waybill.lots:
        last = lot.legs[-1]
        truck = replace(lot.legs[0], seq=last.seq + 1, role="post", origin="DOWN", destination="WORKS", distance_km=8.0)
        lots.append(replace(lot, legs=(*lot.legs, truck)))
    return replace(waybill, lots=tuple(lots), place_of_delivery="WORKS")


LONG = with_last_road(S2)


def ways(leg: WaybillLeg) -> tuple[float, Measured] | None:
    """Vessels go to NEXT in 125 km, trucks from there to WORKS in 4 km."""
    found = {("UP", "NEXT"): (125.0, Measured("actual")), ("NEXT", "WORKS"): (4.0, Measured("sfd", 3.0))}
    return found.get((leg.origin, leg.destination))


DIVERTED = amended(LONG, Amendment(legs=(LegChange(1, 3, destination="NEXT"),)), ways, LATER)


def test_another_hull_or_way_ends_the_sharing_with_return_cargo() -> None:
    """Planned with one hull on one way: a later departure keeps the round trip, another vessel or port does not."""
    trip = RoundTrip("R1", 450_000, 150_000, 260_000, 230_000)
    legs = tuple(replace(leg, round_trip=trip) if leg.voyage_id else leg for leg in LONG.lots[0].legs)
    shared = replace(LONG, lots=(replace(LONG.lots[0], legs=legs),))

    def left(change: LegChange) -> RoundTrip | None:
        return amended(shared, Amendment(legs=(change,)), ways, LATER).lots[0].legs[2].round_trip

    assert left(LegChange(1, 3, departs_at=legs[2].planned_departs_at)) == trip
    assert left(LegChange(1, 3, vessel_id="OTHER")) is None
    assert left(LegChange(1, 3, voyage_id="V8")) is None
    assert left(LegChange(1, 3, destination="NEXT")) is None


def test_a_diverted_vessel_moves_the_legs_behind_it() -> None:
    """The hub stands where the cargo is, the truck starts there, distances are the network's, emissions follow them."""
    lot, was = DIVERTED.lots[0], LONG.lots[0]
    assert [(leg.origin, leg.destination) for leg in lot.legs[2:]] == [
        ("UP", "NEXT"),
        ("NEXT", "NEXT"),
        ("NEXT", "WORKS"),
    ]
    assert [leg.distance_km for leg in lot.legs] == [5.0, 0.0, 125.0, 0.0, 4.0]
    assert lot.legs[2].co2e_wtw_g == was.legs[2].co2e_wtw_g * 5 // 4
    assert lot.legs[4].co2e_wtw_g == was.legs[4].co2e_wtw_g // 2
    assert (lot.legs[4].distance_basis, lot.legs[4].gcd_km) == ("sfd", 3.0)
    assert (lot.port_of_discharge, DIVERTED.port_of_discharge) == ("NEXT", "NEXT")
    assert (lot.legs[0], lot.legs[1], lot.baseline_wtw_g) == (was.legs[0], was.legs[1], was.baseline_wtw_g)


def happened(*told: tuple[int, EventType, str]) -> list[Event]:
    """Facts of S2's lot: leg, kind, place."""
    legs = {leg.seq: leg for leg in LONG.lots[0].legs}
    return [
        replace(leg_event(LONG, LONG.lots[0], legs[seq], kind), location_id=place or legs[seq].origin)
        for seq, kind, place in told
    ]


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ([], set()),
        ([(3, EventType.LOAD, "UP"), (3, EventType.DEPA, "UP")], set()),
        ([(3, EventType.LOAD, "UP"), (3, EventType.DISC, "NEXT")], set()),
        ([(3, EventType.LOAD, "UP"), (3, EventType.DISC, "DOWN")], {"discharged"}),
        ([(5, EventType.LOAD, "DOWN")], {"loaded"}),
    ],
)
def test_a_leg_ends_where_it_was_discharged(facts: list[tuple[int, EventType, str]], codes: set[str]) -> None:
    """A vessel may be diverted until it discharges; afterwards only to where it did; and never under a loaded truck."""
    assert {fault.code for fault in amendment_faults(LONG, DIVERTED, happened(*facts))} == codes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("consignor", S1.consignor),
        ("operator", S1.consignor),
        ("cargo_code", "sand"),
        ("shipment_id", "S9"),
        ("place_of_delivery", "ELSEWHERE"),
        ("number", S1.number),
        ("baseline_legs", ()),
        ("declared_mass_kg", 1),
        ("lots", ()),
        ("version", 3),
    ],
)
def test_everything_else_needs_a_waybill_of_its_own(name: str, value: object) -> None:
    """No field slips through because nobody thought of it: what is not named as amendable is refused."""
    new = replace(S2, **{"version": 2, name: value})  # type: ignore[arg-type]
    assert amendment_faults(S2, new, [])


def test_a_way_with_a_gap_is_none() -> None:
    """Each leg begins where the one before it ends, whatever else is right about them."""
    lot = DIVERTED.lots[0]
    legs = (*lot.legs[:2], replace(lot.legs[2], destination="ELSEWHERE"), *lot.legs[3:])
    faults = amendment_faults(LONG, replace(DIVERTED, lots=(replace(lot, legs=legs),)), [])
    assert "gap" in {fault.code for fault in faults}


def test_a_delivery_fixes_whom_the_cargo_goes_to() -> None:
    """What depends on delivery is refused after it, and not before."""
    new = replace(S2, version=2, due_at=LATER)
    delivered = delivery(S2, S2.lots[0])
    assert amendment_faults(S2, new, []) == []
    assert [(fault.column, fault.code) for fault in amendment_faults(S2, new, [delivered])] == [("due_at", "delivered")]


def test_what_was_known_before_a_version_ends_at_its_issue() -> None:
    """Another version's issue, and other events with such a reason, are among what was known."""
    at = delivery(S2, S2.lots[0])
    noted, second, third = (
        replace(at, event_id=reason, event_type=kind, reason=reason)
        for kind, reason in ((EventType.HOLD, "v3: why"), (EventType.ISSU, "v2: a"), (EventType.ISSU, "v3: b"))
    )
    events = [noted, second, third, at]
    assert before_issue(events, 3) == [noted, second]
    assert before_issue(events, 2) == [noted]
    assert before_issue(events, 4) == events


def test_no_field_of_a_leg_slips_through() -> None:
    """Mode, class, factors, tier, empty running, fuel: whatever settlements rest on is refused before loading too."""
    leg = S2.lots[0].legs[2]
    for name, value in {
        "mode": "Road",
        "vehicle_class": "LARGE",
        "factor_ids": (),
        "data_tier": "primary",
        "empty_km_share": 0.0,
        "empty_fuel_ratio": 9.0,
        "voyage_fuel_g": 1,
        "role": "pre",
        "seq": 8,
    }.items():
        assert getattr(leg, name) != value, name
        legs = (*S2.lots[0].legs[:2], replace(leg, **{name: value}), S2.lots[0].legs[3])  # type: ignore[arg-type]
        new = replace(S2, version=2, lots=(replace(S2.lots[0], legs=legs),))
        assert amendment_faults(S2, new, []), name


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=2), st.integers(1, 10**9))
def test_masses_there_and_back_keep_every_sum(masses_kg: list[int], again_kg: int) -> None:
    """Any masses: the total is the sum of the lots, the saving scales with the mass to the gram of rounding, and the
    version after is allowed before anything is loaded."""
    new = amended(S1, Amendment(declared_mass_kg=dict(enumerate(masses_kg, start=1))), ways, LATER)
    assert new.declared_mass_kg == sum(masses_kg)
    for lot, was in zip(new.lots, S1.lots, strict=True):
        exact = was.baseline_wtw_g * lot.declared_mass_kg / was.declared_mass_kg
        assert abs(lot.baseline_wtw_g - exact) <= 0.5 + 1e-9 * exact
    assert amendment_faults(S1, new, []) == []
    assert bool(changes(S1, new)) == (masses_kg != [lot.declared_mass_kg for lot in S1.lots])
    assert amended(new, Amendment(declared_mass_kg={1: again_kg}), ways, LATER).version == 3
