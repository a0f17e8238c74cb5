"""Every way in which each shipment can go, without writing each down: lines and tables instead of columns.

A *line* is one shipment on one route; a *column* is a line with a departure slot. A plan of 10,000 shipments has some
six million columns but only 230,000 lines, so what depends on the shipment is kept once per line, what depends on the
slot once per route (*table*), and a column is written down only when somebody wants it.

A line's columns are its slots ``first`` to ``last`` in which its vessel may sail (for what must stay whole: deep enough
to take it whole). Lines of services, and of cargo left behind, have one column without slot. All lines of a shipment
stand together, so that a block of shipments is a slice.

A line that changes from one vessel of ours to another (``changes``) is still one slot long: its table says with which
family it goes on, and how many slots after the first berthing. So each length of waiting between the two is a line of
its own, and whatever walks over lines and slots walks over every pair of departures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.families import Family, Grid
from optimizer.planning.routing.route import Route, RouteLeg
from optimizer.planning.shipment import Shipment

REJECT_YUAN_PER_T = 100_000.0
"""Price of leaving behind a shipment that has no road: far above any transport, so it happens only when nothing else
can."""


@dataclass(frozen=True, slots=True)
class Cargo:
    """Shipments as arrays: tonnes, yuan per tonne and hour of time and of lateness, hours ready and due, and the least
    tonnes that one vessel must take (0 where the shipment may be split)."""

    mass_t: Floats
    time_rate: Floats
    late_rate: Floats
    ready_h: Floats
    due_h: Floats
    least_t: Floats


@dataclass(frozen=True, slots=True)
class Lines:
    """One entry per line, those of a shipment together (``starts[k]`` to ``starts[k + 1]``). ``route`` -1: left behind.
    ``table`` -1: no voyage; then ``yuan_per_t`` is the whole price and ``door_h`` the arrival. Else ``yuan_per_t``
    leaves out what depends on the slot, ``yard_h`` is when the cargo is in the yard, and ``first`` to ``last`` are the
    slots. ``handled`` (lines x most) numbers the terminal days of the hubs on the way to the yard (-1: none)."""

    shipment: Indices
    starts: Indices
    route: Indices
    table: Indices
    first: Indices
    last: Indices
    yuan_per_t: Floats
    yard_h: Floats
    door_h: Floats
    handled: Indices


@dataclass(frozen=True, slots=True)
class Tables:
    """One entry per route with a voyage: ``family``; hour at the door for each slot; terminal days handled from the
    berth on (tables x most x slots, -1: none; the ends of the voyage first, then those of a second one); free days and
    yuan per tonne and day of the yard. ``onward``: the family of the second voyage (-1: none), which berths ``after``
    slots later than the first."""

    family: Indices
    onward: Indices
    after: Indices
    door_h: Floats
    handled: Indices
    free_days: Floats
    storage_yuan: Floats


@dataclass(frozen=True, slots=True)
class Ways:
    """All of it. ``capacity_t`` (families x slots) is what a vessel may load. A terminal day is numbered terminal x
    ``days`` + day. ``wtw_kg_per_t`` has one entry per route and a last one, 0, for what is left behind."""

    grid: Grid
    shipments: tuple[Shipment, ...]
    routes: tuple[Route, ...]
    families: tuple[Family, ...]
    terminals: tuple[tuple[str, str], ...]
    stranded: tuple[int, ...]
    cargo: Cargo
    lines: Lines
    tables: Tables
    capacity_t: Floats
    wtw_kg_per_t: Floats
    days: int

    def counts(self) -> Indices:
        """The number of slots of each line, those in which it cannot sail included; 1 without a voyage."""
        lines = self.lines
        return np.where(lines.table < 0, 1, np.maximum(lines.last - lines.first + 1, 0))

    def second_slots(self, table: Indices, slot: Indices) -> tuple[Indices, Indices]:
        """Family and slot of the second voyage of columns (-1 and -1: none). ``table`` may be -1."""
        known = np.append(self.tables.onward, -1), np.append(self.tables.after, 0)
        onward = known[0][table]
        return onward, np.where(onward >= 0, slot + known[1][table], -1)

    def room_t(self, table: Indices, slot: Indices) -> Floats:
        """What one vessel takes on each of some columns that sail, the smaller of two where there are two."""
        room = self.capacity_t[self.tables.family[table], slot]
        onward, second = self.second_slots(table, slot)
        inside = np.minimum(second, self.grid.slots - 1)
        other = np.where(second < self.grid.slots, self.capacity_t[onward, inside], 0.0)
        return np.asarray(np.where(onward >= 0, np.minimum(room, other), room))

    def days_of_families(self) -> Indices:
        """The terminal days of each family from the berth on (families x most x slots, -1: none); those of its first
        table, for hubs further on differ little. A family that only begins or ends a change has those of its own
        ends."""
        tables = self.tables
        days = np.full((len(self.families), *tables.handled.shape[1:]), -1, dtype=np.int64)
        for table in np.flatnonzero(tables.onward >= 0)[::-1].tolist():
            after = int(tables.after[table])
            days[tables.onward[table], :2, after:] = tables.handled[table, 2:4, : self.grid.slots - after]
            days[tables.family[table], :2] = tables.handled[table, :2]
        direct = np.flatnonzero(tables.onward < 0)
        used, first = np.unique(tables.family[direct], return_index=True)
        days[used] = tables.handled[direct[first]]
        return days

    def used_terminal_days(self) -> Indices:
        """Numbers of the terminal days that some column may use, ascending."""
        lines, tables, slots = self.lines, self.tables, self.grid.slots
        found = [np.unique(lines.handled[lines.handled >= 0])]
        sails = np.flatnonzero((lines.table >= 0) & (lines.last >= lines.first))
        steps = np.zeros((len(tables.family), slots + 1))
        np.add.at(steps, (lines.table[sails], lines.first[sails]), 1.0)
        np.add.at(steps, (lines.table[sails], np.minimum(lines.last[sails], slots - 1) + 1), -1.0)
        every = np.arange(len(tables.family))
        room_t = self.room_t(np.repeat(every, slots), np.tile(np.arange(slots), len(every))).reshape(-1, slots)
        covered = (np.cumsum(steps, axis=1)[:, :slots] > 0.5) & (room_t > 0)
        for place in range(tables.handled.shape[1]):
            codes = tables.handled[:, place, :][covered]
            found.append(np.unique(codes[codes >= 0]))
        return np.unique(np.concatenate(found)).astype(np.int64)


def is_unlimited(route: Route) -> bool:
    """Whether any tonnage can go this way at any time: trucks only, no terminal whose day may be full."""
    return route.planned_at is None and all(leg.role != "hub" for leg in route.legs)


def begin_hours(leg: RouteLeg, ready_h: Floats) -> Floats:
    """When a leg leaves for cargo ready at these hours: at once, or at the next bell of its interval."""
    if leg.interval_h <= 0:
        return ready_h
    return np.asarray(np.ceil((ready_h - 1e-9) / leg.interval_h) * leg.interval_h)


def run_legs(legs: Sequence[RouteLeg], hour: Floats) -> tuple[Floats, list[tuple[str, Floats]]]:
    """Hours at the end of some legs, and at each hub on the way (its place, its hours), for cargo ready at ``hour``."""
    hubs = []
    for leg in legs:
        hour = begin_hours(leg, hour)
        if leg.role == "hub":
            hubs.append((leg.origin, hour))
        hour = hour + leg.hours
    return hour, hubs
