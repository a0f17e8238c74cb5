"""The main navigation: what the visitor's role may open, and nothing else."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.exceptions import Unauthorized

from optimizer.access.user import Permission
from webapp.access.visitor import visitor

ENTRIES: tuple[tuple[str, str, Permission | None], ...] = (
    ("quote_page.show_quote", "nav.quote", None),
    ("shipments_page.show", "nav.shipments", Permission.READ_SHIPMENTS),
    ("plans_page.show", "nav.plans", Permission.PLAN),
    ("waybills_page.show", "nav.waybills", Permission.READ_WAYBILLS),
    ("carrier_page.show", "nav.report", Permission.REPORT_EVENTS),
    ("accounts_page.show", "nav.accounts", Permission.READ_ACCOUNTS),
    ("city_page.show", "nav.city", Permission.READ_CITY),
    ("admin_page.show", "admin.title", Permission.MANAGE_USERS),
    ("savings_page.show_savings", "nav.savings", None),
)
"""Endpoint, key of its words, permission (None: open to all)."""


def navigation() -> list[tuple[str, str]]:
    """(endpoint, key) of the pages that this visitor may open, in order."""
    try:
        user = visitor()
    except Unauthorized:
        user = None
    return [
        (endpoint, key)
        for endpoint, key, permission in ENTRIES
        if permission is None or (user is not None and user.may(permission))
    ]


SECTIONS = {
    "city_page": ("city_lots_page", "city_checks_page", "city_sample_page"),
    "admin_page": ("users_page", "factors_page", "network_page"),
}
"""Blueprint of an entry -> blueprints whose pages lie below it, beside its own."""


def here(endpoint: str) -> str:
    """``aria-current`` of an entry: page for the page itself, true for one below it, else empty."""
    if request.endpoint == endpoint:
        return "page"
    blueprint = endpoint.partition(".")[0]
    return "true" if request.blueprint in (blueprint, *SECTIONS.get(blueprint, ())) else ""


def register(app: Flask) -> None:
    """Give both to the templates."""
    app.jinja_env.globals.update(navigation=navigation, here=here)
