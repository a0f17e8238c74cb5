"""The verbs over the accounts, on a real database file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from optimizer.actions import open_store
from optimizer.cli import cli


@pytest.fixture
def db_url(tmp_path: Path) -> str:
    """An empty database."""
    url = f"sqlite:///{tmp_path / 'modalshift.db'}"
    open_store(url).close()
    return url


def run(*words: str) -> Result:
    """One command line in this process."""
    return CliRunner().invoke(cli, list(words))


def test_empty_books_are_clean_and_settle_nothing(db_url: str) -> None:
    """Nothing recorded: audit finds nothing, settle settles nothing."""
    audited = run("audit", "--db", db_url)
    assert (audited.exit_code, audited.stdout) == (0, "审计完成，未发现问题。\n")
    assert json.loads(run("audit", "--db", db_url, "--json").stdout) == []
    settled = run("settle", "--db", db_url, "--lang", "en")
    assert settled.exit_code == 0
    assert "Settled now" in settled.stdout


def test_a_month_closes_once_it_is_over(db_url: str) -> None:
    """Closing twice answers the same; a month to come, or no month, is refused with exit 2."""
    first, again = run("close", "2026-09", "--db", db_url), run("close", "2026-09", "--db", db_url)
    assert first.exit_code == again.exit_code == 0
    assert first.stdout == again.stdout
    assert run("close", "2999-01", "--db", db_url).exit_code == 2
    refused = run("close", "September", "--db", db_url, "--lang", "en")
    assert refused.exit_code == 2
    assert "write it like 2026-10" in refused.stderr


def test_a_statement_of_nobody_is_refused_and_writes_nothing(db_url: str, tmp_path: Path) -> None:
    """An unknown account: exit 2, no file."""
    out = tmp_path / "statement.json"
    result = run("statement", "NOBODY", "--period", "2026-10", "--out", str(out), "--db", db_url)
    assert result.exit_code == 2
    assert "没有账户" in result.stderr
    assert not out.exists()


@pytest.mark.parametrize("verb", [["audit"], ["settle"], ["close", "2026-09"]])
def test_a_misspelt_database_is_not_created(verb: list[str], tmp_path: Path) -> None:
    """A typo must not answer "clean" from an empty database."""
    file = tmp_path / "modalshfit.db"
    result = run(*verb, "--db", f"sqlite:///{file}", "--lang", "en")
    assert result.exit_code == 2
    assert "There is no database file" in result.stderr
    assert not file.exists()


def test_a_database_nobody_can_open_is_named(tmp_path: Path) -> None:
    """A directory that does not exist, or a kind of database we do not speak."""
    assert run("audit", "--db", "mysql://localhost/x").exit_code == 2
    (tmp_path / "text.db").write_text("this is no database, and long enough to be seen as none" * 10)
    assert run("audit", "--db", f"sqlite:///{tmp_path / 'text.db'}").exit_code == 2
