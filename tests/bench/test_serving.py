"""The served product under a small crowd."""

from __future__ import annotations

from datetime import datetime

import pytest

from optimizer.bench import serving
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.serving import BARE, PAUSING, STEADY, ServeBench, run
from optimizer.errors import InputError
from optimizer.quantities import CHINA_TIME

AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


def test_a_crowd_is_served_and_pages_are_weighed() -> None:
    """Answers of every kind, counted and timed; pages of the users an empty database has; the document comes back."""
    result = run(ServeBench(AT, users=3, pause_s=0.05, seconds=0.5, runs=1))
    for name in (PAUSING, STEADY, BARE):
        per_second = result.method(name).figure("per_second")
        assert per_second is not None
        assert per_second.values[0]
    fast, slow = result.method(BARE).figure("median"), result.method(STEADY).figure("median")
    assert fast
    assert slow
    sent = result.method("pages:/quote").figure("sent")
    assert sent is not None
    assert 1 < (sent.median or 0) < 300
    assert {"pages:/city", "pages:/accounts"} <= {method.name for method in result.methods}
    assert result_from_json(result_to_json(result), "serve") == result


def test_a_server_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, nothing left running."""
    monkeypatch.setattr(serving, "SECONDS_TO_START", 30.0)
    with pytest.raises(InputError, match="did not start"):
        run(ServeBench(AT, db_url="sqlite:////no/such/folder/m.db", runs=1))
