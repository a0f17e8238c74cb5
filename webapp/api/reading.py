"""Bodies of requests: JSON objects and arrays, read with limits, every fault as a problem document."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from optimizer.errors import Message
from webapp.problem import UnreadableBodyError


def json_body() -> Any:
    """The JSON of the request. Only ``application/json`` is read, which a form of another site cannot send.

    Raises UnsupportedMediaType, and UnreadableBodyError for anything that is no JSON, NaN and duplicate keys among it.
    """
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        return request.get_json()
    except (BadRequest, RecursionError, ValueError) as error:
        # A body nested a hundred thousand deep is the sender's fault too.
        raise UnreadableBodyError(Message("请求体不是有效的 JSON。", "The body is no valid JSON.")) from error


def json_object(example: str) -> dict[str, Any]:
    """The JSON object of the request. Raises as :func:`json_body`; ``example`` shows what would be right."""
    try:
        body = json_body()
    except UnreadableBodyError:
        body = None
    if not isinstance(body, dict):
        raise UnreadableBodyError(
            Message(
                f"请求体应为一个 JSON 对象，如 {example}。", f"The body should be one JSON object such as {example}."
            )
        )
    return body


def json_array(example: str) -> list[Any]:
    """The JSON array of the request. Raises as :func:`json_body`; ``example`` shows what would be right."""
    try:
        body = json_body()
    except UnreadableBodyError:
        body = None
    if not isinstance(body, list):
        raise UnreadableBodyError(
            Message(
                f"请求体应为一个 JSON 数组，如 {example}。", f"The body should be one JSON array such as {example}."
            )
        )
    return body


def is_text(value: Any) -> bool:
    """Whether a value is a text that has bytes: JSON can spell half a character, which has none."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)
