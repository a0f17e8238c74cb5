"""The clock of services: trucks, trains, river-sea ships and the hubs between them.

As :func:`~optimizer.planning.routing.routes.finish_h`, and beyond it: a ship whose way would be shut leaves at a later
bell, and a closed terminal is waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from optimizer.network.graph import NetworkGraph
from optimizer.planning.quote.calendar import FIRST_SLOT_AT, SLOT, Moments
from optimizer.planning.routing.route import RouteLeg, begin_h

Span = tuple[float, float]

MAX_BELLS = 3660
"""A ship waits for at most this many bells (ten years of daily ones); a way that is shut longer is shut for good."""


class ServiceTimes:
    """Runs chains of services on one network. ``moments`` as from ``calendar.moments_of_change``."""

    def __init__(self, graph: NetworkGraph, moments: Moments) -> None:
        self.graph = graph
        self._closable = {key for key in moments if key[0] != "link"}
        self._closable |= {("link", c.item_id) for c in graph.network.closures if c.kind == "link"}

    def may_wait(self, legs: Sequence[RouteLeg]) -> bool:
        """Whether a closure of the tables can touch any of these legs."""
        return any(self._touched(leg) for leg in legs)

    def run(self, legs: Sequence[RouteLeg], start_h: float, slot_zero: int) -> list[Span]:
        """Begin and end of each leg, one after the other from ``start_h``; one span without length for none.

        Hours count from midnight of calendar slot ``slot_zero``. inf where a way never opens again.
        """
        spans: list[Span] = []
        hour = start_h
        for leg in legs:
            begin = self._begin_h(leg, hour, slot_zero)
            hour = begin + leg.hours
            spans.append((begin, hour))
        return spans or [(start_h, start_h)]

    def _begin_h(self, leg: RouteLeg, ready_h: float, slot_zero: int) -> float:
        begin = begin_h(leg, ready_h)
        if not self._touched(leg) or begin == float("inf"):
            return begin
        midnight = FIRST_SLOT_AT + slot_zero * SLOT
        if leg.lane is not None:
            for _ in range(MAX_BELLS):
                if self.graph.closed(leg.lane, midnight + timedelta(hours=begin)) is None:
                    return begin
                begin += leg.interval_h or 1.0
            return float("inf")
        # At a hub: begin when the last closure that touches the work has ended.
        spans = sorted(
            ((c.closed_from - midnight) / timedelta(hours=1), (c.closed_to - midnight) / timedelta(hours=1))
            for c in self.graph.network.closures
            if (c.kind, c.item_id) == ("terminal", leg.origin)
        )
        for closed_from, closed_to in spans:
            if closed_from < begin + leg.hours and closed_to > begin:
                begin = closed_to
        return begin

    def _touched(self, leg: RouteLeg) -> bool:
        if leg.role == "hub":
            return ("terminal", leg.origin) in self._closable
        if leg.lane is None:
            return False
        stretches = (("link", stretch.link_id) in self._closable for stretch in leg.lane.stretches)
        return any(stretches) or any(("lock", passage.lock_id) in self._closable for passage in leg.lane.passages)
