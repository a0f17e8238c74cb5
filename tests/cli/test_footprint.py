"""``modalshift footprint``: exit codes, whole files, both languages, the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optimizer.cli import cli
from optimizer.emissions.footprint.columns import ABOUT, OPTIONAL, REQUIRED, RESULT
from tests.emissions.footprint.sheet import csv_text, row

GOOD = [row("A", 1, mass_t=20, distance_km=100, factor_id="iww-motor-vessel-650-999-wtw")]
BAD = [row("B", 1, mass_t=-1, distance_km=100, factor_id="iww-motor-vessel-650-999-wtw")]


def run(*words: object) -> int:
    """Run a command line and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in words])
    return int(ended.value.code or 0)


def written(directory: Path, rows: list[dict[str, str]]) -> Path:
    """A chains file."""
    path = directory / "chains.csv"
    path.write_text(csv_text(rows), encoding="utf-8")
    return path


def test_a_sound_file_ends_with_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says what was used, in Chinese by default."""
    out = tmp_path / "result.csv"
    assert run("footprint", written(tmp_path, GOOD), "--out", out, "--on", "2026-10-01") == 0
    said = capsys.readouterr().out
    assert "1 条运输链" in said
    assert "iww-motor-vessel-650-999-wtw@1" in said
    assert "109.374000" in out.read_text(encoding="utf-8")


def test_a_failed_chain_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, the fault counted with its sentence, the file written."""
    out = tmp_path / "result.csv"
    assert run("footprint", written(tmp_path, GOOD + BAD), "--out", out, "--on", "2026-10-01", "--lang", "en") == 1
    assert "mass_not_positive" in capsys.readouterr().out
    assert out.exists()


def test_a_bad_file_leaves_the_old_result_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, every fault listed, nothing half-written beside it."""
    out = tmp_path / "result.csv"
    out.write_text("old", encoding="utf-8")
    source = tmp_path / "chains.csv"
    source.write_text("chain_id,seq\n", encoding="utf-8")
    assert run("footprint", source, "--out", out, "--lang", "en") == 2
    assert "kind" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"chains.csv", "result.csv"}


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """No traceback, exit 2."""
    assert run("footprint", tmp_path / name, "--out", tmp_path / "r.csv", "--lang", "en") == 2
    assert "cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "r.csv").exists()


def test_the_result_may_replace_its_source(tmp_path: Path) -> None:
    """The file is read whole before the rename."""
    source = written(tmp_path, GOOD)
    assert run("footprint", source, "--out", source, "--on", "2026-10-01") == 0
    assert "co2e_wtw_kg" in source.read_text(encoding="utf-8")


def test_the_report_replaces_neither_source_nor_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2 before anything is written."""
    source, out = written(tmp_path, GOOD), tmp_path / "result.csv"
    before = source.read_bytes()
    for report in (source, out):
        words = ("--out", out, "--report", report, "--on", "2026-10-01", "--lang", "en")
        assert run("footprint", source, *words) == 2
        assert "is a file that is read" in capsys.readouterr().err
    assert source.read_bytes() == before
    assert not out.exists()


def test_every_column_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of the file and those of the result, in both languages, no file needed."""
    assert set(ABOUT) == {*REQUIRED, *OPTIONAL, *RESULT}
    for lang in ("zh", "en"):
        assert run("--lang", lang, "footprint", "--columns") == 0
        said = capsys.readouterr().out
        assert all(name in said for name in ABOUT)


def test_the_report_names_source_and_page_of_every_factor(tmp_path: Path) -> None:
    """A number without a source is a bug."""
    report = tmp_path / "report.json"
    run("footprint", written(tmp_path, GOOD), "--out", tmp_path / "r.csv", "--on", "2026-10-01", "--report", report)
    document = json.loads(report.read_text(encoding="utf-8"))
    (factor,) = document["factors"]
    assert factor["source"]
    assert factor["page"]
    assert factor["licence"]
    assert document["totals"] == [
        {
            "boundary": "wtw_co2e",
            "covers": document["totals"][0]["covers"],
            "chains": 1,
            "kg": "109.374000",
        }
    ]
