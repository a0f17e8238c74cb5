"""Packing a sailing's cargo into its hulls.

Whole shipments first: first fit decreasing, and where that leaves one ashore a complete search of bounded size. Then
the others: each into the fullest hull that takes it whole; what fits nowhere whole is split over the emptiest hulls,
so that the pieces are few and none is a matter of kilograms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from optimizer.planning.voyages.lots import SMALL_LOT_KG

SEARCH_STEPS = 20_000
"""Placements tried before a set of whole shipments counts as impossible to pack."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to stow: ``key`` is the caller's name for it."""

    key: int
    mass_kg: int
    splittable: bool


@dataclass(slots=True)
class Stowage:
    """``holds[h]`` lists (key, kg) aboard hull h; ``ashore`` the keys that fit no hull."""

    holds: list[list[tuple[int, int]]] = field(default_factory=list)
    ashore: list[int] = field(default_factory=list)


def stow(items: Sequence[Item], hulls: int, capacity_kg: int) -> Stowage:
    """Distribute items over ``hulls`` hulls of ``capacity_kg`` each.

    Whole items that fit no hull are named ashore. Splittable ones always find room as long as everything together
    does not exceed hulls x capacity; the kilograms beyond are named ashore with their whole item. Deterministic.
    """
    stowage = Stowage([[] for _ in range(hulls)])
    rooms = [capacity_kg] * hulls
    whole = sorted((i for i in items if not i.splittable), key=lambda i: (-i.mass_kg, i.key))
    _stow_whole(whole, rooms, stowage)
    for item in sorted((i for i in items if i.splittable), key=lambda i: (-i.mass_kg, i.key)):
        if item.mass_kg > sum(rooms):
            stowage.ashore.append(item.key)
            continue
        for hull, mass_kg in _pieces(item.mass_kg, rooms):
            stowage.holds[hull].append((item.key, mass_kg))
            rooms[hull] -= mass_kg
    return stowage


def _stow_whole(items: Sequence[Item], rooms: list[int], stowage: Stowage) -> None:
    places = _first_fit(items, rooms)
    if None in places:
        found = _search(items, rooms)
        places = found if found is not None else places
    for item, hull in zip(items, places, strict=True):
        if hull is None:
            stowage.ashore.append(item.key)
        else:
            stowage.holds[hull].append((item.key, item.mass_kg))
            rooms[hull] -= item.mass_kg


def _first_fit(items: Sequence[Item], rooms: Sequence[int]) -> list[int | None]:
    left = list(rooms)
    places: list[int | None] = []
    for item in items:
        hull = next((h for h, room in enumerate(left) if room >= item.mass_kg), None)
        places.append(hull)
        if hull is not None:
            left[hull] -= item.mass_kg
    return places


def _search(items: Sequence[Item], rooms: Sequence[int]) -> list[int | None] | None:
    """A complete packing by depth-first search over distinct rooms, None when there is none or it takes too long."""
    left, steps = list(rooms), 0
    places: list[int] = []
    stack: list[list[int]] = [_choices(items[0].mass_kg, left)]
    while stack and steps < SEARCH_STEPS:
        steps += 1
        depth = len(stack) - 1
        if len(places) > depth:
            left[places.pop()] += items[depth].mass_kg
        if not stack[-1]:
            stack.pop()
            continue
        hull = stack[-1].pop()
        places.append(hull)
        left[hull] -= items[depth].mass_kg
        if len(places) == len(items):
            return list(places)
        stack.append(_choices(items[depth + 1].mass_kg, left))
    return None


def _choices(mass_kg: int, left: Sequence[int]) -> list[int]:
    """Hulls that can take a mass, one for each amount of room, the tightest last (it is tried first)."""
    by_room: dict[int, int] = {}
    for hull, room in enumerate(left):
        if room >= mass_kg:
            by_room.setdefault(room, hull)
    return [by_room[room] for room in sorted(by_room, reverse=True)]


def _pieces(mass_kg: int, rooms: Sequence[int]) -> list[tuple[int, int]]:
    """How a splittable mass is laid into the rooms: whole where possible, else over the emptiest hulls."""
    fitting = [hull for hull, room in enumerate(rooms) if room >= mass_kg]
    if fitting:
        return [(min(fitting, key=lambda hull: (rooms[hull], hull)), mass_kg)]
    order = sorted(range(len(rooms)), key=lambda hull: (-rooms[hull], hull))
    pieces: list[tuple[int, int]] = []
    for place, hull in enumerate(order):
        piece_kg = min(rooms[hull], mass_kg)
        rest_kg, later_kg = mass_kg - piece_kg, sum(rooms[h] for h in order[place + 1 :])
        if 0 < rest_kg < SMALL_LOT_KG:
            # Leave the next hull a lot worth stowing, as far as it has room for it.
            piece_kg = max(mass_kg - max(rest_kg, min(SMALL_LOT_KG, later_kg, mass_kg - 1)), 1)
            piece_kg = min(piece_kg, rooms[hull])
        if piece_kg > 0:
            pieces.append((hull, piece_kg))
            mass_kg -= piece_kg
    assert mass_kg == 0, "a mass that fits all rooms together must find them"
    return pieces
