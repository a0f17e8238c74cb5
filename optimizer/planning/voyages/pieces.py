"""The lots of a plan: what of a part travels in the same hulls all the way.

A part without a change of ship makes one lot for each hull it is in. One that changes ships is packed into hulls twice;
its pieces are laid side by side, both in order of departure, and each stretch between two cuts is a lot, so that lots
are as few as the two packings allow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer.planning.voyages.hulls import Move
from optimizer.planning.voyages.lots import Part
from optimizer.planning.voyages.sailings import Aboard


@dataclass(frozen=True, slots=True)
class Piece:
    """A lot aboard: ``part`` numbers its part, ``moves`` are its hulls' moves in order of travel."""

    part: int
    mass_kg: int
    moves: tuple[Move, ...]


def lots_aboard(parts: Sequence[Part], aboard: Mapping[Move, Aboard], order: Mapping[Move, object]) -> list[Piece]:
    """The lots of all parts that sail, in ``order`` of their first moves, then as they are stowed."""
    second: dict[int, list[tuple[Move, int]]] = defaultdict(list)
    for move in order:
        for number, mass_kg in aboard.get(move, ()):
            if move.sailing == parts[number].onward:
                second[number].append((move, mass_kg))
    found: list[Piece] = []
    for move in order:
        for number, mass_kg in aboard.get(move, ()):
            if parts[number].onward is None:
                found.append(Piece(number, mass_kg, (move,)))
            elif move.sailing == parts[number].sailing:
                found += _joined(number, move, mass_kg, second[number])
    return found


def _joined(number: int, first: Move, mass_kg: int, second: list[tuple[Move, int]]) -> list[Piece]:
    """The kilograms of one piece before the change, laid on what is left of the pieces after it (used up in place)."""
    found: list[Piece] = []
    while mass_kg > 0:
        move, room_kg = second[0]
        taken_kg = min(mass_kg, room_kg)
        found.append(Piece(number, taken_kg, (first, move)))
        mass_kg -= taken_kg
        second[:1] = [(move, room_kg - taken_kg)] if room_kg > taken_kg else []
    return found
