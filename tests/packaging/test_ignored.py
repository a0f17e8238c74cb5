"""What git leaves alone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_link_to_an_environment_elsewhere_is_ignored_as_the_folder_is(tmp_path: Path) -> None:
    """With a slash behind the name git would list a link, and `git add .` would take it along."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".venv").symlink_to("elsewhere")
    listed = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain"], capture_output=True, text=True, check=True
    ).stdout
    assert listed.split() == ["??", ".gitignore"]
