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
from operator import itemgetter

import msgspec

from optimizer.accounts.audit.entry_part import KINDS, EntryReader, booked
from optimizer.accounts.audit.entry_shapes import Shape
from optimizer.accounts.audit.rows import EntryBlock, EntryRow

_FIRST = "[1,"
"""How the first line of an entry begins."""
_TIME, _MIDNIGHT = re.compile(r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\+08:00"), "T00:00:00+08:00"
_TEXTS = [
    itemgetter(EntryRow._fields.index(name)) for name in ("transaction_id", "number", "method", "run_id", "resolves")
]
_PERIOD = itemgetter(EntryRow._fields.index("period"), EntryRow._fields.index("effective_at"))
_ENTRY = itemgetter(*map(EntryRow._fields.index, ("seq", "kind", "lot_no", "line_count", "booked_at")))


class EntryBlocks:
    """Takes blocks of entries into what a reader reads."""

    def __init__(self, reader: EntryReader) -> None:
        self._reader = reader
        self._known: dict[str, Shape] = {}

    def take(self, block: EntryBlock) -> bool:
        """Whether a block of entries, the next of the ledger, was taken: it may be refused without reason."""
        shapes, amounts = self._shapes_of(block.lines), _amounts(block.amounts)
        if shapes is None or amounts is None or len(shapes) != len(block.rows):
            return False
        starts = list(accumulate([len(shape.moves) for shape in shapes], initial=0))
        if starts.pop() != len(amounts) or not self._plain(block, shapes):
            return False
        if not _digested(block.rows, shapes, starts, block.amounts[1:-1]):
            return False
        reader = self._reader
        kept = reader.shapes
        for row, shape, start in zip(block.rows, shapes, starts, strict=True):
            _, transaction_id, kind, number, lot_no, _, run_id, resolves, period, _, _, _, lines, _ = row
            posted = amounts[start : start + lines]
            shape.posted.append(posted)
            reserved_g = kept.hold(shape, posted)
            reader.record((kind, transaction_id, number, lot_no, run_id, resolves, period), shape, posted, reserved_g)
        kept.add_posted()
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

    def _plain(self, block: EntryBlock, shapes: Sequence[Shape]) -> bool:
        """Whether the columns say nothing that takes a closer look."""
        rows, reader = block.rows, self._reader
        first = reader.next_seq
        closed = reader.last_closed(first)
        seqs, kinds, lot_nos, counts, booked_at = zip(*map(_ENTRY, rows), strict=True)
        try:
            written = "".join(["".join(map(column, rows)) for column in _TEXTS])
        except TypeError:
            return False
        return (
            list(seqs) == list(range(first, first + len(rows)))
            and KINDS.issuperset(kinds)
            and set(map(type, lot_nos)) == {int}
            and list(counts) == [len(shape.moves) for shape in shapes]
            and closed == reader.last_closed(first + len(rows) - 1)
            and len(msgspec.json.encode(written)) == len(written.encode()) + len('""')
            and all(_booked(at, closed) == period for period, at in set(map(_PERIOD, rows)))
            and all(_booked(at, "") for at in set(booked_at))
        )


def _booked(at: str, closed: str) -> str:
    """As :func:`booked`, which is asked once for a day."""
    plain = type(at) is str and _TIME.fullmatch(at, 10)
    return booked(f"{at[:10]}{_MIDNIGHT}" if plain else at, closed)


def _amounts(text: str) -> list[int] | None:
    """The amounts of a block; None where any of them is no whole number, or nothing."""
    if text.encode().translate(None, b"0123456789,-") != b"[]":
        return None
    try:
        amounts = msgspec.json.decode(text, type=list[int])
    except msgspec.DecodeError:
        return None
    return amounts if amounts and 0 not in amounts else None


def _digested(rows: Sequence[Sequence[object]], shapes: Sequence[Shape], starts: Sequence[int], amounts: str) -> bool:
    """Whether each entry has the digest of its content. ``amounts``: all of them, with commas between."""
    opposites = f"-{amounts.replace(',', ',-')}".replace("--", "").split(",")
    given = amounts.split(",")
    for row, shape, start in zip(rows, shapes, starts, strict=True):
        _, transaction_id, kind, number, lot_no, method, run_id, resolves, _, effective_at, _, memo, lines, digest = row
        texts = shape.texts
        if lines == 1:
            said = f"{texts[0]}{given[start]}{texts[1]}{opposites[start]}{texts[2]}"
        else:
            pieces = [""] * (2 * len(texts) - 1)
            end = start + len(shape.moves)
            pieces[::2], pieces[1::4], pieces[3::4] = texts, given[start:end], opposites[start:end]
            said = "".join(pieces)
        content = (
            f'["{transaction_id}","{kind}","{number}",{lot_no},"{method}","{run_id}","{resolves}",'
            f'"{effective_at}",[{said}]{"," + encode_basestring(str(memo)) if memo else ""}]'
        )
        if sha256(content.encode()).hexdigest() != digest:
            return False
    return True
