"""Logs in one line of JSON each: for every request one, and whatever the product reports.

A line has time, level, logger, message; a request's also its id, method, endpoint, path, status, seconds and user id.
No query string, no body, no token: logs are read by more people than records are.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time

import flask_login
from flask import Flask, Response, g, request
from pythonjsonlogger.json import JsonFormatter

REQUEST_ID = "X-Request-ID"
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECRET_PATHS = ("users_page.welcome", "users_page.choose")
QUIET = frozenset({"static", "health.show_health", "metrics.show_metrics", "charts_page.show_script"})
"""Endpoints that are asked all day; only their failures are told."""

log = logging.getLogger("modalshift.request")


def write_json_lines() -> None:
    """Send the logs of this process to standard error as JSON, one object a line (UTC, RFC 3339)."""
    formatter = JsonFormatter(
        "%(levelname)s %(name)s %(message)s",
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp="time",
        json_ensure_ascii=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # tells of every database it opens


def register(app: Flask) -> None:
    """Give each request an id, say it in the answer, and log the request when it is answered."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get(REQUEST_ID, "")
        # A proxy may have numbered it already; anything else could forge lines of the log.
        g.request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        g.logged_from_s = time.perf_counter()

    @app.after_request
    def tell(response: Response) -> Response:
        if "request_id" not in g:
            return response
        response.headers[REQUEST_ID] = g.request_id
        if request.endpoint in QUIET and response.status_code < 500:
            return response
        level = logging.ERROR if response.status_code >= 500 else logging.INFO
        log.log(
            level,
            "%s %s",
            request.method,
            _told_path(),
            extra={
                "request_id": g.request_id,
                "method": request.method,
                "endpoint": request.endpoint or "",
                "path": _told_path(),
                "status": response.status_code,
                "seconds": round(time.perf_counter() - g.logged_from_s, 4),
                "user_id": _user_id(),
            },
        )
        return response


def _told_path() -> str:
    """The path as asked; of a one-time link only its pattern, since whoever read the log could use the link."""
    if request.endpoint in SECRET_PATHS and request.url_rule is not None:
        return str(request.url_rule.rule)
    return request.path


def _user_id() -> str:
    """Who asked, as far as this request found out by itself."""
    known = g.get("visitor")
    if known is not None:
        return str(known.user_id)
    user = flask_login.current_user
    return str(user.user.user_id) if user and user.is_authenticated else ""
