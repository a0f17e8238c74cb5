"""承运上报: on a phone, three taps: choose the waybill, choose what happened, send it with weight and photo.

The page offers what may come next on each lot and fills in time and place; the guards of the waybill decide in the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from optimizer.access.user import Permission
from optimizer.actions.evidencing import keep_evidence
from optimizer.actions.waybill_views import WaybillFile, report_events, waybill_file, waybills_seen_by
from optimizer.errors import Fault, InputError, Message
from optimizer.planning.files.shipment_cells import CellError, number_and_unit
from optimizer.quantities import iso
from optimizer.waybills.event import LEG_EVENTS, Event, EventType
from optimizer.waybills.event_reader import events_from_records
from optimizer.waybills.lifecycle import effective
from optimizer.waybills.waybill import WaybillLeg, WaybillLot
from webapp.access.visitor import require, require_permission
from webapp.clock import now
from webapp.figures import tonnes
from webapp.language import current_lang, text
from webapp.world import current_world

carrier_page = Blueprint("carrier_page", __name__, url_prefix="/carrier")

PAGE = 50
ON_LEG = (EventType.LOAD, EventType.DEPA, EventType.ARRI, EventType.DISC)
WEIGHED = frozenset({EventType.LOAD, EventType.DISC, EventType.DLV})
FUEL_ON = EventType.ARRI
TAKEN_BACK = LEG_EVENTS | {EventType.DLV}
"""What a form of this page reports, and may therefore be withdrawn on it."""
UNITS = {"mass_t": {"", "t", "吨"}, "fuel_kg": {"", "kg", "千克", "公斤"}}
NOUNS = {"mass_t": ("mass", "重量"), "fuel_kg": ("fuel", "燃油")}


@dataclass(frozen=True, slots=True)
class Next:
    """What a lot waits for: an event of a leg, or its delivery."""

    lot_no: int
    event_type: EventType
    leg_seq: int | None
    location_id: str
    voyage_id: str
    vessel_id: str
    by_water: bool


@carrier_page.get("")
@require(Permission.REPORT_EVENTS)
def show() -> str:
    """The operator's waybills that wait for a report, or all of them, with a search over all."""
    user = require_permission(Permission.REPORT_EVENTS)
    asked = request.args.get("q", "").strip()[:64]
    everything = bool(asked) or request.args.get("all") == "1"
    store, after = current_world().store, request.args.get("after", "")
    rows = waybills_seen_by(store, user, after, PAGE + 1, asked, open_only=not everything)
    last = rows[PAGE - 1].number if len(rows) > PAGE else ""
    whole = "1" if everything else None
    next_url = url_for("carrier_page.show", q=asked, after=last, all=whole) if last else ""
    world, lang = current_world(), current_lang()
    shown = [
        {
            "number": row.number,
            "places": f"{world.place_name(row.place_of_receipt, lang)} → "
            f"{world.place_name(row.place_of_delivery, lang)}",
            "cargo": world.cargo_name(row.cargo_code, lang),
            "mass_kg": row.declared_mass_kg,
        }
        for row in rows[:PAGE]
    ]
    return render_template("carrier.html", q=asked, rows=shown, next_url=next_url, everything=everything)


@carrier_page.get("/<number>")
@require(Permission.REPORT_EVENTS)
def show_waybill(number: str) -> str:
    """One button for each lot: what comes next; or the form once a button was pressed."""
    user = require_permission(Permission.REPORT_EVENTS)
    found = waybill_file(current_world().store, user, number)
    steps = next_steps(found)
    chosen = next((step for step in steps if str(step.lot_no) == request.args.get("lot")), None)
    return _page(found, steps, chosen, (), now())


@carrier_page.post("/<number>")
@require(Permission.REPORT_EVENTS)
def report(number: str) -> Response | tuple[str, int]:
    """Record what happened; a refusal says why and keeps what was typed."""
    user = require_permission(Permission.REPORT_EVENTS)
    at = now()
    found = waybill_file(current_world().store, user, number)
    steps = next_steps(found)
    step = next((step for step in steps if str(step.lot_no) == request.form.get("lot")), None)
    if step is None or step.event_type.value != request.form.get("event_type"):
        # Somebody else reported meanwhile, or the form was sent twice: say so, and show where the lot stands now.
        flash(text("carrier.meanwhile", what=_asked_event(), lot=request.form.get("lot", "")[:10]))
        return redirect(url_for("carrier_page.show_waybill", number=number))
    try:
        record = _record(step, found)
    except InputError as error:
        return _page(found, steps, step, tuple(error.faults), at), 422
    ((event, faults),) = events_from_records([record], number, user.party_id, at)
    if event is not None:
        world = current_world()
        result = report_events(world.store, user, number, [event], at, world.network)
        faults = tuple(fault for refusal in result.refused for fault in refusal.faults)
    if faults:
        return _page(found, steps, step, faults, at), 422
    flash(text("carrier.sent", what=text(f"event.{step.event_type.value}"), lot=step.lot_no))
    return redirect(url_for("carrier_page.show_waybill", number=number))


@carrier_page.post("/<number>/withdraw")
@require(Permission.REPORT_EVENTS)
def withdraw(number: str) -> Response | tuple[str, int]:
    """Take back an event that this party reported wrongly; what was taken back stays in the waybill's story."""
    user = require_permission(Permission.REPORT_EVENTS)
    at, found = now(), waybill_file(current_world().store, user, number)
    wrong = next((e for e in own_facts(found, user.party_id) if e.event_id == request.form.get("event_id")), None)
    if wrong is None:
        flash(text("carrier.nothing_to_withdraw"))
        return redirect(url_for("carrier_page.show_waybill", number=number))
    record = {
        "event_type": EventType.WDRW.value,
        "lot_no": wrong.lot_no,
        "leg_seq": wrong.leg_seq,
        "event_time": iso(at),
        "withdraws": wrong.event_id,
        "reason": request.form.get("reason", "").strip(),
        "occurrence": occurrence(found, wrong.lot_no, wrong.leg_seq, EventType.WDRW),
    }
    ((event, faults),) = events_from_records([record], number, user.party_id, at)
    if event is not None:
        world = current_world()
        result = report_events(world.store, user, number, [event], at, world.network)
        faults = tuple(fault for refusal in result.refused for fault in refusal.faults)
    if faults:
        return _page(found, next_steps(found), None, faults, at), 422
    flash(text("carrier.withdrawn", what=text(f"event.{wrong.event_type.value}"), lot=wrong.lot_no or ""))
    return redirect(url_for("carrier_page.show_waybill", number=number))


def own_facts(found: WaybillFile, party_id: str) -> list[Event]:
    """What a party reported on this waybill and still stands, the last one first."""
    facts = [e for e in effective(found.events) if e.reporter_id == party_id and e.event_type in TAKEN_BACK]
    return sorted(facts, key=lambda event: (event.event_time, event.record_time), reverse=True)


def occurrence(found: WaybillFile, lot_no: int | None, leg_seq: int | None, kind: EventType) -> int:
    """The number of the next event of a kind: those that were withdrawn have taken theirs, and ids with them."""
    return 1 + sum((e.lot_no, e.leg_seq, e.event_type) == (lot_no, leg_seq, kind) for e in found.events)


def _asked_event() -> str:
    """The event of the form that was sent, by name; empty where the form names none."""
    asked = request.form.get("event_type", "")
    return text(f"event.{asked}") if asked in {kind.value for kind in EventType} else ""


def next_steps(found: WaybillFile) -> list[Next]:
    """What each lot waits for, in order of lots; lots that were delivered, lost or returned wait for nothing."""
    steps = []
    for lot in found.waybill.lots:
        facts = [event for event in effective(found.events) if event.lot_no == lot.lot_no]
        kinds = {event.event_type for event in facts}
        if kinds & {EventType.DLV, EventType.LOST, EventType.RETN}:
            continue
        steps.append(_next_of(lot, {(event.leg_seq, event.event_type) for event in facts}, found))
    return steps


def _next_of(lot: WaybillLot, reported: set[tuple[int | None, EventType]], found: WaybillFile) -> Next:
    for leg in lot.transport_legs:
        for kind in ON_LEG:
            if (leg.seq, kind) not in reported:
                return _on_leg(lot, leg, kind)
    place = found.waybill.place_of_delivery
    return Next(lot.lot_no, EventType.DLV, None, place, "", "", False)


def _on_leg(lot: WaybillLot, leg: WaybillLeg, kind: EventType) -> Next:
    place = leg.origin if kind in (EventType.LOAD, EventType.DEPA) else leg.destination
    return Next(lot.lot_no, kind, leg.seq, place, leg.voyage_id, leg.vessel_id, bool(leg.voyage_id))


def _record(step: Next, found: WaybillFile) -> dict[str, Any]:
    """The record of the form; an empty field is left out. Raises InputError for a number that cannot be read."""
    form = {key: value.strip() for key, value in request.form.items()}
    form |= {key: _number(key, form[key]) for key in UNITS if form.get(key)}
    record: dict[str, Any] = {
        "event_type": step.event_type.value,
        "lot_no": step.lot_no,
        "leg_seq": step.leg_seq,
        "event_time": form.get("event_time") or None,
        "location_id": step.location_id,
        "voyage_id": step.voyage_id or None,
        "vessel_id": step.vessel_id or None,
        "mass_t": form.get("mass_t") or None,
        "occurrence": occurrence(found, step.lot_no, step.leg_seq, step.event_type),
    }
    if form.get("fuel_kg"):
        record["energy"] = {"carrier": form.get("fuel", "Diesel"), "amount_kg": form["fuel_kg"]}
    photo = request.files.get("photo")
    if photo is not None and photo.filename:
        kind = "weigh_ticket" if step.event_type in WEIGHED else "photo"
        world = current_world()
        (kept,) = keep_evidence(world.store, world.evidence, [(photo.filename, photo.read())], now())
        record["evidence"] = [{"kind": kind, "sha256": kept.sha256}]
    return record


def _number(name: str, typed: str) -> str:
    """A number as people at the quay type it, plain: thousands separators, full-width digits and the field's own unit
    are read as in tables of shipments; another unit is left to be refused."""
    try:
        number, unit = number_and_unit(typed, *NOUNS[name])
    except CellError as error:
        message = error.message if isinstance(error.message, Message) else error.message()
        raise InputError.of([Fault("events", None, name, error.code, message)]) from error
    return str(number) if unit.casefold() in UNITS[name] else typed


def _page(found: WaybillFile, steps: list[Next], chosen: Next | None, faults: tuple[Fault, ...], at: datetime) -> str:
    world, lang = current_world(), current_lang()
    user = require_permission(Permission.REPORT_EVENTS)
    return render_template(
        "carrier_waybill.html",
        own_facts=[_own_fact(event) for event in own_facts(found, user.party_id)],
        waybill=found.waybill,
        steps=[(step, world.place_name(step.location_id, lang)) for step in steps],
        chosen=chosen,
        place=world.place_name(chosen.location_id, lang) if chosen else "",
        weighed=chosen is not None and chosen.event_type in WEIGHED,
        fuel=chosen is not None and chosen.event_type is FUEL_ON and chosen.by_water,
        faults=faults,
        typed=request.form,
        time=request.form.get("event_time") or f"{at:%Y-%m-%dT%H:%M}",
    )


def _own_fact(event: Event) -> tuple[str, str]:
    """The id of an event, and what it says in one line."""
    what = f"{text('waybill.lot', lot=event.lot_no or 0)} · {text(f'event.{event.event_type.value}')}"
    weighed = f" · {tonnes(event.mass_kg)} t" if event.mass_kg else ""
    return event.event_id, f"{what} · {event.event_time:%Y-%m-%d %H:%M}{weighed}"
