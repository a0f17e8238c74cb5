"""Which voyages and waybills the incidents of ``seeds/incidents.csv`` meet: drawn once, the same for the same seed.

Late arrival, a missing fuel log and a change of vessel are matters of a voyage, so every lot on board shares them; the
others are matters of one waybill and are told of its first lot by water.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from optimizer.demo.seed_files import Incident
from optimizer.waybills.waybill import Waybill

VOYAGE_KINDS = frozenset({"late", "missing_fuel_log", "vessel_changed"})
"""Kinds whose rate is a share of voyages; the rate of the others is a share of waybills."""


@dataclass(frozen=True, slots=True)
class IncidentHits:
    """What each kind met: voyage ids for the voyage kinds, waybill numbers for the others; with the size drawn (h, or
    share of mass; 0 where the kind has none)."""

    sizes: Mapping[str, Mapping[str, float]]

    def size(self, kind: str, item_id: str) -> float | None:
        """The size of an incident of that kind at a voyage or waybill; None when it was not met."""
        return self.sizes.get(kind, {}).get(item_id)


def draw_incidents(waybills: Sequence[Waybill], incidents: Iterable[Incident], seed: int) -> IncidentHits:
    """Decide what goes wrong. Listed shipments are met for certain, the others at the rate; the draw of an item depends
    on seed, kind and item alone, so that more waybills change nothing for the ones already there."""
    shipments_of_voyage: dict[str, set[str]] = {}
    for waybill in waybills:
        for lot in waybill.lots:
            for leg in lot.legs:
                if leg.voyage_id:
                    shipments_of_voyage.setdefault(leg.voyage_id, set()).add(waybill.shipment_id)
    shipments_of_waybill = {waybill.number: {waybill.shipment_id} for waybill in waybills}
    return IncidentHits(
        {
            incident.kind: _met(
                incident, shipments_of_voyage if incident.kind in VOYAGE_KINDS else shipments_of_waybill, seed
            )
            for incident in incidents
        }
    )


def _met(incident: Incident, shipments: Mapping[str, set[str]], seed: int) -> dict[str, float]:
    listed = set(incident.shipment_ids)
    low, high = incident.size_min or 0.0, incident.size_max or 0.0
    met = {}
    for item_id in sorted(shipments):
        rng = Random(f"{seed}/{incident.kind}/{item_id}")
        by_chance = rng.random() < incident.rate
        size = low + (high - low) * rng.random()
        if by_chance or shipments[item_id] & listed:
            met[item_id] = size
    return met
