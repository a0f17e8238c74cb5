"""Why a shipment stays on the road, or behind: sentences with figures for the person who asks.

The order of the questions is the order in which a dispatcher would ask them: is there a way by water at all, can it
arrive in time, is it cheaper even in a full vessel, and if so, what was taken. Prices are everything the plan weighs,
per tonne: money, carbon at its price, time and lateness.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

from optimizer.errors import Message
from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.planning.layout.waterway import WaterRoute, WaterWays
from optimizer.planning.plan import Reason
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import MAX_LATE_H, PlanSettings
from optimizer.quantities import KG_PER_T

SAME_T = 1e-9
CROWDED_YUAN_PER_T = 1.0
"""From this price of a tonne's handling on, terminals count as what was taken."""


def _no_offer() -> Reason:
    """Without own voyages it is the carriers' offers that are lacking, not a waterway."""
    return Reason(
        "没有承运人的航次既赶得上、装得下，又比公路划算。",
        "No carrier's sailing on offer is in time, has room and is cheaper than the road.",
        "no_offer",
        lacks="way",
    )


class Reasons:
    """Answers for the shipments of one plan, from its columns and the row prices of its relaxation."""

    def __init__(
        self, space: TimeSpace, plan: PlanProgram, book: RouteBook, settings: PlanSettings, prices: Floats
    ) -> None:
        self.space, self.book, self.network = space, book, book.network
        self.water = WaterWays(
            space, book, settings.carbon_price_yuan_per_t / KG_PER_T, own_voyages=settings.own_voyages
        )
        self.own_voyages = settings.own_voyages
        self.own_yuan = plan.program.cost[: plan.cargo_count]
        self.terminal_yuan = _paid(plan, "terminal", prices)
        # Route -1 (left behind) reads the last entry.
        self.is_road = np.array([*(route.kind == "road" for route in space.routes), False])
        self.order = np.argsort(space.columns.shipment, kind="stable")
        self.starts = np.searchsorted(space.columns.shipment[self.order], np.arange(len(space.shipments) + 1))

    def routes(self, k: int) -> tuple[Route, ...]:
        """All routes of a shipment."""
        shipment = self.space.shipments[k]
        return self.book.routes(shipment.origin, shipment.destination, shipment.cargo_code)

    def road(self, k: int) -> Route | None:
        """The road route of a shipment, its baseline."""
        return next((route for route in self.routes(k) if route.kind == "road"), None)

    def rejected(self, k: int) -> Reason:
        """Why a shipment is left behind."""
        shipment, places = self.space.shipments[k], self.network.locations
        services = [route for route in self.routes(k) if self.own_voyages or route.planned_at is None]
        if not services and not self.water.routes(k):
            cut_off = [places[end] for end in (shipment.origin, shipment.destination) if not places[end].road_access]
            zh = "、".join(place.name_zh for place in cut_off)
            en = " and ".join(place.name_en for place in cut_off)
            lack = self.water.missing(k) if self.own_voyages else _no_offer()
            return Reason(
                f"{zh}没有公路可达；{lack.zh}", f"No road reaches {en}. {lack.en}", "no_road_no_water", lacks="way"
            )
        narrow = self._narrowest_terminal(k)
        if narrow is None:
            return Reason(
                "没有公路可走，计划期内的船舶、船闸与码头也安排不下；请放宽时限。",
                "There is no road, and vessels, locks and terminals have no room in its time; allow more time.",
                "no_road_no_room",
                lacks="room",
                short=self._mass_t(k),
                unit="t",
            )
        mass_t, place = self._mass_t(k), places[narrow[0]]
        return Reason(
            f"没有公路可走，而{place.name_zh}每天只能装卸 {narrow[1]:,.0f} 吨，{mass_t:,.0f} 吨安排不下；"
            f"请改期或拆成几票。",
            f"There is no road, and {place.name_en} handles {narrow[1]:,.0f} t a day, with no room for"
            f" {mass_t:,.0f} t; choose other days or smaller shipments.",
            "no_road_terminal_full",
            lacks="room",
            short=mass_t,
            unit="t",
        )

    def left(self, k: int, left_kg: int) -> Reason:
        """Why part of a shipment is left behind."""
        left_t, mass_t = left_kg / KG_PER_T, self._mass_t(k)
        room, left = f"{mass_t - left_t:,.1f}", f"{left_t:,.1f}"
        return Reason(
            f"没有公路可走，时限内的船舶、船闸与码头只容得下 {room} 吨，其余 {left} 吨留下；请放宽时限。",
            f"There is no road, and vessels, locks and terminals have room for {room} t in its time; {left} t stay"
            " behind. Allow more time.",
            "no_road_partly",
            lacks="room",
            short=left_t,
            unit="t",
        )

    def on_road(self, k: int, *, had_to_leave: bool) -> Reason:
        """Why a carried shipment did not leave the road."""
        if had_to_leave:
            mass_t = self.space.shipments[k].mass_kg / KG_PER_T
            return Reason(
                f"所选航次剩余的舱位装不下整票 {mass_t:,.1f} 吨，改走公路。",
                f"No vessel of the sailing chosen had room for all {mass_t:,.1f} t at once, so it goes by road.",
                "sailing_full",
                lacks="room",
                short=mass_t,
                unit="t",
            )
        water = self.water.routes(k)
        if not water:
            return self.water.missing(k) if self.own_voyages else _no_offer()
        shipment = self.space.shipments[k]
        largest_t = max(item.most_t for item in water)
        if not shipment.splittable and self._mass_t(k) - SAME_T > largest_t > 0:
            return Reason(
                f"不可拆分的 {self._mass_t(k):,.1f} 吨装不进任何一艘船（水深允许时最大载 {largest_t:,.0f} 吨）。",
                f"The {self._mass_t(k):,.1f} t must stay whole and fit no vessel"
                f" (at most {largest_t:,.0f} t in the water there is).",
                "whole_too_large",
                lacks="room",
                short=self._mass_t(k) - largest_t,
                unit="t",
            )
        if not shipment.splittable:
            water = [item for item in water if item.most_t >= self._mass_t(k) - SAME_T]
        latest_h = self.space.grid.hour(shipment.due_at) + MAX_LATE_H
        arrivals = [(self.water.earliest_h(k, item), item) for item in water]
        sailing = [(hour, item) for hour, item in arrivals if hour is not None]
        in_time = [item for hour, item in sailing if hour <= latest_h]
        return self._dear_or_full(k, in_time) if in_time else self._late(k, sailing, latest_h)

    def _columns(self, k: int) -> Indices:
        return np.asarray(self.order[self.starts[k] : self.starts[k + 1]])

    def _mass_t(self, k: int) -> float:
        return self.space.shipments[k].mass_kg / KG_PER_T

    def _road_yuan_per_t(self, k: int) -> float:
        """What the road weighs in the plan, per tonne."""
        columns = self._columns(k)
        by_road = columns[self.is_road[self.space.columns.route[columns]]]
        return float(self.own_yuan[by_road].min(initial=np.inf)) / self._mass_t(k)

    def _dear_or_full(self, k: int, in_time: list[WaterRoute]) -> Reason:
        """Dearer than the road, worth it only with a cargo back or a fuller vessel, or something is taken."""
        road, mass_t = self._road_yuan_per_t(k), self._mass_t(k)
        prices = [(self.water.price(k, item, road), item) for item in in_time]
        # The cheapest round trip of those that pay at least one way, and where none does, the cheapest one way.
        paying = [pair for pair in prices if pair[0].one_way_yuan_per_t < road]
        if paying:
            price, cheapest = min(paying, key=lambda pair: pair[0].round_trip_yuan_per_t)
        else:
            price, cheapest = min(prices, key=lambda pair: pair[0].one_way_yuan_per_t)
        one_way, round_trip = price.one_way_yuan_per_t, price.round_trip_yuan_per_t
        voyage = self.water.named(cheapest)
        if one_way >= road:
            return Reason(
                f"水路较贵：{voyage.zh}即使满载且不计返空，每吨也要 {one_way:,.1f} 元；公路 {road:,.1f} 元。",
                f"Water is dearer: {voyage.en} costs {one_way:,.1f} yuan a tonne even in a full vessel without its"
                f" empty way back; the road costs {road:,.1f}.",
                "water_dearer",
                option(cheapest),
                "money",
                one_way - road,
                "yuan/t",
            )
        if round_trip >= road:
            return Reason(
                f"没有回程货就不划算：{voyage.zh}满载每吨 {one_way:,.1f} 元，加上返空 {round_trip:,.1f} 元；"
                f"公路 {road:,.1f} 元。",
                f"It pays only with a cargo for the way back: {voyage.en} costs {one_way:,.1f} yuan a tonne in a full"
                f" vessel, {round_trip:,.1f} with an empty way back; the road costs {road:,.1f}.",
                "return_cargo_missing",
                option(cheapest),
                "money",
                round_trip - road,
                "yuan/t",
            )
        whole = [(p.least_t, item) for p, item in paying if p.round_trip_yuan_per_t < road]
        least_t, smallest = min(whole, key=lambda pair: pair[0])
        if mass_t < least_t:
            voyage, least, mass = self.water.named(smallest), _tonnes(least_t, 0), _tonnes(mass_t, 1)
            return Reason(
                f"货量太少：{voyage.zh}往返一趟至少要装 {least} 吨才比公路便宜，本票 {mass} 吨，同期同向的货凑不够。",
                f"Too little cargo: {voyage.en} needs {least} t aboard to beat the road on a round trip;"
                f" this is {mass} t, and not enough other cargo goes that way at the time.",
                "too_little_cargo",
                option(smallest),
                "cargo",
                least_t - mass_t,
                "t",
            )
        return self._taken(k, cheapest, round_trip, road)

    def _taken(self, k: int, cheapest: WaterRoute, round_trip: float, road: float) -> Reason:
        """Water would pay; at the plan's own prices of vessels, lockages and terminals something else went first."""
        columns, voyage = self._columns(k), self.water.named(cheapest)
        aboard = columns[self.space.columns.family[columns] >= 0]
        crowded = len(aboard) > 0 and float(self.terminal_yuan[aboard].min()) / self._mass_t(k) >= CROWDED_YUAN_PER_T
        what = Message("码头作业能力", "terminals") if crowded else Message("船舶或过闸名额", "vessels or lockages")
        return Reason(
            f"水路本可更便宜（{voyage.zh}满载往返每吨 {round_trip:,.1f} 元，公路 {road:,.1f} 元），"
            f"但时限内的{what.zh}已先用于更合算的货。",
            f"Water would be cheaper ({voyage.en}: {round_trip:,.1f} yuan a tonne in a full vessel there and empty"
            f" back, the road {road:,.1f}), but the {what.en} in its time went to cargo that gains more.",
            "terminals_taken" if crowded else "vessels_taken",
            option(cheapest),
            "room",
            self._mass_t(k),
            "t",
        )

    def _narrowest_terminal(self, k: int) -> tuple[str, float] | None:
        """(place, t a day) of the terminal with the least handling on the shipment's ways by service."""
        shipment = self.space.shipments[k]
        group = self.network.cargo[shipment.cargo_code].cargo_group
        hubs = {
            leg.origin
            for route in self.routes(k)
            if route.planned_at is None
            for leg in route.legs
            if leg.role == "hub"
        }
        each = [(self.network.terminals[(place, group)].handling_t_per_day, place) for place in sorted(hubs)]
        return (min(each)[1], min(each)[0]) if each else None

    def _late(self, k: int, sailing: list[tuple[float, WaterRoute]], latest_h: float) -> Reason:
        """No route arrives in time, or none sails at all."""
        if not sailing:
            return Reason(
                "计划期内航道停航或水深不足，没有可开的航次。",
                "Closures or shallow water leave no sailing in the plan's time.",
                "closed_or_shallow",
                lacks="way",
            )
        hour, item = min(sailing, key=lambda pair: pair[0])
        at, voyage = self.space.grid.moment(hour), self.water.named(item)
        due_at = self.space.shipments[k].due_at
        return Reason(
            f"水路赶不上：{voyage.zh}最早 {_short(at)} 到门，比最迟可收时间晚 {hour - latest_h:,.0f} 小时"
            f"（应于 {_short(due_at)} 前送达，水路至多可晚 {MAX_LATE_H} 小时）。",
            f"Water is too slow: {voyage.en} is at the door on {_short(at)} at the earliest,"
            f" {hour - latest_h:,.0f} h after the latest time (due {_short(due_at)},"
            f" by water at most {MAX_LATE_H} h later).",
            "too_slow",
            option(item),
            "time",
            hour - latest_h,
            "h",
        )


def option(water: WaterRoute) -> str:
    """``B800 QJ-ZP``: a water option as a program names it; ``B500 QJ-TL + B1000 TL-ZP`` with a change of ship."""
    return " + ".join(f"{one.vessel_class} {one.origin}-{one.destination}" for one in water.families)


def _paid(plan: PlanProgram, kind: str, prices: Floats) -> Floats:
    """What each cargo column pays for the rows of a kind, yuan."""
    block = plan.block(kind)
    rows = slice(block.first, block.first + len(block.keys))
    return np.asarray(-(plan.program.matrix[rows].T @ prices[rows]))[: plan.cargo_count]


def _tonnes(tonnes: float, digits: int) -> str:
    """Tonnes with so many digits; those below ten to the kilogram, or little cargo would be none."""
    return f"{tonnes:,.{digits if tonnes >= 10 else 3}f}"


def _short(moment: datetime) -> str:
    return f"{moment:%m-%d %H:%M}"
