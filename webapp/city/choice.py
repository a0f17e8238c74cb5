"""What the auditor has chosen to look at. It stands in the address: every view is a link, the back button works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from werkzeug.exceptions import NotFound

from optimizer.accounts.city import CITY_GROUPS, CityAmounts, CityGroup
from optimizer.accounts.lot_entry import sum_of
from optimizer.actions import CityView, city_totals
from webapp.language import current_lang, text
from webapp.world import World

FINER: Mapping[CityGroup, CityGroup] = {
    "month": "county",
    "county": "enterprise",
    "cargo": "corridor",
    "corridor": "enterprise",
    "enterprise": "corridor",
}
"""What a group opens into, as long as that is not chosen already."""


@dataclass(frozen=True, slots=True)
class Choice:
    """``by``: the grouping; ``filters``: grouping -> key that everything counted must have."""

    by: CityGroup
    filters: Mapping[str, str]

    def url(self, endpoint: str, **more: str | int) -> str:
        """The address of an endpoint with this choice; ``more`` is put into it."""
        query: dict[str, Any] = {"by": self.by, **self.filters, **more}
        return url_for(endpoint, **query)

    def narrowed(self, key: str) -> Choice:
        """One group of this choice, opened into finer ones."""
        filters: dict[str, str] = {**self.filters, self.by: key}
        finer = [FINER[self.by], *(name for name in CITY_GROUPS if name != self.by)]
        return Choice(next((name for name in finer if name not in filters), self.by), filters)

    def without(self, name: str) -> Choice:
        """Without one restriction."""
        return Choice(self.by, {other: key for other, key in self.filters.items() if other != name})


def read_choice() -> Choice:
    """The choice in the address. Raises NotFound for a grouping that there is none of."""
    by = next((group for group in CITY_GROUPS if group == request.args.get("by", "month")), None)
    if by is None:
        raise NotFound
    given = {str(name): request.args.get(name, "").strip()[:100] for name in CITY_GROUPS}
    return Choice(by, {name: key for name, key in given.items() if key})


def label_of(world: World, by: str, key: str) -> str:
    """The words for a group in the visitor's language; its key where nobody gave it a name."""
    lang = current_lang()
    match by:
        case "corridor":
            return " → ".join(world.place_name(end, lang) for end in key.split(">"))
        case "cargo":
            return world.cargo_name(key, lang)
        case "enterprise":
            return world.party_name(key, lang)
        case "county":
            return world.county_name(key, lang)
        case _:
            return key


def words_of(world: World, choice: Choice) -> list[tuple[str, str, str]]:
    """Each restriction: its grouping, its words, and the address of the dashboard without it."""
    return [
        (text(f"city.by_{name}"), label_of(world, name, key), choice.without(name).url("city_page.show"))
        for name, key in choice.filters.items()
    ]


def query_of(choice: Choice) -> str:
    """The choice as it stands in an address, for file names and documents."""
    return urlencode({"by": choice.by, **choice.filters})


def groups_of(view: CityView, by: CityGroup, filters: Mapping[str, str]) -> dict[str, CityAmounts]:
    """Settled lots by one grouping, sorted by key."""
    return {group.keys[0]: group.amounts for group in view.totals((by,), filters)}


def total_of(world: World, filters: Mapping[str, str]) -> CityAmounts:
    """Everything that the filters leave."""
    return sum_of(group.amounts for group in city_totals(world.store, (), filters, world.network))
