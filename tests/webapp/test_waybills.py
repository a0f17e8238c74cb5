"""Waybills on pages and over the API: who sees them, what they show, and a carrier's reports from a phone."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.actions.waybill_views import waybill_file, waybills_seen_by
from optimizer.waybills.event import Classifier, EventType, event_id
from tests.waybills import world
from tests.webapp.signed_in import House, Visitor
from webapp import Settings
from webapp.api.waybills import MAX_EVENTS
from webapp.carrier_page import next_steps

JPEG = b"\xff\xd8\xff\xe0 a weigh ticket"
FIRST, SECOND = "E1", "E2"
OPERATOR_ID = next(party.party_id for party in world.parties() if party.role == "operator")
PLANNER = User("planner", "planner", "planner", "planner", Role.PLANNER, OPERATOR_ID)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The tiny world of waybills (consignors E1 and E2) with users of its operator, its shippers, and an auditor."""
    settings = Settings(db_url=f"sqlite:///{tmp_path / 'm.db'}", demo=True, limits=False)
    store = actions.open_store(settings.db_url)
    actions.accept(
        store, world.world_plan(), world.shipments(), world.parties(), world.world_network(), at=world.ISSUED_AT
    )
    operator = next(party.party_id for party in world.parties() if party.role == "operator")
    people = {
        "planner": (Role.PLANNER, operator),
        "carrier": (Role.CARRIER, operator),
        "first": (Role.ENTERPRISE, FIRST),
        "second": (Role.ENTERPRISE, SECOND),
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


def numbers_of(house: House, login: str) -> list[str]:
    """The waybills that a user's list shows."""
    return [item["number"] for item in house.program(login).get("/api/v1/waybills").json["items"]]


def number_of(house: House, consignor: str) -> str:
    """The waybill of a consignor."""
    items = house.program("auditor").get("/api/v1/waybills").json["items"]
    return next(item["number"] for item in items if item["consignor_id"] == consignor)


def test_everybody_sees_the_waybills_of_their_own_scope(house: House) -> None:
    """Operators and auditors all of these, shippers theirs; a foreign number is answered like one that is not there."""
    everything = numbers_of(house, "auditor")
    assert len(everything) == 2
    assert numbers_of(house, "planner") == numbers_of(house, "carrier") == everything
    own, foreign = number_of(house, FIRST), number_of(house, SECOND)
    assert own in numbers_of(house, "first")
    program, browser = house.program("first"), house.browser("first")
    if foreign not in numbers_of(house, "first"):
        for path in (foreign, "NO-SUCH-NUMBER"):
            assert program.get(f"/api/v1/waybills/{path}").status_code == 404
            assert program.get(f"/api/v1/waybills/{path}/events").status_code == 404
            assert browser.get(f"/waybills/{path}").status_code == 404
            assert browser.get(f"/waybills/{path}/evidence/{'0' * 64}").status_code == 404


@pytest.mark.parametrize("login", ["bank", "admin"])
def test_banks_and_administrators_see_no_freight(house: House, login: str) -> None:
    """403, on pages and over the API."""
    number = number_of(house, FIRST)
    for path in ("/api/v1/waybills", f"/api/v1/waybills/{number}", f"/api/v1/waybills/{number}/events"):
        assert house.program(login).get(path).status_code == 403
    for path in ("/waybills", f"/waybills/{number}", "/carrier", f"/carrier/{number}"):
        assert house.browser(login).get(path).status_code == 403


@pytest.mark.parametrize("login", ["first", "auditor"])
def test_only_planners_and_carriers_report(house: House, login: str) -> None:
    """An enterprise cannot weigh its own cargo."""
    number = number_of(house, FIRST)
    assert house.program(login).post(f"/api/v1/waybills/{number}/events", []).status_code == 403
    assert house.browser(login).get(f"/carrier/{number}").status_code == 403


def report(house: House, number: str, records: Any, login: str = "carrier") -> list[dict[str, Any]]:
    """Report over the API."""
    reply = house.program(login).post(f"/api/v1/waybills/{number}/events", records)
    assert reply.status_code == 200
    results: list[dict[str, Any]] = reply.json["results"]
    return results


def test_reports_over_the_api_are_taken_one_by_one(house: House) -> None:
    """Accepted, known, refused by the reader, refused by the guards: each in its place."""
    number = number_of(house, FIRST)
    bill = house.program("carrier").get(f"/api/v1/waybills/{number}").json["waybill"]
    leg = next(leg for leg in bill["lots"][0]["legs"] if leg["mode"] != "Hub")
    load = {
        "event_type": "LOAD",
        "lot_no": 1,
        "leg_seq": leg["seq"],
        "event_time": leg["planned_departs_at"],
        "location_id": leg["origin"],
        "mass_t": 12.5,
    }
    wrong = {**load, "event_type": "LOADED", "mass_t": -1, "speed": 9}
    future = {**load, "event_type": "DEPA", "event_time": "2099-01-01T00:00:00", "mass_t": None}
    results = report(house, number, [load, wrong, load, future, 7])
    assert [result["status"] for result in results] == ["accepted", "refused", "known", "refused", "refused"]
    assert {error["pointer"] for error in results[1]["errors"]} == {"/event_type", "/mass_t", "/speed"}
    assert results[3]["errors"][0]["code"] == "in_the_future"
    listed = house.program("auditor").get(f"/api/v1/waybills/{number}/events").json["items"]
    assert [event["mass_kg"] for event in listed] == [12_500]


def test_a_vessel_class_that_the_network_lacks_is_refused_with_those_it_has(house: House) -> None:
    """It was recorded, and the lot could not be settled."""
    number = number_of(house, FIRST)
    bill = house.program("carrier").get(f"/api/v1/waybills/{number}").json["waybill"]
    leg = next(leg for leg in bill["lots"][0]["legs"] if leg["mode"] in ("InlandWaterway", "Sea"))
    load = {
        "event_type": "LOAD",
        "lot_no": 1,
        "leg_seq": leg["seq"],
        "event_time": leg["planned_departs_at"],
        "location_id": leg["origin"],
    }
    (refused,) = report(house, number, [{**load, "vehicle_class": "NOPE"}])
    assert [(error["pointer"], error["code"]) for error in refused["errors"]] == [
        ("/vehicle_class", "unknown_vehicle_class")
    ]
    assert leg["vehicle_class"] in refused["errors"][0]["message"]
    (taken,) = report(house, number, [{**load, "vehicle_class": leg["vehicle_class"]}])
    assert taken["status"] == "accepted"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mass_t", "12,5"),
        ("mass_t", 0.0001),
        ("mass_kg", 1.5),
        ("mass_kg", True),
        ("mass_t", float("inf")),
        ("mass_t", "1e999999"),
        ("event_time", "yesterday"),
        ("event_time", "2026-10-02T23:59:60+08:00"),
        ("event_time", "0001-01-01T00:00:00+14:00"),
        ("event_time", "9999-12-31T23:59:59-14:00"),
        ("lot_no", 0),
        ("lot_no", "1"),
        ("energy", {"carrier": "Diesel"}),
        ("energy", {"carrier": "Electric", "amount_kg": 5}),
        ("evidence", [{"kind": "photo"}]),
        ("evidence", "x"),
        ("evidence", [{"kind": "photo", "sha256": "\ud800"}]),
        ("evidence", [{"kind": 7, "sha256": "0" * 64}]),
        ("energy", {"carrier": "\ud800", "amount_kg": 5}),
        ("reason", "a\nb"),
        ("reason", "x" * 201),
        ("classifier", "MAYBE"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(house: House, field: str, value: Any) -> None:
    """With a pointer to it and what would be right; nothing is rounded in silence."""
    number = number_of(house, FIRST)
    record = {"event_type": "HOLD", "lot_no": 1, "event_time": "2026-10-02T08:00:00", field: value}
    (result,) = report(house, number, [record])
    assert result["status"] == "refused"
    assert [error["pointer"] for error in result["errors"]] == [f"/{field}"]


def tap(browser: Visitor, number: str, **fields: Any) -> Any:
    """Press the first button of a waybill and send its form."""
    page = browser.get(f"/carrier/{number}").text
    address = re.search(rf'href="(/carrier/{number}\?lot=\d+)"', page)
    assert address
    form = browser.get(address.group(1)).text
    hidden = dict(re.findall(r'<input type="hidden" name="(lot|event_type)" value="([^"]+)"', form))
    return browser.send(address.group(1), f"/carrier/{number}", **hidden, **fields)


def test_three_taps_report_a_loading_with_its_weigh_ticket(house: House) -> None:
    """The next button is then the departure; the ticket can be fetched by whoever sees the waybill, as a download."""
    number = number_of(house, FIRST)
    bill = house.program("carrier").get(f"/api/v1/waybills/{number}").json["waybill"]
    leg = next(leg for leg in bill["lots"][0]["legs"] if leg["mode"] != "Hub")
    browser = house.browser("carrier")
    when = leg["planned_departs_at"][:16]
    reply = tap(browser, number, event_time=when, mass_t="12.5", photo=(BytesIO(JPEG), "磅单.jpg"))
    assert reply.status_code == 302
    page = browser.get(f"/carrier/{number}").text
    assert "已上报：第 1 批 装载" in page
    assert "离开" in page
    (event,) = house.program("first").get(f"/api/v1/waybills/{number}/events").json["items"]
    digest = event["evidence"][0]["sha256"]
    assert event["evidence"][0]["kind"] == "weigh_ticket"
    ticket = house.browser("first").get(f"/waybills/{number}/evidence/{digest}")
    assert ticket.data == JPEG
    assert ticket.headers["Content-Disposition"].startswith("attachment")
    assert house.browser("first").get(f"/waybills/{number}/evidence/{'0' * 64}").status_code == 404


def test_a_file_is_shown_under_the_waybill_that_it_supports_alone(house: House) -> None:
    """Whoever knows the digest of another one's ticket does not reach it through a waybill of his own."""
    number, other = number_of(house, FIRST), number_of(house, SECOND)
    bill = house.program("carrier").get(f"/api/v1/waybills/{number}").json["waybill"]
    leg = next(leg for leg in bill["lots"][0]["legs"] if leg["mode"] != "Hub")
    photo = (BytesIO(JPEG), "x.jpg")
    tap(house.browser("carrier"), number, event_time=leg["planned_departs_at"][:16], mass_t="12.5", photo=photo)
    digest = sha256(JPEG).hexdigest()
    for login in ("second", "carrier", "auditor"):
        assert house.browser(login).get(f"/waybills/{other}").status_code == 200
        assert house.browser(login).get(f"/waybills/{other}/evidence/{digest}").status_code == 404
    assert house.browser("first").get(f"/waybills/{number}/evidence/{digest}").data == JPEG


def test_a_refused_report_keeps_what_was_typed_and_says_why(house: House) -> None:
    """A time in the future, a weight that is no number, a file that is no picture."""
    number = number_of(house, FIRST)
    browser = house.browser("carrier")
    for fields, words in (
        ({"event_time": "2099-01-01T00:00", "mass_t": "7"}, "2099-01-01 00:00 还没到"),
        ({"event_time": "2026-10-02T08:00", "mass_t": "lots"}, "重量“lots”不是数字"),
        ({"event_time": "2026-10-02T08:00", "mass_t": "1.2345"}, "至多三位小数"),
        ({"event_time": "2026-10-02T08:00", "photo": (BytesIO(b"<script>"), "x.jpg")}, "PDF、JPEG、PNG"),
    ):
        reply = tap(browser, number, **fields)
        assert reply.status_code == 422
        assert words in reply.text
        assert f'value="{fields["event_time"]}"' in reply.text
    assert house.program("auditor").get(f"/api/v1/waybills/{number}/events").json["items"] == []


def test_a_carrier_says_what_a_voyage_burned_when_it_arrives(house: House) -> None:
    """The form asks for it on arrivals by water alone; kilograms are kept in grams, with voyage and vessel, and a field
    left empty is no fuel."""
    number = number_of(house, FIRST)
    bill = house.program("carrier").get(f"/api/v1/waybills/{number}").json["waybill"]
    water = next(leg for leg in bill["lots"][0]["legs"] if leg["voyage_id"])
    browser, asked = house.browser("carrier"), []
    for leg in (leg for leg in bill["lots"][0]["legs"] if leg["mode"] != "Hub"):
        for kind in ("LOAD", "DEPA", "ARRI"):
            last = leg is water and kind == "ARRI"
            asked.append('name="fuel_kg"' in browser.get(f"/carrier/{number}?lot=1").text)
            when = leg["planned_arrives_at" if kind == "ARRI" else "planned_departs_at"][:16]
            fuel_kg = "120.5" if last else ""
            mass_t = "300" if kind == "LOAD" else ""
            assert tap(browser, number, event_time=when, mass_t=mass_t, fuel_kg=fuel_kg).status_code == 302, kind
            if last:
                break
        else:
            assert tap(browser, number, event_time=leg["planned_arrives_at"][:16], mass_t="300").status_code == 302
    assert asked == [False] * 5 + [True]
    *before, arrival = house.program("auditor").get(f"/api/v1/waybills/{number}/events").json["items"]
    assert [event["energy"] for event in before] == [None] * 6
    assert arrival["energy"] == {"carrier": "Diesel", "amount_g": 120_500}
    assert (arrival["voyage_id"], arrival["vessel_id"]) == (water["voyage_id"], water["vessel_id"])
    assert arrival["location_id"] == water["destination"]


def test_too_many_reports_at_once_are_none(house: House) -> None:
    """As many as are allowed are read, one more and nothing is."""
    number = number_of(house, FIRST)
    program = house.program("carrier")
    assert len(report(house, number, [7] * MAX_EVENTS)) == MAX_EVENTS
    assert program.post(f"/api/v1/waybills/{number}/events", [7] * (MAX_EVENTS + 1)).status_code == 400


def test_a_form_that_is_sent_twice_reports_once(house: House) -> None:
    """The second one meets a lot that waits for something else."""
    number = number_of(house, FIRST)
    browser = house.browser("carrier")
    bill = house.program("carrier").get(f"/api/v1/waybills/{number}").json["waybill"]
    leg = next(leg for leg in bill["lots"][0]["legs"] if leg["mode"] != "Hub")
    fields = {"lot": "1", "event_type": "LOAD", "event_time": leg["planned_departs_at"][:16], "mass_t": "12.5"}
    for _ in range(2):
        assert browser.send(f"/carrier/{number}?lot=1", f"/carrier/{number}", **fields).status_code == 302
    assert len(house.program("auditor").get(f"/api/v1/waybills/{number}/events").json["items"]) == 1


def first_leg(house: House, number: str) -> Any:
    """The first leg of lot 1 that is no handling."""
    bill = house.program("carrier").get(f"/api/v1/waybills/{number}").json["waybill"]
    return next(leg for leg in bill["lots"][0]["legs"] if leg["mode"] != "Hub")


def test_whoever_sends_a_form_late_is_told_that_it_was_not_recorded(house: House) -> None:
    """Two at one quay: the second one does not take the page of the next step for a receipt."""
    number = number_of(house, FIRST)
    browser = house.browser("carrier")
    when = first_leg(house, number)["planned_departs_at"][:16]
    fields = {"lot": "1", "event_type": "LOAD", "event_time": when}
    browser.send(f"/carrier/{number}?lot=1", f"/carrier/{number}", **fields, mass_t="12.5")
    assert "没有记下" not in browser.get(f"/carrier/{number}").text
    browser.send(f"/carrier/{number}?lot=1", f"/carrier/{number}", **fields, mass_t="13.5")
    assert "第 1 批“装载”没有记下" in browser.get(f"/carrier/{number}").text


def test_a_weight_may_be_typed_as_on_the_ticket(house: House) -> None:
    """Thousands separator, full-width digits, the unit; a decimal comma is refused with what was typed."""
    number = number_of(house, FIRST)
    browser = house.browser("carrier")
    when = first_leg(house, number)["planned_departs_at"][:16]
    refused = tap(browser, number, event_time=when, mass_t="798,5")
    assert refused.status_code == 422
    assert "重量“798,5”不是数字" in refused.text
    assert tap(browser, number, event_time=when, mass_t="１２.５ 吨").status_code == 302
    (event,) = house.program("auditor").get(f"/api/v1/waybills/{number}/events").json["items"]
    assert event["mass_kg"] == 12_500


def test_a_wrong_report_is_withdrawn_on_the_page_and_reported_again(house: House) -> None:
    """The lot waits for the loading again, the right one counts, and the wrong one stays, struck out and explained."""
    number = number_of(house, FIRST)
    browser = house.browser("carrier")
    when = first_leg(house, number)["planned_departs_at"][:16]
    assert tap(browser, number, event_time=when, mass_t="125").status_code == 302
    events = f"/api/v1/waybills/{number}/events"
    (wrong,) = house.program("auditor").get(events).json["items"]
    page, withdrawal = f"/carrier/{number}", {"event_id": wrong["event_id"], "reason": "小数点漏了"}
    assert f'value="{wrong["event_id"]}"' in browser.get(page).text
    no_reason = browser.send(page, f"{page}/withdraw", event_id=wrong["event_id"], reason=" ")
    assert no_reason.status_code == 422
    assert "撤回须写明被撤回的事件和原因" in no_reason.text
    assert browser.send(page, f"{page}/withdraw", **withdrawal).status_code == 302
    assert "已撤回：第 1 批 装载" in browser.get(page).text
    browser.send(page, f"{page}/withdraw", **withdrawal)
    assert "没有撤回" in browser.get(page).text
    assert tap(browser, number, event_time=when, mass_t="12.5").status_code == 302
    loads = [e for e in house.program("auditor").get(events).json["items"] if e["event_type"] == "LOAD"]
    assert sorted(event["mass_kg"] for event in loads) == [12_500, 125_000]
    assert "小数点漏了" in house.browser("first").get(f"/waybills/{number}").text
    assert "离开" in browser.get(page).text


def test_nobody_withdraws_what_another_party_reported(house: House) -> None:
    """The page offers a party's own reports alone, and refuses the id of another one."""
    number = number_of(house, FIRST)
    browser = house.browser("carrier")
    assert tap(browser, number, event_time=first_leg(house, number)["planned_departs_at"][:16]).status_code == 302
    events = house.program("auditor").get(f"/api/v1/waybills/{number}/events").json["items"]
    assert (
        house.browser("first")
        .send("/waybills", f"/carrier/{number}/withdraw", event_id=events[0]["event_id"], reason="x")
        .status_code
        == 403
    )
    assert len(house.program("auditor").get(f"/api/v1/waybills/{number}/events").json["items"]) == 1


def test_a_settled_waybill_shows_its_whole_story(house: House) -> None:
    """States, plan beside actual, what was credited, every event; in both languages, with a QR code."""
    with house.store.read() as session:
        waybills = list(session.waybills().values())
    of_first = [waybill for waybill in waybills if waybill.consignor.party_id == FIRST]
    actions.record(house.store, world.all_events(of_first, {"V2": world.VOYAGE_FUEL_G}), at=world.LATER)
    actions.settle(house.store, world.world_network(), world.world_factors(), at=world.LATER)
    browser = house.browser("first")
    page = browser.get(f"/waybills/{of_first[0].number}").text
    for words in ("已结算", "入账", "装载", "磅单", "<svg"):
        assert words in page
    english = browser.get(f"/waybills/{of_first[0].number}?lang=en").text
    assert "Settled: baseline" in english
    item = house.program("first").get(f"/api/v1/waybills/{of_first[0].number}").json
    assert item["transport_status"] == "DELIVERED"
    assert all(lot["settled"] for lot in item["lots"])


def test_each_lot_says_for_itself_whether_it_is_settled(house: House) -> None:
    """One lot of two was delivered: a program must not take the other for settled with it."""
    number = number_of(house, FIRST)
    with house.store.read() as session:
        bill = session.waybills([number])[number]
    actions.record(house.store, world.lot_events(bill, bill.lots[1], {"V2": world.VOYAGE_FUEL_G}), at=world.LATER)
    actions.settle(house.store, world.world_network(), world.world_factors(), at=world.LATER)
    lots = house.program("first").get(f"/api/v1/waybills/{number}").json["lots"]
    assert [(lot["lot_no"], lot["settled"], lot["carbon"]) for lot in lots] == [
        (1, False, "ESTIMATED"),
        (2, True, "SETTLED"),
    ]


def test_a_reversed_lot_is_not_shown_as_settled(house: House) -> None:
    """The third axis says what stands: reversed, and nothing credited; restated after that, restated."""
    with house.store.read() as session:
        waybills = [waybill for waybill in session.waybills().values() if waybill.consignor.party_id == SECOND]
    number, network, factors = waybills[0].number, world.world_network(), world.world_factors()
    actions.record(house.store, world.all_events(waybills, {"V1": world.VOYAGE_FUEL_G}), at=world.LATER)
    actions.settle(house.store, network, factors, at=world.LATER)

    def shown() -> tuple[str, str]:
        item = house.program("second").get(f"/api/v1/waybills/{number}").json
        return item["lots"][0]["carbon"], house.browser("second").get(f"/waybills/{number}").text

    assert shown()[0] == "SETTLED"
    actions.reverse(house.store, number, 1, "a forged ticket", world.LATER)
    status, page = shown()
    assert status == "REVERSED"
    assert "已冲销，入账为 0" in page
    assert "结算：基准" not in page
    actions.restate(house.store, number, 1, "it was none", network, factors, world.LATER)
    status, page = shown()
    assert status == "RESTATED"
    assert "结算：基准" in page
    assert actions.lots_overview(house.store).carbon["RESTATED"] == 1


def test_a_carrier_does_not_release_its_own_lot(house: House) -> None:
    """Nor void, complete or amend the document, nor withdraw a hold of the planner's; the planner may."""
    number = number_of(house, SECOND)
    hold = {"event_type": "HOLD", "lot_no": 1, "event_time": "2026-10-02T08:00:00", "reason": "a doubt"}
    (held,) = report(house, number, [hold], login="planner")
    release = {"event_type": "RELS", "lot_no": 1, "event_time": "2026-10-02T09:00:00"}
    withdrawal = {**release, "event_type": "WDRW", "withdraws": held["event_id"], "reason": "no doubt"}
    whole = [{"event_type": kind, "event_time": "2026-10-02T09:00:00"} for kind in ("VOID", "CMPL", "AMND")]
    refused = report(house, number, [release, withdrawal, *whole])
    assert {error["code"] for result in refused for error in result["errors"]} == {"not_a_carriers"}
    assert [result["status"] for result in report(house, number, [hold, release], login="planner")] == [
        "known",
        "accepted",
    ]


def test_an_estimated_end_ends_nothing(house: House) -> None:
    """A delivery or a loss that is only expected: the waybill still waits for its report, its mass is still open."""
    number = number_of(house, SECOND)
    with house.store.read() as session:
        waybill = session.waybills([number])[number]
    hoped = [
        replace(world.delivery(waybill, waybill.lots[0]), classifier=Classifier.EST),
        replace(
            world.delivery(waybill, waybill.lots[0]),
            event_id=event_id(number, 1, None, EventType.LOST),
            event_type=EventType.LOST,
            classifier=Classifier.PLN,
        ),
    ]
    assert actions.record(house.store, hoped, world.LATER).refused == ()
    assert number in house.browser("carrier").get("/carrier").text
    with house.store.read() as session:
        assert session.unsettled_lots(SECOND) == [(number, 1, 1)]


def test_a_carrier_sees_first_what_waits_for_a_report(house: House) -> None:
    """A delivered waybill is found among all; it waits again once its delivery is withdrawn; list and buttons agree."""
    carrier = User("c", "c", "c", "c", Role.CARRIER, house_operator())
    number = number_of(house, FIRST)

    def waiting() -> set[str]:
        found = {row.number for row in waybills_seen_by(house.store, carrier, open_only=True)}
        for row in waybills_seen_by(house.store, carrier):
            assert bool(next_steps(waybill_file(house.store, carrier, row.number))) == (row.number in found)
        return found

    assert number in waiting()
    with house.store.read() as session:
        bill = session.waybills([number])[number]
    events = world.all_events([bill], {"V2": world.VOYAGE_FUEL_G})
    assert not actions.record(house.store, events, world.LATER).refused
    assert number not in waiting()
    browser = house.browser("carrier")
    assert number not in browser.get("/carrier").text
    assert number in browser.get("/carrier?all=1").text
    assert number in browser.get(f"/carrier?q={number[:6]}").text
    delivery = next(event for event in events if event.event_type is EventType.DLV)
    withdrawal = replace(
        delivery,
        event_id="00000000-0000-4000-8000-000000000001",
        event_type=EventType.WDRW,
        withdraws=delivery.event_id,
        mass_kg=None,
        evidence=(),
        reason="wrong lot",
    )
    assert not actions.record(house.store, [withdrawal], world.LATER).refused
    assert number in waiting()


def house_operator() -> str:
    """Who carries in the tiny world."""
    return next(party.party_id for party in world.parties() if party.role == "operator")


def test_a_planner_takes_a_waybill_back_on_its_page_until_it_is_loaded(house: House) -> None:
    """With a reason; what it was accepted by mistake for then shows as void and offers it no more. Others have no such
    form, and of loaded cargo the page says why not."""
    number, planner = number_of(house, FIRST), house.browser("planner")
    page, form = f"/waybills/{number}", f"/waybills/{number}/void"
    assert form in planner.get(page).text
    assert form not in house.browser("carrier").get(page).text
    nameless = planner.send(page, form, reason=" ")
    assert nameless.status_code == 422
    assert "理由" in nameless.text
    assert planner.send(page, form, reason="录错了").status_code == 302
    after = planner.get(page).text
    assert "已作废" in after
    assert form not in after
    assert "请用新的货单号提交" in after
    again = planner.send("/quote", form, reason="再作废")
    assert again.status_code == 422
    assert "VOIDED" in again.text

    loaded = number_of(house, SECOND)
    waybill = waybill_file(house.store, PLANNER, loaded).waybill
    assert (
        actions.record(house.store, world.all_events([waybill], {"V2": world.VOYAGE_FUEL_G}), world.LATER).refused == ()
    )
    assert f"/waybills/{loaded}/void" not in planner.get(f"/waybills/{loaded}").text
    late = planner.send("/quote", f"/waybills/{loaded}/void", reason="不要了")
    assert late.status_code == 422
    assert "已装运" in late.text


def test_a_long_waybill_is_folded_and_unfolds_whole(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many lots the legs, of many events the older ones; heads of lots, which other pages lead to, are never
    inside a fold, and the way to all of it at once stands on the page."""
    (number,) = numbers_of(house, "first")
    bill = house.program("carrier").get(f"/api/v1/waybills/{number}").json["waybill"]
    for event in world.all_events([one for one in world.world_waybills() if one.number == number], {}):
        actions.record(house.store, [event], at=world.LATER)
    planner = house.browser("planner")
    short = planner.get(f"/waybills/{number}?lang=en").text
    monkeypatch.setattr("webapp.waybills_page.LOTS_OPEN", 1)
    monkeypatch.setattr("webapp.waybills_page.EVENTS_OPEN", 4)
    monkeypatch.setattr("webapp.waybills_page.NEWEST", 3)
    page = planner.get(f"/waybills/{number}?lang=en").text
    folds = re.findall(r'(?s)<details class="folded">.*?</details>', page)
    assert len(folds) == len(bill["lots"]) + 1
    assert not any('id="lot-' in fold for fold in folds)
    times = re.compile(r'<th scope="row" class="whole">([^<]+)</th>')
    assert times.findall(page) == times.findall(short)
    assert len(times.findall(folds[-1])) == len(times.findall(short)) - 3
    assert f"/waybills/{number}?whole=1" in page
    whole = planner.get(f"/waybills/{number}?lang=en&whole=1").text
    assert 'class="folded"' not in whole
    assert times.findall(whole) == times.findall(short)
