"""Does the fleet exist: each hull in one place at a time, from where and when the fleet table says, and back?"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise

from optimizer.planning.check.violation import Findings
from optimizer.planning.check.workings import Workings
from optimizer.planning.plan import Voyage

NUMBER = re.compile(r"\d{1,9}$")


def check_hulls(work: Workings, found: Findings) -> None:
    """A hull keeps its class and market, ends one voyage before the next and begins it where the last one ended."""
    accepted = {voyage.vessel_id for voyage in work.accepted_voyage.values()}
    for vessel_id, voyages in _tours(work).items():
        where = f"vessels/{vessel_id}"
        kinds = {(voyage.vessel_class, voyage.market) for voyage in voyages}
        first = voyages[0]
        named = (first.vessel_class, first.market, first.origin)
        if not all(word in vessel_id for word in named):
            found.add("hull_changes", where, named, vessel_id)
        if vessel_id not in accepted:
            _check_number(work, found, vessel_id, named)
        if len(kinds) > 1:
            found.add("hull_changes", where, "one class and market", sorted(kinds))
        for last, following in pairwise(voyages):
            if following.berth_from < last.free_at:
                found.add("hull_overlap", where, f"{following.voyage_id} from {last.free_at}", following.berth_from)
            found.same("hull_jumps", f"{where}/{following.voyage_id}", last.destination, following.origin)


def _check_number(work: Workings, found: Findings, vessel_id: str, named: tuple[str, str, str]) -> None:
    """Hulls of one home are numbered from 1; one that an accepted plan named keeps its number."""
    number = NUMBER.search(vessel_id)
    most = sum(e.count for e in work.network.fleet if (e.vessel_class, e.market, e.location_id) == named)
    if (work.plan.kept is not None and work.accepted is None) or not most:
        return
    if number is None or not 1 <= int(number.group()) <= most:
        found.add("hull_number", f"vessels/{vessel_id}", f"1 to {most}", vessel_id)


def check_fleet(work: Workings, found: Findings) -> None:
    """The k-th hull to start from a place needs k hulls of that class and market available there by then; no more hulls
    than the table counts; at the end as many lie at each place as started there."""
    homes: dict[tuple[str, str, str], list[Voyage]] = defaultdict(list)
    balance: Counter[tuple[str, str, str]] = Counter()
    for voyages in _tours(work).values():
        first, last = voyages[0], voyages[-1]
        homes[(first.vessel_class, first.market, first.origin)].append(first)
        balance[(first.vessel_class, first.market, first.origin)] += 1
        balance[(first.vessel_class, first.market, last.destination)] -= 1
    for home, starts in homes.items():
        where = "fleet/" + "/".join(home)
        entries = [e for e in work.network.fleet if (e.vessel_class, e.market, e.location_id) == home]
        free = sorted(entry.available_from for entry in entries for _ in range(entry.count))
        if not free:
            found.add("hull_start", where, "a place of the fleet", [voyage.vessel_id for voyage in starts])
        elif len(starts) > len(free):
            found.add("fleet_size", where, f"<= {len(free)}", len(starts))
        starts.sort(key=lambda voyage: (voyage.berth_from, voyage.vessel_id))
        for available, voyage in zip(free, starts, strict=False):
            if voyage.berth_from < available:
                found.add("hull_early", f"{where}/{voyage.vessel_id}", available, voyage.berth_from)
    for place, missing in sorted(balance.items()):
        if missing > 0:
            found.add("hull_not_home", "fleet/" + "/".join(place), 0, missing)


def _tours(work: Workings) -> dict[str, list[Voyage]]:
    """The voyages of each hull in the order of their berthing."""
    tours: dict[str, list[Voyage]] = defaultdict(list)
    own = [voyage for voyage in work.plan.voyages if voyage.offer is None]
    for voyage in sorted(own, key=lambda voyage: (voyage.berth_from, voyage.free_at, voyage.voyage_id)):
        tours[voyage.vessel_id].append(voyage)
    return tours
