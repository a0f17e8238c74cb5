"""Long pages go out compressed, those alone that show nothing which a stranger could have chosen: a page that holds a
secret (its CSRF token) beside text from its address would let its length tell the secret (BREACH, 2013).
"""

from __future__ import annotations

import gzip
import re

from flask import Flask, Response, request

from webapp.language import LANGUAGES

ENDPOINTS = ("plans_page.show_run", "plans_page.show_frontier", "static", "openapi.spec", "plans_api.show_document")
"""Their paths hold names of ours at most, or what they show holds no secret."""
TYPES = ("text/html", "text/css", "text/javascript", "image/svg+xml", "application/json")
PLACES = ("page", "hulls", "rows")
PLACE = re.compile(r"-?[0-9]{1,6}")
"""What may stand behind ``?``: a place in a list. The link to the other language repeats all of an address."""
LEAST_BYTES = 2_000
LEVEL = 6


def register(app: Flask) -> None:
    """Compress answers of these endpoints for whoever accepts it."""

    @app.after_request
    def compress(response: Response) -> Response:
        if request.endpoint not in ENDPOINTS or response.mimetype not in TYPES:
            return response
        response.vary.add("Accept-Encoding")
        whole = response.status_code == 200 and "Content-Encoding" not in response.headers
        if not whole or not _of_ours() or request.accept_encodings.quality("gzip") <= 0:
            return response
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) >= LEAST_BYTES:
            response.set_data(gzip.compress(body, LEVEL, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
        return response


def _of_ours() -> bool:
    """Whether the query holds nothing but places in lists and the name of a language."""
    return all(
        value in LANGUAGES if name == "lang" else name in PLACES and PLACE.fullmatch(value) is not None
        for name, value in request.args.items(multi=True)
    )
