"""Stored inputs cut where they say the lot's mass, so that what other lots say too is known as it lies.

Every element of a lot says its mass, and so do the inputs themselves; lots of one way differ in little else. One cut of
the text at all these places leaves pieces that are looked up as they are. Where the text cannot be cut so, there are no
pieces, and who asks reads the text element by element; pieces alone do not say that a text is canonical.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_START, _NEXT, _PROJECT = b'{"baseline":[{"distance_basis":', b'},{"distance_basis":', b'"project":[{"distance_basis":'

Element = tuple[bytes, bytes]
"""The text of an element before and after its mass, without its beginning."""


class Pieces(NamedTuple):
    """``before`` and ``after``: what stands between both sides before and after the mass; ``ending``: after them."""

    baseline: Sequence[Element]
    project: Sequence[Element]
    before: bytes
    after: bytes
    ending: bytes


def pieces_of(text: bytes, mass: bytes) -> Pieces | None:
    """Of inputs up to the number of their waybill. ``mass``: how each place says it, with its commas."""
    pieces = text.split(mass)
    if not pieces[0].startswith(_START):
        return None
    baseline: list[Element] = []
    project: list[Element] = []
    side, head = baseline, pieces[0][len(_START) :]
    before = after = b""
    others = iter(pieces[1:])
    for piece in others:
        end = piece.find(_NEXT)
        if end >= 0:
            side.append((head, piece[: end + 1]))
            head = piece[end + len(_NEXT) :]
            continue
        end = piece.rfind(b"}]") + 1
        side.append((head, piece[:end]))
        if side is project:
            return Pieces(baseline, project, before, after, piece[end:]) if next(others, None) is None else None
        method = next(others, b"")
        cut = method.find(_PROJECT)
        if cut < 0:
            return None
        side, before, after, head = project, piece[end:], method[:cut], method[cut + len(_PROJECT) :]
    return None
