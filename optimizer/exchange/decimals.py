"""Numbers as iLEAP and PACT write them: decimal text, no exponent, no binary noise."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

DECIMAL = re.compile(r"^-?\d+(\.\d+)?$", re.ASCII)
"""The form that iLEAP 1.0 demands of every number."""

SIGNIFICANT = 15
"""Digits of numbers that come from floats: all that a float64 holds for certain."""

MAX_DIGITS = 60
"""Longest number that is read; a longer one is no amount of anything."""


def decimal_text(value: Decimal | int | float) -> str:
    """A number as decimal text. Floats keep 15 significant digits. Raises ValueError for NaN and infinities."""
    number = Decimal(value) if isinstance(value, int) else value
    if isinstance(number, float):
        with localcontext() as context:
            context.prec, context.rounding = SIGNIFICANT, ROUND_HALF_EVEN
            number = +Decimal(repr(number))
    if not number.is_finite():
        raise ValueError(f"not a finite number: {value}")
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def read_decimal(text: object) -> Decimal | None:
    """The number of a decimal text, None for anything that is not one."""
    if not isinstance(text, str) or len(text) > MAX_DIGITS or not DECIMAL.match(text):
        return None
    return Decimal(text)
