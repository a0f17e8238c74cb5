"""The audit's findings, and the seals: what is recorded beside what was sealed and exported."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from optimizer.access.user import Permission
from optimizer.accounts.checkpoint import Checkpoint, parse_checkpoint
from optimizer.actions.proof_views import heads
from optimizer.actions.seal_checks import SealCheck
from optimizer.errors import InputError
from optimizer.planning.files.shipment_upload import csv_text
from optimizer.waybills.finding import Finding
from webapp.access.visitor import require, require_permission
from webapp.language import current_lang
from webapp.list_pages import PageLinks, asked_pages
from webapp.security import allow_scripts
from webapp.world import current_world

city_checks_page = Blueprint("city_checks_page", __name__)

PATIENCE_S = 1.0
"""How long a reader waits before the page says that the audit runs."""
MOST_HEADS = 20
MAX_CHECKPOINT_BYTES = 100_000
_LOT = re.compile(r"(?:waybill |\()(?:\w+ )?(MW[0-9A-Z]+)/(\d+)")


@city_checks_page.get("/city/findings")
@require(Permission.AUDIT)
def show_findings() -> str:
    """Everything that a person should look at, by check and record. A page that says so while the audit still runs."""
    code, record = _filters()
    everything = current_world().findings.found_within(PATIENCE_S)
    if everything is None:
        allow_scripts()
        again_url = url_for("city_checks_page.show_findings", code=code or None, q=record or None)
        return render_template("city_findings.html", running=True, again_url=again_url)
    chosen = [item for item in everything if _fits(item, code, record)]
    part = asked_pages(len(chosen))
    kept = {"code": code or None, "q": record or None}
    return render_template(
        "city_findings.html",
        running=False,
        code=code,
        record=record,
        counts=sorted(Counter(item.code for item in everything).items()),
        found=len(everything),
        chosen=len(chosen),
        rows=[{"finding": item, "lot_url": _lot_url(item)} for item in part.of_list(chosen)],
        links=PageLinks(part, "city_checks_page.show_findings", kept, "findings-title"),
    )


@city_checks_page.post("/city/findings")
@require(Permission.AUDIT)
def audit_anew() -> AnyResponse:
    """Read every row again, though nothing was recorded since: rows may have been changed behind the ledger's back."""
    current_world().findings.forget()
    return redirect(url_for("city_checks_page.show_findings"))


@city_checks_page.get("/city/findings.csv")
@require(Permission.AUDIT)
def export_findings() -> Response:
    """The chosen findings as a file, in both languages."""
    code, record = _filters()
    chosen = [item for item in current_world().findings.findings() if _fits(item, code, record)]
    rows = [[item.code, item.record, item.message.zh, item.message.en] for item in chosen]
    content = "\ufeff" + csv_text([["code", "record", "message_zh", "message_en"], *rows])
    headers = {"Content-Disposition": 'attachment; filename="findings.csv"'}
    return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


@city_checks_page.get("/city/seals")
@require(Permission.AUDIT)
def show_seals() -> str:
    """The signed heads, and the form to compare the books with one that was kept elsewhere; with ``?check=`` how a
    comparison stands."""
    check_id = request.args.get("check", "")
    if not check_id:
        return _seals("")
    user = require_permission(Permission.AUDIT)
    check = current_world().seals.look(check_id, user.user_id, PATIENCE_S)
    if check.report is None:
        allow_scripts()
    return _seals("", check)


@city_checks_page.post("/city/seals")
@require(Permission.AUDIT)
def verify_seals() -> AnyResponse | tuple[str, int]:
    """Begin to compare every record with its leaf, the tree with its heads, and with the checkpoint handed in, if
    any; the page of the comparison tells the outcome."""
    handed_in = request.files.get("checkpoint")
    kept: list[Checkpoint] = []
    if handed_in is not None and handed_in.filename:
        try:
            kept = [parse_checkpoint(handed_in.read(MAX_CHECKPOINT_BYTES).decode("utf-8", "replace"))]
        except InputError as error:
            return _seals(error.message.text(current_lang())), 422
    user = require_permission(Permission.AUDIT)
    check_id = current_world().seals.begin(user.user_id, kept)
    return redirect(url_for("city_checks_page.show_seals", check=check_id), 303)


@city_checks_page.get("/city/checkpoints/<int:size>.checkpoint")
@require(Permission.AUDIT)
def keep_checkpoint(size: int) -> Response:
    """A signed head as a file to keep in another house."""
    note = next((head.note for head in heads(current_world().store) if head.size == size), None)
    if note is None:
        raise NotFound
    headers = {"Content-Disposition": f'attachment; filename="books-{size}.checkpoint"'}
    return Response(note, content_type="text/plain; charset=utf-8", headers=headers)


def _seals(failure: str, check: SealCheck | None = None) -> str:
    lang = current_lang()
    report = None if check is None else check.report
    return render_template(
        "city_seals.html",
        heads=heads(current_world().store)[:MOST_HEADS],
        report=report,
        sentences=[item.message.text(lang) for item in report.findings] if report else [],
        failure=failure,
        running=check is not None and report is None,
        kept_size=0 if check is None else check.kept_size,
        checked_at="" if check is None else f"{check.begun_at:%Y-%m-%d %H:%M}",
    )


def _filters() -> tuple[str, str]:
    return request.args.get("code", "").strip()[:60], request.args.get("q", "").strip()[:60]


def _fits(item: Finding, code: str, record: str) -> bool:
    words: tuple[Any, ...] = (item.record, item.message.zh, item.message.en)
    return code in ("", item.code) and (not record or any(record.lower() in word.lower() for word in words))


def _lot_url(item: Finding) -> str:
    """The page of the lot that a finding names, empty where it names none."""
    named = _LOT.search(item.record)
    if named is None:
        return ""
    return url_for("city_lots_page.show_lot", number=named.group(1), lot_no=int(named.group(2)))
