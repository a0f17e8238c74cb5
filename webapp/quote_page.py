"""比选: one shipment, road beside water. A GET form, so that every result has an address and the back button works."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from optimizer.network.model import Network
from webapp.language import current_lang, text
from webapp.limits import API_LIMIT, limiter
from webapp.quote_form import read_quote_form
from webapp.quote_view import quote_view
from webapp.security import allow_charts
from webapp.world import current_world

quote_page = Blueprint("quote_page", __name__)

Groups = list[tuple[str, list[tuple[str, str]]]]
"""Choices of a select: (group, [(value, words)])."""

PLACE_KINDS = ("industry", "inland_port", "river_port", "sea_port", "dry_port", "rail_yard")
"""Kinds of places where cargo begins or ends, in the order shown; nobody ships from a junction."""


@quote_page.get("/")
def start() -> Response:
    """The planner's first page."""
    return redirect(url_for("quote_page.show_quote"))


@quote_page.get("/quote")
@limiter.limit(API_LIMIT)  # open to strangers, and as much work as the API's own quotes
def show_quote() -> tuple[str, int]:
    """The form; with a shipment in the query also the comparison. 422 when the query has faults."""
    world = current_world()
    query: Mapping[str, str] = request.args
    form = read_quote_form(query, world.network, datetime.now(UTC))
    result = quote_view(world, world.desk.quote(form.shipment)) if form.shipment else None
    if result and result.map:
        allow_charts()
    page = render_template(
        "quote.html", form=form, result=result, places=_places(world.network), cargo=_cargo(world.network)
    )
    return page, 422 if form.faults else 200


def _places(network: Network) -> Groups:
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for place in network.locations.values():
        name = place.name_zh if current_lang() == "zh" else place.name_en
        groups[place.kind].append((place.location_id, name))
    return [(text(f"place.{kind}"), sorted(groups[kind], key=lambda entry: entry[1])) for kind in PLACE_KINDS]


def _cargo(network: Network) -> Groups:
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for cargo in network.cargo.values():
        name = cargo.name_zh if current_lang() == "zh" else cargo.name_en
        groups["box" if cargo.containerised else "bulk"].append((cargo.cargo_code, name))
    return [(text(f"cargo.{kind}"), groups[kind]) for kind in ("bulk", "box") if groups[kind]]
