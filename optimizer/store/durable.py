"""Files whose names last through a power cut: a name is an entry of its folder, and lasts once that is on disk too."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def sync(path: Path) -> None:
    """Make a file or a folder's entries last, where the system lets them be synced."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_up(folder: Path, top: Path) -> None:
    """Make the entries of ``folder`` last, and those of every folder on the way up to ``top`` and of the one that holds
    it: what lies in a folder whose own name is lost is lost as well."""
    for above in (folder, *folder.parents):
        sync(above)
        if above == top.parent:
            break
