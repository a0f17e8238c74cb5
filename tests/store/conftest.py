"""A real SQLite file for each test."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer import actions
from optimizer.store.engine import Store, prepare_sqlite
from tests.accounts.small_books import FUEL_LOGS
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "accounts.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """An empty database."""
    opened = actions.open_store(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def settled(store: Store) -> Store:
    """The tiny world accepted, reported and settled."""
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    result = actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    assert result.refused == ()
    actions.settle(store, world_network(), world_factors(), LATER)
    return store


@pytest.fixture
def raw(path: Path, settled: Store) -> Iterator[sqlite3.Connection]:
    """A second connection to the settled database, prepared as ours are, with autocommit."""
    connection = sqlite3.connect(path)
    prepare_sqlite(connection)
    yield connection
    connection.close()
