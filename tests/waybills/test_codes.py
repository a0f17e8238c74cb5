"""Check characters and shapes of identifiers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.waybills.codes import (
    CREDIT_CODE_ALPHABET,
    credit_code_check_character,
    is_credit_code,
    is_ship_identification_number,
    is_waybill_number,
    mod_37_36_check_character,
    waybill_number,
)

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
credit_bodies = st.text(alphabet=CREDIT_CODE_ALPHABET, min_size=17, max_size=17)
numbers = st.builds(waybill_number, st.dates(date(2020, 1, 1), date(2099, 12, 31)), st.text(max_size=40))


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91440300708461136T"])
def test_credit_code_check_character_of_published_codes(code: str) -> None:
    """The sample code of the published descriptions of GB 32100 and the code of a listed company check."""
    assert credit_code_check_character(code[:17]) == code[17]
    assert is_credit_code(code)


def test_iso_7064_mod_37_36_known_answer() -> None:
    """The example of the Global Release Identifier standard, A1-2425G-ABC1234002-M, has the check character M."""
    assert mod_37_36_check_character("A12425GABC1234002") == "M"


@given(credit_bodies, st.integers(0, 16), st.sampled_from(CREDIT_CODE_ALPHABET))
def test_one_wrong_character_of_a_credit_code_is_noticed(body: str, place: int, other: str) -> None:
    """Changing any one of the first 17 characters changes the check character."""
    code = body + credit_code_check_character(body)
    assert is_credit_code(code)
    if other != code[place]:
        assert not is_credit_code(code[:place] + other + code[place + 1 :])


@given(numbers, st.integers(0, 19), st.sampled_from(ALPHANUMERIC))
def test_one_wrong_character_of_a_waybill_number_is_noticed(number: str, place: int, other: str) -> None:
    """A number is 20 characters, is recognised, and no longer is with one character changed."""
    assert len(number) == 20
    assert is_waybill_number(number)
    if other != number[place]:
        assert not is_waybill_number(number[:place] + other + number[place + 1 :])


def test_the_same_identity_has_the_same_number_and_another_has_not() -> None:
    """Numbers follow from what the waybill is about."""
    day = date(2026, 10, 5)
    assert waybill_number(day, "E9|E1|S1") == waybill_number(day, "E9|E1|S1")
    assert waybill_number(day, "E9|E1|S1") != waybill_number(day, "E9|E1|S2")
    assert waybill_number(day, "E9|E1|S1").startswith("MW261005")


@pytest.mark.parametrize("text", ["", "9135", "91350100M000100Y4O", "91350100m000100y43", "91350100M000100Y43 "])
def test_what_is_no_credit_code(text: str) -> None:
    """Length, alphabet and case matter."""
    assert not is_credit_code(text)


@pytest.mark.parametrize("first_17", ["", "9" * 16, "9" * 18, "9" * 16 + "I", "9" * 16 + "一"])
def test_no_check_character_for_what_is_no_beginning_of_a_code(first_17: str) -> None:
    """Too short, too long, a letter or a script that the standard leaves out."""
    with pytest.raises(ValueError, match="17 characters"):
        credit_code_check_character(first_17)


@pytest.mark.parametrize(
    ("text", "right"),
    [("CN20261234567", True), ("CN2026123456", False), ("cn20261234567", False), ("CN17001234567", False), ("", False)],
)
def test_shape_of_a_ship_identification_number(text: str, right: bool) -> None:
    """CN, a year of the last two centuries, seven more digits."""
    assert is_ship_identification_number(text) is right
