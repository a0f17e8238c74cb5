"""计划: start a plan, watch it, see what it found, accept it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as AnyResponse
from werkzeug.wrappers import Response

from optimizer.access.user import Permission
from optimizer.actions.frontier_runs import frontier_of_run
from optimizer.actions.plan_runs import accept_run, begin_plan, cancel_plan
from optimizer.actions.submitting import waiting_shipments
from optimizer.errors import Fault, InputError, ModalshiftError
from optimizer.planning.files.sailing_template import sailing_template_rows
from optimizer.planning.run import STAGE_NAMES
from optimizer.quantities import number_of
from webapp.access.visitor import require, require_permission
from webapp.api.plans import DEFAULT_LIMIT_S, SETTINGS, WHOLE, read_settings, require_run
from webapp.clock import now
from webapp.figures import counted
from webapp.frontier_view import frontier_chart
from webapp.language import current_lang, text
from webapp.list_pages import SIZES, PageLinks, Pages, asked_size
from webapp.plan_view import plan_view
from webapp.quote_form import FieldFault
from webapp.sailings_form import keep_sailings, sent_sailings
from webapp.security import allow_charts, allow_scripts
from webapp.template_file import template_file
from webapp.world import current_world

plans_page = Blueprint("plans_page", __name__)

FIELDS = ("carbon_price_yuan_per_t", "co2e_cap_t", "time_limit_s", "gap", "horizon_days")
FRONTIER_POINTS = 7
DEFAULTS = {
    "carbon_price_yuan_per_t": "100",
    "co2e_cap_t": "",
    "time_limit_s": f"{DEFAULT_LIMIT_S:g}",
    "gap": "0.01",
    "horizon_days": "",
    "own_voyages": "all",
    "keep_accepted": "on",
    "kept_sailings": "",
    "kept_name": "",
}


@plans_page.get("/plans")
@require(Permission.PLAN)
def show() -> str:
    """The form to start one, and the newest runs."""
    return _list(DEFAULTS, ())


@plans_page.post("/plans")
@require(Permission.PLAN)
def begin() -> Response | tuple[str, int]:
    """Begin a plan of everything that is still to be planned, with the sailings of a file if one came."""
    user, at = require_permission(Permission.PLAN), now()
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    chosen = {
        "own_voyages": request.form.get("own_voyages", "all"),
        "keep_accepted": request.form.get("keep_accepted", ""),
    }
    sent = sent_sailings(user)
    asked = {name: _number(name, text) for name, text in typed.items() if text}
    try:
        settings, _ids = read_settings({**asked, "own_voyages": chosen["own_voyages"] != "none"}, others=sent.faults)
        points = FRONTIER_POINTS if request.form.get("what") == "frontier" else 0
        keep = chosen["keep_accepted"] == "on" and not points
        store = current_world().store
        run = begin_plan(store, settings, None, user, at, keep_accepted=keep, points=points, offers=sent.offers)
    except InputError as error:
        faults = error.faults or (Fault("form", None, "/time_limit_s", "nothing", error.message),)
        kept_id, kept_name = keep_sailings(sent, user, at)
        values = {**typed, **chosen, "kept_sailings": kept_id, "kept_name": kept_name}
        return _list(values, tuple(FieldFault((f.column or "/time_limit_s").strip("/"), f) for f in faults)), 422
    current_world().queue.tell(run.run_id)
    return redirect(url_for("plans_page.show_run", run_id=run.run_id))


@plans_page.get("/plans/sailings.<kind>")
@require(Permission.PLAN)
def sailings_template(kind: str) -> AnyResponse:
    """A file of sailings with the right header and one example."""
    return template_file(sailing_template_rows(current_lang()), text("plans.template_name"), kind, "sailings")


@plans_page.get("/plans/<run_id>")
@require(Permission.PLAN)
def show_run(run_id: str) -> str | Response:
    """Live progress while it runs; then totals, voyages, loads, what binds, and the shipments to accept."""
    run = require_run(run_id)
    if run.state != "done":
        allow_scripts()
        stages = {stage: words.text(current_lang()) for stage, words in STAGE_NAMES.items()}
        # A frontier's stages begin with the number of the point, "3: bound".
        point, colon, stage = run.progress.stage.rpartition(": ")
        shown = f"{point}{colon}{stages.get(stage, stage)}"
        return render_template("plan_run.html", run=run, failure=_failure(run.failure), stages=stages, stage=shown)
    if run.points:
        return redirect(url_for("plans_page.show_frontier", frontier_id=run_id))
    world = current_world()
    made = world.plans.plan(run_id)
    with world.store.read() as session:
        entries = session.submitted(ids=[entry.shipment_id for entry in made.shipments])
    shipments = [entry.shipment for entry in entries]
    pages = (request.args.get("page", 1, int), request.args.get("hulls", 1, int))
    accepted = {entry.shipment.shipment_id: entry.waybill_number for entry in entries if entry.waybill_number}
    summary = world.plans.summary(run_id, shipments)
    view = plan_view(made, shipments, summary, world, current_lang(), pages, asked_size(), accepted)
    allow_charts()
    lists = _lists(run_id, view.shipment_pages, view.hull_pages)
    return render_template("plan_result.html", run=run, view=view, accepted=accepted, lists=lists)


def _lists(run_id: str, shipments: Pages, hulls: Pages) -> dict[str, PageLinks]:
    """The ways through the shipments and the vessels of a plan; each keeps the place in the other."""
    rows = shipments.size if shipments.size != SIZES[0] else None
    beside = {"run_id": run_id, "hulls": hulls.page if hulls.page > 1 else None}
    within = {"run_id": run_id, "page": shipments.page if shipments.page > 1 else None, "rows": rows}
    return {
        "shipments": PageLinks(shipments, "plans_page.show_run", beside, "page-title"),
        "hulls": PageLinks(hulls, "plans_page.show_run", within, "hulls-title", "hulls", (hulls.size,)),
    }


@plans_page.get("/frontiers/<frontier_id>")
@require(Permission.PLAN)
def show_frontier(frontier_id: str) -> str:
    """Cost against CO2e; each point opens its plan. 404 until it is traced."""
    found = frontier_of_run(current_world().store, frontier_id)
    allow_charts()
    return render_template("frontier.html", run=require_run(frontier_id), found=found, figure=frontier_chart(found))


@plans_page.post("/plans/<run_id>/cancel")
@require(Permission.PLAN)
def cancel(run_id: str) -> Response:
    """It ends with the best plan so far."""
    cancel_plan(current_world().store, run_id, now())
    return redirect(url_for("plans_page.show_run", run_id=run_id))


@plans_page.post("/plans/<run_id>/accept")
@require(Permission.ACCEPT_PLANS)
def accept(run_id: str) -> Response | tuple[str, int]:
    """Issue waybills for all that leaves the road, or for the ticked shipments."""
    world = current_world()
    chosen = None if request.form.get("which") == "all" else request.form.getlist("shipment")
    try:
        issued = accept_run(world.store, run_id, chosen, world.network, now())
    except ModalshiftError as error:
        if error.exit_code != InputError.exit_code:
            raise
        return render_template(
            "error.html",
            status=422,
            title=error.message.text(current_lang()),
            faults=getattr(error, "faults", ()),
            back=url_for("plans_page.show_run", run_id=run_id, page=request.form.get("page", 1, int), rows=_rows()),
            back_words=text("plan.back"),
        ), 422
    flash(text("plan.accepted", count=counted(len(issued) if chosen is None else len(chosen))))
    return redirect(url_for("plans_page.show_run", run_id=run_id))


def _rows() -> int | None:
    """The size of page that a form was sent from, None for the usual one."""
    asked = request.form.get("rows", SIZES[0], int)
    return asked if asked in SIZES[1:] else None


def _number(name: str, text: str) -> Any:
    """The number that was typed, a share also in percent, or the text itself, which the check then refuses."""
    percent = name == "gap" and text.endswith(("%", "％"))
    number = number_of(text[:-1].strip() if percent else text)
    if percent and number is not None:
        number /= 100
    if number is None:
        return text
    if name not in WHOLE:
        return float(number)
    return int(number) if number == number.to_integral_value() else text


def _failure(text: str) -> str:
    lines = text.split("\n")
    return lines[0] if current_lang() == "zh" else lines[-1]


def _list(values: dict[str, str], faults: tuple[FieldFault, ...]) -> str:
    user = require_permission(Permission.PLAN)
    world = current_world()
    with world.store.read() as session:
        runs = session.runs_of_plans()
        accepted = session.newest_plan() is not None
    waiting = waiting_shipments(world.store, user)
    world.plans.read_newest_ahead()
    return render_template(
        "plans.html",
        values=values,
        faults=faults,
        fields=FIELDS,
        limits=SETTINGS,
        points=FRONTIER_POINTS,
        runs=runs,
        accepted=accepted,
        waiting=len(waiting),
        waiting_kg=sum(shipment.mass_kg for shipment in waiting),
    )
