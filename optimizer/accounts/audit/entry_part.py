"""Part of the ledger, read row by row in order: digests, periods, sums, estimates and what resolves them.

A part does not know what came before it: its sums start at zero, and what it cannot decide alone (an estimate of an
earlier part, the settlement that a correction names) it hands on, for ``quick.joined`` to decide in order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from optimizer.accounts.audit.entry_shapes import Shape, Shapes
from optimizer.accounts.audit.handed_over import HandedOver
from optimizer.accounts.audit.rows import Names, NumberedLine, Place, quoted
from optimizer.accounts.ledger import Kind, Period, booking_period, china_text

KINDS = frozenset(kind.value for kind in Kind)
_NO_LOT = frozenset({"TRANSFER", "RETIRE"})


class Standing(NamedTuple):
    """A RESTATE or REVERSE, or a SETTLE whose lines alone do not say what its run has to be worth. ``after``: how many
    of ``settled`` stand before it; ``shape``: which of the shapes of the part its postings have."""

    after: int
    number: str
    lot_no: int
    kind: str
    transaction_id: str
    run_id: str
    resolves: str
    period: str
    shape: int
    amounts: tuple[int, ...]


@dataclass(slots=True)
class Settled(HandedOver):
    """Of each SETTLE, side by side, for there are as many as lots: waybill, lot, and what its run has to be worth
    (``Figures.text``); the place of its parties among those of the part; its run, its id, its period."""

    lots: list[tuple[str, int, str]] = field(default_factory=list)
    parties: list[int] = field(default_factory=list)
    run_ids: list[str] = field(default_factory=list)
    transaction_ids: list[str] = field(default_factory=list)
    periods: list[str] = field(default_factory=list)


class Release(NamedTuple):
    """A POST or VOID of an estimate that is in no earlier row of the part. ``released_g``: below zero."""

    number: str
    lot_no: int
    estimate_id: str
    released_g: int


Opened = tuple[str, int, int]
"""An estimate: waybill, lot, grams reserved and not released."""


@dataclass(slots=True)
class EntriesRead:
    """``wrong``: something that only all records together explain. ``sums``: of each place what the part moves;
    ``lowest``: of what parties hold the least that this was after any line. ``opened``: estimates that the part leaves
    open; ``touched``: those of them that were released in part. ``shapes``: names of the postings of ``standings``;
    ``parties``: of ``settled``, the consignor's account first."""

    wrong: bool = False
    numbers: set[str] = field(default_factory=set)
    count: int = 0
    sums: dict[Place, int] = field(default_factory=dict)
    lowest: dict[Place, int] = field(default_factory=dict)
    opened: dict[str, Opened] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    releases: list[Release] = field(default_factory=list)
    shapes: list[tuple[Names, ...]] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    parties: list[tuple[str, ...]] = field(default_factory=list)
    settled: Settled = field(default_factory=Settled)


def read_entries(reader: EntryReader, rows: Iterable[tuple[Sequence[Any], Sequence[NumberedLine]]]) -> EntriesRead:
    """``rows``: the next entries (the columns of ``EntryRow``) with their postings, in order."""
    for row, lines in rows:
        reader.entry(row, lines)
    return reader.read()


class EntryReader:
    """Reads the entries of a part, one by one, from ``first_seq`` on. ``names``: what the numbers of a posting stand
    for."""

    def __init__(
        self,
        names: Mapping[tuple[Any, ...], Names],
        first_seq: int,
        accounts: Collection[str],
        periods: Sequence[Period],
    ) -> None:
        self.shapes = Shapes(names, accounts)
        self._first_seq = first_seq
        ordered = sorted(periods, key=lambda item: item.last_seq)
        self._last_seqs = [item.last_seq for item in ordered]
        self._closed = [max(item.period for item in ordered[: place + 1]) for place in range(len(ordered))]
        self._read = EntriesRead()

    @property
    def next_seq(self) -> int:
        """The number that the next entry has."""
        return self._first_seq + self._read.count

    def read(self) -> EntriesRead:
        """What was read."""
        self._read.sums, self._read.lowest = self.shapes.moved()
        self._read.shapes = [shape.lines for shape in self.shapes.values()]
        self._read.parties = list(self.shapes.parties)
        return self._read

    def entry(self, row: Sequence[Any], lines: Sequence[NumberedLine]) -> None:
        """An entry with its postings in order of line."""
        read = self._read
        seq, transaction_id, kind, number, lot_no, method, run_id, resolves, period, effective_at, booked_at = row[:11]
        memo, line_count, content_sha256 = row[11:]
        if seq != self.next_seq or kind not in KINDS or line_count != len(lines):
            read.wrong = True
        read.count += 1
        shape, amounts = self.shapes[tuple([line[1:8] for line in lines])], [line[8] for line in lines]
        reserved_g = self._moved(shape, amounts)
        if reserved_g is None:
            read.wrong = True
            return
        said = zip(shape.texts, [str(one) for amount in amounts for one in (amount, -amount)], strict=False)
        content = (
            f'[{encode_basestring(transaction_id)},"{kind}",{encode_basestring(number)},{lot_no},'
            f"{quoted(method)},{encode_basestring(run_id or '')},{encode_basestring(resolves or '')},"
            f'"{effective_at}",[{"".join([text for pair in said for text in pair])}{shape.texts[-1]}]'
            f"{',' + encode_basestring(memo) if memo else ''}]"
        )
        if sha256(content.encode()).hexdigest() != content_sha256:
            read.wrong = True
        if period != booked(effective_at, self.last_closed(seq)) or not booked(booked_at, ""):
            read.wrong = True
        self.record(
            (kind, transaction_id, number, lot_no, run_id or "", resolves or "", period), shape, amounts, reserved_g
        )

    def record(
        self,
        entry: tuple[str, str, str, int, str, str, str],
        shape: Shape,
        amounts: Sequence[int],
        reserved_g: int,
    ) -> None:
        """Record an entry for who joins the parts: kind, id, waybill, lot, run, what it resolves, period."""
        kind, transaction_id, number, lot_no, run_id, resolves, period = entry
        read = self._read
        if kind == "ESTIMATE":
            read.opened[transaction_id] = (number, lot_no, reserved_g)
        elif kind == "POST" or kind == "VOID":
            opened = read.opened.get(resolves)
            if opened is None:
                read.releases.append(Release(number, lot_no, resolves, reserved_g))
            elif opened[0] != number or opened[1] != lot_no:
                read.numbers.add(number)
            else:
                release(read.opened, read.touched, resolves, reserved_g)
        elif kind not in _NO_LOT:
            settled = read.settled
            worth = shape.credit.text(amounts) if kind == "SETTLE" and shape.credit is not None else None
            if worth is None:
                named = (number, lot_no, kind, transaction_id, run_id, resolves, period)
                read.standings.append(Standing(len(settled.lots), *named, shape.number, tuple(amounts)))
                return
            settled.lots.append((number, lot_no, worth))
            settled.parties.append(shape.parties)
            settled.run_ids.append(run_id)
            settled.transaction_ids.append(transaction_id)
            settled.periods.append(period)

    def took(self, count: int) -> None:
        """So many entries more were read by somebody else, who found nothing wrong with them."""
        self._read.count += count

    def last_closed(self, seq: int) -> str:
        """The last period that was closed before an entry; empty: none."""
        place = bisect_left(self._last_seqs, seq)
        return self._closed[place - 1] if place else ""

    def _moved(self, shape: Shape, amounts: Sequence[Any]) -> int | None:
        """Add postings to the sums; what they reserve. None where they could not pass: they count all the same, as far
        as they can, so that only what they are is found and not also that balances differ."""
        if set(map(type, amounts)) - {int}:
            return None
        shape.posted.append(amounts)
        reserved_g = self.shapes.hold(shape, amounts)
        return reserved_g if shape.sound and 0 not in amounts else None


def release(opened: dict[str, Opened], touched: set[str], estimate_id: str, released_g: int) -> None:
    """Take what is released off an estimate; what comes to zero is open no longer."""
    number, lot_no, left_g = opened[estimate_id]
    left_g += released_g
    if left_g:
        opened[estimate_id] = (number, lot_no, left_g)
        touched.add(estimate_id)
    else:
        del opened[estimate_id]
        touched.discard(estimate_id)


@lru_cache(maxsize=65_536)
def booked(effective_at: str, last_closed: str) -> str:
    """The period of an entry; empty, which no period is, for a time that is not written as ours are."""
    try:
        moment = datetime.fromisoformat(effective_at)
        return booking_period(moment, last_closed) if china_text(moment) == effective_at else ""
    except (TypeError, ValueError):
        return ""
