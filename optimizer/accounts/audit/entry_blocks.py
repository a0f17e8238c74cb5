"""Entries as the product writes them, a block at a time.

The database gives the postings of a block as two texts, one of names and one of amounts, which costs it a third of
giving them row by row; names come in few shapes. Only a block that nothing can be said against is taken; of any other
nothing is taken, and who asks reads it entry by entry (``entry_part``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate
from json.encoder import encode_basestring
from typing import Any, NamedTuple

import msgspec

from optimizer.accounts.audit.entry_part import KINDS, EntryReader, booked
from optimizer.accounts.audit.entry_shapes import Shape
from optimizer.accounts.audit.rows import EntryBlock

_FIRST = "[1,"
"""How the first line of an entry begins."""
_TIME, _MIDNIGHT = re.compile(r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\+08:00"), "T00:00:00+08:00"


class _Columns(NamedTuple):
    """Of a block of entries the columns of :class:`EntryRow`, side by side."""

    seq: list[int]
    transaction_id: list[str]
    kind: list[str]
    number: list[str]
    lot_no: list[int]
    method: list[str]
    run_id: list[str]
    resolves: list[str]
    period: list[str]
    effective_at: list[str]
    booked_at: list[str]
    memo: list[str]
    line_count: list[int]
    content_sha256: list[str]

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Columns | None:
        """None where a text is no array of such values, or a value that a digest says is written otherwise than it
        is."""
        try:
            columns = cls._make([reader.decode(text) for reader, text in zip(_READERS, texts, strict=True)])
        except (msgspec.DecodeError, ValueError):
            return None
        otherwise = any("\\" in texts[place] for place in _SAID) or any("." in texts[place] for place in _NUMBERS)
        return None if otherwise else columns


_NUMBERS = [_Columns._fields.index(name) for name in ("seq", "lot_no", "line_count")]
_SAID = [_Columns._fields.index(name) for name in ("transaction_id", "number", "method", "run_id", "resolves")]
_READERS: list[msgspec.json.Decoder[Any]] = [
    msgspec.json.Decoder(list[int]) if place in _NUMBERS else msgspec.json.Decoder(list[str])
    for place in range(len(_Columns._fields))
]


class EntryBlocks:
    """Takes blocks of entries into what a reader reads."""

    def __init__(self, reader: EntryReader) -> None:
        self._reader = reader
        self._known: dict[str, Shape] = {}

    def take(self, block: EntryBlock) -> bool:
        """Whether a block of entries, the next of the ledger, was taken: it may be refused without reason."""
        entries = _Columns.of(block.columns)
        shapes, amounts = self._shapes_of(block.lines), _amounts(block.amounts)
        if entries is None or shapes is None or amounts is None:
            return False
        sizes = [len(shape.moves) for shape in shapes]
        starts = list(accumulate(sizes, initial=0))
        if entries.line_count != sizes or starts.pop() != len(amounts) or not self._plain(entries):
            return False
        if _digests(entries, shapes, starts, block.amounts[1:-1]) != entries.content_sha256:
            return False
        reader, hold = self._reader, self._reader.shapes.hold
        named = (entries.kind, entries.transaction_id, entries.number, entries.lot_no, entries.run_id)
        listed = zip(*named, entries.resolves, entries.period, strict=True)
        for entry, shape, start, size in zip(listed, shapes, starts, sizes, strict=True):
            posted = amounts[start : start + size]
            shape.posted.append(posted)
            reader.record(entry, shape, posted, hold(shape, posted))
        reader.shapes.add_posted()
        reader.took(len(shapes))
        return True

    def _shapes_of(self, lines: str) -> list[Shape] | None:
        """The shape of each entry, all of them sound."""
        before, *texts = lines[1:-1].split(_FIRST)
        if before or not texts:
            return None
        texts[-1] += ","
        known = self._known
        try:
            return [known.get(text) or self._new(text) for text in texts]
        except (ValueError, TypeError, KeyError):
            return None

    def _new(self, text: str) -> Shape:
        """The shape that lines have which are written so, without the beginning of the first. Raises ValueError for one
        that is not sound."""
        lines = json.loads(f"[{_FIRST}{text[:-1]}]")
        if [line[0] for line in lines] != list(range(1, len(lines) + 1)):
            raise ValueError("lines of several entries")
        shape = self._reader.shapes[tuple([tuple(line) for line in lines])]
        if not shape.sound or {type(value) for line in lines for value in (*line[:2], *line[3:])} != {int}:
            raise ValueError("lines that need a closer look")
        self._known[text] = shape
        return shape

    def _plain(self, entries: _Columns) -> bool:
        """Whether the columns say nothing that takes a closer look."""
        reader, count = self._reader, len(entries.seq)
        first = reader.next_seq
        closed = reader.last_closed(first)
        return (
            entries.seq == list(range(first, first + count))
            and KINDS.issuperset(entries.kind)
            and closed == reader.last_closed(first + count - 1)
            and all(
                _booked(at, closed) == period
                for period, at in set(zip(entries.period, entries.effective_at, strict=True))
            )
            and all(_booked(at, "") for at in set(entries.booked_at))
        )


def _booked(at: str, closed: str) -> str:
    """As :func:`booked`, which is asked once for a day."""
    return booked(f"{at[:10]}{_MIDNIGHT}" if _TIME.fullmatch(at, 10) else at, closed)


def _amounts(text: str) -> list[int] | None:
    """The amounts of a block; None where any of them is no whole number, or nothing."""
    if text.encode().translate(None, b"0123456789,-") != b"[]":
        return None
    try:
        amounts = msgspec.json.decode(text, type=list[int])
    except msgspec.DecodeError:
        return None
    return amounts if amounts and 0 not in amounts else None


def _digests(entries: _Columns, shapes: Sequence[Shape], starts: Sequence[int], amounts: str) -> list[str]:
    """The digest of the content of each entry. ``amounts``: all of them, with commas between."""
    opposites = f"-{amounts.replace(',', ',-')}".replace("--", "").split(",")
    given = amounts.split(",")
    found = []
    columns = (*entries[1:8], entries.effective_at, entries.memo, entries.line_count)
    for said, shape, start in zip(zip(*columns, strict=True), shapes, starts, strict=True):
        transaction_id, kind, number, lot_no, method, run_id, resolves, effective_at, memo, lines = said
        texts = shape.texts
        if lines == 1:
            posted = f"{texts[0]}{given[start]}{texts[1]}{opposites[start]}{texts[2]}"
        else:
            pieces, end = [""] * (4 * lines + 1), start + lines
            pieces[::2], pieces[1::4], pieces[3::4] = texts, given[start:end], opposites[start:end]
            posted = "".join(pieces)
        content = (
            f'["{transaction_id}","{kind}","{number}",{lot_no},"{method}","{run_id}","{resolves}",'
            f'"{effective_at}",[{posted}]{"," + encode_basestring(memo) if memo else ""}]'
        )
        found.append(sha256(content.encode()).hexdigest())
    return found
