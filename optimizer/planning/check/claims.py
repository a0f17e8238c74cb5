"""Does what a plan says of itself in words hold: its status, who is left out, reasons, and cargo left behind?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from optimizer.errors import Message
from optimizer.network.model import Mode
from optimizer.planning.check.other_ways import OtherWays, check_other_ways
from optimizer.planning.check.reason_figures import check_figures
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.words import check_words
from optimizer.planning.check.workings import Workings
from optimizer.planning.plan import PlannedShipment, Reason
from optimizer.planning.shipment import Shipment

ROUNDING_GAP = 1e-5
"""A plan is called optimal when nothing but the rounding to fen, grams and kg is left of its gap: this part of it, or
what so many legs may be rounded by."""
LEAST_YUAN = 1e-9
"""Of a plan that costs nothing, what its gap is a part of."""
KG = 5e-4
"""Half a kilogram in tonnes."""
STOPS: Mapping[str, tuple[str, ...]] = {
    "gap": ("feasible",),
    "exhausted": ("feasible",),
    "time_limit": ("time_limit",),
    "interrupt": ("time_limit",),
    "infeasible": ("infeasible",),
    "optimal": (),
    "feasible": ("feasible",),
}
"""What ended the run, and the statuses that it leads to where the plan is not optimal."""
ROAD_REASONS: Mapping[str, tuple[str, str]] = {
    "water_dearer": ("money", "yuan/t"),
    "return_cargo_missing": ("money", "yuan/t"),
    "too_little_cargo": ("cargo", "t"),
    "vessels_taken": ("room", "t"),
    "terminals_taken": ("room", "t"),
    "sailing_full": ("room", "t"),
    "whole_too_large": ("room", "t"),
    "too_slow": ("time", "h"),
    "no_terminal_near": ("way", ""),
    "no_offer": ("way", ""),
    "no_waterway": ("way", ""),
    "no_vessel_for_cargo": ("way", ""),
    "closed_or_shallow": ("way", ""),
}
"""Why a planned shipment stays on the road: what it lacks, and in which unit."""
LEFT_REASONS: Mapping[str, tuple[str, str]] = {
    "no_road_no_water": ("way", ""),
    "no_road_no_room": ("room", "t"),
    "no_road_terminal_full": ("room", "t"),
    "no_road_partly": ("room", "t"),
    "after_horizon": ("time", ""),
}
"""Why a shipment, or part of it, is not planned."""
OF_OPTION = {
    "water_dearer",
    "return_cargo_missing",
    "too_little_cargo",
    "vessels_taken",
    "terminals_taken",
    "too_slow",
}
"""Reasons that are about one water option."""
MORE_SPENT_PERCENT = 110.0
"""What is proven of cargo left behind holds for plans that cost at most so much of this one."""
OF_THE_REST = Message("不通公路的货留下", "cargo without a road stay behind")
"""What the sentence of cargo left behind says, whatever else it does."""
WHOLE = {"vessels_taken", "terminals_taken", "sailing_full", "no_road_no_room", "no_road_terminal_full"}
"""Reasons that lack room for the whole shipment."""


def check_status(work: Workings, found: Findings) -> None:
    """``optimal`` has no gap, ``infeasible`` carries nothing, what ended the run fits the status, and without own
    voyages no own or hired hull sails (one that an accepted plan had sent still may)."""
    plan = work.plan
    most = ROUNDING_GAP
    if math.isfinite(plan.objective_yuan):
        most = max(most, work.slack_yuan / max(abs(plan.objective_yuan), LEAST_YUAN))
    if plan.status == "optimal" and not plan.gap <= most:
        found.add("status_wrong", "status", f"gap <= {most:.3g}", plan.gap)
    if plan.status == "infeasible" and any(planned.lots for planned in plan.shipments):
        found.add("status_wrong", "status", "no lots", plan.status)
    if plan.seconds < 0:
        found.add("status_wrong", "seconds", ">= 0", plan.seconds)
    stop = plan.settings.get("stop")
    if stop is not None and (str(stop) not in STOPS or plan.status not in ("optimal", *STOPS[str(stop)])):
        found.add("status_wrong", "settings/stop", "one that leads to the status", stop)
    if plan.settings.get("own_voyages") is False and plan.kept is None:
        sailed = [voyage.voyage_id for voyage in plan.voyages if voyage.offer is None]
        if sailed:
            found.add("status_wrong", "settings/own_voyages", "no voyages but offers", sailed)


def check_left_out(work: Workings, found: Findings) -> None:
    """Nobody is left out, whole or in part, whom a truck could take within the horizon, and nobody beyond it is
    planned."""
    for planned, shipment in work.known:
        if planned.status == "planned" and work.after_horizon(shipment):
            found.add("left_out", f"shipments/{planned.shipment_id}", "after the horizon", planned.status)
        if planned.status == "planned" and not planned.left_kg:
            continue
        later, code = work.after_horizon(shipment), planned.reason.code if planned.reason else ""
        if later != (code == "after_horizon"):
            found.add("left_out", f"shipments/{planned.shipment_id}/reason", "after_horizon" if later else "not", code)
        elif not later and _has_road(work, shipment):
            found.add("left_out", f"shipments/{planned.shipment_id}", "carried by road", planned.status)


def check_reasons(work: Workings, found: Findings) -> None:
    """A planned shipment says why it stays on the road exactly where it does; each reason is one that there is, lacks
    what it says, by an amount that fits the shipment, and names a voyage that the network has."""
    ways = OtherWays(work)
    for planned, shipment in work.known:
        where = f"shipments/{planned.shipment_id}"
        modes = {leg.mode for lot in planned.lots for leg in lot.legs}
        by_voyage = any(leg.voyage_id for lot in planned.lots for leg in lot.legs)
        why = planned.on_road_because
        if why is not None and (planned.status != "planned" or by_voyage or Mode.RAIL in modes):
            found.add("reason", f"{where}/on_road_because", "none", why.code)
        elif why is None and planned.lots and (modes == {Mode.ROAD} or _goes_as_baseline(planned)):
            found.add("reason", f"{where}/on_road_because", "a reason", "none")
        for name, reason, known in (("on_road_because", why, ROAD_REASONS), ("reason", planned.reason, LEFT_REASONS)):
            if reason is not None:
                _check_reason(ways, found, f"{where}/{name}", reason, known, planned, shipment)


def _goes_as_baseline(planned: PlannedShipment) -> bool:
    """Whether every lot goes the way of the road baseline, an island's by coaster and truck."""
    ways = [[(leg.mode, leg.origin, leg.destination) for leg in lot.legs] for lot in planned.lots]
    road = [(leg.mode, leg.origin, leg.destination) for leg in planned.baseline_legs]
    return all(way == road for way in ways)


def _check_reason(
    ways: OtherWays,
    found: Findings,
    where: str,
    reason: Reason,
    known: Mapping[str, tuple[str, str]],
    planned: PlannedShipment,
    shipment: Shipment,
) -> None:
    work = ways.work
    if reason.code not in known:
        found.add("reason", where, "a known code", reason.code)
        return
    found.same("reason", where, known[reason.code], (reason.lacks, reason.unit))
    if (reason.code in OF_OPTION) != bool(reason.option):
        found.add("reason", f"{where}/option", "an option" if not reason.option else "none", reason.option)
        return
    if reason.short < 0 or (reason.short and not reason.unit):
        found.add("reason", f"{where}/short", ">= 0", reason.short)
    if (reason.code == "no_road_partly") != bool(planned.left_kg) and known is LEFT_REASONS:
        found.add("reason", where, "no_road_partly where part is left", reason.code)
    if reason.code == "no_road_partly":
        found.near("reason", f"{where}/short", planned.left_kg / 1000, reason.short, KG)
    if reason.code in WHOLE:
        found.near("reason", f"{where}/short", shipment.mass_kg / 1000, reason.short, KG)
    if reason.code == "whole_too_large" and (shipment.splittable or reason.short > shipment.mass_kg / 1000):
        found.add("reason", where, "a shipment that stays whole", reason.code)
    if work.plan.kept is not None and planned.shipment_id in work.plan.kept.shipments:
        return  # said of the network and the prices on which it was accepted; the kept lists hold that it is the same
    for voyage in reason.option.split(" + ") if reason.option else ():
        if not _has_voyage(work, voyage, shipment):
            found.add("reason", f"{where}/option", "a voyage of the network", voyage)
            return
    check_figures(work, found, where, reason, planned, shipment)
    if known is ROAD_REASONS:
        check_other_ways(ways, found, where, reason, shipment)


def _has_voyage(work: Workings, named: str, shipment: Shipment) -> bool:
    """Whether ``B800 QJ-ZP`` is a class that may carry the cargo from a terminal to another on a way that it passes."""
    network, group = work.network, work.group(shipment)
    vessel = network.vessel_classes.get(named.split(" ")[0])
    return vessel is not None and any(
        f"{vessel.vessel_class} {start}-{end}" == named
        and work.ways.course(start, end, vessel.vessel_class) is not None
        for start, end in _splits(named.partition(" ")[2])
        if group in vessel.cargo_groups and {(start, group), (end, group)} <= network.terminals.keys()
    )


def _splits(ends: str) -> Iterator[tuple[str, str]]:
    """Every way to read ``A-B`` as two places: an id may hold a dash itself."""
    for place, letter in enumerate(ends):
        if letter == "-":
            yield ends[:place], ends[place + 1 :]


def check_left_behind(work: Workings, found: Findings) -> None:
    """The sum of what stays behind for want of room is that of the shipments, and what is proven of it no more than
    it. Around an accepted plan nothing is said of it."""
    plan = work.plan
    if plan.kept is not None:
        return
    masses = [(planned, s.mass_kg if planned.status == "rejected" else planned.left_kg) for planned, s in work.known]
    codes = {planned.shipment_id: planned.reason.code for planned, _ in work.known if planned.reason is not None}
    roomless = {"no_road_no_room", "no_road_terminal_full", "no_road_partly"}
    least_kg = sum(kg for planned, kg in masses if codes.get(planned.shipment_id) in roomless)
    # Cargo that only a carrier's sailing can reach has no way of the network, and counts all the same.
    most_kg = sum(kg for planned, kg in masses if codes.get(planned.shipment_id) != "after_horizon")
    said = plan.left_behind
    if said is None:
        found.same("left_out", "left_behind", 0, least_kg)
        return
    if not (least_kg <= said.mass_kg <= most_kg and 0 <= said.at_least_kg <= said.mass_kg and said.mass_kg > 0):
        found.add("left_out", "left_behind", f"{least_kg} to {most_kg} kg", (said.mass_kg, said.at_least_kg))
    figures = (said.mass_kg / 1000, said.at_least_kg / 1000, MORE_SPENT_PERCENT)
    check_words(found, "left_out", "left_behind", said.message, [OF_THE_REST], [figures])


def _has_road(work: Workings, shipment: Shipment) -> bool:
    group = work.group(shipment)
    trucks = [truck for truck in work.network.truck_classes.values() if truck.use == "line_haul"]
    drives = any(group in truck.cargo_groups for truck in trucks)
    return drives and work.ways.road(shipment.origin, shipment.destination) is not None
