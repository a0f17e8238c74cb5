"""A chains file in, the same rows with emissions out: arithmetic, faults, totals, files as people have them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.bench.chains import write_chains
from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.chain import HubElement, TransportElement, element_footprint
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.emissions.footprint import RateRules, compute, footprint_of, legs_of, read_chains
from optimizer.emissions.footprint.faults import SENTENCES, RowFault, fault_text
from optimizer.emissions.footprint.rates import CARRIERS, KG_PER_L
from optimizer.emissions.operations import energy_rates
from optimizer.errors import InputError
from optimizer.network.model import Mode
from tests.emissions.footprint.sheet import ON, codes, csv_text, footprints, row, total
from tests.emissions.world import energy_factors, factor, intensity

SHIPPED = load_factors()
VESSEL = "iww-motor-vessel-650-999-wtw"
RAIL = "defra25-rail"
DIESEL = {"energy_carrier": "Diesel", "energy_amount": "100", "energy_unit": "kg", "share": "0.25"}


def table(**per_tkm: Any) -> FactorTable:
    """Round factors: truck 0.1 (0.08 + 0.02) per tkm, hub 2.0 per t, box 0.5 per TEUkm, lift 30 per TEU, and fuels."""
    whole = {"wtw_kg": None, "gas_basis": "CO2e", "boundary": "wtw"}
    rows = [
        factor("truck", mode="road", unit="tkm", ttw_kg=0.08, wtt_kg=0.02, **{**whole, **per_tkm}),
        factor("hub", mode="hub", unit="t", ttw_kg=1.5, wtt_kg=0.5, **whole),
        factor("box", mode="sea", unit="TEUkm", ttw_kg=0.4, wtt_kg=0.1, **whole),
        factor("lift", mode="hub", unit="TEU", ttw_kg=24.0, wtt_kg=6.0, **whole),
        factor("co2", mode="road", unit="tkm", ttw_kg=0.07, gas_basis="CO2", boundary="ttw"),
        factor("vague", mode="road", unit="tkm", wtw_kg=0.078, boundary="unstated"),
    ]
    fuels = energy_factors("Diesel", 3.2, 0.8, 3.0, 1.5) + energy_factors("Electric", 0.0, 0.6, 0.0, 0.1)
    return FactorTable(rows + fuels)


def test_a_chain_by_hand(tmp_path: Path) -> None:
    """20 t over 100 km at 0.1, one hub at 2 per t, a quarter of 100 kg diesel at 4: 200 + 40 + 100 kg."""
    lines = footprints(
        tmp_path,
        [
            row("A", 1, mass_t=20, distance_km=100, factor_id="truck"),
            row("A", 2, "hub", 20, factor_id="hub"),
            row("A", 3, mass_t=20, distance_km=50, **DIESEL),
        ],
        table(),
    )
    assert [line["co2e_wtw_kg"] for line in lines] == ["200.000000", "40.000000", "100.000000", "340.000000"]
    assert [line["co2e_ttw_kg"] for line in lines] == ["160.000000", "30.000000", "80.000000", "270.000000"]
    assert [line["co2e_wtt_kg"] for line in lines] == ["40.000000", "10.000000", "20.000000", "70.000000"]
    assert [line["activity_tkm"] for line in lines] == ["2000.000000", "", "1000.000000", "3000.000000"]
    assert [line["data_tier"] for line in lines] == ["assumed", "assumed", "primary", "assumed"]
    assert [line["seq"] for line in lines] == ["1", "2", "3", ""]
    assert {line["boundary"] for line in lines} == {"wtw_co2e"}
    assert lines[0]["factor_ids"] == "truck@1"


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"chain_id": ""}, "chain_id_missing"),
        ({"seq": "1.5"}, "seq_not_integer"),
        ({"seq": ""}, "seq_not_integer"),
        ({"seq": "-1"}, "seq_not_integer"),
        ({"kind": "ship"}, "kind_unknown"),
        ({"mass_t": "0"}, "mass_not_positive"),
        ({"mass_t": "-3"}, "mass_not_positive"),
        ({"mass_t": "nan"}, "mass_not_positive"),
        ({"mass_t": "inf"}, "mass_not_positive"),
        ({"mass_t": ""}, "mass_not_positive"),
        ({"mass_t": "12 t"}, "mass_not_positive"),
        ({"mass_t": "1,200"}, "mass_not_positive"),
        ({"distance_km": ""}, "distance_missing"),
        ({"distance_km": "0"}, "distance_not_positive"),
        ({"distance_km": "-5"}, "distance_not_positive"),
        ({"distance_km": "far"}, "distance_not_positive"),
        ({"distance_km": "nan"}, "distance_not_positive"),
        ({"distance_km": "inf"}, "distance_not_positive"),
        ({"distance_basis": "crow"}, "basis_unknown"),
        ({"distance_adjustment": "0.9"}, "adjustment_below_one"),
        ({"distance_adjustment": "nan"}, "adjustment_below_one"),
        ({"mode": "Donkey"}, "mode_unknown"),
        ({"mode": "Hub"}, "mode_mismatch"),
        ({"on": "1.10.2026"}, "day_unreadable"),
        ({"on": "2026-02-30"}, "day_unreadable"),
        ({"teu": "0"}, "teu_not_positive"),
        ({"teu": "nan"}, "teu_not_positive"),
        ({"factor_id": ""}, "neither_factor_nor_energy"),
        ({**DIESEL}, "factor_and_energy"),
        ({"factor_id": "nobody"}, "factor_unknown"),
        ({"on": "2020-01-01"}, "factor_not_valid"),
        ({"factor_id": "hub"}, "factor_unfit"),
        ({"factor_id": "Diesel-wtw"}, "factor_unfit"),
        ({"factor_id": "vague"}, "boundary_unstated"),
        ({"factor_id": "box"}, "teu_missing"),
        ({"factor_id": "", **DIESEL, "energy_carrier": "Coal"}, "carrier_unknown"),
        ({"factor_id": "", **DIESEL, "energy_carrier": ""}, "carrier_unknown"),
        ({"factor_id": "", **DIESEL, "energy_unit": "t"}, "unit_unknown"),
        ({"factor_id": "", **DIESEL, "energy_unit": ""}, "unit_unknown"),
        ({"factor_id": "", **DIESEL, "energy_unit": "kWh"}, "unit_unfit"),
        ({"factor_id": "", **DIESEL, "energy_carrier": "Hydrogen"}, "energy_factor_missing"),
        ({"factor_id": "", **DIESEL, "on": "2020-01-01"}, "energy_factor_missing"),
        ({"factor_id": "", **DIESEL, "energy_amount": ""}, "amount_not_a_number"),
        ({"factor_id": "", **DIESEL, "energy_amount": "-1"}, "amount_not_a_number"),
        ({"factor_id": "", **DIESEL, "energy_amount": "NaN"}, "amount_not_a_number"),
        ({"factor_id": "", **DIESEL, "energy_amount": "inf"}, "amount_not_a_number"),
        ({"factor_id": "", **DIESEL, "share": "-0.5"}, "share_outside"),
        ({"factor_id": "", **DIESEL, "share": "inf"}, "share_outside"),
        ({"factor_id": "", **DIESEL, "share": "0"}, "share_outside"),
        ({"factor_id": "", **DIESEL, "share": "1.0001"}, "share_outside"),
        ({"factor_id": "", **DIESEL, "share": ""}, "share_outside"),
        ({"factor_id": "", **DIESEL, "share": "NaN"}, "share_outside"),
        ({"mass_t": "1e12", "distance_km": "1e9"}, "too_large"),
    ],
)
def test_a_wrong_row_says_so_and_fails_its_chain_and_no_other(tmp_path: Path, cells: dict[str, str], code: str) -> None:
    """The row names its fault, its chain has no numbers anywhere, the chain beside it is whole."""
    wrong = {**row("A", 1, mass_t=20, distance_km=100, factor_id="truck"), **cells}
    mate = row(wrong["chain_id"], 2, mass_t=20, distance_km=100, factor_id="truck")
    good = row("G", 1, mass_t=20, distance_km=100, factor_id="truck")
    if "distance_basis" in cells:
        mate["distance_basis"] = good["distance_basis"] = "actual"
    lines = footprints(tmp_path, [wrong, mate, good], table())
    assert codes(lines[0]) == {code}
    assert not any(line["co2e_wtw_kg"] or line["activity_tkm"] or line["data_tier"] for line in lines[:3])
    assert "chain_failed" in codes(total(lines, wrong["chain_id"]))
    assert total(lines, "G")["co2e_wtw_kg"] == "200.000000"
    assert not total(lines, "G")["error"]


def test_a_hub_with_a_distance_is_not_a_hub(tmp_path: Path) -> None:
    """Somebody meant a leg; a zero is harmless."""
    lines = footprints(
        tmp_path,
        [row("A", 1, "hub", 5, distance_km=3, factor_id="hub"), row("B", 1, "hub", 5, distance_km=0, factor_id="hub")],
        table(),
    )
    assert codes(lines[0]) == {"distance_on_hub"}
    assert total(lines, "B")["co2e_wtw_kg"] == "10.000000"


def test_a_sequence_number_stands_once_in_its_chain(tmp_path: Path) -> None:
    """Also where the rows of a chain stand apart; another chain may use the number again."""
    leg = {"mass_t": 1, "distance_km": 1, "factor_id": "truck"}
    lines = footprints(
        tmp_path, [row("A", 7, **leg), row("B", 7, **leg), row("A", 7, **leg), row("A", 8, **leg)], table()
    )
    assert [codes(line) for line in lines if line["seq"]] == [
        {"seq_duplicate"}, set(), {"seq_duplicate"}, {"chain_failed"},
    ]  # fmt: skip
    assert total(lines, "B")["co2e_wtw_kg"] == "0.100000"


def test_boundaries_do_not_mix_inside_a_chain(tmp_path: Path) -> None:
    """CO2e of provision and operation and CO2 of operation have no sum; each alone computes."""
    leg = {"mass_t": 1, "distance_km": 100}
    lines = footprints(
        tmp_path,
        [
            row("M", 1, factor_id="truck", **leg),
            row("M", 2, factor_id="co2", **leg),
            row("C", 1, factor_id="co2", **leg),
            row("E", 1, **leg, **DIESEL),
            row("E", 2, factor_id="co2", **leg),
        ],
        table(),
    )
    assert [codes(line) for line in lines if line["seq"]] == [
        {"boundary_mixed"}, {"boundary_mixed"}, set(), {"boundary_mixed"}, {"boundary_mixed"},
    ]  # fmt: skip
    alone = total(lines, "C")
    assert (alone["co2e_ttw_kg"], alone["co2e_wtt_kg"], alone["co2e_wtw_kg"]) == ("7.000000", "", "")
    assert alone["boundary"] == "ttw_co2"


def test_energy_rows_join_a_ttw_chain_when_asked(tmp_path: Path) -> None:
    """With the other boundary chosen, 25 kg of diesel are 75 kg CO2 of the operation, beside 7 of the truck."""
    leg = {"mass_t": 1, "distance_km": 100}
    lines = footprints(
        tmp_path,
        [row("A", 1, **leg, **DIESEL), row("A", 2, factor_id="co2", **leg)],
        table(),
        rules=RateRules(Boundary.TTW_CO2),
    )
    assert total(lines, "A")["co2e_ttw_kg"] == "82.000000"
    assert total(lines, "A")["co2e_wtw_kg"] == ""


def test_an_unstated_boundary_is_used_only_where_somebody_says_so_and_is_flagged(tmp_path: Path) -> None:
    """It then stands under its own name and its sum has no parts."""
    lines = footprints(
        tmp_path,
        [row("A", 1, mass_t=10, distance_km=100, factor_id="vague")],
        table(),
        rules=RateRules(allow_unstated=True),
    )
    whole = total(lines, "A")
    assert (whole["co2e_wtw_kg"], whole["co2e_ttw_kg"], whole["boundary"]) == ("78.000000", "", "unstated_co2e")


@pytest.mark.parametrize(
    ("factor_basis", "row_basis", "adjustment", "kg"),
    [
        ("actual", "actual", "", "10.000000"),
        ("actual", "sfd", "1.05", "10.500000"),
        ("actual", "gcd", "1.2", "12.000000"),
        ("sfd", "sfd", "", "10.000000"),
        ("sfd", "actual", "1.25", "8.000000"),
        ("gcd", "actual", "1.25", "8.000000"),
        ("", "sfd", "1.05", "10.000000"),
    ],
)
def test_the_distance_adjustment_is_applied_where_the_bases_differ_and_only_there(
    tmp_path: Path, factor_basis: str, row_basis: str, adjustment: str, kg: str
) -> None:
    """An intensity per actual tkm needs the longer distance; one with the adjustment inside must not get it twice. The
    activity stays on the distance that was given."""
    leg = row("A", 1, mass_t=1, distance_km=100, factor_id="truck")
    lines = footprints(
        tmp_path,
        [{**leg, "distance_basis": row_basis, "distance_adjustment": adjustment}],
        table(distance_basis=factor_basis),
    )
    assert total(lines, "A")["co2e_wtw_kg"] == kg
    assert total(lines, "A")["activity_tkm"] == "100.000000"


@pytest.mark.parametrize(
    ("factor_basis", "row_basis", "code"),
    [("actual", "sfd", "adjustment_missing"), ("sfd", "gcd", "basis_unfit"), ("actual", "", "basis_missing")],
)
def test_bases_that_do_not_meet_are_refused(tmp_path: Path, factor_basis: str, row_basis: str, code: str) -> None:
    """No adjustment given, none possible, or a distance whose basis nobody stated."""
    leg = {**row("A", 1, mass_t=1, distance_km=100, factor_id="truck"), "distance_basis": row_basis}
    lines = footprints(tmp_path, [leg], table(distance_basis=factor_basis))
    assert codes(lines[0]) == {code}


@pytest.mark.parametrize(("factor_basis", "code"), [("sfd", "basis_missing"), ("gcd", "basis_missing"), ("actual", "")])
def test_a_file_without_bases_meets_no_factor_that_adjusts(tmp_path: Path, factor_basis: str, code: str) -> None:
    """A factor per shortest or great-circle tkm has the detour inside; a driven distance would count it twice, and a
    file without the column does not say which distance it holds. Of a plain file the distances count as driven."""
    leg = row("A", 1, mass_t=1, distance_km=100, factor_id="truck")
    lines = footprints(tmp_path, [leg], table(distance_basis=factor_basis))
    assert codes(lines[0]) == ({code} if code else set())


def test_factors_per_teu(tmp_path: Path) -> None:
    """3 boxes over 100 km at 0.5, lifted once at 30 each, their mass unknown; the activity in tkm then is too."""
    lines = footprints(
        tmp_path,
        [row("A", 1, distance_km=100, factor_id="box", teu=3), row("A", 2, "hub", factor_id="lift", teu=3)],
        table(),
    )
    whole = total(lines, "A")
    assert (whole["co2e_wtw_kg"], whole["activity_tkm"]) == ("240.000000", "")


def test_litres_go_by_density(tmp_path: Path) -> None:
    """100 l of diesel are 84.4 kg, at 4 kg each."""
    litres = {**DIESEL, "energy_unit": "L", "share": "1"}
    lines = footprints(tmp_path, [row("A", 1, mass_t=1, distance_km=1, **litres)], table())
    assert float(lines[0]["co2e_wtw_kg"]) == pytest.approx(100 * KG_PER_L["Diesel"] * 4.0, abs=1e-6)


@pytest.mark.parametrize("mode", [Mode.ROAD, Mode.INLAND_WATERWAY, Mode.SEA, Mode.RAIL])
def test_the_mode_chooses_the_fuels_factor(tmp_path: Path, mode: Mode) -> None:
    """The same kilogram of diesel emits differently in a truck, a ship and a locomotive; no mode is road."""
    use = {Mode.ROAD: "road", Mode.INLAND_WATERWAY: "inland_waterway", Mode.SEA: "sea", Mode.RAIL: "rail"}[mode]
    burnt = {**DIESEL, "energy_amount": "1", "share": "1"}
    lines = footprints(
        tmp_path,
        [row("A", 1, mass_t=1, distance_km=1, mode=mode.value, **burnt), row("B", 1, mass_t=1, distance_km=1, **burnt)],
        SHIPPED,
    )
    rates = energy_rates("Diesel", use, SHIPPED, ON)
    road = energy_rates("Diesel", "road", SHIPPED, ON)
    assert float(lines[0]["co2e_wtw_kg"]) == pytest.approx(rates.ttw_kg + rates.wtt_kg, abs=1e-6)
    assert float(total(lines, "B")["co2e_wtw_kg"]) == pytest.approx(road.ttw_kg + road.wtt_kg, abs=1e-6)


def test_a_row_may_name_its_day(tmp_path: Path) -> None:
    """Two versions of a factor: each day gets its own."""
    old = factor("f", mode="road", unit="tkm", ttw_kg=0.2, wtt_kg=0.0, valid_to=date(2025, 12, 31))
    new = factor("f", version="2", mode="road", unit="tkm", ttw_kg=0.1, wtt_kg=0.0, valid_from=date(2026, 1, 1))
    leg = {"mass_t": 1, "distance_km": 10, "factor_id": "f"}
    rows = [row("A", 1, on="2025-06-01", **leg), row("B", 1, on="2026-06-01", **leg), row("C", 1, **leg)]
    lines = footprints(tmp_path, rows, FactorTable([old, new]))
    assert [line["co2e_wtw_kg"] for line in lines if line["seq"]] == ["2.000000", "1.000000", "1.000000"]
    assert [line["factor_ids"] for line in lines if line["seq"]] == ["f@1", "f@2", "f@2"]


AMOUNTS = st.decimals("0.001", "5000", places=3)
FILES = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), AMOUNTS, st.decimals("0.1", "3000", places=1)), min_size=1, max_size=30
)


@given(FILES)
@settings(max_examples=40, deadline=None)
def test_rows_come_back_as_written_and_totals_add_up_exactly(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, bool, Decimal, Decimal]]
) -> None:
    """Whatever the order of rows: the file's cells are unchanged and each total is the sum of its printed rows."""
    written = [
        row(f"C{chain}", number, "hub", mass, factor_id="hub")
        if hub
        else row(f"C{chain}", number, mass_t=mass, distance_km=km, factor_id="truck")
        for number, (chain, hub, mass, km) in enumerate(rows)
    ]
    lines = footprints(tmp_path_factory.mktemp("chains"), written, table())
    echoed = [{name: line[name] for name in cells} for line, cells in zip(
        (line for line in lines if line["seq"]), written, strict=True)]  # fmt: skip
    assert echoed == written
    for name in ("activity_tkm", "co2e_ttw_kg", "co2e_wtt_kg", "co2e_wtw_kg"):
        for chain in {cells["chain_id"] for cells in written}:
            parts = [Decimal(line[name] or 0) for line in lines if line["chain_id"] == chain and line["seq"]]
            assert Decimal(total(lines, chain)[name]) == sum(parts)
    for line in lines:
        assert Decimal(line["co2e_wtw_kg"]) == Decimal(line["co2e_ttw_kg"]) + Decimal(line["co2e_wtt_kg"])


@given(
    st.lists(
        st.tuples(st.integers(1, 5_000_000), st.floats(0.1, 3000.0), st.floats(0.0, 0.5), st.booleans()),
        min_size=1,
        max_size=20,
    )
)
@settings(max_examples=60, deadline=None)
def test_in_grams_it_is_the_arithmetic_of_single_chains(rows: list[tuple[int, float, float, bool]]) -> None:
    """The vectorised code and ``emissions.chain`` agree on every gram of operation and provision."""
    factors, cells, expected = [], [], []
    for number, (mass_kg, km, rate, hub) in enumerate(rows):
        per_unit = intensity(rate, "t" if hub else "tkm")
        factors.append(
            factor(f"f{number}", mode="hub" if hub else "road", unit=per_unit.unit, ttw_kg=per_unit.ttw_kg,
                   wtt_kg=per_unit.wtt_kg)
        )  # fmt: skip
        element = (
            HubElement(mass_kg, "H", per_unit)
            if hub
            else TransportElement(Mode.ROAD, mass_kg, km, "sfd", "A>B", per_unit)
        )
        expected.append(element_footprint(element, table(), ON).wtw_co2e)
        cells.append(
            (
                "C",
                str(number),
                "hub" if hub else "transport",
                repr(mass_kg / 1000),
                "" if hub else repr(km),
                f"f{number}",
            )
        )
    names = ("chain_id", "seq", "kind", "mass_t", "distance_km", "factor_id")
    columns = dict(zip(names, zip(*cells, strict=True), strict=True))
    arrow = {name: pa.array([cell or None for cell in column], pa.string()) for name, column in columns.items()}
    result = compute(legs_of(arrow, FactorTable(factors), ON, RateRules()), steps_per_g=1)
    assert result.rows.ttw.tolist() == [amount.ttw_g for amount in expected]
    assert result.rows.wtt.tolist() == [amount.wtt_g for amount in expected]
    assert result.totals.wtw.tolist() == [sum(amount.total_g for amount in expected)]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("gb18030"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace("\n", "\n\n").encode(),
        lambda text: text.rstrip("\n").encode(),
    ],
    ids=["utf8-mark", "gb18030", "crlf", "cr", "blank lines", "no final newline"],
)
def test_files_as_people_have_them(tmp_path: Path, encode: Callable[[str], bytes]) -> None:
    """Chinese names, commas and quotes inside cells, and extra columns survive every usual encoding and line end."""
    rows = [
        {**row('衢州,"港"', 1, mass_t=20, distance_km=100, factor_id="truck"), "备注": "煤，第一批"},
        {**row("B", 1, mass_t=20, distance_km=100, factor_id="truck"), "备注": ""},
    ]
    lines = footprints(tmp_path, encode(csv_text(rows)), table(), lang="zh")
    assert lines[0]["chain_id"] == '衢州,"港"'
    assert lines[0]["备注"] == "煤，第一批"
    assert [line["co2e_wtw_kg"] for line in lines] == ["200.000000"] * 4


def test_chinese_headers_are_understood(tmp_path: Path) -> None:
    """The sheet of a planner who writes no English."""
    text = "运输链编号,序号,类型,重量(吨),里程(公里),因子编号\nA,1,transport,20,100,truck\n"
    lines = footprints(tmp_path, text, table())
    assert total(lines, "A")["co2e_wtw_kg"] == "200.000000"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\xef\xbb\xbf\n", "file_empty"),
        (b"chain_id,seq\nA,1\n", "column_missing"),
        (csv_text([row("A", 1)]).replace("share", "error").encode(), "column_reserved"),
        (csv_text([row("A", 1)]).replace("share", "seq").encode(), "column_duplicate"),
        (csv_text([row("A", 1)]).encode() + b"A,2\n", "field_count"),
        (b"\xff\xfea\x00", "encoding_unknown"),
        (csv_text([row("A", 1)]).encode() + b"\xff\xff,1\n", "encoding_unknown"),
    ],
)
def test_a_file_that_is_no_table_is_refused_whole(tmp_path: Path, content: bytes, code: str) -> None:
    """With its name, and both languages."""
    source = tmp_path / "chains.csv"
    source.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        read_chains(source)
    assert code in {fault.code for fault in refusal.value.faults}
    assert all(fault.file == "chains.csv" and fault.message.zh and fault.message.en for fault in refusal.value.faults)


def test_a_ragged_row_is_named_by_its_line(tmp_path: Path) -> None:
    """The header is line 1; every such row is listed."""
    source = tmp_path / "chains.csv"
    source.write_bytes(csv_text([row("A", 1)]).encode() + b"A,2\nB,1\n")
    with pytest.raises(InputError) as refusal:
        read_chains(source)
    assert [fault.row for fault in refusal.value.faults] == [3, 4]


def test_a_file_without_rows_gives_a_header(tmp_path: Path) -> None:
    """Nothing to compute is no fault."""
    assert footprints(tmp_path, csv_text([]), table()) == []


def test_slices_meet_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines put together in slices of three are those of one slice, totals in place, order kept."""
    leg = {"distance_km": 10}
    rows = [row(f"C{n // 4}", n, mass_t=n + 1, factor_id="nobody" if n == 9 else "truck", **leg) for n in range(40)]
    whole = footprints(tmp_path, rows, table())
    monkeypatch.setattr("optimizer.emissions.footprint.result_file.SLICE_ROWS", 3)
    assert footprints(tmp_path, rows, table()) == whole
    assert [line["chain_id"] for line in whole[:6]] == ["C0"] * 5 + ["C1"]


def test_the_result_quotes_what_needs_it(tmp_path: Path) -> None:
    """A factor id with a comma and a chain id with a quote come back through any CSV reader."""
    odd = FactorTable([factor("a,b", mode="road", unit="tkm", ttw_kg=1.0, wtt_kg=0.0)])
    lines = footprints(tmp_path, [row('x"y', 1, mass_t=1, distance_km=1, factor_id="a,b")], odd)
    assert (lines[0]["factor_ids"], lines[1]["chain_id"]) == ("a,b@1", 'x"y')


def test_a_line_break_inside_a_cell_is_refused(tmp_path: Path) -> None:
    """Rows are repeated line by line; a row of two lines would push every result beside the wrong row."""
    text = csv_text([row("A", 1, mass_t=1, distance_km=1, factor_id="truck")]).replace("A,", '"A\nA",')
    source = tmp_path / "chains.csv"
    source.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_chains(source)
    assert {fault.code for fault in refusal.value.faults} <= {"newline_in_cell", "field_count", "csv_malformed"}


def test_a_total_that_would_not_fit_fails_its_chain(tmp_path: Path) -> None:
    """1,200 rows, each sound, whose sum is beyond 64 bits: no number rather than a wrapped one; others go on."""
    rows = [row("big", n, mass_t=1e8, distance_km=900, factor_id="truck") for n in range(1200)]
    rows.append(row("small", 1, mass_t=1, distance_km=900, factor_id="truck"))
    lines = footprints(tmp_path, rows, table())
    assert codes(lines[0]) == {"too_large"}
    assert total(lines, "big")["co2e_wtw_kg"] == ""
    assert total(lines, "small")["co2e_wtw_kg"] == "90.000000"


def test_every_fault_has_a_sentence_in_both_languages() -> None:
    """And its text carries the code."""
    assert set(SENTENCES) == set(RowFault)
    for fault, sentence in SENTENCES.items():
        assert sentence.zh
        assert sentence.en
        assert fault_text(int(fault), "en").startswith(f"{fault.code}: ")


def test_carriers_are_those_of_ileap() -> None:
    """Twelve names, electricity among them."""
    assert len(CARRIERS) == 12
    assert {"Diesel", "HVO", "LNG", "HFO", "MGO", "Aviation fuel", "Hydrogen", "Methanol", "Electric"} <= set(CARRIERS)


def test_the_same_file_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads do not show in the result."""
    monkeypatch.setattr("optimizer.emissions.footprint.result_file.SLICE_ROWS", 500)
    source = tmp_path / "many.csv"
    write_chains(source, 20_000, 1)
    outs = []
    for _ in range(2):
        out = io.BytesIO()
        footprint_of(read_chains(source), SHIPPED, ON, out)
        outs.append(out.getvalue())
    assert outs[0] == outs[1]
    assert outs[0].count(b"\n") == 25_001


def test_sums_of_a_large_file_agree_with_plain_arithmetic(tmp_path: Path) -> None:
    """20,000 rows: the totals of barge legs are numpy's product within the rounding of a milligram each."""
    source = tmp_path / "many.csv"
    write_chains(source, 20_000, 2)
    out = io.BytesIO()
    footprint_of(read_chains(source), SHIPPED, ON, out)
    lines = [line for line in csv.DictReader(io.StringIO(out.getvalue().decode())) if line["factor_id"]]
    rates = {line["factor_id"]: SHIPPED.get(line["factor_id"]) for line in lines}
    expected = np.array(
        [
            float(line["mass_t"]) * float(line["distance_km"]) * ((f := rates[line["factor_id"]]).ttw_kg or 0.0)
            + float(line["mass_t"]) * float(line["distance_km"]) * (f.wtt_kg or 0.0)
            for line in lines
        ]
    )
    found = np.array([float(line["co2e_wtw_kg"]) for line in lines])
    assert np.abs(found - expected).max() <= 1.1e-6
