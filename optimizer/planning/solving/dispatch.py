"""A first plan as a dispatcher makes it: batch by batch, each to the vessel that costs least at the plan's prices.

Day by day the batches that gain most come first, unless they gain more on a later day; cargo that would else be left
behind goes before everything else. A vessel lies at a place from some slot on; to take a
batch it goes empty to the loading berth if it lies elsewhere. Its price is what it costs less what its time and place
are worth by the prices of the relaxation, so that a dear vessel, or one that is needed elsewhere, is not taken for a
poor cargo. Locks, terminals and the way home bind throughout. In the end every vessel goes home.

The work grows with the number of batches times the places where vessels lie, so it also serves months for which a
program over all batches would be too large.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.fleetflow import EMPTY, LOADED, WAIT, FleetFlow
from optimizer.planning.settings import SLOTS_PER_DAY
from optimizer.planning.solving.batches import Batch, BatchBuilder

WORTH_YUAN, LOOSE_YUAN = -300.0, -15_000.0
"""A batch is taken for a gain no worse than this at the prices of the relaxation; and in a second round of each day,
when locks and vessels would else stay unused, for one no worse than that."""
PATIENT_YUAN = 1_000.0
"""A batch waits for a later day on which it gains this much more."""
NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class _Ways:
    """Empty ways of a pool into a place: (from, slots taken), and the columns by slot of each."""

    into: dict[tuple[int, str], list[tuple[str, int]]]
    columns: dict[tuple[int, str, str], dict[int, int]]
    taken: dict[tuple[int, str, str], int]


@dataclass(slots=True)
class _Choice:
    """A vessel for a batch: where it comes from, and the columns it takes."""

    gain_yuan: float
    pool: int
    place: str
    since: int
    columns: list[int] = field(default_factory=list)
    slot: int = -1


def dispatch(builder: BatchBuilder, batches: list[Batch], fleet: FleetFlow) -> Floats | None:
    """A whole-number solution of the full program from batches; None where some vessel finds no way home."""
    return _Dispatcher(builder, fleet).run(batches)


class _Dispatcher:
    def __init__(self, builder: BatchBuilder, fleet: FleetFlow) -> None:
        self.builder, self.plan, self.fleet, self.space = builder, builder.plan, fleet, builder.space
        plan, prices = self.plan, builder.relaxation.prices
        node = plan.block("node")
        self.node_yuan = prices[node.first : node.first + len(node.keys)]
        self.first_node = {
            (int(fleet.node_pool[n]), fleet.node_place[n]): int(n) for n in np.flatnonzero(fleet.node_slot == 0)
        }
        self.limited = np.zeros(len(plan.row_slot), dtype=bool)
        for kind in ("lock", "terminal", "cap"):
            block = plan.block(kind)
            self.limited[block.first : block.first + len(block.keys)] = True
        matrix = sp.csc_array(plan.program.matrix)
        self.rows = sp.csc_array(sp.csr_array(matrix)[self.limited])
        self.room = plan.program.row_upper[self.limited].copy()
        paid = -(self.rows.T @ prices[self.limited])
        self.net_yuan = plan.program.cost + paid
        hulls = fleet.columns
        own = self.net_yuan[plan.cargo_count :]
        self.hull_gain = -(own - self.node_yuan[hulls.tail] + self.node_yuan[hulls.head])
        self.ways = _empty_ways(fleet)
        self.loaded: dict[tuple[int, int], list[int]] = defaultdict(list)
        for column in np.flatnonzero(hulls.kind == LOADED):
            self.loaded[(int(hulls.item[column]), int(hulls.slot[column]))].append(int(column))
        self.lying: dict[tuple[int, str], list[int]] = defaultdict(list)
        for number in np.flatnonzero(fleet.supply > 0):
            at = self.lying[(int(fleet.node_pool[number]), fleet.node_place[number])]
            at.extend([int(fleet.node_slot[number])] * round(float(fleet.supply[number])))
        for at in self.lying.values():
            at.sort()
        self.counts = np.zeros(len(hulls.kind))
        self.shares = np.zeros(plan.cargo_count)
        self.home_slots = _home_slots(fleet, self.ways)

    def run(self, batches: list[Batch]) -> Floats | None:
        """Services first, then batch by batch, then home."""
        for column in self.builder.on_road[self.builder.on_road >= 0].tolist():
            self._book({column: 1.0})
            self.shares[column] += 1.0
        gains = [self._gains(batch) for batch in batches]
        pending = [n for n in range(len(batches)) if len(gains[n])]
        must = [n for n in pending if self._must_sail(batches[n])]
        others = sorted(set(pending) - set(must))
        for chosen, worths in ((must, (-np.inf,)), (others, (WORTH_YUAN, LOOSE_YUAN))):
            for day in range(-(-self.space.grid.slots // SLOTS_PER_DAY)):
                for worth in worths:
                    self._sail_today(batches, gains, chosen, day, worth)
        if not self._all_home():
            return None
        self._fill_services()
        x = np.concatenate([self.shares, self.counts])
        self._wait(x)
        return x

    def _sail_today(
        self, batches: list[Batch], gains: list[Floats], pending: list[int], day: int, worth: float
    ) -> None:
        """Place the batches that gain most on a day, if no later day is much better; what sails is pending no more."""
        today = []
        for n in pending:
            now = batches[n].slots // SLOTS_PER_DAY == day
            if now.any():
                later = float(gains[n][batches[n].slots // SLOTS_PER_DAY > day].max(initial=-np.inf))
                today.append((-float(gains[n][now].max()), n, later))
        for gain, n, later in sorted(today):
            if -gain >= worth and (np.isinf(worth) or -gain >= later - PATIENT_YUAN):
                now = np.flatnonzero(batches[n].slots // SLOTS_PER_DAY == day)
                if self._place(batches[n], gains[n], now, worth):
                    pending.remove(n)

    def _gains(self, batch: Batch) -> Floats:
        """What a batch gains in each of its slots against its services, vessel not counted."""
        gain = np.zeros(len(batch.slots))
        for load in batch.loads:
            columns = load.columns[np.searchsorted(load.slots, batch.slots)]
            on_road = self.builder.on_road[load.shipment]
            service = self.net_yuan[on_road] if on_road >= 0 else np.inf
            gain += load.share * (service - self.net_yuan[columns])
        hull = np.array([self._best_hull(batch.family, int(slot)) for slot in batch.slots])
        return np.asarray(gain + hull)

    def _fill_services(self) -> None:
        """What is still left behind takes the room that services have in the end, in parts where it may be split."""
        cargo = self.space.columns
        left = np.flatnonzero((cargo.route < 0) & (self.shares > NOTHING))
        services = np.flatnonzero(
            (cargo.family < 0) & (cargo.route >= 0) & np.isin(cargo.shipment, cargo.shipment[left])
        )
        for behind in left.tolist():
            for column in services[cargo.shipment[services] == cargo.shipment[behind]].tolist():
                each = self._change({column: 1.0})
                share = min([float(self.shares[behind]), *(self.room[row] / amount for row, amount in each.items())])
                if self.plan.program.integer[column] and share < 1.0:
                    continue
                if share > NOTHING:
                    self._book({column: share})
                    self.shares[column] += share
                    self.shares[behind] -= share

    def _must_sail(self, batch: Batch) -> bool:
        """Whether cargo aboard would else be left behind."""
        on_road = self.builder.on_road[[load.shipment for load in batch.loads]]
        return bool((self.space.columns.route[on_road] < 0).any())

    def _best_hull(self, family: int, slot: int) -> float:
        return max((float(self.hull_gain[c]) for c in self.loaded.get((family, slot), ())), default=-np.inf)

    def _place(self, batch: Batch, gains: Floats, now: Indices, worth: float) -> bool:
        """Sail in the best of the slots ``now`` for which a vessel, locks and terminals are found, if that is worth
        it."""
        for at in now[np.argsort(-gains[now], kind="stable")].tolist():
            if gains[at] < worth:
                return False
            slot = int(batch.slots[at])
            cargo = self._cargo(batch, slot)
            choices = [self._choice(batch.family, column, slot) for column in self.loaded[(batch.family, slot)]]
            # A pool without a vessel that could be there in time has no columns.
            for best in sorted((c for c in choices if c.columns), key=lambda choice: -choice.gain_yuan):
                if float(gains[at]) + best.gain_yuan < worth:
                    break
                wanted = dict(cargo)
                for column in best.columns:
                    wanted[column + self.plan.cargo_count] = 1.0
                if self._fits(wanted):
                    self._book(wanted)
                    self._sail(best)
                    for column, share in cargo.items():
                        self.shares[column] += share
                    return True
        return False

    def _cargo(self, batch: Batch, slot: int) -> dict[int, float]:
        """Shares to add: aboard, and off the services that had them."""
        change: dict[int, float] = defaultdict(float)
        for load in batch.loads:
            change[int(load.columns[np.searchsorted(load.slots, slot)])] += load.share
            if self.builder.on_road[load.shipment] >= 0:
                change[int(self.builder.on_road[load.shipment])] -= load.share
        return change

    def _choice(self, family: int, column: int, slot: int) -> _Choice:
        """The vessel of one pool that loses least by taking a sailing; ``gain_yuan`` is against the best pool's hull
        being there already."""
        hulls = self.fleet.columns
        pool, origin = int(hulls.pool[column]), self.space.families[family].origin
        destination, end = self.space.families[family].destination, int(self.fleet.node_slot[hulls.head[column]])
        if end > self.home_slots.get((pool, destination), -1):
            return _Choice(-np.inf, pool, origin, -1)
        behind = float(self.hull_gain[column]) - self._best_hull(family, slot)
        best = _Choice(-np.inf, pool, origin, -1)
        for place, taken in [(origin, 0), *self.ways.into.get((pool, origin), ())]:
            at = self.lying.get((pool, place))
            number = bisect_right(at, slot - taken) if at else 0
            if not at or not number:
                continue
            since = at[number - 1]
            columns = [column]
            leave = slot
            if taken:
                by_slot = self.ways.columns[(pool, place, origin)]
                empty = by_slot.get(slot - taken)
                if empty is None:
                    continue
                columns.insert(0, empty)
                leave = slot - taken
            lost = self._node(pool, place, leave) - self._node(pool, place, since)
            gain = behind - lost + (float(self.hull_gain[columns[0]]) if taken else 0.0)
            if gain > best.gain_yuan:
                best = _Choice(gain, pool, place, since, columns, slot)
        return best

    def _node(self, pool: int, place: str, slot: int) -> float:
        return float(self.node_yuan[self.first_node[(pool, place)] + slot])

    def _fits(self, wanted: dict[int, float]) -> bool:
        change = self._change(wanted)
        return all(amount <= NOTHING or self.room[row] >= amount - NOTHING for row, amount in change.items())

    def _book(self, wanted: dict[int, float]) -> None:
        for row, amount in self._change(wanted).items():
            self.room[row] -= amount

    def _change(self, wanted: dict[int, float]) -> dict[int, float]:
        change: dict[int, float] = defaultdict(float)
        indptr, indices, data = self.rows.indptr, self.rows.indices, self.rows.data
        for column, share in wanted.items():
            for entry in range(indptr[column], indptr[column + 1]):
                change[int(indices[entry])] += share * float(data[entry])
        return change

    def _sail(self, choice: _Choice) -> None:
        hulls = self.fleet.columns
        self.lying[(choice.pool, choice.place)].remove(choice.since)
        for column in choice.columns:
            self.counts[column] += 1
        head = int(hulls.head[choice.columns[-1]])
        insort(self.lying[(choice.pool, self.fleet.node_place[head])], int(self.fleet.node_slot[head]))

    def _all_home(self) -> bool:
        """Every pool has again as many vessels at each home as it had; the nearest go first."""
        wanted: dict[tuple[int, str], int] = defaultdict(int)
        for number in np.flatnonzero(self.fleet.supply < 0):
            wanted[(int(self.fleet.node_pool[number]), self.fleet.node_place[number])] -= round(
                float(self.fleet.supply[number])
            )
        legs: list[tuple[float, int, int, str, str]] = []
        for (pool, place), at in sorted(self.lying.items()):
            stay = min(len(at), wanted.get((pool, place), 0))
            wanted[(pool, place)] -= stay
            # Those that came last stay: the others have more time for the way.
            self.lying[(pool, place)] = at[: len(at) - stay]
        for (pool, home), missing in sorted(wanted.items()):
            for place, taken in self.ways.into.get((pool, home), ()) if missing else ():
                if self.lying.get((pool, place)):
                    legs.append((taken, pool, missing, place, home))
        for _, pool, _, place, home in sorted(legs):
            at = self.lying[(pool, place)]
            while at and wanted[(pool, home)] > 0 and self._send_home(pool, place, home, at[0]):
                at.pop(0)
                wanted[(pool, home)] -= 1
        return not any(wanted.values())

    def _send_home(self, pool: int, place: str, home: str, since: int) -> bool:
        for slot, column in sorted(self.ways.columns[(pool, place, home)].items()):
            wanted = {column + self.plan.cargo_count: 1.0}
            if slot >= since and self._fits(wanted):
                self._book(wanted)
                self.counts[column] += 1
                return True
        return False

    def _wait(self, x: Floats) -> None:
        """Who neither sails nor ends waits: what is left at a node goes on to the next slot."""
        hulls, fleet = self.fleet.columns, self.fleet
        left = fleet.supply.copy()
        np.subtract.at(left, hulls.tail, self.counts)
        np.add.at(left, hulls.head, self.counts)
        waits = np.flatnonzero(hulls.kind == WAIT)
        waits = waits[np.lexsort((hulls.slot[waits],))]
        for column in waits.tolist():
            surplus = left[hulls.tail[column]]
            left[hulls.tail[column]] -= surplus
            left[hulls.head[column]] += surplus
            x[self.plan.cargo_count + column] = surplus


def _empty_ways(fleet: FleetFlow) -> _Ways:
    ways = _Ways(defaultdict(list), defaultdict(dict), {})
    for empty in fleet.empty_lanes:
        key = (empty.pool, empty.lane.origin, empty.lane.destination)
        ways.into[(empty.pool, empty.lane.destination)].append((empty.lane.origin, empty.slots_taken))
        ways.taken[key] = empty.slots_taken
    hulls = fleet.columns
    for column in np.flatnonzero(hulls.kind == EMPTY).tolist():
        empty = fleet.empty_lanes[int(hulls.item[column])]
        key = (empty.pool, empty.lane.origin, empty.lane.destination)
        ways.columns[key][int(hulls.slot[column])] = column
    return ways


def _home_slots(fleet: FleetFlow, ways: _Ways) -> dict[tuple[int, str], int]:
    """The last slot in which a vessel of a pool may be at a place and still get home."""
    last = int(fleet.node_slot.max(initial=0))
    homes = {(int(fleet.node_pool[n]), fleet.node_place[n]) for n in np.flatnonzero(fleet.supply < 0)}
    found: dict[tuple[int, str], int] = dict.fromkeys(homes, last)
    for (pool, place, home), by_slot in ways.columns.items():
        if (pool, home) in homes and by_slot:
            found[(pool, place)] = max(found.get((pool, place), -1), max(by_slot))
    return found
