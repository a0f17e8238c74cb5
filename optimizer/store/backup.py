"""Copies of an SQLite database: taken while it is in use, and put in its place all at once.

A copy is made with SQLite's online backup in one step, so it is one moment of the database, whoever writes meanwhile.
It is made under another name and appears under its own only when it is whole and on disk. PostgreSQL has ``pg_dump``.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from optimizer.errors import ConflictError, InputError, Message, StorageError
from optimizer.store.durable import sync, sync_up
from optimizer.store.evidence_files import EvidenceFiles, unwritten

SIDE_FILES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database; beside another database it would be taken for that one's."""
DIGEST_LENGTH = 64
MAGIC = b"SQLite format 3\0"
TAKEN = "in use"


def sqlite_file(url: str) -> Path:
    """The file of an SQLite URL. Raises InputError for another database: those have tools of their own."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise InputError(
            Message(
                "只有 SQLite 文件用本命令备份与恢复；PostgreSQL 请用 pg_dump 与 pg_restore，"
                "恢复后运行 modalshift verify 树头文件。",
                "Only SQLite files are backed up and restored by this command; for PostgreSQL use pg_dump and "
                "pg_restore, then run modalshift verify CHECKPOINT.",
            )
        )
    return Path(parsed.database)


def copy_database(source: Path, target: Path) -> None:
    """One moment of ``source`` as one file without side files, checked and on disk.

    Raises InputError where ``source`` is no SQLite database or damaged, StorageError where the copy cannot be written.
    """
    if not source.is_file():
        raise InputError(Message(f"没有数据库文件 {source}。", f"There is no database file {source}."))
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as reading:
            _require_sound(reading, source)
            with closing(sqlite3.connect(target)) as writing:
                reading.backup(writing)
                # The copy says it is in WAL mode, as its source was; as one file it must not be.
                writing.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        raise StorageError(
            Message(
                f"无法复制 {source}（{error}）；未写入任何内容。",
                f"Cannot copy {source} ({error}); nothing was written.",
            )
        ) from error
    except sqlite3.DatabaseError as error:
        raise _unsound(source, str(error)) from error
    sync(target)


def require_free(target: Path) -> None:
    """Raise InputError where a file has that name: no backup replaces another."""
    if target.exists():
        raise InputError(
            Message(
                f"{target} 已存在，未覆盖；请另取文件名。",
                f"{target} exists and was not overwritten; name another file.",
            )
        )


def publish(draft: Path, target: Path) -> None:
    """Give a finished file its name. Raises InputError where the name is taken."""
    require_free(target)
    _also_named(draft, target)
    sync(target.parent)


@contextmanager
def draft_beside(target: Path) -> Iterator[Path]:
    """A name for a file that is not finished, in the directory of ``target``; gone at the end, with its side files.

    What a killed process left behind of the same kind is cleared first. Raises InputError where the directory cannot be
    written.
    """
    prefix = f".{target.name}.draft-"
    try:
        for left in target.parent.glob(f"{prefix}*"):
            left.unlink()
        folder = target.parent
        handle, name = tempfile.mkstemp(dir=folder, prefix=prefix)
        os.close(handle)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            Message(
                f"无法写入 {target}（{reason}）；请给出可写目录中的文件名。",
                f"Cannot write {target} ({reason}); name a file in a directory that can be written.",
            )
        ) from error
    draft = Path(name)
    try:
        yield draft
    finally:
        for suffix in ("", *SIDE_FILES):
            Path(f"{draft}{suffix}").unlink(missing_ok=True)


def close_file(file: Path) -> bool:
    """Bring everything of a database into its one file, with no other process using it; False where it is damaged.

    Raises ConflictError where another process has it open.
    """
    with file.open("rb") as content:
        if content.read(len(MAGIC)) != MAGIC:
            # SQLite would take such a file for an empty one and throw its log away, which may be all that is left.
            return False
    try:
        with closing(sqlite3.connect(file, timeout=1)) as connection:
            mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            return False
        mode = TAKEN
    except sqlite3.DatabaseError:
        return False
    if mode != "delete":
        raise ConflictError(
            Message(f"{file} 正被使用；请先停止服务再恢复。", f"{file} is in use; stop the service before restoring.")
        )
    return True


def put_in_place(draft: Path, target: Path, set_aside: Path, reached: Callable[[str], None]) -> None:
    """Let ``draft`` become ``target``. What stood there is kept as ``set_aside``; it is never deleted.

    Killed at any moment, the name leads to the old file or to the new one, whole. Only side files of a damaged database
    are moved before, so that they can never be read into the new one.
    """
    if target.exists():
        _also_named(target, set_aside)
        reached("kept")
    for suffix in SIDE_FILES:
        side = Path(f"{target}{suffix}")
        if side.exists():
            # A database without its log is not what it was: first the database goes, then the log.
            target.unlink(missing_ok=True)
            os.replace(side, f"{set_aside}{suffix}")
            reached("side file kept")
    os.replace(draft, target)
    reached("replaced")
    sync(target.parent)


def copy_evidence(source: Path, target: Path) -> tuple[int, int]:
    """Copy those evidence files that ``target`` lacks, or holds altered: how many, and how many in ``source`` are no
    longer what their digest says and were left out. Raises StorageError where they cannot be written."""
    from_files, to_files = EvidenceFiles(source), EvidenceFiles(target)
    copied = altered = 0
    for file in sorted(source.glob("??/??/*")) if source.is_dir() else ():
        if len(file.name) != DIGEST_LENGTH or to_files.found(file.name) is not None:
            continue
        if from_files.found(file.name) is None:
            altered += 1
            continue
        kept = target / file.relative_to(source)
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with draft_beside(kept) as draft:
                shutil.copyfile(file, draft)
                sync(draft)
                os.replace(draft, kept)
        except OSError as error:
            raise unwritten(target, error) from error
        sync_up(kept.parent, target)
        copied += 1
    return copied, altered


def _also_named(file: Path, name: Path) -> None:
    """A second name for a file; where the file system knows no second names, the only one."""
    try:
        os.link(file, name)
    except FileExistsError:
        raise
    except OSError:
        os.replace(file, name)


def _require_sound(connection: sqlite3.Connection, source: Path) -> None:
    said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    if said != ["ok"]:
        raise _unsound(source, "; ".join(said))
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        raise _unsound(source, "no modalshift database")


def _unsound(source: Path, reason: str) -> InputError:
    return InputError(
        Message(
            f"{source} 不是完好的 modalshift 数据库（{reason}）；请换一份备份。",
            f"{source} is no sound modalshift database ({reason}); use another copy.",
        )
    )
