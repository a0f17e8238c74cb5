"""Factors: what is in use, what a file would change, proposals row by row, and their release by a second person."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.utils import secure_filename
from werkzeug.wrappers import Response

from optimizer import actions
from optimizer.access.user import Permission
from optimizer.actions.released_tables import require_fitting
from optimizer.actions.releasing import travelling_factors
from optimizer.emissions.factor import Factor
from optimizer.emissions.factor_files import FactorImport, ImportRules, import_factors
from optimizer.emissions.releases import FactorProposal
from optimizer.errors import InputError, Message, ModalshiftError
from webapp.access.visitor import require, require_permission
from webapp.clock import now
from webapp.language import current_lang
from webapp.list_pages import PageLinks, asked_pages
from webapp.problem import status_of
from webapp.table_watch import put_into_force
from webapp.world import World, current_world

factors_page = Blueprint("factors_page", __name__)

Page = str | tuple[str, int] | Response


@factors_page.get("/admin/factors")
@require(Permission.PROPOSE_FACTORS)
def show() -> str:
    """The table in use, proposals and releases, and the form to check or propose a file."""
    return _page()


@factors_page.post("/admin/factors")
@require(Permission.PROPOSE_FACTORS)
def hand_in() -> Page:
    """Check a file of factors: what it would change; with ``act=propose`` its new rows are proposed as well."""
    user = require_permission(Permission.PROPOSE_FACTORS)
    world = current_world()
    try:
        made = _read_file(world)
        if request.form.get("act") == "propose":
            reason = request.form.get("reason", "")[:500]
            proposal = actions.propose_factors(world.store, made.table, user.login, now(), reason)
            _note("factors_proposed", user.login, proposal.proposal_id)
            return redirect(url_for("factors_page.show") + "#proposals-title")
    except ModalshiftError as error:
        return _page(failure=error), status_of(error)
    return _page(checked=made)


@factors_page.post("/admin/factors/<proposal_id>/release")
@require(Permission.RELEASE_FACTORS)
def release(proposal_id: str) -> Page:
    """The second person's signature. Who proposed it, and whoever the proposer made a user, is refused."""
    user = require_permission(Permission.RELEASE_FACTORS)
    world = current_world()
    try:
        require_fitting(world.store, world.tables.directory, proposal_id)
        actions.release_factors(world.store, proposal_id, user.login, now())
    except ModalshiftError as error:
        return _page(failure=error), status_of(error)
    _note("factors_released", user.login, proposal_id)
    put_into_force()
    return redirect(url_for("factors_page.show") + "#proposals-title")


@factors_page.post("/admin/factors/<proposal_id>/withdraw")
@require(Permission.PROPOSE_FACTORS)
def withdraw(proposal_id: str) -> Page:
    """Take back one's own proposal while it waits; it stays on the page with who took it back, and when."""
    user = require_permission(Permission.PROPOSE_FACTORS)
    try:
        actions.withdraw_factors(current_world().store, proposal_id, user.login, now())
    except ModalshiftError as error:
        return _page(failure=error), status_of(error)
    _note("factors_withdrawn", user.login, proposal_id)
    return redirect(url_for("factors_page.show") + "#proposals-title")


def _note(kind: str, login: str, proposal_id: str) -> None:
    actions.note_security(current_world().store, kind, login, proposal_id, now(), request.remote_addr or "")


def _read_file(world: World) -> FactorImport:
    handed_in = request.files.get("file")
    if handed_in is None or not handed_in.filename:
        raise InputError(Message("请选择一个文件。", "Choose a file."))
    own = world.tables.directory
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / (secure_filename(handed_in.filename) or "factors.csv")
        handed_in.save(path)
        return import_factors(path, own, ImportRules())


def _page(checked: FactorImport | None = None, failure: ModalshiftError | None = None) -> str:
    world = current_world()
    user = require_permission(Permission.PROPOSE_FACTORS)
    book = actions.factor_releases(world.store)
    released = {one.proposal_id: one for one in book.releases}
    gone = {one.proposal_id: one for one in book.withdrawals}
    asked = request.args.get("q", "").strip()[:60]
    found = [factor for factor in world.factors.factors if asked.lower() in _searched(factor)]
    part = asked_pages(len(found))
    return render_template(
        "factors.html",
        q=asked,
        factors=part.of_list(found),
        count=len(found),
        links=PageLinks(part, "factors_page.show", {"q": asked or None}, "factors-title"),
        version=world.factors.version,
        proposals=[
            {
                "proposal": one,
                "release": released.get(one.proposal_id),
                "withdrawal": gone.get(one.proposal_id),
                "rows": _rows(world, one),
                "mine": one.proposed_by == user.login,
                "left_out": _words(world.tables.left_out.get(one.proposal_id)),
            }
            for one in reversed(book.proposals)
        ],
        checked=checked,
        failure="" if failure is None else failure.message.text(current_lang()),
        faults=getattr(failure, "faults", ()),
    )


def _words(message: Message | None) -> str:
    return "" if message is None else message.text(current_lang())


def _searched(factor: Factor) -> str:
    return f"{factor.factor_id} {factor.mode} {factor.energy_carrier} {factor.region}".lower() + (
        f"{factor.description.zh} {factor.description.en} {factor.provenance.source}".lower()
    )


def _rows(world: World, proposal: FactorProposal) -> list[dict[str, Any]]:
    """Each proposed row field by field, beside the newest other version in the table in use, or in the shipped one."""
    tables = (world.factors, travelling_factors())
    rows = []
    for place, row in enumerate(proposal.rows):
        says = json.loads(proposal.contents[place]) if place < len(proposal.contents) else {}
        ours = (
            [f for f in table.factors if f.factor_id == row.factor_id and f.version != row.version] for table in tables
        )
        known = next((found for found in ours if found), [])
        before = json.loads(json.dumps(asdict(known[-1]), default=str)) if known else {}
        fields = [
            {"name": name, "before": _flat(before.get(name)), "after": _flat(value)}
            for name, value in says.items()
            if value not in (None, "", [], "None") and _flat(before.get(name)) != _flat(value)
        ]
        rows.append({"row": row, "fields": fields, "before": known[-1] if known else None})
    return rows


def _flat(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_flat(part)}" for name, part in value.items() if part)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
