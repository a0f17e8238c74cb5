"""Webhooks: make and remove them, find what they are to be told, note how it went.

The logs themselves are the queue: a webhook remembers up to which number it was told, so a crash repeats a notice and
never loses one. Receivers know a repetition by its id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from optimizer.access.user import Permission, User
from optimizer.access.webhook import GIVE_UP_AFTER, Notice, Topic, Webhook, require_valid, retry_after, secret_text
from optimizer.actions.waybill_views import sees_waybill
from optimizer.errors import ConflictError, Message, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.store.session import Session

MOST_OF_A_USER = 10
AT_A_TIME = 100
"""Records of a log looked at in one go."""
LEASE = timedelta(minutes=5)
"""How long one process may take over a webhook's notices before another one believes it dead."""


def add_webhook(
    store: Store, user: User, url: str, topics: Sequence[str], secret: bytes, at: datetime, *, plain_http: bool = False
) -> Webhook:
    """Tell ``url`` from now on. Raises InputError for a bad address or topic, ConflictError beyond ten of a user."""
    wanted = require_valid(url, tuple(topics), plain_http=plain_http)
    with store.write() as session:
        mine = session.webhooks_of(user.user_id)
        if len(mine) >= MOST_OF_A_USER:
            raise ConflictError(
                Message(
                    f"每个用户至多 {MOST_OF_A_USER} 个推送地址；请先删除一个。",
                    f"A user may have {MOST_OF_A_USER} webhooks; remove one first.",
                )
            )
        event_seq, entry_seq = session.last_seqs()
        name = f"modalshift:webhook:{user.user_id}:{url}:{at.isoformat()}:{len(mine)}"
        hook = Webhook(
            str(uuid5(NAMESPACE_URL, name)),
            user.user_id,
            url,
            wanted,
            secret_text(secret),
            at,
            event_seq,
            entry_seq,
            at,
        )
        session.add_webhook(hook)
    return hook


def webhooks_of(store: Store, user: User) -> list[Webhook]:
    """A user's own."""
    with store.read() as session:
        return session.webhooks_of(user.user_id)


def webhook_of(store: Store, user: User, webhook_id: str) -> Webhook:
    """One of a user's own. Raises UnknownRecordError for those of others as well."""
    found = next((hook for hook in webhooks_of(store, user) if hook.webhook_id == webhook_id), None)
    if found is None:
        raise UnknownRecordError(Message("没有这个推送地址。", "There is no such webhook."))
    return found


def remove_webhook(store: Store, user: User, webhook_id: str) -> None:
    """Tell it no more. Raises UnknownRecordError as :func:`webhook_of`."""
    hook = webhook_of(store, user, webhook_id)
    with store.write() as session:
        session.drop_webhook(hook.webhook_id)


def lease_due(store: Store, at: datetime) -> list[Webhook]:
    """Webhooks that are to be tried now and that have something to be told, leased to the caller for five minutes."""
    with store.read() as session:
        last_event, last_entry = session.last_seqs()
        due = [
            hook
            for hook in session.webhooks_due(at, GIVE_UP_AFTER)
            if hook.event_seq < last_event or hook.entry_seq < last_entry
        ]
    leased = []
    for hook in due:
        with store.write() as session:
            if session.lease_webhook(hook, at + LEASE):
                leased.append(hook)
    return leased


def notices(store: Store, hook: Webhook) -> tuple[list[Notice], Webhook]:
    """What a webhook is to be told next, in order, at most a hundred of each log; and the webhook as it stands once
    everything was told. Nothing for a user who is gone or may no longer read: rights are looked up at every time."""
    with store.read() as session:
        user = session.user(hook.user_id)
        events = session.events_after(hook.event_seq, AT_A_TIME)
        entries = session.entries_after(hook.entry_seq, AT_A_TIME)
        seen = set() if user is None else _seen(session, user, [*events, *entries])
    found = []
    for topic, rows, key in ((Topic.WAYBILL_EVENT, events, "event_id"), (Topic.SETTLEMENT, entries, "transaction_id")):
        if topic in hook.topics:
            found += [_notice(topic, row, key) for row in rows if row["number"] in seen]
    after = replace(
        hook,
        event_seq=events[-1]["seq"] if events else hook.event_seq,
        entry_seq=entries[-1]["seq"] if entries else hook.entry_seq,
    )
    return found, after


def note_outcome(store: Store, hook: Webhook, outcome: str, at: datetime, *, failed: bool) -> Webhook:
    """Store how far a webhook was told (in its seqs) and how the last try went; returns it as stored."""
    failures = hook.failures + 1 if failed else 0
    noted = replace(hook, failures=failures, last_outcome=outcome, next_try_at=at + retry_after(failures))
    with store.write() as session:
        session.note_webhook(noted)
    return noted


def _seen(session: Session, user: User, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Numbers of the waybills among these that the user may read."""
    if not user.may(Permission.READ_WAYBILLS):
        return set()
    waybills = session.waybills({row["number"] for row in rows})
    return {number for number, waybill in waybills.items() if sees_waybill(user, waybill)}


def _notice(topic: Topic, row: Mapping[str, Any], key: str) -> Notice:
    body = {"type": topic.value, "timestamp": row.get("recorded_at") or row["booked_at"], "data": dict(row)}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Notice(f"msg_{row[key]}", topic, int(row["seq"]), text)
