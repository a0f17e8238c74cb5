"""All routes between two doors as arrays: hours, prices and grams of every (route, departure slot) worth a look.

A slot is worth a look when it is the first that the cargo can reach, or when a vessel may load more then than in every
slot before (the calendar knows the few slots where that can happen): on one route, a later slot with no greater load
arrives no earlier, stores no shorter and costs and emits no less, so an earlier one beats or equals it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from optimizer.planning.quote.calendar import SailingCalendar
from optimizer.planning.quote.timing import ServiceTimes
from optimizer.planning.quote.voyage import VoyagePrice, load_per_vessel_t, voyage_price
from optimizer.planning.routing.route import Route, RouteLeg
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import SLOT_H

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Steps = tuple[Floats, Floats]
"""Interval and hours of each leg, one row per route, padded with zeros (a leg that takes no time)."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a table is asked: hours count from midnight of the ready day, which begins calendar slot ``slot_zero``.
    ``until_h`` is the last hour at which cargo may still arrive."""

    mass_t: float
    value_yuan_per_t: float
    divisible: bool
    ready_h: float
    until_h: float
    slot_zero: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """One entry per (route, slot): ``route`` numbers the table's routes, ``slot`` counts from the request's midnight.

    ``cost_yuan`` and ``wtw_kg`` are for the whole shipment, before any rounding; ``arrives_s`` counts from that
    midnight to the second and may lie after ``until_h``. ``closures`` and ``shallow`` (vessel classes) shut slots that
    were looked at, ``too_small`` lists classes that cannot take an indivisible shipment."""

    route: Indices
    slot: Indices
    capacity_t: Floats
    cost_yuan: Floats
    wtw_kg: Floats
    arrives_s: Indices
    closures: tuple[str, ...]
    shallow: tuple[str, ...]
    too_small: tuple[str, ...]


class VoyageTable:
    """The routes with a voyage between two doors for one cargo. ``routes`` must not be empty."""

    def __init__(
        self,
        book: RouteBook,
        times: ServiceTimes,
        routes: Sequence[Route],
        calendars: Sequence[SailingCalendar],
        cargo_group: str,
    ) -> None:
        """``calendars``: one for each route, the same object where routes share their sailings."""
        self.routes, self.times, self.calendars = tuple(routes), times, tuple(calendars)
        self.load_factor = book.network.value("voyage_load_factor")
        prices: list[VoyagePrice] = []
        free_d, storage, before, after = [], [], [], []
        for route in self.routes:
            at = route.planned_at
            assert at is not None
            prices.append(voyage_price(book, route.legs, at))
            terminal = book.network.terminals[(route.legs[at].origin, cargo_group)]
            free_d.append(terminal.storage_free_days)
            storage.append(terminal.storage_yuan_per_t_day)
            before.append(route.legs[: at - 1])
            after.append(route.legs[at + 2 :])
        self.berth_h = np.array([c.load_h + c.voyage.hours + c.discharge_h for c in self.calendars])
        self.yuan_per_t = np.array([r.yuan_per_t for r in self.routes])
        self.loss_rel = np.array([r.loss_rel for r in self.routes])
        self.wtw_kg_per_t = np.array([r.wtw_kg_per_t for r in self.routes])
        self.fixed_yuan = np.array([p.fixed_yuan for p in prices])
        self.load_yuan_per_t = np.array([p.yuan_per_t for p in prices])
        self.fixed_wtw_kg = np.array([p.fixed_wtw_kg for p in prices])
        self.load_wtw_kg_per_t = np.array([p.wtw_kg_per_t for p in prices])
        self.free_d, self.storage_yuan_per_t_d = np.array(free_d), np.array(storage)
        self.before, self.after = steps_of(before), steps_of(after)
        # A closure of a yard or of a service's way is looked up moment by moment, on the few routes it can touch.
        self.odd_before = [i for i, legs in enumerate(before) if times.may_wait(legs)]
        self.odd_after = [i for i, legs in enumerate(after) if times.may_wait(legs)]
        self.by_calendar = _members(self.calendars)

    def candidates(self, request: Request) -> Candidates:
        """Every (route, slot) that is not beaten on its own route, at least the first that sails."""
        yard_h = run_steps(self.before, np.full(len(self.routes), request.ready_h))
        for i in self.odd_before:
            at = self.routes[i].planned_at or 0
            yard_h[i] = self.times.run(self.routes[i].legs[: at - 1], request.ready_h, request.slot_zero)[-1][1]
        first = np.ceil((yard_h - 1e-9) / SLOT_H).astype(np.int64)
        shut = _Shut()
        route, slot, capacity_t, load_t = self._slots(request, first, shut)
        off_h = slot * float(SLOT_H) + self.berth_h[route]
        door_h = run_steps((self.after[0][route], self.after[1][route]), off_h)
        if self.odd_after:
            odd = set(self.odd_after)
            for row in [row for row, i in enumerate(route) if int(i) in odd]:
                chosen = self.routes[route[row]]
                legs = chosen.legs[(chosen.planned_at or 0) + 2 :]
                door_h[row] = self.times.run(legs, float(off_h[row]), request.slot_zero)[-1][1]
        stored_d = np.maximum(0.0, (slot * float(SLOT_H) - yard_h[route]) / 24 - self.free_d[route])
        per_t = self.yuan_per_t[route] + self.loss_rel[route] * request.value_yuan_per_t
        per_t = per_t + stored_d * self.storage_yuan_per_t_d[route]
        per_t = per_t + self.fixed_yuan[route] / load_t + self.load_yuan_per_t[route]
        wtw_per_t = self.wtw_kg_per_t[route] + self.fixed_wtw_kg[route] / load_t + self.load_wtw_kg_per_t[route]
        arrives_s = np.rint(door_h * 3600).astype(np.int64)
        return Candidates(
            route,
            slot,
            capacity_t,
            per_t * request.mass_t,
            wtw_per_t * request.mass_t,
            arrives_s,
            tuple(shut.closures),
            tuple(shut.shallow),
            tuple(shut.too_small),
        )

    def _slots(self, request: Request, first: Indices, shut: _Shut) -> tuple[Indices, Indices, Floats, Floats]:
        """For each route the first open slot and every later one with more water than all before it."""
        rows: list[tuple[int, int, float, float]] = []
        for calendar, members in self.by_calendar:
            last = int((request.until_h - self.berth_h[members[0]]) // SLOT_H)
            for i in members:
                best_t = 0.0
                begin = int(first[i]) + request.slot_zero
                for slot in (begin, *calendar.changes(begin, last + request.slot_zero)):
                    capacity_t = calendar.capacity_t(slot)
                    if capacity_t <= 0 or (not request.divisible and request.mass_t > capacity_t):
                        shut.note(calendar, slot)
                        continue
                    load_t = load_per_vessel_t(request.mass_t, capacity_t, self.load_factor)
                    if load_t > best_t:
                        best_t = load_t
                        rows.append((i, slot - request.slot_zero, capacity_t, load_t))
        columns = tuple(zip(*rows, strict=True)) if rows else ((), (), (), ())
        return (
            np.array(columns[0], dtype=np.int64),
            np.array(columns[1], dtype=np.int64),
            np.array(columns[2], dtype=float),
            np.array(columns[3], dtype=float),
        )


@dataclass(slots=True)
class _Shut:
    """Why slots were passed over, each reason once, in the order met."""

    closures: dict[str, None] = field(default_factory=dict)
    shallow: dict[str, None] = field(default_factory=dict)
    too_small: dict[str, None] = field(default_factory=dict)

    def note(self, calendar: SailingCalendar, slot: int) -> None:
        """A slot in which this calendar's class cannot take the shipment."""
        vessel_class = calendar.voyage.vehicle_class
        if calendar.closure(slot):
            self.closures[calendar.closure(slot)] = None
        elif calendar.capacity_t(slot) <= 0:
            self.shallow[vessel_class] = None
        else:
            self.too_small[vessel_class] = None


ROUNDING_YUAN, ROUNDING_KG = 0.2, 0.02
"""More than all roundings of two chains together: half a fen and half a gram on each of their legs."""


def unbeaten(cost_yuan: Floats, wtw_kg: Floats, arrives_s: Indices) -> Indices:
    """Numbers of the entries that no other one beats by more than rounding could hide, in ascending order.

    Each leg is rounded once, so two options that differ by less than :data:`ROUNDING_YUAN` and :data:`ROUNDING_KG` are
    both kept for the exact comparison.
    """
    left = np.argsort(cost_yuan, kind="stable")
    kept: list[int] = []
    while len(left):
        pivot = left[0]
        kept.append(int(pivot))
        beaten = cost_yuan[left] > cost_yuan[pivot] + ROUNDING_YUAN
        beaten &= wtw_kg[left] > wtw_kg[pivot] + ROUNDING_KG
        beaten &= arrives_s[left] >= arrives_s[pivot]
        left = left[1:][~beaten[1:]]
    return np.array(sorted(kept), dtype=np.int64)


def steps_of(chains: Sequence[Sequence[RouteLeg]]) -> Steps:
    """Interval and hours of chains of services, padded to the longest."""
    longest = max((len(legs) for legs in chains), default=0)
    interval_h, hours = np.zeros((len(chains), longest)), np.zeros((len(chains), longest))
    for i, legs in enumerate(chains):
        for j, leg in enumerate(legs):
            interval_h[i, j], hours[i, j] = leg.interval_h, leg.hours
    return interval_h, hours


def run_steps(steps: Steps, start_h: Floats) -> Floats:
    """Hours at the end of each chain of legs; services wait for their bell, as in ``routes.begin_h``."""
    hour = start_h
    for interval_h, hours in zip(steps[0].T, steps[1].T, strict=True):
        grid = np.where(interval_h > 0, interval_h, 1.0)
        bell = np.ceil((hour - 1e-9) / grid) * grid
        hour = np.where(interval_h > 0, bell, hour) + hours
    return np.asarray(hour)


def _members(calendars: Sequence[SailingCalendar]) -> list[tuple[SailingCalendar, list[int]]]:
    found: dict[int, tuple[SailingCalendar, list[int]]] = {}
    for i, calendar in enumerate(calendars):
        found.setdefault(id(calendar), (calendar, []))[1].append(i)
    return list(found.values())
