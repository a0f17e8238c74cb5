"""The directory of a demo: what it holds, and that nothing of anybody else's is ever touched."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from optimizer.errors import InputError, Message

MARKER = ".modalshift-demo"
MARKER_TEXT = "Made by `modalshift demo`; a further demo replaces the files it made here.\n"
DATABASE = "modalshift.db"
STATEMENTS = "statements"
FILES = (
    "shipments.csv",
    "quote.json",
    "PLAN.json",
    "waybills.jsonl",
    "savings.csv",
    "corridor.csv",
    "traffic.csv",
    "audit.json",
    "books.checkpoint",
    "books.manifest.csv",
    "proof.json",
)
"""What a demo writes beside the database and the statements."""


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where a demo writes."""

    path: Path

    @property
    def db_url(self) -> str:
        """The database of the demo."""
        return f"sqlite:///{self.path / DATABASE}"

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file completely or not at all; directories inside the demo are made on the way."""
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
            Path(draft).chmod(0o644)
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        return path


def prepare(path: Path) -> DemoFolder:
    """An empty demo directory at ``path``: a new or empty one, or that of an earlier demo without what it made.

    Raises InputError when the directory holds anything and is not that of a demo, or cannot be written.
    """
    folder = DemoFolder(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()) and not (path / MARKER).is_file():
            raise _foreign(path)
        # The marker first: a run that breaks off leaves a directory that the next one may clear.
        folder.write(MARKER, MARKER_TEXT)
        for name in (*FILES, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
            (path / name).unlink(missing_ok=True)
        shutil.rmtree(path / STATEMENTS, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            Message(
                f"无法在 {path} 中写入（{reason}）；请用 --out 指定一个可写的目录。",
                f"Cannot write in {path} ({reason}); name a directory that is writable with --out.",
            )
        ) from error
    return folder


def _foreign(path: Path) -> InputError:
    return InputError(
        Message(
            f"{path} 里有别的文件，不是演示目录，未作改动；请用 --out 指定新目录或空目录。",
            f"{path} holds other files and no demo made it; it stays as it is. Name a new or empty one with --out.",
        )
    )
