"""What a running web side is told from outside."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from optimizer.errors import Lang


@dataclass(frozen=True, slots=True)
class Settings:
    """``db_url`` is an SQLAlchemy URL; ``network_dir`` None means the shipped network; ``lang`` is the language of a
    visitor who has not chosen one; ``demo`` opens what only a demonstration may open. ``secret_key`` signs sessions
    (empty: a new one each start, which signs everybody out); ``limits`` False lifts the rate limits, for tests;
    ``queue_file`` is where the queue of plans lies (None: beside an SQLite database)."""

    db_url: str
    network_dir: Path | None = None
    lang: Lang = "zh"
    demo: bool = False
    secret_key: str = ""
    limits: bool = True
    queue_file: Path | None = None

    def to_json(self) -> str:
        """For the worker, a process of its own."""
        return json.dumps(
            {**asdict(self), "network_dir": _text(self.network_dir), "queue_file": _text(self.queue_file)}
        )

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """What :meth:`to_json` wrote."""
        fields = json.loads(text)
        for name in ("network_dir", "queue_file"):
            fields[name] = Path(fields[name]) if fields[name] else None
        return cls(**fields)


def _text(path: Path | None) -> str:
    return "" if path is None else str(path)
