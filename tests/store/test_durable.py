"""What is said to be kept is on disk, its names included, before anybody is told so."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer.cli.documents import write_whole
from optimizer.cli.key_file import write_key
from optimizer.store.backup import copy_evidence
from optimizer.store.evidence_files import EvidenceFiles

PNG = b"\x89PNG\r\n\x1a\n picture"
DIGEST = sha256(PNG).hexdigest()
KEPT = Path(DIGEST[:2]) / DIGEST[2:4] / DIGEST


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What is brought to disk, in order; it really is."""
    found: list[Path] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        found.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return found


def test_every_new_folder_of_an_evidence_file_is_on_disk_before_its_row(tmp_path: Path, synced: list[Path]) -> None:
    """A folder whose own entry a power cut takes away takes the file along; the row would name nothing."""
    EvidenceFiles(tmp_path / "m.db.evidence").add(PNG)
    folder = (tmp_path / "m.db.evidence" / KEPT).parent
    assert synced[0].parent == folder, "content before names"
    assert synced[1:] == [folder, folder.parent, tmp_path / "m.db.evidence", tmp_path]


def test_so_is_every_folder_of_a_restored_one(tmp_path: Path, synced: list[Path]) -> None:
    """A backup that was reported as restored."""
    EvidenceFiles(tmp_path / "from").add(PNG)
    synced.clear()
    assert copy_evidence(tmp_path / "from", tmp_path / "to") == (1, 0)
    folder = (tmp_path / "to" / KEPT).parent
    assert synced[1:] == [folder, folder.parent, tmp_path / "to", tmp_path]


def test_a_key_and_what_is_kept_beside_it_last(tmp_path: Path, synced: list[Path]) -> None:
    """Content, then name: a lost key would end its log, an empty head beside it would stop the next seal."""
    write_key(tmp_path / "sealer.pem", Ed25519PrivateKey.generate())
    assert synced == [tmp_path / "sealer.pem", tmp_path]
    synced.clear()
    write_whole(tmp_path / "sealer.pem.head", "a head")
    assert [path.parent for path in synced] == [tmp_path, tmp_path.parent]
    assert synced[1] == tmp_path
