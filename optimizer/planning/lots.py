"""From shares to whole kilograms: which part of each shipment goes which way.

The solver answers in shares of a shipment with a little noise. Here each shipment is cut into whole kilograms that
re-add to its mass, and no sailing is given more than its hulls can carry. What rounding puts too much aboard goes to
another lot of the same shipment, by road first; only where there is none does a new lot take the road, and then not
for a few kilograms: a truck takes a tonne along, or a small lot goes ashore as a whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import floor

import numpy as np

from optimizer.planning.design import Floats
from optimizer.planning.timespace import TimeSpace
from optimizer.quantities import KG_PER_T, apportion

NOISE = 1e-6
"""Shares below this are the solver's tolerance and not an amount of cargo."""
SMALL_LOT_KG = KG_PER_T
"""Splitting should not make lots below this."""

Sailing = tuple[int, int]
"""A family and the slot in which its hulls berth."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a shipment on one route. ``family`` and ``slot`` are -1 where no planned voyage carries it."""

    shipment: int
    route: int
    family: int
    slot: int
    mass_kg: int

    @property
    def sailing(self) -> Sailing | None:
        """The sailing that carries it, None for services only."""
        return (self.family, self.slot) if self.family >= 0 else None


@dataclass(slots=True)
class Cut:
    """All shipments cut into parts. ``rejected`` are left behind; ``ashore`` had to leave a vessel for want of room."""

    parts: dict[int, list[Part]] = field(default_factory=dict)
    rejected: set[int] = field(default_factory=set)
    ashore: set[int] = field(default_factory=set)


def capacity_kg(space: TimeSpace, sailing: Sailing) -> int:
    """Whole kilograms that one hull of a sailing may load."""
    family, slot = sailing
    return floor(float(space.families[family].capacity_t[slot]) * KG_PER_T + 1e-6)


def cut_into_lots(space: TimeSpace, shares: Floats, hulls: Mapping[Sailing, int]) -> Cut:
    """Whole kilograms for every shipment; ``shares`` is one entry per cargo column, ``hulls`` counts those sailing."""
    cut = Cut()
    for shipment, columns in _columns_by_shipment(space, shares).items():
        if (space.columns.route[columns] < 0).any():
            cut.rejected.add(shipment)
        else:
            cut.parts[shipment] = _parts(space, shipment, columns, shares[columns])
    _relieve(space, cut, hulls)
    return cut


def move_ashore(space: TimeSpace, cut: Cut, part: Part) -> None:
    """Send a part a way that needs no vessel of ours, by road where there is one; without any, reject the shipment."""
    _take(cut, part, part.mass_kg)
    _put_ashore(space, cut, part.shipment, part.mass_kg, services_of(space, part.shipment))


def services_of(space: TimeSpace, shipment: int) -> list[int]:
    """Route numbers of a shipment that use services only, the road first."""
    columns = space.columns
    found = np.flatnonzero((columns.shipment == shipment) & (columns.family < 0) & (columns.route >= 0))
    return sorted((int(r) for r in columns.route[found]), key=lambda route: (space.routes[route].kind != "road", route))


def _columns_by_shipment(space: TimeSpace, shares: Floats) -> dict[int, np.ndarray]:
    used = np.flatnonzero(shares >= NOISE)
    owner = space.columns.shipment[used]
    order = np.argsort(owner, kind="stable")
    ends = np.flatnonzero(np.diff(owner[order])) + 1
    groups = np.split(used[order], ends) if len(used) else []
    return {int(space.columns.shipment[group[0]]): group for group in groups}


def _parts(space: TimeSpace, shipment: int, columns: np.ndarray, shares: Floats) -> list[Part]:
    record = space.shipments[shipment]
    if not record.splittable:
        # One column holds the whole of it; what stands beside is tolerance.
        best = int(np.argmax(shares))
        columns, shares = columns[best : best + 1], shares[best : best + 1]
    masses = apportion(record.mass_kg, [float(share) for share in shares])
    table = space.columns
    return [
        Part(shipment, int(table.route[c]), int(table.family[c]), int(table.slot[c]), mass_kg)
        for c, mass_kg in zip(columns, masses, strict=True)
        if mass_kg > 0
    ]


def _relieve(space: TimeSpace, cut: Cut, hulls: Mapping[Sailing, int]) -> None:
    """Take off every sailing what its hulls cannot carry."""
    load: dict[Sailing, int] = defaultdict(int)
    for part in all_parts(cut):
        if part.sailing is not None:
            load[part.sailing] += part.mass_kg
    room = {sailing: hulls.get(sailing, 0) * capacity_kg(space, sailing) - load[sailing] for sailing in load}
    for sailing in sorted(room):
        if room[sailing] < 0:
            _relieve_sailing(space, cut, sailing, room)


def _relieve_sailing(space: TimeSpace, cut: Cut, sailing: Sailing, room: dict[Sailing, int]) -> None:
    aboard = sorted((p for p in all_parts(cut) if p.sailing == sailing), key=lambda p: (p.mass_kg, p.shipment))
    for by_road in (True, False):
        for part in aboard:
            for other in list(cut.parts[part.shipment]):
                current = next((p for p in cut.parts[part.shipment] if p.sailing == sailing), None)
                if room[sailing] >= 0 or current is None or other.sailing == sailing:
                    continue
                if (other.sailing is None) == by_road:
                    space_left = current.mass_kg if other.sailing is None else max(0, room[other.sailing])
                    moved_kg = min(-room[sailing], current.mass_kg, space_left)
                    _shift(cut, current, other, moved_kg)
                    room[sailing] += moved_kg
                    if other.sailing is not None:
                        room[other.sailing] -= moved_kg
    for part in aboard:
        current = next((p for p in cut.parts.get(part.shipment, []) if p.sailing == sailing), None)
        if room[sailing] < 0 and current is not None:
            room[sailing] += _leave(space, cut, current, -room[sailing])


def _leave(space: TimeSpace, cut: Cut, part: Part, surplus_kg: int) -> int:
    """Put at least the surplus (or all of the part) on the road; returns the kilograms that left."""
    off_kg = max(surplus_kg, SMALL_LOT_KG)
    if not space.shipments[part.shipment].splittable or part.mass_kg - off_kg < SMALL_LOT_KG:
        off_kg = part.mass_kg
    _take(cut, part, off_kg)
    _put_ashore(space, cut, part.shipment, off_kg, services_of(space, part.shipment))
    return off_kg


def _shift(cut: Cut, source: Part, target: Part, mass_kg: int) -> None:
    """Move kilograms from one part of a shipment to another."""
    if mass_kg > 0:
        _take(cut, source, mass_kg)
        parts = cut.parts[source.shipment]
        at = next(i for i, p in enumerate(parts) if (p.route, p.sailing) == (target.route, target.sailing))
        parts[at] = replace(parts[at], mass_kg=parts[at].mass_kg + mass_kg)


def _take(cut: Cut, part: Part, mass_kg: int) -> None:
    parts = cut.parts[part.shipment]
    at = parts.index(part)
    parts[at : at + 1] = [replace(part, mass_kg=part.mass_kg - mass_kg)] if part.mass_kg > mass_kg else []


def _put_ashore(space: TimeSpace, cut: Cut, shipment: int, mass_kg: int, services: list[int]) -> None:
    cut.ashore.add(shipment)
    if not services:
        cut.parts.pop(shipment)
        cut.rejected.add(shipment)
        return
    parts = cut.parts[shipment]
    at = next((i for i, p in enumerate(parts) if p.route == services[0]), None)
    if at is None:
        parts.append(Part(shipment, services[0], -1, -1, mass_kg))
    else:
        parts[at] = replace(parts[at], mass_kg=parts[at].mass_kg + mass_kg)


def all_parts(cut: Cut) -> Iterable[Part]:
    """Every part, by shipment."""
    for shipment in sorted(cut.parts):
        yield from cut.parts[shipment]
