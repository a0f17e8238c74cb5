"""``modalshift database create``: an empty database, and never over another."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from optimizer.cli import cli
from optimizer.store import engine


def run(*words: str, password: str | None = None) -> Result:
    """One command line in this process."""
    return CliRunner().invoke(cli, list(words), input=password)


def test_an_empty_database_is_made_and_the_next_step_told(tmp_path: Path) -> None:
    """What it says works: the first administrator is added, and the books are clean."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    made = run("database", "create", "--db", url, "--lang", "en")
    assert made.exit_code == 0
    assert "modalshift user add LOGIN --role administrator" in made.stdout
    added = run("user", "add", "chen", "--role", "administrator", "--db", url, password="long enough 4 us\n")
    assert (added.exit_code, added.stdout) == (0, "已添加用户 chen（administrator）\n")
    assert run("audit", "--db", url).exit_code == 0


@pytest.mark.parametrize("content", [b"", b"a letter"])
def test_a_file_that_is_there_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """Also an empty one, and one that is no database."""
    file = tmp_path / "own.db"
    file.write_bytes(content)
    refused = run("database", "create", "--db", f"sqlite:///{file}", "--lang", "en")
    assert (refused.exit_code, file.read_bytes()) == (2, content)
    assert "is there already" in refused.stderr
    assert "已经存在" in run("database", "create", "--db", f"sqlite:///{file}").stderr


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "own.db"])
def test_what_is_no_place_for_a_database_is_refused(url: str) -> None:
    """In memory, of a kind that we do not speak, or no URL."""
    assert run("database", "create", "--db", url, "--lang", "en").exit_code == 2


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    """No folders are made: the name may be misspelt."""
    refused = run("database", "create", "--db", f"sqlite:///{tmp_path / 'none' / 'own.db'}", "--lang", "en")
    assert refused.exit_code == 2
    assert "No such file or directory" in refused.stderr


def test_nothing_half_made_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up while the tables are made."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(engine, "migrate", full)
    with pytest.raises(OSError, match="No space"):
        engine.create_store(f"sqlite:///{tmp_path / 'own.db'}")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_told_with_this_verb(tmp_path: Path) -> None:
    """Other verbs make no database."""
    missing = run("audit", "--db", f"sqlite:///{tmp_path / 'own.db'}", "--lang", "en")
    assert "modalshift database create" in missing.stderr
