"""Are the carriers' sailings that a plan says nobody can use such, and does it name all that it must?

Closures, depth, least load and the hours of terminals are recomputed from the tables. That no shipment fits a sailing,
or none costs less than the road, is refuted by a way by truck or none at both ends that does; and where no way at all
fits, or is cheaper, the sailing must be named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from optimizer.errors import Message
from optimizer.planning.check.offer_uses import CLOCK_H, OfferUses, allowed_load_kg, quays_open
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.words import Figures, check_words, day_figures, figures_of
from optimizer.planning.check.workings import Workings
from optimizer.planning.offer import Offer
from optimizer.planning.plan import UnusableOffer

NOT_REFUTED = ("outside_horizon", "no_cargo", "dearer")
"""Why a sailing cannot be used whose closures, depth and least load do not stand in its way."""
WORDS: Mapping[str, Message] = {
    "closed": Message("停航", "closed when it passes"),
    "terminal_closed": Message("码头当时关闭", "shut at the time"),
    "shallow": Message("水深不足以载货", "load nothing"),
    "below_least": Message("最低载量", "least load"),
    "outside_horizon": Message("不在计划期内", "outside the time of the plan"),
    "no_cargo": Message("没有一票货", "no shipment fits it"),
    "dearer": Message("不比走公路便宜", "costs less than by its road"),
}
"""What the sentence of a code says, whatever else it does."""


def check_unusable(work: Workings, found: Findings) -> None:
    """A sailing that nobody can use was offered, by that carrier, is named once and not in the plan, and cannot be used
    for the reason that is given; each that cannot is named."""
    for sailing_id, times in Counter(item.sailing_id for item in work.plan.unusable_offers).items():
        if times > 1 or sailing_id in work.voyage_by_id:
            found.add("offer_unusable", f"unusable_offers/{sailing_id}", "named once, not sailed", times)
    uses = OfferUses(work)
    _check_all_named(uses, found)
    for item in work.plan.unusable_offers:
        where, offer = f"unusable_offers/{item.sailing_id}", work.offer_by_id.get(item.sailing_id)
        if offer is None:
            found.add("offer_unknown", where, "a sailing of the file of offers", item.sailing_id)
            continue
        found.same("offer_unusable", where, offer.carrier_id, item.carrier_id)
        obstacle = _obstacle(work, offer)
        if item.code not in ([obstacle] if obstacle else NOT_REFUTED):
            found.add("offer_unusable", where, obstacle or NOT_REFUTED, item.code)
            continue
        if not obstacle and (refuted := _refuted(uses, offer, item.code)):
            found.add("offer_unusable", where, refuted, item.code)
        names = [WORDS[item.code], *(Message(name, name) for name in (offer.carrier_id, offer.sailing_id))]
        check_words(found, "offer_unusable", where, item.message, names, _told(work, offer, item))


def _refuted(uses: OfferUses, offer: Offer, code: str) -> str:
    """What is so instead of a reason why nobody uses a sailing; empty where the tables do not refute it."""
    if code == "outside_horizon":
        return "not: it loads in the time of the plan" if uses.loads_inside(offer) else ""
    ways = list(uses.uses(offer))
    sure = [use for use in ways if use.plain and use.spare_h > CLOCK_H]
    if code == "no_cargo":
        return "not: a shipment fits it" if sure else ""
    if not ways:
        return "no_cargo"
    # A tonne that is dearer than its road may still bring a sailing to its least load.
    wanted = [use for use in sure if use.surely_cheaper or offer.least_kg > 0]
    return "not: a shipment is carried for less" if wanted else ""


def _check_all_named(uses: OfferUses, found: Findings) -> None:
    """A sailing that the tables rule out, or that no shipment can use, is named, unless nothing was left to plan."""
    work = uses.work
    named = {item.sailing_id for item in work.plan.unusable_offers}
    for sailing_id, offer in work.offer_by_id.items() if uses.to_plan else ():
        if sailing_id in named or sailing_id in work.voyage_by_id:
            continue
        lacks = _obstacle(work, offer) or _useless(uses, offer)
        if lacks:
            found.add("offer_unusable", f"unusable_offers/{sailing_id}", lacks, "not named")


def _useless(uses: OfferUses, offer: Offer) -> str:
    """Whether no shipment fits a sailing or, where cost is all that counts, none is cheaper than by its road."""
    if uses.work.ways.course(offer.origin, offer.destination, offer.vessel_class) is None:
        return ""
    clean = uses.work.setting("co2e_cap_t") is not None
    code = "no_cargo"
    for use in uses.uses(offer):
        if clean or offer.least_kg > 0 or use.may_be_cheaper:
            return ""
        code = "dearer"
    return code


def _told(work: Workings, offer: Offer, item: UnusableOffer) -> list[Figures]:
    """The figures with which it may be said why a sailing is not used."""
    at = offer.departs_at
    if item.code == "outside_horizon":
        return [(*day_figures(f"{at:%Y-%m-%d}"), at.hour, at.minute)]
    if item.code == "below_least":
        return [(allowed_load_kg(work, offer) / 1000, offer.least_kg / 1000)]
    # Which closure it meets, and why that is, may hold figures of its own.
    return [(), figures_of(item.message.zh, offer.carrier_id, offer.sailing_id)] if item.code == "closed" else [()]


def _obstacle(work: Workings, offer: Offer) -> str:
    """Which of closures, depth and least load keeps a sailing from being used; empty where none does."""
    course = work.ways.course(offer.origin, offer.destination, offer.vessel_class)
    if course is None:
        return ""
    if work.ways.closures(course, offer.departs_at):
        return "closed"
    allowed_kg = allowed_load_kg(work, offer)
    if allowed_kg <= 0:
        return "shallow"
    if allowed_kg < offer.least_kg:
        return "below_least"
    return "" if any(quays_open(work, offer, group) for group in offer.cargo_groups) else "terminal_closed"
