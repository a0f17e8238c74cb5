"""Corridors by CP-SAT: cargo moves in whole lots, and what that decides of ships is settled in parts of tonnes.

CP-SAT knows whole numbers only. Cargo cut into tonnes would give domains of thousands, and the plan to begin from would
break rows once it is rounded. So each part of a shipment that the plan sends some way is cut into equal lots of at most
:data:`LOT_T` (what must not be split is one), and what is decided is how many of its lots go which way: whole numbers,
small ones, and the plan is one of the answers to the last bit. A linear program over the cargo beside the ships of the
answer then finds the best shares; what the ships of the answer cannot carry in truth is no answer.

Against HiGHS in the same corridors: ``modalshift bench plan --corridors``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from optimizer.planning.design import Effort, Floats, Indices, Outcome, Program, solve_by_cp_sat, solve_linear

LOT_T = 400.0
"""Half a load of the common 800 t class: two lots fill such a ship."""
WORK = 1.0
"""Units of CP-SAT's deterministic time for one corridor: a second or two."""
USED = 1e-9


class Lots(NamedTuple):
    """A program of whole numbers. Its first columns count lots: ``column`` says of which of the corridor's ``width``
    columns, ``share`` how much of it one lot is. Those after are the corridor's ``others``, as they were. ``start`` is
    the plan."""

    program: Program
    start: Floats
    column: Indices
    share: Floats
    others: Indices
    width: int

    def shares(self, found: Floats) -> Floats:
        """What an answer means for the columns of the corridor."""
        x = np.zeros(self.width)
        np.add.at(x, self.column, found[: len(self.column)] * self.share)
        x[self.others] = found[len(self.column) :]
        return x


def in_lots(program: Program, x: Floats, owner: Indices, mass_t: Floats) -> Lots:
    """A corridor in lots. ``x``: the plan, a solution of ``program``, shape (columns,); ``owner``: the shipment whose
    share each column is, -1 where it is none; ``mass_t``: of each shipment, what all of its shares weigh together."""
    pieces = np.flatnonzero((owner >= 0) & (x > USED))
    others = np.flatnonzero(owner < 0)
    count = np.where(program.integer[pieces], 1.0, np.maximum(np.ceil(x[pieces] * mass_t[owner[pieces]] / LOT_T), 1.0))
    # Each piece may go any way of its shipment: the pairs of a piece and such a way.
    by_owner = np.argsort(owner, kind="stable")
    first, last = (np.searchsorted(owner[by_owner], owner[pieces], side) for side in ("left", "right"))
    piece = np.repeat(np.arange(len(pieces)), last - first)
    within = np.arange(len(piece)) - np.repeat(np.cumsum(last - first) - (last - first), last - first)
    column = by_owner[first[piece] + within]
    share = (x[pieces] / count)[piece]
    start = np.concatenate([np.where(column == pieces[piece], count[piece], 0.0), x[others]])
    matrix = program.matrix.tocsc()
    moved = sp.hstack([matrix[:, column] @ sp.diags_array(share), matrix[:, others]])
    width = len(start)
    whole = sp.csr_array((np.ones(len(piece)), (piece, np.arange(len(piece)))), shape=(len(pieces), width))
    there = moved @ start
    # What stands holds every row but for rounding noise; its program must not call it wrong for that.
    room = np.where(program.upper[column] >= 1.0, count[piece], np.floor(program.upper[column] / share + USED))
    # No number stands for what is neither cargo nor ships; it is left out, as it is in the plan.
    most = np.where(program.integer[others], program.upper[others], 0.0)
    lots = Program(
        np.concatenate([program.cost[column] * share, program.cost[others]]),
        sp.csr_array(sp.vstack([moved, whole])),
        np.concatenate([np.minimum(program.row_lower, there), count]),
        np.concatenate([np.maximum(program.row_upper, there), count]),
        np.concatenate([np.zeros(len(piece)), program.lower[others]]),
        np.concatenate([np.maximum(np.minimum(count[piece], room), start[: len(piece)]), most]),
        np.ones(width, dtype=bool),
    )
    return Lots(lots, start, column, share, others, len(x))


def improved_in_lots(program: Program, effort: Effort, x: Floats, owner: Indices, mass_t: Floats) -> Outcome:
    """A better solution of a corridor than the plan ``x``, by CP-SAT, or none. Seconds and seed are those of
    ``effort``; the work is fixed and one thread does it, so that equal input gives equal output."""
    nothing = Outcome("no_solution", None, None, np.inf, -np.inf)
    continuous = ~program.integer & (owner < 0)
    if (continuous & (x > USED)).any():
        return nothing  # Neither cargo nor ships: no number of lots stands for it.
    lots = in_lots(program, x, owner, mass_t)
    outcome = solve_by_cp_sat(lots.program, replace(effort, threads=1, work=WORK), lots.start)
    if outcome.x is None or outcome.objective >= float(lots.program.cost @ lots.start):
        return nothing
    decided = np.round(lots.shares(np.round(outcome.x)))
    lower, upper = (np.where(program.integer, decided, side) for side in (program.lower, program.upper))
    return solve_linear(replace(program, lower=lower, upper=upper), Effort(seconds=effort.seconds, seed=effort.seed))
