"""The clock of the web side."""

from __future__ import annotations

from datetime import datetime

from optimizer.quantities import CHINA_TIME


def now() -> datetime:
    """The present time; the only clock of the web side besides the server's own."""
    return datetime.now(CHINA_TIME)
