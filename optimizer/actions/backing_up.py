"""Backup of a database with its evidence, and restore: never half, never back behind what is known to be newer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path

from optimizer.accounts.checkpoint import Checkpoint, parse_checkpoint
from optimizer.actions.verifying import verify
from optimizer.errors import ConflictError, InputError, Message, ModalshiftError
from optimizer.store.backup import (
    close_file,
    copy_database,
    copy_evidence,
    draft_beside,
    publish,
    put_in_place,
    require_free,
    sqlite_file,
)
from optimizer.store.engine import open_store
from optimizer.store.evidence_files import evidence_directory

_COUNTED = ("events", "transactions")
"""Tables whose ``seq`` tells which of two databases holds more."""


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A finished copy: its file, SHA-256, sealed entries (0: nothing was sealed), evidence files copied beside, and how
    many were left out because they are no longer what their digest says."""

    file: Path
    sha256: str
    tree_size: int
    evidence_files: int
    altered_files: int


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """A finished restore: sealed entries of the database now, evidence files that came with it (or were left out, being
    no longer what their digest says), and where the database that stood there is kept (None: there was none)."""

    tree_size: int
    evidence_files: int
    altered_files: int
    set_aside: Path | None


@dataclass(frozen=True, slots=True)
class _Present:
    """What the database that stands at the place to be restored can tell: its newest sealed head and its counts."""

    head: Checkpoint | None
    counts: tuple[int, ...]


def backup(url: str, out: Path) -> BackupResult:
    """Copy the database of a URL to a new file while others use it, and its evidence to ``OUT.evidence``.

    Raises InputError where it is not SQLite, is damaged, or ``out`` exists; StorageError where there is no room.
    """
    source = sqlite_file(url)
    require_free(out)
    with draft_beside(out) as draft:
        copy_database(source, draft)
        # Evidence is kept before the row that names it, so what this copy names is there by now.
        copied, altered = copy_evidence(evidence_directory(url), evidence_directory(f"sqlite:///{out}"))
        with draft.open("rb") as content:
            digest = file_digest(content, "sha256").hexdigest()
        present = _present(draft)
        publish(draft, out)
    return BackupResult(out, digest, present.head.size if present and present.head else 0, copied, altered)


def restore(
    url: str,
    source: Path,
    at: datetime,
    checkpoints: Sequence[Checkpoint] = (),
    reached: Callable[[str], None] = lambda step: None,
) -> RestoreResult:
    """Put a backup in the place of the database of a URL, verified and brought to the present schema before.

    ``checkpoints``: heads exported or remembered beside the key. Killed at any moment, the old database stands or the
    new one, whole; the old one is kept under another name. ``reached`` hears each step (for tests).

    Raises InputError for a backup that is no sound database; ConflictError for one that does not hold a head that is
    known, that holds fewer events or entries than the database it would replace, that differs from what was sealed, and
    while another process uses the database.
    """
    target = sqlite_file(url)
    if source.exists() and target.exists() and source.samefile(target):
        raise InputError(Message("备份就是现用数据库。", "The backup is the database in use."))
    with draft_beside(target) as draft:
        copy_database(source, draft)
        reached("copied")
        present = _closed(target)
        _require_not_older(draft, present, checkpoints)
        size = _brought_up(draft, [*checkpoints, *([present.head] if present and present.head else [])])
        reached("verified")
        copied, altered = copy_evidence(evidence_directory(f"sqlite:///{source}"), evidence_directory(url))
        reached("evidence")
        # Verifying may take minutes: what somebody wrote meanwhile is not lost either.
        _require_not_older(draft, _closed(target), checkpoints)
        set_aside = _free_name(target, at)
        was_there = target.exists()
        put_in_place(draft, target, set_aside, reached)
    return RestoreResult(size, copied, altered, set_aside if was_there else None)


def _require_not_older(draft: Path, present: _Present | None, checkpoints: Sequence[Checkpoint]) -> None:
    """A backup that lacks what is known to exist would let it happen a second time, in another way."""
    kept = _present(draft) or _Present(None, ())
    size = kept.head.size if kept.head else 0
    heads = [*checkpoints, *([present.head] if present and present.head else [])]
    newest = max(heads, key=lambda head: head.size, default=None)
    if newest is not None and newest.size > size:
        raise ConflictError(
            Message(
                f"备份只封存到 {size} 条，而已知树头有 {newest.size} 条（{newest.sealed_at}）：备份太旧，未恢复。",
                f"The backup is sealed up to {size} entries, but a head of {newest.size} is known "
                f"({newest.sealed_at}): the backup is too old and was not restored.",
            )
        )
    if present is not None and any(mine > theirs for mine, theirs in zip(present.counts, kept.counts, strict=False)):
        raise ConflictError(
            Message(
                f"现有数据库的事件与分录（{_counted(present)}）多于备份（{_counted(kept)}），未恢复；"
                "确要放弃，请先把现有文件移开。",
                f"The present database holds more events and entries ({_counted(present)}) than the backup "
                f"({_counted(kept)}); nothing was restored. Move the present file away if they are to be lost.",
            )
        )


def _brought_up(draft: Path, heads: Sequence[Checkpoint]) -> int:
    """Migrate the draft and hold it against its own seals and the heads that are known; its sealed entries."""
    store = open_store(f"sqlite:///{draft}")
    try:
        report = verify(store, heads)
    finally:
        store.close()
    if report.findings:
        first = report.findings[0]
        raise ConflictError(
            Message(
                f"备份与封存或已知树头不符，未恢复（共 {len(report.findings)} 项）：{first.record}：{first.message.zh}",
                f"The backup differs from its seals or from a known head; nothing was restored "
                f"({len(report.findings)} finding(s)): {first.record}: {first.message.en}",
            )
        )
    close_file(draft)
    return report.size


def _closed(target: Path) -> _Present | None:
    """What the present database tells once all of it is in its one file and nobody uses it."""
    if not target.exists() or not close_file(target):
        return None
    return _present(target)


def _present(file: Path) -> _Present | None:
    """What a database file tells without being opened for writing; None where it cannot be read.

    Only a head whose signature is good counts: who damaged the file could else forbid every restore.
    """
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as reading:
            counts = tuple(
                int(reading.execute(f"SELECT COALESCE(MAX(seq), 0) FROM {table}").fetchone()[0]) for table in _COUNTED
            )
            row = reading.execute("SELECT note FROM tree_heads ORDER BY tree_size DESC LIMIT 1").fetchone()
    except sqlite3.DatabaseError:
        return None
    try:
        head = None if row is None else parse_checkpoint(str(row[0]))
    except ModalshiftError:
        head = None
    return _Present(head if head is not None and head.is_signed else None, counts)


def _counted(present: _Present) -> str:
    return " + ".join(map(str, present.counts))


def _free_name(target: Path, at: datetime) -> Path:
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (
        target.with_name(f"{target.name}.before-{moment}{suffix}") for suffix in ("", *map("-{}".format, range(2, 100)))
    )
    return next(name for name in names if not name.exists())
