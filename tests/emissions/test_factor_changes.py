"""Factor rows are immutable: what a new table may hold, what it may not, and how a user's own rows come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from optimizer.emissions.factor_changes import changes
from optimizer.emissions.factor_files import FILE, ImportRules, import_factors
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.errors import InputError
from tests.emissions.world import factor

FILL = {
    "mode": "inland_waterway", "use": "reference", "unit": "tkm", "gas_basis": "CO2e", "gwp_set": "AR6",
    "boundary": "wtw", "region": "EU", "valid_from": "2025-01-01", "source": "own table", "evidence": "published",
    "licence": "for own use", "description_zh": "自有",
}  # fmt: skip
RENAME = {"Code": "factor_id", "Name": "description_en", "WTW g": "wtw_kg", "TTW g": "ttw_kg", "V": "version"}
RULES = ImportRules(RENAME, FILL, grams=True)


def own(directory: Path, text: str) -> Path:
    """A user's file."""
    path = directory / "own.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_differences_between_tables() -> None:
    """New, gone, changed and closed rows; only new and closed ones are allowed."""
    a, b, c, d = (factor(name, unit="tkm", ttw_kg=0.1) for name in "abcd")
    found = changes(
        FactorTable([a, b, c]), FactorTable([a, replace(b, ttw_kg=0.2), replace(c, valid_to=date(2030, 1, 1)), d])
    )
    assert [(change.kind, change.factor_id, change.allowed) for change in found] == [
        ("changed", "b", False), ("closed", "c", True), ("added", "d", True),
    ]  # fmt: skip
    assert [(one.field, one.before, one.after) for one in found[0].fields] == [("ttw_kg", "0.1", "0.2")]
    assert [change.kind for change in changes(FactorTable([a]), FactorTable([]))] == ["removed"]


def test_closing_and_changing_at_once_is_changing() -> None:
    """A closed validity must not hide another value."""
    old = factor("a", unit="tkm", ttw_kg=0.1)
    (found,) = changes(FactorTable([old]), FactorTable([replace(old, ttw_kg=0.2, valid_to=date(2030, 1, 1))]))
    assert not found.allowed


def test_a_users_table_comes_in_beside_the_shipped_one(tmp_path: Path) -> None:
    """Renamed columns, grams, filled cells; every shipped row is still there, byte for byte the same factor."""
    done = import_factors(own(tmp_path, "Code,Name,WTW g,TTW g\nbarge,Barge,30.5,24.4\n"), None, RULES)
    shipped = load_factors()
    assert done.table.get("barge").wtw_kg == 0.0305
    assert [(change.kind, change.factor_id) for change in done.changes] == [("added", "barge")]
    assert {f for f in done.table.factors if f.factor_id != "barge"} == set(shipped.factors)


def test_the_written_table_reads_back(tmp_path: Path) -> None:
    """And importing the same file again adds nothing."""
    source = own(tmp_path, "Code,Name,WTW g,TTW g\nbarge,Barge,30.5,24.4\n")
    done = import_factors(source, None, RULES)
    (tmp_path / FILE).write_text(done.text, encoding="utf-8")
    again = import_factors(source, tmp_path, RULES)
    assert again.changes == ()
    assert again.table.version == done.table.version


def test_another_value_under_the_same_version_is_refused(tmp_path: Path) -> None:
    """The fault shows old and new value and asks for a new version."""
    done = import_factors(own(tmp_path, "Code,Name,WTW g,TTW g\nbarge,Barge,30.5,24.4\n"), None, RULES)
    (tmp_path / FILE).write_text(done.text, encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        import_factors(own(tmp_path, "Code,Name,WTW g,TTW g\nbarge,Barge,31,24.4\n"), tmp_path, RULES)
    (fault,) = refusal.value.faults
    assert fault.code == "factor_changed"
    assert "0.0305 -> 0.031" in fault.message.en


def test_a_new_version_closes_the_one_before(tmp_path: Path) -> None:
    """Old documents still find the old value on their day."""
    done = import_factors(own(tmp_path, "Code,Name,WTW g,TTW g\nbarge,Barge,30.5,24.4\n"), None, RULES)
    (tmp_path / FILE).write_text(done.text, encoding="utf-8")
    newer = ImportRules(RENAME, {**FILL, "valid_from": "2026-07-01"}, grams=True)
    later = import_factors(own(tmp_path, "Code,V,Name,WTW g,TTW g\nbarge,2,Barge,29,23\n"), tmp_path, newer)
    assert {(change.kind, change.version) for change in later.changes} == {("closed", "1"), ("added", "2")}
    assert later.table.get("barge", date(2026, 6, 30)).wtw_kg == 0.0305
    assert later.table.get("barge", date(2026, 7, 1)).wtw_kg == 0.029


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Code,Name,WTW g,TTW g,Colour\nb,B,1,1,red\n", "column_unknown"),
        ("Code,Name,WTW g,TTW g\nb,B,one,1\n", "not_a_number"),
        ("Code,Name,WTW g,TTW g\n,B,1,1\n", "required"),
        ("Code,Name,WTW g,TTW g\nb,B,-1,1\n", "below_minimum"),
        ("Code,Name,WTW g,TTW g\n", "file_empty"),
    ],
)
def test_faults_of_a_users_file_name_the_users_file(tmp_path: Path, text: str, code: str) -> None:
    """Not a temporary one."""
    with pytest.raises(InputError) as refusal:
        import_factors(own(tmp_path, text), None, RULES)
    assert code in {fault.code for fault in refusal.value.faults}
    assert all(fault.file == "own.csv" for fault in refusal.value.faults)


def test_a_table_without_the_optional_column_still_loads(tmp_path: Path) -> None:
    """Directories made before the distance basis existed stay usable; their intensities state none."""
    import csv

    import network_data

    with (Path(network_data.__path__[0]) / FILE).open(encoding="utf-8", newline="") as file:
        rows = [{k: v for k, v in row.items() if k != "distance_basis"} for row in csv.DictReader(file)]
    with (tmp_path / FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert {f.distance_basis for f in load_factors(tmp_path).factors} == {""}
