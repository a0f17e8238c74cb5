"""Each run in a process of its own: nothing remembered from the run before, and a peak of memory that is its alone."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Generic, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

BYTES_PER_KIB, BYTES_PER_MIB = 2**10, 2**20
STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Isolated(Generic[Answer]):
    """The answer of a process and its peak resident memory, the interpreter and all libraries included."""

    answer: Answer
    peak_memory_mib: float


def in_fresh_process(function: Callable[[Task], Answer], task: Task) -> Isolated[Answer] | None:
    """Run a function of a module in a new interpreter; None when the system killed it (out of memory).

    Errors of the function come through.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        try:
            answer, peak_memory_mib = pool.submit(_with_peak, function, task).result()
        except BrokenProcessPool:
            return None
    return Isolated(answer, peak_memory_mib)


def _with_peak(function: Callable[[Task], Answer], task: Task) -> tuple[Answer, float]:
    return function(task), _peak_memory_bytes() / BYTES_PER_MIB


def _peak_memory_bytes() -> int:
    """Of this process. On Linux getrusage counts what the parent held when it started the child as the peak
    of the child; the status file does not."""
    if STATUS.exists():
        for line in STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * BYTES_PER_KIB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * BYTES_PER_KIB


def peak_of_children_mib() -> float:
    """The peak of memory of the largest process that this one started and that ended."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (peak if sys.platform == "darwin" else peak * BYTES_PER_KIB) / BYTES_PER_MIB
