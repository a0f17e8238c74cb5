"""``/api/v1/frontiers``: begin a frontier of cost against CO2e (202), watch it, stop it, read its points.

A frontier is a run like a plan: ``/plans/{run_id}/progress`` streams its signs of life, and each of its points is a
plan of its own that ``/plans`` reads and accepts.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint
from flask import Response, url_for

from optimizer.access.user import Permission
from optimizer.actions.frontier_runs import KeptFrontier, frontier_of_run
from optimizer.actions.plan_runs import begin_plan, cancel_plan, unknown_run
from optimizer.errors import Fault, Message
from optimizer.planning.frontier import FrontierPoint
from optimizer.planning.run import PlanRun
from optimizer.quantities import FEN_PER_YUAN, G_PER_T
from webapp.access.visitor import require_permission
from webapp.api import idempotency, plans, sailings
from webapp.api.answers import COUNT, NUMBER, TEXT, answer, items_of, list_of, named, record_with
from webapp.api.documented import documented
from webapp.api.reading import json_object
from webapp.api.replies import json_reply
from webapp.clock import now
from webapp.world import current_world

frontiers_api = APIBlueprint("frontiers_api", __name__, url_prefix="/api/v1", tag="Plans")

LEAST_POINTS, MOST_POINTS, DEFAULT_POINTS = 2, 20, 7
SETTINGS = ("horizon_days", "gap", "time_limit_s", "seed")
"""Of those of a plan: carbon price and cap are what a frontier varies."""
BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        **{name: plans.BODY["properties"][name] for name in (*SETTINGS, "shipment_ids")},
        **sailings.BODY,
        "points": {"type": "integer", "minimum": LEAST_POINTS, "maximum": MOST_POINTS, "default": DEFAULT_POINTS},
    },
    "additionalProperties": False,
}
RUN = named(
    "FrontierItem",
    record_with(
        PlanRun,
        without=("shipment_ids", "user_id", "points"),
        optional=("document", "points", "dominated", "baseline"),
        shipments=COUNT,
        document=TEXT,
        points_asked=COUNT,
        points=list_of(record_with(FrontierPoint, run_id=TEXT, plan={**TEXT, "description": "its address"})),
        dominated=COUNT,
        baseline=answer(cost_yuan=NUMBER, co2e_wtw_t=NUMBER),
    ),
)
"""Once it is done it has points, cheapest first."""


@frontiers_api.post("/frontiers")
@documented(
    frontiers_api,
    "beginFrontier",
    "Trace cost against CO2e, in the background",
    {202: RUN},
    problems=(404,),
    body=BODY,
    headers=idempotency.DOCUMENTED,
)
@idempotency.idempotent
def begin() -> Response:
    """Plans from the cheapest to the cleanest, of the named shipments or of all that are still to be planned."""
    user = require_permission(Permission.PLAN)
    body = json_object('{"points": 7}')
    points = body.pop("points", DEFAULT_POINTS)
    offers, faults = sailings.read_sailings_field(body)
    settings, ids = plans.read_settings(body, BODY["properties"], [*_points_faults(points), *faults])
    world = current_world()
    run = begin_plan(world.store, settings, ids, user, now(), points=points, offers=offers)
    world.queue.tell(run.run_id)
    reply = json_reply(_item(run), status=202)
    reply.headers["Location"] = url_for("frontiers_api.show", frontier_id=run.run_id)
    return reply


@frontiers_api.get("/frontiers")
@documented(frontiers_api, "listFrontiers", "The newest frontiers", {200: items_of(RUN)})
def list_frontiers() -> Response:
    """Newest first, among the fifty newest runs; without their points."""
    require_permission(Permission.PLAN)
    with current_world().store.read() as session:
        runs = session.runs_of_plans()
    return json_reply({"items": [_item(run) for run in runs if run.points]})


@frontiers_api.get("/frontiers/<frontier_id>")
@documented(frontiers_api, "showFrontier", "State of a frontier, and its points", {200: RUN}, problems=(404,))
def show(frontier_id: str) -> Response:
    """How it stands; once it is done, also its points in order of cost, each with the address of its plan."""
    require_permission(Permission.PLAN)
    run = _require_frontier(frontier_id)
    if run.state != "done":
        return json_reply(_item(run))
    return json_reply({**_item(run), **_traced(frontier_of_run(current_world().store, frontier_id))})


@frontiers_api.post("/frontiers/<frontier_id>/cancel")
@documented(
    frontiers_api,
    "cancelFrontier",
    "Stop a frontier; it keeps the points found so far",
    {202: RUN},
    problems=(400, 404, 409, 422),
    headers=idempotency.DOCUMENTED,
)
@idempotency.idempotent
def cancel(frontier_id: str) -> Response:
    """One that has not begun ends without a point."""
    require_permission(Permission.PLAN)
    _require_frontier(frontier_id)
    cancel_plan(current_world().store, frontier_id, now())
    return json_reply(_item(_require_frontier(frontier_id)), status=202)


def _require_frontier(frontier_id: str) -> PlanRun:
    run = plans.require_run(frontier_id)
    if not run.points:
        raise unknown_run(frontier_id)
    return run


def _item(run: PlanRun) -> dict[str, Any]:
    item = plans.run_item(run)
    item["points_asked"] = item.pop("points")
    return item


def _traced(found: KeptFrontier) -> dict[str, Any]:
    """Points and the road alone, in t and yuan like the points themselves."""
    points = [
        {**asdict(point), "run_id": run_id, "plan": url_for("plans_api.show", run_id=run_id)}
        for point, run_id in zip(found.points, found.run_ids, strict=True)
    ]
    road = {
        "cost_yuan": found.baseline.cost_fen / FEN_PER_YUAN,
        "co2e_wtw_t": found.baseline.co2e_wtw_g / G_PER_T,
    }
    return {"points": points, "dominated": found.dominated, "baseline": road}


def _points_faults(points: object) -> list[Fault]:
    if isinstance(points, int) and not isinstance(points, bool) and LEAST_POINTS <= points <= MOST_POINTS:
        return []
    sentence = Message(
        f"应为 {LEAST_POINTS} 至 {MOST_POINTS} 的整数", f"should be a whole number from {LEAST_POINTS} to {MOST_POINTS}"
    )
    return [Fault("request", None, "/points", "out_of_range", sentence)]
