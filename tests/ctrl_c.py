"""Children that hear Ctrl-C: a background job of a shell is born deaf to it, and would hand that on."""

from __future__ import annotations

import signal


def listening() -> None:
    """For ``preexec_fn``: give a child process the ordinary Ctrl-C of Python."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
