"""Network design beside its baselines on tiny files: same optimum, references read, wrong files refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from click.testing import Result as Invoked

from optimizer.bench import netdesign_runs
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.isolation import Isolated
from optimizer.bench.netdesign import CP_SAT, OWN_DESIGN, DesignBench, joined, method_of, run
from optimizer.bench.netdesign_files import DESIGN, LINEAR, Case, find_cases
from optimizer.bench.netdesign_runs import DesignRun, DesignTask, whole_program
from optimizer.bench.record import Result
from optimizer.bench.table import block, told_once
from optimizer.cli import cli
from optimizer.errors import InputError, Message
from optimizer.planning.design import Effort, Outcome, Program
from optimizer.planning.netdesign import Instance, read_instance
from optimizer.planning.netdesign.generate import canad, grid, unseen
from optimizer.quantities import CHINA_TIME

MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)
# Two ways from 1 to 3 for 8 units: direct at 9 each with room for 5, by way of 2 at 11. Optimum 5 * 9 + 3 * 11 = 78.
BY_HAND = "3\n3\n1\n1 3 9 5\n1 2 5 10\n2 3 6 10\n1 3 8\n"
# The same with fixed costs 10, 100 and 100 but room for 8 on the direct arc: 8 * 9 + 10 = 82.
DESIGN_BY_HAND = "title\n3 3 1\n1 3 9 8 10 1 1\n1 2 5 10 100 1 2\n2 3 6 10 100 1 3\n1 3 8\n"


def text_of(instance: Instance) -> str:
    """The public format of a problem: CommaLab without fixed costs, Canad with."""
    ends = zip(instance.tail + 1, instance.head + 1, instance.unit_cost, instance.capacity, strict=True)
    arcs = [f"{i} {j} {cost:g} {room:g}" for i, j, cost, room in ends]
    flows = zip(instance.origin + 1, instance.destination + 1, instance.demand, strict=True)
    commodities = [f"{i} {j} {amount:g}" for i, j, amount in flows]
    counts = [str(instance.nodes), str(instance.arcs), str(instance.commodities)]
    if instance.linear:
        return "\n".join([*counts, *arcs, *commodities]) + "\n"
    arcs = [f"{arc} {fixed:g} 1 {n}" for n, (arc, fixed) in enumerate(zip(arcs, instance.fixed_cost, strict=True))]
    return "\n".join(["title", " ".join(counts), *arcs, *commodities]) + "\n"


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of linear problems with one optimum known."""
    folder = tmp_path_factory.mktemp("private-flows")
    (folder / "hand10").write_text(BY_HAND)
    (folder / "hand9").write_text(text_of(grid(4, 12, 3)))
    (folder / "optimal.csv").write_text("instance,optimal\nhand10,78\n")
    (folder / "notes.txt").write_text("no problem\n")
    return folder


@pytest.fixture(scope="module")
def designs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of fixed-charge problems with a best known value that is too high by a quarter."""
    folder = tmp_path_factory.mktemp("private-designs")
    (folder / "hand.dow").write_text(DESIGN_BY_HAND)
    (folder / "small.dow").write_text(text_of(canad(6, 16, 5, 2, 5.0, 2.0)))
    (folder / "reference.csv").write_text("instance,best_known,status\nhand,65.6,guess\n")
    return folder


@pytest.fixture(scope="module")
def in_this_process() -> Iterator[None]:
    """Starting a process for each of sixteen runs would take longer than all of them; tests of isolation do."""

    def called(function: Callable[[DesignTask], DesignRun], task: DesignTask) -> Isolated[DesignRun]:
        return Isolated(function(task), 1.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("optimizer.bench.netdesign.in_fresh_process", called)
        yield


@pytest.fixture(scope="module")
def linear(flows: Path, in_this_process: None) -> Result:
    """All five methods once."""
    return run(DesignBench(LINEAR, MEASURED_AT, [flows], time_limit_s=60))


@pytest.fixture(scope="module")
def design(designs: Path, in_this_process: None) -> Result:
    """All three methods once."""
    return run(DesignBench(DESIGN, MEASURED_AT, [designs], time_limit_s=60, seed=3))


def figure(result: Result, method: str, name: str) -> float | None:
    """A median."""
    found = result.method(method).figure(name)
    assert found is not None
    return found.median


def words(*parts: object) -> Invoked:
    """One command line in this process."""
    return CliRunner().invoke(cli, [str(part) for part in parts])


def test_linear_flows_meet_the_optimum_by_hand_and_by_highs(linear: Result) -> None:
    """In the order of their numbers; the bound meets the objective; the reference is read where there is one."""
    ways = ("modalshift", "direct_lp", "direct_ipm", "direct_glop", "direct_pdlp")
    assert [method.name for method in linear.methods] == [
        f"{case}:{way}" for case in ("hand9", "hand10") for way in ways
    ]
    for way in ways:
        assert figure(linear, f"hand10:{way}", "objective") == pytest.approx(78, rel=1e-5)
        assert figure(linear, f"hand10:{way}", "to_reference") == pytest.approx(0, abs=1e-5)
        assert figure(linear, f"hand9:{way}", "to_reference") is None
        assert figure(linear, f"hand9:{way}", "gap") == pytest.approx(0, abs=1e-5)
    assert len({round(figure(linear, f"hand9:{way}", "objective") or 0.0, 1) for way in ways}) == 1


def test_designs_meet_the_optimum_by_hand_and_by_both_solvers(design: Result) -> None:
    """Proven by all three; with few whole demands CP-SAT's whole flows cost no less."""
    for way in ("modalshift", "direct_mip", "cp_sat"):
        assert figure(design, f"hand:{way}", "objective") == pytest.approx(82)
        assert figure(design, f"hand:{way}", "to_reference") == pytest.approx(0.25)
        assert design.method(f"small:{way}").endings == ("gap",)
        assert design.method(f"small:{way}").baseline is (way != "modalshift")
    own, direct, whole = (figure(design, f"small:{way}", "objective") for way in ("modalshift", "direct_mip", "cp_sat"))
    assert own is not None
    assert whole is not None
    assert own == pytest.approx(direct, rel=1e-5)
    assert whole >= own * (1 - 1e-5)


def test_a_bound_above_the_reference_is_said(design: Result) -> None:
    """82 is proven, 65.6 is claimed: the reader hears that one of them is wrong. Without a reference nothing is."""
    assert "one of them is wrong" in design.method("hand:modalshift").notes[0].en
    assert design.method("small:modalshift").notes == ()


def test_results_are_documents_without_folders(linear: Result, design: Result, flows: Path) -> None:
    """They come back as written, make a README table, and tell nothing of where the files lay."""
    for result in (linear, design):
        text = result_to_json(result)
        assert result_from_json(text, "x.json") == result
        assert "private-" not in text
        assert str(flows.parent) not in text
        assert "modalshift bench " + result.bench in block([result])
    assert "| hand10 | 78 · 0.00% · 0.00% · " in block([linear])


def test_what_methods_share_is_told_once(linear: Result) -> None:
    """Two problems, five methods, five texts; each names its problems."""
    told = told_once(linear.methods)
    assert len(told) == 5
    assert [label.en for label, _ in told[:2]] == [
        "hand9 · modalshift, hand10 · modalshift",
        "hand9 · direct LP (HiGHS), hand10 · direct LP (HiGHS)",
    ]


def test_whole_flows_are_whole_in_every_coefficient() -> None:
    """CP-SAT would scale anything else, and read shares of 0 to 1 as all or nothing."""
    program = whole_program(canad(6, 16, 5, 2, 5.0, 2.0))
    assert np.array_equal(program.matrix.data, np.round(program.matrix.data))
    assert program.integer.all()
    assert program.upper.max() > 1


def test_runs_that_found_nothing_leave_no_figure() -> None:
    """One success among failures must not look like a result; overruns are said."""
    case = Case(Path("x.dow"), "x", 100.0)
    ran = [
        Isolated(DesignRun("time_limit", 71.0, 110.0, 99.0), 50.0),
        Isolated(DesignRun("no_solution", 60, None, None), 50.0),
        Isolated(DesignRun("infeasible", 1, None, None), 50.0),
        None,
    ]
    method = method_of(CP_SAT, case, ran, 60)
    for name in ("objective", "gap", "to_reference"):
        found = method.figure(name)
        assert found is not None
        assert found.median is None
    assert method.endings == ("time_limit", "no_solution", "infeasible", "out_of_memory")
    assert [note.en for note in method.notes] == [
        "found it infeasible in 1 of 4 runs",
        "found no answer in 2 of 4 runs",
        "overran the limit of 60 s, the longest run took 71.0 s",
    ]
    assert method_of(OWN_DESIGN, case, ran[:1], 70).notes == ()


def test_an_answer_that_breaks_the_problem_counts_for_nothing(flows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The independent check has the last word: no objective, and the ending says so."""
    task = DesignTask(flows / "hand10", 1e-6, 60.0, 0)
    assert netdesign_runs.run_own(task).objective == pytest.approx(78)
    monkeypatch.setattr(netdesign_runs, "violations", lambda instance, design: [Message("超载", "overloaded")])
    refused = netdesign_runs.run_own(task)
    assert (refused.ending, refused.objective, refused.gap) == ("refused", None, None)


def test_all_faults_of_all_files_come_before_any_run(flows: Path, designs: Path, tmp_path: Path) -> None:
    """Missing, empty, the other kind, a name twice, a bad line, a bad reference: each with its file."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").write_text("3\n1\n1\n1 9 5 10\n1 3 4\n")
    (tmp_path / "reference.csv").write_text("instance,best_known\nbad,none\n")
    paths = [tmp_path / "gone", tmp_path / "empty", designs / "hand.dow", flows / "hand10", flows, tmp_path / "bad"]
    with pytest.raises(InputError) as caught:
        find_cases(paths, LINEAR)
    assert [(fault.file, fault.row, fault.code) for fault in caught.value.faults] == [
        ("gone", None, "not_found"),
        ("empty", None, "no_instances"),
        ("hand.dow", None, "wrong_kind"),
        ("hand10", None, "same_name"),
        ("bad", 4, "bad_head"),
        ("reference.csv", 2, "bad_reference"),
    ]
    with pytest.raises(InputError, match="bench mcf"):
        find_cases([flows / "hand10"], DESIGN)


@pytest.mark.parametrize("verb", ["mcf", "mcnd"])
def test_a_wrong_file_is_bad_input_and_nothing_is_written(tmp_path: Path, verb: str) -> None:
    """Exit 2 with the file's name, in both languages; the JSON file does not appear."""
    (tmp_path / "wrong.dow").write_text("not a problem\n")
    for path in (tmp_path / "wrong.dow", tmp_path / "missing"):
        done = words("bench", verb, path, "--json", tmp_path / "out.json", "--lang", "en")
        assert done.exit_code == 2
        assert path.name in done.stderr
        assert "Traceback" not in done.output
    assert not (tmp_path / "out.json").exists()
    assert words("bench", verb).exit_code == 2


def test_the_command_prints_and_stores_what_it_measured(flows: Path, tmp_path: Path) -> None:
    """Without baselines only the own method; `bench table` reads the document."""
    out = tmp_path / "mcf.json"
    done = words("bench", "mcf", flows / "hand10", "--no-baselines", "--json", out, "--lang", "en")
    assert done.exit_code == 0, done.stderr
    assert "hand10 · modalshift" in done.stdout
    result = result_from_json(out.read_text(encoding="utf-8"), out.name)
    assert [method.name for method in result.methods] == ["hand10:modalshift"]
    assert words("bench", "table", out).stdout == block([result]) + "\n"


def test_the_formats_written_here_are_those_read(flows: Path) -> None:
    """Else the problems above would not be those that were generated."""
    made, read = grid(4, 12, 3), read_instance(flows / "hand9")
    assert np.array_equal(made.capacity, read.capacity)
    assert np.array_equal(made.destination, read.destination)


def test_problems_that_nobody_has_seen_are_written_and_read_back(tmp_path: Path) -> None:
    """`bench problems` writes what the generators made, in the formats that the benches read; another seed, others."""
    for kind in (LINEAR, DESIGN):
        out = tmp_path / kind
        assert words("bench", "problems", kind, "--out", out, "--seed", 5).exit_code == 0
        made = {instance.name: instance for instance in unseen(kind, 5)}
        cases = find_cases([out], kind)
        assert {case.name for case in cases} == made.keys()
        for case in cases:
            found, instance = read_instance(case.path), made[case.name]
            for name in ("tail", "head", "capacity", "unit_cost", "fixed_cost", "origin", "destination", "demand"):
                assert np.array_equal(getattr(found, name), getattr(instance, name)), name
    assert not {i.name for i in unseen(LINEAR, 5)} & {i.name for i in unseen(LINEAR, 50)}


def test_results_of_further_problems_are_added_to_stored_ones(linear: Result) -> None:
    """Problem by problem, so that a long bench can be run in steps: one measured again replaces its old figures, and
    what was measured under other conditions is refused."""
    first = replace(linear, methods=linear.methods[:5])
    again = replace(linear.methods[1], label=Message("again", "again"))
    both = joined(first, replace(linear, methods=(again, *linear.methods[2:])))
    assert [method.name for method in both.methods] == [method.name for method in linear.methods]
    assert both.methods[1].label.en == "again"
    with pytest.raises(InputError, match="seed"):
        joined(first, replace(linear, seed=linear.seed + 1))


def test_a_baseline_that_was_stopped_at_a_point_that_breaks_rows_has_no_answer(
    flows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dual simplex cut short hands back a cheap point that carries too little: its value is no objective."""
    file = find_cases([flows], LINEAR)[0].path

    def stopped(program: Program, effort: Effort, method: str) -> Outcome:
        return Outcome("feasible", np.zeros(len(program.cost)), None, 1.0, 1.0)

    monkeypatch.setattr(netdesign_runs, "solve_linear", stopped)
    ran = netdesign_runs.run_direct_linear(DesignTask(file, 1e-6, 10.0, 0))
    assert (ran.ending, ran.objective, ran.bound) == ("time_limit", None, 1.0)
