"""``/api/v1/waybills/.../versions``: all versions of a waybill, the next one, and giving an open amendment up."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from optimizer.access.user import Permission
from optimizer.actions.amending import Version
from optimizer.actions.waybill_views import amend_as, versions_seen_by, withdraw_amendment_as
from optimizer.waybills.amendment_reader import FIELDS, LEG_FIELDS, LOT_FIELDS
from optimizer.waybills.codec import to_plain
from optimizer.waybills.waybill import Waybill
from webapp.access.visitor import require_permission
from webapp.api import idempotency
from webapp.api.answers import COUNT, MOMENT, TEXT, answer, items_of, list_of, named, record
from webapp.api.documented import documented
from webapp.api.reading import json_object
from webapp.api.replies import json_reply
from webapp.clock import now
from webapp.world import current_world

amendments_api = APIBlueprint("amendments_api", __name__, url_prefix="/api/v1", tag="Waybills")

EXAMPLE = '{"reason": "...", "legs": [{"lot_no": 1, "leg_seq": 2, "vessel_id": "..."}]}'
VERSION = named(
    "WaybillVersion",
    answer(
        number=TEXT,
        version=COUNT,
        issued_at=MOMENT,
        changed=list_of({**TEXT, "description": "name: before -> after"}),
        reason=TEXT,
        waybill=record(Waybill),
    ),
)
_NUMBERS = {"lot_no": {"type": "integer", "minimum": 1}, "leg_seq": {"type": "integer", "minimum": 1}}
_MASS = {"mass_kg": {"type": "integer", "minimum": 1}, "mass_t": {"type": ["number", "string"]}}


def _object(fields: frozenset[str], required: list[str], **known: Any) -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in sorted(fields)}
    return {"type": "object", "required": required, "properties": {**texts, **known}, "additionalProperties": False}


AMENDMENT = _object(
    FIELDS,
    ["reason"],
    reason={"type": "string", "minLength": 1, "maxLength": 200},
    version={"type": "integer", "minimum": 1, "description": "the version that was seen; 409 when another is in force"},
    due_at={"type": "string", "format": "date-time", "description": "a date alone means until its last second"},
    lots={"type": "array", "items": _object(LOT_FIELDS, ["lot_no"], lot_no=_NUMBERS["lot_no"], **_MASS)},
    legs={
        "type": "array",
        "items": _object(
            LEG_FIELDS,
            ["lot_no", "leg_seq"],
            **_NUMBERS,
            departs_at={"type": "string", "format": "date-time"},
            arrives_at={"type": "string", "format": "date-time"},
        ),
    },
)


@amendments_api.get("/waybills/<number>/versions")
@documented(
    amendments_api,
    "listWaybillVersions",
    "Every version of a waybill",
    {200: items_of(VERSION)},
    problems=(404,),
)
def list_versions(number: str) -> Response:
    """The first one was made from the plan; each later one says what it changed and why."""
    user = require_permission(Permission.READ_WAYBILLS)
    found = versions_seen_by(current_world().store, user, number)
    return json_reply({"items": [_item(one) for one in found]})


@amendments_api.post("/waybills/<number>/versions")
@documented(
    amendments_api,
    "amendWaybill",
    "Amend a waybill: issue its next version",
    {200: VERSION},
    problems=(404, 409, 422),
    body=AMENDMENT,
    headers=idempotency.DOCUMENTED,
)
@idempotency.idempotent
def amend(number: str) -> Response:
    """The version in force afterwards. With a reason alone the amendment is only opened (AMENDING), and the version
    stays. 422 with every fault of what may not change any more; nothing is written then."""
    user = require_permission(Permission.ACCEPT_PLANS)
    world = current_world()
    return json_reply(_item(amend_as(world.store, user, number, json_object(EXAMPLE), world.network, now())))


@amendments_api.post("/waybills/<number>/amendment/withdraw")
@documented(
    amendments_api,
    "withdrawAmendment",
    "Give up an amendment that is open",
    {200: VERSION},
    problems=(404, 409, 422),
    body=_object(frozenset({"reason"}), ["reason"]),
    headers=idempotency.DOCUMENTED,
)
@idempotency.idempotent
def withdraw(number: str) -> Response:
    """The version that stood is in force again. 409 where no amendment is open."""
    user = require_permission(Permission.ACCEPT_PLANS)
    body = json_object('{"reason": "..."}')
    reason = body.get("reason")
    return json_reply(
        _item(
            withdraw_amendment_as(current_world().store, user, number, reason if isinstance(reason, str) else "", now())
        )
    )


def _item(one: Version) -> dict[str, Any]:
    bill = one.waybill
    return {
        "number": bill.number,
        "version": bill.version,
        "issued_at": to_plain(bill.issued_at),
        "changed": list(one.changed),
        "reason": one.reason,
        "waybill": to_plain(bill),
    }
