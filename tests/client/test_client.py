"""The client speaks to the real application; only the network between them is left out."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from optimizer.client import ApiProblemError, Client
from tests.webapp.full_house import PERIOD, FullHouse
from tests.webapp.signed_in import House
from tests.webapp.test_shipments import record
from webapp import create_app
from webapp.background.worker import Worker

HOST = "http://modalshift.example.com"
NOT_FOR_CLIENTS = {"streamPlanProgress"}
"""Told another way: wait_for_plan asks once a second, a stream is for browsers."""
SHIPMENT: dict[str, Any] = {
    "origin": "QJ",
    "destination": "ZP",
    "cargo_code": "steel",
    "mass_t": 800,
    "ready_at": "2026-10-08T08:00:00+08:00",
    "due_at": "2026-10-18T08:00:00+08:00",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    return FullHouse.at(tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House.at(tmp_path_factory.mktemp("office") / "m.db")


def client_of(house: FullHouse, login: str) -> Client:
    """The program of a user."""
    return Client(HOST, house.tokens[login], transport=httpx.WSGITransport(app=house.app))


@pytest.fixture
def office_api(office: House) -> Iterator[Client]:
    transport = httpx.WSGITransport(app=create_app(office.settings))
    with Client(HOST, office.tokens["planner"], transport=transport, wait=lambda _: None) as api:
        yield api


def test_every_operation_has_its_verb(house: FullHouse) -> None:
    """What OpenAPI lists is what the client's verbs say they call; a new operation fails here."""
    document = house.app.test_client().get("/api/openapi.json").json
    operations = {
        operation["operationId"] for path in document["paths"].values() for operation in path.values() if operation
    }
    tree = ast.parse(inspect.getsource(inspect.getmodule(Client)))  # type: ignore[arg-type]
    documented = [
        ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    ]  # fmt: skip
    called = {words.split(":")[0].split()[0].rstrip(".,:") for words in documented if words}
    assert operations - called == NOT_FOR_CLIENTS
    assert operations >= NOT_FOR_CLIENTS


def test_a_stranger_may_ask_for_quotes(office: House) -> None:
    """Amounts are exact decimals; explained on demand; many in their order, bad ones refused by place."""
    with Client(HOST, transport=httpx.WSGITransport(app=create_app(office.settings))) as api:
        quote = api.quote(**SHIPMENT)
        assert quote.baseline.amounts.cost_yuan == Decimal(str(quote.baseline.amounts.cost_yuan))
        best = quote.options[0]
        assert best.saving.cost_yuan == quote.baseline.amounts.cost_yuan - best.amounts.cost_yuan
        assert quote.calculation is None
        assert api.quote(explain=True, **SHIPMENT).calculation
        good, bad = api.quotes([SHIPMENT, {**SHIPMENT, "origin": "NOWHERE", "mass_t": -1}])
        assert (good.status, good.quote, bad.status) == ("quoted", quote, "refused")
        assert {error.pointer for error in bad.errors} == {"/origin", "/mass_t"}


def test_faults_come_as_one_exception(office_api: Client) -> None:
    """With status, sentence and pointers."""
    with pytest.raises(ApiProblemError, match="/mass_t") as caught:
        office_api.quote(**{**SHIPMENT, "mass_t": 0, "cargo_code": "hope"})
    assert caught.value.status == 422
    assert {error.pointer for error in caught.value.errors} == {"/mass_t", "/cargo_code"}


@pytest.mark.parametrize(
    ("lang", "title", "fault"),
    [("en", "The input", "above zero"), ("en-GB", "The input", "above zero"), ("zh", "输入", "大于零")],
)
def test_faults_speak_the_language_of_the_client(office: House, lang: str, title: str, fault: str) -> None:
    """Whatever the server's default is (Chinese): title and every fault, with and without a token."""
    for token in ("", office.tokens["planner"]):
        transport = httpx.WSGITransport(app=create_app(office.settings))
        with Client(HOST, token, lang=lang, transport=transport) as api:
            with pytest.raises(ApiProblemError) as caught:
                api.quote(**{**SHIPMENT, "mass_t": 0})
            assert title in caught.value.title
            assert fault in caught.value.errors[0].message
            with pytest.raises(ApiProblemError) as refused:
                api.savings()
            assert (refused.value.title.isascii(), refused.value.status) == (lang != "zh", 403 if token else 401)


def test_shipments_go_in_and_come_back_page_by_page(office_api: Client) -> None:
    """One result each; the same key answers the same; withdrawn ones are marked."""
    records = [record(f"C-{n:03}") for n in range(120)]
    results = office_api.submit_shipments([*records, {"shipment_id": "C-BAD"}], key="one")
    assert [result.status for result in results] == ["new"] * 120 + ["refused"]
    assert office_api.submit_shipments([*records, {"shipment_id": "C-BAD"}], key="one") == results
    listed = [item["shipment_id"] for item in office_api.shipments()]
    assert listed == [item["shipment_id"] for item in records]  # two pages
    office_api.withdraw_shipment("C-000")
    assert office_api.shipment("C-000")["withdrawn"]


def test_a_plan_is_begun_and_stopped(office: House, office_api: Client) -> None:
    """Queued as long as no worker runs; stopped, it is over."""
    office_api.submit_shipments([record("STOP-1")])
    run = office_api.begin_plan(time_limit_s=5, gap=0.05, shipment_ids=["STOP-1"])
    assert run.state == "queued"
    assert run.run_id in {item.run_id for item in office_api.plans()}
    assert office_api.cancel_plan(run.run_id).over
    assert office_api.wait_for_plan(run.run_id).failure


def test_from_shipments_to_waybills(tmp_path: Path) -> None:
    """Submitted, planned by the worker while the client waits, accepted, listed, reported upon."""
    house = House.at(tmp_path / "m.db")
    transport = httpx.WSGITransport(app=create_app(house.settings))

    def work(_: float) -> None:
        Worker(house.settings).queue.work_off_one()

    with Client(HOST, house.tokens["planner"], transport=transport, wait=work) as api:
        assert not api.submit_shipments([record("GO-1", mass_t=1600)])[0].refused
        heard: list[str] = []
        run = api.wait_for_plan(api.begin_plan(seed=1, gap=0.05).run_id, lambda item: heard.append(item.state))
        assert (heard, run.state) == (["queued"], "done")
        assert api.plan_document(run.run_id)["shipments"][0]["shipment_id"] == "GO-1"
        (issued,) = api.accept_plan(run.run_id)
        (listed,) = api.waybills("GO-1")
        assert (listed.number, listed.shipment_id) == (issued.number, "GO-1")
        assert api.waybill(issued.number)["waybill"]["number"] == issued.number
        (refused,) = api.report(issued.number, [{"event_type": "DLV", "event_time": "no time"}])
        assert refused.refused
        assert refused.errors
        assert api.events(issued.number) == []
        amend_as_a_program(api, issued.number)


def amend_as_a_program(api: Client, number: str) -> None:
    """The next version, once for one key; every fault with its place; an amendment opened and given up."""
    (first,) = api.waybill_versions(number)
    change: dict[str, Any] = {"original_document_number": "PO-7", "due_at": "2026-10-20T08:00:00+08:00", "version": 1}
    second = api.amend_waybill(number, reason="the shipper asked", key="once", **change)
    assert api.amend_waybill(number, reason="the shipper asked", key="once", **change) == second
    assert (first.version, second.version, second.reason) == (1, 2, "the shipper asked")
    assert second.waybill["original_document_number"] == "PO-7"
    assert any(line.startswith("due_at: ") for line in second.changed)
    assert [one.version for one in api.waybill_versions(number)] == [1, 2]
    with pytest.raises(ApiProblemError) as caught:
        api.amend_waybill(number, reason="too late", **{**change, "due_at": "2026-10-21T08:00:00+08:00"})
    assert caught.value.status == 409
    with pytest.raises(ApiProblemError) as caught:
        api.amend_waybill(number, reason="", consignee_id="nobody", colour="red", lots=[{"lot_no": 0}], legs=[{}])
    assert {error.pointer for error in caught.value.errors} == {
        *("/reason", "/consignee_id", "/colour", "/lots/0/lot_no", "/legs/0/lot_no", "/legs/0/leg_seq")
    }
    assert api.amend_waybill(number, reason="to be discussed").version == 2
    assert api.withdraw_amendment(number, reason="all as it was").version == 2
    with pytest.raises(ApiProblemError):
        api.withdraw_amendment(number, reason="again")


def test_a_frontier_is_begun_waited_for_and_opened(tmp_path: Path) -> None:
    """From the cheapest plan to the cleanest; each point's plan is one that can be read; a wrong count is refused."""
    house = House.at(tmp_path / "m.db")
    transport = httpx.WSGITransport(app=create_app(house.settings))

    def work(_: float) -> None:
        Worker(house.settings).queue.work_off_one()

    with Client(HOST, house.tokens["planner"], transport=transport, wait=work) as api:
        pair = [
            record("P-1", mass_t=150),
            record("P-2", "E02", mass_t=100, cargo_code="steel", origin="YL", destination="XS"),
        ]
        assert not any(result.refused for result in api.submit_shipments(pair))
        with pytest.raises(ApiProblemError) as caught:
            api.begin_frontier(points=1, gap=2)
        assert {error.pointer for error in caught.value.errors} == {"/points", "/gap"}
        with pytest.raises(ApiProblemError, match="carbon_price"):
            api.begin_frontier(carbon_price_yuan_per_t=50)
        begun = api.begin_frontier(points=2, gap=0, time_limit_s=20)
        assert (begun.state, begun.points_asked, begun.points) == ("queued", 2, ())
        found = api.wait_for_frontier(begun.run_id)
        cheapest, cleanest = found.points
        assert cheapest.cost_yuan < cleanest.cost_yuan
        assert cheapest.co2e_wtw_t > cleanest.co2e_wtw_t
        assert api.plan(cleanest.run_id).over
        assert [item.run_id for item in api.frontiers()] == [begun.run_id]
        stopped = api.begin_frontier(points=2)
        assert api.cancel_frontier(stopped.run_id).over
        with pytest.raises(ApiProblemError) as caught:
            api.frontier(cleanest.run_id)
        assert caught.value.status == 404


def test_an_auditor_reads_what_the_city_saved(house: FullHouse) -> None:
    """The groups re-add to the whole, whatever they are grouped by; a filter leaves its own group."""
    with client_of(house, "auditor") as api:
        by_month, by_both = api.savings(), api.savings(("month", "enterprise"))
        assert by_month["whole"] == by_both["whole"]
        credited = [sum(item["credited_g"] for item in each["items"]) for each in (by_month, by_both)]
        assert credited[0] == credited[1] > 0
        assert [item["keys"]["month"] for item in api.savings(month=PERIOD)["items"]] == [PERIOD]


def test_an_enterprise_reads_its_books(house: FullHouse) -> None:
    """Account, statement in every format, report, heads, proof."""
    with client_of(house, "enterprise") as api:
        (account,) = [item for item in api.accounts() if item.account_id == house.keys["account_id"]]
        assert api.account(account.account_id) == account
        assert PERIOD in account.periods
        assert api.statement(account.account_id, PERIOD)
        assert api.statement_file(account.account_id, PERIOD, "pdf").startswith(b"%PDF")
        assert api.bank_report(account.account_id, PERIOD)
        (head, *_) = api.checkpoints()
        assert str(head.size) in head.checkpoint
        assert api.proof(house.keys["entry"])
        assert api.lot_sheet(house.keys["number"], 1)
        with pytest.raises(ApiProblemError) as caught:
            api.account("none.none")
        assert caught.value.status == 404


def test_webhooks_come_and_go(house: FullHouse) -> None:
    """The secret is in the first answer only."""
    with client_of(house, "carrier") as api:
        made = api.add_webhook("https://tms.example.com/told", ["waybill.event"])
        assert made.secret.startswith("whsec_")
        assert api.webhook(made.webhook_id).secret == ""
        api.remove_webhook(made.webhook_id)
        assert api.webhooks() == []


def test_the_network_is_told(house: FullHouse) -> None:
    """Versions, places, factors."""
    with Client(HOST, transport=httpx.WSGITransport(app=house.app)) as api:
        assert api.meta()
        assert any(place["location_id"] == "QJ" for place in api.locations())
        assert any(factor["factor_id"].startswith("Diesel") for factor in api.factors())


def answering(*replies: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A server outside our process that cannot be run: it is busy, or away, just when we want it."""
    left, heard = list(replies), []

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return httpx.MockTransport(answer), heard


def test_a_lost_answer_is_asked_for_again_under_the_same_key() -> None:
    """So nothing is done twice; a busy server says how long to wait."""
    results = httpx.Response(200, json={"results": [{"status": "new", "shipment_id": "A"}]})
    transport, heard = answering(
        httpx.ReadError("cut off"), httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(503), results
    )
    waited: list[float] = []
    with Client(HOST, "t", transport=transport, wait=waited.append) as api:
        assert api.submit_shipments([{}])[0].status == "new"
    assert waited == [0.5, 7, 2.0]
    assert len({request.headers["Idempotency-Key"] for request in heard}) == 1
    assert len(heard) == 4


def test_it_gives_up_in_the_end() -> None:
    """After four tries: what the server said, or that there is no connection."""
    transport, heard = answering(*[httpx.Response(503)] * 4)
    with Client(HOST, transport=transport, wait=lambda _: None) as api, pytest.raises(ApiProblemError) as caught:
        api.meta()
    assert (caught.value.status, len(heard)) == (503, 4)
    transport, _ = answering(*[httpx.ConnectError("nobody there")] * 4)
    with Client(HOST, transport=transport, wait=lambda _: None) as api, pytest.raises(httpx.TransportError):
        api.meta()


def test_a_refusal_is_not_repeated() -> None:
    """422 is an answer."""
    transport, heard = answering(httpx.Response(422, content=b"no JSON"))
    with Client(HOST, transport=transport, wait=lambda _: None) as api, pytest.raises(ApiProblemError, match="422"):
        api.quote(**SHIPMENT)
    assert len(heard) == 1


def test_the_example_of_the_package_is_the_interface() -> None:
    """The code in the package's docstring is code that runs as it stands but for the address."""
    import optimizer.client

    text = (optimizer.client.__doc__ or "").partition("\n\n")[2].partition("\n\nclient ")[0]
    names = {node.attr for node in ast.walk(ast.parse(inspect.cleandoc(text))) if isinstance(node, ast.Attribute)}
    assert {"quote", "verdict", "saving", "co2e_wtw_kg"} <= names
    assert Path(optimizer.client.__file__).exists()
