"""The plan program with time cut coarsely: a relaxation, small enough for branch and bound.

Columns that differ only inside a span become one, a *class*: it costs what its cheapest member costs. Node and sailing
rows are summed over spans. In every other row (locks, terminals, CO2e, least loads: all of them limits from above) a
class counts with the least that any member counts, so that every plan of the full program is a solution here that costs
no more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from optimizer.planning.design import Bools, Floats, Indices, Program
from optimizer.planning.exact.resolution import Resolution
from optimizer.planning.layout.fleetflow import WAIT, FleetFlow
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.layout.timespace import TimeSpace


@dataclass(frozen=True)
class Coarse:
    """The program over classes. ``class_of``: the class of each full column, -1 where it takes no part. Per class:
    ``first`` its cheapest member, ``sailing`` the sailing span it boards or sails (numbered from 0; -1: none), and
    ``onward`` the one it boards after a change of ship. ``shipment`` (-1 for hulls). ``capacity_t`` per sailing
    span."""

    program: Program
    class_of: Indices
    first: Indices
    shipment: Indices
    sailing: Indices
    onward: Indices
    capacity_t: Floats


def coarsen(
    plan: PlanProgram, space: TimeSpace, fleet: FleetFlow, resolution: Resolution, alive: Bools | None = None
) -> Coarse:
    """Classes and their program. ``alive``: the columns that may take part (None: all)."""
    program, cargo_count = plan.program, plan.cargo_count
    cargo, hulls = space.columns, fleet.columns
    count = len(program.cost)
    takes_part = np.ones(count, dtype=bool) if alive is None else alive.copy()
    takes_part[cargo_count:] &= hulls.kind != WAIT
    node_span = resolution.node_spans()
    tail, head = node_span[hulls.tail], node_span[hulls.head]
    waits = hulls.kind == WAIT
    takes_part[cargo_count:] |= waits & (tail != head)
    sailing_span = np.full(count, -1, dtype=np.int64)
    spans = resolution.sailing_spans()
    aboard = np.flatnonzero(plan.column_family >= 0)
    sailing_span[aboard] = spans[plan.column_family[aboard], plan.column_slot[aboard]]
    onward_span = np.full(count, -1, dtype=np.int64)
    changing = np.flatnonzero(cargo.onward >= 0)
    onward_span[changing] = spans[cargo.onward[changing], cargo.onward_slot[changing]]
    # A loaded voyage that no cargo can board is a move like any other.
    boarded = np.zeros(int(spans.max(initial=-1)) + 2, dtype=bool)
    boarded[sailing_span[:cargo_count][takes_part[:cargo_count]]] = True
    boarded[onward_span[:cargo_count][takes_part[:cargo_count]]] = True
    boarded[-1] = False
    sailing_span[~boarded[sailing_span]] = -1
    onward_span[~boarded[onward_span]] = -1
    used_spans, numbers = np.unique(np.concatenate([sailing_span, onward_span, [-1]]), return_inverse=True)
    sailing, onward = numbers[:count] - 1, numbers[count : 2 * count] - 1
    code = _codes(
        plan.column_thing,
        sailing + 1,
        onward + 1,
        np.concatenate([np.zeros(cargo_count, dtype=np.int64), tail + 1]),
        np.concatenate([np.zeros(cargo_count, dtype=np.int64), head + 1]),
    )
    part = np.flatnonzero(takes_part)
    order = part[np.lexsort((part, program.cost[part], code[part]))]
    new = np.diff(code[order], prepend=-1) != 0
    first = order[new]
    class_of = np.full(count, -1, dtype=np.int64)
    class_of[order] = np.cumsum(new) - 1
    # Number classes by their first member: cargo first.
    rank = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    class_of[part] = rank[class_of[part]]
    first = np.sort(first)
    capacity = np.zeros(len(used_spans) - 1)
    loaded = np.flatnonzero((sailing >= 0) & (np.arange(count) >= cargo_count))
    of_family = np.stack([f.capacity_t for f in space.families]) if space.families else np.zeros((0, space.grid.slots))
    np.maximum.at(capacity, sailing[loaded], of_family[plan.column_family[loaded], plan.column_slot[loaded]])
    shipment = np.where(first < cargo_count, np.append(cargo.shipment, -1)[np.minimum(first, cargo_count)], -1)
    boards = sailing[first], onward[first]
    coarse_program = _program(plan, space, fleet, class_of, first, boards, capacity, shipment, node_span)
    return Coarse(coarse_program, class_of, first, shipment, *boards, capacity)


def _codes(*keys: Indices) -> Indices:
    code = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        code = code * (int(key.max(initial=0)) + 1) + key
        _, code = np.unique(code, return_inverse=True)
    return np.asarray(code, dtype=np.int64)


def _program(
    plan: PlanProgram,
    space: TimeSpace,
    fleet: FleetFlow,
    class_of: Indices,
    first: Indices,
    boards: tuple[Indices, Indices],
    capacity: Floats,
    shipment: Indices,
    node_span: Indices,
) -> Program:
    program, n = plan.program, len(first)
    is_cargo = first < plan.cargo_count
    blocks: list[sp.csr_array] = []
    lower: list[Floats] = []
    upper: list[Floats] = []

    def add(matrix: sp.csr_array, low: Floats, high: Floats) -> None:
        kept = np.flatnonzero(np.diff(matrix.indptr) > 0)
        blocks.append(sp.csr_array(matrix[kept]))
        lower.append(low[kept])
        upper.append(high[kept])

    assign = plan.block("assign")
    rows = slice(assign.first, assign.first + len(assign.keys))
    by_class = plan.by_column[:, first]
    add(sp.csr_array(by_class[rows]), program.row_lower[rows], program.row_upper[rows])
    mass_t = np.array([s.mass_kg / 1000 for s in space.shipments])
    sailing, onward = boards
    aboard, changing = np.flatnonzero(sailing >= 0), np.flatnonzero(onward >= 0)
    load = np.where(is_cargo[aboard], mass_t[shipment[aboard]], -capacity[sailing[aboard]])
    links = sp.csr_array(
        sp.coo_array(
            (
                np.concatenate([load, mass_t[shipment[changing]]]),
                (np.concatenate([sailing[aboard], onward[changing]]), np.concatenate([aboard, changing])),
            ),
            shape=(len(capacity), n),
        )
    )
    add(links, np.full(len(capacity), -np.inf), np.zeros(len(capacity)))
    spans = int(node_span.max(initial=-1)) + 1
    moving = np.flatnonzero(~is_cargo)
    hull = first[moving] - plan.cargo_count
    tail, head = node_span[fleet.columns.tail[hull]], node_span[fleet.columns.head[hull]]
    ones = np.ones(len(moving))
    nodes = sp.csr_array(
        sp.coo_array(
            (np.concatenate([ones, -ones]), (np.concatenate([tail, head]), np.concatenate([moving, moving]))),
            shape=(spans, n),
        )
    )
    supply = np.asarray(np.bincount(node_span, fleet.supply, spans), dtype=np.float64)
    add(nodes, supply, supply)
    others = np.ones(len(program.row_lower), dtype=bool)
    for kind in ("assign", "link", "node"):
        block = plan.block(kind)
        others[block.first : block.first + len(block.keys)] = False
    limits = np.flatnonzero(others)
    add(_least(program.matrix[limits], class_of, n), program.row_lower[limits], program.row_upper[limits])
    members = np.bincount(class_of[class_of >= 0], minlength=n)
    return Program(
        cost=program.cost[first],
        matrix=sp.csr_array(sp.vstack(blocks, format="csr")),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        lower=np.zeros(n),
        upper=np.where(is_cargo, 1.0, program.upper[first] * members),
        integer=program.integer[first],
    )


def _least(limits: sp.csr_array, class_of: Indices, classes: int) -> sp.csr_array:
    """For each row and class the least entry of any member (no entry counts as 0)."""
    entries = sp.coo_array(limits)
    known = class_of[entries.col] >= 0
    row, owner, value = entries.row[known].astype(np.int64), class_of[entries.col[known]], entries.data[known]
    members = np.bincount(class_of[class_of >= 0], minlength=classes)
    code = row * classes + owner
    order = np.lexsort((value, code))
    begins = np.flatnonzero(np.diff(code[order], prepend=-1) != 0)
    sizes = np.diff(np.append(begins, len(order)))
    at = order[begins]
    least = np.where(sizes == members[owner[at]], value[at], np.minimum(value[at], 0.0))
    counts = least != 0.0
    at, least = at[counts], least[counts]
    return sp.csr_array(sp.coo_array((least, (row[at], owner[at])), shape=(limits.shape[0], classes)))
