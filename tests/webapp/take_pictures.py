"""Take the pictures of the README from a served demo: ``python -m tests.webapp.take_pictures demo-out/modalshift.db``.

`make pictures` runs it. The pages are those of the demo users, in Chinese, on a screen of 1100 by 760.
"""

from __future__ import annotations

import shutil
import sys
import threading
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from waitress.server import create_server

from optimizer import actions
from optimizer.actions.city_audit import lot_entries
from tests.webapp.conftest import CHROMIUM_FLAGS, CHROMIUM_NAMES
from webapp import Settings, create_app

PICTURES = Path(__file__).parent / "pictures"
SIZE = {"width": 1100, "height": 760}
QUOTE = "/quote?origin=ZP&destination=JU&cargo=coal&mass_t=1600&ready_at=2026-10-05T08:00&due_at=2026-10-15T08:00"


def pages(db_url: str) -> list[tuple[str, str, str, str]]:
    """(file, login, address, what to scroll to) of each picture."""
    store = actions.open_store(db_url)
    entry = max(lot_entries(store, {}, 0, 200), key=lambda entry: entry.amounts.credited_g)
    store.close()
    return [
        ("quote-zh.png", "planner", QUOTE, "#result-title"),
        ("city-zh.png", "auditor", "/city?by=county", ".figures"),
        ("lot-zh.png", "auditor", f"/city/lots/{entry.number}/{entry.lot_no}?recompute=1", ""),
        ("account-zh.png", "enterprise", "/accounts", ""),
    ]


def take(browser: Browser, address: str, picture: tuple[str, str, str, str]) -> None:
    """Sign in, go there, wait until everything is drawn, keep what is on the screen."""
    name, login, path, target = picture
    context = browser.new_context(base_url=address, viewport=SIZE, locale="zh-CN")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/login?lang=zh")
    page.locator(f"button[value='{login}']").click()
    page.goto(path, wait_until="networkidle")
    if target:
        page.locator(target).scroll_into_view_if_needed()
        page.evaluate("target => document.querySelector(target).scrollIntoView()", target)
    page.wait_for_timeout(500)
    page.screenshot(path=PICTURES / name)
    context.close()


def main(database: Path) -> None:
    """Every picture, one after another."""
    db_url = f"sqlite:///{database}"
    server = create_server(create_app(Settings(db_url=db_url, demo=True)), host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    executable = next(found for name in CHROMIUM_NAMES if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        for picture in pages(db_url):
            take(browser, f"http://127.0.0.1:{server.effective_port}", picture)
        browser.close()
    server.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
