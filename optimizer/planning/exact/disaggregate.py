"""From a plan over classes to a plan in slots, and where that fails.

Every class of moves must sail as often as it does in the coarse plan, each time in one of its slots; cargo is stowed
afresh. Hulls may run back in time and limits may be broken, for a price that nothing else comes near: where that is
paid, time has been cut too coarsely.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optimizer.planning.design import Effort, Floats, Indices, Program, solve_integer, solve_linear
from optimizer.planning.exact.coarse import Coarse
from optimizer.planning.layout.fleetflow import EMPTY, WAIT, FleetFlow
from optimizer.planning.layout.program import PlanProgram

BACK_YUAN = 1e5
"""Price of one hull going back one slot in time, and of one unit over a limit."""
USED = 1e-6
NOTICED = 1e-3
"""Hulls going back, or units over a limit, that count as such."""
NODES = 500
"""Nodes of branch and bound for one coarse plan, where one is the rule: a great mass in many like ships, or more than
limits let through, takes thousands, and each round anew."""


@dataclass(frozen=True, slots=True)
class Disaggregated:
    """``x``: the full solution, a plan where ``back`` (nodes from which a hull went back a slot) and ``broken`` (rows
    over their limit) are empty. ``settled``: it is the cheapest; else its nodes were used up."""

    x: Floats
    back: Indices
    broken: Indices
    settled: bool = True

    @property
    def holds(self) -> bool:
        """Whether it can be sailed as it stands, but for the solver's tolerance."""
        return not len(self.back) and not len(self.broken)


def disaggregate(
    plan: PlanProgram, fleet: FleetFlow, coarse: Coarse, shares: Floats, effort: Effort, *, whole: bool = True
) -> Disaggregated | None:
    """The cheapest way to sail what a coarse solution (``shares``, per class) sails. ``whole``: in whole hulls; else
    the coarse solution may be fractional, as that of a linear program is."""
    program, cargo_count = plan.program, plan.cargo_count
    waits = np.flatnonzero(fleet.columns.kind == WAIT) + cargo_count
    members = _members(coarse, shares, cargo_count, waits)
    columns, limits = np.concatenate([members, waits]), limit_rows(plan)
    n, back, over = len(columns), len(waits), len(limits)
    by_column = plan.by_column
    slack = sp.csc_array((-np.ones(over), (limits, np.arange(over))), shape=(len(program.row_lower), over))
    matrix = sp.csr_array(sp.hstack([by_column[:, columns], -by_column[:, waits], slack], format="csr"))
    kept = np.flatnonzero(np.diff(matrix.indptr) > 0)
    moving = np.flatnonzero(members >= cargo_count)
    used, of_class = np.unique(coarse.class_of[members[moving]], return_inverse=True)
    totals = sp.csr_array((np.ones(len(moving)), (of_class, moving)), shape=(len(used), n + back + over))
    value = np.round(shares[used]) if whole else shares[used]
    is_move = np.zeros(n + back + over, dtype=bool)
    is_move[: len(members)] = program.integer[members]
    full = Program(
        cost=np.concatenate([program.cost[columns], np.full(back + over, BACK_YUAN)]),
        matrix=sp.csr_array(sp.vstack([matrix[kept], totals], format="csr")),
        row_lower=np.concatenate([program.row_lower[kept], value]),
        row_upper=np.concatenate([program.row_upper[kept], value]),
        lower=np.zeros(n + back + over),
        # A hull that goes back in time meets itself, so there may be more in a place than there are.
        upper=np.concatenate([np.where(columns < cargo_count, 1.0, np.inf), np.full(back + over, np.inf)]),
        integer=is_move,
    )
    outcome = solve_integer(full, replace(effort, nodes=NODES)) if whole else solve_linear(full, effort)
    if outcome.x is None:
        return None
    x = np.zeros(len(program.cost))
    x[columns] = np.where(program.integer[columns] & whole, np.round(outcome.x[:n]), outcome.x[:n])
    went_back = outcome.x[n : n + back] > NOTICED
    back_at, broken = fleet.columns.head[waits[went_back] - cargo_count], limits[outcome.x[n + back :] > NOTICED]
    return Disaggregated(x, back_at, broken, settled=outcome.status == "optimal")


def _members(coarse: Coarse, shares: Floats, cargo_count: int, waits: Indices) -> Indices:
    """Full columns that may be used: members of the classes that sail, cargo that can board those, services."""
    moved = (shares > USED) & (coarse.first >= cargo_count) & ~np.isin(coarse.first, waits)
    spans = np.unique(coarse.sailing[moved & (coarse.sailing >= 0)])
    boards = (coarse.first < cargo_count) & ((coarse.sailing < 0) | np.isin(coarse.sailing, spans))
    boards &= (coarse.onward < 0) | np.isin(coarse.onward, spans)
    takes_part = np.append(moved | boards, False)[coarse.class_of]
    return np.flatnonzero(takes_part)


def limit_rows(plan: PlanProgram) -> Indices:
    """Rows of locks, terminals and CO2e."""
    blocks = [block for block in plan.blocks if block.kind not in ("assign", "link", "node")]
    rows = [np.arange(block.first, block.first + len(block.keys)) for block in blocks]
    return np.concatenate([np.zeros(0, dtype=np.int64), *rows])


def reroute(plan: PlanProgram, fleet: FleetFlow, x: Floats, effort: Effort) -> Floats | None:
    """The same cargo and loaded voyages with empty voyages chosen afresh between the places that their hulls touch;
    None where that cannot be."""
    hulls, cargo_count = fleet.columns, plan.cargo_count
    loaded = np.flatnonzero((plan.column_family >= 0) & (x > USED))
    loaded = loaded[loaded >= cargo_count] - cargo_count
    pools = np.unique(hulls.pool[loaded])
    places = {fleet.node_place[n] for n in np.concatenate([hulls.tail[loaded], hulls.head[loaded]])}
    places |= {entry.location_id for pool in pools for entry in fleet.pools[pool].entries}
    near = [lane.lane.origin in places and lane.lane.destination in places for lane in fleet.empty_lanes]
    lane = np.where(hulls.kind == EMPTY, hulls.item, len(near))
    goes = np.isin(hulls.pool, pools) & np.array([*near, False])[lane]
    columns = np.flatnonzero(goes | (hulls.kind == WAIT)) + cargo_count
    fixed = np.where((plan.column_family >= 0) | (np.arange(len(x)) < cargo_count), x, 0.0)
    # With the loaded voyages fixed, hulls are a flow in a network, and the linear solution is whole.
    found = _completed(plan, fixed, columns, effort, whole=False)
    if found is None or np.abs(found[columns] - np.round(found[columns])).max(initial=0.0) > USED:
        return None
    found[columns] = np.round(found[columns])
    return found


def restow(plan: PlanProgram, x: Floats, effort: Effort) -> Floats | None:
    """Cargo assigned afresh to the hulls of ``x``, so that rows hold to the last kilogram."""
    cargo_count, link = plan.cargo_count, plan.block("link")
    hulls = x.copy()
    hulls[:cargo_count] = 0.0
    rows = slice(link.first, link.first + len(link.keys))
    empty = np.zeros(len(plan.row_slot))
    empty[rows] = (plan.program.matrix @ hulls)[rows] > -1e-9
    by_column = plan.by_column[:, :cargo_count]
    columns = np.flatnonzero(np.asarray(abs(by_column).T @ empty).ravel() == 0)
    return _completed(plan, hulls, columns, effort, whole=bool(plan.program.integer[columns].any()))


def _completed(plan: PlanProgram, fixed: Floats, columns: Indices, effort: Effort, *, whole: bool) -> Floats | None:
    """``fixed`` completed as cheaply as can be by the given columns."""
    program = plan.program
    taken = program.matrix @ fixed
    matrix = sp.csr_array(plan.by_column[:, columns])
    kept = np.flatnonzero(np.diff(matrix.indptr) > 0)
    small = Program(
        program.cost[columns],
        sp.csr_array(matrix[kept]),
        program.row_lower[kept] - taken[kept],
        program.row_upper[kept] - taken[kept],
        program.lower[columns],
        program.upper[columns],
        program.integer[columns] & whole,
    )
    outcome = solve_integer(small, replace(effort, nodes=NODES)) if whole else solve_linear(small, effort)
    if outcome.x is None:
        return None
    result = fixed.copy()
    result[columns] = np.where(small.integer, np.round(outcome.x), outcome.x)
    return result
