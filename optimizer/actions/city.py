"""What the city's dashboard asks: totals of settled lots, answered from kept sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from optimizer.accounts.city import CityGroup, CityTotals, city_groups, require_city_names
from optimizer.network.model import Network
from optimizer.store.city_rows import CITY_BLOCK
from optimizer.store.engine import Store


def city_totals(
    store: Store,
    group_by: Sequence[CityGroup] = ("month",),
    filters: Mapping[str, str] | None = None,
    network: Network | None = None,
) -> list[CityTotals]:
    """Settled lots summed by any of month, county, cargo, corridor and enterprise; several make a matrix, none the
    grand total. ``filters``: grouping -> key, or ``month_from`` and ``month_to`` (``2026-10``, both included).

    The answer is that of every entry recorded so far and costs the same in a ledger of a million lots: sums are kept
    (``keep_city_totals``) and only the newest entries are folded. ``network`` names the cargo and the places.
    Raises InputError for an unknown grouping or filter.
    """
    require_city_names(group_by, filters or {})
    with store.read() as session:
        behind = session.city_behind()
    if behind > CITY_BLOCK:
        keep_city_totals(store)
    with store.read() as session:
        cells = session.city_cells()
        parties = session.parties()
    labels: dict[tuple[str, str], tuple[str, str]] = {}
    for party in parties.values():
        labels["enterprise", party.party_id] = (party.name_zh, party.name_en)
        labels["county", party.county_en] = (party.county_zh, party.county_en)
    for cell in cells:
        places = cell.corridor.split(">")
        labels["corridor", cell.corridor] = (_way(places, network, "zh"), _way(places, network, "en"))
    if network is not None:
        labels |= {("cargo", code): (cargo.name_zh, cargo.name_en) for code, cargo in network.cargo.items()}
    return city_groups(cells, group_by, filters or {}, labels)


def keep_city_totals(store: Store, anew: bool = False) -> int:
    """Fold the entries that are not in the kept sums yet, block by block; how many. ``anew``: from the first entry on,
    which mends what the audit found wrong."""
    if anew:
        with store.write() as session:
            session.forget_city_cells()
    folded = 0
    while True:
        with store.write() as session:
            count = session.keep_city_cells()
        if not count:
            return folded
        folded += count


def _way(places: Sequence[str], network: Network | None, language: str) -> str:
    names = []
    for place in places:
        location = network.locations.get(place) if network is not None else None
        names.append(getattr(location, f"name_{language}") if location is not None else place)
    return " → ".join(names)
