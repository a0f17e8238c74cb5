"""ETag: a reader who has the present version of a resource is told so in a few bytes."""

from __future__ import annotations

from flask import Flask, Response, request

from webapp.language import current_lang


def register(app: Flask) -> None:
    """Every 200 of a GET under ``/api/`` gets an ETag made of its content; ``If-None-Match`` answers 304."""

    @app.after_request
    def conditional(response: Response) -> Response:
        if (
            request.method in ("GET", "HEAD")
            and request.path.startswith("/api/")
            and response.status_code == 200
            and not response.is_streamed
        ):
            response.headers["Cache-Control"] = "private, no-cache"
            response.headers["Content-Language"] = current_lang()
            response.add_etag()
            response.make_conditional(request)
        return response
