"""Calculation sheets on the web: of a quote for everybody, of a settled lot for those who may see the waybill."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from optimizer import actions
from optimizer.documents.calculation_sheet import sheet_json
from tests.documents.spreadsheet import Spreadsheet
from tests.waybills.world import world_factors
from tests.webapp.full_house import FullHouse
from tests.webapp.test_quote import COAL, COAL_QUERY

SHEET = f"/quote/sheet?{COAL_QUERY}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    """The tiny world, settled."""
    return FullHouse.at(tmp_path_factory.mktemp("sheets"))


def test_every_leg_of_the_quote_page_leads_to_its_sum(client: FlaskClient) -> None:
    """The addresses are on the sheet, in both languages, and so are the grams of the page."""
    for lang in ("zh", "en"):
        page = client.get(f"/quote?{COAL_QUERY}&lang={lang}").text
        sheet = client.get(f"{SHEET}&lang={lang}").text
        anchors = re.findall(r'href="/quote/sheet\?[^"]*#(option-\d+-leg-\d+)"', page)
        assert len(anchors) >= 4
        assert all(f'id="{anchor}"' in sheet for anchor in anchors)
        assert "(E + (L - E) * W / C + E * (e / (1 - e))) / W" in sheet


def test_files_hold_the_same_sheet(client: FlaskClient) -> None:
    """JSON and text and a workbook that reckons itself."""
    document = json.loads(client.get(f"{SHEET}&format=json").text)
    assert client.get(f"{SHEET}&format=txt&lang=en").text.startswith("Calculation sheet of a quote")
    book = Spreadsheet(client.get(f"{SHEET}&format=xlsx&lang=en").data)
    for option in document["options"]:
        row = next(n for n in range(1, 30) if book.book["Options"][f"A{n}"].value == option["option"])
        assert book.value("Options", f"D{row}") == option["co2e_wtw_g"]


def test_a_sheet_without_a_quote_leads_to_the_form(client: FlaskClient) -> None:
    """With what was typed, and with nothing that was not a field."""
    reply = client.get("/quote/sheet?origin=ZP&mass_t=-4&_external=1&_scheme=javascript&_anchor=x")
    assert (reply.status_code, reply.headers["Location"]) == (302, "/quote?origin=ZP&mass_t=-4")


def test_explain_adds_the_sheet_and_changes_nothing_else(client: FlaskClient) -> None:
    """The quote with and without it; grams of the sheet are kilograms of the quote."""
    plain = json.loads(client.post("/api/v1/quotes", json=COAL).text, parse_float=Decimal)
    assert "calculation" not in json.loads(client.post("/api/v1/quotes?explain=false", json=COAL).text)
    told = json.loads(client.post("/api/v1/quotes?explain=true", json=COAL).text, parse_float=Decimal)
    calculation = told.pop("calculation")
    assert told == plain
    for option in calculation["options"]:
        shown = [plain["baseline"], *plain["options"], plain["water"]]
        assert any(option["co2e_wtw_g"] == one["amounts"]["co2e_wtw_kg"] * 1000 for one in shown)


@pytest.mark.parametrize("explain", [False, True])
def test_many_quotes_keep_their_order_and_one_bad_record_fails_alone(client: FlaskClient, explain: bool) -> None:
    """Each is the very quote that it is alone."""
    query = "?explain=true" if explain else ""
    bodies: list[Any] = [COAL, {**COAL, "mass_t": -1, "origin": "nowhere"}, 7, {**COAL, "mass_t": 300}, {}]
    reply = client.post(f"/api/v1/quotes/bulk{query}", json=bodies)
    results = json.loads(reply.text, parse_float=Decimal)["results"]
    assert [one["status"] for one in results] == ["quoted", "refused", "refused", "quoted", "refused"]
    assert {error["pointer"] for error in results[1]["errors"]} == {"/mass_t", "/origin"}
    for place in (0, 3):
        alone = json.loads(client.post(f"/api/v1/quotes{query}", json=bodies[place]).text, parse_float=Decimal)
        assert results[place]["quote"] == alone
        assert ("calculation" in alone) is explain


def test_a_word_that_is_neither_true_nor_false_is_a_fault(client: FlaskClient) -> None:
    """Ignored, it would look like a quote that has no sheet."""
    for path, body in (("quotes", COAL), ("quotes/bulk", [COAL])):
        reply = client.post(f"/api/v1/{path}?explain=yes", json=body)
        assert reply.status_code == 422
        assert reply.json["errors"][0]["pointer"] == "explain"


def test_too_many_at_once_are_refused_whole(client: FlaskClient) -> None:
    """A limit on everything; and the body is an array."""
    assert client.post("/api/v1/quotes/bulk", json=[{}] * 101).status_code == 400
    assert client.post("/api/v1/quotes/bulk", json=COAL).status_code == 400


def test_the_lots_sheet_is_the_one_of_the_accounts(house: FullHouse) -> None:
    """Page, files and API show the run that stands, in both languages; the waybill leads there."""
    number = house.keys["number"]
    sheet = actions.calculation_sheet(house.store, number, 1, world_factors())
    client, _ = house.browser("auditor")
    path = f"/waybills/{number}/lots/1/sheet"
    assert f'href="{path}"' in client.get(f"/waybills/{number}").text
    for lang in ("zh", "en"):
        page = client.get(f"{path}?lang={lang}").text
        for words in (sheet.run.run_id, f"{sheet.reduction.credited_g:,}", sheet.run.factors_version):
            assert words in page
    for item in sheet.influences:
        assert f">{item.share:.1%}<" in page
        assert f">{item.contribution.standard_g:,.1f}<" in page
    assert not re.search(r">-?\d+\.\d{7,}<", page), "digits that nobody measured stand in the files alone"
    assert client.get(f"{path}?format=json").text == sheet_json(sheet)
    token = {"Authorization": f"Bearer {house.tokens['enterprise']}"}
    api = house.app.test_client().get(f"/api/v1/waybills/{number}/lots/1/sheet", headers=token)
    assert api.text == sheet_json(sheet)
    book = Spreadsheet(client.get(f"{path}?format=xlsx&lang=en").data)
    assert all(book.value(*at) == book.stored_value(*at) for at in book.formulas())


def test_a_lot_that_is_not_there_or_of_others_is_unknown(house: FullHouse) -> None:
    """The same answer for both, so that nothing is told."""
    number = house.keys["number"]
    own, _ = house.browser("enterprise")
    other, _ = house.browser("far-enterprise")
    assert own.get(f"/waybills/{number}/lots/99/sheet").status_code == 404
    assert own.get("/waybills/MW0/lots/1/sheet").status_code == 404
    assert other.get(f"/waybills/{number}/lots/1/sheet").status_code == 404
    assert other.get(f"/waybills/{number}/lots/1/sheet?format=xlsx").status_code == 404


def test_other_factors_change_no_sheet_of_a_settled_lot(house: FullHouse) -> None:
    """A server whose table would give other grams makes the sheet with the table kept beside the accounts."""
    opened = house.app.extensions["modalshift.world"]
    kept = opened.factors
    try:
        opened.factors = opened.desk.factors  # the shipped table
        client, _ = house.browser("auditor")
        address = f"/waybills/{house.keys['number']}/lots/1/sheet?format=json"
        reply = client.get(address)
        assert reply.status_code == 200
        opened.factors = kept
        assert client.get(address).data == reply.data
    finally:
        opened.factors = kept
