"""CSV that comes back from people: lists of leaves, samples with an auditor's figures, claims of another scheme."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from optimizer.errors import Fault, InputError, Message

LARGEST_CELL = 131_072
"""Characters of a cell; said here, for the reader's own limit belongs to the process and any library may lift it."""


def csv_rows(text: str, name: str) -> Iterator[list[str]]:
    """The rows of a CSV text, header included, whatever ends its lines. Raises InputError with the line where the text
    cannot be followed (an endless quoted cell)."""
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for row in reader:
            if any(len(cell) > LARGEST_CELL for cell in row):
                raise csv.Error(f"field larger than field limit ({LARGEST_CELL})")
            yield row
    except csv.Error as error:
        message = Message(
            f"不是可读的 CSV（{error}）；请用导出的原件，或另存为 UTF-8 CSV。",
            f"This is no CSV that can be read ({error}); use the file as it was exported, or save it as UTF-8 CSV.",
        )
        raise InputError.of([Fault(name, reader.line_num, None, "bad_csv", message)]) from error


def csv_records(text: str, name: str, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Row number (the header is 1) and cells by column; empty rows are passed over, missing cells are empty. Raises
    InputError as :func:`csv_rows`, and for another header."""
    rows = csv_rows(text, name)
    if next(rows, []) != list(columns):
        message = Message(f"表头应为 {','.join(columns)}。", f"The header should be {','.join(columns)}.")
        raise InputError.of([Fault(name, 1, None, "header", message)])
    for number, row in enumerate(rows, start=2):
        if row:
            yield number, dict(zip(columns, [*row, *[""] * len(columns)], strict=False))
