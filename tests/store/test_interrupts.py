"""Ctrl-C among several processes: the one that was asked says so, those that read for it say nothing."""

from __future__ import annotations

import signal
import subprocess
import sys

from optimizer.actions.interrupts import interrupts_held
from tests.ctrl_c import listening

HELD = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
ENDS = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
os.kill(os.getpid(), signal.SIGINT)
from optimizer.actions.interrupts import end_on_interrupt
print("importing went on", flush=True)
end_on_interrupt()
print("never said")
"""


def said(program: str) -> subprocess.CompletedProcess[str]:
    """What a Python of its own does."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, preexec_fn=listening
    )


def test_a_process_begun_meanwhile_is_deaf_until_it_wants_to_hear() -> None:
    """Inside the block it is born with Ctrl-C held, outside it is not; this process's own mask is as before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with interrupts_held():
        assert said(HELD).stdout == "True\n"
    assert said(HELD).stdout == "False\n"
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


def test_an_interrupt_that_came_while_importing_ends_it_without_a_word() -> None:
    """The imports are done, then it is gone: by the signal, and with nothing on stderr."""
    done = said(ENDS)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "importing went on\n", "")
