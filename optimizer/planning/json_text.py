"""JSON values as text, exactly: a Decimal keeps every digit it has."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from types import MappingProxyType
from typing import Any


def write(value: Any) -> str:
    """A JSON value as text on one line, a Decimal with all its digits. ValueError for what JSON cannot hold."""
    if type(value) not in _WRITERS:
        raise ValueError(f"no JSON value: {value!r}")
    return _WRITERS[type(value)](value)


def _write_float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"not a finite number: {value}")
    return repr(value)


def _write_object(value: Mapping[str, Any]) -> str:
    if not all(isinstance(key, str) for key in value):
        raise ValueError(f"keys of an object are texts: {list(value)!r}")
    return "{" + ", ".join(f"{encode_basestring(key)}: {write(item)}" for key, item in value.items()) + "}"


def _write_list(value: Sequence[Any]) -> str:
    return "[" + ", ".join(map(write, value)) + "]"


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: str,
    Decimal: str,
    float: _write_float,
    bool: {False: "false", True: "true"}.__getitem__,
    type(None): lambda _: "null",
    dict: _write_object,
    MappingProxyType: _write_object,
    list: _write_list,
    tuple: _write_list,
}
"""By exact type: a plan has a million values, and to ask each what it is an instance of took most of the time."""
