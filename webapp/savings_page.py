"""节约总览: tonnes shifted, yuan and CO2e saved, by month, cargo, enterprise, corridor or county."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, abort, render_template, request, url_for

from optimizer.accounts.totals import GroupBy, SavingsRow, total
from webapp.bars import Bar, Chart, bar_chart
from webapp.figures import kilograms
from webapp.language import current_lang, text
from webapp.world import World, current_world

savings_page = Blueprint("savings_page", __name__)

GROUPINGS: tuple[GroupBy, ...] = ("month", "cargo", "enterprise", "corridor", "county")
NAMING_PARTIES: tuple[GroupBy, ...] = ("enterprise", "corridor")
"""Groupings from which one enterprise's freight can be read. Until visitors can sign in they are for the demo only."""

FINER: Mapping[GroupBy, GroupBy] = {
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
    """Settled lots, grouped as ``?by=`` says and restricted to the keys named for other groupings."""
    world = current_world()
    open_to_visitor = _groupings(world)
    by = next((group for group in open_to_visitor if group == request.args.get("by", "month")), None)
    if by is None:
        abort(404)
    keys: dict[str, str] = {group: request.args[group] for group in open_to_visitor if request.args.get(group)}
    rows = world.overview.savings(by, keys)
    return render_template(
        "savings.html",
        by=by,
        groupings=open_to_visitor,
        keys=keys,
        filters=_filters(world, by, keys),
        rows=[(row, label_of(world, by, row), _finer_url(by, row, keys)) for row in rows],
        total=total(rows),
        chart=_chart(world, by, rows),
    )


def label_of(world: World, by: GroupBy, row: SavingsRow) -> str:
    """The words for a group in the visitor's language; a corridor by the names of its ends."""
    lang = current_lang()
    if by != "corridor":
        return row.label_zh if lang == "zh" else row.label_en
    return " → ".join(world.place_name(end, lang) for end in row.key.split(">"))


def _groupings(world: World) -> tuple[GroupBy, ...]:
    if world.settings.demo:
        return GROUPINGS
    return tuple(group for group in GROUPINGS if group not in NAMING_PARTIES)


def _filters(world: World, by: GroupBy, keys: Mapping[str, str]) -> list[Filter]:
    found = []
    for group in GROUPINGS:
        if group in keys:
            rows = world.overview.savings(group, {group: keys[group]})
            words = label_of(world, group, rows[0]) if rows else keys[group]
            others = {name: key for name, key in keys.items() if name != group}
            found.append(Filter(words, _url({"by": by, **others})))
    return found


def _finer_url(by: GroupBy, row: SavingsRow, keys: Mapping[str, str]) -> str:
    finer = FINER[by] if FINER[by] not in keys else "cargo"
    return _url({**keys, "by": finer, by: row.key})


def _url(query: Mapping[str, str]) -> str:
    return f"{url_for('savings_page.show_savings')}?{urlencode(query)}"


def _chart(world: World, by: GroupBy, rows: list[SavingsRow]) -> Chart:
    """The largest groups by expected reduction; the table beside it has all of them."""
    largest = sorted(rows, key=lambda row: (-abs(row.expected_g), row.key))[:MAX_BARS]
    shown = [row for row in rows if row in largest]
    return bar_chart(
        text("savings.chart"),
        [
            Bar(
                label_of(world, by, row),
                kilograms(row.expected_g),
                row.expected_g,
                "negative" if row.expected_g < 0 else "option",
            )
            for row in shown
        ],
    )
