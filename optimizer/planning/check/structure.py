"""Is everything there, and does each chain hang together in place and time?"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from optimizer.network.model import Mode
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.workings import CLOCK_S, Workings
from optimizer.planning.plan import Leg, PlannedShipment
from optimizer.planning.shipment import Shipment

CLOCK = timedelta(seconds=CLOCK_S)
ROLES = ("pre", "main", "post")
"""Of legs that carry, in their order."""


def check_versions(work: Workings, found: Findings) -> None:
    """A plan made from another network or other factors cannot be recomputed; say so first."""
    versions = work.plan.versions
    found.same("other_version", "versions/network", work.network.version, versions.get("network"))
    found.same("other_version", "versions/factors", work.factors.version, versions.get("factors"))


def check_presence(work: Workings, found: Findings) -> None:
    """Each shipment of the list stands in the plan once, later than the horizon or not, and no other does."""
    counts = Counter(planned.shipment_id for planned in work.plan.shipments)
    for shipment in work.shipments:
        times = counts.pop(shipment.shipment_id, 0)
        if times != 1:
            code = "shipment_missing" if times == 0 else "shipment_twice"
            found.add(code, f"shipments/{shipment.shipment_id}", 1, times)
    for shipment_id, times in counts.items():
        found.add("shipment_unknown", f"shipments/{shipment_id}", 0, times)


def check_lots(work: Workings, found: Findings) -> None:
    """Lots are numbered, whole, and sum to the mass less what stays behind; a shipment that is rejected, or left in
    part (which it may be only where it may be split), has a reason."""
    for planned, shipment in work.known:
        where = f"shipments/{planned.shipment_id}"
        if planned.status == "rejected":
            if planned.lots or planned.reason is None or planned.left_kg:
                found.add("status_wrong", where, "a reason and no lots", f"{len(planned.lots)} lots")
            continue
        found.same("lot_numbers", where, [*range(1, len(planned.lots) + 1)], [lot.lot_no for lot in planned.lots])
        if planned.left_kg and (planned.left_kg < 0 or planned.reason is None or not shipment.splittable):
            found.add("status_wrong", where, "a reason, and cargo that may be split", f"{planned.left_kg} kg left")
        found.same("lot_mass", where, shipment.mass_kg - planned.left_kg, sum(lot.mass_kg for lot in planned.lots))
        for lot in planned.lots:
            if lot.mass_kg <= 0:
                found.add("lot_mass", f"{where}/lots/{lot.lot_no}", "> 0", lot.mass_kg)
        if len(planned.lots) > 1 and not shipment.splittable:
            found.add("split_forbidden", where, 1, len(planned.lots))


def check_references(work: Workings, found: Findings) -> None:
    """Each leg and voyage names places, vehicles and ways of the network that can do this work."""
    for item in [*work.all_legs, *work.all_baseline_legs]:
        code = work.misfit(item)
        if code is not None:
            leg = item.leg
            said = (leg.role, leg.mode, leg.origin, leg.destination, leg.vehicle_class, leg.voyage_id)
            found.add(code, item.where, "known to the network", said)
    for voyage in work.plan.voyages:
        code = work.voyage_misfit(voyage)
        if code is not None:
            named = (voyage.origin, voyage.destination, voyage.vessel_class)
            found.add(code, f"voyages/{voyage.voyage_id}", "known to the network", named)


def check_chains(work: Workings, found: Findings) -> None:
    """Legs are numbered, connect origin to destination, follow one another in time and wait for the cargo."""
    for planned, shipment in work.known:
        where = f"shipments/{planned.shipment_id}"
        for lot in planned.lots:
            _check_chain(found, f"{where}/lots/{lot.lot_no}", shipment, lot.legs)
        if planned.baseline_legs:
            _check_chain(found, f"{where}/baseline_legs", shipment, planned.baseline_legs)


def _check_chain(found: Findings, where: str, shipment: Shipment, legs: tuple[Leg, ...]) -> None:
    ends = (legs[0].origin, legs[-1].destination) if legs else ()
    found.same("chain_ends", where, (shipment.origin, shipment.destination), ends)
    found.same("leg_order", where, [*range(1, len(legs) + 1)], [leg.seq for leg in legs])
    roles = [leg.role for leg in legs if leg.role in ROLES]
    if roles != sorted(roles, key=ROLES.index):
        found.add("leg_kind", where, "pre, main, post in this order", roles)
    if legs and legs[0].departs_at < shipment.ready_at - CLOCK:
        found.add("before_ready", where, shipment.ready_at, legs[0].departs_at)
    _check_handling(found, where, legs)
    at, now = (legs[0].origin, legs[0].departs_at) if legs else ("", shipment.ready_at)
    for leg in legs:
        found.same("chain_broken", f"{where}/{leg.seq}", at, leg.origin)
        if leg.departs_at < now - CLOCK or leg.arrives_at < leg.departs_at:
            found.add("leg_time", f"{where}/{leg.seq}", now, (leg.departs_at, leg.arrives_at))
        at, now = leg.destination, max(now, leg.arrives_at)


def _check_handling(found: Findings, where: str, legs: tuple[Leg, ...]) -> None:
    """Vessels and trains are loaded and discharged: an operation before the first and after the last, one between a
    river-sea ship and a vessel or beside a truck, and two where the cargo crosses a yard: between water and rails, and
    from one vessel of the plan to another."""
    modes = [leg.mode for leg in legs]
    carried = [place for place, mode in enumerate(modes) if mode != Mode.HUB]
    for before, after in pairwise((-1, *carried, len(legs))):
        ends = [modes[place] for place in (before, after) if 0 <= place < len(legs)]
        pair = set(ends) - {Mode.ROAD}
        crosses = (Mode.RAIL in pair and len(pair) > 1) or ends == [Mode.INLAND_WATERWAY] * 2
        least = 2 if crosses else min(1, len(pair))
        if after - before - 1 < least:
            found.add("handling_missing", f"{where}/{min(after, len(legs) - 1) + 1}", f">= {least}", after - before - 1)


def check_late(work: Workings, found: Findings) -> None:
    """Lateness is how long after the due time the last lot arrives."""
    for planned, shipment in work.known:
        late_s = max(0.0, duration_s(planned, shipment) - (shipment.due_at - shipment.ready_at).total_seconds())
        expected_s = late_s if planned.lots else 0.0
        found.near("late", f"shipments/{planned.shipment_id}", expected_s, planned.late_s, CLOCK_S)


def duration_s(planned: PlannedShipment, shipment: Shipment) -> float:
    """Seconds from ready until the last lot is at the door; 0 without lots."""
    arrivals = [lot.legs[-1].arrives_at for lot in planned.lots if lot.legs]
    return (max(arrivals) - shipment.ready_at).total_seconds() if arrivals else 0.0
