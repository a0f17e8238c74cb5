"""What a command imports: only what it needs, or each would take a second to begin."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import click

from optimizer import actions
from optimizer.cli import VERBS, cli
from optimizer.store.engine import newest_revision

ROOT = Path(__file__).resolve().parents[2]
SLOW = ("alembic", "argon2", "networkx", "numpy", "openpyxl", "ortools", "scipy", "typst", "xlsxwriter")


def imported_by(code: str) -> set[str]:
    """The top-level modules that a fresh process has after some code."""
    return {name.split(".")[0] for name in modules_after(code)}


def modules_after(code: str) -> set[str]:
    """All modules that a fresh process has after some code."""
    said = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return set(json.loads(said.stdout.splitlines()[-1]))


def test_the_command_line_begins_without_the_database() -> None:
    """Help, completion and a mistyped verb need neither tables nor planning."""
    assert imported_by("import optimizer.cli").isdisjoint({"sqlalchemy", *SLOW})


def test_a_verb_begins_without_the_others() -> None:
    """Asked for one, the program imports its module alone, and nothing that only tables on screen need."""
    loaded = modules_after(
        "import click\nfrom optimizer.cli import cli\ncli.get_command(click.Context(cli), 'statement')"
    )
    assert {name for name in loaded if name.removeprefix("optimizer.cli.") in VERBS.values()} == {
        "optimizer.cli.statement"
    }
    assert "rich" not in loaded


def test_every_command_is_reached() -> None:
    """No module of this package holds a command that the program does not know; each is known by its own name."""
    folder = ROOT / "optimizer" / "cli"
    written = {path.stem for path in folder.glob("*.py") if "\n@click." in path.read_text(encoding="utf-8")}
    assert {module.removeprefix("optimizer.cli") for module in reached(cli)} == {
        "" if stem == "__init__" else f".{stem}" for stem in written
    }


def reached(command: click.Command) -> set[str]:
    """The modules of a command and of all below it."""
    assert command.callback is not None
    found = {command.callback.__module__}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            assert below.name == name
            found |= reached(below)
    return found


def test_a_statement_needs_the_database_and_no_planning() -> None:
    """Its verb, its plain forms, and opening a database that is up to date; of dialects only the one in use."""
    code = (
        "from optimizer import actions\n"
        "from optimizer.accounts.statement_document import statement_json\n"
        "actions.open_store, actions.statement"
    )
    loaded = modules_after(code)
    assert loaded.isdisjoint(SLOW)
    assert "sqlalchemy.dialects.postgresql" not in loaded


def test_every_verb_is_there_and_no_module_hides_one() -> None:
    """The names for type checkers, for ``*`` and for looking up agree; a module of a verb's name would take its place
    as soon as somebody imported it."""
    tree = ast.parse(Path(actions.__file__).read_text(encoding="utf-8"))
    typed = {
        (node.module, alias.name)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    found = {(f"optimizer.actions.{module}", verb) for module, verbs in actions._VERBS.items() for verb in verbs}
    assert typed == found
    assert {verb for _, verb in typed} == set(actions.__all__)
    modules = {path.stem for path in Path(actions.__file__).parent.glob("*.py")}
    assert modules.isdisjoint(actions.__all__)
    for module, verb in sorted(found):
        assert getattr(actions, verb) is getattr(sys.modules[module], verb)


def test_the_newest_revision_is_read_from_file_names() -> None:
    """As Alembic finds it by reading every migration."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(ROOT / "optimizer" / "store" / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == newest_revision()
