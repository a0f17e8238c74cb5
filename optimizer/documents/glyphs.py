"""Which characters the embedded font has, for names that need one it lacks.

A PDF that is kept must show every character (PDF/A), so one that no font here has cannot be set at all. A rare
character in an enterprise's name must not keep its statement from being printed: it stands as its code point,
``[U+20BB7]``.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from fontTools.ttLib import TTFont


def covered(font: Path) -> frozenset[int]:
    """The code points for which an OpenType font has a glyph. Raises TTLibError for what is no font."""
    with TTFont(font, lazy=True) as read:
        return frozenset(read.getBestCmap())


def spelt_out(text: str, known: Container[int]) -> str:
    """The text with each character that is not among the known ones as its code point."""
    return "".join(letter if ord(letter) in known else f"[U+{ord(letter):04X}]" for letter in text)
