"""Is there a way by water that refutes what is said of a shipment on the road?

A reason names one way; that no other is cheaper, quicker or there at all is more than its own figures show. So all ways
with one voyage are tried: a vessel of the fleet between quays near both doors and trucks, and at one of the two a
river-sea ship or a train; and where there is none, all with a change between two vessels. One that takes the shipment
in time, for less than the reason's own figure, refutes it. Which changes a plan looks at beside ways with one voyage
depends on what these cost: then that no change is better is the planner's word.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from optimizer.errors import Message
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.water_options import LATE_H, Chain, Price, Sailing, Step, WaterPrices
from optimizer.planning.check.workings import Workings
from optimizer.planning.plan import Reason
from optimizer.planning.shipment import Shipment

OFFERS_ONLY = ("no_offer", "sailing_full")
"""Why a shipment may stay on the road where the fleet was not to sail."""
NO_WAY = ("no_vessel_for_cargo", "no_terminal_near", "no_waterway")
MONEY = ("water_dearer", "return_cargo_missing", "too_little_cargo", "vessels_taken", "terminals_taken")
HOURS, TONNES, YUAN_PER_T = 1e-3, 1e-3, 1e-6

Doors = tuple[str, str, str]


class OtherWays:
    """The plain ways of each pair of doors and cargo of a plan, kept."""

    def __init__(self, work: Workings) -> None:
        self.work = work
        self.kept: dict[Doors, list[Way]] = {}

    def ways(self, prices: WaterPrices) -> list[Way]:
        """The ways of a shipment, what they have in common with those of others between the same doors."""
        shipment = prices.shipment
        doors = (shipment.origin, shipment.destination, shipment.cargo_code)
        if doors not in self.kept:
            worthless = WaterPrices(self.work, replace(shipment, cargo_value_yuan_per_t=0.0))
            chains = prices.through_chains() or prices.relayed_chains()
            self.kept[doors] = [_way(worthless, chain) for chain in chains]
        return self.kept[doors]


@dataclass(frozen=True, slots=True)
class Way:
    """A way by water. ``room_t``: what its smallest vessel takes at its deepest, at least; ``price``: of cargo with no
    value, the dearest where it is not known how much a vessel loads at best (None: it never sails); ``handlings`` of
    the cargo, each of which loses some of its value; ``voyage_h`` and ``hours``, without waiting for a service."""

    chain: Chain
    room_t: float
    price: Price | None
    handlings: int
    voyage_h: float
    hours: float


def _way(worthless: WaterPrices, chain: Chain) -> Way:
    each = worthless.prices(chain, math.inf)
    sailings = [step for step in chain if isinstance(step, Sailing)]
    works = [work for sailing in sailings for work in (sailing.load, sailing.discharge)]
    lossy = sum(step.lossy for step in (*chain, *works) if isinstance(step, Step))
    dearest = max(each, key=lambda price: price.round_trip, default=None)
    hours = sum(step.hours for step in chain)
    return Way(chain, worthless.least_room_t(chain), dearest, lossy, sum(sailing.hours for sailing in sailings), hours)


def check_other_ways(ways: OtherWays, found: Findings, where: str, reason: Reason, shipment: Shipment) -> None:
    """No plain way by water refutes why a shipment is on the road; without own voyages it is offers that are lacking,
    and with them never."""
    sails = ways.work.plan.settings.get("own_voyages") is not False
    if sails == (reason.code == "no_offer") or (not sails and reason.code not in OFFERS_ONLY):
        found.add("reason", where, "one of own voyages" if sails else OFFERS_ONLY, reason.code)
    if not sails or reason.code not in (*NO_WAY, *MONEY, "closed_or_shallow", "too_slow", "whole_too_large"):
        return
    prices = WaterPrices(ways.work, shipment)
    each = ways.ways(prices)
    lack = lack_of_way(prices, bool(each))
    lacks_vessels = lack == "no_vessel_for_cargo"
    if reason.code != lack and (reason.code in NO_WAY or lacks_vessels):
        found.add("reason", where, lack or "a way by water", reason.code)
        return
    whole_t, largest_t = shipment.mass_kg / 1000, max((way.room_t for way in each), default=0.0)
    wide = [way for way in each if way.room_t > 0 and (shipment.splittable or way.room_t >= whole_t)]
    if reason.code == "whole_too_large" and largest_t > whole_t - reason.short + TONNES:
        found.add("reason", where, f"a vessel takes {largest_t:g} t", whole_t - reason.short)
    if reason.code == "closed_or_shallow" and _in_time(prices, wide, math.inf):
        found.add("reason", where, "not: a sailing is open", reason.code)
    latest_h = (shipment.due_at - ways.work.epoch) / timedelta(hours=1) + LATE_H
    if reason.code == "too_slow" and _in_time(prices, wide, latest_h + reason.short - 2 * HOURS):
        found.add("reason", where, "not: a vessel is quicker", reason.code)
    if reason.code in MONEY:
        better = _in_time(prices, _better(prices, reason, wide), latest_h - HOURS)
        if better is not None:
            vessels = " + ".join(step.vessel.vessel_class for step in better.chain if isinstance(step, Sailing))
            found.add("reason", where, f"not: {vessels} is better", reason.code)


def _in_time(prices: WaterPrices, ways: Iterable[Way], latest_h: float) -> Way | None:
    """The first way that can be at the door by an hour of the plan; None where there is none."""
    ready_h = (prices.shipment.ready_at - prices.work.epoch) / timedelta(hours=1)
    for way in ways:
        hour = prices.earliest_h(way.chain, 0) if ready_h + way.hours <= latest_h else None
        if hour is not None and hour <= latest_h:
            return way
    return None


def _better(prices: WaterPrices, reason: Reason, ways: Iterable[Way]) -> Iterator[Way]:
    """Ways that are cheaper one way, on a round trip, or pay with less cargo, than a reason says of its own."""
    road = prices.road_yuan_per_t()
    if road is None:
        return
    off, mass_t = YUAN_PER_T + 2 * prices.second_yuan, prices.shipment.mass_kg / 1000
    for way in ways:
        base = way.price
        if base is None:
            continue
        more = way.handlings * prices.loss_yuan + way.voyage_h * prices.hour_yuan
        tonne = base.tonne + more
        least_t = base.trips / (road - tonne) if road > tonne else math.inf
        price = Price(base.one_way + more, base.round_trip + more, least_t, tonne, base.trips)
        if _refuted(reason, price, road, mass_t, off):
            yield way


def lack_of_way(prices: WaterPrices, has_way: bool) -> str:
    """Which of :data:`NO_WAY` the tables say of a shipment that has no way by water; empty where it has one."""
    network, group, shipment = prices.network, prices.group, prices.shipment
    classes = [network.vessel_classes[entry.vessel_class] for entry in network.fleet]
    if not any(vessel.waters == "inland" and group in vessel.cargo_groups for vessel in classes):
        return "no_vessel_for_cargo"
    if not all(prices.quays(door) for door in (shipment.origin, shipment.destination)):
        return "no_terminal_near"
    return "" if has_way else "no_waterway"


def goods(work: Workings, shipment: Shipment) -> Message:
    """The first cargo of a shipment's group, by which sentences name the group."""
    group = work.group(shipment)
    cargo = next(cargo for cargo in work.network.cargo.values() if cargo.cargo_group == group)
    return Message(cargo.name_zh, cargo.name_en.lower())


def _refuted(reason: Reason, price: Price, road: float, mass_t: float, off: float) -> bool:
    if reason.code == "water_dearer":
        return price.one_way < road + reason.short - off
    if price.one_way >= road - off:
        return False
    if reason.code == "return_cargo_missing":
        return price.round_trip < road + reason.short - off
    if reason.code == "too_little_cargo":
        slack = TONNES + price.least_t * off / max(off, road - price.tonne)
        return price.round_trip < road - off and price.least_t < mass_t + reason.short - slack
    return False
