"""Seal, export, verify, prove: the verbs on a real file, with real keys."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer import actions
from optimizer.accounts.checkpoint import sign_checkpoint
from optimizer.cli import cli
from optimizer.cli.key_file import remembers_signed, signed_before
from tests.accounts.small_books import FUEL_LOGS
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a settled database and a key."""
    url = f"sqlite:///{tmp_path / 'modalshift.db'}"
    store = actions.open_store(url)
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    actions.settle(store, world_network(), world_factors(), LATER)
    store.close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODALSHIFT_DB", url)
    monkeypatch.setenv("MODALSHIFT_LANG", "en")
    done("key", "new", "--out", "sealer.pem")
    return tmp_path


def run(*words: str) -> Result:
    """One command line in this process."""
    return CliRunner().invoke(cli, list(words))


def done(*words: str) -> str:
    """What a command that must succeed prints."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_whole_way(place: Path) -> None:
    """Key, seal, checkpoint, verify, close, seal, verify the old head, prove, check the proof."""
    assert "Sealed 56 entries" in done("seal", "--key", "sealer.pem", "--log", "quzhou.example/accounts")
    done("checkpoint", "--out", "october.checkpoint", "--manifest", "october.csv")
    assert (place / "october.checkpoint").read_text().startswith("quzhou.example/accounts\n56\n")
    done("close", "2026-10")
    assert "1 not sealed yet" in done("verify", "october.checkpoint", "--manifest", "october.csv")
    assert "Sealed 2 entries" in done("seal", "--key", "sealer.pem")
    assert "58 entries are as sealed, 1 checkpoint(s) agree; 0 not" in done("verify", "october.checkpoint")
    done("proof", "period:2026-10", "--out", "proof.json", "--checkpoint", "october.checkpoint")
    assert "The proof holds" in done("verify", "--proof", "proof.json", "october.checkpoint")
    key = (place / "october.checkpoint").read_text().split("\n")[4].removeprefix("key ")
    assert "proof's own" not in done("verify", "--proof", "proof.json", "--public-key", key)
    assert f"quzhou.example/accounts, key {key}" in done("verify", "--proof", "proof.json")


def test_a_changed_row_ends_with_exit_code_1(place: Path) -> None:
    """The finding names place and entry; as JSON for machines."""
    done("seal", "--key", "sealer.pem")
    with sqlite3.connect("modalshift.db") as raw:
        raw.execute("DROP TRIGGER parties_no_update")
        raw.execute("UPDATE parties SET name_en = 'Another' WHERE party_id = 'E1'")
    result = run("verify")
    assert result.exit_code == 1
    assert "(party:E1): Entry" in result.stdout
    assert [item["code"] for item in json.loads(run("verify", "--json").stdout)] == ["entry_changed"]


def test_a_proof_that_does_not_hold_ends_with_exit_code_1(place: Path) -> None:
    """The verdict is named; two checkpoints at once are bad input."""
    done("seal", "--key", "sealer.pem")
    done("proof", "#3", "--out", "proof.json")
    proof = place / "proof.json"
    proof.write_text(proof.read_text().replace('"index": "3"', '"index": "4"'))
    result = run("verify", "--proof", "proof.json")
    assert (result.exit_code, "[not_included]" in result.stdout) == (1, True)
    assert run("verify", "--proof", "proof.json", "a", "b").exit_code == 2
    (place / "E01.json").write_text('{"account_id": "E01.industry", "period": "2026-10"}')
    statement = run("verify", "--proof", "E01.json")
    assert (statement.exit_code, "[malformed_bundle]" in statement.stdout) == (1, True)
    assert "a statement or report is no proof by itself" in statement.stdout, "what a bank has in its hands"


def test_an_old_backup_is_neither_sealed_nor_verified(place: Path) -> None:
    """The head beside the key stops the sealer; the exported head is a finding."""
    done("seal", "--key", "sealer.pem")
    shutil.copy("modalshift.db", "backup.db")
    done("close", "2026-10")
    done("seal", "--key", "sealer.pem")
    done("checkpoint", "--out", "november.checkpoint")
    refused = run("seal", "--key", "sealer.pem", "--db", "sqlite:///backup.db")
    assert refused.exit_code == 2
    assert "old backup" in refused.stderr
    found = run("verify", "november.checkpoint", "--db", "sqlite:///backup.db")
    assert (found.exit_code, "[tree_shorter]" in found.stdout) == (1, True)


def test_keys_are_for_their_owner_alone(place: Path) -> None:
    """Made with 0600, never overwritten; a key that others may read, a missing one and another file are refused."""
    key = place / "sealer.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    assert run("key", "new", "--out", "sealer.pem").exit_code == 2
    assert key.read_bytes() == before
    key.chmod(0o640)
    refused = run("seal", "--key", "sealer.pem")
    assert (refused.exit_code, "chmod 600" in refused.stderr) == (2, True)
    key.chmod(0o600)
    assert run("seal", "--key", "nowhere.pem").exit_code == 2
    assert run("key", "new", "--out", "no/such/place.pem").exit_code == 2
    (place / "text.pem").touch(0o600)
    (place / "text.pem").write_text("no key")
    assert "no unencrypted Ed25519" in run("seal", "--key", "text.pem").stderr
    assert run("verify").exit_code == 0


def test_the_private_key_is_in_no_document(place: Path) -> None:
    """Neither database nor checkpoint nor proof nor the head beside the key hold its bytes."""
    from optimizer.cli.key_file import read_key

    done("seal", "--key", "sealer.pem")
    done("checkpoint", "--out", "a.checkpoint")
    done("proof", "#0", "--out", "proof.json", "--document")
    secret = read_key(place / "sealer.pem").private_bytes_raw()
    pem = (place / "sealer.pem").read_bytes().split(b"\n")[1]
    for file in place.iterdir():
        if file.name != "sealer.pem":
            content = file.read_bytes()
            assert secret not in content
            assert pem not in content
            assert secret.hex().encode() not in content


def test_a_key_is_changed(place: Path) -> None:
    """With the old key, then for one that was lost; the new key knows what the old one signed."""
    done("seal", "--key", "sealer.pem")
    for name in ("second.pem", "third.pem"):
        done("key", "new", "--out", name)
    assert "Key 2 is recorded" in done("key", "rotate", "--key", "sealer.pem", "--new", "second.pem")
    assert (place / "second.pem.head").read_text() == (place / "sealer.pem.head").read_text()
    assert run("seal", "--key", "sealer.pem").exit_code == 2
    done("seal", "--key", "second.pem")
    assert run("key", "rotate", "--new", "third.pem").exit_code == 2
    done("key", "rotate", "--new", "third.pem", "--lost", "disk broke")
    done("seal", "--key", "third.pem")
    assert run("verify").exit_code == 0


def test_an_older_head_does_not_take_the_place_of_a_newer_one(tmp_path: Path) -> None:
    """Of two sealers at once the first to sign may be the last to write: the newest head is what guards the log."""
    key = Ed25519PrivateKey.generate()
    older, newer = (sign_checkpoint("quzhou.example", size, bytes(32), LATER, key) for size in (5, 9))
    for head, kept in ((older, older), (newer, newer), (older, newer)):
        assert remembers_signed(tmp_path / "sealer.pem", head)
        assert signed_before(tmp_path / "sealer.pem") == kept


def test_a_seal_stands_though_its_head_cannot_be_kept(place: Path) -> None:
    """It says that it sealed, that the head is not beside the key and what to do; exit 1 and not 2, which would mean
    that nothing was written. Sealing once more keeps the head. A change of keys does the same."""
    key = place / ("k" * 245 + ".pem")  # a name that leaves no room for the draft of the file beside it
    (place / "sealer.pem").rename(key)
    result = run("seal", "--key", str(key))
    assert (result.exit_code, "Sealed 56 entries" in result.output) == (1, True)
    for words in ("recorded and stands", "File name too long", "seal once more"):
        assert words in result.output
    assert "56 entries are as sealed" in done("verify")
    key.rename(place / "sealer.pem")
    assert "Sealed 0 entries" in done("seal", "--key", "sealer.pem")
    done("key", "new", "--out", key.name)
    result = run("key", "rotate", "--new", str(key), "--key", "sealer.pem")
    assert (result.exit_code, "Key 2 is recorded" in result.output) == (1, True)
    assert "1 not sealed yet" in done("verify", "sealer.pem.head")


def test_files_that_are_no_checkpoints_are_bad_input(place: Path) -> None:
    """Exit 2 and a sentence that says what would be right; `key` alone prints its help."""
    done("seal", "--key", "sealer.pem")
    (place / "text.checkpoint").write_text("no note")
    for words in (
        ["verify", "text.checkpoint"],
        ["verify", "nowhere"],
        ["proof", "#0", "--out", "x", "--checkpoint", "text.checkpoint"],
    ):
        assert run(*words).exit_code == 2
    assert "text.checkpoint is no signed note" in run("verify", "text.checkpoint").stderr
    (place / "m.csv").write_text("no manifest")
    assert run("verify", "--manifest", "m.csv").exit_code == 2
    assert "rotate" in done("key")


def test_backup_and_restore_from_the_command_line(place: Path) -> None:
    """A backup comes back; an old one is refused because of the head that the key remembers (exit 2)."""
    done("seal", "--key", "sealer.pem")
    assert "56 sealed entries" in done("backup", "--out", "a.backup")
    assert run("backup", "--out", "a.backup").exit_code == 2
    done("close", "2026-10")
    done("seal", "--key", "sealer.pem")
    refused = run("restore", "a.backup")
    assert refused.exit_code == 2
    assert "too old" in refused.output
    (place / "modalshift.db").unlink()
    refused = run("restore", "a.backup", "--key", "sealer.pem")
    assert refused.exit_code == 2
    assert not (place / "modalshift.db").exists()
    assert "There was no database before" in done("restore", "a.backup")
    assert "56 entries are as sealed" in done("verify")
    assert run("--db", "postgresql://host/x", "backup", "--out", "b").exit_code == 2
