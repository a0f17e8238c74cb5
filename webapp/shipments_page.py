"""货单: upload CSV or XLSX, see what is wrong row by row, keep what is good; the list of what is to be planned."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, render_template, request, send_file, url_for
from werkzeug.exceptions import NotFound

from optimizer.access.user import Permission, User
from optimizer.actions.registering import unregistered_shippers
from optimizer.actions.submitting import shipments_seen_by, submit_shipments
from optimizer.documents.sheets import XLSX_TYPE
from optimizer.errors import Fault, ShipmentDataError
from optimizer.planning.files.shipment_upload import (
    Upload,
    marked_rows,
    read_upload,
    template_rows,
    workbook,
)
from optimizer.store.planning_rows import SubmittedShipment
from webapp.access.visitor import require, require_permission
from webapp.api.shipments import OUTCOMES
from webapp.clock import now
from webapp.language import current_lang, text
from webapp.list_pages import PageLinks, asked_pages
from webapp.template_file import template_file
from webapp.world import current_world

shipments_page = Blueprint("shipments_page", __name__)

FAULTS_SHOWN = 100
ROWS_NAMED = 12
SHIPPERS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an upload. ``wrong``: the first faults, each with its rows and its column in the file's words;
    ``caption`` says how many there are, in how many rows. ``unregistered``: what is still missing for waybills, empty
    for nothing."""

    verdict: str
    wrong: tuple[tuple[str, str, str], ...]
    caption: str
    unregistered: str
    returned_url: str


@shipments_page.get("/shipments")
@require(Permission.READ_SHIPMENTS)
def show() -> str:
    """The list, and for whoever may submit the upload form."""
    return _page()


@shipments_page.post("/shipments")
@require(Permission.WRITE_SHIPMENTS)
def upload() -> tuple[str, int]:
    """Check a file, or check and keep its good rows. 422 when the file as a whole cannot be read."""
    user = require_permission(Permission.WRITE_SHIPMENTS)
    file = request.files.get("file")
    content = file.read() if file is not None else b""
    try:
        uploaded = read_upload(content, _name(file.filename if file is not None else None), current_world().network)
    except ShipmentDataError as error:
        return _page(failure=error.message.text(current_lang()), faults=list(error.faults)[:FAULTS_SHOWN]), 422
    submitting = request.form.get("act") == "submit"
    outcomes, refused = _submit(uploaded, user) if submitting else (Counter(), [])
    return _page(result=_result(uploaded, refused, outcomes, user, submitting=submitting)), 200


def _name(said: str | None) -> str:
    """What a browser says the file is called, as one printable line without folders: it goes into a header later."""
    last = (said or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(filter(str.isprintable, last))[:100] or "upload.csv"


def _submit(uploaded: Upload, user: User) -> tuple[Counter[str], list[Fault]]:
    """How many good rows came to which outcome, and a fault for each that the books refuse."""
    rows = [row for row in uploaded.rows if row.shipment is not None]
    outcomes = submit_shipments(current_world().store, uploaded.shipments, user, now())
    refused = [
        Fault(uploaded.name, row.row.number, "shipment_id", outcome.outcome, OUTCOMES[outcome.outcome])
        for row, outcome in zip(rows, outcomes, strict=True)
        if not outcome.kept
    ]
    return Counter(outcome.outcome for outcome in outcomes), refused


def _verdict(uploaded: Upload, outcomes: Counter[str], wrong: int, *, submitting: bool) -> str:
    """What was kept; of this what the books held already, and what they now hold with another content."""
    if not submitting:
        return text("shipments.verdict_checked", good=len(uploaded.shipments), rows=len(uploaded.rows), wrong=wrong)
    kept = sum(outcomes[name] for name in ("new", "changed", "known"))
    verdict = text("shipments.verdict_kept", good=kept, rows=len(uploaded.rows), wrong=wrong)
    if outcomes["known"] or outcomes["changed"]:
        verdict += text("shipments.verdict_before", known=outcomes["known"], changed=outcomes["changed"])
    return verdict


def _unregistered(uploaded: Upload) -> str:
    """Which shippers have to be registered before a plan for them can be accepted; empty where all are."""
    names = unregistered_shippers(current_world().store, uploaded.shipments)
    listed = text("shipments.comma").join(names[:SHIPPERS_SHOWN]) + (" …" if len(names) > SHIPPERS_SHOWN else "")
    return text("shipments.unregistered", names=listed) if names else ""


def _result(uploaded: Upload, refused: list[Fault], outcomes: Counter[str], user: User, *, submitting: bool) -> Result:
    faults = sorted([*uploaded.faults, *refused], key=lambda fault: (fault.row or 0, fault.column or ""))
    wrong_rows = {fault.row for fault in faults}
    verdict = _verdict(uploaded, outcomes, len(wrong_rows), submitting=submitting)
    alike = _alike(uploaded, faults)
    shown = tuple(alike[:FAULTS_SHOWN])
    key = "shipments.wrong_rows" if len(shown) == len(alike) else "shipments.wrong_rows_first"
    caption = text(key, count=len(wrong_rows), faults=len(faults), shown=len(shown))
    returned = ""
    if faults:
        marked = marked_rows(uploaded, current_lang())
        file_id, name = (
            secrets.token_urlsafe(16),
            f"{uploaded.name.rsplit('.', 1)[0]}-{text('shipments.wrong_suffix')}.xlsx",
        )
        with current_world().store.write() as session:
            session.keep_returned_file(file_id, user.user_id, name, workbook(marked, "shipments"), now())
        returned = url_for("shipments_page.returned", file_id=file_id)
    return Result(verdict, shown, caption, _unregistered(uploaded), returned)


def _alike(uploaded: Upload, faults: list[Fault]) -> list[tuple[str, str, str]]:
    """(rows, column, sentence) of each fault; one that stands in many rows, such as a place by another name, once."""
    rows: dict[tuple[str, str], list[int]] = {}
    for fault in faults:
        rows.setdefault((uploaded.title(fault), fault.message.text(current_lang())), []).append(fault.row or 0)
    return [(_listed(numbers), column, sentence) for (column, sentence), numbers in rows.items()]


def _listed(numbers: list[int]) -> str:
    listed = text("shipments.comma").join(map(str, numbers[:ROWS_NAMED]))
    more = len(numbers) - ROWS_NAMED
    return listed if more <= 0 else listed + text("shipments.more_rows", count=more)


@shipments_page.get("/shipments/returned/<file_id>")
@require(Permission.WRITE_SHIPMENTS)
def returned(file_id: str) -> Response:
    """The wrong rows of an upload with their faults beside them; for its uploader only, for a day."""
    user = require_permission(Permission.WRITE_SHIPMENTS)
    with current_world().store.read() as session:
        found = session.returned_file(file_id, user.user_id)
    if found is None:
        raise NotFound
    name, content = found
    return send_file(BytesIO(content), XLSX_TYPE, as_attachment=True, download_name=name)


@shipments_page.get("/shipments/template.<kind>")
@require(Permission.WRITE_SHIPMENTS)
def template(kind: str) -> Response:
    """An empty file with the right header and one example."""
    return template_file(template_rows(current_lang()), text("shipments.template_name"), kind, "shipments")


def _page(**more: Any) -> str:
    user = require_permission(Permission.READ_SHIPMENTS)
    shown = "all" if request.args.get("show") == "all" else "open"
    asked = request.args.get("q", "").strip()[:64]
    entries = shipments_seen_by(current_world().store, user)
    if shown == "open":
        entries = [entry for entry in entries if not entry.withdrawn and not entry.waybill_number]
    if asked:
        entries = [entry for entry in entries if asked.casefold() in _words_of(entry)]
    part = asked_pages(len(entries))
    kept = {"show": shown, "q": asked or None}
    return render_template(
        "shipments.html",
        may_write=user.may(Permission.WRITE_SHIPMENTS),
        to_waybills=user.may(Permission.READ_WAYBILLS),
        shown=shown,
        q=asked,
        rows=[_row(entry) for entry in part.of_list(entries)],
        count=len(entries),
        mass_kg=sum(entry.shipment.mass_kg for entry in entries),
        links=PageLinks(part, "shipments_page.show", kept, "list-title"),
        **more,
    )


def _words_of(entry: SubmittedShipment) -> str:
    """What a shipment is found by: its ids, and the names that its row shows."""
    world, lang, shipment = current_world(), current_lang(), entry.shipment
    names = (
        *(shipment.shipment_id, shipment.shipper_id, world.party_name(shipment.shipper_id, lang)),
        *(shipment.cargo_code, world.cargo_name(shipment.cargo_code, lang), entry.waybill_number or ""),
        *(world.place_name(place, lang) for place in (shipment.origin, shipment.destination)),
    )
    return "\n".join(names).casefold()


def _row(entry: SubmittedShipment) -> dict[str, Any]:
    world, lang, shipment = current_world(), current_lang(), entry.shipment
    state = "withdrawn" if entry.withdrawn else "waybill" if entry.waybill_number else "open"
    return {
        "id": shipment.shipment_id,
        "shipper": world.party_name(shipment.shipper_id, lang),
        "cargo": world.cargo_name(shipment.cargo_code, lang),
        "mass_kg": shipment.mass_kg,
        "places": f"{world.place_name(shipment.origin, lang)} → {world.place_name(shipment.destination, lang)}",
        "ready": f"{shipment.ready_at:%Y-%m-%d %H:%M}",
        "due": f"{shipment.due_at:%Y-%m-%d %H:%M}",
        "state": text(f"shipments.state_{state}"),
        "number": entry.waybill_number or "",
    }
