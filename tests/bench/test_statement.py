"""The statement bench measures whole statements of as many lots as it says."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest

from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.ledger_world import ledger_world
from optimizer.bench.statement import COMMAND, FORMS, OURS, SQL, StatementBench, one_run, run
from optimizer.demo.world import seed_world
from optimizer.emissions.factors import load_factors
from optimizer.network.reader import read_network
from optimizer.quantities import CHINA_TIME


def test_every_form_is_timed_of_every_lot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time for each form in each run; a statement that lacks a lot is no measurement."""
    made = ledger_world(seed_world(read_network(None), load_factors(None)), time.monotonic, 0)
    monkeypatch.setattr("optimizer.bench.statement.ledger_world", lambda *_: made)
    monkeypatch.setattr("optimizer.bench.audit.FILLED", 40)
    kept = []
    monkeypatch.setattr("optimizer.bench.statement._bare_s", lambda file, ledger: kept.append(ledger) or 0.5)
    monkeypatch.setattr("optimizer.bench.statement._command_s", lambda *_: 0.7)
    result = run(StatementBench(datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME), lots=80, runs=1))
    assert [method.name for method in result.methods] == [OURS, SQL]
    assert [figure.name for figure in result.method(OURS).figures] == [*(name for name, _, _ in FORMS), COMMAND]
    assert kept[0].account_lots == kept[0].lots == 80
    assert result_from_json(result_to_json(result), "x") == result


def test_a_statement_that_lacks_lots_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More lots promised than there are."""
    from dataclasses import replace

    from optimizer.bench import audit

    made = ledger_world(seed_world(read_network(None), load_factors(None)), time.monotonic, 0)
    monkeypatch.setattr(audit, "FILLED", 40)
    file = tmp_path / "ledger.db"
    ledger = audit.fill(f"sqlite:///{file}", made, 0, 40)
    monkeypatch.setattr("optimizer.bench.statement.FORMS", FORMS[:1])
    assert one_run(file, ledger).keys() == {"json", COMMAND}
    with pytest.raises(AssertionError, match="lacks"):
        one_run(file, replace(ledger, account_lots=41))
