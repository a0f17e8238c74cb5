"""Users, tokens and grants: who may enter, and what is written down about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from optimizer.access.passwords import is_password, password_hash
from optimizer.access.tokens import ApiToken, token_digest, token_from
from optimizer.access.user import Permission, Role, User, require_valid
from optimizer.errors import ConflictError, Fault, InputError, Message, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.store.session import Session

COMMAND_LINE = "command line"
"""Actor of what an administrator does in a shell on the server."""


def user_id_of(login: str) -> str:
    """The id that a login gets: made by the caller's word alone, so that adding the same user twice is one user."""
    return str(uuid5(NAMESPACE_URL, f"modalshift:user:{login}"))


def add_user(store: Store, user: User, password: str | None, at: datetime, actor: str = COMMAND_LINE) -> User:
    """Add a user; ``password`` None: only the demo login lets such a user in.

    Raises InputError with every fault, ConflictError where the login is taken, UnknownRecordError for an unknown party.
    """
    require_valid(user)
    hashed = None if password is None else password_hash(password, user.login)
    with store.write() as session:
        if session.user_of_login(user.login) is not None:
            raise ConflictError(
                Message(
                    f"登录名 {user.login} 已被使用；请另选一个。", f"Login {user.login} is taken; choose another one."
                )
            )
        if user.party_id and user.party_id not in session.parties():
            raise UnknownRecordError(
                Message(
                    f"没有参与方 {user.party_id}；登记用 modalshift party add，编号见 modalshift party list。",
                    f"There is no party {user.party_id}; modalshift party add records one, party list shows ids.",
                )
            )
        session.add_user(user, hashed)
        session.add_security_event(at, "user_added", actor, f"{user.login} ({user.role})", "")
    return user


def add_demo_users(store: Store, users: Iterable[User], at: datetime) -> None:
    """Add the demo world's users that are not there yet, without passwords; open every enterprise's account to the demo
    bank reader, as its consent would."""
    with store.write() as session:
        parties = session.parties()
        known = {user.login for user in session.users()}
        fresh = [user for user in users if user.login not in known and (not user.party_id or user.party_id in parties)]
        for user in fresh:
            session.add_user(user, None)
            if user.role is Role.BANK:
                for party in parties.values():
                    if party.role == "shipper":
                        session.add_grant(party.party_id, user.user_id, is_open=True, granted_by=user.user_id, at=at)


def log_in(store: Store, login: str, password: str, at: datetime, address: str) -> User | None:
    """The user whose login and password these are, None otherwise; either way it is written down."""
    with store.read() as session:
        user = session.user_of_login(login)
        stored = session.password_hash(user.user_id) if user else None
    fits = is_password(password, stored)
    entered = user if user is not None and user.active and fits else None
    with store.write() as session:
        session.add_security_event(at, "login" if entered else "login_failed", login, "password", address)
    return entered


def note_security(store: Store, kind: str, actor: str, concerned: str, at: datetime, address: str) -> None:
    """Write a security event down."""
    with store.write() as session:
        session.add_security_event(at, kind, actor, concerned, address)


def set_password(store: Store, login: str, password: str, at: datetime, actor: str = COMMAND_LINE) -> list[str]:
    """Give a user another password; every session, webhook and token of the user ends. The ids of tokens that were
    valid. Raises InputError, UnknownRecordError."""
    user = require_user(store, login)
    hashed = password_hash(password, login)
    with store.write() as session:
        session.set_password(user.user_id, hashed)
        session.add_security_event(at, "password_set", actor, login, "")
        return end_access(session, user, at, actor)


def set_active(store: Store, login: str, active: bool, at: datetime, actor: str = COMMAND_LINE) -> list[str]:
    """Let a user in or keep the user out, at once and everywhere; the ids of tokens that end with keeping out. They
    stay revoked when the user is let in again; sessions and webhooks stay ended too. Raises UnknownRecordError."""
    user = require_user(store, login)
    with store.write() as session:
        session.set_active(user.user_id, active)
        session.add_security_event(at, "user_activated" if active else "user_deactivated", actor, login, "")
        return [] if active else end_access(session, user, at, actor)


def require_user(store: Store, login: str) -> User:
    """The user with a login. Raises UnknownRecordError."""
    with store.read() as session:
        user = session.user_of_login(login)
    if user is None:
        raise UnknownRecordError(Message(f"没有用户 {login}。", f"There is no user {login}."))
    return user


def make_token(
    store: Store,
    login: str,
    label: str,
    random: bytes,
    at: datetime,
    expires_at: datetime | None = None,
    actor: str = COMMAND_LINE,
) -> tuple[str, ApiToken]:
    """A new bearer token for a user: the text, shown this once, and what is kept of it.

    ``random``: 32 random bytes. Raises UnknownRecordError, and InputError for an expiry that is past.
    """
    user = require_user(store, login)
    if expires_at is not None and expires_at <= at:
        sentence = Message("失效时间应在将来", "the expiry should lie in the future")
        raise InputError.of([Fault("token", None, "expires_at", "past", sentence)])
    text = token_from(random)
    digest = token_digest(text)
    token = ApiToken(digest[:16], user.user_id, label.strip()[:100], at, expires_at, None)
    with store.write() as session:
        session.add_token(token, digest)
        session.add_security_event(at, "token_made", actor, f"{login} {token.token_id}", "")
    return text, token


def revoke_token(store: Store, token_id: str, at: datetime, actor: str = COMMAND_LINE) -> None:
    """Revoke a token for good. Raises UnknownRecordError."""
    with store.write() as session:
        owners = {token.token_id: token.user_id for token in session.tokens()}
        owner = session.user(owners[token_id]) if token_id in owners else None
        if owner is None:
            raise UnknownRecordError(Message(f"没有令牌 {token_id}。", f"There is no token {token_id}."))
        session.revoke_token(token_id, at)
        session.add_security_event(at, "token_revoked", actor, f"{owner.login} {token_id}", "")


def revoke_tokens(store: Store, login: str, at: datetime, actor: str = COMMAND_LINE, address: str = "") -> list[str]:
    """Revoke every token of a user; the ids of those that were valid. Raises UnknownRecordError."""
    user = require_user(store, login)
    with store.write() as session:
        return end_tokens(session, user, at, actor, address)


def end_tokens(session: Session, user: User, at: datetime, actor: str, address: str = "") -> list[str]:
    """Within a transaction that changes what a user is or knows: whoever holds a token of before must ask for another.
    The ids of tokens that were valid, each with its security event."""
    ended = session.revoke_tokens_of(user.user_id, at)
    for token_id in ended:
        session.add_security_event(at, "token_revoked", actor, f"{user.login} {token_id}", address)
    return ended


def end_access(session: Session, user: User, at: datetime, actor: str, address: str = "") -> list[str]:
    """:func:`end_tokens`, and every webhook: whoever held the account may have had an address of their own told. Its
    owner makes another one, with a secret that only the owner knows."""
    for url in session.drop_webhooks_of(user.user_id):
        session.add_security_event(at, "webhook_ended", actor, f"{user.login} {url}", address)
    return end_tokens(session, user, at, actor, address)


def user_of_token(store: Store, text: str, at: datetime) -> User | None:
    """The active user whose valid token this is, None otherwise."""
    with store.read() as session:
        token = session.token_of_digest(token_digest(text))
        if token is None or not token.valid_at(at):
            return None
        user = session.user(token.user_id)
    return user if user is not None and user.active else None


def grant_account(store: Store, by: User, reader_login: str, is_open: bool, at: datetime) -> None:
    """An enterprise opens its own account to a bank reader, or closes it again.

    Raises UnknownRecordError for a reader who is no bank user, InputError where the user may not grant.
    """
    reader = require_user(store, reader_login)
    if reader.role is not Role.BANK:
        raise UnknownRecordError(Message(f"{reader_login} 不是银行查阅人。", f"{reader_login} is no bank reader."))
    if not by.may(Permission.GRANT_ACCOUNTS) or not by.party_id:
        raise InputError(Message("只有企业自己能开放自己的账户。", "Only an enterprise itself can open its account."))
    with store.write() as session:
        session.add_grant(by.party_id, reader.user_id, is_open=is_open, granted_by=by.user_id, at=at)
        kind = "account_opened" if is_open else "account_closed_to_reader"
        session.add_security_event(at, kind, by.login, f"{by.party_id} -> {reader_login}", "")
