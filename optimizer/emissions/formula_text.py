"""Texts that a spreadsheet program would take for formulas."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"^[-+]?\d+(\.\d*)?([eE][-+]?\d+)?$")
_RUNS = ("=", "+", "-", "@", "\t", "\r")


def runs_as_formula(text: str) -> bool:
    """Whether a spreadsheet program that opens a CSV with this cell would take it for a formula."""
    return text.startswith(_RUNS) and len(text) > 1 and not _NUMBER.match(text)
