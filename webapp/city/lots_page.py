"""The entries behind a total, and one lot down to its weigh tickets, computed again at a press."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.exceptions import NotFound

from optimizer.access.user import Permission
from optimizer.accounts.calculation import LotResult
from optimizer.accounts.city import CITY_GROUPS
from optimizer.accounts.ledger import Transaction
from optimizer.accounts.lot_entry import LotEntry
from optimizer.actions.city_audit import Recomputation, lot_entries, recompute_lot
from optimizer.actions.sheeting import calculation_sheet
from optimizer.actions.waybill_views import WaybillFile, unknown_waybill, waybill_file
from optimizer.documents.calculation_sheet import SIDES, arithmetic
from optimizer.errors import ModalshiftError, UnknownRecordError
from optimizer.waybills.event import WEIGHING_EVIDENCE, Event
from webapp.access.visitor import require, require_permission
from webapp.city.choice import Choice, label_of, read_choice, total_of, words_of
from webapp.city.exporting import FORMS, entries_table, table_reply
from webapp.figures import kilograms, tonnes
from webapp.language import current_lang, text
from webapp.list_pages import SIZES, asked_size
from webapp.world import World, current_world

city_lots_page = Blueprint("city_lots_page", __name__)

LOTS = "city_lots_page.show"
FIGURES = ("mass_kg", "baseline_wtw_g", "actual_wtw_g", "expected_wtw_g", "credited_wtw_g", "energy_saved_g")


@city_lots_page.get("/city/lots")
@require(Permission.READ_CITY)
def show() -> str:
    """Entry by entry in the order of the ledger, a page at a time; the totals are those of all pages."""
    world, choice = current_world(), read_choice()
    after = _whole("after")
    size = asked_size()
    entries = lot_entries(world.store, choice.filters, after, size + 1)
    total = total_of(world, choice.filters)
    rows = {"rows": size} if size != SIZES[0] else {}
    next_url = choice.url("city_lots_page.show", after=entries[size - 1].seq, **rows) if len(entries) > size else ""
    return render_template(
        "city_lots.html",
        choice=choice,
        restrictions=words_of(world, choice),
        rows=[_row(world, entry) for entry in entries[:size]],
        total=total,
        first=after == 0,
        next_url=next_url,
        size=size,
        sizes=[(n, choice.url("city_lots_page.show", rows=n)) for n in SIZES],
        forms=FORMS,
    )


@city_lots_page.get("/city/lots/export.<form>")
@require(Permission.READ_CITY)
def export(form: str) -> Response:
    """Every entry behind the total, with control totals: the population an auditor draws from."""
    if form not in FORMS:
        raise NotFound
    world, choice = current_world(), read_choice()
    return table_reply(entries_table(world, choice, lot_entries(world.store, choice.filters)), form, "city")


@city_lots_page.get("/city/lots/<number>/<int:lot_no>")
@require(Permission.AUDIT)
def show_lot(number: str, lot_no: int) -> str:
    """One lot: what was weighed, what was reported, how the grams came about, what was booked. ``?recompute=1`` runs
    the calculation again and sets both results beside each other."""
    user, world = require_permission(Permission.AUDIT), current_world()
    found = waybill_file(world.store, user, number)
    state = next((lot for lot in found.state.lots if lot.lot_no == lot_no), None)
    if state is None:
        raise unknown_waybill(f"{number}/{lot_no}")
    again = recompute_lot(world.store, user, number, lot_no, world.network, world.factors) if _asked_again() else None
    run = found.run_of(lot_no)
    return render_template(
        "city_lot.html",
        waybill=found.waybill,
        lot=found.waybill.lot(lot_no),
        state=state,
        run=run,
        groups=_groups(world, found, lot_no),
        sheet=_sheet(world, number, lot_no),
        events=[_event(world, number, event) for event in found.events if event.lot_no in (lot_no, None)],
        entries=[_entry(entry) for entry in found.transactions if entry.lot_no == lot_no],
        again=None if again is None else _comparison(again),
        again_url=url_for("city_lots_page.show_lot", number=number, lot_no=lot_no, recompute=1) + "#recomputed",
    )


def _asked_again() -> bool:
    return request.args.get("recompute") == "1"


def _whole(name: str) -> int:
    given = request.args.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else 0


def _row(world: World, entry: LotEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "url": url_for("city_lots_page.show_lot", number=entry.number, lot_no=entry.lot_no),
        "enterprise": label_of(world, "enterprise", entry.enterprise),
        "cargo": label_of(world, "cargo", entry.cargo),
        "corridor": label_of(world, "corridor", entry.corridor),
        "kind": text(f"entry.{entry.kind}"),
        "tier": text(f"tier.{entry.tier}") if entry.tier else "—",
    }


def _groups(world: World, found: WaybillFile, lot_no: int) -> list[tuple[str, str, str]]:
    """The groups that this lot counts in: the way back up."""
    waybill = found.waybill
    months = [entry.period for entry in found.transactions if entry.lot_no == lot_no and entry.run_id]
    keys = {
        **({"month": months[-1]} if months else {}),
        "county": waybill.consignor.county_en,
        "enterprise": waybill.consignor.party_id,
        "cargo": waybill.cargo_code,
        "corridor": f"{waybill.place_of_receipt}>{waybill.place_of_delivery}",
    }
    return [
        (text(f"city.by_{name}"), label_of(world, name, keys[name]), Choice(name, {name: keys[name]}).url(LOTS))
        for name in CITY_GROUPS
        if name in keys
    ]


def _sheet(world: World, number: str, lot_no: int) -> dict[str, Any]:
    """The lines of the calculation, or why there are none."""
    lang = current_lang()
    try:
        made = calculation_sheet(world.store, number, lot_no, world.factors)
    except UnknownRecordError as error:
        return {"failure": error.message.text(lang), "unsettled": True}
    except ModalshiftError as error:
        return {"failure": error.message.text(lang), "unsettled": False}
    return {
        "failure": "",
        "lines": [
            {
                "side": SIDES[line.side].text(lang),
                "mode": text(f"mode.{line.mode}"),
                "place": " → ".join(world.place_name(end, lang) for end in line.place.split(">")),
                "arithmetic": arithmetic(line),
                "how": line.how.text(lang),
                "tier": text(f"tier.{line.tier}"),
                "factors": ", ".join(line.factor_ids),
                "grams": line.wtw_g,
            }
            for line in made.lines
        ],
        "factors": made.factors,
        "standard_g": round(made.reduction.standard_g),
    }


def _event(world: World, number: str, event: Event) -> dict[str, Any]:
    """An event with its evidence; a file that is kept can be fetched, of others there is the digest."""
    lang = current_lang()
    return {
        "event": event,
        "what": text(f"event.{event.event_type.value}"),
        "place": world.place_name(event.location_id, lang) if event.location_id else "—",
        "mass": tonnes(event.mass_kg) if event.mass_kg else "",
        "fuel": f"{event.energy.carrier} {kilograms(event.energy.amount_g)} kg" if event.energy else "",
        "weighing": event.is_weighing,
        "evidence": [
            {
                "kind": text(f"evidence.{item.kind}"),
                "sha256": item.sha256,
                "weighing": item.kind in WEIGHING_EVIDENCE,
                "url": url_for("evidence_page.show", number=number, digest=item.sha256)
                if world.evidence.holds(item.sha256)
                else "",
            }
            for item in event.evidence
        ],
    }


def _entry(entry: Transaction) -> dict[str, Any]:
    return {
        "entry": entry,
        "kind": text(f"entry.{entry.kind.value}"),
        "postings": [
            {
                "account": posting.account_id,
                "ledger": text(f"ledger.{posting.ledger.value}"),
                "bucket": text(f"bucket.{posting.bucket.value}"),
                "part": posting.part,
                "amount": f"{posting.amount:,}",
            }
            for posting in entry.postings
        ],
        "proof_url": url_for("ledger_api.show_proof", entry=f"transaction:{entry.transaction_id}"),
    }


def _comparison(again: Recomputation) -> dict[str, Any]:
    """Recorded beside recomputed, figure by figure."""
    lang = current_lang()
    return {
        "equal": again.equal,
        "compared": again.evidence_compared,
        "failure": again.failure.text(lang) if again.failure else "",
        "findings": [finding.message.text(lang) for finding in again.findings],
        "factors_version": again.factors_version,
        "run": again.run,
        "rows": [
            {
                "name": text(f"city.figure_{name}"),
                "recorded": f"{getattr(again.run.result, name):,}",
                "again": _figure(again.result, name),
                "equal": again.result is not None and getattr(again.result, name) == getattr(again.run.result, name),
            }
            for name in FIGURES
        ],
    }


def _figure(result: LotResult | None, name: str) -> str:
    return "—" if result is None else f"{getattr(result, name):,}"
