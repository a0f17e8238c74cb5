"""What the product set out to reach, each goal beside the stored figure that answers it.

The limits are the design's, for two cores and 24 GiB; a goal that was missed is shown as missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optimizer.bench import growth
from optimizer.bench.record import Result
from optimizer.errors import Message

Measure = Callable[[Result], float | None]
"""Reads the answer out of a result; None where a run gave none, which misses the goal."""


@dataclass(frozen=True, slots=True)
class Goal:
    """``bench`` must give a value ``at_most`` (or at least) ``limit``, in ``unit`` (as a figure's, or ``times`` for a
    ratio and ``relative`` for a share too small for percent). ``size``: the setting that says how much was worked on,
    and the least of it that can answer."""

    bench: str
    label: Message
    unit: str
    limit: float
    measure: Measure
    at_most: bool = True
    size: tuple[str, int] | None = None

    def answered_by(self, result: Result) -> float | None:
        """The measured value; None where less was worked on than the goal asks for, or nothing was reached."""
        setting, least = self.size or ("", 0)
        return self.measure(result) if result.settings.get(setting, 0) >= least else None

    def met(self, value: float | None) -> bool:
        """Whether a measured value reaches the limit; what was not reached in time has none."""
        return value is not None and (value <= self.limit if self.at_most else value >= self.limit)


@dataclass(frozen=True, slots=True)
class Answer:
    """A goal and what the result measured for it."""

    goal: Goal
    result: Result
    value: float | None


def answers(results: Sequence[Result]) -> list[Answer]:
    """The goals that these results can answer, in the order of :data:`GOALS`."""
    measured = {result.bench: result for result in results}
    return [
        Answer(goal, measured[goal.bench], goal.answered_by(measured[goal.bench]))
        for goal in GOALS
        if goal.bench in measured
    ]


def _of(figure: str, method: str = "modalshift") -> Measure:
    """One figure of one method; None where the result lacks either."""
    return lambda result: _median(result, method, figure)


def _greatest(figure: str) -> Measure:
    """The greatest of a figure over all problems of ours; None as soon as one is missing."""

    def read(result: Result) -> float | None:
        ours = [method.name for method in result.methods if not method.baseline]
        return max(_all_or_none([_median(result, name, figure) for name in ours]), default=None)

    return read


def _to_reference(joined: Callable[[Sequence[float]], float]) -> Measure:
    """The distances to the references that are known, taken together; None where one of ours has no plan to compare."""

    def read(result: Result) -> float | None:
        ours = [method.name for method in result.methods if not method.baseline]
        solved = all(_median(result, name, "objective") is not None for name in ours)
        distances = [_median(result, name, "to_reference") for name in ours]
        known = [distance for distance in distances if distance is not None]
        return joined(known) if solved and known else None

    return read


def _median(result: Result, name: str, figure: str) -> float | None:
    method = next((method for method in result.methods if method.name == name), None)
    found = method and method.figure(figure)
    return found.median if found else None


def _ratio(value: float | None, of: float | None) -> float | None:
    return value / of if value is not None and of else None


def _all_or_none(values: Sequence[float | None]) -> list[float]:
    """The values; none of them where one is missing, for leaving it out would flatter."""
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else []


def _above_n_log_n(result: Result) -> float | None:
    """The greatest ratio of a month's time to the line that n log n draws from the smallest month."""
    figure = f"wall:{result.settings['gap']:g}"
    sizes = [name.partition(":")[2] for name in (m.name for m in result.methods) if name.startswith(growth.YARDSTICK)]
    taken = [_median(result, f"{growth.MEASURED}:{size}", figure) for size in sizes]
    lines = [_median(result, f"{growth.YARDSTICK}:{size}", figure) for size in sizes]
    return max(_all_or_none(list(map(_ratio, taken, lines))), default=None)


def _settled_per_s(result: Result) -> float | None:
    """The least rate over all sizes of the ledger."""
    return min(_all_or_none([figure.median for figure in result.method("modalshift").figures]), default=None)


def _against_raw(result: Result) -> float | None:
    """Settlements a second as a share of the bare driver's, at the size where that is least."""
    figures = [figure.name for figure in result.method("modalshift").figures]
    shares = [_ratio(_median(result, "modalshift", name), _median(result, "sqlite3", name)) for name in figures]
    return min(_all_or_none(shares), default=None)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


_PLAN, _SIZES, _OFFERS = "plan", "plan --sizes", "plan --offers"
_MILLION = ("entries", 1_000_000)
_LOTS = ("lots", 10_000)

GOALS = (
    Goal(_PLAN, Message("示范月到间隙 1%", "demo month to a gap of 1%"), "s", 60, _of("seconds_to_close")),
    Goal(
        _SIZES,
        Message("10,000 票到间隙 1.5%", "10,000 shipments to a gap of 1.5%"),
        "s",
        300,
        _of("wall:0.015", "modalshift:10000"),
    ),
    Goal(
        _SIZES,
        Message("10,000 票的内存", "memory for 10,000 shipments"),
        "MiB",
        4096,
        _of("peak_memory", "modalshift:10000"),
    ),
    Goal(
        _SIZES,
        Message("用时对 n log n 线之比，最大者", "time over the n log n line, the worst size"),
        "times",
        1,
        _above_n_log_n,
    ),
    Goal(_OFFERS, Message("只用报价航次：间隙", "carriers' sailings alone: gap"), "share", 0.001, _of("gap")),
    Goal(_OFFERS, Message("只用报价航次：用时", "carriers' sailings alone: time"), "s", 60, _of("seconds")),
    Goal("quote", Message("一次比选", "one quote"), "ms", 5, _of("median")),
    Goal(
        "mcf",
        Message("公开多商品流：与最优值之差，最大者", "public multicommodity flow: off the optimum, the worst"),
        "relative",
        1e-6,
        _to_reference(max),
    ),
    Goal(
        "mcf",
        Message("公开多商品流：用时，最长者", "public multicommodity flow: time, the longest"),
        "s",
        60,
        _greatest("seconds"),
    ),
    Goal(
        "mcnd",
        Message("公开网络设计：与参考值之差，平均", "public network design: above the reference, mean"),
        "share",
        0.02,
        _to_reference(_mean),
    ),
    Goal(
        "mcnd",
        Message("公开网络设计：自证间隙，最大者", "public network design: own gap, the worst"),
        "share",
        0.05,
        _greatest("gap"),
    ),
    Goal(
        "settle",
        Message("每秒结算，最慢的账本规模", "settlements a second, the slowest size of the ledger"),
        "count",
        5000,
        _settled_per_s,
        at_most=False,
    ),
    Goal(
        "settle",
        Message("为驱动直写的几成，最低者", "share of the bare driver's rate, the least"),
        "share",
        0.5,
        _against_raw,
        at_most=False,
    ),
    Goal("audit", Message("百万笔账本的审计", "audit of a million entries"), "s", 30, _of("audit"), size=_MILLION),
    Goal(
        "audit",
        Message("百万笔账本的审计，内存峰值", "audit of a million entries, peak memory"),
        "MiB",
        2048,
        _of("peak_memory"),
        size=_MILLION,
    ),
    Goal(
        "evidence",
        Message("百万笔连同逐批凭证的审计", "audit of a million entries with each lot's evidence"),
        "s",
        30,
        _of("audit"),
        size=_MILLION,
    ),
    Goal(
        "evidence",
        Message(
            "百万笔连同逐批凭证的审计，内存峰值", "audit of a million entries with each lot's evidence, peak memory"
        ),
        "MiB",
        2048,
        _of("peak_memory"),
        size=_MILLION,
    ),
    Goal("proof", Message("一份存在证明", "one inclusion proof"), "ms", 1, _of("proof"), size=("leaves", 1_000_000)),
    Goal(
        "statement", Message("一万批的对账单，JSON", "statement of 10,000 lots, JSON"), "s", 1, _of("json"), size=_LOTS
    ),
    Goal("statement", Message("一万批的对账单，CSV", "statement of 10,000 lots, CSV"), "s", 1, _of("csv"), size=_LOTS),
)
"""In the order of the benches."""
