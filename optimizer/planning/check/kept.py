"""Does a plan made around an accepted one leave alone what it says it does, and give true reasons for the rest?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256

from optimizer.planning.check.structure import CLOCK
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.workings import Workings
from optimizer.planning.document import plan_to_json
from optimizer.planning.plan import Kept, Moved, Plan, PlannedShipment, Voyage

_ById = Mapping[str, PlannedShipment]


def check_kept(work: Workings, found: Findings) -> None:
    """What is listed as kept and moved stands in the plan as listed: no shipment in both lists, and each moved one on
    the voyages named."""
    plan = work.plan
    by_id = {planned.shipment_id: planned for planned in plan.shipments}
    kept = plan.kept.shipments if plan.kept is not None else ()
    moved = [item.shipment_id for item in plan.moved]
    aboard = {voyage_id for name in kept if name in by_id for voyage_id in _voyages(by_id[name])}
    voyages = plan.kept.voyages if plan.kept is not None else ()
    for where, names in (("kept/shipments", kept), ("kept/voyages", voyages), ("moved", moved)):
        for name, times in Counter(names).items():
            if times > 1:
                found.add("kept_unknown", f"{where}/{name}", 1, times)
    for voyage_id in sorted(aboard - set(voyages)):
        found.add("kept_unknown", f"kept/voyages/{voyage_id}", "listed: kept cargo is aboard", "not listed")
    for name in kept:
        if name not in by_id or by_id[name].status != "planned" or name in moved:
            found.add("kept_unknown", f"kept/shipments/{name}", "a planned shipment that did not move", name)
    for voyage_id in voyages:
        if voyage_id not in work.voyage_by_id:
            found.add("kept_unknown", f"kept/voyages/{voyage_id}", "a voyage of the plan", voyage_id)
    for item in plan.moved:
        now = _voyages(by_id[item.shipment_id]) if item.shipment_id in by_id else ()
        found.same("moved_voyages", f"moved/{item.shipment_id}", now, item.now)


def check_accepted(work: Workings, found: Findings) -> None:
    """Against the accepted plan itself, where it is given: each of its shipments is kept, moved for a reason that
    holds, or had no waybill and sails as before; what is kept has its lots, vehicles, voyages and hours."""
    accepted, plan = work.accepted, work.plan
    if accepted is None:
        return
    digest = sha256(plan_to_json(accepted).encode()).hexdigest()
    if plan.kept is None or plan.kept.plan_sha256 != digest:
        found.add("kept_other", "kept/plan_sha256", digest, plan.kept.plan_sha256 if plan.kept else "none")
    if plan.kept is None:
        return
    by_id = {planned.shipment_id: planned for planned in plan.shipments}
    before = {planned.shipment_id: planned for planned in accepted.shipments if planned.status == "planned"}
    _check_kept(plan.kept, before, by_id, found)
    _check_moved(work, accepted, before, by_id, found)
    _check_kept_voyages(plan.kept, accepted, work, found)


def _check_kept(kept: Kept, before: _ById, by_id: _ById, found: Findings) -> None:
    for name in kept.shipments:
        was, now = before.get(name), by_id.get(name)
        if was is None or now is None or not _same_lots(was, now):
            found.add("kept_changed", f"kept/shipments/{name}", "as in the accepted plan", "otherwise")
        elif (was.on_road_because, was.reason) != (now.on_road_because, now.reason):
            found.add("kept_changed", f"kept/shipments/{name}/reason", "as in the accepted plan", "otherwise")


def _check_moved(work: Workings, accepted: Plan, before: _ById, by_id: _ById, found: Findings) -> None:
    """What is not kept was moved for a reason that holds, or sails as before."""
    plan = work.plan
    moved, kept = {item.shipment_id: item for item in plan.moved}, plan.kept.shipments if plan.kept else ()
    for item in plan.moved:
        if item.shipment_id not in before:
            found.add("moved_voyages", f"moved/{item.shipment_id}", "a shipment of the accepted plan", item.shipment_id)
        else:
            found.same("moved_voyages", f"moved/{item.shipment_id}/was", _voyages(before[item.shipment_id]), item.was)
    for name, was in before.items():
        if name in kept or (name in moved and _holds(moved[name], was, work, accepted)):
            continue
        if name in moved:
            found.add("moved_reason", f"moved/{name}", "a reason that holds", moved[name].code)
        elif name not in by_id or _voyages(by_id[name]) != _voyages(was):
            found.add("accepted_lost", f"shipments/{name}", "kept or moved", "neither")


def _check_kept_voyages(kept: Kept, accepted: Plan, work: Workings, found: Findings) -> None:
    old = {voyage.voyage_id: voyage for voyage in accepted.voyages}
    for voyage_id in kept.voyages:
        now_sails, sailed = work.voyage_by_id.get(voyage_id), old.get(voyage_id)
        if now_sails is not None and (sailed is None or _course(now_sails) != _course(sailed)):
            found.add("kept_changed", f"kept/voyages/{voyage_id}", "as in the accepted plan", "otherwise")


def _course(voyage: Voyage) -> tuple[object, ...]:
    return (
        voyage.vessel_id,
        voyage.vessel_class,
        voyage.market,
        voyage.origin,
        voyage.destination,
        voyage.berth_from,
        voyage.departs_at,
        voyage.arrives_at,
        voyage.cargo_group,
    )


def _voyages(planned: PlannedShipment) -> tuple[str, ...]:
    return tuple(dict.fromkeys(leg.voyage_id for lot in planned.lots for leg in lot.legs if leg.voyage_id))


def _same_lots(was: PlannedShipment, now: PlannedShipment) -> bool:
    shapes = [[(lot.mass_kg, len(lot.legs)) for lot in planned.lots] for planned in (was, now)]
    if shapes[0] != shapes[1]:
        return False
    legs = [[leg for lot in planned.lots for leg in lot.legs] for planned in (was, now)]
    pairs = zip(*legs, strict=True)
    return all(
        (a.role, a.mode, a.origin, a.destination, a.vehicle_class, a.voyage_id)
        == (b.role, b.mode, b.origin, b.destination, b.vehicle_class, b.voyage_id)
        and abs(a.departs_at - b.departs_at) <= CLOCK
        and abs(a.arrives_at - b.arrives_at) <= CLOCK
        for a, b in pairs
    )


def _holds(item: Moved, was: PlannedShipment, work: Workings, accepted: Plan) -> bool:
    """Whether a reason can be true; those that depend on what else is kept are not followed up."""
    test = REASONS.get(item.code)
    return item.code in OTHER_REASONS if test is None else test(was, work, accepted)


def _mass_changed(was: PlannedShipment, work: Workings, accepted: Plan) -> bool:
    shipment = work.shipment_by_id.get(was.shipment_id)
    return shipment is not None and shipment.mass_kg != sum(lot.mass_kg for lot in was.lots) + was.left_kg


def _ready_later(was: PlannedShipment, work: Workings, accepted: Plan) -> bool:
    shipment = work.shipment_by_id.get(was.shipment_id)
    return shipment is not None and shipment.ready_at > min(lot.legs[0].departs_at for lot in was.lots)


def _missing(was: PlannedShipment, work: Workings, accepted: Plan) -> bool:
    return was.shipment_id not in work.shipment_by_id


def _after_horizon(was: PlannedShipment, work: Workings, accepted: Plan) -> bool:
    shipment = work.shipment_by_id.get(was.shipment_id)
    return shipment is not None and work.after_horizon(shipment)


def _doors_changed(was: PlannedShipment, work: Workings, accepted: Plan) -> bool:
    shipment = work.shipment_by_id.get(was.shipment_id)
    ends = {(lot.legs[0].origin, lot.legs[-1].destination) for lot in was.lots if lot.legs}
    return shipment is not None and ends != {(shipment.origin, shipment.destination)}


def _not_whole(was: PlannedShipment, work: Workings, accepted: Plan) -> bool:
    shipment = work.shipment_by_id.get(was.shipment_id)
    return shipment is not None and not shipment.splittable and (len(was.lots) > 1 or was.left_kg > 0)


def _closed(was: PlannedShipment, work: Workings, accepted: Plan) -> bool:
    names = set(_voyages(was))
    for voyage in accepted.voyages:
        course = work.course(voyage) if voyage.voyage_id in names else None
        if course is not None and work.ways.closures(course, voyage.departs_at):
            return True
    return False


def _terminal_closed(was: PlannedShipment, work: Workings, accepted: Plan) -> bool:
    names = set(_voyages(was))
    return any(
        work.ways.terminal_closures(place, opens, ends)
        for voyage in accepted.voyages
        if voyage.voyage_id in names
        for place, opens, ends in (
            (voyage.origin, voyage.berth_from, voyage.departs_at),
            (voyage.destination, voyage.arrives_at, voyage.free_at),
        )
    )


REASONS: dict[str, Callable[[PlannedShipment, Workings, Plan], bool]] = {
    "missing": _missing,
    "after_horizon": _after_horizon,
    "doors_changed": _doors_changed,
    "not_whole": _not_whole,
    "mass_changed": _mass_changed,
    "ready_later": _ready_later,
    "closed": _closed,
    "terminal_closed": _terminal_closed,
}
"""Reasons that the tables or the new file alone prove or refute."""
OTHER_REASONS = (
    "not_issued",
    "way_changed",
    "voyage_gone",
    "shallow",
    "below_least",
    "vessel_gone",
    "vessel_late",
    "lock_full",
    "terminal_full",
)
"""Reasons that depend on what else is kept, or on waybills: nothing here refutes them."""
