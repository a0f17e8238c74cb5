"""Who is here: a signed-in user (cookie), a program (bearer token), or nobody; and what they may do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar, cast

import flask_login
from flask import Flask, g, request
from werkzeug.exceptions import Forbidden, Unauthorized

from optimizer import actions
from optimizer.access.user import Permission, User
from webapp.clock import now
from webapp.world import current_world

View = TypeVar("View", bound=Callable[..., Any])


class SignedIn(flask_login.UserMixin):  # type: ignore[misc]
    """A user in the shape that Flask-Login keeps. Its id changes with the password, and whenever sessions are ended for
    good: by another role or party, and by keeping the user out, also where both are taken back."""

    def __init__(self, user: User, password_hash: str | None) -> None:
        self.user = user
        ended = (str(user.sessions_ended),) if user.sessions_ended else ()
        known = "\n".join((password_hash or "", user.role, user.party_id, *ended))
        self.mark = sha256(known.encode()).hexdigest()[:16]

    def get_id(self) -> str:
        """What the cookie holds."""
        return f"{self.user.user_id}:{self.mark}"


def visitor() -> User | None:
    """The user behind this request, None for a stranger. A bearer token counts under ``/api/`` only, and a wrong one is
    an error there, never a stranger."""
    if "visitor" not in g:
        g.visitor = _of_token() if bearer_token() is not None else _of_cookie()
    found: User | None = g.visitor
    return found


def bearer_token() -> str | None:
    """The token of the Authorization header under ``/api/``, None without one."""
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if request.path.startswith("/api/") and scheme.lower() == "bearer":
        return token.strip()
    return None


def _of_token() -> User:
    user = actions.user_of_token(current_world().store, bearer_token() or "", now())
    if user is None:
        raise Unauthorized
    return user


def _of_cookie() -> User | None:
    signed_in = flask_login.current_user
    return cast(User, signed_in.user) if isinstance(signed_in._get_current_object(), SignedIn) else None


def require(permission: Permission) -> Callable[[View], View]:
    """A view for users with a permission: 401 (pages: to the sign-in form) for strangers, 403 for others."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            require_permission(permission)
            return view(*args, **kwargs)

        cast(Any, guarded).permission = permission
        return cast(View, guarded)

    return decorate


def require_permission(permission: Permission) -> User:
    """The visitor, who has the permission. Raises Unauthorized or Forbidden."""
    user = visitor()
    if user is None:
        raise Unauthorized
    if not user.may(permission):
        raise Forbidden
    return user


def require_user() -> User:
    """The visitor, who is signed in. Raises Unauthorized."""
    user = visitor()
    if user is None:
        raise Unauthorized
    return user


def register(app: Flask) -> None:
    """Flask-Login over our users; templates know ``visitor``."""
    manager = flask_login.LoginManager(app)
    manager.session_protection = None  # the cookie is signed and HttpOnly; a phone changes its address all day

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(cookie_id: str) -> SignedIn | None:
        user_id, _, mark = cookie_id.partition(":")
        with current_world().store.read() as session:
            user = session.user(user_id)
            if user is None or not user.active:
                return None
            signed_in = SignedIn(user, session.password_hash(user_id))
        return signed_in if signed_in.mark == mark else None

    @app.before_request
    def refuse_wrong_token() -> None:
        # Also where strangers may ask: a program must notice that its token is no longer valid.
        if bearer_token() is not None:
            visitor()

    @app.context_processor
    def names() -> dict[str, Any]:
        # A wrong token must not break the page that says so.
        try:
            return {"visitor": visitor()}
        except Unauthorized:
            return {"visitor": None}
