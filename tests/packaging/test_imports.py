"""What the packages import is what pyproject.toml declares, no more and no less."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN_PACKAGES = ("optimizer", "webapp", "network_data", "seeds")
# SQLAlchemy loads its driver by name from the database URL, the typesetter its font by the name of the
# package; plotly.js is read out of its wheel where it lies.
LOADED_BY_NAME = {"plotly", "psycopg", "pylopdf-fonts-zh-cn"}


def imported_modules(path: Path) -> Iterator[str]:
    """Top-level names of all absolute imports of a module, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


def test_third_party_imports_are_declared_and_declarations_are_used() -> None:
    """A missing dependency would break an installed wheel; an unused one only costs the user time."""
    sources = [path for package in OWN_PACKAGES for path in (ROOT / package).rglob("*.py")]
    names = {name for path in sources for name in imported_modules(path)}
    third_party = names - sys.stdlib_module_names - set(OWN_PACKAGES)
    distributions = packages_distributions()
    imported = {distributions.get(name, [name])[0].lower().replace("_", "-") for name in third_party}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[^A-Za-z0-9_.-]", requirement)[0].lower() for requirement in project["dependencies"]}
    assert imported - declared == set()
    assert declared - imported - LOADED_BY_NAME == set()
