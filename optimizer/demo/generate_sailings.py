"""A believable market of carriers' sailings for a month of shipments.

Each offer starts from a shipment drawn by mass: a terminal near each of its doors, a class that can berth at both and
sail between them, a departure some days after the cargo is ready. Its price is what such a voyage costs on the charter
market, spread around it, part as a fixed sum and part per tonne. Deterministic: the same shipments, network, count and
seed give the same offers, byte for byte. Only ``Random.random`` is used (see ``generate``).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

from optimizer.errors import Fault, InputError, Message
from optimizer.network.graph import Lane, NetworkGraph
from optimizer.network.model import Network, VesselClass
from optimizer.planning.offer import Offer
from optimizer.planning.shipment import Shipment
from optimizer.quantities import KG_PER_T, iso, to_integer, tonnes

MAX_SAILINGS = 100_000
CARRIERS = 12
NEAREST = 3
"""Terminals near a door from which one is drawn."""
TRIES = 200
"""Shipments drawn for one offer before the network counts as one without waterways."""
FIXED_SHARE = 0.6
"""Part of a carrier's price that is asked for the sailing as a whole: the vessel's days and most of its fuel."""
LEAST_SHARE = 0.5
"""Share of offers with a least load."""

HEADER = (
    "sailing_id",
    "carrier_id",
    "vessel_class",
    "from",
    "to",
    "departs_at",
    "arrives_at",
    "capacity_t",
    "cargo_groups",
    "price_yuan_per_t",
    "fixed_yuan",
    "min_load_t",
)
"""Columns of sailings.csv, in the order in which they are written."""


def generate_sailings(shipments: Sequence[Shipment], network: Network, count: int, seed: int) -> list[Offer]:
    """``count`` offers for these shipments, ordered by departure, then id.

    Raises InputError for a count that cannot be, and where no shipment can go by water.
    """
    if not 0 <= count <= MAX_SAILINGS:
        raise _refusal(
            f"航次数 {count} 不在 0 到 {MAX_SAILINGS} 之间。", f"{count} sailings are not between 0 and {MAX_SAILINGS}."
        )
    if count and not shipments:
        raise _refusal("没有货单，无从生成航次。", "There are no shipments to make sailings for.")
    maker, rng = _Maker(shipments, network), Random(f"{seed}/sailings")
    offers = [maker.offer(number, rng) for number in range(1, count + 1)]
    return sorted(offers, key=lambda offer: (offer.departs_at, offer.sailing_id))


def sailings_csv(offers: Sequence[Offer]) -> str:
    """The text of sailings.csv: comma, LF, tonnes with three decimals, times with offset."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(_row(offer) for offer in offers)
    return buffer.getvalue()


def write_sailings_csv(offers: Sequence[Offer], path: Path) -> None:
    """Write sailings.csv in UTF-8 (see :func:`sailings_csv`)."""
    path.write_text(sailings_csv(offers), encoding="utf-8", newline="")


def _row(offer: Offer) -> tuple[str, ...]:
    return (
        offer.sailing_id,
        offer.carrier_id,
        offer.vessel_class,
        offer.origin,
        offer.destination,
        iso(offer.departs_at),
        iso(offer.arrives_at),
        tonnes(offer.capacity_kg),
        ";".join(offer.cargo_groups),
        f"{offer.price_yuan_per_t:.2f}",
        f"{offer.fixed_yuan:.2f}",
        tonnes(offer.least_kg),
    )


class _Maker:
    def __init__(self, shipments: Sequence[Shipment], network: Network) -> None:
        self.shipments, self.network, self.graph = shipments, network, NetworkGraph(network)
        self.ends = list(accumulate(shipment.mass_kg for shipment in shipments))
        self.inland = [v for v in network.vessel_classes.values() if v.waters == "inland"]
        self._ways: dict[tuple[str, str, str], list[tuple[VesselClass, Lane]]] = {}

    def offer(self, number: int, rng: Random) -> Offer:
        """One offer for a shipment drawn by mass that can go by water."""
        for _ in range(TRIES):
            shipment = self._drawn(rng)
            ways = self._ways_of(shipment)
            if ways:
                return self._offer(number, shipment, *ways[int(rng.random() * len(ways))], rng)
        raise _refusal("没有货单可走内河航道。", "No shipment can go by an inland waterway.")

    def _drawn(self, rng: Random) -> Shipment:
        at = rng.random() * self.ends[-1]
        low, high = 0, len(self.ends) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.ends[middle] <= at else (low, middle)
        return self.shipments[low]

    def _ways_of(self, shipment: Shipment) -> list[tuple[VesselClass, Lane]]:
        key = (shipment.origin, shipment.destination, self.network.cargo[shipment.cargo_code].cargo_group)
        if key not in self._ways:
            self._ways[key] = [
                (vessel, lane)
                for start in self._near(key[0], key[2])
                for end in self._near(key[1], key[2])
                for vessel in self.inland
                if self._berths(vessel, start, end, key[2])
                and (lane := self.graph.lane(start, end, vessel.vessel_class)) is not None
            ]
        return self._ways[key]

    def _near(self, place: str, group: str) -> list[str]:
        """Terminals for a group within drayage distance, nearest first."""
        found = []
        for location_id, handled in self.network.terminals:
            way = self.graph.road(place, location_id)
            km = 0.0 if location_id == place else way.distance_km if way is not None else float("inf")
            if handled == group and km <= self.network.value("drayage_max_km"):
                found.append((km, location_id))
        return [location_id for _, location_id in sorted(found)[:NEAREST]]

    def _berths(self, vessel: VesselClass, start: str, end: str, group: str) -> bool:
        quays = (self.network.terminals.get((place, group)) for place in (start, end))
        return group in vessel.cargo_groups and all(
            quay and quay.max_vessel_dwt_t >= vessel.capacity_t for quay in quays
        )

    def _offer(self, number: int, shipment: Shipment, vessel: VesselClass, lane: Lane, rng: Random) -> Offer:
        hours = to_integer(lane.transit_h * (1.0 + 0.3 * rng.random()) + 1)
        departs_at = (shipment.ready_at + timedelta(hours=12 + 72 * rng.random())).replace(minute=0, second=0)
        depth_t = self.graph.capacity_t(lane, departs_at) or vessel.capacity_t
        capacity_t = max(50, int(min(depth_t, vessel.capacity_t) * (0.5 + 0.5 * rng.random())) // 10 * 10)
        yuan = self._charter_yuan(vessel, lane, hours) * (0.75 + 0.5 * rng.random())
        own = self.network.cargo[shipment.cargo_code].cargo_group
        others = [
            group
            for group in vessel.cargo_groups
            if group != own and self._berths(vessel, lane.origin, lane.destination, group) and rng.random() < 0.3
        ]
        least = capacity_t * (0.2 + 0.3 * rng.random()) if rng.random() < LEAST_SHARE else 0.0
        return Offer(
            f"Y{number:05d}",
            f"CARRIER{1 + int(rng.random() * CARRIERS):02d}",
            vessel.vessel_class,
            lane.origin,
            lane.destination,
            departs_at,
            departs_at + timedelta(hours=hours),
            capacity_t * KG_PER_T,
            (own, *others[:2]),
            round((1 - FIXED_SHARE) * yuan / capacity_t, 2),
            float(round(FIXED_SHARE * yuan, -1)),
            int(least) // 10 * 10 * KG_PER_T,
        )

    def _charter_yuan(self, vessel: VesselClass, lane: Lane, hours: int) -> float:
        """Charter for the voyage and two days at quays, and fuel of a full vessel."""
        fuel_kg = vessel.fuel_loaded_kg_per_km * lane.distance_km
        return vessel.charter_yuan_per_day * (hours / 24 + 2) + fuel_kg * self.network.value("diesel_price_yuan_per_kg")


def _refusal(zh: str, en: str) -> InputError:
    return InputError.of([Fault("generate", None, "sailings", "bad_sailings", Message(zh, en))])
