"""What one more unit really saves: small plans are planned again, and every plan enumerated says the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.network.model import FleetEntry, Network
from optimizer.planning.answer import marginal_value
from optimizer.planning.document import plan_from_json, plan_to_json
from optimizer.planning.plan import Binding, Plan
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.enumeration import Hull, cheapest
from tests.planning.offer_enumeration import cheapest_with_offers
from tests.planning.random_tasks import cargo, planned
from tests.planning.solved import lay_out
from tests.planning.test_monotone import widened
from tests.planning.test_offers import MARKET, offer

LOADS = [cargo(n, 450.0, ready_h=6.0 * n, due_h=6.0 * n + 30.0, splittable=False, value=0.0) for n in range(3)]


def of_kind(plan: Plan, kind: str) -> list[Binding]:
    """The entries of a kind."""
    return [item for item in plan.binding if item.kind == kind]


def hulls_above(count: int) -> Network:
    """The tiny world with so many small vessels of one's own at the upper end, and no others."""
    return tiny_network(fleet=(FleetEntry("F", "SMALL", "UP", count, TINY_START, "own", MADE_UP),))


def test_one_more_hull_saves_what_enumeration_says() -> None:
    """Three loads for one hull, every plan with one and with two hulls enumerated; the sentence has the figure."""
    plan = planned(hulls_above(1), LOADS)
    (item,) = of_kind(plan, "fleet")
    one, two = (cheapest(LOADS, [Hull("SMALL", "UP")] * count) for count in (1, 2))
    assert one - two > 100
    assert item.saving_yuan == pytest.approx(one - two, abs=1.0)
    assert item.at_most_yuan is None
    assert f"实省 {item.saving_yuan:,.0f} 元" in item.message.zh
    assert f"saves {item.saving_yuan:,.0f} yuan" in item.message.en
    assert plan_from_json(plan_to_json(plan)) == plan


def test_one_more_tonne_on_an_offer_saves_what_enumeration_says() -> None:
    """A full offer of 300 t beside a dearer road."""
    shipments = [cargo(1, 900, "UP", code="stone", due_h=72)]
    plan = planned(shipments=shipments, network=tiny_network(), settings=MARKET, offers=[offer(1, capacity_kg=300_000)])
    (item,) = of_kind(plan, "offer")
    here, there = (cheapest_with_offers(shipments, [offer(1, capacity_kg=kg)]) for kg in (300_000, 301_000))
    assert item.saving_yuan == pytest.approx(here - there, abs=0.02)


def test_locks_and_terminals_save_what_the_widened_program_says() -> None:
    """A lock that lets one vessel through a day, and a quay of 480 t a day: as solved again by another hand."""
    lock = replace(tiny_network().locks["L1"], lockages_per_day=1.0, vessels_per_lockage=1.0, planner_share=1.0)
    base = hulls_above(2)
    narrow = replace(base, locks={"L1": lock})
    shallow = replace(base, terminals={k: replace(t, handling_t_per_day=480.0) for k, t in base.terminals.items()})
    found = 0
    for network in (narrow, shallow):
        case = lay_out(network, LOADS)
        here = case.solve().objective
        for item in planned(network, LOADS).binding:
            if item.kind in ("lock", "terminal") and item.saving_yuan is not None:
                assert item.saving_yuan == pytest.approx(here - widened(case, item), abs=0.5)
                found += 1
    assert found >= 2


def test_what_is_not_planned_again_states_the_most_it_can_save(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worth at the margin alone is no bound (here it is above the saving, elsewhere below); with what lies between
    the plan and its bound it is one."""
    monkeypatch.setattr(marginal_value, "MOST", 0)
    (item,) = of_kind(planned(hulls_above(1), LOADS), "fleet")
    one, two = (cheapest(LOADS, [Hull("SMALL", "UP")] * count) for count in (1, 2))
    assert item.saving_yuan is None
    assert item.at_most_yuan is not None
    assert item.at_most_yuan >= max(item.value_yuan, one - two) - 1.0
    assert item.message.zh.endswith("元。")
    assert "planned again" not in item.message.en
