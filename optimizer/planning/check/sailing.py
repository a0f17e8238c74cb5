"""Can each voyage be sailed: its class, cargo, ports, times, water, locks and load?"""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

from optimizer.planning.check.berths import SLOT_H
from optimizer.planning.check.movement import DISTANCE_KM
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.workings import CLOCK_S, Workings
from optimizer.planning.plan import Voyage

CLOCK = timedelta(seconds=CLOCK_S)
OWN_ID = re.compile(r"V\d+", re.ASCII)


def check_voyage_ids(work: Workings, found: Findings) -> None:
    """Voyages have ids of their own: V and a number; a carrier's sailing has the carrier's."""
    for voyage in work.plan.voyages:
        if voyage.offer is None and OWN_ID.fullmatch(voyage.voyage_id) is None:
            found.add("voyage_id", f"voyages/{voyage.voyage_id}", "V and a number", voyage.voyage_id)
    for voyage_id, times in Counter(voyage.voyage_id for voyage in work.plan.voyages).items():
        if times > 1:
            found.add("voyage_twice", f"voyages/{voyage_id}", 1, times)


def check_legs_on_board(work: Workings, found: Findings) -> None:
    """A leg by voyage has that voyage's class, ports and times."""
    for voyage_id, items in work.legs_of_voyage.items():
        voyage = work.voyage_by_id.get(voyage_id)
        for item in items if voyage else ():
            assert voyage is not None
            leg = item.leg
            said = (leg.vehicle_class, leg.origin, leg.destination, leg.departs_at, leg.arrives_at)
            sailed = (voyage.vessel_class, voyage.origin, voyage.destination, voyage.departs_at, voyage.arrives_at)
            found.same("voyage_mismatch", item.where, sailed, said)


def check_cargo(work: Workings, found: Findings) -> None:
    """One cargo group that the class may carry and both terminals handle; the load is the sum of the lots."""
    for voyage in work.voyages:
        where = f"voyages/{voyage.voyage_id}"
        items = work.legs_of_voyage.get(voyage.voyage_id, [])
        found.same("voyage_load", where, sum(item.mass_kg for item in items), voyage.load_kg)
        if voyage.empty != (voyage.load_kg == 0) or voyage.empty != (voyage.cargo_group == ""):
            found.add("empty_voyage", where, voyage.empty, (voyage.load_kg, voyage.cargo_group))
        if voyage.load_kg > voyage.capacity_kg and not voyage.empty:
            found.add("over_capacity", where, f"<= {voyage.capacity_kg}", voyage.load_kg)
        groups = {work.group(item.shipment) for item in items}
        if not groups <= {voyage.cargo_group}:
            found.add("cargo_group", where, voyage.cargo_group, sorted(groups))
        if not voyage.empty:
            _check_ports(work, found, voyage)


def _check_ports(work: Workings, found: Findings, voyage: Voyage) -> None:
    where, vessel = f"voyages/{voyage.voyage_id}", work.network.vessel_classes[voyage.vessel_class]
    if voyage.cargo_group not in vessel.cargo_groups:
        found.add("class_refuses", where, vessel.cargo_groups, voyage.cargo_group)
    spans = {
        voyage.origin: (voyage.berth_from, voyage.departs_at),
        voyage.destination: (voyage.arrives_at, voyage.free_at),
    }
    for place, (opens, ends) in spans.items():
        terminal = work.network.terminals.get((place, voyage.cargo_group))
        if terminal is None:
            found.add("no_terminal", where, voyage.cargo_group, place)
            continue
        if vessel.capacity_t > terminal.max_vessel_dwt_t:
            found.add("port_too_small", where, f"<= {terminal.max_vessel_dwt_t}", vessel.capacity_t)
        work_h = work.hub_h(terminal, vessel.capacity_t)
        if ends - opens < timedelta(hours=work_h) - CLOCK:
            found.add("berth_time", where, f">= {work_h:.3f} h", ends - opens)
        # The vessel may lie idle after the work until it is free; only the work needs an open terminal.
        worked = (
            (ends - timedelta(hours=work_h), ends)
            if place == voyage.origin
            else (opens, opens + timedelta(hours=work_h))
        )
        for closure_id in work.ways.terminal_closures(place, *worked):
            found.add("terminal_closed", where, "open", closure_id)


def check_passage(work: Workings, found: Findings) -> None:
    """Times in order; distance, duration and locks as the quickest way has them; nothing on the way shut."""
    for voyage in work.voyages:
        where, course = f"voyages/{voyage.voyage_id}", work.course(voyage)
        assert course is not None
        times = (voyage.berth_from, voyage.departs_at, voyage.arrives_at, voyage.free_at)
        if list(times) != sorted(times):
            found.add("voyage_times", where, sorted(times), times)
        found.near("leg_distance", where, course.distance_km, voyage.distance_km, DISTANCE_KM)
        for closure_id in work.ways.closures(course, voyage.departs_at):
            found.add("closed", where, "open", closure_id)
        if voyage.offer is not None:
            continue  # Hours and locks are the carrier's; check_offers holds them against the offer.
        taken_s = (voyage.free_at - voyage.berth_from).total_seconds()
        if taken_s % (SLOT_H * 3600):
            found.add("slot", where, f"{SLOT_H} h each", voyage.free_at - voyage.berth_from)
        sailed_s = (voyage.arrives_at - voyage.departs_at).total_seconds()
        found.near("leg_duration", where, course.hours * 3600, sailed_s, CLOCK_S)
        found.same(
            "lock_passages", where, [stay.item_id for stay in course.locks], [lock.lock_id for lock in voyage.locks]
        )
        for stay, lock in zip(course.locks, voyage.locks, strict=False):
            leaves = voyage.departs_at + timedelta(hours=stay.to_h)
            if abs(lock.at - leaves) > CLOCK:
                found.add("lock_passages", f"{where}/locks/{lock.lock_id}", leaves, lock.at)


def check_water(work: Workings, found: Findings) -> None:
    """The stated capacity is what the shallowest water allows on the day; an empty hull needs its light draught."""
    for voyage in work.voyages:
        where, course = f"voyages/{voyage.voyage_id}", work.course(voyage)
        assert course is not None
        vessel = work.network.vessel_classes[voyage.vessel_class]
        draught_m = work.ways.draught_m(course, voyage.departs_at)
        if draught_m < vessel.light_draught_m:
            found.add("capacity", where, f"draught {vessel.light_draught_m} m", f"{draught_m:.3f} m")
        else:
            allowed_kg = work.ways.capacity_t(course, vessel, voyage.departs_at) * 1000
            offer = work.offer_by_id.get(voyage.voyage_id) if voyage.offer is not None else None
            allowed_kg = min(allowed_kg, offer.capacity_kg) if offer is not None else allowed_kg
            found.near("capacity", where, allowed_kg, voyage.capacity_kg, 1)
