"""A spreadsheet program in small: reckons the formulas of a workbook from its numbers alone, stored results unseen.

It knows what our workbooks use: ``+ - * /``, brackets, cells and ranges of this and other pages, SUM, SUMSQ, SQRT, MAX,
INT and ROUND (half away from zero, as spreadsheets do). It shares no code with the product.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import openpyxl
from openpyxl.utils import range_boundaries

TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Z]+(?=\())|(?P<cell>(?:'[^']+'!)?[A-Z]+\d+(?::[A-Z]+\d+)?)|(?P<number>\d+(?:\.\d+)?)|(?P<sign>.))"
)
FUNCTIONS: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "SUMSQ": lambda values: sum(value * value for value in values),
    "SQRT": lambda values: math.sqrt(values[0]),
    "MAX": max,
    "INT": lambda values: math.floor(values[0]),
    "ROUND": lambda values: float(Decimal(repr(values[0])).quantize(Decimal(1), ROUND_HALF_UP)),
}


class Spreadsheet:
    """A workbook; ``changed`` puts other numbers into cells before anything is reckoned."""

    def __init__(self, content: bytes, changed: dict[tuple[str, str], float] | None = None) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(content))
        self.stored = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        self.changed = changed or {}

    def formulas(self) -> list[tuple[str, str]]:
        """Page and cell of every formula."""
        return [
            (page.title, cell.coordinate)
            for page in self.book.worksheets
            for row in page.iter_rows()
            for cell in row
            if cell.data_type == "f"
        ]

    def stored_value(self, page: str, cell: str) -> Any:
        """What the workbook carries as the formula's result."""
        return self.stored[page][cell].value

    def value(self, page: str, cell: str) -> float:
        """A cell, reckoned."""
        if (page, cell) in self.changed:
            return self.changed[page, cell]
        found = self.book[page][cell].value
        if isinstance(found, str) and found.startswith("="):
            return _Reckoning(self, page, found[1:]).result()
        return 0.0 if found is None else float(found)


class _Reckoning:
    """One formula, by recursive descent."""

    def __init__(self, sheet: Spreadsheet, page: str, text: str) -> None:
        self.sheet, self.page = sheet, page
        self.tokens = [(m.lastgroup, m.group(m.lastgroup or 0)) for m in TOKEN.finditer(text)]
        self.at = 0

    def result(self) -> float:
        value = self.sum()[0]
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return value

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str | None, str]:
        self.at += 1
        return self.tokens[self.at - 1]

    def sum(self) -> list[float]:
        values = self.product()
        while self.peek() in ("+", "-"):
            sign, right = self.take()[1], self.product()
            values = [values[0] + right[0] if sign == "+" else values[0] - right[0]]
        return values

    def product(self) -> list[float]:
        values = self.atom()
        while self.peek() in ("*", "/"):
            sign, right = self.take()[1], self.atom()
            values = [values[0] * right[0] if sign == "*" else values[0] / right[0]]
        return values

    def atom(self) -> list[float]:
        kind, text = self.take()
        if kind == "number":
            return [float(text)]
        if kind == "cell":
            return self.cells(text)
        if kind == "name":
            assert self.take()[1] == "("
            values = self.sum()
            while self.peek() == ",":
                self.take()
                values += self.sum()
            assert self.take()[1] == ")"
            return [float(FUNCTIONS[text](values))]
        assert text == "(", text
        values = self.sum()
        assert self.take()[1] == ")"
        return values

    def cells(self, text: str) -> list[float]:
        page, _, where = text.rpartition("!")
        page = page.strip("'") or self.page
        left, top, right, bottom = range_boundaries(where)
        book = self.sheet.book[page]
        return [
            self.sheet.value(page, book.cell(row, column).coordinate)
            for row in range(top or 1, (bottom or 1) + 1)
            for column in range(left or 1, (right or 1) + 1)
        ]
