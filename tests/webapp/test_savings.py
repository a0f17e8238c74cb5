"""The overview: what the ledger says, in every grouping the same total, and no enterprise named to strangers."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from optimizer import actions
from optimizer.accounts.totals import total
from optimizer.actions.city import UnsettledLots
from optimizer.store.session import Session
from optimizer.waybills.event import EventType
from tests.waybills import world
from webapp import Settings, create_app


class Table(HTMLParser):
    """The cells of a page's table, row by row, and which rows stand in its foot."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.in_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data: str) -> None:
        if self.in_cell:
            self.rows[-1][-1] += data


def figures(cells: list[str]) -> list[Decimal]:
    """Printed figures as numbers."""
    return [Decimal(cell.replace(",", "")) for cell in cells]


@pytest.mark.parametrize("by", ["month", "cargo", "enterprise", "corridor", "county"])
def test_the_rows_add_up_to_the_last_line_and_to_the_ledger(settled_app: Flask, settled_url: str, by: str) -> None:
    """A reader can add the table up, and the total is the one of the ledger whatever the grouping."""
    table = Table(settled_app.test_client().get(f"/savings?by={by}").text)
    *rows, last = [figures(row[1:]) for row in table.rows[1:]]
    assert [sum(column) for column in zip(*rows, strict=True)] == last
    store = actions.open_store(settled_url)
    ledger = total(actions.savings(store, "lot"))
    store.close()
    assert last[0] == ledger.lots == 2
    assert last[1] * 1000 == ledger.mass_kg == 600_000
    assert last[3] * 100 == ledger.cost_saved_fen
    assert abs(last[6] * 1000 - ledger.expected_g) <= 50
    assert abs(last[7] * 1000 - ledger.credited_g) <= 50


def test_open_lots_are_counted_but_not_added(settled_app: Flask) -> None:
    """An estimate is never shown as a saving."""
    page = settled_app.test_client().get("/savings?lang=en").text
    assert re.search(r"<dt>Lots not settled yet</dt><dd>1</dd>", page)
    assert re.search(r"<dt>Settled \(t\)</dt><dd>600\.0</dd>", page)


def test_a_row_opens_into_a_finer_view_that_can_be_left_again(settled_app: Flask) -> None:
    """Each row is a link; the restriction is named and has a way back."""
    client = settled_app.test_client()
    page = client.get("/savings?by=enterprise&lang=en").text
    (link,) = re.findall(r'href="(/savings\?by=month&amp;enterprise=E1)"', page)
    finer = client.get(link.replace("&amp;", "&") + "&lang=en").text
    assert "Only: Demo E1." in finer
    assert "/savings?by=month" in finer
    assert "<dd>600.0</dd>" in finer


def test_every_link_of_the_overview_leads_somewhere(settled_app: Flask) -> None:
    """No dead ends in either language, two steps deep."""
    client = settled_app.test_client()
    seen: set[str] = set()
    waiting = ["/savings"]
    while waiting:
        link = waiting.pop()
        if link in seen or link.count("=") > 3:
            continue
        seen.add(link)
        answer = client.get(link, follow_redirects=True)
        assert answer.status_code == 200, link
        waiting += [found.replace("&amp;", "&") for found in re.findall(r'href="(/savings[^"]*)"', answer.text)]
    assert len(seen) > 10


def test_an_empty_database_says_what_to_do_next(client: FlaskClient) -> None:
    """No table of zeros, but a way on."""
    page = client.get("/savings").text
    assert "make demo" in page
    assert "<table" not in page


@pytest.mark.parametrize("by", ["lot", "nonsense"])
def test_an_unknown_grouping_is_not_found(client: FlaskClient, by: str) -> None:
    """A mistyped address is a 404, not an error of ours."""
    assert client.get(f"/savings?by={by}").status_code == 404


def test_strangers_see_no_single_enterprise(settled_url: str) -> None:
    """Outside the demo nobody can sign in yet, so groupings that show one party's freight are shut."""
    client = create_app(Settings(db_url=settled_url)).test_client()
    for query in ("by=enterprise", "by=corridor"):
        assert client.get(f"/savings?{query}").status_code == 404
    restricted = client.get("/savings?by=month&enterprise=E1&lang=en").text
    assert "Demo E1" not in restricted
    assert "Only:" not in restricted


def test_the_page_reads_kept_sums_and_counts_what_is_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No waybill, event or run is read, however many there are; lots that are lost or void are under way no more, and
    reports that were withdrawn count for nothing. The slow overview finds the same."""
    url = f"sqlite:///{tmp_path / 'm.db'}"
    store = actions.open_store(url)
    client = create_app(Settings(db_url=url, demo=True, limits=False)).test_client()
    network = world.world_network()
    unsettled = UnsettledLots(store)
    assert unsettled.count() == 0
    waybills = actions.accept(
        store, world.world_plan(), world.shipments(), world.parties(), network, at=world.ISSUED_AT
    )
    assert "3 are under way" in client.get("/savings?lang=en").text
    assert "No settled lot" in client.get("/savings?lang=en&month=2026-10").text
    one = waybills[0]
    lost = world.delivery(one, one.lots[0], event_type=EventType.LOST, event_id=str(UUID(int=1)))
    actions.record(store, [lost], at=world.LATER)
    assert unsettled.count() == total(actions.savings(store, "lot")).open_lots == 2
    back = replace(
        lost, event_type=EventType.WDRW, event_id=str(UUID(int=2)), withdraws=lost.event_id, reason="found again"
    )
    assert actions.record(store, [back], at=world.LATER).refused == ()
    assert unsettled.count() == total(actions.savings(store, "lot")).open_lots == 3
    actions.record(store, world.all_events(waybills), at=world.LATER)
    actions.settle(store, network, world.world_factors(), at=world.LATER)
    assert unsettled.count() == total(actions.savings(store, "lot")).open_lots == 0
    for name in ("waybills", "events", "transactions", "runs"):
        monkeypatch.setattr(Session, name, lambda *_: pytest.fail("a page that everybody may open read everything"))
    assert "<td" in client.get("/savings?by=cargo").text


def test_the_overview_follows_the_ledger(tmp_path: Path) -> None:
    """A page kept open shows what was recorded and settled since, and folds the ledger only then."""
    store = actions.open_store(f"sqlite:///{tmp_path / 'm.db'}")
    overview = actions.SavingsOverview(store)
    assert overview.savings("month") == []
    network, factors = world.world_network(), world.world_factors()
    waybills = actions.accept(
        store, world.world_plan(), world.shipments(), world.parties(), network, at=world.ISSUED_AT
    )
    issued = total(overview.savings("month"))
    assert (issued.lots, issued.open_lots) == (0, 3)
    actions.record(store, world.all_events(waybills), at=world.LATER)
    actions.settle(store, network, factors, at=world.LATER)
    settled = overview.savings("cargo")
    assert settled == actions.savings(store, "cargo")
    assert (total(settled).lots, total(settled).open_lots) == (3, 0)
    store.close()
