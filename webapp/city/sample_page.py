"""A sample that its seed reproduces: drawn on the page, each lot a link, all of them recomputed at a press."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from optimizer.access.user import Permission, User
from optimizer.accounts.misstatement import sample_csv
from optimizer.accounts.population import PopulationItem
from optimizer.accounts.sampling import METHODS, MUS, Sample
from optimizer.actions.city_audit import recompute_lot
from optimizer.actions.sampling import draw_sample
from optimizer.errors import InputError
from webapp.access.visitor import require, require_permission
from webapp.city.choice import label_of
from webapp.language import current_lang
from webapp.world import World, current_world

city_sample_page = Blueprint("city_sample_page", __name__)

DEFAULTS = {"method": MUS, "size": "25", "seed": "0"}
MOST_DRAWN = 500
MOST_RECOMPUTED = 60
"""A page answers in seconds; larger samples are recomputed lot by lot, or by ``modalshift audit``."""


@city_sample_page.get("/city/sample")
@require(Permission.AUDIT)
def show() -> str | tuple[str, int]:
    """The form, and what it draws. The same books, method, size and seed draw the same lots again."""
    user, world = require_permission(Permission.AUDIT), current_world()
    try:
        sample = _draw(world)
    except InputError as error:
        return render_template(
            "city_sample.html", asked=_asked(), methods=METHODS, failure=error.message.text(current_lang())
        ), 422
    again = request.args.get("recompute") == "1"
    return render_template(
        "city_sample.html",
        asked=_asked(),
        methods=METHODS,
        failure="",
        sample=sample,
        drawn_g=sum(item.credited_wtw_g for item in sample.items),
        rows=[
            _row(world, user, item, sample, again=again and place < MOST_RECOMPUTED)
            for place, item in enumerate(sample.items)
        ],
        again=again,
        most=MOST_RECOMPUTED,
    )


@city_sample_page.get("/city/sample.csv")
@require(Permission.AUDIT)
def export() -> Response:
    """The sheet to fill in: ``modalshift audit misstatement`` projects what was found to the whole."""
    content = "\ufeff" + sample_csv(_draw(current_world()))
    headers = {"Content-Disposition": 'attachment; filename="sample.csv"'}
    return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


def _asked() -> dict[str, str]:
    return {name: request.args.get(name, default).strip()[:60] for name, default in DEFAULTS.items()}


def _draw(world: World) -> Sample:
    asked = _asked()
    size = int(asked["size"]) if asked["size"].isascii() and asked["size"].isdecimal() else 0
    return draw_sample(world.store, asked["method"], min(size, MOST_DRAWN), asked["seed"])


def _row(world: World, user: User, item: PopulationItem, sample: Sample, *, again: bool) -> dict[str, Any]:
    verdict = ""
    if again:
        found = recompute_lot(world.store, user, item.waybill_number, item.lot_no, world.network, world.factors)
        verdict = "same" if found is not None and found.equal else "differs"
    return {
        "item": item,
        "certain": item.transaction_id in sample.certain,
        "enterprise": label_of(world, "enterprise", item.consignor_id),
        "cargo": label_of(world, "cargo", item.cargo_code),
        "url": url_for("city_lots_page.show_lot", number=item.waybill_number, lot_no=item.lot_no, recompute=1),
        "verdict": verdict,
    }
