"""Are the figures in the reasons those of a way that there is?

What a reason is short of, and the figures of its sentence, are recomputed from the plan and the tables: prices, hours
and tonnes of the option that it names, by one of the ways that make its voyages. That no other way is cheaper or
quicker ``other_ways`` holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from optimizer.errors import Message
from optimizer.planning.check.other_ways import goods, lack_of_way
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.water_options import LATE_H, WaterPrices
from optimizer.planning.check.words import Figures, check_words, figures_of
from optimizer.planning.check.workings import Workings
from optimizer.planning.plan import PlannedShipment, Reason
from optimizer.planning.shipment import Shipment

YUAN_PER_T = 1e-6
"""Two ways of adding up the same prices."""
HOURS, TONNES = 1e-3, 1e-4
WORDS: Mapping[str, Message] = {
    "water_dearer": Message("水路较贵", "Water is dearer"),
    "return_cargo_missing": Message("没有回程货", "with a cargo for the way back"),
    "too_little_cargo": Message("货量太少", "Too little cargo"),
    "vessels_taken": Message("船舶或过闸名额", "vessels or lockages"),
    "terminals_taken": Message("码头作业能力", "terminals"),
    "sailing_full": Message("所选航次", "sailing chosen"),
    "whole_too_large": Message("不可拆分", "must stay whole"),
    "too_slow": Message("水路赶不上", "Water is too slow"),
    "no_terminal_near": Message("公里内没有", "No terminal within"),
    "no_offer": Message("没有承运人的航次", "No carrier's sailing"),
    "no_waterway": Message("没有船队可用船型", "No vessel class"),
    "no_vessel_for_cargo": Message("没有可装运", "No inland vessel"),
    "closed_or_shallow": Message("停航或水深不足", "Closures or shallow water"),
    "no_road_no_water": Message("没有公路可达", "No road reaches"),
    "no_road_no_room": Message("计划期内", "in its time"),
    "no_road_terminal_full": Message("每天只能装卸", "t a day"),
    "no_road_partly": Message("其余", "stay behind"),
    "after_horizon": Message("计划期之后", "after the horizon"),
}
"""What the sentence of a code says, whatever else it does."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a reason may be short of, by one way, within ``slack``, the figures of its sentence, and what it names."""

    short: float
    slack: float
    figures: Figures
    names: tuple[Message, ...] = ()

    def named_in(self, reason: Reason) -> bool:
        """Whether both languages have all its names."""
        return all(name.zh in reason.zh and name.en in reason.en for name in self.names)


def check_figures(
    work: Workings, found: Findings, where: str, reason: Reason, planned: PlannedShipment, shipment: Shipment
) -> None:
    """What the reason is short of and the figures of its sentence are those of a way that there is; the sentence names
    the vessels and places of the option. Reasons without figures say something."""
    choices = list(_choices(work, reason, planned, shipment))
    near = [said for said in choices if abs(said.short - reason.short) <= said.slack]
    if not near:
        wanted = sorted({round(said.short, 3) for said in choices})
        found.add("reason", f"{where}/short", wanted or "a way that makes these voyages", reason.short)
        return
    named = [said for said in near if said.named_in(reason)]
    if not named:
        found.add("reason", where, [name.en for said in near for name in said.names], reason.en)
        return
    slack, names = max(said.slack for said in named), [WORDS[reason.code], *_names(work, reason), *named[0].names]
    check_words(found, "reason", where, reason, names, [said.figures for said in named], slack)


def _choices(work: Workings, reason: Reason, planned: PlannedShipment, shipment: Shipment) -> Iterator[Said]:
    mass_t = shipment.mass_kg / 1000
    match reason.code:
        case "water_dearer" | "return_cargo_missing" | "too_little_cargo" | "vessels_taken" | "terminals_taken":
            yield from _priced(work, reason, shipment, mass_t)
        case "too_slow":
            yield from _late(work, reason, shipment)
        case "sailing_full":
            yield Said(mass_t, TONNES, (mass_t,))
        case "whole_too_large":
            yield Said(reason.short, 0.0, (mass_t, mass_t - reason.short))
        case "no_road_partly":
            left_t = planned.left_kg / 1000
            yield Said(left_t, TONNES, (mass_t - left_t, left_t))
        case "no_road_no_room":
            yield Said(mass_t, TONNES, ())
        case "no_road_terminal_full":
            for (place, group), terminal in work.network.terminals.items():
                if group == work.group(shipment) and _named_in(work, place, reason):
                    yield Said(mass_t, TONNES, (terminal.handling_t_per_day, mass_t))
        case "after_horizon":
            days = work.setting("horizon_days")
            yield Said(0.0, 0.0, (days,) if days is not None else ())
        case "no_terminal_near" | "no_vessel_for_cargo" | "no_waterway" | "no_offer":
            yield from _lacking(work, reason.code, shipment)
        case "no_road_no_water":
            yield from _cut_off(work, shipment)
        case _:
            # Not recomputed: both languages must agree.
            yield Said(0.0, 0.0, figures_of(reason.zh))


def _priced(work: Workings, reason: Reason, shipment: Shipment, mass_t: float) -> Iterator[Said]:
    prices = WaterPrices(work, shipment)
    road = prices.road_yuan_per_t()
    if road is None:
        yield Said(reason.short, 0.0, figures_of(reason.zh))
        return
    off = YUAN_PER_T + prices.second_yuan
    for chain in prices.chains(reason.option):
        for price in prices.prices(chain, road):
            one_way, round_trip, least_t = price.one_way, price.round_trip, price.least_t
            if reason.code == "water_dearer" and one_way > road - off:
                yield Said(one_way - road, off, (one_way, road))
            if reason.code == "return_cargo_missing" and one_way < road + off and round_trip > road - off:
                yield Said(round_trip - road, off, (one_way, round_trip, road))
            if reason.code == "too_little_cargo" and math.isfinite(least_t):
                slack = TONNES + least_t * off / (road - price.tonne)
                yield Said(least_t - mass_t, slack, (least_t, mass_t))
            if reason.code in ("vessels_taken", "terminals_taken") and round_trip < road + off:
                yield Said(mass_t, off, (round_trip, road))


def _late(work: Workings, reason: Reason, shipment: Shipment) -> Iterator[Said]:
    prices = WaterPrices(work, shipment)
    latest = shipment.due_at + timedelta(hours=LATE_H)
    for chain in prices.chains(reason.option):
        hour = prices.earliest_h(chain)
        if hour is not None:
            at = work.epoch + timedelta(seconds=round(hour * 3600))
            late_h = (at - latest) / timedelta(hours=1)
            yield Said(late_h, HOURS, (*_clock(at), late_h, *_clock(shipment.due_at), LATE_H))


def _far(work: Workings, shipment: Shipment) -> Iterator[Said]:
    """Ends of the shipment that have no terminal for its cargo in drayage distance, and how far the nearest one is."""
    limit_km, group = work.network.value("drayage_max_km"), work.group(shipment)
    for end in (shipment.origin, shipment.destination):
        ports = [place for place, handled in work.network.terminals if handled == group]
        ways = [work.ways.road(end, place) for place in ports if place != end]
        nearest_km = 0.0 if end in ports else min((way.distance_km for way in ways if way is not None), default=None)
        place = work.network.locations[end]
        named = (Message(place.name_zh, place.name_en), goods(work, shipment))
        if nearest_km is None:
            yield Said(0.0, 0.0, (limit_km,), named)
        elif nearest_km > limit_km:
            yield Said(0.0, 0.0, (limit_km, nearest_km), named)


def _lacking(work: Workings, code: str, shipment: Shipment) -> Iterator[Said]:
    """No way by water for want of what a code says."""
    if code == "no_terminal_near":
        yield from _far(work, shipment)
    elif code:
        yield Said(0.0, 0.0, (), (goods(work, shipment),) if code == "no_vessel_for_cargo" else ())


def _cut_off(work: Workings, shipment: Shipment) -> Iterator[Said]:
    """No road, and no way by water: the ends that no road reaches by name, and what is lacking in the words of that."""
    lack = "no_offer"
    if work.plan.settings.get("own_voyages") is not False:
        prices = WaterPrices(work, shipment)
        lack = lack_of_way(prices, bool(prices.through_chains() or prices.relayed_chains()))
    ends = [work.network.locations[end] for end in (shipment.origin, shipment.destination)]
    apart = [Message(end.name_zh, end.name_en) for end in ends if not end.road_access]
    for said in _lacking(work, lack, shipment):
        yield replace(said, names=(*apart, WORDS[lack], *said.names))


def _clock(moment: datetime) -> Figures:
    return moment.month, moment.day, moment.hour, moment.minute


def _named_in(work: Workings, place: str, reason: Reason) -> bool:
    return work.network.locations[place].name_zh in reason.zh and work.network.locations[place].name_en in reason.en


def _names(work: Workings, reason: Reason) -> list[Message]:
    """Vessels and places of the option, as people call them."""
    names = []
    for voyage in reason.option.split(" + ") if reason.option else ():
        code, _, ends = voyage.partition(" ")
        vessel = work.network.vessel_classes.get(code)
        names += [Message(vessel.name_zh, vessel.name_en)] if vessel is not None else []
        for place, letter in enumerate(ends):
            both = [work.network.locations.get(end) for end in (ends[:place], ends[place + 1 :])]
            if letter == "-" and None not in both:
                names += [Message(at.name_zh, at.name_en) for at in both if at is not None]
    return names
