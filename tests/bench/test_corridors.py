"""The same corridors given to HiGHS and to CP-SAT: what both gain is told, and what CP-SAT says holds every row."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
import scipy.sparse as sp
from click.testing import CliRunner

from optimizer.bench import corridors as walking
from optimizer.bench import months
from optimizer.bench.corridors import by_cp_sat, run
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.growth import MonthsBench
from optimizer.bench.isolation import Isolated
from optimizer.cli import cli
from optimizer.planning.design import Effort, Program
from optimizer.quantities import CHINA_TIME

MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


def test_both_solvers_get_the_same_corridors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A month of four shipments, two corridors: each counted once, no gain below zero, the result is read back."""
    monkeypatch.setattr(months, "in_fresh_process", lambda function, task: Isolated(function(task), 100.0))
    monkeypatch.setattr(walking, "CORRIDORS", 2)
    monkeypatch.setattr(walking, "LEAST_S", 0.2)
    monkeypatch.setattr(walking, "TIMES_AS_LONG", 1.0)
    result = run(MonthsBench(MEASURED_AT, (4,)))
    assert [method.name for method in result.methods] == ["modalshift:4", "cp_sat:4"]
    figures = [{figure.name: figure.values[0] or 0.0 for figure in method.figures} for method in result.methods]
    assert figures[0]["tried"] == figures[1]["tried"] <= 2
    assert all(0 <= one["better"] <= one["tried"] and one["gained"] >= 0 for one in figures)
    assert result_from_json(result_to_json(result), "plan_corridors.json") == result


def test_what_cp_sat_decides_of_ships_is_settled_in_parts_of_tonnes() -> None:
    """2.5 t of cargo fill ships of 2 t, dear cargo by road else: two ships sail, and no part of a tonne is lost."""
    # Columns: share on water, share by road, ships. Rows: all cargo goes; no more on water than the ships carry.
    program = Program(
        np.array([0.0, 100.0, 10.0]),
        sp.csr_array(np.array([[1.0, 1.0, 0.0], [2.5, 0.0, -2.0]])),
        np.array([1.0, -np.inf]),
        np.array([1.0, 0.0]),
        np.zeros(3),
        np.array([1.0, 1.0, 5.0]),
        np.array([False, False, True]),
    )
    found = by_cp_sat(program, Effort(seconds=5.0, threads=1), np.array([0.0, 1.0, 0.0]), np.array([3.0, 3.0, 1.0]))
    assert found.x is not None
    assert found.x == pytest.approx([1.0, 0.0, 2.0])


@pytest.mark.parametrize("more", [[], ["--sizes", "4", "--caps", "0.1"], ["--sizes", "4", "--cuts"]])
def test_corridors_go_with_months_alone(more: list[str]) -> None:
    """Bad input, said at once."""
    result = CliRunner().invoke(cli, ["--lang", "en", "bench", "plan", "--corridors", *more])
    assert (result.exit_code, "goes with --sizes" in result.stderr) == (2, True)
