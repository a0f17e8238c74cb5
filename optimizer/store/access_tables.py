"""Tables of the web side: tokens, grants, idempotency keys, background runs, security events.

None of them is part of the books: losing them loses no gram. Grants and security events are append-only all the same,
because an auditor asks who could read what, and when.
"""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from optimizer.store.schema import metadata

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("user_id", Text, ForeignKey("users.user_id"), nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text),
    Column("revoked_at", Text),
    CheckConstraint("length(digest) = 64", name="digest_length"),
    Index(None, "user_id"),
)

account_grants = Table(
    "account_grants",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("party_id", Text, ForeignKey("parties.party_id"), nullable=False),
    Column("user_id", Text, ForeignKey("users.user_id"), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("granted_by", Text, ForeignKey("users.user_id"), nullable=False),
    Column("granted_at", Text, nullable=False),
    Index(None, "user_id"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_sha256", Text, nullable=False),
    Column("begun_at", Text, nullable=False),
    Column("status", Integer),
    Column("content_type", Text),
    Column("location", Text),
    Column("body", Text),
    Index(None, "begun_at"),
)
"""``status`` and the rest are NULL while the first request still runs."""

security_events = Table(
    "security_events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("address", Text, nullable=False),
    Index(None, "at"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.user_id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("topics", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("event_seq", Integer, nullable=False),
    Column("entry_seq", Integer, nullable=False),
    Column("next_try_at", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_outcome", Text, nullable=False),
    Index(None, "user_id"),
    Index(None, "next_try_at"),
)
"""``event_seq`` and ``entry_seq``: up to where the logs were told. The secret signs what we send: it is kept whole."""
