"""Where time is cut: at first hardly at all, then where a plan needs it.

Two kinds of cuts. A cut at a *node* (pool, place, slot) separates hulls that are there before the slot from hulls that
are there from it on; between two cuts a hull may, so to speak, leave before it came. A cut in the *sailings* of a
family separates sailings before a slot from those after; between two cuts all sailings count as one. Sailings are
always cut at least as finely as the nodes at both their ends, so that cargo and hull mean the same sailings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.planning.design import Bools, Indices
from optimizer.planning.layout.fleetflow import FleetFlow
from optimizer.planning.layout.timespace import TimeSpace


@dataclass(frozen=True, slots=True)
class Resolution:
    """``node_begins``: per node row, whether a span begins there; ``sailing_begins``: the same, shape (families,
    slots)."""

    node_begins: Bools
    sailing_begins: Bools

    def node_spans(self) -> Indices:
        """The number of the span of each node."""
        return np.cumsum(self.node_begins) - 1

    def sailing_spans(self) -> Indices:
        """The number of the span of each sailing, shape (families, slots)."""
        return (np.cumsum(self.sailing_begins) - 1).reshape(self.sailing_begins.shape)


class Clock:
    """Makes and refines the resolutions of one time-space and its fleet."""

    def __init__(self, space: TimeSpace, fleet: FleetFlow) -> None:
        self.space, self.fleet, self.slots = space, fleet, space.grid.slots
        place_of: dict[tuple[int, str], int] = {}
        keys = zip(fleet.node_pool.tolist(), fleet.node_place, strict=True)
        number = np.array([place_of.setdefault(key, len(place_of)) for key in keys], dtype=np.int64)
        self.starts = np.diff(number, prepend=-1) != 0
        firsts = np.flatnonzero(self.starts)
        self.first_node = {(int(fleet.node_pool[n]), fleet.node_place[n]): int(n) for n in firsts}

    def coarsest(self) -> Resolution:
        """Nodes uncut. Sailings cut where a shipment may first board, where nobody may board any more, and where the
        depth changes what a hull loads: all that a span offers can then be had in its first slot."""
        families = self.space.families
        begins = np.zeros((len(families), self.slots), dtype=bool)
        for number, family in enumerate(families):
            begins[number] = np.diff(family.capacity_t, prepend=-1.0) != 0
        begins[:, :1] = True
        cargo = self.space.columns
        planned = np.flatnonzero(cargo.family >= 0)
        way = cargo.shipment[planned] * (len(self.space.routes) + 1) + cargo.route[planned]
        order = planned[np.lexsort((cargo.slot[planned], way))]
        boards = order[np.diff(np.sort(way), prepend=-1) != 0]
        begins[cargo.family[boards], cargo.slot[boards]] = True
        boarded = np.zeros(begins.shape, dtype=bool)
        boarded[cargo.family[planned], cargo.slot[planned]] = True
        boards, changing = boards[cargo.onward[boards] >= 0], np.flatnonzero(cargo.onward >= 0)
        begins[cargo.onward[boards], cargo.onward_slot[boards]] = True
        boarded[cargo.onward[changing], cargo.onward_slot[changing]] = True
        begins[:, 1:] |= boarded[:, 1:] != boarded[:, :-1]
        return Resolution(self.starts.copy(), begins)

    def cut(self, before: Resolution, nodes: Indices, sailings: Indices) -> Resolution:
        """A finer resolution: spans also begin at these nodes, and at these sailings (shape (n, 2): family,
        slot)."""
        node_begins = before.node_begins.copy()
        node_begins[nodes] = True
        begins = before.sailing_begins.copy()
        begins[sailings[:, 0], sailings[:, 1]] = True
        for number, family in enumerate(self.space.families):
            if family.given is not None:
                continue  # It sails once, with a hull of its own.
            for pool, hulls in enumerate(self.fleet.pools):
                if hulls.sailing_id or hulls.vessel_class != family.vessel_class:
                    continue
                origin = self.first_node[(pool, family.origin)]
                begins[number] |= node_begins[origin : origin + self.slots]
                start = self.first_node[(pool, family.destination)] + family.slots_taken
                at_end = node_begins[start : start + self.slots - family.slots_taken]
                begins[number, : len(at_end)] |= at_end
        return Resolution(node_begins, begins)
