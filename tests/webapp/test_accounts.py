"""Accounts on pages and over the API: own, opened, foreign; statements in every format; grants."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.http import parse_options_header

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.actions.amending import amend
from optimizer.waybills.amendment import Amendment
from tests.waybills import world
from tests.webapp.signed_in import House
from webapp import Settings
from webapp.api.accounts import attachment

PERIOD = "2026-10"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The tiny world settled, with its enterprises, an auditor and a bank reader."""
    settings = Settings(db_url=f"sqlite:///{tmp_path_factory.mktemp('accounts') / 'm.db'}", demo=True, limits=False)
    store = actions.open_store(settings.db_url)
    issued = actions.accept(
        store, world.world_plan(), world.shipments(), world.parties(), world.world_network(), at=world.ISSUED_AT
    )
    change = Amendment(original_document_number="2026-17")
    amend(store, issued[1].number, change, "a number came late", world.world_network(), world.ISSUED_AT)
    actions.record(store, world.all_events(issued, {"V2": world.VOYAGE_FUEL_G}), at=world.LATER)
    actions.settle(store, world.world_network(), world.world_factors(), at=world.LATER)
    people = {
        "first": (Role.ENTERPRISE, "E1"),
        "second": (Role.ENTERPRISE, "E2"),
        "auditor": (Role.AUDITOR, ""),
        "bank": (Role.BANK, ""),
        "admin": (Role.ADMINISTRATOR, ""),
    }
    tokens = {}
    for number, (login, (role, party)) in enumerate(people.items()):
        user = User(actions.user_id_of(login), login, login, login, role, party)
        actions.add_user(store, user, None, world.LATER)
        tokens[login], _ = actions.make_token(store, login, "", bytes([number] * 32), world.LATER)
    return House(settings, store, tokens)


def account_of(house: House, party_id: str) -> str:
    """The account of a party."""
    items = house.program("auditor").get("/api/v1/accounts").json["items"]
    return next(item["account_id"] for item in items if item["party_id"] == party_id)


def paths(account_id: str) -> list[str]:
    """Every address about an account, API first."""
    return [
        f"/api/v1/accounts/{account_id}",
        f"/api/v1/accounts/{account_id}/statements/{PERIOD}",
        f"/api/v1/accounts/{account_id}/report/{PERIOD}",
        f"/accounts/{account_id}",
        f"/accounts/{account_id}/statements/{PERIOD}",
        f"/accounts/{account_id}/statements/{PERIOD}.pdf",
        f"/accounts/{account_id}/report/{PERIOD}.pdf",
    ]


def answers(house: House, login: str, account_id: str) -> set[int]:
    """Statuses of all addresses about an account for a user."""
    program, browser = house.program(login), house.browser(login)
    return {(program if path.startswith("/api") else browser).get(path).status_code for path in paths(account_id)}


def test_an_account_is_read_by_its_enterprise_and_the_auditor_only(house: House) -> None:
    """A foreign account is answered like one that is not there; administrators read none."""
    own = account_of(house, "E1")
    assert answers(house, "first", own) == {200}
    assert answers(house, "auditor", own) == {200}
    assert answers(house, "second", own) == {404}
    assert answers(house, "first", "nobody.industry") == {404}
    assert answers(house, "admin", own) == {403}


def test_every_lot_of_a_statement_leads_to_its_waybill(house: House) -> None:
    """An amended one is printed with its version, which is no part of its number."""
    browser = house.browser("auditor")
    for party_id in ("E1", "E2"):
        page = browser.get(f"/accounts/{account_of(house, party_id)}/statements/{PERIOD}").text
        links = re.findall(r'href="(/waybills/[^"]+)"', page)
        assert (" v2</a>" in page) == (party_id == "E2")
        assert {browser.get(link).status_code for link in links} == {200}


def test_files_of_a_past_statement_are_of_that_past(house: House) -> None:
    """The page as of a past tree offers the files and the report as of that tree, and not the present ones."""
    size = actions.seal(house.store, Ed25519PrivateKey.generate(), world.LATER).checkpoint.size
    browser = house.browser("auditor")
    page = f"/accounts/{account_of(house, 'E1')}/statements/{PERIOD}"
    files = rf'href="({page}\.\w+|[^"]+/report/{PERIOD}\.pdf)(\?[^"]*)?"'
    past = browser.get(f"{page}?at_size={size}").text
    assert {query for _, query in re.findall(files, past)} == {f"?at_size={size}"}
    assert f'此后的变动不在内。 <a href="{page}">' in past
    assert "此后的变动不在内" not in browser.get(page).text
    assert {query for _, query in re.findall(files, browser.get(page).text)} == {""}
    assert browser.get(f"{page}.odt?at_size={size}").headers["Location"] == f"{page}?at_size={size}"


@pytest.mark.parametrize(
    "name", ["statement-E1.industry-2026-10.pdf", "statement-企业一.industry-2026-10.pdf", 'a"b.pdf']
)
def test_the_name_of_a_file_fits_a_header(name: str) -> None:
    """Servers refuse a header with Chinese in it; the name is the same again for whoever reads the header."""
    header = attachment(name)
    assert header.isascii()
    disposition, options = parse_options_header(header)
    assert (disposition, options["filename"]) == ("attachment", name)


def test_a_bank_reads_what_an_enterprise_opened_until_it_closes_it(house: House) -> None:
    """By the enterprise's own form; nobody else's form opens anything."""
    own, foreign = account_of(house, "E1"), account_of(house, "E2")
    assert answers(house, "bank", own) == {404}
    browser = house.browser("first")
    page, action = f"/accounts/{own}", f"/accounts/{own}/readers"
    assert browser.send(page, action, reader="bank", act="open").status_code == 302
    assert answers(house, "bank", own) == {200}
    assert answers(house, "bank", foreign) == {404}
    assert browser.send(page, f"/accounts/{foreign}/readers", reader="bank", act="open").status_code == 404
    assert browser.send(page, action, reader="auditor", act="open").status_code == 404
    assert browser.send(page, action, reader="bank", act="close").status_code == 302
    assert answers(house, "bank", own) == {404}
    assert "readers" not in house.browser("auditor").get(page).text


@pytest.mark.parametrize(
    ("form", "media_type", "begins"),
    [
        ("json", "application/json", b"{"),
        ("csv", "text/csv", "\ufeffseq".encode()),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("pdf", "application/pdf", b"%PDF"),
    ],
)
def test_a_statement_comes_in_every_format(house: House, form: str, media_type: str, begins: bytes) -> None:
    """The same file from the page and over the API, named after account and month."""
    own = account_of(house, "E1")
    reply = house.program("first").get(f"/api/v1/accounts/{own}/statements/{PERIOD}?format={form}")
    assert (reply.status_code, reply.mimetype) == (200, media_type)
    assert reply.data.startswith(begins)
    page = house.browser("first").get(f"/accounts/{own}/statements/{PERIOD}.{form}")
    assert page.data == reply.data
    assert f"statement-{own}-{PERIOD}.{form}" in page.headers["Content-Disposition"]


@pytest.mark.parametrize("query", ["format=exe", "at_size=x", "at_size=0", "at_size=-1", "at_size=²"])
def test_a_wrong_query_is_named(house: House, query: str) -> None:
    """422 with the parameter."""
    own = account_of(house, "E1")
    reply = house.program("first").get(f"/api/v1/accounts/{own}/statements/{PERIOD}?{query}")
    assert reply.status_code == 422
    assert reply.json["errors"][0]["pointer"] == query.split("=")[0]


@pytest.mark.parametrize("period", ["2026-13", "october", "2026-10-01"])
def test_a_month_that_is_none_is_refused(house: House, period: str) -> None:
    """On the page and over the API."""
    own = account_of(house, "E1")
    assert house.program("first").get(f"/api/v1/accounts/{own}/statements/{period}").status_code == 422
    assert house.browser("first").get(f"/accounts/{own}/statements/{period}").status_code == 422


def test_the_pages_lead_from_the_account_to_the_lot(house: House, tmp_path: Path) -> None:
    """Balance, month, movement, waybill; a bank sees the movement and no link to freight it may not read."""
    own = account_of(house, "E1")
    browser = house.browser("first")
    assert browser.get("/accounts").headers["Location"].endswith(own)
    assert f"/accounts/{own}/statements/{PERIOD}" in browser.get(f"/accounts/{own}").text
    statement = browser.get(f"/accounts/{own}/statements/{PERIOD}").text
    number = statement.split('href="/waybills/')[1].split('"')[0]
    assert browser.get(f"/waybills/{number}").status_code == 200
    browser.send(f"/accounts/{own}", f"/accounts/{own}/readers", reader="bank", act="open")
    assert 'href="/waybills/' not in house.browser("bank").get(f"/accounts/{own}/statements/{PERIOD}").text
    browser.send(f"/accounts/{own}", f"/accounts/{own}/readers", reader="bank", act="close")
