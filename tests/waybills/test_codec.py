"""Records to canonical JSON and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.waybills.codec import from_json, sha256, to_json
from optimizer.waybills.event import Event
from optimizer.waybills.waybill import Waybill
from tests.waybills.world import all_events, world_waybills


def test_waybills_come_back_equal() -> None:
    """Reading what was written gives the same record, and writing that gives the same text."""
    for waybill in world_waybills():
        text = to_json(waybill)
        assert from_json(Waybill, text) == waybill
        assert to_json(from_json(Waybill, text)) == text


def test_events_come_back_equal() -> None:
    """Optional parts, enumerations and nested evidence survive."""
    for event in all_events(world_waybills(), {"V1": 255_000}):
        assert from_json(Event, to_json(event)) == event


def test_the_same_moment_in_another_offset_is_the_same_text() -> None:
    """A report in UTC and one in China time of the same moment have the same digest."""
    event = all_events(world_waybills())[0]
    other = replace(event, event_time=event.event_time.astimezone(UTC))
    assert sha256(to_json(other)) == sha256(to_json(event))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_exact(value: float) -> None:
    """A float is written in its shortest exact form."""
    assert from_json(float, to_json(value)) == value


def test_what_has_no_json_form_is_refused() -> None:
    """A set has no order and NaN has no JSON."""
    with pytest.raises(TypeError):
        to_json({1, 2})
    with pytest.raises(ValueError, match="JSON"):
        to_json(float("nan"))


def test_a_text_of_another_shape_is_refused() -> None:
    """A missing field, a word where a number belongs, and no JSON at all are each a ValueError that names the place."""
    text = to_json(world_waybills()[0])
    with pytest.raises(ValueError, match="missing required field `number`"):
        from_json(Waybill, "{}")
    with pytest.raises(ValueError, match=r"\$\.version"):
        from_json(Waybill, text.replace('"version":1', '"version":"one"'))
    with pytest.raises(ValueError, match="malformed"):
        from_json(Waybill, "no JSON")
