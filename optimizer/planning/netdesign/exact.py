"""Small problems whole: the arc-flow program with all strong links, within what reduced costs leave open.

Reduced costs also say how much of a commodity an arc can carry at most in a better design. That tightens its link
to the modules far below the demand (c33: nine cells in ten, the middle one to a tenth), which halves branch and bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from optimizer.planning.design import Effort, Floats, Indices, Outcome, Program, solve_integer
from optimizer.planning.netdesign.instance import Instance

MOST_CELLS = 16_000
"""Commodities times open arcs up to which the whole program is given to HiGHS."""


@dataclass(frozen=True, slots=True)
class ArcProgram:
    """The program and what its columns are: first flow shares of ``cell_arc``, ``cell_commodity``, then modules of
    ``arcs``."""

    program: Program
    arcs: Indices
    cell_arc: Indices
    cell_commodity: Indices


def arc_program(instance: Instance, most: Indices, least: Indices, limit: Floats | None = None) -> ArcProgram:
    """Shares of each demand on each arc (x in 0..1) and modules (whole), within ``least`` and ``most`` (arcs,).
    ``limit`` (arcs, commodities): the largest flow of each cell where less than the demand is known to do.

    Rows: conservation per commodity and node but its destination; room per arc; the strong links
    share * demand <= min(demand, capacity, limit) * modules of each cell. Arcs without capacity carry nothing, so they
    have no columns.
    """
    arcs = np.flatnonzero((most > 0) & (instance.capacity > 0))
    count, width = instance.commodities, len(arcs)
    arc, commodity = np.repeat(np.arange(width), count), np.tile(np.arange(count), width)
    useful = (instance.head[arcs[arc]] != instance.origin[commodity]) & (
        instance.tail[arcs[arc]] != instance.destination[commodity]
    )
    arc, commodity = arc[useful], commodity[useful]
    cells, demand = len(arc), instance.demand[commodity]
    cell = np.arange(cells)
    node_row = commodity * instance.nodes
    conserve = sp.csr_array(
        (
            np.concatenate([np.ones(cells), -np.ones(cells)]),
            (
                np.concatenate([node_row + instance.tail[arcs[arc]], node_row + instance.head[arcs[arc]]]),
                np.concatenate([cell, cell]),
            ),
        ),
        shape=(count * instance.nodes, cells),
    )
    balance = np.zeros(count * instance.nodes)
    balance[np.arange(count) * instance.nodes + instance.origin] = 1.0
    kept = np.ones(count * instance.nodes, dtype=bool)
    kept[np.arange(count) * instance.nodes + instance.destination] = False
    conserve, balance = conserve[np.flatnonzero(kept)], balance[kept]
    room = sp.csr_array((demand / instance.capacity[arcs[arc]], (arc, cell)), shape=(width, cells))
    share = np.ones(cells) if limit is None else np.minimum(1.0, limit[arcs[arc], commodity] / demand)
    reach = np.minimum(share, instance.capacity[arcs[arc]] / demand)
    linked = -sp.csr_array((reach, (cell, arc)), shape=(cells, width))
    blocks = [[conserve, None], [room, -sp.eye_array(width)], [sp.eye_array(cells), linked]]
    program = Program(
        cost=np.concatenate([instance.unit_cost[arcs[arc]] * demand, instance.fixed_cost[arcs]]),
        matrix=sp.csr_array(sp.block_array(blocks)),
        row_lower=np.concatenate([balance, np.full(width + cells, -np.inf)]),
        row_upper=np.concatenate([balance, np.zeros(width + cells)]),
        lower=np.concatenate([np.zeros(cells), least[arcs].astype(float)]),
        upper=np.concatenate([share, most[arcs].astype(float)]),
        integer=np.concatenate([np.zeros(cells, dtype=bool), np.ones(width, dtype=bool)]),
    )
    return ArcProgram(program, arcs, arcs[arc], commodity)


def flow_of(made: ArcProgram, instance: Instance, outcome: Outcome) -> Floats:
    """The flow (commodities, arcs) of an answer of the program."""
    assert outcome.x is not None
    flow = np.zeros((instance.commodities, instance.arcs))
    shares = np.clip(outcome.x[: len(made.cell_arc)], 0.0, 1.0)
    flow[made.cell_commodity, made.cell_arc] = shares * instance.demand[made.cell_commodity]
    return flow


def solve_whole(
    instance: Instance, most: Indices, least: Indices, limit: Floats, effort: Effort
) -> tuple[Outcome, Floats | None]:
    """HiGHS' answer and its flow (None without one). A known design is no help to it as a start: it spends on searching
    around that what the tightened links save (c41: 2.9 s of work with a start, 2.1 s without)."""
    made = arc_program(instance, most, least, limit)
    outcome = solve_integer(made.program, effort)
    return outcome, None if outcome.x is None else flow_of(made, instance, outcome)
