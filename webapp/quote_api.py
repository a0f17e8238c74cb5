"""``POST /api/v1/quotes``: one shipment as JSON, the whole quote back."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from optimizer.errors import Fault, Message, ShipmentDataError
from optimizer.planning.quote.document import quote_to_json
from optimizer.planning.shipment_file import shipments_from_records
from webapp.problem import problem
from webapp.quote_form import quote_record
from webapp.world import current_world

quote_api = Blueprint("quote_api", __name__, url_prefix="/api/v1")

EXAMPLE = '{"origin": "QJ", "destination": "ZP", "cargo_code": "steel", "mass_t": 800, ...}'
NOT_AN_OBJECT = Message(
    f"请求体应为一个 JSON 对象，如 {EXAMPLE}。", f"The body should be one JSON object such as {EXAMPLE}."
)


@quote_api.post("/quotes")
def make_quote() -> Response:
    """The columns of a shipment as keys: origin, destination, cargo_code, mass_t, ready_at, due_at; optional
    splittable, cargo_value_yuan_per_t.

    422 with a JSON pointer for each fault. Only ``application/json`` is read, which a form of another site cannot send.
    """
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        body = request.get_json()
    except (BadRequest, RecursionError):
        # A body nested a hundred thousand deep is the sender's fault too.
        body = None
    if not isinstance(body, dict):
        return problem(400, NOT_AN_OBJECT)
    world = current_world()
    try:
        (shipment,) = shipments_from_records([quote_record(body)], world.network)
    except ShipmentDataError as error:
        faults = [_own_pointer(fault) for fault in error.faults]
        return problem(422, error.message, faults=faults)
    document = quote_to_json(world.desk.quote(shipment), world.versions)
    return Response(document, content_type="application/json; charset=utf-8")


def _own_pointer(fault: Fault) -> Fault:
    """The fault with its pointer into this body instead of into a list of shipments."""
    return Fault(fault.file, fault.row, (fault.column or "").removeprefix("/0"), fault.code, fault.message)
