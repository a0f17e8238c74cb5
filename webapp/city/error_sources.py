"""What the largest errors of the city's bound are called: the keys of error sources in words."""

from __future__ import annotations

from optimizer.network.model import Mode
from webapp.language import text

KNOWN = ("fuel_model", "detour", "logged", "combustion", "provision", "other_gases", "factor")
"""Kinds whose second part names what they are about; see ``optimizer.emissions``."""


def source_words(key: str) -> str:
    """``fuel_model:T49H`` -> "fuel model of T49H"; a key of another kind stands for itself."""
    kind, _, rest = key.partition(":")
    first, _, route = rest.partition(":")
    modes = {mode.value for mode in Mode}
    if kind == "logged" and rest == "*":
        return text("city.source_logged_all")
    if kind == "distance" and first in modes:
        return text("city.source_distance", name=text(f"mode.{first}"), route=route)
    if kind in KNOWN and rest:
        return text(f"city.source_{kind}", name=text(f"mode.{rest}") if rest in modes else rest)
    return key
