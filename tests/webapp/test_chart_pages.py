"""Pages that draw, in a real browser: drawn under the policy, by nobody's server but ours, light, and readable."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page
from waitress.server import create_server

from tests.webapp.full_house import FRONTIER_ID, RUN_ID, FullHouse
from tests.webapp.test_accessibility import QUOTE, RULES

pytestmark = pytest.mark.browser

DRAWING = {
    "planner": (f"/plans/{RUN_ID}", f"/frontiers/{FRONTIER_ID}", QUOTE),
    "enterprise": ("/accounts/{account_id}",),
}
PLAIN = {
    "stranger": ("/login", "/quote", "/savings", "/verify"),
    "planner": ("/shipments", "/plans", "/waybills"),
    "carrier": ("/carrier", "/carrier/{number}"),
}
LIGHT_BYTES, DRAWING_BYTES = 300_000, 2_000_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    """A house in which every page shows something."""
    return FullHouse.at(tmp_path_factory.mktemp("charts"))


@pytest.fixture(scope="module")
def address(house: FullHouse) -> Iterator[str]:
    """The house behind waitress on a free port."""
    server = create_server(house.app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=10)


def visitor(house: FullHouse, address: str, browser: Browser, login: str, **options: object) -> BrowserContext:
    """A browser in which a user has signed in."""
    client, _ = house.browser(login)
    context = browser.new_context(base_url=address, **options)  # type: ignore[arg-type]
    cookie = client.get_cookie("modalshift")
    if cookie is not None:
        context.add_cookies([{"name": "modalshift", "value": cookie.value, "url": address}])
    return context


def wait_until_drawn(page: Page) -> None:
    """Ask for each chart and wait for it."""
    for figure in page.locator("figure.chart").all():
        figure.locator("button.live").click()
        page.wait_for_function("e => e.classList.contains('drawn')", arg=figure.element_handle(), timeout=30_000)


class Meter:
    """Bytes that a page takes over the wire, as the browser's own protocol counts them; and whom it asks."""

    def __init__(self, page: Page, address: str) -> None:
        self.bytes, self.foreign = 0, list[str]()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._count)
        page.on("request", lambda asked: self._ask(asked.url, address))
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self._hear("error", str(error)))
        self.complaints: list[str] = []

    def _count(self, event: dict[str, float]) -> None:
        self.bytes += int(event["encodedDataLength"])

    def _ask(self, url: str, address: str) -> None:
        # A map's worker is a blob of the script itself, made by the page and fetched from nowhere.
        if not url.startswith((f"{address}/", f"blob:{address}/", "data:")):
            self.foreign.append(url)

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" or "Content Security Policy" in text:
            self.complaints.append(text)


@pytest.mark.parametrize("login", DRAWING)
def test_charts_are_drawn_by_our_server_alone_under_the_strict_policy(
    house: FullHouse, address: str, browser: Browser, login: str
) -> None:
    """No foreign request, no complaint of the browser, under 2 MB; the second visit fetches no script again."""
    context = visitor(house, address, browser, login)
    for path in DRAWING[login]:
        page = context.new_page()
        meter = Meter(page, address)
        page.goto(path.format(**house.keys))
        wait_until_drawn(page)
        assert page.locator("figure.drawn").count() == page.locator("figure.chart").count() >= 1, path
        assert page.locator("figure[data-map] canvas.maplibregl-canvas").count() == path.startswith(
            ("/plans", "/quote")
        )
        assert (meter.foreign, meter.complaints) == ([], []), path
        assert meter.bytes < DRAWING_BYTES, (path, meter.bytes)
        first, meter.bytes = meter.bytes, 0
        page.reload()
        wait_until_drawn(page)
        assert meter.bytes < LIGHT_BYTES, (path, first, meter.bytes)
        page.close()
    context.close()


@pytest.mark.parametrize("login", PLAIN)
def test_pages_without_a_chart_are_light(house: FullHouse, address: str, browser: Browser, login: str) -> None:
    """And load no plotting script."""
    for path in PLAIN[login]:
        # A context of its own: nothing comes out of a cache.
        context = visitor(house, address, browser, login)
        page = context.new_page()
        meter = Meter(page, address)
        page.goto(path.format(**house.keys))
        page.wait_for_load_state("networkidle")
        assert 0 < meter.bytes < LIGHT_BYTES, (path, meter.bytes)
        assert meter.foreign == []
        assert page.locator("script[data-library]").count() == 0, path
        context.close()


@pytest.mark.parametrize("login", DRAWING)
def test_axe_finds_nothing_in_drawn_charts(house: FullHouse, address: str, browser: Browser, login: str) -> None:
    """English on a desk, Chinese on a phone, tables unfolded; nothing runs off the side."""
    context = visitor(house, address, browser, login, bypass_csp=True)
    page = context.new_page()
    found = []
    for lang, width in (("en", 1200), ("zh", 360)):
        page.set_viewport_size({"width": width, "height": 800})
        for path in DRAWING[login]:
            page.goto(path.format(**house.keys) + ("&" if "?" in path else "?") + f"lang={lang}")
            wait_until_drawn(page)
            page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
            for violation in Axe().run(page, options=RULES).response["violations"]:
                nodes = [node["html"][:160] for node in violation["nodes"]]
                found.append(f"{path} {width} {lang}: {violation['id']} {nodes}")
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                found.append(f"{path} {width} {lang}: runs off the side")
    context.close()
    assert not found, "\n".join(found)


UNTOUCHED = "window.Plotly === undefined && !document.querySelector('figure.drawn, canvas')"


def test_a_page_runs_no_plotting_script_until_somebody_wants_to_use_a_chart(
    house: FullHouse, address: str, browser: Browser
) -> None:
    """Drawings are there at once; a resting pointer brings a chart, a map waits for its button, by keyboard as well,
    and the focus goes on to what took the button's place."""
    context = visitor(house, address, browser, "planner")
    page = context.new_page()
    page.goto(f"/plans/{RUN_ID}")
    for drawing in page.locator(".drawing svg").all():
        drawing.scroll_into_view_if_needed()
    page.locator("figure[data-map] .drawing").hover()
    page.wait_for_timeout(400)
    assert page.evaluate(UNTOUCHED)
    page.locator("figure:not([data-map]) .drawing").first.hover()
    page.wait_for_selector("figure.drawn:not([data-map])", timeout=30_000)
    assert page.locator("figure.drawn").count() == 1
    page.locator("figure[data-map] button.live").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("figure.drawn[data-map]", timeout=30_000)
    page.wait_for_function("document.activeElement.dataset.zoom === '1'")
    assert page.locator("figure[data-map] button.live").is_hidden()
    context.close()


def test_on_a_phone_nothing_is_fetched_for_charts_before_a_tap(
    house: FullHouse, address: str, browser: Browser
) -> None:
    """Not even ahead of time; a chart that cannot come says so, and is asked for again by the next tap."""
    options = {"viewport": {"width": 360, "height": 800}, "has_touch": True, "is_mobile": True}
    context = visitor(house, address, browser, "enterprise", **options)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/accounts/{account_id}".format(**house.keys))
    page.locator(".drawing").first.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "plotly" in url]
    page.route("**/plotly-*.js", lambda route: route.abort())
    button = page.locator("button.live").first
    page.locator(".drawing").first.tap()
    page.wait_for_function("e => e.textContent === e.dataset.failed", arg=button.element_handle())
    assert page.locator(".drawing svg").first.is_visible()
    page.unroute("**/plotly-*.js")
    page.locator(".drawing").first.tap()
    page.wait_for_selector("figure.drawn", timeout=30_000)
    context.close()


def test_a_click_on_a_point_opens_its_plan(house: FullHouse, address: str, browser: Browser) -> None:
    """From the picture as from the table."""
    context = visitor(house, address, browser, "planner")
    page = context.new_page()
    page.goto(f"/frontiers/{FRONTIER_ID}")
    wait_until_drawn(page)
    # The chart watches the pointer on a layer above its points.
    box = page.locator("#frontier .points path.point").nth(2).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(f"**/plans/{RUN_ID}")
    context.close()


def test_without_scripts_the_drawing_stays_and_paper_gets_it_too(
    house: FullHouse, address: str, browser: Browser
) -> None:
    """The server's drawing is there from the start; on paper it takes the plot's place again."""
    context = visitor(house, address, browser, "enterprise", java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/{account_id}".format(**house.keys))
    assert page.locator(".drawing svg").first.is_visible()
    context.close()
    context = visitor(house, address, browser, "enterprise")
    page = context.new_page()
    page.goto("/accounts/{account_id}".format(**house.keys))
    wait_until_drawn(page)
    assert not page.locator(".drawing svg").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator(".drawing svg").first.is_visible()
    assert not page.locator(".plot").first.is_visible()
    context.close()
