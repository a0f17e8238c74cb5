"""Months under caps on CO2e: the cap comes from the plan without one, and what is said of it is true."""

from __future__ import annotations

from datetime import datetime

import pytest
from click.testing import CliRunner

from optimizer.bench import caps as capping
from optimizer.bench.caps import CapBench, run
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.isolation import Isolated
from optimizer.bench.planning_runs import PlanRun, PlanTask
from optimizer.bench.record import Method, Result
from optimizer.cli import cli
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME

MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)
LOWEST = 0.5


@pytest.fixture(scope="module")
def told() -> list[Message]:
    """What the bench said on its way."""
    return []


@pytest.fixture(scope="module")
def result(told: list[Message]) -> Result:
    """A month of four shipments, caps a hundredth below and far below; not in processes of their own, to be quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(capping, "in_fresh_process", lambda function, task: Isolated(function(task), 100.0))
        return run(CapBench(MEASURED_AT, (4,), below=(0.01, LOWEST), gap=0.0, runs=2), told.append)


def values(method: Method, name: str) -> tuple[float | None, ...]:
    """A figure of a method, run by run."""
    figure = method.figure(name)
    assert figure is not None, name
    return figure.values


def test_each_cap_stands_below_what_its_own_month_emits(result: Result, told: list[Message]) -> None:
    """Run by run, since each run has a month of its own; a plan that was found keeps it, as the check has it."""
    free, *capped = result.methods
    assert [method.name for method in result.methods] == ["no_cap:4", "modalshift:4:0.01", f"modalshift:4:{LOWEST:g}"]
    assert [method.baseline for method in result.methods] == [True, False, False]
    assert len(told) == 6
    for method, below in zip(capped, (0.01, LOWEST), strict=True):
        for place, emits_t in enumerate(values(free, "co2e_wtw")):
            assert emits_t is not None
            cap_t, found_t = values(method, "cap")[place], values(method, "co2e_wtw")[place]
            assert cap_t == pytest.approx(emits_t * (1 - below), abs=0.001)
            assert values(method, "kept")[place] == float(found_t is not None)
            assert found_t is None or found_t <= cap_t + 1e-5
    assert result_from_json(result_to_json(result), "plan_caps.json") == result


def test_a_cap_never_makes_a_month_cheaper(result: Result) -> None:
    """Solved to the end: where a plan was found it costs at least as much as the one without a cap."""
    free, near, _ = result.methods
    for cheap, dear in zip(values(free, "objective"), values(near, "objective"), strict=True):
        assert cheap is not None
        assert dear is None or dear >= cheap - 0.01


def test_where_no_plan_is_found_there_are_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither gap nor emission, and the cap is not said to be kept."""

    def answer(function: object, task: PlanTask) -> Isolated[PlanRun]:
        capped = task.settings.co2e_cap_t is not None
        known = (None, None, None) if capped else (100.0, 99.0, 10.0)
        return Isolated(PlanRun("no_solution" if capped else "gap", 1.0, None, *known, 5, 3, {}, 1.0, 0.0), 100.0)

    monkeypatch.setattr(capping, "in_fresh_process", answer)
    _, capped = run(CapBench(MEASURED_AT, (2,), below=(0.015,))).methods
    assert values(capped, "cap") == (9.85,)
    assert values(capped, "kept") == (0.0,)
    assert values(capped, "gap") == values(capped, "co2e_wtw") == (None,)
    assert capped.endings == ("no_solution",)


@pytest.mark.parametrize(
    "options",
    [
        ["--caps", "0.01"],
        ["--caps", "1.5", "--sizes", "4"],
        ["--caps", "nan", "--sizes", "4"],
        ["--caps", "0.01", "--sizes", "4", "--append"],
        ["--caps", "0.01", "--sizes", "4", "--offers", "3"],
    ],
)
def test_caps_that_name_no_month_or_no_part_are_refused(options: list[str]) -> None:
    """Before anything is measured."""
    outcome = CliRunner().invoke(cli, ["bench", "plan", *options])
    assert outcome.exit_code == 2
    assert "--caps" in outcome.output
