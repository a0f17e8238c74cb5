"""Generated months, each in a process of its own, for benches that compare two ways of one piece of a plan's work."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from optimizer.actions.versions import code_version
from optimizer.bench.growth import MonthsBench, conditions, month_task
from optimizer.bench.isolation import in_fresh_process
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.planning_runs import PlanTask
from optimizer.bench.record import Load, Method, Result
from optimizer.errors import Message
from optimizer.planning.design import SOLVER_VERSION


class Versioned(Protocol):
    """What an answer says of the tables it was made with."""

    @property
    def network_version(self) -> str: ...
    @property
    def factors_version(self) -> str: ...


Answer = TypeVar("Answer", bound=Versioned)


def on_months(
    options: MonthsBench, work: Callable[[PlanTask], Answer], tell: Callable[[Message], None]
) -> list[tuple[int, list[Answer | None]]]:
    """By size, what ``work`` answers for each month of ``options``; None where the system killed it for want of memory.
    ``tell`` hears of each run before it starts."""
    found: list[tuple[int, list[Answer | None]]] = []
    for size in sorted(set(options.sizes)):
        answers: list[Answer | None] = []
        for number in range(options.runs):
            tell(Message(f"{size:,} 票，第 {number + 1} 次", f"{size:,} shipments, run {number + 1}"))
            with tempfile.TemporaryDirectory() as folder:
                ran = in_fresh_process(work, month_task(options, size, options.seed + number, folder))
            answers.append(None if ran is None else ran.answer)
        found.append((size, answers))
    return found


def compared(
    options: MonthsBench,
    tell: Callable[[Message], None],
    work: Callable[[PlanTask], Answer],
    methods: Callable[[int, Sequence[Answer | None]], Sequence[Method]],
    bench: str,
    subject: Message,
    gap: float | None = None,
) -> Result:
    """The result of a bench over generated months. ``methods``: those of one size, from the answers of its runs;
    ``gap``: where runs stop, if that is at a gap."""
    before = load_average()
    found = on_months(options, work, tell)
    said = conditions(options)
    return Result(
        bench=bench,
        subject=subject,
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions={
            **_versions_of(found),
            "product": code_version(),
            "solver": SOLVER_VERSION,
            **library_versions("numpy", "scipy", "numba"),
        },
        settings={name: said[name] for name in ("month", "network")} | ({} if gap is None else {"gap": gap}),
        seed=options.seed,
        runs=options.runs,
        methods=tuple(method for size, answers in found for method in methods(size, answers)),
    )


def values_of(
    answers: Sequence[Answer | None], value: Callable[[Answer], float], digits: int
) -> tuple[float | None, ...]:
    """A figure of each run; None where there was no answer."""
    return tuple(None if answer is None else round(value(answer), digits) for answer in answers)


def endings_of(answers: Sequence[Versioned | None], ending: str) -> tuple[str, ...]:
    """How each run ended."""
    return tuple("out_of_memory" if answer is None else ending for answer in answers)


def _versions_of(found: Sequence[tuple[int, Sequence[Versioned | None]]]) -> dict[str, str]:
    """The tables of the last answer; empty without one."""
    answers = [answer for _, each in found for answer in each if answer is not None]
    return {"network": answers[-1].network_version, "factors": answers[-1].factors_version} if answers else {}
