"""SVG written piece by piece. Looks are presentation attributes: they print, and no style rule has to allow them."""

from __future__ import annotations

from math import floor, log10

from markupsafe import Markup, escape

from webapp.charts.figure import COLOURS

TICKS_WANTED, LEAST_TICKS = 5, 2
LEAST_SPAN = 1e-9
"""What differs by less is alike: nothing here is measured so finely."""


def element(name: str, text: str = "", **attributes: object) -> Markup:
    """One element; ``text_anchor=...`` writes ``text-anchor``, ``class_`` writes ``class``; ``text`` is escaped."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    # Names come from our own code, values and text are escaped above and here.
    if not text:
        return Markup(f"<{name}{written}/>")  # nosec B704
    return Markup(f"<{name}{written}>{escape(text)}</{name}>")  # nosec B704


def titled(name: str, title: str, **attributes: object) -> Markup:
    """An element with the words that a pointer resting on it brings up."""
    return element(name, element("title", title), **attributes)


def svg(width: float, height: float, label: str, parts: list[Markup]) -> Markup:
    """A whole drawing in its own units; the page says how large it is shown."""
    head = Markup('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        _number(width), _number(height), label
    )
    return head + Markup("").join(parts) + Markup("</svg>")


def ticks(low: float, high: float, wanted: int = TICKS_WANTED) -> list[float]:
    """Round values (1, 2, 2.5 or 5 times a power of ten) from at or below ``low`` to at or above ``high``."""
    # A span too small to tell its ends apart is shown as if it were a millionth of the values.
    span = max(high - low, 1e-6 * max(abs(low), abs(high)))
    if span < LEAST_SPAN:
        span = 1.0
    raw = span / wanted
    power = 10.0 ** floor(log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    first = floor(low / step + 1e-9)
    found = [first * step]
    while len(found) < LEAST_TICKS or found[-1] < high - step * 1e-9:
        found.append((first + len(found)) * step)
    return [round(value, 10) for value in found]


def tick_text(value: float) -> str:
    """A tick as printed: separators, and decimals only where there are any."""
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def label_text(x: float, y: float, text: str, anchor: str = "middle", **more: object) -> Markup:
    """Words of an axis."""
    given = {"font_size": 13, "fill": COLOURS["ink"], **more}
    return element("text", text, x=x, y=y, text_anchor=anchor, **given)


def text_width(text: str) -> float:
    """About how wide a text of 13 units is: a Chinese letter as wide as high, a Latin one a little over half."""
    return sum(13.0 if ord(letter) > 0x2E80 else 7.5 for letter in text)


def _number(value: object) -> object:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
