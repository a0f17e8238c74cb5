"""Evidence files are named by their content, checked by their first bytes, and never half there."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer import actions
from optimizer.actions.evidencing import check_evidence, keep_evidence
from optimizer.errors import InputError, StorageError, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.store.evidence_files import MAX_FILE_BYTES, EvidenceFiles, evidence_directory, media_type_of
from tests.store.conftest import allow_changes, connect
from tests.waybills.world import LATER, world_factors, world_network

PNG = b"\x89PNG\r\n\x1a\n picture"


def test_a_file_comes_back_as_it_was(tmp_path: Path) -> None:
    """Twice the same content is one file."""
    files = EvidenceFiles(tmp_path / "evidence")
    first, second = files.add(PNG), files.add(PNG, "other name")
    assert first == second
    assert first.sha256 == sha256(PNG).hexdigest()
    assert files.read(first.sha256) == (first, PNG)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"<html>", "wrong_type"),
        (b"MZ\x90", "wrong_type"),
        (b"RIFF1234WAVE", "wrong_type"),
        (b"\xff\xd8\xff" + b"x" * MAX_FILE_BYTES, "too_large"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, code: str) -> None:
    """Whatever their name says; nothing is written."""
    with pytest.raises(InputError) as caught:
        EvidenceFiles(tmp_path / "evidence").add(content, "picture.jpg")
    assert [fault.code for fault in caught.value.faults] == [code]
    assert not (tmp_path / "evidence").exists()


def test_an_altered_file_is_noticed(tmp_path: Path) -> None:
    """It is not found as what its name says, and not handed out any more; the others are."""
    files = EvidenceFiles(tmp_path)
    kept, other = files.add(PNG), files.add(b"%PDF-1.7 receipt")
    next(tmp_path.rglob(kept.sha256)).write_bytes(PNG + b"!")
    assert files.holds(kept.sha256)
    assert [files.found(digest) for digest in (kept.sha256, other.sha256, "0" * 64)] == [None, other, None]
    with pytest.raises(UnknownRecordError):
        files.read(kept.sha256)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "0" * 64, "A" * 64, "0" * 63 + "/"])
def test_a_name_that_is_no_digest_leads_nowhere(tmp_path: Path, digest: str) -> None:
    """No path can be made of it."""
    with pytest.raises(UnknownRecordError):
        EvidenceFiles(tmp_path).read(digest)


def test_kinds_are_told_from_the_first_bytes() -> None:
    """PDF, JPEG, PNG, WebP."""
    begins = [b"%PDF-1.4", b"\xff\xd8\xff\xe0", PNG, b"RIFF0000WEBP", b"GIF89a"]
    assert [media_type_of(content) for content in begins] == [
        "application/pdf",
        "image/jpeg",
        "image/png",
        "image/webp",
        None,
    ]


def test_files_lie_beside_their_database() -> None:
    """An SQLite file has its own directory."""
    assert evidence_directory("sqlite:///a/b.db") == Path("a/b.db.evidence")
    for url in ("postgresql://host/db", "sqlite://", "sqlite:///", "sqlite:///:memory:"):
        assert evidence_directory(url) == Path("evidence")


# Registered files: the row is sealed, the file is held against it

PDF = b"%PDF-1.7 ticket 1"


@pytest.fixture
def files(tmp_path: Path) -> EvidenceFiles:
    """An empty directory of evidence."""
    return EvidenceFiles(tmp_path / "evidence")


def codes_of(store: Store, files: EvidenceFiles) -> list[str]:
    """The codes of a check."""
    return [item.code for item in check_evidence(store, files).findings]


def test_a_kept_file_is_registered_and_sealed(store: Store, files: EvidenceFiles) -> None:
    """One row for each content, however often it is handed in; the row is a leaf of the tree; nothing to find."""
    kept = keep_evidence(store, files, [("a.pdf", PDF), ("b.png", PNG), ("again.pdf", PDF)], LATER)
    assert keep_evidence(store, files, [("c.pdf", PDF)], LATER) == [kept[0]]
    with store.read() as session:
        assert session.evidence_files() == {item.sha256: item for item in kept}
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    actions.seal(store, key, LATER)
    proof = actions.prove(store, f"evidence_file:{kept[0].sha256}")
    assert proof.entry == f"evidence_file:{kept[0].sha256}"
    report = check_evidence(store, files)
    assert (report.findings, report.files, report.size_bytes, report.unnamed) == ((), 2, len(PDF) + len(PNG), 2)


def test_all_faults_of_a_batch_and_nothing_kept(store: Store, files: EvidenceFiles) -> None:
    """One good file among three bad ones: three faults, no file, no row."""
    batch = [("a.pdf", PDF), ("b", b""), ("c.exe", b"MZ"), ("d.pdf", b"%PDF-" + bytes(MAX_FILE_BYTES))]
    with pytest.raises(InputError) as refused:
        keep_evidence(store, files, batch, LATER)
    assert [fault.code for fault in refused.value.faults] == ["empty_file", "wrong_type", "too_large"]
    assert list(files.names()) == []
    assert check_evidence(store, files).files == 0


def test_missing_altered_and_orphan_files_are_findings_of_the_audit(store: Store, files: EvidenceFiles) -> None:
    """Deleted, changed in a byte, cut, swapped for a pipe, grown, put there by hand: each is named."""
    contents = [(f"{place}.pdf", PDF + bytes([place])) for place in range(6)]
    gone, changed, cut, piped, grown, _ = kept = keep_evidence(store, files, contents, LATER)
    path = {item: files.directory / files.name_of(item.sha256) for item in kept}
    path[gone].unlink()
    path[changed].write_bytes(path[changed].read_bytes().replace(b"ticket", b"Ticket"))
    path[cut].write_bytes(b"")
    path[piped].unlink()
    os.mkfifo(path[piped])
    path[grown].write_bytes(PDF + bytes(MAX_FILE_BYTES))
    (files.directory / "notes.txt").write_text("who put this here?")
    wanted = {
        (f"evidence {gone.sha256}", "evidence_missing"),
        (f"evidence {changed.sha256}", "evidence_altered"),
        (f"evidence {cut.sha256}", "evidence_altered"),
        (f"evidence {piped.sha256}", "evidence_altered"),
        (f"evidence {grown.sha256}", "evidence_altered"),
        ("evidence file notes.txt", "evidence_orphan"),
    }
    found = actions.audit(store, world_network(), world_factors(), files)
    assert {(item.record, item.code) for item in found} == wanted
    assert actions.audit(store, world_network(), world_factors()) == []


def test_a_row_that_lies_about_its_file_is_found(store: Store, files: EvidenceFiles, url: str) -> None:
    """Size and type stand in the row as well: a row that says otherwise is named."""
    keep_evidence(store, files, [("a.pdf", PDF)], LATER)
    raw = connect(url)
    allow_changes(raw, "evidence_files")
    raw.exec_driver_sql("UPDATE evidence_files SET media_type = 'image/png'")
    assert codes_of(store, files) == ["evidence_altered"]
    raw.close()
    raw.engine.dispose()


def test_a_crash_between_file_and_row_is_found_and_mended(store: Store, files: EvidenceFiles) -> None:
    """The file is there, its row is not: an orphan, until the file is handed in again."""
    files.add(PDF)
    assert codes_of(store, files) == ["evidence_orphan"]
    keep_evidence(store, files, [("a.pdf", PDF)], LATER)
    assert codes_of(store, files) == []


def test_an_altered_file_is_whole_again_when_it_is_handed_in_again(store: Store, files: EvidenceFiles) -> None:
    """Of the same size, or none at all: who keeps the original makes good what was altered."""
    (kept,) = keep_evidence(store, files, [("a.pdf", PDF)], LATER)
    path = files.directory / files.name_of(kept.sha256)
    path.write_bytes(PDF.replace(b"ticket", b"Ticket"))
    assert codes_of(store, files) == ["evidence_altered"]
    assert keep_evidence(store, files, [("a.pdf", PDF)], LATER) == [kept]
    assert path.read_bytes() == PDF
    assert codes_of(store, files) == []


def test_evidence_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path, store: Store) -> None:
    """A file where the directory should be; a directory where the file should be."""
    (tmp_path / "taken").write_text("")
    files = EvidenceFiles(tmp_path / "evidence")
    (files.directory / files.name_of(sha256(PDF).hexdigest())).mkdir(parents=True)
    for directory in (tmp_path / "taken", files.directory):
        with pytest.raises(StorageError, match="none was registered"):
            keep_evidence(store, EvidenceFiles(directory), [("a.pdf", PDF)], LATER)
    assert list(files.names()) == []
    with store.read() as session:
        assert session.evidence_files() == {}
