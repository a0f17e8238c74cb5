"""Files of the command line: read with a fault a person can mend, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from optimizer.cli.usage import BadValue
from optimizer.errors import Fault, InputError, Message
from optimizer.store.durable import sync


def read_document(path: Path) -> str:
    """The text of a UTF-8 file. Raises InputError where there is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = Message("不是 UTF-8 文本；请重新生成该文件。", "This is not UTF-8 text; write the document anew.")
        raise InputError.of([Fault(path.name, None, None, "bad_encoding", message)]) from error
    except OSError as error:
        message = Message(
            f"无法读取（{error.strerror}）；请检查路径与权限。",
            f"Cannot be read ({error.strerror}); check the path and your rights.",
        )
        raise InputError.of([Fault(str(path), None, None, "unreadable_file", message)]) from error


SUFFIXES = frozenset({"csv", "json", "pdf", "xlsx"})
"""Endings that tell programs what a file is."""


def format_of(asked: str | None, out: Path, known: Sequence[str]) -> str:
    """The format that was asked for, else the one the file's name ends in, else the first of ``known``.

    Raises BadValue where the name promises another format than the file would have: a bank's spreadsheet does not open
    a PDF that is called .xlsx.
    """
    ending = out.suffix.removeprefix(".").lower()
    form = asked or (ending if ending in known else known[0])
    if ending in SUFFIXES and ending != form:
        raise BadValue(
            Message(
                f"{out} 以 .{ending} 结尾，而格式是 {form}；请改文件名，或写 --format（可用：{'、'.join(known)}）。",
                f"{out} ends in .{ending} and the format is {form}; rename it, or give --format ({', '.join(known)}).",
            )
        )
    return form


def keep_apart(out: Path, *inputs: Path | None) -> None:
    """Refuse to write over what is read. Raises InputError where ``out`` is one of the ``inputs``, by whatever name, or
    of the other results."""
    place = os.path.realpath(out)
    if any(source is not None and os.path.realpath(source) == place for source in inputs):
        raise InputError(
            Message(
                f"{out} 是要读取的文件，或另有结果写入；请写到另一个文件。",
                f"{out} is a file that is read, or gets another result; write this one to another file.",
            )
        )


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A draft beside ``path`` that takes its place when the block ends well and vanishes when it does not.

    Raises InputError where ``path`` cannot be written, or is a device or pipe, whose place the draft would take too
    (with the rights of an administrator ``--out /dev/null`` took /dev/null away from the whole machine).
    """
    if _is_special(path):
        raise InputError(
            Message(
                f"{path} 是设备或管道，不是普通文件；请另取文件名。",
                f"{path} is a device or a pipe and no plain file; name another one.",
            )
        )
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        draft = Path(name)
        try:
            yield draft
            draft.chmod(0o644)
            # Content before name: after a power cut the name would else lead to an empty file.
            sync(draft)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            Message(
                f"无法写入 {path}（{reason}）。请给出一个存在且可写的目录中的文件名。",
                f"Cannot write {path} ({reason}). Name a file in a directory that exists and is writable.",
            )
        ) from error


def _is_special(path: Path) -> bool:
    """Whether a name is that of a device, a pipe or an open file of a process (``/dev/stdout``)."""
    if path.is_symlink() and path.readlink().is_relative_to("/proc"):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file completely or not at all; an InputError says why it cannot be written."""
    with whole_file(path) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
