"""Where things lie: the line along which a leg travels, and where on it a lock stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians

from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Link, Mode, Network
from optimizer.network.shapes import Line, Shapes


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a leg's way, in the direction of travel. ``link_id`` is empty where the way is a straight line between
    two places for want of a better one, as on the road."""

    link_id: str
    mode: str
    origin: str
    destination: str
    line: Line

    @property
    def key(self) -> str:
        """The same for both directions, and for every leg that passes here."""
        return self.link_id or f"{self.mode}:{'|'.join(sorted((self.origin, self.destination)))}"


class Atlas:
    """Lines of one network. Searches are kept, so keep one object per network."""

    def __init__(self, network: Network, shapes: Shapes) -> None:
        self.network, self.shapes = network, shapes
        self._graph = NetworkGraph(network)

    def place(self, location_id: str) -> tuple[float, float] | None:
        """Longitude and latitude; None for a place that the network no longer has."""
        found = self.network.locations.get(location_id)
        return None if found is None else (found.longitude, found.latitude)

    def way(self, mode: str, origin: str, destination: str, vehicle_class: str) -> list[Stretch]:
        """The stretches of a leg; one straight line where no link is known (roads, foreign vessels); none at a hub or
        where an end is unknown."""
        if origin == destination or self.place(origin) is None or self.place(destination) is None:
            return []
        links = self._links(mode, origin, destination, vehicle_class)
        if not links:
            return [self._straight(mode, origin, destination)]
        stretches, here = [], origin
        for link_id in links:
            link = self.network.links[link_id]
            there = link.to_location if link.from_location == here else link.from_location
            line = self.line(link)
            stretches.append(Stretch(link_id, mode, here, there, line if link.from_location == here else line[::-1]))
            here = there
        return stretches

    def line(self, link: Link) -> Line:
        """The drawn line of a link from its first place to its last."""
        drawn = self.shapes.links.get(link.link_id)
        ends = [self.place(link.from_location), self.place(link.to_location)]
        return drawn or tuple(end for end in ends if end is not None)

    def waterways(self) -> list[tuple[Link, Line]]:
        """Every link of inland water and sea that is open now."""
        water = (Mode.INLAND_WATERWAY, Mode.SEA)
        return [
            (link, self.line(link))
            for link in self.network.links.values()
            if link.mode in water and link.scenario == "base"
        ]

    def lock_place(self, lock_id: str) -> tuple[float, float] | None:
        """Where a lock stands: at its share of the length of its link's line."""
        lock = self.network.locks.get(lock_id)
        if lock is None:
            return None
        return along(self.line(self.network.links[lock.link_id]), lock.position)

    def _links(self, mode: str, origin: str, destination: str, vehicle_class: str) -> Sequence[str]:
        if mode == Mode.RAIL.value:
            way = self._graph.rail(origin, destination)
            return () if way is None else way.link_ids
        if mode in (Mode.INLAND_WATERWAY.value, Mode.SEA.value) and vehicle_class in self.network.vessel_classes:
            lane = self._graph.lane(origin, destination, vehicle_class)
            return () if lane is None else [stretch.link_id for stretch in lane.stretches]
        return ()

    def _straight(self, mode: str, origin: str, destination: str) -> Stretch:
        ends = [self.place(origin), self.place(destination)]
        return Stretch("", mode, origin, destination, tuple(end for end in ends if end is not None))


def along(line: Line, share: float) -> tuple[float, float]:
    """The point at a share (0..1) of a line's length."""
    lengths = [hypot((x2 - x1) * cos(radians((y1 + y2) / 2)), y2 - y1) for (x1, y1), (x2, y2) in pairwise(line)]
    left = share * sum(lengths)
    for length, (x1, y1), (x2, y2) in zip(lengths, line, line[1:], strict=False):
        if left <= length and length > 0:
            return x1 + (x2 - x1) * left / length, y1 + (y2 - y1) * left / length
        left -= length
    return line[-1]
