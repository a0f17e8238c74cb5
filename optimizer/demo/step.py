"""One step of the story as a table that can be printed in either language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from optimizer.errors import Lang, Message
from optimizer.quantities import FEN_PER_YUAN, G_PER_KG, KG_PER_T

Cell = str | Message
Row = Sequence[Cell]

FIGURES = (Message("项目", "Figure"), Message("数值", "Value"))
"""The head of a table of figures, one to a row."""


@dataclass(frozen=True, slots=True)
class Step:
    """A title, a table (none without columns) and sentences below it. Columns from ``numeric_from`` on are figures."""

    title: Message
    columns: Sequence[Message] = ()
    rows: Sequence[Row] = ()
    notes: Sequence[Message] = ()
    numeric_from: int = 1

    def texts(self, lang: Lang) -> list[list[str]]:
        """The cells in a language."""
        return [[cell if isinstance(cell, str) else cell.text(lang) for cell in row] for row in self.rows]


@dataclass(slots=True)
class Narrator:
    """Shows steps as they are told and measures what each took. ``clock`` counts seconds."""

    clock: Callable[[], float]
    show: Callable[[Step, float], None]
    _last_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._last_s = self.clock()

    def tell(self, step: Step) -> None:
        """Show a step with the seconds since the one before."""
        now_s = self.clock()
        self.show(step, now_s - self._last_s)
        self._last_s = now_s


def count(number: int) -> str:
    """A whole number with thousands separators."""
    return f"{number:,}"


def t(mass_kg: int) -> str:
    """Kilograms as whole tonnes."""
    return f"{mass_kg / KG_PER_T:,.0f}"


def yuan(amount_fen: int) -> str:
    """Fen as whole yuan."""
    return f"{amount_fen / FEN_PER_YUAN:,.0f}"


def kg(mass_g: int) -> str:
    """Grams as whole kilograms."""
    return f"{mass_g / G_PER_KG:,.0f}"


def kg_per_t(mass_g: int, mass_kg: int) -> str:
    """Grams of CO2 per kilogram of cargo, which is kg per t."""
    return f"{mass_g / mass_kg:,.2f}" if mass_kg else "-"


def yuan_per_t(amount_fen: int, mass_kg: int) -> str:
    """Fen per kilogram as yuan per tonne."""
    return f"{amount_fen / FEN_PER_YUAN / (mass_kg / KG_PER_T):,.2f}" if mass_kg else "-"


def share(part: float, whole: float) -> str:
    """A share in per cent."""
    return f"{part / whole:.1%}" if whole else "-"
