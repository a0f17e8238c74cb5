"""Chains of two voyages, for one shipment: each pair of departure slots that might stand in the Pareto set.

A chain is first held against what is known: full vessels, no closure and no wait give it a floor in cost, CO2e and
arrival, and where another way by water is below that floor in all three, no departure of the chain can matter. What is
left is tried pair by pair: every slot of the first vessel with every later one of the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.network.model import Network
from optimizer.planning.quote.calendar import SailingCalendar
from optimizer.planning.quote.table import ROUNDING_KG, ROUNDING_YUAN, Floats, Indices, Request, run_steps, steps_of
from optimizer.planning.quote.timing import ServiceTimes
from optimizer.planning.quote.voyage import VoyagePrice, load_per_vessel_t, voyage_price
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import SLOT_H

WHOLE_MARGIN_T = 1.0
"""From this mass on a way is beaten only by more than rounding could hide; below, by that much a tonne."""


@dataclass(frozen=True, slots=True)
class ChainSailing:
    """One pair of departures of a chain: ``route`` numbers the table's routes, slots count from the request's midnight.
    Yuan and kg are of the whole shipment before rounding; ``arrives_s`` counts from that midnight."""

    route: int
    slots: tuple[int, int]
    capacity_t: tuple[float, float]
    cost_yuan: float
    wtw_kg: float
    arrives_s: int


@dataclass(frozen=True, slots=True)
class Known:
    """Ways by water that are known already, one entry each. ``margin``: the part of what rounding could hide that
    counts for the shipment; of a few kilograms nearly every way is as good as the next to the fen and the gram."""

    cost_yuan: Floats
    wtw_kg: Floats
    arrives_s: Indices
    margin: float = 1.0

    def beats(self, cost_yuan: Floats, wtw_kg: Floats, arrives_s: Floats) -> np.ndarray:
        """Which of these are beaten in everything, by more than rounding could hide."""
        cheaper = self.cost_yuan[:, None] + ROUNDING_YUAN * self.margin < cost_yuan
        cleaner = self.wtw_kg[:, None] + ROUNDING_KG * self.margin < wtw_kg
        return np.asarray((cheaper & cleaner & (self.arrives_s[:, None] <= arrives_s)).any(axis=0))

    def with_sailings(self, found: Sequence[ChainSailing]) -> Known:
        """These and some sailings of chains."""
        return Known(
            np.concatenate([self.cost_yuan, [s.cost_yuan for s in found]]),
            np.concatenate([self.wtw_kg, [s.wtw_kg for s in found]]),
            np.concatenate([self.arrives_s, np.array([s.arrives_s for s in found], dtype=np.int64)]),
            self.margin,
        )


class ChainTable:
    """The chains of two voyages between two doors for one cargo. ``routes`` must not be empty."""

    def __init__(
        self,
        book: RouteBook,
        times: ServiceTimes,
        routes: Sequence[Route],
        calendars: Sequence[tuple[SailingCalendar, SailingCalendar]],
        cargo_group: str,
    ) -> None:
        """``calendars``: those of both voyages of each route."""
        self.routes, self.times, self.calendars, self.group = tuple(routes), times, tuple(calendars), cargo_group
        self.network: Network = book.network
        self.load_factor = book.network.value("voyage_load_factor")
        self.prices: list[list[VoyagePrice]] = []
        largest_t: list[list[float]] = []
        for route in self.routes:
            self.prices.append([voyage_price(book, route.legs, at) for at in route.voyages])
            classes = [route.legs[at].vehicle_class for at in route.voyages]
            largest_t.append([book.network.vessel_classes[name].capacity_t for name in classes])
        self.sizes_t, self.size_of = np.unique(np.array(largest_t), return_inverse=True)
        self.fixed_yuan = np.array([[price.fixed_yuan for price in pair] for pair in self.prices])
        self.fixed_wtw_kg = np.array([[price.fixed_wtw_kg for price in pair] for pair in self.prices])
        self.load_yuan_per_t = np.array([sum(price.yuan_per_t for price in pair) for pair in self.prices])
        self.load_wtw_kg_per_t = np.array([sum(price.wtw_kg_per_t for price in pair) for pair in self.prices])
        self.berth_h = np.array([[c.load_h + c.voyage.hours + c.discharge_h for c in pair] for pair in self.calendars])
        self.yuan_per_t = np.array([route.yuan_per_t for route in self.routes])
        self.loss_rel = np.array([route.loss_rel for route in self.routes])
        self.wtw_kg_per_t = np.array([route.wtw_kg_per_t for route in self.routes])
        self.before = steps_of([route.legs[: route.voyages[0] - 1] for route in self.routes])
        self.after = steps_of([route.legs[route.voyages[1] + 2 :] for route in self.routes])

    def sailings(self, request: Request, known: Known) -> list[ChainSailing]:
        """Pairs of departures that ``known`` does not beat; none that arrives after the request's end."""
        known = replace(known, margin=min(1.0, request.mass_t / WHOLE_MARGIN_T))
        cost_yuan, wtw_kg, arrives_s = self._floors(request)
        open_to = (arrives_s <= request.until_h * 3600 + 0.5) & ~known.beats(cost_yuan, wtw_kg, arrives_s)
        found: list[ChainSailing] = []
        numbers = np.flatnonzero(open_to)
        for number in numbers[np.argsort(cost_yuan[numbers], kind="stable")].tolist():
            here = slice(number, number + 1)
            if known.beats(cost_yuan[here], wtw_kg[here], arrives_s[here])[0]:
                continue
            mine = self._pairs(number, request, known)
            known = known.with_sailings(mine)
            found += mine
        return found

    def _floors(self, request: Request) -> tuple[Floats, Floats, Floats]:
        """The least that each chain can cost and emit, and the earliest it can arrive (s)."""
        loads = [load_per_vessel_t(request.mass_t, float(size), self.load_factor) for size in self.sizes_t]
        load_t = np.array(loads)[self.size_of].reshape(self.fixed_yuan.shape)
        per_t = self.yuan_per_t + self.loss_rel * request.value_yuan_per_t + self.load_yuan_per_t
        per_t += (self.fixed_yuan / load_t).sum(axis=1)
        wtw_per_t = self.wtw_kg_per_t + self.load_wtw_kg_per_t + (self.fixed_wtw_kg / load_t).sum(axis=1)
        hour = run_steps(self.before, np.full(len(self.routes), request.ready_h))
        for leg in (0, 1):
            hour = np.ceil((hour - 1e-9) / SLOT_H) * SLOT_H + self.berth_h[:, leg]
        door_h = run_steps(self.after, hour)
        return per_t * request.mass_t, wtw_per_t * request.mass_t, np.rint(door_h * 3600)

    def _pairs(self, number: int, request: Request, known: Known) -> list[ChainSailing]:
        route, calendars = self.routes[number], self.calendars[number]
        at = route.voyages
        yard_h = self.times.run(route.legs[: at[0] - 1], request.ready_h, request.slot_zero)[-1][1]
        if not np.isfinite(yard_h):
            return []
        begin = int(np.ceil((yard_h - 1e-9) / SLOT_H))
        slots = np.arange(begin, int(request.until_h // SLOT_H) + 1)
        capacity_t = [_capacities(calendar, slots, request) for calendar in calendars]
        ashore_h = slots * float(SLOT_H) + self.berth_h[number, 0]
        door_h = self._doors_h(route, slots * float(SLOT_H) + self.berth_h[number, 1], request)
        one, two = np.nonzero(
            (capacity_t[0] > 0)[:, None]
            & (capacity_t[1] > 0)[None, :]
            & (slots[None, :] * float(SLOT_H) >= ashore_h[:, None] - 1e-9)
            & (np.rint(door_h * 3600) <= request.until_h * 3600 + 0.5)[None, :]
        )
        arrives_s = np.rint(door_h[two] * 3600).astype(np.int64)
        per_t = np.full(len(one), self.yuan_per_t[number] + self.loss_rel[number] * request.value_yuan_per_t)
        wtw_per_t = np.full(len(one), self.wtw_kg_per_t[number])
        waits_h = (slots[one] * float(SLOT_H) - yard_h, slots[two] * float(SLOT_H) - ashore_h[one])
        for leg, place in enumerate((one, two)):
            price, load_t = self.prices[number][leg], self._loads(request, capacity_t[leg])[place]
            terminal = self.network.terminals[(route.legs[at[leg]].origin, self.group)]
            stored_d = np.maximum(0.0, waits_h[leg] / 24 - terminal.storage_free_days)
            per_t += price.fixed_yuan / load_t + price.yuan_per_t + stored_d * terminal.storage_yuan_per_t_day
            wtw_per_t += price.fixed_wtw_kg / load_t + price.wtw_kg_per_t
        cost_yuan, wtw_kg = per_t * request.mass_t, wtw_per_t * request.mass_t
        kept = np.flatnonzero(~known.beats(cost_yuan, wtw_kg, arrives_s.astype(float)))
        return [
            ChainSailing(
                number,
                (int(slots[one[row]]), int(slots[two[row]])),
                (float(capacity_t[0][one[row]]), float(capacity_t[1][two[row]])),
                float(cost_yuan[row]),
                float(wtw_kg[row]),
                int(arrives_s[row]),
            )
            for row in kept.tolist()
        ]

    def _loads(self, request: Request, capacity_t: Floats) -> Floats:
        """What each vessel has aboard in each slot; NaN where none sails."""
        sizes_t, place = np.unique(capacity_t, return_inverse=True)
        loads = [load_per_vessel_t(request.mass_t, t, self.load_factor) if t > 0 else np.nan for t in sizes_t.tolist()]
        return np.asarray(np.array(loads)[place])

    def _doors_h(self, route: Route, off_h: Floats, request: Request) -> Floats:
        """Hours of arrival at the door for cargo that is off the second vessel at these hours."""
        legs = route.legs[route.voyages[1] + 2 :]
        if not self.times.may_wait(legs):
            return run_steps(steps_of([legs]), off_h)
        return np.array([self.times.run(legs, float(hour), request.slot_zero)[-1][1] for hour in off_h])


def _capacities(calendar: SailingCalendar, slots: Indices, request: Request) -> Floats:
    """What one vessel may load in each slot; 0 where it does not sail or could not take the shipment whole."""
    least_t = 0.0 if request.divisible else request.mass_t
    found = np.array([calendar.capacity_t(int(slot) + request.slot_zero) for slot in slots], dtype=float)
    return np.where(found >= least_t, found, 0.0)
