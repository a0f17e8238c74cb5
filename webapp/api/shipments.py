"""``/api/v1/shipments``: submit many at once, list, read, withdraw. One bad row does not fail the rest."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from optimizer.access.user import Permission
from optimizer.actions.submitting import (
    Submission,
    sees_shipment,
    shipments_seen_by,
    submit_shipments,
    unknown_shipment,
    withdraw_shipment,
)
from optimizer.errors import Fault, Message
from optimizer.planning.fault_list import FaultList
from optimizer.planning.files.shipment_file import valid_shipments
from optimizer.planning.shipment import Shipment
from optimizer.store.planning_rows import SubmittedShipment
from optimizer.waybills.codec import to_plain
from webapp.access.visitor import require_permission
from webapp.api import idempotency, paging
from webapp.api.answers import COUNT, ERRORS, FLAG, MOMENT, TEXT, answer, list_of, or_null, record_with
from webapp.api.documented import documented
from webapp.api.quotes import BODY as QUOTE_BODY
from webapp.api.reading import json_array
from webapp.api.replies import json_reply
from webapp.clock import now
from webapp.language import current_lang
from webapp.problem import UnreadableBodyError
from webapp.world import current_world

shipments_api = APIBlueprint("shipments_api", __name__, url_prefix="/api/v1", tag="Shipments")

MAX_RECORDS = 2_000
EXAMPLE = '[{"shipment_id": "A-1", "shipper_id": "E01", "cargo_code": "coal", "mass_t": 800, ...}]'
OUTCOMES = {
    "foreign": Message("不是贵企业的货单号；请换一个编号", "not an id of your enterprise; take another one"),
    "has_waybill": Message(
        "已签发运单，内容不能再改；运单已作废的，请以新的货单号提交",
        "a waybill has been issued for it; its content cannot change any more. Where that waybill is void, submit the"
        " goods under another id",
    ),
}
RECORD = {
    "type": "object",
    "required": ["shipment_id", "shipper_id", *QUOTE_BODY["required"]],
    "properties": {"shipment_id": {"type": "string"}, "shipper_id": {"type": "string"}, **QUOTE_BODY["properties"]},
}
SHIPMENT = record_with(
    Shipment, version=COUNT, withdrawn=FLAG, submitted_at=MOMENT, waybill_number=or_null(TEXT)
)  # fmt: skip
RESULTS = answer(
    results=list_of(
        answer(
            ("shipment_id", "errors"),
            status={**TEXT, "enum": ["new", "changed", "known", "refused"]},
            shipment_id=TEXT,
            errors=ERRORS,
        )
    )
)


@shipments_api.post("/shipments")
@documented(
    shipments_api,
    "submitShipments",
    "Submit shipments, many at once",
    {200: RESULTS},
    body={"type": "array", "items": RECORD, "maxItems": MAX_RECORDS},
    headers=idempotency.DOCUMENTED,
)
@idempotency.idempotent
def submit() -> Response:
    """One result for each record, in their order: ``new``, ``changed``, ``known`` or ``refused`` with its errors. Good
    records are kept whatever becomes of the others."""
    user = require_permission(Permission.WRITE_SHIPMENTS)
    records = json_array(EXAMPLE)
    if len(records) > MAX_RECORDS:
        raise UnreadableBodyError(
            Message(
                f"一次最多 {MAX_RECORDS} 票，请分批。",
                f"At most {MAX_RECORDS} shipments at once; send several requests.",
            )
        )
    world = current_world()
    faults = FaultList("request", limit=100 * MAX_RECORDS)
    read = valid_shipments(records, world.network, faults)
    good = [shipment for shipment in read if shipment is not None]
    kept = iter(submit_shipments(world.store, good, user, now()))
    by_place: dict[str, list[Fault]] = {}
    for fault in faults.faults:
        by_place.setdefault((fault.column or "").split("/")[1], []).append(fault)
    results = [
        _refused(by_place.get(str(place), [])) if shipment is None else _result(next(kept))
        for place, shipment in enumerate(read)
    ]
    return json_reply({"results": results})


@shipments_api.get("/shipments")
@documented(
    shipments_api,
    "listShipments",
    "Shipments that this user may see",
    {200: paging.page_schema(SHIPMENT)},
    problems=(422,),
    query=paging.QUERY,
)
def list_shipments() -> Response:
    """By id: planners see all, enterprises their own."""
    user = require_permission(Permission.READ_SHIPMENTS)
    after, limit = paging.asked_page()
    rows = shipments_seen_by(current_world().store, user, str(after[0]) if after else "", limit + 1)
    shown = rows[:limit]
    key = [shown[-1].shipment.shipment_id] if shown else None
    return json_reply(paging.page_of(rows, limit, key, [_item(entry) for entry in shown]))


@shipments_api.get("/shipments/<shipment_id>")
@documented(shipments_api, "showShipment", "One shipment", {200: SHIPMENT}, problems=(404,))
def show_shipment(shipment_id: str) -> Response:
    """404 as well for an id of another enterprise."""
    user = require_permission(Permission.READ_SHIPMENTS)
    with current_world().store.read() as session:
        found = session.submitted(ids=[shipment_id])
    if not found or not sees_shipment(user, found[0].shipment):
        raise unknown_shipment(shipment_id)
    return json_reply(_item(found[0]))


@shipments_api.delete("/shipments/<shipment_id>")
@documented(shipments_api, "withdrawShipment", "Withdraw a shipment", {204: None}, problems=(400, 404, 409))
def withdraw(shipment_id: str) -> Response:
    """Its versions stay on record; it is not planned any more. 409 once a waybill carries it."""
    user = require_permission(Permission.WRITE_SHIPMENTS)
    withdraw_shipment(current_world().store, shipment_id, user, now())
    return Response(status=204)


def _item(entry: SubmittedShipment) -> dict[str, Any]:
    return {
        **to_plain(entry.shipment),
        "version": entry.version,
        "withdrawn": entry.withdrawn,
        "submitted_at": to_plain(entry.submitted_at),
        "waybill_number": entry.waybill_number or None,
    }


def _result(submission: Submission) -> dict[str, Any]:
    if submission.kept:
        return {"shipment_id": submission.shipment_id, "status": submission.outcome}
    sentence = OUTCOMES[submission.outcome].text(current_lang())
    error = {"pointer": "/shipment_id", "code": submission.outcome, "message": sentence}
    return {"shipment_id": submission.shipment_id, "status": "refused", "errors": [error]}


def _refused(faults: list[Fault]) -> dict[str, Any]:
    errors = [
        {
            "pointer": "/" + "/".join((fault.column or "").split("/")[2:]),
            "code": fault.code,
            "message": fault.message.text(current_lang()),
        }
        for fault in faults
    ]
    return {"status": "refused", "errors": errors}
