"""Calculations that others published, inputs and result, done again by the footprint of a CSV file.

Each answer names document and page. Where the document's own figure is rounded or wrong, both figures stand here.
Examples read word by word, with the day of reading, are in ../test_read_examples.py; figures restated without their
document in test_restated.py. What stands here was entered with document and page and not read a second time.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from optimizer.emissions.factors import FactorTable, load_factors
from tests.emissions.footprint.sheet import footprints, row, total
from tests.emissions.world import factor

ANSWERS = [
    answer
    for answer in json.loads((Path(__file__).parents[1] / "known_answers.json").read_text(encoding="utf-8"))["answers"]
    if answer["kind"] == "chain"
]
WHOLE = {"wtt_kg": 0.0, "gas_basis": "CO2e", "boundary": "wtw"}
MILLIGRAM = 1e-6


def leg_factor(name: str, kg_per_unit: float, unit: str = "tkm") -> Any:
    """A factor whose whole value is operation, as the published examples do not split theirs."""
    return factor(name, mode="hub" if unit == "t" else "road", unit=unit, ttw_kg=kg_per_unit, **WHOLE)


def fuel(carrier: str, kg_per_unit: float, unit: str = "kg", use: str = "road") -> Any:
    """A fuel whose whole value is operation."""
    return factor(f"{carrier}-{unit}", energy_carrier=carrier, uses=(use,), unit=unit, ttw_kg=kg_per_unit, **WHOLE)


def kilograms(directory: Path, rows: list[dict[str, str]], table: FactorTable) -> list[float]:
    """WTW of every row and, last, of the chain."""
    lines = footprints(directory, rows, table)
    assert not any(line["error"] for line in lines)
    return [float(line["co2e_wtw_kg"]) for line in lines]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer["id"]))
def test_chains_of_the_collected_answers(tmp_path: Path, answer: dict[str, Any]) -> None:
    """iLEAP's examples and the published case studies, to their tolerance, from a CSV."""
    rows, factors = [], []
    for number, element in enumerate(answer["inputs"]["elements"], start=1):
        hub = "distance_km" not in element
        factors.append(leg_factor(f"f{number}", element["kg_per_t" if hub else "kg_per_tkm"], "t" if hub else "tkm"))
        km = {} if hub else {"distance_km": element["distance_km"]}
        kind = "hub" if hub else "transport"
        rows.append(row("A", number, kind, element["mass_kg"] / 1000, factor_id=f"f{number}", **km))
    expected = answer["answer"]
    assert kilograms(tmp_path, rows, FactorTable(factors))[-1] == pytest.approx(
        expected, rel=answer["tolerance_rel"], abs=MILLIGRAM
    )


def test_ileap_example_shipment(tmp_path: Path) -> None:
    """iLEAP Technical Specifications 1.0.0, appendix B, ShipmentFootprint example: 87 kg over 423 km. The element there
    prints a transportActivity of 3.6801, the envelope around it 36.801; mass times distance is the latter, and a WTW of
    3.6801 kg is then 0.1 kg/tkm."""
    lines = footprints(
        tmp_path,
        [row("A", 1, mass_t=0.087, distance_km=423, factor_id="truck")],
        FactorTable([leg_factor("truck", 0.1)]),
    )
    assert lines[0]["activity_tkm"] == "36.801000"
    assert lines[0]["co2e_wtw_kg"] == "3.680100"


def test_ghg_protocol_distance_based_example(tmp_path: Path) -> None:
    """GHG Protocol, Technical Guidance for Calculating Scope 3 Emissions 1.0 (2013), example 4.2, p. 62: truck 800, air
    3,000, ship 1,200, together 5,000 kg CO2e."""
    table = FactorTable([leg_factor("truck", 0.2), leg_factor("air", 1.0), leg_factor("ship", 0.05)])
    rows = [
        row("A", 1, mass_t=2, distance_km=2000, factor_id="truck"),
        row("A", 2, mass_t=1, distance_km=3000, factor_id="air"),
        row("A", 3, mass_t=6, distance_km=4000, factor_id="ship"),
    ]
    assert kilograms(tmp_path, rows, table) == [800.0, 3000.0, 1200.0, 5000.0]


def test_ghg_protocol_fuel_based_example(tmp_path: Path) -> None:
    """The same guidance, example 4.1, p. 56: 50,000, 80,000 and 90,000 l of diesel at 3 kg/l are 660,000 kg CO2e (the
    100,000 kg of refrigerant beside them are no energy)."""
    rows = [
        row("A", number, mass_t=10, distance_km=100, energy_carrier="Diesel", energy_amount=litres, energy_unit="l",
            share=1)
        for number, litres in enumerate((50_000, 80_000, 90_000), start=1)
    ]  # fmt: skip
    assert kilograms(tmp_path, rows, FactorTable([fuel("Diesel", 3.0, "l")]))[-1] == 660_000.0


@pytest.mark.parametrize(
    ("activities_tkm", "published_kg", "printed_to"),
    [((240, 150, 250), (11.8, 7.4, 12.3), 0.05), ((240, 150, 100), (15.43, 9.64, 6.43), 0.005)],
    ids=["driven tonne-kilometres", "great circle distance"],
)
def test_ghg_protocol_allocation_example(
    tmp_path: Path, activities_tkm: tuple[int, ...], published_kg: tuple[float, ...], printed_to: float
) -> None:
    """The same guidance, example 4.3 (Deutsche Post DHL), pp. 63-64: 31.5 kg CO2 of one delivery run shared by tkm."""
    whole = sum(activities_tkm)
    rows = [
        row("A", number, mass_t=1, distance_km=1, energy_carrier="Diesel", energy_amount=31.5, energy_unit="kg",
            share=repr(tkm / whole))
        for number, tkm in enumerate(activities_tkm, start=1)
    ]  # fmt: skip
    found = kilograms(tmp_path, rows, FactorTable([fuel("Diesel", 1.0)]))
    for kg, published in zip(found, published_kg, strict=False):
        assert kg == pytest.approx(published, abs=printed_to)
    assert found[-1] == pytest.approx(31.5, abs=3 * MILLIGRAM)


def test_ghg_protocol_site_example(tmp_path: Path) -> None:
    """The same guidance, example 4.5, p. 69: two stores, electricity 0.8 and gas 0.25 kg/kWh, a quarter of each by
    volume: 2,062.5 and 3,125, together 5,187.5 kg CO2e."""
    table = FactorTable([fuel("Electric", 0.8, "kWh", "hub"), fuel("CNG", 0.25, "kWh", "hub")])
    rows = []
    for site, (power_kwh, gas_kwh, share) in enumerate(((10_000, 1_000, 100 / 400), (15_000, 2_000, 200 / 800))):
        for number, (carrier, kwh) in enumerate((("Electric", power_kwh), ("CNG", gas_kwh))):
            rows.append(
                row("A", 2 * site + number, "hub", 1, energy_carrier=carrier, energy_amount=kwh, energy_unit="kWh",
                    share=share)
            )  # fmt: skip
    found = kilograms(tmp_path, rows, table)
    assert (found[0] + found[1], found[2] + found[3], found[4]) == (2062.5, 3125.0, 5187.5)


@pytest.mark.parametrize(
    ("name", "payload_t", "direct", "indirect", "published"),
    [
        ("rigid 3.5-7.5 t", 1.01, 0.58542, 0.12436, 0.70978),
        ("rigid 7.5-17 t", 2.06, 0.35410, 0.07522, 0.42932),
        ("rigid over 17 t", 5.08, 0.19234, 0.04086, 0.23320),
        ("articulated 3.5-33 t", 5.51, 0.16198, 0.03441, 0.19639),
        ("articulated over 33 t", 11.78, 0.08473, 0.01800, 0.10273),
        ("all heavy goods vehicles", 7.40, 0.12366, 0.02627, 0.14993),
    ],
)
def test_defra_2012_trucks(
    tmp_path: Path, name: str, payload_t: float, direct: float, indirect: float, published: float
) -> None:
    """2012 Guidelines to Defra/DECC's GHG Conversion Factors, annex 7, table 7e (UK average loads): direct and indirect
    kg CO2e per tonne-km sum to the printed grand total; here a full average payload over 1,000 km."""
    truck = factor(name, mode="road", unit="tkm", ttw_kg=direct, wtt_kg=indirect)
    lines = footprints(
        tmp_path, [row("A", 1, mass_t=payload_t, distance_km=1000, factor_id=name)], FactorTable([truck])
    )
    assert float(total(lines, "A")["co2e_wtw_kg"]) == pytest.approx(payload_t * 1000 * published, abs=1e-4)
    assert float(total(lines, "A")["co2e_ttw_kg"]) == pytest.approx(payload_t * 1000 * direct, abs=1e-4)


@pytest.mark.parametrize(
    ("factor_id", "litres_per_km", "load_t"),
    [
        ("fr2012-iww-motor-vessel-lt400-t-dwt", 6.3, 207),
        ("fr2012-iww-motor-vessel-400-649-t", 7.3, 331),
        ("fr2012-iww-motor-vessel-650-999-t", 8.3, 497),
        ("fr2012-iww-motor-vessel-1000-1499-t", 12.2, 773),
        ("fr2012-iww-motor-vessel-ge1500-t", 19.9, 1214),
        ("fr2012-iww-pusher-lt590-kw", 9.4, 1104),
        ("fr2012-road-artic-40-t-long-distance", 0.342, 12.5),
        ("fr2012-road-artic-40-t-container-carrier", 0.373, 12.5),
    ],
)
def test_french_statutory_values(tmp_path: Path, factor_id: str, litres_per_km: float, load_t: float) -> None:
    """French order of 10 April 2012 (TRAT1209296A), annex II level 1: the litres of one km over the average load, times
    annex I (2.49 + 0.58 kg CO2 per litre), beside the shipped row, which is that quotient in tenths of a gram.
    Provision and operation are each rounded in the row, so their sum may be off by one tenth (smallest vessel: 93.4 and
    93.5)."""
    diesel = factor("d", unit="l", ttw_kg=2.49, wtt_kg=0.58)
    measured = row("A", 1, mass_t=load_t, distance_km=1, energy_carrier="Diesel", energy_amount=litres_per_km,
                   energy_unit="l", share=1)  # fmt: skip
    ours = kilograms(tmp_path, [measured], FactorTable([diesel]))[-1] / load_t
    published = kilograms(tmp_path, [row("A", 1, mass_t=1, distance_km=1, factor_id=factor_id)], load_factors())[-1]
    assert ours == pytest.approx(published, abs=1.01e-4)
