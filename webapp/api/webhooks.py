"""``/api/v1/webhooks``: addresses of a user that are told what is new in the user's scope."""

from __future__ import annotations

import secrets
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from optimizer.access.user import Permission
from optimizer.access.webhook import SECRET_BYTES, Topic, Webhook
from optimizer.actions import note_security
from optimizer.actions.webhooks import add_webhook, remove_webhook, webhook_of, webhooks_of
from optimizer.waybills.codec import to_plain
from webapp.access.visitor import require_permission
from webapp.api import idempotency
from webapp.api.answers import COUNT, MOMENT, TEXT, answer, items_of, list_of, named
from webapp.api.documented import documented
from webapp.api.reading import json_object
from webapp.api.replies import json_reply
from webapp.clock import now
from webapp.world import current_world

webhooks_api = APIBlueprint("webhooks_api", __name__, url_prefix="/api/v1", tag="Webhooks")

EXAMPLE = '{"url": "https://tms.example.com/modalshift", "topics": ["waybill.event"]}'
TOPICS = [topic.value for topic in Topic]
WEBHOOK = named(
    "WebhookItem",
    answer(
        ("secret",),
        webhook_id=TEXT,
        url=TEXT,
        topics=list_of({**TEXT, "enum": TOPICS}),
        state={**TEXT, "enum": ["working", "failing", "resting"]},
        failures={**COUNT, "description": "in a row"},
        last_outcome={**TEXT, "description": "HTTP status of the last try, or timeout, tls_error ..."},
        created_at=MOMENT,
        next_try_at=MOMENT,
        secret={**TEXT, "description": "only in the answer that made it"},
    ),
)
NEW: dict[str, Any] = {
    "type": "object",
    "required": ["url", "topics"],
    "properties": {
        "url": {"type": "string", "examples": ["https://tms.example.com/modalshift"]},
        "topics": {"type": "array", "items": {"type": "string", "enum": TOPICS}, "minItems": 1},
    },
}


@webhooks_api.get("/webhooks")
@documented(webhooks_api, "listWebhooks", "Your webhooks", {200: items_of(WEBHOOK)})
def list_webhooks() -> Response:
    """With how the last try went."""
    user = require_permission(Permission.READ_WAYBILLS)
    return json_reply({"items": [_item(hook) for hook in webhooks_of(current_world().store, user)]})


@webhooks_api.post("/webhooks")
@documented(
    webhooks_api, "addWebhook", "Have an address told", {201: WEBHOOK}, body=NEW, headers=idempotency.DOCUMENTED
)
@idempotency.idempotent
def add() -> Response:
    """Notices are signed by the rules of Standard Webhooks with the secret in this answer, which is not shown again.
    They name records (``waybill.event``, ``settlement.entry``) and hold no figures; ask the API for those. Each is
    repeated until it is answered with 2xx; ``webhook-id`` stays the same."""
    user = require_permission(Permission.READ_WAYBILLS)
    body = json_object(EXAMPLE)
    topics = body.get("topics")
    asked = tuple(str(topic) for topic in topics) if isinstance(topics, list) else ()
    settings = current_world().settings
    hook = add_webhook(
        current_world().store,
        user,
        str(body.get("url", "")),
        asked,
        secrets.token_bytes(SECRET_BYTES),
        now(),
        plain_http=settings.private_webhooks,
    )
    note_security(current_world().store, "webhook_added", user.login, hook.url, now(), "")
    return json_reply({**_item(hook), "secret": hook.secret}, status=201)


@webhooks_api.get("/webhooks/<webhook_id>")
@documented(webhooks_api, "showWebhook", "One of your webhooks", {200: WEBHOOK}, problems=(404,))
def show_webhook(webhook_id: str) -> Response:
    """404 as well for one of others."""
    user = require_permission(Permission.READ_WAYBILLS)
    return json_reply(_item(webhook_of(current_world().store, user, webhook_id)))


@webhooks_api.delete("/webhooks/<webhook_id>")
@documented(webhooks_api, "removeWebhook", "Tell an address no more", {204: None}, problems=(400, 404))
def remove(webhook_id: str) -> Response:
    """404 as well for one of others."""
    user = require_permission(Permission.READ_WAYBILLS)
    remove_webhook(current_world().store, user, webhook_id)
    note_security(current_world().store, "webhook_removed", user.login, webhook_id, now(), "")
    return Response(status=204)


def _item(hook: Webhook) -> dict[str, Any]:
    return {
        "webhook_id": hook.webhook_id,
        "url": hook.url,
        "topics": [topic.value for topic in hook.topics],
        "state": "resting" if hook.resting else "failing" if hook.failures else "working",
        "failures": hook.failures,
        "last_outcome": hook.last_outcome,
        "created_at": to_plain(hook.created_at),
        "next_try_at": to_plain(hook.next_try_at),
    }
