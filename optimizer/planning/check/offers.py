"""Is each carrier's sailing that the plan takes one that was offered, as it was offered?"""

from __future__ import annotations

from optimizer.planning.check.violation import Findings
from optimizer.planning.check.workings import CLOCK_S, Workings


def check_offers(work: Workings, found: Findings) -> None:
    """Carrier, class, ports, hours and terms stand as in the file of offers; the cargo group is one of those named; the
    room is not above what was offered, and what is aboard not below the least load."""
    for voyage in work.plan.voyages:
        where, offer = f"voyages/{voyage.voyage_id}", work.offer_by_id.get(voyage.voyage_id)
        if (voyage.offer is not None) != (voyage.market == "offer"):
            found.add("offer_terms", where, "market offer and its terms, or neither", voyage.market)
        if voyage.offer is None:
            continue
        if offer is None:
            found.add("offer_unknown", where, "a sailing of the file of offers", voyage.voyage_id)
            continue
        said = (voyage.vessel_class, voyage.origin, voyage.destination, voyage.departs_at, voyage.arrives_at)
        offered = (offer.vessel_class, offer.origin, offer.destination, offer.departs_at, offer.arrives_at)
        found.same("offer_sailing", where, offered, said)
        terms = (voyage.offer.carrier_id, voyage.offer.fixed_yuan, voyage.offer.price_yuan_per_t, voyage.offer.least_kg)
        asked = (offer.carrier_id, offer.fixed_yuan, offer.price_yuan_per_t, offer.least_kg)
        found.same("offer_terms", where, asked, terms)
        found.same("offer_sailing", where, voyage.voyage_id, voyage.vessel_id)
        if voyage.cargo_group not in offer.cargo_groups:
            found.add("offer_cargo", where, offer.cargo_groups, voyage.cargo_group)
        if voyage.load_kg > offer.capacity_kg:
            found.add("over_capacity", where, f"<= {offer.capacity_kg}", voyage.load_kg)
        if voyage.load_kg < offer.least_kg:
            found.add("offer_least", where, f">= {offer.least_kg}", voyage.load_kg)
        if voyage.empty:
            found.add("offer_empty", where, "cargo", voyage.load_kg)
        for name, (place, spent) in {
            "berth_from": (offer.origin, voyage.departs_at - voyage.berth_from),
            "free_at": (offer.destination, voyage.free_at - voyage.arrives_at),
        }.items():
            quay = work.network.terminals.get((place, voyage.cargo_group))
            if quay is not None and offer.vessel_class in work.network.vessel_classes:
                work_h = work.hub_h(quay, work.network.vessel_classes[offer.vessel_class].capacity_t)
                found.near("berth_time", f"{where}/{name}", work_h * 3600, spent.total_seconds(), CLOCK_S)
        if voyage.locks:
            found.add("lock_passages", where, [], [lock.lock_id for lock in voyage.locks])
