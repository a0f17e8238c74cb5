"""Bars: one scale, zero inside it, nothing outside the drawing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.bars import LABEL_WIDTH, VALUE_WIDTH, WIDTH, Bar, bar_chart
from webapp.figures import hours, kilograms, percent, tonnes, yuan

AMOUNTS = st.lists(st.integers(-(10**15), 10**15), max_size=8)


def bars(amounts: list[int]) -> list[Bar]:
    """Bars with given amounts."""
    return [Bar("方案", str(amount), amount, "option") for amount in amounts]


def test_lengths_are_proportional_and_negatives_run_left_of_zero() -> None:
    """Amounts 3, 1 and -1 on a field of 310 units."""
    chart = bar_chart("费用", bars([3, 1, -1]))
    field = WIDTH - LABEL_WIDTH - VALUE_WIDTH
    assert [drawn.length for drawn in chart.bars] == [field * 3 / 4, field / 4, field / 4]
    assert [drawn.x for drawn in chart.bars] == [chart.zero_x, chart.zero_x, chart.zero_x - field / 4]


@given(AMOUNTS)
def test_no_bar_leaves_its_field(amounts: list[int]) -> None:
    """Labels to the left and figures to the right keep their room whatever the amounts."""
    chart = bar_chart("费用", bars(amounts))
    for drawn in chart.bars:
        assert LABEL_WIDTH - 0.1 <= drawn.x <= chart.zero_x + 0.1
        assert drawn.x + drawn.length <= WIDTH - VALUE_WIDTH + 0.2
        assert 0 <= drawn.y < chart.height


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
