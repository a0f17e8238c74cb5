"""What one lot saved, reckoned by hand.

Factors of the tiny world: diesel 3.2 + 0.8 kg CO2e/kg, power 0.6 kg CO2e/kWh, 1.5 kgce/kg and 0.1 kgce/kWh.
For 300 t: baseline  260 km x (0.3 + 0.2 x 3/7) / 30 kg/tkm x 4             = 4,011.429 kg
           drayage     5 km x (0.3 + 0.2 x 1) / 30 kg/tkm x 4                =   100.000 kg
           hubs        2 x (0.1 kg x 4 + 0.7 kWh x 0.6)                      =   492.000 kg
           vessel V1 (log)   255 kg x 300/450 x 4                            =   680.000 kg
           vessel V2 (model) (100 km x (2 + 1 x 300/500) + 200 kg) x 4       = 1,840.000 kg
V2's hull comes back empty (V9, 200 kg), so V2's cargo bears all of that and V1's nothing.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.accounts.calculation import CalculationRun, LotInputs, calculate
from optimizer.emissions.boundaries import Boundary
from optimizer.waybills.codec import from_json, to_json
from optimizer.waybills.event import EventType
from tests.accounts.small_books import FUEL_LOGS, settled_books
from tests.waybills.world import all_events, lot_events, world_factors, world_waybills

S1, S2 = world_waybills()


def run_of_lot(number: str, lot_no: int, **options: object) -> CalculationRun:
    """The calculation run of a lot in the small books."""
    books = settled_books(**options)  # type: ignore[arg-type]
    return next(
        run for run in books.runs.values() if (run.inputs.waybill_number, run.inputs.lot_no) == (number, lot_no)
    )


def test_a_logged_voyage_is_primary() -> None:
    """Lot 1 of S1: the log of V1, whose hull sails nothing empty, by the share of what was on board."""
    result = run_of_lot(S1.number, 1).result
    assert result.tier == "primary"
    assert result.baseline_wtw_g == pytest.approx(4_011_429, abs=1)
    assert result.actual_wtw_g == pytest.approx(100_000 + 492_000 + 680_000, abs=3)
    assert result.expected_wtw_g == result.baseline_wtw_g - result.actual_wtw_g
    assert result.activity_kgkm == {"Road": 300_000 * 5, "InlandWaterway": 300_000 * 100}


def test_a_voyage_without_log_is_modelled() -> None:
    """Lot 2 of S1: the class model at the load on board, and the empty return of its hull."""
    result = run_of_lot(S1.number, 2).result
    assert result.tier == "modelled"
    assert result.actual_wtw_g == pytest.approx(100_000 + 492_000 + 1_840_000, abs=3)


def test_energy_saved_is_in_coal_equivalent() -> None:
    """Lot 2: diesel saved at 1.5 kgce/kg less the terminals' power at 0.1 kgce/kWh."""
    baseline_kg = 300 * 260 * (0.3 + 0.2 * 3 / 7) / 30
    project_kg = 300 * 5 * 0.5 / 30 + 2 * 300 * 0.1 + 460
    expected_g = 1000 * (1.5 * (baseline_kg - project_kg) - 0.1 * 2 * 300 * 0.7)
    assert run_of_lot(S1.number, 2).result.energy_saved_g == pytest.approx(expected_g, abs=5)


def test_logging_fuel_raises_the_credit() -> None:
    """The same fuel as the model's, logged, credits more: the incentive to log."""
    modelled = run_of_lot(S1.number, 2).result
    # The log excludes empties, which stay the plan's 200 kg; the model's loaded voyage is 260 kg.
    logged = run_of_lot(S1.number, 2, events=all_events([S1, S2], {"V2": 260_000})).result
    assert logged.expected_wtw_g == pytest.approx(modelled.expected_wtw_g, abs=10)
    assert logged.credited_wtw_g > modelled.credited_wtw_g > 0


def test_shares_of_a_voyage_re_add_to_its_fuel() -> None:
    """The lots on V1 bear all of its fuel: 255 kg x 4 kg."""
    vessel_g = [
        element.co2e_wtw_g
        for number in (S1.number, S2.number)
        for element in run_of_lot(number, 1).result.elements
        if element.mode == "InlandWaterway"
    ]
    assert sum(vessel_g) == pytest.approx(255_000 * 4, abs=4)


def test_a_log_without_receipt_is_no_primary_data() -> None:
    """A number that nobody can check is left aside."""
    events = [replace(event, evidence=()) if event.energy else event for event in all_events([S1, S2], FUEL_LOGS)]
    assert run_of_lot(S1.number, 1, events=events).result.tier == "modelled"


def test_of_two_different_logs_the_larger_stands() -> None:
    """S1 and S2 report different fuel for V1: too little fuel would credit too much."""
    events = all_events([S1], {"V1": 200_000}) + all_events([S2], {"V1": 255_000})
    log = next(item.log for item in run_of_lot(S1.number, 1, events=events).inputs.project if item.log)
    assert log.logged_g == 255_000


def test_cargo_that_was_never_loaded_does_not_lighten_its_neighbours() -> None:
    """S2 never loaded: S1's lot bears all of V1's fuel."""
    log = next(
        item.log for item in run_of_lot(S1.number, 1, events=all_events([S1], FUEL_LOGS)).inputs.project if item.log
    )
    assert (log.own_kg, log.load_kg) == (300_000, 300_000)


def test_the_weighed_mass_settles() -> None:
    """Ten tonnes short at discharge: mass and baseline are those of what arrived."""
    events = [
        replace(event, mass_kg=290_000) if event.event_type is EventType.DISC and event.voyage_id == "V2" else event
        for event in lot_events(S1, S1.lots[1])
    ]
    result = run_of_lot(S1.number, 2, events=events).result
    assert result.mass_kg == 290_000
    assert result.baseline_wtw_g == pytest.approx(4_011_429 * 29 / 30, abs=1)


def test_invariant_9_a_run_names_its_versions_and_reruns_to_the_gram() -> None:
    """Inputs read back from their stored text calculate to the very same result."""
    for run in settled_books().runs.values():
        assert run.factors_version == world_factors().version
        assert run.network_version == "tiny"
        inputs = from_json(LotInputs, to_json(run.inputs))
        assert inputs == run.inputs
        assert calculate(inputs, world_factors()) == run.result


def test_the_inputs_name_one_boundary() -> None:
    """Accounts hold WTW CO2e; the TTW CO2 figures stand beside it and differ."""
    run = run_of_lot(S1.number, 1)
    assert run.inputs.boundary is Boundary.WTW_CO2E
    assert run.result.baseline_ttw_co2_g is not None
    assert run.result.baseline_ttw_co2_g < run.result.baseline_wtw_g


@settings(max_examples=25, deadline=None)
@given(st.integers(50_000, 2_000_000))
def test_more_fuel_never_credits_more(fuel_g: int) -> None:
    """Credit falls with the logged fuel and ends at zero; the expected value goes on below zero."""
    less = run_of_lot(S2.number, 1, events=all_events([S1, S2], {"V1": fuel_g})).result
    more = run_of_lot(S2.number, 1, events=all_events([S1, S2], {"V1": fuel_g + 10_000})).result
    assert more.credited_wtw_g <= less.credited_wtw_g
    assert more.expected_wtw_g < less.expected_wtw_g
    assert more.credited_wtw_g >= 0
