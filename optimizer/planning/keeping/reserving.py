"""Taking what is kept out of what the rest may use: hulls, lockages, terminal days, tonnes of CO2e; and the room on
kept voyages that it may use besides."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from math import ceil

from optimizer.planning.keeping.held import Held
from optimizer.planning.layout.fleetflow import FleetFlow
from optimizer.planning.layout.given import KEPT, GivenSailing
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.settings import SLOT_H
from optimizer.quantities import KG_PER_T

ROOM = "kept/"
"""Begins the name of a kept voyage's room while the rest is planned, so that it is none of its own voyages."""


def rooms(held: Held) -> list[GivenSailing]:
    """Room on kept voyages as given sailings, in order of the voyages' ids."""
    loads, found = held.loads_kg, []
    for voyage in sorted(held.voyages, key=lambda voyage: voyage.voyage_id):
        if not voyage.empty:
            given = held.book.room(voyage, ROOM + voyage.voyage_id, KEPT, loads[voyage.voyage_id])
            found += [] if given is None else [given]
    return found


def without_kept_hulls(fleet: FleetFlow, held: Held) -> FleetFlow:
    """The fleet less the kept hulls until their tours end; then each lies, by its own name, where its tour ended."""
    supply, grid = fleet.supply.copy(), held.book.grid
    pools = {(pool.vessel_class, pool.market): n for n, pool in enumerate(fleet.pools) if not pool.sailing_id}
    nodes = zip(fleet.node_pool.tolist(), fleet.node_place, fleet.node_slot.tolist(), strict=True)
    node = {key: number for number, key in enumerate(nodes)}
    last, returning = grid.slots - 1, defaultdict[int, list[str]](list)
    for tour in sorted(held.tours, key=lambda tour: (tour.voyages[0].berth_from, tour.vessel_id)):
        first, end = tour.voyages[0], tour.voyages[-1]
        pool = pools.get((first.vessel_class, first.market))
        if pool is None:
            continue
        # A tour may have begun before the plan's first day, for cargo that the new file has no more: from that day on
        # its hull is not at home. The hull that became available last leaves the others to the rest.
        begins = max(0, int(grid.hour(first.berth_from) // SLOT_H))
        starts = [
            number
            for slot in range(min(begins, last) + 1)
            if supply[number := node[(pool, first.origin, slot)]] > len(returning[number])
        ]
        assert starts, "a kept tour has its hull"
        supply[starts[-1]] -= 1
        free = min(max(0, ceil(grid.hour(end.free_at) / SLOT_H - 1e-9)), last)
        back = node[(pool, end.destination, free)]
        supply[back] += 1
        if free < last:
            returning[back].append(tour.vessel_id)
    names = {number: tuple(found) for number, found in returning.items() if found}
    return replace(fleet, supply=supply, returning=names, reserved=frozenset(t.vessel_id for t in held.tours))


def without_kept_use(plan: PlanProgram, held: Held) -> PlanProgram:
    """The program with kept lockages and handling taken off the rows of locks and terminals."""
    upper = plan.program.row_upper.copy()
    passings, handled = held.passings, held.handled_kg
    block = plan.block("lock")
    for number, (lock_id, day) in enumerate(block.keys):
        used = passings[(str(lock_id), int(str(day)))]
        upper[block.first + number] = max(0.0, upper[block.first + number] - used)
    block = plan.block("terminal")
    for number, (place, group, day) in enumerate(block.keys):
        used_t = handled[(str(place), str(group), int(str(day)))] / KG_PER_T
        upper[block.first + number] = max(0.0, upper[block.first + number] - used_t)
    return replace(plan, program=replace(plan.program, row_upper=upper))
