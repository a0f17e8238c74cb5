"""The settle bench writes what it says: the driver's ledger equals the store's, row by row."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from optimizer.actions import open_store
from optimizer.bench.ledger_world import copies, ledger_world, open_accounts
from optimizer.bench.settle import DRIVER, STORE, TABLES, _costs, _driven, _estimate, _rows_of, _settle, one_run
from optimizer.demo.world import seed_world
from optimizer.emissions.factors import load_factors
from optimizer.network.reader import read_network

BATCH = 100
"""Smaller than the product's, so that two of them are quick."""


def test_store_and_driver_write_the_same_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches by the store; the driver, given the rows, leaves the same tables; both rates are positive, and each
    copy keeps its run: the digests fit its own number."""
    monkeypatch.setattr("optimizer.bench.settle.BATCH", BATCH)
    monkeypatch.setattr("optimizer.bench.settle.FILLED", 60)
    made = ledger_world(seed_world(read_network(None), load_factors(None)), time.monotonic, 0)
    paths = {name: tmp_path / f"{name}.db" for name in (STORE, DRIVER)}
    stores = {name: open_store(f"sqlite:///{path}") for name, path in paths.items()}
    count = 2 * BATCH
    for store in stores.values():
        open_accounts(store, made)
        _estimate(store, made, 0, count)
    batch = list(copies(made, 0, count))
    assert min(_settle(stores[STORE], made, batch, 0)) > 0
    assert _driven(paths[DRIVER], _rows_of(paths[STORE], count, batch)) > 0
    contents = []
    for path in paths.values():
        connection = sqlite3.connect(path)
        tables = (*TABLES, "balances", "pendings", "entry_ids", "run_ids", "settlement_jobs")
        contents.append({table: sorted(connection.execute(f"SELECT * FROM {table}")) for table in tables})
        connection.close()
    assert contents[0] == contents[1]
    assert contents[0]["settlement_jobs"] == []
    with stores[STORE].read() as session:
        runs = session.runs([copy.run.run_id for copy in batch[:3]])
        assert {run.run_id: run for run in runs.values()} == {copy.run.run_id: copy.run for copy in batch[:3]}
    for store in stores.values():
        store.close()
    rates = one_run(made, (0, 500), measured=BATCH)
    assert all(rate > 0 for by_size in rates.values() for rate in by_size.values())
    assert "1.50 times" in _costs({10: [2000.0, 3000.0, 4000.0], 100: [2000.0, None]}).en
