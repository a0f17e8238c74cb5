"""``/api/v1/ledger``: signed tree heads for everybody, proofs of single entries for whom they concern."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from werkzeug.exceptions import Forbidden

from optimizer.access.user import Permission
from optimizer.accounts.proof import proof_json
from optimizer.accounts.sealed import Head
from optimizer.actions.proof_views import heads, proof_seen_by
from webapp.access.visitor import require_user
from webapp.api import paging
from webapp.api.answers import HASH, TEXT, answer, list_of
from webapp.api.documented import documented
from webapp.api.replies import json_reply
from webapp.world import current_world

ledger_api = APIBlueprint("ledger_api", __name__, url_prefix="/api/v1/ledger", tag="Ledger")

CHECKPOINT: dict[str, Any] = {
    "type": "object",
    "required": ["size", "root", "sealed_at", "checkpoint"],
    "properties": {
        "size": {"type": "integer"},
        "root": {"type": "string", "description": "64 hex digits"},
        "sealed_at": {"type": "string"},
        "checkpoint": {"type": "string", "description": "the signed note; keep it"},
    },
}


PROOF = answer(
    ("document", "since"),
    format=TEXT,
    entry=TEXT,
    index={**TEXT, "description": "the leaf's place, in digits"},
    leaf={**TEXT, "description": "the record as sealed"},
    path=list_of(HASH),
    checkpoint=TEXT,
    keys=list_of(TEXT),
    document={**TEXT, "description": "the text whose digest stands in the leaf"},
    since=answer(size=TEXT, path=list_of(HASH)),
)
"""As the format document next to :mod:`optimizer.accounts.proof` tells it."""


@ledger_api.get("/checkpoints")
@documented(
    ledger_api,
    "listCheckpoints",
    "Signed heads of the sealed log, newest first",
    {200: paging.page_schema(CHECKPOINT)},
    problems=(422,),
    query=paging.QUERY,
    open_to_all=True,
)
def list_checkpoints() -> Response:
    """Whoever keeps one can later tell whether anything before it was rewritten."""
    after, limit = paging.asked_page()
    beyond = _size_of(after)
    rows = [head for head in heads(current_world().store) if beyond is None or head.size < beyond]
    shown = rows[:limit]
    key = [shown[-1].size] if shown else None
    return json_reply(paging.page_of(rows, limit, key, [_item(head) for head in shown]))


@ledger_api.get("/entries/<path:entry>/proof")
@documented(
    ledger_api,
    "showProof",
    "The proof that an entry is in the sealed log",
    {200: PROOF},
    problems=(404, 409),
)
def show_proof(entry: str) -> Response:
    """``transaction:ID``, ``event:ID`` or another ``kind:ID``. Auditors may ask for any entry, who reads an account for
    the transactions that move it. The reply is the proof file that ``/verify`` checks."""
    user = require_user()
    if not (user.may(Permission.AUDIT) or user.may(Permission.READ_ACCOUNTS)):
        raise Forbidden
    return Response(proof_json(proof_seen_by(current_world().store, user, entry)), content_type="application/json")


def _size_of(after: list[Any] | None) -> int | None:
    """The size after which the page begins; a cursor of ours that was made for another list begins at the end."""
    if after is None:
        return None
    return after[0] if after and isinstance(after[0], int) else 0


def _item(head: Head) -> dict[str, Any]:
    return {"size": head.size, "root": head.root.hex(), "sealed_at": head.sealed_at, "checkpoint": head.note}
