"""Rows that every plan keeps and the relaxation would not: what whole hulls mean for shipments.

*Boarding*: a shipment that fits one hull has no larger share of itself on a sailing than hulls make it: share <= hulls.

*Covering*: for some shipments S and sailings T, the tonnes of S that go neither by T's hulls are by other sailings or
services. With c_j the most that a hull of sailing j can carry of S,

    sum over j in T of c_j hulls_j  +  tonnes of S elsewhere  >=  tonnes of S,

and as hulls are whole numbers, mixed-integer rounding by any unit u holds too: with r the fraction of (tonnes of S)/u,

    sum over j in T of G(c_j/u) hulls_j  +  (tonnes of S elsewhere) / (u r)  >=  ceil(tonnes of S / u),
    G(c) = floor(c) + min(1, fraction(c) / r).

The T that a fractional solution breaks most is found sailing by sailing: j is in T where its hulls add less than its
tonnes would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import scipy.sparse as sp

from optimizer.planning.design import Bools, Effort, Floats, Indices, Outcome, Program, solve_linear
from optimizer.planning.exact.coarse import Coarse

LEAST_FRACTION = 1e-3
"""A remainder closer than this to a whole number of units says nothing and is numerically unsafe."""
BROKEN = 1e-4
"""A row missed by less than this is left out."""
SET_SIZE = 3
"""Covering is tried for up to so many shipments together."""
MOST_SETS = 400
WORTH = 4e-5
"""Looking for rows ends when a round of them raises the bound by less than this, relatively."""


@dataclass(frozen=True, slots=True)
class Covering:
    """One covering row: ``members`` (shipments), ``unit_t``, and the sailing spans that count by hulls (``inside``,
    one flag per span of the coarse program it was found in)."""

    members: tuple[int, ...]
    unit_t: float
    inside: Bools


class Strengthener:
    """Valid rows for one coarse program. ``mass_t``: tonnes of each shipment."""

    def __init__(self, coarse: Coarse, mass_t: Floats) -> None:
        self.coarse, self.mass_t = coarse, mass_t
        is_cargo, sails = coarse.shipment >= 0, coarse.sailing >= 0
        self.aboard = np.flatnonzero(is_cargo & sails)
        self.services = np.flatnonzero(is_cargo & ~sails)
        self.hulls = np.flatnonzero(~is_cargo & sails)
        self.spans = len(coarse.capacity_t)
        self.can_board = np.zeros((len(mass_t), self.spans), dtype=bool)
        self.can_board[coarse.shipment[self.aboard], coarse.sailing[self.aboard]] = True

    def boarding(self) -> sp.csr_array:
        """Rows r with r @ x <= 0, one for each shipment and sailing span that can take it whole."""
        coarse, n = self.coarse, len(self.coarse.first)
        shipment, span = coarse.shipment[self.aboard], coarse.sailing[self.aboard]
        fits = self.mass_t[shipment] <= coarse.capacity_t[span] + 1e-9
        aboard, shipment, span = self.aboard[fits], shipment[fits], span[fits]
        pair, row = np.unique(shipment * max(self.spans, 1) + span, return_inverse=True)
        shares = sp.csr_array((np.ones(len(row)), (row, aboard)), shape=(len(pair), n))
        hulls = sp.csr_array(
            (np.ones(len(self.hulls)), (coarse.sailing[self.hulls], self.hulls)), shape=(self.spans, n)
        )
        return sp.csr_array(shares - hulls[pair % max(self.spans, 1)])

    def sets(self) -> list[tuple[int, ...]]:
        """Shipments one by one, then pairs and triples of which any two can board the same sailing."""
        boards = self.can_board.astype(np.int64)
        meets = boards @ boards.T > 0
        shipments = range(len(self.mass_t))
        found: list[tuple[int, ...]] = []
        for size in range(1, SET_SIZE + 1):
            for members in combinations(shipments, size):
                if all(meets[a, b] for a, b in combinations(members, 2)):
                    found.append(members)
                if len(found) >= MOST_SETS:
                    return found
        return found

    def broken_coverings(self, x: Floats, sets: Sequence[tuple[int, ...]]) -> list[Covering]:
        """The covering rows that a solution breaks, at most one for each set and unit."""
        coarse = self.coarse
        hulls = np.bincount(coarse.sailing[self.hulls], x[self.hulls], self.spans)
        tonnes = np.zeros(self.can_board.shape)
        carried = x[self.aboard] * self.mass_t[coarse.shipment[self.aboard]]
        np.add.at(tonnes, (coarse.shipment[self.aboard], coarse.sailing[self.aboard]), carried)
        found: list[Covering] = []
        for members in sets:
            at = list(members)
            takes, total_t = self._takes_t(at), float(self.mass_t[at].sum())
            by_span = tonnes[at].sum(axis=0)
            elsewhere_t = total_t - float(by_span.sum())
            for unit_t in np.unique(takes[(takes > 0) & (by_span > 1e-9)]):
                rounded = _rounding(total_t, float(unit_t), takes)
                if rounded is None:
                    continue
                weight, side, per_t = rounded
                inside = weight * hulls <= by_span * per_t
                value = float((weight * hulls)[inside].sum()) + (float(by_span[~inside].sum()) + elsewhere_t) * per_t
                if value < side - BROKEN:
                    found.append(Covering(members, float(unit_t), inside))
        return found

    def coverings(self, rows: Sequence[Covering]) -> tuple[sp.csr_array, Floats]:
        """Matrix and sides of r @ x >= side."""
        coarse, n = self.coarse, len(self.coarse.first)
        entries: list[tuple[Indices, Floats]] = []
        sides: list[float] = []
        for row in rows:
            at = list(row.members)
            rounded = _rounding(float(self.mass_t[at].sum()), row.unit_t, self._takes_t(at))
            assert rounded is not None
            weight, side, per_t = rounded
            by_hulls = self.hulls[row.inside[coarse.sailing[self.hulls]]]
            aboard = self.aboard[np.isin(coarse.shipment[self.aboard], at)]
            by_tonnes = np.concatenate(
                [
                    aboard[~row.inside[coarse.sailing[aboard]]],
                    self.services[np.isin(coarse.shipment[self.services], at)],
                ]
            )
            values = [weight[coarse.sailing[by_hulls]], self.mass_t[coarse.shipment[by_tonnes]] * per_t]
            entries.append((np.concatenate([by_hulls, by_tonnes]), np.concatenate(values)))
            sides.append(side)
        number = np.repeat(np.arange(len(entries)), [len(columns) for columns, _ in entries])
        columns = np.concatenate([np.zeros(0, dtype=np.int64), *(part for part, _ in entries)])
        weights = np.concatenate([np.zeros(0), *(part for _, part in entries)])
        return sp.csr_array((weights, (number, columns)), shape=(len(entries), n)), np.array(sides)

    def _takes_t(self, members: list[int]) -> Floats:
        """The most that one hull of each sailing span can carry of some shipments."""
        return np.minimum(self.mass_t[members] @ self.can_board[members], self.coarse.capacity_t)


def _rounding(total_t: float, unit_t: float, takes_t: Floats) -> tuple[Floats, float, float] | None:
    """Weight of a hull of each sailing, right-hand side and weight of a tonne elsewhere; None where rounding says
    nothing."""
    units, rest = np.divmod(total_t / unit_t, 1.0)
    if not LEAST_FRACTION <= rest <= 1 - LEAST_FRACTION:
        return None
    # A hull just short of a unit for floating point's sake must not weigh less than it may.
    whole, part = np.divmod(takes_t / unit_t + 1e-12, 1.0)
    return whole + np.minimum(1.0, part / rest), float(units) + 1.0, 1.0 / (unit_t * rest)


def strengthened(coarse: Coarse, mass_t: Floats, rounds: int, effort: Effort) -> tuple[Program, Outcome]:
    """The coarse program with boarding rows and those covering rows that its linear solution needs, and that linear
    solution. ``rounds``: how often rows are looked for."""
    helper = Strengthener(coarse, mass_t)
    boarding, sets = helper.boarding(), helper.sets()
    program = _with_rows(coarse.program, boarding, np.full(boarding.shape[0], -np.inf), np.zeros(boarding.shape[0]))
    base = program.matrix.shape[0]
    linear = solve_linear(program, effort)
    before = -np.inf
    for _ in range(rounds):
        if linear.x is None or linear.objective - before < WORTH * abs(linear.objective):
            break
        before = linear.objective
        broken = helper.broken_coverings(linear.x, sets)
        if not broken:
            break
        needed = np.ones(program.matrix.shape[0], dtype=bool)
        needed[base:] = (program.matrix @ linear.x <= program.row_lower + 1e-6)[base:]
        matrix, sides = helper.coverings(broken)
        program = _with_rows(_rows_of(program, needed), matrix, sides, np.full(len(sides), np.inf))
        linear = solve_linear(program, effort)
    return program, linear


def _rows_of(program: Program, rows: Bools) -> Program:
    at = np.flatnonzero(rows)
    return replace(
        program,
        matrix=sp.csr_array(program.matrix[at]),
        row_lower=program.row_lower[at],
        row_upper=program.row_upper[at],
    )


def _with_rows(program: Program, matrix: sp.csr_array, lower: Floats, upper: Floats) -> Program:
    return replace(
        program,
        matrix=sp.csr_array(sp.vstack([program.matrix, matrix], format="csr")),
        row_lower=np.concatenate([program.row_lower, lower]),
        row_upper=np.concatenate([program.row_upper, upper]),
    )
