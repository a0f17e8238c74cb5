"""Carriers' sailings given on the web, by a file in the form or a field of the API: taken, shown, accepted, refused."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from optimizer.actions import user_id_of
from optimizer.planning.check import check_plan
from optimizer.planning.document import plan_from_json
from optimizer.planning.files.sailing_file import HEADERS
from optimizer.planning.files.sailing_records import sailings_from_records
from optimizer.planning.files.shipment_file import shipments_from_records
from optimizer.planning.files.shipment_sheet import rows_of
from optimizer.planning.plan import Plan
from tests.webapp.signed_in import House
from tests.webapp.test_shipments import record
from webapp.api import sailings
from webapp.background.worker import Worker
from webapp.clock import now

SHIPMENTS = [record("P-1", mass_t=700), record("P-2", mass_t=30)]
SAILING = {
    "sailing_id": "HY-1",
    "carrier_id": "C-77",
    "vessel_class": "B800",
    "from": "ZP",
    "to": "QJ",
    "departs_at": "2026-10-10T08:00:00+08:00",
    "arrives_at": "2026-10-12T20:00:00+08:00",
    "capacity_t": 800,
    "cargo_groups": "coal",
    "price_yuan_per_t": 6.5,
}
TYPED = {"gap": "0.05", "time_limit_s": "20"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A database with two shipments to be planned."""
    made = House.at(tmp_path / "m.db")
    assert made.program("planner").post("/api/v1/shipments", SHIPMENTS).status_code == 200
    return made


def file_of(*sailings: dict[str, Any], name: str = "航次.csv") -> tuple[io.BytesIO, str]:
    """An upload: a table of sailings."""
    table = io.StringIO()
    writer = csv.DictWriter(table, [*SAILING], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(sailings)
    return io.BytesIO(table.getvalue().encode()), name


def hold(made: Plan, sailings: list[dict[str, Any]], worker: Worker) -> None:
    """The plan keeps every rule, these sailings among what it may take."""
    offers = sailings_from_records(sailings, worker.network)
    shipments = shipments_from_records(SHIPMENTS, worker.network)
    found = check_plan(made, shipments, worker.network, worker.factors, offers)
    assert [violation.text("en") for violation in found] == []


def test_sailings_over_the_api_are_planned_checked_and_accepted(house: House) -> None:
    """Own fleet off: the coal goes with the carrier, at its price, and so says the waybill."""
    program, worker = house.program("planner"), Worker(house.settings)
    listed = [{**SAILING, "cargo_groups": ["coal"]}]
    reply = program.post("/api/v1/plans", {"gap": 0.05, "sailings": listed, "own_voyages": False})
    assert reply.status_code == 202
    assert (reply.json["sailings"], reply.json["settings"]["own_voyages"]) == (1, False)
    assert worker.queue.work_off_one()
    path = f"/api/v1/plans/{reply.json['run_id']}"
    made = plan_from_json(program.get(f"{path}/document").text)
    hold(made, listed, worker)
    (voyage,) = made.voyages
    assert voyage.offer is not None
    assert (voyage.voyage_id, voyage.offer.carrier_id, voyage.offer.price_yuan_per_t) == ("HY-1", "C-77", 6.5)
    bills = program.post(f"{path}/accept", {}).json["waybills"]
    assert "P-1" in {bill["shipment_id"] for bill in bills}
    bill = program.get(f"/api/v1/waybills/{bills[0]['number']}").json
    assert '"HY-1"' in str(bill).replace("'", '"')


def test_sailings_of_a_file_are_planned_shown_and_accepted(house: House) -> None:
    """The form takes the file of the command line; the plan's page names carrier, sailing, price and who is aboard."""
    browser, worker = house.browser("planner"), Worker(house.settings)
    assert 'enctype="multipart/form-data"' in browser.get("/plans").text
    started = browser.send("/plans", "/plans", sailings=file_of(SAILING), own_voyages="none", **TYPED)
    assert started.status_code == 302
    address = started.headers["Location"]
    assert worker.queue.work_off_one()
    made = plan_from_json(house.program("planner").get(f"/api/v1{address}/document").text)
    hold(made, [SAILING], worker)
    assert made.settings["own_voyages"] is False
    page = browser.get(f"{address}?lang=en").text
    rows = page.split('id="taken-title"')[1].split("</table>")[0]
    for words in ("HY-1", "C-77", "6.50", "P-1"):
        assert words in rows
    assert browser.send(address, f"{address}/accept", which="all").status_code == 302
    assert house.program("planner").get("/api/v1/shipments/P-1").json["waybill_number"]


def test_an_empty_field_of_the_form_is_no_file(house: House) -> None:
    """The fleet sails then, as before."""
    browser = house.browser("planner")
    started = browser.send("/plans", "/plans", sailings=(io.BytesIO(b""), ""), **TYPED)
    (run,) = house.program("planner").get("/api/v1/plans").json["items"]
    assert (started.status_code, run["sailings"], run["settings"]["own_voyages"]) == (302, 0, True)


def test_faults_of_a_file_come_together_with_row_and_column_beside_those_of_other_fields(house: House) -> None:
    """Nothing is queued; what was typed and chosen stays."""
    browser = house.browser("planner")
    wrong = [SAILING, {**SAILING, "sailing_id": "HY-2", "capacity_t": "many", "to": "ATLANTIS"}, SAILING]
    reply = browser.send("/plans?lang=en", "/plans", sailings=file_of(*wrong), own_voyages="none", gap="lots")
    assert reply.status_code == 422
    for words in ("row 3, capacity_t: ", "row 3, to: ", "row 4, sailing_id: ", 'id="gap-fault"', 'value="lots"'):
        assert words in reply.text
    assert '<option value="none" selected>' in reply.text
    assert 'name="kept_sailings"' not in reply.text, "a wrong file is to be mended, not kept"
    assert house.program("planner").get("/api/v1/plans").json["items"] == []
    many = [{**SAILING, "sailing_id": f"S{n}", "vessel_class": "ARK"} for n in range(50)]
    told = browser.send("/plans", "/plans", sailings=file_of(*many), **TYPED).text
    assert "10 more faults" in told


def test_a_good_file_is_not_lost_when_another_field_is_wrong(house: House) -> None:
    """It is kept for whoever sent it: a browser would not fill it in again."""
    browser = house.browser("planner")
    reply = browser.send("/plans", "/plans", sailings=file_of(SAILING), gap="lots")
    assert reply.status_code == 422
    assert "航次.csv" in reply.text
    kept = reply.text.split('name="kept_sailings" value="')[1].split('"')[0]
    again = browser.send("/plans", "/plans", kept_sailings=kept, gap="still lots")
    assert f'value="{kept}"' in again.text
    with house.store.write() as session:
        session.keep_returned_file("theirs", user_id_of("auditor"), "s.csv", file_of(SAILING)[0].read(), now())
    for other in ("theirs", "nobody's"):
        assert browser.send("/plans", "/plans", kept_sailings=other, **TYPED).status_code == 422
    assert browser.send("/plans", "/plans", kept_sailings=kept, **TYPED).status_code == 302
    (run,) = house.program("planner").get("/api/v1/plans").json["items"]
    assert run["sailings"] == 1


@pytest.mark.parametrize("path", ["/api/v1/plans", "/api/v1/frontiers"])
def test_faults_of_the_api_are_named_by_pointer_with_those_of_other_fields(house: House, path: str) -> None:
    """Every fault at once; nothing is queued."""
    program = house.program("planner")
    twice = [SAILING, {**SAILING, "capacity_t": -1, "speed": 9}, 7]
    reply = program.post(path, {"sailings": twice, "own_voyages": "none", "gap": 2})
    assert reply.status_code == 422
    pointers = {error["pointer"] for error in reply.json["errors"]}
    rows = {"/sailings/1/capacity_t", "/sailings/1/sailing_id", "/sailings/1/speed", "/sailings/2"}
    assert pointers == {*rows, "/own_voyages", "/gap"}
    assert [error["pointer"] for error in program.post(path, {"sailings": {}}).json["errors"]] == ["/sailings"]
    assert program.get("/api/v1/plans").json["items"] == []


def test_a_list_of_too_many_sailings_is_not_even_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One fault for the list, none for what stands in it; as many as are allowed are read."""
    monkeypatch.setattr(sailings, "MAX_SAILINGS", 2)
    program = house.program("planner")
    allowed, too_many = (program.post("/api/v1/plans", {"sailings": [7] * count}) for count in (2, 3))
    assert [error["pointer"] for error in allowed.json["errors"]] == ["/sailings/0", "/sailings/1"]
    (fault,) = too_many.json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/sailings", "bad_type")
    assert "至多 2 个" in fault["message"]


@pytest.mark.parametrize("login", ["e01", "carrier", "auditor", "bank", "admin"])
def test_only_planners_give_sailings(house: House, login: str) -> None:
    """In either door; nothing is kept."""
    assert house.program(login).post("/api/v1/plans", {"sailings": [SAILING]}).status_code == 403
    browser = house.browser(login)
    assert browser.send("/quote", "/plans", sailings=file_of(SAILING)).status_code == 403


def test_a_frontier_takes_sailings(house: House) -> None:
    """Each of its points may; without a fleet of its own the plan of some point does."""
    program, worker = house.program("planner"), Worker(house.settings)
    body = {"sailings": [SAILING], "own_voyages": False, "points": 2, "gap": 0.05, "time_limit_s": 20}
    run_id = program.post("/api/v1/frontiers", body).json["run_id"]
    assert worker.queue.work_off_one()
    points = program.get(f"/api/v1/frontiers/{run_id}").json["points"]
    made = [plan_from_json(program.get(f"{point['plan']}/document").text) for point in points]
    assert {voyage.voyage_id for plan in made for voyage in plan.voyages} == {"HY-1"}
    for plan in made:
        hold(plan, [SAILING], worker)


def test_a_second_plan_keeps_a_sailing_that_is_still_offered(house: House) -> None:
    """As on the command line: listed again it stays, left out its cargo moves, and why is said."""
    program, worker = house.program("planner"), Worker(house.settings)
    body = {"gap": 0.05, "sailings": [SAILING], "own_voyages": False}
    first = program.post("/api/v1/plans", body).json["run_id"]
    assert worker.queue.work_off_one()
    assert program.post(f"/api/v1/plans/{first}/accept", {"shipment_ids": ["P-1"]}).status_code == 201
    more = [record("P-3", mass_t=40, origin="QJ", destination="ZP")]
    assert program.post("/api/v1/shipments", more).status_code == 200
    kept, gone = (
        program.post("/api/v1/plans", {**body, "keep_accepted": True, "sailings": sailings}).json["run_id"]
        for sailings in ([SAILING], [])
    )
    while worker.queue.work_off_one():
        pass
    stayed, moved = (plan_from_json(program.get(f"/api/v1/plans/{run_id}/document").text) for run_id in (kept, gone))
    assert stayed.kept is not None
    assert stayed.kept.shipments == ("P-1",)
    assert [voyage.voyage_id for voyage in stayed.voyages] == ["HY-1"]
    assert [item.shipment_id for item in moved.moved] == ["P-1"]


def test_every_column_of_the_file_is_a_field_of_the_api(house: House) -> None:
    """In the document of the API, by the same names."""
    document = house.app.test_client().get("/api/openapi.json").json
    body = document["paths"]["/api/v1/plans"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]["sailings"]["items"]["properties"]) == set(HEADERS)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_can_be_uploaded_as_it_is(house: House, kind: str, lang: str) -> None:
    """The form links it; its example row is a good sailing, and every column that is known stands in its header."""
    browser = house.browser("planner")
    address = f"/plans/sailings.{kind}"
    assert f'href="{address}"' in browser.get(f"/plans?lang={lang}").text
    file = browser.get(f"{address}?lang={lang}")
    assert ("sailings-template" in file.headers["Content-Disposition"]) == (lang == "en")
    _header, row = rows_of(file.data, f"t.{kind}")
    assert len(row.cells) == len(HEADERS)
    sent = browser.send("/plans", "/plans", sailings=(io.BytesIO(file.data), f"t.{kind}"), **TYPED)
    (run,) = house.program("planner").get("/api/v1/plans").json["items"]
    assert (sent.status_code, run["sailings"]) == (302, 1)
    assert browser.get("/plans/sailings.exe").status_code == 404
