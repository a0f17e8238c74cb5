"""Amounts as people read them on a terminal: separators, no more digits than mean something."""

from __future__ import annotations

from decimal import Decimal

from optimizer.quantities import FEN_PER_YUAN, G_PER_KG, KG_PER_T


def yuan(amount_fen: int) -> str:
    """Fen as yuan: ``1234567`` -> ``"12,345.67"``."""
    return f"{Decimal(amount_fen) / FEN_PER_YUAN:,.2f}"


def kilograms(mass_g: int) -> str:
    """Grams as kilograms with one decimal: ``-1234567`` -> ``"-1,234.6"``."""
    return f"{Decimal(mass_g) / G_PER_KG:,.1f}"


def tonnes(mass_kg: int) -> str:
    """Kilograms as tonnes with one decimal: ``1600500`` -> ``"1,600.5"``."""
    return f"{Decimal(mass_kg) / KG_PER_T:,.1f}"
