"""审计: tonnes shifted, tkm, yuan and CO2e saved, water share; in any grouping, with filters, and as a file."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from werkzeug.exceptions import NotFound

from optimizer.access.user import Permission
from optimizer.accounts.lot_entry import LOT_FILTERS, LotAmounts
from optimizer.actions.city_audit import city_groups
from webapp.access.visitor import require
from webapp.bars import Bar, Chart, bar_chart
from webapp.city.choice import Choice, label_of, read_choice, words_of
from webapp.city.exporting import FORMS, groups_table, table_reply
from webapp.figures import kilograms
from webapp.language import text
from webapp.world import World, current_world

city_page = Blueprint("city_page", __name__)

MAX_BARS = 12
Groups = dict[str, LotAmounts]


@city_page.get("/city")
@require(Permission.READ_CITY)
def show() -> str:
    """Groups of settled lots; each opens into finer groups, and into its lots."""
    world, choice = current_world(), read_choice()
    groups = city_groups(world.store, choice.by, choice.filters, world.network)
    rows = [
        {
            "label": label_of(world, choice.by, key),
            "amounts": amounts,
            "finer_url": choice.narrowed(key).url("city_page.show"),
            "lots_url": Choice(choice.by, {**choice.filters, choice.by: key}).url("city_lots_page.show"),
        }
        for key, amounts in groups.items()
    ]
    return render_template(
        "city.html",
        choice=choice,
        groupings=LOT_FILTERS,
        options={name: _options(world, choice, name) for name in LOT_FILTERS},
        restrictions=words_of(world, choice),
        rows=rows,
        total=total_of(groups),
        chart=_chart(world, choice, groups),
        forms=FORMS,
    )


@city_page.get("/city/export.<form>")
@require(Permission.READ_CITY)
def export(form: str) -> Response:
    """The groups of the view as a file, with their total."""
    if form not in FORMS:
        raise NotFound
    world, choice = current_world(), read_choice()
    groups = city_groups(world.store, choice.by, choice.filters, world.network)
    return table_reply(groups_table(world, choice, groups), form, "city")


def total_of(groups: Groups) -> LotAmounts:
    """All groups together."""
    total = LotAmounts()
    for amounts in groups.values():
        total = total.plus(amounts)
    return total


def _options(world: World, choice: Choice, name: str) -> list[tuple[str, str]]:
    """Keys and words to choose from: those that have lots under the other restrictions, and the one chosen."""
    keys = set(city_groups(world.store, name, choice.without(name).filters, world.network))
    keys |= {choice.filters[name]} if name in choice.filters else set()
    return sorted(((key, label_of(world, name, key)) for key in keys), key=lambda option: (option[1], option[0]))


def _chart(world: World, choice: Choice, groups: Groups) -> Chart:
    """The largest groups by expected reduction; the table beside it has all of them."""
    largest = sorted(groups, key=lambda key: (-abs(groups[key].expected_g), key))[:MAX_BARS]
    shown = [key for key in groups if key in largest] if choice.by == "month" else largest
    return bar_chart(
        text("savings.chart"),
        [
            Bar(
                label_of(world, choice.by, key),
                kilograms(groups[key].expected_g),
                groups[key].expected_g,
                "negative" if groups[key].expected_g < 0 else "option",
            )
            for key in shown
        ],
    )
