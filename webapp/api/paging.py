"""Pages by cursor: a page names the key of its last row, so rows added meanwhile neither repeat nor go missing."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from optimizer.errors import Fault, InputError, Message
from webapp.api.reading import is_text

DEFAULT_LIMIT, MAX_LIMIT = 100, 500

QUERY: Mapping[str, Mapping[str, Any]] = {
    "cursor": {"type": "string", "description": "next_cursor of the page before"},
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
}
"""For ``documented(query=...)``."""


def page_schema(item: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a page of items."""
    return {
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {"items": {"type": "array", "items": item}, "next_cursor": {"type": ["string", "null"]}},
    }


def asked_page() -> tuple[list[Any] | None, int]:
    """The key after which the page begins (None: at the start) and how many rows it may hold.

    Raises InputError with every fault of ``cursor`` and ``limit``.
    """
    faults: list[Fault] = []
    after = _read_cursor(request.args.get("cursor"), faults)
    limit = _read_limit(request.args.get("limit"), faults)
    if faults:
        raise InputError.of(faults)
    return after, limit


def page_of(rows: Sequence[Any], limit: int, key: Sequence[Any] | None, items: Sequence[Any]) -> dict[str, Any]:
    """A page from ``rows`` that were read one beyond the limit; ``key``: that of the last item shown."""
    more = len(rows) > limit
    return {"items": list(items), "next_cursor": cursor_of(key) if more and key is not None else None}


def cursor_of(key: Sequence[Any]) -> str:
    """An opaque text for a key."""
    return urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def _read_cursor(text: str | None, faults: list[Fault]) -> list[Any] | None:
    if text is None:
        return None
    try:
        key = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, Base64Error, RecursionError):
        key = None
    if not isinstance(key, list) or not all(isinstance(part, int) or is_text(part) for part in key):
        faults.append(
            _fault("cursor", "bad_cursor", "cursor 应取自上一页的 next_cursor", "take cursor from next_cursor")
        )
        return None
    return key


def _read_limit(text: str | None, faults: list[Fault]) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MAX_LIMIT:
        return int(text[:9])
    faults.append(
        _fault("limit", "bad_limit", f"limit 应为 1 至 {MAX_LIMIT} 的整数", f"limit is a whole number 1 to {MAX_LIMIT}")
    )
    return DEFAULT_LIMIT


def _fault(name: str, code: str, zh: str, en: str) -> Fault:
    return Fault("query", None, name, code, Message(zh, en))
