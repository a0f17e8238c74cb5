"""What a planner may set for one run."""

from __future__ import annotations

from dataclasses import dataclass

SLOT_H = 6
"""Length of a slot: sailings begin on this grid, counted from midnight of the plan's first day."""
SLOTS_PER_DAY = 24 // SLOT_H
MAX_LATE_H = 72
"""Water may deliver at most this late (at the lateness price); later than that the cargo goes by road."""
MAX_WAIT_H = 31 * 24
"""Cargo waits at most this long for its vessel, however late it is due: a limit on the size of a plan."""
MAX_CHANGE_H = 48
"""Where cargo changes ships, the second one berths at most this long after the first slot in which it could."""
MAX_HORIZON_DAYS = 366
"""The ready days of one plan span at most this many days."""

HIGHS, CP_SAT, BOTH = CORRIDORS_BY = ("highs", "cp-sat", "both")
"""HiGHS; CP-SAT over cargo in whole lots; or HiGHS, and CP-SAT where that has not proven its answer."""


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """Settings of one plan. ``carbon_price_yuan_per_t`` prices WTW CO2e in the objective; ``co2e_cap_t`` limits it.
    ``horizon_days``: shipments that become ready later than this after the first day are left out (None: all).
    The run stops at ``gap``, or after ``time_limit_s`` with the best plan so far. Equal ``seed``, equal plan, with any
    number of ``workers`` (threads).
    ``own_voyages``: whether the planner sails its own fleet; without, carriers' offers, trains, coasters and trucks
    compete alone.
    ``corridors_by``: the solver of the corridors of a large plan's search, one of :data:`CORRIDORS_BY`."""

    carbon_price_yuan_per_t: float = 100.0
    co2e_cap_t: float | None = None
    horizon_days: int | None = None
    gap: float = 0.01
    time_limit_s: float | None = None
    seed: int = 0
    own_voyages: bool = True
    workers: int = 1
    corridors_by: str = HIGHS
