"""Which characters the embedded font has, for names that need one it lacks.

A PDF that is kept must show every character (PDF/A), so one that no font here has cannot be set at all. A rare
character in an enterprise's name must not keep its statement from being printed: it stands as its code point,
``[U+20BB7]``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_SEGMENTED_COVERAGE = 12
"""Format of the table that names characters beyond the first 65,536 (OpenType 1.9, cmap)."""


def covered(font: bytes) -> frozenset[int]:
    """The code points for which an OpenType font has a glyph. Raises ValueError for a font without that table."""
    table = _table(font, b"cmap")
    (count,) = struct.unpack_from(">H", font, table + 2)
    for number in range(count):
        (offset,) = struct.unpack_from(">I", font, table + 4 + 8 * number + 4)
        start = table + offset
        if struct.unpack_from(">H", font, start) == (_SEGMENTED_COVERAGE,):
            return frozenset(_code_points(font, start))
    raise ValueError("the font names no characters")


def spelt_out(text: str, known: frozenset[int]) -> str:
    """The text with each character that is not among the known ones as its code point."""
    return "".join(letter if ord(letter) in known else f"[U+{ord(letter):04X}]" for letter in text)


def _table(font: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", font, 4)
    for number in range(count):
        name, _checksum, offset, _length = struct.unpack_from(">4sIII", font, 12 + 16 * number)
        if name == tag:
            return int(offset)
    raise ValueError(f"the font has no table {tag.decode()}")


def _code_points(font: bytes, start: int) -> Iterator[int]:
    (groups,) = struct.unpack_from(">I", font, start + 12)
    for number in range(groups):
        first, last, _glyph = struct.unpack_from(">III", font, start + 16 + 12 * number)
        yield from range(first, last + 1)
