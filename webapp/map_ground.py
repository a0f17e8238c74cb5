"""The ground of every map: coast, lakes and waterways, served once under an address that changes with its content.

It is the same for all maps of a network and larger than what any of them adds, so that no page carries it.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from flask import Flask, Response, abort, request, url_for

from webapp.charts.atlas import Atlas
from webapp.charts.map import ground_sources
from webapp.charts.plotly_script import YEAR_S, charts_page
from webapp.world import current_world


@dataclass(frozen=True, slots=True)
class Ground:
    """MapLibre sources by name as JSON, the same as gzip, and the name of the content."""

    plain: bytes
    zipped: bytes
    digest: str


@lru_cache(maxsize=2)
def ground_of(atlas: Atlas) -> Ground:
    """The ground of one network."""
    sources = ground_sources(atlas.shapes, [line for _, line in atlas.waterways()])
    plain = json.dumps(sources, separators=(",", ":")).encode()
    return Ground(plain, gzip.compress(plain, 9, mtime=0), sha256(plain).hexdigest()[:16])


@charts_page.get("/charts/ground-<ground>.json")
def show_ground(ground: str) -> Response:
    """The ground, for a year: another network has another address. 404 for the address of another content."""
    found = ground_of(current_world().atlas)
    if ground != found.digest:
        abort(404)
    zipped = request.accept_encodings.quality("gzip") > 0
    reply = Response(found.zipped if zipped else found.plain, content_type="application/json")
    if zipped:
        reply.headers["Content-Encoding"] = "gzip"
    reply.vary.add("Accept-Encoding")
    reply.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
    reply.set_etag(ground + ("-gzip" if zipped else ""))
    reply.make_conditional(request)
    return reply


def ground_url() -> str:
    """Where the ground of the network in force is served."""
    return url_for("charts_page.show_ground", ground=ground_of(current_world().atlas).digest)


def register(app: Flask) -> None:
    """Give the address to the templates."""
    app.jinja_env.globals["ground_url"] = ground_url
