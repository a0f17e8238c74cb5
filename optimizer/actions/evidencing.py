"""Keep evidence files: the file on disk and the sealed row that names it; and check that they still agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from optimizer.errors import Fault, InputError, Message
from optimizer.store.engine import Store
from optimizer.store.evidence_files import EvidenceFile, EvidenceFiles, accepted_type
from optimizer.waybills.finding import Finding

MAX_FILES = 1000
"""Most files of one request."""


@dataclass(frozen=True, slots=True)
class EvidenceReport:
    """What a check saw: registered files and their bytes; digests that events name, and how many of them are kept here
    (the others are kept by who issued them); files that no event names."""

    findings: tuple[Finding, ...]
    files: int
    size_bytes: int
    named: int
    named_and_kept: int
    unnamed: int


def keep_evidence(
    store: Store, files: EvidenceFiles, contents: Sequence[tuple[str, bytes]], at: datetime
) -> list[EvidenceFile]:
    """Keep files, given as name and content, and register them; the same content again is the same file.

    The file is on disk before its row: a crash between the two leaves a file that the audit names and that keeping it
    again registers. Raises InputError for every file that is empty, too large or of another kind; then none is kept.
    Raises StorageError where they cannot be written.
    """
    faults: list[Fault] = []
    if len(contents) > MAX_FILES:
        raise InputError(Message(f"一次至多 {MAX_FILES} 个文件。", f"At most {MAX_FILES} files at once."))
    for name, content in contents:
        try:
            accepted_type(content, name)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError.of(faults)
    kept = [files.add(content, name) for name, content in contents]
    with store.write() as session:
        session.add_evidence_files(kept, at)
    return kept


def check_evidence(store: Store, files: EvidenceFiles) -> EvidenceReport:
    """Compare every registered file with what lies on disk: missing, altered, and files nobody registered."""
    with store.read() as session:
        registered = session.evidence_files()
        named = session.evidence_named()
        # While the session is open: it says which value is none where a digest is no text, or a size no number.
        kept = {files.name_of(digest) for digest in registered}
        size_bytes = sum(file.size_bytes for file in registered.values())
    return EvidenceReport(
        findings=(*_differing(registered.values(), files), *_orphans(kept, files)),
        files=len(registered),
        size_bytes=size_bytes,
        named=len(named),
        named_and_kept=len(named & registered.keys()),
        unnamed=len(registered.keys() - named),
    )


def _differing(registered: Iterable[EvidenceFile], files: EvidenceFiles) -> Iterator[Finding]:
    for file in registered:
        found = files.found(file.sha256)
        if found == file:
            continue
        record = f"evidence {file.sha256}"
        if not files.holds(file.sha256):
            yield _finding(
                "evidence_missing", record, "文件不见了，请从备份取回", "its file is gone; fetch it from a backup"
            )
        else:
            yield _finding(
                "evidence_altered",
                record,
                "文件内容已变，与登记的摘要、大小或类型不符；请重新登记原件或从备份恢复",
                "its file is not what was registered (digest, size or type); add the original again or restore it",
            )


def _orphans(kept: set[str], files: EvidenceFiles) -> Iterator[Finding]:
    for name in files.names():
        if name not in kept:
            yield Finding(
                "evidence_orphan",
                f"evidence file {name}",
                Message(
                    f"{files.directory.name}/{name} 没有登记；用 modalshift evidence add 登记，或移走。",
                    f"{files.directory.name}/{name} is not registered; register it with modalshift evidence add or "
                    "move it away.",
                ),
                blocks=False,
            )


def _finding(code: str, record: str, zh: str, en: str) -> Finding:
    return Finding(code, record, Message(f"{record}：{zh}。", f"{record}: {en}."), blocks=False)
