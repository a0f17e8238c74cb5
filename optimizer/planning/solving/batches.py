"""Full ships first: cargo is batched into vessel loads, and the batches are given slots, hulls and empty returns
together.

Waiting a few days in the yard costs next to nothing beside a half-empty voyage, so good plans fill their ships. The
relaxation says which sailings a shipment should use; on each family its cargo is taken in order of what must leave
first, and a ship is closed when it is full, or when something aboard cannot wait longer and the load pays for the
voyage. What does not pay stays on the road.

A batch may sail in any slot from the hour its last tonne is there to the hour its first must go. One mixed-integer
program then chooses slots for all batches (or the road), hulls from the pools, empty voyages and waiting, under locks
and terminals. Its columns are sums of columns of the full program, so its solution is a solution of the full program.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.relaxation import Relaxation
from optimizer.planning.design import Bools, Effort, Floats, Indices, Program, reduced_costs, solve_nearly_whole
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.layout.services import cheapest_services, services_with_room
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.quantities import KG_PER_T

SLOTS_PER_BATCH = 8
LATE_SLOTS = 4
WAITING_YUAN_PER_T = 3.0
"""A load sails in no slot that looks so much dearer than its best: at low water a vessel takes less, and cargo that has
the time waits for deeper water."""
NOTHING = 1e-3
"""Tonnes below this are rounding noise of the relaxation."""


@dataclass(frozen=True, slots=True)
class Load:
    """Part of a shipment for a family: ``share`` of its mass, on a route, able to berth in ``slots`` and still be on
    time. ``columns`` are its cargo columns for those slots."""

    shipment: int
    share: float
    mass_t: float
    slots: Indices
    columns: Indices
    whole: bool

    def part(self, mass_t: float) -> Load:
        """The same load with another mass."""
        return replace(self, share=self.share * mass_t / self.mass_t, mass_t=mass_t)


@dataclass(frozen=True, slots=True)
class Batch:
    """Loads that sail together in one vessel of a family, in any slot of ``slots``."""

    family: int
    loads: tuple[Load, ...]
    slots: Indices


def changes_ships(space: TimeSpace, relaxation: Relaxation) -> bool:
    """Whether the relaxation sends cargo over two voyages in a row: of that batches know nothing."""
    changing = space.columns.onward >= 0
    return bool(relaxation.shares[: len(changing)][changing].sum() > 0.5)


def batch_plan(
    plan: PlanProgram, space: TimeSpace, relaxation: Relaxation, moves: Bools, effort: Effort
) -> Floats | None:
    """A whole-number solution of the full program built from batches, None if the program over batches has none.

    ``moves``: hull columns that sail no family (empty, waiting) and may be used.
    """
    builder = BatchBuilder(plan, space, relaxation)
    return _choose_slots(builder, builder.batches(), moves, effort)


class BatchBuilder:
    """Batches cargo family by family, guided by the relaxation."""

    def __init__(self, plan: PlanProgram, space: TimeSpace, relaxation: Relaxation) -> None:
        self.plan, self.space, self.relaxation = plan, space, relaxation
        cargo = space.columns
        # Under a cap on CO2e a gram costs what the relaxation pays for it; else what pays would be misjudged.
        cap = plan.block("cap")
        cap_yuan_per_kg = -relaxation.prices[cap.first : cap.first + len(cap.keys)].sum() / KG_PER_T
        self.cost = (plan.program.cost + cap_yuan_per_kg * plan.wtw_kg)[: plan.cargo_count]
        self.on_road = cheapest_services(space, self.cost)
        if relaxation.partial or self._overfills(self.on_road):
            self.on_road = services_with_room(space, plan, self.cost, relaxation.shares[: plan.cargo_count])
        self.road_cost = np.append(self.cost, np.inf)[self.on_road]  # -1 takes the last: no service, no price
        due_h = np.array([space.grid.hour(s.due_at) for s in space.shipments])
        self.on_time = cargo.door_h <= due_h[cargo.shipment] + 1e-6
        self.hull_yuan = self._hull_prices()
        self.dearer_yuan = reduced_costs(plan.program, relaxation.prices)[: plan.cargo_count]

    def _overfills(self, columns: Indices) -> bool:
        """Whether some terminal has no room for all cargo by these columns: then a plan must begin from others."""
        program, block = self.plan.program, self.plan.block("terminal")
        x = np.zeros(len(program.cost))
        x[columns[columns >= 0]] = 1.0
        rows = slice(block.first, block.first + len(block.keys))
        return bool((program.matrix[rows] @ x > program.row_upper[rows] + NOTHING).any())

    def _hull_prices(self) -> Floats:
        """What a full hull is worth on each sailing (family, slot): the mended tonne price times its capacity."""
        block = self.plan.block("link")
        tonne = -self.relaxation.prices[block.first : block.first + len(block.keys)]
        worth = np.full((len(self.space.families), self.space.grid.slots), np.inf)
        for price, (family, slot) in zip(tonne, block.keys, strict=True):
            index, when = cast(int, family), cast(int, slot)
            worth[index, when] = price * self.space.families[index].capacity_t[when]
        return worth

    def batches(self) -> list[Batch]:
        """All cargo that the relaxation sends by water, family by family."""
        return [batch for family, loads in sorted(self.loads().items()) for batch in self.fill(family, loads)]

    def loads(self) -> dict[int, list[Load]]:
        """What the relaxation sends with each family, with the slots in which it can berth and be on time."""
        cargo, shares = self.space.columns, self.relaxation.shares[: self.plan.cargo_count]
        routes = len(self.space.routes) + 1
        code = cargo.shipment * routes + cargo.route + 1
        sent: dict[int, float] = defaultdict(float)
        # A change of ship is two batches in a row; what the relaxation sends so comes in when windows are improved.
        for column in np.flatnonzero((shares > 0) & (cargo.family >= 0) & (cargo.onward < 0)):
            sent[int(code[column])] += float(shares[column])
        order = np.argsort(code, kind="stable")
        starts = {int(c): i for i, c in reversed(list(enumerate(code[order])))} if sent else {}
        ends = {int(c): i + 1 for i, c in enumerate(code[order])} if sent else {}
        found: dict[int, list[Load]] = defaultdict(list)
        for key, share in sorted(sent.items()):
            columns = order[starts[key] : ends[key]]
            # What cannot be on time by water may still pay when it sails at once.
            columns = columns[self.on_time[columns]] if self.on_time[columns].any() else columns[:LATE_SLOTS]
            load = self._load(columns, min(share, 1.0))
            if load is not None:
                found[int(cargo.family[columns[0]])].append(load)
        return found

    def _load(self, columns: Indices, share: float) -> Load | None:
        if not len(columns):
            return None
        k = int(self.space.columns.shipment[columns[0]])
        shipment = self.space.shipments[k]
        if not shipment.splittable:
            share = float(share >= 0.5)
        mass_t = share * shipment.mass_kg / 1000
        if mass_t < NOTHING:
            return None
        dearer_yuan_per_t = self.dearer_yuan[columns] / (shipment.mass_kg / KG_PER_T)
        columns = columns[dearer_yuan_per_t <= dearer_yuan_per_t.min() + WAITING_YUAN_PER_T]
        return Load(k, share, mass_t, self.space.columns.slot[columns], columns, not shipment.splittable)

    def fill(self, family: int, loads: list[Load]) -> list[Batch]:
        """Batches of a family: most urgent cargo first, closed when full or when something must leave and it pays."""
        capacity = self.space.families[family].capacity_t
        arriving = sorted(loads, key=lambda load: (int(load.slots[0]), int(load.slots[-1]), load.shipment))
        waiting: list[Load] = []
        batches: list[Batch] = []
        for slot in range(self.space.grid.slots):
            while arriving and arriving[0].slots[0] <= slot:
                waiting.append(arriving.pop(0))
            room = float(capacity[slot])
            if room <= 0 or not waiting:
                continue
            waiting.sort(key=lambda load: (int(load.slots[-1]), load.shipment))
            while sum(load.mass_t for load in waiting) >= room:
                aboard, rest = _take(waiting, room, slot)
                if sum(load.mass_t for load in aboard) < room * 0.5:
                    break
                waiting = rest
                batches.append(self._batch(family, aboard, slot))
            if any(load.slots[-1] <= slot for load in waiting):
                aboard, rest = _take(waiting, room, slot)
                if aboard and self._pays(family, aboard, slot):
                    batches.append(self._batch(family, aboard, slot))
                    waiting = rest
                waiting = [load for load in waiting if load.slots[-1] > slot]
        return batches

    def _batch(self, family: int, aboard: list[Load], slot: int) -> Batch:
        """The batch with every slot from now on in which all of it can berth in a ship deep enough."""
        mass_t = sum(load.mass_t for load in aboard)
        capacity = self.space.families[family].capacity_t
        slots = aboard[0].slots[aboard[0].slots >= slot]
        for load in aboard[1:]:
            slots = np.intersect1d(slots, load.slots, assume_unique=True)
        return Batch(family, tuple(aboard), slots[capacity[slots] >= mass_t - 1e-9])

    def _pays(self, family: int, aboard: list[Load], slot: int) -> bool:
        """Whether the load saves more against its cheapest service than a hull is worth then."""
        gain = 0.0
        for load in aboard:
            column = load.columns[np.searchsorted(load.slots, slot)]
            gain += load.share * (self.road_cost[load.shipment] - self.cost[column])
        return bool(gain >= self.hull_yuan[family, slot])


def _spread(slots: Indices) -> Indices:
    """At most SLOTS_PER_BATCH slots, evenly over the span: choice enough for locks and hulls, few enough to solve."""
    if len(slots) <= SLOTS_PER_BATCH:
        return slots
    return slots[np.linspace(0, len(slots) - 1, SLOTS_PER_BATCH).astype(np.int64)]


def _take(waiting: list[Load], room: float, slot: int) -> tuple[list[Load], list[Load]]:
    """Fill a ship from the front of the queue; splittable loads may be cut at its end."""
    aboard: list[Load] = []
    rest: list[Load] = []
    for load in waiting:
        here = bool(np.any(load.slots == slot))
        if not here or room <= NOTHING or (load.whole and load.mass_t > room):
            rest.append(load)
        elif load.mass_t <= room:
            aboard.append(load)
            room -= load.mass_t
        else:
            aboard.append(load.part(room))
            rest.append(load.part(load.mass_t - room))
            room = 0.0
    return aboard, rest


def _choose_slots(builder: BatchBuilder, batches: list[Batch], moves: Bools, effort: Effort) -> Floats | None:
    """Solve the program over batches; its columns are sums of full columns, gathered in the matrix ``sums``."""
    plan = builder.plan
    base = _rest_on_services(builder, batches)
    if not batches:
        return base
    sums, batch_of, road = _composites(builder, batches)
    sailing = np.unique(sums.nonzero()[0])
    pools = np.unique(plan.column_pool[sailing[sailing >= plan.cargo_count]])
    # Hulls that no batch needs, or for which waiting looks dear, stay at home.
    free = np.flatnonzero((moves & np.isin(plan.column_pool, pools)) | plan.home_columns)
    n, width = len(base), sums.shape[1]
    single = sp.csc_array((np.ones(len(free)), (free, np.arange(len(free)))), shape=(n, len(free)))
    sums = sp.csc_array(sp.hstack([sums, single], format="csc"))
    program = plan.program
    full = sp.csr_array(program.matrix @ sums)
    keep = np.ones(len(plan.row_slot), dtype=bool)
    for kind in ("assign", "link"):
        block = plan.block(kind)
        keep[block.first : block.first + len(block.keys)] = False
    taken = program.matrix @ base
    keep &= np.diff(full.indptr) > 0
    once = sp.csr_array((np.ones(width), (batch_of, np.arange(width))), shape=(len(batches), width + len(free)))
    matrix = sp.csr_array(sp.vstack([full[keep], once], format="csr"))
    ones = np.ones(len(batches))
    whole = np.concatenate([~road, program.cost[free] > 0])
    small = Program(
        cost=np.asarray(sums.T @ program.cost),
        matrix=matrix,
        row_lower=np.concatenate([program.row_lower[keep] - taken[keep], ones]),
        row_upper=np.concatenate([program.row_upper[keep] - taken[keep], ones]),
        lower=np.zeros(sums.shape[1]),
        upper=np.concatenate([np.ones(width), program.upper[free]]),
        integer=whole,
    )
    outcome = solve_nearly_whole(small, effort)
    if outcome.x is None:
        return None
    return np.asarray(base + sums @ np.where(whole, np.round(outcome.x), outcome.x))


def _rest_on_services(builder: BatchBuilder, batches: list[Batch]) -> Floats:
    """What no batch takes goes by each shipment's cheapest service."""
    left = np.ones(len(builder.space.shipments))
    for batch in batches:
        for load in batch.loads:
            left[load.shipment] -= load.share
    base = np.zeros(len(builder.plan.program.cost))
    has = builder.on_road >= 0
    base[builder.on_road[has]] = np.maximum(left[has], 0.0)
    return base


def _composites(builder: BatchBuilder, batches: list[Batch]) -> tuple[sp.csc_array, Indices, Bools]:
    """Columns of the batch program: a batch in a slot with a hull of a pool (the hull column plus its loads' shares),
    and each batch on the road. Returns the summing matrix, each column's batch, and which columns are the road."""
    sailing = builder.plan.sailing_columns
    entries: list[tuple[int, int, float]] = []
    batch_of: list[int] = []
    road: list[bool] = []
    for number, batch in enumerate(batches):
        for slot in _spread(batch.slots).tolist():
            for hull in sailing.get((batch.family, slot), ()):
                column = len(batch_of)
                batch_of.append(number)
                road.append(False)
                entries.append((hull, column, 1.0))
                for load in batch.loads:
                    cargo = int(load.columns[np.searchsorted(load.slots, slot)])
                    entries.append((cargo, column, load.share))
        column = len(batch_of)
        batch_of.append(number)
        road.append(True)
        entries.extend((int(builder.on_road[load.shipment]), column, load.share) for load in batch.loads)
    rows, columns, values = (np.array(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
    shape = (len(builder.plan.program.cost), len(batch_of))
    return sp.csc_array(sp.coo_array((values, (rows, columns)), shape=shape)), np.array(batch_of), np.array(road)
