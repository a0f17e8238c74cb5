"""axe-core on every page, with each role's pages, on a desk and on a phone, in both languages."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from waitress.server import create_server

from tests.webapp.full_house import FRONTIER_ID, RUN_ID, FullHouse

pytestmark = pytest.mark.browser

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
QUOTE = "/quote?origin=ZP&destination=JU&cargo=coal&mass_t=1600&ready_at=2026-10-05T08:00&due_at=2026-10-15T08:00"
QUOTE_SHEET = QUOTE.replace("/quote?", "/quote/sheet?")
PAGES = {
    "stranger": (
        "/login",
        "/quote",
        "/quote?mass_t=-4",
        QUOTE,
        "/verify",
        "/savings",
        "/api/docs",
        "/no-such-page",
        QUOTE_SHEET,
    ),
    "planner": ("/shipments", "/plans", f"/plans/{RUN_ID}", f"/frontiers/{FRONTIER_ID}", "/waybills"),
    "carrier": ("/carrier", "/carrier/{number}"),
    "enterprise": (
        "/waybills/{number}",
        "/waybills/{number}/lots/1/sheet",
        "/accounts/{account_id}",
        "/accounts/{account_id}/statements/{period}",
    ),
    "administrator": (
        *("/admin", "/admin/users", "/admin/users/{login}", "/admin/factors?q=diesel", "/admin/network"),
        *("/admin/network/locks", "/admin/periods", "/admin/security"),
    ),
    "auditor": (
        *("/accounts", "/savings?by=enterprise", "/city?by=county&month=2026-10", "/city/lots?cargo=coal"),
        *("/city/lots/{number}/{lot_no}?recompute=1", "/city/findings", "/city/seals", "/city/sample?recompute=1"),
    ),
}
"""Role -> pages. A page that several roles see stands with the one to whom it shows most."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    """A house in which every page shows something."""
    return FullHouse.at(tmp_path_factory.mktemp("axe"))


@pytest.fixture(scope="module")
def address(house: FullHouse) -> Iterator[str]:
    """The house behind waitress on a free port."""
    server = create_server(house.app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=10)


@pytest.mark.parametrize("login", PAGES)
def test_axe_finds_nothing(house: FullHouse, address: str, browser: Browser, login: str) -> None:
    """No violation of WCAG 2.2 A and AA, nor of good practice."""
    found = []
    client, _ = house.browser(login)
    cookie = client.get_cookie("modalshift")
    for lang in ("zh", "en"):
        context = browser.new_context(base_url=address, bypass_csp=True)
        if cookie is not None:
            context.add_cookies([{"name": "modalshift", "value": cookie.value, "url": address}])
        page = context.new_page()
        page.goto(f"/quote?lang={lang}")
        for path in PAGES[login]:
            reply = page.goto(path.format(**house.keys))
            expected = {"/no-such-page": 404, "/quote?mass_t=-4": 422}.get(path, 200)
            assert reply is not None
            assert reply.status == expected, path
            assert not page.url.startswith(f"{address}/login") or path == "/login"
            for width in (1200, 360):
                page.set_viewport_size({"width": width, "height": 800})
                for violation in Axe().run(page, options=RULES).response["violations"]:
                    nodes = [node["html"][:120] for node in violation["nodes"]]
                    found.append(f"{path} {width} {lang}: {violation['id']} {nodes}")
        context.close()
    assert not found, "\n".join(found)
