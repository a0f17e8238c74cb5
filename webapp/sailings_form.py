"""The part of the form for a plan that takes carriers' sailings: a file, read as ``plan --sailings`` reads it.

A browser does not fill a file in again. Where another field is wrong the server therefore keeps a good file for its
uploader, for a day, and the form names it by its id.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from flask import request

from optimizer.access.user import User
from optimizer.errors import Fault, Message, SailingDataError
from optimizer.planning.files.sailing_file import read_sailing_bytes
from optimizer.planning.offer import Offer
from webapp.world import current_world

FIELD, KEPT = "sailings", "kept_sailings"
FAULTS_SHOWN = 40


@dataclass(frozen=True, slots=True)
class SentSailings:
    """What came with a form. ``name``: what the file is called, empty for none; ``content``: its bytes; ``kept_id``:
    under which id the server has it already; ``faults``: as faults of the form's field."""

    name: str = ""
    content: bytes = b""
    kept_id: str = ""
    offers: tuple[Offer, ...] = ()
    faults: tuple[Fault, ...] = ()


def sent_sailings(user: User) -> SentSailings:
    """The file that was chosen, or else the one kept from before; nothing where there is neither."""
    file, kept_id = request.files.get(FIELD), request.form.get(KEPT, "")
    if file is not None and file.filename:
        return _read(_printable(file.filename), file.read(), "")
    if not kept_id:
        return SentSailings()
    with current_world().store.read() as session:
        found = session.returned_file(kept_id, user.user_id)
    if found is None:
        sentence = Message(
            "航次文件已不再保留；请重新选择。", "The file of sailings is no longer kept; choose it again."
        )
        return SentSailings(faults=(Fault("form", None, f"/{FIELD}", "gone", sentence),))
    return _read(*found, kept_id)


def keep_sailings(sent: SentSailings, user: User, at: datetime) -> tuple[str, str]:
    """Id and name of a good file for the form that is sent again; both empty where there is none to keep."""
    if not sent.name or sent.faults:
        return "", ""
    kept_id = sent.kept_id or secrets.token_urlsafe(16)
    if not sent.kept_id:
        with current_world().store.write() as session:
            session.keep_returned_file(kept_id, user.user_id, sent.name, sent.content, at)
    return kept_id, sent.name


def _read(name: str, content: bytes, kept_id: str) -> SentSailings:
    try:
        offers = read_sailing_bytes(content, name, current_world().network)
    except SailingDataError as error:
        return SentSailings(name, content, kept_id, faults=tuple(_of_field(error)))
    return SentSailings(name, content, kept_id, tuple(offers))


def _of_field(error: SailingDataError) -> list[Fault]:
    """The first faults with file, row and column in their sentences, then how many more there are."""
    shown = [_placed(fault) for fault in error.faults[:FAULTS_SHOWN]]
    more = len(error.faults) - FAULTS_SHOWN
    if more > 0:
        sentence = Message(f"另有 {more} 处错误；请先改正这些。", f"{more} more faults; mend these first.")
        shown.append(Fault("form", None, f"/{FIELD}", "more_faults", sentence))
    return shown


def _placed(fault: Fault) -> Fault:
    column = fault.header or fault.column
    zh = [fault.file, *([f"第 {fault.row} 行"] if fault.row else []), *([column] if column else [])]
    en = [fault.file, *([f"row {fault.row}"] if fault.row else []), *([column] if column else [])]
    sentence = Message(f"{'，'.join(zh)}：{fault.message.zh}", f"{', '.join(en)}: {fault.message.en}")
    return Fault("form", None, f"/{FIELD}", fault.code, sentence)


def _printable(said: str) -> str:
    """What a browser says the file is called, as one printable line without folders."""
    last = PurePosixPath(said.replace("\\", "/")).name
    return "".join(filter(str.isprintable, last))[:100] or "sailings.csv"
