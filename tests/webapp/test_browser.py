"""The pages in a real browser: on a desk and on a phone, in both languages, with the keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

pytestmark = pytest.mark.browser

DESK, PHONE = 1200, 360
LEAST_TARGET_PX = 24
"""WCAG 2.2 AA, 2.5.8: targets of at least 24 by 24 CSS pixels."""


@pytest.fixture(params=[(width, lang) for width in (DESK, PHONE) for lang in ("zh", "en")], ids=str)
def page(request: pytest.FixtureRequest, browser: Browser, settled_address: str) -> Iterator[Page]:
    """A fresh visitor of one width and language who allows no complaint of the browser and no foreign request."""
    width, lang = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 800}, locale="zh-CN" if lang == "zh" else "en-GB", base_url=settled_address
    )
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # A page with status 422 is what a wrong form gets; the browser notes every such status.
        if message.type in ("error", "warning") and "status of 422" not in message.text:
            complaints.append(message.text)

    def watch(asked: Request) -> None:
        # The worker of a map is a blob of our own script, made by the page itself.
        if not asked.url.startswith((settled_address, f"blob:{settled_address}")):
            complaints.append(f"foreign request {asked.url}")

    visitor = context.new_page()
    visitor.on("console", listen)
    visitor.on("request", watch)
    visitor.goto(f"/quote?lang={lang}")
    yield visitor
    context.close()
    assert complaints == []


def assert_readable(page: Page) -> None:
    """Nothing runs off the side, and everything to press is large enough for a finger."""
    page.wait_for_load_state("load")  # sizes are those of the style sheet only once it is there
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    small = page.evaluate(
        """least => [...document.querySelectorAll('button, input, select, header a, .choices a')]
            .filter(e => !e.classList.contains('skip') && !e.closest('[hidden]'))
            .map(e => [e.textContent.trim().slice(0, 20), e.getBoundingClientRect()])
            .filter(([, box]) => box.height < least || box.width < least).map(([text]) => text)""",
        LEAST_TARGET_PX,
    )
    assert small == []


def test_a_wrong_form_leads_back_to_its_field(page: Page) -> None:
    """The summary has the focus; its link leads to the field, which names its fault for screen readers."""
    page.goto("/quote?origin=QJ&destination=ZP&cargo=coal&mass_t=-4")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    field = page.locator("#mass_t")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    fault = page.locator("#mass_t-fault")
    expect(fault).to_be_visible()
    assert "mass_t-fault" in (field.get_attribute("aria-describedby") or "")
    assert_readable(page)


def test_the_overview_is_readable(page: Page) -> None:
    """Figures, bars and table fit, and a row opens by keyboard."""
    page.get_by_role("navigation").first.get_by_role("link").nth(1).click()
    expect(page.get_by_role("table")).to_be_visible()
    assert_readable(page)
    page.get_by_role("table").get_by_role("link").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**month=2026-10**")
    assert_readable(page)


def test_the_language_can_be_switched_without_losing_the_place(page: Page) -> None:
    """The switch keeps the page and its query, and the choice lasts."""
    page.goto("/savings?by=cargo")
    before = page.locator("html").get_attribute("lang")
    page.locator("a.language").click()
    after = page.locator("html").get_attribute("lang")
    assert {before, after} == {"zh-CN", "en"}
    assert "by=cargo" in page.url
    page.goto("/quote")
    expect(page.locator("html")).to_have_attribute("lang", after or "")


def test_a_quote_is_made_with_the_keyboard_and_readable(page: Page) -> None:
    """Fill in the form, send it with Enter, read the result; a folded option opens from the table."""
    page.locator("#origin").select_option("ZP")
    page.locator("#destination").select_option("JU")
    page.locator("#cargo").select_option("coal")
    page.locator("#ready_at").fill("2026-10-05T08:00")
    page.locator("#due_at").fill("2026-10-15T08:00")
    page.locator("#mass_t").fill("1600")
    page.keyboard.press("Enter")
    expect(page.locator("#result-title")).to_be_visible()
    assert_readable(page)
    links = page.locator("a[href^='#option-']")
    assert links.count() >= 3
    folded = page.locator("#option-3")
    expect(folded).to_be_hidden()
    links.nth(2).click()
    expect(folded).to_be_visible()
    assert_readable(page)
