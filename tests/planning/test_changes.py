"""Cargo that changes ships inside a plan: two own voyages in one route, against every plan there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.demo.seed_files import shipments_path
from optimizer.emissions.factors import load_factors
from optimizer.network.model import Closure, Network
from optimizer.network.reader import read_network
from optimizer.planning.bounds.pricing import price_all
from optimizer.planning.check import check_plan
from optimizer.planning.check.reason_figures import WORDS
from optimizer.planning.files.shipment_file import read_shipments
from optimizer.planning.frontier import frontier
from optimizer.planning.keeping.held import Accepted
from optimizer.planning.layout.line_layout import make_ways
from optimizer.planning.plan import Leg, Plan, Reason
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solving import problem_layout
from optimizer.planning.watch import Progress
from tests.planning.corridor import MADE_UP, START
from tests.planning.random_tasks import faults, planned
from tests.planning.relay import SLOT_H, Hull, cheapest, relay
from tests.planning.round_factors import round_factors
from tests.planning.solved import lay_out
from tests.planning.test_pricing import at_random

BOTH = (Hull("BOAT", "UP"), Hull("BARGE", "LOW"))


def steel(
    number: int,
    mass_t: float,
    origin: str = "UP",
    destination: str = "LOW",
    *,
    ready_h: float = 0.0,
    hurry_h: float = 96.0,
    value: float = 500.0,
    splittable: bool = False,
) -> Shipment:
    """A shipment of the relay."""
    ready_at = START + timedelta(hours=ready_h)
    due_at = ready_at + timedelta(hours=hurry_h)
    mass_kg = round(mass_t * 1000)
    return Shipment(f"S{number}", "E1", "steel", mass_kg, origin, destination, ready_at, due_at, splittable, value)


WHOLE = st.builds(
    lambda mass_t, ends, ready_h, hurry_h, value: steel(
        0, mass_t, *ends, ready_h=ready_h, hurry_h=hurry_h, value=value
    ),
    st.sampled_from([120.0, 260.0, 300.0]),
    st.sampled_from([("UP", "LOW"), ("UP", "LOW"), ("LOW", "UP"), ("MID", "LOW")]),
    st.sampled_from([0.0, 5.0, 14.0]),
    st.sampled_from([0.0, 12.0, 30.0]),
    st.sampled_from([0.0, 8000.0]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WHOLE, min_size=1, max_size=2), st.booleans(), st.sampled_from([4000.0, 500.0, 250.0]))
def test_two_ships_are_used_as_well_as_they_can_be(
    shipments: list[Shipment], low_bridge: bool, handling_t_per_day: float
) -> None:
    """Whole shipments, a boat and a barge: the optimum is the cheapest of all plans to the yuan, and the second opinion
    agrees."""
    shipments = numbered(shipments)
    network = relay(BOTH, low_bridge=low_bridge, handling_t_per_day=handling_t_per_day)
    plan = planned(network, shipments, PlanSettings(gap=0.0))
    best = cheapest(shipments, BOTH, low_bridge=low_bridge, handling_t_per_day=handling_t_per_day)
    assert plan.objective_yuan == pytest.approx(best, abs=0.5)
    assert plan.bound_yuan <= plan.objective_yuan + 1e-6
    assert faults(plan, shipments, network) == []


SOME = st.builds(
    lambda item, mass_t, whole: replace(item, mass_kg=round(mass_t * 1000), splittable=not whole),
    WHOLE,
    st.sampled_from([0.5, 180.0, 300.0, 450.3, 1300.0]),
    st.booleans(),
)


def numbered(shipments: Sequence[Shipment]) -> list[Shipment]:
    """The shipments with names of their own."""
    return [replace(item, shipment_id=f"S{number}") for number, item in enumerate(shipments)]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SOME, min_size=1, max_size=4), st.booleans(), st.sampled_from(["in_steps", "refined", "large"]))
def test_every_way_of_planning_holds_and_proves(shipments: list[Shipment], low_bridge: bool, how: str) -> None:
    """In windows, by refinement, and as large plans are made: the second opinion finds nothing, and no bound lies above
    the optimum."""
    shipments = numbered(shipments)
    network = relay(BOTH, low_bridge=low_bridge)
    best = planned(network, shipments)
    with pytest.MonkeyPatch.context() as patch:
        if how == "large":
            patch.setattr(problem_layout, "is_large", lambda ways, most: True)
        plan = planned(network, shipments, in_steps=how == "in_steps", refined=how == "refined")
    assert faults(best, shipments, network) == faults(plan, shipments, network) == []
    assert plan.bound_yuan <= best.objective_yuan + 0.05
    assert plan.objective_yuan >= best.bound_yuan - 0.05
    if how == "refined":
        assert plan.objective_yuan == pytest.approx(best.objective_yuan, abs=0.1)


@pytest.mark.parametrize("masses_t", [(0.5, 450.3, 300.0), (300.5,)])
def test_values_reach_from_the_plan_as_it_is_written(masses_t: tuple[float, ...]) -> None:
    """A boat of 300 t and half a tonne more. Alone, a truck takes a tonne, the plan is dearer than the solver's shares,
    and the most that a boat more could save is told from there; with a small shipment that can go instead, it is not
    dearer at all."""
    shipments = numbered(
        [steel(0, mass_t, hurry_h=0.0, value=8000.0, splittable=mass_t != 450.3) for mass_t in masses_t]
    )
    network = relay(BOTH, low_bridge=False)
    plan = planned(network, shipments, in_steps=True)
    assert faults(plan, shipments, network) == []
    boat = next(entry for entry in plan.binding if entry.kind == "fleet")
    assert boat.at_most_yuan is not None
    assert boat.at_most_yuan - boat.value_yuan >= plan.objective_yuan - plan.bound_yuan - 1e-6
    assert (plan.status == "optimal") == (len(masses_t) > 1)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SOME, min_size=1, max_size=3), st.integers(0, 99))
def test_pricing_finds_every_pair_of_departures(shipments: list[Shipment], seed: int) -> None:
    """At any prices the cheapest column by lines and tables is the cheapest of the matrix, where both voyages ask for
    their room and all four ends of them for their handling."""
    case = lay_out(relay(BOTH, low_bridge=True), numbered(shipments))
    prices, gains = at_random(case, seed)
    found, columns = price_all(case.space.ways, prices), case.space.columns
    fits = [item for item in shipments if item.splittable or item.mass_kg <= 300_000]
    assert (columns.onward >= 0).any() == any({item.origin, item.destination} == {"UP", "LOW"} for item in fits)
    for k in range(len(case.shipments)):
        assert found.yuan[k] == pytest.approx(gains[columns.shipment == k].min(), rel=1e-9, abs=1e-6)


def test_a_lot_travels_on_two_voyages() -> None:
    """300 t: the boat to the middle port, the barge from there, four operations, and nothing leaves before it is
    there."""
    network, shipments = relay(BOTH, low_bridge=True), [steel(0, 300.0)]
    plan = planned(network, shipments)
    (lot,) = plan.shipments[0].lots
    assert [(leg.role, leg.origin, leg.vehicle_class) for leg in lot.legs] == [
        ("hub", "UP", ""), ("main", "UP", "BOAT"), ("hub", "MID", ""),
        ("hub", "MID", ""), ("main", "MID", "BARGE"), ("hub", "LOW", ""),
    ]  # fmt: skip
    voyages = {voyage.voyage_id: voyage for voyage in plan.voyages}
    first, second = (voyages[leg.voyage_id] for leg in lot.legs if leg.voyage_id)
    assert (first.load_kg, second.load_kg) == (300_000, 300_000)
    assert second.berth_from >= first.free_at - timedelta(hours=SLOT_H)
    assert second.berth_from >= lot.legs[2].arrives_at
    assert all(one.arrives_at <= two.departs_at for one, two in pairwise(lot.legs))
    assert plan.totals.planned.cost_fen == sum(leg.cost_fen for leg in lot.legs)
    assert plan.totals.water_activity_kgkm == 300_000 * 320


def test_many_boats_fill_one_barge() -> None:
    """1,100 t: four boat loads meet in one barge, in as few lots as the two packings allow."""
    boats = [Hull("BOAT", "UP"), Hull("BOAT", "MID"), Hull("BARGE", "MID")]
    network, shipments = relay(boats), [steel(0, 1100.0, splittable=True, hurry_h=200.0)]
    plan = planned(network, shipments)
    assert faults(plan, shipments, network) == []
    loaded = [voyage.vessel_class for voyage in plan.voyages if not voyage.empty]
    assert (loaded.count("BOAT"), loaded.count("BARGE")) == (4, 1)
    assert len(plan.shipments[0].lots) == 4


def test_a_change_that_cannot_pay_is_no_way_of_the_plan() -> None:
    """Where the boat sails through at less than two full ships with two more operations, no line is written down; a
    dear terminal between the reaches makes it so."""
    dear = relay(BOTH)
    quays = {
        key: replace(quay, transfer_yuan_per_t=40.0 if key[0] == "MID" else 2.0) for key, quay in dear.terminals.items()
    }
    without = lay_out(replace(dear, terminals=quays), [steel(0, 300.0)])
    assert (without.space.columns.onward < 0).all()
    assert (lay_out(relay(BOTH), [steel(0, 300.0)]).space.columns.onward >= 0).any()


def test_what_waits_for_a_second_ship_pays_for_its_place() -> None:
    """The lower reach is shut at first: the cargo lies at the middle port beyond its free day, and the second opinion
    counts the same yuan."""
    network, shipments = relay(BOTH, low_bridge=True), [steel(0, 300.0, hurry_h=20.0)]
    late = replace(network, fleet=tuple(
        replace(entry, available_from=START + timedelta(hours=42)) if entry.vessel_class == "BARGE" else entry
        for entry in network.fleet
    ), closures=(Closure("C1", "link", "UP-MID", START + timedelta(hours=8), START + timedelta(hours=400), "", "",
                         MADE_UP),))  # fmt: skip
    plan = planned(late, shipments)
    assert faults(plan, shipments, late) == []
    if plan.voyages:
        legs = plan.shipments[0].lots[0].legs
        waited_d = (legs[3].departs_at - legs[2].arrives_at) / timedelta(days=1)
        assert legs[3].cost_fen == round(300 * (2.0 + max(0.0, waited_d - 1.0) * 0.5) * 100)


def test_a_second_ship_too_late_is_none() -> None:
    """The barge comes three days after the boat: beyond the longest wait the cargo goes by road."""
    network = relay(BOTH, low_bridge=True)
    boat, barge = network.fleet
    barge = replace(barge, available_from=START + timedelta(hours=100))
    shut = Closure("C1", "link", "UP-MID", START + timedelta(hours=8), START + timedelta(hours=900), "", "", MADE_UP)
    plan = planned(replace(network, fleet=(boat, barge), closures=(shut,)), [steel(0, 300.0, hurry_h=200.0)])
    assert plan.voyages == ()


def chained_plan() -> tuple[Plan, list[Shipment], Network]:
    """One lot on two voyages."""
    network, shipments = relay(BOTH, low_bridge=True), [steel(0, 300.0)]
    return planned(network, shipments), shipments, network


def with_legs(plan: Plan, change: Callable[[list[Leg]], list[Leg]]) -> Plan:
    """The plan with other legs of its one lot, numbered anew."""
    (item,) = plan.shipments
    legs = tuple(replace(leg, seq=seq) for seq, leg in enumerate(change(list(item.lots[0].legs)), start=1))
    return replace(plan, shipments=(replace(item, lots=(replace(item.lots[0], legs=legs),)),))


def sooner(plan: Plan, hours: float) -> Plan:
    """The barge and what is done for it that much earlier, its voyages and legs alike."""
    span = timedelta(hours=hours)
    moved = tuple(
        replace(voyage, berth_from=voyage.berth_from - span, departs_at=voyage.departs_at - span,
                arrives_at=voyage.arrives_at - span, free_at=voyage.free_at - span)
        if voyage.vessel_class == "BARGE" and not voyage.empty else voyage
        for voyage in plan.voyages
    )  # fmt: skip
    plan = with_legs(plan, lambda legs: [
        *legs[:3],
        *(replace(leg, departs_at=leg.departs_at - span, arrives_at=leg.arrives_at - span) for leg in legs[3:]),
    ])  # fmt: skip
    return replace(plan, voyages=moved)


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (lambda plan: sooner(plan, 48), "leg_time"),
        (lambda plan: with_legs(plan, lambda legs: [*legs[:2], *legs[3:]]), "handling_missing"),
        (lambda plan: with_legs(plan, lambda legs: [*legs[:4], replace(legs[4], voyage_id=legs[1].voyage_id), legs[5]]),
         "voyage_mismatch"),
        (lambda plan: with_legs(plan, lambda legs: [*legs[:3], replace(legs[3], cost_fen=legs[3].cost_fen - 100),
                                                    *legs[4:]]), "leg_cost"),
        (lambda plan: replace(plan, voyages=tuple(
            replace(v, load_kg=v.load_kg // 2) if v.vessel_class == "BARGE" else v for v in plan.voyages)),
         "voyage_load"),
        (lambda plan: replace(plan, voyages=tuple(
            replace(v, voyage_id="V00099") if v.vessel_class == "BARGE" and not v.empty else v for v in plan.voyages)),
         "voyage_unknown"),
        (lambda plan: with_legs(plan, lambda legs: [*legs[:3], legs[3], replace(legs[4], co2e_wtw_g=0), legs[5]]),
         "voyage_shares"),
    ],
)  # fmt: skip
def test_a_lie_about_the_second_voyage_is_found(lie: Callable[[Plan], Plan], code: str) -> None:
    """A barge that leaves before the boat is there, an operation left out, the wrong voyage, a wait for nothing, half a
    load, a voyage that does not exist, grams that nobody bears."""
    plan, shipments, network = chained_plan()
    assert check_plan(plan, shipments, network, round_factors()) == []
    found = {item.code for item in check_plan(lie(plan), shipments, network, round_factors())}
    assert code in found


def test_a_kept_lot_stays_on_both_voyages() -> None:
    """Replanned with nothing new, nothing changes; more cargo may join either ship."""
    plan, shipments, network = chained_plan()
    again = planned(network, shipments, keep=Accepted(plan))
    assert (again.shipments, again.voyages, again.moved) == (plan.shipments, plan.voyages, ())
    more = [*shipments, replace(steel(1, 200.0, "MID", "LOW", ready_h=12.0), shipment_id="S1")]
    joined = planned(network, more, keep=Accepted(plan))
    assert check_plan(joined, more, network, round_factors(), (), plan) == []
    assert [leg.voyage_id for leg in joined.shipments[0].lots[0].legs] == [
        leg.voyage_id for leg in plan.shipments[0].lots[0].legs
    ]


def test_a_kept_lot_moves_when_its_second_voyage_cannot_sail() -> None:
    """The lower reach shuts as the barge would be on it: the lot is planned anew, and told why."""
    plan, shipments, network = chained_plan()
    barge = next(voyage for voyage in plan.voyages if voyage.vessel_class == "BARGE" and not voyage.empty)
    shut = Closure("C9", "link", "MID-LOW", barge.departs_at, barge.arrives_at, "检修", "repair", MADE_UP)
    closed = replace(network, closures=(shut,))
    again = planned(closed, shipments, keep=Accepted(plan))
    assert [(item.shipment_id, item.code) for item in again.moved] == [("S0", "closed")]
    assert len(again.moved[0].was) == 2
    assert check_plan(again, shipments, closed, round_factors(), (), plan) == []


def test_a_change_that_is_too_dear_is_named_as_such() -> None:
    """The only way by water is a change of ship; what it lacks is said with both ships' names."""
    network = relay(BOTH, low_bridge=True)
    plan = planned(network, [steel(0, 20.0)])
    reason = plan.shipments[0].on_road_because
    assert reason is not None
    assert (reason.code, reason.option) == ("too_little_cargo", "BOAT UP-MID + BARGE MID-LOW")
    assert "boat, Upper port to Middle port then barge, Middle port to Lower port" in reason.en


@pytest.mark.parametrize("code", ["no_waterway", "closed_or_shallow", "water_dearer"])
def test_a_change_refutes_a_reason_that_denies_it(code: str) -> None:
    """No vessel sails through, and four tonnes are too little cargo: it is not that none could, nor that none may, nor
    that water is dearer even in full ones."""
    network, shipments = relay(BOTH, low_bridge=True), [steel(0, 4.0)]
    plan = planned(network, shipments)
    (alone,) = plan.shipments
    assert alone.on_road_because is not None
    assert alone.on_road_because.code == "too_little_cargo"
    told = Reason(WORDS[code].zh, WORDS[code].en, code, lacks="way")
    if code == "water_dearer":
        told = replace(alone.on_road_because, code=code, lacks="money", short=0.0, unit="yuan/t")
    lie = replace(plan, shipments=(replace(alone, on_road_because=told),))
    found = check_plan(lie, shipments, network, round_factors())
    assert {violation.code for violation in found} == {"reason"}
    assert any(violation.expected in WATER for violation in found)


WATER = ("a way by water", "not: a sailing is open", "not: BOAT + BARGE is better")


def test_the_order_of_rows_changes_nothing() -> None:
    """Same shipments in another order: the same plan but for that order."""
    shipments = [steel(number, 90.0 + 60 * number, hurry_h=24.0, splittable=number == 0) for number in range(3)]
    network = relay(BOTH, low_bridge=True)
    one, other = planned(network, shipments), planned(network, shipments[::-1])
    by_id = lambda plan: {item.shipment_id: item for item in plan.shipments}  # noqa: E731
    assert (one.voyages, by_id(one)) == (other.voyages, by_id(other))


def test_no_change_of_ship_pays_in_the_seed_month() -> None:
    """On the shipped network two more operations cost more than the larger ship saves: the month has no such line, and
    is planned as if there were none (README says so)."""
    network, settings_of_month = read_network(), PlanSettings()
    listed = read_shipments(shipments_path(), network)
    book, inside = problem_layout.task_of(listed, network, load_factors(), settings_of_month)
    ends = {(item.origin, item.destination, item.cargo_code) for item in inside}
    assert any(book.transshipped(*key) for key in ends)
    assert (make_ways(inside, book, book.graph, settings_of_month).tables.onward < 0).all()


def test_under_a_cap_a_cleaner_change_is_a_way() -> None:
    """Where the change is dearer than sailing through but emits less, a cap brings it in and the plan keeps the cap;
    a frontier has it, too."""
    base = relay(BOTH)
    quays = {
        key: replace(quay, transfer_yuan_per_t=40.0 if key[0] == "MID" else 2.0) for key, quay in base.terminals.items()
    }
    network, shipments = replace(base, terminals=quays), [steel(0, 1120.0, hurry_h=24.0, splittable=True)]
    free = planned(network, shipments)
    assert all(voyage.vessel_class == "BOAT" for voyage in free.voyages)
    cleanest = planned(network, shipments, PlanSettings(carbon_price_yuan_per_t=1e5, co2e_cap_t=1e6, gap=0.0))
    assert any(voyage.vessel_class == "BARGE" for voyage in cleanest.voyages)
    assert cleanest.totals.planned.co2e_wtw_g < free.totals.planned.co2e_wtw_g
    cap_t = (cleanest.totals.planned.co2e_wtw_g + free.totals.planned.co2e_wtw_g) / 2e6
    capped = planned(network, shipments, PlanSettings(co2e_cap_t=cap_t, gap=0.0))
    assert capped.totals.planned.co2e_wtw_g <= cap_t * 1e6 + 100
    assert faults(capped, shipments, network) == faults(cleanest, shipments, network) == []
    line = frontier(shipments, network, round_factors(), PlanSettings(gap=0.0), 3, clock=lambda: 0.0)
    assert line.points[-1].co2e_wtw_t <= cleanest.totals.planned.co2e_wtw_g / 1e6 + 1e-3


def test_a_first_plan_in_steps_changes_ships() -> None:
    """Batches know one voyage each, so a plan whose way by water is a change is begun window by window: the road's cost
    is left behind before anything is improved."""
    told: list[Progress] = []
    shipments = [steel(n, 280.0, ready_h=9.0 * n, splittable=True) for n in range(5)]
    plan = planned(relay(BOTH, low_bridge=True), shipments, PlanSettings(gap=0.02), in_steps=True, tell=told.append)
    road = next(item.incumbent_yuan for item in told if item.incumbent_yuan is not None)
    begun = [item.incumbent_yuan for item in told if item.stage in ("batches", "polish")]
    assert begun
    assert begun[-1] is not None
    assert begun[-1] < 0.9 * road
    assert any(sum(bool(leg.voyage_id) for leg in lot.legs) == 2 for item in plan.shipments for lot in item.lots)
