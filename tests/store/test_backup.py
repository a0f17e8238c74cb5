"""Backup and restore: one moment of a database in use; never half, never behind what is known to be newer."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer import actions
from optimizer.actions.backing_up import backup, restore
from optimizer.errors import ConflictError, InputError
from optimizer.store.engine import Store
from optimizer.store.evidence_files import EvidenceFiles, evidence_directory
from tests.store.conftest import settle_world
from tests.store.servers import DEBIAN, Postgres
from tests.waybills.world import LATER

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STEPS = ("copied", "verified", "evidence", "kept", "replaced")


def rows(path: Path) -> list[str]:
    """A database as SQL."""
    with closing(sqlite3.connect(path)) as raw:
        return list(raw.iterdump())


@pytest.fixture
def sealed(settled: Store, url: str, path: Path) -> Path:
    """The settled world, sealed and closed again."""
    actions.seal(settled, KEY, LATER)
    settled.close()
    return path


def close_october(path: Path) -> None:
    """One record more, sealed."""
    store = actions.open_store(f"sqlite:///{path}")
    actions.close(store, "2026-10", LATER)
    actions.seal(store, KEY, LATER)
    store.close()


def test_a_backup_brings_everything_back(sealed: Path, url: str, tmp_path: Path) -> None:
    """Database and evidence are lost and come back row for row; the backup is one file without side files."""
    kept = EvidenceFiles(evidence_directory(url)).add(b"%PDF-1.7 ticket")
    before = rows(sealed)
    made = backup(url, tmp_path / "a.backup")
    assert (made.tree_size, made.evidence_files) == (56, 1)
    assert sorted(item.name for item in tmp_path.glob("a.backup*")) == ["a.backup", "a.backup.evidence"]
    sealed.unlink()
    shutil.rmtree(evidence_directory(url))
    done = restore(url, tmp_path / "a.backup", LATER)
    assert (done.tree_size, done.evidence_files, done.set_aside) == (56, 1, None)
    assert rows(sealed) == before
    assert EvidenceFiles(evidence_directory(url)).read(kept.sha256)[1] == b"%PDF-1.7 ticket"


def test_a_backup_is_taken_while_somebody_writes(settled: Store, url: str, path: Path, tmp_path: Path) -> None:
    """An open writer's rows are not in the copy, what is committed and still in the write-ahead log is."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("INSERT INTO plans VALUES ('whole', '{}', '2026')")
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO plans VALUES ('half', '{}', '2026')")
        assert Path(f"{path}-wal").stat().st_size > 0
        backup(url, tmp_path / "a.backup")
        other.execute("COMMIT")
    with closing(sqlite3.connect(tmp_path / "a.backup")) as copy:
        plans = {row[0] for row in copy.execute("SELECT plan_id FROM plans")}
        assert "whole" in plans
        assert "half" not in plans


def test_no_backup_replaces_another_file(sealed: Path, url: str, tmp_path: Path) -> None:
    """The name is taken: refused, and both files are as they were."""
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(InputError, match="exists"):
        backup(url, tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"
    assert sealed.exists()


def test_an_old_backup_is_refused_where_the_present_database_has_a_newer_head(
    sealed: Path, url: str, tmp_path: Path
) -> None:
    """October was closed and sealed after the backup: nothing is touched."""
    backup(url, tmp_path / "old.backup")
    close_october(sealed)
    before = rows(sealed)
    with pytest.raises(ConflictError, match="too old"):
        restore(url, tmp_path / "old.backup", LATER)
    assert rows(sealed) == before
    assert not list(tmp_path.glob("*before*"))


def test_an_old_backup_is_refused_where_an_exported_head_is_newer(sealed: Path, url: str, tmp_path: Path) -> None:
    """The present file is gone altogether; the head that was exported still knows better."""
    backup(url, tmp_path / "old.backup")
    close_october(sealed)
    store = actions.open_store(url)
    head = actions.checkpoint(store)
    store.close()
    sealed.unlink()
    with pytest.raises(ConflictError, match=f"a head of {head.size}"):
        restore(url, tmp_path / "old.backup", LATER, [head])
    assert not sealed.exists()


def test_an_old_backup_is_refused_where_unsealed_events_would_be_lost(sealed: Path, url: str, tmp_path: Path) -> None:
    """No newer head, but entries that the backup lacks: a transfer that was acknowledged."""
    backup(url, tmp_path / "old.backup")
    store = actions.open_store(url)
    actions.retire(store, "E1.industry", 1000, "R1", "test", LATER)
    store.close()
    with pytest.raises(ConflictError, match="more events and entries"):
        restore(url, tmp_path / "old.backup", LATER)


def test_a_rewritten_backup_is_refused(sealed: Path, url: str, tmp_path: Path) -> None:
    """A gram was changed in the backup: it is held against its own seals before anything is touched."""
    backup(url, tmp_path / "a.backup")
    with closing(sqlite3.connect(tmp_path / "a.backup")) as raw, raw:
        raw.execute("DROP TRIGGER parties_no_update")
        raw.execute("UPDATE parties SET name_en = 'Other' WHERE party_id = 'E1'")
    before = rows(sealed)
    with pytest.raises(ConflictError, match="party:E1"):
        restore(url, tmp_path / "a.backup", LATER)
    assert rows(sealed) == before


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_what_is_no_backup_is_refused(sealed: Path, url: str, tmp_path: Path, content: bytes | None) -> None:
    """An empty file, any file, no file, and a database of something else."""
    bad = tmp_path / "bad"
    if content is not None:
        bad.write_bytes(content)
    with pytest.raises(InputError):
        restore(url, bad, LATER)
    with closing(sqlite3.connect(tmp_path / "other.db")) as raw:
        raw.execute("CREATE TABLE t (a)")
    with pytest.raises(InputError, match="no sound modalshift database"):
        restore(url, tmp_path / "other.db", LATER)


def test_a_torn_backup_is_refused(sealed: Path, url: str, tmp_path: Path) -> None:
    """Half of the file, and one with a page of zeros in its middle."""
    backup(url, tmp_path / "a.backup")
    whole = (tmp_path / "a.backup").read_bytes()
    middle = len(whole) // 2 // 4096 * 4096
    for name, content in (
        ("half", whole[:middle]),
        ("hole", whole[:middle] + bytes(4096) + whole[middle + 4096 :]),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="no sound"):
            restore(url, tmp_path / name, LATER)


def test_a_database_in_use_is_not_replaced(sealed: Path, url: str, tmp_path: Path) -> None:
    """Somebody reads it: refused, so that nobody goes on writing into a file without a name."""
    backup(url, tmp_path / "a.backup")
    store = actions.open_store(url)
    with store.read() as session:
        session.last_seq()
        with pytest.raises(ConflictError, match="in use"):
            restore(url, tmp_path / "a.backup", LATER)
    store.close()


def test_a_damaged_database_is_replaced_and_kept_with_its_log(sealed: Path, url: str, tmp_path: Path) -> None:
    """The present file is unreadable: the backup comes back, the ruins stay for whoever can read them, and no old
    write-ahead log is read into the new file."""
    backup(url, tmp_path / "a.backup")
    before = rows(sealed)
    sealed.write_bytes(b"x" * 8192)
    Path(f"{sealed}-wal").write_bytes(b"old log")
    done = restore(url, tmp_path / "a.backup", LATER)
    assert done.set_aside is not None
    assert done.set_aside.read_bytes() == b"x" * 8192
    assert Path(f"{done.set_aside}-wal").read_bytes() == b"old log"
    assert rows(sealed) == before


def killed_at(step: str, url: str, source: Path) -> bool:
    """Restore in a child that dies when it reaches a step; whether it died."""
    child = os.fork()
    if child == 0:

        def reached(name: str) -> None:
            if name == step:
                os.kill(os.getpid(), signal.SIGKILL)

        restore(url, source, LATER, reached=reached)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_restore_leaves_the_old_file_or_the_new_one(sealed: Path, url: str, tmp_path: Path, step: str) -> None:
    """Killed at each step: the name leads to a whole database, the old or the new one; the next restore ends well and
    clears what was left behind."""
    old = rows(sealed)
    close_october(sealed)
    backup(url, tmp_path / "new.backup")
    new = rows(sealed)
    with closing(sqlite3.connect(sealed)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
    shutil.copyfile(sealed, tmp_path / "spare")
    # The present file is an older state: restoring moves forward.
    sealed.unlink()
    with closing(sqlite3.connect(sealed)) as raw:
        raw.executescript("PRAGMA foreign_keys = OFF;" + "\n".join(old))
    assert killed_at(step, url, tmp_path / "new.backup")
    assert rows(sealed) in ([old, new] if step == "replaced" else [old])
    restore(url, tmp_path / "new.backup", LATER)
    assert rows(sealed) == new
    assert not list(tmp_path.glob(".*draft*"))


@pytest.mark.parametrize("step", ["kept", "side file kept"])
def test_a_restore_killed_over_a_damaged_database(sealed: Path, url: str, tmp_path: Path, step: str) -> None:
    """Between moving the ruins and putting the copy in place there may be no file, never a file with a wrong log."""
    backup(url, tmp_path / "a.backup")
    good = rows(sealed)
    sealed.write_bytes(b"x" * 8192)
    Path(f"{sealed}-wal").write_bytes(b"old log")
    assert killed_at(step, url, tmp_path / "a.backup")
    assert not sealed.exists() or sealed.read_bytes() == b"x" * 8192
    restore(url, tmp_path / "a.backup", LATER)
    assert rows(sealed) == good
    assert not Path(f"{sealed}-wal").exists()


def test_a_backup_of_an_older_revision_is_brought_up(path: Path, url: str, store: Store, tmp_path: Path) -> None:
    """Migrated before it takes its place; the backup itself stays as it is."""
    from sqlalchemy import create_engine

    from optimizer.store.engine import migrate

    store.close()
    path.unlink()
    engine = create_engine(f"sqlite:///{tmp_path / 'old.backup'}")
    with engine.connect() as connection:
        migrate(connection, "0004")
    engine.dispose()
    before = (tmp_path / "old.backup").read_bytes()
    restore(url, tmp_path / "old.backup", LATER)
    assert (tmp_path / "old.backup").read_bytes() == before
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone()[0] > "0004"


def test_other_databases_have_tools_of_their_own(tmp_path: Path) -> None:
    """PostgreSQL is told to use pg_dump."""
    for verb in (
        lambda: backup("postgresql://x/y", tmp_path / "a"),
        lambda: restore("postgresql://x/y", tmp_path, LATER),
    ):
        with pytest.raises(InputError, match="pg_dump"):
            verb()


def pg(program: str, *words: str) -> None:
    """One of PostgreSQL's own tools, of the newest server that is installed."""
    folder = max(DEBIAN.glob("*/bin"), key=lambda item: int(item.parent.name))
    subprocess.run([folder / program, *words], check=True, capture_output=True, timeout=60)


def test_a_dump_of_postgresql_comes_back_and_an_old_one_is_found_out(postgres: Postgres, tmp_path: Path) -> None:
    """The way the README tells: pg_dump, pg_restore, then verify with the newest exported head."""
    if not list(DEBIAN.glob("*/bin/pg_dump")):
        pytest.skip("no pg_dump here")
    with postgres.empty_database() as url, postgres.empty_database() as back:
        store = actions.open_store(url)
        settle_world(store)
        first = actions.seal(store, KEY, LATER).checkpoint
        plain = url.replace("+psycopg", "")
        pg("pg_dump", "--format=custom", f"--file={tmp_path / 'old.dump'}", plain)
        actions.close(store, "2026-10", LATER)
        newer = actions.seal(store, KEY, LATER).checkpoint
        store.close()
        pg("pg_restore", f"--dbname={back.replace('+psycopg', '')}", str(tmp_path / "old.dump"))
        store = actions.open_store(back)
        assert not actions.verify(store, [first]).findings
        assert [item.code for item in actions.verify(store, [first, newer]).findings] == ["tree_shorter"]
        with pytest.raises(ConflictError, match="old backup"):
            actions.seal(store, KEY, LATER, signed_before=newer)
        store.close()


def test_altered_evidence_is_neither_backed_up_nor_kept_by_a_restore(sealed: Path, url: str, tmp_path: Path) -> None:
    """What is no longer what its digest says does not travel; a restore makes good what the backup still has."""
    assert sealed.exists()
    directory = evidence_directory(url)
    files = EvidenceFiles(directory)
    kept, bad = files.add(b"%PDF-1.7 ticket"), files.add(b"%PDF-1.7 other")
    (directory / files.name_of(bad.sha256)).write_bytes(b"%PDF-1.7 OTHER")
    made = backup(url, tmp_path / "a.backup")
    assert (made.evidence_files, made.altered_files) == (1, 1)
    (directory / files.name_of(kept.sha256)).write_bytes(b"%PDF-1.7 Ticket")
    done = restore(url, made.file, LATER)
    assert (done.evidence_files, done.altered_files) == (1, 0)
    assert files.read(kept.sha256)[1] == b"%PDF-1.7 ticket"
