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

from optimizer.accounts.audit.credits import Credit, credit_of
from optimizer.accounts.audit.handed_over import HandedOver
from optimizer.accounts.audit.rows import Names, NumberedLine, Place, line_text, quoted
from optimizer.accounts.ledger import Kind, Period, booking_period, china_text

_KINDS = frozenset(kind.value for kind in Kind)
_BUCKETS = frozenset({"reserved", "available", "retired"})
_LEDGERS = frozenset({"claim", "attribution", "activity", "energy"})
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


def read_entries(
    rows: Iterable[tuple[Sequence[Any], Sequence[NumberedLine]]],
    names: Mapping[tuple[Any, ...], Names],
    first_seq: int,
    accounts: Collection[str],
    periods: Sequence[Period],
) -> EntriesRead:
    """``rows``: all entries of a part (the columns of ``EntryRow``) with their postings, in order, from ``first_seq``
    on; ``names``: what the numbers of a posting stand for."""
    reader = _EntryReader(names, first_seq, accounts, periods)
    for row, lines in rows:
        reader.entry(row, lines)
    return reader.read()


class _Move(NamedTuple):
    """What lines from one place to another have in common: the text around their amounts, where they stand in the
    sums, and how an amount changes what parties hold reserved. ``known``: whether both places may exist; ``held``:
    whether parties hold what is there, and so never less than nothing."""

    known: bool
    held: bool
    before: str
    between: str
    after: str
    gains: int
    gives: int
    reserves: int


class _EntryReader:
    """Reads the entries of a part."""

    def __init__(
        self,
        names: Mapping[tuple[Any, ...], Names],
        first_seq: int,
        accounts: Collection[str],
        periods: Sequence[Period],
    ) -> None:
        self._names = names
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
        self._held: set[int] = set()
        self._shapes: dict[tuple[tuple[Any, ...], ...], tuple[int, Credit | None, int]] = {}
        self._parties: dict[tuple[str, ...], int] = {}

    def read(self) -> EntriesRead:
        """What was read."""
        self._read.sums = dict(zip(self._places, self._sums, strict=True))
        places = list(self._places)
        self._read.lowest = {places[number]: self._lowest[number] for number in sorted(self._held)}
        self._read.shapes = [tuple([self._names[key] for key in shape]) for shape in self._shapes]
        self._read.parties = list(self._parties)
        return self._read

    def entry(self, row: Sequence[Any], lines: Sequence[NumberedLine]) -> None:
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
            self._stand((number, lot_no, kind, transaction_id, run_id or "", resolves or "", period), lines)

    def _stand(self, entry: tuple[str, int, str, str, str, str, str], lines: Sequence[NumberedLine]) -> None:
        """A settlement or correction: the fields of :class:`Standing` that are no postings."""
        number, lot_no, kind, transaction_id, run_id, _, period = entry
        amounts = tuple([line[8] for line in lines])
        key = tuple([line[2:8] for line in lines])
        shape = self._shapes.get(key)
        if shape is None:
            credit = credit_of([self._names[names] for names in key])
            parties = 0 if credit is None else self._parties.setdefault(credit.parties, len(self._parties))
            shape = self._shapes[key] = (len(self._shapes), credit, parties)
        place, credit, parties = shape
        worth = credit.text(amounts) if credit is not None and kind == "SETTLE" else None
        settled = self._read.settled
        if worth is None:
            self._read.standings.append(Standing(len(settled.lots), *entry, place, amounts))
            return
        settled.lots.append((number, lot_no, worth))
        settled.parties.append(parties)
        settled.run_ids.append(run_id)
        settled.transaction_ids.append(transaction_id)
        settled.periods.append(period)

    def _last_closed(self, seq: int) -> str:
        place = bisect_left(self._last_seqs, seq)
        return self._closed[place - 1] if place else ""

    def _moved(self, lines: Sequence[NumberedLine]) -> tuple[str, int] | None:
        """The postings as the digest has them, and what they reserve; they are added to the sums. None where there are
        none, or any that could not pass: they count all the same, so that only what they are is found and not also
        that balances differ."""
        texts, reserved_g, sums, moves = [], 0, self._sums, self._moves
        sound = bool(lines)
        for number, line in enumerate(lines, start=1):
            key, amount = line[2:8], line[8]
            move = moves.get(key) or self._new_move(key)
            known, held, before, between, after, gains, gives, reserves = move
            if type(amount) is not int:
                return None
            if not known or line[1] != number or not amount:
                sound = False
            texts.append(f"{before}{amount}{between}{-amount}{after}")
            if held:
                reserved_g += reserves * amount
                self._hold(gains, gives, amount)
            else:
                sums[gains] += amount
                sums[gives] -= amount
        return (",".join(texts), reserved_g) if sound else None

    def _hold(self, gains: int, gives: int, amount: int) -> None:
        sums, lowest = self._sums, self._lowest
        sums[gains] = total = sums[gains] + amount
        if total < lowest[gains]:
            lowest[gains] = total
        sums[gives] = total = sums[gives] - amount
        if total < lowest[gives]:
            lowest[gives] = total

    def _new_move(self, key: tuple[Any, ...]) -> _Move:
        ledger, part, account, bucket, counter, counter_bucket = self._names[key]
        known = account in self._accounts and counter in self._accounts and ledger in _LEDGERS
        line, other = line_text(account, bucket, ledger, part), line_text(counter, counter_bucket, ledger, part)
        reserves = (bucket == "reserved" and not account.startswith("issuance.")) - (
            counter_bucket == "reserved" and not counter.startswith("issuance.")
        )
        gains, gives = (
            self._place((account, ledger, bucket, part)),
            self._place((counter, ledger, counter_bucket, part)),
        )
        held = ledger == "claim" or reserves != 0
        if held:
            self._held |= {gains, gives}
        move = self._moves[key] = _Move(
            known and bucket in _BUCKETS and counter_bucket in _BUCKETS,
            held,
            line[0],
            f"{line[1]},{other[0]}",
            other[1],
            gains,
            gives,
            reserves,
        )
        return move

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
