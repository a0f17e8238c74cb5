"""Linking cuts: whole voyages where the linear relaxation would send parts of a ship.

The rows ``link`` let half a ship carry half a load, so a corridor with little cargo looks as cheap as a full one. A set
of shipments Q of D tonnes in all that can go with a family between two slots only, each by a share x, in Y ships of at
most c tonnes, obeys

    sum of mass (1 - x) over Q  >=  rest (hulls - Y),    hulls = ceil(D / c),  rest = D - c (hulls - 1)

the residual capacity inequality (T. L. Magnanti, P. Mirchandani, R. Vachani, The convex hull of two core capacitated
network design problems, Mathematical Programming 60, 1993). For one shipment that fits one ship it is the strong
linking cut x <= Y. Of all Q between two slots the most violated one has the shares above the fraction of Y (A.
Atamturk, D. Rajan, On splittable and unsplittable flow capacitated network design arc-set polyhedra, Mathematical
Programming 92, 2002).

A cut holds all columns of a shipment with its family, so in pricing it is a charge per tonne on lines: what prices
columns does not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import scipy.sparse as sp

from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.fleetflow import LOADED, FleetColumns
from optimizer.planning.layout.kernels import scan_stretches
from optimizer.planning.layout.program import PlanProgram, RowBlock
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.planning.layout.ways import Ways

BROKEN_T = 5.0
"""A cut that is broken by fewer tonnes is let be."""
USED = 1e-6
"""Shares above this count."""
ROOM = 1e-9
"""Rounding of tonnes over capacity."""


@dataclass(frozen=True, slots=True)
class LinkingCut:
    """Between slots ``first`` and ``last`` the ships of ``family`` that ``shipments`` need: ``hulls`` for all of them,
    with ``rest_t`` tonnes in the last one."""

    family: int
    first: int
    last: int
    shipments: tuple[int, ...]
    hulls: int
    rest_t: float


class Linker:
    """Finds the cuts that a linear solution breaks. ``space``: the plan's columns, shares of which it is given."""

    def __init__(self, plan: PlanProgram, space: TimeSpace) -> None:
        self.ways, self.families = space.ways, len(space.ways.families)
        self.shipment, self.family, self.first, self.last = _reaches(space.ways)
        self.code = self.shipment * self.families + self.family
        owner, sailing = space.columns.shipment, plan.column_family
        aboard = np.flatnonzero(sailing[: plan.cargo_count] >= 0)
        onward = np.flatnonzero(plan.column_onward[: plan.cargo_count] >= 0)
        self.cargo = np.concatenate([aboard, onward])
        taken = np.concatenate([sailing[aboard], plan.column_onward[onward]])
        self.reach_of = np.searchsorted(self.code, owner[self.cargo] * self.families + taken)
        self.hulls = plan.cargo_count + np.flatnonzero(sailing[plan.cargo_count :] >= 0)
        self.sailings = sailing[self.hulls], plan.column_slot[self.hulls]

    def broken(self, shares: Floats) -> list[LinkingCut]:
        """The cuts that ``shares`` (one entry per column of the plan) break: for each family and first slot the worst
        one, and all of single shipments."""
        x = np.zeros(len(self.code))
        np.add.at(x, self.reach_of, shares[self.cargo])
        y: Floats = np.zeros(self.ways.capacity_t.shape)
        np.add.at(y, self.sailings, shares[self.hulls])
        return self._broken(x, y)

    def broken_on_average(self, line_shares: Floats, hulls: Floats, moves: FleetColumns) -> list[LinkingCut]:
        """The cuts that averages of a climb break: ``line_shares`` one entry per line, ``hulls`` one per hull column
        (``moves``). The plan may have no cargo columns at all."""
        lines, tables = self.ways.lines, self.ways.tables
        x, y = np.zeros(len(self.code)), np.zeros(self.ways.capacity_t.shape)
        sails = np.flatnonzero((lines.table >= 0) & (line_shares > USED) & (lines.last >= lines.first))
        for family_of in (tables.family, tables.onward):
            family = family_of[lines.table[sails]]
            aboard = family >= 0
            code = lines.shipment[sails[aboard]] * self.families + family[aboard]
            np.add.at(x, np.searchsorted(self.code, code), line_shares[sails[aboard]])
        loaded = np.flatnonzero(moves.kind == LOADED)
        np.add.at(y, (moves.item[loaded], moves.slot[loaded]), hulls[loaded])
        return self._broken(x, y)

    def _broken(self, x: Floats, y: Floats) -> list[LinkingCut]:
        found: dict[LinkingCut, None] = {}
        used = np.flatnonzero(x > USED)
        for family in np.unique(self.family[used]).tolist():
            reaches = used[self.family[used] == family]
            reaches = reaches[np.argsort(self.last[reaches], kind="stable")]
            found.update(dict.fromkeys(self._of_family(family, reaches, x, y[family])))
        return list(found)

    def _of_family(self, family: int, reaches: Indices, x: Floats, y: Floats) -> list[LinkingCut]:
        """``reaches``: those in use, the earliest ``last`` first."""
        first, last, share = self.first[reaches], self.last[reaches], x[reaches]
        mass_t = self.ways.cargo.mass_t[self.shipment[reaches]]
        sailed = np.concatenate([[0.0], np.cumsum(y)])
        ends = np.full(len(reaches), -1, dtype=np.int64)
        scan_stretches(first, last, share, mass_t, sailed, self.ways.capacity_t[family], BROKEN_T, ends)
        cuts = []
        for number in np.flatnonzero(ends >= 0).tolist():
            begin, end = int(first[number]), int(ends[number])
            part = (sailed[end + 1] - sailed[begin]) % 1.0
            cuts.append(self._cut(family, begin, end, reaches[(first >= begin) & (last <= end) & (share > part)]))
        for number in range(len(reaches)):
            alone = self._cut(family, int(first[number]), int(last[number]), reaches[number : number + 1])
            missing = alone.hulls - (sailed[alone.last + 1] - sailed[alone.first])
            if missing * alone.rest_t - mass_t[number] * (1.0 - share[number]) > BROKEN_T:
                cuts.append(alone)
        return cuts

    def _cut(self, family: int, first: int, last: int, reaches: Indices) -> LinkingCut:
        shipments = np.sort(self.shipment[reaches])
        all_t = float(self.ways.cargo.mass_t[shipments].sum())
        most_t = float(self.ways.capacity_t[family, first : last + 1].max())
        hulls = max(ceil(all_t / most_t - ROOM), 1)
        return LinkingCut(family, first, last, tuple(shipments.tolist()), hulls, all_t - most_t * (hulls - 1))


def with_cuts(plan: PlanProgram, space: TimeSpace, cuts: Sequence[LinkingCut]) -> PlanProgram:
    """The plan program with a block ``linking`` of these cuts after its rows (at least one cut)."""
    mass_t, owner, sailing = space.ways.cargo.mass_t, space.columns.shipment, plan.column_family
    cargo_count, onward = plan.cargo_count, plan.column_onward[: plan.cargo_count]
    triples: list[tuple[Indices, Indices, Floats]] = []
    columns_of: dict[int, tuple[Indices, Indices]] = {}
    for row, cut in enumerate(cuts):
        if cut.family not in columns_of:
            aboard = (sailing[:cargo_count] == cut.family) | (onward == cut.family)
            hulls = cargo_count + np.flatnonzero(sailing[cargo_count:] == cut.family)
            columns_of[cut.family] = np.flatnonzero(aboard), hulls
        cargo, hulls = columns_of[cut.family]
        cargo = cargo[np.isin(owner[cargo], cut.shipments)]
        slot = plan.column_slot[hulls]
        hulls = hulls[(slot >= cut.first) & (slot <= cut.last)]
        triples.append((np.full(len(cargo), row), cargo, mass_t[owner[cargo]]))
        triples.append((np.full(len(hulls), row), hulls, np.full(len(hulls), -cut.rest_t)))
    rows, columns, values = (np.concatenate(part) for part in zip(*triples, strict=True))
    program, count = plan.program, len(cuts)
    extra = sp.csr_array(sp.coo_array((values, (rows, columns)), shape=(count, len(program.cost))))
    upper = np.array([mass_t[list(cut.shipments)].sum() - cut.rest_t * cut.hulls for cut in cuts])
    block = RowBlock("linking", len(plan.row_slot), tuple((cut,) for cut in cuts), np.full(count, -1))
    return replace(
        plan,
        program=replace(
            program,
            matrix=sp.csr_array(sp.vstack([program.matrix, extra], format="csr")),
            row_lower=np.concatenate([program.row_lower, np.full(count, -np.inf)]),
            row_upper=np.concatenate([program.row_upper, upper]),
        ),
        blocks=(*plan.blocks, block),
        row_slot=np.concatenate([plan.row_slot, block.slot]),
    )


def lines_of_cuts(ways: Ways, block: RowBlock) -> sp.csr_array:
    """0/1 of lines x cuts: the lines whose tonnes each cut of a block ``linking`` counts."""
    lines, tables = ways.lines, ways.tables
    family, onward = np.append(tables.family, -1)[lines.table], np.append(tables.onward, -1)[lines.table]
    of_line: list[Indices] = [np.zeros(0, dtype=np.int64)]
    of_cut: list[Indices] = [np.zeros(0, dtype=np.int64)]
    for number, (cut,) in enumerate(block.keys):
        assert isinstance(cut, LinkingCut)
        for shipment in cut.shipments:
            begin, end = int(lines.starts[shipment]), int(lines.starts[shipment + 1])
            mine = (family[begin:end] == cut.family) | (onward[begin:end] == cut.family)
            of_line.append(begin + np.flatnonzero(mine))
            of_cut.append(np.full(int(mine.sum()), number))
    line, cut_number = np.concatenate(of_line), np.concatenate(of_cut)
    ones = np.ones(len(line))
    return sp.csr_array(sp.coo_array((ones, (line, cut_number)), shape=(len(lines.table), len(block.keys))))


def _reaches(ways: Ways) -> tuple[Indices, Indices, Indices, Indices]:
    """Shipment, family, first and last slot of all pairs where the shipment may sail with the family, in order."""
    lines, tables, families = ways.lines, ways.tables, len(ways.families)
    sails = np.flatnonzero((lines.table >= 0) & (lines.last >= lines.first))
    table = lines.table[sails]
    changes = np.flatnonzero(tables.onward[table] >= 0)
    later = tables.after[table[changes]]
    shipment = lines.shipment[np.concatenate([sails, sails[changes]])]
    family = np.concatenate([tables.family[table], tables.onward[table[changes]]])
    first = np.concatenate([lines.first[sails], lines.first[sails[changes]] + later])
    last = np.concatenate([lines.last[sails], lines.last[sails[changes]] + later])
    code, place = np.unique(shipment * families + family, return_inverse=True)
    begin, end = np.full(len(code), ways.grid.slots), np.zeros(len(code), dtype=np.int64)
    np.minimum.at(begin, place, first)
    np.maximum.at(end, place, np.minimum(last, ways.grid.slots - 1))
    return code // max(families, 1), code % max(families, 1), begin, end
