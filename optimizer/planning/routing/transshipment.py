"""Barge to barge: two planned voyages that meet at a transshipment port.

    river-river     [truck] hub  voyage  hub  hub  voyage  hub [truck]

The cargo goes ashore from the first vessel and aboard the second: two operations, a yard between them. A change costs
both and saves nothing by itself, so it is made between two classes of which the larger one cannot sail the whole way
(limits of a reach, a lock, a bridge or a berth): a small class serves the reach that only it can, a large one the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from optimizer.planning.routing.doors import Doors
from optimizer.planning.routing.route import Route, RouteLeg

KIND = "river-river"


def transshipments(door: Doors) -> Iterator[Route]:
    """Every chain of two voyages of different classes between two doors, in the order of their terminals."""
    origins, destinations = door.doors(door.origin, "pre"), door.doors(door.destination, "post")
    for (start, before), (end, after) in product(origins, destinations):
        if start == end:
            continue
        through = {leg.vehicle_class for leg in door.voyage_legs(start, end)}
        for port in _ports(door, start, end):
            for first, second in product(door.voyage_legs(start, port), door.voyage_legs(port, end)):
                if _must_change(door, first, second, through):
                    aboard = door.load_hub(start, first), first, door.load_hub(port, first)
                    onward = door.load_hub(port, second), second, door.load_hub(end, second)
                    yield Route(KIND, (*before, *aboard, *onward, *after))


def _ports(door: Doors, start: str, end: str) -> list[str]:
    """Where the cargo may change ship: any other terminal for it."""
    return [place for place, group in door.network.terminals if group == door.group and place not in (start, end)]


def _must_change(door: Doors, first: RouteLeg, second: RouteLeg, through: set[str]) -> bool:
    """Whether the classes differ and the larger of them cannot sail through (of equal ones: neither can)."""
    if first.vehicle_class == second.vehicle_class:
        return False
    size = {leg.vehicle_class: door.network.vessel_classes[leg.vehicle_class].capacity_t for leg in (first, second)}
    largest_t = max(size.values())
    return not any(name in through for name, capacity_t in size.items() if capacity_t == largest_t)
