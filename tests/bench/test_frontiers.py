"""A frontier begun from neighbours and from nothing: both told, both to the same gap."""

from __future__ import annotations

from datetime import datetime

import pytest
from click.testing import CliRunner

from optimizer.bench import frontiers, months
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.frontiers import run
from optimizer.bench.growth import MonthsBench
from optimizer.bench.isolation import Isolated
from optimizer.cli import cli
from optimizer.quantities import CHINA_TIME

MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


def test_both_beginnings_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A month of two shipments, two points: as many either way, within the gap asked for, and read back."""
    monkeypatch.setattr(months, "in_fresh_process", lambda function, task: Isolated(function(task), 100.0))
    monkeypatch.setattr(frontiers, "POINTS", 2)
    result = run(MonthsBench(MEASURED_AT, (2,), gap=0.01))
    assert [method.name for method in result.methods] == ["modalshift:2", "from_nothing:2"]
    warm, cold = ({figure.name: figure.values[0] or 0.0 for figure in method.figures} for method in result.methods)
    assert 1 <= warm["points"] == cold["points"] <= 2
    assert max(warm["gap"], cold["gap"]) <= 0.01
    assert 0 < warm["least_co2e"] <= 1
    assert result_from_json(result_to_json(result), "plan_frontier.json") == result


@pytest.mark.parametrize("more", [[], ["--sizes", "4", "--caps", "0.1"], ["--sizes", "4", "--corridors"]])
def test_frontiers_go_with_months_alone(more: list[str]) -> None:
    """Bad input, said at once."""
    result = CliRunner().invoke(cli, ["--lang", "en", "bench", "plan", "--frontier", *more])
    assert (result.exit_code, "goes with --sizes" in result.stderr) == (2, True)
