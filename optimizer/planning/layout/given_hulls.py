"""Vessels of given sailings in the fleet flow: each is a pool of one hull that sails once or lies idle for nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, replace

import numpy as np

from optimizer.emissions.operations import fuel_emissions
from optimizer.planning.layout.fleetflow import LOADED, WAIT, FleetColumns, FleetFlow, Pool
from optimizer.planning.layout.given import OFFERED
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.planning.routing.routes import RouteBook


def with_given_hulls(fleet: FleetFlow, space: TimeSpace, book: RouteBook, carbon_yuan_per_kg: float) -> FleetFlow:
    """The fleet with two nodes for each given sailing: before and after it. A hull of its own goes from one to the
    other, loaded with one of the cargo groups or idle. An offer's hull brings its fixed sum and the grams of its own
    running; a kept voyage's are spent already."""
    families: dict[str, list[int]] = defaultdict(list)
    for number, family in enumerate(space.families):
        if family.given is not None:
            families[family.given.voyage_id].append(number)
    if not families:
        return fleet
    pools, places = list(fleet.pools), list(fleet.node_place)
    rows: list[tuple[float, ...]] = []
    supply: list[float] = []
    slots: list[int] = []
    node_pool: list[int] = []
    for voyage_id, numbers in families.items():
        given = space.families[numbers[0]].given
        assert given is not None
        berths = [int(np.flatnonzero(space.families[number].capacity_t)[0]) for number in numbers]
        first = len(fleet.node_slot) + len(slots)
        pool = len(pools)
        pools.append(Pool(given.vessel_class, given.market, (given.origin, given.destination), (), voyage_id))
        supply += [1.0, -1.0]
        slots += [min(berths), max(berths) + 1]
        node_pool += [pool, pool]
        places += [given.origin, given.destination]
        rows.append((WAIT, pool, -1, min(berths), first, first + 1, 0.0, 0.0, 1.0))
        for number, berth in zip(numbers, berths, strict=True):
            yuan, wtw_kg = _own_running(space, number, book, carbon_yuan_per_kg)
            rows.append((LOADED, pool, number, berth, first, first + 1, yuan, wtw_kg, 1.0))
    old = fleet.columns
    joined = {
        field.name: np.concatenate(
            [getattr(old, field.name), np.array([row[place] for row in rows], dtype=getattr(old, field.name).dtype)]
        )
        for place, field in enumerate(fields(FleetColumns))
    }
    return replace(
        fleet,
        pools=tuple(pools),
        columns=FleetColumns(**joined),
        supply=np.concatenate([fleet.supply, np.array(supply)]),
        node_slot=np.concatenate([fleet.node_slot, np.array(slots, dtype=np.int64)]),
        node_pool=np.concatenate([fleet.node_pool, np.array(node_pool, dtype=np.int64)]),
        node_place=tuple(places),
    )


def _own_running(space: TimeSpace, number: int, book: RouteBook, carbon_yuan_per_kg: float) -> tuple[float, float]:
    """Objective yuan and kg CO2e of taking a given sailing, before anything is loaded."""
    family = space.families[number]
    given = family.given
    assert given is not None
    if given.market != OFFERED:
        return 0.0, 0.0
    carrier = book.network.vessel_classes[given.vessel_class].energy_carrier
    burnt = fuel_emissions(carrier, "inland_waterway", family.fuel_empty_kg, book.factors, book.on)
    return given.fixed_yuan + burnt.wtw_kg * carbon_yuan_per_kg, burnt.wtw_kg
