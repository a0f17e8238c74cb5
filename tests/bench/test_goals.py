"""Goals beside what was measured: met, missed, and not shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from optimizer.bench.document import result_from_json
from optimizer.bench.goals import GOALS, Goal, answers
from optimizer.bench.record import Figure, Method, Result
from optimizer.bench.table import block, with_block
from optimizer.errors import Message

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
STORED = {
    result.bench: result
    for result in (
        result_from_json(file.read_text(encoding="utf-8"), file.name) for file in sorted(RESULTS.glob("*.json"))
    )
}


def with_figure(result: Result, method: str, figure: str, value: float | None) -> Result:
    """The result with one figure of one method exchanged."""

    def changed(one: Method) -> Method:
        figures = [replace(f, values=(value,)) if f.name == figure else f for f in one.figures]
        return replace(one, figures=tuple(figures)) if one.name == method else one

    return replace(result, methods=tuple(changed(one) for one in result.methods))


def answer_of(label: str, result: Result) -> float | None:
    """What a result says to the goal of an English label."""
    return next(answer.value for answer in answers([result]) if answer.goal.label.en == label)


def test_every_goal_reads_a_figure_of_the_stored_results() -> None:
    """A goal whose figure was renamed would be called missed for ever, and nobody would know why."""
    told = answers(list(STORED.values()))
    assert [answer.goal for answer in told] == list(GOALS)
    assert [answer.goal.label.en for answer in told if answer.value is None] == []


def test_a_limit_is_met_when_it_is_just_reached() -> None:
    """At most 1 and at least 1 both hold for 1; a value that was not reached meets neither."""

    def goal(*, at_most: bool) -> Goal:
        return Goal("plan", Message("界", "limit"), "s", 1, lambda result: None, at_most=at_most)

    assert [goal(at_most=True).met(value) for value in (0.5, 1, 1.01, None)] == [True, True, False, False]
    assert [goal(at_most=False).met(value) for value in (0.5, 1, 1.01, None)] == [False, True, True, False]


def test_growth_is_judged_by_its_worst_size() -> None:
    """One month above the line misses the goal, whatever the others do; one without a time shows nothing."""
    label = "time over the n log n line, the worst size"
    sizes = STORED["plan --sizes"]
    line = sizes.method("n_log_n:5000").figure("wall:0.015")
    assert line is not None
    assert line.median is not None
    slow = with_figure(sizes, "modalshift:5000", "wall:0.015", 3 * line.median)
    assert answer_of(label, slow) == pytest.approx(3)
    assert answer_of(label, with_figure(sizes, "modalshift:5000", "wall:0.015", None)) is None


def test_the_slowest_ledger_and_the_least_share_count() -> None:
    """Settling is judged where it is slowest, and against the driver where it compares worst."""
    slow = with_figure(STORED["settle"], "modalshift", "settlements_per_s_100000", 3000.0)
    assert answer_of("settlements a second, the slowest size of the ledger", slow) == 3000
    raw = slow.method("sqlite3").figure("settlements_per_s_100000")
    assert raw is not None
    assert raw.median is not None
    assert answer_of("share of the bare driver's rate, the least", slow) == pytest.approx(3000 / raw.median)


def test_a_problem_without_a_plan_shows_nothing_and_one_without_a_reference_is_left_out() -> None:
    """The mean distance is of the problems whose best value is known; a failure is not skipped as if it were one."""
    label = "public network design: above the reference, mean"
    mcnd = STORED["mcnd"]
    ours = [method for method in mcnd.methods if not method.baseline]
    unknown = [m for m in ours if (found := m.figure("to_reference")) is None or found.median is None]
    assert 0 < len(unknown) < len(ours)
    assert answer_of(label, mcnd) is not None
    assert answer_of(label, with_figure(mcnd, ours[0].name, "objective", None)) is None


def test_a_smaller_run_does_not_answer_for_a_million() -> None:
    """An audit of few entries is quick and says nothing of the goal."""
    small = replace(STORED["audit"], settings={**STORED["audit"].settings, "entries": 1000})
    assert answer_of("audit of a million entries", small) is None


def test_the_block_counts_what_was_missed() -> None:
    """The table names limit, value and verdict; benches without a goal print none."""
    proof = STORED["proof"]
    slow = with_figure(proof, "modalshift", "proof", 2.5)
    assert "| ≤ 1.000 ms | 2.500 ms | **否 / no** |" in block([slow])
    assert "1 项，1 项未达到" in block([slow])
    none = with_figure(proof, "modalshift", "proof", None)
    assert "| ≤ 1.000 ms | — | **未示 / not shown** |" in block([none])
    assert "≤ 1.000 ms" in with_block("a\n<!-- bench:begin -->\n<!-- bench:end -->\nb", block([proof]), "x")
    assert "目标" not in block([replace(proof, bench="serve", methods=(plain(),))]).splitlines()[2]


def plain() -> Method:
    """A method with one figure."""
    words = Message("某", "some")
    return Method("some", words, False, words, (Figure("seconds", words, "s", (1.0,)),))
