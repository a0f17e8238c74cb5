"""What an administrator does to users on the pages, each with a security event of the same transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from optimizer.access.passwords import password_hash
from optimizer.access.user import Role, User, require_valid
from optimizer.actions.access import end_access
from optimizer.errors import ConflictError, Message, UnknownRecordError
from optimizer.store.access_rows import SecurityEvent
from optimizer.store.engine import Store
from optimizer.store.session import Session


def change_role(store: Store, login: str, role: Role, party_id: str, at: datetime, by: User, address: str) -> User:
    """Give a user another role or party; it counts with the user's next request. Sessions, tokens
    and webhooks end: they were for what the user was.

    Raises UnknownRecordError for an unknown user or party, InputError for a role without its party, ConflictError
    where nobody would be left to administer.
    """
    with store.write() as session:
        user = _user(session, login)
        changed = replace(user, role=role, party_id=party_id)
        require_valid(changed)
        if party_id and party_id not in session.parties():
            raise UnknownRecordError(Message(f"没有参与方 {party_id}。", f"There is no party {party_id}."))
        if role is not Role.ADMINISTRATOR:
            _require_another_administrator(session, user)
        session.set_role(user.user_id, role, party_id)
        was, now = f"{user.role} {user.party_id}".strip(), f"{role} {party_id}".strip()
        session.add_security_event(at, "role_changed", by.login, f"{login}: {was} -> {now}", address)
        if changed != user:
            end_access(session, user, at, by.login, address)
    return changed


def admit(store: Store, login: str, active: bool, at: datetime, by: User, address: str) -> None:
    """Let a user in or keep the user out, at once and everywhere; sessions, tokens and webhooks of one who is kept out
    end for good.

    Raises UnknownRecordError, and ConflictError for oneself and where nobody would be left to administer.
    """
    with store.write() as session:
        user = _user(session, login)
        if not active:
            if user.user_id == by.user_id:
                raise ConflictError(
                    Message("不能停用自己；请由另一位管理员停用。", "You cannot disable yourself; ask another one.")
                )
            _require_another_administrator(session, user)
        session.set_active(user.user_id, active)
        session.add_security_event(at, "user_activated" if active else "user_deactivated", by.login, login, address)
        if not active:
            end_access(session, user, at, by.login, address)


def reset_password(store: Store, login: str, random: str, at: datetime, by: User, address: str) -> tuple[User, str]:
    """Replace a user's password by a random one that nobody is told, which ends the user's sessions, tokens
    and webhooks; the user and the hash that a one-time code is made for. Raises UnknownRecordError."""
    hashed = password_hash(random, login)
    with store.write() as session:
        user = _user(session, login)
        session.set_password(user.user_id, hashed)
        session.add_security_event(at, "password_reset", by.login, login, address)
        end_access(session, user, at, by.login, address)
    return user, hashed


def choose_password(store: Store, user: User, before: str | None, password: str, at: datetime, address: str) -> None:
    """Set the password that a user chose with a one-time code; ``before``: the hash that the code was checked against.
    Tokens and webhooks of before end.

    Raises InputError for a weak password, ConflictError where the password was changed meanwhile.
    """
    hashed = password_hash(password, user.login)
    with store.write() as session:
        if session.password_hash(user.user_id) != before:
            raise ConflictError(Message("此链接已用过。", "This link was used already."))
        session.set_password(user.user_id, hashed)
        session.add_security_event(at, "password_chosen", user.login, user.login, address)
        end_access(session, user, at, user.login, address)


def security_log(store: Store, kind: str, actor: str, most: int) -> list[SecurityEvent]:
    """Security events, the newest first; restricted to a kind, and to a login as actor or object."""
    with store.read() as session:
        events = session.security_events((kind,) if kind else ())
    return [event for event in events if not actor or actor in (event.actor, event.login)][:most]


def _user(session: Session, login: str) -> User:
    user = session.user_of_login(login)
    if user is None:
        raise UnknownRecordError(Message(f"没有用户 {login}。", f"There is no user {login}."))
    return user


def _require_another_administrator(session: Session, user: User) -> None:
    others = [one for one in session.users() if one.role is Role.ADMINISTRATOR and one.active]
    if user in others and len(others) == 1:
        raise ConflictError(
            Message(
                f"{user.login} 是唯一启用的管理员；请先另设一位。",
                f"{user.login} is the only active administrator; appoint another one first.",
            )
        )
