"""The proof: a lower bound on the plan's cost from any prices of hulls, locks, terminals and CO2e.

Relax every row but the assignment of shipments. What is left falls apart by shipment, and each takes its cheapest
column, so

    bound = sum over shipments of min over columns (cost - prices of what the column uses) + prices x what there is

is valid for any prices of the right sign; no solver is believed. Prices that would let a hull earn money for nothing
are mended first, which only makes the bound better:

- the value of a hull at a node may not be below what it would be worth after a move it is free to make
  (one pass backwards in time over waits, empty and loaded moves);
- a tonne aboard pays its share of the cheapest hull that can sail then: (cost of sailing + loss of hull value) /
capacity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.linking import lines_of_cuts
from optimizer.planning.bounds.pricing import Prices, columns_within, price_all, prices_of
from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.fleetflow import FleetFlow
from optimizer.planning.layout.kernels import ask_tonne, mend_nodes, number_alike, price_moves
from optimizer.planning.layout.program import PlanProgram, RowBlock
from optimizer.planning.layout.ways import Ways
from optimizer.quantities import KG_PER_T

NO_HULL = 1e7
"""Yuan per tonne on a sailing that no hull can make: no shipment takes it."""


class LagrangianBound:
    """Bounds for one plan program, over all columns of ``ways``, those left out of the program included. What does not
    change is arranged once. ``workers``: threads for pricing; the answer does not depend on it."""

    def __init__(self, plan: PlanProgram, fleet: FleetFlow, ways: Ways, workers: int = 1) -> None:
        self.plan, self.fleet, self.ways, self.workers = plan, fleet, ways, workers
        program = plan.program
        # Hull columns latest first: prices of nodes are mended backwards in time, in one pass over memory.
        self.latest_first = np.argsort(-fleet.columns.slot, kind="stable")
        hulls = sp.csc_array(program.matrix)[:, plan.cargo_count + self.latest_first]
        self.hull_cost = program.cost[plan.cargo_count + self.latest_first]
        self.tail, self.head = fleet.columns.tail[self.latest_first], fleet.columns.head[self.latest_first]
        self.node, self.link, self.assign = (self._rows(kind) for kind in ("node", "link", "assign"))
        self.terminal, self.cap, self.least = (self._rows(kind) for kind in ("terminal", "cap", "least"))
        self.linking, self.linked = self._rows("linking"), lines_of_cuts(ways, plan.block("linking"))
        self.least_sailing = _sailings_of(plan.block("least"), ways.grid.slots)
        self.other = np.ones(len(plan.row_slot), dtype=bool)
        for rows in (self.node, self.link, self.assign):
            self.other[rows] = False
        self.use, self.uses = _uses(sp.csr_array(hulls[self.other].T))
        self.hull_link, load = _single_entry(hulls[self.link], hulls.shape[1])
        self.hull_capacity = -load
        self.sailings = np.flatnonzero(ways.capacity_t.ravel() > 0)
        self.terminal_days = ways.used_terminal_days()
        # Loaded hulls sailing by sailing, so that a pass over them goes through memory in order.
        loaded = np.flatnonzero(self.hull_link >= 0)
        self.loaded = loaded[np.argsort(self.hull_link[loaded], kind="stable")]
        self.loaded_link, self.loaded_capacity = self.hull_link[self.loaded], self.hull_capacity[self.loaded]
        self.loaded_tail, self.loaded_head = self.tail[self.loaded], self.head[self.loaded]

    def _rows(self, kind: str) -> slice:
        block = self.plan.block(kind)
        return slice(block.first, block.first + len(block.keys))

    def prove(self, prices: Floats) -> tuple[float, Floats]:
        """The bound in yuan, and the mended prices of all rows (assignment rows: each shipment's cheapest way)."""
        program = self.plan.program
        mended = _right_sign(prices, program.row_lower, program.row_upper)
        other = mended[self.other]
        hull_cost = self.hull_yuan(other, np.empty(len(self.hull_cost)))
        nodes = self._from_zero(mended[self.node])
        mend_nodes(self.tail, self.head, hull_cost, nodes)
        tonne = self.tonne_yuan(nodes, hull_cost)[0]
        cheapest = price_all(self.ways, self.cargo_prices(tonne, mended), self.workers).yuan
        sides = np.where(other >= 0, program.row_lower[self.other], program.row_upper[self.other])
        of_other = float(np.sum(np.where(other == 0, 0.0, other * np.where(other == 0, 0.0, sides))))
        bound = float(cheapest.sum()) + float(self.fleet.supply @ nodes) + of_other
        mended[self.node], mended[self.link], mended[self.assign] = nodes, -tonne, cheapest
        return bound, mended

    def hull_yuan(self, other: Floats, out: Floats) -> Floats:
        """What each hull column (latest first) costs at the prices ``other`` of locks and the like; ``out`` is it."""
        price_moves(self.hull_cost, self.use, self.uses @ other, out)
        return out

    def used(self, hulls: Floats) -> Floats:
        """What hulls (latest first) take of locks and the like."""
        sail = np.flatnonzero(hulls)
        return np.asarray(self.uses.T @ np.bincount(self.use[sail], hulls[sail], self.uses.shape[0]))

    def _from_zero(self, nodes: Floats) -> Floats:
        """Prices of nodes less the least of their pool. A pool ends with as many hulls as it has, so that proves the
        same; but sums of prices that have drifted far off would round by more than the gap."""
        pools = self.fleet.node_pool
        least = np.full(len(self.fleet.pools), np.inf)
        np.minimum.at(least, pools, nodes)
        return np.asarray(nodes - least[pools])

    def cargo_prices(self, tonne: Floats, prices: Floats) -> Prices:
        """Row prices as pricing wants them; ``tonne``: yuan per tonne aboard, one entry per sailing row."""
        ways = self.ways
        aboard = np.full(ways.capacity_t.size, np.inf)
        aboard[self.sailings] = tonne
        # A tonne that helps a given sailing to its least load is worth the price of that row.
        aboard[self.least_sailing] += prices[self.least]
        terminal = np.zeros(len(ways.terminals) * ways.days)
        terminal[self.terminal_days] = -prices[self.terminal]
        # The row of the cap counts tonnes.
        made = prices_of(
            ways, aboard.reshape(ways.capacity_t.shape), terminal, -float(prices[self.cap].sum()) / KG_PER_T
        )
        # A linking cut asks the same of every tonne that it counts, whenever that sails.
        return replace(made, line=made.line - self.linked @ prices[self.linking])

    def columns_near(self, prices: Floats, margins: Sequence[float], most: int) -> tuple[Indices, Indices]:
        """(line, slot) of the columns that at row prices are little dearer than the cheapest of their shipment: by the
        widest of ``margins``, yuan a tonne, widest first, that leaves at most ``most``, else by the narrowest."""
        ways, of_cargo = self.ways, self.cargo_prices(-prices[self.link], prices)
        cheapest = price_all(ways, of_cargo, self.workers)
        for margin in margins:
            near = columns_within(ways, of_cargo, cheapest.yuan + margin * ways.cargo.mass_t, 1, self.workers)
            if len(near[0]) <= most:
                break
        return near

    def tonne_yuan(self, nodes: Floats, hull_cost: Floats) -> tuple[Floats, Indices]:
        """Yuan per tonne of capacity on each sailing, asked by the cheapest hull that can make it, and that hull's
        column (latest first, -1: none)."""
        count = self.link.stop - self.link.start
        tonne, hull_of = np.full(count, NO_HULL), np.full(count, -1, dtype=np.int64)
        ask_tonne(
            self.loaded,
            self.loaded_link,
            self.loaded_capacity,
            self.loaded_tail,
            self.loaded_head,
            hull_cost,
            nodes,
            tonne,
            hull_of,
        )
        return tonne, hull_of


def _sailings_of(block: RowBlock, slots: int) -> Indices:
    """Rows keyed (family, slot) as places in the flat array families x slots."""
    keys = np.array(block.keys, dtype=np.int64).reshape(-1, 2)
    return np.asarray(keys[:, 0] * slots + keys[:, 1])


def _right_sign(prices: Floats, lower: Floats, upper: Floats) -> Floats:
    """Prices of one-sided rows cut to the sign that a bound may use."""
    cut = np.where(np.isneginf(lower), np.minimum(prices, 0.0), prices)
    return np.where(np.isposinf(upper), np.maximum(cut, 0.0), cut)


def _uses(rows: sp.csr_array) -> tuple[Indices, sp.csr_array]:
    """What each hull column (a row) takes of locks and the like: the number of its use, and the uses, one row each.
    There are few: all hulls that sail a lane in a slot pass the same locks."""
    number = np.empty(rows.shape[0], dtype=np.int64)
    count = number_alike(rows.indptr.astype(np.int64), rows.indices.astype(np.int64), rows.data, number)
    first = np.zeros(count, dtype=np.int64)
    first[number[::-1]] = np.arange(len(number))[::-1]
    return number, sp.csr_array(rows[first])


def _single_entry(block: sp.csc_array, columns: int) -> tuple[Indices, Floats]:
    """Row and value of the one entry that each column has in a block (-1 and 0: none)."""
    entries = sp.coo_array(block)
    row, value = np.full(columns, -1, dtype=np.int64), np.zeros(columns)
    row[entries.col], value[entries.col] = entries.row, entries.data
    return row, value
