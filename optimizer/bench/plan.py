"""``bench plan``: the planner beside the same program given whole to HiGHS and to CP-SAT, and beside the road."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from optimizer.bench.isolation import Isolated, in_fresh_process
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.planning_runs import CLOSE_GAP, PlanRun, PlanTask, run_cp_sat, run_direct, run_planner, run_road
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.demo.generate import DEMO_MONTH, generate_shipments, write_shipments_csv
from optimizer.demo.generate_sailings import generate_sailings, write_sailings_csv
from optimizer.demo.seed_files import read_flows, shipments_path
from optimizer.errors import Message
from optimizer.network.reader import read_network
from optimizer.planning.settings import PlanSettings

Runs = Sequence[Isolated[PlanRun] | None]
"""None: the system killed the process for want of memory."""

OVERRUN = 1.05
"""A run that takes longer than this many limits is said to have overrun."""

PLANNER, DIRECT, CP_SAT, ROAD = "modalshift", "direct_mip", "cp_sat", "all_road"


@dataclass(frozen=True, slots=True)
class PlanBench:
    """``shipments`` None: the demo month; ``network_dir`` None: the shipped network. With ``sailings`` carriers'
    offers compete with road, rail and coasters alone: no voyages of the planner's own. Every run of every method
    stops at ``gap`` or after ``time_limit_s``, whichever comes first; run n has the seed ``seed`` + n.
    ``cp_sat``: whether CP-SAT takes part. ``generated``: how many shipments and offers were generated into the files
    (None: the files are somebody's)."""

    measured_at: datetime
    shipments: Path | None = None
    network_dir: Path | None = None
    time_limit_s: float = 60.0
    gap: float = 0.003
    runs: int = 3
    seed: int = 0
    sailings: Path | None = None
    cp_sat: bool = True
    generated: tuple[int, int] | None = None


def run_generated(
    options: PlanBench, shipments: int, offers: int, tell: Callable[[Message], None] = lambda message: None
) -> Result:
    """Measure on a generated month of so many shipments with a market of so many carriers' sailings alone."""
    month = generate_shipments(read_flows(), DEMO_MONTH, shipments, options.seed)
    market = generate_sailings(month, read_network(options.network_dir), offers, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "shipments.csv", Path(folder) / "sailings.csv"
        write_shipments_csv(month, files[0])
        write_sailings_csv(market, files[1])
        made = (len(month), len(market))
        return run(replace(options, shipments=files[0], sailings=files[1], generated=made), tell)


def run(options: PlanBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts. Raises InputError where the files are wrong."""
    before = load_average()
    file = options.shipments or shipments_path()
    tasks = [
        PlanTask(
            file,
            options.network_dir,
            PlanSettings(
                gap=options.gap,
                time_limit_s=options.time_limit_s,
                seed=options.seed + number,
                own_voyages=options.sailings is None,
                workers=this_machine().cores,
            ),
            options.sailings,
        )
        for number in range(options.runs)
    ]
    ours: list[Isolated[PlanRun] | None] = []
    direct: list[Isolated[PlanRun] | None] = []
    whole: list[Isolated[PlanRun] | None] = []
    # By turns, so that whatever else the machine does meets all.
    for number, task in enumerate(tasks, 1):
        tell(Message(f"第 {number}/{options.runs} 次：规划", f"run {number}/{options.runs}: planner"))
        ours.append(in_fresh_process(run_planner, task))
        tell(Message(f"第 {number}/{options.runs} 次：整体求解", f"run {number}/{options.runs}: direct MIP"))
        direct.append(in_fresh_process(run_direct, task))
        if options.cp_sat:
            tell(Message(f"第 {number}/{options.runs} 次：CP-SAT", f"run {number}/{options.runs}: CP-SAT"))
            whole.append(in_fresh_process(run_cp_sat, task))
    road = in_fresh_process(run_road, tasks[0])
    methods = (
        planner_method(ours, options.time_limit_s),
        direct_method(direct, options.time_limit_s),
        *([cp_sat_method(whole, options.time_limit_s)] if options.cp_sat else []),
        road_method([road]),
    )
    return _result(options, methods, [*ours, road], Load(before, load_average()))


def planner_method(runs: Runs, time_limit_s: float) -> Method:
    """The planner's figures."""
    return Method(
        name=PLANNER,
        label=Message("modalshift", "modalshift"),
        baseline=False,
        does=Message(
            "由松弛与拉格朗日法证明下界，成船配载，再逐段放开、从离下界最远处起逐走廊改进，最后逐窗改进；用时含布网与成文",
            "proves its bound by a relaxation and Lagrange, fills ships, sets spans of days free, improves corridor by"
            " corridor where it loses most, in the end window by window; the time includes laying out the network and"
            " writing the plan",
        ),
        figures=(_seconds(runs), _seconds_to_close(runs), *_answer(runs)),
        endings=_endings(runs),
        notes=_limit_notes(runs, time_limit_s),
    )


def direct_method(runs: Runs, time_limit_s: float) -> Method:
    """The direct MIP's figures, and in how many runs it found nothing."""
    return Method(
        name=DIRECT,
        label=Message("整体求解（HiGHS）", "direct MIP (HiGHS)"),
        baseline=True,
        does=Message(
            "同一混合整数规划不加分解，整体交给 HiGHS（经 MathOpt，默认参数），停止间隙、时限与随机种子相同；"
            "布网计入时限，不写成计划",
            "the same mixed-integer program, undivided, given to HiGHS (through MathOpt, default parameters) with the"
            " same gap to stop at, time limit and seed; laying it out counts against the limit, no plan is written",
        ),
        figures=(_seconds(runs), *_answer(runs)),
        endings=_endings(runs),
        notes=_limit_notes(runs, time_limit_s),
    )


def cp_sat_method(runs: Runs, time_limit_s: float) -> Method:
    """CP-SAT's figures on the same program, in equal time."""
    return Method(
        name=CP_SAT,
        label=Message("CP-SAT", "CP-SAT"),
        baseline=True,
        does=Message(
            "同一规划整体交给 CP-SAT（经 MathOpt），停止间隙、时限与随机种子相同；货物份额也取整数，"
            "下界只对此成立；布网计入时限",
            "the same program given whole to CP-SAT (through MathOpt) with the same gap to stop at, time limit and"
            " seed; shares of shipments are made whole too, and its bound holds for that only; laying it out counts"
            " against the limit",
        ),
        figures=(_seconds(runs), *_answer(runs)),
        endings=_endings(runs),
        notes=_limit_notes(runs, time_limit_s),
    )


def road_method(runs: Runs) -> Method:
    """What leaving everything on the road comes to."""
    missing = any(run is None or run.answer.objective_yuan is None for run in runs)
    note = Message("有货单没有公路可走，因此没有总数", "some shipment has no road, so there is no sum")
    return Method(
        name=ROAD,
        label=Message("全部走公路", "all by road"),
        baseline=True,
        does=Message(
            "每票货走自己的公路（海岛为船接公路），按同一目标函数计价；不求解",
            "each shipment on its own road (from an island: ship, then road), priced by the same objective; nothing is"
            " solved",
        ),
        figures=(_objective(runs), _co2e(runs)),
        notes=(note,) if missing else (),
    )


def _result(options: PlanBench, methods: tuple[Method, ...], runs: Runs, load: Load) -> Result:
    done = [run.answer for run in runs if run is not None]
    count = max((answer.shipments for answer in done), default=0)
    # File names of one's own stay out of the record.
    demo, source = options.shipments is None, "file" if options.generated is None else "generated"
    given = Message("，只用承运人报价航次", ", carriers' sailings alone")
    if options.generated is not None:
        offers = options.generated[1]
        given = Message(f"，只用 {offers:,} 个承运人报价航次", f", {offers:,} carriers' sailings alone")
    market = given if options.sailings else Message("", "")
    versions = next((answer.versions for answer in done if answer.versions), {})
    return Result(
        bench="plan" if options.generated is None else "plan --offers",
        subject=Message(
            f"{'示范月，' if demo else ''}{count:,} 票货统筹规划{market.zh}",
            f"{'the demo month, ' if demo else ''}{count:,} shipments planned together{market.en}",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=load,
        versions={**versions, **library_versions("ortools", "numpy", "scipy")},
        settings={
            "time_limit_s": options.time_limit_s,
            "gap": options.gap,
            "shipments": "demo" if demo else source,
            "sailings": "none" if options.sailings is None else source,
            "network": "shipped" if options.network_dir is None else "directory",
            "threads": "default of the solver",
        },
        seed=options.seed,
        runs=options.runs,
        methods=methods,
    )


def _limit_notes(runs: Runs, time_limit_s: float) -> tuple[Message, ...]:
    """How many runs found nothing, and by how much the limit was overrun."""
    notes = []
    limit = f"{time_limit_s:g}"
    nothing = sum(run is None or run.answer.objective_yuan is None for run in runs)
    if nothing:
        notes.append(
            Message(
                f"{len(runs)} 次中 {nothing} 次在 {limit} 秒时限内没有找到任何可行计划",
                f"found no feasible plan at all within the limit of {limit} s in {nothing} of {len(runs)} runs",
            )
        )
    longest_s = max((run.answer.seconds or 0.0 for run in runs if run is not None), default=0.0)
    if longest_s > time_limit_s * OVERRUN:
        notes.append(
            Message(
                f"超出 {limit} 秒时限，最长用 {longest_s:.1f} 秒",
                f"overran the limit of {limit} s, the longest run took {longest_s:.1f} s",
            )
        )
    return tuple(notes)


def _endings(runs: Runs) -> tuple[str, ...]:
    return tuple("out_of_memory" if run is None else run.answer.ending for run in runs)


def _values(runs: Runs, value: Callable[[PlanRun], float | None]) -> tuple[float | None, ...]:
    return tuple(None if run is None else value(run.answer) for run in runs)


def _seconds(runs: Runs) -> Figure:
    values = _values(runs, lambda answer: _rounded(answer.seconds, 3))
    return Figure("seconds", Message("用时", "time"), "s", values)


def _seconds_to_close(runs: Runs) -> Figure:
    label = Message(f"间隙到 {CLOSE_GAP:.0%} 的用时", f"time to a gap of {CLOSE_GAP:.0%}")
    values = _values(runs, lambda answer: _rounded(answer.seconds_to_close, 3))
    return Figure("seconds_to_close", label, "s", values)


def _answer(runs: Runs) -> tuple[Figure, ...]:
    memory = tuple(None if run is None else round(run.peak_memory_mib, 1) for run in runs)
    left_t = _values(runs, lambda answer: _rounded(answer.left_t, 1))
    # Where every plan carries everything a column of zeros tells nothing.
    left = [Figure("left_behind", Message("留下", "left behind"), "t", left_t)] if any(left_t) else []
    return (
        _objective(runs),
        Figure("bound", Message("下界", "bound"), "yuan", _values(runs, lambda a: _rounded(a.bound_yuan, 2))),
        Figure("gap", Message("间隙", "gap"), "share", _values(runs, lambda a: _rounded(a.gap, 6))),
        _co2e(runs),
        *left,
        Figure("columns", Message("列", "columns"), "count", _values(runs, lambda a: float(a.columns))),
        Figure("peak_memory", Message("内存峰值", "peak memory"), "MiB", memory),
    )


def _objective(runs: Runs) -> Figure:
    values = _values(runs, lambda answer: _rounded(answer.objective_yuan, 2))
    return Figure("objective", Message("目标值", "objective"), "yuan", values)


def _co2e(runs: Runs) -> Figure:
    values = _values(runs, lambda answer: _rounded(answer.co2e_wtw_t, 3))
    return Figure("co2e_wtw", Message("CO2e（WTW）", "CO2e (WTW)"), "t", values)


def _rounded(value: float | None, digits: int) -> float | None:
    """For the eye of a reader; the figures are measured, not settled."""
    return None if value is None else round(value, digits)
