"""When a vessel class may sail between two terminals, and how much it may load then.

Both follow from closures and water levels along the lane, which change at a few moments only. A calendar holds the
slots at which they can change; between two of them every slot is alike, so a quote looks at a handful of slots and not
at all of its horizon, and still misses none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from math import ceil

from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.planning.routing.route import RouteLeg
from optimizer.planning.settings import SLOT_H
from optimizer.quantities import CHINA_TIME

FIRST_SLOT_AT = datetime(2000, 1, 1, tzinfo=CHINA_TIME)
"""Slots of calendars are counted from here; China time has no summer time, so every midnight begins a slot."""

SLOT = timedelta(hours=SLOT_H)

HAIR = 1e-6
"""Part of a slot by which a moment of change may be misjudged in floating point. A change that falls
on a slot's beginning may be felt by that slot or by the next one only, so both are listed."""

Moments = dict[tuple[str, str], list[datetime]]


def slot_at(moment: datetime) -> int:
    """The slot in which a moment lies."""
    return (moment - FIRST_SLOT_AT) // SLOT


def moments_of_change(network: Network) -> Moments:
    """Per (kind, id) of a link, lock or terminal: when it closes, opens or changes its depth."""
    moments: Moments = defaultdict(list)
    for closure in network.closures:
        moments[(closure.kind, closure.item_id)] += [closure.closed_from, closure.closed_to]
    for level in network.water_levels:
        moments[("link", level.link_id)] += [level.valid_from, level.valid_to]
    return moments


class SailingCalendar:
    """Sailings of one class from terminal to terminal, by the slot in which the vessel berths to load.

    ``load_h`` and ``discharge_h`` are the berth times at both ends. A sailing is shut when any closure touches it: of
    the lane as it passes, of a terminal while it lies there.
    """

    def __init__(
        self, graph: NetworkGraph, moments: Moments, voyage: RouteLeg, load_h: float, discharge_h: float
    ) -> None:
        assert voyage.lane is not None
        self.graph, self.lane, self.voyage = graph, voyage.lane, voyage
        self.load_h, self.discharge_h = load_h, discharge_h
        self._starts = sorted(set(self._change_slots(moments)))
        self._known: dict[int, tuple[float, str]] = {}

    def capacity_t(self, slot: int) -> float:
        """What one vessel may load when it berths in this slot; 0 where it must not or cannot sail."""
        return self._state(slot)[0]

    def closure(self, slot: int) -> str:
        """The id of a closure that shuts this slot, empty when none does."""
        return self._state(slot)[1]

    def changes(self, first: int, last: int) -> list[int]:
        """Slots after ``first`` up to ``last`` that may differ from the slot before."""
        return self._starts[bisect_right(self._starts, first) : bisect_right(self._starts, last)]

    def _state(self, slot: int) -> tuple[float, str]:
        part = bisect_right(self._starts, slot)
        if part not in self._known:
            self._known[part] = self._look(slot)
        return self._known[part]

    def _look(self, slot: int) -> tuple[float, str]:
        berths = FIRST_SLOT_AT + slot * SLOT
        casts_off = berths + _seconds(self.load_h)
        arrives = casts_off + timedelta(hours=self.voyage.hours)
        leaves = arrives + timedelta(hours=self.discharge_h)
        shut = self.graph.closed(self.lane, casts_off)
        shut = shut or self._terminal_closure(self.voyage.origin, berths, casts_off)
        shut = shut or self._terminal_closure(self.voyage.destination, arrives, leaves)
        return (0.0, shut) if shut else (self.graph.capacity_t(self.lane, casts_off), "")

    def _terminal_closure(self, place: str, opens: datetime, ends: datetime) -> str:
        if not self.graph.terminal_closed(place, opens, ends):
            return ""
        spans = (c for c in self.graph.network.closures if (c.kind, c.item_id) == ("terminal", place))
        return next(c.closure_id for c in spans if c.closed_from < ends and c.closed_to > opens)

    def _change_slots(self, moments: Moments) -> Iterator[int]:
        """A change is felt by the slots whose vessel meets it: at its moment less the hours since berthing."""
        for key, hours in self._meetings():
            for moment in moments.get(key, ()):
                for hour in hours:
                    place = (moment - FIRST_SLOT_AT) / SLOT - hour / SLOT_H
                    yield ceil(place - HAIR)
                    yield ceil(place + HAIR)

    def _meetings(self) -> Iterable[tuple[tuple[str, str], tuple[float, float]]]:
        """What a vessel meets, with the first and last hour after berthing at which it does."""
        sails, arrives = self.load_h, self.load_h + self.voyage.hours
        yield ("terminal", self.voyage.origin), (0.0, sails)
        for stretch in self.lane.stretches:
            yield ("link", stretch.link_id), (sails + stretch.enters_h, sails + stretch.leaves_h)
        for passage in self.lane.passages:
            yield ("lock", passage.lock_id), (sails + passage.arrives_h, sails + passage.leaves_h)
        yield ("terminal", self.voyage.destination), (arrives, arrives + self.discharge_h)


def _seconds(hours: float) -> timedelta:
    """To the second, as plans write their times."""
    return timedelta(seconds=round(hours * 3600))
