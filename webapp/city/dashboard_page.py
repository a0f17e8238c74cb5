"""审计: tonnes shifted, tkm, yuan and CO2e saved, water share; in any grouping, with filters, and as a file."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, render_template
from werkzeug.exceptions import NotFound

from optimizer.access.user import Permission
from optimizer.accounts.city import CITY_GROUPS, CityAmounts, CityGroup
from optimizer.accounts.lot_entry import sum_of
from optimizer.actions import CityView, city_whole
from optimizer.quantities import G_PER_T
from webapp.access.visitor import require
from webapp.charts.categories import Series, category_chart
from webapp.charts.figure import Figure
from webapp.city.choice import Choice, groups_of, label_of, read_choice, words_of
from webapp.city.error_sources import source_words
from webapp.city.exporting import FORMS, groups_table, table_reply
from webapp.city.flows import MOST_LOTS, city_map
from webapp.figures import kilograms
from webapp.language import current_lang, text
from webapp.security import allow_charts
from webapp.world import World, current_world

city_page = Blueprint("city_page", __name__)

MAX_BARS = 12


@city_page.get("/city")
@require(Permission.READ_CITY)
def show() -> str:
    """Groups of settled lots; each opens into finer groups, and into its lots."""
    allow_charts()
    world, choice = current_world(), read_choice()
    view = CityView(world.store, world.network)
    groups = groups_of(view, choice.by, choice.filters)
    rows = [
        {
            "label": label_of(world, choice.by, key),
            "amounts": amounts,
            "finer_url": choice.narrowed(key).url("city_page.show"),
            "lots_url": Choice(choice.by, {**choice.filters, choice.by: key}).url("city_lots_page.show"),
        }
        for key, amounts in groups.items()
    ]
    total = sum_of(groups.values())
    drawn = bool(groups) and total.lots <= MOST_LOTS
    return render_template(
        "city.html",
        choice=choice,
        groupings=CITY_GROUPS,
        options={name: _options(world, view, choice, name) for name in CITY_GROUPS},
        restrictions=words_of(world, choice),
        rows=rows,
        total=total,
        figure=_chart(world, choice, groups),
        map=city_map(world, choice.filters, current_lang()) if drawn else None,
        most_lots=MOST_LOTS,
        forms=FORMS,
        whole=city_whole(world.store),
        source_words=source_words,
    )


@city_page.get("/city/export.<form>")
@require(Permission.READ_CITY)
def export(form: str) -> Response:
    """The groups of the view as a file, with their total."""
    if form not in FORMS:
        raise NotFound
    world, choice = current_world(), read_choice()
    view = CityView(world.store, world.network)
    groups = groups_of(view, choice.by, choice.filters)
    return table_reply(groups_table(world, choice, groups), form, "city")


def _options(world: World, view: CityView, choice: Choice, name: CityGroup) -> list[tuple[str, str]]:
    """Keys and words to choose from: those that have lots under the other restrictions, and the one chosen."""
    keys = view.keys(name, choice.without(name).filters)
    keys |= {choice.filters[name]} if name in choice.filters else set()
    return sorted(((key, label_of(world, name, key)) for key in keys), key=lambda option: (option[1], option[0]))


def _chart(world: World, choice: Choice, groups: Mapping[str, CityAmounts]) -> Figure:
    """Expected and credited reduction of the largest groups; the table beside it has all of them."""
    largest = sorted(groups, key=lambda key: (-abs(groups[key].expected_g), key))[:MAX_BARS]
    shown = [key for key in groups if key in largest] if choice.by == "month" else largest
    return category_chart(
        "city-groups",
        text("city.chart"),
        text(f"city.by_{choice.by}"),
        [label_of(world, choice.by, key) for key in shown],
        [
            Series(
                text(f"city.{name}"),
                [getattr(groups[key], f"{name}_g") / G_PER_T for key in shown],
                [kilograms(getattr(groups[key], f"{name}_g")) for key in shown],
                look,
            )
            for name, look in (("expected", "water"), ("credited", "sea"))
        ],
        axis="t CO2e",
        lying=choice.by != "month",
        urls=[choice.narrowed(key).url("city_page.show") for key in shown],
        table=False,
    )
