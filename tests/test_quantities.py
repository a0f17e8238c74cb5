"""Units, the one rounding rule, and numbers as people write them."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.quantities import (
    CHINA_TIME,
    apportion,
    grouped,
    grouped_within,
    is_hidden_digit,
    iso,
    kilograms,
    local_time,
    number_of,
    to_integer,
    tonnes,
    yuan,
)

HALVES = st.integers(-(10**6), 10**6).map(lambda n: n + 0.5)


@given(HALVES)
def test_halves_go_to_the_even_neighbour_whatever_they_are(half: float) -> None:
    """Float, Decimal and Fraction round alike, so that a sum does not depend on where it was reckoned."""
    rounded = {to_integer(half), to_integer(Decimal(half)), to_integer(Fraction(half))}
    (only,) = rounded
    assert only % 2 == 0
    assert abs(only - half) == 0.5


@pytest.mark.parametrize("amount", [math.nan, math.inf, -math.inf])
def test_what_is_no_amount_is_refused(amount: float) -> None:
    """A NaN that became a number of grams would be a credit."""
    with pytest.raises(ValueError, match="not a finite amount"):
        to_integer(amount)


WEIGHTS = st.lists(st.integers(0, 10**9) | st.floats(0, 1e9), min_size=1, max_size=12)


@given(st.integers(-(10**12), 10**12), WEIGHTS)
def test_parts_add_up_and_lie_within_one_of_their_share(total: int, weights: list[float]) -> None:
    """Largest remainder: exact sums, the sign of the total, no part a whole unit from its quota; whole weights
    share as the same weights written as fractions do."""
    whole = sum(map(Fraction, weights))
    if not whole:
        with pytest.raises(ValueError, match="positive sum"):
            apportion(total, weights)
        return
    parts = apportion(total, weights)
    assert parts == apportion(total, [float(weight) for weight in weights])
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * Fraction(weight) / whole) < 1


def test_the_largest_remainders_get_what_is_left() -> None:
    """10 by 0.5, 0.3 and 0.21: 4, 2, 2 whole, then the remainders 0.95, 0.97 and 0.08; ties go to the earlier one."""
    assert apportion(10, [0.5, 0.3, 0.21]) == [5, 3, 2]
    assert apportion(2, [1, 1, 1]) == [1, 1, 0]
    assert apportion(-2, [1, 1, 1]) == [-1, -1, 0]
    beyond_floats = 10**18 + 3
    assert apportion(beyond_floats, [0.25, 0.75]) == [25 * 10**16 + 1, 75 * 10**16 + 2]
    with pytest.raises(ValueError, match="non-negative"):
        apportion(1, [2, -1])


@given(st.integers(-(10**9), 10**9))
def test_decimals_are_exact(amount: int) -> None:
    """Thousandths and hundredths, with at least one digit before the point and the sign in front."""
    assert tonnes(amount) == kilograms(amount) == f"{Decimal(amount) / 1000:.3f}"
    assert Decimal(yuan(amount)) * 100 == amount


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("91666371.956", "91,666,371.956"),
        ("-1234", "-1,234"),
        ("-0.5", "-0.5"),
        ("0.5", "0.5"),
        ("-1000.25", "-1,000.25"),
        ("1234.", "1234."),
        ("QJ", "QJ"),
        ("1234.x", "1234.x"),
        ("--1", "--1"),
    ],
)
def test_separators_change_no_digit(text: str, printed: str) -> None:
    """A minus before a naught stays."""
    assert grouped(text) == printed


def test_only_fractions_in_a_sentence_get_separators() -> None:
    """A whole number may be the name of something."""
    assert grouped_within("V1234 carries 66285.5 kg") == "V1234 carries 66,285.5 kg"


@pytest.mark.parametrize(("character", "hidden"), [("²", True), ("①", True), ("٣", True), ("3", False), ("３", False)])
def test_digits_that_nobody_typed_as_a_number(character: str, hidden: bool) -> None:
    """Superscripts, circles and other scripts; ASCII and full-width digits are what people type."""
    assert is_hidden_digit(character) == hidden
    assert not is_hidden_digit("x")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("１２３４．５", "1234.5"),
        (" -3 ", "-3"),
        ("1e3", "1000"),
        ("1_000", None),
        ("nan", None),
        ("10²", None),
        ("", None),
    ],
)
def test_numbers_as_people_write_them(text: str, number: str | None) -> None:
    """Not as Python reads them."""
    assert number_of(text) == (None if number is None else Decimal(number))
    assert number_of("0" * 41) is None


def test_a_time_without_offset_is_of_china() -> None:
    """And every other one is shown there."""
    assert local_time("2026-10-01T08:00") == datetime(2026, 10, 1, 8, tzinfo=CHINA_TIME)
    assert iso(datetime(2026, 10, 1, tzinfo=UTC)) == "2026-10-01T08:00:00+08:00"
    with pytest.raises(ValueError, match="0001"):
        local_time("0001-01-01T00:00:00+14:00")
