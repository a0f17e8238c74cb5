"""Users, tokens, grants, idempotency keys and security events: rows in, records out. A part of ``Session``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from optimizer.access.tokens import ApiToken
from optimizer.access.user import Grant, Role, User
from optimizer.store import access_tables as tables
from optimizer.store import schema
from optimizer.waybills.codec import to_plain


@dataclass(frozen=True, slots=True)
class StoredReply:
    """What became of a request with an idempotency key; ``status`` None: it still runs, or was cut off."""

    request_sha256: str
    begun_at: datetime
    status: int | None
    content_type: str
    location: str
    body: str


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """Something an administrator or auditor wants to find later. ``kind``: login, login_failed, logout, token_made ...;
    ``actor`` is a login, ``object`` what it concerned."""

    seq: int
    at: datetime
    kind: str
    actor: str
    object: str
    address: str

    @property
    def login(self) -> str:
        """The login that it concerned: the first word of the object."""
        return self.object.partition(" ")[0].rstrip(":")


class AccessRows:
    """The part of a session that knows users."""

    _connection: Connection

    def users(self) -> list[User]:
        """All users by login."""
        rows = self._connection.execute(select(schema.users).order_by(schema.users.c.login))
        return [_user(row) for row in rows]

    def user(self, user_id: str) -> User | None:
        """A user by id."""
        return _one_user(self._connection.execute(select(schema.users).where(schema.users.c.user_id == user_id)))

    def user_of_login(self, login: str) -> User | None:
        """A user by login."""
        return _one_user(self._connection.execute(select(schema.users).where(schema.users.c.login == login)))

    def password_hash(self, user_id: str) -> str | None:
        """The stored hash, None for a user who has no password (demo login only)."""
        query = select(schema.users.c.password_hash).where(schema.users.c.user_id == user_id)
        stored: str | None = self._connection.execute(query).scalar()
        return stored

    def add_user(self, user: User, password_hash: str | None) -> None:
        """Append a user; the login must be new."""
        row = {
            "user_id": user.user_id,
            "login": user.login,
            "display_name_zh": user.display_name_zh,
            "display_name_en": user.display_name_en,
            "role": user.role.value,
            "party_id": user.party_id or None,
            "password_hash": password_hash,
            "active": user.active,
        }
        self._connection.execute(insert(schema.users), [row])

    def set_password(self, user_id: str, password_hash: str) -> None:
        """Replace a user's password hash."""
        self._change_user(user_id, password_hash=password_hash)

    def set_active(self, user_id: str, active: bool) -> None:
        """Let a user in, or keep the user out, which ends every session for good."""
        self._change_user(user_id, active=active, **({} if active else _ENDING))

    def set_role(self, user_id: str, role: Role, party_id: str) -> None:
        """Give a user another role and party (empty: none), which ends every session for good."""
        self._change_user(user_id, role=role.value, party_id=party_id or None, **_ENDING)

    def _change_user(self, user_id: str, **values: Any) -> None:
        self._connection.execute(update(schema.users).where(schema.users.c.user_id == user_id).values(**values))

    # Tokens

    def add_token(self, token: ApiToken, digest: str) -> None:
        """Append a token by its digest."""
        row = {
            "token_id": token.token_id,
            "digest": digest,
            "user_id": token.user_id,
            "label": token.label,
            "created_at": to_plain(token.created_at),
            "expires_at": to_plain(token.expires_at),
            "revoked_at": to_plain(token.revoked_at),
        }
        self._connection.execute(insert(tables.api_tokens), [row])

    def token_of_digest(self, digest: str) -> ApiToken | None:
        """The token with a digest."""
        found = self._connection.execute(select(tables.api_tokens).where(tables.api_tokens.c.digest == digest)).first()
        return None if found is None else _token(found)

    def tokens(self, user_id: str | None = None) -> list[ApiToken]:
        """Tokens of a user or of all, oldest first."""
        query = select(tables.api_tokens).order_by(tables.api_tokens.c.created_at, tables.api_tokens.c.token_id)
        if user_id is not None:
            query = query.where(tables.api_tokens.c.user_id == user_id)
        return [_token(row) for row in self._connection.execute(query)]

    def revoke_token(self, token_id: str, at: datetime) -> None:
        """Revoke a token for good; the first moment stays."""
        entries = tables.api_tokens
        still = entries.c.revoked_at.is_(None)
        self._connection.execute(
            update(entries).where(entries.c.token_id == token_id, still).values(revoked_at=to_plain(at))
        )

    def revoke_tokens_of(self, user_id: str, at: datetime) -> list[str]:
        """Revoke every token of a user that is valid at a moment; their ids, oldest first."""
        valid = [token.token_id for token in self.tokens(user_id) if token.valid_at(at)]
        for token_id in valid:
            self.revoke_token(token_id, at)
        return valid

    # Grants

    def add_grant(self, party_id: str, user_id: str, *, is_open: bool, granted_by: str, at: datetime) -> None:
        """Append a grant, or its end."""
        entries = tables.account_grants
        seq = int(self._connection.execute(select(func.coalesce(func.max(entries.c.seq), 0))).scalar_one()) + 1
        row = {
            "seq": seq,
            "party_id": party_id,
            "user_id": user_id,
            "open": is_open,
            "granted_by": granted_by,
            "granted_at": to_plain(at),
        }
        self._connection.execute(insert(entries), [row])

    def grants(self) -> list[Grant]:
        """All grants and endings in order."""
        rows = self._connection.execute(select(tables.account_grants).order_by(tables.account_grants.c.seq))
        return [Grant(row.seq, row.party_id, row.user_id, bool(row.open), row.granted_by) for row in rows]

    def opened_to(self, user_id: str) -> frozenset[str]:
        """Parties whose account stands open to a user now."""
        newest = {(grant.party_id, grant.user_id): grant.open for grant in self.grants()}
        return frozenset(party for (party, reader), is_open in newest.items() if reader == user_id and is_open)

    # Idempotency keys

    def reply_of_key(self, owner: str, key: str) -> StoredReply | None:
        """What is known of a key of an owner."""
        entries = tables.idempotency_keys
        found = self._connection.execute(select(entries).where(entries.c.owner == owner, entries.c.key == key)).first()
        if found is None:
            return None
        return StoredReply(
            found.request_sha256,
            datetime.fromisoformat(found.begun_at),
            found.status,
            found.content_type or "",
            found.location or "",
            found.body or "",
        )

    def begin_key(self, owner: str, key: str, request_sha256: str, at: datetime) -> None:
        """Note that a request began; an earlier attempt that was cut off is forgotten."""
        entries = tables.idempotency_keys
        self._connection.execute(delete(entries).where(entries.c.owner == owner, entries.c.key == key))
        row = {"owner": owner, "key": key, "request_sha256": request_sha256, "begun_at": to_plain(at)}
        self._connection.execute(insert(entries), [row])

    def finish_key(self, owner: str, key: str, status: int, content_type: str, location: str, body: str) -> None:
        """Keep the reply of a request."""
        entries = tables.idempotency_keys
        self._connection.execute(
            update(entries)
            .where(entries.c.owner == owner, entries.c.key == key)
            .values(status=status, content_type=content_type, location=location, body=body)
        )

    def forget_key(self, owner: str, key: str) -> None:
        """Let a request that failed on our side be tried again."""
        entries = tables.idempotency_keys
        self._connection.execute(delete(entries).where(entries.c.owner == owner, entries.c.key == key))

    def forget_keys_before(self, moment: datetime) -> None:
        """Forget replies older than a moment."""
        self._connection.execute(
            delete(tables.idempotency_keys).where(tables.idempotency_keys.c.begun_at < to_plain(moment))
        )

    # Security events

    def add_security_event(self, at: datetime, kind: str, actor: str, concerned: str, address: str) -> None:
        """Append a security event."""
        entries = tables.security_events
        seq = int(self._connection.execute(select(func.coalesce(func.max(entries.c.seq), 0))).scalar_one()) + 1
        row = {
            "seq": seq,
            "at": to_plain(at),
            "kind": kind,
            "actor": actor[:200],
            "object": concerned[:200],
            "address": address[:100],
        }
        self._connection.execute(insert(entries), [row])

    def security_events(self, kinds: Collection[str] = ()) -> list[SecurityEvent]:
        """All security events of some kinds (none named: of all), newest first."""
        entries = tables.security_events
        query = select(entries).order_by(entries.c.seq.desc())
        if kinds:
            query = query.where(entries.c.kind.in_(sorted(kinds)))
        return [
            SecurityEvent(row.seq, datetime.fromisoformat(row.at), row.kind, row.actor, row.object, row.address)
            for row in self._connection.execute(query)
        ]

    def makers_of(self, login: str) -> frozenset[str]:
        """Who made, reset or promoted a user."""
        made = self.security_events(("user_added", "password_reset", "role_changed"))
        return frozenset(event.actor for event in made if event.login == login and event.actor != login)


_ENDING = {"sessions_ended": schema.users.c.sessions_ended + 1}


def _user(row: Any) -> User:
    return User(
        row.user_id,
        row.login,
        row.display_name_zh,
        row.display_name_en,
        Role(row.role),
        row.party_id or "",
        bool(row.active),
        row.sessions_ended,
    )


def _one_user(rows: Any) -> User | None:
    row = rows.first()
    return None if row is None else _user(row)


def _token(row: Any) -> ApiToken:
    return ApiToken(
        row.token_id,
        row.user_id,
        row.label,
        datetime.fromisoformat(row.created_at),
        datetime.fromisoformat(row.expires_at) if row.expires_at else None,
        datetime.fromisoformat(row.revoked_at) if row.revoked_at else None,
    )
