"""`modalshift demo` on the command line; the story itself is tested beside ``optimizer.demo``."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from optimizer.cli import cli


def test_a_database_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    """Real books are not written over by a demonstration: exit 2, the file untouched."""
    file = tmp_path / "modalshift.db"
    file.write_bytes(b"books")
    refused = CliRunner().invoke(cli, ["demo", "--out", str(tmp_path), "--lang", "en"])
    assert refused.exit_code == 2
    assert str(tmp_path) in refused.stderr
    assert "--out" in refused.stderr
    assert file.read_bytes() == b"books"
