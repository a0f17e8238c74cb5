"""Cells: what each type accepts, and what a refusal says."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.network.cells import CellError, parse_cell
from optimizer.network.schema import FieldSchema
from optimizer.quantities import CHINA_TIME

NUMBER = FieldSchema("x_t", "number")
TYPES = {
    "string": str,
    "number": float,
    "integer": int,
    "boolean": bool,
    "date": date,
    "datetime": datetime,
    "list": tuple,
}


def field(kind: str, **limits: Any) -> FieldSchema:
    """A column of a type."""
    return FieldSchema("x", kind, **limits)


def code_of(text: str, schema: FieldSchema) -> str:
    """The code with which a cell is refused."""
    with pytest.raises(CellError) as refused:
        parse_cell(text, schema)
    assert refused.value.message.zh
    assert refused.value.message.en
    return refused.value.code


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_survives_writing_and_reading(value: float) -> None:
    """A number written by Python's shortest form is read back to the same bits."""
    assert parse_cell(repr(value), NUMBER) == value


@given(st.integers(min_value=-(10**17) + 1, max_value=10**17))
def test_every_integer_of_17_digits_survives(value: int) -> None:
    """Whole numbers are exact, and blanks around them do not matter."""
    assert parse_cell(f" {value} ", field("integer")) == value


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))
def test_times_without_offset_are_china_time(moment: datetime) -> None:
    """A time without an offset means the clock on the wall in Quzhou."""
    parsed = parse_cell(moment.isoformat(), field("datetime"))
    assert parsed == moment.replace(tzinfo=CHINA_TIME)


def test_times_with_offset_name_the_same_moment() -> None:
    """Midnight in Greenwich is eight in the morning in China."""
    parsed = parse_cell("2026-10-01T00:00:00+00:00", field("datetime"))
    assert (parsed.hour, parsed.utcoffset()) == (8, timedelta(hours=8))


def outcome(text: str, schema: FieldSchema) -> Any:
    """The value of a cell, or the CellError that refuses it; any other exception fails the test."""
    try:
        return parse_cell(text, schema)
    except CellError as refused:
        return refused


@given(st.text(max_size=60))
def test_any_text_is_either_a_number_or_refused(text: str) -> None:
    """No text makes the number reader fail in another way, and what it accepts is finite."""
    result = outcome(text, NUMBER)
    if isinstance(result, CellError):
        assert result.code == "not_a_number"
    else:
        assert result is None or abs(result) < float("inf")


@pytest.mark.parametrize("kind", ["string", "number", "integer", "boolean", "date", "datetime", "list"])
@given(text=st.text(max_size=40))
def test_no_type_fails_on_any_text(kind: str, text: str) -> None:
    """Any text in any type gives a value of the type or a CellError of the type."""
    result = outcome(text, field(kind))
    if isinstance(result, CellError):
        assert result.code in {f"not_a_{kind}", f"not_an_{kind}"}
    else:
        assert result is None or isinstance(result, TYPES[kind])


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("number", "1e3", 1000.0),
        ("number", ".5", 0.5),
        ("number", "-12.50", -12.5),
        ("integer", "+7", 7),
        ("boolean", "TRUE", True),
        ("boolean", "否", False),
        ("date", "2026-10-01", date(2026, 10, 1)),
        ("datetime", "2026-10-01 06:00", datetime(2026, 10, 1, 6, tzinfo=CHINA_TIME)),
        ("list", "coal; ore", ("coal", "ore")),
        ("string", "  煤炭 ", "煤炭"),
        ("string", "", ""),
        ("list", "", ()),
        ("number", " ", None),
        ("datetime", "", None),
    ],
)
def test_accepted_cells(kind: str, text: str, value: Any) -> None:
    """Each type reads what its document says, and an empty optional cell is its type's nothing."""
    assert parse_cell(text, field(kind)) == value


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("number", "1,000", "not_a_number"),
        ("number", "12 t", "not_a_number"),
        ("number", "nan", "not_a_number"),
        ("number", "inf", "not_a_number"),
        ("number", "1e999", "not_a_number"),
        ("number", "1_000", "not_a_number"),
        ("number", "١٢", "not_a_number"),
        ("integer", "1_0", "not_an_integer"),
        ("integer", "1.5", "not_an_integer"),
        ("integer", "9" * 5000, "not_an_integer"),
        ("boolean", "maybe", "not_a_boolean"),
        ("date", "2026-02-30", "not_a_date"),
        ("date", "20261001", "not_a_date"),
        ("datetime", "2026-13-01T00:00", "not_a_datetime"),
        ("datetime", "tomorrow", "not_a_datetime"),
        ("datetime", "0001-01-01T00:00:00+14:00", "not_a_datetime"),
        ("list", "coal;;ore", "not_a_list"),
        ("list", "coal;coal", "not_a_list"),
    ],
)
def test_refused_cells(kind: str, text: str, code: str) -> None:
    """What looks nearly right is refused by name rather than guessed at."""
    assert code_of(text, field(kind)) == code


def test_limits_are_inclusive_and_named_with_their_unit() -> None:
    """A value on the limit passes, one beyond is refused with the limit and its unit in the sentence."""
    share = field("number", minimum=0.0, maximum=1.0, unit="t")
    assert parse_cell("0", share) == 0.0
    assert parse_cell("1", share) == 1.0
    assert code_of("-0.1", share) == "below_minimum"
    assert code_of("1.1", share) == "above_maximum"
    with pytest.raises(CellError, match="at most 1 t"):
        parse_cell("1.1", share)


def test_choices_and_required_cells() -> None:
    """A word outside the choices is answered with the choices, an empty required cell with the column."""
    grade = field("string", enum=("published", "assumed"), required=True)
    with pytest.raises(CellError, match="published, assumed"):
        parse_cell("guessed", grade)
    assert code_of("  ", grade) == "required"
    assert code_of("coal;wood", field("list", enum=("coal",))) == "not_in_enum"


def test_long_cells_are_shown_short() -> None:
    """A refused cell of any length gives a sentence a terminal can show."""
    with pytest.raises(CellError) as refused:
        parse_cell("x" * 10_000, NUMBER)
    assert len(refused.value.message.en) < 120
