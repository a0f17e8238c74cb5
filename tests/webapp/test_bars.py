"""Bars: one scale, zero inside it, nothing outside the drawing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.bars import WIDTH, Bar, bar_chart
from webapp.figures import hours, kilograms, percent, tonnes, yuan

AMOUNTS = st.lists(st.integers(-(10**15), 10**15), max_size=8)


def bars(amounts: list[int]) -> list[Bar]:
    """Bars with given amounts."""
    return [Bar("方案", str(amount), amount, "option") for amount in amounts]


def test_lengths_are_proportional_and_negatives_run_left_of_zero() -> None:
    """Amounts 3, 1 and -1 span four parts of the field."""
    chart = bar_chart("费用", bars([3, 1, -1]))
    assert chart.zero_x == WIDTH / 4
    assert [drawn.length for drawn in chart.bars] == [WIDTH * 3 / 4, WIDTH / 4, WIDTH / 4]
    assert [drawn.x for drawn in chart.bars] == [WIDTH / 4, WIDTH / 4, 0]


@given(AMOUNTS)
def test_no_bar_leaves_its_field(amounts: list[int]) -> None:
    """Whatever the amounts, each bar lies in the field and touches zero."""
    chart = bar_chart("费用", bars(amounts))
    for drawn in chart.bars:
        assert drawn.x >= -0.1
        assert drawn.x + drawn.length <= WIDTH + 0.2
        assert drawn.x - 0.2 <= chart.zero_x <= drawn.x + drawn.length + 0.2  # each of the three is rounded to 0.1


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (yuan(123456789), "1,234,567.89"),
        (yuan(-5), "-0.05"),
        (kilograms(1234567), "1,234.6"),
        (kilograms(-1500), "-1.5"),
        (tonnes(1600500), "1,600.5"),
        (hours(5400), "1.5"),
        (percent(0.6489), "64.9%"),
    ],
)
def test_figures_are_printed_with_separators(printed: str, expected: str) -> None:
    """Thousands are separated, yuan keep their fen, negative amounts their sign."""
    assert printed == expected
