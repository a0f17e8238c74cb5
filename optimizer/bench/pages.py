"""``bench pages``: how long a person waits in a real browser, from the address to a page that can be used.

Chromium opens each page as its demo user: until the document is parsed (DOMContentLoaded; forms, links and the charts
that the server drew can be used) and, where the page has a chart, until plotly.js has drawn the first one anew. The
first opening in a fresh profile fetches everything; later ones find script and style in the cache. Playwright is of the
development extra and is looked for when the bench is run.
"""

from __future__ import annotations

import importlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any

from optimizer.actions.versions import code_version
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.bench.serving import BYTES_PER_KB, served
from optimizer.errors import InputError, Message

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic")
TIMEOUT_MS = 60_000
QUOTE = "/quote?origin=ZP&destination=QJ&cargo=coal&mass_t=1600&ready_at=2026-10-08T08:00&due_at=2026-10-18T08:00"

PAGES: tuple[tuple[str, str], ...] = (
    ("", "/quote"),
    ("", QUOTE),
    ("", "/savings"),
    ("planner", "/shipments"),
    ("planner", "/plans"),
    ("planner", "/waybills"),
    ("carrier", "/carrier"),
    ("e01", "/accounts"),
    ("auditor", "/city"),
    ("auditor", "/city?by=enterprise"),
    ("auditor", "/city/lots"),
)
"""Demo user (by the beginning of the login; empty: nobody) and page."""
CHART = "figure.chart"


@dataclass(frozen=True, slots=True)
class PagesBench:
    """``db_url``: a demo's database. Each page is opened once in a fresh profile and ``runs`` times more."""

    measured_at: datetime
    db_url: str
    runs: int = 5


def run(options: PagesBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. Raises InputError without Playwright, without a Chromium, and when the server does not start."""
    playwright, chromium = _playwright(), _chromium()
    before = load_average()
    with served(options.db_url) as address, _browser(playwright, chromium) as browser:
        methods = []
        for user, path in PAGES:
            tell(Message(f"{path}", f"{path}"))
            method = _page(browser, address, user, path, options.runs)
            if method is not None:
                methods.append(method)
        version = browser.version
    return Result(
        bench="pages",
        subject=Message("页面在真实浏览器中可用所需的时间", "pages in a real browser, until they can be used"),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions={"product": code_version(), "chromium": version, **library_versions("playwright", "waitress")},
        settings={"database": "given", "width": 1280, "drawing": "SwiftShader"},
        seed=0,
        runs=options.runs,
        methods=tuple(methods),
    )


def _playwright() -> ModuleType:
    try:
        return importlib.import_module("playwright.sync_api")
    except ImportError as error:
        raise InputError(
            Message(
                "此项量测需要 Playwright：pip install -e .[dev]。",
                "This bench needs Playwright: pip install -e .[dev].",
            )
        ) from error


def _chromium() -> str:
    found = _find_chromium()
    if found is None:
        names = ", ".join(CHROMIUM_NAMES)
        raise InputError(Message(f"没有找到浏览器（{names}）。", f"No browser was found ({names})."))
    return found


def _find_chromium() -> str | None:
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


@contextmanager
def _browser(playwright: ModuleType, chromium: str) -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def _page(browser: Any, address: str, user: str, path: str, runs: int) -> Method | None:
    """None where the database has no such user, or the page is not there."""
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    try:
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        if user and not _signed_in(page, user):
            return None
        if user:  # signing in led to a page: its style and script are not to be in the cache
            context.clear_cookies(name="lang")
            page.goto("about:blank")
        sizes = _Sizes(context, page)
        first = _opened(page, path)
        if first is None:
            return None
        sent = sizes.taken()
        later = []
        for _ in range(runs):
            page.goto("about:blank")
            later.append(_opened(page, path) or (0.0, 0.0))
        return _method(user, path, first, later, (sent, sizes.taken() / max(runs, 1)), charts=_charts(page))
    finally:
        context.close()


class _Sizes:
    """Bytes that travelled, headers included, as the browser counts them."""

    def __init__(self, context: Any, page: Any) -> None:
        self._bytes = 0.0
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.clearBrowserCache")
        session.on("Network.loadingFinished", self._add)

    def _add(self, event: dict[str, Any]) -> None:
        self._bytes += float(event.get("encodedDataLength", 0))

    def taken(self) -> float:
        """Those since the last time."""
        taken, self._bytes = self._bytes, 0.0
        return taken


def _opened(page: Any, path: str) -> tuple[float, float] | None:
    """Milliseconds to the parsed document and to the drawn chart (the same where there is none)."""
    start = time.perf_counter()
    reply = page.goto(path, wait_until="domcontentloaded")
    parsed = (time.perf_counter() - start) * 1000
    if reply is None or reply.status != 200:
        return None
    if _charts(page):
        page.locator(CHART).first.scroll_into_view_if_needed()  # charts are drawn when they come into view
        page.wait_for_selector(f"{CHART}.drawn", state="attached")
    return parsed, (time.perf_counter() - start) * 1000


def _charts(page: Any) -> int:
    return int(page.locator(CHART).count())


def _signed_in(page: Any, user: str) -> bool:
    page.goto("/login")
    button = page.locator(f"button[name=login][value^='{user}']").first
    if not button.count():
        return False
    button.click()
    page.wait_for_load_state()
    return True


def _method(
    user: str,
    path: str,
    first: tuple[float, float],
    later: list[tuple[float, float]],
    kilobytes: tuple[float, float],
    *,
    charts: int,
) -> Method:
    who = Message(f"（{user}）" if user else "", f" ({user})" if user else "")
    short = path if len(path) < 40 else path.partition("&")[0] + "…"
    drawn = Message(
        "文档解析完即可用，图由服务器画好；之后 plotly.js 重画第一张图，换成可交互的",
        "usable once the document is parsed, its charts drawn by the server; plotly.js then draws the first one anew",
    )
    return Method(
        name=f"{user}:{path}",
        label=Message(f"{short}{who.zh}", f"{short}{who.en}"),
        baseline=False,
        does=drawn if charts else Message("文档解析完即可用，无图", "usable once the document is parsed; no chart"),
        figures=(
            Figure("first", Message("第一次打开", "first opening"), "ms", (round(first[1], 1),)),
            Figure("parsed", Message("可用", "usable"), "ms", tuple(round(pair[0], 1) for pair in later)),
            Figure(
                "ready",
                Message("图已由 plotly 重画", "redrawn by plotly"),
                "ms",
                tuple(round(pair[1], 1) for pair in later),
            ),
            Figure("sent", Message("首次传输", "sent at first"), "kB", (round(kilobytes[0] / BYTES_PER_KB, 1),)),
            Figure("again", Message("其后传输", "sent later"), "kB", (round(kilobytes[1] / BYTES_PER_KB, 1),)),
        ),
    )
