"""House rules that a machine can hold: size, names, docstrings."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for package in ("optimizer", "webapp") for path in (ROOT / package).rglob("*.py"))
MAX_FUNCTION_LINES = 70
MAX_MODULE_LINES = 400
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_fit_a_head(path: Path) -> None:
    """A module has at most 400 lines, a function at most 70, and the module's name says something."""
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_MODULE_LINES
    assert path.stem not in NAMES_THAT_SAY_NOTHING
    for node in ast.walk(tree_of(path)):
        if isinstance(node, FunctionNode):
            assert node.end_lineno - node.lineno + 1 <= MAX_FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_whatever_is_public_explains_itself(path: Path) -> None:
    """Modules with code, public classes and public functions (not those nested in functions) have docstrings."""
    tree = tree_of(path)
    assert not tree.body or ast.get_docstring(tree), "module"
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    for scope in [tree, *classes]:
        for node in scope.body:
            if isinstance(node, FunctionNode | ast.ClassDef) and not node.name.startswith("_"):
                overrides = isinstance(scope, ast.ClassDef) and scope.bases
                assert overrides or ast.get_docstring(node), node.name
