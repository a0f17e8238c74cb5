"""Installed from a wheel the product is complete: code, data, templates, translations, migrations."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("optimizer", "webapp", "network_data", "seeds")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the checkout, so that no build directory is left behind."""
    source = tmp_path_factory.mktemp("source")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(out), str(source)],
        check=True,
    )
    (built,) = out.glob("modalshift-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel laid out as an installer lays it out."""
    target = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def run(installed: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command on the installed packages, away from the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, cwd=cwd, env=environment, check=False
    )


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    """A data file that the build forgets would be missed only after installation."""
    present = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        assert present - set(archive.namelist()) == set()


def test_the_wheel_registers_its_doors(wheel: Path) -> None:
    """The console script and the entry point through which `serve` finds the web side."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        text = archive.read(name).decode()
    assert "modalshift = optimizer.cli:main" in text
    assert "[modalshift.serve]\nweb = webapp.server:serve" in text


def test_the_installed_program_runs_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    """The code that answers is the wheel's."""
    where = run(installed, tmp_path, "-c", "import optimizer, webapp; print(optimizer.__file__, webapp.__file__)")
    assert where.stdout.split() == [str(installed / name / "__init__.py") for name in ("optimizer", "webapp")]
    shown = run(installed, tmp_path, "-m", "optimizer", "--help")
    assert (shown.returncode, shown.stderr) == (0, "")


def test_the_installed_program_finds_its_data(installed: Path, tmp_path: Path) -> None:
    """Network, factors, seeds, migrations, templates, translations and static files travel in the wheel."""
    quoted = run(
        installed, tmp_path, "-m", "optimizer", "quote", "ZP", "JU", "--cargo", "coal", "--mass-t", "800", "--json"
    )
    assert (quoted.returncode, quoted.stderr) == (0, "")
    generated = run(installed, tmp_path, "-m", "optimizer", "generate", "--shipments", "3", "--out", "three.csv")
    assert (generated.returncode, generated.stderr) == (0, "")
    web = """
from webapp import Settings, create_app
client = create_app(Settings(db_url="sqlite:///new.db", demo=True)).test_client()
for page in ("/quote", "/savings", "/static/style.css", "/health"):
    assert client.get(page).status_code == 200, page
"""
    served = run(installed, tmp_path, "-c", web)
    assert (served.returncode, served.stderr) == (0, "")
    audited = run(installed, tmp_path, "-m", "optimizer", "audit", "--db", "sqlite:///new.db")
    assert (audited.returncode, audited.stderr) == (0, "")
