"""Can one more unit of a limit be worth what a plan says?

Row prices cannot be recomputed without the relaxation. But prices that prove a bound L where a limit is b prove
L + value x (b - b') where it is b': for no unit at all that is not above what it costs to send everything by road. So

    value <= (all by road - L) / b,      L = objective - (at_most - value) x days

and L is the same for all limits and not above the plan's bound; where no entry says it, it is at least 0. With one unit
more no plan costs less than L - value, so what planning again saves is at most value + objective - L.

Depth is no side of a row: it widens every ship that sails there, so a little more may save more than all ships save
now. There each tonne more is worth at most what the dearest tonne of the plan costs by road.
"""

from __future__ import annotations

import math

from optimizer.errors import Message
from optimizer.planning.check.binding_limits import is_limit
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.water_options import WaterPrices
from optimizer.planning.check.words import Figures, check_words, day_figures
from optimizer.planning.check.workings import Workings
from optimizer.planning.plan import Binding, Voyage

FEW_DAYS = 3
"""Up to so many days of one lock or terminal stand as entries of their own; more are summed up in one."""
MOST_DAYS = 800
MARKETS = {"own": (Message("自有船", "own"),), "spot": (Message("租用船", "hired"),)}
"""What a hull of a market is called."""
DEEPER_M = 0.1


def check_worth(work: Workings, found: Findings) -> None:
    """The bound behind the values is one and the same and not above the plan's; no value is above what all of the
    limit's users could lose, no saving above value and gap together."""
    slack, roads = work.slack_yuan, _roads(work)
    by_road_yuan = sum(yuan_per_t * mass_t for yuan_per_t, mass_t in roads)
    dearest_yuan_per_t = max((yuan_per_t for yuan_per_t, _ in roads), default=0.0)
    opens = {n: yuan for n, entry in enumerate(work.plan.binding) if (yuan := _open_yuan(entry)) is not None}
    least = work.plan.objective_yuan - work.plan.bound_yuan
    for number, yuan in opens.items():
        if abs(yuan - max(opens.values())) > slack or yuan < least - slack:
            found.add("binding", f"binding/{number}/at_most_yuan", max(least, *opens.values()), yuan)
    open_yuan = max(opens.values(), default=math.inf)
    proven_yuan = work.plan.objective_yuan - open_yuan if opens else 0.0
    for number, entry in enumerate(work.plan.binding):
        units = _units(work, entry)
        most_yuan = (by_road_yuan - proven_yuan + slack) / units if units > 0 else math.inf
        if entry.kind == "water_level":
            gap_yuan = work.plan.objective_yuan - work.plan.bound_yuan
            most_yuan = max(most_yuan, dearest_yuan_per_t * _more_t(work, entry) + gap_yuan + slack)
        if entry.value_yuan > most_yuan:
            found.add("binding", f"binding/{number}/value_yuan", f"<= {most_yuan}", entry.value_yuan)
        most_yuan = entry.value_yuan + open_yuan
        if entry.saving_yuan is not None and entry.saving_yuan > most_yuan + slack:
            found.add("binding", f"binding/{number}/saving_yuan", f"<= {most_yuan}", entry.saving_yuan)


def check_worth_told(work: Workings, found: Findings) -> None:
    """The sentence of a limit names it, its day, its worth and what planning again saves."""
    for number, entry in enumerate(work.plan.binding):
        if not is_limit(work, entry):
            continue
        names, choices = _names(work, entry), _figures(work, entry)
        if entry.saving_yuan is not None:
            choices = [(*figures, entry.saving_yuan) for figures in choices]
        check_words(found, "binding", f"binding/{number}", entry.message, names, choices)


def _open_yuan(entry: Binding) -> float | None:
    """How far the plan is above the bound that the values prove, by an entry; None where it does not say."""
    if entry.at_most_yuan is None:
        return None
    days = 1 if entry.day else next((d for d in range(FEW_DAYS + 1, MOST_DAYS) if f" {d} days" in entry.message.en), 1)
    return (entry.at_most_yuan - entry.value_yuan) * days


def _roads(work: Workings) -> list[tuple[float, float]]:
    """What each of the plan's shipments weighs by road, yuan a tonne, and its tonnes; one of inf where some have no
    truck from door to door, or a cap or kept voyages forbid it."""
    if work.setting("co2e_cap_t") is not None or work.plan.kept is not None:
        return [(math.inf, 1.0)]
    roads: list[tuple[float, float]] = []
    for _planned, shipment in work.known:
        if not work.after_horizon(shipment):
            road = WaterPrices(work, shipment).road_yuan_per_t()
            # An island's baseline needs terminals itself.
            if road is None or len(work.baseline_of[shipment.shipment_id]) > 1:
                return [(math.inf, 1.0)]
            roads.append((road, shipment.mass_kg / 1000))
    return roads


def _units(work: Workings, entry: Binding) -> float:
    """How many units of a limit there are; 0 where none is or nothing is known."""
    if entry.kind == "lock" and entry.item_id in work.network.locks:
        lock = work.network.locks[entry.item_id]
        unit = 1.0 if entry.day else lock.vessels_per_lockage * lock.planner_share
        return lock.vessels_per_day / unit if unit > 0 else 0.0
    if entry.kind == "terminal":
        place, _, group = entry.item_id.partition("/")
        terminal = work.network.terminals.get((place, group))
        return terminal.handling_t_per_day if terminal is not None else 0.0
    return 1.0


def _names(work: Workings, entry: Binding) -> list[Message]:
    """What the sentence of a limit calls it."""
    network, item = work.network, entry.item_id
    places: list[str] = []
    names: list[Message] = []
    if entry.kind == "lock" and item in network.locks:
        names = [Message(network.locks[item].name_zh, network.locks[item].name_en)]
    elif entry.kind == "terminal":
        place, _, group = item.partition("/")
        goods = [cargo for cargo in network.cargo.values() if cargo.cargo_group == group]
        places, names = [place], [Message(cargo.name_zh, cargo.name_en.lower()) for cargo in goods[:1]]
    elif entry.kind == "fleet":
        vessel_class, market, place = item.split("/", 2)
        vessel, places = network.vessel_classes[vessel_class], [place]
        names = [Message(vessel.name_zh, vessel.name_en), *MARKETS.get(market, ())]
    elif entry.kind == "offer" and (voyage := work.voyage_by_id.get(item)) is not None and voyage.offer is not None:
        names, places = (
            [Message(voyage.offer.carrier_id, voyage.offer.carrier_id), Message(item, item)],
            [
                voyage.origin,
                voyage.destination,
            ],
        )
    elif entry.kind == "water_level":
        links = [network.links[link] for link in item.split(", ") if link in network.links]
        places = sorted({end for link in links for end in (link.from_location, link.to_location)})
        # A waterway is named in Chinese only, and may hold a figure.
    return names + [
        Message(network.locations[place].name_zh, network.locations[place].name_en)
        for place in places
        if place in network.locations
    ]


def _figures(work: Workings, entry: Binding) -> list[Figures]:
    value = entry.value_yuan
    if entry.kind == "water_level":
        return [(DEEPER_M, float(count), value) for count in range(1, _shallow(work, entry) + 1)]
    if entry.day and entry.kind != "offer":
        return [(*day_figures(entry.day), value)]
    days = [float(count) for count in range(FEW_DAYS + 1, MOST_DAYS)]
    if entry.kind == "lock" and entry.item_id in work.network.locks:
        lock = work.network.locks[entry.item_id]
        return [(lock.vessels_per_lockage * lock.planner_share, value, count) for count in days]
    if entry.kind == "terminal":
        return [(value, count) for count in days]
    return [(value,)]


def _shallow(work: Workings, entry: Binding) -> int:
    """Loaded voyages of the fleet that pass these links with less than their vessel could carry."""
    return len(_kept_light(work, entry))


def _more_t(work: Workings, entry: Binding) -> float:
    """The most that these voyages could load more with so much more depth."""
    vessels = (work.network.vessel_classes[voyage.vessel_class] for voyage in _kept_light(work, entry))
    return sum(DEEPER_M * v.capacity_t / (v.draught_m - v.light_draught_m) for v in vessels)


def _kept_light(work: Workings, entry: Binding) -> list[Voyage]:
    links, found = set(entry.item_id.split(", ")), []
    for voyage in work.sailed:
        course, vessel = work.course(voyage), work.network.vessel_classes[voyage.vessel_class]
        passed = {stay.item_id for stay in course.links} if course is not None else set()
        if not voyage.empty and links <= passed and voyage.capacity_kg < vessel.capacity_t * 1000:
            found.append(voyage)
    return found
