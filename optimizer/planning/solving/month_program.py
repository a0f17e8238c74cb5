"""A linear program of the whole month over few columns: what hulls follow comes closer to a linear solution.

Prices that have climbed leave averages of choices behind, and hulls that follow these lose much where quays are
crowded: averages spread over ways of which a linear solution takes one. At the same prices a few ways of each
shipment are cheap, few sailings have cargo that finds them so, and few empty voyages look worth their cost. A linear
program over these alone, slot by slot, is solved in seconds, lies little above the bound, and its hulls are
nearly whole: followed, they make a plan that loses less.

On the way, beside the whole hulls that have sailed, it is solved again for what they left: cargo that found no room
goes at other times or otherwise, and quay days with room left are filled. Such a program has fewer hulls, those of the
ways in use, but services of all cargo, so that whatever has sailed it has a solution; each is quicker than the one
before, for more of the month stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.ascent import Climb
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.design import Bools, Effort, Floats, Indices, Program, reduced_costs, solve_linear
from optimizer.planning.layout.fleetflow import LOADED, WAIT
from optimizer.planning.layout.timespace import CargoColumns, columns_of

SHIPMENTS, CARGO_COLUMNS = 6_000, 90_000
"""So many shipments and cargo columns at most. A larger month follows averages, which lose little there; of 10,000
shipments few columns left cargo behind for which there was room."""
MARGINS_YUAN_PER_T = (1.0, 0.5, 0.25)
"""How much dearer than the cheapest a column may be: the widest that keeps to CARGO_COLUMNS."""
HULL_YUAN = 1_500.0
"""How dear a hull's move may look at the prices, charter surcharge aside. Prices that have climbed are not quite
settled, and moves that look a little dear are in the solution: with fewer of them it lies further above the bound, and
months of 2,000 shipments took up to twice as long to 1.5 %."""
TIME_SHARE = 0.4
"""Part of the time left that the program may take."""
LEAST_S = 0.1
METHOD = "flow_simplex"
"""A month's nodes are tens of thousands of equations."""
AGAIN_SHARE = 0.15
"""Part of the time left that each later program may take."""
USED = 1e-9
FAR = 0.01
"""A solution this part above the bound wants columns that are not there: averages are better to follow."""


def linear_hulls(
    proof: LagrangianBound, climb: Climb, seed: int, left_s: Callable[[], float] = lambda: np.inf
) -> Floats | None:
    """How many hulls of each hull column sail in a linear solution of the month, in parts of a hull; None where that
    would be too large a program, takes too long or comes nowhere near the bound. ``proof``: over services, no cap."""
    if len(proof.ways.shipments) > SHIPMENTS:
        return None
    line, slot = proof.columns_near(climb.prices, MARGINS_YUAN_PER_T, CARGO_COLUMNS)
    if len(line) > CARGO_COLUMNS:
        return None
    cargo = columns_of(proof.ways, line, slot)
    hulls = np.flatnonzero(_useful(proof, climb, cargo))
    left = left_s()
    effort = Effort(seconds=None if np.isinf(left) else max(left * TIME_SHARE, LEAST_S), seed=seed)
    outcome = solve_linear(_program(proof, cargo, hulls), effort, METHOD)
    if outcome.x is None or outcome.status != "optimal" or outcome.objective > climb.bound + FAR * abs(climb.bound):
        return None
    counts = np.zeros(len(proof.tail))
    counts[hulls] = outcome.x[len(cargo.shipment) :]
    return counts


class Remainder:
    """The program of the month beside whole hulls, ``hulls`` being those of :func:`linear_hulls`."""

    def __init__(
        self,
        proof: LagrangianBound,
        climb: Climb,
        hulls: Floats,
        seed: int,
        left_s: Callable[[], float] = lambda: np.inf,
    ) -> None:
        self.seed, self.left_s, ways = seed, left_s, proof.ways
        width = ways.grid.slots + 1
        line, slot = proof.columns_near(climb.prices, MARGINS_YUAN_PER_T, CARGO_COLUMNS)
        # A line without a voyage has its column at slot -1.
        code = np.union1d(line * width + slot + 1, np.flatnonzero(ways.lines.table < 0) * width)
        cargo = columns_of(ways, code // width, code % width - 1)
        self.fleet, self.hulls, self.cargo_count = proof.fleet.columns, _ways_in_use(proof, hulls), len(code)
        self.program = _program(proof, cargo, self.hulls)

    def anew(self, counts: Floats, slot: int) -> Floats | None:
        """Hulls of a linear solution where every voyage that began before a slot is as ``counts`` says, one entry per
        hull column; None where there is none in time."""
        sailed = (self.fleet.kind[self.hulls] != WAIT) & (self.fleet.slot[self.hulls] < slot)
        fixed = self.cargo_count + np.flatnonzero(sailed)
        lower, upper = self.program.lower.copy(), self.program.upper.copy()
        lower[fixed] = upper[fixed] = counts[self.hulls[sailed]]
        left = self.left_s()
        effort = Effort(seconds=None if np.isinf(left) else max(left * AGAIN_SHARE, LEAST_S), seed=self.seed)
        outcome = solve_linear(replace(self.program, lower=lower, upper=upper), effort, METHOD)
        if outcome.x is None or outcome.status != "optimal":
            return None
        hulls = np.zeros(len(counts))
        hulls[self.hulls] = outcome.x[self.cargo_count :]
        return hulls


def _ways_in_use(proof: LagrangianBound, hulls: Floats) -> Indices:
    """Hull columns of the ways (a pool's family or empty lane) that some hull sails at any slot, and all waits."""
    columns = proof.fleet.columns
    items = int(columns.item.max(initial=0)) + 1
    way = (columns.kind * len(proof.fleet.pools) + columns.pool) * items + np.maximum(columns.item, 0)
    sent = np.bincount(way, hulls)
    return np.flatnonzero((columns.kind == WAIT) | (sent[way] > USED))


def _useful(proof: LagrangianBound, climb: Climb, cargo: CargoColumns) -> Bools:
    """Hull columns that take part: waits, and voyages that look worth it, loaded ones only where some cargo is."""
    plan, columns, slots = proof.plan, proof.fleet.columns, proof.ways.grid.slots
    gains = reduced_costs(plan.program, climb.prices)[plan.cargo_count :]
    cheap = gains <= HULL_YUAN + plan.column_surcharge_yuan[plan.cargo_count :]
    asked = np.zeros(proof.ways.capacity_t.size, dtype=bool)
    for family, slot in ((cargo.family, cargo.slot), (cargo.onward, cargo.onward_slot)):
        aboard = family >= 0
        asked[family[aboard] * slots + slot[aboard]] = True
    loaded = columns.kind == LOADED
    cheap[loaded] &= asked[columns.item[loaded] * slots + columns.slot[loaded]]
    return np.asarray(cheap | (columns.kind == WAIT))


def _program(proof: LagrangianBound, cargo: CargoColumns, hulls: Indices) -> Program:
    """The plan program over some cargo columns, then some hull columns; rows that these do not touch left out."""
    plan, program, ways = proof.plan, proof.plan.program, proof.ways
    slots, count = ways.grid.slots, len(cargo.shipment)
    aboard, changing = np.flatnonzero(cargo.family >= 0), np.flatnonzero(cargo.onward >= 0)
    sailing = np.concatenate(
        [
            cargo.family[aboard] * slots + cargo.slot[aboard],
            cargo.onward[changing] * slots + cargo.onward_slot[changing],
        ]
    )
    day = np.searchsorted(proof.terminal_days, cargo.handled_terminal * ways.days + cargo.handled_day)
    rows = np.concatenate(
        [
            proof.assign.start + cargo.shipment,
            proof.link.start + np.searchsorted(proof.sailings, sailing),
            proof.terminal.start + day,
        ]
    )
    loading = np.concatenate([aboard, changing, cargo.handled_column])
    mass_t = ways.cargo.mass_t[cargo.shipment]
    entries = np.concatenate([np.ones(count), mass_t[loading]])
    columns = np.concatenate([np.arange(count), loading])
    of_cargo = sp.coo_array((entries, (rows, columns)), shape=(len(plan.row_slot), count))
    of_hulls = plan.by_column[:, plan.cargo_count + hulls]
    matrix = sp.csr_array(sp.hstack([of_cargo, of_hulls], format="csr"))
    # A row without an entry says nothing: it is left out.
    touched = np.flatnonzero(np.diff(matrix.indptr) > 0)
    return Program(
        cost=np.concatenate([cargo.cost, program.cost[plan.cargo_count + hulls]]),
        matrix=sp.csr_array(matrix[touched]),
        row_lower=program.row_lower[touched],
        row_upper=program.row_upper[touched],
        lower=np.zeros(count + len(hulls)),
        upper=np.concatenate([np.ones(count), program.upper[plan.cargo_count + hulls]]),
        integer=np.zeros(count + len(hulls), dtype=bool),
    )
