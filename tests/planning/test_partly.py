"""Cargo without a road of which only a part finds room: the part travels, the rest is named, and the bound stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from optimizer.network.model import Network
from optimizer.planning.answer.summary import summary_of
from optimizer.planning.check import check_plan
from optimizer.planning.document import plan_from_json, plan_to_json
from optimizer.planning.keeping.held import Accepted
from optimizer.planning.plan import Plan, PlannedShipment
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from tests.network.tiny import tiny_network
from tests.planning.corridor import corridor
from tests.planning.offer_enumeration import cheapest_with_offers
from tests.planning.random_tasks import cargo, faults, planned
from tests.planning.round_factors import round_factors
from tests.planning.test_offers import MARKET, offer

OFFERS = [offer(1), offer(2, 54.0, capacity_kg=200_000)]


def cut_off() -> Network:
    """The tiny world without a road to UP."""
    world = tiny_network()
    return replace(world, locations={**world.locations, "UP": replace(world.locations["UP"], road_access=False)})


ORE = cargo(1, 900, "UP", code="stone", due_h=72)
BY_ROAD = cargo(2, 100, "MILL", code="stone", due_h=72)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """900 t without a road and two offers of 700 t together, beside a shipment with a road."""
    return planned(cut_off(), [ORE, BY_ROAD], MARKET, offers=OFFERS)


def first(plan: Plan) -> PlannedShipment:
    """The ore."""
    return plan.shipments[0]


def test_what_finds_room_travels_and_the_rest_is_named(plan: Plan) -> None:
    """700 of 900 t; the sentence has both figures, the document comes back, the second opinion agrees."""
    ore = first(plan)
    assert (ore.status, ore.left_kg, sum(lot.mass_kg for lot in ore.lots)) == ("planned", 200_000, 700_000)
    assert ore.reason is not None
    assert (ore.reason.code, ore.reason.short, ore.reason.unit) == ("no_road_partly", 200.0, "t")
    assert "700.0 吨" in ore.reason.zh
    assert "200.0 t stay behind" in ore.reason.en
    assert plan_from_json(plan_to_json(plan)) == plan
    assert check_plan(plan, [ORE, BY_ROAD], cut_off(), round_factors(), offers=OFFERS) == []
    assert plan.totals.mass_kg == 800_000
    assert summary_of(plan, [ORE, BY_ROAD]).partly_left == 1
    assert summary_of(plan, [ORE, BY_ROAD]).rejected == 0


def test_the_bound_is_on_plans_that_leave_as_much(plan: Plan) -> None:
    """The same offers full of a shipment of just 700 t, all sets of offers enumerated: nothing of the bound is lost."""
    fitting = [replace(ORE, mass_kg=700_000), BY_ROAD]
    assert plan.objective_yuan == pytest.approx(cheapest_with_offers(fitting, OFFERS), abs=1.0)
    assert plan.bound_yuan == pytest.approx(plan.objective_yuan, rel=1e-5)
    assert plan.status == "optimal"


def test_how_little_could_stay_behind_is_proven(plan: Plan) -> None:
    """700 t of room for 900 t: 200 t must stay whatever is spent, and a plan for a tenth more is known to leave nearly
    that; where all find room nothing is said."""
    assert plan.left_behind is not None
    assert plan.left_behind.mass_kg == 200_000
    assert 199_000 <= plan.left_behind.at_least_kg <= 200_000
    assert "200.0 吨" in plan.left_behind.message.zh
    assert "110%" in plan.left_behind.message.en
    fitting = planned(cut_off(), [replace(ORE, mass_kg=700_000), BY_ROAD], MARKET, offers=OFFERS)
    assert fitting.left_behind is None


def test_what_must_stay_whole_is_left_whole() -> None:
    """No half of it travels."""
    whole = planned(cut_off(), [replace(ORE, splittable=False)], MARKET, offers=OFFERS)
    assert (first(whole).status, first(whole).left_kg, whole.voyages) == ("rejected", 0, ())


def test_own_vessels_take_a_part_too() -> None:
    """A quay of 300 t a day and little time: on the way of small plans and of large ones the same cargo travels."""
    world = cut_off()
    narrow = replace(world, terminals={k: replace(t, handling_t_per_day=300.0) for k, t in world.terminals.items()})
    shipments = [cargo(1, 1500, "UP", code="stone", due_h=40.0)]
    for in_steps in (False, True):
        made = planned(narrow, shipments, PlanSettings(gap=0.0), in_steps=in_steps)
        assert faults(made, shipments, narrow) == []
        assert 0 < first(made).left_kg < 1_500_000
        assert made.bound_yuan <= made.objective_yuan


@pytest.mark.parametrize(
    ("change", "task", "code"),
    [
        ({"left_kg": 0}, ORE, "lot_mass"),
        ({"left_kg": 100_000}, ORE, "lot_mass"),
        ({"reason": None}, ORE, "status_wrong"),
        ({}, replace(ORE, splittable=False), "status_wrong"),
        ({"status": "rejected", "lots": ()}, ORE, "status_wrong"),
    ],
)
def test_the_check_finds_what_is_wrong_about_a_part(
    plan: Plan, change: dict[str, Any], task: Shipment, code: str
) -> None:
    """Mass that nobody accounts for, no reason, cargo that must stay whole, a part of nothing."""
    wrong = replace(plan, shipments=(replace(first(plan), **change), *plan.shipments[1:]))
    found = check_plan(wrong, [task, BY_ROAD], cut_off(), round_factors(), offers=OFFERS)
    assert code in {item.code for item in found}


def test_what_is_left_behind_has_no_baseline_where_a_part_is_kept() -> None:
    """5,000 t from an island, of which the quay handles 4,000 t: kept, they save what they saved and no more."""
    ore = cargo(0, 5000.0, "ISLE", "UP", code="steel", due_h=0.0, value=0.0)
    accepted = planned(corridor(), [ore])
    assert first(accepted).left_kg == 1_000_000
    again = planned(corridor(), [ore], keep=Accepted(accepted))
    assert again.kept is not None
    assert again.kept.shipments == ("S0",)
    assert first(again).saving == first(accepted).saving
    assert check_plan(again, [ore], corridor(), round_factors(), (), accepted) == []


def test_a_part_is_kept_as_it_was(plan: Plan) -> None:
    """Planned again around it: the lots stay, the rest is still named, nothing is said to have moved."""
    again = planned(cut_off(), [ORE, BY_ROAD], MARKET, offers=OFFERS, keep=Accepted(plan))
    assert (first(again).left_kg, first(again).reason) == (200_000, first(plan).reason)
    assert [lot.mass_kg for lot in first(again).lots] == [lot.mass_kg for lot in first(plan).lots]
    assert again.moved == ()
