"""What enterprises and auditors take away: product footprints, energy saved, the corridor's gap; from settled lots."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from optimizer import actions
from optimizer.accounts.energy_saved import energy_saved
from optimizer.accounts.lot_chain import logged_kg
from optimizer.accounts.product_footprint import SettledRun, in_period, product_transports, settled_runs
from optimizer.cli import cli
from optimizer.emissions.factors import load_factors
from optimizer.emissions.pollutants import pollutant_amounts
from optimizer.errors import InputError
from optimizer.store.engine import Store
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


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """The tiny world, settled, and its address."""
    url = f"sqlite:///{tmp_path_factory.mktemp('books') / 'a.db'}"
    store = actions.open_store(url)
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    actions.settle(store, world_network(), world_factors(), LATER)
    yield store, url
    store.close()


@pytest.fixture(scope="module")
def settled(books: tuple[Store, str]) -> list[SettledRun]:
    """Its settled lots with their runs."""
    store, _ = books
    lots = actions.SavingsOverview(store).lots()
    with store.read() as session:
        return settled_runs(lots, session.runs())


def period_of(settled: list[SettledRun]) -> str:
    """The month of the first delivery."""
    return settled[0].run.inputs.on.isoformat()[:7]


def run(*words: object) -> int:
    """Run a command line and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in words])
    return int(ended.value.code or 0)


def test_products_add_up_to_the_settled_lots(settled: list[SettledRun]) -> None:
    """Every gram and kilogram of the month is in exactly one product."""
    assert settled
    found = product_transports(settled, period_of(settled)[:4], {})
    assert sum(one.actual_wtw_g for one in found) == sum(one.run.result.actual_wtw_g for one in settled)
    assert sum(one.mass_kg for one in found) == sum(one.run.result.mass_kg for one in settled)
    assert sum(one.lots for one in found) == len(settled)
    for one in found:
        assert one.wtw_kg_per_t == (Decimal(one.actual_wtw_g) / one.mass_kg).quantize(Decimal("0.000001"))
        assert 0 <= one.primary_share <= 1
        assert one.factor_ids


def test_a_piece_bears_its_mass(settled: list[SettledRun]) -> None:
    """50 kg of a product bear a twentieth of a tonne's kilograms; a piece without mass is refused."""
    cargo = settled[0].lot.labels["cargo"][0]
    year = period_of(settled)[:4]
    one = next(p for p in product_transports(settled, year, {cargo: Decimal(50)}) if p.cargo_code == cargo)
    assert one.wtw_kg_per_piece is not None
    assert abs(one.wtw_kg_per_piece - one.wtw_kg_per_t / 20) < Decimal("0.000002")
    with pytest.raises(InputError):
        product_transports(settled, year, {cargo: Decimal(0)})


@pytest.mark.parametrize(
    ("day", "period", "inside"),
    [
        ("2026-10-31", "2026-10", True),
        ("2026-10-31", "2026-Q4", True),
        ("2026-10-31", "2026", True),
        ("2026-09-30", "2026-Q4", False),
        ("2026-09-30", "2026-Q3", True),
        ("2025-10-31", "2026-Q4", False),
    ],
)
def test_periods(day: str, period: str, inside: bool) -> None:
    """Months, quarters and years."""
    assert in_period(day, period) is inside


@pytest.mark.parametrize("period", ["", "2026-13", "2026-Q5", "26", "2026-10-01"])
def test_other_periods_are_refused(settled: list[SettledRun], period: str) -> None:
    """With the forms that are right."""
    with pytest.raises(InputError, match="2026-Q4"):
        product_transports(settled, period, {})


def test_energy_is_that_of_the_calculations(settled: list[SettledRun]) -> None:
    """The sum of the runs; fuel of both sides is there and diesel on the road only where trucks ran."""
    found = energy_saved(settled, period_of(settled)[:4], world_factors())
    assert sum(one.energy_saved_g for one in found) == sum(one.run.result.energy_saved_g for one in settled)
    assert all(one.baseline_fuel_kg["road"] > 0 for one in found)
    assert any(one.actual_fuel_kg.get("inland_waterway", 0) > 0 for one in found)


def test_another_fuel_than_diesel_stands_apart(settled: list[SettledRun]) -> None:
    """Fuel oil of a logged voyage is kilograms of its own, which no pollutant factor covers; marine gas oil burns as
    diesel does."""
    factors = load_factors()
    one = next(one for one in settled if any(element.log for element in one.run.inputs.project))
    log = next(element.log for element in one.run.inputs.project if element.log)
    logged = sum(
        logged_kg(element.log, element.round_trip, element.tour)[0] * element.log.own_kg / element.log.load_kg
        for element in one.run.inputs.project
        if element.log
    )

    def fuels(carrier: str) -> Mapping[str, float]:
        project = tuple(
            replace(element, log=replace(element.log, carrier=carrier)) if element.log else element
            for element in one.run.inputs.project
        )
        run = replace(one.run, inputs=replace(one.run.inputs, project=project))
        (saved,) = energy_saved([replace(one, run=run)], period_of([one])[:4], factors)
        return saved.actual_fuel_kg

    diesel, oil, gas_oil = (fuels(carrier) for carrier in ("Diesel", "HFO", "MGO"))
    assert oil[f"HFO:{log.use}"] == pytest.approx(logged, rel=1e-4)
    assert diesel[log.use] - oil.get(log.use, 0.0) == pytest.approx(logged, rel=1e-4)
    assert gas_oil == pytest.approx(diesel, rel=1e-3)
    uncovered = [amount.uncovered_fuel_kg for amount in pollutant_amounts(oil)]
    assert uncovered == pytest.approx(
        [amount.uncovered_fuel_kg + logged for amount in pollutant_amounts(diesel)], rel=1e-4
    )


def test_only_settled_lots_count(books: tuple[Store, str]) -> None:
    """A run whose grams are not those of the books is not taken for them."""
    store, _ = books
    lots = actions.SavingsOverview(store).lots()
    with store.read() as session:
        runs = session.runs()
    assert settled_runs(lots, {}) == []
    assert len(settled_runs(lots, runs)) == sum(lot.settled for lot in lots)


def test_product_footprint_on_the_command_line(
    books: tuple[Store, str], settled: list[SettledRun], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON and CSV say the same; a month without deliveries is a finding; a bad period or piece is refused."""
    _, url = books
    period = period_of(settled)
    json_file, csv_file = tmp_path / "p.json", tmp_path / "p.csv"
    assert run("--db", url, "product-footprint", "--period", period, "--out", json_file) == 0
    assert run("--db", url, "product-footprint", "--period", period, "--format", "csv", "--out", csv_file) == 0
    products = json.loads(json_file.read_text("utf-8"))["products"]
    rows = list(csv.DictReader(io.StringIO(csv_file.read_text("utf-8"))))
    assert [row["co2e_wtw_kg_per_t"] for row in rows] == [one["co2e_wtw_kg_per_t"] for one in products]
    assert run("--db", url, "product-footprint", "--period", period) == 0
    assert "kg CO2e/t" in capsys.readouterr().out
    assert run("--db", url, "product-footprint", "--period", "1999") == 1
    assert run("--db", url, "product-footprint", "--period", "soon") == 2
    assert run("--db", url, "product-footprint", "--period", period, "--piece-kg", "coal=heavy") == 2


def test_energy_on_the_command_line(
    books: tuple[Store, str], settled: list[SettledRun], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every coefficient and pollutant factor comes with its source; no claim is made."""
    _, url = books
    assert run("--db", url, "energy", "--period", period_of(settled), "--json") == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["pollutants_claim"] == "none"
    assert all(one["source"] for one in document["coal_equivalents"] + document["pollutant_factors"])
    assert run("--db", url, "energy", "--period", period_of(settled), "--lang", "en") == 0
    assert "nothing is credited or claimed" in capsys.readouterr().out


def test_corridor_wants_the_network_of_the_waybills(
    books: tuple[Store, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Books of another network are refused with the remedy, not computed with the wrong trucks."""
    _, url = books
    assert run("--db", url, "corridor", "--json", "--lang", "en") == 2
    assert "--network" in capsys.readouterr().err


def test_corridor_without_cargo_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty database has nothing to compare, in text and JSON."""
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    actions.open_store(url).close()
    assert run("--db", url, "corridor", "--lang", "en") == 1
    capsys.readouterr()
    assert run("--db", url, "corridor", "--json") == 1
    assert json.loads(capsys.readouterr().out)["causes"] == []
