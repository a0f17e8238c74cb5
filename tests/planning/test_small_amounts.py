"""Plans of kilograms and fen: what rounding is a large part of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.errors import InputError, Message
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.words import check_words
from optimizer.planning.settings import PlanSettings
from tests.planning.corridor import START, corridor
from tests.planning.random_tasks import Task, any_tasks, cargo, faults, planned
from tests.planning.relay import Hull, relay

LITTLE = st.sampled_from([1, 2, 30, 500, 7_000])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_tasks(3), st.lists(LITTLE, min_size=3, max_size=3), st.sampled_from([0.0, 100.0, 1e6]), st.booleans())
def test_little_cargo_at_any_price_of_carbon_is_planned_to_the_optimum(
    task: Task, masses_kg: list[int], carbon_yuan_per_t: float, free: bool
) -> None:
    """A kilogram to seven tonnes, a gram of CO2e for nothing or for a yuan, vessels for nothing: what is left of the
    gap is rounding, so the plan is called optimal, and the second opinion agrees."""
    network, shipments = task
    if free:
        classes = {
            key: replace(row, cost_yuan_per_day=0.0, charter_yuan_per_day=0.0)
            for key, row in network.vessel_classes.items()
        }
        network = replace(network, vessel_classes=classes)
    little = [replace(item, mass_kg=kg) for item, kg in zip(shipments, masses_kg, strict=False)]
    plan = planned(network, little, PlanSettings(carbon_yuan_per_t, gap=0.0))
    assert faults(plan, little, network) == []
    assert plan.status == "optimal"


def test_a_plan_of_three_yuan_is_optimal_though_half_a_fen_is_much_of_it() -> None:
    """500 kg for nine kilometres: the fen of its one leg are 0.17 % of the plan, and all that is left of the gap."""
    shipments = [cargo(0, 0.5, "LOW", "SITE", code="coal", value=0.0, start=START)]
    plan = planned(corridor(), shipments)
    assert plan.gap > 1e-3
    assert plan.status == "optimal"
    assert faults(plan, shipments, corridor()) == []


def test_a_cap_of_grams_is_a_cap() -> None:
    """16 g that must be emitted: a cap of as much is kept, and no run with a plan ends as infeasible; one of 12 g is
    not kept, where rows may be missed by ten grams else."""
    kilogram = [cargo(0, 0.001, "LOW", "UP", code="steel", ready_h=17.3, due_h=-12.7, value=20_000.0, start=START)]
    network = relay([Hull("BOAT", "UP"), Hull("BARGE", "LOW")])
    assert planned(network, kilogram).totals.planned.co2e_wtw_g == 16
    plan = planned(network, kilogram, PlanSettings(gap=0.0, co2e_cap_t=16e-6))
    assert plan.settings["stop"] != "infeasible"
    assert faults(plan, kilogram, network) == []
    with pytest.raises(InputError):
        planned(network, kilogram, PlanSettings(gap=0.0, co2e_cap_t=12e-6))


@pytest.mark.parametrize(
    ("text", "figures", "holds"),
    [
        ("needs 12 t, this is 12.2 t", (12.4, 12.2), True),
        ("needs 0 t, this is 0.0 t", (0.39, 0.001), True),
        ("needs 1 t, this is 1.2 t", (1.2, 1.7), False),
        ("needs 12 t, this is 12.2 t", (12.4, 12.4), False),
        ("needs 12 t", (12.4, 12.2), False),
    ],
)
def test_figures_of_a_sentence_are_held_each_to_its_own_digits(
    text: str, figures: tuple[float, ...], holds: bool
) -> None:
    """Rounding may turn two about: a tonne is said without a part, and the cargo with a tenth."""
    found = Findings()
    check_words(found, "reason", "here", Message(text, text), [], [figures])
    assert (found.violations == []) == holds
