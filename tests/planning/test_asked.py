"""Settings of a plan, and what follows from them, are held: each lie, put alone into a plan that holds, is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from optimizer.errors import InputError
from optimizer.network.model import FleetEntry, Network
from optimizer.planning.check import check_plan
from optimizer.planning.document import plan_from_json, plan_to_json
from optimizer.planning.frontier import frontier
from optimizer.planning.plan import Plan
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.corridor import START, corridor
from tests.planning.random_tasks import cargo, planned
from tests.planning.round_factors import round_factors

TINY = tiny_network()
NEAR, FAR = cargo(1, 450, value=2000.0), cargo(2, 100, ready_h=100.0, due_h=300)


def found(plan: Plan, shipments: Sequence[Shipment] = (NEAR, FAR), network: Network = TINY) -> set[str]:
    """Codes of all that is wrong."""
    return {item.code for item in check_plan(plan, shipments, network, round_factors())}


def asked(plan: Plan, **settings: Any) -> Plan:
    """The plan with other settings."""
    return replace(plan, settings={**plan.settings, **settings})


@pytest.fixture(scope="module")
def capped() -> Plan:
    """Under a loose cap, with a horizon that ends before the second shipment is ready."""
    plan = planned(TINY, (NEAR, FAR), PlanSettings(gap=0.0, co2e_cap_t=500.0, horizon_days=3))
    assert found(plan) == set()
    return plan


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("carbon_price_yuan_per_t", None),
        ("carbon_price_yuan_per_t", -1.0),
        ("carbon_price_yuan_per_t", 10**300),
        ("co2e_cap_t", -5.0),
        ("co2e_cap_t", float("inf")),
        ("co2e_cap_t", "500"),
        ("horizon_days", 0),
        ("horizon_days", 10**17),
        ("horizon_days", 3.0),
        ("gap", 2),
        ("gap", True),
        ("time_limit_s", -1),
        ("seed", -1),
        ("own_voyages", None),
        ("corridors_by", "highs"),
        ("corridors_by", 1),
        ("stop", None),
        ("co2e_cap", 5.0),
    ],
)
def test_a_setting_that_nobody_can_ask_for_is_found(capped: Plan, name: str, value: Any) -> None:
    """Of another kind, out of range, or unknown; and none is missing."""
    assert "setting" in found(asked(capped, **{name: value}))
    fewer = {key: kept for key, kept in capped.settings.items() if key != name}
    assert name not in capped.settings or "setting" in found(replace(capped, settings=fewer))


def test_the_solver_of_corridors_is_named_where_it_is_not_the_common_one(capped: Plan) -> None:
    """Plans without the word were made by HiGHS, those with it by what it says."""
    assert "corridors_by" not in capped.settings
    for name in ("cp-sat", "both"):
        assert "setting" not in found(asked(capped, corridors_by=name))


def test_the_end_of_a_run_fits_what_was_asked(capped: Plan) -> None:
    """Stopped at a gap that it does not have, or at a time limit that there was none of."""
    wide = replace(capped, bound_yuan=capped.objective_yuan * 0.98, gap=0.02, status="feasible")
    assert found(wide) == {"status_wrong"}
    assert found(asked(wide, gap=0.02)) == set()
    late = replace(asked(wide, stop="time_limit"), status="time_limit")
    assert found(late) == {"status_wrong"}
    assert found(asked(late, time_limit_s=5.0)) == set()


def test_the_horizon_is_the_one_that_was_planned(capped: Plan) -> None:
    """Another number of days in the sentence, in the settings, or a shipment planned that is ready after it."""
    reason = capped.shipments[1].reason
    assert reason is not None
    other = replace(reason, zh=reason.zh.replace("3", "4"), en=reason.en.replace("3", "4"))
    assert found(replace(capped, shipments=(capped.shipments[0], replace(capped.shipments[1], reason=other)))) == {
        "reason"
    }
    assert found(asked(capped, horizon_days=2)) == {"reason"}
    whole = planned(TINY, (NEAR, FAR))
    assert found(asked(whole, horizon_days=3)) == {"left_out"}
    assert "shipment_missing" in found(replace(capped, shipments=capped.shipments[:1]))


def test_the_plans_of_a_frontier_name_what_is_ready_after_the_horizon() -> None:
    """Each point's plan may be accepted, so each says what it leaves out; all of them hold."""
    plans: list[Plan] = []
    frontier(
        (NEAR, FAR), TINY, round_factors(), PlanSettings(gap=0.0, horizon_days=3), 3, clock=lambda: 0.0,
        keep_plan=lambda _, plan: plans.append(plan),
    )  # fmt: skip
    assert plans
    for plan in plans:
        assert [entry.status for entry in plan.shipments] == ["planned", "rejected"]
        assert found(plan) == set()


def test_a_limit_names_its_goods_and_its_market() -> None:
    """A tonne more of coal is not one of steel, and an own vessel no hired one."""
    quays = {key: replace(quay, handling_t_per_day=300.0) for key, quay in corridor().terminals.items()}
    network = replace(corridor(), terminals=quays)
    steel = cargo(1, 500, "UP", "ISLE", code="steel", due_h=20, start=START)
    plan = planned(network, (steel,))
    assert found(plan, (steel,), network) == set()
    kinds = [entry.kind for entry in plan.binding]
    assert "terminal" in kinds
    for number, entry in enumerate(plan.binding):
        if entry.kind == "terminal":
            lie = replace(entry, item_id=entry.item_id.replace("steel", "coal"))
            limits = (*plan.binding[:number], lie, *plan.binding[number + 1 :])
            assert found(replace(plan, binding=limits), (steel,), network) == {"binding"}


def test_a_limit_of_no_day_is_found_and_nothing_breaks() -> None:
    """A day with a letter in it ended the check itself."""
    network = replace(TINY, fleet=(FleetEntry("F", "SMALL", "UP", 1, TINY_START, "own", MADE_UP),))
    shipments = tuple(cargo(n, 480, "UP", value=2000.0, due_h=20) for n in range(3))
    plan = planned(network, shipments)
    assert plan.binding
    for day in ("2026-10-01x", "2026-10-x1", "x"):
        lie = replace(plan, binding=(replace(plan.binding[0], day=day), *plan.binding[1:]))
        assert found(lie, shipments, network) >= {"binding"}


def test_a_hired_hull_pays_its_waiting_on_the_voyage_that_follows() -> None:
    """Two voyages of one hull that exchange what they cost: each carrier's bill is wrong, and their sum is not."""
    network = replace(TINY, fleet=(FleetEntry("F", "SMALL", "DOWN", 1, TINY_START, "spot", MADE_UP),))
    shipments = (cargo(1, 480, "UP", "DOWN", ready_h=30.0, value=2000.0),)
    plan = planned(network, shipments)
    assert found(plan, shipments, network) == set()
    one, other = plan.voyages[:2]
    costs = replace(one, cost_fen=one.cost_fen + 50_000), replace(other, cost_fen=other.cost_fen - 50_000)
    assert "voyage_cost" in found(replace(plan, voyages=(*costs, *plan.voyages[2:])), shipments, network)


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59+08:00", "0001-01-02T00:00:00+08:00", "1899-12-31T00:00:00+08:00"])
def test_years_in_which_nobody_sails_are_refused_on_reading(capped: Plan, at: str) -> None:
    """Hours cannot be added to the last one there is; the sentence names the place."""
    departs_at = capped.shipments[0].lots[0].legs[0].departs_at
    text = plan_to_json(capped).replace(departs_at.isoformat(), at)
    with pytest.raises(InputError, match="departs_at"):
        plan_from_json(text)


def test_half_a_character_is_refused_on_reading(capped: Plan) -> None:
    """No terminal could print the sentence that names it, and no digest be made of it."""
    text = plan_to_json(replace(capped, versions={**capped.versions, "product": "HERE"}))
    assert plan_from_json(text.replace("HERE", "\\ud83d\\ude00")).versions["product"] == "\N{GRINNING FACE}"
    with pytest.raises(InputError, match="half a character"):
        plan_from_json(text.replace("HERE", "\\uD83D"))
