"""Frozen records to canonical JSON and back, exactly.

One text for one record: keys sorted, no spaces, times in China time with offset, floats in their shortest exact form.
So a SHA-256 of the text identifies the record, and reading it back gives an equal record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from optimizer.quantities import CHINA_TIME

Record = TypeVar("Record")

_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})
"""Types that JSON knows; subclasses such as string enumerations are turned into their values first."""


def to_json(record: Any) -> str:
    """The canonical JSON text of a record, or of anything made of records, mappings, sequences and plain values.

    Raises TypeError for a value that has no JSON form.
    """
    return json.dumps(to_plain(record), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def from_json(kind: type[Record], text: str) -> Record:
    """The record that :func:`to_json` wrote. Raises KeyError, TypeError or ValueError for a text of another shape."""
    reader: Callable[[Any], Any] = _reader(cast(Any, kind))
    record: Record = reader(json.loads(text))
    return record


def sha256(text: str) -> str:
    """The digest under which a canonical text is known, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def to_plain(value: Any) -> Any:
    """The same value in what JSON knows: dicts, lists, strings, numbers, booleans, None."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, datetime):
        return value.astimezone(CHINA_TIME).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if is_dataclass(value):
        parts = [(name, getattr(value, name)) for name in _names(cast(Any, type(value)))]
        # Most fields are plain: a month has millions, and a call for each would take longer than the rest.
        return {name: part if type(part) in _AS_THEY_ARE else to_plain(part) for name, part in parts}
    raise TypeError(f"no JSON form for {type(value).__name__}")


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """How a value of an annotated type is read from plain JSON."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        inner = _reader(next(option for option in get_args(kind) if option is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        item = _reader(get_args(kind)[0])
        return lambda value: tuple(item(part) for part in value)
    if isinstance(origin, type) and issubclass(dict, origin):
        inner = _reader(get_args(kind)[1])
        return lambda value: {key: inner(part) for key, part in value.items()}
    if kind is datetime:
        return datetime.fromisoformat
    if kind is date:
        return date.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if is_dataclass(kind):
        return _record_reader(kind)
    return lambda value: value


def _record_reader(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    readers = tuple((name, _reader(hints[name])) for name in _names(kind))
    return lambda value: kind(**{name: reader(value[name]) for name, reader in readers})
