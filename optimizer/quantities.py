"""Units and the one rounding rule.

Past the solver every amount is an integer: kilograms of cargo, fen (1/100 yuan), grams of CO2e, kilogram-kilometres,
seconds. Floats live inside the solver and in intensities only. :func:`to_integer` is the single rounding point
(half to even, like IEEE 754 and Python's Decimal default); :func:`apportion` splits an integer so that the parts
re-add exactly (largest remainder). :func:`number_of` is the single place where a number that somebody wrote is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

_FRACTION = re.compile(r"(?<![\w.,])\d{4,}\.\d+(?![\w.])")
KG_PER_T = 1000
G_PER_KG = 1000
G_PER_T = G_PER_KG * KG_PER_T
FEN_PER_YUAN = 100

CHINA_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")
TO_LAST_SECOND = timedelta(hours=23, minutes=59, seconds=59)
"""From the begin of a day to its last second."""
"""China has one time zone and no daylight saving since 1991, so a fixed offset is exact."""


MAX_NUMBER_CHARACTERS = 40
"""Longest number that is read; a longer one is no amount of anything."""

_WIDE = "０１２３４５６７８９．＋－"
_PLAIN_OF_WIDE = str.maketrans(_WIDE, "0123456789.+-")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def number_of(text: str) -> Decimal | None:
    """The number that a text writes: ``1234.5``, ``-3``, ``1e3``, and full-width ``１２３４．５`` as Chinese keyboards
    and exports have it; blanks around it do not count. None for anything else.

    Python itself reads more: ``1_000``, digits of every script, ``nan``. Nobody means a number by an underscore, and a
    list that says ``1_000`` is more likely about a first and a thousandth.
    """
    plain = plain_digits(text).strip()
    return Decimal(plain) if len(plain) <= MAX_NUMBER_CHARACTERS and _NUMBER.fullmatch(plain) else None


def plain_digits(text: str) -> str:
    """Full-width digits, points and signs as ASCII; all else as it is."""
    return text if text.isascii() else text.translate(_PLAIN_OF_WIDE)


def is_hidden_digit(character: str) -> bool:
    """Whether a character would turn into a digit, or be taken for one, that its writer did not type as a digit of a
    number: a superscript, a digit in a circle, one of another script."""
    return character.isdigit() and not character.isascii() and character not in _WIDE


def to_integer(amount: int | float | Decimal | Fraction) -> int:
    """Round to the nearest integer, halves to even: the only place where amounts are rounded.

    Raises ValueError for NaN and infinities.
    """
    if isinstance(amount, float):
        if amount != amount or amount in (float("inf"), float("-inf")):
            raise ValueError(f"not a finite amount: {amount}")
        amount = Decimal(amount)
    if isinstance(amount, (int, Fraction)):
        return round(amount)
    return int(amount.to_integral_value(rounding=ROUND_HALF_EVEN))


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Split ``total`` in proportion to non-negative ``weights`` so that the parts sum to it exactly.

    Largest remainder method (Hare quota); ties go to the earlier index, so the result is deterministic. A total may be
    negative. All weights zero, or a negative weight, raise ValueError.
    """
    # Whole weights stay whole: a ratio of two whole numbers takes a tenth of the time that fractions take.
    exact = [weight if isinstance(weight, int) else Fraction(weight) for weight in weights]
    whole = sum(exact)
    if whole <= 0 or min(exact) < 0:
        raise ValueError("weights must be non-negative with a positive sum")
    sign = -1 if total < 0 else 1
    divided = [divmod(abs(total) * weight, whole) for weight in exact]
    parts = [int(part) for part, _ in divided]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-divided[i][1], i))
    for i in by_remainder[: abs(total) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


def tonnes(mass_kg: int) -> str:
    """Kilograms as tonnes with three decimals, exact: ``1600500`` -> ``"1600.500"``."""
    return _thousandths(mass_kg)


def _thousandths(amount: int) -> str:
    """A thousandth of a whole number with three decimals: a document of ten thousand lots writes a hundred thousand."""
    digits = f"{amount:04d}" if amount >= 0 else f"{amount:05d}"  # at least one before the point, behind the sign
    return f"{digits[:-3]}.{digits[-3:]}"


def yuan(amount_fen: int) -> str:
    """Fen as yuan with two decimals, exact: ``12345`` -> ``"123.45"``."""
    return f"{Decimal(amount_fen) / FEN_PER_YUAN:.2f}"


def kilograms(mass_g: int) -> str:
    """Grams as kilograms with three decimals, exact: ``-1500`` -> ``"-1.500"``."""
    return _thousandths(mass_g)


def grouped(text: str) -> str:
    """The same digits with separators: ``"91666371.956"`` -> ``"91,666,371.956"``; what is no decimal stays."""
    whole, point, part = text.partition(".")
    if not (whole.removeprefix("-").isdecimal() and (part.isdecimal() or not point)):
        return text
    return f"{int(whole):,}{point}{part}" if whole != "-0" else text


def grouped_within(text: str) -> str:
    """Every decimal fraction in a sentence with separators: ``"66285.5 kg"`` -> ``"66,285.5 kg"``; whole numbers may be
    names, and stay."""
    return _FRACTION.sub(lambda found: grouped(found[0]), text)


def local_time(text: str) -> datetime:
    """An ISO 8601 time; one without an offset is China time. Raises ValueError on anything else, and for a time that is
    in no year of the calendar in China."""
    moment = datetime.fromisoformat(text.strip())
    try:
        return moment.replace(tzinfo=CHINA_TIME) if moment.tzinfo is None else moment.astimezone(CHINA_TIME)
    except OverflowError as error:
        raise ValueError(text) from error


def local_due_time(text: str) -> datetime:
    """As :func:`local_time`, but a day alone is its last second: who says "by the 15th" means all of that day."""
    moment = local_time(text)
    return moment + TO_LAST_SECOND if is_day(text.strip()) else moment


def is_day(text: str) -> bool:
    """Whether a text is an ISO 8601 date without a time."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def iso(moment: datetime) -> str:
    """An aware time as ISO 8601 with offset, to the second."""
    return moment.astimezone(CHINA_TIME).isoformat(timespec="seconds")
