"""Open the database."""

from __future__ import annotations

from optimizer.store.engine import DEFAULT_URL, Store
from optimizer.store.engine import create_store as _create_store
from optimizer.store.engine import open_store as _open_store


def open_store(url: str = DEFAULT_URL) -> Store:
    """Open, create or migrate the database at a URL. Raises InputError when that is not possible."""
    return _open_store(url)


def create_store(url: str) -> Store:
    """A new, empty database at a URL. Raises InputError where one is there already or none can be made."""
    return _create_store(url)
