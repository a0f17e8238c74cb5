"""Are the carriers' sailings that a plan says nobody can use such, and does it name all that it must?

Closures, depth, least load and the hours of terminals are recomputed from the tables. That no shipment fits a sailing
is held against the plain ways to it, by truck or none at both ends; that it is dearer than the road, or outside the
plan's time, is the planner's word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from optimizer.errors import Message
from optimizer.planning.check.berths import LONGEST_WAIT
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.water_options import LATE_H, WaterPrices
from optimizer.planning.check.words import Figures, check_words, day_figures, figures_of
from optimizer.planning.check.workings import CLOCK_S, Workings
from optimizer.planning.offer import Offer
from optimizer.planning.plan import UnusableOffer
from optimizer.planning.shipment import Shipment

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
CLOCK = timedelta(seconds=CLOCK_S)


def check_unusable(work: Workings, found: Findings) -> None:
    """A sailing that nobody can use was offered, by that carrier, is named once and not in the plan; what the tables
    say of its closures, depth and least load is so."""
    for sailing_id, times in Counter(item.sailing_id for item in work.plan.unusable_offers).items():
        if times > 1 or sailing_id in work.voyage_by_id:
            found.add("offer_unusable", f"unusable_offers/{sailing_id}", "named once, not sailed", times)
    _check_all_named(work, found)
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
        if item.code == "no_cargo" and any(_fits(work, offer, shipment) for shipment in _to_plan(work)):
            found.add("offer_unusable", where, "not: a shipment fits it", item.code)
        names = [WORDS[item.code], *(Message(name, name) for name in (offer.carrier_id, offer.sailing_id))]
        check_words(found, "offer_unusable", where, item.message, names, _told(work, offer, item))


def _check_all_named(work: Workings, found: Findings) -> None:
    """A sailing that the tables rule out is named, unless nothing was left to plan."""
    named = {item.sailing_id for item in work.plan.unusable_offers}
    if not _to_plan(work):
        return
    for sailing_id, offer in work.offer_by_id.items():
        if sailing_id not in named and sailing_id not in work.voyage_by_id and (obstacle := _obstacle(work, offer)):
            found.add("offer_unusable", f"unusable_offers/{sailing_id}", obstacle, "not named")


def _to_plan(work: Workings) -> list[Shipment]:
    """The shipments that were planned anew."""
    kept = work.plan.kept.shipments if work.plan.kept is not None else ()
    return [s for s in work.shipments if s.shipment_id not in kept and not work.after_horizon(s)]


def _fits(work: Workings, offer: Offer, shipment: Shipment) -> bool:
    """Whether a shipment can be brought to a sailing, and from it to the door in time, by truck or none at both ends,
    and is not too large for it."""
    prices, group = WaterPrices(work, shipment), work.group(shipment)
    vessel_t = work.network.vessel_classes[offer.vessel_class].capacity_t
    quays = [work.network.terminals.get((place, group)) for place in (offer.origin, offer.destination)]
    before = prices.truck_hours(shipment.origin, offer.origin)
    after = prices.truck_hours(shipment.destination, offer.destination)
    if group not in offer.cargo_groups or None in quays or before is None or after is None:
        return False
    if not _quays_open(work, offer, group):
        return False
    load, discharge = (timedelta(hours=work.hub_h(quay, vessel_t)) for quay in quays if quay is not None)
    waits = offer.departs_at - load - (shipment.ready_at + timedelta(hours=before))
    at_door = offer.arrives_at + discharge + timedelta(hours=after)
    in_time = CLOCK < waits < LONGEST_WAIT - CLOCK and at_door < shipment.due_at + timedelta(hours=LATE_H) - CLOCK
    return in_time and (shipment.splittable or shipment.mass_kg <= _allowed_kg(work, offer))


def _told(work: Workings, offer: Offer, item: UnusableOffer) -> list[Figures]:
    """The figures with which it may be said why a sailing is not used."""
    at = offer.departs_at
    if item.code == "outside_horizon":
        return [(*day_figures(f"{at:%Y-%m-%d}"), at.hour, at.minute)]
    if item.code == "below_least":
        return [(_allowed_kg(work, offer) / 1000, offer.least_kg / 1000)]
    # Which closure it meets, and why that is, may hold figures of its own.
    return [(), figures_of(item.message.zh, offer.carrier_id, offer.sailing_id)] if item.code == "closed" else [()]


def _allowed_kg(work: Workings, offer: Offer) -> int:
    course = work.ways.course(offer.origin, offer.destination, offer.vessel_class)
    if course is None:
        return 0
    vessel = work.network.vessel_classes[offer.vessel_class]
    return min(offer.capacity_kg, int(work.ways.capacity_t(course, vessel, offer.departs_at) * 1000 + 1e-6))


def _obstacle(work: Workings, offer: Offer) -> str:
    """Which of closures, depth and least load keeps a sailing from being used; empty where none does."""
    course = work.ways.course(offer.origin, offer.destination, offer.vessel_class)
    if course is None:
        return ""
    if work.ways.closures(course, offer.departs_at):
        return "closed"
    allowed_kg = _allowed_kg(work, offer)
    if allowed_kg <= 0:
        return "shallow"
    if allowed_kg < offer.least_kg:
        return "below_least"
    return "" if any(_quays_open(work, offer, group) for group in offer.cargo_groups) else "terminal_closed"


def _quays_open(work: Workings, offer: Offer, group: str) -> bool:
    vessel_t = work.network.vessel_classes[offer.vessel_class].capacity_t
    quays = [work.network.terminals.get((place, group)) for place in (offer.origin, offer.destination)]
    load_h, discharge_h = (timedelta(hours=work.hub_h(quay, vessel_t) if quay else 0.0) for quay in quays)
    return not (
        work.ways.terminal_closures(offer.origin, offer.departs_at - load_h, offer.departs_at)
        or work.ways.terminal_closures(offer.destination, offer.arrives_at, offer.arrives_at + discharge_h)
    )
