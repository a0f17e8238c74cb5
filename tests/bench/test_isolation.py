"""Runs in processes of their own: answers, errors and peaks of memory come back, deaths are told."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from optimizer.bench.isolation import in_fresh_process
from optimizer.errors import Fault, InputError, Message

BIG_MIB = 400


def hold(mebibytes: int) -> int:
    """The id of a process that once held so much."""
    return len(np.ones(mebibytes * 2**20, dtype=np.uint8)) * 0 + os.getpid()


def refuse(file: str) -> int:
    """An error with faults, as readers raise it."""
    raise InputError.of([Fault(file, 3, "mass_t", "negative", Message("重量应大于 0", "the mass must be positive"))])


def die(number: int) -> int:
    """What the system does to who takes too much memory."""
    os.kill(os.getpid(), number)
    return number


def test_the_peak_is_that_of_the_run_alone() -> None:
    """A small run after a big one shows a small peak; both ran elsewhere."""
    big, small = in_fresh_process(hold, BIG_MIB), in_fresh_process(hold, 1)
    assert big is not None
    assert small is not None
    assert big.peak_memory_mib - small.peak_memory_mib > BIG_MIB * 0.9
    assert len({big.answer, small.answer, os.getpid()}) == 3


def test_faults_come_through_whole() -> None:
    """A person sees the same list as without a process in between."""
    with pytest.raises(InputError) as caught:
        in_fresh_process(refuse, "shipments.csv")
    assert [(fault.file, fault.row, fault.message.zh) for fault in caught.value.faults] == [
        ("shipments.csv", 3, "重量应大于 0")
    ]


def test_a_killed_process_is_an_answer() -> None:
    """The bench goes on and can say so."""
    assert in_fresh_process(die, int(signal.SIGKILL)) is None
