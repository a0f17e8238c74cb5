"""Plans in the background: begun, carried out by a worker, watched, cancelled, read, accepted."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from optimizer.actions import plan_runs
from optimizer.planning.document import plan_from_json, plan_to_json
from optimizer.planning.plan import Plan
from optimizer.planning.run import RunProgress
from tests.waybills.world import LATER
from tests.webapp.signed_in import House, Program
from tests.webapp.test_shipments import record
from webapp.background import worker as worker_module
from webapp.background.worker import SETTINGS_VARIABLE, Worker

SETTINGS = {"gap": 0.05, "time_limit_s": 20}


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A database with two shipments to be planned."""
    made = House.at(tmp_path / "m.db")
    records = [
        record("P-1", mass_t=1600),
        record("P-2", "E02", mass_t=30, cargo_code="steel", origin="CSI", destination="JU"),
    ]
    assert made.program("planner").post("/api/v1/shipments", records).status_code == 200
    return made


def begin(program: Program, **settings: Any) -> str:
    """Begin a plan and return its id."""
    reply = program.post("/api/v1/plans", {**SETTINGS, **settings})
    assert reply.status_code == 202
    assert reply.headers["Location"] == f"/api/v1/plans/{reply.json['run_id']}"
    run_id: str = reply.json["run_id"]
    return run_id


def test_a_plan_is_made_watched_and_accepted(house: House) -> None:
    """From the request to the waybills, over the API, by the token of a planner."""
    program = house.program("planner")
    run_id = begin(program)
    path = f"/api/v1/plans/{run_id}"
    assert program.get(path).json["state"] == "queued"
    assert program.get(f"{path}/document").status_code == 404
    worker = Worker(house.settings)
    assert worker.queue.work_off_one()
    assert not worker.queue.work_off_one()
    done = program.get(path).json
    assert done["state"] == "done"
    assert done["progress"]["bound_yuan"] <= done["progress"]["incumbent_yuan"]
    made = plan_from_json(program.get(done["document"]).text)
    assert [entry.shipment_id for entry in made.shipments] == ["P-1", "P-2"]
    stream = program.get(f"{path}/progress")
    assert stream.mimetype == "text/event-stream"
    assert "event: over" in stream.text
    accepted = program.post(f"{path}/accept", {})
    assert accepted.status_code == 201
    assert [bill["shipment_id"] for bill in accepted.json["waybills"]] == ["P-1"]
    again = program.post(f"{path}/accept", {"shipment_ids": ["P-1"]})
    assert again.json["waybills"][0]["number"] == accepted.json["waybills"][0]["number"]
    assert program.get("/api/v1/shipments/P-1").json["waybill_number"] == accepted.json["waybills"][0]["number"]
    stays = program.delete("/api/v1/shipments/P-1")
    assert (stays.status_code, "装运之前可作废该运单" in str(stays.json)) == (409, True)
    changed = program.post("/api/v1/shipments", [record("P-1", mass_t=1700)])
    assert changed.json["results"][0]["errors"][0]["code"] == "has_waybill"
    planned = program.post("/api/v1/plans", {"shipment_ids": ["P-1"]})
    assert planned.status_code == 409
    assert all("运单已作废的，请以新的货单号提交" in str(answer.json) for answer in (changed, planned))


def test_the_pages_of_a_plan_show_what_it_found(house: House) -> None:
    """Form, progress, result with reasons and lots, acceptance with its waybill."""
    browser = house.browser("planner")
    assert "待规划 2 票" in browser.get("/plans").text
    started = browser.send("/plans", "/plans", **{name: str(value) for name, value in SETTINGS.items()})
    assert started.status_code == 302
    address = started.headers["Location"]
    waiting = browser.get(address)
    assert 'data-stream="/api/v1/plans/' in waiting.text
    assert "script-src 'self'" in waiting.headers["Content-Security-Policy"]
    Worker(house.settings).queue.work_off_one()
    result = browser.get(address)
    assert "unsafe" not in result.headers["Content-Security-Policy"]
    for words in ("P-1", "P-2", "与公路基准对比", "为什么留在公路", "voyage-loaded"):
        assert words in result.text
    assert browser.send(address, f"{address}/accept", which="all").status_code == 302
    accepted = browser.get(address).text
    assert 'class="badge"' in accepted
    assert "已接受：1 票货已有运单。" in accepted
    assert "已接受" not in browser.get(address).text, "said once"
    english = browser.get(f"{address}?lang=en").text
    assert "Beside the road baseline" in english
    made = house.program("planner").get(f"/api/v1{address}/document").json
    road, saved = made["totals"]["baseline"], made["totals"]["saving"]
    hours = -saved["duration_h"] / 2
    assert f"{saved['cost_yuan'] / road['cost_yuan']:.1%} cheaper, " in english
    assert f"{saved['co2e_wtw_kg'] / road['co2e_wtw_kg']:.1%} less CO2e, {hours:,.1f} h slower" in english


@pytest.mark.parametrize(
    ("settings", "pointers"),
    [
        ({"gap": 2, "seed": -1}, ["/gap", "/seed"]),
        ({"corridors_by": "scip"}, ["/corridors_by"]),
        ({"corridors_by": 1, "seed": -1}, ["/seed", "/corridors_by"]),
        ({"gap": "x", "horizon_days": 1.5, "time_limit_s": True}, ["/horizon_days", "/gap", "/time_limit_s"]),
        ({"speed": 1, "shipment_ids": []}, ["/speed", "/shipment_ids"]),
    ],
)
def test_wrong_settings_are_named_together(house: House, settings: dict[str, Any], pointers: list[str]) -> None:
    """Every fault at once; nothing is queued."""
    program = house.program("planner")
    reply = program.post("/api/v1/plans", settings)
    assert reply.status_code == 422
    assert [error["pointer"] for error in reply.json["errors"]] == pointers
    assert program.get("/api/v1/plans").json["items"] == []


def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(house: House) -> None:
    """A fault beside its field."""
    reply = house.browser("planner").send("/plans", "/plans", gap="lots", time_limit_s="60")
    assert reply.status_code == 422
    assert 'value="lots"' in reply.text
    assert 'id="gap-fault"' in reply.text


def test_a_fault_of_the_form_names_its_field_and_its_limits_in_digits(house: House) -> None:
    """In the summary a sentence stands without its field; 1e+06 is no number to a planner, and 2 % is one."""
    browser = house.browser("planner")
    reply = browser.send("/plans", "/plans", carbon_price_yuan_per_t="一百", gap="2%", time_limit_s="60")
    assert reply.status_code == 422
    assert '<a href="#carbon_price_yuan_per_t">碳价（元/吨 CO2e）：应为 0 至 1,000,000 的数</a>' in reply.text
    assert 'id="gap-fault"' not in reply.text
    assert browser.send("/plans", "/plans", gap="2％", time_limit_s="60").status_code == 302
    (run,) = house.program("planner").get("/api/v1/plans").json["items"]
    assert run["settings"]["gap"] == 0.02


def test_a_cancelled_run_that_has_not_begun_ends_without_a_plan(house: House) -> None:
    """The worker leaves it alone."""
    program = house.program("planner")
    run_id = begin(program)
    assert program.post(f"/api/v1/plans/{run_id}/cancel").status_code == 202
    Worker(house.settings).queue.work_off_one()
    over = program.get(f"/api/v1/plans/{run_id}").json
    assert (over["state"], over["cancelled"]) == ("failed", True)
    assert "Cancelled" in over["failure"]


@pytest.mark.parametrize("stage", ["bound", "3: bound"])
@pytest.mark.parametrize(("lang", "words"), [("zh", "求下界"), ("en", "bounding")])
def test_a_running_plan_tells_its_stage_in_words(house: House, lang: str, words: str, stage: str) -> None:
    """On the page as it is sent, and for the script that fills in the next ones: no key of the program is shown."""
    run_id = begin(house.program("planner"))
    with house.store.write() as session:
        session.note_progress(run_id, RunProgress(stage=stage))
    page = house.browser("planner").get(f"/plans/{run_id}?lang={lang}").text
    given, shown = re.findall(r"""data-field="stage" data-words='([^']+)'>([^<]+)<""", page)[0]
    assert shown == stage.replace("bound", words)
    assert json.loads(html.unescape(given))["bound"] == words


def test_a_running_plan_is_cancelled_with_the_best_so_far(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wish to stop is heard at the next sign of life; the plan is there, with its gap."""
    monkeypatch.setattr(plan_runs, "TOLD_EVERY_S", 0.0)
    program = house.program("planner")
    run_id = begin(program, gap=0.0)
    noted = house.store

    def cancel_soon() -> float:
        with noted.write() as session:
            session.cancel_run(run_id)
        return time.monotonic()

    worker = Worker(house.settings)
    plan_runs.carry_out(noted, run_id, worker.network, worker.factors, clock=cancel_soon, now=lambda: LATER)
    over = program.get(f"/api/v1/plans/{run_id}").json
    assert over["state"] == "done"
    document = json.loads(program.get(over["document"]).text)
    assert document["settings"]["stop"] == "interrupt"


def test_a_run_whose_worker_died_is_said_to_be_cut_off(house: House) -> None:
    """The next worker ends it, and makes those still queued."""
    program = house.program("planner")
    dead, waiting = begin(program), begin(program, seed=1)
    with house.store.write() as session:
        assert session.take_run(dead, LATER)
    Worker(house.settings).pick_up()
    assert program.get(f"/api/v1/plans/{dead}").json["state"] == "failed"
    assert program.get(f"/api/v1/plans/{waiting}").json["state"] == "done"


def test_the_oldest_waiting_run_is_picked_up_however_many_wait_behind_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue file that was lost, sixty runs in the books: the list of the page has the newest fifty, and the first
    ten were never made."""
    program = house.program("planner")
    waiting = [begin(program, seed=seed) for seed in range(2)]
    with house.store.write() as session:
        first = session.run(waiting[0])
        assert first is not None
        for number in range(60):
            later = first.created_at + timedelta(hours=1, seconds=number)
            session.add_run(replace(first, run_id=f"later-{number:02}", created_at=later))
    made: list[str] = []
    worker = Worker(house.settings)
    monkeypatch.setattr(worker, "make", made.append)
    worker.pick_up()
    assert len(made) == 62
    assert set(made[:2]) == set(waiting)
    assert made[2:] == [f"later-{number:02}" for number in range(60)]


def test_stopping_before_there_is_a_plan_leaves_the_worker_alive(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wish interrupts the main thread wherever it is, also where nobody expects it. Nothing
    would ever start another worker."""
    run_id, worker = begin(house.program("planner")), Worker(house.settings)

    def somebody() -> None:
        with house.store.write() as session:
            session.cancel_run(run_id)

    def asked_to_stop(*_args: object, **_kwargs: object) -> None:
        # By another thread, so that the wish meets this one here and not while it puts a connection away.
        Thread(target=somebody).start()
        for _ in range(1_000):
            time.sleep(0.01)

    monkeypatch.setattr(worker_module, "PATIENCE_S", 0.02)
    monkeypatch.setattr(worker_module, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(plan_runs, "plan", asked_to_stop)
    # Where these tests were begun in the background of a shell, Python finds interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        worker.make(run_id)
    except KeyboardInterrupt:
        pytest.fail("the worker would be gone")
    finally:
        signal.signal(signal.SIGINT, before)
    run = house.program("planner").get(f"/api/v1/plans/{run_id}").json
    assert run["state"] == "failed"
    assert "Cancelled before there was a plan." in run["failure"]


def test_ctrl_c_ends_the_worker(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's, that is: nobody asked this plan to stop."""
    run_id, worker = begin(house.program("planner")), Worker(house.settings)

    def pressed(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(plan_runs, "plan", pressed)
    with pytest.raises(KeyboardInterrupt):
        worker.make(run_id)


def test_a_defect_ends_its_plan_and_leaves_the_worker_alive(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits is told that it was no fault of the shipments; what went wrong inside stands in the log alone."""
    program, worker = house.program("planner"), Worker(house.settings)
    run_id = begin(program)

    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("somewhere inside")

    with monkeypatch.context() as patched:
        patched.setattr(plan_runs, "plan", broken)
        assert worker.queue.work_off_one()
    run = program.get(f"/api/v1/plans/{run_id}").json
    assert run["state"] == "failed"
    assert "Internal error" in run["failure"]
    assert "inside" not in run["failure"]


def test_stopping_while_a_plan_is_written_down_does_not_lose_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the best there is, which is what a wish to stop asks for."""
    program, worker = house.program("planner"), Worker(house.settings)
    run_id, presses = begin(program), iter([KeyboardInterrupt])

    def written(plan: Plan) -> str:
        for pressed in presses:
            raise pressed
        return plan_to_json(plan)

    monkeypatch.setattr(plan_runs, "plan_to_json", written)
    worker.make(run_id)
    assert program.get(f"/api/v1/plans/{run_id}").json["state"] == "done"


def test_the_worker_is_a_process_that_makes_plans(house: House) -> None:
    """As `serve` starts it; it ends when its parent is gone."""
    program = house.program("planner")
    run_id = begin(program)
    environment = {**os.environ, SETTINGS_VARIABLE: house.settings.to_json()}
    command = [sys.executable, "-m", "webapp.background.worker", "--with-parent"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as worker:
        try:
            for _ in range(600):
                if program.get(f"/api/v1/plans/{run_id}").json["state"] == "done":
                    break
                time.sleep(0.2)
        finally:
            worker.terminate()
    assert program.get(f"/api/v1/plans/{run_id}").json["state"] == "done"


@pytest.mark.parametrize("login", ["e01", "carrier", "auditor", "bank", "admin"])
def test_plans_are_for_planners(house: House, login: str) -> None:
    """Whatever the verb, and on the pages too."""
    run_id = begin(house.program("planner"))
    program, browser = house.program(login), house.browser(login)
    for path in ("", f"/{run_id}", f"/{run_id}/document", f"/{run_id}/progress"):
        assert program.get(f"/api/v1/plans{path}").status_code == 403
    for path in ("", f"/{run_id}/cancel", f"/{run_id}/accept"):
        assert program.post(f"/api/v1/plans{path}", {}).status_code == 403
    assert browser.get("/plans").status_code == 403
    assert "/plans" not in browser.get("/quote").text


def test_a_second_plan_leaves_what_has_a_waybill(house: House) -> None:
    """Over the page: planned around the accepted shipment, whose way stays to the minute; accepting the new plan
    answers its old waybill. Over the API the choice is a boolean."""
    program = house.program("planner")
    worker = Worker(house.settings)
    first = begin(program)
    assert worker.queue.work_off_one()
    bill = program.post(f"/api/v1/plans/{first}/accept", {}).json["waybills"][0]
    old = plan_from_json(program.get(f"/api/v1/plans/{first}/document").text)
    more = [record("P-3", mass_t=700, origin="QJ", destination="ZP")]
    assert program.post("/api/v1/shipments", more).status_code == 200
    second = begin(program, keep_accepted=True)
    assert worker.queue.work_off_one()
    made = plan_from_json(program.get(f"/api/v1/plans/{second}/document").text)
    assert made.kept is not None
    assert made.kept.shipments == ("P-1",)
    told = program.get(f"/api/v1/plans/{second}").json["progress"]
    whole = (made.objective_yuan, made.bound_yuan, made.gap)
    assert (told["incumbent_yuan"], told["bound_yuan"], told["gap"]) == pytest.approx(whole), "as the plan's own page"
    assert {entry.shipment_id for entry in made.shipments} == {"P-1", "P-2", "P-3"}
    voyage = {leg.voyage_id for leg in made.shipments[0].lots[0].legs} - {""}
    assert voyage == {leg.voyage_id for leg in old.shipments[0].lots[0].legs} - {""}
    accepted = program.post(f"/api/v1/plans/{second}/accept", {}).json["waybills"]
    assert bill["number"] in {item["number"] for item in accepted}
    assert program.post("/api/v1/plans", {"keep_accepted": "yes"}).status_code == 422
