"""Do the sentences of a plan name the figures that its fields and the network give?

A sentence is held in both languages by what it names and by its figures, in whatever order the language has them. Its
other words are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from optimizer.errors import Lang, Message
from optimizer.planning.check.violation import Findings

FIGURE = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
HALF = 0.5000001
"""Of the last digit: how far rounding moves a figure."""
SLACK = 1e-6
"""Relative: two ways of adding up the same amounts."""

Figures = tuple[float, ...]


def check_words(
    found: Findings,
    code: str,
    where: str,
    message: Message,
    names: Iterable[Message],
    choices: Sequence[Figures],
    slack: float = 0.0,
    relative: float = SLACK,
) -> None:
    """Both languages name ``names``, and one of ``choices`` is all the figures of both. ``slack`` and ``relative``: how
    far a figure may be off besides its rounding."""
    languages: tuple[Lang, ...] = ("zh", "en")
    for lang in languages:
        rest = text = message.text(lang)
        for name in sorted((item.text(lang) for item in names), key=len, reverse=True):
            if name not in text:
                found.add(code, f"{where}/{lang}", name, text)
                return
            rest = rest.replace(name, " ")
        said = FIGURE.findall(rest)
        if not text or not any(_agree(said, choice, slack, relative) for choice in choices):
            wanted = " | ".join(", ".join(f"{figure:,.6g}" for figure in choice) or "no figure" for choice in choices)
            found.add(code, f"{where}/{lang}", wanted, text)


def figures_of(text: str, *names: str) -> Figures:
    """The figures of a text, names left out."""
    for name in names:
        text = text.replace(name, " ")
    return tuple(float(figure.replace(",", "")) for figure in FIGURE.findall(text))


def day_figures(day: str) -> Figures:
    """``2026-10-08`` as a sentence's figures; none where it is no day."""
    parts = day.split("-")
    return tuple(map(float, parts)) if all(part.isdecimal() for part in parts) else ()


def _agree(said: Sequence[str], expected: Figures, slack: float, relative: float) -> bool:
    """Whether each figure said can be one of those expected: the least of these takes of the figures that fit it the
    one that fits the fewest above it. Rounded to the tonne and to a tenth, 12.4 and 12.2 change places."""
    spans = [_span(text) for text in said]
    for wanted in sorted(expected):
        off = relative * abs(wanted) + slack
        fitting = [span for span in spans if span[0] - off <= wanted <= span[1] + off]
        if not fitting:
            return False
        spans.remove(min(fitting, key=lambda span: span[1]))
    return not spans


def _span(text: str) -> tuple[float, float]:
    """What a figure may have been before it was rounded."""
    value, half = float(text.replace(",", "")), HALF * 10.0 ** -len(text.partition(".")[2])
    return value - half, value + half
