"""Generated months, each in a process of its own, for benches that compare two ways of one piece of a plan's work."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from optimizer.bench.growth import MonthsBench, month_task
from optimizer.bench.isolation import in_fresh_process
from optimizer.bench.planning_runs import PlanTask
from optimizer.errors import Message


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


def versions_of(found: Sequence[tuple[int, Sequence[Versioned | None]]]) -> dict[str, str]:
    """The tables of the last answer; empty without one."""
    answers = [answer for _, each in found for answer in each if answer is not None]
    return {"network": answers[-1].network_version, "factors": answers[-1].factors_version} if answers else {}
