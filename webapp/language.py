"""The language of a request, and the texts of the pages.

The domain says everything as ``Message(zh, en)``; the pages use the same idea: JSON catalogues, one for each part of
the pages, both languages side by side under each key. We chose it over gettext because nothing has to be compiled or
kept in step by a tool: a test compares the catalogues with the templates, both ways.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, request

from optimizer.errors import Lang, Message
from webapp.settings import Settings
from webapp.world import current_world

COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600
LANGUAGES: tuple[Lang, ...] = ("zh", "en")


@cache
def catalogue() -> dict[str, Message]:
    """Every text of the pages by its key."""
    found: dict[str, Message] = {}
    for file in sorted(files("webapp").joinpath("translations").iterdir(), key=lambda file: file.name):
        raw = json.loads(file.read_text(encoding="utf-8"))
        found.update({key: Message(text["zh"], text["en"]) for key, text in raw.items()})
    return found


def current_lang() -> Lang:
    """``?lang=`` first, then the cookie of an earlier choice; for programs what their Accept-Language prefers; then the
    server's default. Browsers send that header for their owner, who may read the pages in the server's language all
    the same; a program that sends it means it."""
    if "lang" not in g:
        settings: Settings = current_app.extensions["modalshift.settings"]
        asked = request.args.get("lang") or request.cookies.get(COOKIE)
        if asked not in LANGUAGES and _of_program():
            asked = _preferred()
        g.lang = asked if asked in LANGUAGES else settings.lang
    lang: Lang = g.lang
    return lang


def _preferred() -> str | None:
    """The first of ours in Accept-Language, whatever region it names."""
    ranked = (name.partition("-")[0].lower() for name, quality in request.accept_languages if quality > 0)
    return next((name for name in ranked if name in LANGUAGES), None)


def _of_program() -> bool:
    """Asked of the API, and not by a browser in which somebody has signed in."""
    signed_in = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    return request.path.startswith("/api/") and ("Authorization" in request.headers or not signed_in)


def text(key: str, **values: object) -> str:
    """The text of a key in the language of the request, with ``{names}`` filled in. KeyError for an unknown key."""
    return catalogue()[key].text(current_lang()).format(**values)


def known_text(key: str, otherwise: str) -> str:
    """The text of a key, or other words where there is none: for names that the books may hold from another version."""
    return text(key) if key in catalogue() else otherwise


def finding_name(code: str) -> str:
    """What a check is called in the language of the request; of one without a name its code."""
    return known_text(f"finding.{code}", code)


def other_language_url() -> str:
    """This very page in the other language."""
    query = request.args.to_dict(flat=False)
    query["lang"] = ["zh" if current_lang() == "en" else "en"]
    return f"{request.path}?{urlencode(query, doseq=True)}"


def register(app: Flask) -> None:
    """Give templates ``t`` and remember a visitor's choice."""
    app.jinja_env.globals["t"] = text
    app.jinja_env.globals["finding_name"] = finding_name
    app.jinja_env.globals["t_known"] = known_text

    @app.context_processor
    def names() -> dict[str, Any]:
        return {
            "lang": current_lang(),
            "other_language_url": other_language_url(),
            "versions": current_world().versions,
        }

    @app.after_request
    def remember(response: Response) -> Response:
        if request.args.get("lang") in ("zh", "en"):
            response.set_cookie(
                COOKIE, current_lang(), max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure
            )
        response.vary.update(
            ("Cookie", "Accept", "Accept-Language") if request.path.startswith("/api/") else ("Cookie", "Accept")
        )
        return response
