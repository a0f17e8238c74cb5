"""The calculation sheet of a quote: the same grams again, in text, JSON and cells that reckon themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer import actions
from optimizer.documents.quote_sheet import quote_sheet_document, quote_sheet_json, quote_sheet_text, quote_sheet_xlsx
from optimizer.emissions.arithmetic import reckon, renamed
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.emissions.operations import hub_operation, rail_operation, truck_operation, vessel_operation
from optimizer.emissions.workings import EMPTY_SHARE, Input, hub_working, rail_working, truck_working, vessel_working
from optimizer.errors import ConflictError
from optimizer.network.reader import read_network
from optimizer.planning.files.shipment_file import shipments_from_records
from optimizer.planning.quote.sheet import QuoteSheet, grams_of
from optimizer.quantities import CHINA_TIME
from tests.documents.spreadsheet import Spreadsheet

NETWORK, FACTORS = read_network(None), load_factors()
ON = date(2026, 10, 5)
AT = datetime(2026, 10, 5, 8, tzinfo=CHINA_TIME)


def made(origin: str, destination: str, cargo: str, mass_t: float) -> QuoteSheet:
    """A sheet on the shipped network."""
    record = {
        "shipment_id": "q", "shipper_id": "q", "origin": origin, "destination": destination, "cargo_code": cargo,
        "mass_t": mass_t, "ready_at": "2026-10-05T08:00", "due_at": "2026-10-15T08:00",
    }  # fmt: skip
    (shipment,) = shipments_from_records([record], NETWORK)
    desk = actions.QuoteDesk(NETWORK, FACTORS)
    return desk.explain(desk.quote(shipment))


@pytest.fixture(scope="module")
def sheet() -> QuoteSheet:
    """Coal from the sea port up the river: road, barge, river-sea ship."""
    return made("ZP", "JU", "coal", 1600.123)


def test_grams_come_again_from_the_lines_own_numbers(sheet: QuoteSheet) -> None:
    """Every leg to the gram, legs add up to the option, and the saving is road less option."""
    road = next(option for option in sheet.options if option.is_baseline)
    assert {line.rule for option in sheet.options for line in option.lines} == {"hub", "service", "voyage"}
    for option in sheet.options:
        for line in option.lines:
            assert grams_of(line) == (line.ttw_g, line.wtw_g)
        assert sum(line.wtw_g for line in option.lines) == option.wtw_g
        assert option.saving_g in (None, road.wtw_g - option.wtw_g)


def test_the_json_alone_gives_the_grams(sheet: QuoteSheet) -> None:
    """A reader with nothing but the document does the sums in it: inputs, formula, factor, mass, distance."""
    document = json.loads(quote_sheet_json(sheet))
    for option in document["options"]:
        for leg in option["legs"]:
            assert grams_by_hand(leg) == (leg["co2e_ttw_g"], leg["co2e_wtw_g"])
    assert {f["factor_id"] for f in document["factors"]} == {
        one for option in document["options"] for leg in option["legs"] for one in leg["factor_ids"]
    }


def grams_by_hand(leg: dict[str, Any]) -> tuple[int, int]:
    """TTW and WTW from the JSON, with Python as the pocket calculator."""
    ttw = wtt = 0.0
    for step in leg["steps"]:
        values = {one["symbol"]: one["value"] for one in step["inputs"]}
        amount = eval(step["formula"], {"__builtins__": {}}, values)  # a formula of our own
        ttw, wtt = ttw + amount * step["ttw_kg"], wtt + amount * step["wtt_kg"]
    if not leg["steps"]:
        ttw, wtt = leg["ttw_kg_per_unit"], leg["wtt_kg_per_unit"]
    t, km = leg["mass_kg"] / 1000, leg["distance_km"]
    rules = {"hub": lambda r: r * t, "service": lambda r: r * km * t, "voyage": lambda r: r * (t * km)}
    return round(rules[leg["rule"]](ttw) * 1000), round(rules[leg["rule"]](ttw + wtt) * 1000)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_workbook_reckons_the_same_grams(sheet: QuoteSheet, lang: Any) -> None:
    """Every formula, reckoned by a second program from the numbers in the cells, gives the engine's stored result."""
    book = Spreadsheet(quote_sheet_xlsx(sheet, lang, AT))
    formulas = book.formulas()
    legs = sum(len(option.lines) for option in sheet.options)
    assert len(formulas) >= 5 * legs
    for page, cell in formulas:
        assert book.value(page, cell) == pytest.approx(book.stored_value(page, cell), rel=1e-15, abs=1e-12), (
            page,
            cell,
        )


def test_the_workbook_is_live(sheet: QuoteSheet) -> None:
    """Ten per cent more empty fuel of one class reaches the grams of its legs and the saving of its option."""
    content = quote_sheet_xlsx(sheet, "en", AT)
    before = Spreadsheet(content)
    column = "F"  # E, consumption empty
    row = next(
        number
        for number in range(2, 60)
        if str(before.book["Intensities"][f"D{number}"].value).startswith("(E + (L - E) * W")
    )
    option, leg = (int(before.value("Intensities", f"{name}{row}")) for name in "AB")
    more = before.value("Intensities", f"{column}{row}") * 1.1
    after = Spreadsheet(content, {("Intensities", f"{column}{row}"): more})
    at = next(
        n
        for n in range(2, 99)
        if (before.value("Leg by leg", f"A{n}"), before.value("Leg by leg", f"B{n}")) == (option, leg)
    )
    assert after.value("Leg by leg", f"N{at}") > before.value("Leg by leg", f"N{at}")
    saved = next(n for n in range(1, 40) if before.book["Options"][f"A{n}"].value == option)
    moved = after.value("Leg by leg", f"N{at}") - before.value("Leg by leg", f"N{at}")
    assert before.value("Options", f"E{saved}") - after.value("Options", f"E{saved}") == pytest.approx(moved)


def test_equal_sheets_are_equal_bytes(sheet: QuoteSheet) -> None:
    """Nothing of the clock or of order is in them."""
    again = made("ZP", "JU", "coal", 1600.123)
    assert quote_sheet_json(sheet) == quote_sheet_json(again)
    assert quote_sheet_xlsx(sheet, "zh", AT) == quote_sheet_xlsx(again, "zh", AT)


def test_text_names_inputs_sources_and_factors(sheet: QuoteSheet) -> None:
    """Both languages; every factor with its source, every consumption with its evidence."""
    for lang in ("zh", "en"):
        text = quote_sheet_text(sheet, lang)  # type: ignore[arg-type]
        assert sheet.factors_version in text
        assert all(factor.provenance.source in text for factor in sheet.factors)
        assert "(E + (L - E) * W / C + E * (e / (1 - e))) / W" in text
        assert f"{sheet.options[0].wtw_g:,}" in text


def test_by_rail_the_factor_is_the_intensity() -> None:
    """No steps then; the sum is mass, distance and the row."""
    by_rail = made("ZP", "ZH", "container_general", 500)
    rail = [line for option in by_rail.options for line in option.lines if line.mode == "Rail"]
    assert rail
    for line in rail:
        assert line.working.steps == ()
        assert grams_of(line) == (line.ttw_g, line.wtw_g)


def test_another_table_is_refused(sheet: QuoteSheet) -> None:
    """A sheet that would not give the quote's grams is not made."""
    (shipment,) = [sheet.shipment]
    answer = actions.QuoteDesk(NETWORK, FACTORS).quote(shipment)
    other = FactorTable(
        replace(f, ttw_kg=f.ttw_kg * 1.01, wtw_kg=None) if f.ttw_kg and f.gas_basis == "CO2e" else f
        for f in FACTORS.factors
    )
    with pytest.raises(ConflictError, match="recomputed"):
        actions.QuoteDesk(NETWORK, other).explain(answer)


def test_workings_are_the_engine() -> None:
    """Class by class, the steps of a sheet multiply to the very intensity that the planner uses."""
    empty = Input("e", 0.3, "", EMPTY_SHARE)
    for vessel in NETWORK.vessel_classes.values():
        if vessel.fuel_loaded_kg_per_km > 0:
            for load_t in (1.0, vessel.capacity_t / 3, vessel.capacity_t):
                steps = vessel_working(vessel, load_t, empty, FACTORS, ON)
                engine = vessel_operation(vessel, load_t, 0.3, FACTORS, ON)
                assert (steps.ttw_kg, steps.wtt_kg, steps.factor_ids) == (
                    engine.ttw_kg,
                    engine.wtt_kg,
                    engine.factor_ids,
                )
    for truck in NETWORK.truck_classes.values():
        if truck.fuel_loaded_kg_per_km > 0:
            driven, engine = truck_working(truck, FACTORS, ON), truck_operation(truck, FACTORS, ON)
            assert (driven.ttw_kg, driven.wtt_kg) == (engine.ttw_kg, engine.wtt_kg)
    for terminal in NETWORK.terminals.values():
        handled, engine = hub_working(terminal, FACTORS, ON), hub_operation(terminal, FACTORS, ON)
        assert (handled.ttw_kg, handled.wtt_kg) == (engine.ttw_kg, engine.wtt_kg)
    assert rail_working(FACTORS, ON).ttw_kg == rail_operation(FACTORS, ON).ttw_kg


def test_an_assumed_field_of_a_published_row_is_called_assumed() -> None:
    """The energy of a terminal is our judgement even where its throughput was published."""
    for terminal in NETWORK.terminals.values():
        for step in hub_working(terminal, FACTORS, ON).steps:
            field = {"D": "diesel_kg_per_t", "K": "electricity_kwh_per_t"}[step.inputs[0].symbol]
            assumed = field in terminal.provenance.assumed_fields
            assert (step.inputs[0].evidence == "assumed") == (assumed or terminal.provenance.evidence == "assumed")
            assert assumed, "every terminal's energy is assumed so far; a measured one is good news: change this line"


@pytest.mark.parametrize("text", ["__import__('os')", "a.b", "a ** 2", "f(1)", "1 if a else 2", "(", "True", "-a"])
def test_a_formula_is_arithmetic_and_nothing_else(text: str) -> None:
    """It is reckoned, never run."""
    with pytest.raises(ValueError, match="not"):
        reckon(text, {"a": 1.0})


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.floats(0, 0.9))
def test_formulas_reckon_as_python_does(a: float, b: float, e: float) -> None:
    """To the last bit, and renaming keeps every other character."""
    assert reckon("(a + b * (e / (1 - e))) / b", {"a": a, "b": b, "e": e}) == (a + b * (e / (1 - e))) / b
    assert renamed("(a + b * 2) / a", {"a": "E5", "b": "F5"}) == "(E5 + F5 * 2) / E5"


def test_a_document_holds_no_credit(sheet: QuoteSheet) -> None:
    """A quote is an estimate."""
    assert "credited" not in json.dumps(quote_sheet_document(sheet))
