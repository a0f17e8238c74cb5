"""How the plan's traffic on the river compares with what is published of it: in and out, empties, lockages, haul."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from optimizer.demo.step import share
from optimizer.errors import Message
from optimizer.network.model import Network
from optimizer.planning.plan import Voyage
from optimizer.quantities import CHINA_TIME, KG_PER_T

UPSTREAM_PORTS = frozenset({"QJ", "LY", "FDX", "NB"})
"""The ports of Quzhou, Longyou and Lanxi, whose cargo the published figures are about."""
MAIN_LOCK = "FCJ"
"""Fuchunjiang, the lock between them and everything else."""
DAYS_PER_YEAR = 366
"""Of 2024, the year of the published lockages."""


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
    wait_h: float
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

    @property
    def lockages_per_day(self) -> float:
        """Lockages over the days on which one of the plan's vessels passes."""
        return self.lockages / self.lock_days if self.lock_days else 0.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure of the traffic: what is published of it (one value, or a range) and what the plan makes of it."""

    name: str
    label: Message
    published: tuple[float, ...]
    planned: float
    decimals: int

    @property
    def texts(self) -> tuple[str, str]:
        """Published and planned, as they are printed."""
        return "–".join(self._text(value) for value in self.published), self._text(self.planned)

    def _text(self, value: float) -> str:
        return share(value, 1) if self.name.endswith("_share") else f"{value:.{self.decimals}f}"


def figures(traffic: Traffic, network: Network) -> tuple[Figure, ...]:
    """The traffic beside the benchmarks of the network. KeyError where the network has none of them."""
    known = {name: item.value for name, item in network.benchmarks.items()}
    ships_per_lockage = known["fuchunjiang_ships_2024"] / known["fuchunjiang_lockages"]
    tonnes = (known["fuchunjiang_t_per_ship_2024"], known["fuchunjiang_t_per_ship_2025"])
    return (
        Figure(
            "mean_haul_km",
            Message("平均水运距 km", "mean haul by water, km"),
            (known["mean_haul_km"],),
            traffic.mean_haul_km,
            0,
        ),
        Figure(
            "outbound_per_inbound",
            Message("进 : 出 1 :", "in : out, 1 :"),
            (known["outbound_per_inbound"],),
            traffic.outbound_per_inbound,
            2,
        ),
        Figure(
            "empty_share",
            Message("空船占过闸船", "empty ships among those at the lock"),
            (known["vessel_empty_share"],),
            traffic.empty_share,
            3,
        ),
        Figure(
            "lockages_per_day",
            Message("富春江每天开闸次（本计划为其中一部分）", "lockages a day at Fuchunjiang (ours: a part)"),
            (known["fuchunjiang_lockages"] / DAYS_PER_YEAR,),
            traffic.lockages_per_day,
            1,
        ),
        Figure(
            "ships_per_lockage",
            Message("每闸船数（计划取公布值）", "ships per lockage (planned with what is published)"),
            (ships_per_lockage,),
            traffic.vessels_per_lockage,
            1,
        ),
        Figure(
            "t_per_ship",
            Message("富春江每船载货 t，含空船", "t per ship at Fuchunjiang, empties included"),
            tonnes,
            traffic.t_per_ship,
            0,
        ),
        Figure(
            "wait_h",
            Message("富春江待闸 h（计划取公布值）", "wait at Fuchunjiang, h (planned with what is published)"),
            (known["fuchunjiang_wait_h"],),
            traffic.wait_h,
            1,
        ),
    )


def traffic_csv(found: Sequence[Figure]) -> str:
    """The figures as CSV: measure, published (the ends of a range with a slash), planned, both as they are."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("measure", "published", "planned"))
    for figure in found:
        published = "/".join(f"{value:.4f}" for value in figure.published)
        writer.writerow((figure.name, published, f"{figure.planned:.4f}"))
    return buffer.getvalue()


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
        wait_h=lock.wait_h if lock else 0.0,
        mean_haul_km=sum(v.distance_km * v.load_kg for v in loaded) / whole_kg if whole_kg else 0.0,
    )
