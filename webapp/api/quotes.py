"""``POST /api/v1/quotes``: one shipment as JSON, the whole quote back; ``/quotes/bulk``: many, in their order.

With ``?explain=true`` a quote carries ``calculation``: its calculation sheet, leg by leg from inputs to grams.
"""

from __future__ import annotations

import json
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from optimizer.documents.quote_sheet import quote_sheet_document
from optimizer.errors import FactorError, Fault, InputError, Message, ShipmentDataError
from optimizer.planning.files.shipment_file import shipments_from_records
from optimizer.planning.quote.document import quote_to_json
from optimizer.planning.shipment import Shipment
from webapp.api.answers import ERRORS, QUOTE, TEXT, answer, list_of
from webapp.api.documented import documented
from webapp.api.reading import json_array, json_object
from webapp.language import current_lang
from webapp.limits import limiter
from webapp.problem import UnreadableBodyError, problem
from webapp.quote_form import quote_record
from webapp.world import World, current_world

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
        "due_at": {
            "type": "string",
            "description": "A date alone means until 23:59:59 of that day, of ready_at from 00:00.",
            "examples": ["2026-10-18T08:00:00+08:00"],
        },
        "splittable": {"type": ["boolean", "string"]},
        "cargo_value_yuan_per_t": {"type": ["number", "string"]},
    },
}


EXPLAIN: dict[str, Any] = {
    "explain": {"type": "string", "enum": ["true", "false"], "description": "true adds the calculation sheet"}
}
MAX_RECORDS = 100
BULK_LIMIT = "30 per minute"
"""A hundred quotes are half a second of work, and strangers may ask."""

RESULTS = answer(
    results=list_of(
        answer(("quote", "errors"), status={**TEXT, "enum": ["quoted", "refused"]}, quote=QUOTE, errors=ERRORS)
    )
)


@quotes_api.post("/quotes")
@documented(
    quotes_api,
    "makeQuote",
    "Compare road and water for one shipment",
    {200: QUOTE},
    body=BODY,
    query=EXPLAIN,
    open_to_all=True,
)
def make_quote() -> Response:
    """The columns of a shipment as keys. A quote is an estimate, earns no credit and is not kept, so a stranger may ask
    and no Idempotency-Key is needed. 422 with a JSON pointer for each fault."""
    explained = _explained()
    body = json_object(EXAMPLE)
    world = current_world()
    try:
        (shipment,) = shipments_from_records([quote_record(body)], world.network)
    except ShipmentDataError as error:
        faults = [_own_pointer(fault) for fault in error.faults]
        return problem(422, error.message, faults=faults)
    return Response(_document(world, shipment, explained), content_type="application/json; charset=utf-8")


@quotes_api.post("/quotes/bulk")
@limiter.limit(BULK_LIMIT)
@documented(
    quotes_api,
    "makeQuotes",
    "Compare road and water for many shipments",
    {200: RESULTS},
    body={"type": "array", "items": BODY, "maxItems": MAX_RECORDS},
    query=EXPLAIN,
    open_to_all=True,
)
def make_quotes() -> Response:
    """One result for each record, in their order: ``quoted`` with its quote, or ``refused`` with its errors. A bad
    record does not fail the others. At most 100 at once."""
    explained = _explained()
    records = json_array(f"[{EXAMPLE}]")
    if len(records) > MAX_RECORDS:
        message = Message(f"一次最多 {MAX_RECORDS} 票，请分批。", f"At most {MAX_RECORDS} shipments at once.")
        raise UnreadableBodyError(message)
    world = current_world()
    results = [_result(world, record, explained) for record in records]
    content = '{"results": [' + ",\n".join(results) + "]}\n"
    # As in ``json_reply``: a fault may quote half a character.
    return Response(content.encode("utf-8", "replace"), content_type="application/json; charset=utf-8")


def _result(world: World, record: object, explained: bool) -> str:
    """One record's answer as JSON text; quotes are written with all their digits."""
    if not isinstance(record, dict):
        message = Message("应为 JSON 对象。", "This is no JSON object.")
        return _refused([Fault("request", None, "", "not_an_object", message)])
    try:
        (shipment,) = shipments_from_records([quote_record(record)], world.network)
        return '{"status": "quoted", "quote": ' + _document(world, shipment, explained).rstrip("\n") + "}"
    except ShipmentDataError as error:
        return _refused([_own_pointer(fault) for fault in error.faults])
    except FactorError as error:
        return _refused([Fault("request", None, "/ready_at", "no_factor", error.message)])


def _explained() -> bool:
    """Whether the sheet is asked for. Raises InputError for a word that is neither true nor false: ignoring it would
    look like a quote that has no sheet."""
    asked = request.args.get("explain", "false")
    if asked not in ("true", "false"):
        message = Message(
            f"explain 应为 true 或 false，而非“{asked[:20]}”。", f"explain: true or false, not {asked[:20]!r}."
        )
        raise InputError.of([Fault("request", None, "explain", "not_in_enum", message)])
    return asked == "true"


def _refused(faults: list[Fault]) -> str:
    lang = current_lang()
    errors = [{"pointer": f.column or "", "code": f.code, "message": f.message.text(lang)} for f in faults]
    return json.dumps({"status": "refused", "errors": errors}, ensure_ascii=False)


def _document(world: World, shipment: Shipment, explained: bool) -> str:
    answer = world.desk.quote(shipment)
    if not explained:
        return quote_to_json(answer, world.versions)
    return quote_to_json(answer, world.versions, quote_sheet_document(world.desk.explain(answer)))


def _own_pointer(fault: Fault) -> Fault:
    """The fault with its pointer into this body instead of into a list of shipments."""
    return Fault(fault.file, fault.row, (fault.column or "").removeprefix("/0"), fault.code, fault.message)
