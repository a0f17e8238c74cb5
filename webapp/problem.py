"""Errors over HTTP: a page for people, ``application/problem+json`` (RFC 9457) under ``/api/``."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Sequence
from http import HTTPStatus

from flask import Flask, Response, current_app, redirect, render_template, request, url_for
from werkzeug.exceptions import BadHost, HTTPException

from optimizer.errors import (
    ConflictError,
    Fault,
    InputError,
    Message,
    ModalshiftError,
    StorageError,
    UnknownRecordError,
)
from webapp.language import current_lang

BYTES_PER_MB = 1_000_000
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says where a disk, or what this process may use of it, is full."""
NO_HOST = Message(
    "请求头 Host 不是主机名，应如 modalshift.example.com",
    "Header Host is no name of a host; it should be one such as modalshift.example.com",
)
TITLES = {
    400: Message("请求有误", "Bad request"),
    401: Message("请先登录，或在接口请求中带上有效令牌", "Sign in first; a program sends a valid bearer token"),
    403: Message("您的角色无权查看或操作", "Your role may not see or do this"),
    404: Message("没有这个页面", "Not found"),
    405: Message("此地址不支持这种请求方法", "Method not allowed here"),
    409: Message("与已有记录冲突", "Conflict with what is recorded"),
    415: Message("内容类型不对，应为 application/json", "Wrong content type; application/json is expected"),
    429: Message("请求过于频繁，请稍后再试", "Too many requests; try again in a while"),
    422: Message("输入有误", "The input is wrong"),
    503: Message(
        "服务器磁盘空间不足，未保存任何内容；请稍后重试，或请维护者腾出空间",
        "The server's disk is full and nothing was saved; try again later, or ask the maintainers to make room",
    ),
    500: Message("服务器内部错误，请稍后重试或联系维护者", "Internal error; try again or tell the maintainers"),
}


class UnreadableBodyError(InputError):
    """The body is no JSON of the expected kind; answered with 400."""


def status_of(error: ModalshiftError) -> int:
    """The HTTP status of an error of the domain; 5xx only for defects of ours and a server that cannot store."""
    match error:
        case UnreadableBodyError():
            return 400
        case UnknownRecordError():
            return 404
        case InputError():
            return 422
        case ConflictError():
            return 409
        case StorageError():
            return 503
        case _:
            return 422 if error.exit_code == InputError.exit_code else 500


def problem(status: int, title: Message, faults: Sequence[Fault] = ()) -> Response:
    """A problem document; ``errors`` lists each fault with its JSON pointer."""
    lang = current_lang()
    body: dict[str, object] = {"type": "about:blank", "title": title.text(lang), "status": status}
    if faults:
        body["errors"] = [
            {"pointer": fault.column or "", "code": fault.code, "message": fault.message.text(lang)} for fault in faults
        ]
    content = json.dumps(body, ensure_ascii=False) + "\n"
    # A fault may quote what was sent, and a lone surrogate, which JSON can spell, has no bytes.
    sent = content.encode("utf-8", "replace")
    reply = Response(sent, status, content_type="application/problem+json; charset=utf-8")
    reply.content_language.add(lang)
    return reply


def register(app: Flask) -> None:
    """One handler for each family of errors."""

    @app.errorhandler(ModalshiftError)
    def domain_error(error: ModalshiftError) -> Response:
        status = status_of(error)
        if status >= 500:
            kind = "no room, or no database" if status == HTTPStatus.SERVICE_UNAVAILABLE else "a defect of ours"
            current_app.logger.error("%s: %s", kind, error)
        faults = error.faults if isinstance(error, InputError) else ()
        return _answer(status, error.message, faults)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        if isinstance(error, BadHost):
            # No page: without a host there are no addresses to link to.
            return problem(400, NO_HOST)
        status = error.code or 500
        if status == 401 and not request.path.startswith("/api/") and request.method == "GET":
            return _to_sign_in()
        phrase = HTTPStatus(status).phrase
        title = _too_large() if status == 413 else TITLES.get(status, Message(phrase, phrase))
        return _answer(status, title, ())

    @app.errorhandler(OSError)
    def system_error(error: OSError) -> Response:
        if not _no_room(error):
            return defect(error)
        current_app.logger.error("no room: %s", error)
        return _answer(503, TITLES[503], ())

    @app.errorhandler(Exception)
    def defect(error: Exception) -> Response:
        current_app.logger.exception("a defect of ours: %s", error)
        return _answer(500, TITLES[500], ())


def _no_room(error: OSError) -> bool:
    """Whether the disk is full: a copy of a folder fails with all its errors as sentences."""
    if isinstance(error, shutil.Error):
        return any(f"[Errno {number}]" in str(error) for number in NO_ROOM)
    return error.errno in NO_ROOM


def _too_large() -> Message:
    limit = f"{(request.max_content_length or 0) / BYTES_PER_MB:g} MB"
    return Message(f"请求过大，上限 {limit}", f"The request is too large; {limit} is the limit")


def _to_sign_in() -> Response:
    """A page for users sends a stranger to the sign-in form, and back afterwards."""
    target = redirect(url_for("sign_in.show", next=request.full_path.rstrip("?")))
    return Response(target.get_data(), target.status_code, target.headers)


def _answer(status: int, title: Message, faults: Sequence[Fault]) -> Response:
    if request.path.startswith("/api/"):
        return problem(status, title, faults=faults)
    page = render_template("error.html", status=status, title=title.text(current_lang()), faults=faults)
    return Response(page, status, content_type="text/html; charset=utf-8")
