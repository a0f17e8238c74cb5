"""A user's table as a workbook: laid out as published tables are, read cell by cell, never run.

The layout is that of the tables of the GLEC Framework (title rows, a header with units, vehicle classes merged over
several rows, grams per tkm, footnotes below); the values are invented, because theirs may not be shipped.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from optimizer.cli import cli
from optimizer.emissions.factor_files import FactorImport, ImportRules, import_factors
from optimizer.emissions.factors import load_factors
from optimizer.errors import InputError

HEADER = ["Vehicle class", "Fuel", "Load\nfactor", "WTT (g/t-km)", "TTW (g/t-km)", "Valid from"]
ROWS: list[list[Any]] = [
    ["Invented road table, EU"],
    [],
    HEADER,
    ["Artic truck 40 t", "Diesel", 0.6, 20.0, 60.25, date(2025, 1, 1)],
    [None, "HVO", 0.6, 9, 0.1, date(2025, 1, 1)],
    ["Rigid truck 12 t", "Diesel", 0.5, 45.5, 140, date(2025, 1, 1)],
    ["Note: invented"],
]
RULES = ImportRules(
    rename={
        "Vehicle class": "description_en", "Fuel": "energy_carrier", "WTT (g/t-km)": "wtt_kg",
        "TTW (g/t-km)": "ttw_kg", "Valid from": "valid_from",
    },
    fill={
        "mode": "road", "use": "reference", "unit": "tkm", "gas_basis": "CO2e", "gwp_set": "AR6", "boundary": "wtw",
        "region": "EU", "source": "own table", "evidence": "published", "licence": "for own use",
    },
    grams=True,
    drop=("Load factor",),
    fill_down=("Vehicle class",),
    id_prefix="own",
    sheet="Road",
    header_row=3,
    last_row=6,
)  # fmt: skip


def workbook(directory: Path, rows: list[list[Any]], name: str = "own.xlsx") -> Path:
    """Rows as the second sheet of a workbook, dates and all."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Contents"])
    sheet = book.create_sheet("Road")
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            sheet.cell(number, column, value)
    book.save(directory / name)
    return directory / name


def changed(row: int, column: int, value: Any) -> list[list[Any]]:
    """The rows with one cell (counted from 1) changed."""
    rows = [[*one, *[None] * (8 - len(one))] for one in ROWS]
    rows[row - 1][column - 1] = value
    return rows


def refused(path: Path, rules: ImportRules = RULES) -> set[tuple[str, int | None, str | None]]:
    """Code, row and column of every fault."""
    with pytest.raises(InputError) as refusal:
        import_factors(path, None, rules)
    assert all(fault.file == path.name and fault.message.zh and fault.message.en for fault in refusal.value.faults)
    return {(fault.code, fault.row, fault.column) for fault in refusal.value.faults}


def imported(path: Path, rules: ImportRules = RULES) -> FactorImport:
    """The import beside the shipped table."""
    return import_factors(path, None, rules)


def test_a_published_layout_comes_in_by_names(tmp_path: Path) -> None:
    """Titles, merged cells, units in the header, grams and footnotes are dealt with by options; WTW is the sum."""
    done = imported(workbook(tmp_path, ROWS))
    assert [change.factor_id for change in done.changes] == [
        "own-artic-truck-40-t-diesel", "own-artic-truck-40-t-hvo", "own-rigid-truck-12-t-diesel",
    ]  # fmt: skip
    row = done.table.get("own-artic-truck-40-t-diesel")
    assert (row.wtt_kg, row.ttw_kg, row.wtw_kg, row.valid_from) == (0.02, 0.06025, 0.08025, date(2025, 1, 1))
    assert done.table.get("own-artic-truck-40-t-hvo").description.zh == "Artic truck 40 t"


def test_workbook_and_csv_of_the_same_table_give_the_same_bytes(tmp_path: Path) -> None:
    """Nothing depends on the format of the file."""
    from_csv = tmp_path / "own.csv"
    with from_csv.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([*ROWS[:2], [" ".join(one.split()) for one in HEADER], *ROWS[3:]])
    assert imported(from_csv).text == imported(workbook(tmp_path, ROWS)).text


def test_a_fault_names_the_users_cell(tmp_path: Path) -> None:
    """Row and column as the spreadsheet shows them, under the user's own column name."""
    assert ("not_a_number", 6, "TTW (g/t-km) (E6)") in refused(workbook(tmp_path, changed(6, 5, "a lot")))
    assert ("below_minimum", 6, "TTW (g/t-km) (E6)") in refused(workbook(tmp_path, changed(6, 5, -3)))
    assert ("not_in_enum", 5, "Fuel (B5)") in refused(workbook(tmp_path, changed(5, 2, "Moonshine")))


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x","y")', "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3"])
def test_text_that_a_spreadsheet_would_run_is_refused(tmp_path: Path, text: str) -> None:
    """The table is written again as CSV and opened by others; a formula must not travel in it."""
    path = tmp_path / "own.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(changed(4, 1, text)[2:6])
    rules = ImportRules(RULES.rename, RULES.fill, True, RULES.drop, RULES.fill_down, "own")
    assert ("formula_text", 3, "Vehicle class") in refused(path, rules)


def test_a_formula_is_its_stored_result_or_a_fault(tmp_path: Path) -> None:
    """openpyxl stores none, so the cell is named; read as empty it would have become "no value"."""
    assert ("formula_without_value", 6, "E6") in refused(workbook(tmp_path, changed(6, 5, "=D6*3")))


def test_an_error_cell_and_a_cell_without_header_are_faults(tmp_path: Path) -> None:
    """#REF! is no number and a value beyond the header belongs to no column."""
    assert ("cell_error", 6, "E6") in refused(workbook(tmp_path, changed(6, 5, "#REF!")))
    assert ("too_many_cells", 6, "H6") in refused(workbook(tmp_path, changed(6, 8, 7)))


def test_words_that_name_nothing_are_faults(tmp_path: Path) -> None:
    """A sheet, a column to drop or to fill down that is not there; a column that nobody maps."""
    path = workbook(tmp_path, ROWS)
    codes = {code for code, _, _ in refused(path, ImportRules(sheet="Rail"))}
    assert codes == {"sheet_unknown"}
    wrong = ImportRules(RULES.rename, RULES.fill, True, ("Colour",), ("Shade",), "own", "Road", 3, 6)
    assert {code for code, _, _ in refused(path, wrong)} == {"column_missing", "column_unknown"}


def test_a_damaged_workbook_is_a_fault_of_the_file(tmp_path: Path) -> None:
    """Half a zip, a zip that is no workbook, and an empty sheet: a sentence, never a traceback."""
    whole = workbook(tmp_path, ROWS).read_bytes()
    half = tmp_path / "half.xlsx"
    half.write_bytes(whole[: len(whole) // 2])
    other = tmp_path / "other.xlsx"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "b")
    other.write_bytes(buffer.getvalue())
    assert refused(half) == refused(other) == {("broken_workbook", None, None)}
    assert {code for code, _, _ in refused(workbook(tmp_path, []))} == {"file_empty"}


def test_the_command_takes_a_workbook(tmp_path: Path) -> None:
    """Written, read back, and nothing is written when a cell is wrong."""
    words = ["--sheet", "Road", "--header-row", "3", "--last-row", "6", "--grams", "--drop", "Load factor"]
    words += ["--fill-down", "Vehicle class", "--id-prefix", "own"]
    for theirs, ours in RULES.rename.items():
        words += ["--rename", f"{theirs}={ours}"]
    for column, value in RULES.fill.items():
        words += ["--set", f"{column}={value}"]
    for rows, out, code in ((ROWS, "good", 0), (changed(6, 5, "x"), "bad", 2)):
        path = workbook(tmp_path, rows)
        with pytest.raises(SystemExit) as ended:
            cli.main(["factors", "import", str(path), "--out", str(tmp_path / out), *words])
        assert (ended.value.code or 0) == code
    assert load_factors(tmp_path / "good").get("own-rigid-truck-12-t-diesel").wtw_kg == 0.1855
    assert not (tmp_path / "bad").exists()


def test_a_table_that_comes_every_year_is_mapped_once(tmp_path: Path) -> None:
    """The same rules from a file give the same table; a word on the command line comes first."""
    rules = {
        "rename": dict(RULES.rename), "set": dict(RULES.fill), "grams": True, "drop": ["Load factor"],
        "fill_down": ["Vehicle class"], "id_prefix": "own", "sheet": "Road", "header_row": 3, "last_row": 6,
    }  # fmt: skip
    assert ImportRules.of(rules, "r.json") == RULES
    (tmp_path / "r.json").write_text(json.dumps(rules), encoding="utf-8")
    path = workbook(tmp_path, ROWS)
    for out, more, last in (("a", [], 0.1855), ("b", ["--set", "region=DE"], 0.1855)):
        words = ["factors", "import", str(path), "--out", str(tmp_path / out), "--rules", str(tmp_path / "r.json")]
        with pytest.raises(SystemExit) as ended:
            cli.main([*words, *more])
        assert not ended.value.code
        row = load_factors(tmp_path / out).get("own-rigid-truck-12-t-diesel")
        assert (row.wtw_kg, row.region) == (last, "DE" if more else "EU")


def test_every_fault_of_a_rules_file_is_told() -> None:
    """A misspelt rule would otherwise be left out in silence."""
    with pytest.raises(InputError) as refusal:
        ImportRules.of({"rename": ["a"], "Grams": True, "header_row": 0, "drop": "x", "set": {"a": 1}}, "r.json")
    pointers = [fault.column for fault in refusal.value.faults]
    assert pointers == ["/rename", "/Grams", "/header_row", "/drop", "/set"]
    with pytest.raises(InputError):
        ImportRules.of([], "r.json")
