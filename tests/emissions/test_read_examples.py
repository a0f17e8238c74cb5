"""Worked examples of others whose text was read, computed by the engine and by the CSV footprint.

The facts, where they stand and when they were read are in read_examples.json. A published figure that does not follow
from its own inputs stands there with ours beside it and the reason; both are held here, so that neither is lost.
"""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from optimizer.emissions.chain import (
    Element,
    Footprint,
    HubElement,
    LoggedEnergy,
    TransportElement,
    activity_kgkm,
    footprint,
)
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import Intensity, fuel_emissions
from optimizer.errors import Message
from optimizer.network.model import Mode
from tests.emissions.footprint.sheet import footprints, row
from tests.emissions.world import DAY, energy_factors, factor, round_table

BOOK: dict[str, Any] = json.loads(Path(__file__).with_name("read_examples.json").read_text(encoding="utf-8"))
EXAMPLES: dict[str, dict[str, Any]] = {one["id"]: one for one in BOOK["examples"]}
KG = {"ttw_kg": "co2e_ttw_g", "wtw_kg": "co2e_wtw_g"}
ROUNDING_G = 1
"""TTW and WTT are rounded to the gram apart."""


def of_kind(*kinds: str) -> list[str]:
    """Ids of the examples of some kinds."""
    return [name for name, one in EXAMPLES.items() if one["kind"] in kinds]


def expected(example: dict[str, Any], name: str) -> float:
    """What the engine must give: ours where it differs from the published figure."""
    return float(example.get("ours", {}).get(name, example["published"][name]))


def element_of(example: dict[str, Any]) -> Element:
    """One element with its two intensities."""
    ttw, wtw = example["ttw_kg_per_unit"], example["wtw_kg_per_unit"]
    hub = example["distance_km"] is None
    unit = "t" if hub else "tkm"
    rate = Intensity(unit, ttw, wtw - ttw, None, 0.0, "default", ("example",), (), Message("例", "example"))
    if hub:
        return HubElement(example["mass_kg"], "H", rate)
    return TransportElement(Mode.ROAD, example["mass_kg"], example["distance_km"], "actual", "A>B", rate)


def chain_of(name: str) -> Footprint:
    """An element alone, or the elements of a chain."""
    names = EXAMPLES[name].get("of", [name])
    return footprint([element_of(EXAMPLES[one]) for one in names], round_table(), DAY)


def test_at_least_ten_were_read_and_each_says_where() -> None:
    """Title, publisher, date, day and manner of reading; no example without a document, none of an untested kind."""
    assert len(EXAMPLES) == len(BOOK["examples"]) >= 10
    assert set(of_kind("element", "chain", "allocation", "activity", "carbon")) == set(EXAMPLES)
    for document in BOOK["documents"].values():
        assert all(document[name] for name in ("title", "publisher", "date", "seen_at", "how"))
        assert date.fromisoformat(document["seen_at"])
    assert {one["document"] for one in EXAMPLES.values()} == set(BOOK["documents"])
    assert all(one["where"] for one in EXAMPLES.values())


def test_a_difference_is_shown_with_its_reason_and_is_one() -> None:
    """Nobody writes "ours" beside a figure that agrees, nor hides a reason."""
    for one in EXAMPLES.values():
        assert ("ours" in one) == ("why" in one)
        for name, value in one.get("ours", {}).items():
            assert value != one["published"][name]


@pytest.mark.parametrize("name", of_kind("element", "chain"))
def test_the_engine_gives_the_elements_and_chains(name: str) -> None:
    """Activity exactly, TTW and WTW to the gram of each element."""
    example, found = EXAMPLES[name], chain_of(name)
    assert found.activity_kgkm / 1000 == expected(example, "activity_tkm")
    slack_g = ROUNDING_G * len(found.elements)
    for key in KG.keys() & example["published"].keys():
        assert abs(getattr(found, KG[key]) - expected(example, key) * 1000) <= slack_g


@pytest.mark.parametrize("name", of_kind("element", "chain"))
def test_the_csv_gives_the_same(tmp_path: Path, name: str) -> None:
    """The command's way: rows and a factor table."""
    rows, factors = [], []
    for number, one in enumerate(EXAMPLES[name].get("of", [name]), start=1):
        example = EXAMPLES[one]
        hub = example["distance_km"] is None
        ttw, wtw = example["ttw_kg_per_unit"], example["wtw_kg_per_unit"]
        factors.append(
            factor(one, mode="hub" if hub else "road", unit="t" if hub else "tkm", ttw_kg=ttw, wtt_kg=wtw - ttw)
        )
        km = {} if hub else {"distance_km": example["distance_km"]}
        rows.append(row("A", number, "hub" if hub else "transport", example["mass_kg"] / 1000, factor_id=one, **km))
    whole = footprints(tmp_path, rows, FactorTable(factors))[-1]
    assert float(whole["co2e_wtw_kg"]) == pytest.approx(expected(EXAMPLES[name], "wtw_kg"), abs=1e-5)
    assert float(whole["activity_tkm"]) == expected(EXAMPLES[name], "activity_tkm")


@pytest.mark.parametrize("name", of_kind("allocation"))
def test_the_engine_shares_by_activity(name: str) -> None:
    """One log, shares by tkm, each to the printed digit; they sum to the whole."""
    example = EXAMPLES[name]
    activities = example["activities_tkm"]
    shares = [Fraction(one, sum(activities)) for one in activities]
    table = FactorTable(energy_factors("Diesel", 1.0, 0.0, 1.0, 1.0))
    grams = [
        footprint(
            [
                TransportElement(
                    Mode.ROAD, 1000, float(tkm), "gcd", "A>B", LoggedEnergy("Diesel", "road", 31.5, share, "run")
                )
            ],
            table,
            DAY,
        ).co2e_wtw_g
        for tkm, share in zip(activities, shares, strict=True)
    ]
    assert sum(shares, start=Fraction(0)) == 1
    for found, published in zip(grams, example["published"]["shares_kg"], strict=True):
        assert found / 1000 == pytest.approx(published, abs=example["printed_to"] + 0.0005)
    assert sum(grams) == pytest.approx(example["whole_kg"] * 1000, abs=2)
    assert example["whole_kg"] / sum(activities) == pytest.approx(example["published"]["kg_per_tkm"], abs=0.0005)


@pytest.mark.parametrize("name", of_kind("activity"))
def test_the_engine_gives_the_activities(name: str) -> None:
    """Tonnes times kilometres, route by route, and their sum."""
    found = [activity_kgkm(mass_kg, km) / 1000 for mass_kg, km in EXAMPLES[name]["routes"]]
    assert found == EXAMPLES[name]["published"]["tkm"]
    assert sum(found) == EXAMPLES[name]["published"]["sum_tkm"]


@pytest.mark.parametrize("name", of_kind("carbon"))
def test_the_engine_gives_the_carbon_factors(name: str) -> None:
    """A kilogram of fuel by its carbon times 44/12; IMO's own figure is within a thousandth of it."""
    example = EXAMPLES[name]
    table = FactorTable(energy_factors("HFO", 0.0, 0.0, example["carbon"] * 44 / 12, 1.0))
    found = fuel_emissions("HFO", "sea", 1.0, table, DAY).ttw_co2_kg
    assert found == pytest.approx(expected(example, "cf"), abs=5e-7)
    assert found == pytest.approx(example["published"]["cf"], rel=1.1e-3)
    assert round(example["carbon"] * 3.664, 2) == pytest.approx(example["published"]["cf"], abs=0.006)
