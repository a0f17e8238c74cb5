"""运单: the list, and one document over all lots and legs with its three states, timeline and settlement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from optimizer.access.user import Permission
from optimizer.actions.voiding import may_void, void_as
from optimizer.actions.waybill_views import WaybillFile, count_waybills_seen_by, waybill_file, waybills_seen_by
from optimizer.errors import Fault, InputError
from optimizer.store.waybill_lists import WaybillHeader
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.lifecycle import CarbonStatus, DocumentStatus, TransportStatus, effective
from optimizer.waybills.waybill import WaybillLot
from webapp.access.visitor import require, require_permission
from webapp.clock import now
from webapp.figures import kilograms, tonnes
from webapp.language import current_lang, text
from webapp.list_pages import PageLinks, asked_pages
from webapp.world import current_world

waybills_page = Blueprint("waybills_page", __name__)

LOTS_OPEN = 3
"""A waybill of more lots has the legs of each folded away."""
EVENTS_OPEN, NEWEST = 16, 10
"""Of more events only the newest so many stand open."""
DOCUMENT_TRACK = (DocumentStatus.ISSUED, DocumentStatus.AMENDING, DocumentStatus.COMPLETED)
TRANSPORT_TRACK = (
    TransportStatus.PLANNED,
    TransportStatus.ACCEPTED,
    TransportStatus.IN_TRANSIT,
    TransportStatus.PARTIALLY_DELIVERED,
    TransportStatus.DELIVERED,
)
CARBON_TRACK = (
    CarbonStatus.ESTIMATED,
    CarbonStatus.EVIDENCE_COMPLETE,
    CarbonStatus.VERIFIED,
    CarbonStatus.SETTLED,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a track; ``look``: done | here | ahead | off (a state outside the usual way)."""

    words: str
    look: str


@waybills_page.get("/waybills")
@require(Permission.READ_WAYBILLS)
def show() -> str:
    """By number, with a search for the beginning of a number or shipment id."""
    user = require_permission(Permission.READ_WAYBILLS)
    asked = request.args.get("q", "").strip()[:64]
    store = current_world().store
    part = asked_pages(count_waybills_seen_by(store, user, asked))
    rows = waybills_seen_by(store, user, limit=part.size, text=asked, offset=part.offset)
    links = PageLinks(part, "waybills_page.show", {"q": asked or None}, "list-title")
    return render_template("waybills.html", q=asked, rows=[_row(row) for row in rows], links=links)


@waybills_page.get("/waybills/<number>")
@require(Permission.READ_WAYBILLS)
def show_waybill(number: str) -> str:
    """Everything about one waybill, ready to print."""
    return _page(number, ())


@waybills_page.post("/waybills/<number>/void")
@require(Permission.ACCEPT_PLANS)
def void(number: str) -> Response | tuple[str, int]:
    """Take it back before anything was loaded; a refusal says why."""
    user = require_permission(Permission.ACCEPT_PLANS)
    try:
        void_as(current_world().store, user, number, request.form.get("reason", ""), now())
    except InputError as error:
        return _page(number, tuple(error.faults) or (Fault("form", None, "reason", "refused", error.message),)), 422
    flash(text("waybill.voided"))
    return redirect(url_for("waybills_page.show_waybill", number=number))


def _page(number: str, faults: tuple[Fault, ...]) -> str:
    user = require_permission(Permission.READ_WAYBILLS)
    found = waybill_file(current_world().store, user, number)
    timeline, whole = _timeline(found), request.args.get("whole") == "1"
    older = 0 if whole or len(timeline) <= EVENTS_OPEN else len(timeline) - NEWEST
    return render_template(
        "waybill.html",
        file=found,
        waybill=found.waybill,
        tracks=_tracks(found),
        lots=[_lot(found, lot) for lot in found.waybill.lots],
        older=timeline[:older],
        timeline=timeline[older:],
        folded=not whole and len(found.waybill.lots) > LOTS_OPEN,
        qr=Markup(_qr(url_for("waybills_page.show_waybill", number=number, _external=True))),  # our own SVG # nosec B704
        place=lambda location_id: current_world().place_name(location_id, current_lang()),
        may_report=user.may(Permission.REPORT_EVENTS),
        may_void=may_void(user, found),
        faults=faults,
    )


def _row(row: WaybillHeader) -> dict[str, Any]:
    world, lang = current_world(), current_lang()
    return {
        "number": row.number,
        "shipment_id": row.shipment_id,
        "consignor": world.party_name(row.consignor_id, lang),
        "consignee": world.party_name(row.consignee_id, lang),
        "cargo": world.cargo_name(row.cargo_code, lang),
        "mass": tonnes(row.declared_mass_kg),
        "places": f"{world.place_name(row.place_of_receipt, lang)} → {world.place_name(row.place_of_delivery, lang)}",
        "issued": row.issued_at[:10],
    }


def _tracks(found: WaybillFile) -> list[tuple[str, list[Step]]]:
    lots = found.state.lots
    carbon = min((found.carbon(lot.lot_no) for lot in lots), key=_carbon_rank)
    document = [(state, text(f"document.{state.value}")) for state in DocumentStatus]
    transport = [(state, text(f"transport.{state.value}")) for state in TransportStatus]
    carbons = [(state, text(f"carbon.{state.value}")) for state in CarbonStatus]
    return [
        (text("waybill.document"), _track(DOCUMENT_TRACK, found.state.document, dict(document))),
        (text("waybill.transport"), _track(TRANSPORT_TRACK, found.state.transport, dict(transport))),
        (text("waybill.carbon"), _track(CARBON_TRACK, carbon, dict(carbons))),
    ]


def _carbon_rank(status: CarbonStatus) -> int:
    """The least of the lots speaks for the waybill; what was restated is settled."""
    if status is CarbonStatus.RESTATED:
        return len(CARBON_TRACK)
    return CARBON_TRACK.index(status) if status in CARBON_TRACK else -1


def _track(usual: tuple[Any, ...], present: Any, words: Mapping[Any, str]) -> list[Step]:
    """The usual way with the present state marked; a state outside of it stands at the end."""
    if present not in usual:
        return [*(Step(words[state], "ahead") for state in usual), Step(words[present], "off")]
    here = usual.index(present)
    looks = ["done" if place < here else "here" if place == here else "ahead" for place in range(len(usual))]
    return [Step(words[state], look) for state, look in zip(usual, looks, strict=True)]


def _lot(found: WaybillFile, lot: WaybillLot) -> dict[str, Any]:
    """A lot with its legs, planned beside actual, and what was settled."""
    state = next(item for item in found.state.lots if item.lot_no == lot.lot_no)
    run = found.run_of(lot.lot_no)
    lang = current_lang()
    return {
        "lot_no": lot.lot_no,
        "declared": tonnes(lot.declared_mass_kg),
        "weighed": tonnes(state.weighed_mass_kg) if state.weighed_mass_kg else "—",
        "transport": text(f"transport.{state.transport.value}"),
        "carbon": text(f"carbon.{found.carbon(lot.lot_no).value}"),
        "missing": [message.text(lang) for message in state.missing],
        "findings": [finding.message.text(lang) for finding in state.findings],
        "legs": [_leg(found, lot, leg) for leg in lot.legs],
        "estimate": kilograms(lot.estimated_saving_wtw_g),
        "has_sheet": found.standing_settlement(lot.lot_no),
        "result": None
        if run is None
        else {
            "baseline": kilograms(run.result.baseline_wtw_g),
            "actual": kilograms(run.result.actual_wtw_g),
            "expected": kilograms(run.result.expected_wtw_g),
            "credited": kilograms(run.result.credited_wtw_g),
            "tier": text(f"tier.{run.result.tier}"),
            "run_id": run.run_id,
        },
    }


def _leg(found: WaybillFile, lot: WaybillLot, leg: Any) -> dict[str, Any]:
    facts = [e for e in effective(found.events) if e.lot_no == lot.lot_no and e.leg_seq == leg.seq]
    times = {event.event_type: event for event in facts}
    departed, arrived = times.get(EventType.DEPA), times.get(EventType.ARRI)
    world, lang = current_world(), current_lang()
    return {
        "seq": leg.seq,
        "mode": text(f"mode.{leg.mode}"),
        "places": f"{world.place_name(leg.origin, lang)} → {world.place_name(leg.destination, lang)}"
        if leg.mode != "Hub"
        else world.place_name(leg.origin, lang),
        "vehicle": leg.vessel_id or leg.vehicle_class or "—",
        "distance": f"{leg.distance_km:,.1f}" if leg.distance_km else "—",
        "planned": (f"{leg.planned_departs_at:%m-%d %H:%M}", f"{leg.planned_arrives_at:%m-%d %H:%M}"),
        "actual": (_clock(departed), _clock(arrived)),
        "mass": next((tonnes(e.mass_kg) for e in reversed(facts) if e.mass_kg), "—"),
    }


def _clock(event: Event | None) -> str:
    return "—" if event is None else f"{event.event_time:%m-%d %H:%M}"


def _timeline(found: WaybillFile) -> list[dict[str, Any]]:
    """Every event in order of its time; withdrawn ones are struck out."""
    withdrawn = {event.withdraws for event in found.events if event.withdraws}
    ordered = sorted(found.events, key=lambda event: (event.event_time, event.record_time, event.event_id))
    world, lang = current_world(), current_lang()
    return [
        {
            "time": f"{event.event_time:%Y-%m-%d %H:%M}",
            "recorded": f"{event.record_time:%Y-%m-%d %H:%M}",
            "what": text(f"event.{event.event_type.value}"),
            "classifier": text(f"classifier.{event.classifier.value}"),
            "lot_no": event.lot_no,
            "leg_seq": event.leg_seq,
            "place": world.place_name(event.location_id, lang) if event.location_id else "",
            "mass": tonnes(event.mass_kg) if event.mass_kg else "",
            "fuel": f"{event.energy.carrier} {kilograms(event.energy.amount_g)} kg" if event.energy else "",
            "evidence": [(text(f"evidence.{item.kind}"), item.sha256) for item in event.evidence],
            "reason": event.reason,
            "withdrawn": event.event_id in withdrawn,
        }
        for event in ordered
    ]


def _qr(address: str) -> str:
    """A QR code as inline SVG."""
    svg: str = segno.make(address, error="m").svg_inline(scale=3, dark="#17252a", title=address)
    return svg
