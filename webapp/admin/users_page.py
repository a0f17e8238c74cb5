"""Users and roles: make, disable, reset by a one-time link, change roles; and the security log."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from optimizer import actions
from optimizer.access.one_time import VALID_HOURS, is_one_time_code, one_time_code
from optimizer.access.user import OF_A_PARTY, Permission, Role, User
from optimizer.actions.administering import admit, change_role, choose_password, reset_password, security_log
from optimizer.errors import Fault, InputError, Message, ModalshiftError
from webapp.access.visitor import require, require_permission
from webapp.clock import now
from webapp.language import current_lang
from webapp.limits import limiter
from webapp.problem import status_of
from webapp.quote_form import FieldFault
from webapp.world import current_world

users_page = Blueprint("users_page", __name__)

FIELDS = ("login", "display_name_zh", "display_name_en", "role", "party_id")
MOST_EVENTS = 300
Page = str | tuple[str, int] | Response


@users_page.get("/admin/users")
@require(Permission.MANAGE_USERS)
def show() -> str:
    """Everybody, and the form to make a user."""
    return _list(dict.fromkeys(FIELDS, ""), ())


@users_page.post("/admin/users")
@require(Permission.MANAGE_USERS)
def make() -> Page:
    """A new user, who chooses a password by the one-time link that is shown this once."""
    by = require_permission(Permission.MANAGE_USERS)
    typed = {name: request.form.get(name, "").strip()[:200] for name in FIELDS}
    world = current_world()
    try:
        user = User(
            actions.user_id_of(typed["login"]),
            typed["login"],
            typed["display_name_zh"],
            typed["display_name_en"],
            _role(typed["role"]),
            typed["party_id"],
        )
        actions.add_user(world.store, user, secrets.token_urlsafe(32), now(), by.login)
    except ModalshiftError as error:
        faults = getattr(error, "faults", ()) or (Fault("user", None, "login", "refused", error.message),)
        return _list(typed, tuple(FieldFault(fault.column or "login", fault) for fault in faults)), status_of(error)
    return _one(user, link=_link(user))


@users_page.get("/admin/users/<login>")
@require(Permission.MANAGE_USERS)
def show_user(login: str) -> str:
    """One user, and what can be done."""
    return _one(actions.access.require_user(current_world().store, login))


@users_page.post("/admin/users/<login>/role")
@require(Permission.MANAGE_USERS)
def give_role(login: str) -> Page:
    """Another role or party."""
    by = require_permission(Permission.MANAGE_USERS)
    role, party = request.form.get("role", ""), request.form.get("party_id", "")[:100]
    return _done(login, lambda: change_role(current_world().store, login, _role(role), party, now(), by, _address()))


@users_page.post("/admin/users/<login>/active")
@require(Permission.MANAGE_USERS)
def let_in(login: str) -> Page:
    """Enable or disable."""
    by = require_permission(Permission.MANAGE_USERS)
    active = request.form.get("active") == "yes"
    return _done(login, lambda: admit(current_world().store, login, active, now(), by, _address()))


@users_page.post("/admin/users/<login>/reset")
@require(Permission.MANAGE_USERS)
def reset(login: str) -> str:
    """The old password ends now; the link to choose another is shown this once."""
    by = require_permission(Permission.MANAGE_USERS)
    user, _ = reset_password(current_world().store, login, secrets.token_urlsafe(32), now(), by, _address())
    return _one(user, link=_link(user))


@users_page.post("/admin/users/<login>/tokens")
@require(Permission.MANAGE_USERS)
def end_tokens(login: str) -> Page:
    """Every token of the user is revoked."""
    by = require_permission(Permission.MANAGE_USERS)
    return _done(login, lambda: actions.revoke_tokens(current_world().store, login, now(), by.login, _address()))


@users_page.get("/welcome/<login>/<code>")
@limiter.limit("30 per minute")
def welcome(login: str, code: str) -> str:
    """The form to choose a password; a link that was used or is too old is answered like one that never was."""
    user, _ = _user_of_code(login, code)
    return render_template("welcome.html", user=user, code=code, faults=())


@users_page.post("/welcome/<login>/<code>")
@limiter.limit("10 per minute")
def choose(login: str, code: str) -> Page:
    """The password is set, the link ends."""
    user, before = _user_of_code(login, code)
    password, again = request.form.get("password", "")[:500], request.form.get("again", "")[:500]
    try:
        if password != again:
            sentence = Message("两次输入不同", "the two entries differ")
            raise InputError.of([Fault("user", None, "again", "differs", sentence)])
        choose_password(current_world().store, user, before, password, now(), _address())
    except InputError as error:
        faults = tuple(FieldFault(fault.column or "password", fault) for fault in error.faults)
        return render_template("welcome.html", user=user, code=code, faults=faults), 422
    return redirect(url_for("sign_in.show"))


@users_page.get("/admin/security")
@require(Permission.READ_SECURITY_LOG)
def show_log() -> str:
    """Who came, who was refused, who changed what about whom."""
    kind, actor = (request.args.get(name, "").strip()[:100] for name in ("kind", "actor"))
    store = current_world().store
    kinds = sorted({event.kind for event in security_log(store, "", "", 100_000)})
    events = security_log(store, kind, actor, MOST_EVENTS)
    return render_template("security_log.html", kind=kind, actor=actor, kinds=kinds, events=events, most=MOST_EVENTS)


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        sentence = Message("请选一个角色", "choose a role")
        raise InputError.of([Fault("user", None, "role", "unknown_role", sentence)]) from None


def _done(login: str, act: Callable[[], object]) -> Page:
    """Do it and go back to the user, or say on the user's page why not."""
    try:
        act()
    except ModalshiftError as error:
        user = actions.access.require_user(current_world().store, login)
        faults = getattr(error, "faults", ())
        sentences = [fault.message.text(current_lang()) for fault in faults] or [error.message.text(current_lang())]
        return _one(user, refused=sentences), status_of(error)
    return redirect(url_for("users_page.show_user", login=login))


def _list(typed: dict[str, str], faults: tuple[FieldFault, ...]) -> str:
    with current_world().store.read() as session:
        users, parties = session.users(), session.parties()
    return render_template(
        "users.html",
        users=users,
        parties=parties.values(),
        roles=list(Role),
        typed=typed,
        faults=faults,
    )


def _one(user: User, link: str = "", refused: list[str] | None = None) -> str:
    with current_world().store.read() as session:
        present, parties = session.user_of_login(user.login), session.parties()
        tokens = [token for token in session.tokens(user.user_id) if token.valid_at(now())]
        webhooks = session.webhooks_of(user.user_id)
    return render_template(
        "user.html",
        tokens=tokens,
        webhooks=webhooks,
        user=present or user,
        parties=parties.values(),
        roles=list(Role),
        of_a_party=OF_A_PARTY,
        link=link,
        hours=VALID_HOURS,
        refused=refused or [],
        events=security_log(current_world().store, "", user.login, 20),
    )


def _link(user: User) -> str:
    with current_world().store.read() as session:
        stored = session.password_hash(user.user_id)
    code = one_time_code(_secret(), user.user_id, stored, now() + timedelta(hours=VALID_HOURS))
    return url_for("users_page.welcome", login=user.login, code=code, _external=True)


def _user_of_code(login: str, code: str) -> tuple[User, str | None]:
    with current_world().store.read() as session:
        user = session.user_of_login(login)
        stored = session.password_hash(user.user_id) if user else None
    if user is None or not user.active or not is_one_time_code(code, _secret(), user.user_id, stored, now()):
        raise NotFound
    return user, stored


def _secret() -> str:
    return str(current_app.secret_key)


def _address() -> str:
    return request.remote_addr or ""
