"""A hull's tour from the plan to the account: V2's hull comes back empty (V9), and V2's cargo alone bears that.

In ``triangle`` V1's hull sails on empty and comes back with other cargo: V1 (450 t x 100 km) and R1 (150 t x 100 km)
bear its 200 kg as 3 : 1, so V1 bears 150 kg.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from optimizer.accounts.audit import audit
from optimizer.accounts.books import Books
from optimizer.accounts.calculation import CalculationRun, LotInputs, calculate
from optimizer.accounts.lot_chain import chain_of
from optimizer.accounts.sheet import calculation_sheet, grams_of
from optimizer.documents.calculation_sheet import sheet_text
from optimizer.emissions.factors import load_factors
from optimizer.emissions.sensitivity import logging_gain
from optimizer.emissions.tour import RULE, LoadedVoyage, Tour
from optimizer.emissions.uncertainty import ErrorKind
from optimizer.waybills.codec import from_json, sha256, to_json
from optimizer.waybills.issue import from_plan
from optimizer.waybills.waybill import Waybill
from tests.accounts.small_books import FUEL_LOGS, settled_books
from tests.waybills.world import (
    ISSUED_AT,
    all_events,
    parties,
    plan_of,
    shipments,
    voyage,
    world_factors,
    world_network,
    world_plan,
)

OLD_RUNS = Path(__file__).with_name("runs_before_tours.jsonl")


def triangle() -> list[Waybill]:
    """V1's hull: UP > DOWN loaded, DOWN > PIT empty, PIT > UP loaded."""
    plan = world_plan()
    on = replace(voyage("W1", "SMALL/UP/1", 0, 2), origin="DOWN", destination="PIT")
    home = replace(voyage("R1", "SMALL/UP/1", 150_000, 3), origin="PIT", destination="UP")
    changed = plan_of(plan.shipments, [*plan.voyages, on, home])
    return from_plan(changed, shipments(), parties(), world_network(), ISSUED_AT)


@pytest.fixture(scope="module")
def books() -> Books:
    """The triangle delivered and settled, V1 logged."""
    issued = triangle()
    return settled_books(issued, all_events(issued, FUEL_LOGS))


def runs_of(books: Books, voyage_id: str) -> list[CalculationRun]:
    """The runs of the lots that were planned on a voyage."""
    on = {
        (waybill.number, lot.lot_no)
        for waybill in books.waybills.values()
        for lot in waybill.lots
        if any(leg.voyage_id == voyage_id for leg in lot.legs)
    }
    return [run for run in books.runs.values() if (run.inputs.waybill_number, run.inputs.lot_no) in on]


def test_a_triangles_empties_are_in_the_settlement_by_hand(books: Books) -> None:
    """(255 kg logged + 150 kg of empties) x 300 t or 150 t of 450 t, at 4 kg CO2e/kg."""
    for run in runs_of(books, "V1"):
        water = next(item for item in run.result.elements if item.mode == "InlandWaterway")
        assert water.co2e_wtw_g == pytest.approx((255 + 150) * 4000 * run.inputs.mass_kg / 450_000, abs=2)


def test_the_lots_of_a_voyage_bear_its_empties_exactly(books: Books) -> None:
    """In exact numbers: each lot's part of what its voyage bears, summed over the lots, is what it bears."""
    shares = Fraction(0)
    for run in runs_of(books, "V1"):
        item = next(item for item in run.inputs.project if item.tour)
        assert item.tour is not None
        assert item.log is not None
        assert (item.tour.rule, item.tour.borne_fuel_g, item.log.empty_fuel_ratio) == (RULE, 150_000, 0.0)
        shares += Fraction(item.log.own_kg, item.log.load_kg) * item.tour.borne_fuel_g
    assert shares == 150_000


def test_the_empties_of_a_logged_voyage_stay_a_model(books: Books) -> None:
    """Only what was logged is as good as a log; a log of the loaded voyage says nothing of the empty one."""
    run = runs_of(books, "V1")[0]
    sheet = calculation_sheet(run, world_factors())
    parts = {item.contribution.key: item.contribution for item in sheet.influences}
    logged, empties = abs(parts["logged:V1"].exposed_g), abs(parts["fuel_model:SMALL"].exposed_g)
    assert parts["fuel_model:SMALL"].kind is ErrorKind.EMPTY_RUNNING
    assert logged / empties == pytest.approx(255 / 150)
    modelled = runs_of(books, "V2")[0]
    chains = [calculation_sheet(modelled, world_factors()), sheet]
    assert chains[0].logging.gain_g > 0
    assert chains[1].logging.places == ()


def test_logging_counts_only_the_fuel_that_a_log_would_show(books: Books) -> None:
    """V2's empties remain uncertain after its own fuel is logged, so the gain is less than a log of all would give."""
    run = runs_of(books, "V2")[0]
    table = world_factors()
    baseline, project = (chain_of(side, table, run.inputs.on) for side in (run.inputs.baseline, run.inputs.project))
    told_apart = logging_gain(baseline, project, run.inputs.boundary, table, run.inputs.on)
    merged = replace(
        project,
        elements=tuple(
            replace(e, errors=tuple(x for x in e.errors if x.kind is not ErrorKind.EMPTY_RUNNING))
            for e in project.elements
        ),
    )
    all_logged = logging_gain(baseline, merged, run.inputs.boundary, table, run.inputs.on)
    assert told_apart.credited_g < told_apart.credited_with_logs_g < all_logged.credited_with_logs_g


def test_cargo_on_another_voyage_bears_that_ones_empties(books: Books) -> None:
    """S1's second lot was planned on V2 and sailed on V1: the three lots share V1's 150 kg, and nothing of V2's."""
    issued = triangle()
    events = [
        replace(event, voyage_id="V1")
        if event.voyage_id == "V2" and event.waybill_number == issued[0].number
        else event
        for event in all_events(issued, FUEL_LOGS)
    ]
    moved = settled_books(issued, events)
    total = Fraction(0)
    for run in moved.runs.values():
        item = next(item for item in run.inputs.project if item.log)
        assert item.log is not None
        assert item.tour is not None
        assert item.tour.voyage_id == "V1"
        total += Fraction(item.log.own_kg, item.log.load_kg) * item.tour.borne_fuel_g
    assert total == 150_000
    assert audit(moved) == []


def test_the_sheet_says_and_multiplies_the_tour(books: Books) -> None:
    """Each line is the product of its numbers, and the text names the empties, the bearers and the rule."""
    for run in books.runs.values():
        sheet = calculation_sheet(run, world_factors())
        for line in sheet.lines:
            assert grams_of(line) == (line.ttw_g, line.wtt_g)
        text = sheet_text(sheet, "en")
        assert RULE in text
    assert "Diesel 255,000 g + 150,000 g" in sheet_text(
        calculation_sheet(runs_of(books, "V1")[0], world_factors()), "en"
    )


def test_the_audit_recomputes_tours_and_finds_a_forged_one(books: Books) -> None:
    """Fewer empties than the waybill says would lighten the lot; the inputs no longer match the waybill."""
    assert audit(books) == []
    run = runs_of(books, "V2")[0]
    forged = tuple(replace(item, tour=replace(item.tour, empty_fuel_g=0)) if item.tour else item
                   for item in run.inputs.project)  # fmt: skip
    inputs = replace(run.inputs, project=forged)
    fake = replace(run, inputs=inputs, inputs_sha256=sha256(to_json(inputs)))
    found = {finding.code for finding in audit(replace(books, runs={**books.runs, run.run_id: fake}))}
    assert "inputs_differ_from_evidence" in found
    for version in ("uncertainty-v9", "uncertainty-v1"):  # one that never was, one that knew no empties of a tour
        unknown = replace(run, inputs=replace(run.inputs, uncertainty_version=version))
        assert "run_fails" in {f.code for f in audit(replace(books, runs={**books.runs, run.run_id: unknown}))}


def test_runs_from_before_tours_recompute_bit_for_bit() -> None:
    """Settled with uncertainty-v1 and class averages: text, digests and every gram stand as they were written."""
    table = load_factors()
    for text in OLD_RUNS.read_text("utf-8").splitlines():
        run = from_json(CalculationRun, text)
        assert to_json(run) == text
        assert "tour" not in text
        assert run.inputs.uncertainty_version == "uncertainty-v1"
        assert (sha256(to_json(run.inputs)), sha256(to_json(run.result))) == (run.inputs_sha256, run.result_sha256)
        again = calculate(from_json(LotInputs, to_json(run.inputs)), table)
        assert again == run.result
        assert sha256(to_json(again)) == run.result_sha256
        assert calculation_sheet(run, table).reduction.credited_g == run.result.credited_wtw_g


def test_a_stored_tour_reads_back_as_it_was(books: Books) -> None:
    """The record in waybill and inputs is the whole of it."""
    for waybill in books.waybills.values():
        assert from_json(Waybill, to_json(waybill)) == waybill
    tour = next(item.tour for run in runs_of(books, "V1") for item in run.inputs.project if item.tour)
    assert tour == Tour(
        RULE, "V1", "SMALL", 200_000, ("W1",), (LoadedVoyage("V1", 45_000_000), LoadedVoyage("R1", 15_000_000))
    )
