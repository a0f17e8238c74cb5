"""The statement as PDF and as a workbook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal

import segno

from optimizer.accounts.statement import Statement
from optimizer.documents.sheets import Cell, Sheet, workbook_of
from optimizer.documents.statement_words import (
    CLOSING,
    COLUMNS,
    MOVEMENTS,
    NOTHING,
    OPENING,
    QR_HINT,
    TEXT_COLUMNS,
    period_end,
    statement_words,
)
from optimizer.documents.typesetting import pdf_of
from optimizer.errors import Lang, Message
from optimizer.quantities import grouped, grouped_within

BALANCES = Message("余额", "Balances")
BLOCK_ROWS = 40
"""Rows of movements that are set as one: what a table costs goes by its cells. No
printed word has a place where a line could break and the columns are wider than the words, so lines stay level."""


def statement_pdf(statement: Statement, lang: Lang) -> bytes:
    """The statement on A4 landscape, PDF/A-2b; the same statement gives the same bytes.

    Untagged for its size: who needs a screen reader has the page and the workbook.
    """
    words = statement_words(statement, lang)
    data = {
        "period": statement.period,
        "words": {
            "title": words.title,
            "movements": MOVEMENTS.text(lang),
            "nothing": NOTHING.text(lang),
            "qr": QR_HINT.text(lang),
        },
        "head": [(name, grouped_within(value)) for name, value in words.head],
        "balances": [
            {"title": title.text(lang), "rows": [(name, grouped(amount)) for name, amount in rows]}
            for title, rows in ((OPENING, words.opening), (CLOSING, words.closing))
        ],
        "columns": words.columns,
        "widths": [width for _, width in COLUMNS],
        "text_columns": TEXT_COLUMNS,
        "movements": _blocks([_grouped_row(row) for row in words.movements]),
        "sum": _grouped_row(words.sum),
        "notes": words.notes,
        "footer": words.qr_text,
    }
    return pdf_of("statement", data, lang, period_end(statement.period), qr_svg(words.qr_text), tagged=False)


def statement_xlsx(statement: Statement, lang: Lang) -> bytes:
    """The statement as a workbook of two sheets: movements, balances. Amounts are numbers with three decimals."""
    words = statement_words(statement, lang)
    movements = Sheet(
        MOVEMENTS.text(lang),
        words.head,
        words.columns,
        [_typed(row) for row in words.movements],
        [_typed(words.sum)],
        words.notes,
    )
    rows = [
        *((OPENING.text(lang), name, Decimal(amount)) for name, amount in words.opening),
        *((CLOSING.text(lang), name, Decimal(amount)) for name, amount in words.closing),
    ]
    balances = Sheet(BALANCES.text(lang), (), ("", BALANCES.text(lang), "kg / tkm"), rows)
    return workbook_of([movements, balances], words.title, period_end(statement.period))


def _blocks(rows: Sequence[tuple[str, ...]]) -> list[list[str]]:
    """The rows in blocks: of each the lines of every column."""
    parts = (rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS))
    return [["\n".join(column) for column in zip(*part, strict=True)] for part in parts]


def _grouped_row(row: tuple[str, ...]) -> tuple[str, ...]:
    """Amounts with separators, as the page has them; a ledger number and a lot's are names."""
    return tuple(grouped(cell) if "." in cell else cell for cell in row)


def _typed(row: tuple[str, ...]) -> list[Cell]:
    """Amounts as numbers, words as texts, empty cells empty."""
    cells: list[Cell] = []
    for column, text in enumerate(row):
        if text == "":
            cells.append(None)
        elif column in TEXT_COLUMNS or text == "—":
            cells.append(text)
        else:
            cells.append(Decimal(text) if "." in text else int(text))
    return cells


def qr_svg(text: str) -> str:
    """A QR code as an SVG document."""
    buffer = io.BytesIO()
    segno.make(text, error="m").save(buffer, kind="svg", scale=4, border=2, xmldecl=False)
    return buffer.getvalue().decode()
