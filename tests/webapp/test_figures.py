"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.figures import grouped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("91666371.956", "91,666,371.956"),
        ("-1234.500", "-1,234.500"),
        ("-0.500", "-0.500"),
        ("999", "999"),
        ("—", "—"),
        ("", ""),
        ("2026-10-08 08:00", "2026-10-08 08:00"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_amounts_get_separators_and_words_stay(text: str, shown: str) -> None:
    """Digits are never changed, only grouped."""
    assert grouped(text) == shown


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**15), max_value=10**15))
def test_no_digit_is_lost(amount: object) -> None:
    """Without the separators it is the same text."""
    assert grouped(str(amount)).replace(",", "") == str(amount)
