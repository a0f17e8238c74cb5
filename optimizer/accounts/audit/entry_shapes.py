"""What the postings of an entry are but for their amounts: a ledger of a million entries has a few dozen such shapes.

Of each shape is worked out once what an entry of it needs: the text around its amounts in the digest, whether its lines
may stand so, and which sums they move.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from optimizer.accounts.audit.credits import Credit, credit_of
from optimizer.accounts.audit.rows import Names, Place, line_text

_BUCKETS = frozenset({"reserved", "available", "retired"})
_LEDGERS = frozenset({"claim", "attribution", "activity", "energy"})

Numbered = tuple[tuple[Any, ...], ...]
"""Of each line its number and what stands for its :data:`Names`."""


class Move(NamedTuple):
    """What a line does but for its amount: which sums gain and give it, and how it changes what parties hold reserved.
    ``held``: whether parties hold what is there, and so never less than nothing."""

    held: bool
    gains: int
    gives: int
    reserves: int


@dataclass(frozen=True, slots=True)
class Shape:
    """``number``: its place among the shapes of the part. ``sound``: lines are numbered from one on, and all places may
    exist. ``texts``: the text of the digest before, between and after the amounts, each of which is followed by its
    opposite. ``held``: the moves of lines by which parties hold more or less, each with the place of its line;
    ``lines``: names of each line; ``credit``: how a settlement reads them, ``parties`` their place among those of the
    part. ``posted``: amounts that are not in the sums yet, but for those of ``held``."""

    number: int
    sound: bool
    texts: tuple[str, ...]
    moves: tuple[Move, ...]
    held: tuple[tuple[int, Move], ...]
    lines: tuple[Names, ...]
    credit: Credit | None
    parties: int
    posted: list[Sequence[int]]


class Shapes(dict[Numbered, Shape]):
    """Each shape of a part, and the sums that its lines move.

    ``sums``: of each place what the part moves so far; ``lowest``: the least that this was after any line, where
    parties hold it. ``parties``: of the shapes of settlements, each with its place.
    """

    def __init__(self, names: Mapping[tuple[Any, ...], Names], accounts: Collection[str]) -> None:
        super().__init__()
        self._names = names
        self._accounts = frozenset(accounts)
        self._places: dict[Place, int] = {}
        self.sums: list[int] = []
        self.lowest: list[int] = []
        self._held: set[int] = set()
        self.parties: dict[tuple[str, ...], int] = {}

    def __missing__(self, numbered: Numbered) -> Shape:
        lines = tuple([self._names[line[1:]] for line in numbered])
        sound = bool(lines)
        texts, moves = [""], list[Move]()
        for number, (line, names) in enumerate(zip(numbered, lines, strict=True), start=1):
            ledger, part, account, bucket, counter, counter_bucket = names
            sound &= line[0] == number and ledger in _LEDGERS and {bucket, counter_bucket} <= _BUCKETS
            sound &= account in self._accounts and counter in self._accounts
            own, other = line_text(account, bucket, ledger, part), line_text(counter, counter_bucket, ledger, part)
            texts[-1] += ("," if moves else "") + own[0]
            texts += [f"{own[1]},{other[0]}", other[1]]
            moves.append(self._move(names))
        held = tuple([(place, move) for place, move in enumerate(moves) if move.held])
        credit = credit_of(lines)
        parties = 0 if credit is None else self.parties.setdefault(credit.parties, len(self.parties))
        shape = Shape(len(self), sound, tuple(texts), tuple(moves), held, lines, credit, parties, [])
        self[numbered] = shape
        return shape

    def hold(self, shape: Shape, amounts: Sequence[int]) -> int:
        """Add those postings of an entry by which parties hold more or less; by how much they hold more reserved."""
        sums, lowest, reserved_g = self.sums, self.lowest, 0
        for place, (_, gains, gives, reserves) in shape.held:
            amount = amounts[place]
            reserved_g += reserves * amount
            sums[gains] = total = sums[gains] + amount
            if total < lowest[gains]:
                lowest[gains] = total
            sums[gives] = total = sums[gives] - amount
            if total < lowest[gives]:
                lowest[gives] = total
        return reserved_g

    def add_posted(self) -> None:
        """Add what was posted and is not in the sums yet."""
        for shape in self.values():
            if not shape.posted:
                continue
            for move, amounts in zip(shape.moves, zip(*shape.posted, strict=True), strict=True):
                if not move.held:
                    moved = sum(amounts)
                    self.sums[move.gains] += moved
                    self.sums[move.gives] -= moved
            shape.posted.clear()

    def moved(self) -> tuple[dict[Place, int], dict[Place, int]]:
        """Of each place what the part moves, and of those that parties hold the least it was."""
        self.add_posted()
        places = list(self._places)
        return (
            dict(zip(places, self.sums, strict=True)),
            {places[number]: self.lowest[number] for number in sorted(self._held)},
        )

    def _move(self, names: Names) -> Move:
        ledger, part, account, bucket, counter, counter_bucket = names
        reserves = (bucket == "reserved" and not account.startswith("issuance.")) - (
            counter_bucket == "reserved" and not counter.startswith("issuance.")
        )
        gains = self._place((account, ledger, bucket, part))
        gives = self._place((counter, ledger, counter_bucket, part))
        held = ledger == "claim" or reserves != 0
        if held:
            self._held |= {gains, gives}
        return Move(held, gains, gives, reserves)

    def _place(self, place: Place) -> int:
        if place not in self._places:
            self._places[place] = len(self.sums)
            self.sums.append(0)
            self.lowest.append(0)
        return self._places[place]
