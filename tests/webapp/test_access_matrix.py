"""Every address of the application for every role, on its own objects and on those of others."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.webapp.full_house import PEOPLE, FullHouse
from webapp.security import OPEN_POSTS, SAME_FOR_ALL

EVERYBODY = frozenset({"stranger", *PEOPLE})
PLANNERS = frozenset({"planner", "far-planner"})
SHIPPERS = PLANNERS | {"enterprise", "far-enterprise"}
CARRIERS = PLANNERS | {"carrier", "far-carrier"}
FREIGHT = SHIPPERS | CARRIERS | {"auditor"}
READERS = frozenset({"enterprise", "far-enterprise", "auditor", "bank", "far-bank"})
PARTIES_TO_IT = frozenset({"planner", "carrier", "enterprise", "auditor"})
AUDITOR = frozenset({"auditor"})
ADMINISTRATOR = frozenset({"administrator"})
INSPECTORS = AUDITOR | ADMINISTRATOR
OPERATOR = frozenset({"planner", "carrier"})
ACCOUNT = frozenset({"enterprise", "auditor", "bank"})
SENDERS = frozenset({"enterprise", *PLANNERS})

ALLOWED: dict[str, frozenset[str]] = {
    # Open to all: nothing of a party stands there.
    **dict.fromkeys(
        ("api_docs.show_docs", "health.show_health", "ledger_api.list_checkpoints", "meta_api.list_factors"), EVERYBODY
    ),
    **dict.fromkeys(("meta_api.list_locations", "meta_api.show_meta", "openapi.spec", "quote_page.start"), EVERYBODY),
    **dict.fromkeys(
        ("quote_page.show_quote", "quotes_api.make_quote", "quotes_api.make_quotes", "savings_page.show_savings"),
        EVERYBODY,
    ),
    **dict.fromkeys(("sign_in.show", "sign_in.sign_in", "sign_in.sign_in_demo", "sign_in.sign_out"), EVERYBODY),
    **dict.fromkeys(
        ("charts_page.show_ground", "charts_page.show_script", "static", "verify_page.show_verify"), EVERYBODY
    ),
    # For whoever has the server's own token, see test_metrics; no role opens it.
    "metrics.show_metrics": frozenset(),
    # Plans cover all freight, so any planner may see and accept them.
    **dict.fromkeys([f"plans_api.{verb}" for verb in ("accept", "begin", "cancel", "list_plans", "show")], PLANNERS),
    **dict.fromkeys(("plans_api.show_document", "plans_api.stream"), PLANNERS),
    **dict.fromkeys([f"plans_page.{verb}" for verb in ("accept", "begin", "cancel", "show", "show_run")], PLANNERS),
    **dict.fromkeys(("plans_page.show_frontier", "plans_page.sailings_template"), PLANNERS),
    **dict.fromkeys([f"frontiers_api.{verb}" for verb in ("begin", "cancel", "list_frontiers", "show")], PLANNERS),
    # Lists and forms show each role its own.
    **dict.fromkeys(("shipments_api.list_shipments", "shipments_api.submit", "shipments_page.show"), SHIPPERS),
    **dict.fromkeys(("shipments_page.template", "shipments_page.upload"), SHIPPERS),
    **dict.fromkeys(("waybills_api.list_waybills", "waybills_page.show"), FREIGHT),
    **dict.fromkeys(("accounts_api.list_accounts", "accounts_page.show"), READERS),
    "savings_api.list_savings": AUDITOR,
    "carrier_page.show": CARRIERS,
    **dict.fromkeys(("webhooks_api.add", "webhooks_api.list_webhooks"), FREIGHT),
    # The one that E1's user made.
    **dict.fromkeys(("webhooks_api.remove", "webhooks_api.show_webhook"), frozenset({"enterprise"})),
    # Single objects: E1's freight, carried by E9; the account that E1 opened to one bank.
    **dict.fromkeys(("shipments_api.show_shipment", "shipments_api.withdraw"), SENDERS),
    "shipments_page.returned": frozenset({"enterprise"}),
    **dict.fromkeys(
        ("waybills_api.list_events", "waybills_api.show_waybill", "waybills_page.show_waybill"), PARTIES_TO_IT
    ),
    "amendments_api.list_versions": PARTIES_TO_IT,
    **dict.fromkeys(("amendments_api.amend", "amendments_api.withdraw", "waybills_page.void"), frozenset({"planner"})),
    **dict.fromkeys(("sheets_page.show_lot_sheet", "waybills_api.show_lot_sheet"), PARTIES_TO_IT),
    "sheets_page.show_quote_sheet": EVERYBODY,
    "evidence_page.show": PARTIES_TO_IT,
    **dict.fromkeys(("carrier_page.report", "carrier_page.show_waybill", "carrier_page.withdraw"), OPERATOR),
    **dict.fromkeys(("waybills_api.report",), OPERATOR),
    **dict.fromkeys([f"accounts_api.show_{what}" for what in ("account", "report", "statement")], ACCOUNT),
    **dict.fromkeys([f"accounts_page.{verb}" for verb in ("download", "report", "show_account")], ACCOUNT),
    "accounts_page.show_statement": ACCOUNT,
    "accounts_page.grant": frozenset({"enterprise"}),
    "ledger_api.show_proof": ACCOUNT,
    # The administrator. Links to choose a password open nothing but themselves: see test_admin.
    **dict.fromkeys(("admin_page.show", "admin_page.show_periods", "admin_page.close"), ADMINISTRATOR),
    **dict.fromkeys([f"users_page.{verb}" for verb in ("show", "make", "show_user")], ADMINISTRATOR),
    **dict.fromkeys([f"users_page.{verb}" for verb in ("end_tokens", "give_role", "let_in", "reset")], ADMINISTRATOR),
    **dict.fromkeys(("users_page.welcome", "users_page.choose"), frozenset()),
    **dict.fromkeys([f"factors_page.{verb}" for verb in ("show", "hand_in")], ADMINISTRATOR),
    **dict.fromkeys([f"factors_page.{verb}" for verb in ("release", "withdraw")], frozenset()),
    "network_page.check": ADMINISTRATOR,
    **dict.fromkeys(
        [f"network_page.{verb}" for verb in ("release", "propose_again", "propose_over", "withdraw")], frozenset()
    ),
    **dict.fromkeys([f"network_page.{verb}" for verb in ("show", "show_table", "download")], INSPECTORS),
    "users_page.show_log": INSPECTORS,
    # The city's auditor.
    **dict.fromkeys(("city_sample_page.show", "city_sample_page.export"), AUDITOR),
    **dict.fromkeys(("city_page.show", "city_page.export"), AUDITOR),
    **dict.fromkeys([f"city_lots_page.{verb}" for verb in ("show", "export", "show_lot")], AUDITOR),
    **dict.fromkeys(
        [f"city_checks_page.{verb}" for verb in ("show_findings", "audit_anew", "export_findings")], AUDITOR
    ),
    **dict.fromkeys(
        [f"city_checks_page.{verb}" for verb in ("show_seals", "verify_seals", "keep_checkpoint")], AUDITOR
    ),
}
"""Endpoint -> who may use it on the objects of the house. Whoever adds a route says here for whom it is."""

BODIES: dict[str, Any] = {"quotes_api.make_quotes": [], "shipments_api.submit": [], "waybills_api.report": []}
"""Of endpoints that take something else than an object."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    """One for all: what an allowed request changes opens nothing to others."""
    return FullHouse.at(tmp_path_factory.mktemp("matrix"))


def rules(house: FullHouse) -> list[tuple[Rule, str]]:
    """Every rule with each of its own methods; the withdrawal last, since it takes its object away."""
    pairs = [
        (rule, method)
        for rule in house.app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(pairs, key=lambda pair: (pair[1] == "DELETE", pair[0].endpoint))


def address(rule: Rule, keys: Any) -> str:
    """The address of a rule on the objects of the house."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: keys[found.group(1)], rule.rule)


def is_sign_in(rule: Rule) -> bool:
    """Signing in and out: refusals there are about passwords, see test_sign_in."""
    return str(rule.endpoint).startswith("sign_in.")


def denied(reply: TestResponse) -> bool:
    """Refused, or sent to the sign-in form."""
    to_login = reply.status_code in (302, 303) and reply.headers["Location"].startswith("/login")
    return reply.status_code in (401, 403, 404) or to_login


def ask_as_program(house: FullHouse, login: str, rule: Rule, method: str, number: int) -> TestResponse:
    """With the token of a user; a stranger has none."""
    headers = {"Idempotency-Key": f"{login}-{number}"}
    if login != "stranger":
        headers["Authorization"] = f"Bearer {house.tokens[login]}"
    body = None if method in ("GET", "DELETE") else BODIES.get(rule.endpoint, {})
    client = house.app.test_client()
    # A stranger's POST without a token is refused for its missing CSRF token; with one, for the stranger.
    if login == "stranger" and method != "GET":
        client, csrf = house.browser(login)
        headers["X-CSRFToken"] = csrf
    return client.open(address(rule, house.keys), method=method, headers=headers, json=body, buffered=True)


def ask_as_browser(house: FullHouse, visitor: tuple[FlaskClient, str], rule: Rule, method: str) -> TestResponse:
    """With the cookie of a user and a valid CSRF token, so that only the role can be the reason of a refusal."""
    client, csrf = visitor
    path = address(rule, house.keys)
    if method == "GET":
        return client.get(path, buffered=True)  # a stream read to its end gives its context back
    if rule.rule.startswith("/api/"):
        headers = {"X-CSRFToken": csrf, "Idempotency-Key": f"cookie-{rule.endpoint}"}
        return client.open(path, method=method, headers=headers, json=BODIES.get(rule.endpoint, {}))
    more = {"reader": "bank", "act": "open"} if rule.endpoint == "accounts_page.grant" else {}
    if rule.endpoint == "shipments_page.upload":
        more = {"file": (BytesIO(b"x"), "x.csv")}
    return client.open(path, method=method, data={"csrf_token": csrf, **more})


def test_every_route_says_for_whom_it_is(house: FullHouse) -> None:
    """A route that is missing in the table, or an entry without a route, fails here."""
    assert set(ALLOWED) == {rule.endpoint for rule in house.app.url_map.iter_rules()}


@pytest.mark.parametrize("login", [*sorted(EVERYBODY - {"enterprise"}), "enterprise"])
def test_every_route_answers_its_users_and_nobody_else(house: FullHouse, login: str) -> None:
    """Programs by token, browsers by cookie. Nothing breaks, whoever asks."""
    wrong = []
    visitor = house.browser(login)
    for number, (rule, method) in enumerate(rules(house)):
        if is_sign_in(rule):
            continue
        replies = {"cookie": ask_as_browser(house, visitor, rule, method)}
        gone = method == "DELETE" and not denied(replies["cookie"])
        if rule.rule.startswith("/api/v1/") and not gone:
            replies["token"] = ask_as_program(house, login, rule, method, number)
        for how, reply in replies.items():
            if reply.status_code >= 500 or denied(reply) == (login in ALLOWED[rule.endpoint]):
                wrong.append(f"{login} by {how}: {method} {rule.rule} answers {reply.status_code}")
            assert reply.status_code != 400, (rule.rule, method, how, reply.text)
    assert wrong == []


@pytest.mark.parametrize("login", ["far-enterprise", "far-carrier", "far-bank", "stranger", "administrator"])
def test_no_list_names_what_is_not_for_the_reader(house: FullHouse, login: str) -> None:
    """Not even the number of a foreign waybill, account or shipment."""
    client, _ = house.browser(login)
    for rule, method in rules(house):
        if method == "GET" and not rule.arguments:
            page = client.get(rule.rule).text
            for key in ("number", "account_id", "shipment_id"):
                assert house.keys[key] not in page, (rule.rule, key)


@pytest.mark.parametrize("login", ["planner", "carrier", "enterprise", "auditor", "administrator", "stranger"])
def test_pages_are_light(house: FullHouse, login: str) -> None:
    """With style and scripts a page without a chart is below 300 kB, uncompressed; one with charts is below 2 MB, and
    the library that draws them, which is most of it, is kept for a year."""
    client, _ = house.browser(login)
    sizes: dict[str, int] = {}
    heavy, charts = [], 0
    for rule, method in rules(house):
        if method != "GET" or login not in ALLOWED[rule.endpoint]:
            continue
        page = client.get(address(rule, house.keys), follow_redirects=True, buffered=True)
        if page.mimetype != "text/html":
            continue
        limit = 300_000
        parts = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
        if library := re.search(r'data-library="([^"]+)"', page.text):
            parts.add(library.group(1))
            limit, charts = 2_000_000, charts + 1
        for part in parts - set(sizes):
            reply = client.get(part, headers={"Accept-Encoding": "gzip"}, buffered=True)
            sizes[part] = len(reply.data)
            if sizes[part] > 100_000:
                assert "max-age=31536000" in reply.headers["Cache-Control"]
        if (whole := len(page.data) + sum(sizes[part] for part in parts)) > limit:
            heavy.append((rule.rule, whole))
    assert not heavy
    assert (charts > 0) == (login in ("planner", "enterprise", "auditor"))


@pytest.mark.parametrize("login", ["planner", "enterprise"])
def test_no_shared_cache_keeps_what_a_role_is_shown(house: FullHouse, login: str) -> None:
    """Pages, files and answers of the API alike; only what is the same for everybody may be kept."""
    client, _ = house.browser(login)
    for rule, method in rules(house):
        if method == "GET" and rule.endpoint not in SAME_FOR_ALL:
            reply = client.get(address(rule, house.keys), buffered=True)
            assert reply.cache_control.no_store or reply.cache_control.private, rule.rule


@pytest.mark.parametrize("login", ["administrator", "planner", "stranger"])
def test_nothing_that_writes_takes_a_form_without_its_token(house: FullHouse, login: str) -> None:
    """Another site may send a visitor's cookie, with any content type; it cannot know the token."""
    client, _ = house.browser(login)
    for rule, method in rules(house):
        if method != "GET" and rule.endpoint not in OPEN_POSTS:
            for forged in ({"data": {"csrf_token": "x"}}, {"data": b"{}", "content_type": "text/plain"}):
                reply = client.open(address(rule, house.keys), method=method, **forged)  # type: ignore[arg-type]
                assert reply.status_code == 400, (method, rule.rule)


def test_a_foreign_object_is_answered_like_one_that_is_not_there(house: FullHouse) -> None:
    """Nobody can try out which numbers exist."""
    absent = {**house.keys, "number": "NONE-1", "account_id": "none.none", "shipment_id": "NONE-1", "file_id": "none"}
    absent |= {"entry": "transaction:none"}
    for login in ("far-planner", "far-enterprise", "far-carrier", "far-bank"):
        client, _ = house.browser(login)
        for rule, method in rules(house):
            if method == "GET" and rule.arguments & {"number", "account_id", "shipment_id", "file_id", "entry"}:
                if login in ALLOWED[rule.endpoint]:
                    continue
                mine, none = client.get(address(rule, house.keys)), client.get(address(rule, absent))
                assert mine.status_code == none.status_code, rule.rule


def test_every_call_that_writes_needs_a_key(house: FullHouse) -> None:
    """A program whose connection broke sends the same again: without a key nobody could tell whether that is one
    request or two. Quotes write nothing."""
    asked, without = set(), {}
    for rule, method in rules(house):
        if method != "POST" or not rule.rule.startswith("/api/v1/") or rule.endpoint.startswith("quotes_api."):
            continue
        login = min(ALLOWED[rule.endpoint] - {"stranger"})
        reply = house.app.test_client().post(
            address(rule, house.keys),
            json=BODIES.get(rule.endpoint, {}),
            headers={"Authorization": f"Bearer {house.tokens[login]}"},
        )
        asked.add(rule.endpoint)
        codes = [error["code"] for error in (reply.json or {}).get("errors", [])]
        if (reply.status_code, codes) != (422, ["idempotency_key"]):
            without[rule.endpoint] = (reply.status_code, codes)
    assert {"waybills_api.report", "plans_api.accept", "amendments_api.amend"} <= asked
    assert without == {}
