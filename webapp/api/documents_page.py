"""``GET /api/docs``: the OpenAPI document as a page for people, without any script."""

from __future__ import annotations

from typing import Any, cast

from apiflask import APIFlask
from flask import Blueprint, current_app, render_template

api_docs_page = Blueprint("api_docs", __name__)


@api_docs_page.get("/api/docs")
def show_docs() -> str:
    """Every endpoint with what it takes and gives."""
    spec = cast(dict[str, Any], cast(APIFlask, current_app).spec)
    operations = [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in sorted(spec["paths"].items())
        for method, operation in methods.items()
    ]
    return render_template("api_docs.html", operations=operations)
