"""A network directory as one piece: its tables in a ZIP that is the same, byte for byte, for the same tables."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from optimizer.network.schema import DESCRIPTOR, load_schema, shipped_directory

OLDEST = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP can name: times say nothing about tables."""
FACTORS = "factors.csv"


def table_files(directory: Path) -> dict[str, bytes]:
    """Every table of a directory by its file name, the shipped one where the directory has none of its own, and the
    directory's descriptor."""
    wanted = sorted(table.path for table in load_schema(directory).tables.values())
    found = {}
    for name in [DESCRIPTOR, *wanted]:
        own = directory / name
        found[name] = (own if own.is_file() else shipped_directory() / name).read_bytes()
    return found


def packed(files: Mapping[str, bytes]) -> bytes:
    """The ZIP of these files, in order of their names."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, OLDEST), files[name], zipfile.ZIP_DEFLATED)
    return content.getvalue()


def contents(archive: bytes) -> dict[str, bytes]:
    """The files that :func:`packed` put together, by name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {Path(name).name: opened.read(name) for name in opened.namelist()}


def unpacked(content: bytes, directory: Path) -> None:
    """Write what :func:`packed` put together into an empty directory, which is made."""
    directory.mkdir(parents=True)
    for name, text in contents(content).items():
        (directory / name).write_bytes(text)
