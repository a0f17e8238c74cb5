"""How far a plan looks: the slots that hold all its voyages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from math import ceil

import numpy as np

from optimizer.planning.layout.families import Grid
from optimizer.planning.plan import Plan
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import MAX_LATE_H, MAX_WAIT_H, SLOTS_PER_DAY
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME


def make_grid(shipments: Sequence[Shipment], longest_voyage_h: float) -> Grid:
    """Slots from midnight of the first ready day to the last due time, with time to be late and to sail home."""
    first = min(shipment.ready_at for shipment in shipments)
    epoch = first.astimezone(CHINA_TIME).replace(hour=0, minute=0, second=0, microsecond=0)
    longest_wait = timedelta(hours=MAX_WAIT_H)
    last = max(min(max(s.due_at, s.ready_at), s.ready_at + longest_wait) for s in shipments)
    hours = (last - epoch).total_seconds() / 3600 + MAX_LATE_H + longest_voyage_h
    return Grid(epoch, int(np.ceil(hours / 24)) * SLOTS_PER_DAY)


def longest_voyage_h(routes_of: Mapping[tuple[str, str, str], Sequence[Route]]) -> float:
    """Hours under way of the longest planned voyage among routes, 0 without one."""
    routes = (route for routes in routes_of.values() for route in routes)
    return max((leg.hours for route in routes for leg in route.legs if leg.planned), default=0.0)


def kept_grid(shipments: Sequence[Shipment], book: RouteBook, accepted: Plan) -> Grid:
    """The slots of a plan of these shipments that holds every voyage of an accepted one."""
    routes = {key: book.routes(*key) for key in {(s.origin, s.destination, s.cargo_code) for s in shipments}}
    grid = make_grid(shipments, longest_voyage_h(routes) + 48)
    last_h = max((grid.hour(voyage.free_at) for voyage in accepted.voyages), default=0.0)
    return replace(grid, slots=max(grid.slots, (ceil(last_h / 24) + 1) * SLOTS_PER_DAY))
