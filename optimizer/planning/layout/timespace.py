"""Time and space as columns: one cargo column is one shipment on one route with one departure slot.

Time is cut into slots of :data:`~optimizer.planning.settings.SLOT_H` hours from midnight of the first day. A *family*
is all sailings of one vessel class with one cargo group from one terminal to another; a *cargo column* is one
shipment on one route with one departure slot, or two where it changes ships (slot -1: services only, nothing planned).
Small plans write all columns down; large ones those that promise something, while ``ways`` still knows, and prices,
every one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.network.graph import NetworkGraph
from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.families import Family, Grid
from optimizer.planning.layout.horizon import make_grid
from optimizer.planning.layout.line_layout import make_ways
from optimizer.planning.layout.ways import REJECT_YUAN_PER_T, Ways, begin_hours
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import SLOT_H, PlanSettings
from optimizer.planning.shipment import Shipment

__all__ = [
    "REJECT_YUAN_PER_T",
    "CargoColumns",
    "TimeSpace",
    "all_columns",
    "begin_hours",
    "columns_of",
    "make_grid",
    "make_timespace",
]


@dataclass(frozen=True, slots=True)
class CargoColumns:
    """One entry per column. ``cost`` (yuan, objective) and ``wtw_kg`` are for the whole shipment, ``door_h`` is the
    hour of arrival at the door (inf when left behind); ``family`` is -1 and ``slot`` -1 for services; ``route`` -1
    means left behind. ``onward`` and ``onward_slot``: family and slot of a second voyage (-1: none). ``handled_*``:
    pairs (column, row key) for tonnes handled at a terminal on a day."""

    shipment: Indices
    route: Indices
    family: Indices
    slot: Indices
    onward: Indices
    onward_slot: Indices
    cost: Floats
    wtw_kg: Floats
    door_h: Floats
    handled_column: Indices
    handled_terminal: Indices
    handled_day: Indices


@dataclass(frozen=True, slots=True)
class TimeSpace:
    """Everything the model builder needs. ``ways`` knows every column there is, ``columns`` are those written down."""

    ways: Ways
    columns: CargoColumns

    @property
    def grid(self) -> Grid:
        """The slots."""
        return self.ways.grid

    @property
    def shipments(self) -> tuple[Shipment, ...]:
        """As numbered in ``CargoColumns.shipment``."""
        return self.ways.shipments

    @property
    def routes(self) -> tuple[Route, ...]:
        """As numbered in ``CargoColumns.route``."""
        return self.ways.routes

    @property
    def families(self) -> tuple[Family, ...]:
        """As numbered in ``CargoColumns.family``."""
        return self.ways.families

    @property
    def terminals(self) -> tuple[tuple[str, str], ...]:
        """(place, cargo group) as numbered in ``CargoColumns.handled_terminal``."""
        return self.ways.terminals

    @property
    def stranded(self) -> tuple[int, ...]:
        """Shipments that nobody can move."""
        return self.ways.stranded


def make_timespace(
    shipments: Sequence[Shipment],
    book: RouteBook,
    graph: NetworkGraph,
    settings: PlanSettings,
) -> TimeSpace:
    """All sailings and all cargo columns of these shipments (at least one)."""
    ways = make_ways(shipments, book, graph, settings)
    return TimeSpace(ways, columns_of(ways, *all_columns(ways)))


def all_columns(ways: Ways) -> tuple[Indices, Indices]:
    """(line, slot) of every column, in order of lines, then slots."""
    lines, counts = ways.lines, ways.counts()
    line = np.repeat(np.arange(len(counts)), counts)
    slot = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts) + lines.first[line]
    table = lines.table[line]
    sails = table >= 0
    room_t = np.full(len(line), np.inf)
    room_t[sails] = ways.room_t(table[sails], np.minimum(slot[sails], ways.grid.slots - 1))
    # What must stay whole needs a vessel that takes it whole, however many sail.
    is_open = (room_t > 0) & (room_t >= ways.cargo.least_t[lines.shipment[line]] - 1e-9)
    is_open |= ~sails
    return line[is_open], slot[is_open]


def columns_of(ways: Ways, line: Indices, slot: Indices) -> CargoColumns:
    """Write columns down: ``line`` and ``slot`` of each (-1 for lines without a voyage)."""
    lines, tables, cargo = ways.lines, ways.tables, ways.cargo
    shipment, table, route = lines.shipment[line], lines.table[line], lines.route[line]
    sails = np.flatnonzero(table >= 0)
    door_h, yuan_per_t = lines.door_h[line], lines.yuan_per_t[line]
    of, at, k = table[sails], slot[sails], shipment[sails]
    door_h[sails] = tables.door_h[of, at]
    yuan_per_t[sails] += cargo.time_rate[k] * door_h[sails]
    yuan_per_t[sails] += cargo.late_rate[k] * np.maximum(0.0, door_h[sails] - cargo.due_h[k])
    waited_days = (at * float(SLOT_H) - lines.yard_h[line[sails]]) / 24
    yuan_per_t[sails] += tables.storage_yuan[of] * np.maximum(0.0, waited_days - tables.free_days[of])
    family = np.full(len(line), -1, dtype=np.int64)
    family[sails] = tables.family[of]
    onward, onward_slot = ways.second_slots(table, slot)
    handled = [(np.arange(len(line)), lines.handled[line, place]) for place in range(lines.handled.shape[1])]
    handled += [(sails, tables.handled[of, place, at]) for place in range(tables.handled.shape[1])]
    column = np.concatenate([np.zeros(0, dtype=np.int64), *(columns for columns, _ in handled)])
    code = np.concatenate([np.zeros(0, dtype=np.int64), *(codes for _, codes in handled)])
    column, code = column[code >= 0], code[code >= 0]
    return CargoColumns(
        shipment=shipment,
        route=route,
        family=family,
        slot=np.where(table >= 0, slot, -1),
        onward=onward,
        onward_slot=onward_slot,
        cost=yuan_per_t * cargo.mass_t[shipment],
        wtw_kg=ways.wtw_kg_per_t[route] * cargo.mass_t[shipment],
        door_h=door_h,
        handled_column=column,
        handled_terminal=code // ways.days,
        handled_day=code % ways.days,
    )
