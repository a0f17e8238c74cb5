"""Replies in canonical JSON: the same content, the same bytes, the same ETag."""

from __future__ import annotations

from typing import Any

from flask import Response

from optimizer.waybills.codec import to_json


def json_reply(body: Any, content_type: str = "application/json; charset=utf-8", status: int = 200) -> Response:
    """A reply of anything made of records, mappings, sequences and plain values. A lone surrogate, which a fault may
    quote from what was sent, has no bytes and becomes a question mark."""
    return Response((to_json(body) + "\n").encode("utf-8", "replace"), status, content_type=content_type)
