"""Verification names what was changed, as exactly as what was exported allows; proofs convince without a database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, StaticPool, Text, create_engine

from optimizer import actions
from optimizer.accounts.checkpoint import Checkpoint, sign_checkpoint, sign_rotation, verifier_key
from optimizer.accounts.manifest import manifest_csv, parse_manifest
from optimizer.accounts.proof import VERDICTS, parse_proof, proof_json, verdict_on
from optimizer.accounts.seal_view import SealReport
from optimizer.actions.amending import amend
from optimizer.actions.sealing import rotate_key, seal
from optimizer.errors import ConflictError, InputError, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.store.schema import metadata
from optimizer.store.tree_rows import TreeRows
from optimizer.waybills.amendment import Amendment
from tests.store import tampering
from tests.store.conftest import allow_changes
from tests.store.tampering import disarm, rebuild_tree
from tests.waybills.world import LATER, world_network

KEY, NEXT_KEY = (Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)) for number in (1, 2))
AT = LATER + timedelta(days=1)


@pytest.fixture
def early(settled: Store) -> Checkpoint:
    """The head over all but the closing of the month, as exported then."""
    return seal(settled, KEY, AT, batch=20).checkpoint


@pytest.fixture
def sealed(settled: Store, early: Checkpoint) -> Store:
    """The month closed and sealed on top of ``early``."""
    actions.close(settled, "2026-10", AT)
    seal(settled, KEY, AT + timedelta(hours=1))
    return settled


@contextmanager
def administrator(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose owner switched every guard off."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        disarm(raw)
        yield raw


def codes(report: SealReport) -> list[str]:
    """The codes of the findings, in order."""
    return [finding.code for finding in report.findings]


def test_sound_books_agree_with_every_exported_head(sealed: Store, early: Checkpoint) -> None:
    """With none, the early and the newest one; what is recorded later is counted, not found."""
    assert actions.verify(sealed) == actions.verify(sealed, [early, actions.checkpoint(sealed)])
    before = actions.verify(sealed, [early])
    assert (before.findings, before.unsealed) == ((), 0)
    actions.close(sealed, "2026-11", AT + timedelta(days=60))
    assert actions.verify(sealed, [early]) == replace(before, unsealed=1)


@pytest.mark.parametrize("table", [table.name for table in tampering.SEALED_TABLES] + ["tree_leaves", "tree_nodes"])
def test_a_changed_row_of_any_table_is_found(settled: Store, raw: Connection, table: str) -> None:
    """One value in one row of each table, on both databases; before it nothing is found."""
    rotate_and_close(settled)
    before = actions.verify(settled)
    assert before.findings == ()
    column = changeable(table)
    if raw.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar_one() == 0:
        assert table in EMPTY_TABLES
        return
    allow_changes(raw, table)
    raw.exec_driver_sql(f"UPDATE {table} SET {column.name} = {another_value(column)}")
    assert actions.verify(settled).findings


EMPTY_TABLES = ("evidence_files", "factor_records", "network_records")


def rotate_and_close(store: Store) -> None:
    """Something of everything: a closed month, two keys, several heads."""
    seal(store, KEY, AT, batch=20)
    actions.close(store, "2026-10", AT)
    rotate_key(store, NEXT_KEY, AT, old=KEY)
    seal(store, NEXT_KEY, AT)


def changeable(table: str) -> Column[Any]:
    """A column that neither names the row nor another one."""
    columns = metadata.tables[table].columns
    return next(
        column
        for column in reversed(list(columns))
        if not column.primary_key
        and not column.foreign_keys
        and isinstance(column.type, (Text, LargeBinary, BigInteger))
    )


def another_value(column: Column[Any]) -> str:
    """SQL for another value of the same type."""
    if isinstance(column.type, LargeBinary):
        return f"{column.name} || {column.name}"
    return f"coalesce({column.name}, '') || 'x'" if isinstance(column.type, Text) else f"{column.name} + 1"


def test_the_first_changed_entry_comes_first(sealed: Store, early: Checkpoint, path: Path) -> None:
    """Two amounts are changed: both entries are named, the earlier one first, by place and id."""
    with administrator(path) as raw:
        for seq in (5, 2):
            raw.execute("UPDATE posting_lines SET amount = amount + 1 WHERE transaction_seq = ? AND line = 1", (seq,))
        names = [
            row[0]
            for row in raw.execute(
                "SELECT 'entry ' || leaf_index || ' (transaction:' || entry_id || ')' FROM tree_leaves "
                "JOIN transactions ON transaction_id = entry_id WHERE seq IN (2, 5) ORDER BY leaf_index"
            )
        ]
    report = actions.verify(sealed, [early])
    assert [finding.record for finding in report.findings] == names
    assert codes(report) == ["entry_changed", "entry_changed"]


def test_numbers_of_another_type_are_found(sealed: Store, path: Path) -> None:
    """All waybills but one have their number's bytes in its place, which SQLite keeps: each is named."""
    with administrator(path) as raw:
        raw.execute(
            "UPDATE waybills SET number = CAST(number AS BLOB) WHERE number > (SELECT MIN(number) FROM waybills)"
        )
        changed = raw.execute("SELECT COUNT(*) FROM waybills WHERE typeof(number) = 'blob'").fetchone()[0]
    assert changed > 0
    assert len(actions.verify(sealed).findings) >= changed


@pytest.mark.parametrize("which", ["early", "newest"])
def test_who_rewrites_rows_and_tree_is_caught_by_any_exported_head(
    sealed: Store, early: Checkpoint, path: Path, which: str
) -> None:
    """The forger has the key and leaves a database that agrees with itself; the exported head does not agree."""
    exported = early if which == "early" else actions.checkpoint(sealed)
    with administrator(path) as raw:
        raw.execute("UPDATE posting_lines SET amount = amount * 2 WHERE transaction_seq = 3")
        forge(raw)
    assert actions.verify(sealed).findings == ()
    assert codes(actions.verify(sealed, [exported])) == ["tree_rewritten"]


def forge(raw: sqlite3.Connection) -> None:
    """Rebuild the tree over the rows as they are now, with the true key."""
    with create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool).connect() as connection:
        rebuild_tree(raw, TreeRows(connection), KEY)


def test_more_heads_say_between_which_and_a_manifest_says_which(sealed: Store, early: Checkpoint, path: Path) -> None:
    """An entry after the early head is rewritten with the tree: found between the heads, and named by the manifest."""
    newest = actions.checkpoint(sealed)
    manifest = parse_manifest(manifest_csv(actions.leaves(sealed, newest.size)), "manifest.csv")
    with administrator(path) as raw:
        raw.execute("UPDATE periods SET closed_at = '2026-12-01T00:00:00+08:00'")
        forge(raw)
    assert actions.verify(sealed, [early]).findings == ()
    (between,) = actions.verify(sealed, [newest, early]).findings
    assert (between.code, between.record) == ("tree_rewritten", f"entries {early.size} to {newest.size - 1}")
    (named,) = actions.verify(sealed, [newest], manifest).findings
    assert (named.code, named.record) == ("entry_rewritten", f"entry {early.size} (period:2026-10)")
    assert codes(actions.verify(sealed, [early], manifest)) == ["manifest_wrong"]


def test_a_head_newer_than_the_database_tells_of_an_old_backup(settled: Store, early: Checkpoint, path: Path) -> None:
    """The database of before, restored: it is sound in itself and shorter than what was exported."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(path.with_name("backup.db"))) as target:
        source.backup(target)
    actions.close(settled, "2026-10", AT)
    newest = seal(settled, KEY, AT).checkpoint
    backup = actions.open_store(f"sqlite:///{path.with_name('backup.db')}")
    assert actions.verify(backup, [early]).findings == ()
    (finding,) = actions.verify(backup, [newest]).findings
    assert finding.code == "tree_shorter"
    assert f"covers {newest.size} entries and the database holds {early.size}" in finding.message.en
    with pytest.raises(ConflictError, match="only"):
        actions.prove(backup, "#0", newest)
    backup.close()


def test_heads_of_other_logs_keys_and_forged_heads_are_told_apart(sealed: Store, early: Checkpoint) -> None:
    """Another origin, another key, another root, a signature that is none."""
    other = sign_checkpoint("other.example/log", early.size, early.root, AT, KEY)
    foreign = sign_checkpoint(early.origin, early.size, early.root, AT, NEXT_KEY)
    forked = sign_checkpoint(early.origin, early.size, bytes(32), AT, KEY)
    unsigned = replace(early, note=replace(early.note, signatures=foreign.note.signatures))
    found = [codes(actions.verify(sealed, [head])) for head in (other, foreign, forked, unsigned)]
    assert found == [["other_log"], ["key_unknown"], ["tree_rewritten"], ["checkpoint_signature"]]


def test_a_key_changed_without_the_old_one_is_reported_to_who_knew_the_old_one(
    sealed: Store, early: Checkpoint
) -> None:
    """With the old key's signature nobody is alarmed; without it, who holds a head of the old key is told."""
    rotate_key(sealed, NEXT_KEY, AT, old=KEY)
    middle = seal(sealed, NEXT_KEY, AT).checkpoint
    assert actions.verify(sealed, [early, middle]).findings == ()
    third = Ed25519PrivateKey.from_private_bytes(bytes([3] * 32))
    rotate_key(sealed, third, AT, reason="the disk broke")
    newest = seal(sealed, third, AT).checkpoint
    assert codes(actions.verify(sealed, [early])) == codes(actions.verify(sealed, [middle])) == ["key_not_endorsed"]
    assert actions.verify(sealed, [newest]).findings == ()


def test_a_damaged_file_is_a_finding(sealed: Store, early: Checkpoint, path: Path) -> None:
    """Bytes that are no text: verification ends with a finding and not with an internal error."""
    with administrator(path) as raw:
        raw.execute("UPDATE events SET document = CAST(x'ff22' AS TEXT) WHERE seq = 3")
    assert codes(actions.verify(sealed, [early])) == ["unreadable"]


def test_nothing_sealed_has_no_head(settled: Store) -> None:
    """No checkpoint, no proof; verification counts what is not sealed."""
    with pytest.raises(UnknownRecordError, match="seal"):
        actions.checkpoint(settled)
    with pytest.raises(UnknownRecordError, match="seal"):
        actions.prove(settled, "#0")
    report = actions.verify(settled)
    assert (report.findings, report.size) == ((), 0)
    assert report.unsealed > 0


# Proofs


def test_every_entry_can_be_proven(sealed: Store, early: Checkpoint) -> None:
    """By its place and by its name; the proof holds against its own head, an exported one and the published key."""
    newest = actions.checkpoint(sealed)
    for leaf in actions.leaves(sealed, newest.size):
        by_place = actions.prove(sealed, f"#{leaf.index}", early)
        assert by_place == actions.prove(sealed, leaf.name, early)
        text = proof_json(by_place)
        assert verdict_on(text) == verdict_on(text, str(newest.note)) == verdict_on(text, str(early.note)) == "ok"
        assert verdict_on(text, str(early.note), early.key.text) == "ok"


def test_a_waybill_is_proven_by_its_number_with_its_document(sealed: Store) -> None:
    """The document's digest stands in the leaf; another document is refused."""
    with sealed.read() as session:
        number, waybill = next(iter(session.waybills().items()))
    proof = actions.prove(sealed, number, with_document=True)
    assert proof.entry == f"waybill:{number}/{waybill.version}"
    assert json.loads(proof.document or "")["number"] == number
    assert verdict_on(proof_json(proof)) == "ok"
    assert verdict_on(proof_json(replace(proof, document="{}"))) == "document_differs"
    assert actions.prove(sealed, number).document is None


def test_an_amended_waybill_is_proven_as_it_is_in_force(sealed: Store) -> None:
    """Its number means the present version, which must be sealed; earlier ones are asked for by name."""
    with sealed.read() as session:
        number = min(session.waybills())
    amend(sealed, number, Amendment(original_document_number="PO-9"), "the shipper asked", world_network(), AT)
    with pytest.raises(UnknownRecordError, match=f"Version 2 .* not sealed yet; .* waybill:{number}/1"):
        actions.prove(sealed, number)
    first = actions.prove(sealed, f"waybill:{number}/1", with_document=True)
    seal(sealed, KEY, AT + timedelta(hours=2))
    for name in (number, f"waybill:{number}", f"waybill:{number}/2"):
        assert actions.prove(sealed, name).entry == f"waybill:{number}/2"
    assert json.loads(actions.prove(sealed, number, with_document=True).document or "")["version"] == 2
    assert json.loads(first.document or "")["version"] == 1
    assert verdict_on(proof_json(actions.prove(sealed, number))) == "ok"
    with pytest.raises(UnknownRecordError):
        actions.prove(sealed, f"waybill:{number}/3")


def test_proofs_survive_a_change_of_keys(sealed: Store, early: Checkpoint) -> None:
    """The old key's signature leads to the new key; without that note the head is not trusted."""
    rotate_key(sealed, NEXT_KEY, AT, old=KEY)
    seal(sealed, NEXT_KEY, AT)
    proof = actions.prove(sealed, "#3", early)
    assert verdict_on(proof_json(proof), str(early.note), early.key.text) == "ok"
    assert verdict_on(proof_json(replace(proof, keys=())), str(early.note)) == "other_key"
    assert verdict_on(proof_json(replace(proof, keys=(str(early.note),)))) == "rotation_wrong"
    # A published key is held against the head that was taken away, though both lead to the key of the proof.
    newest = actions.checkpoint(sealed)
    assert verdict_on(proof_json(proof), str(early.note), newest.key.text) == "other_key"
    # A change of keys in another log says nothing about this one.
    elsewhere = sign_rotation(KEY, verifier_key("other.example/log", NEXT_KEY), AT)
    assert verdict_on(proof_json(replace(proof, keys=(*proof.keys, str(elsewhere.note))))) == "rotation_wrong"


def test_every_verdict_has_its_case(sealed: Store, early: Checkpoint) -> None:
    """One example of each fault, named."""
    newest = actions.checkpoint(sealed)
    proof = actions.prove(sealed, "#3", early)
    other = actions.prove(sealed, "#4", early)
    forked = sign_checkpoint(newest.origin, newest.size, bytes(32), AT, KEY)
    forked_early = sign_checkpoint(early.origin, early.size, bytes(32), AT, KEY)
    elsewhere = sign_checkpoint("other.example/log", 3, bytes(32), AT, KEY)
    foreign = sign_checkpoint(newest.origin, newest.size, newest.root, AT, NEXT_KEY)
    swapped = str(replace(newest.note, signatures=early.note.signatures))
    text = proof_json(proof)
    cases = {
        "ok": verdict_on(text),
        "malformed_bundle": verdict_on(text.replace('"index"', '"place"')),
        "malformed_head": verdict_on(proof_json(replace(proof, checkpoint="x"))),
        "head_signature_wrong": verdict_on(proof_json(replace(proof, checkpoint=swapped))),
        "not_included": verdict_on(proof_json(replace(proof, leaf=other.leaf))),
        "entry_differs": verdict_on(proof_json(replace(proof, entry=other.entry))),
        "document_differs": verdict_on(proof_json(replace(proof, document="x"))),
        "malformed_checkpoint": verdict_on(text, "x"),
        "checkpoint_signature_wrong": verdict_on(text, swapped),
        "other_log": verdict_on(text, str(elsewhere.note)),
        "malformed_key": verdict_on(text, None, "x"),
        "rotation_wrong": verdict_on(proof_json(replace(proof, keys=("x",)))),
        "other_key": verdict_on(text, str(foreign.note)),
        "root_differs": verdict_on(text, str(forked.note)),
        "not_linked": verdict_on(proof_json(replace(proof, since=None)), str(early.note)),
        "not_consistent": verdict_on(text, str(forked_early.note)),
    }
    assert cases == {verdict: verdict for verdict in VERDICTS}


@pytest.mark.parametrize(
    "name", ["#999", "#", "#-1", "#x", "#²", "nobody", "transaction:nobody", "nothing:E1", "#99999999999999999999"]
)
def test_what_is_not_there_cannot_be_proven(sealed: Store, name: str) -> None:
    """Places beyond the log, ids that nobody has, kinds that do not exist."""
    with pytest.raises(UnknownRecordError, match="no sealed entry"):
        actions.prove(sealed, name)


def test_what_was_changed_cannot_be_proven(sealed: Store, path: Path) -> None:
    """The record differs from its leaf: there is nothing to prove, and the sentence says to verify."""
    leaf = next(leaf for leaf in actions.leaves(sealed, 100) if leaf.kind == "period")
    with administrator(path) as raw:
        raw.execute("UPDATE periods SET last_seq = last_seq - 1")
    with pytest.raises(ConflictError, match="modalshift verify"):
        actions.prove(sealed, leaf.name)


def test_proof_files_are_read_back(sealed: Store, early: Checkpoint) -> None:
    """What is written is what is read."""
    proof = actions.prove(sealed, "#3", early)
    assert parse_proof(proof_json(proof)) == proof


@pytest.mark.parametrize(
    "text", ["", "index,entry,leaf_hash\n1,a,b\n", "index,entry,leaf_hash\n0,a,xyz\n", "a,b\n", '"' + "x" * 200_000]
)
def test_a_wrong_manifest_is_bad_input(text: str) -> None:
    """Header, index and hash are checked, with file and row."""
    with pytest.raises(InputError, match=r"m\.csv:"):
        parse_manifest(text, "m.csv")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("tree_keys", "rotation", "x'00'"),
        ("tree_keys", "verifier_key", "x'00'"),
        ("tree_heads", "note", "x'00'"),
        ("tree_heads", "root", "'text'"),
        ("tree_heads", "sealed_at", "7"),
        ("tree_heads", "key_no", "'one'"),
        ("tree_heads", "last_event_seq", "'many'"),
        ("tree_leaves", "leaf_hash", "'text'"),
        ("tree_leaves", "kind", "x'00'"),
        ("tree_nodes", "node_hash", "'text'"),
    ],
)
def test_values_of_another_type_are_findings_and_no_defects(
    sealed: Store, path: Path, table: str, column: str, value: str
) -> None:
    """SQLite keeps bytes in a text column and words in a number's."""
    rotate_key(sealed, NEXT_KEY, AT, old=KEY)
    seal(sealed, NEXT_KEY, AT)
    with administrator(path) as raw:
        raw.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = (SELECT MAX(rowid) FROM {table})")
    assert actions.verify(sealed).findings


def test_a_row_that_its_index_contradicts_is_found(sealed: Store, path: Path) -> None:
    """Whoever writes into the file itself can make a row read one way by its index and another way without."""
    sealed.close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    # The account's name stands in its row and in the index; one of them is changed.
    at = content.rindex(b"E1.industry")
    path.write_bytes(content[:at] + b"E1.induStry" + content[at + 11 :])
    assert "file_damaged" in codes(actions.verify(actions.open_store(f"sqlite:///{path}")))
