"""Do locks and terminals cope, day by day?"""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime, timedelta

from optimizer.network.model import Mode
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.workings import Workings


def check_locks(work: Workings, found: Findings) -> None:
    """Passages a day, both directions, empty hulls included, carriers' sailings not, each on the day on which the
    vessel leaves the lock."""
    passages: Counter[tuple[str, int]] = Counter()
    for voyage in work.sailed:
        course = work.course(voyage)
        assert course is not None
        for stay in course.locks:
            passages[(stay.item_id, _day(work.epoch, voyage.departs_at, stay.to_h))] += 1
    for (lock_id, day), count in sorted(passages.items()):
        most = work.network.locks[lock_id].vessels_per_day
        if count > most + 1e-9:
            found.add("lock_capacity", f"locks/{lock_id}/{_date(work.epoch, day)}", f"<= {most:.4g}", count)


def check_terminals(work: Workings, found: Findings) -> None:
    """Tonnes handled a day and cargo group, each operation on the day on which it begins."""
    handled_kg: Counter[tuple[str, str, int]] = Counter()
    lots: Counter[tuple[str, str, int]] = Counter()
    for item in work.legs:
        if item.leg.mode == Mode.HUB:
            key = (item.leg.origin, work.group(item.shipment), _day(work.epoch, item.leg.departs_at))
            handled_kg[key] += item.mass_kg
            lots[key] += 1
    for (place, group, day), mass_kg in sorted(handled_kg.items()):
        most_kg = work.network.terminals[(place, group)].handling_t_per_day * 1000
        # Lots are whole kilograms: each may be half a kilogram above its exact share.
        if mass_kg > most_kg + lots[(place, group, day)]:
            where = f"terminals/{place}/{group}/{_date(work.epoch, day)}"
            found.add("terminal_capacity", where, f"<= {most_kg / 1000:g} t", f"{mass_kg / 1000:.3f} t")


def _day(epoch: datetime, moment: datetime, hours: float = 0.0) -> int:
    # A moment a rounding error before midnight belongs to the day that begins.
    return math.floor(((moment - epoch).total_seconds() / 3600 + hours) / 24 + 1e-9)


def _date(epoch: datetime, day: int) -> str:
    return f"{epoch + timedelta(days=day):%Y-%m-%d}"
