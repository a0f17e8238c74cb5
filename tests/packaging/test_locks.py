"""The lock files: complete, pinned, hashed, and free of any address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
SERVER_LOCK = ROOT / "requirements-server.lock"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)(\[[a-z,]+\])?==(?P<version>[^ ;]+)")


def normalised(requirement: str) -> str:
    """The project name of a requirement as PEP 503 normalises it."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match, requirement
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def locked(path: Path) -> set[tuple[str, str]]:
    """Name and version of every pin of a lock file."""
    pins = (REQUIREMENT.match(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {(normalised(pin["name"]), pin["version"]) for pin in pins if pin}


def test_every_declared_dependency_is_locked() -> None:
    """A fresh clone installs from the lock alone: runtime, build backend and development tools."""
    project = PYPROJECT["project"]
    needed = [*project["dependencies"], *PYPROJECT["build-system"]["requires"]]
    runtime = {name for name, _version in locked(RUNTIME_LOCK)}
    assert {normalised(requirement) for requirement in needed} <= runtime
    dev = {name for name, _version in locked(DEV_LOCK)}
    assert {normalised(requirement) for requirement in project["optional-dependencies"]["dev"]} <= dev


def test_tests_run_on_the_versions_that_ship() -> None:
    """Every runtime pin stands in the development lock with the same version, and in that of a server."""
    assert locked(RUNTIME_LOCK) <= locked(DEV_LOCK)
    assert locked(RUNTIME_LOCK) <= locked(SERVER_LOCK)


@pytest.mark.parametrize("path", [RUNTIME_LOCK, DEV_LOCK, SERVER_LOCK], ids=lambda path: path.name)
def test_locks_name_no_address_and_no_index(path: Path) -> None:
    """A lock made on one machine installs from any registry."""
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(
        r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host|-e)\b", text, re.MULTILINE
    )
    assert " @ " not in text


@pytest.mark.parametrize("path", [RUNTIME_LOCK, DEV_LOCK, SERVER_LOCK], ids=lambda path: path.name)
def test_every_pin_has_a_hash(path: Path) -> None:
    """`pip install --require-hashes` accepts the file."""
    entries = re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip())
    for entry in entries:
        assert REQUIREMENT.match(entry), entry
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}", entry), entry
