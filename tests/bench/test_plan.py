"""The planner beside its baselines on few shipments: one program, so plans and bounds fit each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from optimizer.bench import planning_runs
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.isolation import Isolated
from optimizer.bench.plan import (
    DIRECT,
    PLANNER,
    ROAD,
    PlanBench,
    cp_sat_method,
    direct_method,
    planner_method,
    road_method,
    run,
)
from optimizer.bench.planning_runs import PlanRun, PlanTask, run_cp_sat, run_direct, run_planner
from optimizer.bench.record import Result
from optimizer.bench.table import rows_of
from optimizer.demo.seed_files import shipments_path
from optimizer.errors import Message, ShipmentDataError
from optimizer.planning.settings import PlanSettings
from optimizer.quantities import CHINA_TIME
from tests.planning.round_factors import round_factors
from tests.planning.test_offers import MARKET
from tests.planning.test_partly import BY_ROAD, OFFERS, ORE, cut_off

ROWS = 2
MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


@pytest.fixture(scope="module")
def shipments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first rows of the demo month."""
    file = tmp_path_factory.mktemp("bench") / "shipments.csv"
    lines = shipments_path().read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[: ROWS + 1]), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def told() -> list[Message]:
    """What the bench said on its way."""
    return []


@pytest.fixture(scope="module")
def result(shipments: Path, told: list[Message]) -> Result:
    """Those shipments by all methods, twice; HiGHS solves so few to the end."""
    return run(PlanBench(MEASURED_AT, shipments, time_limit_s=300, gap=1e-6, runs=2, seed=7, cp_sat=False), told.append)


def median(result: Result, method: str, name: str) -> float:
    """A figure that must be known."""
    figure = result.method(method).figure(name)
    assert figure is not None
    assert figure.median is not None
    return figure.median


def test_both_solve_the_same_program(result: Result) -> None:
    """Column for column. HiGHS ends at the optimum, which no plan undercuts (legs are rounded to fen afterwards)."""
    assert median(result, PLANNER, "columns") == median(result, DIRECT, "columns") > 0
    assert result.method(DIRECT).endings == ("gap", "gap")
    assert median(result, DIRECT, "gap") <= 1e-6
    assert median(result, PLANNER, "objective") >= median(result, DIRECT, "objective") * (1 - 1e-5)


def test_what_stays_behind_is_tonnes_and_no_money_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """900 t without a road, 700 t of room: the price that keeps a program from leaving cargo is in no objective."""
    monkeypatch.setattr(planning_runs, "read_task", lambda task: (cut_off(), round_factors(), [ORE, BY_ROAD]))
    monkeypatch.setattr(planning_runs, "_offers", lambda task, network: OFFERS)
    task = PlanTask(Path("none.csv"), None, replace(MARKET, gap=1e-6))
    ours, direct = run_planner(task), run_direct(task)
    assert ours.left_t == direct.left_t == 200.0
    assert ours.objective_yuan == pytest.approx(direct.objective_yuan, rel=1e-5)
    assert direct.bound_yuan == pytest.approx(direct.objective_yuan, rel=1e-5)


def test_bounds_stand_below_plans_and_plans_below_the_road(result: Result) -> None:
    """The road is a plan, so no optimum costs more; no proven bound exceeds the optimum."""
    optimum = median(result, DIRECT, "objective")
    assert max(median(result, PLANNER, "bound"), median(result, DIRECT, "bound")) <= optimum * (1 + 1e-5)
    assert optimum < median(result, ROAD, "objective")
    ours, bound = median(result, PLANNER, "objective"), median(result, PLANNER, "bound")
    assert median(result, PLANNER, "gap") == pytest.approx(1 - bound / ours, abs=1e-5)


def test_every_run_is_recorded_with_its_circumstances(result: Result, told: list[Message]) -> None:
    """Two runs by turns, a value each; machine, versions, settings and time of measuring stand beside."""
    for name in (PLANNER, DIRECT):
        for figure in result.method(name).figures:
            assert len(figure.values) == 2, figure.name
        assert median(result, name, "peak_memory") > 20
    assert [message.en for message in told] == [f"run {n}/2: {m}" for n in (1, 2) for m in ("planner", "direct MIP")]
    assert (result.runs, result.seed, result.measured_at) == (2, 7, MEASURED_AT)
    assert {"product", "network", "factors", "ortools"} <= set(result.versions)
    assert f"{ROWS} shipments" in result.subject.en
    assert result.settings["gap"] == 1e-6
    assert result.machine.cores >= 1


def test_no_file_name_of_the_user_is_recorded(result: Result, shipments: Path) -> None:
    """Stored results are published."""
    assert str(shipments.parent) not in result_to_json(result)
    assert result_from_json(result_to_json(result), "plan.json") == result


def test_a_wrong_file_is_refused_with_its_faults(tmp_path: Path) -> None:
    """Reading happens in another process; the faults arrive all the same."""
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("shipment_id,mass_t\nA,-1\n", encoding="utf-8")
    with pytest.raises(ShipmentDataError) as caught:
        run(PlanBench(MEASURED_AT, wrong, runs=1))
    assert caught.value.faults


def ran(seconds: float, objective_yuan: float | None) -> Isolated[PlanRun]:
    """A run that ended so."""
    ending = "no_solution" if objective_yuan is None else "time_limit"
    bound_yuan = None if objective_yuan is None else objective_yuan * 0.9
    return Isolated(PlanRun(ending, seconds, None, objective_yuan, bound_yuan, None, 5, 3, {}), 100.0)


def test_cp_sat_gets_the_same_program_and_the_same_time(shipments: Path, result: Result) -> None:
    """As many columns, the limit kept; whatever it finds is no better than the optimum."""
    task = PlanTask(shipments, None, PlanSettings(gap=0.5, time_limit_s=6.0))
    found = run_cp_sat(task)
    assert found.columns == median(result, DIRECT, "columns")
    assert found.ending in ("gap", "time_limit", "no_solution", "failed")
    if found.objective_yuan is not None:
        assert found.objective_yuan >= median(result, DIRECT, "objective") * (1 - 1e-5)
    method = cp_sat_method([Isolated(found, 100.0)], 6.0)
    assert (method.name, method.baseline) == ("cp_sat", True)


def test_runs_that_found_nothing_are_counted_and_spoil_the_median() -> None:
    """One success among failures must not look like a result."""
    method = direct_method([ran(60, 100.0), ran(60, None), None], 60)
    objective = method.figure("objective")
    assert objective is not None
    assert (objective.values, objective.median) == ((100.0, None, None), None)
    assert method.endings == ("time_limit", "no_solution", "out_of_memory")
    assert "in 2 of 3 runs" in method.notes[0].en
    assert "3 次中 2 次" in method.notes[0].zh


def test_an_overrun_limit_is_said() -> None:
    """The time in the table is longer than the limit beside it: the reader learns why. Punctual runs need no note."""
    assert "the longest run took 71.0 s" in direct_method([ran(60, 1.0), ran(71, 1.0)], 60).notes[0].en
    assert planner_method([ran(60.5, 1.0)], 60).notes == ()


def test_the_gap_of_a_run_is_that_of_a_plan_document() -> None:
    """(objective - bound) / |objective|; unknown without one of them."""
    assert ran(1, 200.0).answer.gap == pytest.approx(0.1)
    assert ran(1, None).answer.gap is None


def test_a_shipment_without_a_road_leaves_no_sum(result: Result) -> None:
    """A part of the shipments summed would look cheap."""
    without = road_method([ran(0, None)])
    assert without.notes
    assert not result.method(ROAD).notes
    assert rows_of(result)[-1].count("—") == len(rows_of(result)[-1]) - 2
