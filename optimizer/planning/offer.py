"""A carrier's offer of a sailing, as the planner sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

OWN_VOYAGE_ID = re.compile(r"V\d{5,}")
"""What the plan calls voyages of its own; no offer may be called so."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One sailing that a carrier will make for the plan if it is taken.

    Taken, it costs ``fixed_yuan`` once and ``price_yuan_per_t`` for every tonne aboard (fuel, dues and locks are the
    carrier's), and loads between ``least_kg`` and ``capacity_kg`` of one of ``cargo_groups``: a hold takes one group.
    ``departs_at`` is casting off, ``arrives_at`` making fast; loading and discharging come before and after.
    """

    sailing_id: str
    carrier_id: str
    vessel_class: str
    origin: str
    destination: str
    departs_at: datetime
    arrives_at: datetime
    capacity_kg: int
    cargo_groups: tuple[str, ...]
    price_yuan_per_t: float
    fixed_yuan: float = 0.0
    least_kg: int = 0

    @property
    def hours(self) -> float:
        """From casting off to making fast."""
        return (self.arrives_at - self.departs_at).total_seconds() / 3600
