"""Evidence files, kept by what they are: the SHA-256 of a file is its name.

They lie in a directory beside the database, two levels deep by the first digits; a row of ``evidence_files`` names each
of them, and the row is sealed (``actions.evidencing`` writes both). A file is written under another name
first and then renamed, so a digest never names half a file. Nothing here is ever deleted, and nothing changed but what
is no longer what its name says: handed in or restored again, it is whole again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from optimizer.errors import Fault, InputError, Message, StorageError, UnknownRecordError
from optimizer.store.durable import sync_up
from optimizer.store.sqlite_file import sqlite_file

MAX_FILE_BYTES = 10_000_000
TYPES = {
    "application/pdf": b"%PDF-",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/webp": b"RIFF",
}
"""Accepted kinds of files and how they begin. What a file says of itself is not believed."""
WEBP = b"WEBP"
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that is kept. ``media_type`` is told from its first bytes."""

    sha256: str
    media_type: str
    size_bytes: int


class EvidenceFiles:
    """The files of one directory, made when the first file comes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def add(self, content: bytes, name: str = "evidence") -> EvidenceFile:
        """Keep a file; the same content again is the same file, and takes the place of one that was altered.

        Raises InputError for an empty file, one above MAX_FILE_BYTES, or one that is neither PDF, JPEG, PNG nor WebP;
        StorageError where it cannot be written.
        """
        media_type = accepted_type(content, name)
        digest = sha256(content).hexdigest()
        if self.found(digest) is None:
            try:
                path = self._path(digest)
                _write(path, content)
                sync_up(path.parent, self.directory)
            except OSError as error:
                raise unwritten(self.directory, error) from error
        return EvidenceFile(digest, media_type, len(content))

    def read(self, digest: str) -> tuple[EvidenceFile, bytes]:
        """A file and its content. Raises UnknownRecordError where it is not kept, or no longer is what it was."""
        content = self._content(digest)
        if content is None or sha256(content).hexdigest() != digest:
            raise UnknownRecordError(
                Message(f"没有凭证文件 {digest[:12]}…。", f"There is no evidence file {digest[:12]}….")
            )
        return EvidenceFile(digest, media_type_of(content) or UNKNOWN_TYPE, len(content)), content

    def holds(self, digest: str) -> bool:
        """Whether a file of this digest is there (its content is not read)."""
        return _is_digest(digest) and self._path(digest).exists()

    def found(self, digest: str) -> EvidenceFile | None:
        """The file of a digest as it is on disk; None where it is not there, or is not what its name says."""
        content = self._content(digest)
        if content is None or sha256(content).hexdigest() != digest:
            return None
        return EvidenceFile(digest, media_type_of(content) or UNKNOWN_TYPE, len(content))

    def names(self) -> Iterator[str]:
        """The names of everything that lies in the directory, as paths within it."""
        for path in sorted(self.directory.rglob("*")) if self.directory.is_dir() else ():
            if not path.is_dir():
                yield path.relative_to(self.directory).as_posix()

    def name_of(self, digest: str) -> str:
        """Where in the directory the file of a digest lies."""
        return self._path(digest).relative_to(self.directory).as_posix()

    def _content(self, digest: str) -> bytes | None:
        path = self._path(digest) if _is_digest(digest) else None
        # Neither a pipe, which would never end, nor a file that could not have been accepted is read.
        if path is None or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            return None
        return path.read_bytes()

    def _path(self, digest: str) -> Path:
        return self.directory / digest[:2] / digest[2:4] / digest


def _write(path: Path, content: bytes) -> None:
    """A file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = NamedTemporaryFile(dir=path.parent, delete=False)  # noqa: SIM115 -- it is renamed when it is closed
    try:
        with draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        os.replace(draft.name, path)
    except BaseException:
        Path(draft.name).unlink(missing_ok=True)
        raise


def unwritten(directory: Path, error: OSError) -> StorageError:
    """Why evidence could not be kept in a directory."""
    reason = error.strerror or str(error)
    return StorageError(
        Message(
            f"凭证无法写入 {directory}（{reason}）；未登记任何凭证，请腾出空间或检查权限后重试。",
            f"Evidence cannot be written to {directory} ({reason}); none was registered. Make room or check your "
            "rights, then try again.",
        )
    )


def media_type_of(content: bytes) -> str | None:
    """The media type that the first bytes tell, None for any other kind."""
    for media_type, magic in TYPES.items():
        if content.startswith(magic) and (media_type != "image/webp" or content[8:12] == WEBP):
            return media_type
    return None


def evidence_directory(db_url: str) -> Path:
    """Where the files of a database lie: beside an SQLite file, else ``evidence`` in the working directory."""
    file = sqlite_file(db_url)
    return Path("evidence") if file is None else Path(f"{file}.evidence")


def accepted_type(content: bytes, name: str) -> str:
    """The media type of a file that may be kept. Raises InputError otherwise (see :meth:`EvidenceFiles.add`)."""
    faults = []
    media_type = media_type_of(content)
    if not content:
        faults.append(_fault(name, "empty_file", "文件为空", "the file is empty"))
    elif len(content) > MAX_FILE_BYTES:
        limit = f"{MAX_FILE_BYTES // 1_000_000} MB"
        faults.append(_fault(name, "too_large", f"文件超过 {limit}", f"the file is larger than {limit}"))
    elif media_type is None:
        faults.append(_fault(name, "wrong_type", "应为 PDF、JPEG、PNG 或 WebP", "should be a PDF, JPEG, PNG or WebP"))
    if faults or media_type is None:
        raise InputError.of(faults)
    return media_type


def _fault(name: str, code: str, zh: str, en: str) -> Fault:
    return Fault(name[:100], None, None, code, Message(zh, en))


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(character in "0123456789abcdef" for character in text)
