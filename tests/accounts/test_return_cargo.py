"""Return cargo from the plan to the account: paired at issue, stored with the inputs, borne in the settlement.

V1 carries 450 t on 260 kg of planned fuel and its hull 150 t back on 230 kg: FR = 0.75, k = 0.75 x 490 / 260.
V2 carries 300 t out and 150 t back: FR = 2/3, k = 2/3 x 490 / 260. Its hull sails V9 empty on 200 kg: V2 bears 2/3 of
that by kg·km, its return voyage 1/3. V1's hull sails nothing empty.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from optimizer.accounts.audit import audit
from optimizer.accounts.calculation import CalculationRun, LotInputs, calculate
from optimizer.accounts.lot_chain import ElementInput
from optimizer.emissions.round_trip import RoundTrip
from optimizer.waybills.codec import from_json, sha256, to_json
from optimizer.waybills.sharing import round_trips
from optimizer.waybills.waybill import Waybill, WaybillLeg
from tests.accounts.round_trips import RETURN_FUEL_G, RETURN_LOAD_KG, shared_books, shared_waybills
from tests.accounts.small_books import FUEL_LOGS, settled_books
from tests.waybills.world import VOYAGE_FUEL_G, all_events, voyage, world_factors

BOOKS = shared_books()


def run_of(shipment: int, lot_no: int) -> CalculationRun:
    """The run of a lot of S1 (0) or S2 (1)."""
    number = shared_waybills()[shipment].number
    runs = BOOKS.runs.values()
    return next(run for run in runs if (run.inputs.waybill_number, run.inputs.lot_no) == (number, lot_no))


def vessel_g(run: CalculationRun) -> int:
    """Grams of the leg by water."""
    return next(item.co2e_wtw_g for item in run.result.elements if item.mode == "InlandWaterway")


def test_the_plan_pairs_voyages_there_and_back() -> None:
    """One hull, one after the other, the reverse way, both loaded; each in one pair."""
    out, back = voyage("A", "H", 450_000, 1), replace(voyage("B", "H", 150_000, 2), origin="DOWN", destination="UP")
    again = voyage("C", "H", 300_000, 3)
    pairs = round_trips([again, back, out])
    assert pairs["A"] == RoundTrip("B", 450_000, 150_000, VOYAGE_FUEL_G, VOYAGE_FUEL_G)
    assert pairs["B"].return_voyage_id == "A"
    assert set(pairs) == {"A", "B"}
    assert pairs["A"].share + pairs["B"].share == 1


@pytest.mark.parametrize(
    "change",
    [{"vessel_id": "OTHER"}, {"destination": "ELSEWHERE"}, {"empty": True, "load_kg": 0}, {"fuel_g": 0}],
    ids=["another hull", "another place", "empty", "fuel unknown"],
)
def test_what_is_no_return_cargo_makes_no_pair(change: dict[str, object]) -> None:
    """Then the voyage bears what it always did."""
    back = replace(voyage("B", "H", 150_000, 2), origin="DOWN", destination="UP")
    assert round_trips([voyage("A", "H", 450_000, 1), replace(back, **change)]) == {}  # type: ignore[arg-type]


def test_a_logged_voyage_shares_its_round_trip_by_hand() -> None:
    """255 kg logged x 0.75 x 490/260, of which 300 t of 450 t, at 4 kg CO2e/kg."""
    borne_kg = 255 * 0.75 * 490 / 260
    assert vessel_g(run_of(0, 1)) == pytest.approx(borne_kg * 300 / 450 * 4 * 1000, abs=3)
    assert vessel_g(run_of(1, 1)) == pytest.approx(borne_kg * 150 / 450 * 4 * 1000, abs=3)


def test_a_modelled_voyage_shares_its_loaded_fuel_by_hand() -> None:
    """100 km x (2 + 300/500) kg/km x 2/3 x 490/260 and 2/3 of 200 kg of empties, at 4 kg CO2e/kg."""
    borne_kg = 100 * 2.6 * 2 / 3 * 490 / 260 + 200 * 2 / 3
    assert vessel_g(run_of(0, 2)) == pytest.approx(borne_kg * 4 * 1000, abs=3)


def test_the_audit_recomputes_shared_settlements_from_stored_inputs() -> None:
    """The inputs read back from their text give the run's grams, and the books are clean."""
    for run in BOOKS.runs.values():
        assert any(item.round_trip is not None for item in run.inputs.project)
        inputs = from_json(LotInputs, to_json(run.inputs))
        assert inputs == run.inputs
        assert calculate(inputs, world_factors()) == run.result
    assert audit(BOOKS) == []


def test_the_audit_finds_a_forged_return_cargo() -> None:
    """More return cargo than the waybill says would lighten the lot; its inputs no longer match the waybill."""
    run = run_of(0, 1)
    forged = tuple(
        replace(item, round_trip=replace(item.round_trip, return_load_kg=900_000)) if item.round_trip else item
        for item in run.inputs.project
    )
    inputs = replace(run.inputs, project=forged)
    result = calculate(inputs, world_factors())
    assert result.credited_wtw_g > run.result.credited_wtw_g
    fake = replace(run, inputs=inputs, result=result, inputs_sha256=sha256(to_json(inputs)),
                   result_sha256=sha256(to_json(result)))  # fmt: skip
    found = audit(replace(BOOKS, runs={**BOOKS.runs, run.run_id: fake}))
    assert {"inputs_differ_from_evidence", "postings_differ_from_run"} <= {finding.code for finding in found}


def test_records_from_before_sharing_read_and_write_as_they_did() -> None:
    """A waybill and a run without return cargo have no word of it in their text, so old digests stand."""
    for run in settled_books().runs.values():
        text = to_json(run.inputs)
        assert "round_trip" not in text
        assert from_json(LotInputs, text) == run.inputs
    for waybill in shared_waybills():
        assert from_json(Waybill, to_json(waybill)) == waybill
    leg = shared_waybills()[0].lots[0].legs[2]
    assert leg.round_trip == RoundTrip("R1", 450_000, RETURN_LOAD_KG, VOYAGE_FUEL_G, RETURN_FUEL_G)
    old = json.loads(to_json(leg))
    del old["round_trip"]
    assert from_json(WaybillLeg, json.dumps(old)) == replace(leg, round_trip=None)


def test_sharing_moves_grams_between_cargoes_and_not_the_sum() -> None:
    """What V1's cargo bears beyond its own fuel is what the return cargo is spared."""
    trip = shared_waybills()[0].lots[0].legs[2].round_trip
    assert trip is not None
    back = RoundTrip("V1", trip.return_load_kg, trip.load_kg, trip.return_fuel_g, trip.fuel_g)
    assert trip.factor > 1 > back.factor
    assert trip.factor * trip.fuel_g + back.factor * back.fuel_g == Fraction(trip.fuel_g + back.fuel_g)


def test_an_element_without_return_cargo_has_none() -> None:
    """Trucks and hubs never share; their text stays as it was."""
    for run in BOOKS.runs.values():
        others: list[ElementInput] = [item for item in run.inputs.project if item.mode != "InlandWaterway"]
        assert all(item.round_trip is None for item in others)


def test_cargo_that_sailed_on_another_voyage_shares_nothing() -> None:
    """Planned on V2 and loaded on V1: V2's return cargo is none of its own."""
    issued = shared_waybills()
    events = [
        replace(event, voyage_id="V1")
        if event.voyage_id == "V2" and event.waybill_number == issued[0].number
        else event
        for event in all_events(issued, FUEL_LOGS)
    ]
    moved = next(run for run in settled_books(issued, events).runs.values() if run.inputs.lot_no == 2)
    assert all(item.round_trip is None for item in moved.inputs.project)
    assert moved.result.tier == "primary"
