"""Where an SQLite database lies, by its address alone: light to import, for verbs that open no database."""

from __future__ import annotations

from pathlib import Path

PREFIX = "sqlite:///"


def sqlite_file(db_url: str) -> Path | None:
    """The file of an SQLite database, None for one in memory or of another kind."""
    file = db_url.removeprefix(PREFIX)
    return None if file in (db_url, "", ":memory:") else Path(file)
