"""Part of the ledger, read row by row in order: digests, periods, sums, estimates and what resolves them.

A part does not know what came before it: its sums start at zero, and what it cannot decide alone (an estimate of an
earlier part, the settlement that a correction names) it hands on, for ``quick.joined`` to decide in order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from optimizer.accounts.audit.rows import EntryRow, Lines, Place, line_text, quoted
from optimizer.accounts.ledger import Kind, Period, booking_period, china_text

_KINDS = frozenset(kind.value for kind in Kind)
_BUCKETS = frozenset({"reserved", "available", "retired"})
_LEDGERS = frozenset({"claim", "attribution", "activity", "energy"})
_NO_LOT = frozenset({"TRANSFER", "RETIRE"})


class Standing(NamedTuple):
    """A SETTLE, RESTATE or REVERSE. ``posted``: digest of its lines."""

    number: str
    lot_no: int
    kind: str
    transaction_id: str
    run_id: str
    resolves: str
    period: str
    posted: bytes


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
    """``wrong``: something that only all records together explain. ``sums`` and ``lowest``: of each place what the part
    moves, and the least that this was after any line. ``opened``: estimates that the part leaves open; ``touched``:
    those of them that were released in part."""

    wrong: bool = False
    numbers: set[str] = field(default_factory=set)
    count: int = 0
    sums: dict[Place, int] = field(default_factory=dict)
    lowest: dict[Place, int] = field(default_factory=dict)
    opened: dict[str, Opened] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    releases: list[Release] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)


def read_entries(
    rows: Iterable[tuple[EntryRow, Lines]], first_seq: int, accounts: Collection[str], periods: Sequence[Period]
) -> EntriesRead:
    """``rows``: all entries of a part with their postings, in order, from ``first_seq`` on."""
    reader = _EntryReader(first_seq, accounts, periods)
    for entry, lines in rows:
        reader.entry(entry, lines)
    return reader.read()


@dataclass(frozen=True, slots=True)
class _Move:
    """What lines from one place to another have in common: the text around their amounts, where they stand in the
    sums, and how an amount changes what parties hold reserved. ``known``: whether both places may exist."""

    known: bool
    texts: tuple[str, str, str]
    gains: int
    gives: int
    reserves: int


class _EntryReader:
    """Reads the entries of a part."""

    def __init__(self, first_seq: int, accounts: Collection[str], periods: Sequence[Period]) -> None:
        self._first_seq = first_seq
        self._accounts = frozenset(accounts)
        ordered = sorted(periods, key=lambda item: item.last_seq)
        self._last_seqs = [item.last_seq for item in ordered]
        self._closed = [max(item.period for item in ordered[: place + 1]) for place in range(len(ordered))]
        self._read = EntriesRead()
        self._moves: dict[tuple[Any, ...], _Move] = {}
        self._places: dict[Place, int] = {}
        self._sums: list[int] = []
        self._lowest: list[int] = []

    def read(self) -> EntriesRead:
        """What was read."""
        self._read.sums = dict(zip(self._places, self._sums, strict=True))
        self._read.lowest = dict(zip(self._places, self._lowest, strict=True))
        return self._read

    def entry(self, row: EntryRow, lines: Lines) -> None:
        """An entry with its postings in order of line."""
        read = self._read
        seq, transaction_id, kind, number, lot_no, method, run_id, resolves, period, effective_at, booked_at = row[:11]
        memo, line_count, content_sha256 = row[11:]
        if seq != self._first_seq + read.count or kind not in _KINDS or line_count != len(lines):
            read.wrong = True
        read.count += 1
        found = self._moved(lines)
        if found is None:
            read.wrong = True
            return
        text, reserved_g = found
        content = (
            f'[{encode_basestring(transaction_id)},"{kind}",{encode_basestring(number)},{lot_no},'
            f"{quoted(method)},{encode_basestring(run_id or '')},{encode_basestring(resolves or '')},"
            f'"{effective_at}",[{text}]{"," + encode_basestring(memo) if memo else ""}]'
        )
        if sha256(content.encode()).hexdigest() != content_sha256:
            read.wrong = True
        if period != _booked(effective_at, self._last_closed(seq)) or not _booked(booked_at, ""):
            read.wrong = True
        if kind in ("POST", "VOID"):
            self._release(number, lot_no, resolves or "", reserved_g)
        elif kind == "ESTIMATE":
            read.opened[transaction_id] = (number, lot_no, reserved_g)
        elif kind not in _NO_LOT:
            posted = sha256(text.encode()).digest()
            read.standings.append(
                Standing(number, lot_no, kind, transaction_id, run_id or "", resolves or "", period, posted)
            )

    def _last_closed(self, seq: int) -> str:
        place = bisect_left(self._last_seqs, seq)
        return self._closed[place - 1] if place else ""

    def _moved(self, lines: Lines) -> tuple[str, int] | None:
        """The postings as the digest has them, and what they reserve; they are added to the sums. None where there are
        none, or any that could not pass: they count all the same, so that only what they are is found and not also
        that balances differ."""
        texts, reserved_g, sums, lowest = [], 0, self._sums, self._lowest
        sound = bool(lines)
        for number, line in enumerate(lines, start=1):
            move, amount = self._move(line[1:-1]), line[-1]
            if type(amount) is not int:
                return None
            if not move.known or line[0] != number or not amount:
                sound = False
            before, between, after = move.texts
            texts.append(f"{before}{amount}{between}{-amount}{after}")
            reserved_g += move.reserves * amount
            for place, moved in ((move.gains, amount), (move.gives, -amount)):
                sums[place] = total = sums[place] + moved
                if total < lowest[place]:
                    lowest[place] = total
        return (",".join(texts), reserved_g) if sound else None

    def _move(self, key: tuple[Any, ...]) -> _Move:
        try:
            return self._moves[key]
        except KeyError:
            move = self._moves[key] = self._new_move(*key)
            return move

    def _new_move(self, ledger: str, part: str, account: str, bucket: str, counter: str, counter_bucket: str) -> _Move:
        known = account in self._accounts and counter in self._accounts and ledger in _LEDGERS
        line, other = line_text(account, bucket, ledger, part), line_text(counter, counter_bucket, ledger, part)
        reserves = (bucket == "reserved" and not account.startswith("issuance.")) - (
            counter_bucket == "reserved" and not counter.startswith("issuance.")
        )
        return _Move(
            known and bucket in _BUCKETS and counter_bucket in _BUCKETS,
            (line[0], f"{line[1]},{other[0]}", other[1]),
            self._place((account, ledger, bucket, part)),
            self._place((counter, ledger, counter_bucket, part)),
            reserves,
        )

    def _place(self, place: Place) -> int:
        if place not in self._places:
            self._places[place] = len(self._sums)
            self._sums.append(0)
            self._lowest.append(0)
        return self._places[place]

    def _release(self, number: str, lot_no: int, estimate_id: str, released_g: int) -> None:
        read = self._read
        opened = read.opened.get(estimate_id)
        if opened is None:
            read.releases.append(Release(number, lot_no, estimate_id, released_g))
        elif opened[:2] != (number, lot_no):
            read.numbers.add(number)
        else:
            release(read.opened, read.touched, estimate_id, released_g)


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
def _booked(effective_at: str, last_closed: str) -> str:
    """The period of an entry; empty, which no period is, for a time that is not written as ours are."""
    try:
        moment = datetime.fromisoformat(effective_at)
        return booking_period(moment, last_closed) if china_text(moment) == effective_at else ""
    except (TypeError, ValueError):
        return ""
