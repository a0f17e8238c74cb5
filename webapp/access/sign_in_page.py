"""登录: login and password, or one click for demo users when the server was started with ``--demo``."""

from __future__ import annotations

from collections.abc import Mapping

import flask_login
from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from optimizer import actions
from optimizer.access.user import Role, User
from webapp.access.visitor import SignedIn, visitor
from webapp.clock import now
from webapp.limits import limiter
from webapp.world import current_world

sign_in_page = Blueprint("sign_in", __name__)

START: Mapping[Role, str] = {
    Role.PLANNER: "shipments_page.show",
    Role.ENTERPRISE: "accounts_page.show",
    Role.CARRIER: "carrier_page.show",
    Role.AUDITOR: "city_page.show",
    Role.BANK: "accounts_page.show",
    Role.ADMINISTRATOR: "admin_page.show",
}
"""The first page after signing in."""

FIRST = list(Role)


@sign_in_page.get("/login")
def show() -> Response | str:
    """The form; whoever is here already goes to the first page of the role."""
    user = visitor()
    if user is not None:
        return redirect(_target(user))
    return _form(wrong=False, login="")


@sign_in_page.post("/login")
@limiter.limit("10 per minute")
def sign_in() -> Response | tuple[str, int]:
    """A wrong pair is answered alike whether the login exists or not."""
    login, password = request.form.get("login", "").strip(), request.form.get("password", "")
    address = request.remote_addr or ""
    # Before the password is looked at: one that is replaced in the meantime opens no session under the new one.
    stored = _stored_hash(login[:100])
    user = actions.log_in(current_world().store, login[:100], password[:500], now(), address)
    if user is None:
        return _form(wrong=True, login=login[:100]), 401
    return _enter(user, stored)


@sign_in_page.post("/login/demo")
@limiter.limit("30 per minute")
def sign_in_demo() -> Response:
    """One click. Users with a password are never let in this way."""
    if not current_world().settings.demo:
        raise NotFound
    user = next((user for user in demo_users() if user.login == request.form.get("login")), None)
    if user is None:
        raise NotFound
    actions.note_security(current_world().store, "login", user.login, "demo", now(), request.remote_addr or "")
    return _enter(user, None)


@sign_in_page.post("/logout")
def sign_out() -> Response:
    """Forget the session."""
    user = visitor()
    if user is not None:
        actions.note_security(current_world().store, "logout", user.login, "", now(), request.remote_addr or "")
    flask_login.logout_user()
    session.clear()
    return redirect(url_for("sign_in.show"))


def demo_users() -> list[User]:
    """Users without a password, in the order of their roles, when the demonstration is open."""
    world = current_world()
    if not world.settings.demo:
        return []
    with world.store.read() as books:
        users = [user for user in books.users() if user.active and books.password_hash(user.user_id) is None]
    return sorted(users, key=lambda user: (FIRST.index(user.role), user.login))


def _form(*, wrong: bool, login: str) -> str:
    return render_template(
        "login.html", wrong=wrong, login=login, next=request.values.get("next", ""), demo_users=demo_users()
    )


def _stored_hash(login: str) -> str | None:
    with current_world().store.read() as books:
        user = books.user_of_login(login)
        return books.password_hash(user.user_id) if user is not None else None


def _enter(user: User, stored: str | None) -> Response:
    """Begin a session that lasts for as long as ``stored`` is the user's password hash."""
    session.clear()  # no session of before the login goes on after it
    flask_login.login_user(SignedIn(user, stored))
    return redirect(_target(user))


def _target(user: User) -> str:
    """Where the visitor was going, if that is a path of ours, else the first page of the role. A header takes no line
    breaks, and a browser leaves them out of an address, which may then begin with two slashes."""
    wanted = request.values.get("next", "")
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if ours else url_for(START[user.role])
