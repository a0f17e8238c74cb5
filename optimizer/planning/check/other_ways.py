"""Is there a way by water that refutes what is said of a shipment on the road?

A reason names one way; that no other is cheaper, quicker or there at all is more than its own figures show. So the
plainest ways are tried too: one vessel of the fleet between terminals near both doors, and trucks. One that takes the
shipment in time, for less than the reason's own figure, refutes it. Ways by train, by river-sea ship and with a change
of ship are not tried: they may be better still, and then the reason is the planner's word.
"""

from __future__ import annotations

from datetime import timedelta

from optimizer.errors import Message
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.water_options import LATE_H, Chain, Price, WaterPrices
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
        self.kept: dict[Doors, list[Chain]] = {}

    def chains(self, prices: WaterPrices) -> list[Chain]:
        """The plain ways of a shipment."""
        shipment = prices.shipment
        doors = (shipment.origin, shipment.destination, shipment.cargo_code)
        if doors not in self.kept:
            self.kept[doors] = prices.plain_chains()
        return self.kept[doors]


def check_other_ways(ways: OtherWays, found: Findings, where: str, reason: Reason, shipment: Shipment) -> None:
    """No plain way by water refutes why a shipment is on the road; without own voyages it is offers that are lacking,
    and with them never."""
    sails = ways.work.plan.settings.get("own_voyages") is not False
    if sails == (reason.code == "no_offer") or (not sails and reason.code not in OFFERS_ONLY):
        found.add("reason", where, "one of own voyages" if sails else OFFERS_ONLY, reason.code)
    if not sails or reason.code not in (*NO_WAY, *MONEY, "closed_or_shallow", "too_slow", "whole_too_large"):
        return
    prices = WaterPrices(ways.work, shipment)
    chains = ways.chains(prices)
    lack = lack_of_way(prices, chains)
    lacks_vessels = lack == "no_vessel_for_cargo"
    if reason.code != lack and (reason.code in NO_WAY or lacks_vessels):
        found.add("reason", where, lack or "a way by water", reason.code)
        return
    whole_t, rooms = shipment.mass_kg / 1000, [(prices.least_room_t(chain), chain) for chain in chains]
    wide = [chain for room_t, chain in rooms if room_t > 0 and (shipment.splittable or room_t >= whole_t)]
    largest_t = max((room_t for room_t, _ in rooms), default=0.0)
    if reason.code == "whole_too_large" and largest_t > whole_t - reason.short + TONNES:
        found.add("reason", where, f"a vessel takes {largest_t:g} t", whole_t - reason.short)
    in_time = [(hour, chain) for chain in wide if (hour := prices.earliest_h(chain, 0)) is not None]
    if reason.code == "closed_or_shallow" and in_time:
        found.add("reason", where, "not: a sailing is open", reason.code)
    latest = (shipment.due_at - ways.work.epoch) / timedelta(hours=1) + LATE_H
    if reason.code == "too_slow" and any(hour < latest + reason.short - HOURS for hour, _ in in_time):
        found.add("reason", where, "not: a vessel is quicker", reason.code)
    if reason.code in MONEY:
        _check_money(prices, found, where, reason, [chain for hour, chain in in_time if hour <= latest - HOURS])


def lack_of_way(prices: WaterPrices, chains: list[Chain]) -> str:
    """Which of :data:`NO_WAY` the tables say of a shipment that has these plain ways; empty where it has some."""
    network, group, shipment = prices.network, prices.group, prices.shipment
    classes = [network.vessel_classes[entry.vessel_class] for entry in network.fleet]
    if not any(vessel.waters == "inland" and group in vessel.cargo_groups for vessel in classes):
        return "no_vessel_for_cargo"
    if not all(prices.quays(door) for door in (shipment.origin, shipment.destination)):
        return "no_terminal_near"
    return "" if chains else "no_waterway"


def goods(work: Workings, shipment: Shipment) -> Message:
    """The first cargo of a shipment's group, by which sentences name the group."""
    group = work.group(shipment)
    cargo = next(cargo for cargo in work.network.cargo.values() if cargo.cargo_group == group)
    return Message(cargo.name_zh, cargo.name_en.lower())


def _check_money(prices: WaterPrices, found: Findings, where: str, reason: Reason, chains: list[Chain]) -> None:
    """No plain way is cheaper one way, on a round trip, or pays with less cargo, than the reason says of its own."""
    road = prices.road_yuan_per_t()
    if road is None:
        return
    off, mass_t = YUAN_PER_T + 2 * prices.second_yuan, prices.shipment.mass_kg / 1000
    for chain in chains:
        # Where it is not known how much the vessel loads at best, the dearest price is.
        each = prices.prices(chain, road)
        if each and _refuted(reason, max(each, key=lambda price: price.round_trip), road, mass_t, off):
            vessel = " ".join(step.vessel.vessel_class for step in chain if hasattr(step, "vessel"))
            found.add("reason", where, f"not: {vessel} is better", reason.code)
            return


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
