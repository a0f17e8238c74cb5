"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.figures import counted, grouped, grouped_within


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


def test_fractions_in_a_sentence_get_separators_and_names_stay() -> None:
    """Amounts of statements; versions, hashes, numbers of entries and what is grouped already are left alone."""
    assert grouped_within("174562.815 kg CO2e (66285.536; 12.5)") == "174,562.815 kg CO2e (66,285.536; 12.5)"
    for name in (
        "0.1.0+bf360b657e2e",
        "36017 · 32f330949a9c",
        "2026-11",
        "91999900DEM0000143",
        "174,562.815",
        "1234.5.6",
    ):
        assert grouped_within(name) == name
    assert counted(1234567) == "1,234,567"
