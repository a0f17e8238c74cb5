"""Rate limits: by user where one is known, else by address. In memory of the process: each worker counts its own."""

from __future__ import annotations

import flask_login
from flask import request
from flask_limiter import Limiter


def _who() -> str:
    """A key that a client cannot choose freely: a token's digest only counts once it was accepted."""
    user = flask_login.current_user
    if user and user.is_authenticated:
        return f"user:{user.user.user_id}"
    return f"address:{request.remote_addr or ''}"


limiter = Limiter(key_func=_who, storage_uri="memory://", headers_enabled=True)

API_LIMIT = "600 per minute"
