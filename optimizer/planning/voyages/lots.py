"""From shares to whole kilograms: which part of each shipment goes which way.

The solver answers in shares of a shipment with a little noise. Here each shipment is cut into whole kilograms that
re-add to its mass, and no sailing is given more than its hulls can carry. What rounding puts too much aboard goes to
another lot of the same shipment, by road first; only where there is none does a new lot take the road, and then not
for a few kilograms: others leave the vessel in its place where that splits nobody anew, else a truck takes a tonne
along, or a small lot goes ashore as a whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import floor

import numpy as np

from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.quantities import KG_PER_T, apportion

NOISE = 1e-6
"""Shares below this are the solver's tolerance and not an amount of cargo."""
SMALL_LOT_KG = KG_PER_T
"""Splitting should not make lots below this."""

Sailing = tuple[int, int]
"""A family and the slot in which its hulls berth."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a shipment on one route. ``family`` and ``slot`` are -1 where no planned voyage carries it; ``onward``
    is the sailing on which it goes on after a change of ship."""

    shipment: int
    route: int
    family: int
    slot: int
    mass_kg: int
    onward: Sailing | None = None

    @property
    def sailing(self) -> Sailing | None:
        """The sailing that carries it, None for services only."""
        return (self.family, self.slot) if self.family >= 0 else None

    @property
    def sailings(self) -> tuple[Sailing, ...]:
        """Every sailing that carries it, in order."""
        return tuple(sailing for sailing in (self.sailing, self.onward) if sailing is not None)


def capacity_kg(space: TimeSpace, sailing: Sailing) -> int:
    """Whole kilograms that one hull of a sailing may load."""
    family, slot = sailing
    return floor(float(space.families[family].capacity_t[slot]) * KG_PER_T + 1e-6)


class Cut:
    """All shipments of a time-space cut into parts.

    ``rejected`` numbers the shipments left behind, ``left_kg`` counts what stays behind of those that are carried in
    part, ``ashore`` numbers those of which something had to leave a vessel for want of room. A shipment has at most one
    part for each route and its sailings.
    """

    def __init__(self, space: TimeSpace, hulls: Mapping[Sailing, int], smallest_kg: int = SMALL_LOT_KG) -> None:
        self.space, self.smallest_kg = space, smallest_kg
        self.rejected: set[int] = set()
        self.left_kg: dict[int, int] = {}
        self.ashore: set[int] = set()
        self._parts: dict[int, list[Part]] = {}
        self._aboard: dict[Sailing, set[int]] = defaultdict(set)
        self._room_kg: dict[Sailing, int] = defaultdict(int)
        for sailing, count in hulls.items():
            self._room_kg[sailing] = count * capacity_kg(space, sailing)
        services = np.flatnonzero((space.columns.family < 0) & (space.columns.route >= 0))
        self._services: dict[int, list[int]] = defaultdict(list)
        for column in services:
            self._services[int(space.columns.shipment[column])].append(int(space.columns.route[column]))

    @property
    def parts(self) -> list[Part]:
        """Every part, by shipment."""
        return [part for shipment in sorted(self._parts) for part in self._parts[shipment]]

    def of(self, shipment: int) -> tuple[Part, ...]:
        """The parts of a shipment; empty when it is left behind."""
        return tuple(self._parts.get(shipment, ()))

    def add(self, part: Part, mass_kg: int) -> None:
        """Put ``mass_kg`` more of a shipment on the way of ``part`` (whose own mass does not matter)."""
        parts = self._parts.setdefault(part.shipment, [])
        at = next((i for i, p in enumerate(parts) if (p.route, p.sailings) == (part.route, part.sailings)), None)
        if at is None:
            parts.append(replace(part, mass_kg=mass_kg))
        else:
            parts[at] = replace(parts[at], mass_kg=parts[at].mass_kg + mass_kg)
        for sailing in part.sailings:
            self._room_kg[sailing] -= mass_kg
            self._aboard[sailing].add(part.shipment)

    def take(self, part: Part, mass_kg: int) -> None:
        """Take ``mass_kg`` off a part."""
        parts = self._parts[part.shipment]
        at = parts.index(part)
        parts[at : at + 1] = [replace(part, mass_kg=part.mass_kg - mass_kg)] if part.mass_kg > mass_kg else []
        for sailing in part.sailings:
            self._room_kg[sailing] += mass_kg

    def put_ashore(self, part: Part, mass_kg: int) -> None:
        """Send kilograms of a part a way that needs no vessel of ours, by road where there is one.

        Of a shipment without any such way the part stays behind; with it goes all of it where it must not be split or
        too little would travel. A part that has gone with the rest is no matter any more.
        """
        if part not in self.of(part.shipment):
            return
        self.ashore.add(part.shipment)
        services = self._services[part.shipment]
        if not services:
            self.take(part, mass_kg)
            self.leave(part.shipment, mass_kg)
            return
        self.take(part, mass_kg)
        route = min(services, key=lambda number: (self.space.routes[number].kind != "road", number))
        self.add(Part(part.shipment, route, -1, -1, 0), mass_kg)

    def leave(self, shipment: int, mass_kg: int) -> None:
        """Leave kilograms of a shipment behind, those that travel already taken off; all of it where it must not be
        split or less than the smallest lot would travel."""
        record = self.space.shipments[shipment]
        left_kg = self.left_kg.get(shipment, 0) + mass_kg
        if record.splittable and record.mass_kg - left_kg >= self.smallest_kg:
            self.left_kg[shipment] = left_kg
            return
        for lost in self.of(shipment):
            self.take(lost, lost.mass_kg)
        self.reject(shipment)

    def reject(self, shipment: int) -> None:
        """Leave a shipment behind."""
        self._parts.pop(shipment, None)
        self.left_kg.pop(shipment, None)
        self.rejected.add(shipment)

    def relieve(self) -> None:
        """Take off every sailing what its hulls cannot carry."""
        for sailing in sorted(self._aboard):
            for elsewhere in (self._to_services, self._to_other_sailings, self._to_new_lots):
                for part in self._smallest_first(sailing):
                    if self._room_kg[sailing] < 0:
                        elsewhere(part, sailing, -self._room_kg[sailing])

    def fill_up_road_lots(self) -> None:
        """Let no truck drive for less than the smallest lot: who can leave the vessel more easily makes room for it, or
        it takes the rest off the shipment's largest lot aboard.

        Lots aboard below that size join a lot on the road if there is one.
        """
        for shipment in sorted(self._parts):
            for lot in self._on_road(shipment):
                if lot.mass_kg < self.smallest_kg:
                    self._bring_aboard(lot)
        for shipment in sorted(self._parts):
            road = self._on_road(shipment)
            for small in self.of(shipment) if road else ():
                if small.mass_kg < self.smallest_kg and self._spares(small, small.mass_kg):
                    self._shift(small, road[0], small.mass_kg)
            aboard = [part for part in self.of(shipment) if self._spares(part, self.smallest_kg)]
            for lot in (part for part in self.of(shipment) if part.route in {p.route for p in road}):
                missing_kg = self.smallest_kg - lot.mass_kg
                largest = max(aboard, key=lambda part: part.mass_kg, default=None)
                if missing_kg > 0 and largest is not None and largest.mass_kg - missing_kg >= self.smallest_kg:
                    self._shift(largest, lot, missing_kg)

    def _on_road(self, shipment: int) -> list[Part]:
        """What of a shipment goes by truck from door to door."""
        return [p for p in self.of(shipment) if p.sailing is None and self.space.routes[p.route].kind == "road"]

    def _bring_aboard(self, small: Part) -> None:
        """Put a small lot by road aboard with the rest of its shipment, and for it, at the same quays, as much of
        others ashore as leaves no small lot of them: of one on the road already, or a small shipment as a whole. What
        the solver says is one of many answers that cost the same, and then another of them is as good for trucks."""
        ways = [
            (mass_kg, own, other, road)
            for own in self.of(small.shipment)
            if own.sailing is not None
            for other in self._smallest_first(own.sailing)
            if other.shipment != small.shipment and other.sailings == own.sailings
            if (road := self._way_by_road(other)) is not None
            if small.mass_kg <= (mass_kg := self._least_off(other, small.mass_kg)) < self.smallest_kg
            if self._spares(other, mass_kg - small.mass_kg)
        ]
        # To ask for quays goes through all columns: the best way first, and mostly it is one at the same quays.
        for mass_kg, own, other, road in sorted(ways, key=lambda way: way[0]):
            if self._terminal_days(own) <= self._terminal_days(other):
                self._shift(other, road, mass_kg)
                self._shift(small, own, small.mass_kg)
                return

    def _way_by_road(self, part: Part) -> Part | None:
        """The way of a part by truck from door to door, the one that some of its shipment goes already if there is one;
        None where there is none."""
        ways = [road.route for road in self._on_road(part.shipment)] or [
            number for number in self._services[part.shipment] if self.space.routes[number].kind == "road"
        ]
        return Part(part.shipment, min(ways), -1, -1, 0) if ways else None

    def _least_off(self, part: Part, mass_kg: int) -> int:
        """The least from ``mass_kg`` on that a part may send by road without a small lot there or here; 0: nothing."""
        on_road = bool(self._on_road(part.shipment))
        if on_road and part.mass_kg - mass_kg >= self.smallest_kg:
            return mass_kg
        return part.mass_kg if on_road or len(self.of(part.shipment)) == 1 else 0

    def _terminal_days(self, part: Part) -> set[tuple[int, int]]:
        """Terminals and days that handle a part."""
        columns, (onward, slot) = self.space.columns, part.onward or (-1, -1)
        of_part = (columns.shipment == part.shipment) & (columns.route == part.route) & (columns.slot == part.slot)
        of_part &= (columns.family == part.family) & (columns.onward == onward) & (columns.onward_slot == slot)
        handled = np.isin(columns.handled_column, np.flatnonzero(of_part))
        return set(zip(columns.handled_terminal[handled].tolist(), columns.handled_day[handled].tolist(), strict=True))

    def hold_least(self) -> None:
        """Give each given sailing in use its least load, from lots of the same shipments that go without a vessel of
        ours; where that is not enough, nobody sails with it."""
        for sailing in sorted(self._aboard):
            given = self.space.families[sailing[0]].given
            if given is None or given.least_kg <= 0:
                continue
            if not 0 < self._load_kg(sailing) < given.least_kg:
                continue
            for shipment, route in self._bookable(sailing):
                way = Part(shipment, route, *sailing, 0)
                self._fetch(way, given.least_kg - self._load_kg(sailing))
            if self._load_kg(sailing) < given.least_kg:
                for part in self._smallest_first(sailing):
                    self.put_ashore(part, part.mass_kg)

    def _load_kg(self, sailing: Sailing) -> int:
        return sum(part.mass_kg for part in self._smallest_first(sailing))

    def _spares(self, part: Part, mass_kg: int) -> bool:
        """Whether a part aboard may lose so much without its sailing falling below a least load."""
        if part.sailing is None:
            return False
        given = self.space.families[part.sailing[0]].given
        return given is None or given.least_kg <= 0 or self._load_kg(part.sailing) - mass_kg >= given.least_kg

    def _bookable(self, sailing: Sailing) -> list[tuple[int, int]]:
        """(shipment, route) of everything that may be on a sailing and may be split, what is aboard first."""
        columns, aboard = self.space.columns, {(p.shipment, p.route) for p in self._smallest_first(sailing)}
        numbers = np.flatnonzero((columns.family == sailing[0]) & (columns.slot == sailing[1]))
        pairs = {(int(columns.shipment[n]), int(columns.route[n])) for n in numbers} | aboard
        pairs = {pair for pair in pairs if self.space.shipments[pair[0]].splittable}
        return sorted(pairs, key=lambda pair: (pair not in aboard, pair))

    def _fetch(self, way: Part, missing_kg: int) -> None:
        """Bring up to so many kilograms of a shipment aboard: from its lots that need no vessel of ours first, then
        from other sailings that can spare them."""
        if way.sailing is None:
            return
        for other in sorted(self.of(way.shipment), key=lambda part: part.sailing is not None):
            mass_kg = min(missing_kg, other.mass_kg, self._room_kg[way.sailing])
            free = other.sailing is None or (other.sailing != way.sailing and self._spares(other, mass_kg))
            if mass_kg > 0 and free:
                self._shift(other, way, mass_kg)
                missing_kg -= mass_kg

    def _shift(self, source: Part, target: Part, mass_kg: int) -> None:
        self.take(source, mass_kg)
        self.add(target, mass_kg)

    def _smallest_first(self, sailing: Sailing) -> list[Part]:
        parts = [p for k in self._aboard[sailing] for p in self.of(k) if sailing in p.sailings]
        return sorted(parts, key=lambda part: (part.mass_kg, part.shipment, part.route))

    def _to_services(self, part: Part, _: Sailing, surplus_kg: int) -> None:
        """Into a lot of the same shipment that already goes without a vessel of ours, the road first."""
        lots = [other for other in self.of(part.shipment) if other.sailing is None]
        if lots:
            moved_kg = min(surplus_kg, part.mass_kg)
            self.take(part, moved_kg)
            self.add(min(lots, key=lambda p: (self.space.routes[p.route].kind != "road", p.route)), moved_kg)

    def _to_other_sailings(self, part: Part, full: Sailing, surplus_kg: int) -> None:
        """Into lots of the same shipment on sailings that have room."""
        moved_kg = 0
        for other in self.of(part.shipment):
            if other.sailings and full not in other.sailings:
                # What both travel on has room for it already.
                rooms = [self._room_kg[sailing] for sailing in other.sailings if sailing not in part.sailings]
                kg = max(0, min(surplus_kg - moved_kg, part.mass_kg - moved_kg, *rooms))
                self.add(other, kg)
                moved_kg += kg
        if moved_kg:
            self.take(part, moved_kg)

    def _to_new_lots(self, part: Part, _: Sailing, surplus_kg: int) -> None:
        """Ashore: at least a tonne, and not so much that a smaller lot would stay aboard."""
        off_kg = max(surplus_kg, self.smallest_kg)
        if not self.space.shipments[part.shipment].splittable or part.mass_kg - off_kg < self.smallest_kg:
            off_kg = part.mass_kg
        self.put_ashore(part, off_kg)


def cut_into_lots(
    space: TimeSpace, shares: Floats, hulls: Mapping[Sailing, int], smallest_kg: int = SMALL_LOT_KG
) -> Cut:
    """Whole kilograms for every shipment; ``shares`` has one entry per cargo column, ``hulls`` counts those sailing.

    A share that is left behind stays behind; a shipment that must not be split is then rejected as a whole. Lots by
    road are filled up to ``smallest_kg`` from the shipment's other lots.
    """
    cut = Cut(space, hulls, smallest_kg)
    for shipment, columns in _columns_by_shipment(space, shares):
        left = space.columns.route[columns] < 0
        if left.all() or (left.any() and not space.shipments[shipment].splittable):
            cut.reject(shipment)
        else:
            _add_parts(cut, shipment, columns, shares[columns])
    cut.relieve()
    cut.fill_up_road_lots()
    return cut


def _columns_by_shipment(space: TimeSpace, shares: Floats) -> list[tuple[int, Indices]]:
    used = np.flatnonzero(shares >= NOISE)
    owner = space.columns.shipment[used]
    order = np.argsort(owner, kind="stable")
    groups = np.split(used[order], np.flatnonzero(np.diff(owner[order])) + 1) if len(used) else []
    return [(int(space.columns.shipment[group[0]]), group) for group in groups]


def _add_parts(cut: Cut, shipment: int, columns: Indices, shares: Floats) -> None:
    record, table = cut.space.shipments[shipment], cut.space.columns
    if not record.splittable:
        # One column holds the whole of it; what stands beside is tolerance.
        best = int(np.argmax(shares))
        columns, shares = columns[best : best + 1], shares[best : best + 1]
    masses = apportion(record.mass_kg, [float(share) for share in shares])
    left_kg = sum(mass_kg for c, mass_kg in zip(columns, masses, strict=True) if table.route[c] < 0)
    if left_kg:
        cut.leave(shipment, left_kg)
    if shipment in cut.rejected:
        return
    for c, mass_kg in zip(columns, masses, strict=True):
        if mass_kg > 0 and table.route[c] >= 0:
            second = (int(table.onward[c]), int(table.onward_slot[c])) if table.onward[c] >= 0 else None
            way = Part(shipment, int(table.route[c]), int(table.family[c]), int(table.slot[c]), 0, second)
            cut.add(way, mass_kg)
