"""axe-core on every page, with each role's pages, on a desk and on a phone, in both languages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from waitress.server import create_server

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.network.releases import TableChange
from optimizer.network.schema import shipped_directory
from tests.waybills.world import world_factors
from tests.webapp.full_house import AT, FRONTIER_ID, RUN_ID, FullHouse

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
    made = FullHouse.at(tmp_path_factory.mktemp("axe"))
    # Two networks that were in force, of which one stands, and one that waits for the reader's signature.
    actions.add_user(made.store, User("second", "second", "二", "Second", Role.ADMINISTRATOR), None, AT)
    changes = (TableChange("locks", 9, 9, 1),)
    for hours in range(3):
        at = AT + timedelta(hours=hours)
        one = actions.propose_network(made.store, shipped_directory(), changes, "second", at, "other tolls")
        if hours < 2:
            actions.release_network(made.store, one.proposal_id, "administrator", at)
    made.app.extensions["modalshift.table_watch"].look(at_once=True)
    made.app.extensions["modalshift.world"].factors = world_factors()  # of which the lots are
    return made


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
            page.evaluate(Axe().axe_script)  # once for both widths: reading it takes as long as a small page
            for width in (1200, 360):
                page.set_viewport_size({"width": width, "height": 800})
                for violation in page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]:
                    nodes = [node["html"][:120] for node in violation["nodes"]]
                    found.append(f"{path} {width} {lang}: {violation['id']} {nodes}")
        context.close()
    assert not found, "\n".join(found)
