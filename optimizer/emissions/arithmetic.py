"""Small formulas as text: reckoned here, printed on a calculation sheet, and written into a workbook's cells.

A formula is what a person writes: symbols, numbers, ``+ - * /`` and brackets. It is reckoned in floats from left to
right, as Python and spreadsheet programs both do, so the three agree to the last bit.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

SYMBOL = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def reckon(formula: str, values: Mapping[str, float]) -> float:
    """The value of a formula. Raises ValueError for anything but the arithmetic above, KeyError for an unknown
    symbol, ZeroDivisionError as division does."""
    return _value(_parsed(formula), values)


def renamed(formula: str, names: Mapping[str, str]) -> str:
    """The formula with its symbols replaced, for cells of a workbook. Raises KeyError for an unknown symbol."""
    return SYMBOL.sub(lambda found: names[found.group()], formula)


@lru_cache(maxsize=64)
def _parsed(formula: str) -> ast.expr:
    try:
        return ast.parse(formula, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"not a formula: {formula!r}") from error


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left, values), _value(node.right, values))
    raise ValueError(f"not arithmetic: {ast.unparse(node)}")
