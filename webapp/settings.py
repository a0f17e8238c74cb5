"""What a running web side is told from outside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from optimizer.errors import Lang


@dataclass(frozen=True, slots=True)
class Settings:
    """``db_url`` is an SQLAlchemy URL; ``network_dir`` None means the shipped network; ``lang`` is the language of a
    visitor who has not chosen one; ``demo`` opens what only a demonstration may open. ``secret_key`` signs sessions
    (empty: a new one each start, which signs everybody out); ``limits`` False lifts the rate limits, for tests."""

    db_url: str
    network_dir: Path | None = None
    lang: Lang = "zh"
    demo: bool = False
    secret_key: str = ""
    limits: bool = True
