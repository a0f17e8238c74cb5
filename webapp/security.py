"""What every answer tells the browser to refuse, and what a request must bring.

Forms carry a CSRF token. A program that sends a bearer token needs none: no other site can make a browser send it.
"""

from __future__ import annotations

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import BadRequest

from webapp.access.session_cookie import SessionCookie
from webapp.access.visitor import bearer_token
from webapp.charts.plotly_script import style_hashes

POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""No script runs unless a view asks for ours with :func:`allow_scripts`; nothing is loaded from elsewhere."""

WITH_SCRIPTS = {"script-src": "'self'", "connect-src": "'self'"}

MAX_REQUEST_BYTES = 1_000_000
MAX_UPLOAD_BYTES = 20_000_000
UPLOADS = (
    "network_page.check",
    "factors_page.hand_in",
    "shipments_page.upload",
    "shipments_api.submit",
    "plans_page.begin",
    "plans_api.begin",
    "frontiers_api.begin",
    "carrier_page.report",
)
"""Endpoints that take files or many records."""
SAME_FOR_ALL = ("static", "charts_page.show_script", "charts_page.show_ground")
"""Endpoints whose answers hold nothing of anybody and may be kept."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OPEN_POSTS = ("quotes_api.make_quote", "quotes_api.make_quotes")
"""Endpoints without effect that a stranger may post to: nothing a CSRF token could protect."""


def allow_scripts(**further: str) -> None:
    """Let the page of this request run our own scripts and talk to our own server; ``further``: more directives, as
    ``worker_src="'self' blob:"``."""
    g.policy = {**WITH_SCRIPTS, **{name.replace("_", "-"): value for name, value in further.items()}}


def allow_charts() -> None:
    """Let the page of this request draw charts. plotly.js fills two style elements in: allowed by the hashes of what
    they hold, so that no other inline style is. Its maps run a worker that is a blob of the script itself."""
    allow_scripts(style_src=" ".join(("'self'", *style_hashes())), worker_src="blob:")


def content_security_policy() -> str:
    """The policy of this answer."""
    policy = {**POLICY, **g.get("policy", {})}
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def register(app: Flask) -> None:
    """Limit what comes in and set the headers of what goes out."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    app.config.update(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="modalshift",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.session_interface = SessionCookie()
    csrf = CSRFProtect(app)

    @app.before_request
    def allow_uploads() -> None:
        # Before the form is read for its token.
        if request.endpoint in UPLOADS:
            request.max_content_length = MAX_UPLOAD_BYTES

    @app.before_request
    def refuse_forged() -> None:
        if request.method in SAFE_METHODS or bearer_token() is not None or request.endpoint in OPEN_POSTS:
            return
        if request.endpoint is None:
            return  # an unknown address is answered as such
        try:
            csrf.protect()
        except CSRFError as error:
            raise BadRequest from error

    @app.after_request
    def harden(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = content_security_policy()
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if request.endpoint not in SAME_FOR_ALL and not response.cache_control.private:
            # Results show one enterprise's freight: no shared cache may keep them. A file that is sent comes with
            # "no-cache", which lets it be kept.
            headers["Cache-Control"] = "no-store"
        if request.is_secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return response
