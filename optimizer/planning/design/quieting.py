"""Keep two lines of SCIP off the terminal that say nothing to anyone.

MathOpt watches for an interrupt by asking SCIP for an event that SCIP refuses: both print an error to standard error,
below Python, at every solve that can be interrupted. The interrupt works all the same (SCIP looks at it by itself), and
no parameter turns the lines off.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

STANDARD_ERROR = 2
NOISE = (b"SCIPcatchEvent does not support variable or row change events", b"[gscip_event_handler.cc:")

_one_at_a_time = Lock()
"""Descriptors belong to the whole process."""


@contextmanager
def without_noise() -> Iterator[None]:
    """What is written to standard error meanwhile comes afterwards, but for the lines that hold ``NOISE``."""
    with _one_at_a_time:
        try:
            kept = os.dup(STANDARD_ERROR)
        except OSError:  # a process without standard error
            yield
            return
        try:
            with tempfile.TemporaryFile() as written:
                os.dup2(written.fileno(), STANDARD_ERROR)
                try:
                    yield
                finally:
                    if sys.stderr is not None:
                        sys.stderr.flush()
                    os.dup2(kept, STANDARD_ERROR)
                    written.seek(0)
                    for line in written:
                        if not any(noise in line for noise in NOISE):
                            os.write(STANDARD_ERROR, line)
        finally:
            os.close(kept)
