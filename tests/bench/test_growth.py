"""The growth of time with the month: what is fitted, what is left out, how sizes measured apart become one curve."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import log2
from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer.bench import growth as growing
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.growth import MonthsBench, growth, joined, method_of, run, with_yardstick
from optimizer.bench.isolation import Isolated
from optimizer.bench.planning_runs import PlanRun, Sign
from optimizer.bench.record import Method, Result
from optimizer.cli import cli
from optimizer.errors import InputError
from optimizer.quantities import CHINA_TIME

MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


@pytest.fixture(scope="module")
def result() -> Result:
    """Two small months, the gap so wide that nothing is cut off; not in processes of their own, to be quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growing, "in_fresh_process", lambda function, task: Isolated(function(task), 100.0))
        return run(MonthsBench(MEASURED_AT, (4, 2), time_limit_s=300.0, gap=0.5))


def ran(seconds: float, gap: float = 0.01) -> Isolated[PlanRun]:
    """A run that took so long and proved so much, five times as much half way."""
    signs = (Sign(5 * gap, seconds / 2, seconds), Sign(gap, seconds, seconds * 1.5))
    return Isolated(
        PlanRun("gap", seconds, None, 100.0, 100.0 * (1 - gap), 1.0, 5, 3, {}, seconds * 1.5, 0.0, signs), 100.0
    )


def measured(size: int, seconds: float, gap: float = 0.01) -> Method:
    """One size, run once."""
    return method_of(size, [ran(seconds, gap)])


def median(method: Method, name: str) -> float | None:
    """A figure of a method."""
    figure = method.figure(name)
    return None if figure is None else figure.median


def test_sizes_stand_in_order_and_the_yardstick_after_them(result: Result) -> None:
    """The smallest size is the measure, so it has no yardstick of its own; every size has its times and memory."""
    assert [method.name for method in result.methods] == ["modalshift:2", "modalshift:4", "n_log_n:4"]
    for method in result.methods[:2]:
        seconds, processor_s = median(method, "wall:0.1"), median(method, "processor:0.1")
        assert seconds is not None
        assert processor_s is not None
        assert seconds > 0 < processor_s
        assert seconds <= (median(method, "seconds") or 0)
        assert median(method, "peak_memory") == 100.0
        assert (median(method, "gap") or 0) <= 0.5
        assert median(method, "left_behind") == 0.0
    assert result_from_json(result_to_json(result), "plan_sizes.json") == result


def test_the_yardstick_carries_the_smallest_size_on_by_n_log_n(result: Result) -> None:
    """10 s for 1,000 shipments are 10 x (4,000 log 4,000)/(1,000 log 1,000) for 4,000, by both clocks."""
    found = with_yardstick(replace(result, methods=(measured(4000, 70.0), measured(1000, 10.0))))
    first, _, yardstick = found.methods
    times = 4000 * log2(4000) / (1000 * log2(1000))
    assert median(yardstick, "wall:0.015") == pytest.approx(10 * times, abs=0.006)
    assert median(yardstick, "processor:0.015") == pytest.approx(15 * times, abs=0.006)
    assert median(first, "per_n_log_n") == pytest.approx(10_000 / (1000 * log2(1000)), abs=1e-4)


@pytest.mark.parametrize(("power", "verdict"), [(1.3, "faster than"), (0.8, "no worse than")])
def test_the_exponent_of_a_known_growth_is_found(power: float, verdict: str) -> None:
    """Times made by (n log n)^p are fitted with that p, and the verdict says which side of n log n it is on."""
    timed = [measured(n, 1e-3 * (n * log2(n)) ** power) for n in (1000, 2000, 5000, 10000)]
    (note,) = growth(timed, 0.015)
    # Seconds are stored with two decimals.
    assert f"^{power:.2f}" in note.en
    assert verdict in note.en
    assert "above the line" not in note.en
    assert growth(timed[:1], 0.015) == ()


def test_a_size_above_the_line_from_the_smallest_is_named() -> None:
    """10 s for 1,000 allow 22 s for 2,000: 30 s are named, though the curve as a whole is flatter than n log n."""
    (note,) = growth([measured(1000, 10.0), measured(2000, 30.0), measured(10000, 40.0)], 0.015)
    assert "no worse than n log n; but 2,000 shipments lie above" in note.en
    assert "但 2,000 票在" in note.zh


def test_sizes_are_compared_at_the_closest_gap_that_all_reached(result: Result) -> None:
    """One size proves 1 %, the other 2 % in its time (10 % half way): compared at 2.5 %, and 1.5 % has no time there.
    With a size that proved nothing there is no yardstick at all."""
    close, wide, nothing = measured(1000, 10.0), measured(2000, 300.0, gap=0.02), measured(4000, 300.0, gap=0.9)
    assert median(wide, "wall:0.015") is None
    assert median(wide, "wall:0.025") == 300.0
    assert median(wide, "wall:0.1") == 150.0
    found = with_yardstick(replace(result, methods=(close, wide)))
    yardstick = found.method("n_log_n:2000")
    assert median(yardstick, "wall:0.025") is not None
    assert yardstick.figure("wall:0.015") is None
    assert "2.5%" in yardstick.notes[0].en
    found = with_yardstick(replace(result, methods=(close, wide, nothing)))
    assert [method.name for method in found.methods if method.baseline] == []


def test_a_run_out_of_memory_is_an_ending() -> None:
    """Nothing is known of it."""
    killed = method_of(10_000, [None])
    assert killed.endings == ("out_of_memory",)
    assert {name.median for name in killed.figures if name.name != "shipments"} == {None}


def test_sizes_measured_apart_become_one_curve(result: Result) -> None:
    """A size measured again takes the place of its old figures; other circumstances are refused."""
    again = replace(result, methods=(measured(4, 7.0), measured(24, 9.0)))
    both = joined(result, again)
    names = [method.name for method in both.methods]
    assert names == ["modalshift:2", "modalshift:4", "modalshift:24", "n_log_n:4", "n_log_n:24"]
    assert median(both.methods[1], "seconds") == 7.0
    assert joined(both, again) == both
    with pytest.raises(InputError, match="settings"):
        joined(result, replace(again, settings={**again.settings, "gap": 0.1}))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--sizes", "1000,many"],
        ["--sizes", "1"],
        ["--sizes", "100", "month.csv"],
        ["--offers", "5", "--sizes", "10,20"],
        ["--append"],
        ["--append", "--offers", "5"],
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: list[str], tmp_path: Path) -> None:
    """Before anything is measured or written."""
    done = CliRunner().invoke(cli, ["bench", "plan", *arguments, "--json", str(tmp_path / "out.json"), "--lang", "en"])
    assert done.exit_code == 2
    assert not (tmp_path / "out.json").exists()
