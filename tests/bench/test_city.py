"""The dashboard's bench: sums that a city could have, served and measured."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from optimizer import actions
from optimizer.bench.city import VIEWS, CityBench, fill, run
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.quantities import CHINA_TIME

AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


def test_the_made_up_sums_hold_every_lot(tmp_path: Path) -> None:
    """Each lot counts once, whatever it is grouped by, and the same seed fills the same."""
    cells = [fill(tmp_path / f"{n}.db", CityBench(AT, lots=3000)) for n in range(2)]
    assert cells[0] == cells[1] > 1000
    stores = [actions.open_store(f"sqlite:///{tmp_path / f'{n}.db'}") for n in range(2)]
    (whole,) = actions.city_totals(stores[0], ())
    assert whole.amounts.lots == 3000
    assert sum(group.amounts.lots for group in actions.city_totals(stores[0], ("county", "cargo"))) == 3000
    assert len(actions.city_totals(stores[0], ("month",))) == 24
    assert actions.city_totals(stores[1], ("corridor",)) == actions.city_totals(stores[0], ("corridor",))


def test_every_view_is_measured() -> None:
    """Pages and files of the auditor, each with its time and size; the document comes back."""
    result = run(CityBench(AT, lots=500, runs=1))
    assert [method.name for method in result.methods] == [path for path, _ in VIEWS]
    for method in result.methods:
        median = method.figure("median")
        assert median is not None
        assert median.values[0] > 0
    assert result_from_json(result_to_json(result), "city") == result
