"""Sailings that are given: carriers' offers, and voyages already agreed on that have room left.

A given sailing is taken or left; its ports, hours and capacity are not the planner's. To the rest of the planner each
cargo group that it may load is a family with one slot, and the vessel is a pool of its own: one hull that either makes
the sailing or lies idle for nothing.

An offer costs its fixed sum once and its price per tonne; its fuel is the carrier's money, but its grams are the
cargo's. A kept voyage sails anyway: what it loads besides costs the fuel of that load and the tolls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import floor

from optimizer.network.graph import Lane, NetworkGraph
from optimizer.planning.layout.unusable import Unusable
from optimizer.planning.offer import Offer
from optimizer.planning.routing.route import hub_hours
from optimizer.quantities import KG_PER_T

OFFERED, KEPT = "offer", "kept"


@dataclass(frozen=True, slots=True)
class GivenSailing:
    """One sailing of one cargo group. ``voyage_id`` names the voyage in the plan; several groups of one offer share
    it. ``berth_from`` and ``free_at`` bound the work at the quays. ``room_kg`` is what the plan may load, ``least_kg``
    what it must load if it takes it. ``offer`` is the carrier's (None: a kept voyage); ``agreed_yuan_per_t`` what a
    tonne more costs on a bought sailing that is kept."""

    voyage_id: str
    market: str
    vessel_class: str
    cargo_group: str
    origin: str
    destination: str
    berth_from: datetime
    departs_at: datetime
    arrives_at: datetime
    free_at: datetime
    room_kg: int
    least_kg: int
    lane: Lane
    offer: Offer | None = None
    agreed_yuan_per_t: float | None = None

    @property
    def price_yuan_per_t(self) -> float | None:
        """What a carrier asks for a tonne; None on a kept voyage of the planner's own fleet."""
        return self.agreed_yuan_per_t if self.offer is None else self.offer.price_yuan_per_t

    @property
    def fixed_yuan(self) -> float:
        """Paid once when it is taken."""
        return self.offer.fixed_yuan if self.offer is not None else 0.0


@dataclass
class Givens:
    """Given sailings of a plan, and the offers that cannot sail."""

    sailings: list[GivenSailing] = field(default_factory=list)
    unusable: list[Unusable] = field(default_factory=list)


def offered_sailings(offers: Sequence[Offer], graph: NetworkGraph) -> Givens:
    """Every offer once for each of its cargo groups, loaded as deep as the water allows on its day.

    Depth and closures are judged as the class sails when it casts off then. Order: by sailing id, then group.
    """
    givens = Givens()
    for offer in sorted(offers, key=lambda offer: offer.sailing_id):
        lane = graph.lane(offer.origin, offer.destination, offer.vessel_class)
        assert lane is not None, "the reader of offers has looked for a way"
        closure_id = graph.closed(lane, offer.departs_at)
        if closure_id is not None:
            givens.unusable.append(Unusable(offer, "closed", closure_id))
            continue
        allowed_kg = floor(graph.capacity_t(lane, offer.departs_at) * KG_PER_T + 1e-6)
        room_kg = min(offer.capacity_kg, allowed_kg)
        if room_kg <= 0 or room_kg < offer.least_kg:
            code = "shallow" if room_kg <= 0 else "below_least"
            givens.unusable.append(Unusable(offer, code, allowed_kg=room_kg))
            continue
        found = [given for group in offer.cargo_groups if (given := _offered(offer, group, room_kg, lane, graph))]
        givens.sailings += found
        if not found:
            givens.unusable.append(Unusable(offer, "terminal_closed"))
    return givens


def _offered(offer: Offer, group: str, room_kg: int, lane: Lane, graph: NetworkGraph) -> GivenSailing | None:
    """The offer with one group; None while a terminal of it is shut. Work at a quay takes the time of a full vessel."""
    network = graph.network
    vessel_t = network.vessel_classes[offer.vessel_class].capacity_t
    ends = (network.terminals[(place, group)] for place in (offer.origin, offer.destination))
    load_h, discharge_h = (hub_hours(network, terminal, vessel_t) for terminal in ends)
    berth_from, free_at = offer.departs_at - _span(load_h), offer.arrives_at + _span(discharge_h)
    if graph.terminal_closed(offer.origin, berth_from, offer.departs_at) or graph.terminal_closed(
        offer.destination, offer.arrives_at, free_at
    ):
        return None
    return GivenSailing(
        voyage_id=offer.sailing_id,
        market=OFFERED,
        vessel_class=offer.vessel_class,
        cargo_group=group,
        origin=offer.origin,
        destination=offer.destination,
        berth_from=berth_from,
        departs_at=offer.departs_at,
        arrives_at=offer.arrives_at,
        free_at=free_at,
        room_kg=room_kg,
        least_kg=offer.least_kg,
        lane=lane,
        offer=offer,
    )


def _span(hours: float) -> timedelta:
    return timedelta(seconds=round(hours * 3600))
