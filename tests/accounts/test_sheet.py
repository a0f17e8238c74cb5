"""The calculation sheet: every gram of a run again from the sheet's own numbers, and what moves them."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest

from optimizer import actions
from optimizer.accounts.calculation import CalculationRun, LotInputs, calculate
from optimizer.accounts.lot_chain import chain_of
from optimizer.accounts.sheet import calculation_sheet, grams_of
from optimizer.cli import cli
from optimizer.documents.calculation_sheet import sheet_json, sheet_text, sheet_xlsx
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.reduction import Contribution, shift_v1
from optimizer.emissions.sensitivity import influences, logging_gain
from optimizer.errors import ConflictError, UnknownRecordError
from optimizer.store.engine import Store
from tests.accounts.round_trips import shared_books
from tests.accounts.small_books import FUEL_LOGS, settled_books
from tests.accounts.test_calculation import run_of_lot
from tests.documents.spreadsheet import Spreadsheet
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

FACTORS = world_factors()
S1, S2 = world_waybills()
RUNS = [*settled_books().runs.values(), *shared_books().runs.values()]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.inputs.waybill_number}/{run.inputs.lot_no}")
def test_the_sheet_is_the_run_to_the_gram(run: CalculationRun) -> None:
    """Every line is the product of its numbers, the lines add up, and the total is what the accounts hold."""
    sheet = calculation_sheet(run, FACTORS)
    for line in sheet.lines:
        assert grams_of(line) == (line.ttw_g, line.wtt_g)
    sums = {side: sum(line.wtw_g for line in sheet.lines if line.side == side) for side in ("baseline", "project")}
    assert sums == {"baseline": run.result.baseline_wtw_g, "project": run.result.actual_wtw_g}
    assert sheet.reduction.credited_g == run.result.credited_wtw_g
    assert sums["baseline"] - sums["project"] == run.result.expected_wtw_g
    assert tuple(factor.factor_id for factor in sheet.factors) == run.result.factor_ids


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.inputs.waybill_number}/{run.inputs.lot_no}")
def test_the_json_re_adds_without_our_code(run: CalculationRun) -> None:
    """With nothing but the numbers in the file: what an auditor's own script would do."""
    document = json.loads(sheet_json(calculation_sheet(run, FACTORS)))
    for line in document["lines"]:
        if (log := line["log"]) is not None:
            kg = log["logged_g"] / 1000 * (1 + log["empty_fuel_ratio"])
            if (trip := line.get("round_trip")) is not None:
                out, back = trip["load_kg"], trip["return_load_kg"]
                kg *= float(
                    Fraction(out, out + back) * Fraction(trip["fuel_g"] + trip["return_fuel_g"], trip["fuel_g"])
                )
            kg += line["tour_borne_fuel_g"] / 1000 if line.get("tour") else 0
            amount = Fraction(kg) * Fraction(log["own_kg"], log["load_kg"]) * 1000
        else:
            amount = line["mass_kg"] * line["distance_km"] if line["unit"] == "tkm" else float(line["mass_kg"])
        rates = (Fraction(line[n]) if log else line[n] for n in ("ttw_kg", "wtt_kg"))
        assert [round(amount * rate) for rate in rates] == [line["ttw_g"], line["wtt_g"]]
    total = {
        side: sum(line["wtw_g"] for line in document["lines"] if line["side"] == side)
        for side in ("baseline", "project")
    }
    assert total["baseline"] - total["project"] == document["expected_g"] == run.result.expected_wtw_g
    assert document["credited_g"] == run.result.credited_wtw_g
    assert sum(item["share_of_variance"] for item in document["sensitivity"]) == pytest.approx(1)
    assert all(factor["page"] is not None and factor["provenance"]["source"] for factor in document["factors"])


def test_a_changed_factor_or_record_has_no_sheet() -> None:
    """A sheet never prints grams that are not those of the books."""
    run = run_of_lot(S1.number, 1)
    dearer = FactorTable(replace(f, ttw_kg=f.ttw_kg * 1.01) if f.ttw_kg else f for f in FACTORS.factors)
    with pytest.raises(ConflictError, match=FACTORS.version):
        calculation_sheet(run, dearer)
    forged = replace(run, result=replace(run.result, credited_wtw_g=run.result.credited_wtw_g + 1))
    with pytest.raises(ConflictError):
        calculation_sheet(forged, FACTORS)


def scaled_log(inputs: LotInputs, by: float) -> LotInputs:
    """More logged fuel."""
    project = tuple(
        replace(i, log=replace(i.log, logged_g=round(i.log.logged_g * by))) if i.log else i for i in inputs.project
    )
    return replace(inputs, project=project)


def scaled_mass(inputs: LotInputs, by: float) -> LotInputs:
    """More cargo on every element, and with it a larger part of a voyage."""
    sides = [
        tuple(
            replace(
                i,
                mass_kg=round(i.mass_kg * by),
                log=replace(i.log, own_kg=round(i.log.own_kg * by)) if i.log else None,
            )
            for i in side
        )
        for side in (inputs.baseline, inputs.project)
    ]
    return replace(inputs, baseline=sides[0], project=sides[1])


def scaled_road(inputs: LotInputs, by: float) -> LotInputs:
    """A longer road that would have been taken."""
    return replace(inputs, baseline=tuple(replace(i, distance_km=i.distance_km * by) for i in inputs.baseline))


@pytest.mark.parametrize(
    ("key", "scaled"),
    [("logged:V1", scaled_log), ("weighed_mass", scaled_mass), ("distance:Road:MILL>DOWN", scaled_road)],
)
def test_sensitivity_is_what_a_changed_input_does(key: str, scaled: Callable[[LotInputs, float], LotInputs]) -> None:
    """One per cent more of an input moves the reduction by a hundredth of what is exposed to it."""
    run = run_of_lot(S1.number, 1)
    part = next(i.contribution for i in calculation_sheet(run, FACTORS).influences if i.contribution.key == key)
    moved_g = calculate(scaled(run.inputs, 1.01), FACTORS).expected_wtw_g - run.result.expected_wtw_g
    assert moved_g == pytest.approx(part.exposed_g * 0.01, abs=5)
    assert part.exposed_g != 0


@pytest.mark.parametrize("lot_no", [1, 2])
def test_without_an_input_its_share_of_the_variance_is_gone(lot_no: int) -> None:
    """Shares fall and add up to one; taking the largest error out leaves the rest of the variance."""
    reduction = calculation_sheet(run_of_lot(S1.number, lot_no), FACTORS).reduction
    found = influences(reduction)
    assert [i.share for i in found] == sorted((i.share for i in found), reverse=True)
    assert sum(i.share for i in found) == pytest.approx(1)
    first: Contribution = found[0].contribution
    rest = sum(c.standard_g**2 for c in reduction.contributions if c is not first)
    assert rest == pytest.approx(reduction.standard_g**2 * (1 - found[0].share))


def test_the_promise_of_logging_is_kept() -> None:
    """Lot 2 has no log; with the model's very fuel logged it is credited what the sheet said."""
    promised = calculation_sheet(run_of_lot(S1.number, 2), FACTORS).logging
    log_g = round(360_000 / (1 + 200 / 520))
    logged = run_of_lot(S1.number, 2, events=all_events([S1, S2], {"V2": log_g})).result
    assert promised.gain_g > 0
    assert promised.places == ("UP>DOWN",)
    assert promised.credited_with_logs_g == pytest.approx(logged.credited_wtw_g, abs=10)


def test_a_logged_lot_gains_nothing_more() -> None:
    """All its voyages are measured."""
    inputs = run_of_lot(S1.number, 1).inputs
    chains = [chain_of(side, FACTORS, inputs.on) for side in (inputs.baseline, inputs.project)]
    gain = logging_gain(chains[0], chains[1], inputs.boundary, FACTORS, inputs.on)
    assert (gain.places, gain.gain_g) == ((), 0)
    assert gain.credited_g == shift_v1(chains[0], chains[1], inputs.boundary).credited_g


def test_text_and_workbook_print_the_run() -> None:
    """Both languages; the workbook's grams add up to the run's, and equal sheets are equal bytes."""
    run = run_of_lot(S1.number, 1)
    sheet = calculation_sheet(run, FACTORS)
    for lang in ("zh", "en"):
        text = sheet_text(sheet, lang)
        assert all(
            word in text for word in (run.run_id, run.factors_version, str(run.result.credited_wtw_g), "logged:V1")
        )
    # With the text and a pocket calculator: the bound is what is expected less the root of the summed squares.
    printed = re.findall(r"shortfall at 90 % ([\d,.]+) g", sheet_text(sheet, "en"))
    assert len(printed) == len(sheet.influences)
    bound_g = run.result.expected_wtw_g - math.hypot(*(float(grams.replace(",", "")) for grams in printed))
    assert max(0, bound_g) == pytest.approx(run.result.credited_wtw_g, abs=1.5)
    book = sheet_xlsx(sheet, "en")
    assert book == sheet_xlsx(sheet, "en")
    rows = list(openpyxl.load_workbook(io.BytesIO(book), data_only=True).worksheets[0].iter_rows(values_only=True))
    top = next(n for n, row in enumerate(rows) if row[0] == "Side")
    column = rows[top].index("WTW, g")
    grams = {
        side: sum(int(str(r[column])) for r in rows[top + 1 :] if r[0] == side) for side in ("baseline", "project")
    }
    assert grams == {"baseline": run.result.baseline_wtw_g, "project": run.result.actual_wtw_g}


def test_the_workbook_reckons_every_run() -> None:
    """Grams, sums, uncertainty and credit, each reckoned from the cells by a second program: the run's own figures, of
    logged and modelled voyages, with return cargo and without."""
    sheets = [calculation_sheet(run, FACTORS) for run in RUNS]
    assert any(line.log and line.round_trip for sheet in sheets for line in sheet.lines)
    for sheet in sheets:
        book = Spreadsheet(sheet_xlsx(sheet, "en"))
        formulas = book.formulas()
        assert len(formulas) == 4 * len(sheet.lines) + 5
        for page, cell in formulas:
            assert book.value(page, cell) == book.stored_value(page, cell), (page, cell)
        lead = {str(row[0].value): row[1].coordinate for row in book.book.worksheets[0].iter_rows(max_row=12)}
        credited = next(cell for name, cell in lead.items() if name.startswith("Credited"))
        assert book.value("Line by line", credited) == sheet.run.result.credited_wtw_g > 0


def test_the_workbook_is_live() -> None:
    """A heavier lot in the cell of the truck's mass moves baseline, saving and credit."""
    sheet = calculation_sheet(run_of_lot(S1.number, 2), FACTORS)
    content = sheet_xlsx(sheet, "en")
    before = Spreadsheet(content)
    lead = {str(row[0].value): row[1].coordinate for row in before.book.worksheets[0].iter_rows(max_row=12)}
    baseline, credited = (next(c for n, c in lead.items() if n.startswith(w)) for w in ("Baseline", "Credited"))
    top = next(r[0].row for r in before.book.worksheets[0].iter_rows() if r[0].value == "Side") + 1
    after = Spreadsheet(content, {("Line by line", f"D{top}"): 2 * sheet.lines[0].mass_kg})
    page = "Line by line"
    assert after.value(page, baseline) - before.value(page, baseline) == pytest.approx(sheet.lines[0].wtw_g, abs=2)
    assert after.value(page, credited) > before.value(page, credited)


def test_a_lot_that_stayed_on_its_road_has_a_sheet() -> None:
    """Nothing is saved and nothing uncertain: the sheet says so in every format and does not divide by zero."""
    run = run_of_lot(S1.number, 1)
    inputs = replace(run.inputs, project=run.inputs.baseline)
    sheet = calculation_sheet(replace(run, inputs=inputs, result=calculate(inputs, FACTORS)), FACTORS)
    assert (sheet.influences, sheet.reduction.expected_g, sheet.logging.gain_g) == ((), 0, 0)
    assert json.loads(sheet_json(sheet))["sensitivity"] == []
    assert "No voyage" in sheet_text(sheet, "en")
    assert openpyxl.load_workbook(io.BytesIO(sheet_xlsx(sheet, "en"))).worksheets[1].max_row >= 1


def test_a_losing_lot_gains_nothing_by_logging() -> None:
    """A vessel worse than the truck stays uncredited however well it is measured."""
    inputs = run_of_lot(S1.number, 2).inputs
    worse = tuple(
        replace(i, intensity=replace(i.intensity, ttw_kg=i.intensity.ttw_kg * 9))
        if i.intensity and i.mode == "InlandWaterway"
        else i
        for i in inputs.project
    )
    chains = [chain_of(side, FACTORS, inputs.on) for side in (inputs.baseline, worse)]
    gain = logging_gain(chains[0], chains[1], inputs.boundary, FACTORS, inputs.on)
    assert (gain.credited_g, gain.credited_with_logs_g, gain.places) == (0, 0, ("UP>DOWN",))


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """The tiny world, settled, and its address."""
    url = f"sqlite:///{tmp_path_factory.mktemp('books') / 'a.db'}"
    store = actions.open_store(url)
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    actions.settle(store, world_network(), world_factors(), LATER)
    yield store, url
    store.close()


def test_only_settled_lots_have_a_sheet(books: tuple[Store, str]) -> None:
    """The standing run of the books, or an error that says which lot is missing."""
    store, _ = books
    inputs = actions.calculation_sheet(store, S1.number, 1, FACTORS).run.inputs
    assert (inputs.waybill_number, inputs.lot_no) == (S1.number, 1)
    for wrong in ((S1.number, 3), ("nobody", 1)):
        with pytest.raises(UnknownRecordError):
            actions.calculation_sheet(store, *wrong, FACTORS)


def test_the_command_line_refuses_what_it_cannot_print(
    books: tuple[Store, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown waybill, a lot 0 and a workbook without a file end with a sentence."""
    for words in (["nobody", "1"], [S1.number, "1", "--format", "xlsx"], [S1.number, "0"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(["--db", books[1], "sheet", *words])
        assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_command_line_writes_the_standing_run(
    books: tuple[Store, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Printed text and written JSON and workbook are those of the run in the accounts."""
    store, url = books
    monkeypatch.setattr("optimizer.cli.session.Session.factors", lambda _session: FACTORS)
    sheet = actions.calculation_sheet(store, S1.number, 1, FACTORS)
    contents: dict[str, bytes] = {
        "text": sheet_text(sheet, "en").encode(),
        "json": sheet_json(sheet).encode(),
        "xlsx": sheet_xlsx(sheet, "en"),
    }
    for form, expected in contents.items():
        out = tmp_path / f"sheet.{form}"
        words = ["--db", url, "--lang", "en", "sheet", S1.number, "1", "--format", form, "--out", str(out)]
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        assert not ended.value.code
        assert out.read_bytes() == expected
    capsys.readouterr()
    with pytest.raises(SystemExit):
        cli.main(["--db", url, "--lang", "en", "sheet", S1.number, "1"])
    assert capsys.readouterr().out.encode() == contents["text"]


def test_a_reversed_settlement_has_no_sheet(tmp_path: Path) -> None:
    """The accounts hold no figure of the lot any more; its neighbour keeps its sheet."""
    store = actions.open_store(f"sqlite:///{tmp_path / 'a.db'}")
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    actions.settle(store, world_network(), FACTORS, LATER)
    actions.reverse(store, S1.number, 1, "the ticket was forged", LATER)
    with pytest.raises(UnknownRecordError, match="reversed"):
        actions.calculation_sheet(store, S1.number, 1, FACTORS)
    assert actions.calculation_sheet(store, S1.number, 2, FACTORS).reduction.credited_g > 0
    store.close()
