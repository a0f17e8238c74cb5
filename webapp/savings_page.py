"""节约总览: tonnes shifted, yuan and CO2e saved, by month, cargo, enterprise, corridor or county."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, abort, render_template, request, url_for

from optimizer.accounts.city import CityGroup, CityTotals
from optimizer.accounts.lot_entry import sum_of
from optimizer.actions.city import CityView
from webapp.bars import Bar, Chart, bar_chart
from webapp.figures import kilograms
from webapp.language import current_lang, text
from webapp.world import World, current_world

savings_page = Blueprint("savings_page", __name__)

GROUPINGS: tuple[CityGroup, ...] = ("month", "cargo", "enterprise", "corridor", "county")
NAMING_PARTIES: tuple[CityGroup, ...] = ("enterprise", "corridor")
"""Groupings from which one enterprise's freight can be read. Until visitors can sign in they are for the demo only."""

FINER: Mapping[CityGroup, CityGroup] = {
    "month": "cargo",
    "cargo": "month",
    "enterprise": "month",
    "corridor": "month",
    "county": "month",
}
"""What a row opens into."""

MAX_BARS = 12


@dataclass(frozen=True, slots=True)
class Filter:
    """A restriction in force: its words and the address of the page without it."""

    words: str
    without_url: str


@savings_page.get("/savings")
def show_savings() -> str:
    """Settled lots, grouped as ``?by=`` says and restricted to the keys named for other groupings, out of kept sums:
    it costs the same for a million lots."""
    world = current_world()
    open_to_visitor = _groupings(world)
    by = next((group for group in open_to_visitor if group == request.args.get("by", "month")), None)
    if by is None:
        abort(404)
    keys: dict[str, str] = {group: request.args[group] for group in open_to_visitor if request.args.get(group)}
    view = CityView(world.store, world.network)
    rows = view.totals([by], keys)
    return render_template(
        "savings.html",
        by=by,
        groupings=open_to_visitor,
        keys=keys,
        filters=_filters(view, by, keys),
        rows=[(row.amounts, label_of(row), _finer_url(by, row, keys)) for row in rows],
        total=sum_of([row.amounts for row in rows]),
        open_lots=None if keys else world.unsettled.count(),
        chart=_chart(rows),
    )


def label_of(row: CityTotals) -> str:
    """The words for a group in the visitor's language."""
    (label,) = row.labels_zh if current_lang() == "zh" else row.labels_en
    return label


def _groupings(world: World) -> tuple[CityGroup, ...]:
    if world.settings.demo:
        return GROUPINGS
    return tuple(group for group in GROUPINGS if group not in NAMING_PARTIES)


def _filters(view: CityView, by: CityGroup, keys: Mapping[str, str]) -> list[Filter]:
    found = []
    for group in GROUPINGS:
        if group in keys:
            rows = view.totals([group], {group: keys[group]})
            words = label_of(rows[0]) if rows else keys[group]
            others = {name: key for name, key in keys.items() if name != group}
            found.append(Filter(words, _url({"by": by, **others})))
    return found


def _finer_url(by: CityGroup, row: CityTotals, keys: Mapping[str, str]) -> str:
    finer = FINER[by] if FINER[by] not in keys else "cargo"
    return _url({**keys, "by": finer, by: row.keys[0]})


def _url(query: Mapping[str, str]) -> str:
    return f"{url_for('savings_page.show_savings')}?{urlencode(query)}"


def _chart(rows: list[CityTotals]) -> Chart:
    """The largest groups by expected reduction; the table beside it has all of them."""
    largest = sorted(rows, key=lambda row: (-abs(row.amounts.expected_g), row.keys))[:MAX_BARS]
    shown = [row for row in rows if row in largest]
    return bar_chart(
        text("savings.chart"),
        [
            Bar(label_of(row), kilograms(grams), grams, "negative" if grams < 0 else "option")
            for row in shown
            for grams in [row.amounts.expected_g]
        ],
    )
