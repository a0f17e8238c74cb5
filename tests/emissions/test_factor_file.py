"""The shipped table is coherent and its derived rows recompute; a damaged table names every fault."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest

import network_data
from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.factors import load_factors
from optimizer.errors import NetworkDataError
from optimizer.network.model import Evidence, Mode
from tests.emissions.world import DAY

SHIPPED = Path(network_data.__path__[0]) / "factors.csv"
CH4_GWP100, N2O_GWP100 = 27.9, 273.0
"""IPCC AR6 WG1 ch. 7."""


def test_shipped_table_loads_and_every_row_has_its_origin() -> None:
    """The 61 collected rows and more, each with source, licence and where it was seen; derived ones show arithmetic."""
    table = load_factors()
    assert sum(f.provenance.evidence is not Evidence.DERIVED for f in table.factors) >= 61
    for row in table.factors:
        assert row.provenance.source, row.factor_id
        assert row.provenance.seen_at, row.factor_id
        assert row.licence, row.factor_id
        if row.provenance.evidence is Evidence.DERIVED:
            assert row.provenance.notes, row.factor_id


@pytest.mark.parametrize(
    ("factor_id", "co2", "mj_per_kg", "ch4", "n2o", "wtt_id"),
    [
        ("diesel-road-cn-wtw", 3.0959, 42.652, 3.9, 3.9, "fuel-defra25-wtt-diesel-t"),
        ("diesel-vessel-cn-wtw", 3.0959, 42.652, 7.0, 2.0, "fuel-defra25-wtt-diesel-t"),
        ("diesel-hub-cn-wtw", 3.0959, 42.652, 4.15, 28.6, "fuel-defra25-wtt-diesel-t"),
        ("diesel-rail-cn-wtw", 3.0959, 42.652, 4.15, 28.6, "fuel-defra25-wtt-diesel-t"),
        ("mgo-vessel-cn-wtw", 3.0959, 42.652, 7.0, 2.0, "fuel-defra25-wtt-marine-gas-oil-t"),
        ("hfo-vessel-cn-wtw", 3.1705, 41.816, 7.0, 2.0, "fuel-defra25-wtt-marine-fuel-oil-t"),
    ],
)
def test_derived_fuels_recompute(
    factor_id: str, co2: float, mj_per_kg: float, ch4: float, n2o: float, wtt_id: str
) -> None:
    """CO2 of the Chinese tables plus the IPCC gases (kg/TJ) at AR6 potentials, and the British provision."""
    table = load_factors()
    row = table.get(factor_id)
    assert row.ttw_kg == pytest.approx(co2 + mj_per_kg * (ch4 * CH4_GWP100 + n2o * N2O_GWP100) / 1e6, abs=6e-7)
    assert row.wtt_kg == pytest.approx(table.get(wtt_id).wtt_kg, abs=6e-7)


def test_derived_electricity_recomputes() -> None:
    """Average generation with the three allowances, all of it provision, none of it operation."""
    table = load_factors()
    for derived, base in (
        ("electricity-zhejiang-2022-wtw", "grid-zhejiang-2022"),
        ("electricity-china-2023-wtw", "grid-china-national-2023"),
    ):
        generation = table.get(base).wtt_kg
        assert generation is not None
        assert table.get(derived).wtt_kg == pytest.approx(generation * (1 + 0.10 + 0.005) / (1 - 0.05), abs=6e-7)
        assert table.get(derived).ttw_kg == 0.0


@pytest.mark.parametrize(
    ("name", "litres_per_km", "load_t"),
    [
        ("lt400", 6.3, 207),
        ("400-649", 7.3, 331),
        ("650-999", 8.3, 497),
        ("1000-1499", 12.2, 773),
        ("ge1500", 19.9, 1214),
    ],
)
def test_derived_vessels_recompute(name: str, litres_per_km: float, load_t: float) -> None:
    """French litres over the average load, as kg of diesel, times the Chinese diesel rows."""
    table = load_factors()
    kg_per_tkm = litres_per_km / load_t * 2.49 / 2.95
    wtw, co2 = table.get(f"iww-motor-vessel-{name}-wtw"), table.get(f"iww-motor-vessel-{name}-co2")
    assert wtw.wtw_kg == pytest.approx(kg_per_tkm * 3.879546, abs=2e-6)
    assert co2.ttw_kg == pytest.approx(kg_per_tkm * 3.0959, abs=2e-6)
    assert wtw.kgce == pytest.approx(kg_per_tkm * 1.4571, abs=2e-6)


def test_coal_equivalents() -> None:
    """GB/T 2589: diesel 1.4571 and fuel oil 1.4286 kgce/kg, electricity 0.1229 kgce/kWh."""
    table = load_factors()
    values = [table.coal_equivalent(carrier, DAY).kgce for carrier in ("Diesel", "HFO", "Electric")]
    assert values == [1.4571, 1.4286, 0.1229]


@pytest.mark.parametrize("carrier", ["Diesel", "Electric"])
@pytest.mark.parametrize("use", ["road", "inland_waterway", "sea", "rail", "hub"])
@pytest.mark.parametrize("boundary", list(Boundary))
def test_planner_finds_every_energy(carrier: str, use: str, boundary: Boundary) -> None:
    """Diesel and electricity are computable in every use and boundary on the seed month's days."""
    assert load_factors().energy(carrier, use, DAY, boundary).code in ("exact", "wider_region")


def test_published_chinese_truck_stays_a_reference() -> None:
    """GB/T 51366 states no boundary: citable, never used on its own; the truck default borrows the British row."""
    table = load_factors()
    assert table.get("gbt51366-heavy30", DAY).boundary == "unstated"
    match = table.transport_default(Mode.ROAD, 49.0, DAY, Boundary.WTW_CO2E)
    assert (match.factor.factor_id, match.code) == ("defra25-hgv-artic-gt33-avg", "other_region")


def damaged(directory: Path, changes: dict[str, dict[str, str]], doubles: tuple[str, ...] = ()) -> Path:
    """A copy of the shipped table with some cells changed and some rows repeated under version 2."""
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update(changes.get(row["factor_id"], {}))
    rows += [{**row, "version": "2"} for row in rows if row["factor_id"] in doubles]
    with (directory / "factors.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return directory


def test_a_copied_table_has_the_same_version(tmp_path: Path) -> None:
    """The version depends on content, not on where the file lies."""
    shutil.copy(SHIPPED, tmp_path / "factors.csv")
    assert load_factors(tmp_path).version == load_factors().version


def test_all_faults_of_a_damaged_table_at_once(tmp_path: Path) -> None:
    """Each kind of incoherence is named with row, column, code and a remedy in both languages."""
    directory = damaged(
        tmp_path,
        {
            "fuel-diesel-cn-ndrc": {"ttw_kg": ""},
            "defra25-rail": {"wtw_kg": "0.05"},
            "cn-macro-road": {"valid_to": "2020-01-01"},
            "defra25-bulk-0-9999": {"size_min_t": "10000", "size_max_t": "9000"},
            "electricity-china-2023-wtw": {"region": "CN-ZJ"},
            "cn-macro-rail": {"unit": "furlong"},
        },
        doubles=("defra25-hgv-artic-gt33-avg",),
    )
    with pytest.raises(NetworkDataError) as refusal:
        load_factors(directory)
    found = {(fault.code, fault.column) for fault in refusal.value.faults}
    assert found == {
        ("value_missing", "wtw_kg"),
        ("wtw_not_sum", "wtw_kg"),
        ("validity_reversed", "valid_to"),
        ("size_reversed", "size_max_t"),
        ("lookup_ambiguous", "use"),
        ("not_in_enum", "unit"),
        ("validity_overlap", "valid_from"),
    }
    assert all(fault.row and fault.message.zh and fault.message.en for fault in refusal.value.faults)


def test_consecutive_versions_do_not_overlap(tmp_path: Path) -> None:
    """Closing the old version the day before the new one begins is sound."""
    directory = damaged(tmp_path, {}, doubles=("defra25-rail",))
    text = (directory / "factors.csv").read_text(encoding="utf-8").splitlines()
    old = [i for i, line in enumerate(text) if line.startswith("defra25-rail,1,")]
    new = [i for i, line in enumerate(text) if line.startswith("defra25-rail,2,")]
    text[old[0]] = text[old[0]].replace("2025-01-01,,", "2025-01-01,2025-12-31,")
    text[new[0]] = text[new[0]].replace("2025-01-01,,", "2026-01-01,,")
    (directory / "factors.csv").write_text("\n".join(text) + "\n", encoding="utf-8")
    table = load_factors(directory)
    assert [table.get("defra25-rail", day).version for day in (date(2025, 7, 1), DAY)] == ["1", "2"]
