"""An evidence file, for whoever may see the waybill that it supports."""

from __future__ import annotations

from flask import Blueprint, Response

from optimizer.access.user import Permission
from optimizer.actions.waybill_views import unknown_waybill, waybill_file
from webapp.access.visitor import require, require_permission
from webapp.world import current_world

evidence_page = Blueprint("evidence_page", __name__)


@evidence_page.get("/waybills/<number>/evidence/<digest>")
@require(Permission.READ_EVIDENCE)
def show(number: str, digest: str) -> Response:
    """As it was handed in, to be saved and not shown in place: nothing that was uploaded runs in our origin."""
    user = require_permission(Permission.READ_EVIDENCE)
    found = waybill_file(current_world().store, user, number)
    if not any(item.sha256 == digest for event in found.events for item in event.evidence):
        raise unknown_waybill(number)
    file, content = current_world().evidence.read(digest)
    suffix = file.media_type.rsplit("/", 1)[1]
    headers = {"Content-Disposition": f'attachment; filename="{digest[:12]}.{suffix}"'}
    return Response(content, content_type=file.media_type, headers=headers)
