"""Requests to the API: one connection pool, problems as exceptions, and repetition where it is safe.

Every POST carries an Idempotency-Key, so a request whose answer was lost may be sent again: the server does it once.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar, cast

import httpx
import msgspec

from optimizer.client.records import FieldError
from optimizer.errors import Message, ModalshiftError

Answer = TypeVar("Answer")

TIMEOUT_S = 60.0
MOST_TRIES = 4
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE})


class ApiProblemError(ModalshiftError):
    """The server refused: its status, its sentence, and every fault of what was sent."""

    def __init__(self, status: int, title: str, errors: tuple[FieldError, ...] = ()) -> None:
        told = "".join(f" {error.pointer}: {error.message}" for error in errors)
        super().__init__(Message(f"接口答复 {status}：{title}{told}", f"The API answered {status}: {title}{told}"))
        self.status, self.title, self.errors = status, title, errors


class Http:
    """One server. ``transport``: another way than the network (tests); ``wait``: how to pass time."""

    def __init__(  # an empty token is no password: it asks as a stranger # nosec B107
        self,
        base_url: str,
        token: str = "",
        *,
        lang: str = "en",
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Accept-Language": lang, "User-Agent": "modalshift-client"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.Client(base_url=base_url, headers=headers, timeout=timeout_s, transport=transport)
        self._wait = wait

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def get(self, kind: type[Answer], path: str, **query: object) -> Answer:
        """GET, decoded as ``kind``. Raises ApiProblemError."""
        return decoded(kind, self.send("GET", path, query=query).content)

    def post(self, kind: type[Answer], path: str, body: object, key: str = "", **query: object) -> Answer:
        """POST JSON, decoded as ``kind``; ``key``: the Idempotency-Key, a new one without. Raises ApiProblemError."""
        reply = self.send("POST", path, body=msgspec.json.encode(body), key=key or str(uuid.uuid4()), query=query)
        return decoded(kind, reply.content)

    def pages(self, kind: type[Answer], path: str, **query: object) -> Iterator[Answer]:
        """Every item of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(dict[str, Any], path, cursor=cursor, **query)
            yield from msgspec.convert(page["items"], list[kind], strict=False)  # type: ignore[valid-type]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        key: str = "",
        query: Mapping[str, object] | None = None,
    ) -> httpx.Response:
        """One request, repeated when the server is busy or the connection breaks. Raises ApiProblemError, and
        httpx.TransportError when the server cannot be reached at all."""
        headers = {"Idempotency-Key": key} if key else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        params = {name: _text(value) for name, value in (query or {}).items() if value is not None and value != ""}
        for tried in range(1, MOST_TRIES + 1):
            pause_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (tried - 1))
            try:
                reply = self._client.request(method, path, content=body, headers=headers, params=params)
            except httpx.TransportError:
                if tried == MOST_TRIES:
                    raise
            else:
                if reply.status_code not in BUSY or tried == MOST_TRIES:
                    break
                told = reply.headers.get("Retry-After", "")
                pause_s = min(LONGEST_WAIT_S, float(told)) if told.isdecimal() else pause_s
            self._wait(pause_s)
        if reply.is_success:
            return reply
        raise _problem(reply)


def decoded(kind: type[Answer], content: bytes) -> Answer:
    """JSON as a record. Raises ValueError naming the place that does not fit."""
    return cast(Answer, _decoder(cast(Any, kind)).decode(content))


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _text(value: object) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


def _problem(reply: httpx.Response) -> ApiProblemError:
    try:
        body = decoded(dict[str, Any], reply.content)
        errors = msgspec.convert(body.get("errors", []), tuple[FieldError, ...])
        return ApiProblemError(reply.status_code, str(body.get("title", "")), errors)
    except ValueError:
        return ApiProblemError(reply.status_code, reply.reason_phrase)
