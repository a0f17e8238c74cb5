"""Carriers' offers: taken or left as well as can be, priced as offered, and found out by the check where not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.errors import Message
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Closure, Network, WaterLevel
from optimizer.planning.bounds.relaxation import relax_whole
from optimizer.planning.check import check_plan
from optimizer.planning.check.unusable_offers import WORDS
from optimizer.planning.design import Effort
from optimizer.planning.document import plan_from_json, plan_to_json
from optimizer.planning.layout.given import offered_sailings
from optimizer.planning.layout.given_ways import FORTUNES
from optimizer.planning.layout.unusable import CODES as UNUSABLE_CODES
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Plan, UnusableOffer
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solve import plan_shipments
from optimizer.planning.solving import search
from optimizer.planning.solving.offer_selection import takings
from optimizer.planning.solving.problem_layout import lay_out, task_of
from optimizer.waybills.sharing import empty_running
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.offer_enumeration import cheapest_with_offers
from tests.planning.random_tasks import cargo
from tests.planning.round_factors import round_factors

TINY = tiny_network()
HOUR = timedelta(hours=1)
MARKET = PlanSettings(gap=0.0, own_voyages=False)
BOTH = PlanSettings(gap=0.0)


def offer(number: int, departs_h: float = 30.0, **terms: Any) -> Offer:
    """A SMALL vessel down the river in 11 h, 500 t, stone, at 8 yuan a tonne and 2,000 yuan; terms may differ."""
    departs_at = TINY_START + departs_h * HOUR
    values = {
        "sailing_id": f"Y{number}",
        "carrier_id": "C1",
        "vessel_class": "SMALL",
        "origin": "UP",
        "destination": "DOWN",
        "departs_at": departs_at,
        "arrives_at": departs_at + terms.pop("hours", 11.0) * HOUR,
        "capacity_kg": 500_000,
        "cargo_groups": ("mineral",),
        "price_yuan_per_t": 8.0,
        "fixed_yuan": 2000.0,
    }
    return Offer(**(values | terms))  # type: ignore[arg-type]


def planned(
    shipments: Sequence[Shipment], offers: Sequence[Offer], asked: PlanSettings = MARKET, network: Network = TINY
) -> Plan:
    """The plan of the product with a clock that stands still; it must hold."""
    plan = plan_shipments(shipments, network, round_factors(), asked, clock=lambda: 0.0, offers=offers)
    assert [found.text("en") for found in check_plan(plan, shipments, network, round_factors(), offers)] == []
    return plan


OFFER = st.builds(
    lambda departs, hours, vessel, ends, capacity, groups, price, fixed, least: offer(
        0,
        departs,
        hours=hours,
        vessel_class=vessel,
        origin=ends[0],
        destination=ends[1],
        capacity_kg=round(capacity * 1000),
        cargo_groups=groups,
        price_yuan_per_t=price,
        fixed_yuan=fixed,
        least_kg=round(capacity * least * 1000),
    ),
    st.sampled_from([6.0, 20.5, 30.0, 31.25, 55.0]),
    st.sampled_from([9.0, 11.0, 14.7]),
    st.sampled_from(["SMALL", "BIG"]),
    st.sampled_from([("UP", "DOWN"), ("UP", "DOWN"), ("DOWN", "UP")]),
    st.sampled_from([100.0, 333.333, 500.0]),
    st.sampled_from([("mineral",), ("coal",), ("coal", "mineral")]),
    st.sampled_from([0.0, 6.5, 14.0, 30.0]),
    st.sampled_from([0.0, 900.0, 4000.0]),
    st.sampled_from([0.0, 0.0, 0.4, 1.0]),
)
SHIPMENT = st.builds(
    lambda mass, ends, code, ready, hurry, value: cargo(
        0, mass, *ends, code=code, ready_h=ready, due_h=ready + hurry, value=value
    ),
    st.sampled_from([40.0, 150.5, 480.0, 900.0]),
    st.sampled_from([("MILL", "DOWN"), ("PIT", "DOWN"), ("UP", "DOWN"), ("DOWN", "MILL")]),
    st.sampled_from(["coal", "stone"]),
    st.sampled_from([0.0, 5.0, 14.0]),
    st.sampled_from([12.0, 40.0, 90.0]),
    st.sampled_from([0.0, 400.0, 8000.0]),
)


def numbered(shipments: Sequence[Shipment], offers: Sequence[Offer]) -> tuple[list[Shipment], list[Offer]]:
    """The same with ids of their own."""
    return (
        [replace(item, shipment_id=f"S{number}") for number, item in enumerate(shipments)],
        [replace(item, sailing_id=f"Y{number}") for number, item in enumerate(offers)],
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(SHIPMENT, min_size=1, max_size=4),
    st.lists(OFFER, max_size=4),
    st.sampled_from([0.0, 100.0, 900.0]),
    st.sampled_from([3000.0, 300.0]),
)
def test_offers_are_taken_as_well_as_can_be(
    shipments: list[Shipment], offers: list[Offer], carbon_yuan_per_t: float, handling_t_per_day: float
) -> None:
    """The planner's optimum is the cheapest over every set of offers and their cargo groups, to the yuan."""
    shipments, offers = numbered(shipments, offers)
    quays = {key: replace(quay, handling_t_per_day=handling_t_per_day) for key, quay in TINY.terminals.items()}
    asked = replace(MARKET, carbon_price_yuan_per_t=carbon_yuan_per_t)
    plan = planned(shipments, offers, asked, replace(TINY, terminals=quays))
    best = cheapest_with_offers(shipments, offers, carbon_yuan_per_t, handling_t_per_day)
    assert plan.objective_yuan == pytest.approx(best, abs=1.5 + 2.0 * len(offers))
    assert plan.objective_yuan >= plan.bound_yuan - 1e-6
    assert plan.bound_yuan <= best + 0.01


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SHIPMENT, min_size=1, max_size=3), st.lists(OFFER, min_size=1, max_size=3), st.booleans())
def test_one_more_offer_never_makes_a_plan_dearer(
    shipments: list[Shipment], offers: list[Offer], own_voyages: bool
) -> None:
    """Beside the planner's own fleet and without it: an offer can be left."""
    shipments, offers = numbered(shipments, offers)
    asked = BOTH if own_voyages else MARKET
    fewer, more = (planned(shipments, chosen, asked) for chosen in (offers[1:], offers))
    assert more.objective_yuan <= fewer.objective_yuan + 1.5 + 2.0 * len(offers)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SHIPMENT, min_size=1, max_size=4), st.lists(OFFER, min_size=1, max_size=4))
def test_a_large_market_is_rounded_to_the_optimum(shipments: list[Shipment], offers: list[Offer]) -> None:
    """The way of large markets (relaxation, cuts, open sailings) on small ones: the plan holds, its bound is below
    every plan there is, and with all sailings open it is the best one."""
    shipments, offers = numbered(shipments, offers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "EXACT_COLUMNS", -1)
        plan = planned(shipments, offers)
    best = cheapest_with_offers(shipments, offers)
    assert plan.objective_yuan == pytest.approx(best, abs=1.5 + 2.0 * len(offers))
    assert plan.bound_yuan <= best + 0.01


def test_cuts_tell_half_a_sailing_from_a_whole_one() -> None:
    """100 t on an offer of 500 t: the relaxation takes a fifth of its fixed sum, the cut asks for all of it."""
    shipments = [cargo(1, 100, "UP", code="stone", due_h=72)]
    book, inside = task_of(shipments, TINY, round_factors(), MARKET)
    problem = lay_out(inside, book, MARKET, [offer(1, fixed_yuan=3000.0)])
    relaxation = relax_whole(problem.program, problem.proof, Effort())
    taken = problem.program.column_family[problem.program.cargo_count :] >= 0
    assert 0 < relaxation.shares[problem.program.cargo_count :][taken].max() < 0.5
    found = list(
        takings(problem.program, problem.space.columns.shipment, relaxation, lambda: Effort(gap=0.0), lambda: 60.0)
    )
    assert {float(x[problem.program.cargo_count :][taken].max()) for x in found} <= {0.0, 1.0}
    assert float(problem.program.program.cost @ found[-1]) >= relaxation.bound


def test_a_sailing_is_paid_as_offered_and_shared_by_tonnes() -> None:
    """Two shipments of 200 and 300 t fill it: 2,000 + 500 x 8 yuan, 40 % and 60 %; no toll, no lock of ours, no own
    hull, and the grams of the class's fuel model."""
    shipments = [cargo(1, 200, "UP", code="stone", due_h=72), cargo(2, 300, "UP", code="stone", due_h=72)]
    plan = planned(shipments, [offer(1)])
    (voyage,) = plan.voyages
    assert (voyage.voyage_id, voyage.vessel_id, voyage.market) == ("Y1", "Y1", "offer")
    assert (voyage.cost_fen, voyage.load_kg, voyage.locks) == (600_000, 500_000, ())
    assert voyage.fuel_g == (2.0 + 1.0) * 100 * 1000
    assert voyage.offer is not None
    assert (voyage.offer.carrier_id, voyage.offer.price_yuan_per_t, voyage.offer.fixed_yuan) == ("C1", 8.0, 2000.0)
    legs = [leg for item in plan.shipments for lot in item.lots for leg in lot.legs if leg.voyage_id]
    assert [leg.cost_fen for leg in legs] == [240_000, 360_000]
    assert {leg.departs_at for leg in legs} == {TINY_START + 30 * HOUR}
    assert plan_from_json(plan_to_json(plan)) == plan


def test_the_empty_running_of_the_own_fleet_is_not_the_carriers() -> None:
    """An own vessel comes back empty; who sails with the carrier bears nothing of it, in plan and waybill."""
    shipments = [cargo(n, 500, "UP", code="stone", due_h=20) for n in (1, 2)]
    plan = planned(shipments, [offer(1, 6.0, price_yuan_per_t=1.0, fixed_yuan=10.0)], BOTH)
    bought = [voyage for voyage in plan.voyages if voyage.offer is not None]
    assert len(bought) == 1
    assert any(voyage.empty for voyage in plan.voyages)
    legs = [leg for item in plan.shipments for lot in item.lots for leg in lot.legs if leg.voyage_id == "Y1"]
    assert sum(leg.cost_fen for leg in legs) == bought[0].cost_fen
    assert sum(leg.co2e_wtw_g for leg in legs) == bought[0].co2e_wtw_g
    assert empty_running(plan.voyages) == empty_running([v for v in plan.voyages if v.offer is None])


def test_a_least_load_is_met_or_the_offer_is_left() -> None:
    """480 t asked for: with 479.999 t of cargo the offer is left, with 480 t it is taken."""
    terms = {"price_yuan_per_t": 1.0, "fixed_yuan": 0.0, "least_kg": 480_000}
    for mass_t, taken in ((479.999, 0), (480.0, 1), (480.001, 1)):
        shipments = [cargo(1, 100, "UP", code="stone", due_h=72), cargo(2, mass_t - 100, "UP", code="stone", due_h=72)]
        assert len(planned(shipments, [offer(1, **terms)]).voyages) == taken


def test_cargo_that_no_carrier_takes_lacks_an_offer() -> None:
    """Without own voyages nobody is told that there is no waterway: it is the offer that is lacking."""
    (entry,) = planned([cargo(1, 100, "MILL", code="stone", due_h=72)], []).shipments
    assert entry.on_road_because is not None
    assert entry.on_road_because.code == "no_offer"


def test_cargo_dearer_than_its_road_may_fill_a_sailing_up() -> None:
    """500 t asked for and 480 t that gain: 20 t of dear, late cargo come along, though its road would be cheaper."""
    shipments = [
        cargo(1, 480, "MILL", code="stone", due_h=12, value=0.0),
        cargo(2, 40, "MILL", code="stone", due_h=12, value=8000.0),
    ]
    offers = [offer(1, 20.5, hours=9.0, price_yuan_per_t=0.0, fixed_yuan=0.0, least_kg=500_000)]
    plan = planned(shipments, offers)
    assert [voyage.load_kg for voyage in plan.voyages] == [500_000]
    assert plan.objective_yuan == pytest.approx(cheapest_with_offers(shipments, offers), abs=5.0)


def test_an_offer_takes_one_cargo_group() -> None:
    """Offered for coal or stone, asked for by both: the hold takes the heavier one, the other stays on the road."""
    shipments = [cargo(1, 400, "UP", code="coal", due_h=72), cargo(2, 300, "UP", code="stone", due_h=72)]
    plan = planned(shipments, [offer(1, cargo_groups=("coal", "mineral"), price_yuan_per_t=1.0)])
    assert [voyage.cargo_group for voyage in plan.voyages] == ["coal"]
    assert plan.shipments[1].on_road_because is not None


def test_low_water_cuts_what_an_offer_can_load() -> None:
    """1.9 m of water less 0.2 m of clearance: SMALL loads in proportion between its light and full draught."""
    vessel = TINY.vessel_classes["SMALL"]
    low = WaterLevel("UP-MID", TINY_START, TINY_START + timedelta(days=9), 1.9, MADE_UP)
    plan = planned(
        [cargo(1, 500, "UP", code="stone", due_h=72)], [offer(1)], MARKET, replace(TINY, water_levels=(low,))
    )
    part = (1.7 - vessel.light_draught_m) / (vessel.draught_m - vessel.light_draught_m)
    assert [voyage.capacity_kg for voyage in plan.voyages] == [int(500_000 * part)]


@pytest.mark.parametrize(
    ("kind", "item"), [("lock", "L1"), ("link", "UP-MID"), ("terminal", "UP"), ("terminal", "DOWN")]
)
def test_an_offer_that_meets_a_closure_is_not_used(kind: str, item: str) -> None:
    """Shut from hour 20 to 60, which the sailing at hour 30 meets; the offer is listed with the reason."""
    shut = Closure("C", kind, item, TINY_START + 20 * HOUR, TINY_START + 60 * HOUR, "检修", "repair", MADE_UP)
    network = replace(TINY, closures=(shut,))
    assert planned([cargo(1, 500, "UP", code="stone", due_h=72)], [offer(1)], MARKET, network).voyages == ()
    (left,) = offered_sailings([offer(1)], NetworkGraph(network)).unusable
    assert (left.offer.sailing_id, left.code) == ("Y1", "terminal_closed" if kind == "terminal" else "closed")


def test_every_offer_that_nobody_can_use_is_named_with_the_reason() -> None:
    """One offer for each reason, and one that is taken and so not named; sentences carry the figures."""
    shut = Closure("C", "lock", "L1", TINY_START + 60 * HOUR, TINY_START + 70 * HOUR, "检修", "repair", MADE_UP)
    quay = Closure("Q", "terminal", "DOWN", TINY_START + 90 * HOUR, TINY_START + 96 * HOUR, "检修", "repair", MADE_UP)
    low = WaterLevel("UP-MID", TINY_START + 110 * HOUR, TINY_START + 140 * HOUR, 1.9, MADE_UP)
    dry = WaterLevel("UP-MID", TINY_START + 150 * HOUR, TINY_START + 190 * HOUR, 0.3, MADE_UP)
    network = replace(TINY, closures=(shut, quay), water_levels=(low, dry))
    shipments = [cargo(1, 400, "UP", code="stone", due_h=72), cargo(2, 5, "UP", code="stone", due_h=260)]
    offers = [
        offer(1),
        offer(2, 58.0),
        offer(3, 81.0),
        offer(4, 120.0, least_kg=490_000),
        offer(5, 160.0),
        offer(6, 900.0),
        offer(7, cargo_groups=("coal",)),
        offer(8, 31.0, price_yuan_per_t=900.0),
    ]
    plan = planned(shipments, offers, MARKET, network)
    assert [(item.sailing_id, item.code) for item in plan.unusable_offers] == [
        ("Y2", "closed"),
        ("Y3", "terminal_closed"),
        ("Y4", "below_least"),
        ("Y5", "shallow"),
        ("Y6", "outside_horizon"),
        ("Y7", "no_cargo"),
        ("Y8", "dearer"),
    ]
    assert {item.code for item in plan.unusable_offers} == set(UNUSABLE_CODES)
    said = {item.code: item.message for item in plan.unusable_offers}
    assert "L1" in said["closed"].en
    assert "检修" in said["closed"].zh
    assert "490.0 t" in said["below_least"].en
    assert "490.0 吨" in said["below_least"].zh
    assert all(item.carrier_id == "C1" and item.sailing_id in item.message.zh for item in plan.unusable_offers)
    assert plan_from_json(plan_to_json(plan)) == plan

    def found(*named: UnusableOffer) -> set[str]:
        lie = replace(plan, unusable_offers=named)
        return {item.code for item in check_plan(lie, shipments, network, round_factors(), offers)}

    listed = plan.unusable_offers
    # Passed over in silence: the tables rule them all out.
    silent = [found(*listed[:number], *listed[number + 1 :]) for number in range(len(listed))]
    assert silent == [{"offer_unusable"}] * 7
    for other in listed[4:]:
        # A reason in the words of another; and of a sailing that a shipment can reach that none fits it.
        words = replace(other, code="dearer" if other.code == "no_cargo" else "no_cargo")
        assert found(*(words if item is other else item for item in listed)) == {"offer_unusable"}, other
    names = ("Y7", "Y8")
    none = Message(*(text.replace(*names) for text in (listed[5].message.zh, listed[5].message.en)))
    assert found(*listed[:6], replace(listed[6], code="no_cargo", message=none)) == {"offer_unusable"}


def _told(sailing: Offer, code: str) -> UnusableOffer:
    """That nobody can use a sailing, in the words of a code."""
    at = f"{sailing.departs_at:%Y-%m-%d %H:%M}" if code == "outside_horizon" else ""
    zh, en = (f"{sailing.carrier_id} {sailing.sailing_id} {text} {at}" for text in (WORDS[code].zh, WORDS[code].en))
    return UnusableOffer(sailing.sailing_id, sailing.carrier_id, code, Message(zh, en))


USELESS: list[tuple[str, Offer, set[str]]] = [
    ("as good as the one taken", offer(2, 31.0), set()),
    ("dearer than the road", offer(2, 31.0, price_yuan_per_t=900.0), {"dearer"}),
    ("dearer than the road, for a load it must reach", offer(2, 31.0, price_yuan_per_t=900.0, least_kg=1), set()),
    ("for coal", offer(2, 31.0, cargo_groups=("coal",)), {"no_cargo"}),
    ("too late for the door", offer(2, 300.0), {"no_cargo", "outside_horizon"}),
    ("gone before the cargo is ready", offer(2, 7.0), {"no_cargo"}),
]


@pytest.mark.parametrize(("sailing", "true"), [item[1:] for item in USELESS], ids=[item[0] for item in USELESS])
def test_an_offer_is_called_useless_only_where_it_is_and_for_what_it_lacks(sailing: Offer, true: set[str]) -> None:
    """One shipment, one sailing that takes it and one more: each reason in its own words, and none at all."""
    shipments, offers = [cargo(1, 400, "UP", code="stone", ready_h=6.0, due_h=72)], [offer(1), sailing]
    plan = planned(shipments, offers)
    assert {voyage.voyage_id for voyage in plan.voyages} == {"Y1"}
    assert {item.code for item in plan.unusable_offers} <= true

    def holds(*named: UnusableOffer) -> bool:
        said = replace(plan, unusable_offers=named)
        return not check_plan(said, shipments, TINY, round_factors(), offers)

    assert {code for code in FORTUNES if holds(_told(sailing, code))} == true
    assert holds() == (not true)


def test_the_order_of_offers_changes_nothing() -> None:
    """The same plan, byte for byte."""
    shipments = [cargo(n, 300, "MILL", code="stone", ready_h=3.0 * n, due_h=72) for n in range(4)]
    offers = [offer(n, 20.0 + 5 * n, price_yuan_per_t=6.0 + n) for n in range(4)]
    plans = [planned(shipments, chosen) for chosen in (offers, offers[::-1])]
    assert plan_to_json(plans[0]) == plan_to_json(plans[1])


def test_a_place_that_only_an_offer_reaches_is_served() -> None:
    """Without a road and without own voyages the offer carries it; without the offer it is left behind."""
    network = replace(TINY, locations={**TINY.locations, "UP": replace(TINY.locations["UP"], road_access=False)})
    shipment = cargo(1, 200, "UP", code="stone", due_h=72)
    assert planned([shipment], [offer(1)], MARKET, network).shipments[0].status == "planned"
    assert planned([shipment], [], MARKET, network).shipments[0].status == "rejected"


def test_a_tonne_of_room_on_an_offer_is_worth_what_solving_again_with_it_saves() -> None:
    """A full offer of 300 t and a dearer road: what `binding` says of one more tonne is what a new plan with 301 t
    saves, within the rounding of lots."""
    shipments = [cargo(1, 900, "UP", code="stone", due_h=72)]
    here, there = (planned(shipments, [offer(1, capacity_kg=kg)]) for kg in (300_000, 301_000))
    (item,) = [found for found in here.binding if found.kind == "offer"]
    assert (item.item_id, item.unit, item.day) == ("Y1", "t", "2026-10-02")
    assert item.value_yuan == pytest.approx(here.objective_yuan - there.objective_yuan, abs=0.1)
    assert f"{item.value_yuan:,.2f}" in item.message.zh
    half_empty = planned([replace(shipments[0], mass_kg=250_000)], [offer(1, capacity_kg=300_000)])
    assert not [found for found in half_empty.binding if found.kind == "offer"]


SHIPMENTS = [cargo(1, 200, "MILL", code="stone", due_h=72), cargo(2, 300, "UP", code="stone", due_h=72)]
OFFERS = [offer(1, least_kg=100_000), offer(2, 54.0, price_yuan_per_t=60.0)]


def changed(path: Sequence[str | int], value: Any) -> set[str]:
    """The codes that the check finds after one value of the plan was changed."""
    tree = json.loads(plan_to_json(planned(SHIPMENTS, OFFERS)))
    node = tree
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    plan = plan_from_json(json.dumps(tree))
    return {found.code for found in check_plan(plan, SHIPMENTS, TINY, round_factors(), OFFERS)}


OFFER_MISTAKES = [
    ("voyage_id", "Y9", "offer_unknown"),
    ("vessel_id", "B1", "offer_sailing"),
    ("vessel_class", "BIG", "offer_sailing"),
    ("departs_at", "2026-10-02T07:00:00+08:00", "offer_sailing"),
    ("arrives_at", "2026-10-02T18:00:00+08:00", "offer_sailing"),
    ("market", "own", "offer_terms"),
    ("cargo_group", "coal", "offer_cargo"),
    ("capacity_t", 501.0, "capacity"),
    ("load_t", 501.0, "over_capacity"),
    ("load_t", 99.0, "offer_least"),
    ("cost_yuan", 6000.02, "voyage_cost"),
    ("fuel_kg", 290.0, "voyage_fuel"),
    ("co2e_wtw_kg", 1.0, "voyage_co2e"),
    ("locks", [{"lock_id": "L1", "at": "2026-10-02T09:00:00+08:00"}], "lock_passages"),
    ("offer", None, "offer_terms"),
    ("empty", True, "offer_empty"),
]


@pytest.mark.parametrize(("key", "value", "code"), OFFER_MISTAKES)
def test_the_check_finds_what_is_not_as_offered(key: str, value: Any, code: str) -> None:
    """One figure of the voyage changed."""
    assert code in changed(["voyages", 0, key], value)


@pytest.mark.parametrize(
    ("key", "value"), [("carrier_id", "C2"), ("fixed_yuan", 1.0), ("price_yuan_per_t", 7.9), ("min_load_t", 0.0)]
)
def test_the_check_finds_other_terms(key: str, value: Any) -> None:
    """Terms are those of the file, not those that the plan says."""
    assert "offer_terms" in changed(["voyages", 0, "offer", key], value)


def test_the_check_wants_the_offers() -> None:
    """A plan with bought sailings checked without the file of offers: each is unknown."""
    plan = planned(SHIPMENTS, OFFERS)
    assert "offer_unknown" in {found.code for found in check_plan(plan, SHIPMENTS, TINY, round_factors())}
