"""Carriers' sailings that a plan cannot take, counted by reason and named one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from optimizer.errors import Lang
from optimizer.planning.layout.unusable import CODES
from optimizer.planning.plan import Plan
from webapp.language import text

MOST_NAMED = 200
"""Sentences on the page; the plan document has them all."""


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
