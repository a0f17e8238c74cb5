"""Which version of the product is running."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def code_version() -> str:
    """The installed version, ``0+checkout`` when run from a checkout that was never installed."""
    try:
        return f"modalshift {version('modalshift')}"
    except PackageNotFoundError:
        return "modalshift 0+checkout"
