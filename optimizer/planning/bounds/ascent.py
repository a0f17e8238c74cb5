"""Better prices, step by step: the bound climbs along the averaged misses of what shipments would choose.

At any prices each shipment chooses its cheapest column, hulls carry what was chosen and go on by the moves that hold
their value down. What that misses (vessels that are not there, terminals and locks that are full) is a subgradient of
the bound; the volume algorithm steps from the best prices so far along an average of the latest misses (F. Barahona and
R. Anbil, The volume algorithm, Mathematical Programming 87, 2000). The same average of choices comes close to a linear
solution: it says which lines a shipment should use, in which shares.

Every bound on the way is proven, since pricing is exact; no program is solved, and each step costs one pass over
lines and hulls. A span of slots needs no rows of its own: prices are slot by slot from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.pricing import Cheapest, price_all
from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.fleetflow import FleetFlow
from optimizer.planning.layout.kernels import blend, gather_loads, hold_nodes, push_surplus
from optimizer.planning.settings import SLOTS_PER_DAY

SHIP_T = 800.0
"""A hull weighs as much as this many tonnes when misses are weighed against each other."""
CAP_T = 100.0
"""A tonne of CO2e weighs as much as this many tonnes of cargo."""
CUT_T = 5.0
"""A tonne that breaks a linking cut weighs as much as this many that are too many for a quay: cuts are few, and the
prices of what they hold are high."""
TARGET_REL = 0.01
"""The step aims at first this far above the best bound."""
PATIENCE = 10
"""Steps without a better bound before the step is shortened."""
SHORTER, LONGER = 0.7, 1.15
NOTHING_MISSED = SHIP_T**2 * 1e-12
"""Misses of less than a millionth of a hull are rounding: a step along them could be of any length."""
LEAST_STEP = 1e-3
LEVELS = (1, 4, 16, 64)
"""Spans of slots over which node prices move together, all at once: a hull that is missing is missing before and after
as well, and one slot at a time that would take hundreds of steps to be known."""
NEARLY_YUAN = 1e-6


@dataclass(frozen=True, slots=True)
class Climb:
    """Row prices and the bound that they prove; by the averaged choices for each line the share of its shipment that
    goes with it, and for each hull column how many sail. ``steps``: how many were made."""

    prices: Floats
    bound: float
    line_shares: Floats
    hulls: Floats
    steps: int
    interrupted: bool = False


@dataclass(slots=True)
class _Point:
    """Node prices and the prices of locks, terminals and cap, with what they prove."""

    nodes: Floats
    other: Floats
    bound: float = -np.inf


@dataclass(frozen=True, slots=True)
class Stage:
    """``steps`` at most, node prices moving over ``spans`` together (0: the whole horizon, and through the days),
    ``length`` of the first step (0: as it was), and the weight of the newest choices in the averages. ``evenly``: at
    first all choices so far weigh alike, until the newest would weigh less than that; an average that is slow to forget
    keeps the first choice for long otherwise."""

    spans: tuple[int, ...]
    steps: int
    length: float
    average: float
    evenly: bool = False


STAGES = (Stage((0,), 60, 1.0, 0.12), Stage((*LEVELS, 0), 200, 0.1, 0.03), Stage((*LEVELS, 0), 500, 0.0, 0.02))
"""Places as a whole first, then slot by slot, along averages with a long memory: such steps climb slower at first and
prove more in the end, the most where quays are crowded; and averages over many steps come closer
to a linear solution, so that hulls have better ones to follow. Places as a whole are soon no help: with 100 such steps
some months of 2,000 shipments came to a bound a tenth of a percent lower. The last stage mostly ends by LEAST_STEP."""
ONWARD = Stage((*LEVELS, 0), 240, 0.05, 0.01, evenly=True)
"""From the prices of a program that is coarse in time: slot by slot, along averages of all steps so far. In months of
1,200 shipments such steps come within a few hundredths of a percent of the linear bound; with averages of the latest
eight they ended a tenth of a percent lower."""
DEARER = Stage((*LEVELS, 0), 240, 0.1, 0.03)
"""From prices that were good for other costs."""
TOLD = 20
"""Steps between two signs of life."""


def climb_up(
    proof: LagrangianBound,
    left_s: Callable[[], float],
    tell: Callable[[float], None] = lambda bound_yuan: None,
    prices: Floats | None = None,
) -> Climb:
    """Climb from nothing through all stages, or from ``prices`` through all but the first, as far as the time allows;
    ``tell`` hears the bound now and then. A KeyboardInterrupt ends the climb, not the plan."""
    ascent = Ascent(proof, np.zeros(len(proof.plan.row_slot)) if prices is None else prices)
    try:
        for stage in STAGES if prices is None else STAGES[1:]:
            ascent.enter(stage)
            for _ in range(stage.steps // TOLD):
                ascent.climb(TOLD, left_s)
                tell(ascent.best.bound)
                if left_s() <= 0 or ascent.length < LEAST_STEP:
                    break
    except KeyboardInterrupt:
        return replace(ascent.result(), interrupted=True)
    return ascent.result()


def climb_on(proof: LagrangianBound, prices: Floats, left_s: Callable[[], float], stage: Stage = ONWARD) -> Climb:
    """Climb from prices that are good already but alike over spans of slots, as far as the time allows."""
    ascent = Ascent(proof, prices)
    ascent.enter(stage)
    ascent.climb(stage.steps, left_s)
    return ascent.result()


class Ascent:
    """Climbs from given row prices of one plan program."""

    def __init__(self, proof: LagrangianBound, prices: Floats) -> None:
        self.proof, self.plan, self.ways = proof, proof.plan, proof.ways
        program = self.plan.program
        self.upper = program.row_upper[proof.other]
        self.nodes_by_slot = np.argsort(proof.fleet.node_slot, kind="stable")
        numbers = np.flatnonzero(proof.other)
        self.terminal_at = np.searchsorted(numbers, np.arange(proof.terminal.start, proof.terminal.stop))
        self.cap_at = np.searchsorted(numbers, np.arange(proof.cap.start, proof.cap.stop))
        self.linking_at = np.searchsorted(numbers, np.arange(proof.linking.start, proof.linking.stop))
        self.weight = np.full(len(numbers), SHIP_T**2)
        self.weight[self.terminal_at] = 1.0
        self.weight[self.cap_at] = CAP_T**2
        self.weight[self.linking_at] = CUT_T**2
        # A row without a limit has no price; what it lacks to infinity would make nonsense of every step.
        limited = np.isfinite(self.upper)
        self.weight[~limited], self.upper = 0.0, np.where(limited, self.upper, 0.0)
        self.prices = prices
        self.spans: tuple[int, ...] = ()
        self.directions = Directions(proof.fleet, ())
        self.chosen: Cheapest | None = None
        self.average, self.evenly = 1.0, False
        self.best = _Point(prices[proof.node].copy(), np.where(limited, np.minimum(prices[proof.other], 0.0), 0.0))
        self.shares = np.zeros(len(self.ways.lines.route))
        self.hulls = np.zeros(len(proof.tail))
        # Written anew in each step.
        self.hull_yuan, self.newest = np.empty(len(proof.tail)), np.empty(len(proof.tail))
        self.miss_nodes, self.miss_other = np.zeros(len(self.best.nodes)), np.zeros(len(numbers))
        self.length, self.patience, self.steps = 0.0, 0, 0

    def enter(self, stage: Stage) -> None:
        """Go on as a stage says; prices and averages stay."""
        if stage.spans != self.spans:
            self.spans, self.directions = stage.spans, Directions(self.proof.fleet, stage.spans)
        self.length, self.patience = stage.length or self.length, 0
        self.average, self.evenly = stage.average, stage.evenly

    def climb(self, most: int, left_s: Callable[[], float] = lambda: np.inf) -> None:
        """Make at most ``most`` steps; fewer where the time is up, or steps become shorter than LEAST_STEP."""
        with ThreadPoolExecutor(self.proof.workers) as threads:
            for _ in range(most):
                if self.steps and (left_s() <= 0 or self.length < LEAST_STEP):
                    break
                point = self._step() if self.steps else _Point(self.best.nodes.copy(), self.best.other.copy())
                self._visit(point, threads)

    def result(self) -> Climb:
        """What was reached."""
        prices = self.prices.copy()
        prices[self.proof.node], prices[self.proof.other] = self.best.nodes, self.best.other
        bound, mended = self.proof.prove(prices)
        hulls = np.zeros(len(self.hulls))
        hulls[self.proof.latest_first] = self.hulls
        return Climb(mended, bound, self.shares, hulls, self.steps)

    def _visit(self, point: _Point, threads: ThreadPoolExecutor) -> None:
        """Price everything at a point; average what is missed; keep the point when it proves more."""
        proof = self.proof
        hull_yuan = proof.hull_yuan(point.other, self.hull_yuan)
        held_by = np.full(len(point.nodes), -1, dtype=np.int64)
        hold_nodes(proof.tail, proof.head, hull_yuan, point.nodes, held_by, NEARLY_YUAN)
        tonne, hull_of = proof.tonne_yuan(point.nodes, hull_yuan)
        prices = np.zeros(len(self.prices))
        prices[proof.other] = point.other
        of_cargo = proof.cargo_prices(tonne, prices)
        self.chosen = chosen = price_all(self.ways, of_cargo, proof.workers, self.chosen, threads)
        limits = np.where(point.other < 0, self.upper, 0.0)
        point.bound = float(chosen.yuan.sum()) + _dot(proof.fleet.supply, point.nodes) + _dot(point.other, limits)
        nodes, other, hulls = self._misses(chosen, hull_of, held_by)
        weight = max(self.average, 1.0 / (self.steps + 1)) if self.evenly or not self.steps else self.average
        blend(self.hulls, hulls, weight)
        self.miss_nodes += weight * (nodes - self.miss_nodes)
        self.miss_other += weight * (other - self.miss_other)
        self.shares *= 1.0 - weight
        moved = chosen.line[chosen.line >= 0]
        self.shares[moved] += weight
        self.steps += 1
        self._judge(point, nodes, other)

    def _judge(self, point: _Point, nodes: Floats, other: Floats) -> None:
        if point.bound > self.best.bound:
            along = SHIP_T**2 * _dot(nodes, self.miss_nodes) + _dot(self.weight * other, self.miss_other)
            if along > 0 and self.patience == 0:
                self.length = min(self.length * LONGER, 2.0)
            gained = (point.bound - self.best.bound) / max(abs(point.bound), 1.0)
            self.best = point
            self.patience = 0 if gained > 1e-5 else self.patience + 1
        else:
            self.patience += 1
        if self.patience >= PATIENCE:
            self.length, self.patience = self.length * SHORTER, 0

    def _misses(self, chosen: Cheapest, hull_of: Indices, held_by: Indices) -> tuple[Floats, Floats, Floats]:
        """Hulls left over (negative: missing) at each node, and room left in locks, terminals and cap."""
        proof, ways = self.proof, self.ways
        loads, terminal = np.zeros(ways.capacity_t.shape), np.zeros(len(ways.terminals) * ways.days)
        gather_loads(
            chosen.line,
            chosen.slot,
            ways.cargo.mass_t,
            ways.lines.table,
            ways.tables.family,
            ways.tables.onward,
            ways.tables.after,
            ways.lines.handled,
            ways.tables.handled,
            loads,
            terminal,
        )
        hulls = self.newest
        hulls.fill(0.0)
        loaded = loads.ravel()[proof.sailings]
        used = np.flatnonzero((loaded > 0) & (hull_of >= 0))
        hulls[hull_of[used]] = loaded[used] / proof.hull_capacity[hull_of[used]]
        surplus = proof.fleet.supply.copy()
        np.subtract.at(surplus, proof.tail[hull_of[used]], hulls[hull_of[used]])
        np.add.at(surplus, proof.head[hull_of[used]], hulls[hull_of[used]])
        push_surplus(self.nodes_by_slot, held_by, proof.head, surplus, hulls)
        taken = proof.used(hulls)
        taken[self.terminal_at] += terminal[proof.terminal_days]
        if len(self.linking_at):
            aboard, moved = np.zeros(len(ways.lines.route)), np.flatnonzero(chosen.line >= 0)
            np.add.at(aboard, chosen.line[moved], ways.cargo.mass_t[moved])
            taken[self.linking_at] += proof.linked.T @ aboard
        if len(self.cap_at):
            lines = np.maximum(chosen.line, 0)
            wtw_kg = ways.wtw_kg_per_t[ways.lines.route[lines]] * ways.cargo.mass_t
            taken[self.cap_at] += float(wtw_kg[chosen.line >= 0].sum()) / 1000
        return surplus, self.upper - taken, hulls

    def _step(self) -> _Point:
        """The next point, from the best one along the averaged misses."""
        # Room left over counts only where a price could still fall.
        other = np.where((self.best.other >= 0) & (self.miss_other > 0) | (self.weight == 0), 0.0, self.miss_other)
        along = self.directions.along(self.miss_nodes)
        size = SHIP_T**2 * _dot(along, along) + _dot(self.weight * other, other)
        if size <= NOTHING_MISSED:
            self.length = 0.0
            return _Point(self.best.nodes.copy(), self.best.other.copy())
        step = self.length * TARGET_REL * abs(self.best.bound) / size
        return _Point(
            self.best.nodes + step * SHIP_T**2 * self.directions.moved(along),
            np.minimum(self.best.other + step * self.weight * other, 0.0),
        )


def _dot(a: Floats, b: Floats) -> float:
    """The sum of products, without the threads that BLAS wakes for vectors of this size: these cost more than they add,
    and many times more where the other processor is busy."""
    return float(np.einsum("i,i->", a, b))


class Directions:
    """What node prices may do: rise and fall together over spans of slots, place by place; and where the horizon is
    one span (0), pool by pool fall through each day at an even rate (a hull's time has a price).

    Falls are as many for a node as days have gone, but alike for all nodes of a pool and slot: they are applied to the
    sums of these."""

    def __init__(self, fleet: FleetFlow, spans: Sequence[int]) -> None:
        slot, pools = fleet.node_slot, len(fleet.pools)
        self.horizon = int(slot.max(initial=0)) + 1
        nodes = np.arange(len(slot))
        place = np.cumsum(slot == 0) - 1
        parts = []
        for span in spans if len(slot) else ():
            _, group = np.unique(place * self.horizon + slot // (span or self.horizon), return_inverse=True)
            size = np.sqrt(np.bincount(group))
            parts.append(sp.csr_array((1.0 / size[group], (nodes, group)), shape=(len(slot), len(size))))
        none = sp.csr_array((len(slot), 0))
        self.together = sp.csr_array(sp.hstack(parts, format="csr")) if parts else none
        self.at = fleet.node_pool * self.horizon + slot
        self.falls = _falls(self.horizon if 0 in spans else 0, self.horizon)
        # How many nodes of a pool share a slot, for the length of each fall (pools x days).
        count = np.bincount(self.at, minlength=pools * self.horizon).reshape(pools, self.horizon)
        self.norm = np.maximum(np.sqrt(count @ self.falls.power(2)), 1.0)

    def along(self, nodes: Floats) -> Floats:
        """How much of values of nodes goes along each of these."""
        sums = np.bincount(self.at, nodes, self.norm.shape[0] * self.horizon).reshape(-1, self.horizon)
        return np.concatenate([self.together.T @ nodes, (sums @ self.falls / self.norm).ravel()])

    def moved(self, along: Floats) -> Floats:
        """Values of nodes that have moved so far along each of these."""
        count = self.together.shape[1]
        fallen = (along[count:].reshape(self.norm.shape) / self.norm) @ self.falls.T
        return np.asarray(self.together @ along[:count] + fallen.ravel()[self.at])


def _falls(until: int, slots: int) -> sp.csr_array:
    """A fall from 0 to -1 through each day that begins before slot ``until`` (slots x days)."""
    begin = np.arange(0, until, SLOTS_PER_DAY)
    return sp.csr_array(-np.clip((np.arange(slots)[:, None] - begin) / SLOTS_PER_DAY, 0.0, 1.0))
