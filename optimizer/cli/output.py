"""What the command line prints and writes: tables for people, whole files or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from optimizer.cli.session import current_session
from optimizer.errors import InputError, Message

WIDTH_WITHOUT_TERMINAL = 120


def say(message: Message, *, err: bool = False) -> None:
    """Print one sentence in the session's language."""
    click.echo(message.text(current_session().lang), err=err)


def print_table(
    title: Message, columns: Sequence[Message], rows: Sequence[Sequence[str]], numeric_from: int = 1
) -> None:
    """Print a table; columns from ``numeric_from`` on are aligned right."""
    lang = current_session().lang
    table = Table(title=title.text(lang), title_justify="left", header_style="bold")
    for position, column in enumerate(columns):
        table.add_column(column.text(lang), justify="right" if position >= numeric_from else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    # A width of our own when nobody watches: the same table on every machine, and none cut at 80 columns.
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL, color_system=None)
    console.print(table)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A draft beside ``path`` that takes its place when the block ends well and vanishes when it does not.

    Raises InputError where ``path`` cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        draft = Path(name)
        try:
            yield draft
            draft.chmod(0o644)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            Message(
                f"无法写入 {path}（{reason}）。请给出一个存在且可写的目录中的文件名。",
                f"Cannot write {path} ({reason}). Name a file in a directory that exists and is writable.",
            )
        ) from error


def write_whole(path: Path, content: str) -> None:
    """Write a text file completely or not at all; an InputError says why it cannot be written."""
    with whole_file(path) as draft:
        draft.write_text(content, encoding="utf-8", newline="")
