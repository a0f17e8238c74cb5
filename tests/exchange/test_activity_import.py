"""Activity data with several consignments: shared where masses are known, whole where not, never lost or doubled."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.cli import cli
from optimizer.emissions.factors import load_factors
from optimizer.emissions.footprint import RateRules, compute, footprint_of, legs_of, read_chains
from optimizer.errors import InputError
from optimizer.exchange.ileap_activity import activity_chains
from optimizer.exchange.ileap_chains import import_bundle
from optimizer.exchange.ileap_rules import bundle_faults
from tests.emissions.footprint.sheet import ON

FACTORS = load_factors()
PLACE = {"city": "Quzhou", "country": "CN"}


def trip(consignments: list[str], **changes: Any) -> dict[str, Any]:
    """A barge trip of 900 t over 200 km that burnt 1,200 kg of diesel; None takes a member out."""
    whole = {
        "activityId": "T1", "consignmentIds": consignments, "mode": "InlandWaterway", "mass": "900000",
        "distance": {"actual": "200"}, "origin": PLACE, "destination": PLACE,
        "departureAt": "2026-10-01T08:00:00+08:00", "arrivalAt": "2026-10-03T08:00:00+08:00",
        "energyCarriers": [
            {
                "energyCarrier": "Diesel", "energyConsumption": "1200", "energyConsumptionUnit": "kg",
                "emissionFactorTTW": "3.1", "emissionFactorWTW": "3.8", "relativeShare": "1",
            }
        ],
    }  # fmt: skip
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def grams_of(directory: Path, chains_csv: str) -> dict[str, int]:
    """Micrograms per chain of a chains file, through the engine; an error of a row is an assertion."""
    source, out = directory / "c.csv", directory / "r.csv"
    source.write_text(chains_csv, encoding="utf-8")
    found = {}
    with out.open("wb") as sink:
        footprint_of(read_chains(source), FACTORS, ON, sink)
    with out.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            assert not row["error"], row
            if not row["seq"]:
                found[row["chain_id"]] = round(Decimal(row["co2e_wtw_kg"]) * 10**6)
    return found


def shipment(name: str, mass_kg: int) -> dict[str, Any]:
    """A shipment of which only the mass matters here."""
    tce = {
        "tceId": "a", "shipmentId": name, "tocId": "x", "mass": str(mass_kg), "distance": {"actual": "1"},
        "transportActivity": str(Decimal(mass_kg) / 1000), "co2eTTW": "0", "co2eWTW": "0",
    }  # fmt: skip
    return {"shipmentId": name, "mass": str(mass_kg), "tces": [tce]}


def test_a_trip_of_several_consignments_is_valid_and_taken(tmp_path: Path) -> None:
    """Without masses it is one chain of the whole trip, and a sentence says so."""
    document = {"tad": [trip(["A", "B", "C"])]}
    assert bundle_faults(document, "t.json") == []
    made = import_bundle(document, ON)
    assert list(grams_of(tmp_path, made.chains_csv)) == ["T1"]
    assert "3 consignments" in made.whole[0].en
    assert made.skipped == ()


def test_shares_add_up_to_the_trip(tmp_path: Path) -> None:
    """Three consignments that fill the vessel bear its fuel between them, by mass."""
    ships = [shipment("A", 500_000), shipment("B", 300_000), shipment("C", 100_000)]
    chains = import_bundle({"shipmentFootprints": ships, "tad": [trip(["A", "B", "C"])]}, ON).chains_csv
    only = "\n".join(line for line in chains.splitlines() if not line.startswith(("A,", "B,", "C,"))) + "\n"
    shared = grams_of(tmp_path, only)
    whole = grams_of(tmp_path, import_bundle({"tad": [trip(["A"])]}, ON).chains_csv)["T1"]
    assert sum(shared.values()) == pytest.approx(whole, abs=3)
    assert shared["T1#A"] == pytest.approx(whole * 5 / 9, rel=1e-9)


def test_cargo_of_others_keeps_its_share() -> None:
    """Two consignments of 600 t in a vessel with 900 t bear two thirds of the fuel, not all of it."""
    found = activity_chains(trip(["A", "B"]), {"A": Decimal(400_000), "B": Decimal(200_000)})
    assert sum(Decimal(row["share"]) for row in found.rows) == pytest.approx(Decimal(2) / 3)


@pytest.mark.parametrize(
    ("masses", "words"),
    [
        ({"A": Decimal(400_000)}, "does not say what B weighs"),
        ({"A": Decimal(800_000), "B": Decimal(200_000)}, "more than the mass aboard"),
        ({"A": Decimal(400_000), "B": Decimal(0)}, "does not say what B weighs"),
    ],
)
def test_what_cannot_be_shared_stays_whole(masses: dict[str, Decimal], words: str) -> None:
    """And its one chain bears all of the energy."""
    found = activity_chains(trip(["A", "B"]), masses)
    assert found.whole is not None
    assert words in found.whole.en
    assert [row["share"] for row in found.rows] == ["1"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"energyCarriers": None}, "one energy carrier"),
        ({"mass": None}, "mass aboard is missing"),
        ({"mass": "0"}, "mass aboard is missing"),
        ({"energyCarriers": [{**trip([])["energyCarriers"][0], "energyConsumptionUnit": "MJ"}]}, "kg, l, kWh"),
        ({"energyCarriers": [{**trip([])["energyCarriers"][0], "relativeShare": "0.5"}] * 2}, "one energy carrier"),
    ],
)
def test_what_is_skipped_says_why(changes: dict[str, Any], words: str) -> None:
    """One sentence for each trip that could not be taken."""
    found = activity_chains(trip(["A", "B"], **changes), {})
    assert found.rows == ()
    assert found.skipped is not None
    assert words in found.skipped.en


@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=40))
def test_shares_of_a_full_vessel_sum_to_one(masses: list[int]) -> None:
    """Exactly, whatever the masses, and none is negative."""
    known = {str(number): Decimal(kg) for number, kg in enumerate(masses)}
    found = activity_chains(trip(list(known), mass=str(sum(masses))), known)
    shares = [Decimal(row["share"]) for row in found.rows]
    assert sum(shares) == 1
    assert min(shares) > 0


def test_ids_are_texts_and_stand_once() -> None:
    """A consignment named twice would bear its share twice."""
    faults = bundle_faults({"tad": [trip(["A", "A", "", 7])]}, "t.json")  # type: ignore[list-item]
    assert [(fault.code, fault.column) for fault in faults] == [
        ("duplicate_id", "/tad/0/consignmentIds/1"),
        ("text_missing", "/tad/0/consignmentIds/2"),
        ("text_missing", "/tad/0/consignmentIds/3"),
    ]


def test_an_id_that_runs_as_a_formula_is_refused() -> None:
    """The chains are CSV and somebody opens them in a spreadsheet."""
    with pytest.raises(InputError):
        import_bundle({"tad": [trip(["A"], activityId="=cmd|' /C calc'!A0")]}, ON)


def test_the_command_reads_a_shared_trip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0: nothing was left out; the sentence says that the trip stands whole."""
    (tmp_path / "t.json").write_text(json.dumps({"tad": [trip(["A", "B"])]}), encoding="utf-8")
    words = ["--lang", "en", "ileap", "import", str(tmp_path / "t.json"), "--chains", str(tmp_path / "c.csv")]
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--factors", str(tmp_path / "f")])
    assert not ended.value.code
    assert "stand as one chain" in capsys.readouterr().out
    legs = legs_of(read_chains(tmp_path / "c.csv").columns, FACTORS, ON, RateRules())
    assert not compute(legs).failed.any()
