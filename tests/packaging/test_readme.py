"""The examples of the README and the documents behind it run as they stand, in their order, in one empty directory."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from optimizer.cli import VERBS, cli
from tests.packaging.demo_block import demo_block, planned_traffic, totals, with_block

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "optimizer/GUIDE.md", "webapp/README.md", "optimizer/DECISIONS.md")
}
"""In the order of reading: examples of the later ones use what the README's examples made."""
TEXT = "\n".join(DOCUMENTS.values())
COMMANDS = [line.strip() for _, body in FENCE.findall(TEXT) for line in body.splitlines() if line.strip()]
MODALSHIFT = [line for line in COMMANDS if line.startswith("modalshift ")]
MAKE = [line for line in COMMANDS if line.startswith("make ")]
IN_SENTENCES = [
    line
    for line in sorted(set(re.findall(r"`([a-z][^`\n]*)`", FENCE.sub("", TEXT))))
    if line.split()[0] in ("modalshift", *VERBS)
]
STORED = ROOT / "tests" / "benchmarks" / "results" / "demo"
CLOSE_REL = 0.02
"""The demo's figures may differ by this much between machines (floating point in the solver)."""
TRAFFIC_CLOSE_REL = 0.06
"""The same for the ships at the lock, of which equally good plans have a few more or fewer."""
WITH_FINDINGS = ("audit",)
"""Verbs whose example ends with exit code 1, as the README says beside it."""


def test_every_example_is_a_command_that_is_tried_here() -> None:
    """A fenced shell line is either `modalshift ...` or `make ...`; nothing else hides in the documents."""
    assert MODALSHIFT
    assert MAKE
    assert sorted(MODALSHIFT + MAKE) == sorted(COMMANDS)


@pytest.mark.parametrize("line", MAKE)
def test_make_targets_of_the_readme_exist(line: str) -> None:
    """`make` knows every target that the README names (dry run)."""
    words = shlex.split(line, comments=True)
    done = subprocess.run([words[0], "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_commands_named_in_sentences_exist() -> None:
    """`modalshift verb --option` inside a sentence: the verb is there and has every option that stands beside it."""
    options_seen = 0
    for line in IN_SENTENCES:
        command: click.Command = cli
        words = shlex.split(line.removeprefix("modalshift").split("[")[0])
        while words and isinstance(command, click.Group) and not words[0].startswith("--"):
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, line
            command = found
        options = {name for parameter in command.params for name in parameter.opts}
        named = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert named <= options, line
        options_seen += len(named)
    assert options_seen > 10


def test_the_story_of_the_readme_runs(tmp_path: Path) -> None:
    """All `modalshift` examples succeed one after the other, the demo included, and write the files they name."""
    for line in MODALSHIFT:
        words = shlex.split(line, comments=True)[1:]
        done = subprocess.run(
            [sys.executable, "-m", "optimizer", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        )
        expected = 1 if words[-1] in WITH_FINDINGS else 0
        assert done.returncode == expected, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    for name in ("shipments.csv", "PLAN.json", "E01.json", "quote-sheet.xlsx", "proof.json", "demo-out/modalshift.db"):
        assert (tmp_path / name).stat().st_size > 0
    fresh, stored = totals(tmp_path / "demo-out"), totals(STORED)
    assert fresh == pytest.approx(stored, rel=CLOSE_REL)
    traffic_now, traffic_stored = planned_traffic(tmp_path / "demo-out"), planned_traffic(STORED)
    assert traffic_now == pytest.approx(traffic_stored, rel=TRAFFIC_CLOSE_REL)
    assert 0.18 <= traffic_now["empty_share"] <= 0.27


def test_the_figures_of_the_demo_month_are_those_of_a_stored_run() -> None:
    """The block of the README is what the stored demo figures give; REFRESH=1 writes it anew."""
    made = with_block(README, demo_block(STORED))
    if os.environ.get("REFRESH"):
        (ROOT / "README.md").write_text(made, encoding="utf-8")
    assert made == README


LINKED = (*DOCUMENTS, "tests/benchmarks/FIGURES.md")


@pytest.mark.parametrize("name", LINKED)
def test_links_and_pictures_of_the_documents_exist(name: str) -> None:
    """Every relative link leads to a file or folder of the repository."""
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


def test_the_readme_leads_to_every_document() -> None:
    """What was moved out of the README is one click away."""
    assert {name for name in LINKED if f"]({name})" not in README} == {"README.md"}
