"""``POST /api/v1/quotes``: one shipment as JSON, the whole quote back."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from optimizer.errors import Fault, ShipmentDataError
from optimizer.planning.quote.document import quote_to_json
from optimizer.planning.shipment_file import shipments_from_records
from webapp.api.documented import documented
from webapp.api.reading import json_object
from webapp.problem import problem
from webapp.quote_form import quote_record
from webapp.world import current_world

quotes_api = APIBlueprint("quotes_api", __name__, url_prefix="/api/v1", tag="Quotes")

EXAMPLE = '{"origin": "QJ", "destination": "ZP", "cargo_code": "steel", "mass_t": 800, ...}'

BODY: dict[str, Any] = {
    "type": "object",
    "required": ["origin", "destination", "cargo_code", "mass_t", "ready_at", "due_at"],
    "properties": {
        "origin": {"type": "string", "examples": ["QJ"]},
        "destination": {"type": "string", "examples": ["ZP"]},
        "cargo_code": {"type": "string", "examples": ["steel"]},
        "mass_t": {"type": ["number", "string"], "examples": [800]},
        "ready_at": {"type": "string", "examples": ["2026-10-08T08:00:00+08:00"]},
        "due_at": {"type": "string", "examples": ["2026-10-18T08:00:00+08:00"]},
        "splittable": {"type": ["boolean", "string"]},
        "cargo_value_yuan_per_t": {"type": ["number", "string"]},
    },
}


@quotes_api.post("/quotes")
@documented(
    quotes_api,
    "makeQuote",
    "Compare road and water for one shipment",
    {200: {"type": "object"}},
    body=BODY,
    open_to_all=True,
)
def make_quote() -> Response:
    """The columns of a shipment as keys. A quote is an estimate, earns no credit and is not kept, so a stranger may ask
    and no Idempotency-Key is needed. 422 with a JSON pointer for each fault."""
    body = json_object(EXAMPLE)
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
