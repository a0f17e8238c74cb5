"""Carriers' sailings on a plan's page: those that it takes and who travels with them, those that it cannot take."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from optimizer.errors import Lang
from optimizer.planning.layout.unusable import CODES
from optimizer.planning.plan import Plan
from webapp.language import text
from webapp.world import World

MOST_NAMED = 200
"""Sentences on the page; the plan document has them all."""


@dataclass(frozen=True, slots=True)
class TakenOffer:
    """A sailing that the plan takes: the carrier's terms, and the shipments aboard."""

    sailing_id: str
    carrier_id: str
    way: str
    departs_at: datetime
    arrives_at: datetime
    load_kg: int
    price_yuan_per_t: float
    fixed_yuan: float
    cost_fen: int
    shipment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TakenOffers:
    """In order of departure, the first of them; ``left_out``: how many are not listed here."""

    count: int
    listed: tuple[TakenOffer, ...]
    left_out: int


def taken_offers(plan: Plan, world: World, lang: Lang) -> TakenOffers | None:
    """None where the plan takes no carrier's sailing."""
    aboard: dict[str, dict[str, None]] = defaultdict(dict)
    for entry in plan.shipments:
        for lot in entry.lots:
            for leg in lot.legs:
                aboard[leg.voyage_id][entry.shipment_id] = None
    taken = [
        TakenOffer(
            voyage.voyage_id,
            voyage.offer.carrier_id,
            f"{world.place_name(voyage.origin, lang)} → {world.place_name(voyage.destination, lang)}",
            voyage.departs_at,
            voyage.arrives_at,
            voyage.load_kg,
            voyage.offer.price_yuan_per_t,
            voyage.offer.fixed_yuan,
            voyage.cost_fen,
            tuple(aboard[voyage.voyage_id]),
        )
        for voyage in sorted(plan.voyages, key=lambda voyage: (voyage.departs_at, voyage.voyage_id))
        if voyage.offer is not None
    ]
    return TakenOffers(len(taken), tuple(taken[:MOST_NAMED]), max(0, len(taken) - MOST_NAMED)) if taken else None


@dataclass(frozen=True, slots=True)
class UnusableOffers:
    """``kinds``: reason and number of sailings, in the order of the codes; ``sentences``: a sailing each; ``left_out``:
    how many have none here."""

    count: int
    kinds: tuple[tuple[str, int], ...]
    sentences: tuple[str, ...]
    left_out: int


def unusable_offers(plan: Plan, lang: Lang) -> UnusableOffers | None:
    """None where every sailing could be used, or none was offered."""
    offers = plan.unusable_offers
    if not offers:
        return None
    counted = Counter(offer.code for offer in offers)
    kinds = [(text(f"plan.offer_{code}"), counted[code]) for code in CODES if code in counted]
    kinds += [(code, number) for code, number in sorted(counted.items()) if code not in CODES]
    named = tuple(offer.message.text(lang) for offer in offers[:MOST_NAMED])
    return UnusableOffers(len(offers), tuple(kinds), named, len(offers) - len(named))
