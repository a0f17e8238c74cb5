"""One door to Typst: a template, its data as JSON, and the embedded font; PDF/A-2b bytes out."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, cast

import typst

from optimizer.errors import Lang

FONT_PACKAGE = "pylopdf_fonts_zh_cn"
FONT_FILE = "NotoSansSC-Regular.otf"
PDF_STANDARD = "a-2b"
"""Archival: fonts embedded, nothing loaded from elsewhere (ISO 19005-2)."""
NOT_DISPLAYED = "could not be displayed"
"""What the compiler says of a character that no font here has."""
_OF_THIS_THREAD = threading.local()


def pdf_of(
    template: str, data: Mapping[str, Any], lang: Lang, made_at: datetime, qr: str = "", tagged: bool = True
) -> bytes:
    """The PDF of a template of this package. ``data`` is what the template reads; ``qr`` an SVG; ``made_at`` is the
    only date in the file, so that equal input gives equal bytes. ``tagged``: with the structure that a screen reader
    follows, which makes a table of 2,000 rows thirteen times as large (5.1 MB for 0.4 MB)."""
    source = files("optimizer.documents").joinpath(f"templates/{template}.typ").read_bytes()
    dated = {**data, "date": [made_at.year, made_at.month, made_at.day]}

    def compiled(words: str) -> bytes:
        made = _compiler().compile(
            source,
            format="pdf",
            sys_inputs={"data": words, "lang": lang, "qr": qr},
            pdf_standards=PDF_STANDARD,
            timestamp=int(made_at.timestamp()),
            pdf_tags=tagged,
        )
        return cast(bytes, made)

    text = json.dumps(dated, ensure_ascii=False)
    try:
        return compiled(text)
    except typst.TypstError as error:
        if NOT_DISPLAYED not in str(error):
            raise
    from optimizer.documents.glyphs import spelt_out  # rarely needed

    return compiled(spelt_out(text, font_characters()))


@cache
def font_characters() -> frozenset[int]:
    """The code points that the embedded font has."""
    from optimizer.documents.glyphs import covered

    return covered(_font_directory() / FONT_FILE)


def _compiler() -> Any:
    """One compiler to a thread: the font is read once for all its documents, and a compiler at work cannot be lent."""
    if not hasattr(_OF_THIS_THREAD, "compiler"):
        _OF_THIS_THREAD.compiler = cast(Any, typst.Compiler)(font_paths=[_font_directory()], ignore_system_fonts=True)
    return _OF_THIS_THREAD.compiler


@cache
def _font_directory() -> Path:
    """Where the font lies; a wheel is always unpacked, so the path stays valid."""
    with as_file(files(FONT_PACKAGE).joinpath(FONT_FILE)) as path:
        return path.parent
