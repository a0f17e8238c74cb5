"""The sealer over a real database: everything is sealed once, in batches, whatever happens in between."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer import actions
from optimizer.accounts import merkle
from optimizer.accounts.checkpoint import parse_checkpoint, parse_rotation, parse_verifier_key
from optimizer.accounts.merkle import MerkleTree
from optimizer.actions.sealing import rotate_key, seal
from optimizer.errors import ConflictError, InputError, UnknownRecordError
from optimizer.store import tree_rows
from optimizer.store.engine import Store
from optimizer.store.schema import metadata
from optimizer.store.tree_sources import NOT_SEALED, SOURCES
from tests.waybills.world import LATER, world_factors, world_network

KEY, NEXT_KEY = (Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)) for number in (1, 2))
AT = LATER + timedelta(days=1)


def tree_of(store: Store) -> MerkleTree:
    """The tree of the leaves as stored."""
    with store.read() as session:
        return MerkleTree(leaf.leaf_hash for leaf in session.tree.leaves())


def copied(path: Path, to: Path) -> None:
    """A backup of a database, as an administrator makes one."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def test_every_table_is_sealed_or_said_not_to_be() -> None:
    """A new table must be a record, a part of one, or named among those left out."""
    sealed = {table.name for source in SOURCES for table in (source.table, *(part.rows_in for part in source.parts))}
    assert sealed | NOT_SEALED == set(metadata.tables)
    assert sealed & NOT_SEALED == set()


def test_every_record_is_sealed_once(settled: Store) -> None:
    """All records are leaves, in the order written; a second run seals nothing and answers the same head."""
    first, second = seal(settled, KEY, AT), seal(settled, KEY, AT + timedelta(hours=1))
    with settled.read() as session:
        names = {entry.name: entry.leaf for entry in session.tree.entries() if entry.kind != "head"}
        leaves = list(session.tree.leaves())
        assert session.tree.unsealed(session.tree.head(), 10) == []
        assert session.tree.count_unsealed(session.tree.head()) == 0
    assert {leaf.name: leaf.leaf_hash for leaf in leaves} == names
    assert [leaf.index for leaf in leaves] == list(range(len(names)))
    assert (first.entries, first.heads, second.entries, second.heads) == (len(names), 1, 0, 0)
    assert second.checkpoint == first.checkpoint
    assert first.checkpoint.is_signed
    assert first.checkpoint.root == tree_of(settled).root()


@pytest.mark.parametrize("batch", [1, 2, 7, 16, 1000])
def test_batches_of_any_size_make_the_same_tree(settled: Store, batch: int) -> None:
    """One head for each batch, sealed by the next one; every root is that of a beginning of all leaves."""
    with settled.read() as session:
        records = session.tree.count_unsealed(None) + 1  # the key comes with the first batch
    result = seal(settled, KEY, AT, batch=batch)
    tree = tree_of(settled)
    assert len(tree) == result.entries == records + result.heads - 1
    with settled.read() as session:
        heads, nodes = session.tree.heads(), dict(session.tree.nodes())
    assert len(heads) == result.heads == -(-records // batch)
    assert [head.root for head in heads] == [tree.root(head.size) for head in heads]
    assert nodes == dict(tree.stored_nodes())
    assert all(parse_checkpoint(head.note).is_signed for head in heads)


def test_what_comes_later_is_sealed_on_top(settled: Store) -> None:
    """A closed month and the head before are two more entries; the old head is a beginning of the new one."""
    before = seal(settled, KEY, AT).checkpoint
    actions.close(settled, "2026-10", AT)
    after = seal(settled, KEY, AT)
    assert after.entries == 2
    with settled.read() as session:
        ranges = merkle.consistency_ranges(before.size, after.checkpoint.size)
        proof = merkle.consistency_proof(session.tree.reader(ranges), before.size, after.checkpoint.size)
    assert merkle.is_consistent(before.size, before.root, after.checkpoint.size, after.checkpoint.root, proof)


def test_stored_nodes_prove_every_leaf_at_every_head(settled: Store) -> None:
    """Read by the ranges a proof needs and nothing else."""
    seal(settled, KEY, AT, batch=5)
    tree = tree_of(settled)
    with settled.read() as session:
        for head in session.tree.heads():
            for index in range(0, head.size, 3):
                read = session.tree.reader(merkle.inclusion_ranges(index, head.size))
                path = merkle.inclusion_proof(read, index, head.size)
                assert merkle.is_included(tree.node(0, index), index, head.size, path, head.root)


def test_nothing_is_sealed_on_a_head_whose_root_is_not_the_signed_one(
    settled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nodes lead to the root in the signed note, but another root stands beside it."""
    head, real = seal(settled, KEY, AT).checkpoint, tree_rows.TreeRows.head
    actions.close(settled, "2026-10", AT)
    with monkeypatch.context() as patch:
        patch.setattr(tree_rows.TreeRows, "head", lambda rows: replace(real(rows), root=bytes(32)))
        with pytest.raises(ConflictError, match="does not lead to the root signed"):
            seal(settled, KEY, AT)
    after = seal(settled, KEY, AT).checkpoint
    assert after.size > head.size


@pytest.mark.parametrize("step", ["unsealed", "append", "add_head"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_loses_and_doubles_nothing(
    settled: Store, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    """The third batch fails; the next run goes on, and the tree is the one that no crash would have left."""
    calls = 0
    real: Callable[..., object] = getattr(tree_rows.TreeRows, step)

    def failing(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 3 and when == "before":
            raise RuntimeError("crash")
        answer = real(*arguments)
        if calls == 3:
            raise RuntimeError("crash")
        return answer

    monkeypatch.setattr(tree_rows.TreeRows, step, failing)
    with pytest.raises(RuntimeError, match="crash"):
        seal(settled, KEY, AT, batch=4)
    monkeypatch.undo()
    assert len(tree_of(settled)) == 4 + 5
    result = seal(settled, KEY, AT, batch=4)
    with settled.read() as session:
        names = [entry.name for entry in session.tree.entries()]
        assert sorted(leaf.name for leaf in session.tree.leaves()) == sorted(set(names) - {f"head:{len(names) - 1}"})
        assert [head.size for head in session.tree.heads()][:3] == [4, 9, 14]
    assert result.checkpoint.root == tree_of(settled).root()


def test_two_sealers_at_once_make_one_tree(settled: Store, url: str) -> None:
    """Both end well; what one sealed the other does not seal again."""
    results, errors = [], []

    def run() -> None:
        own = actions.open_store(url)
        try:
            results.append(seal(own, KEY, AT, batch=3))
        except Exception as error:  # pragma: no cover
            errors.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    tree = tree_of(settled)
    assert sum(result.entries for result in results) == len(tree)
    assert {result.checkpoint.root for result in results} == {tree.root()}


def test_the_same_records_and_key_give_the_same_bytes(settled: Store, path: Path, tmp_path: Path) -> None:
    """Sealing a copy at the same time signs the same note."""
    copied(path, tmp_path / "copy.db")
    copy = actions.open_store(f"sqlite:///{tmp_path / 'copy.db'}")
    assert seal(copy, KEY, AT).checkpoint == seal(settled, KEY, AT).checkpoint
    copy.close()


# Keys


def test_only_the_present_key_seals(settled: Store) -> None:
    """Another key, and the old one after the hand-over, are refused; the hand-over is an entry of its own."""
    first = seal(settled, KEY, AT)
    with pytest.raises(ConflictError, match="not the log's present key"):
        seal(settled, NEXT_KEY, AT)
    record = rotate_key(settled, NEXT_KEY, AT, old=KEY)
    rotation = parse_rotation(record.rotation)
    assert rotation.is_signed
    assert (rotation.old, rotation.new) == (first.checkpoint.key, parse_verifier_key(record.verifier_key))
    with pytest.raises(ConflictError, match="not the log's present key"):
        seal(settled, KEY, AT)
    second = seal(settled, NEXT_KEY, AT)
    assert second.entries == 2
    assert second.checkpoint.key == rotation.new
    assert second.checkpoint.origin == first.checkpoint.origin


def test_a_hand_over_needs_the_old_key_or_a_reason(settled: Store) -> None:
    """No log, neither of both, a key that is not the present one, a key that was used: refused."""
    with pytest.raises(UnknownRecordError, match="seal first"):
        rotate_key(settled, NEXT_KEY, AT, old=KEY)
    seal(settled, KEY, AT)
    with pytest.raises(ConflictError, match="Give the old key"):
        rotate_key(settled, NEXT_KEY, AT)
    with pytest.raises(ConflictError, match="not the log's present key"):
        rotate_key(settled, NEXT_KEY, AT, old=NEXT_KEY)
    with pytest.raises(ConflictError, match="used for this log before"):
        rotate_key(settled, KEY, AT, old=KEY)
    assert rotate_key(settled, NEXT_KEY, AT, reason="the disk broke").reason == "the disk broke"
    assert seal(settled, NEXT_KEY, AT).entries == 2


def test_the_origin_is_given_once(settled: Store) -> None:
    """It may be named at the beginning, must be a name, and stays."""
    with pytest.raises(InputError, match="cannot name a log"):
        seal(settled, KEY, AT, origin="two words")
    assert seal(settled, KEY, AT, origin="quzhou.example/log").checkpoint.origin == "quzhou.example/log"
    with pytest.raises(ConflictError, match="cannot become"):
        seal(settled, KEY, AT, origin="another.example/log")


def test_without_a_name_a_log_is_named_after_its_first_key(settled: Store) -> None:
    """So two logs with keys of their own never share a name."""
    assert seal(settled, KEY, AT).checkpoint.origin.startswith("modalshift/")


# What must never be signed


def test_an_old_backup_is_not_sealed_again(settled: Store, path: Path, tmp_path: Path) -> None:
    """The key remembers the newest head it signed; a restored backup that lacks it is refused, and stays untouched."""
    seal(settled, KEY, AT)
    copied(path, tmp_path / "backup.db")
    actions.close(settled, "2026-10", AT)
    newest = seal(settled, KEY, AT, signed_before=seal(settled, KEY, AT).checkpoint).checkpoint
    backup = actions.open_store(f"sqlite:///{tmp_path / 'backup.db'}")
    with pytest.raises(ConflictError, match="old backup"):
        seal(backup, KEY, AT, signed_before=newest)
    assert len(tree_of(backup)) == newest.size - 2
    backup.close()


def test_a_fork_is_not_signed(settled: Store) -> None:
    """A head of another root at a size that the database has, and a head of another log, stop the sealer."""
    head = seal(settled, KEY, AT).checkpoint
    with pytest.raises(ConflictError, match="rewritten"):
        seal(settled, KEY, AT, signed_before=replace(head, root=bytes(32)))
    with pytest.raises(ConflictError, match="each log needs its own key"):
        seal(settled, KEY, AT, signed_before=replace(head, origin="other"))


@pytest.mark.parametrize("damage", ["DELETE FROM tree_nodes", "UPDATE tree_leaves SET leaf_hash = zeroblob(32)"])
@pytest.mark.usefixtures("path")
def test_nothing_is_sealed_on_a_damaged_tree(settled: Store, damage: str) -> None:
    """Holes and other hashes are seen before a signature is put on top."""
    seal(settled, KEY, AT)
    with settled.write() as session:
        for trigger in ("tree_nodes_no_delete", "tree_leaves_no_update"):
            session._connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        session._connection.exec_driver_sql(damage)
    actions.close(settled, "2026-10", AT)
    with pytest.raises(ConflictError, match="does not lead to the root"):
        seal(settled, KEY, AT)


def test_an_empty_database_can_be_sealed(store: Store) -> None:
    """Its only entry is the key."""
    assert seal(store, KEY, datetime.fromisoformat("2026-11-01T09:00:00+08:00")).checkpoint.size == 1


def test_settling_goes_on_while_sealed(settled: Store) -> None:
    """Sealing changes no record: settling again writes nothing."""
    seal(settled, KEY, AT)
    assert actions.settle(settled, world_network(), world_factors(), AT).transactions == 0


SEAL_FOREVER = """
import sys
from datetime import datetime
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from optimizer import actions
store = actions.open_store(sys.argv[1])
print("ready", flush=True)
actions.seal(store, Ed25519PrivateKey.from_private_bytes(bytes([1] * 32)), datetime.fromisoformat(sys.argv[2]), batch=1)
"""


@pytest.mark.parametrize("delay_ms", [0, 40, 160])
def test_a_killed_sealer_leaves_a_sound_tree(settled: Store, url: str, delay_ms: int) -> None:
    """kill -9 while batches of one are sealed: what stands is sound, and the next run seals the rest once."""
    child = subprocess.Popen(
        [sys.executable, "-c", SEAL_FOREVER, url, AT.isoformat()], stdout=subprocess.PIPE, env={**os.environ}
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(delay_ms / 1000)
    child.kill()
    child.wait()
    child.stdout.close()
    assert actions.verify(settled).findings == ()
    seal(settled, KEY, AT, batch=1)
    report = actions.verify(settled)
    assert (report.findings, report.unsealed) == ((), 0)


def test_records_written_while_sealing_are_sealed_or_wait(settled: Store, url: str) -> None:
    """Periods are closed by one thread while another seals in small batches: nothing is lost, the tree stays sound."""
    errors: list[Exception] = []

    def close_months() -> None:
        own = actions.open_store(url)
        try:
            for month in ("2026-10", "2026-11", "2026-12"):
                actions.close(own, month, AT + timedelta(days=120))
        except Exception as error:  # pragma: no cover
            errors.append(error)
        finally:
            own.close()

    writer = threading.Thread(target=close_months)
    writer.start()
    for _ in range(4):
        seal(settled, KEY, AT, batch=5)
    writer.join(timeout=60)
    seal(settled, KEY, AT)
    assert errors == []
    report = actions.verify(settled)
    assert (report.findings, report.unsealed) == ((), 0)
