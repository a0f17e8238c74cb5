"""The planner against every plan there is, on tasks small enough to try them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from optimizer.errors import InputError
from optimizer.network.model import FleetEntry, Network
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.enumeration import SLOT_H, Hull, cheapest, every_plan
from tests.planning.random_tasks import cargo, planned

HULL = st.builds(
    Hull,
    st.sampled_from(["SMALL", "BIG"]),
    st.sampled_from(["UP", "DOWN"]),
    st.sampled_from(["own", "spot"]),
    st.sampled_from([0, 3]),
)


def whole(
    mass_t: float, origin: str, code: str, ready_h: float, hurry_h: float, value: float, *, upstream: bool
) -> Shipment:
    """An unsplittable shipment down the river, or from the lower port up."""
    ends = ("DOWN", origin) if upstream else (origin, "DOWN")
    return cargo(0, mass_t, *ends, code=code, ready_h=ready_h, due_h=ready_h + hurry_h, splittable=False, value=value)


WHOLE = st.builds(
    whole,
    st.sampled_from([90.0, 240.0, 333.333, 500.0, 700.0, 1000.0]),
    st.sampled_from(["MILL", "PIT", "UP"]),
    st.sampled_from(["coal", "stone"]),
    st.sampled_from([0.0, 5.0, 14.0]),
    st.sampled_from([0.0, 12.0, 30.0]),
    st.sampled_from([0.0, 400.0, 8000.0]),
    upstream=st.booleans(),
)


def world(hulls: Sequence[Hull], handling_t_per_day: float = 3000.0) -> Network:
    """The tiny world with these hulls."""
    fleet = tuple(
        FleetEntry(
            f"F{number}",
            hull.size,
            hull.home,
            1,
            TINY_START + timedelta(hours=SLOT_H * hull.from_slot),
            hull.market,
            MADE_UP,
        )
        for number, hull in enumerate(hulls)
    )
    network = tiny_network(fleet=fleet)
    quays = {key: replace(quay, handling_t_per_day=handling_t_per_day) for key, quay in network.terminals.items()}
    return replace(network, terminals=quays)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    st.lists(WHOLE, min_size=1, max_size=3),
    st.lists(HULL, max_size=1),
    st.sampled_from([0.0, 100.0, 900.0]),
    st.sampled_from([3000.0, 800.0]),
)
@example(
    # A return load that would not pay for its own voyage, but sails with a hull that must go up anyway.
    [
        whole(1000.0, "UP", "stone", 0.0, 30.0, 0.0, upstream=False),
        whole(90.0, "UP", "stone", 0.0, 0.0, 0.0, upstream=True),
    ],
    [Hull("BIG", "DOWN")],
    100.0,
    3000.0,
)
def test_one_hull_is_used_as_well_as_it_can_be(
    shipments: list[Shipment], hulls: list[Hull], carbon_yuan_per_t: float, handling_t_per_day: float
) -> None:
    """Up to three whole shipments and one hull: the planner's optimum is the cheapest of all plans, to the yuan."""
    shipments = [replace(item, shipment_id=f"S{number}") for number, item in enumerate(shipments)]
    plan = planned(world(hulls, handling_t_per_day), shipments, PlanSettings(carbon_yuan_per_t, gap=0.0))
    best = cheapest(shipments, hulls, carbon_yuan_per_t, handling_t_per_day)
    assert plan.objective_yuan == pytest.approx(best, abs=0.5)
    assert plan.status == "optimal"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(WHOLE, min_size=1, max_size=2),
    st.lists(HULL, min_size=2, max_size=3, unique_by=lambda hull: (hull.size, hull.market)),
)
def test_several_hulls_are_used_as_well_as_they_can_be(shipments: list[Shipment], hulls: list[Hull]) -> None:
    """Two whole shipments and up to three hulls of different class or market.

    Hulls of one class and market are alike to the planner: two of them may change homes. The enumeration follows each
    hull home, so it would not see that.
    """
    shipments = [replace(item, shipment_id=f"S{number}") for number, item in enumerate(shipments)]
    plan = planned(world(hulls), shipments)
    assert plan.objective_yuan == pytest.approx(cheapest(shipments, hulls), abs=0.5)


def test_four_shipments_share_two_hulls() -> None:
    """Two small loads in each of two hulls of different size: one worked example with every plan enumerated."""
    hulls = [Hull("SMALL", "UP"), Hull("BIG", "DOWN", "spot")]
    shipments = [
        replace(whole(mass_t, "MILL", code, 0.0, 0.0, 8000.0, upstream=upstream), shipment_id=f"S{number}")
        for number, (mass_t, code, upstream) in enumerate(
            [(240.0, "coal", False), (250.0, "coal", False), (700.0, "stone", False), (500.0, "stone", True)]
        )
    ]
    plan = planned(world(hulls), shipments)
    assert plan.objective_yuan == pytest.approx(cheapest(shipments, hulls), abs=0.5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    st.lists(WHOLE, min_size=1, max_size=3),
    st.lists(st.builds(Hull, st.sampled_from(["SMALL", "BIG"]), st.sampled_from(["UP", "DOWN"])), max_size=2).filter(
        lambda hulls: len({hull.size for hull in hulls}) == len({(hull.size, hull.home) for hull in hulls})
    ),
    st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3),
)
def test_under_a_cap_the_plan_costs_what_the_best_of_all_plans_that_keep_it_costs(
    shipments: list[Shipment], hulls: list[Hull], parts: list[float]
) -> None:
    """From what the cheapest plan emits to below what the cleanest does; so a lower cap never costs less.

    Hulls of one class have one home here: two that are alike may change homes, which the enumeration does not see.
    """
    numbered = [replace(shipment, shipment_id=f"S{number}") for number, shipment in enumerate(shipments)]
    plans = every_plan(numbered, hulls)
    emits = sorted({round(kg, 3) for _, kg in plans})
    before = -1.0
    for part in sorted(parts, reverse=True):
        at = round(part * len(emits))
        # Half way between two plans, so that no rounding decides; below all of them at the end.
        cap_kg = emits[0] - 1.0 if at == 0 else (emits[at - 1] + emits[min(at, len(emits) - 1)] + 0.1) / 2
        within = [yuan for yuan, kg in plans if kg <= cap_kg]
        asked = PlanSettings(0.0, co2e_cap_t=cap_kg / 1000, gap=0.0)
        if not within:
            with pytest.raises(InputError):
                planned(world(hulls), tuple(numbered), asked)
            continue
        plan = planned(world(hulls), tuple(numbered), asked)
        assert plan.objective_yuan == pytest.approx(min(within), abs=0.2)
        assert plan.totals.planned.co2e_wtw_g / 1000 <= cap_kg + 0.05
        assert plan.bound_yuan <= plan.objective_yuan
        assert plan.objective_yuan >= before - 0.2
        before = plan.objective_yuan
