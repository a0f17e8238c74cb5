"""How the plan's traffic on the river compares with what is published of it: in and out, empties, lockages, haul."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from optimizer.network.model import Network
from optimizer.planning.plan import Voyage
from optimizer.quantities import CHINA_TIME, KG_PER_T

UPSTREAM_PORTS = frozenset({"QJ", "LY", "FDX", "NB"})
"""The ports of Quzhou, Longyou and Lanxi, whose cargo the published figures are about."""
MAIN_LOCK = "FCJ"
"""Fuchunjiang, the lock between them and everything else."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Voyages of a plan at the upstream ports and at the main lock. ``lock_days``: days on which one passes."""

    inbound_t: float
    outbound_t: float
    lock_passages: int
    lock_empty: int
    lock_mass_t: float
    lock_days: int
    vessels_per_lockage: float
    mean_haul_km: float

    @property
    def outbound_per_inbound(self) -> float:
        """Tonnes out per tonne in."""
        return self.outbound_t / self.inbound_t if self.inbound_t else 0.0

    @property
    def empty_share(self) -> float:
        """Empty vessels among those that pass the lock."""
        return self.lock_empty / self.lock_passages if self.lock_passages else 0.0

    @property
    def lockages(self) -> float:
        """Lockages that these passages fill at the published number of vessels each."""
        return self.lock_passages / self.vessels_per_lockage

    @property
    def t_per_ship(self) -> float:
        """Cargo per passing vessel, empties included."""
        return self.lock_mass_t / self.lock_passages if self.lock_passages else 0.0


def traffic_of(voyages: Sequence[Voyage], network: Network) -> Traffic:
    """The traffic of a plan's voyages. ``mean_haul_km``: loaded voyages, weighted by their load."""
    loaded = [voyage for voyage in voyages if not voyage.empty]
    days: set[date] = set()
    passages = empty = mass_kg = 0
    for voyage in voyages:
        for passage in voyage.locks:
            if passage.lock_id == MAIN_LOCK:
                days.add(passage.at.astimezone(CHINA_TIME).date())
                passages, empty, mass_kg = passages + 1, empty + voyage.empty, mass_kg + voyage.load_kg
    whole_kg = sum(voyage.load_kg for voyage in loaded)
    lock = network.locks.get(MAIN_LOCK)
    return Traffic(
        inbound_t=sum(v.load_kg for v in loaded if v.destination in UPSTREAM_PORTS) / KG_PER_T,
        outbound_t=sum(v.load_kg for v in loaded if v.origin in UPSTREAM_PORTS) / KG_PER_T,
        lock_passages=passages,
        lock_empty=empty,
        lock_mass_t=mass_kg / KG_PER_T,
        lock_days=len(days),
        vessels_per_lockage=lock.vessels_per_lockage if lock else 1.0,
        mean_haul_km=sum(v.distance_km * v.load_kg for v in loaded) / whole_kg if whole_kg else 0.0,
    )
