"""One door to Typst: a template, its data as JSON, and the embedded font; PDF/A-2b bytes out."""

from __future__ import annotations

import json
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


def pdf_of(template: str, data: Mapping[str, Any], lang: Lang, made_at: datetime, qr: str = "") -> bytes:
    """The PDF of a template of this package. ``data`` is what the template reads; ``qr`` an SVG; ``made_at`` is the
    only date in the file, so that equal input gives equal bytes."""
    source = files("optimizer.documents").joinpath(f"templates/{template}.typ").read_bytes()
    dated = {**data, "date": [made_at.year, made_at.month, made_at.day]}
    inputs = {"data": json.dumps(dated, ensure_ascii=False), "lang": lang, "qr": qr}
    made = _compiler().compile(
        source, format="pdf", sys_inputs=inputs, pdf_standards=PDF_STANDARD, timestamp=int(made_at.timestamp())
    )
    return cast(bytes, made)


@cache
def _compiler() -> Any:
    """One compiler: the font is read once for all documents of a run."""
    return cast(Any, typst.Compiler)(font_paths=[_font_directory()], ignore_system_fonts=True)


@cache
def _font_directory() -> Path:
    """Where the font lies; a wheel is always unpacked, so the path stays valid."""
    with as_file(files(FONT_PACKAGE).joinpath(FONT_FILE)) as path:
        return path.parent
