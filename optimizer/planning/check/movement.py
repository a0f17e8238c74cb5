"""Does each leg take the way, the distance and the time that the network has?"""

from __future__ import annotations

from datetime import timedelta

from optimizer.network.model import Mode
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.workings import CLOCK_S, Carried, Workings
from optimizer.quantities import to_integer

DISTANCE_KM = 1e-3
"""Distances are sums of table entries; a metre covers any way of adding them."""


def check_legs(work: Workings, found: Findings) -> None:
    """Distance, duration and activity of each leg of plan and baseline. Time at a berth may be longer than needed."""
    for item in [*work.legs, *work.baseline_legs]:
        leg = item.leg
        hours, distance_km = work.leg_hours(item), work.leg_distance_km(item)
        assert hours is not None
        assert distance_km is not None
        found.near("leg_distance", item.where, distance_km, leg.distance_km, DISTANCE_KM)
        taken_s = (leg.arrives_at - leg.departs_at).total_seconds()
        found.near("leg_duration", item.where, hours * 3600, taken_s, CLOCK_S)
        found.near("activity", item.where, to_integer(item.mass_kg * leg.distance_km), leg.activity_kgkm, 1)


def check_services(work: Workings, found: Findings) -> None:
    """Trains and river-sea ships leave on the grid of their interval, counted from midnight of the first day; the ships
    berth at both terminals."""
    intervals = {Mode.SEA: "sea_service_interval_h", Mode.RAIL: "rail_service_interval_h"}
    for item in [*work.legs, *work.baseline_legs]:
        if item.leg.mode == Mode.SEA:
            _check_berths(work, found, item)
        name = intervals.get(Mode(item.leg.mode))
        if name is None or work.network.value(name) <= 0:
            continue
        interval = timedelta(hours=work.network.value(name))
        since = (item.leg.departs_at - work.epoch) % interval
        if min(since, interval - since) > timedelta(seconds=CLOCK_S):
            found.add("service_time", item.where, f"every {interval} from {work.epoch}", item.leg.departs_at)


def _check_berths(work: Workings, found: Findings, item: Carried) -> None:
    vessel = work.network.vessel_classes[item.leg.vehicle_class]
    for place in (item.leg.origin, item.leg.destination):
        terminal = work.terminal(place, item.shipment)
        if terminal is None:
            found.add("no_terminal", item.where, work.group(item.shipment), place)
        elif vessel.capacity_t > terminal.max_vessel_dwt_t:
            found.add("port_too_small", item.where, f"<= {terminal.max_vessel_dwt_t}", vessel.capacity_t)
