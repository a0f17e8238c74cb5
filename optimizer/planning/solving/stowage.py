"""Cargo for given voyages: who goes with which, for the whole month at once, without writing all ways down.

A linear program over shipments, the voyages that sail and the terminals' days begins with the few ways that are cheap
at prices known from before; its own prices then find the ways that are missing, exactly (column generation), until none
gains. Beside given voyages the linear solution is whole for nearly all shipments; what must not be split is settled
by branch and bound at the end, together with the cargo that it competes with for room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.pricing import Prices, columns_within, price_all, prices_of
from optimizer.planning.design import Bools, Effort, Floats, Indices, Outcome, Program, solve_integer, solve_linear
from optimizer.planning.layout.fleetflow import LOADED
from optimizer.planning.layout.timespace import CargoColumns, columns_of

MARGIN_YUAN_PER_T = 1.0
"""How much dearer than the cheapest a way may look and still take part from the beginning."""
ROUNDS = 6
GAIN_YUAN = 1e-3
"""A way must gain so much to be worth another round."""
CLOSE = 1e-6
"""Nor is another round worth it where all ways together could gain no more than this part of the cost: in large months
the later rounds only found ways as cheap as those at hand."""
WHOLE_GAP, WHOLE_NODES = 1e-5, 20
USED = 1e-9
LEAST_S = 0.5


@dataclass(frozen=True, slots=True)
class Stowage:
    """(line, slot) of the ways that took part, ascending, and the share of its shipment that each has in the end.
    ``yuan``: cost of all cargo. Of the linear program: what each shipment costs at the margin (yuan), what a tonne of
    room is worth on each sailing (families x slots, inf where nothing sails) and on each terminal day that counts."""

    line: Indices
    slot: Indices
    shares: Floats
    yuan: float
    shipment_yuan: Floats
    tonne_yuan: Floats
    terminal_yuan: Floats


def stow(
    proof: LagrangianBound,
    hulls: Floats,
    prices: Floats,
    seed: int,
    left_s: Callable[[], float] = lambda: np.inf,
    before: Stowage | None = None,
) -> Stowage | None:
    """The cargo of the voyages that ``hulls`` counts (one entry per hull column); ``prices``: row prices to begin with;
    ``before``: the cargo of nearly the same voyages, whose ways take part from the beginning. None where the time is up
    before a first answer."""
    return _Stower(proof, hulls, prices, seed, left_s).stowage(before)


class _Stower:
    def __init__(
        self, proof: LagrangianBound, hulls: Floats, prices: Floats, seed: int, left_s: Callable[[], float]
    ) -> None:
        self.proof, self.ways, self.seed, self.left_s = proof, proof.ways, seed, left_s
        ways, columns = proof.ways, proof.fleet.columns
        sailing = np.flatnonzero((columns.kind == LOADED) & (hulls > 0))
        sailings = np.zeros(ways.capacity_t.size)
        np.add.at(sailings, columns.item[sailing] * ways.grid.slots + columns.slot[sailing], hulls[sailing])
        self.sailing = np.flatnonzero(sailings > 0)
        self.capacity_t = (sailings * ways.capacity_t.ravel())[self.sailing]
        self.row_of = np.full(sailings.size, -1, dtype=np.int64)
        self.row_of[self.sailing] = np.arange(len(self.sailing))
        asked = np.full(sailings.size, np.inf)
        asked[proof.sailings] = -prices[proof.link]
        self.tonne, self.terminal = asked[self.sailing], -prices[proof.terminal]
        cap = prices[proof.cap].sum()
        self.wtw_yuan_per_kg = -float(cap) / 1000
        self.whole = ways.cargo.least_t > 0

    def stowage(self, before: Stowage | None) -> Stowage | None:
        """The best shares found."""
        ways, width = self.ways, self.ways.grid.slots + 1
        code, outcome = self._known(before), None
        limit = price_all(ways, self._prices(), self.proof.workers).yuan + MARGIN_YUAN_PER_T * ways.cargo.mass_t
        for _ in range(ROUNDS):
            if outcome is not None and self.left_s() <= 0:
                break
            line, slot = columns_within(ways, self._prices(), limit, 1, self.proof.workers)
            wider = np.union1d(code, line * width + slot + 1)
            if outcome is not None and len(wider) == len(code):
                break
            code = wider
            columns = columns_of(ways, code // width, code % width - 1)
            program = self._program(columns)
            outcome = solve_linear(program, self._effort())
            if outcome.x is None or outcome.row_prices is None:
                return None
            self._take_prices(outcome.row_prices)
            if outcome.objective - self._bound_yuan() <= CLOSE * abs(outcome.objective):
                break
            limit = outcome.row_prices[: len(ways.shipments)] - GAIN_YUAN
        if outcome is None or outcome.x is None or outcome.row_prices is None:
            return None
        shares = self._whole_numbers(program, outcome, columns)
        return Stowage(
            code // width,
            code % width - 1,
            shares,
            float(columns.cost @ shares),
            outcome.row_prices[: len(ways.shipments)],
            self._asked().reshape(ways.capacity_t.shape),
            self.terminal,
        )

    def _known(self, before: Stowage | None) -> Indices:
        """Codes (line x width + slot + 1) of the ways of a former stowage that still sail and were worth something."""
        if before is None:
            return np.zeros(0, dtype=np.int64)
        lines, slots = self.ways.lines, self.ways.grid.slots
        table = lines.table[before.line]
        # A way without a voyage (-1) reads the last entry.
        family = np.append(self.ways.tables.family, -1)[table]
        row = np.append(self.row_of, 0)[np.where(family < 0, self.row_of.size, family * slots + before.slot)]
        onward, second = self.ways.second_slots(table, before.slot)
        row_on = np.append(self.row_of, 0)[np.where(onward < 0, self.row_of.size, onward * slots + second)]
        sails = (row >= 0) & (row_on >= 0)
        return np.asarray(before.line[sails] * (slots + 1) + before.slot[sails] + 1)

    def _asked(self) -> Floats:
        asked = np.full(self.row_of.size, np.inf)
        asked[self.sailing] = self.tonne
        return asked

    def _effort(self) -> Effort:
        left = self.left_s()
        return Effort(seconds=None if np.isinf(left) else max(left, LEAST_S), seed=self.seed)

    def _prices(self) -> Prices:
        asked, terminal = self._asked(), np.zeros(len(self.ways.terminals) * self.ways.days)
        terminal[self.proof.terminal_days] = self.terminal
        return prices_of(self.ways, asked.reshape(self.ways.capacity_t.shape), terminal, self.wtw_yuan_per_kg)

    def _take_prices(self, row_prices: Floats) -> None:
        shipments, sailings = len(self.ways.shipments), len(self.sailing)
        self.tonne = -row_prices[shipments : shipments + sailings]
        self.terminal = -row_prices[shipments + sailings :]

    def _bound_yuan(self) -> float:
        """What the cargo costs at least, whatever ways it has: at the prices now each shipment takes its cheapest."""
        cheapest = price_all(self.ways, self._prices(), self.proof.workers)
        limits, priced = self.proof.plan.program.row_upper[self.proof.terminal], self.terminal != 0
        return float(cheapest.yuan.sum() - self.tonne @ self.capacity_t - self.terminal[priced] @ limits[priced])

    def _program(self, columns: CargoColumns) -> Program:
        """Rows: shipments, voyages, terminal days."""
        ways, proof = self.ways, self.proof
        shipments, sailings, days = len(ways.shipments), len(self.sailing), len(proof.terminal_days)
        mass_t, count = ways.cargo.mass_t[columns.shipment], len(columns.shipment)
        aboard = np.flatnonzero(columns.family >= 0)
        link = self.row_of[columns.family[aboard] * ways.grid.slots + columns.slot[aboard]]
        changing = np.flatnonzero(columns.onward >= 0)
        link_on = self.row_of[columns.onward[changing] * ways.grid.slots + columns.onward_slot[changing]]
        day = np.searchsorted(proof.terminal_days, columns.handled_terminal * ways.days + columns.handled_day)
        rows = np.concatenate([columns.shipment, shipments + link, shipments + link_on, shipments + sailings + day])
        numbers = np.concatenate([np.arange(count), aboard, changing, columns.handled_column])
        values = np.concatenate([np.ones(count), mass_t[aboard], mass_t[changing], mass_t[columns.handled_column]])
        once, below = np.ones(shipments), np.full(sailings + days, -np.inf)
        once[list(ways.stranded)] = 0.0
        limits = proof.plan.program.row_upper[proof.terminal]
        return Program(
            cost=columns.cost + self.wtw_yuan_per_kg * columns.wtw_kg,
            matrix=sp.csr_array(sp.coo_array((values, (rows, numbers)), shape=(shipments + sailings + days, count))),
            row_lower=np.concatenate([once, below]),
            row_upper=np.concatenate([once, self.capacity_t, limits]),
            lower=np.zeros(count),
            upper=np.ones(count),
            integer=np.zeros(count, dtype=bool),
        )

    def _whole_numbers(self, program: Program, outcome: Outcome, columns: CargoColumns) -> Floats:
        """Shares with the shipments whole that must be. Those in parts are settled together with all cargo aboard where
        they could sail, for full ships have room for them only where others go elsewhere; all else stays."""
        assert outcome.x is not None
        x = outcome.x
        torn = self._torn(x, columns)
        if torn.any():
            for free in (self._with_rivals(torn, program, x, columns), torn):
                settled = self._settled(free, program, x, columns)
                if settled is not None:
                    return settled
        return x

    def _with_rivals(self, torn: Bools, program: Program, x: Floats, columns: CargoColumns) -> Bools:
        """Shipments, and those that have cargo on voyages with which the first could sail."""
        shipments, sailings = len(self.ways.shipments), len(self.sailing)
        aboard = sp.csr_array(program.matrix)[shipments : shipments + sailings] > 0
        voyages = np.asarray(aboard @ torn[columns.shipment].astype(float)) > 0
        there = np.asarray(aboard.T @ voyages.astype(float)) > 0
        free = torn.copy()
        free[columns.shipment[there & (x > USED)]] = True
        return free

    def _settled(self, shipments: Bools, program: Program, x: Floats, columns: CargoColumns) -> Floats | None:
        """``x`` with the cargo of some shipments settled anew, in whole numbers where they must be; None where no
        solution was found."""
        free = shipments[columns.shipment]
        fixed = np.where(free, 0.0, x)
        taken = program.matrix @ fixed
        rest = Program(
            program.cost[free],
            sp.csr_array(sp.csc_array(program.matrix)[:, free]),
            program.row_lower - taken,
            np.maximum(program.row_upper - taken, np.where(np.isinf(program.row_lower), 0.0, -np.inf)),
            program.lower[free],
            program.upper[free],
            self.whole[columns.shipment[free]],
        )
        settled = solve_integer(rest, replace(self._effort(), gap=WHOLE_GAP, nodes=WHOLE_NODES))
        if settled.x is None:
            return None
        whole = fixed
        whole[free] = np.where(rest.integer, np.round(settled.x), settled.x)
        return whole

    def _torn(self, x: Floats, columns: CargoColumns) -> Bools:
        """Shipments that must be whole and are not."""
        torn = np.zeros(len(self.ways.shipments), dtype=bool)
        torn[columns.shipment[(np.abs(x - np.round(x)) > 1e-6) & self.whole[columns.shipment]]] = True
        return torn
