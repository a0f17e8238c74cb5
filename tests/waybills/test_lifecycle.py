"""Three axes as a fold over events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.waybills.event import Event, EventType
from optimizer.waybills.guards import refusals
from optimizer.waybills.lifecycle import (
    CarbonStatus,
    DocumentStatus,
    TransportStatus,
    fold,
    settled_status,
)
from tests.waybills.test_guards import of_leg, withdraw
from tests.waybills.world import LATER, all_events, delivery, lot_events, world_waybills

S1, S2 = world_waybills()
S1_EVENTS = all_events([S1], {"V1": 255_000})


def carbon(events: list[Event]) -> CarbonStatus:
    """The carbon status of S2's only lot."""
    return fold(S2, events).lots[0].carbon


def test_an_issued_waybill_is_planned_and_estimated() -> None:
    """Before any event: issued, planned, estimated."""
    state = fold(S1, [])
    assert (state.document, state.transport) == (DocumentStatus.ISSUED, TransportStatus.PLANNED)
    assert {lot.carbon for lot in state.lots} == {CarbonStatus.ESTIMATED}


def test_all_delivered_is_completed_and_verified() -> None:
    """With every event and its evidence both lots are verified on the weighed mass."""
    state = fold(S1, S1_EVENTS)
    assert (state.document, state.transport) == (DocumentStatus.COMPLETED, TransportStatus.DELIVERED)
    assert [(lot.carbon, lot.weighed_mass_kg) for lot in state.lots] == [(CarbonStatus.VERIFIED, 300_000)] * 2


def test_one_lot_of_two_is_a_partial_delivery() -> None:
    """Lot 1 delivered, lot 2 still planned."""
    state = fold(S1, lot_events(S1, S1.lots[0]))
    assert state.transport is TransportStatus.PARTIALLY_DELIVERED
    assert [lot.carbon for lot in state.lots] == [CarbonStatus.VERIFIED, CarbonStatus.ESTIMATED]


def test_the_steps_of_a_lot() -> None:
    """Planned, in transit, evidence complete, delivered and verified."""
    events = lot_events(S2, S2.lots[0])
    assert fold(S2, events[:1]).transport is TransportStatus.IN_TRANSIT
    assert carbon(events[:-2]) is CarbonStatus.ESTIMATED
    assert carbon(events[:-1]) is CarbonStatus.EVIDENCE_COMPLETE
    assert carbon(events) is CarbonStatus.VERIFIED


@pytest.mark.parametrize("place", [0, 3, 4, 7])
def test_a_delivery_without_loading_or_discharge_has_lost_its_evidence(place: int) -> None:
    """Leaving out LOAD or DISC of either leg freezes the lot, and the missing report heals it."""
    events = lot_events(S2, S2.lots[0])
    without = events[:place] + events[place + 1 :]
    state = fold(S2, without).lots[0]
    assert state.carbon is CarbonStatus.EVIDENCE_LOST
    assert state.missing
    assert carbon([*without, events[place]]) is CarbonStatus.VERIFIED


def test_a_mass_without_a_ticket_is_no_weigh_record() -> None:
    """Masses alone verify nothing: without digests the lot has no weighed mass."""
    events = [replace(event, evidence=()) for event in lot_events(S2, S2.lots[0])]
    state = fold(S2, events).lots[0]
    assert state.carbon is CarbonStatus.EVIDENCE_LOST
    assert state.weighed_mass_kg is None


def test_the_least_weighing_counts() -> None:
    """Two tonnes lost on the way: what arrived settles, and more than five percent less is noted."""
    vessel = S1.lots[0].legs[2]
    events = [
        replace(event, mass_kg=270_000) if (event.leg_seq, event.event_type) == (vessel.seq, EventType.DISC) else event
        for event in S1_EVENTS
    ]
    lot = fold(S1, events).lots[0]
    assert lot.weighed_mass_kg == 270_000
    assert [finding.code for finding in lot.findings] == ["mass_differs"]
    assert lot.carbon is CarbonStatus.VERIFIED


def test_another_place_disputes_and_another_vessel_is_noted() -> None:
    """The distance belongs to the planned places; the vessel may be a substitute."""
    elsewhere = [
        replace(event, location_id="MID") if event.event_type is EventType.DISC else event for event in S1_EVENTS
    ]
    assert {lot.carbon for lot in fold(S1, elsewhere).lots} == {CarbonStatus.DISPUTED}
    substitute = [replace(event, vessel_id="X") if event.vessel_id else event for event in S1_EVENTS]
    state = fold(S1, substitute)
    assert {lot.carbon for lot in state.lots} == {CarbonStatus.VERIFIED}
    assert [finding.code for lot in state.lots for finding in lot.findings] == ["vessel_differs"] * 2


def test_a_delivery_elsewhere_disputes() -> None:
    """The lot did not travel the distance that was planned, although no leg says so."""
    events = [*lot_events(S2, S2.lots[0])[:-1], delivery(S2, S2.lots[0], location_id="BIG")]
    (finding,) = fold(S2, events).lots[0].findings
    assert finding.code == "place_differs"
    assert carbon(events) is CarbonStatus.DISPUTED


def test_late_delivery_is_noted() -> None:
    """A delivery after the due time still verifies."""
    events = lot_events(S2, S2.lots[0])[:-1]
    late = delivery(S2, S2.lots[0], event_time=S2.due_at + timedelta(hours=1))
    lot = fold(S2, [*events, late]).lots[0]
    assert lot.carbon is CarbonStatus.VERIFIED
    assert [finding.code for finding in lot.findings] == ["late"]


def test_a_hold_freezes_until_released() -> None:
    """HOLD disputes a verified lot; a later RELS ends it."""
    events = lot_events(S2, S2.lots[0])
    hold = delivery(S2, S2.lots[0], event_id="h", event_type=EventType.HOLD, reason="复核")
    release = replace(hold, event_id="r", event_type=EventType.RELS, event_time=hold.event_time + timedelta(hours=1))
    assert carbon([*events, hold]) is CarbonStatus.DISPUTED
    assert carbon([*events, hold, release]) is CarbonStatus.VERIFIED
    again, released = (
        replace(one, event_id=f"{one.event_id}2", event_time=one.event_time + timedelta(hours=2))
        for one in (hold, release)
    )
    assert carbon([*events, hold, release, again]) is CarbonStatus.DISPUTED
    assert carbon([*events, hold, release, again, released]) is CarbonStatus.VERIFIED
    (bare,) = fold(S2, [*events, replace(hold, reason="")]).lots[0].findings
    assert "no reason given" in bare.message.en


@pytest.mark.parametrize(
    ("kind", "transport"), [(EventType.LOST, TransportStatus.LOST), (EventType.RETN, TransportStatus.RETURNED)]
)
def test_lost_or_returned_cargo_saves_nothing(kind: EventType, transport: TransportStatus) -> None:
    """Cargo that did not arrive has no carbon status."""
    gone = delivery(S2, S2.lots[0], event_type=kind, reason="x")
    state = fold(S2, [*lot_events(S2, S2.lots[0])[:-1], gone])
    assert state.transport is transport
    assert state.lots[0].carbon is CarbonStatus.NONE


def test_withdrawing_an_event_undoes_it() -> None:
    """Without its discharge the lot falls back; the right one verifies it again."""
    wrong = of_leg(S1, 2, EventType.DISC)
    right = of_leg(S1, 2, EventType.DISC, 2, mass_kg=299_000)
    withdrawn = [*S1_EVENTS, withdraw(wrong, right)]
    assert fold(S1, withdrawn).lots[0].carbon is CarbonStatus.EVIDENCE_LOST
    lot = fold(S1, [*withdrawn, right]).lots[0]
    assert (lot.carbon, lot.weighed_mass_kg) == (CarbonStatus.VERIFIED, 299_000)


def test_the_accounts_take_the_last_steps() -> None:
    """Settled, restated, reversed follow from the entry of the ledger that stands."""
    assert settled_status(CarbonStatus.VERIFIED, "") is CarbonStatus.VERIFIED
    assert settled_status(CarbonStatus.VERIFIED, "SETTLE") is CarbonStatus.SETTLED
    assert settled_status(CarbonStatus.VERIFIED, "RESTATE") is CarbonStatus.RESTATED
    assert settled_status(CarbonStatus.DISPUTED, "REVERSE") is CarbonStatus.REVERSED


@settings(max_examples=60, deadline=None)
@given(st.permutations(S1_EVENTS))
def test_any_order_of_arrival_is_accepted_and_gives_the_same_state(events: list[Event]) -> None:
    """Reports that contradict nothing are accepted in every order, and the fold does not depend on it."""
    known: list[Event] = []
    for event in events:
        assert refusals(S1, known, event, LATER) == []
        known.append(event)
    assert fold(S1, known) == fold(S1, S1_EVENTS)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(S1_EVENTS)))
def test_more_events_never_lower_a_lot_that_was_not_delivered(events: set[Event]) -> None:
    """For faithful reports the carbon status only climbs, apart from a delivery that comes before its evidence."""
    ranks = [CarbonStatus.ESTIMATED, CarbonStatus.EVIDENCE_LOST, CarbonStatus.EVIDENCE_COMPLETE, CarbonStatus.VERIFIED]
    before = [ranks.index(lot.carbon) for lot in fold(S1, events).lots]
    after = [ranks.index(lot.carbon) for lot in fold(S1, S1_EVENTS).lots]
    assert all(low <= high for low, high in zip(before, after, strict=True))
