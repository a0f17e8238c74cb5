"""``bench pages``: how long a person waits in a real browser, from the address to a page that can be used.

A page is interactive once it is painted, its load event is over and its main thread stays quiet: no task of more than
50 ms in the five seconds that follow (as Lighthouse defines "time to interactive", but with the load event in place of
DOMContentLoaded). It is timed from the start of the navigation. Cold: a fresh profile, nothing in a cache. Warm: the
same profile once more. Charts are scrolled into view before the five seconds begin, so that whatever a page does with
them on its own counts. What happens when somebody then asks for the interactive chart is timed apart, with the longest
time for which that keeps the page from answering. Playwright is of the development extra and is looked for when the
bench is run.
"""

from __future__ import annotations

import importlib
import shutil
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
LONGEST_NAME = 40
QUOTE = "/quote?origin=ZP&destination=QJ&cargo=coal&mass_t=1600&ready_at=2026-10-08T08:00&due_at=2026-10-18T08:00"


@dataclass(frozen=True, slots=True)
class Address:
    """A page. ``user``: the beginning of a demo user's login (empty: nobody). ``link``: not ``path`` itself, but the
    first page that it links to under an address that begins so."""

    user: str
    path: str
    link: str = ""

    @property
    def name(self) -> str:
        """As the table names it."""
        short = self.path if len(self.path) < LONGEST_NAME else self.path.partition("&")[0] + "…"
        return f"{self.link}…" if self.link else short


PAGES: tuple[Address, ...] = (
    Address("", "/quote"),
    Address("", QUOTE),
    Address("", "/savings"),
    Address("planner", "/shipments"),
    Address("planner", "/plans"),
    Address("planner", "/plans", "/plans/"),
    Address("planner", "/waybills"),
    Address("planner", "/waybills", "/waybills/MW"),
    Address("carrier", "/carrier"),
    Address("enterprise", "/accounts"),
    Address("bank", "/accounts"),
    Address("auditor", "/accounts"),
    Address("auditor", "/city"),
    Address("auditor", "/city?by=enterprise"),
    Address("auditor", "/city/lots"),
    Address("auditor", "/city/seals"),
    Address("admin", "/admin"),
)
"""Every page of the demo that has a chart, and at least one of each role."""
CHART = "figure.chart"
QUIET_S = 5.0
LISTEN = """
window.longTasks = [];
new PerformanceObserver(list => {
  for (const task of list.getEntries()) window.longTasks.push([task.startTime, task.duration]);
}).observe({type: "longtask", buffered: true});
"""
STANDING = """() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const painted = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
  const ends = window.longTasks.map(([start, duration]) => start + duration);
  return [performance.now(), Math.max(painted, navigation.loadEventEnd, ...ends)];
}"""
"""Now, and when the page was last seen busy; milliseconds since the navigation began."""
STALLED = "since => Math.max(0, ...window.longTasks.filter(([start]) => start >= since).map(([, lasts]) => lasts))"


@dataclass(frozen=True, slots=True)
class PagesBench:
    """``db_url``: a demo's database. Each page is opened ``runs`` times in a fresh profile and once more in each.
    ``quiet_s``: how long the main thread must be without a long task."""

    measured_at: datetime
    db_url: str
    runs: int = 3
    quiet_s: float = QUIET_S


@dataclass(frozen=True, slots=True)
class Visit:
    """A page opened cold and warm, ms and bytes; ``live_ms`` and ``stall_ms`` of its first chart, None without one."""

    cold_ms: float
    warm_ms: float
    sent_bytes: float
    again_bytes: float
    live_ms: float | None
    stall_ms: float | None


def run(options: PagesBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. Raises InputError without Playwright, without a Chromium, and when the server does not start."""
    playwright, chromium = _playwright(), _chromium()
    before = load_average()
    with served(options.db_url) as address, _browser(playwright, chromium) as browser:
        methods = []
        visitors: dict[str, Any] = {}
        for asked in PAGES:
            tell(Message(asked.name, asked.name))
            if asked.user not in visitors:
                visitors[asked.user] = _signed_in(browser, address, asked.user)
            visits = _visits(browser, address, visitors[asked.user], asked, options)
            if visits:
                methods.append(_method(asked, visits))
            else:
                tell(Message(f"{asked.name}：库里没有，略过", f"{asked.name}: not in this database, left out"))
        version = browser.version
    return Result(
        bench="pages",
        subject=Message("页面在真实浏览器中可用所需的时间", "pages in a real browser, until they can be used"),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions={"product": code_version(), "chromium": version, **library_versions("playwright", "waitress")},
        settings={"database": "given", "width": 1280, "drawing": "SwiftShader", "quiet_s": options.quiet_s},
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


def _signed_in(browser: Any, address: str, user: str) -> Any:
    """The cookies of a demo user who reads Chinese; None where there is no such user."""
    context = browser.new_context(base_url=address)
    try:
        page = context.new_page()
        page.goto("/login?lang=zh")
        if user:
            button = page.locator(f"button[name=login][value^='{user}']").first
            if not button.count():
                return None
            button.click()
            page.wait_for_load_state()
        return context.storage_state()
    finally:
        context.close()


def _visits(browser: Any, address: str, visitor: Any, asked: Address, options: PagesBench) -> list[Visit]:
    """Empty where the database has no such user, or the page is not there."""
    path = _path(browser, address, visitor, asked) if visitor is not None else None
    visits = []
    for _ in range(options.runs if path is not None else 0):
        context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800}, storage_state=visitor)
        try:
            context.add_init_script(LISTEN)
            visits.append(_visit(context, path or "", options.quiet_s))
        finally:
            context.close()
    return visits


def _path(browser: Any, address: str, visitor: Any, asked: Address) -> str | None:
    """Where the page is; opened once by the way, so that the server has read what it reads only once."""
    context = browser.new_context(base_url=address, storage_state=visitor)
    try:
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        path: str | None = asked.path
        if asked.link:
            page.goto(asked.path)
            first = page.locator(f"main a[href^='{asked.link}']").first
            path = first.get_attribute("href") if first.count() else None
        reply = page.goto(path) if path is not None else None
        return path if reply is not None and reply.status == 200 else None
    finally:
        context.close()


def _visit(context: Any, path: str, quiet_s: float) -> Visit:
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    sizes = _Sizes(context, page)
    cold_ms = _opened(page, path, quiet_s)
    sent = sizes.taken()
    page.goto("about:blank")
    warm_ms = _opened(page, path, quiet_s)
    again = sizes.taken()
    live_ms, stall_ms = _live(page) if page.locator(CHART).count() else (None, None)
    return Visit(cold_ms, warm_ms, sent, again, live_ms, stall_ms)


class _Sizes:
    """Bytes that travelled, headers included, as the browser counts them."""

    def __init__(self, context: Any, page: Any) -> None:
        self._bytes = 0.0
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._add)

    def _add(self, event: dict[str, Any]) -> None:
        self._bytes += float(event.get("encodedDataLength", 0))

    def taken(self) -> float:
        """Those since the last time."""
        taken, self._bytes = self._bytes, 0.0
        return taken


def _opened(page: Any, path: str, quiet_s: float) -> float:
    """Milliseconds from the start of the navigation until the page is interactive."""
    page.goto(path, wait_until="load")
    for chart in page.locator(CHART).all():
        chart.scroll_into_view_if_needed()
    while True:
        now, busy_until = page.evaluate(STANDING)
        if now - busy_until >= quiet_s * 1000:
            return float(busy_until)
        page.wait_for_timeout(quiet_s * 1000 - (now - busy_until) + 1)


def _live(page: Any) -> tuple[float, float]:
    """Milliseconds from pressing the first chart's button until plotly.js has drawn it, and the longest single task."""
    since, _ = page.evaluate(STANDING)
    page.locator(f"{CHART} button.live").first.click()
    page.wait_for_selector(f"{CHART}.drawn", state="attached")
    now, _ = page.evaluate(STANDING)
    return now - since, float(page.evaluate(STALLED, since))


def _method(asked: Address, visits: list[Visit]) -> Method:
    who = Message(f"（{asked.user}）" if asked.user else "", f" ({asked.user})" if asked.user else "")
    drawn = Message(
        "图由服务器画好，页面一开即可用；按下按钮才由 plotly.js 换成可交互的图（软件绘图，无显卡）",
        "charts drawn by the server, usable at once; plotly.js draws a live one when its button is pressed"
        " (in software, without a graphics card)",
    )
    has_chart = visits[0].live_ms is not None

    def ms(name: str, zh: str, en: str, values: list[float | None]) -> Figure:
        return Figure(name, Message(zh, en), "ms", tuple(None if v is None else round(v, 1) for v in values))

    worst = max(max(visit.cold_ms, visit.warm_ms) for visit in visits)
    sizes = (
        ("sent", Message("首次传输", "sent at first"), visits[0].sent_bytes),
        ("again", Message("再次传输", "sent again"), visits[0].again_bytes),
    )
    live = (
        ms("live", "可交互图", "live chart", [visit.live_ms for visit in visits]),
        ms("stall", "其间最长停顿", "its longest stall", [visit.stall_ms for visit in visits]),
    )
    return Method(
        name=f"{asked.user}:{asked.link or asked.path}",
        label=Message(f"{asked.name}{who.zh}", f"{asked.name}{who.en}"),
        baseline=False,
        does=drawn if has_chart else Message("无图", "no chart"),
        figures=(
            ms("cold", "可用，无缓存", "usable, cold", [visit.cold_ms for visit in visits]),
            ms("warm", "可用，有缓存", "usable, warm", [visit.warm_ms for visit in visits]),
            ms("worst", "最慢一次", "slowest of all", [worst]),
            *(live if has_chart else ()),
            *(Figure(name, label, "kB", (round(size / BYTES_PER_KB, 1),)) for name, label, size in sizes),
        ),
    )
