"""``Idempotency-Key``: the same POST twice is one POST.

Same key and same request: the stored reply. Same key, other request: 422. The first one still runs: 409. A reply of
5xx is not kept, so that the request can be tried again; a request that was cut off (the process died) may be tried
again after ``CUT_OFF``, which is safe because what lies behind is idempotent by its own ids too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar, cast

from flask import Response, make_response, request

from optimizer.errors import ConflictError, Fault, InputError, Message
from optimizer.store.access_rows import StoredReply
from webapp.access.visitor import require_user
from webapp.clock import now
from webapp.world import current_world

View = TypeVar("View", bound=Callable[..., Any])

HEADER = "Idempotency-Key"
MAX_LENGTH = 255
CUT_OFF = timedelta(minutes=10)
KEPT = timedelta(days=7)
DOCUMENTED: dict[str, Any] = {
    HEADER: {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "required": True},
}
"""For ``documented(headers=...)``."""


def idempotent(view: View) -> View:
    """A POST view that answers the same key and request once. The header is required."""

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Response:
        owner, key = require_user().user_id, _key()
        digest = _digest()
        stored = _begin(owner, key, digest)
        if stored is not None:
            return _again(stored)
        store = current_world().store
        try:
            response = make_response(view(*args, **kwargs))
        except BaseException as error:
            with store.write() as session:
                session.forget_key(owner, key)
            raise error
        with store.write() as session:
            if response.status_code >= 500:
                session.forget_key(owner, key)
            else:
                session.finish_key(
                    owner,
                    key,
                    response.status_code,
                    response.content_type,
                    response.headers.get("Location", ""),
                    response.get_data(as_text=True),
                )
        return response

    return cast(View, once)


def _key() -> str:
    key = request.headers.get(HEADER, "")
    if not 1 <= len(key) <= MAX_LENGTH or not key.isprintable():
        sentence = Message(
            f"请求头 {HEADER} 应为 1 至 {MAX_LENGTH} 个可打印字符，每个请求一个，重试时不变",
            f"header {HEADER} should hold 1 to {MAX_LENGTH} printable characters, new for each request and the same"
            " when it is tried again",
        )
        raise InputError.of([Fault("request", None, HEADER, "idempotency_key", sentence)])
    return key


def _digest() -> str:
    """What counts as the same request: method, path with query, content type and body."""
    head = f"{request.method} {request.full_path} {request.mimetype}\n"
    return sha256(head.encode() + request.get_data()).hexdigest()


def _begin(owner: str, key: str, digest: str) -> StoredReply | None:
    """The reply of an earlier request, or None after noting that this one begins."""
    at = now()
    with current_world().store.write() as session:
        stored = session.reply_of_key(owner, key)
        if stored is not None and at - stored.begun_at < KEPT:
            if stored.request_sha256 != digest:
                sentence = Message(
                    "此键已用于另一请求；新请求请换新键",
                    "this key was used for another request; take a new key for a new request",
                )
                raise InputError.of([Fault("request", None, HEADER, "key_reused", sentence)])
            if stored.status is not None:
                return stored
            if at - stored.begun_at < CUT_OFF:
                raise ConflictError(
                    Message("同一请求仍在处理，请稍后重试。", "The same request still runs; try again in a moment.")
                )
        session.begin_key(owner, key, digest, at)
        session.forget_keys_before(at - KEPT)
    return None


def _again(stored: StoredReply) -> Response:
    response = Response(stored.body, stored.status, content_type=stored.content_type)
    response.headers["Idempotency-Replayed"] = "true"
    if stored.location:
        response.headers["Location"] = stored.location
    return response
