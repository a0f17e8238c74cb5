"""The same corridors given to HiGHS, to CP-SAT and to both: what each gains is told."""

from __future__ import annotations

import tempfile
from datetime import datetime

import pytest
from click.testing import CliRunner

from optimizer.bench import corridors as walking
from optimizer.bench import months
from optimizer.bench.corridors import Walk, run, walks
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.growth import MonthsBench, month_task
from optimizer.bench.isolation import Isolated
from optimizer.cli import cli
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME

MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


def test_every_way_gets_the_same_corridors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A month of four shipments, two corridors, as it is and with nothing to be split: each corridor counted once for
    every way, no gain below zero, both no worse than HiGHS alone; the result is read back."""
    monkeypatch.setattr(months, "in_fresh_process", lambda function, task: Isolated(function(task), 100.0))
    monkeypatch.setattr(walking, "CORRIDORS", 2)
    result = run(MonthsBench(MEASURED_AT, (4,)))
    ways = ["modalshift", "cp_sat", "both"]
    assert [method.name for method in result.methods] == [f"{way}:4{kind}" for kind in ("", ":whole") for way in ways]
    figures = [{figure.name: figure.values[0] or 0.0 for figure in method.figures} for method in result.methods]
    for kind in (figures[:3], figures[3:]):
        assert len({each["tried"] for each in kind}) == 1
        assert kind[0]["tried"] <= 2
        assert kind[2]["gained"] >= kind[0]["gained"]
    assert all(0 <= one["better"] <= one["tried"] and one["gained"] >= 0 for one in figures)
    assert result_from_json(result_to_json(result), "plan_corridors.json") == result


def test_the_second_month_has_nothing_to_be_split() -> None:
    """Every shipment whole and small enough for the common class: what is measured there is what is said."""
    seen: list[list[Shipment]] = []

    def walk(shipments: list[Shipment], *rest: object) -> Walk:
        seen.append(list(shipments))
        return Walk(0, 1.0, {})

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(walking, "_walk", walk)
        walks(month_task(MonthsBench(MEASURED_AT, (30,)), 30, 0, folder))
    common, whole = seen
    assert any(shipment.splittable for shipment in common)
    assert not any(shipment.splittable for shipment in whole)
    assert max(shipment.mass_kg for shipment in whole) <= walking.LARGEST_WHOLE_KG


@pytest.mark.parametrize("more", [[], ["--sizes", "4", "--caps", "0.1"], ["--sizes", "4", "--cuts"]])
def test_corridors_go_with_months_alone(more: list[str]) -> None:
    """Bad input, said at once."""
    result = CliRunner().invoke(cli, ["--lang", "en", "bench", "plan", "--corridors", *more])
    assert (result.exit_code, "goes with --sizes" in result.stderr) == (2, True)
