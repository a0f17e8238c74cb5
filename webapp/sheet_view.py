"""A calculation sheet as the page shows it, be it of a quote or of a settled lot: facts, sums line by line, what moves
the result, and the factors with their sources. The words are those of the printed sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.accounts.sheet import CalculationSheet
from optimizer.documents import calculation_sheet as lot_words
from optimizer.documents import quote_sheet as quote_words
from optimizer.documents.sheets import Cell
from optimizer.emissions.factor import Factor
from optimizer.emissions.sensitivity import Influence
from optimizer.errors import Lang
from optimizer.planning.quote.sheet import QuoteSheet, QuoteSheetOption
from webapp.figures import kilograms
from webapp.language import text
from webapp.world import World


@dataclass(frozen=True, slots=True)
class LineView:
    """One leg or hub. ``anchor``: its address on the page; ``sums``: the arithmetic, step by step."""

    anchor: str
    heading: str
    tier: str
    sums: tuple[str, ...]
    grams: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """An option of a quote, or one side of a lot, with the sum of its lines."""

    anchor: str
    heading: str
    lines: tuple[LineView, ...]
    total: str


@dataclass(frozen=True, slots=True)
class TableView:
    """A table; the first cell of a row is its header."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class SheetView:
    """Everything on the page."""

    title: str
    facts: tuple[tuple[str, str], ...]
    totals: tuple[tuple[str, str], ...]
    groups: tuple[GroupView, ...]
    tables: tuple[TableView, ...]


def quote_sheet_view(world: World, sheet: QuoteSheet, lang: Lang) -> SheetView:
    """The sheet of a quote; lines are addressed as ``option-2-leg-3``."""
    return SheetView(
        title=quote_words.TITLES[sheet.of].text(lang),
        facts=tuple(quote_words.head(sheet, lang)),
        totals=(),
        groups=tuple(_option(world, option, lang) for option in sheet.options),
        tables=(_factors(sheet.factors, lang),),
    )


def lot_sheet_view(world: World, sheet: CalculationSheet, lang: Lang) -> SheetView:
    """The sheet of a settled lot; lines are addressed as ``line-3``."""
    lines = [(number, line) for number, line in enumerate(sheet.lines, start=1)]
    groups = []
    for side, total_g in (("baseline", sheet.reduction.baseline_g), ("project", sheet.reduction.project_g)):
        views = tuple(
            LineView(
                anchor=f"line-{number}",
                heading=f"{text(f'mode.{line.mode.value}')} {_places(world, line.place, lang)}",
                tier=text(f"tier.{line.tier}"),
                sums=(line.how.text(lang), lot_words.arithmetic(line), ", ".join(line.factor_ids)),
                grams=f"{line.wtw_g:,}",
            )
            for number, line in lines
            if line.side == side
        )
        groups.append(GroupView(side, lot_words.SIDES[side].text(lang), views, _total(total_g)))
    return SheetView(
        title=lot_words.TITLE.text(lang),
        facts=tuple(lot_words.head(sheet, lang)),
        totals=tuple((name, f"{value:,}") for name, value in lot_words.totals(sheet, lang)),
        groups=tuple(groups),
        tables=(
            TableView(
                lot_words.SENSITIVITY.text(lang),
                tuple(column.text(lang) for column in lot_words.SHARE_COLUMNS),
                tuple(
                    _influence(item, row)
                    for item, row in zip(sheet.influences, lot_words.share_rows(sheet, lang), strict=True)
                ),
                lot_words.logging_words(sheet).text(lang),
            ),
            _factors(sheet.factors, lang),
        ),
    )


def _influence(item: Influence, cells: Sequence[Cell]) -> tuple[str, ...]:
    """A row of what moves the result: the share in per cent, grams with separators. The files have every digit."""
    key, _share, _exposed, width, _standard, _shortfall, reason = _plain(cells)
    part = item.contribution
    grams = (f"{part.exposed_g:,.0f}", width, f"{part.standard_g:,.1f}", f"{part.shortfall_g:,.1f}")
    return (key, f"{item.share:.1%}", *grams, reason)


def _option(world: World, option: QuoteSheetOption, lang: Lang) -> GroupView:
    lines = tuple(
        LineView(
            anchor=f"option-{option.number}-leg-{line.seq}",
            heading=f"{line.seq}. {text(f'mode.{line.mode}')} {_places(world, line.place, lang)}",
            tier=text(f"tier.{line.working.tier}"),
            sums=tuple(quote_words.leg_words(line, lang)),
            grams=f"{line.wtw_g:,}",
        )
        for line in option.lines
    )
    heading = f"{option.number}. {option.title.text(lang)}"
    saved = "" if option.saving_g is None or option.is_baseline else text("sheet.saved", kg=kilograms(option.saving_g))
    return GroupView(f"option-{option.number}", heading, lines, f"{_total(option.wtw_g)} {saved}".strip())


def _places(world: World, route: str, lang: Lang) -> str:
    return " → ".join(world.place_name(place, lang) for place in route.split(">"))


def _total(grams: int) -> str:
    return text("sheet.total", g=f"{grams:,}", kg=kilograms(grams))


def _factors(factors: Sequence[Factor], lang: Lang) -> TableView:
    columns = tuple(column.text(lang) for column in lot_words.FACTOR_COLUMNS)
    rows = tuple(_plain(lot_words.factor_cells(factor, lang)) for factor in factors)
    return TableView(lot_words.FACTORS.text(lang), columns, rows)


def _plain(cells: Sequence[Cell]) -> tuple[str, ...]:
    return tuple("—" if cell in (None, "") else str(cell) for cell in cells)
