"""The two-command set-up: what it says on an unfit machine, and that it installs once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A directory with only what make needs."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def script(path: Path, *lines: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)
    return path


def make(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One make run in the clone, without the outer make's flags."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *words], capture_output=True, text=True, cwd=clone, env=environment, check=False)


def test_an_old_python_is_named_in_both_languages(clone: Path) -> None:
    """The message says which Python was found and how to name another one."""
    old = script(clone / "python3.9", 'case "$1" in -V) echo "Python 3.9.2";; *) exit 1;; esac')
    run = make(clone, "demo", f"PYTHON={old}")
    assert run.returncode == 2
    assert "是 Python 3.9.2，需要 3.11 或更新版本" in run.stderr
    assert "is Python 3.9.2; 3.11 or newer is needed" in run.stderr


def test_a_missing_venv_module_is_named_in_both_languages(clone: Path) -> None:
    """Debian ships Python without venv; the message says what to install."""
    bare = script(clone / "python3", 'case "$2" in *venv*) exit 1;; *) exit 0;; esac')
    run = make(clone, "demo", f"PYTHON={bare}")
    assert run.returncode == 2
    assert "缺少 venv 模块" in run.stderr
    assert "apt-get install python3-venv" in run.stderr


def test_a_missing_python_is_named_in_both_languages(clone: Path) -> None:
    """No Python at all is said, too."""
    run = make(clone, "demo", "PYTHON=python-of-nowhere")
    assert run.returncode == 2
    assert "找不到 python-of-nowhere" in run.stderr
    assert "No python-of-nowhere here" in run.stderr


def test_the_second_run_only_runs_the_demo(clone: Path) -> None:
    """Installing happens once, until a lock or pyproject.toml changes."""
    log = clone / "log"
    script(clone / ".venv/bin/python", f'echo "python $*" >> {log}')
    script(clone / ".venv/bin/modalshift", f'echo "modalshift $*" >> {log}')
    assert make(clone, "demo").returncode == 0
    first = log.read_text(encoding="utf-8").splitlines()
    assert [line.split(" install ")[-1] for line in first] == [
        "--require-hashes -r requirements.lock",
        "--no-deps --no-build-isolation -e .",
        "modalshift demo --out demo-out",
    ]
    log.unlink()
    assert make(clone, "demo").returncode == 0
    assert log.read_text(encoding="utf-8") == "modalshift demo --out demo-out\n"
    later = (clone / ".venv/.runtime-installed").stat().st_mtime + 10
    os.utime(clone / "requirements.lock", (later, later))
    log.unlink()
    assert make(clone, "demo").returncode == 0
    assert "--require-hashes -r requirements.lock" in log.read_text(encoding="utf-8")
