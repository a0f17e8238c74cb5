"""Does a plan made around an accepted one leave alone what it says it does, and tell of all the rest?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256

from optimizer.errors import Message
from optimizer.planning.check.structure import CLOCK
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.words import check_words
from optimizer.planning.check.workings import Workings
from optimizer.planning.document import plan_to_json
from optimizer.planning.plan import Kept, Moved, PlannedShipment, Voyage

_ById = Mapping[str, PlannedShipment]
DIGEST = re.compile(r"[0-9a-f]{64}")
OF_THE_BOUND = Message("保留部分不动", "leave what is kept")
"""What the note of a plan around another must say of bound and gap."""


def check_kept(work: Workings, found: Findings) -> None:
    """What is listed as kept and moved stands in the plan as listed: no shipment in both lists, and each moved one on
    the voyages named."""
    plan = work.plan
    by_id = {planned.shipment_id: planned for planned in plan.shipments}
    kept = plan.kept.shipments if plan.kept is not None else ()
    moved = [item.shipment_id for item in plan.moved]
    aboard = {voyage_id for name in kept if name in by_id for voyage_id in voyages_of(by_id[name])}
    voyages = plan.kept.voyages if plan.kept is not None else ()
    for where, names in (("kept/shipments", kept), ("kept/voyages", voyages), ("moved", moved)):
        for name, times in Counter(names).items():
            if times > 1:
                found.add("kept_unknown", f"{where}/{name}", 1, times)
    for voyage_id in sorted(aboard - set(voyages)):
        found.add("kept_unknown", f"kept/voyages/{voyage_id}", "listed: kept cargo is aboard", "not listed")
    for voyage_id in sorted(set(voyages) - aboard):
        found.add("kept_unknown", f"kept/voyages/{voyage_id}", "not listed: no kept cargo is aboard", "listed")
    if plan.kept is not None:
        if DIGEST.fullmatch(plan.kept.plan_sha256) is None:
            found.add("kept_other", "kept/plan_sha256", "64 hexadecimal digits", plan.kept.plan_sha256)
        check_words(found, "kept_unknown", "kept/note", plan.kept.note, [OF_THE_BOUND], [()])
    for name in kept:
        if name not in by_id or by_id[name].status != "planned" or name in moved:
            found.add("kept_unknown", f"kept/shipments/{name}", "a planned shipment that did not move", name)
    for voyage_id in voyages:
        if voyage_id not in work.voyage_by_id:
            found.add("kept_unknown", f"kept/voyages/{voyage_id}", "a voyage of the plan", voyage_id)
    for item in plan.moved:
        now = voyages_of(by_id[item.shipment_id]) if item.shipment_id in by_id else ()
        found.same("moved_voyages", f"moved/{item.shipment_id}", now, item.now)


def check_accepted(work: Workings, found: Findings) -> None:
    """Against the accepted plan itself, where it is given: each of its shipments is kept, moved, or, where only
    issued ones were to stay, sails as before; what is kept has its lots, vehicles, voyages and hours."""
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
    _check_told(plan.kept, plan.moved, before, by_id, found)
    _check_kept_voyages(plan.kept, work, found)


def _check_kept(kept: Kept, before: _ById, by_id: _ById, found: Findings) -> None:
    for name in kept.shipments:
        was, now = before.get(name), by_id.get(name)
        if was is None or now is None or not _same_lots(was, now):
            found.add("kept_changed", f"kept/shipments/{name}", "as in the accepted plan", "otherwise")
        elif (was.on_road_because, was.reason) != (now.on_road_because, now.reason):
            found.add("kept_changed", f"kept/shipments/{name}/reason", "as in the accepted plan", "otherwise")


def _check_told(kept: Kept, moves: Sequence[Moved], before: _ById, by_id: _ById, found: Findings) -> None:
    """What is not kept was moved from where it was, or sails as before where only issued ones were to stay."""
    for item in moves:
        if item.shipment_id not in before:
            found.add("moved_voyages", f"moved/{item.shipment_id}", "a shipment of the accepted plan", item.shipment_id)
        else:
            found.same("moved_voyages", f"moved/{item.shipment_id}/was", voyages_of(before[item.shipment_id]), item.was)
    told = {*kept.shipments, *(item.shipment_id for item in moves)}
    for name, was in before.items():
        as_before = name in by_id and voyages_of(by_id[name]) == voyages_of(was)
        if name not in told and not (kept.issued_only and as_before):
            found.add("accepted_lost", f"shipments/{name}", "kept or moved", "neither")


def _check_kept_voyages(kept: Kept, work: Workings, found: Findings) -> None:
    for voyage_id in kept.voyages:
        now_sails, sailed = work.voyage_by_id.get(voyage_id), work.accepted_voyage.get(voyage_id)
        if now_sails is not None and (sailed is None or _course(now_sails) != _course(sailed)):
            found.add("kept_changed", f"kept/voyages/{voyage_id}", "as in the accepted plan", "otherwise")


def check_names(work: Workings, found: Findings) -> None:
    """A hull's voyage with the id of one of the accepted plan is that voyage, loaded or not, since waybills name it;
    and where the fleet was not to sail, a loaded hull sails only as it was accepted."""
    if work.plan.kept is None or work.accepted is None:
        return
    sails = work.plan.settings.get("own_voyages") is not False
    for voyage in work.plan.voyages:
        was = work.accepted_voyage.get(voyage.voyage_id)
        if voyage.offer is not None:
            continue
        if was is not None and _sailing(voyage) != _sailing(was):
            found.add("voyage_id", f"voyages/{voyage.voyage_id}", _sailing(was), _sailing(voyage))
        if was is None and not sails and not voyage.empty:
            found.add("status_wrong", "settings/own_voyages", "no voyages but offers", voyage.voyage_id)


def _sailing(voyage: Voyage) -> tuple[object, ...]:
    return voyage.vessel_id, voyage.vessel_class, voyage.origin, voyage.destination, voyage.departs_at


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


def voyages_of(planned: PlannedShipment) -> tuple[str, ...]:
    """The voyages of a shipment, each once, in the order of its legs."""
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
