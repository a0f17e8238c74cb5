"""Arithmetic on figures restated without their documents at hand: no published answers, and not counted as such.

They hold the engine to the formulas of IMO and FuelEU (shared voyages, carbon content, grams per megajoule); whoever
quotes a figure compares it with the document first.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.emissions.factors import FactorTable
from tests.emissions.footprint.sheet import row
from tests.emissions.footprint.test_published import fuel, kilograms
from tests.emissions.world import factor


def test_imo_eeoi_example(tmp_path: Path) -> None:
    """IMO MEPC.1/Circ.684 (2009), appendix, rolling average over four voyages, one of them in ballast: 100 t of HFO
    (3.1144) and 23 t of LFO (3.15104) over 28.5 million t·nm are 13.47 g CO2 per t·nm. The ballast voyage has no cargo
    of its own: its fuel is borne by the loaded ones, as ISO 14083 wants it.
    Inputs restated without the circular at hand: compare them with it before quoting them."""
    table = FactorTable([fuel("HFO", 3.1144, use="sea"), fuel("MGO", 3.15104, use="sea")])
    voyages = ((25_000, 300), (25_000, 750), (15_000, 150))
    work = [cargo_t * miles for cargo_t, miles in voyages]
    rows = []
    for number, ((cargo_t, miles), part) in enumerate(zip(voyages, work, strict=True)):
        for order, (carrier, tonnes) in enumerate((("HFO", 20 + 20 + 50 + 10), ("MGO", 5 + 5 + 10 + 3))):
            rows.append(
                row("A", 2 * number + order, mass_t=cargo_t, distance_km=miles * 1.852, mode="Sea",
                    energy_carrier=carrier, energy_amount=tonnes * 1000, energy_unit="kg", share=repr(part / sum(work)))
            )  # fmt: skip
    g_per_t_nm = kilograms(tmp_path, rows, table)[-1] * 1000 / sum(work)
    assert g_per_t_nm == pytest.approx(13.47, abs=0.005)


@pytest.mark.parametrize(
    ("carrier", "carbon", "published"),
    [
        ("Diesel", 0.8744, 3.206),
        ("MGO", 0.8594, 3.151),
        ("HFO", 0.8493, 3.114),
        ("LPG", 0.8182, 3.000),
        ("LNG", 0.7500, 2.750),
        ("Methanol", 0.3750, 1.375),
    ],
)
def test_imo_carbon_factors(tmp_path: Path, carrier: str, carbon: float, published: float) -> None:
    """IMO resolution MEPC.308(73), section 2.2.1: carbon content and conversion factor CF of six fuels (the second is
    light fuel oil there). CF is the content times 44/12, printed to three decimals.
    Restated without the resolution at hand: compare the figures with it before quoting them."""
    table = FactorTable([fuel(carrier, carbon * 44 / 12, use="sea")])
    burnt = row("A", 1, mass_t=1, distance_km=1, mode="Sea", energy_carrier=carrier, energy_amount=1000,
                energy_unit="kg", share=1)  # fmt: skip
    assert kilograms(tmp_path, [burnt], table)[-1] == pytest.approx(1000 * published, abs=0.55)


@pytest.mark.parametrize(
    ("name", "wtt_g_per_mj", "mj_per_g", "co2", "published_g_per_mj"),
    [("MGO", 14.4, 0.0427, 3.206, 90.77), ("light fuel oil", 13.2, 0.0410, 3.151, 91.39)],
)
def test_fueleu_well_to_wake(
    tmp_path: Path, name: str, wtt_g_per_mj: float, mj_per_g: float, co2: float, published_g_per_mj: float
) -> None:
    """Regulation (EU) 2023/1805, annexes I and II: WtT plus (CO2 + CH4 x 25 + N2O x 298) over the calorific value.
    Inputs restated without the regulation at hand: compare them with it before quoting them."""
    operation = co2 + 0.00005 * 25 + 0.00018 * 298
    burnt = factor(name, energy_carrier="MGO", uses=("sea",), ttw_kg=operation, wtt_kg=wtt_g_per_mj * mj_per_g)
    one_tonne = row("A", 1, mass_t=1, distance_km=1, mode="Sea", energy_carrier="MGO", energy_amount=1000,
                    energy_unit="kg", share=1)  # fmt: skip
    g_per_mj = kilograms(tmp_path, [one_tonne], FactorTable([burnt]))[-1] * 1000 / (1000 * mj_per_g * 1000)
    assert g_per_mj == pytest.approx(published_g_per_mj, abs=0.006)
