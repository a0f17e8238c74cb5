"""A plan accepted part by part: each part stays with those before it, and the next plan is made around all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.planning.document import plan_from_json
from tests.webapp.signed_in import House
from tests.webapp.test_plans import begin
from tests.webapp.test_shipments import record
from webapp.background.worker import Worker


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A database with two shipments that go by water."""
    made = House.at(tmp_path / "m.db")
    records = [record("P-1", mass_t=1600), record("P-3", mass_t=700, origin="QJ", destination="ZP")]
    assert made.program("planner").post("/api/v1/shipments", records).status_code == 200
    return made


def test_a_second_part_does_not_push_the_first_one_out(house: House) -> None:
    """One shipment is accepted, then the other; the next plan keeps both. It was refused: the plan that was accepted
    last did not know the first one."""
    program, worker = house.program("planner"), Worker(house.settings)
    first = begin(program)
    assert worker.queue.work_off_one()
    for name in ("P-1", "P-3"):
        bills = program.post(f"/api/v1/plans/{first}/accept", {"shipment_ids": [name]}).json["waybills"]
        assert name in {bill["shipment_id"] for bill in bills}
    assert program.post("/api/v1/shipments", [record("P-4", mass_t=40)]).status_code == 200
    second = begin(program, keep_accepted=True)
    assert worker.queue.work_off_one()
    run = program.get(f"/api/v1/plans/{second}").json
    assert run["failure"] == ""
    made = plan_from_json(program.get(f"/api/v1/plans/{second}/document").text)
    assert made.kept is not None
    assert made.kept.shipments == ("P-1", "P-3")
    page = house.browser("planner").get(f"/plans/{second}").text.split('id="page-title"')[1]
    places = [page.index(name) for name in ("P-4", "P-1", "P-3")]
    assert places == sorted(places), "what has a waybill stands behind what is to be decided"


def test_nothing_ticked_accepts_nothing(house: House) -> None:
    """The page says so; an empty plan would be taken for the one that was accepted last."""
    browser, program = house.browser("planner"), house.program("planner")
    run_id = begin(program)
    assert Worker(house.settings).queue.work_off_one()
    reply = browser.send(f"/plans/{run_id}", f"/plans/{run_id}/accept", which="ticked")
    assert reply.status_code == 422
    with house.store.read() as session:
        assert session.newest_plan() is None


def test_an_unregistered_shipper_leads_back_to_the_plan(house: House) -> None:
    """The sentence says what to do, and the link goes back to the page of the plan where it was ticked."""
    browser, program = house.browser("planner"), house.program("planner")
    record_of_nobody = record("P-9", shipper_id="无名公司", mass_t=1600)
    assert program.post("/api/v1/shipments", [record_of_nobody]).status_code == 200
    run_id = begin(program)
    assert Worker(house.settings).queue.work_off_one()
    reply = browser.send(f"/plans/{run_id}", f"/plans/{run_id}/accept", which="some", shipment="P-9")
    assert reply.status_code == 422
    assert "托运人“无名公司”尚未登记；请先登记（modalshift party add）" in reply.text
    assert f'href="/plans/{run_id}?page=1">回到计划</a>' in reply.text
