"""``bench mcf`` and ``bench mcnd``: network design on public problems, beside the whole program given to a solver.

One row per problem and method, so that no mean hides a problem that went badly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from optimizer.bench.isolation import Isolated, in_fresh_process
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.netdesign_files import DESIGN, LINEAR, Case, find_cases
from optimizer.bench.netdesign_runs import (
    DesignRun,
    DesignTask,
    run_cp_sat,
    run_direct_integer,
    run_direct_linear,
    run_glop,
    run_interior_point,
    run_own,
    run_pdlp,
)
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.errors import InputError, Message
from optimizer.planning.design import SOLVER_VERSION

Runs = Sequence[Isolated[DesignRun] | None]
"""None: the system killed the process for want of memory."""

GAP = 1e-6
"""Relative gap at which every method may stop."""
OVERRUN = 1.05
"""A run that takes longer than this many limits is said to have overrun."""
AGREES = 1e-6
"""A bound above the reference by more than this share of it contradicts it."""


@dataclass(frozen=True, slots=True)
class DesignBench:
    """``kind``: mcf | mcnd. ``paths``: files or folders of problems. Run n has the seed ``seed`` + n."""

    kind: str
    measured_at: datetime
    paths: Sequence[Path]
    time_limit_s: float = 60.0
    runs: int = 1
    seed: int = 0
    baselines: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """A method, before it has met a problem."""

    name: str
    label: Message
    does: Message
    run: Callable[[DesignTask], DesignRun]
    baseline: bool = True


OWN_LINEAR = Way(
    "modalshift",
    Message("modalshift", "modalshift"),
    Message(
        "列生成，下界由拉格朗日法证明，解由独立复核重算；编译代码在计时前载入",
        "column generation; the bound is proven by Lagrange, the answer recomputed by an independent check; compiled"
        " code is loaded before the clock starts",
    ),
    run_own,
    baseline=False,
)
OWN_DESIGN = Way(
    "modalshift",
    Message("modalshift", "modalshift"),
    Message(
        "拉格朗日下界、在其上分支、拆解重建，小算例按约化成本收紧后交 HiGHS 分支定界，解由独立复核重算；编译在计时前",
        "Lagrangian bound, raised by branching on it, ruin and recreate; small problems, tightened by reduced costs, to"
        " branch and bound by HiGHS; the answer is recomputed by an independent check; compiled code is loaded before"
        " the clock starts",
    ),
    run_own,
    baseline=False,
)
SAME_PROGRAM = Message(
    "同一弧流线性规划（按起点合并），经 MathOpt 整体求解，时限与随机种子相同：",
    "the same arc-flow linear program (flows of one origin together), whole through MathOpt with the same time limit"
    " and seed: ",
)
DIRECT_LINEAR = Way(
    "direct_lp",
    Message("整体求解（HiGHS）", "direct LP (HiGHS)"),
    Message(
        "弧流线性规划按起点合并，整体交给 HiGHS（经 MathOpt，默认参数），时限与随机种子相同；建模计入时限，读文件不计",
        "the arc-flow linear program, flows of one origin together, given whole to HiGHS (through MathOpt, default"
        " parameters) with the same time limit and seed; laying it out counts against the limit, reading the file does"
        " not",
    ),
    run_direct_linear,
)
INTERIOR_POINT = Way(
    "direct_ipm",
    Message("整体求解（HiGHS 内点）", "direct LP (HiGHS ipm)"),
    Message(
        SAME_PROGRAM.zh + "HiGHS 内点法，不做交叉（不求顶点，最快）",
        SAME_PROGRAM.en + "HiGHS interior point without crossover (no vertex asked for, its quickest)",
    ),
    run_interior_point,
)
GLOP = Way(
    "direct_glop",
    Message("整体求解（GLOP）", "direct LP (GLOP)"),
    Message(SAME_PROGRAM.zh + "GLOP 默认参数", SAME_PROGRAM.en + "GLOP with default parameters"),
    run_glop,
)
PDLP = Way(
    "direct_pdlp",
    Message("整体求解（PDLP）", "direct LP (PDLP)"),
    Message(
        SAME_PROGRAM.zh + "PDLP 默认参数；一阶方法，各行允许差到千分之一，因此可能略低于最优值",
        SAME_PROGRAM.en + "PDLP with default parameters; a first-order method whose answers miss rows by up to a"
        " thousandth, so its value may lie a little below the optimum",
    ),
    run_pdlp,
)
DIRECT_INTEGER = Way(
    "direct_mip",
    Message("整体求解（HiGHS）", "direct MIP (HiGHS)"),
    Message(
        "含全部强约束的弧流混合整数规划，整体交给 HiGHS（经 MathOpt，默认参数），停止间隙、时限与随机种子相同；"
        "建模计入时限，读文件不计",
        "the arc-flow mixed-integer program with all strong links, given whole to HiGHS (through MathOpt, default"
        " parameters) with the same gap to stop at, time limit and seed; laying it out counts against the limit,"
        " reading the file does not",
    ),
    run_direct_integer,
)
CP_SAT = Way(
    "cp_sat",
    Message("CP-SAT", "CP-SAT"),
    Message(
        "同一规划，货流取整数单位（因此最优值可能略高，其下界只对整数货流成立），交给 CP-SAT，停止间隙、时限与种子相同",
        "the same program in whole units of flow (so its optimum may be slightly higher, and its bound holds for whole"
        " flows only) given to CP-SAT with the same gap, time limit and seed",
    ),
    run_cp_sat,
)
WAYS = {LINEAR: (OWN_LINEAR, DIRECT_LINEAR, INTERIOR_POINT, GLOP, PDLP), DESIGN: (OWN_DESIGN, DIRECT_INTEGER, CP_SAT)}


def run(options: DesignBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts. Raises InputError with all faults of all files first."""
    cases = find_cases(options.paths, options.kind)
    ways = [way for way in WAYS[options.kind] if options.baselines or not way.baseline]
    before = load_average()
    methods: list[Method] = []
    for case in cases:
        ran: dict[str, list[Isolated[DesignRun] | None]] = {way.name: [] for way in ways}
        for number in range(options.runs):
            task = DesignTask(case.path, GAP, options.time_limit_s, options.seed + number)
            # By turns, so that whatever else the machine does meets all.
            for way in ways:
                tell(
                    Message(
                        f"{case.name}，第 {number + 1}/{options.runs} 次：{way.label.zh}",
                        f"{case.name}, run {number + 1}/{options.runs}: {way.label.en}",
                    )
                )
                ran[way.name].append(in_fresh_process(way.run, task))
        methods += [method_of(way, case, ran[way.name], options.time_limit_s) for way in ways]
    return _result(options, len(cases), methods, Load(before, load_average()))


def joined(before: Result, found: Result) -> Result:
    """Both results as one: problems measured again take the place of their old figures.

    Raises InputError where they are no figures of one bench under the same conditions.
    """
    same = ("bench", "machine", "versions", "settings", "runs", "seed")
    other = [name for name in same if getattr(before, name) != getattr(found, name)]
    if other:
        listed = ", ".join(other)
        raise InputError(
            Message(f"两次测量的条件不同（{listed}），不能并为一表。", f"The two were measured under other {listed}.")
        )
    again = {method.name for method in found.methods}
    methods = (*(method for method in before.methods if method.name not in again), *found.methods)
    count = len({method.name.partition(":")[0] for method in methods})
    load = Load(max(before.load.before, found.load.before), max(before.load.after, found.load.after))
    return replace(found, methods=methods, subject=_subject(found.bench, count), load=load)


def method_of(way: Way, case: Case, runs: Runs, time_limit_s: float) -> Method:
    """The figures of one method on one problem. Its name is ``problem:method``."""
    made = Message("（生成）", " (generated)") if case.generated else Message("", "")
    label = Message(f"{case.name}{made.zh} · {way.label.zh}", f"{case.name}{made.en} · {way.label.en}")
    endings = tuple("out_of_memory" if run is None else run.answer.ending for run in runs)
    notes = (*_limit_notes(runs, time_limit_s), *_contradiction(case, runs))
    return Method(f"{case.name}:{way.name}", label, way.baseline, way.does, _figures(case, runs), endings, notes)


def _figures(case: Case, runs: Runs) -> tuple[Figure, ...]:
    def distance(answer: DesignRun) -> float | None:
        if answer.objective is None or case.reference is None:
            return None
        return answer.objective / case.reference - 1.0

    memory = tuple(None if run is None else round(run.peak_memory_mib, 1) for run in runs)
    return (
        Figure("objective", Message("目标值", "objective"), "cost", _values(runs, lambda a: a.objective, 4)),
        Figure("bound", Message("下界", "bound"), "cost", _values(runs, lambda a: a.bound, 4)),
        Figure("gap", Message("间隙", "gap"), "share", _values(runs, lambda a: a.gap, 9)),
        Figure("to_reference", Message("与参考值之差", "above the reference"), "share", _values(runs, distance, 9)),
        Figure("seconds", Message("用时", "time"), "s", _values(runs, lambda a: a.seconds, 3)),
        Figure("peak_memory", Message("内存峰值", "peak memory"), "MiB", memory),
    )


def _values(runs: Runs, value: Callable[[DesignRun], float | None], digits: int) -> tuple[float | None, ...]:
    """Rounded for the eye of a reader: measured, not settled."""
    found = (None if run is None else value(run.answer) for run in runs)
    return tuple(None if each is None else round(each, digits) for each in found)


def _limit_notes(runs: Runs, time_limit_s: float) -> tuple[Message, ...]:
    """How many runs found nothing, and by how much the limit was overrun."""
    notes = []
    barred = sum(run is not None and run.answer.ending == "infeasible" for run in runs)
    if barred:
        notes.append(
            Message(f"{len(runs)} 次中 {barred} 次判为无解", f"found it infeasible in {barred} of {len(runs)} runs")
        )
        reasons = (run.answer.reason for run in runs if run is not None and run.answer.reason is not None)
        notes += list(dict.fromkeys(reasons))
    nothing = sum(run is None or run.answer.objective is None for run in runs) - barred
    if nothing:
        notes.append(
            Message(f"{len(runs)} 次中 {nothing} 次没有找到解", f"found no answer in {nothing} of {len(runs)} runs")
        )
    longest_s = max((run.answer.seconds for run in runs if run is not None), default=0.0)
    if longest_s > time_limit_s * OVERRUN:
        limit = f"{time_limit_s:g}"
        notes.append(
            Message(
                f"超出 {limit} 秒时限，最长用 {longest_s:.1f} 秒",
                f"overran the limit of {limit} s, the longest run took {longest_s:.1f} s",
            )
        )
    return tuple(notes)


def _contradiction(case: Case, runs: Runs) -> tuple[Message, ...]:
    """A lower bound above a known answer: one of the two is wrong, and the reader is told."""
    bounds = [run.answer.bound for run in runs if run is not None and run.answer.bound is not None]
    if case.reference is None or max(bounds, default=0.0) <= case.reference * (1 + AGREES):
        return ()
    return (
        Message(
            f"下界 {max(bounds):,.2f} 高于参考值 {case.reference:,.2f}，二者必有一误",
            f"the bound {max(bounds):,.2f} lies above the reference {case.reference:,.2f}: one of them is wrong",
        ),
    )


def _result(options: DesignBench, count: int, methods: Sequence[Method], load: Load) -> Result:
    return Result(
        bench=options.kind,
        subject=_subject(options.kind, count),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=load,
        versions={"solver": SOLVER_VERSION, **library_versions("ortools", "numpy", "scipy", "numba")},
        settings={"time_limit_s": options.time_limit_s, "gap": GAP, "threads": "2; default of the solver (baselines)"},
        seed=options.seed,
        runs=options.runs,
        methods=tuple(methods),
    )


def _subject(kind: str, count: int) -> Message:
    linear = kind == LINEAR
    return Message(
        f"{count} 个{'线性多商品流' if linear else '固定费用网络设计'}算例，单位从算例",
        f"{count} {'linear multicommodity flow' if linear else 'fixed-charge network design'} problems, in their"
        " own units",
    )
