"""What the command line prints: sentences, tables for people, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.waybills.finding import Finding

WIDTH_WITHOUT_TERMINAL = 120


def say(message: Message, *, err: bool = False) -> None:
    """Print one sentence in the session's language."""
    click.echo(message.text(current_session().lang), err=err)


def print_table(
    title: Message, columns: Sequence[Message], rows: Sequence[Sequence[str]], numeric_from: int = 1
) -> None:
    """Print a table; columns from ``numeric_from`` on are aligned right."""
    from rich.console import Console  # a verb that prints no table begins without it
    from rich.table import Table

    lang = current_session().lang
    table = Table(header_style="bold")
    for position, column in enumerate(columns):
        table.add_column(column.text(lang), justify="right" if position >= numeric_from else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    # A width of our own when nobody watches: the same table on every machine, and none cut at 80 columns.
    # Cells are words and not markup: "[late]" must not vanish as an unknown style.
    console = Console(highlight=False, soft_wrap=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL, color_system=None, markup=False, emoji=False)
    # Beside the table and not its title, which would be wrapped at the table's width.
    click.echo(title.text(lang))
    console.print(table)


def print_findings(findings: Sequence[Finding]) -> None:
    """One line for each finding: the record, the sentence (which may begin with it), the code."""
    lang = current_session().lang
    for finding in findings:
        words = finding.message.text(lang)
        named = "" if words.startswith(finding.record) else f"{finding.record}: "
        click.echo(f"{named}{words} [{finding.code}]")


def json_text(document: object) -> str:
    """A JSON document, Chinese as it is written, ending with a newline."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def print_json(document: object) -> None:
    """Print a JSON document."""
    click.echo(json_text(document), nl=False)
