"""plotly.js as its installed wheel carries it: served under an address that changes with its content.

It is MIT licensed and says so in its first lines, which are served with it. Compressed once for the whole process:
level 9 takes half a second and makes 1.5 MB of 4.8.
"""

from __future__ import annotations

import gzip
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request, url_for

charts_page = Blueprint("charts_page", __name__)

SCRIPT = "package_data/plotly.min.js"
YEAR_S = 365 * 24 * 3600
STYLE_TEXT = re.compile(r"""\.textContent='((?:[^'\\]|\\.)*)'""")
"""The style sheet of its maps, which the script puts into the page."""


@cache
def plotly_digest() -> str:
    """The name of the script's content; quick, so that a page need not wait for the compression."""
    return sha256(_path().read_bytes()).hexdigest()[:16]


@cache
def style_hashes() -> tuple[str, ...]:
    """Content-Security-Policy sources for what the script puts into style elements: one that is empty (it fills it rule
    by rule), and the style sheet of its maps."""
    texts = ["", *map(_unescaped, STYLE_TEXT.findall(_path().read_text(encoding="utf-8")))]
    return tuple(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts)


@cache
def zipped_script() -> bytes:
    """The script as gzip."""
    return gzip.compress(_path().read_bytes(), 9, mtime=0)


@charts_page.get("/charts/plotly-<content>.js")
def show_script(content: str) -> Response:
    """The script, for a year: another content has another address. 404 for the address of another content."""
    if content != plotly_digest():
        abort(404)
    zipped = request.accept_encodings.quality("gzip") > 0
    body = zipped_script() if zipped else _path().read_bytes()
    reply = Response(body, content_type="text/javascript; charset=utf-8")
    if zipped:
        reply.headers["Content-Encoding"] = "gzip"
    reply.vary.add("Accept-Encoding")
    reply.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
    reply.set_etag(content + ("-gzip" if zipped else ""))
    reply.make_conditional(request)
    return reply


def plotly_url() -> str:
    """Where the script is served."""
    return url_for("charts_page.show_script", content=plotly_digest())


def register(app: Flask) -> None:
    """Give the address to the templates."""
    app.jinja_env.globals["plotly_url"] = plotly_url


def _path() -> Path:
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / SCRIPT


def _unescaped(literal: str) -> str:
    """What a JavaScript string between single quotes says."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), literal, flags=re.DOTALL)
