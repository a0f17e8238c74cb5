"""Records to canonical JSON and back."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.waybills.codec import from_json, lean_lines_reader_of, lean_reader_of, lean_text, sha256, to_json
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


def test_lean_records_look_like_the_records() -> None:
    """What a lean reader gives has the fields of the record, down to the last, its properties and its methods."""
    for item in (*world_waybills(), *all_events(world_waybills())):
        seen = lean_reader_of(type(item))(to_json(item))
        assert _told(seen, type(item)) == _told(item, type(item))
    waybill = world_waybills()[0]
    seen = lean_reader_of(Waybill)(to_json(waybill))
    assert seen.lot(1).estimated_saving_wtw_g == waybill.lot(1).estimated_saving_wtw_g
    with pytest.raises(KeyError):
        seen.lot(99)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"lot_no":1', '"lot_no":"1"'),
        ('"event_type":"', '"event_type":"X'),
        ('"event_time":"2', '"event_time":"x'),
        ('"reporter_id":', '"reporter":'),
        ('"corrected_by":""', '"corrected_by":null'),
        ('"evidence":[{"kind"', '"evidence":[{"sort"'),
        ('"reason":""', '"reason":1'),
    ],
)
def test_lean_readers_refuse_what_records_refuse(old: str, new: str) -> None:
    """Fields that nobody looks at are held against their types all the same."""
    text = next(text for text in map(to_json, all_events(world_waybills())) if old in text)
    for read in _readers(Event):
        read(text)
        with pytest.raises(ValueError, match=r"Expected|Invalid|missing"):
            read(text.replace(old, new, 1))


@given(st.data())
def test_a_damaged_waybill_is_refused_by_both_or_by_none(data: st.DataObject) -> None:
    """A text that lost a piece or got another one."""
    text = to_json(world_waybills()[0])
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start, min(start + 12, len(text))))
    damaged = text[:start] + data.draw(st.sampled_from(["", "1", "null", '"', "{}", "[]"])) + text[end:]
    assert len({_refuses(read, damaged) for read in _readers(Waybill)}) == 1


def test_what_is_read_once_is_what_each_says() -> None:
    """Fields that mostly repeat, of waybills and of what is in them: said the same as without, and made once."""
    bills = world_waybills()
    bills = [*bills, *bills, replace(bills[0], consignor=bills[0].operator, baseline_legs=())]
    text = "\n".join(map(to_json, bills))
    read = lean_lines_reader_of(Waybill, REPEATED)
    for _ in range(2):
        seen, others = read(text), lean_lines_reader_of(Waybill)(text)
        assert lean_text(seen) == lean_text(others)
        assert [bill.operator for bill in seen] == [bill.operator for bill in others]
        assert [_told(bill, Waybill) for bill in seen] == [_told(bill, Waybill) for bill in bills]
        assert seen[0].consignor is seen[len(bills) // 2].consignor
        assert seen[0].lots[0].legs[0].factor_ids is seen[len(bills) // 2].lots[0].legs[0].factor_ids


REPEATED = frozenset({"operator", "consignor", "consignee", "baseline_legs", "factor_ids"})


def _readers(kind: type[Any]) -> list[Callable[[str], Any]]:
    read = lean_lines_reader_of(kind, REPEATED)
    return [lambda text: from_json(kind, text), lean_reader_of(kind), lambda text: read(text)[0]]


def _refuses(read: Callable[[str], Any], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return True
    return False


def _told(item: Any, kind: type[Any]) -> Any:
    """What a record, or what looks like one, says in its fields and properties."""
    if isinstance(item, tuple):
        return [_told(one, type(one)) for one in item]
    names = list(getattr(item, "__struct_fields__", ())) or [one.name for one in fields(item)] if _has(item) else []
    if not names:
        return item
    names += [name for name, _ in inspect.getmembers(kind, lambda member: isinstance(member, property))]
    return {name: _told(getattr(item, name), type(getattr(item, name))) for name in names}


def _has(item: Any) -> bool:
    return is_dataclass(item) or hasattr(item, "__struct_fields__")
