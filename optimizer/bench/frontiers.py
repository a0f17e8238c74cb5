"""``bench plan --frontier``: cost against CO2e of generated months, each point begun from a neighbour or from nothing.

Time and space are laid out once either way. Begun from a neighbour, a point has that one's plan and row prices to start
from; begun from nothing it finds its own. Both stop at the same gap, so what differs is the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from optimizer.actions.versions import code_version
from optimizer.bench.growth import MonthsBench, conditions
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.months import on_months, versions_of
from optimizer.bench.planning_runs import PlanTask
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.emissions.factors import load_factors
from optimizer.errors import Message
from optimizer.network.reader import read_network
from optimizer.planning.design import SOLVER_VERSION
from optimizer.planning.files.shipment_file import read_shipments
from optimizer.planning.frontier import Frontier, frontier

BENCH = "plan --frontier"
WARM, COLD = "modalshift", "from_nothing"
POINTS = 7


@dataclass(frozen=True, slots=True)
class Drawn:
    """One frontier: its points, the widest gap of them, the least CO2e as a part of the most, wall and processor
    time."""

    points: int
    gap: float
    least_co2e: float
    wall_s: float
    processor_s: float


@dataclass(frozen=True, slots=True)
class Both:
    """Of one month: begun from neighbours, and from nothing."""

    warm: Drawn
    cold: Drawn
    network_version: str
    factors_version: str


def run(options: MonthsBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts."""
    before = load_average()
    found = on_months(options, both, tell)
    return Result(
        bench=BENCH,
        subject=Message(
            f"生成的月份，费用与排放前沿 {POINTS} 点，每点间隙 {options.gap:.2%}",
            f"generated months: {POINTS} points of cost against CO2e, each to a gap of {options.gap:.2%}",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions={
            **versions_of(found),
            "product": code_version(),
            "solver": SOLVER_VERSION,
            **library_versions("numpy", "scipy", "numba"),
        },
        settings=conditions(replace(options, time_limit_s=0.0)) | {"time_limit_s": "none"},
        seed=options.seed,
        runs=options.runs,
        methods=tuple(_method(size, name, answers) for size, answers in found for name in (WARM, COLD)),
    )


def both(task: PlanTask) -> Both:
    """A month's frontier begun both ways. Raises InputError for bad files."""
    network = read_network(task.network_dir)
    own = task.network_dir if task.network_dir and (task.network_dir / "factors.csv").exists() else None
    factors, settings = load_factors(own), replace(task.settings, time_limit_s=None)
    shipments = read_shipments(task.shipments, network)

    def drawn(warm: bool) -> Drawn:
        began, busy = time.perf_counter(), time.process_time()
        found = frontier(shipments, network, factors, settings, POINTS, clock=time.monotonic, warm=warm)
        return _drawn(found, time.perf_counter() - began, time.process_time() - busy)

    # The first of the two pays for compiled code that is loaded on first use; so a small one goes before both.
    frontier(shipments[:LEAD], network, factors, settings, 2, clock=time.monotonic)
    return Both(drawn(True), drawn(False), network.version, factors.version)


LEAD = 20
"""Shipments of the frontier that loads compiled code before the clock starts."""


def _drawn(found: Frontier, wall_s: float, processor_s: float) -> Drawn:
    co2e = [point.co2e_wtw_t for point in found.points]
    widest = max(point.gap for point in found.points)
    return Drawn(len(found.points), widest, min(co2e) / max(max(co2e), 1e-9), wall_s, processor_s)


def _method(size: int, name: str, answers: Sequence[Both | None]) -> Method:
    """The figures of one way to begin."""
    label, does = {
        WARM: (
            Message(f"{size:,} 票", f"{size:,} shipments"),
            Message(
                "每点由邻点的计划与影子价格起步", "each point begins from the plan and row prices of its neighbour"
            ),
        ),
        COLD: (
            Message(f"{size:,} 票，从头算", f"{size:,} shipments, from nothing"),
            Message("每点从头算", "each point begins from nothing"),
        ),
    }[name]

    def values(value: Callable[[Drawn], float], digits: int) -> tuple[float | None, ...]:
        found = (None if answer is None else value(getattr(answer, _FIELDS[name])) for answer in answers)
        return tuple(None if each is None else round(each, digits) for each in found)

    return Method(
        name=f"{name}:{size}",
        label=label,
        baseline=name == COLD,
        does=does,
        figures=(
            Figure("shipments", Message("票数", "shipments"), "count", (float(size),)),
            Figure("points", Message("点数", "points"), "count", values(lambda one: float(one.points), 0)),
            Figure("gap", Message("最大间隙", "widest gap"), "share", values(lambda one: one.gap, 6)),
            Figure(
                "least_co2e",
                Message("最低排放占最高", "least CO2e of the most"),
                "share",
                values(lambda one: one.least_co2e, 6),
            ),
            Figure("seconds", Message("用时", "time"), "s", values(lambda one: one.wall_s, 2)),
            Figure(
                "processor_seconds",
                Message("处理器时间", "processor time"),
                "s",
                values(lambda one: one.processor_s, 2),
            ),
        ),
        endings=tuple("out_of_memory" if answer is None else "gap" for answer in answers),
    )


_FIELDS = {WARM: "warm", COLD: "cold"}
