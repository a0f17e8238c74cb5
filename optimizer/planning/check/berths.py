"""When a vessel may berth, and what it may load then: looked up once for all shipments of a plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache

from optimizer.network.model import Network, Terminal
from optimizer.planning.check.ways import Ways
from optimizer.planning.shipment import Shipment

SLOT_H = 6
"""Voyages berth as a slot of the day begins."""
LONGEST_WAIT = timedelta(days=31)
"""A plan looks no farther ahead for a shipment."""
BEYOND_D = 15
"""The plan looks as far ahead as its longest voyage needs; by how much that is more than this one, at most."""


class Berths:
    """Slots are counted from ``epoch``, the plan's midnight. ``hub_h``: hours at a terminal by load; ``inside``: the
    shipments of the plan's horizon."""

    def __init__(
        self,
        network: Network,
        ways: Ways,
        epoch: datetime,
        hub_h: Callable[[Terminal, float], float],
        inside: Sequence[Shipment],
    ) -> None:
        self._network, self._ways, self._epoch, self._hub_h = network, ways, epoch, hub_h
        last = max((min(max(s.due_at, s.ready_at), s.ready_at + LONGEST_WAIT) for s in inside), default=epoch)
        self.slots = max(1, math.ceil((last - epoch) / timedelta(hours=SLOT_H)))
        """Slots of the plan in which any voyage may begin."""
        self.capacity_t = cache(self._capacity_t)
        self.most_t = cache(self._most_t)

    def _capacity_t(self, origin: str, destination: str, vessel_class: str, group: str, slot: int) -> float:
        """What a vessel may load, to the kg, that berths as a slot begins; 0 where it must not sail."""
        vessel, course = (
            self._network.vessel_classes[vessel_class],
            self._ways.course(origin, destination, vessel_class),
        )
        hubs = [self._network.terminals.get((place, group)) for place in (origin, destination)]
        if course is None or hubs[0] is None or hubs[1] is None:
            return 0.0
        berths = self._epoch + timedelta(hours=SLOT_H * slot)
        casts_off = berths + timedelta(seconds=round(self._hub_h(hubs[0], vessel.capacity_t) * 3600))
        arrives = casts_off + timedelta(hours=course.hours)
        leaves = arrives + timedelta(hours=self._hub_h(hubs[1], vessel.capacity_t))
        shut = (
            self._ways.closures(course, casts_off)
            or self._ways.terminal_closures(origin, berths, casts_off)
            or self._ways.terminal_closures(destination, arrives, leaves)
        )
        return 0.0 if shut else int(self._ways.capacity_t(course, vessel, casts_off) * 1000 + 1e-6) / 1000

    def _most_t(self, origin: str, destination: str, vessel_class: str, group: str) -> tuple[float, ...]:
        """What a vessel takes at best, for each end that the plan may have."""
        here, name_plate_t = 0.0, self._network.vessel_classes[vessel_class].capacity_t
        for slot in range(self.slots):
            here = max(here, self.capacity_t(origin, destination, vessel_class, group, slot))
            if here >= name_plate_t:
                return (here,)
        later = range(self.slots, self.slots + BEYOND_D * 24 // SLOT_H)
        beyond = [self.capacity_t(origin, destination, vessel_class, group, slot) for slot in later]
        return tuple(sorted({here, *(load for load in beyond if load > here)}))
