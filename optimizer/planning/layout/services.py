"""Everything by services, without a voyage of ours: where a plan begins, and what cargo falls back on."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.layout.timespace import TimeSpace

HALF = 0.5


def cheapest_services(space: TimeSpace, cost: Floats) -> Indices:
    """For each shipment its cheapest column without a voyage, -1 where it has none. ``cost``: one entry per cargo
    column."""
    cargo = space.columns
    services = np.flatnonzero(cargo.family < 0)
    order = services[np.lexsort((services, cost[services], cargo.shipment[services]))]
    column = np.full(len(space.shipments), -1, dtype=np.int64)
    column[cargo.shipment[order[::-1]]] = order[::-1]
    return column


def services_with_room(space: TimeSpace, plan: PlanProgram, cost: Floats, shares: Floats) -> Indices:
    """For each shipment its cheapest column without a voyage for which terminals still have room that day; -1 where it
    has no column at all. ``cost`` and ``shares`` (of the relaxation) have one entry per cargo column.

    Shipments that depend on terminals come first, of these the ones that the relaxation sends by service, those due
    first before others; a shipment goes as a whole.
    """
    cargo, ways = space.columns, space.ways
    services = np.flatnonzero(cargo.family < 0)
    order = services[np.lexsort((services, cost[services], cargo.shipment[services]))]
    bounds = np.searchsorted(cargo.shipment[order], np.arange(len(space.shipments) + 1))
    handled: dict[int, list[int]] = defaultdict(list)
    of_services = np.flatnonzero((cargo.family[cargo.handled_column] < 0) | (shares[cargo.handled_column] > 0))
    codes = cargo.handled_terminal * ways.days + cargo.handled_day
    for column, code in zip(cargo.handled_column[of_services], codes[of_services], strict=True):
        handled[int(column)].append(int(code))
    block = plan.block("terminal")
    limits = plan.program.row_upper[block.first : block.first + len(block.keys)]
    room_t = dict(zip(ways.used_terminal_days().tolist(), limits.tolist(), strict=True))
    free = np.ones(len(cost), dtype=bool)
    free[[column for column in handled if cargo.family[column] < 0]] = False
    depends = np.ones(len(space.shipments), dtype=bool)
    depends[cargo.shipment[services[free[services] & (cargo.route[services] >= 0)]]] = False
    chosen = np.full(len(space.shipments), -1, dtype=np.int64)
    served = np.zeros(len(space.shipments))
    np.add.at(served, cargo.shipment[services], np.where(cargo.route[services] >= 0, shares[services], 0.0))
    due_first = np.lexsort((np.arange(len(depends)), ways.cargo.due_h, served < HALF))

    def choose(members: Indices) -> None:
        for k in members:
            mass_t = float(ways.cargo.mass_t[k])
            for column in order[bounds[k] : bounds[k + 1]].tolist():
                if all(room_t[code] >= mass_t for code in handled[column]):
                    for code in handled[column]:
                        room_t[code] -= mass_t
                    chosen[k] = column
                    break

    choose(due_first[depends[due_first]])
    # Where the relaxation sends such cargo by water, its terminals are kept for it.
    for column in np.flatnonzero((cargo.family >= 0) & (shares > 0) & depends[cargo.shipment]).tolist():
        for code in handled[column]:
            room_t[code] -= float(shares[column] * ways.cargo.mass_t[cargo.shipment[column]])
    choose(due_first[~depends[due_first]])
    return chosen
