"""Are the limits that a plan names, and the carriers' sailings that it says nobody can use, there and as it says?"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from optimizer.errors import Message
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.words import Figures, check_words, day_figures, figures_of
from optimizer.planning.check.workings import Workings
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Binding, UnusableOffer

ISO_DAY, BEYOND_D = len("2026-10-08"), 40
"""A limit may bind in the relaxation days after what the plan does last."""
UNITS = {
    "lock": ("vessel", "lockage a day"),
    "terminal": ("t", "t a day"),
    "fleet": ("vessel", "vessel"),
    "offer": ("t", "t"),
    "water_level": ("0.1 m", "0.1 m"),
}
"""One more of what: on a day, and over the whole plan."""
NOT_REFUTED = ("outside_horizon", "no_cargo", "dearer")
"""Why a sailing cannot be used whose closures, depth and least load do not stand in its way."""


def check_bindings(work: Workings, found: Findings) -> None:
    """Each limit is one of the network's or a full sailing of the plan, named once, the most valuable first; its worth
    is not negative, and what it may save at most not below that."""
    entries = work.plan.binding
    for key, times in Counter((entry.kind, entry.item_id, entry.day) for entry in entries).items():
        if times > 1:
            found.add("binding", "binding/" + "/".join(key), 1, times)
    values = [entry.value_yuan for entry in entries]
    if values != sorted(values, reverse=True):
        found.add("binding", "binding", "the most valuable first", values)
    for number, entry in enumerate(entries):
        where = f"binding/{number}"
        if not is_limit(work, entry):
            found.add("binding", where, "a limit of the network", (entry.kind, entry.item_id, entry.day))
        if entry.day and not _is_day(work, entry.day):
            found.add("binding", f"{where}/day", "a day of the plan", entry.day)
        if (entry.day == "") != (entry.kind == "water_level") and entry.kind in ("fleet", "offer", "water_level"):
            found.add("binding", f"{where}/day", "none" if entry.day else "a day", entry.day)
        found.same("binding", f"{where}/unit", UNITS[entry.kind][not entry.day], entry.unit)
        told = (entry.value_yuan, entry.saving_yuan or 0.0, (entry.at_most_yuan or entry.value_yuan) - entry.value_yuan)
        if min(told) < 0 or (entry.saving_yuan is not None and entry.at_most_yuan is not None):
            found.add("binding", where, "values >= 0", told)


def _is_day(work: Workings, day: str) -> bool:
    """Whether a day is one on which something of the plan may happen."""
    try:
        moment = date.fromisoformat(day)
    except ValueError:
        return False
    last = max([work.on, *(voyage.free_at.date() for voyage in work.plan.voyages)])
    last = max([last, *(leg.leg.arrives_at.date() for leg in work.all_legs)])
    return len(day) == ISO_DAY and work.on <= moment <= last + timedelta(days=BEYOND_D)


def is_limit(work: Workings, entry: Binding) -> bool:
    """Whether a limit is one of the network's, or a full sailing of the plan on its day."""
    network, item = work.network, entry.item_id
    if entry.kind == "lock":
        return item in network.locks
    if entry.kind == "terminal":
        return tuple(item.split("/", 1)) in network.terminals
    if entry.kind == "water_level":
        return set(item.split(", ")) <= network.links.keys()
    if entry.kind == "fleet":
        kinds = {f"{row.vessel_class}/{row.market}/" for row in network.fleet}
        return any(item.startswith(kind) and item[len(kind) :] in network.locations for kind in kinds)
    voyage = work.voyage_by_id.get(item)
    full = voyage is not None and voyage.offer is not None and voyage.load_kg >= voyage.capacity_kg
    return full and voyage is not None and entry.day == f"{voyage.departs_at:%Y-%m-%d}"


def check_unusable(work: Workings, found: Findings) -> None:
    """A sailing that nobody can use was offered, by that carrier, is named once and not in the plan; what the tables
    say of its closures, depth and least load is so."""
    for sailing_id, times in Counter(item.sailing_id for item in work.plan.unusable_offers).items():
        if times > 1 or sailing_id in work.voyage_by_id:
            found.add("offer_unusable", f"unusable_offers/{sailing_id}", "named once, not sailed", times)
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
        names = [Message(name, name) for name in (offer.carrier_id, offer.sailing_id)]
        check_words(found, "offer_unusable", where, item.message, names, _told(work, offer, item))


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
