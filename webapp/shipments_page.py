"""货单: upload CSV or XLSX, see what is wrong row by row, keep what is good; the list of what is to be planned."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, render_template, request, send_file, url_for
from werkzeug.exceptions import NotFound

from optimizer.access.user import Permission, User
from optimizer.actions.submitting import shipments_seen_by, submit_shipments
from optimizer.documents.sheets import XLSX_TYPE
from optimizer.errors import Fault, ShipmentDataError
from optimizer.planning.files.shipment_upload import (
    Upload,
    csv_text,
    marked_rows,
    read_upload,
    template_rows,
    workbook,
)
from optimizer.store.planning_rows import SubmittedShipment
from webapp.access.visitor import now, require, require_permission
from webapp.api.shipments import OUTCOMES
from webapp.language import current_lang, text
from webapp.world import current_world

shipments_page = Blueprint("shipments_page", __name__)

PAGE = 200
FAULTS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an upload. ``wrong``: the first faults; ``wrong_count`` counts the rows not kept."""

    verdict: str
    wrong: tuple[Fault, ...]
    wrong_count: int
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
    name = (file.filename if file is not None else "") or "upload.csv"
    try:
        uploaded = read_upload(content, name.rsplit("/", 1)[-1][:100], current_world().network)
    except ShipmentDataError as error:
        return _page(failure=error.message.text(current_lang()), faults=list(error.faults)[:FAULTS_SHOWN]), 422
    submitting = request.form.get("act") == "submit"
    kept, refused = _submit(uploaded, user) if submitting else (len(uploaded.shipments), [])
    return _page(result=_result(uploaded, refused, kept, user, submitting=submitting)), 200


def _submit(uploaded: Upload, user: User) -> tuple[int, list[Fault]]:
    """How many rows the books now hold, and a fault for each good row that the books refuse."""
    rows = [row for row in uploaded.rows if row.shipment is not None]
    outcomes = submit_shipments(current_world().store, uploaded.shipments, user, now())
    refused = [
        Fault(uploaded.name, row.row.number, "shipment_id", outcome.outcome, OUTCOMES[outcome.outcome])
        for row, outcome in zip(rows, outcomes, strict=True)
        if not outcome.kept
    ]
    return len(rows) - len(refused), refused


def _result(uploaded: Upload, refused: list[Fault], kept: int, user: User, *, submitting: bool) -> Result:
    faults = sorted([*uploaded.faults, *refused], key=lambda fault: (fault.row or 0, fault.column or ""))
    wrong_rows = {fault.row for fault in faults}
    key = "shipments.verdict_kept" if submitting else "shipments.verdict_checked"
    verdict = text(key, good=kept, rows=len(uploaded.rows), wrong=len(wrong_rows))
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
    return Result(verdict, tuple(faults[:FAULTS_SHOWN]), len(wrong_rows), returned)


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
    rows = template_rows(current_lang())
    name = f"{text('shipments.template_name')}.{kind}"
    if kind == "xlsx":
        return send_file(BytesIO(workbook(rows, "shipments")), XLSX_TYPE, as_attachment=True, download_name=name)
    if kind == "csv":
        content = b"\xef\xbb\xbf" + csv_text(rows).encode()  # with the mark, so that Excel reads Chinese
        return send_file(BytesIO(content), "text/csv; charset=utf-8", as_attachment=True, download_name=name)
    raise NotFound


def _page(**more: Any) -> str:
    user = require_permission(Permission.READ_SHIPMENTS)
    shown = "all" if request.args.get("show") == "all" else "open"
    entries = shipments_seen_by(current_world().store, user, request.args.get("after", ""), None)
    if shown == "open":
        entries = [entry for entry in entries if not entry.withdrawn and not entry.waybill_number]
    page = entries[:PAGE]
    last = page[-1].shipment.shipment_id if page else ""
    next_url = url_for("shipments_page.show", show=shown, after=last) if len(entries) > PAGE else ""
    return render_template(
        "shipments.html",
        may_write=user.may(Permission.WRITE_SHIPMENTS),
        shown=shown,
        rows=[_row(entry) for entry in page],
        count=len(entries),
        mass_kg=sum(entry.shipment.mass_kg for entry in entries),
        next_url=next_url,
        **more,
    )


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
        "state": text(f"shipments.state_{state}") + (f" {entry.waybill_number}" if entry.waybill_number else ""),
    }
