"""Published and constructed answers, each computed through the product's own functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.chain import (
    Element,
    Footprint,
    HubElement,
    LoggedEnergy,
    TransportElement,
    activity_kgkm,
    footprint,
)
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.emissions.operations import fuel_emissions
from optimizer.emissions.reduction import shift_v1
from optimizer.emissions.round_trip import return_cargo_share
from optimizer.network.model import Mode
from tests.emissions.world import DAY, energy_factors, intensity, round_table

ANSWERS: dict[str, dict[str, Any]] = {
    answer["id"]: answer
    for answer in json.loads(Path(__file__).with_name("known_answers.json").read_text(encoding="utf-8"))["answers"]
}
ROUNDING_G = 1
"""Two parts of an element, each rounded to the gram."""


def of_kind(*kinds: str) -> list[str]:
    """Ids of the answers of some kinds, so that each test takes its own."""
    return [name for name, answer in ANSWERS.items() if answer["kind"] in kinds]


def chain_of(elements: list[Mapping[str, float]]) -> Footprint:
    """A chain from the example's masses, distances and intensities; hubs are those without a distance."""
    built: list[Element] = []
    for e in elements:
        mass_kg = int(e["mass_kg"])
        if "distance_km" in e:
            rate = intensity(e["kg_per_tkm"])
            built.append(TransportElement(Mode.ROAD, mass_kg, e["distance_km"], "actual", "A>B", rate))
        else:
            built.append(HubElement(mass_kg, "H", intensity(e["kg_per_t"], "t")))
    return footprint(built, round_table(), DAY)


def test_every_known_answer_has_a_test() -> None:
    """A new answer of an unknown kind would otherwise pass unseen."""
    tested = of_kind(
        "activity", "activity_sum", "chain", "shift", "carbon", "fuel_per_mj", "factor", "litres", "am0090"
    )
    assert sorted(tested) == sorted(ANSWERS)
    assert len(ANSWERS) == 22


@pytest.mark.parametrize("name", of_kind("activity"))
def test_activity(name: str) -> None:
    """Transport activity is mass times distance."""
    given = ANSWERS[name]["inputs"]
    tkm = activity_kgkm(given["mass_kg"], given["distance_km"]) / 1000
    assert tkm == pytest.approx(ANSWERS[name]["answer"], rel=ANSWERS[name]["tolerance_rel"])


def test_activity_sum() -> None:
    """Activities of elements add up to the shipment's."""
    whole = sum(activity_kgkm(1, 1000 * tkm) for tkm in ANSWERS["W02c"]["inputs"]["activities_tkm"])
    assert whole / 1000 == pytest.approx(ANSWERS["W02c"]["answer"], rel=1e-6)


@pytest.mark.parametrize("name", of_kind("chain"))
def test_chain(name: str) -> None:
    """A chain's WTW grams are the published kilograms, within the rounding of its elements."""
    elements = ANSWERS[name]["inputs"]["elements"]
    expected_g = ANSWERS[name]["answer"] * 1000
    slack_g = ROUNDING_G * len(elements) + expected_g * ANSWERS[name]["tolerance_rel"]
    assert abs(chain_of(elements).co2e_wtw_g - expected_g) <= slack_g


def test_shift_of_the_case_study() -> None:
    """Baseline less project is the published saving."""
    baseline, project = (chain_of(ANSWERS[n]["inputs"]["elements"]) for n in ("W06a", "W06b"))
    reduction = shift_v1(baseline, project, Boundary.WTW_CO2E)
    assert reduction.expected_g == pytest.approx(ANSWERS["W06c"]["answer"] * 1000, abs=3)


@pytest.mark.parametrize("name", of_kind("carbon"))
def test_diesel_from_its_carbon(name: str) -> None:
    """The fuel's factor follows from calorific value and carbon; the shipped Chinese row is that product."""
    given, answer = ANSWERS[name]["inputs"], ANSWERS[name]["answer"]
    if "factor_id" in given:
        per_gj = given["carbon_t_per_tj"] * given["oxidation"] * 44 / 12
        assert load_factors().get(given["factor_id"]).ttw_kg == answer
    else:
        per_gj = given["kg_per_gj"]
    table = FactorTable(energy_factors("Diesel", 0.0, 0.0, per_gj * given["mj_per_kg"] / 1000, 1.0))
    emissions = fuel_emissions("Diesel", "road", 1.0, table, DAY)
    assert emissions.ttw_co2_kg == pytest.approx(answer, rel=ANSWERS[name]["tolerance_rel"])


def test_fuel_oil_per_megajoule() -> None:
    """FuelEU's well-to-wake intensity of HFO comes out of its parts."""
    given = ANSWERS["W11a"]["inputs"]
    kg_per_mj = given["mj_per_g"] * 1000
    ttw = given["co2"] + given["ch4"] * given["gwp_ch4"] + given["n2o"] * given["gwp_n2o"]
    table = FactorTable(energy_factors("HFO", ttw, given["wtt_g_per_mj"] * kg_per_mj / 1000, given["co2"], 1.0))
    g_per_mj = fuel_emissions("HFO", "sea", 1.0, table, DAY).wtw_kg * 1000 / kg_per_mj
    assert g_per_mj == pytest.approx(ANSWERS["W11a"]["answer"], rel=1e-4)


def test_british_truck_factor() -> None:
    """The shipped row of the average articulated truck gives the constructed TTW."""
    given = ANSWERS["W12a"]["inputs"]
    rate = load_factors().get(given["factor_id"]).ttw_kg
    assert rate is not None
    assert rate * given["tkm"] == pytest.approx(ANSWERS["W12a"]["answer"], rel=1e-6)


def test_french_vessel() -> None:
    """Litres per km over the average load, times kg per litre; the shipped row is that value in rounded grams."""
    given = ANSWERS["W14"]["inputs"]
    per_tkm = given["litres_per_km"] / given["load_t"] * given["kg_per_l"]
    leg = TransportElement(
        Mode.INLAND_WATERWAY, given["mass_kg"], given["distance_km"], "actual", "A>B", intensity(per_tkm)
    )
    chain = footprint([leg], round_table(), DAY)
    assert chain.co2e_wtw_g / 1000 == pytest.approx(ANSWERS["W14"]["answer"], rel=1e-6)
    assert load_factors().get("fr2012-iww-motor-vessel-400-649-t").wtw_kg == pytest.approx(per_tkm, abs=5e-5)


def test_am0090() -> None:
    """The constructed shift in the TTW CO2 boundary: baseline, share of the round trip, project, reduction."""
    factors = load_factors()
    share = return_cargo_share(100_000, 25_000)
    assert float(share) == ANSWERS["W16b"]["answer"]
    truck_rate = intensity(0.078 / 0.75)  # three quarters of it are the CO2 of the operation
    baseline = footprint([TransportElement(Mode.ROAD, 100_000_000, 200, "actual", "A>B", truck_rate)], factors, DAY)
    ship = LoggedEnergy("Diesel", "inland_waterway", 150_000.0, share, "ship")
    dray = LoggedEnergy("Diesel", "road", 20_000.0, Fraction(1), "trucks")
    project = footprint(
        [
            TransportElement(Mode.INLAND_WATERWAY, 100_000_000, 220, "actual", "P>Q", ship),
            TransportElement(Mode.ROAD, 100_000_000, 10, "actual", "Q>B", dray),
        ],
        factors,
        DAY,
    )
    reduction = shift_v1(baseline, project, Boundary.TTW_CO2)
    for name, grams in (
        ("W16a", reduction.baseline_g),
        ("W16c", reduction.project_g),
        ("W16d", reduction.expected_g),
    ):
        assert grams / 1e6 == pytest.approx(ANSWERS[name]["answer"], rel=1e-6)
