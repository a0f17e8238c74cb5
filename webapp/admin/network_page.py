"""The network's tables with their sources; a new network is checked, proposed, and released by a second person, or
withdrawn by the first."""

from __future__ import annotations

import codecs
import csv
import io
import re
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from optimizer import actions
from optimizer.access.user import Permission, User
from optimizer.actions.released_tables import TakenBack, propose_network_over, proposed_rows, rows_taken_back
from optimizer.emissions.factors import load_factors
from optimizer.errors import ConflictError, Fault, InputError, Message, ModalshiftError, NetworkDataError
from optimizer.network.archive import table_files
from optimizer.network.reader import read_network
from optimizer.network.releases import NetworkProposal, NetworkRelease, NetworkWithdrawal, TableChange
from optimizer.network.row_changes import RowChange, row_changes
from optimizer.network.schema import load_schema, shipped_directory
from optimizer.network.unplanned_tables import check_unplanned_tables
from webapp.access.visitor import require, require_permission
from webapp.clock import now
from webapp.language import current_lang
from webapp.list_pages import PageLinks, asked_pages
from webapp.problem import status_of
from webapp.table_watch import put_into_force
from webapp.world import current_world

network_page = Blueprint("network_page", __name__)

MOST_CHANGES = 60
"""Rows of a proposal that are written out; the file says the rest."""
COPY = re.compile(r"(\s*[(（]\d+[)）]|\s*-\s*(副本|copy))+(?=\.csv$)", re.IGNORECASE)
"""What browsers and desktops put behind the name of a second copy."""
Page = str | tuple[str, int] | AnyResponse
MAX_FILES, MAX_UNPACKED_BYTES = 60, 60_000_000
"""Of an archive: a few kilobytes can unpack to any size."""


EVIDENCE = ("published", "derived", "assumed", "synthetic", "secondary")
"""Kinds of evidence that the pages have words for."""


@dataclass(frozen=True, slots=True)
class TableSheet:
    """One table as it lies on the disk: header, rows, and how many rows have which kind of evidence."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    evidence: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a directory handed in: every fault, or the version it would have and what differs."""

    faults: tuple[Fault, ...]
    version: str
    changes: tuple[tuple[str, int, int, int], ...]
    rows: tuple[RowChange, ...] = ()


@network_page.get("/admin/network")
@require(Permission.READ_NETWORK)
def show() -> str:
    """Every table with its size and the evidence of its rows."""
    return _page(None, "")


@network_page.get("/admin/network/<name>")
@require(Permission.READ_NETWORK)
def show_table(name: str) -> str:
    """The rows of a table, sources and assumed fields with them; ``?q=`` finds words."""
    sheet = _sheet(_directory(), _known(name))
    asked = request.args.get("q", "").strip()[:60]
    found = [row for row in sheet.rows if not asked or any(asked.lower() in cell.lower() for cell in row)]
    part = asked_pages(len(found))
    links = PageLinks(part, "network_page.show_table", {"name": name, "q": asked or None}, "sheet-title")
    return render_template("network_table.html", sheet=sheet, q=asked, rows=part.of_list(found), links=links)


@network_page.get("/admin/network/<name>.csv")
@require(Permission.READ_NETWORK)
def download(name: str) -> Response:
    """The file of a table as it is, with the mark by which Excel knows Chinese; a table handed in may keep it."""
    path = _path(_directory(), _known(name))
    headers = {"Content-Disposition": f'attachment; filename="{path.name}"'}
    content = codecs.BOM_UTF8 + path.read_bytes().removeprefix(codecs.BOM_UTF8)
    return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


@network_page.post("/admin/network")
@require(Permission.PROPOSE_NETWORK)
def check() -> Page:
    """Check an archive or single tables, laid over those in force: all faults at once; with ``act=propose`` they are
    proposed as well."""
    user = require_permission(Permission.PROPOSE_NETWORK)
    reason = request.form.get("reason", "")[:500] if request.form.get("act") == "propose" else None
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "network"
        shutil.copytree(_directory(), directory, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        try:
            _unpack(directory)
            checked = _check(directory)
            if reason is not None and not checked.faults:
                made = _propose(directory, checked, user, reason)
                _note("network_proposed", user, f"{made.proposal_id}: {made.version}")
                return redirect(url_for("network_page.show") + "#proposals-title")
        except ModalshiftError as error:
            return _page(None, error.message.text(current_lang())), status_of(error)
    return _page(checked, ""), 422 if checked.faults else 200


@network_page.post("/admin/network/<proposal_id>/release")
@require(Permission.RELEASE_NETWORK)
def release(proposal_id: str) -> Page:
    """The second person's signature: the tables are in force at once, for whatever is made from now on.
    ``despite``: the proposal in force whose rows the second person saw go back."""
    user = require_permission(Permission.RELEASE_NETWORK)
    world, despite = current_world(), request.form.get("despite", "")
    try:
        base = world.settings.network_dir
        actions.release_network(world.store, proposal_id, user.login, now(), base=base, despite=despite)
    except ModalshiftError as error:
        return _page(None, error.message.text(current_lang())), status_of(error)
    _note("network_released", user, proposal_id)
    put_into_force()
    return redirect(url_for("network_page.show") + "#proposals-title")


@network_page.post("/admin/network/<proposal_id>/withdraw")
@require(Permission.PROPOSE_NETWORK)
def withdraw(proposal_id: str) -> Page:
    """Take back one's own proposal while it waits; it stays on the page with who took it back, and when."""
    user = require_permission(Permission.PROPOSE_NETWORK)
    try:
        actions.withdraw_network(current_world().store, proposal_id, user.login, now())
    except ModalshiftError as error:
        return _page(None, error.message.text(current_lang())), status_of(error)
    _note("network_withdrawn", user, proposal_id)
    return redirect(url_for("network_page.show") + "#proposals-title")


@network_page.post("/admin/network/<proposal_id>/again")
@require(Permission.PROPOSE_NETWORK)
def propose_again(proposal_id: str) -> Page:
    """Propose a former network once more, to bring it back."""
    user = require_permission(Permission.PROPOSE_NETWORK)
    reason = request.form.get("reason", "")[:500]
    try:
        made = actions.propose_network_again(current_world().store, proposal_id, user.login, now(), reason)
    except ModalshiftError as error:
        return _page(None, error.message.text(current_lang())), status_of(error)
    _note("network_proposed", user, f"{made.proposal_id}: {made.version}")
    return redirect(url_for("network_page.show") + "#proposals-title")


@network_page.post("/admin/network/<proposal_id>/over")
@require(Permission.PROPOSE_NETWORK)
def propose_over(proposal_id: str) -> Page:
    """Propose the change of a proposal again, over what was released since it was made."""
    user = require_permission(Permission.PROPOSE_NETWORK)
    world = current_world()
    try:
        made = propose_network_over(world.store, proposal_id, user.login, now(), world.settings.network_dir)
    except ModalshiftError as error:
        return _page(None, error.message.text(current_lang())), status_of(error)
    _note("network_proposed", user, f"{made.proposal_id}: {made.version}")
    return redirect(url_for("network_page.show") + "#proposals-title")


def _propose(directory: Path, checked: Checked, user: User, reason: str) -> NetworkProposal:
    """Raises ConflictError where factors came along: those have proposals of their own."""
    if any(name == "factors" for name, *_ in checked.changes):
        raise ConflictError(
            Message(
                "factors.csv 有改动：因子请在“因子”页提请，其余表另行上传。",
                "factors.csv differs: propose factors on the Factors page, and hand in the other tables alone.",
            )
        )
    if not checked.changes:
        raise ConflictError(Message("与在用的表相同，无需提请。", "The tables are those in force; nothing to propose."))
    changes = [TableChange(*change) for change in checked.changes]
    world = current_world()
    # What this process had in force: another may have put something newer into force a moment ago.
    made_from = world.tables.network_release.proposal_id if world.tables.network_release else ""
    return actions.propose_network(world.store, directory, changes, user.login, now(), reason, made_from)


def _note(kind: str, user: User, what: str) -> None:
    actions.note_security(current_world().store, kind, user.login, what, now(), request.remote_addr or "")


def _unpack(directory: Path) -> None:
    """Write the uploaded tables over those of a directory; only names that the schema knows are taken."""
    wanted = {Path(table.path).name for table in load_schema(_directory()).tables.values()}
    uploads = [one for one in request.files.getlist("files") if one.filename]
    contents: list[tuple[str, bytes]] = []
    for upload in uploads:
        content = upload.stream.read(MAX_UNPACKED_BYTES)
        if (upload.filename or "").lower().endswith(".zip"):
            contents += _members(content)
        else:
            contents.append((PurePosixPath((upload.filename or "").replace("\\", "/")).name, content))
    named = [(COPY.sub("", name), content) for name, content in contents]
    taken = [(name, content) for name, content in named if name in wanted]
    if not taken:
        listed = ", ".join(sorted(wanted))
        raise InputError(
            Message(f"没有可识别的表；文件名应为 {listed}。", f"No table was recognised; files are named {listed}.")
        )
    for name, content in taken:
        (directory / name).write_bytes(content)


def _members(content: bytes) -> list[tuple[str, bytes]]:
    """The files of an archive by their bare names. Raises InputError for what is none or unpacks too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) > MAX_FILES or sum(one.file_size for one in members) > MAX_UNPACKED_BYTES:
                raise InputError(Message("压缩包过大。", "The archive is too large."))
            return [(PurePosixPath(one.filename).name, archive.read(one)) for one in members]
    except InputError:
        raise
    except (
        Exception
    ) as error:  # a damaged archive fails in whatever part of zipfile or of a decompressor meets it first
        raise InputError(Message("不是可读的 ZIP 压缩包。", "This is no ZIP archive that can be read.")) from error


def _check(directory: Path) -> Checked:
    faults: list[Fault] = []
    version = ""
    try:
        version = read_network(directory).version
    except NetworkDataError as error:
        faults += error.faults
    try:
        factors = load_factors(directory).version
        version = f"{version} · {factors}" if version else ""
    except NetworkDataError as error:
        faults += error.faults
    try:
        check_unplanned_tables(directory)
    except NetworkDataError as error:
        faults += error.faults
    if faults:
        return Checked(tuple(faults), version, ())
    rows = row_changes(table_files(_directory()), table_files(directory), load_schema(_directory()))
    return Checked((), version, tuple(_changes(directory)), tuple(rows))


def _changes(directory: Path) -> list[tuple[str, int, int, int]]:
    """(table, rows now, rows then, rows that are new or differ) of every table that is not the same."""
    found = []
    for name in load_schema(_directory()).tables:
        before, after = _sheet(_directory(), name), _sheet(directory, name)
        fresh = len(set(after.rows) - set(before.rows))
        if before.rows != after.rows:
            found.append((name, len(before.rows), len(after.rows), fresh))
    return found


def _page(checked: Checked | None, failure: str) -> str:
    directory = _directory()
    sheets = [_sheet(directory, name) for name in load_schema(directory).tables]
    world = current_world()
    book = actions.network_releases(world.store)
    released = {one.proposal_id: one for one in book.releases}
    gone = {one.proposal_id: one for one in book.withdrawals}
    return render_template(
        "network.html",
        sheets=sheets,
        known_evidence=EVIDENCE,
        most_changes=MOST_CHANGES,
        version=world.network.version,
        checked=checked,
        failure=failure,
        standing=world.tables.network_release,
        proposals=[
            _shown(one, released.get(one.proposal_id), gone.get(one.proposal_id)) for one in reversed(book.proposals)
        ],
    )


def _shown(
    proposal: NetworkProposal, release: NetworkRelease | None, withdrawal: NetworkWithdrawal | None
) -> dict[str, object]:
    """A proposal as the page shows it: what it would change, and what it would take back, where it waits."""
    world = current_world()
    standing, name = world.tables.network_release, proposal.proposal_id
    rows: Sequence[RowChange] = ()
    lost = TakenBack((), ())
    waits = release is None and withdrawal is None
    if waits:
        rows = proposed_rows(world.store, name, world.tables.directory)
        lost = rows_taken_back(world.store, name, world.settings.network_dir)
    return {
        "proposal": proposal,
        "release": release,
        "withdrawal": withdrawal,
        "waits": waits,
        "mine": proposal.proposed_by == _login(),
        "rows": rows,
        "lost": lost.rows,
        "despite": lost.since[-1] if lost.since else None,
        "stands": standing is not None and standing.proposal_id == name,
    }


def _login() -> str:
    """The login of whoever looks."""
    return require_permission(Permission.READ_NETWORK).login


def _directory() -> Path:
    return current_world().tables.directory


def _known(name: str) -> str:
    if name not in load_schema(_directory()).tables:
        raise NotFound
    return name


def _path(directory: Path, name: str) -> Path:
    own = directory / load_schema(directory).tables[name].path
    return own if own.exists() else shipped_directory() / load_schema(directory).tables[name].path


def _sheet(directory: Path, name: str) -> TableSheet:
    content = _path(directory, name).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", "replace")
    header, *rows = [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))] or [()]
    place = header.index("evidence") if "evidence" in header else -1
    evidence = Counter(row[place] for row in rows if 0 <= place < len(row))
    return TableSheet(name, header, tuple(rows), tuple(sorted(evidence.items())))
