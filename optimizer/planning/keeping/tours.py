"""Tours of kept hulls, mended where the network changed.

A hull whose voyages can all sail and still carry what was accepted goes on as it was to. Otherwise its tour is chained
anew: of its voyages that carry something kept those that it can make in time and still get home, as many kilograms as
possible, with empty voyages between. A new empty voyage takes the first slot that is open and has its lockages.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil, floor

from optimizer.planning.keeping.sailing import VoyageBook
from optimizer.planning.layout.families import empty_slots
from optimizer.planning.plan import Plan, Voyage
from optimizer.planning.settings import SLOT_H

HAIR = 1e-9
Passings = Counter[tuple[str, int]]
"""Vessels by (lock, day of the plan)."""


@dataclass(frozen=True, slots=True)
class Tour:
    """The voyages of one hull in their order."""

    vessel_id: str
    voyages: tuple[Voyage, ...]

    @property
    def kind(self) -> tuple[str, str]:
        """Class and market of the hull."""
        return self.voyages[0].vessel_class, self.voyages[0].market

    @property
    def ends(self) -> tuple[str, str]:
        """Where it begins and ends."""
        return self.voyages[0].origin, self.voyages[-1].destination


def passings(voyages: Sequence[Voyage], book: VoyageBook) -> Passings:
    """Lock passages of own hulls, on the day on which each leaves the lock."""
    found: Passings = Counter()
    for voyage in voyages:
        for lock in voyage.locks if voyage.offer is None else ():
            found[(lock.lock_id, day_of(book, lock.at))] += 1
    return found


def day_of(book: VoyageBook, moment: object) -> int:
    """The day of the plan in which a moment lies."""
    return floor(book.grid.hour(moment) / 24 + HAIR)  # type: ignore[arg-type]


class TourMender:
    """Keeps tours, or chains them anew. ``names`` gives ids for new voyages, ``used`` the passages taken so far."""

    def __init__(self, book: VoyageBook, impossible: Collection[str], names: count[int], used: Passings) -> None:
        self.book, self.impossible, self.names, self.used = book, set(impossible), names, used

    def whole(self, tour: Tour, wanted: Mapping[str, int]) -> bool:
        """Whether the hull can go on as it was to."""
        return all(
            voyage.voyage_id not in self.impossible and (voyage.empty or voyage.voyage_id in wanted)
            for voyage in tour.voyages
        )

    def can_sail(self, tour: Tour) -> bool:
        """Whether every voyage of a tour can sail and has its lockages."""
        return all(voyage.voyage_id not in self.impossible and self._has_lockages(voyage) for voyage in tour.voyages)

    def mended(self, tour: Tour, wanted: Mapping[str, int], home: str) -> Tour | None:
        """The tour through its wanted voyages (kilograms by id) that ends at ``home``; None where it can make none."""
        items = [v for v in tour.voyages if v.voyage_id in wanted and v.voyage_id not in self.impossible]
        start = tour.voyages[0]
        slot = self._slot(start.berth_from)
        best: list[tuple[int, int]] = []  # (kilograms so far, item before or -1)
        for number, item in enumerate(items):
            choices = [(0, -1)] if self._way(start.origin, slot, item, tour) is not None else []
            choices += [
                (best[j][0], j)
                for j in range(number)
                if best[j][0] >= 0 and self._way(items[j].destination, self._free(items[j]), item, tour) is not None
            ]
            weight, before = max(choices, default=(-1, -1))
            best.append((weight + wanted[item.voyage_id] if choices else -1, before))
        ends = [
            (best[j][0], j)
            for j in range(len(items))
            if best[j][0] >= 0 and self._home(items[j].destination, self._free(items[j]), home, tour) is not None
        ]
        if not ends:
            return None
        chosen, last = [], max(ends)[1]
        while last >= 0:
            chosen.append(items[last])
            last = best[last][1]
        return self._joined(tour, chosen[::-1], home)

    def _joined(self, tour: Tour, items: Sequence[Voyage], home: str) -> Tour | None:
        place, free, made = tour.voyages[0].origin, self._slot(tour.voyages[0].berth_from), []
        for item in items:
            way = self._way(place, free, item, tour)
            if way is None:
                return None
            made += [*self._note(way), item]
            self.used.update(passings([item], self.book))
            place, free = item.destination, self._free(item)
        way = self._home(place, free, home, tour)
        if way is None:
            return None
        return Tour(tour.vessel_id, (*made, *self._note(way)))

    def _note(self, way: Sequence[Voyage]) -> list[Voyage]:
        named = [
            voyage if voyage.voyage_id else self.book.ballast(f"V{next(self.names):05d}", voyage, lane, slot)
            for voyage in way
            for lane, slot in [(self.book.lane(voyage), self._slot(voyage.berth_from))]
            if lane is not None
        ]
        self.used.update(passings(named, self.book))
        return named

    def _way(self, place: str, free: int, item: Voyage, tour: Tour) -> list[Voyage] | None:
        """Empty voyages from a place, free from a slot on, to where a voyage berths."""
        return self._between(
            place, free, item.origin, floor(self.book.grid.hour(item.berth_from) / SLOT_H + 1e-6), tour
        )

    def _home(self, place: str, free: int, home: str, tour: Tour) -> list[Voyage] | None:
        return self._between(place, free, home, self.book.grid.slots - 1, tour)

    def _between(self, place: str, free: int, goal: str, until: int, tour: Tour) -> list[Voyage] | None:
        if free > until:
            return None
        if place == goal:
            return []
        for voyage in tour.voyages:
            if (
                voyage.empty
                and (voyage.origin, voyage.destination) == (place, goal)
                and self._fits(voyage, free, until)
            ):
                return [voyage]
        like = tour.voyages[0]
        lane = self.book.graph.lane(place, goal, like.vessel_class)
        if lane is None:
            return None
        for slot in range(free, until - empty_slots(lane.transit_h) + 1):
            voyage = self.book.ballast("", like, lane, slot)
            if self.book.trouble(voyage) is None and self._has_lockages(voyage):
                return [voyage]
        return None

    def _fits(self, voyage: Voyage, free: int, until: int) -> bool:
        if voyage.voyage_id in self.impossible or self._slot(voyage.berth_from) < free or self._free(voyage) > until:
            return False
        return self._has_lockages(voyage)

    def _has_lockages(self, voyage: Voyage) -> bool:
        locks = self.book.network.locks
        return all(
            self.used[(lock.lock_id, day_of(self.book, lock.at))] + 1 <= locks[lock.lock_id].vessels_per_day + HAIR
            for lock in voyage.locks
        )

    def _slot(self, moment: object) -> int:
        return ceil(self.book.grid.hour(moment) / SLOT_H - 1e-6)  # type: ignore[arg-type]

    def _free(self, voyage: Voyage) -> int:
        return self._slot(voyage.free_at)


def trimmed(tour: Tour, aboard: Mapping[str, int]) -> Tour | None:
    """The tour without round trips on which nothing is aboard (kilograms by voyage id); None when nothing is left."""
    voyages = list(tour.voyages)
    while True:
        loop = _idle_loop(voyages, aboard)
        if loop is None:
            break
        del voyages[loop[0] : loop[1]]
    return Tour(tour.vessel_id, tuple(voyages)) if voyages else None


def _idle_loop(voyages: Sequence[Voyage], aboard: Mapping[str, int]) -> tuple[int, int] | None:
    """(first, past last) of the longest run that ends where it began and carries nothing."""
    best: tuple[int, int] | None = None
    for first in range(len(voyages)):
        for last in range(first, len(voyages)):
            if aboard.get(voyages[last].voyage_id, 0) > 0:
                break
            closed = voyages[last].destination == voyages[first].origin
            if closed and (best is None or last + 1 - first > best[1] - best[0]):
                best = (first, last + 1)
    return best


def tours_of(plan: Plan) -> list[Tour]:
    """The tours of a plan's own and hired hulls, by hull; what sails on offers is no tour of ours."""
    tours: dict[str, list[Voyage]] = defaultdict(list)
    own = [voyage for voyage in plan.voyages if voyage.offer is None]
    for voyage in sorted(own, key=lambda voyage: (voyage.berth_from, voyage.free_at, voyage.voyage_id)):
        tours[voyage.vessel_id].append(voyage)
    return [Tour(vessel_id, tuple(voyages)) for vessel_id, voyages in sorted(tours.items())]
