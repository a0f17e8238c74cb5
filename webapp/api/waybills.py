"""``/api/v1/waybills``: lists, one whole with its three states, its events, and reports upon it."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from optimizer.access.user import Permission
from optimizer.actions.sheeting import calculation_sheet_for
from optimizer.actions.waybill_views import WaybillFile, report_events, waybill_file, waybills_seen_by
from optimizer.documents.calculation_sheet import sheet_json
from optimizer.errors import Fault, Message
from optimizer.waybills.codec import to_plain
from optimizer.waybills.event import Classifier, EventType
from optimizer.waybills.event_reader import FIELDS, events_from_records
from webapp.access.visitor import require_permission
from webapp.api import idempotency, paging
from webapp.api.answers import items_of
from webapp.api.documented import documented
from webapp.api.reading import json_array
from webapp.api.replies import json_reply
from webapp.api.waybill_answers import EVENT, FILE, HEADER, RESULTS, SHEET
from webapp.clock import now
from webapp.language import current_lang
from webapp.problem import UnreadableBodyError
from webapp.world import current_world

waybills_api = APIBlueprint("waybills_api", __name__, url_prefix="/api/v1", tag="Waybills")

MAX_EVENTS = 1_000
EXAMPLE = '[{"event_type": "LOAD", "lot_no": 1, "leg_seq": 2, "event_time": "2026-10-08T08:30:00+08:00", ...}]'
REPORT: dict[str, Any] = {
    "type": "object",
    "required": ["event_type", "event_time"],
    "properties": {
        **{name: {"type": "string"} for name in sorted(FIELDS)},
        "event_type": {"type": "string", "enum": [kind.value for kind in EventType], "examples": ["LOAD"]},
        "classifier": {"type": "string", "enum": [kind.value for kind in Classifier], "default": "ACT"},
        "lot_no": {"type": "integer", "minimum": 1},
        "leg_seq": {"type": "integer", "minimum": 1},
        "occurrence": {"type": "integer", "minimum": 1, "default": 1},
        "mass_kg": {"type": "integer", "minimum": 1},
        "mass_t": {"type": ["number", "string"]},
        "energy": {"type": "object"},
        "evidence": {"type": "array", "items": {"type": "object", "required": ["kind", "sha256"]}},
    },
}


@waybills_api.get("/waybills")
@documented(
    waybills_api,
    "listWaybills",
    "Waybills in this user's scope",
    {200: paging.page_schema(HEADER)},
    problems=(422,),
    query={**paging.QUERY, "q": {"type": "string", "description": "beginning of a number or shipment id"}},
)
def list_waybills() -> Response:
    """By number: operators those they carry, enterprises those they ship or receive, auditors all."""
    user = require_permission(Permission.READ_WAYBILLS)
    after, limit = paging.asked_page()
    text = request.args.get("q", "")[:64]
    rows = waybills_seen_by(current_world().store, user, str(after[0]) if after else "", limit + 1, text)
    shown = rows[:limit]
    key = [shown[-1].number] if shown else None
    return json_reply(paging.page_of(rows, limit, key, [to_plain(row) for row in shown]))


@waybills_api.get("/waybills/<number>/lots/<int:lot_no>/sheet")
@documented(
    waybills_api,
    "showLotSheet",
    "The calculation sheet of a settled lot",
    {200: SHEET},
    problems=(404, 409, 422),
)
def show_lot_sheet(number: str, lot_no: int) -> Response:
    """Arithmetic line by line, factors with sources, uncertainty, what moves the result. Recomputed from the stored
    inputs; 409 where the factors at hand do not give the recorded grams. 404 as well for a waybill of others and for a
    lot that is not settled."""
    user = require_permission(Permission.READ_WAYBILLS)
    world = current_world()
    sheet = calculation_sheet_for(world.store, user, number, lot_no, world.factors)
    return Response(sheet_json(sheet), content_type="application/json; charset=utf-8")


@waybills_api.get("/waybills/<number>")
@documented(
    waybills_api,
    "showWaybill",
    "One waybill, its states and what was booked",
    {200: FILE},
    problems=(404,),
)
def show_waybill(number: str) -> Response:
    """The document, the three axes, each lot's missing evidence and findings, its ledger entries. 404 as well for a
    waybill of others."""
    user = require_permission(Permission.READ_WAYBILLS)
    return json_reply(file_item(waybill_file(current_world().store, user, number)))


@waybills_api.get("/waybills/<number>/events")
@documented(waybills_api, "listEvents", "Everything reported on a waybill", {200: items_of(EVENT)}, problems=(404,))
def list_events(number: str) -> Response:
    """In order of arrival, withdrawn ones too."""
    user = require_permission(Permission.READ_WAYBILLS)
    found = waybill_file(current_world().store, user, number)
    return json_reply({"items": [to_plain(event) for event in found.events]})


@waybills_api.post("/waybills/<number>/events")
@documented(
    waybills_api,
    "reportEvents",
    "Report events, many at once",
    {200: RESULTS},
    problems=(404,),
    body={"type": "array", "items": REPORT, "maxItems": MAX_EVENTS},
    headers=idempotency.DOCUMENTED,
)
@idempotency.idempotent
def report(number: str) -> Response:
    """One result for each record, in their order: ``accepted``, ``known`` or ``refused`` with its errors."""
    user = require_permission(Permission.REPORT_EVENTS)
    records = json_array(EXAMPLE)
    if len(records) > MAX_EVENTS:
        raise UnreadableBodyError(Message(f"一次最多 {MAX_EVENTS} 个事件。", f"At most {MAX_EVENTS} events a request."))
    at = now()
    read = events_from_records(records, number, user.party_id or user.login, at)
    world, events = current_world(), [event for event, _ in read if event is not None]
    result = report_events(world.store, user, number, events, at, world.network)
    accepted, recorded = set(result.accepted), {*result.accepted, *result.known}
    refused = {id(refusal.event): refusal.faults for refusal in result.refused}
    results = []
    for event, faults in read:
        if event is not None and event.event_id in recorded and id(event) not in refused:
            status = "accepted" if event.event_id in accepted else "known"
            accepted.discard(event.event_id)  # the same event twice in one request: the second one is known
            results.append({"event_id": event.event_id, "status": status})
        else:
            results.append(_refused(refused.get(id(event), ()) if event is not None else faults))
    return json_reply({"results": results})


def file_item(found: WaybillFile) -> dict[str, Any]:
    """A waybill file as JSON."""
    lots = [
        {
            **to_plain(lot),
            "carbon": found.carbon(lot.lot_no).value,
            "missing": [message.text(current_lang()) for message in lot.missing],
            "findings": [finding.message.text(current_lang()) for finding in lot.findings],
            "settled": found.settled(lot.lot_no),
        }
        for lot in found.state.lots
    ]
    return {
        "waybill": to_plain(found.waybill),
        "document_status": found.state.document.value,
        "transport_status": found.state.transport.value,
        "lots": lots,
        "transactions": [
            {**to_plain(entry), "postings": [to_plain(line._asdict()) for line in entry.postings]}
            for entry in found.transactions
        ],
    }


def _refused(faults: tuple[Fault, ...]) -> dict[str, Any]:
    errors = [
        {
            "pointer": fault.column if (fault.column or "").startswith("/") else f"/{fault.column or ''}",
            "code": fault.code,
            "message": fault.message.text(current_lang()),
        }
        for fault in faults
    ]
    return {"status": "refused", "errors": errors}
