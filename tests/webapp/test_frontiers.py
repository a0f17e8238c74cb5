"""A frontier from the form to its points: traced in the background, each point a plan to open and accept."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from optimizer.actions import frontier_runs
from optimizer.actions.frontier_runs import carry_out_frontier, frontier_of_run
from optimizer.actions.plan_runs import cancel_plan
from optimizer.planning.document import plan_from_json
from optimizer.planning.frontier import Frontier, FrontierPoint, frontier_of
from optimizer.planning.watch import Progress
from tests.waybills.world import LATER, world_plan
from tests.webapp.signed_in import House, Visitor
from tests.webapp.test_shipments import record
from webapp import plans_page
from webapp.background.worker import Worker

FORM = {"time_limit_s": "20", "gap": "0", "what": "frontier"}
POINTS = 3
"""Enough to have a middle; a month's page asks for more."""


def house_at(path: Path) -> House:
    """Two shipments for which what is cheapest is not what is cleanest."""
    made = House.at(path)
    records = [
        record("P-1", mass_t=150),
        record("P-2", "E02", mass_t=100, cargo_code="steel", origin="YL", destination="XS"),
    ]
    assert made.program("planner").post("/api/v1/shipments", records).status_code == 200
    return made


@pytest.fixture(autouse=True, scope="module")
def few_points() -> Iterator[None]:
    """Of every frontier here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans_page, "FRONTIER_POINTS", POINTS)
        yield


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house of one's own."""
    return house_at(tmp_path / "m.db")


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, few_points: None) -> tuple[House, str]:
    """A house with a frontier that a worker traced, and its run."""
    made = house_at(tmp_path_factory.mktemp("traced") / "m.db")
    run_id = begin(made.browser("planner"))
    assert made.browser("planner").get(f"/frontiers/{run_id}").status_code == 404
    assert "前沿 ·" in made.browser("planner").get("/plans").text
    assert Worker(made.settings).queue.work_off_one()
    return made, run_id


def begin(browser: Visitor) -> str:
    """Send the form and return the id of the run."""
    started = browser.send("/plans", "/plans", **FORM)
    assert started.status_code == 302
    return str(started.headers["Location"]).rsplit("/", 1)[1]


def test_each_point_opens_its_plan(traced: tuple[House, str]) -> None:
    """What a point says is what its plan adds up to; the plans stand on the frontier's page alone."""
    house, run_id = traced
    browser, program = house.browser("planner"), house.program("planner")
    assert browser.get(f"/plans/{run_id}").headers["Location"] == f"/frontiers/{run_id}"
    found = frontier_of_run(house.store, run_id)
    assert len(found.points) == POINTS
    for before, after in pairwise(found.points):
        assert before.weighed_yuan < after.weighed_yuan
        assert before.co2e_wtw_t > after.co2e_wtw_t
    page = browser.get(f"/frontiers/{run_id}").text
    for point, plan_id in zip(found.points, found.run_ids, strict=True):
        assert f'href="/plans/{plan_id}"' in page
        assert browser.get(f"/plans/{plan_id}").status_code == 200
        plan = plan_from_json(program.get(f"/api/v1/plans/{plan_id}/document").text)
        assert plan.totals.planned.co2e_wtw_g / 1e6 == pytest.approx(point.co2e_wtw_t, abs=1e-6)
        assert plan.totals.planned.cost_fen / 100 == pytest.approx(point.cost_yuan, abs=0.01)
        assert plan.totals.baseline == found.baseline
    with house.store.read() as session:
        assert [run.run_id for run in session.runs_of_plans()] == [run_id]


def test_a_frontier_is_no_plan_and_a_plan_no_frontier(traced: tuple[House, str]) -> None:
    """Accepting it, or opening one as the other, finds nothing."""
    house, run_id = traced
    program = house.program("planner")
    assert program.post(f"/api/v1/plans/{run_id}/accept", {}).status_code == 404
    point = frontier_of_run(house.store, run_id).run_ids[0]
    assert house.browser("planner").get(f"/frontiers/{point}").status_code == 404
    assert json.loads(program.get(f"/api/v1/plans/{run_id}/document").text)["points"]


def point(price: float, yuan: float, co2e_t: float) -> FrontierPoint:
    """A point that costs and emits so much."""
    return FrontierPoint(price, None, yuan, yuan, co2e_t, 0.5, yuan, yuan, 0.0, "optimal", 1.0)


def trace(house: House, monkeypatch: pytest.MonkeyPatch, steps: list[FrontierPoint | str]) -> str:
    """Carry out a frontier that finds these points in turn; ``strike``: an interrupt lands between two of them."""

    def found(*_args: object, **hooks: Any) -> Frontier:
        points: list[FrontierPoint] = []
        for step in steps:
            if not hooks["go_on"]():
                break
            if isinstance(step, str):
                raise KeyboardInterrupt
            hooks["tell"](Progress("write", 1.0, 1.0, 1, 0.0))
            hooks["keep_plan"](step, world_plan())
            points.append(step)
        return frontier_of(points, 1.0)

    monkeypatch.setattr(frontier_runs, "frontier", found)
    run_id = begin(house.browser("planner"))
    worker = Worker(house.settings)
    carry_out_frontier(house.store, run_id, worker.network, worker.factors, clock=time.monotonic, now=lambda: LATER)
    return run_id


def states(house: House) -> dict[str, int]:
    """How many runs there are, points too."""
    with house.store.read() as session:
        return session.count_runs_by_state()


def test_only_the_plans_of_its_points_are_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that another one beats leaves the database with the end of the run; so does none that nobody traced."""
    run_id = trace(house, monkeypatch, [point(0, 10, 9), point(100, 12, 5), point(50, 13, 7)])
    found = frontier_of_run(house.store, run_id)
    assert [p.co2e_wtw_t for p in found.points] == [9, 5]
    assert found.points[1].marginal_yuan_per_t == 0.5
    assert found.dominated == 1
    assert states(house) == {"done": 3}


def test_a_frontier_that_is_stopped_keeps_the_points_it_has(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first point somebody cancels: its plan is there, and the page says that more were asked for."""
    keep = frontier_runs._Keeper.keep

    def keep_and_cancel(keeper: Any, *args: Any) -> None:
        keep(keeper, *args)
        cancel_plan(house.store, keeper.run.run_id, LATER)

    monkeypatch.setattr(frontier_runs._Keeper, "keep", keep_and_cancel)
    run_id = trace(house, monkeypatch, [point(0, 10, 9), point(100, 12, 5)])
    assert len(frontier_of_run(house.store, run_id).points) == 1
    assert "要求 3 点" in house.browser("planner").get(f"/frontiers/{run_id}").text


def test_an_interrupt_between_points_loses_none(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the wish to stop strikes, what was found is kept; where nothing was, the run says so."""
    kept = trace(house, monkeypatch, [point(0, 10, 9), point(100, 12, 5), "strike"])
    assert len(frontier_of_run(house.store, kept).points) == 2
    monkeypatch.setattr(frontier_runs, "frontier", None)
    none = trace(house, monkeypatch, ["strike"])
    with house.store.read() as session:
        run = session.run(none)
    assert run is not None
    assert (run.state, run.failure) == ("failed", frontier_runs.CANCELLED)
    assert "已取消" in house.browser("planner").get(f"/plans/{none}").text
