"""The plan as a mixed-integer program: cargo columns beside fleet columns, and the rows that join them.

columns   x[shipment, route, slot]   share of the shipment, 0..1 (whole where it must not be split)
          y[fleet column]            hulls: loaded, empty, waiting (whole)
rows      assign                     each shipment is carried: sum of its shares = 1
          link[family, slot]         tonnes loaded <= capacity x hulls sailing (a change of ship loads twice)
          node[pool, place, slot]    hulls arriving = hulls leaving
          lock[lock, day]            hulls passing, loaded and empty <= vessels a day open to the plan
          least[family, slot]        tonnes loaded >= least load x given vessel sailing
          terminal[place, group, day] tonnes handled <= handling a day
          cap                        kg CO2e of everything <= cap (only when asked for)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from optimizer.network.graph import LanePassage
from optimizer.network.model import Network
from optimizer.planning.design import Bools, Floats, Indices, Program
from optimizer.planning.layout.fleetflow import EMPTY, LOADED, WAIT, FleetFlow
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.planning.routing import tariff
from optimizer.planning.settings import SLOT_H, SLOTS_PER_DAY


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Rows ``first .. first + len(keys)`` of one kind. ``slot`` says when each bites (-1: not bound to a time)."""

    kind: str
    first: int
    keys: tuple[tuple[object, ...], ...]
    slot: Indices


@dataclass(frozen=True)
class PlanProgram:
    """The program with the meaning of its rows and columns. Cargo columns come first (``cargo_count`` of them), then
    the fleet columns; ``column_slot`` is when each begins (-1: services) and ``column_end`` when a hull is free again
    (cargo: the slot of its last voyage), ``column_thing`` numbers what it is apart from when (shipment on route; pool
    on family, lane or waiting place), ``column_family`` the family it sails with, ``column_onward`` the one
    that it goes on with after a change of ship and ``column_pool`` the pool of its hull (-1: none),
    ``column_surcharge_yuan`` what it costs more than on the cheapest market of its class."""

    program: Program
    blocks: tuple[RowBlock, ...]
    row_slot: Indices
    cargo_count: int
    column_slot: Indices
    column_end: Indices
    column_thing: Indices
    column_family: Indices
    column_onward: Indices
    column_pool: Indices
    column_surcharge_yuan: Floats
    wtw_kg: Floats

    @cached_property
    def by_column(self) -> sp.csc_array:
        """The matrix by columns."""
        return sp.csc_array(self.program.matrix)

    @cached_property
    def sailing_columns(self) -> dict[tuple[int, int], tuple[int, ...]]:
        """Hull columns of each sailing (family, slot), one per pool."""
        found: dict[tuple[int, int], tuple[int, ...]] = {}
        for column in np.flatnonzero(
            (np.arange(len(self.column_slot)) >= self.cargo_count) & (self.column_family >= 0)
        ):
            key = (int(self.column_family[column]), int(self.column_slot[column]))
            found[key] = (*found.get(key, ()), int(column))
        return found

    @cached_property
    def home_columns(self) -> Bools:
        """Columns by which hulls wait where they begin: with these a fleet may always stay at home."""
        node = self.block("node")
        starts = node.first + np.flatnonzero(self.program.row_lower[node.first : node.first + len(node.keys)] > 0)
        is_hull = np.arange(len(self.column_slot)) >= self.cargo_count
        moves = is_hull & (self.column_family < 0) & (self.column_end == self.column_slot + 1)
        from_start = np.zeros(len(moves), dtype=bool)
        from_start[np.unique(sp.csr_array(self.program.matrix)[starts].indices)] = True
        return np.asarray(moves & np.isin(self.column_thing, self.column_thing[moves & from_start]))

    def block(self, kind: str) -> RowBlock:
        """The rows of a kind (empty block if the plan has none)."""
        return next((b for b in self.blocks if b.kind == kind), RowBlock(kind, 0, (), np.zeros(0, dtype=np.int64)))


class _Rows:
    """Collects rows block by block as coordinate triples."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.count = 0
        self.triples: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.lower: list[Floats] = []
        self.upper: list[Floats] = []
        self.blocks: list[RowBlock] = []

    def add(
        self,
        kind: str,
        keys: list[tuple[object, ...]],
        slot: np.ndarray,
        entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
        lower: np.ndarray,
        upper: np.ndarray,
    ) -> None:
        self.blocks.append(RowBlock(kind, self.count, tuple(keys), np.asarray(slot, dtype=np.int64)))
        self.triples.extend((row + self.count, column, value) for row, column, value in entries)
        self.lower.append(np.asarray(lower, dtype=float))
        self.upper.append(np.asarray(upper, dtype=float))
        self.count += len(keys)

    def matrix(self) -> sp.csr_array:
        rows, columns, values = (np.concatenate(list(part)) for part in zip(*self.triples, strict=True))
        return sp.csr_array(sp.coo_array((values, (rows, columns)), shape=(self.count, self.columns)))


def make_program(space: TimeSpace, fleet: FleetFlow, network: Network, co2e_cap_t: float | None = None) -> PlanProgram:
    """Put the rows together. Shapes: columns = cargo columns + fleet columns."""
    cargo, hulls = space.columns, fleet.columns
    cargo_count, fleet_count = len(cargo.shipment), len(hulls.kind)
    wtw_kg = np.concatenate([cargo.wtw_kg, hulls.wtw_kg])
    rows = _Rows(cargo_count + fleet_count)
    _add_assignment(rows, space)
    _add_links(rows, space, fleet, cargo_count)
    _add_nodes(rows, fleet, cargo_count)
    _add_locks(rows, space, fleet, network, cargo_count)
    _add_least(rows, space, fleet, cargo_count)
    _add_terminals(rows, space, network)
    if co2e_cap_t is not None:
        everything = np.arange(len(wtw_kg))
        entry = (np.zeros(len(wtw_kg), dtype=np.int64), everything, wtw_kg / 1000)
        rows.add("cap", [("co2e",)], np.array([-1]), [entry], np.array([-np.inf]), np.array([co2e_cap_t]))
    integer = np.concatenate([~_splittable(space), np.ones(fleet_count, dtype=bool)])
    program = Program(
        cost=np.concatenate([cargo.cost, hulls.cost]),
        matrix=rows.matrix(),
        row_lower=np.concatenate(rows.lower),
        row_upper=np.concatenate(rows.upper),
        lower=np.zeros(len(wtw_kg)),
        upper=np.concatenate([np.ones(cargo_count), hulls.most]),
        integer=integer,
    )
    column_slot = np.concatenate([cargo.slot, hulls.slot])
    row_slot = np.concatenate([block.slot for block in rows.blocks])
    column_end = np.concatenate([np.maximum(cargo.slot, cargo.onward_slot), fleet.node_slot[hulls.head]])
    things = _things(space, fleet)
    pools = np.concatenate([np.full(cargo_count, -1), hulls.pool])
    surcharge = np.concatenate([np.zeros(cargo_count), _surcharge_yuan(fleet, network)])
    families = np.concatenate([cargo.family, np.where(hulls.kind == LOADED, hulls.item, -1)])
    return PlanProgram(
        program,
        tuple(rows.blocks),
        row_slot,
        cargo_count,
        column_slot,
        column_end,
        things,
        families,
        np.concatenate([cargo.onward, np.full(fleet_count, -1)]),
        pools,
        surcharge,
        wtw_kg,
    )


def _surcharge_yuan(fleet: FleetFlow, network: Network) -> Floats:
    """What each hull column costs above the cheapest market of its class, for the time it takes."""
    rates: list[float] = []
    for pool in fleet.pools:
        vessel = network.vessel_classes[pool.vessel_class]
        markets = {other.market for other in fleet.pools if other.vessel_class == pool.vessel_class}
        cheapest = min(tariff.day_rate_yuan(vessel, market) for market in markets)
        rates.append((tariff.day_rate_yuan(vessel, pool.market) - cheapest) / SLOTS_PER_DAY)
    hulls = fleet.columns
    return np.array(rates)[hulls.pool] * (fleet.node_slot[hulls.head] - hulls.slot) if rates else np.zeros(0)


def _things(space: TimeSpace, fleet: FleetFlow) -> Indices:
    """Numbers for what a column is apart from its slot. A waiting place is known by its node less its slot."""
    cargo, hulls = space.columns, fleet.columns
    of_cargo = cargo.shipment * (len(space.routes) + 1) + cargo.route + 1
    items = int(hulls.item.max(initial=0)) + int(hulls.tail.max(initial=0)) + 2
    item = np.where(hulls.kind == WAIT, hulls.tail - hulls.slot, hulls.item)
    of_hulls = (hulls.kind * (len(fleet.pools) + 1) + hulls.pool) * items + item
    return np.concatenate([of_cargo, of_hulls + int(of_cargo.max(initial=0)) + 1])


def _splittable(space: TimeSpace) -> Bools:
    flags = np.array([shipment.splittable for shipment in space.shipments])
    return np.asarray(flags[space.columns.shipment])


def _add_assignment(rows: _Rows, space: TimeSpace) -> None:
    shipment = space.columns.shipment
    stranded = set(space.stranded)
    need = np.array([0.0 if k in stranded else 1.0 for k in range(len(space.shipments))])
    keys: list[tuple[object, ...]] = [(s.shipment_id,) for s in space.shipments]
    entry = (shipment, np.arange(len(shipment)), np.ones(len(shipment)))
    rows.add("assign", keys, np.full(len(keys), -1), [entry], need, need)


def _add_links(rows: _Rows, space: TimeSpace, fleet: FleetFlow, cargo_count: int) -> None:
    cargo, hulls, slots = space.columns, fleet.columns, space.grid.slots
    loaded = np.flatnonzero(hulls.kind == LOADED)
    sailing = hulls.item[loaded] * slots + hulls.slot[loaded]
    carrying = np.flatnonzero(cargo.family >= 0)
    carried = cargo.family[carrying] * slots + cargo.slot[carrying]
    going_on = np.flatnonzero(cargo.onward >= 0)
    carried_on = cargo.onward[going_on] * slots + cargo.onward_slot[going_on]
    mass_t, capacity = space.ways.cargo.mass_t, space.ways.capacity_t.ravel()
    used = np.flatnonzero(capacity > 0)
    entries = [
        (np.searchsorted(used, carried), carrying, mass_t[cargo.shipment[carrying]]),
        (np.searchsorted(used, carried_on), going_on, mass_t[cargo.shipment[going_on]]),
        (np.searchsorted(used, sailing), loaded + cargo_count, -capacity[sailing]),
    ]
    keys: list[tuple[object, ...]] = [(int(u // slots), int(u % slots)) for u in used]
    rows.add("link", keys, used % slots, entries, np.full(len(keys), -np.inf), np.zeros(len(keys)))


def _add_nodes(rows: _Rows, fleet: FleetFlow, cargo_count: int) -> None:
    hulls = fleet.columns
    columns = np.arange(len(hulls.kind)) + cargo_count
    keys: list[tuple[object, ...]] = list(
        zip(fleet.node_pool.tolist(), fleet.node_place, fleet.node_slot.tolist(), strict=True)
    )
    entries = [
        (hulls.tail, columns, np.ones(len(columns))),
        (hulls.head, columns, -np.ones(len(columns))),
    ]
    rows.add("node", keys, fleet.node_slot, entries, fleet.supply, fleet.supply)


def _add_locks(rows: _Rows, space: TimeSpace, fleet: FleetFlow, network: Network, cargo_count: int) -> None:
    """A hull counts at a lock on the day on which it leaves the chamber."""
    hulls = fleet.columns
    lock_number = {lock_id: number for number, lock_id in enumerate(network.locks)}
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    days = space.grid.slots // SLOTS_PER_DAY + 2

    def note(columns: np.ndarray, passages: tuple[LanePassage, ...], from_h: float) -> None:
        for passage in passages:
            hour = hulls.slot[columns] * float(SLOT_H) + from_h + passage.leaves_h
            day = np.floor(hour / 24 + 1e-9).astype(np.int64)
            parts.append((lock_number[passage.lock_id] * days + day, columns + cargo_count))

    for index, family in enumerate(space.families):
        if family.given is not None:
            continue  # An offer passes on its carrier's own lockages; a kept voyage's are taken off the limit.
        assert family.leg.lane is not None
        columns = np.flatnonzero((hulls.kind == LOADED) & (hulls.item == index))
        note(columns, family.leg.lane.passages, family.load_h)
    for index, empty in enumerate(fleet.empty_lanes):
        note(np.flatnonzero((hulls.kind == EMPTY) & (hulls.item == index)), empty.lane.passages, 0.0)
    if not parts:
        return
    code = np.concatenate([part[0] for part in parts])
    column = np.concatenate([part[1] for part in parts])
    used, row = np.unique(code, return_inverse=True)
    locks = list(network.locks.values())
    keys: list[tuple[object, ...]] = [(locks[u // days].lock_id, int(u % days)) for u in used]
    most = np.array([locks[u // days].vessels_per_day for u in used])
    slot = (used % days) * SLOTS_PER_DAY
    rows.add("lock", keys, slot, [(row, column, np.ones(len(row)))], np.full(len(keys), -np.inf), most)


def _add_least(rows: _Rows, space: TimeSpace, fleet: FleetFlow, cargo_count: int) -> None:
    """A given sailing with a least load is taken only with as much aboard."""
    cargo, hulls = space.columns, fleet.columns
    asking = [number for number, f in enumerate(space.families) if f.given is not None and f.given.least_kg > 0]
    if not asking:
        return
    row_of = np.full(len(space.families) + 1, -1)
    row_of[asking] = np.arange(len(asking))
    aboard = np.flatnonzero(row_of[cargo.family] >= 0)
    loaded = np.flatnonzero(hulls.kind == LOADED)
    loaded = loaded[row_of[hulls.item[loaded]] >= 0]
    mass_t = np.array([s.mass_kg / 1000 for s in space.shipments])
    least_t = np.array([given.least_kg / 1000 if (given := f.given) is not None else 0.0 for f in space.families])
    entries = [
        (row_of[cargo.family[aboard]], aboard, -mass_t[cargo.shipment[aboard]]),
        (row_of[hulls.item[loaded]], loaded + cargo_count, least_t[hulls.item[loaded]]),
    ]
    slots = np.array([int(np.flatnonzero(space.families[number].capacity_t)[0]) for number in asking])
    keys: list[tuple[object, ...]] = list(zip(asking, slots.tolist(), strict=True))
    rows.add("least", keys, slots, entries, np.full(len(keys), -np.inf), np.zeros(len(keys)))


def _add_terminals(rows: _Rows, space: TimeSpace, network: Network) -> None:
    cargo, days = space.columns, space.ways.days
    used = space.ways.used_terminal_days()
    if not len(used):
        return
    row = np.searchsorted(used, cargo.handled_terminal * days + cargo.handled_day)
    mass_t = space.ways.cargo.mass_t[cargo.shipment[cargo.handled_column]]
    keys: list[tuple[object, ...]] = [(*space.terminals[u // days], int(u % days)) for u in used]
    most = np.array([network.terminals[space.terminals[u // days]].handling_t_per_day for u in used])
    slot = (used % days) * SLOTS_PER_DAY
    rows.add("terminal", keys, slot, [(row, cargo.handled_column, mass_t)], np.full(len(keys), -np.inf), most)
