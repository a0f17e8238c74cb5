"""The audit bench measures a clean audit of the ledger it says."""

from __future__ import annotations

import sqlite3
import time
from datetime import datetime
from pathlib import Path

import pytest

from optimizer.bench.audit import OURS, SQL, AuditBench, audit_s, fill, run
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.ledger_world import ledger_world
from optimizer.demo.world import seed_world
from optimizer.emissions.factors import load_factors
from optimizer.network.reader import read_network
from optimizer.quantities import CHINA_TIME

MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


def test_a_run_goes_through_json_and_books_that_are_not_clean_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both methods have a time; one gram more on a posting, and there is nothing to measure."""
    made = ledger_world(seed_world(read_network(None), load_factors(None)), time.monotonic, 0)
    monkeypatch.setattr("optimizer.bench.audit.ledger_world", lambda *_: made)
    monkeypatch.setattr("optimizer.bench.audit.FILLED", 60)
    result = run(AuditBench(MEASURED_AT, entries=100, runs=1))
    assert [method.name for method in result.methods] == [OURS, SQL]
    assert result_from_json(result_to_json(result), "x") == result
    file = tmp_path / "ledger.db"
    ledger = fill(f"sqlite:///{file}", made, 100)
    assert ledger.transactions >= 100
    assert audit_s((f"sqlite:///{file}", 1))[0] > 0
    with sqlite3.connect(file) as raw:
        raw.execute("DROP TRIGGER posting_lines_no_update")
        raw.execute("UPDATE posting_lines SET amount = amount + 1 WHERE transaction_seq = 50 AND line = 1")
    raw.close()
    with pytest.raises(AssertionError, match="not clean"):
        audit_s((f"sqlite:///{file}", 1))
