"""Large plans: prices first, without a program, then only the columns that promise something are written down.

The rows of a plan program depend on ways and fleet alone, so that prices found before any column is there are prices of
every program over some of the columns; the proof prices all columns in any case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from optimizer.planning.bounds.ascent import Climb
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.pricing import columns_within
from optimizer.planning.bounds.relaxation import USED
from optimizer.planning.design import Bools, Effort, Floats, Indices, Program, solve_linear
from optimizer.planning.layout.timespace import TimeSpace, columns_of
from optimizer.planning.layout.ways import Ways
from optimizer.planning.settings import SLOTS_PER_DAY
from optimizer.planning.solving.fleet_rounding import follow
from optimizer.planning.solving.month_program import Remainder, linear_hulls
from optimizer.planning.solving.problem import Priced
from optimizer.planning.solving.rerouting import reroute
from optimizer.planning.solving.stowage import stow

POOL_COLUMNS = 400_000
"""So many columns at most are written down for their price."""
MARGINS_YUAN_PER_T = (16.0, 8.0, 4.0, 2.0, 1.0, 0.5, 0.0)
"""How much dearer than the cheapest a column may be, the widest that keeps the pool within POOL_COLUMNS."""
NEEDY_COLUMNS = 400_000
"""So many columns at most for cargo that has no road; beyond that a day's, then a line's cheapest only."""
NOISE = 0.01
"""An averaged share below this is left over from early steps."""


@dataclass(frozen=True, slots=True)
class Made:
    """(line, slot) of the columns worth writing down and a plan of them: one entry per cargo column, then per hull
    column. ``priced``: at which price of CO2e it was made, where it was made for a cap."""

    line: Indices
    slot: Indices
    x: Floats
    interrupted: bool = False
    priced: Priced | None = None


def services_only(ways: Ways) -> TimeSpace:
    """The columns that need no voyage."""
    line = np.flatnonzero(ways.lines.table < 0)
    return TimeSpace(ways, columns_of(ways, line, np.full(len(line), -1)))


def needy_shipments(ways: Ways) -> Bools:
    """Shipments that would be left behind where terminals or vessels are full: they have no road."""
    needs = np.zeros(len(ways.shipments), dtype=bool)
    needs[ways.lines.shipment[ways.lines.route < 0]] = True
    return needs


def plan_at_once(
    proof: LagrangianBound, climb: Climb, seed: int, left_s: Callable[[], float] = lambda: np.inf, gap: float = 0.0
) -> Made | None:
    """A plan of the whole month: hulls that follow a linear solution over few columns, or the averages of a climb where
    that would be too large, and cargo stowed on their voyages. None where the time is up before. Hulls are sent other
    ways until the plan is within ``gap`` of the bound. A KeyboardInterrupt meanwhile ends that, not the plan; before
    there is one it is passed on."""
    ways = proof.ways
    sails = np.flatnonzero(ways.lines.table >= 0)
    needed = np.zeros(len(ways.families), dtype=bool)
    tables = ways.lines.table[sails[needy_shipments(ways)[ways.lines.shipment[sails]]]]
    onward = ways.tables.onward[tables]
    needed[ways.tables.family[tables]] = needed[onward[onward >= 0]] = True
    linear = linear_hulls(proof, climb, seed, left_s)
    if linear is None:
        hulls = follow(proof, climb.hulls, needed)
    else:
        hulls = follow(proof, linear, needed, Remainder(proof, climb, linear, seed, left_s).anew)
    stowage = None if hulls is None else stow(proof, hulls, climb.prices, seed, left_s)
    if hulls is None or stowage is None:
        return None
    # A stowage takes a while, and what comes after must still have its time.
    kept_s = left_s() / 4 if np.isfinite(left_s()) else 0.0
    interrupted = False
    try:
        # Hulls that follow a linear solution gain nothing elsewhere that would be worth the time.
        if linear is None:
            enough_yuan = climb.bound + gap * abs(climb.bound)
            for better in reroute(proof, hulls, stowage, climb.prices, seed, lambda: left_s() - kept_s, enough_yuan):
                hulls, stowage = better
    except KeyboardInterrupt:
        interrupted = True
    width = ways.grid.slots + 1
    stowed = stowage.line * width + stowage.slot + 1
    code = stowed
    if not interrupted:
        # Who goes on improving wants more to choose from.
        line, slot = proof.columns_near(climb.prices, MARGINS_YUAN_PER_T, POOL_COLUMNS)
        code = np.union1d(line * width + slot + 1, stowed)
    shares = np.zeros(len(code))
    shares[np.searchsorted(code, stowed)] = stowage.shares
    return Made(code // width, code % width - 1, np.concatenate([shares, hulls]), interrupted)


def promising(
    proof: LagrangianBound, climb: Climb, left_s: Callable[[], float] = lambda: np.inf
) -> tuple[TimeSpace, Floats]:
    """The columns worth writing down at the prices of a climb, and shares of them that say which line each shipment
    should use: every slot of that line is among the columns, and its cheapest slot bears the share. Cargo that has no
    road gets its shares from a program of its own, see :func:`carried_first`."""
    ways = proof.ways
    line, slot = proof.columns_near(climb.prices, MARGINS_YUAN_PER_T, POOL_COLUMNS)
    chosen = one_line_each(ways, climb.line_shares)
    needy, needy_slot, needy_share = carried_first(proof, climb, left_s)
    chosen[ways.lines.shipment[needy]] = -1
    slots = ways.grid.slots + 1
    lines = np.union1d(chosen[chosen >= 0], needy)
    code = np.union1d(line * slots + slot + 1, _every_slot(ways, lines))
    line, slot = code // slots, code % slots - 1
    space = TimeSpace(ways, columns_of(ways, line, slot))
    shares = np.zeros(len(line))
    used = np.isin(line, chosen)
    costs = space.columns.cost + _paid(proof, climb, space)
    order = np.flatnonzero(used)[np.lexsort((costs[used], line[used]))]
    shares[order[np.diff(line[order], prepend=-1) != 0]] = 1.0
    shares[np.searchsorted(code, needy * slots + needy_slot + 1)] = needy_share
    return space, shares


def carried_first(
    proof: LagrangianBound, climb: Climb, left_s: Callable[[], float] = lambda: np.inf
) -> tuple[Indices, Indices, Floats]:
    """(line, slot, share) for cargo that would be left behind where terminals are full: it must have its room before
    what has a road. A linear program of such shipments alone, vessels at their prices, terminals as they are."""
    ways = proof.ways
    needs = needy_shipments(ways)
    prices = proof.cargo_prices(-climb.prices[proof.link], climb.prices)
    limit = np.where(needs, np.inf, -np.inf)
    for span in (1, SLOTS_PER_DAY, ways.grid.slots):
        line, slot = columns_within(ways, prices, limit, span, proof.workers)
        line, slot = line[needs[ways.lines.shipment[line]]], slot[needs[ways.lines.shipment[line]]]
        if len(line) <= NEEDY_COLUMNS:
            break
    if not len(line):
        return line, slot, np.zeros(0)
    space = TimeSpace(ways, columns_of(ways, line, slot))
    columns = space.columns
    owners, row = np.unique(columns.shipment, return_inverse=True)
    handled = np.searchsorted(proof.terminal_days, columns.handled_terminal * ways.days + columns.handled_day)
    entries = (
        np.concatenate([np.ones(len(line)), ways.cargo.mass_t[columns.shipment[columns.handled_column]]]),
        (
            np.concatenate([row, len(owners) + handled]),
            np.concatenate([np.arange(len(line)), columns.handled_column]),
        ),
    )
    terminals = proof.plan.program.row_upper[proof.terminal]
    once = np.ones(len(owners))
    count = len(owners) + len(terminals)
    program = Program(
        cost=columns.cost + _paid(proof, climb, space),
        matrix=sp.csr_array(sp.coo_array(entries, shape=(count, len(line)))),
        row_lower=np.concatenate([once, np.full(len(terminals), -np.inf)]),
        row_upper=np.concatenate([once, terminals]),
        lower=np.zeros(len(line)),
        upper=np.ones(len(line)),
        integer=np.zeros(len(line), dtype=bool),
    )
    left = left_s()
    outcome = solve_linear(program, Effort(seconds=None if np.isinf(left) else max(left * 0.2, 1.0)))
    if outcome.x is None:
        return line[:0], slot[:0], np.zeros(0)
    used = np.flatnonzero(outcome.x > USED)
    return line[used], slot[used], outcome.x[used]


def _paid(proof: LagrangianBound, climb: Climb, space: TimeSpace) -> Floats:
    """Yuan that each column pays for its sailing."""
    tonne = np.zeros(proof.ways.capacity_t.size)
    tonne[proof.sailings] = -climb.prices[proof.link]
    columns = space.columns
    aboard = columns.family >= 0
    yuan = np.zeros(len(columns.shipment))
    sailing = columns.family[aboard] * space.grid.slots + columns.slot[aboard]
    yuan[aboard] = tonne[sailing] * space.ways.cargo.mass_t[columns.shipment[aboard]]
    changing = columns.onward >= 0
    sailing = columns.onward[changing] * space.grid.slots + columns.onward_slot[changing]
    yuan[changing] += tonne[sailing] * space.ways.cargo.mass_t[columns.shipment[changing]]
    return yuan


def _every_slot(ways: Ways, chosen: Indices) -> Indices:
    """Codes (line x slots + slot + 1) of all columns of some lines."""
    lines, slots = ways.lines, ways.grid.slots + 1
    sailing = chosen[lines.table[chosen] >= 0]
    counts = lines.last[sailing] - lines.first[sailing] + 1
    line = np.repeat(sailing, counts)
    slot = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts) + lines.first[line]
    room_t = ways.room_t(lines.table[line], slot)
    is_open = (room_t > 0) & (room_t >= ways.cargo.least_t[lines.shipment[line]] - 1e-9)
    return np.asarray(line[is_open] * slots + slot[is_open] + 1)


def one_line_each(ways: Ways, line_shares: Floats) -> Indices:
    """A line for each shipment (-1: none is known), so that routes get about the tonnes that the shares give them.

    Shipments with the same doors and cargo are gone through as they become ready; each takes the route that lags most
    behind its due, as the seats of a council are given out. So no shipment is torn over several routes.
    """
    lines, cargo = ways.lines, ways.cargo
    lag: dict[int, float] = defaultdict(float)
    chosen = np.full(len(ways.shipments), -1, dtype=np.int64)
    for k in np.lexsort((np.arange(len(chosen)), cargo.ready_h)):
        mine = np.arange(lines.starts[k], lines.starts[k + 1])
        mine = mine[line_shares[mine] > NOISE]
        if not len(mine):
            continue
        for line in mine:
            lag[int(lines.route[line])] += float(line_shares[line] * cargo.mass_t[k])
        most = max(mine.tolist(), key=lambda line: (lag[int(lines.route[line])], -line))
        lag[int(lines.route[most])] -= float(cargo.mass_t[k])
        chosen[k] = most
    return chosen
