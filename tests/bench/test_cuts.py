"""How much linking cuts raise the bound of months that climb: three bounds, each proven."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from click.testing import CliRunner

from optimizer.bench import cuts as cutting
from optimizer.bench import months
from optimizer.bench.cuts import run
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.growth import MonthsBench
from optimizer.bench.isolation import Isolated
from optimizer.cli import cli
from optimizer.planning.bounds.ascent import ONWARD, Stage, climb_on, climb_up
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.linking import Linker, with_cuts
from optimizer.planning.design import Floats
from optimizer.quantities import CHINA_TIME
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import cargo
from tests.planning.solved import lay_out

MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


def nothing(proof: LagrangianBound) -> Floats:
    """Rows without prices."""
    return np.zeros(len(proof.plan.row_slot))


def test_cuts_never_lower_the_bound_and_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A month of four shipments: cuts are found and priced, the bound is no lower, the result is read back."""
    monkeypatch.setattr(months, "in_fresh_process", lambda function, task: Isolated(function(task), 100.0))
    short = Stage((0,), 20, 1.0, 0.12)
    monkeypatch.setattr(cutting, "climb_up", lambda proof, left_s: climb_on(proof, nothing(proof), left_s, short))
    monkeypatch.setattr(cutting, "ONWARD", short)
    monkeypatch.setattr(cutting, "ROUNDS", 1)
    result = run(MonthsBench(MEASURED_AT, (4,)))
    assert [method.name for method in result.methods] == ["modalshift:4", "longer:4", "cuts:4"]
    figures = {m.name.split(":")[0]: {f.name: f.values[0] for f in m.figures} for m in result.methods}
    bounds = [figures[name]["bound"] for name in ("modalshift", "cuts")]
    counts = [figures["cuts"][name] for name in ("priced", "cuts")]
    assert bounds == sorted(bounds, key=lambda yuan: yuan or 0.0)
    assert counts == sorted(counts, key=lambda count: count or 0.0)
    assert result_from_json(result_to_json(result), "plan_cuts.json") == result


def test_a_climb_with_cuts_proves_more_and_no_more_than_the_best_plan() -> None:
    """Small loads, for which averages send parts of a ship: with the cuts these break the bound is higher, and below
    the best plan."""
    case = lay_out(tiny_network(), [cargo(number, 60.0, "UP", due_h=120.0) for number in range(3)])
    proof = LagrangianBound(case.program, case.fleet, case.space.ways)
    climb = climb_up(proof, lambda: np.inf)
    cuts = Linker(case.program, case.space).broken_on_average(climb.line_shares, climb.hulls, case.fleet.columns)
    assert cuts
    stronger = LagrangianBound(with_cuts(case.program, case.space, cuts), case.fleet, case.space.ways)
    onward = climb_on(stronger, np.append(climb.prices, np.zeros(len(cuts))), lambda: np.inf, ONWARD)
    assert climb.bound < onward.bound <= case.solve().objective + 1e-6


@pytest.mark.parametrize("more", [[], ["--sizes", "4", "--caps", "0.1"], ["--sizes", "4", "--offers", "3"]])
def test_cuts_go_with_months_alone(more: list[str]) -> None:
    """Bad input, said at once."""
    result = CliRunner().invoke(cli, ["--lang", "en", "bench", "plan", "--cuts", *more])
    assert (result.exit_code, "--cuts goes with" in result.stderr) == (2, True)
