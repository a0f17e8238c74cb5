"""What the city's dashboard asks: totals of settled lots, answered from kept sums."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from threading import Lock

from optimizer.accounts.city import (
    CityAmounts,
    CityGroup,
    CityTotals,
    GroupKeys,
    city_groups,
    grouped,
    require_city_names,
)
from optimizer.network.model import Network
from optimizer.store.engine import Store
from optimizer.store.session import Session

MOST_BEHIND = 500
"""Entries that a reader folds on the way; more are folded once for all readers. Settling folds what it adds."""


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
    return CityView(store, network).totals(group_by, filters)


class CityView:
    """The totals as of one moment, for a page that asks for several groupings of them."""

    def __init__(self, store: Store, network: Network | None = None) -> None:
        keep_when_far_behind(store)
        with store.read() as session:
            self._since = session.city_cells_since()
            self._parties = session.parties()
        self._store, self._network = store, network

    def totals(
        self, group_by: Sequence[CityGroup] = ("month",), filters: Mapping[str, str] | None = None
    ) -> list[CityTotals]:
        """As :func:`city_totals`, and raising as it does."""
        wanted = filters or {}
        require_city_names(group_by, wanted)
        with self._store.read() as session:
            kept = session.city_sums(group_by, wanted)
        parts = [*kept, *grouped(self._since, group_by, wanted)]
        return city_groups(parts, group_by, self._labels(group_by, {keys for keys, _ in parts}))

    def keys(self, name: CityGroup, filters: Mapping[str, str]) -> set[str]:
        """The keys that a grouping has under these filters."""
        require_city_names((name,), filters)
        with self._store.read() as session:
            kept = session.city_keys(name, filters)
        return kept | {keys[0] for keys, _ in grouped(self._since, (name,), filters)}

    def _labels(
        self, group_by: Sequence[CityGroup], found: Collection[GroupKeys]
    ) -> dict[tuple[str, str], tuple[str, str]]:
        labels: dict[tuple[str, str], tuple[str, str]] = {}
        for party in self._parties.values():
            labels["enterprise", party.party_id] = (party.name_zh, party.name_en)
            labels["county", party.county_en] = (party.county_zh, party.county_en)
        if "corridor" in group_by:
            place = group_by.index("corridor")
            for corridor in {keys[place] for keys in found}:
                ends = corridor.split(">")
                labels["corridor", corridor] = (_way(ends, self._network, "zh"), _way(ends, self._network, "en"))
        if self._network is not None:
            cargo = self._network.cargo
            labels |= {("cargo", code): (one.name_zh, one.name_en) for code, one in cargo.items()}
        return labels


def keep_when_far_behind(store: Store) -> None:
    """Fold the newest entries for all readers where they are many."""
    with store.read() as session:
        behind = session.city_behind()
    if behind > MOST_BEHIND:
        keep_city_totals(store)


def amounts_by_enterprise(session: Session, month: str, until_seq: int | None) -> dict[str, CityAmounts]:
    """What each enterprise settled in a month, by its id, as the ledger stood after an entry (None: as it stands): the
    kept sums, with the entries since, without those after it."""
    only = {"month": month}
    by: tuple[CityGroup, ...] = ("enterprise",)
    parts = [*session.city_sums(by, only), *grouped(session.city_cells_since(), by, only)]
    if until_seq is not None:
        later = grouped(session.city_cells_after(until_seq), by, only)
        parts += [(keys, amounts.times(-1)) for keys, amounts in later]
    return {group.keys[0]: group.amounts for group in city_groups(parts, by, {})}


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


class UnsettledLots:
    """How many lots are under way, or delivered and not settled yet: no total has them. Counted in the database, and
    again only after something was recorded. Threads may share it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._counted: tuple[tuple[int, int], int] | None = None

    def count(self) -> int:
        """As of now."""
        with self._lock, self._store.read() as session:
            mark = session.last_seq(), session.last_event_seq()
            if self._counted is None or self._counted[0] != mark:
                self._counted = mark, session.count_unsettled_lots()
            return self._counted[1]


def _way(places: Sequence[str], network: Network | None, language: str) -> str:
    names = []
    for place in places:
        location = network.locations.get(place) if network is not None else None
        names.append(getattr(location, f"name_{language}") if location is not None else place)
    return " → ".join(names)
