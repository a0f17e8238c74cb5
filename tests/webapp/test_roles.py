"""Each role's main task in a real browser, from signing in to the document, on a phone's width, mostly by keyboard."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from waitress.server import create_server

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.planning.files.shipment_upload import csv_text
from tests.waybills import world
from tests.webapp.full_house import AT, FullHouse
from tests.webapp.signed_in import House
from tests.webapp.test_admin import factor_file
from webapp import Settings, create_app
from webapp.background.worker import Worker

pytestmark = pytest.mark.browser

LINK = re.compile(r"^http://127\.0\.0\.1:\d+/welcome/wang/[0-9a-f]+\.[0-9a-f]{64}$")
Enter = Callable[[str], Page]
PRINTED_PX = 720
"""About the width of A4 between its margins."""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application behind waitress on a free port."""
    server = create_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=10)


@contextmanager
def entering(browser: Browser, address: str) -> Iterator[Enter]:
    """Sign in by the demonstration's click, each time as a fresh visitor in English on a narrow screen."""
    contexts = []

    def enter(login: str) -> Page:
        context = browser.new_context(base_url=address, viewport={"width": 360, "height": 800}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.goto("/login?lang=en")
        page.locator(f"button[value='{login}']").press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    yield enter
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    """A house with a settled month; the second administrator is needed to release factors."""
    made = FullHouse.at(tmp_path_factory.mktemp("roles"))
    second = User(actions.user_id_of("second"), "second", "二", "Second", Role.ADMINISTRATOR)
    actions.add_user(made.store, second, None, AT)
    return made


@pytest.fixture(scope="module")
def enter(house: FullHouse, browser: Browser) -> Iterator[Enter]:
    """Signing in at the house."""
    with served(house.app) as address, entering(browser, address) as enter:
        yield enter


def fits(page: Page) -> bool:
    """Nothing runs off the side, once style sheets are there."""
    page.wait_for_load_state()
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_planner_goes_from_the_quote_to_the_waybill(tmp_path: Path, browser: Browser) -> None:
    """Quote, hand in a file, plan, accept, open the waybill that was issued."""
    planners = House.at(tmp_path / "m.db")
    shipment = ["P-1", "E01", "coal", 1600, "ZP", "QJ", "2026-10-08 08:00", "2026-10-18 18:00"]
    header = ["shipment_id", "shipper_id", "cargo_code", "mass_t", "origin", "destination", "ready_at", "due_at"]
    file = {"name": "mine.csv", "mimeType": "text/csv", "buffer": csv_text([header, shipment]).encode()}
    with served(create_app(planners.settings)) as address, entering(browser, address) as enter:
        page = enter("planner")
        page.goto(
            "/quote?origin=ZP&destination=QJ&cargo=coal&mass_t=1600&ready_at=2026-10-08T08:00&due_at=2026-10-18T08:00"
        )
        expect(page.locator("#result-title")).to_be_visible()
        page.goto("/shipments")
        page.locator("#file").set_input_files([file])  # type: ignore[list-item]
        page.locator("button[value=submit]").press("Enter")
        expect(page.get_by_text("P-1").first).to_be_visible()
        page.goto("/plans")
        page.locator("#time_limit_s").fill("20")
        page.locator("#gap").fill("0.05")
        page.locator("#gap").press("Enter")
        page.wait_for_url("**/plans/*")
        assert Worker(planners.settings).queue.work_off_one()
        expect(page.locator("button[value=all]")).to_be_visible(timeout=30_000)  # the page itself hears that it is over
        page.locator("button[value=all]").press("Enter")
        page.wait_for_load_state()
        page.goto("/waybills")
        page.get_by_role("table").get_by_role("link").first.press("Enter")
        expect(page.locator("h1")).to_contain_text("Waybill")
        assert fits(page)


def test_an_enterprise_takes_its_statement_home(enter: Enter) -> None:
    """From signing in to the PDF: account, month, file."""
    page = enter("enterprise")
    page.goto("/accounts")
    expect(page.locator("h1")).to_contain_text("Carbon account")
    page.locator("th[scope=row] a").first.press("Enter")
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").first.press("Enter")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    assert fits(page)


def test_a_carrier_reports_in_three_taps(tmp_path: Path, browser: Browser) -> None:
    """Choose the waybill, choose what happened, send it; the waybill then shows it."""
    settings = Settings(db_url=f"sqlite:///{tmp_path / 'm.db'}", demo=True, limits=False)
    store, network = actions.open_store(settings.db_url), world.world_network()
    actions.accept(store, world.world_plan(), world.shipments(), world.parties(), network, at=world.ISSUED_AT)
    carrier = User(actions.user_id_of("carrier"), "carrier", "承", "Carrier", Role.CARRIER, "E9")
    actions.add_user(store, carrier, None, world.ISSUED_AT)
    with served(create_app(settings)) as address, entering(browser, address) as enter:
        page = enter("carrier")
        page.locator(".cards a").first.press("Enter")
        what = page.locator(".cards strong").first.inner_text()
        page.locator(".cards a").first.press("Enter")
        if page.locator("#mass_t").count():
            page.locator("#mass_t").fill("300")
        page.locator("button[type=submit]").last.press("Enter")
        expect(page.get_by_role("status")).to_be_visible()
        page.goto(page.url.replace("/carrier/", "/waybills/").partition("?")[0])
        expect(page.locator(".timeline")).to_contain_text(what)


def test_an_auditor_goes_by_keyboard_from_the_total_to_the_weigh_ticket(house: FullHouse, enter: Enter) -> None:
    """Total, group, lots, lot, recomputed to the gram, the ticket itself."""
    page = enter("auditor")
    expect(page.locator("h1")).to_contain_text("City audit")
    page.locator("tbody th a").first.press("Enter")
    page.locator("tbody td a").first.press("Enter")
    found = None
    lots = page.locator("tbody th a").evaluate_all("links => links.map(link => link.href)")
    for address in lots:
        page.goto(address)
        if page.locator("a[href*='/evidence/']").count():
            found = address
            break
    assert found is not None
    page.locator("button[name=recompute]").press("Enter")
    expect(page.locator("#recomputed")).to_be_visible()
    expect(page.locator(".verdict.holds")).to_be_visible()
    assert fits(page)
    with page.expect_download() as download:
        page.locator("a[href*='/evidence/']").first.press("Enter")
    assert Path(download.value.path()).read_bytes().startswith(b"\xff\xd8\xff")


def test_a_bank_reads_the_report_of_who_let_it(house: FullHouse, enter: Enter) -> None:
    """One account stands open; its report is a PDF, and others are not there."""
    page = enter("bank")
    page.locator("a[href^='/accounts/']").first.press("Enter")
    expect(page.locator("h1")).to_contain_text("Carbon account")
    with page.expect_download() as download:
        page.locator("a[href*='/report/']").first.press("Enter")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    reply = page.goto("/accounts/E2.energy")
    assert reply is not None
    assert reply.status == 404


def test_administrators_make_a_user_and_release_factors_in_two(house: FullHouse, enter: Enter) -> None:
    """One makes a user and proposes, the other sees the difference and releases."""
    page = enter("administrator")
    page.goto("/admin/users")
    for name, value in (("login", "wang"), ("display_name_zh", "王"), ("display_name_en", "Wang")):
        page.locator(f"#{name}").fill(value)
    page.locator("#role").select_option("auditor")
    page.locator("main button[type=submit]").last.press("Enter")
    expect(page.locator("#link")).to_have_value(LINK)
    assert fits(page)
    page.goto("/admin/factors")
    content = factor_file("2026-roles").getvalue()
    page.locator("#file").set_input_files([{"name": "own.csv", "mimeType": "text/csv", "buffer": content}])  # type: ignore[list-item]
    page.locator("#reason").fill("a newer source")
    page.locator("button[value=propose]").press("Enter")
    expect(page.get_by_text("a newer source")).to_be_visible()
    assert page.get_by_role("button", name="Release").count() == 0
    other = enter("second")
    other.goto("/admin/factors")
    expect(other.get_by_text("ttw_kg").first).to_be_visible()
    other.get_by_role("button", name="Release").press("Enter")
    expect(other.locator(".badge", has_text="released")).to_be_visible()
    assert len(actions.factor_releases(house.store).releases) == 1


@pytest.mark.parametrize(
    ("login", "path", "goal"),
    [
        ("planner", "/quote", ".quote-form button[type=submit]"),
        ("carrier", "/carrier/{number}", "main a[href^='/waybills/']"),
        ("enterprise", "/accounts/{account_id}/statements/{period}", "a[href$='.pdf']"),
        ("auditor", "/city/lots/{number}/{lot_no}", "button[name=recompute]"),
    ],
)
def test_the_tab_key_alone_reaches_what_the_page_is_for(
    house: FullHouse, enter: Enter, login: str, path: str, goal: str
) -> None:
    """Tab by tab, each stop is visible and marked, until the link or button that the task ends with."""
    page = enter(login)
    page.goto(path.format(**house.keys))
    for _ in range(60):
        page.keyboard.press("Tab")
        marked = page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none'")
        assert marked, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        if page.evaluate("goal => document.activeElement.matches(goal)", goal):
            return
    pytest.fail(f"{goal} was not reached")


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("enterprise", "/waybills/{number}"),
        ("enterprise", "/accounts/{account_id}/statements/{period}"),
        ("auditor", "/city?by=county"),
    ],
)
def test_documents_print_without_what_belongs_to_the_screen(
    house: FullHouse, enter: Enter, login: str, path: str
) -> None:
    """On paper there is no navigation, no form and no button, and nothing is cut off at the side."""
    page = enter(login)
    page.set_viewport_size({"width": PRINTED_PX, "height": 1000})
    page.goto(path.format(**house.keys))
    page.emulate_media(media="print")
    expect(page.locator("h1")).to_be_visible()
    for what in ("header", "form", ".choices", "button", ".action"):
        assert page.locator(what).evaluate_all("all => all.every(e => e.offsetParent === null)"), what
    assert fits(page)
    cut = page.locator(".table").evaluate_all("all => all.filter(e => e.scrollWidth > e.clientWidth + 1).length")
    assert cut == 0
