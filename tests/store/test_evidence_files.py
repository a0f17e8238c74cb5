"""Evidence files are named by their content, checked by their first bytes, and never half there."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from optimizer.errors import InputError, UnknownRecordError
from optimizer.store.evidence_files import MAX_FILE_BYTES, EvidenceFiles, evidence_directory, media_type_of

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
    """It is listed, and not handed out any more."""
    files = EvidenceFiles(tmp_path)
    kept, other = files.add(PNG), files.add(b"%PDF-1.7 receipt")
    next(tmp_path.rglob(kept.sha256)).write_bytes(PNG + b"!")
    assert list(files.altered([kept.sha256, other.sha256, "0" * 64])) == [kept.sha256]
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
    assert evidence_directory("postgresql://host/db") == Path("evidence")
