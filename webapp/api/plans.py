"""``/api/v1/plans``: begin a plan (202), watch it, stop it, read it, accept it."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import Response, stream_with_context, url_for

from optimizer.access.user import Permission
from optimizer.actions.plan_runs import accept_run, begin_plan, cancel_plan, unknown_run
from optimizer.errors import Fault, InputError, Message
from optimizer.planning.run import PlanRun
from optimizer.planning.settings import CORRIDORS_BY, MAX_HORIZON_DAYS, PlanSettings
from optimizer.store.engine import Store
from optimizer.waybills.codec import to_plain
from webapp.access.visitor import require_permission
from webapp.api import idempotency, sailings
from webapp.api.answers import COUNT, PLAN, TEXT, answer, items_of, list_of, named, record_with
from webapp.api.documented import documented
from webapp.api.reading import is_text, json_object
from webapp.api.replies import json_reply
from webapp.clock import now
from webapp.world import current_world

plans_api = APIBlueprint("plans_api", __name__, url_prefix="/api/v1", tag="Plans")

LOOK_EVERY_S = 0.5
STREAM_S = 25.0
"""A stream of progress ends after this long and the browser opens the next one: no thread is held for ever."""

SETTINGS = {
    "carbon_price_yuan_per_t": (0.0, 1e6),
    "co2e_cap_t": (0.0, 1e9),
    "horizon_days": (1, MAX_HORIZON_DAYS),
    "gap": (0.0, 1.0),
    "time_limit_s": (1.0, 3_600.0),
    "seed": (0, 2**31 - 1),
}
"""Settings that a caller may choose, with their least and largest values."""
WHOLE = ("horizon_days", "seed")
DEFAULT_LIMIT_S = 120.0
BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        **{
            name: {"type": "integer" if name in WHOLE else "number", "minimum": low, "maximum": high}
            for name, (low, high) in SETTINGS.items()
        },
        "shipment_ids": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "corridors_by": {
            "type": "string",
            "enum": list(CORRIDORS_BY),
            "description": "The solver of the corridors by which a large plan is improved.",
        },
        "keep_accepted": {"type": "boolean", "description": "Leave what has a waybill as it is, as far as it can."},
        **sailings.BODY,
    },
    "additionalProperties": False,
}
RUN = named(
    "PlanRunItem",
    record_with(PlanRun, without=("shipment_ids", "user_id"), optional=("document",), shipments=COUNT, document=TEXT),
)


@plans_api.post("/plans")
@documented(
    plans_api,
    "beginPlan",
    "Plan shipments together, in the background",
    {202: RUN},
    problems=(404,),
    body=BODY,
    headers=idempotency.DOCUMENTED,
)
@idempotency.idempotent
def begin() -> Response:
    """The named shipments, or all that are neither withdrawn nor on a waybill. Location says where the run is."""
    user = require_permission(Permission.PLAN)
    body = json_object('{"carbon_price_yuan_per_t": 100}')
    offers, faults = sailings.read_sailings_field(body)
    settings, ids = read_settings(body, others=faults)
    world = current_world()
    keep = bool(body.get("keep_accepted", False))
    run = begin_plan(world.store, settings, ids, user, now(), keep_accepted=keep, offers=offers)
    world.queue.tell(run.run_id)
    reply = json_reply(run_item(run), status=202)
    reply.headers["Location"] = url_for("plans_api.show", run_id=run.run_id)
    return reply


@plans_api.get("/plans")
@documented(plans_api, "listPlans", "The newest plans", {200: items_of(RUN)})
def list_plans() -> Response:
    """Newest first, at most fifty."""
    require_permission(Permission.PLAN)
    with current_world().store.read() as session:
        runs = session.runs_of_plans()
    return json_reply({"items": [run_item(run) for run in runs]})


@plans_api.get("/plans/<run_id>")
@documented(plans_api, "showPlan", "State and progress of a plan", {200: RUN}, problems=(404,))
def show(run_id: str) -> Response:
    """Incumbent, proven bound and gap as of now."""
    require_permission(Permission.PLAN)
    return json_reply(run_item(require_run(run_id)))


@plans_api.get("/plans/<run_id>/document")
@documented(plans_api, "showPlanDocument", "PLAN.json of a plan", {200: PLAN}, problems=(404,))
def show_document(run_id: str) -> Response:
    """As ``modalshift plan`` writes it. 404 while there is none."""
    require_permission(Permission.PLAN)
    with current_world().store.read() as session:
        document = session.run_document(run_id)
    if document is None:
        raise unknown_run(run_id)
    return Response(document, content_type="application/json; charset=utf-8")


@plans_api.get("/plans/<run_id>/progress")
@documented(
    plans_api,
    "streamPlanProgress",
    "Progress as server-sent events",
    {200: {"type": "object", "properties": {"event": {"enum": ["progress", "over"]}, "data": {"type": "string"}}}},
    problems=(404,),
    reply_type="text/event-stream",
)
def stream(run_id: str) -> Response:
    """An event ``progress`` for each change, an event ``over`` at the end; the stream closes after 25 s and is opened
    again by the browser."""
    require_permission(Permission.PLAN)
    require_run(run_id)
    body = stream_with_context(_signs(current_world().store, run_id))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(body, content_type="text/event-stream; charset=utf-8", headers=headers)


@plans_api.post("/plans/<run_id>/cancel")
@documented(
    plans_api,
    "cancelPlan",
    "Stop a plan; it ends with the best plan so far",
    {202: RUN},
    problems=(400, 404, 409, 422),
    headers=idempotency.DOCUMENTED,
)
@idempotency.idempotent
def cancel(run_id: str) -> Response:
    """A run that has not begun ends without a plan."""
    require_permission(Permission.PLAN)
    cancel_plan(current_world().store, run_id, now())
    return json_reply(run_item(require_run(run_id)), status=202)


@plans_api.post("/plans/<run_id>/accept")
@documented(
    plans_api,
    "acceptPlan",
    "Accept a plan, or some of its shipments: issue waybills",
    {201: answer(waybills=list_of(answer(number=TEXT, shipment_id=TEXT, version=COUNT)))},
    problems=(404,),
    body={
        "type": "object",
        "properties": {"shipment_ids": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
        "additionalProperties": False,
    },
    headers=idempotency.DOCUMENTED,
)
@idempotency.idempotent
def accept(run_id: str) -> Response:
    """One waybill for each shipment that leaves the road; accepting again answers the same waybills. What the plan had
    to move keeps the waybill it has, to be amended."""
    require_permission(Permission.ACCEPT_PLANS)
    body = json_object('{"shipment_ids": ["A-1"]}')
    ids = _ids(body, faults := [])
    faults += [_unknown(name) for name in body if name != "shipment_ids"]
    if faults:
        raise InputError.of(faults)
    world = current_world()
    waybills = accept_run(world.store, run_id, ids, world.network, now())
    items = [{"number": bill.number, "shipment_id": bill.shipment_id, "version": bill.version} for bill in waybills]
    return json_reply({"waybills": items}, status=201)


def require_run(run_id: str) -> PlanRun:
    """The run. Raises UnknownRecordError."""
    with current_world().store.read() as session:
        run = session.run(run_id)
    if run is None:
        raise unknown_run(run_id)
    return run


def run_item(run: PlanRun) -> dict[str, Any]:
    """A run as JSON."""
    plain: dict[str, Any] = to_plain(run)
    plain["shipments"] = len(plain.pop("shipment_ids"))
    del plain["user_id"]
    if run.state == "done":
        plain["document"] = url_for("plans_api.show_document", run_id=run.run_id)
    return plain


def read_settings(
    body: Mapping[str, Any], known: Collection[str] = BODY["properties"], others: Sequence[Fault] = ()
) -> tuple[PlanSettings, list[str] | None]:
    """Settings and shipment ids of a request that may hold the ``known`` fields. Raises InputError with every fault,
    ``others`` among them."""
    faults: list[Fault] = [*others, *(_unknown(name) for name in body if name not in known)]
    values: dict[str, Any] = {"time_limit_s": DEFAULT_LIMIT_S}
    for name, (low, high) in SETTINGS.items():
        if name not in body or (body[name] is None and name == "co2e_cap_t"):
            continue
        value = body[name]
        fits = isinstance(value, int) if name in WHOLE else isinstance(value, int | float)
        if isinstance(value, bool) or not fits or not low <= value <= high:
            noun_zh, noun_en = ("整数", "whole number") if name in WHOLE else ("数", "number")
            sentence = Message(
                f"应为 {low:,.0f} 至 {high:,.0f} 的{noun_zh}", f"should be a {noun_en} from {low:,.0f} to {high:,.0f}"
            )
            faults.append(Fault("request", None, f"/{name}", "out_of_range", sentence))
        else:
            values[name] = value
    ids = _ids(body, faults)
    for name in ("keep_accepted", "own_voyages"):
        if not isinstance(body.get(name, False), bool):
            sentence = Message("应为 true 或 false", "should be true or false")
            faults.append(Fault("request", None, f"/{name}", "bad_type", sentence))
    corridors_by = body.get("corridors_by", CORRIDORS_BY[0])
    if corridors_by not in CORRIDORS_BY:
        names = " / ".join(CORRIDORS_BY)
        sentence = Message(f"应为 {names} 之一", f"should be one of {names}")
        faults.append(Fault("request", None, "/corridors_by", "out_of_range", sentence))
    if faults:
        raise InputError.of(faults)
    own_voyages = body.get("own_voyages", True)
    return PlanSettings(**values, own_voyages=own_voyages, corridors_by=corridors_by), ids


def _ids(body: Mapping[str, Any], faults: list[Fault]) -> list[str] | None:
    ids = body.get("shipment_ids")
    if ids is None:
        return None
    if not isinstance(ids, list) or not ids or not all(is_text(item) for item in ids):
        sentence = Message("应为货单号的非空数组", "should be a list of shipment ids, not empty")
        faults.append(Fault("request", None, "/shipment_ids", "bad_type", sentence))
        return None
    return ids


def _unknown(name: str) -> Fault:
    sentence = Message("没有这个字段", "there is no such field")
    return Fault("request", None, f"/{name}", "unknown_field", sentence)


def _signs(store: Store, run_id: str) -> Iterator[str]:
    """Server-sent events until the run or the time is over."""
    ends_at, told = time.monotonic() + STREAM_S, ""
    yield "retry: 1000\n\n"
    while time.monotonic() < ends_at:
        with store.read() as session:
            run = session.run(run_id)
        if run is None:
            return
        text = json.dumps(run_item(run), ensure_ascii=False)
        if text != told:
            told = text
            yield f"event: {'over' if run.over else 'progress'}\ndata: {text}\n\n"
        if run.over:
            return
        time.sleep(LOOK_EVERY_S)
