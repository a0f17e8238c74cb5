"""Numbers as people read them: separators, units left to the labels, never more digits than mean something."""

from __future__ import annotations

from decimal import Decimal

from flask import Flask

from optimizer.quantities import FEN_PER_YUAN, G_PER_KG, KG_PER_T, grouped, grouped_within


def yuan(amount_fen: int) -> str:
    """Fen as yuan with separators and two decimals: ``1234567`` -> ``"12,345.67"``."""
    return f"{Decimal(amount_fen) / FEN_PER_YUAN:,.2f}"


def kilograms(mass_g: int) -> str:
    """Grams as kilograms with one decimal."""
    return f"{Decimal(mass_g) / G_PER_KG:,.1f}"


def tonnes(mass_kg: int) -> str:
    """Kilograms as tonnes with one decimal."""
    return f"{Decimal(mass_kg) / KG_PER_T:,.1f}"


def hours(duration_s: int) -> str:
    """Seconds as hours with one decimal."""
    return f"{Decimal(duration_s) / 3600:,.1f}"


def percent(share: float) -> str:
    """A share as a percentage with one decimal: ``0.5`` -> ``"50.0%"``."""
    return f"{share:.1%}"


def counted(number: int) -> str:
    """A number of things with separators."""
    return f"{number:,}"


def register(app: Flask) -> None:
    """Make them filters of the templates."""
    for formatter in (yuan, kilograms, tonnes, hours, percent, grouped, grouped_within, counted):
        app.jinja_env.filters[formatter.__name__] = formatter
