"""Long lists on pages: a part at a time, the rest behind links that keep what was asked for."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from optimizer.network.reader import read_network
from tests.webapp.full_house import FullHouse
from tests.webapp.signed_in import House
from tests.webapp.test_shipments import record
from webapp.list_pages import SIZES, Pages

LINK = re.compile(r'<a href="([^"]+)" rel="next">')


@pytest.fixture(scope="module")
def full_house(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    """The tiny world settled, with users of all roles."""
    return FullHouse.at(tmp_path_factory.mktemp("pages"))


def joined(pages: list[list[Any]]) -> list[Any]:
    """What stands on all pages."""
    return [item for page in pages for item in page]


@given(st.integers(-5, 50), st.integers(0, 400), st.sampled_from((1, *SIZES)))
def test_every_item_stands_on_one_page(asked: int, count: int, size: int) -> None:
    """All of a list by going through its pages, at most so many on each, and the counts of one tell its place."""
    items = list(range(count))
    part = Pages.of(asked, count, size)
    shown = [list(Pages.of(page, count, size).of_list(items)) for page in range(1, part.pages + 1)]
    assert joined(shown) == items
    assert max(map(len, shown)) <= size
    assert list(part.of_list(items)) == shown[part.page - 1]
    if items:
        assert items[part.first - 1 : part.last] == shown[part.page - 1]


def walked(client: FlaskClient, address: str, pattern: str) -> list[list[str]]:
    """What is found on each page of a list, from the first on by its links."""
    found = []
    while address:
        page = client.get(address).text
        found.append(re.findall(pattern, page))
        link = LINK.search(page)
        address = html.unescape(link[1]).partition("#")[0] if link else ""
        assert len(found) < 20, "the pages go round in a circle"
    return found


def test_a_planner_goes_through_all_shipments_or_those_asked_for(tmp_path: Path) -> None:
    """Every one once; the count is that of the list on each page; what was asked for stays asked."""
    house = House.at(tmp_path / "m.db")
    sent = [record(f"A-{n:03}", "E01" if n % 2 else "E02") for n in range(120)]
    assert house.program("planner").post("/api/v1/shipments", sent).status_code == 200
    client = house.browser("planner").client
    pages = walked(client, "/shipments?lang=en", r"A-\d{3}")
    assert [len(page) for page in pages] == [25, 25, 25, 25, 20]
    assert joined(pages) == [one["shipment_id"] for one in sent]
    fourth = client.get("/shipments?page=4&lang=en").text
    assert "120 shipments" in fourth
    assert "76–100 of 120" in fourth
    assert 'rel="prev"' in fourth
    whole = walked(client, "/shipments?rows=100&lang=en", r"A-\d{3}")
    assert [len(page) for page in whole] == [100, 20]
    of_one = walked(client, "/shipments?q=e02&lang=en", r"A-\d{3}")
    assert joined(of_one) == [one["shipment_id"] for one in sent if one["shipper_id"] == "E02"]
    assert "No shipment fits" in client.get("/shipments?q=nothing&lang=en").text


def test_waybills_and_movements_are_cut_into_pages(full_house: FullHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, in their order, in the scope of whoever looks; the sum of a statement stays that of all pages."""
    monkeypatch.setattr("webapp.list_pages.SIZES", (1, 100))
    auditor, _ = full_house.browser("auditor")
    numbers = r'<th scope="row"><a href="/waybills/(\w+)"'
    with full_house.store.read() as session:
        every = [header.number for header in session.waybill_headers()]
    assert walked(auditor, "/waybills?lang=en", numbers) == [[number] for number in every]
    assert walked(auditor, "/waybills?q=S1&lang=en", numbers) == [[full_house.keys["number"]]]
    enterprise, _ = full_house.browser("enterprise")
    address = f"/accounts/{full_house.keys['account_id']}/statements/2026-10"
    first, second = (re.findall(r"(?s)<tfoot>.*</tfoot>", enterprise.get(f"{address}?page={n}").text) for n in (1, 2))
    assert first == second != []
    rows = walked(enterprise, address, r'<th scope="row">(\d+)</th>')
    assert [len(page) for page in rows] == [1] * len(rows)
    assert len(rows) > 1


def test_no_row_of_a_table_is_out_of_reach(full_house: FullHouse) -> None:
    """The table of links has more rows than a page shows: the last ones stood in no page at all once there were 200."""
    auditor, _ = full_house.browser("auditor")
    pages = walked(auditor, "/admin/network/links", r'<th scope="row">([^<]+)</th>')
    assert joined(pages) == list(read_network().links)
    some = walked(auditor, "/admin/network/links?q=QJ", r'<th scope="row">([^<]+)</th>')
    assert 0 < len(joined(some)) < len(joined(pages))


@pytest.mark.browser
def test_what_is_folded_on_the_screen_is_whole_on_paper(
    browser: Browser, full_house: FullHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older events of a waybill wait behind a press, on a phone as well; the printed document has all of them."""
    monkeypatch.setattr("webapp.waybills_page.EVENTS_OPEN", 4)
    monkeypatch.setattr("webapp.waybills_page.NEWEST", 3)
    client, _ = full_house.browser("auditor")
    shown = client.get(f"/waybills/{full_house.keys['number']}").text
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.set_content(shown.replace("</head>", f"<style>{client.get('/static/style.css').text}</style></head>"))
    rows = page.locator(".timeline tbody tr").all()
    assert len(rows) > 4
    assert [row.is_visible() for row in rows] == [place >= len(rows) - 3 for place in range(len(rows))]
    page.emulate_media(media="print")
    assert all(row.is_visible() for row in rows)
    page.emulate_media(media="screen")
    page.locator(".folded summary").last.press("Enter")
    assert all(row.is_visible() for row in rows)
    context.close()
