"""Stored results as documents show them: goals, a table per bench, what each method does, where it was measured.

The README gets the goals and the main tables (:func:`summary`); all tables with their methods go into a document
beside the results (:func:`block`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby

from optimizer.bench.goals import Answer, Goal, answers
from optimizer.bench.record import Figure, Load, Machine, Method, Result
from optimizer.errors import InputError, Message
from optimizer.quantities import iso

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"

MAIN: dict[str, tuple[str, ...]] = {
    "plan": ("seconds", "seconds_to_close", "objective", "bound", "gap", "co2e_wtw", "peak_memory"),
    "plan --sizes": ("wall:0.015", "processor:0.015", "per_n_log_n", "gap", "peak_memory"),
    "plan --offers": ("seconds", "objective", "bound", "gap", "left_behind", "peak_memory"),
    "settle": (),
    "audit": (),
    "evidence": (),
}
"""The benches of the README and which figures it shows of them; an empty tuple means all."""

UNKNOWN = "—"
QUIET_PER_CORE = 0.6
"""Above this load per core before it began, a bench shared the machine with others."""

_PRINTED: dict[str, Callable[[float], str]] = {
    "s": lambda value: f"{value:,.1f} s",
    "ms": lambda value: f"{value:,.3f} ms" if value < 10 else f"{value:,.0f} ms",
    "yuan": lambda value: f"{value:,.0f}",
    "cost": lambda value: f"{value:,.0f}",
    "t": lambda value: f"{value:,.1f} t",
    "kB": lambda value: f"{value:,.0f} kB",
    "MiB": lambda value: f"{value:,.0f} MiB",
    "share": lambda value: f"{value:z.2%}",
    "count": lambda value: f"{value:,.0f}",
    "times": lambda value: f"{value:.2f}",
    "relative": lambda value: f"{value:.1e}",
}


def printed(figure: Figure | None) -> str:
    """The median with its unit; a dash where there is none."""
    if figure is None or figure.median is None:
        return UNKNOWN
    return _PRINTED[figure.unit](figure.median)


def figure_columns(result: Result) -> list[Figure]:
    """The figures that any method has, one of each name, in the order in which they first appear."""
    found: dict[str, Figure] = {}
    for method in result.methods:
        for figure in method.figures:
            found.setdefault(figure.name, figure)
    return list(found.values())


def column_label(figure: Figure) -> Message:
    """What a column holds; money says its currency here and not in every cell."""
    unit = Message("（元）", " (yuan)") if figure.unit == "yuan" else Message("", "")
    return Message(figure.label.zh + unit.zh, figure.label.en + unit.en)


def method_label(method: Method) -> Message:
    """The method, with a mark on baselines."""
    mark = Message("基准：", "baseline: ") if method.baseline else Message("", "")
    return Message(mark.zh + method.label.zh, mark.en + method.label.en)


def measured_on(machine: Machine, load: Load) -> Message:
    """The machine in one sentence, and whether it was quiet."""
    busy = load.before > QUIET_PER_CORE * machine.cores
    zh = f"{machine.cpu}，{machine.cores} 核，{machine.memory_gib:g} GiB，{machine.system}，{machine.python}"
    en = f"{machine.cpu}, {machine.cores} cores, {machine.memory_gib:g} GiB, {machine.system}, {machine.python}"
    zh += f"；开始前负载 {load.before:g}" + ("（机器另有他用，时间偏长）" if busy else "")
    en += f"; load {load.before:g} before" + (" (the machine had other work: times are too long)" if busy else "")
    return Message(zh, en)


def method_text(method: Method) -> Message:
    """What a method does, how its runs ended, what else must be known."""
    endings = ", ".join(f"{len(list(same))} × {ending}" for ending, same in groupby(sorted(method.endings)))
    ended = [Message(f"结束方式：{endings}", f"runs ended: {endings}")] if endings else []
    parts = [method.does, *ended, *method.notes]
    return Message("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def told_once(methods: Sequence[Method]) -> list[tuple[Message, Message]]:
    """Labels and text of the methods; those with the same text share a line, in the order of their first."""
    labels: dict[Message, list[Message]] = {}
    for method in methods:
        labels.setdefault(method_text(method), []).append(method.label)
    return [
        (Message("、".join(label.zh for label in same), ", ".join(label.en for label in same)), text)
        for text, same in labels.items()
    ]


def rows_of(result: Result) -> list[list[str]]:
    """One row per method: medians in the order of :func:`figure_columns`."""
    columns = figure_columns(result)
    return [[printed(method.figure(column.name)) for column in columns] for method in result.methods]


def block(results: Sequence[Result]) -> str:
    """Goals, then every table with its methods, between the markers, without a final newline. The order is kept."""
    return "\n\n".join([BEGIN, *_goals(answers(results)), *(_section(result) for result in results), END])


def summary(results: Sequence[Result]) -> str:
    """Goals, then the tables of :data:`MAIN` with the figures named there and without their methods, between the
    markers."""
    tables = [_table(_only(result, MAIN[result.bench])) for result in results if result.bench in MAIN]
    return "\n\n".join([BEGIN, *_goals(answers(results)), *tables, END])


def with_block(text: str, made: str, name: str) -> str:
    """A document with a :func:`block` or :func:`summary` in place of its old one.

    Raises InputError unless each marker stands in it exactly once, the beginning first.
    """
    start, end = text.find(BEGIN), text.find(END)
    if start < 0 or end < start or text.count(BEGIN) != 1 or text.count(END) != 1:
        raise InputError(
            Message(
                f"{name} 中应恰有一行 {BEGIN}，其后恰有一行 {END}。",
                f"{name} should hold one line {BEGIN} and after it one line {END}.",
            )
        )
    return text[:start] + made + text[end + len(END) :]


def _only(result: Result, names: Sequence[str]) -> Result:
    """The result with these figures alone, in this order; all of them where no name is given."""
    if not names:
        return result
    return replace(
        result,
        methods=tuple(
            replace(method, figures=tuple(figure for name in names if (figure := method.figure(name)) is not None))
            for method in result.methods
        ),
    )


def _goals(told: Sequence[Answer]) -> list[str]:
    """What was aimed for beside what was measured, missed goals in bold; nothing where no result answers a goal."""
    if not told:
        return []
    missed = sum(not answer.goal.met(answer.value) for answer in told)
    zh, en = (
        f"目标与实测：{len(told)} 项，{missed} 项未达到",
        f"Goals and what was measured: {len(told)}, {missed} missed",
    )
    header = _line(["目标 / goal", "要求 / wanted", "实测 / measured", "达到 / reached", "量于 / measured on"])
    rows = [
        _line(
            [_both(answer.goal.label), _wanted(answer.goal), _answered(answer), _reached(answer), _measured_at(answer)]
        )
        for answer in told
    ]
    return ["\n".join([f"{zh} / {en}", "", header, _line([":---", "---:", "---:", ":---", ":---"]), *rows])]


def _wanted(goal: Goal) -> str:
    return f"{'≤' if goal.at_most else '≥'} {_PRINTED[goal.unit](goal.limit)}"


def _answered(answer: Answer) -> str:
    return UNKNOWN if answer.value is None else _PRINTED[answer.goal.unit](answer.value)


def _reached(answer: Answer) -> str:
    if answer.value is None:
        return "**未示 / not shown**"
    return "是 / yes" if answer.goal.met(answer.value) else "**否 / no**"


def _measured_at(answer: Answer) -> str:
    return f"{iso(answer.result.measured_at)[:10]}, {answer.result.machine.cpu}"


def _table(result: Result) -> str:
    """Which command measured what, and the figures."""
    header, rows = _by_problem(result) if _has_problems(result) else _by_method(result)
    table = [_line(header), _line([":---", *("---:" for _ in header[1:])]), *(_line(row) for row in rows)]
    seeds = f"{result.runs} 次中位数，种子 {result.seed} / median of {result.runs}, seed {result.seed}"
    title = f"`modalshift bench {result.bench}`：{_both(result.subject)}（{seeds}）"
    return "\n".join([title, "", *table])


def _section(result: Result) -> str:
    """The table, then what each method does and where it ran."""
    settings = ", ".join(f"{name} {value}" for name, value in sorted(result.settings.items()))
    versions = ", ".join(f"{name} {value}" for name, value in sorted(result.versions.items()))
    notes = [f"- {label.en}: {_both(text)}." for label, text in told_once(result.methods)]
    place = (
        f"- {_both(measured_on(result.machine, result.load))}. {iso(result.measured_at)[:10]}; {settings}; {versions}."
    )
    return "\n".join([_table(result), "", *notes, place])


def _by_method(result: Result) -> tuple[list[str], list[list[str]]]:
    header = ["方法 / method", *(_both(column_label(column)) for column in figure_columns(result))]
    return header, [
        [_both(method_label(method)), *cells] for method, cells in zip(result.methods, rows_of(result), strict=True)
    ]


PROBLEM_FIGURES = ("objective", "to_reference", "gap", "seconds")
"""What a cell tells of a method on a problem."""
PARTED = " · "


def _has_problems(result: Result) -> bool:
    """Whether methods are named ``problem:method`` and labelled "problem · method". A size of a month and a person's
    page have a colon in their names too, and a row of their own."""
    return all(":" in method.name and PARTED in method.label.zh for method in result.methods)


def _by_problem(result: Result) -> tuple[list[str], list[list[str]]]:
    """A row per problem, a column per method: else a bench of many problems would fill pages."""
    ways: dict[str, str] = {}
    cells: dict[str, dict[str, str]] = {}
    for method in result.methods:
        problem, _, way = method.name.partition(":")
        case_zh, _, way_zh = method.label.zh.partition(PARTED)
        case_en, _, way_en = method.label.en.partition(PARTED)
        ways.setdefault(way, _both(Message(way_zh, way_en)))
        row = cells.setdefault(problem, {"": _both(Message(case_zh, case_en))})
        row[way] = " · ".join(printed(method.figure(name)) for name in PROBLEM_FIGURES)
    columns = next(method for method in result.methods).figures
    told = [_both(column.label) for name in PROBLEM_FIGURES for column in columns if column.name == name]
    header = [f"算例 / problem（{' · '.join(told)}）", *ways.values()]
    return header, [[row[""], *(row.get(way, UNKNOWN) for way in ways)] for row in cells.values()]


def _both(message: Message) -> str:
    return message.zh if message.zh == message.en else f"{message.zh} / {message.en}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
