"""Are the limits that a plan names there and as it says?"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from optimizer.planning.check.violation import Findings
from optimizer.planning.check.workings import Workings
from optimizer.planning.plan import Binding

ISO_DAY, BEYOND_D = len("2026-10-08"), 40
"""A limit may bind in the relaxation days after what the plan does last."""
UNITS = {
    "lock": ("vessel", "lockage a day"),
    "terminal": ("t", "t a day"),
    "fleet": ("vessel", "vessel"),
    "offer": ("t", "t"),
    "water_level": ("0.1 m", "0.1 m"),
}
"""One more of what: on a day, and over the whole plan."""


def check_bindings(work: Workings, found: Findings) -> None:
    """Each limit is one of the network's or a full sailing of the plan, named once, the most valuable first; its worth
    is not negative, and what it may save at most not below that."""
    entries = work.plan.binding
    for key, times in Counter((entry.kind, entry.item_id, entry.day) for entry in entries).items():
        if times > 1:
            found.add("binding", "binding/" + "/".join(key), 1, times)
    values = [entry.value_yuan for entry in entries]
    if values != sorted(values, reverse=True):
        found.add("binding", "binding", "the most valuable first", values)
    for number, entry in enumerate(entries):
        where = f"binding/{number}"
        if not is_limit(work, entry):
            found.add("binding", where, "a limit of the network", (entry.kind, entry.item_id, entry.day))
        if entry.day and not _is_day(work, entry.day):
            found.add("binding", f"{where}/day", "a day of the plan", entry.day)
        if (entry.day == "") != (entry.kind == "water_level") and entry.kind in ("fleet", "offer", "water_level"):
            found.add("binding", f"{where}/day", "none" if entry.day else "a day", entry.day)
        found.same("binding", f"{where}/unit", UNITS[entry.kind][not entry.day], entry.unit)
        told = (entry.value_yuan, entry.saving_yuan or 0.0, (entry.at_most_yuan or entry.value_yuan) - entry.value_yuan)
        if min(told) < 0 or (entry.saving_yuan is not None and entry.at_most_yuan is not None):
            found.add("binding", where, "values >= 0", told)


def _is_day(work: Workings, day: str) -> bool:
    """Whether a day is one on which something of the plan may happen."""
    try:
        moment = date.fromisoformat(day)
    except ValueError:
        return False
    last = max([work.on, *(voyage.free_at.date() for voyage in work.plan.voyages)])
    last = max([last, *(leg.leg.arrives_at.date() for leg in work.all_legs)])
    return len(day) == ISO_DAY and work.on <= moment <= last + timedelta(days=BEYOND_D)


def is_limit(work: Workings, entry: Binding) -> bool:
    """Whether a limit is one of the network's, or a full sailing of the plan on its day."""
    network, item = work.network, entry.item_id
    if entry.kind == "lock":
        return item in network.locks
    if entry.kind == "terminal":
        return tuple(item.split("/", 1)) in network.terminals
    if entry.kind == "water_level":
        return set(item.split(", ")) <= network.links.keys()
    if entry.kind == "fleet":
        kinds = {f"{row.vessel_class}/{row.market}/" for row in network.fleet}
        return any(item.startswith(kind) and item[len(kind) :] in network.locations for kind in kinds)
    voyage = work.voyage_by_id.get(item)
    full = voyage is not None and voyage.offer is not None and voyage.load_kg >= voyage.capacity_kg
    return full and voyage is not None and entry.day == f"{voyage.departs_at:%Y-%m-%d}"
