"""The whole story from one command, on the first days of the shipped month."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from optimizer import actions
from optimizer.accounts.totals import total
from optimizer.cli import cli
from optimizer.demo.seed_files import shipments_path

ROWS = 20


def run(*words: object) -> Result:
    """One command line in this process."""
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a few shipments."""
    directory = tmp_path_factory.mktemp("demo")
    lines = shipments_path().read_text(encoding="utf-8").splitlines(keepends=True)
    (directory / "shipments.csv").write_text("".join(lines[: ROWS + 1]), encoding="utf-8")
    return directory


@pytest.fixture(scope="module")
def told(stage: Path) -> Result:
    """The story in Chinese."""
    return run("demo", "--out", stage / "out", "--shipments", stage / "shipments.csv")


def test_the_story_has_six_chapters_and_says_how_to_go_on(told: Result) -> None:
    """Exit 0; plan, waybills, reports, settlement, statements, audit; then the command that opens the pages."""
    assert told.exit_code == 0, told.stderr
    for chapter in ("一、", "二、", "三、", "四、", "五、", "六、"):
        assert chapter in told.stdout
    assert "独立复核：0 处问题" in told.stdout
    assert "modalshift serve --demo" in told.stdout


def test_the_database_holds_what_was_told(told: Result, stage: Path) -> None:
    """The ledger's totals are those printed, something was saved, and less is credited than expected."""
    store = actions.open_store(f"sqlite:///{stage / 'out' / 'modalshift.db'}")
    saved = total(actions.savings(store, "month"))
    store.close()
    assert saved.lots > 0
    assert f"{saved.mass_kg / 1000:,.1f}" in told.stdout
    assert f"{saved.expected_g / 1000:,.1f}" in told.stdout
    assert 0 < saved.credited_g < saved.expected_g


def test_the_documents_are_there_and_agree(told: Result, stage: Path) -> None:
    """A plan that passes the check, a statement in two forms for each enterprise, the audit."""
    out = stage / "out"
    assert run("check", out / "plan.json", "--shipments", stage / "shipments.csv").exit_code == 0
    statements = sorted(path.stem for path in out.glob("statement-*.json"))
    assert statements == sorted(path.stem for path in out.glob("statement-*.csv"))
    assert statements
    assert isinstance(json.loads((out / "audit.json").read_text(encoding="utf-8")), list)


def test_the_story_can_be_told_again(told: Result, stage: Path) -> None:
    """A second run starts afresh in the same place and tells the same, but for the seconds it took."""
    again = run("demo", "--out", stage / "out", "--shipments", stage / "shipments.csv")
    assert again.exit_code == 0, again.stderr
    tail = told.stdout.index("二、")
    assert again.stdout[again.stdout.index("二、") :] == told.stdout[tail:]


def test_a_database_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    """Real books are not written over by a demonstration."""
    file = tmp_path / "modalshift.db"
    file.write_bytes(b"books")
    refused = run("demo", "--out", tmp_path, "--lang", "en")
    assert refused.exit_code == 2
    assert "was not made by a demo" in refused.stderr
    assert file.read_bytes() == b"books"
