"""节约总览: what was shifted and saved."""

from __future__ import annotations

from flask import Blueprint

savings_page = Blueprint("savings_page", __name__)


@savings_page.get("/savings")
def show_savings() -> str:
    return ""
