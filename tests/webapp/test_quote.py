"""The quote page and its API: the same quote, every figure re-added, every fault at its field."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from optimizer.quantities import CHINA_TIME
from webapp import Settings, create_app
from webapp.quote_form import read_quote_form
from webapp.world import World

COAL = {
    "origin": "ZP",
    "destination": "JU",
    "cargo_code": "coal",
    "mass_t": 1600,
    "ready_at": "2026-10-05T08:00",
    "due_at": "2026-10-15T08:00",
}
COAL_QUERY = "origin=ZP&destination=JU&cargo=coal&mass_t=1600&ready_at=2026-10-05T08:00&due_at=2026-10-15T08:00"
NOW = datetime(2026, 10, 1, 9, 30, tzinfo=CHINA_TIME)


@pytest.fixture(scope="session")
def opened(app: Flask) -> World:
    """What the application has opened."""
    world: World = app.extensions["modalshift.world"]
    return world


@pytest.fixture
def quoted(client: FlaskClient) -> Any:
    """The API's answer for 1,600 t of coal from the sea to Quzhou."""
    reply = client.post("/api/v1/quotes", json=COAL)
    assert reply.status_code == 200
    return json.loads(reply.text, parse_float=Decimal, parse_int=Decimal)


def cells(page: str) -> list[str]:
    """The texts of all table cells of a page."""
    found = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", page, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>|\s+", " ", cell)).strip() for cell in found]


def test_the_road_stands_first_and_water_beside_it(quoted: Any) -> None:
    """Coal from the sea port to the works inland has a road baseline and a way by water."""
    assert quoted["baseline"]["kind"] == "road"
    assert quoted["water"]["kind"] == "river"
    assert quoted["options"]


def test_every_option_is_the_sum_of_its_legs(quoted: Any) -> None:
    """Cost and emissions re-add to the last digit, and a saving is baseline minus option."""
    road = quoted["baseline"]["amounts"]
    for option in [quoted["baseline"], *quoted["options"]]:
        for amount in ("cost_yuan", "co2e_ttw_kg", "co2e_wtw_kg"):
            assert sum(leg[amount] for leg in option["legs"]) == option["amounts"][amount]
            assert option["saving"][amount] == road[amount] - option["amounts"][amount]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_what_the_api_says(client: FlaskClient, quoted: Any, lang: str) -> None:
    """Every option with its cost, emissions and each leg stands on the page, beside verdict, gaps and assumptions."""
    page = client.get(f"/quote?{COAL_QUERY}&lang={lang}").text
    shown = cells(page)
    for option in [quoted["baseline"], *quoted["options"]]:
        assert any(option["title"][lang] in cell for cell in shown)
        for part in [option["amounts"], *option["legs"]]:
            assert f"{part['cost_yuan']:,.2f}" in shown
            assert f"{part['co2e_wtw_kg']:,.1f}" in shown
    sentences = [quoted["verdict"], *quoted["assumptions"], *(gap["message"] for gap in quoted["missing"])]
    for sentence in sentences:
        assert sentence[lang] in html.unescape(page)
    assert quoted["versions"]["network"] in page
    first = quoted["options"][0]["amounts"]
    road = quoted["baseline"]["amounts"]
    name, by_road, by_water = ("费用（元）：", "公路", "水路") if lang == "zh" else ("Cost (yuan): ", "road", "water")
    assert f"{name}{by_road} {road['cost_yuan']:,.2f}" in html.unescape(page)
    assert f"{by_water} {first['cost_yuan']:,.2f} = " in html.unescape(page)


def test_an_option_that_emits_more_than_the_road_is_marked(client: FlaskClient, quoted: Any) -> None:
    """A negative saving is an answer and is shown as one."""
    worse = [option for option in quoted["options"] if option["saving"]["co2e_wtw_kg"] < 0]
    page = client.get(f"/quote?{COAL_QUERY}&lang=en").text
    assert page.count('<span class="badge warning">emits more than road</span>') == len(worse)


def test_an_untouched_form_asks_and_does_not_scold(client: FlaskClient) -> None:
    """No faults before anything was typed; times are filled in."""
    page = client.get("/quote")
    assert page.status_code == 200
    assert "error-summary" not in page.text
    assert re.search(r'id="ready_at"[^>]*value="\d{4}-\d\d-\d\dT08:00"', page.text)


def test_default_times_are_tomorrow_morning_in_china(opened: World) -> None:
    """The visitor's clock does not matter, the river's does."""
    form = read_quote_form({}, opened.network, NOW)
    assert (form.values["ready_at"], form.values["due_at"]) == ("2026-10-02T08:00", "2026-10-12T08:00")
    assert form.shipment is None
    assert form.faults == ()


def test_times_stand_in_the_form_as_they_were_understood(opened: World) -> None:
    """A browser leaves a field for day and hour empty when it gets anything else; a day alone is due until its end."""
    query = {"origin": "ZP", "destination": "JU", "cargo": "coal", "mass_t": "1600"}
    form = read_quote_form({**query, "ready_at": "2026/10/5 8:30", "due_at": "2026-10-15"}, opened.network, NOW)
    assert (form.values["ready_at"], form.values["due_at"]) == ("2026-10-05T08:30", "2026-10-15T23:59:59")
    assert form.shipment is not None
    assert form.shipment.due_at == datetime(2026, 10, 15, 23, 59, 59, tzinfo=CHINA_TIME)


def test_a_due_time_follows_from_the_ready_time(opened: World) -> None:
    """Who names no deadline gets ten days, in whatever form the ready time was given."""
    query = {"origin": "ZP", "destination": "JU", "cargo": "coal", "mass_t": "1600 t"}
    for ready_at in ("2026-10-05T08:00", "2026-10-05T08:00+08:00"):
        form = read_quote_form({**query, "ready_at": ready_at}, opened.network, NOW)
        assert form.shipment is not None
        assert form.shipment.due_at == datetime(2026, 10, 15, 8, tzinfo=CHINA_TIME)
        assert form.shipment.mass_kg == 1_600_000


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("origin=QJ&destination=QJ&cargo=coal&mass_t=5", ["destination"]),
        ("origin=XX&destination=ZP&cargo=gold&mass_t=-5", ["origin", "cargo", "mass_t"]),
        ("origin=QJ&destination=ZP&cargo=coal&mass_t=", ["mass_t"]),
        ("origin=QJ&destination=ZP&cargo=coal&mass_t=5&ready_at=2026-10-05T08:00&due_at=2026-10-04T08:00", ["due_at"]),
        ("mass_t=5", ["origin", "destination", "cargo"]),
    ],
)
def test_every_fault_stands_on_top_and_at_its_field(client: FlaskClient, query: str, fields: list[str]) -> None:
    """All faults at once, each linked to the field that mends it; what was typed is still there."""
    page = client.get(f"/quote?{query}")
    assert page.status_code == 422
    summary = page.text[page.text.index("error-summary") :]
    assert set(re.findall(r'<li><a href="#(\w+)">', summary)) == set(fields)
    for field in fields:
        assert f'id="{field}-fault"' in page.text
        assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', page.text)
    assert 'id="result-title"' not in page.text


def test_one_wrong_time_is_one_fault(client: FlaskClient) -> None:
    """A ready time nobody can read makes no second fault of the due time that would follow from it."""
    page = client.get("/quote?origin=QJ&destination=ZP&cargo=coal&mass_t=5&ready_at=soon").text
    assert re.findall(r'<li><a href="#(\w+)">', page) == ["ready_at"]


def test_what_was_typed_is_shown_as_text(client: FlaskClient) -> None:
    """Markup in a field stays text."""
    page = client.get("/quote?origin=QJ&destination=ZP&cargo=coal&mass_t=<script>alert(1)</script>").text
    assert "<script" not in page


def test_the_api_names_every_fault_with_its_pointer(client: FlaskClient) -> None:
    """422, the pointer into the body, a stable code, the sentence in the language asked for."""
    body = {**COAL, "origin": "Quzhu", "mass_t": 0, "colour": "red"}
    reply = client.post("/api/v1/quotes?lang=en", json=body)
    assert (reply.status_code, reply.mimetype) == (422, "application/problem+json")
    errors = {error["pointer"]: error for error in reply.json["errors"]}
    assert set(errors) == {"/origin", "/mass_t", "/colour"}
    assert errors["/origin"]["code"] == "unknown_location"
    assert "did you mean" in errors["/origin"]["message"]


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"origin=QJ", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"QJ"', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"{}", "application/json", 422),
    ],
)
def test_the_api_refuses_what_is_no_shipment(client: FlaskClient, data: bytes, content_type: str, status: int) -> None:
    """Each kind of wrong body has its status, and none is an error of ours."""
    reply = client.post("/api/v1/quotes", data=data, content_type=content_type)
    assert (reply.status_code, reply.mimetype) == (status, "application/problem+json")


def test_the_api_wants_a_post(client: FlaskClient) -> None:
    """GET is answered with 405 as a problem."""
    reply = client.get("/api/v1/quotes")
    assert (reply.status_code, reply.mimetype) == (405, "application/problem+json")


def test_strangers_who_ask_the_pages_for_quotes_are_counted_as_those_who_ask_the_api(tmp_path: Path) -> None:
    """The page and its sheet do the same work: they have the same limit, and say how much of it is left."""
    visitor = create_app(Settings(db_url=f"sqlite:///{tmp_path / 'm.db'}")).test_client()
    for path in ("/quote", "/quote/sheet"):
        left = [int(visitor.get(path).headers["X-RateLimit-Remaining"]) for _ in range(2)]
        assert left == [599, 598], path
