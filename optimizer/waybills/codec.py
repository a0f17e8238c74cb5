"""Frozen records to canonical JSON and back, exactly.

One text for one record: keys sorted, no spaces, times in China time with offset, floats in their shortest exact form.
So a SHA-256 of the text identifies the record, and reading it back gives an equal record.

A field that a record got later (``metadata=LATER``) is left out while it has its default: what was written before reads
back, and writes the very same text and digest as it did then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache, reduce
from inspect import isfunction
from operator import attrgetter, or_
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec

from optimizer.quantities import CHINA_TIME

Record = TypeVar("Record")

_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})
"""Types that JSON knows; subclasses such as string enumerations are turned into their values first."""

LATER = {"later": True}
"""Metadata of a field, with a default, added to a record of which some are stored already."""


def to_json(record: Any) -> str:
    """The canonical JSON text of a record, or of anything made of records, mappings, sequences and plain values.

    Raises TypeError for a value that has no JSON form.
    """
    return _CANONICAL.encode(record)


def from_json(kind: type[Record], text: str | bytes) -> Record:
    """The record that :func:`to_json` wrote. Raises ValueError for a text of another shape."""
    record: Record = _decoder(cast(Any, kind)).decode(text)
    return record


def lean_reader_of(kind: type[Record]) -> Callable[[str | bytes], Record]:
    """:func:`from_json` of one kind, for who reads millions and only looks at them: what comes back has the fields,
    properties and methods of the record and is made in half the time, but it is no dataclass, so it is neither written
    nor replaced. What the record refuses is refused. Records in a field that was added later are the true ones."""
    read: Callable[[str | bytes], Record] = msgspec.json.Decoder(_lean(cast(Any, kind), frozenset())).decode
    return read


def lean_lines_reader_of(
    kind: type[Record], repeated: frozenset[str] = frozenset()
) -> Callable[[str | bytes], list[Record]]:
    """The same of texts that stand in a line each. ``repeated``: fields without default, of the record or of those in
    it, of which most have a text that was read before; what it says is made once and held by all. To find what a new
    record holds costs the processor more than to make it, so the fewer it holds, the better."""
    read: Callable[[str | bytes], list[Record]] = msgspec.json.Decoder(_lean(cast(Any, kind), repeated)).decode_lines
    fill = _filler(kind, repeated)
    if fill is None:
        return read

    def read_and_filled(text: str | bytes) -> list[Record]:
        records = read(text)
        fill(records)
        return records

    return read_and_filled


def lean_text(records: Sequence[Any]) -> bytes:
    """The canonical texts of some records of a lean reader, or of times, as one list. A record in a field that was
    added later, and a control character, may come out otherwise than from :func:`to_json`: what is equal to this is
    canonical, what differs has to be asked again."""
    return _LEAN.encode(records)


def lean_lines(records: Sequence[Any]) -> bytes:
    """The same texts in a line each, the last one too."""
    return _LEAN.encode_lines(records)


def sha256(text: str) -> str:
    """The digest under which a canonical text is known, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def to_plain(value: Any) -> Any:
    """The same value in what JSON knows: dicts, lists, strings, numbers, booleans, None."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    return to_plain(_one_level(value))


def _one_level(value: Any) -> Any:
    """A record as a mapping of its fields, a time as text: what the encoder does not know by itself."""
    kind = type(value)
    if is_dataclass(kind):
        names, parts, later = _fields(cast(Any, kind))
        plain = dict(zip(names, parts(value), strict=True))
        for name, default in later:
            if plain[name] == default:
                del plain[name]
        return plain
    if isinstance(value, datetime):
        return value.astimezone(CHINA_TIME).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON form for {kind.__name__}")


@cache
def _fields(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]], tuple[tuple[str, Any], ...]]:
    """The names of a record's fields, how all of them are taken out of a record at once, and those added later."""
    later = tuple((item.name, item.default) for item in fields(kind) if "later" in item.metadata)
    names = tuple(field.name for field in fields(kind))
    if len(names) == 1:
        (only,) = names
        return names, lambda record: (getattr(record, only),), later
    return names, attrgetter(*names), later


class _ReadOnce(dict[bytes, Any]):
    """What texts of one type say; it begins anew before it fills the memory. Raises ValueError for one that is not."""

    def __init__(self, hint: Any) -> None:
        self._read = msgspec.json.Decoder(hint).decode

    def __missing__(self, text: bytes) -> Any:
        if len(self) >= _MOST:
            self.clear()
        said = self[text] = self._read(text)
        return said


_MOST = 10_000
Fill = Callable[[Sequence[Any]], None]


def _filler(kind: Any, repeated: frozenset[str]) -> Fill | None:
    """What puts into lean records what the texts of their ``repeated`` fields say; None where they have none."""
    hints = get_type_hints(kind)
    once = {name: _ReadOnce(_lean_hint(hints[name], frozenset())).__getitem__ for name in hints if name in repeated}
    parts: dict[str, Fill] = {}
    for name, hint in hints.items():
        if name not in repeated and get_origin(hint) is tuple and is_dataclass(get_args(hint)[0]):
            fill = _filler(get_args(hint)[0], repeated)
            if fill is not None:
                parts[name] = fill
    if not once and not parts:
        return None

    def filled(records: Sequence[Any]) -> None:
        for name, said in once.items():
            texts = map(bytes, map(attrgetter(name), records))
            for record, value in zip(records, map(said, texts), strict=True):
                setattr(record, name, value)
        for name, fill in parts.items():
            fill([part for record in records for part in getattr(record, name)])

    return filled


@cache
def _lean(kind: Any, repeated: frozenset[str]) -> Any:
    """A struct like a record: same fields, in order of their names, same types, defaults, properties and methods.
    Those of ``repeated`` hold their texts until they are filled."""
    hints = get_type_hints(kind)
    listed: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for item in sorted(fields(kind), key=attrgetter("name")):
        hint = hints[item.name] if "later" in item.metadata else _lean_hint(hints[item.name], repeated)
        hint = msgspec.Raw if item.name in repeated else hint
        listed.append((item.name, hint) if item.default is MISSING else (item.name, hint, item.default))
    members = {
        name: member
        for name, member in vars(kind).items()
        if isinstance(member, property) or (isfunction(member) and not name.startswith("__"))
    }
    frozen = repeated.isdisjoint(hints)
    return msgspec.defstruct(kind.__name__, listed, namespace=members, frozen=frozen, kw_only=True, gc=False)


def _lean_hint(hint: Any, repeated: frozenset[str]) -> Any:
    if is_dataclass(hint):
        return _lean(cast(Any, hint), repeated)
    kind, parts = get_origin(hint), get_args(hint)
    if kind is UnionType:
        return reduce(or_, [_lean_hint(part, repeated) for part in parts])
    return kind[tuple(part if part is ... else _lean_hint(part, repeated) for part in parts)] if kind is tuple else hint


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


_LEAN = msgspec.json.Encoder()
_CANONICAL = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_one_level
)
"""Python's own encoder: its texts are in the sealed tree, so no other float format may take its place."""
