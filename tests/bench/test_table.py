"""Stored results as documents and as the block of the README."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from optimizer.bench import record
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.machine import this_machine
from optimizer.bench.table import BEGIN, END, block, figure_columns, measured_on, printed, summary, with_block
from optimizer.cli import cli
from optimizer.cli.bench import report
from optimizer.cli.session import Session
from optimizer.errors import InputError, Message
from optimizer.quantities import CHINA_TIME

SECONDS = record.Figure("seconds", Message("用时", "time"), "s", (3.0, 1.0, 2.0))
OBJECTIVE = record.Figure("objective", Message("目标值", "objective"), "yuan", (1234567.8,))
NOTHING = record.Figure("seconds", Message("用时", "time"), "s", (1.0, None, 2.0))
MACHINE = record.Machine("Some CPU", 2, 23.5, "Some Linux", "CPython 3.11.7")


def result_of(
    *methods: record.Method, machine: record.Machine = MACHINE, load: record.Load | None = None
) -> record.Result:
    """A result on a quiet machine."""
    return record.Result(
        bench="plan",
        subject=Message("三票货", "three shipments"),
        measured_at=datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME),
        machine=machine,
        load=load or record.Load(0.1, 1.0),
        versions={"product": "modalshift 0.1.0"},
        settings={"gap": 0.003, "time_limit_s": 60},
        seed=4,
        runs=3,
        methods=methods,
    )


OURS = record.Method(
    "ours", Message("我们", "ours"), False, Message("求解", "solves"), (SECONDS, OBJECTIVE), ("gap",) * 3
)
THEIRS = record.Method("theirs", Message("别人", "theirs"), True, Message("尝试", "tries"), (NOTHING,))
BOTH = result_of(OURS, THEIRS)


def run(*words: object) -> Result:
    """One command line in this process."""
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_the_block_shows_medians_with_units_and_marks_baselines() -> None:
    """A table that GitHub renders: header, rule, a row per method, a dash where there is no median."""
    lines = block([BOTH]).splitlines()
    assert (lines[0], lines[-1]) == (BEGIN, END)
    table = [line for line in lines if line.startswith("|")]
    assert table[-4:] == [
        "| 方法 / method | 用时 / time | 目标值（元） / objective (yuan) |",
        "| :--- | ---: | ---: |",
        "| 我们 / ours | 2.0 s | 1,234,568 |",
        "| 基准：别人 / baseline: theirs | — | — |",
    ]
    text = block([BOTH])
    for fact in ("3 × gap", "gap 0.003, time_limit_s 60", "modalshift 0.1.0", "2026-11-01", "Some CPU", "seed 4"):
        assert fact in text


def test_only_problems_make_a_row_of_several_methods() -> None:
    """A size of a month and a person's page have a colon in their names too: each has its own row and figures."""
    page = replace(OURS, name="planner:/plans")
    assert "| 我们 / ours | 2.0 s | 1,234,568 |" in block([result_of(page)])
    label = Message("一号算例 · 我们", "problem one · ours")
    assert "| 一号算例 / problem one | 1,234,568 · — · — · 2.0 s |" in block([result_of(replace(page, label=label))])


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("s", 61.24, "61.2 s"),
        ("ms", 1.2345, "1.234 ms"),
        ("ms", 1576.26, "1,576 ms"),
        ("yuan", 74948571.9, "74,948,572"),
        ("t", 10509.19, "10,509.2 t"),
        ("MiB", 879.4, "879 MiB"),
        ("share", 0.00867, "0.87%"),
        ("count", 1029248.0, "1,029,248"),
    ],
)
def test_units_are_printed_as_people_read_them(unit: str, value: float, text: str) -> None:
    """Every unit a figure may have."""
    assert printed(record.Figure("x", Message("", ""), unit, (value,))) == text


def test_every_unit_can_be_printed() -> None:
    """A unit added to the record needs its way of printing."""
    for unit in record.UNITS:
        assert printed(record.Figure("x", Message("", ""), unit, (1.0,))).startswith("1")


def test_columns_are_those_of_any_method() -> None:
    """In the order in which they first appear, each once."""
    assert [figure.name for figure in figure_columns(result_of(THEIRS, OURS))] == ["seconds", "objective"]


def test_a_busy_machine_is_confessed() -> None:
    """More than 0.6 processes per core before the bench began; a quiet one needs no excuse."""
    assert "other work" in measured_on(MACHINE, record.Load(1.3, 2.0)).en
    assert "other work" not in measured_on(MACHINE, record.Load(1.1, 2.0)).en


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    """Twice gives the same as once; the text around stays."""
    before, after = "# 标题\n\n", "\n\n其余\n"
    once = with_block(f"{before}{BEGIN}\nold\n{END}{after}", block([BOTH]), "README.md")
    assert once == before + block([BOTH]) + after
    assert with_block(once, block([BOTH]), "README.md") == once


@pytest.mark.parametrize("text", ["", BEGIN, END + BEGIN, BEGIN + END + END, BEGIN + BEGIN + END])
def test_a_document_without_its_markers_is_refused(text: str) -> None:
    """And is told which lines would be right."""
    with pytest.raises(InputError, match=r"README\.md should hold one line <!-- bench:begin -->"):
        with_block(text, block([BOTH]), "README.md")


@given(st.lists(st.one_of(st.none(), st.floats(-1e12, 1e12)), max_size=5), st.sampled_from(record.UNITS))
def test_any_figure_comes_back_from_its_document(values: list[float | None], unit: str) -> None:
    """Reading what was written gives the same record, unknown values included."""
    figure = record.Figure("x", Message("数", "number"), unit, tuple(values))
    result = result_of(record.Method("m", Message("法", "way"), True, Message("做", "does"), (figure,)))
    assert result_from_json(result_to_json(result), "x.json") == result


def test_a_median_that_was_touched_is_noticed() -> None:
    """Figures cannot be bettered by hand in one place."""
    tree = json.loads(result_to_json(BOTH))
    tree["methods"][0]["figures"][0]["median"] = 0.5
    with pytest.raises(InputError) as caught:
        result_from_json(json.dumps(tree), "plan.json")
    assert [(fault.file, fault.column, fault.code) for fault in caught.value.faults] == [
        ("plan.json", "/methods/0/figures/0/median", "not_derived")
    ]


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"bench": 1}'])
def test_what_is_no_result_is_refused(text: str) -> None:
    """With faults, never with a traceback."""
    with pytest.raises(InputError) as caught:
        result_from_json(text, "plan.json")
    assert caught.value.faults


def test_the_machine_is_described_without_naming_it() -> None:
    """Processor, cores, memory, system, Python are known; the host's name is not told."""
    import platform

    machine = this_machine()
    assert machine.cpu
    assert machine.cores >= 1
    assert machine.memory_gib > 0
    assert platform.python_version() in machine.python
    assert platform.node() not in (machine.cpu, machine.system, machine.python)


def test_the_summary_has_goals_and_main_tables_alone() -> None:
    """A main bench without its methods, with the figures named for it; other benches and figures not at all."""
    odd = replace(OURS, figures=(*OURS.figures, record.Figure("columns", Message("列", "columns"), "count", (3.0,))))
    text = summary([result_of(odd, THEIRS), replace(BOTH, bench="footprint")])
    assert text.count("`modalshift bench plan`") == 1
    assert "目标与实测" in text
    assert "| 我们 / ours | 2.0 s | 1,234,568 |" in text
    for left_out in ("footprint", "columns", "runs ended", "Some Linux"):
        assert left_out not in text


def test_bench_table_prints_and_rewrites(tmp_path: Path) -> None:
    """Without documents to stdout; else the summary into one and everything into the other, the old blocks gone."""
    stored, readme, figures = tmp_path / "plan.json", tmp_path / "README.md", tmp_path / "FIGURES.md"
    stored.write_text(result_to_json(BOTH), encoding="utf-8")
    for file in (readme, figures):
        file.write_text(f"a\n{BEGIN}\nold\n{END}\nb\n", encoding="utf-8")
    assert run("bench", "table", stored).stdout == block([BOTH]) + "\n"
    assert run("bench", "table", stored, "--readme", readme, "--figures", figures).exit_code == 0
    assert readme.read_text(encoding="utf-8") == f"a\n{summary([BOTH])}\nb\n"
    assert figures.read_text(encoding="utf-8") == f"a\n{block([BOTH])}\nb\n"
    missing = run("bench", "table", tmp_path / "none.json", "--readme", readme)
    assert missing.exit_code == 2


def test_no_document_is_rewritten_where_one_lacks_its_markers(tmp_path: Path) -> None:
    """The good one stays as it was: all are made before any is written."""
    stored, readme, figures = tmp_path / "plan.json", tmp_path / "README.md", tmp_path / "FIGURES.md"
    stored.write_text(result_to_json(BOTH), encoding="utf-8")
    readme.write_text(f"{BEGIN}\nold\n{END}\n", encoding="utf-8")
    figures.write_text("no markers\n", encoding="utf-8")
    assert run("bench", "table", stored, "--readme", readme, "--figures", figures).exit_code == 2
    assert readme.read_text(encoding="utf-8") == f"{BEGIN}\nold\n{END}\n"


def test_more_figures_than_fit_across_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """Nine figures of five methods: two tables of nine lines, none folded in the middle of a word or number."""
    figures = tuple(replace(SECONDS, name=f"n{n}", label=Message(f"量{n}", f"figure {n}")) for n in range(9))
    methods = [replace(OURS, name=f"m{n}", label=Message(f"法{n}", f"method {n}"), figures=figures) for n in range(5)]
    with click.Context(cli, obj=Session("en")):
        report(result_of(*methods), None)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert [line.split("│")[1].strip() for line in lines] == [f"figure {n}" for n in range(9)] * 2
    assert [line.count("2.0 s") for line in lines] == [4] * 9 + [1] * 9


def test_bench_quote_prints_and_stores(tmp_path: Path) -> None:
    """The document holds what the table shows."""
    out = tmp_path / "quote.json"
    done = run("bench", "quote", "--runs", 1, "--days", 1, "--json", out, "--lang", "en")
    assert done.exit_code == 0, done.stderr
    result = result_from_json(out.read_text(encoding="utf-8"), out.name)
    assert result.runs == 1
    for method in result.methods:
        assert method.label.en in done.stdout
        assert printed(method.figures[0]) in done.stdout


@pytest.mark.parametrize("verb", [[], ["plan"], ["quote"], ["mcf"], ["mcnd"], ["table"]])
def test_bench_explains_itself_in_both_languages(verb: list[str]) -> None:
    """Help exits 0 and changes with the language; so does `bench` alone."""
    words = ["bench", *verb, *(["--help"] if verb else [])]
    chinese, english = run(*words), run(*words, "--lang", "en")
    assert chinese.exit_code == english.exit_code == 0
    assert "用法：" in chinese.stdout
    assert not any("\u4e00" <= character <= "\u9fff" for character in english.stdout)
