"""计算书: the arithmetic behind a quote and behind a settled lot, as a page to print and as files to keep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from optimizer.access.user import Permission
from optimizer.actions.sheeting import calculation_sheet_for
from optimizer.documents.calculation_sheet import sheet_json, sheet_text, sheet_xlsx
from optimizer.documents.quote_sheet import quote_sheet_json, quote_sheet_text, quote_sheet_xlsx
from optimizer.documents.sheets import XLSX_TYPE
from webapp.access.visitor import require, require_permission
from webapp.language import current_lang
from webapp.limits import API_LIMIT, limiter
from webapp.quote_form import FIELDS, read_quote_form
from webapp.sheet_view import lot_sheet_view, quote_sheet_view
from webapp.world import current_world

sheets_page = Blueprint("sheets_page", __name__)

TYPES = {"txt": "text/plain; charset=utf-8", "json": "application/json; charset=utf-8", "xlsx": XLSX_TYPE}
"""Formats of a file; anything else is the page."""


@sheets_page.get("/quote/sheet")
@limiter.limit(API_LIMIT)
def show_quote_sheet() -> Response | AnyResponse | str:
    """The sheet of the quote with the same query; a query without a quote goes back to the form. Open to all, as
    quotes are."""
    world, lang = current_world(), current_lang()
    # Only the fields of the form travel on: anything else in the query is a stranger's.
    query = {field: request.args[field] for field in FIELDS if field in request.args}
    form = read_quote_form(request.args, world.network, datetime.now(UTC))
    if form.shipment is None:
        return redirect(_with(url_for("quote_page.show_quote"), query))
    sheet = world.desk.explain(world.desk.quote(form.shipment))
    match request.args.get("format"):
        case "txt":
            return _file("txt", quote_sheet_text(sheet, lang), "quote-sheet")
        case "json":
            return _file("json", quote_sheet_json(sheet), "quote-sheet")
        case "xlsx":
            return _file("xlsx", quote_sheet_xlsx(sheet, lang, form.shipment.ready_at), "quote-sheet")
    return render_template(
        "sheet.html",
        sheet=quote_sheet_view(world, sheet, lang),
        files=[(kind, _with(url_for("sheets_page.show_quote_sheet"), {**query, "format": kind})) for kind in TYPES],
        back=_with(url_for("quote_page.show_quote"), query),
    )


@sheets_page.get("/waybills/<number>/lots/<int:lot_no>/sheet")
@require(Permission.READ_WAYBILLS)
def show_lot_sheet(number: str, lot_no: int) -> Response | str:
    """The sheet of the calculation that stands in the accounts, recomputed; 404 for whoever may not see the waybill."""
    user = require_permission(Permission.READ_WAYBILLS)
    world, lang = current_world(), current_lang()
    sheet = calculation_sheet_for(world.store, user, number, lot_no, world.factors)
    name = f"sheet-{number}-{lot_no}"
    match request.args.get("format"):
        case "txt":
            return _file("txt", sheet_text(sheet, lang), name)
        case "json":
            return _file("json", sheet_json(sheet), name)
        case "xlsx":
            return _file("xlsx", sheet_xlsx(sheet, lang), name)
    here = url_for("sheets_page.show_lot_sheet", number=number, lot_no=lot_no)
    return render_template(
        "sheet.html",
        sheet=lot_sheet_view(world, sheet, lang),
        files=[(kind, _with(here, {"format": kind})) for kind in TYPES],
        back=url_for("waybills_page.show_waybill", number=number),
    )


def _with(address: str, query: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(query)}"


def _file(form: str, content: str | bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(content, content_type=TYPES[form], headers=headers)
