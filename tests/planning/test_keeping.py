"""Replanning around an accepted plan: what stays, what moves and why, and that the rest is planned as well as it can be
around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.network.model import Closure, FleetEntry, Network, WaterLevel
from optimizer.planning.check import check_plan
from optimizer.planning.document import plan_from_json, plan_to_json
from optimizer.planning.keeping.held import Accepted, fewest
from optimizer.planning.keeping.move_reasons import CODES
from optimizer.planning.keeping.tours import Tour, trimmed
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Moved, Plan, PlannedShipment
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.enumeration import SLOT_H, Hull, Sailing, cheapest_around
from tests.planning.random_tasks import cargo, corridor_tasks, faults, planned, tiny_tasks
from tests.planning.round_factors import round_factors
from tests.planning.test_brute_force import WHOLE, world

HOUR = timedelta(hours=1)
FLEET = (
    FleetEntry("F0", "BIG", "UP", 2, TINY_START, "own", MADE_UP),
    FleetEntry("F1", "SMALL", "DOWN", 1, TINY_START, "spot", MADE_UP),
)


def named(name: str, mass_t: float, *ends: str, **more: Any) -> Shipment:
    """A shipment of the tiny world by name."""
    return replace(cargo(0, mass_t, *ends, **more), shipment_id=name)


DOWN = named("DOWN", 900, "MILL", "DOWN", value=2000.0)
LATER = named("LATER", 400, "UP", "DOWN", ready_h=30.0, value=2000.0)
BACK = named("BACK", 300, "DOWN", "UP", code="coal", ready_h=20.0, value=100.0)
NEW = named("NEW", 500, "UP", "DOWN", ready_h=25.0, value=2000.0)
ALL = (DOWN, LATER, BACK)


@pytest.fixture(scope="module")
def network() -> Network:
    """Two large own hulls above, one small hired hull below."""
    return tiny_network(fleet=FLEET)


@pytest.fixture(scope="module")
def accepted(network: Network) -> Plan:
    """The optimal plan of three shipments: all by water."""
    plan = planned(network, ALL)
    assert {name for entry in plan.shipments for name in voyages_of(entry)} >= {"V00001"}
    return plan


def voyages_of(entry: PlannedShipment) -> list[str]:
    """The voyages that a shipment travels on."""
    return [leg.voyage_id for lot in entry.lots for leg in lot.legs if leg.voyage_id]


def entry_of(plan: Plan, name: str) -> PlannedShipment:
    """One shipment of a plan."""
    return next(entry for entry in plan.shipments if entry.shipment_id == name)


def course(entry: PlannedShipment) -> list[Any]:
    """What is physical of a shipment's chains."""
    return [
        (lot.mass_kg, leg.mode, leg.origin, leg.destination, leg.vehicle_class, leg.voyage_id, leg.departs_at)
        for lot in entry.lots
        for leg in lot.legs
    ]


def moves(plan: Plan) -> dict[str, str]:
    """Shipment id and code of everything that moved."""
    return {item.shipment_id: item.code for item in plan.moved}


def replanned(
    accepted: Plan, shipments: Sequence[Shipment], network: Network, offers: Sequence[Offer] = (), **more: Any
) -> Plan:
    """The plan around an accepted one; the second opinion must agree with it, and with what it says of the accepted."""
    plan = planned(network, shipments, keep=Accepted(accepted), offers=offers, **more)
    found = check_plan(plan, shipments, network, round_factors(), offers, accepted)
    assert [item.text("en") for item in found] == []
    assert plan_from_json(plan_to_json(plan)) == plan
    return plan


def shut(network: Network, kind: str, item_id: str, at: Any, hours: float = 1.0) -> Network:
    """The network with one closure more, around a moment."""
    span = timedelta(hours=hours)
    closure = Closure("C9", kind, item_id, at - span, at + span, "检修", "repair", MADE_UP)
    return replace(network, closures=(*network.closures, closure))


def test_nothing_new_changes_nothing(network: Network, accepted: Plan) -> None:
    """Same shipments, same network: the same lots, voyages and fen, proven optimal, nothing moved."""
    again = replanned(accepted, ALL, network)
    assert again.shipments == accepted.shipments
    assert again.voyages == accepted.voyages
    assert again.totals == accepted.totals
    assert (again.moved, again.gap) == ((), 0.0)
    assert again.kept is not None
    assert again.kept.shipments == ("BACK", "DOWN", "LATER")


def test_a_new_shipment_fills_room_that_is_left(network: Network, accepted: Plan) -> None:
    """What is kept keeps its course; the new one loads what room it finds at the price of the fuel, and says which
    plans the bound is of."""
    plan = replanned(accepted, (*ALL, NEW), network)
    for name in ("BACK", "DOWN", "LATER"):
        assert course(entry_of(plan, name)) == course(entry_of(accepted, name))
    old = {voyage.voyage_id for voyage in accepted.voyages}
    assert old & set(voyages_of(entry_of(plan, "NEW")))
    assert plan.kept is not None
    assert "bound" in plan.kept.note.en.lower()
    assert planned(network, (*ALL, NEW)).objective_yuan <= plan.objective_yuan + 0.01


def test_a_closed_lock_moves_just_those_it_stops(network: Network, accepted: Plan) -> None:
    """The shipments on the voyage that meets the closure move, with the closure named; nobody else does."""
    first = accepted.voyages[0]
    aboard = {entry.shipment_id for entry in accepted.shipments if first.voyage_id in voyages_of(entry)}
    shut_lock = shut(network, "lock", first.locks[0].lock_id, first.locks[0].at)
    plan = replanned(accepted, ALL, shut_lock)
    assert moves(plan) == dict.fromkeys(aboard, "closed")
    assert "C9" in plan.moved[0].message.en
    assert plan.moved[0].was == (first.voyage_id,)
    assert first.voyage_id not in {voyage.voyage_id for voyage in plan.voyages}


def test_a_closed_quay_moves_who_was_to_load_there(network: Network, accepted: Plan) -> None:
    """A terminal that is shut while a vessel would load."""
    first = accepted.voyages[0]
    plan = replanned(accepted, ALL, shut(network, "terminal", first.origin, first.departs_at))
    assert "terminal_closed" in moves(plan).values()


def test_low_water_takes_off_no_more_than_it_must() -> None:
    """Two shipments on one voyage, and water for one and a half: the lighter one that is enough moves."""
    network = tiny_network(fleet=(FleetEntry("F0", "BIG", "UP", 1, TINY_START, "own", MADE_UP),))
    both = (named("HEAVY", 700, "UP", "DOWN"), named("LIGHT", 290, "UP", "DOWN"))
    accepted = planned(network, both)
    assert voyages_of(accepted.shipments[0]) == voyages_of(accepted.shipments[1]) != []
    low = WaterLevel("MID-DOWN", TINY_START, TINY_START + 240 * HOUR, 2.5, MADE_UP)
    plan = replanned(accepted, both, replace(network, water_levels=(low,)))
    assert moves(plan) == {"LIGHT": "shallow"}


def test_a_smaller_fleet_lets_the_lightest_tour_go(accepted: Plan) -> None:
    """Without the hired hull its shipment moves, the own hulls' shipments stay."""
    spot = next(voyage for voyage in accepted.voyages if voyage.market == "spot" and not voyage.empty)
    aboard = [entry.shipment_id for entry in accepted.shipments if spot.voyage_id in voyages_of(entry)]
    plan = replanned(accepted, ALL, tiny_network(fleet=FLEET[:1]))
    assert moves(plan) == dict.fromkeys(aboard, "vessel_gone")


def test_fewer_lockages_move_the_least_cargo(network: Network, accepted: Plan) -> None:
    """A lock that passes one vessel in two days: only as many voyages stay as it bears."""
    locks = {key: replace(lock, lockages_per_day=1.0, vessels_per_lockage=1.0) for key, lock in network.locks.items()}
    plan = replanned(accepted, ALL, replace(network, locks=locks))
    assert set(moves(plan).values()) <= {"lock_full", "vessel_late"}


def test_a_slower_terminal_moves_what_it_cannot_handle(network: Network, accepted: Plan) -> None:
    """A quay that handles 800 t a day bears one of the two that were to be handled."""
    quays = {key: replace(quay, handling_t_per_day=800.0) for key, quay in network.terminals.items()}
    plan = replanned(accepted, ALL, replace(network, terminals=quays))
    assert moves(plan)["DOWN"] == "terminal_full"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mass_kg": 450_000}, "mass_changed"),
        ({"origin": "MILL"}, "doors_changed"),
        ({"ready_at": TINY_START + 90 * HOUR, "due_at": TINY_START + 200 * HOUR}, "ready_later"),
    ],
)
def test_a_shipment_that_changed_is_planned_anew(
    network: Network, accepted: Plan, change: dict[str, Any], code: str
) -> None:
    """And only that one: the code says what changed."""
    changed = (DOWN, replace(LATER, **change), BACK)
    assert moves(replanned(accepted, changed, network)) == {"LATER": code}


def test_a_shipment_that_is_gone_takes_its_voyage_along(network: Network, accepted: Plan) -> None:
    """Dropped from the file: it is listed, and no hull sails a round trip for nothing on its account."""
    plan = replanned(accepted, (DOWN, BACK), network)
    assert moves(plan) == {"LATER": "missing"}
    assert plan.moved[0].now == ()
    assert not any(voyage.market == "spot" for voyage in plan.voyages)


def test_only_issued_waybills_are_kept(network: Network, accepted: Plan) -> None:
    """Of an accepted plan the shipments named stay; the others are free to move, and told of only if they do."""
    plan = planned(network, ALL, keep=Accepted(accepted, frozenset({"DOWN"})))
    assert plan.kept is not None
    assert plan.kept.shipments == ("DOWN",)
    assert set(moves(plan).values()) <= {"not_issued"}
    assert faults(plan, ALL, network) == []


def test_a_plan_around_a_plan_around_a_plan(network: Network, accepted: Plan) -> None:
    """Replanned plans can be kept in turn: numbers of voyages are never used twice."""
    second = replanned(accepted, (*ALL, NEW), network)
    more = named("MORE", 800, "UP", "DOWN", ready_h=50.0, value=2000.0)
    third = replanned(second, (*ALL, NEW, more), network)
    assert third.kept is not None
    assert set(third.kept.shipments) == {"BACK", "DOWN", "LATER", "NEW"}
    names = [voyage.voyage_id for voyage in third.voyages]
    assert len(set(names)) == len(names)


def test_a_bought_sailing_stays_bought_and_has_room() -> None:
    """A carrier's sailing in an accepted plan keeps its terms; its fixed sum is spent, room costs its price. Withdrawn
    by the carrier, its cargo moves."""
    network = tiny_network(fleet=())
    offer = Offer(
        "K1", "C1", "BIG", "UP", "DOWN", TINY_START + 30 * HOUR, TINY_START + 42 * HOUR, 1_000_000, ("mineral",), 9.0,
        fixed_yuan=900.0, least_kg=100_000,
    )  # fmt: skip
    first = (named("A", 400, "UP", "DOWN"),)
    accepted = planned(network, first, offers=[offer])
    assert voyages_of(accepted.shipments[0]) == ["K1"]
    both = (*first, named("B", 300, "UP", "DOWN"))
    plan = replanned(accepted, both, network, [offer])
    assert [voyages_of(entry) for entry in plan.shipments] == [["K1"], ["K1"]]
    assert plan.voyages[0].cost_fen == 90_000 + 700 * 900
    gone = replanned(accepted, both, network)
    assert moves(gone) == {"A": "voyage_gone"}


def test_a_cap_counts_what_is_kept(network: Network, accepted: Plan) -> None:
    """The cap on CO2e is on the whole plan: kept grams are part of it."""
    free = replanned(accepted, (*ALL, NEW), network)
    cap_t = free.totals.planned.co2e_wtw_g / 1e6 * 0.99
    plan = replanned(accepted, (*ALL, NEW), network, settings=PlanSettings(gap=0.0, co2e_cap_t=cap_t))
    assert plan.totals.planned.co2e_wtw_g <= cap_t * 1e6 + 100
    assert plan.settings["co2e_cap_t"] == cap_t


def physical(plan: Plan, hulls: Sequence[Hull]) -> dict[str, Sailing | None]:
    """The sailing of each shipment as the enumeration names it."""
    number = {(hull.size, hull.home, hull.market): n for n, hull in enumerate(hulls)}
    by_id = {voyage.voyage_id: voyage for voyage in plan.voyages}
    found: dict[str, Sailing | None] = {}
    for entry in plan.shipments:
        names = voyages_of(entry)
        found[entry.shipment_id] = None
        for voyage in (by_id[name] for name in names):
            size, market, home, _ = voyage.vessel_id.split("-")
            slot = (voyage.berth_from - TINY_START) // (SLOT_H * HOUR)
            found[entry.shipment_id] = (number[(size, home, market)], voyage.destination, slot)
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    st.lists(WHOLE, min_size=1, max_size=2), WHOLE, st.sampled_from(["UP", "DOWN"]), st.sampled_from(["own", "spot"])
)
def test_the_restricted_optimum_is_found(first: list[Shipment], new: Shipment, home: str, market: str) -> None:
    """One hull and up to two kept shipments, then one more: the plan is the cheapest of all that leave the first two
    and their hull's tour as they are, and its bound says so."""
    kept = [replace(item, shipment_id=f"K{number}") for number, item in enumerate(first)]
    hulls = [Hull("BIG", home, market)]
    network = world(hulls)
    accepted = planned(network, kept)
    every = [*kept, replace(new, shipment_id="N")]
    if min(item.ready_at for item in every).date() != min(item.ready_at for item in kept).date():
        return
    plan = replanned(accepted, every, network)
    ends = [-(-(v.free_at - TINY_START) // (SLOT_H * HOUR)) for v in accepted.voyages]
    best = cheapest_around(physical(accepted, hulls), every, hulls, {0: max(ends)} if ends else {})
    assert plan.objective_yuan == pytest.approx(best, abs=0.5)
    assert plan.status == "optimal"


PAIRS = st.one_of(st.tuples(tiny_tasks(3), tiny_tasks(3)), st.tuples(corridor_tasks(3), corridor_tasks(3)))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(PAIRS, st.booleans(), st.booleans())
def test_any_plan_can_be_kept_on_any_network(pair: Any, in_steps: bool, changes: bool) -> None:
    """Whatever closes, dries up or is sold between two plans: the second one holds, each accepted shipment is kept to
    the minute or moved for a reason, and on an unchanged network none moves."""
    (network, shipments), (other, more) = pair
    accepted = planned(network, shipments, in_steps=in_steps)
    every = (*shipments, *(replace(item, shipment_id="N" + item.shipment_id) for item in more))
    plan = replanned(accepted, every, other if changes else network, in_steps=in_steps)
    assert plan.kept is not None
    assert plan.bound_yuan <= plan.objective_yuan + 1e-6
    for entry in accepted.shipments:
        if entry.status == "planned":
            kept = entry.shipment_id in plan.kept.shipments
            assert kept != (entry.shipment_id in moves(plan))
            assert not kept or course(entry_of(plan, entry.shipment_id)) == course(entry)
    assert changes or moves(plan) == {}
    assert set(moves(plan).values()) <= CODES.keys()


def test_the_lightest_that_is_enough_goes() -> None:
    """Of 5, 20 and 30 t: 10 t too much cost the 20 t; 40 t too much cost the 30 t and then the 20 t."""
    aboard = {"a": 5, "b": 20, "c": 30}
    assert fewest(aboard, 10) == ["b"]
    assert fewest(aboard, 40) == ["c", "b"]
    assert fewest(aboard, 100) == ["c", "b", "a"]


def test_round_trips_without_cargo_are_left_out(accepted: Plan) -> None:
    """There and back for nothing goes; a way to a cargo and home from it stays."""
    tours = {voyage.vessel_id: [] for voyage in accepted.voyages}  # type: dict[str, list[Any]]
    for voyage in sorted(accepted.voyages, key=lambda voyage: voyage.berth_from):
        tours[voyage.vessel_id].append(voyage)
    for vessel_id, voyages in tours.items():
        tour = Tour(vessel_id, tuple(voyages))
        assert trimmed(tour, {}) is None
        assert trimmed(tour, {voyages[-1].voyage_id: 1}) == tour


LIES = {"kept_changed", "accepted_lost", "moved_reason", "moved_voyages", "kept_unknown"}
"""Codes of the check that :func:`test_the_check_finds_a_list_that_lies` provokes."""


def changed(plan: Plan, **values: Any) -> Plan:
    """A plan with other fields."""
    return replace(plan, **values)


def test_a_kept_shipment_says_why_it_stayed_on_the_road_when_it_was_accepted() -> None:
    """A tonne too few for a trip stays with that reason where the fleet is sold since: its figures are of then. The
    same words changed are no longer what was accepted."""
    little = cargo(0, 1.0, "UP", "DOWN", code="coal", due_h=0.0)
    accepted = planned(tiny_network(), [little])
    because = accepted.shipments[0].on_road_because
    assert because is not None
    assert because.code == "too_little_cargo"
    sold = replace(tiny_network(), fleet=())
    plan = replanned(accepted, [little], sold)
    assert plan.shipments[0].on_road_because == because
    lie = replace(plan.shipments[0], on_road_because=replace(because, short=1.0))
    found = check_plan(replace(plan, shipments=(lie,)), [little], sold, round_factors(), (), accepted)
    assert [item.code for item in found] == ["kept_changed"]


def test_the_check_finds_a_list_that_lies(network: Network, accepted: Plan) -> None:
    """A kept shipment that is not as accepted, a reason that does not hold, a shipment passed over in silence, a list
    that names other voyages: each has its code."""
    plan = replanned(accepted, ALL, network)
    assert plan.kept is not None

    seen: set[str] = set()

    def codes(made: Plan, before: Plan = accepted) -> set[str]:
        found = {item.code for item in check_plan(made, ALL, network, round_factors(), (), before)}
        seen.update(found)
        return found

    other = planned(network, (DOWN, replace(LATER, ready_at=LATER.ready_at + 24 * HOUR), BACK))
    assert "kept_changed" in codes(plan, other)
    on = {voyage for entry in plan.shipments if entry.shipment_id != "LATER" for voyage in voyages_of(entry)}
    names = tuple(name for name in plan.kept.voyages if name in on)
    fewer = changed(plan, kept=replace(plan.kept, shipments=("BACK", "DOWN"), voyages=names))
    assert codes(fewer) == {"accepted_lost"}  # LATER sails as it did, but who is to know that it was let go?
    issued = changed(fewer, kept=replace(plan.kept, shipments=("BACK", "DOWN"), voyages=names, issued_only=True))
    assert codes(issued) == set()
    first = plan.shipments[0]
    rest = tuple(entry for entry in plan.shipments if entry is not first)
    assert "accepted_lost" in codes(changed(plan, kept=replace(plan.kept, shipments=("BACK",)), shipments=rest))
    was = tuple(voyages_of(first))

    lie = Moved(first.shipment_id, "closed", CODES["closed"], was, was)
    assert "moved_reason" in codes(changed(fewer, kept=replace(plan.kept, shipments=("BACK", "LATER")), moved=(lie,)))
    wrong = replace(lie, now=("V99999",))
    assert "moved_voyages" in codes(changed(plan, moved=(wrong,)))
    assert "kept_unknown" in codes(changed(plan, moved=(lie,)))
    assert seen >= LIES
