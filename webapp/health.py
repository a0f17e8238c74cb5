"""``GET /health``: does the process answer, and with which data."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from webapp.world import current_world

health = Blueprint("health", __name__)


@health.get("/health")
def show_health() -> Response:
    """200 with the versions of product, network and factors."""
    return jsonify(status="ok", versions=current_world().versions)
