"""Webhooks: rows in, records out; and what is new in the logs they follow. A part of ``Session``."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from optimizer.access.webhook import Topic, Webhook
from optimizer.store import schema
from optimizer.store.access_tables import webhooks
from optimizer.waybills.codec import to_plain


class WebhookRows:
    """The part of a session that knows webhooks."""

    _connection: Connection

    def add_webhook(self, hook: Webhook) -> None:
        """Append one."""
        row = {
            "webhook_id": hook.webhook_id,
            "user_id": hook.user_id,
            "url": hook.url,
            "topics": json.dumps(hook.topics),
            "secret": hook.secret,
            "created_at": to_plain(hook.created_at),
            "event_seq": hook.event_seq,
            "entry_seq": hook.entry_seq,
            "next_try_at": to_plain(hook.next_try_at),
            "failures": hook.failures,
            "last_outcome": hook.last_outcome,
        }
        self._connection.execute(insert(webhooks), [row])

    def drop_webhook(self, webhook_id: str) -> None:
        """Forget one."""
        self._connection.execute(delete(webhooks).where(webhooks.c.webhook_id == webhook_id))

    def drop_webhooks_of(self, user_id: str) -> list[str]:
        """Forget all of a user; their addresses, oldest first."""
        urls = [hook.url for hook in self.webhooks_of(user_id)]
        self._connection.execute(delete(webhooks).where(webhooks.c.user_id == user_id))
        return urls

    def webhooks_of(self, user_id: str) -> list[Webhook]:
        """Those of a user, oldest first."""
        query = (
            select(webhooks).where(webhooks.c.user_id == user_id).order_by(webhooks.c.created_at, webhooks.c.webhook_id)
        )
        return [_webhook(row) for row in self._connection.execute(query)]

    def webhooks_due(self, at: datetime, most_failures: int) -> list[Webhook]:
        """Those that may be tried now, whoever waited longest first."""
        due = and_(webhooks.c.next_try_at <= to_plain(at), webhooks.c.failures < most_failures)
        query = select(webhooks).where(due).order_by(webhooks.c.next_try_at, webhooks.c.webhook_id)
        return [_webhook(row) for row in self._connection.execute(query)]

    def lease_webhook(self, hook: Webhook, until: datetime) -> bool:
        """Keep others from trying it until then; False when another one was quicker."""
        same = and_(webhooks.c.webhook_id == hook.webhook_id, webhooks.c.next_try_at == to_plain(hook.next_try_at))
        done = self._connection.execute(update(webhooks).where(same).values(next_try_at=to_plain(until)))
        return done.rowcount == 1

    def note_webhook(self, hook: Webhook) -> None:
        """Store how far it was told and how that went; nothing when it is gone."""
        self._connection.execute(
            update(webhooks)
            .where(webhooks.c.webhook_id == hook.webhook_id)
            .values(
                event_seq=hook.event_seq,
                entry_seq=hook.entry_seq,
                next_try_at=to_plain(hook.next_try_at),
                failures=hook.failures,
                last_outcome=hook.last_outcome,
            )
        )

    def last_seqs(self) -> tuple[int, int]:
        """The last number in the event log and in the ledger, 0 for none."""
        newest = select(func.coalesce(func.max(schema.events.c.seq), 0))
        newest_entry = select(func.coalesce(func.max(schema.transactions.c.seq), 0))
        return self._connection.execute(newest).scalar_one(), self._connection.execute(newest_entry).scalar_one()

    def events_after(self, seq: int, limit: int) -> list[dict[str, Any]]:
        """What names the next events of the log, with ``seq``; no figures."""
        names = (
            "seq",
            "event_id",
            "number",
            "lot_no",
            "leg_seq",
            "classifier",
            "event_type",
            "event_time",
            "recorded_at",
        )
        return self._rows_after(schema.events, names, seq, limit)

    def entries_after(self, seq: int, limit: int) -> list[dict[str, Any]]:
        """What names the next transactions of the ledger, with ``seq``; no figures."""
        names = ("seq", "transaction_id", "kind", "number", "lot_no", "method", "period", "booked_at")
        return self._rows_after(schema.transactions, names, seq, limit)

    def _rows_after(self, table: Any, names: tuple[str, ...], seq: int, limit: int) -> list[dict[str, Any]]:
        query = select(*(table.c[name] for name in names)).where(table.c.seq > seq).order_by(table.c.seq).limit(limit)
        return [dict(row._mapping) for row in self._connection.execute(query)]


def _webhook(row: Any) -> Webhook:
    return Webhook(
        row.webhook_id,
        row.user_id,
        row.url,
        tuple(Topic(topic) for topic in json.loads(row.topics)),
        row.secret,
        datetime.fromisoformat(row.created_at),
        row.event_seq,
        row.entry_seq,
        datetime.fromisoformat(row.next_try_at),
        row.failures,
        row.last_outcome,
    )
