"""``bench plan --frontier``: cost against CO2e of generated months, each point begun from a neighbour or from nothing.

Time and space are laid out once either way. Begun from a neighbour, a point has that one's plan and row prices to start
from; begun from nothing it finds its own. Both stop at the same gap, so what differs is the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from optimizer.bench.growth import MonthsBench
from optimizer.bench.months import compared, endings_of, values_of
from optimizer.bench.planning_runs import PlanTask, read_task
from optimizer.bench.record import Figure, Method, Result
from optimizer.errors import Message
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
    subject = Message(
        f"生成的月份，费用与排放前沿 {POINTS} 点，每点间隙 {options.gap:.2%}",
        f"generated months: {POINTS} points of cost against CO2e, each to a gap of {options.gap:.2%}",
    )
    return compared(options, tell, both, _methods, BENCH, subject, options.gap)


def both(task: PlanTask) -> Both:
    """A month's frontier begun both ways. Raises InputError for bad files."""
    network, factors, shipments = read_task(task)
    settings = replace(task.settings, time_limit_s=None)

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


def _methods(size: int, answers: Sequence[Both | None]) -> list[Method]:
    return [_method(size, name, answers) for name in (WARM, COLD)]


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
        return values_of(answers, lambda answer: value(getattr(answer, _FIELDS[name])), digits)

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
        endings=endings_of(answers, "gap"),
    )


_FIELDS = {WARM: "warm", COLD: "cold"}
