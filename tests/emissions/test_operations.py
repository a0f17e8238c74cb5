"""Intensities of trucks, vessels, terminals and trains against arithmetic done by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.emissions.operations import (
    default_operation,
    fuel_emissions,
    hub_operation,
    rail_operation,
    sea_service_operation,
    truck_operation,
    vessel_fuel_kg,
    vessel_operation,
)
from optimizer.emissions.uncertainty import UNCERTAINTY, ErrorKind
from optimizer.errors import FactorError
from optimizer.network.model import Mode
from tests.emissions.world import DAY, factor, round_table, terminal, truck, vessel

TABLE = round_table()
SHIPPED = load_factors()


def test_fuel_emissions_scale_both_boundaries() -> None:
    """Ten kilograms of diesel emit ten times each rate and name the three factors used."""
    burnt = fuel_emissions("Diesel", "road", 10.0, TABLE, DAY)
    assert (burnt.ttw_kg, burnt.wtt_kg, burnt.ttw_co2_kg, burnt.kgce) == (32.0, 8.0, 30.0, 15.0)
    assert burnt.wtw_kg == 40.0
    assert burnt.factor_ids == ("Diesel-wtw", "Diesel-co2", "Diesel-coal")


def test_truck_by_hand() -> None:
    """One empty km for two loaded: (0.3 + 0.2 x 1/2) / 20 = 0.02 kg fuel per tkm."""
    road = truck_operation(truck(), TABLE, DAY)
    assert road.ttw_kg == pytest.approx(0.02 * 3.2)
    assert road.wtt_kg == pytest.approx(0.02 * 0.8)
    assert road.ttw_co2_kg == pytest.approx(0.02 * 3.0)
    assert road.kgce_per_unit == pytest.approx(0.02 * 1.5)
    assert (road.unit, road.tier) == ("tkm", "modelled")


def test_vessel_fuel_is_linear_in_load() -> None:
    """Empty 2, full 3, half full 2.5 kg per km; ten km cost ten times that."""
    assert [vessel_fuel_kg(vessel(), 10.0, load_t) for load_t in (0.0, 250.0, 500.0)] == [20.0, 25.0, 30.0]


def test_vessel_by_hand() -> None:
    """400 t, one empty km for four loaded: (2.8 + 2.0 / 4) / 400 kg fuel per tkm."""
    water = vessel_operation(vessel(), 400.0, 0.2, TABLE, DAY)
    assert water.wtw_kg == pytest.approx((2.8 + 0.5) / 400 * 4.0)


def test_sea_service_is_a_vessel_at_its_load_factor() -> None:
    """Capacity times load factor, and the factors of the use ``sea``."""
    assert sea_service_operation(vessel(), 0.8, 0.2, TABLE, DAY) == vessel_operation(
        vessel(), 400.0, 0.2, TABLE, DAY, use="sea"
    )


def test_hub_by_hand() -> None:
    """0.1 kg diesel and 0.5 kWh per tonne: 0.32 + 0 TTW, 0.08 + 0.3 WTT, 0.3 + 0 CO2, 0.15 + 0.05 kgce."""
    hub = hub_operation(terminal(), TABLE, DAY)
    values = (hub.ttw_kg, hub.wtt_kg, hub.ttw_co2_kg, hub.kgce_per_unit)
    assert values == pytest.approx((0.32, 0.38, 0.3, 0.2))
    assert (hub.unit, hub.tier) == ("t", "assumed")


def test_error_shares_of_a_hub_add_up_to_the_whole() -> None:
    """What the energy factors' errors move is the whole emission, once, in each boundary."""
    errors = [e for e in hub_operation(terminal(), TABLE, DAY).errors if e.kind is not ErrorKind.HUB_ENERGY]
    assert sum(e.wtw_share for e in errors) == pytest.approx(1.0)
    assert sum(e.ttw_co2_share for e in errors) == pytest.approx(1.0)


@pytest.mark.parametrize("carrier", ["Diesel", "Electric"])
def test_error_shares_of_a_fuel_add_up_to_the_whole(carrier: str) -> None:
    """Combustion, other gases and provision together are the fuel's WTW, in the shipped table."""
    road = truck_operation(truck(energy_carrier=carrier), SHIPPED, DAY)
    assert sum(e.wtw_share for e in road.errors if e.kind is not ErrorKind.FUEL_MODEL) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "operation",
    [
        lambda: truck_operation(truck(energy_carrier="Electric", fuel_loaded_kg_per_km=0.0), TABLE, DAY),
        lambda: vessel_operation(vessel(fuel_loaded_kg_per_km=0.0), 100.0, 0.0, TABLE, DAY),
        lambda: fuel_emissions("Hydrogen", "road", 1.0, TABLE, DAY),
        lambda: fuel_emissions("Diesel", "rail", 1.0, TABLE, DAY),
        lambda: rail_operation(TABLE, DAY),
    ],
)
def test_missing_data_is_refused(operation: Any) -> None:
    """No consumption or no factor is an error with a remedy, never an emission of zero."""
    with pytest.raises(FactorError) as refusal:
        operation()
    assert refusal.value.text("zh") != refusal.value.text("en")


@pytest.mark.parametrize(
    ("load_t", "empty_share"), [(0.0, 0.1), (-1.0, 0.1), (501.0, 0.1), (100.0, 1.0), (100.0, -0.1)]
)
def test_impossible_operations_are_refused(load_t: float, empty_share: float) -> None:
    """A load outside (0, capacity] or an empty share outside [0, 1) is a programming error."""
    with pytest.raises(ValueError, match=r"load|share"):
        vessel_operation(vessel(), load_t, empty_share, TABLE, DAY)


@given(st.floats(1.0, 500.0), st.floats(1.0, 500.0), st.floats(0.0, 0.9))
def test_fuller_vessels_emit_less_per_tkm(one_t: float, other_t: float, empty_share: float) -> None:
    """At the same empty share, more cargo never raises the intensity."""
    light, heavy = sorted((one_t, other_t))
    assert vessel_operation(vessel(), heavy, empty_share, TABLE, DAY).wtw_kg <= vessel_operation(
        vessel(), light, empty_share, TABLE, DAY
    ).wtw_kg * (1 + 1e-12)


@given(st.floats(0.0, 0.9), st.floats(0.0, 0.9))
def test_more_empty_running_never_emits_less(one: float, other: float) -> None:
    """The intensity of a truck grows with its empty share."""
    few, many = sorted((one, other))
    assert (
        truck_operation(truck(empty_share=few), TABLE, DAY).wtw_kg
        <= truck_operation(truck(empty_share=many), TABLE, DAY).wtw_kg
    )


def test_default_rail_prints_how_it_matched() -> None:
    """The train takes the British WTW and the Chinese CO2 value and says that the first is borrowed."""
    rail = rail_operation(SHIPPED, DAY)
    assert rail.wtw_kg == pytest.approx(0.0347)
    assert rail.ttw_co2_kg == 0.00611
    assert rail.factor_ids == ("defra25-rail", "cn-macro-rail")
    assert "GB" in rail.how.en
    assert "GB" in rail.how.zh


def test_energy_of_a_default_is_the_diesel_that_would_emit_as_much() -> None:
    """A row without coal equivalent: 0.064 kg CO2e in operation are 0.02 kg diesel, 0.03 kgce; one with it says so."""
    rows = [factor("rail", mode="rail", uses=("default",), unit="tkm", ttw_kg=0.064, wtt_kg=0.016)]
    assert default_operation(Mode.RAIL, None, FactorTable([*TABLE.factors, *rows]), DAY).kgce_per_unit == (
        pytest.approx(0.03)
    )
    told = [replace(rows[0], kgce=0.5)]
    assert default_operation(Mode.RAIL, None, FactorTable([*TABLE.factors, *told]), DAY).kgce_per_unit == 0.5


def test_default_closes_a_boundary_it_has_no_row_for() -> None:
    """Sea ships have CO2e defaults only, so their TTW CO2 value is absent, not zero."""
    assert default_operation(Mode.SEA, 5000.0, SHIPPED, DAY).ttw_co2_kg is None


def test_uncertainty_of_an_intensity_has_reasons() -> None:
    """The fuel model is the widest error of a modelled truck, and every error says why."""
    errors = truck_operation(truck(), SHIPPED, DAY).errors
    spreads = [UNCERTAINTY.spread(error) for error in errors]
    widths = {error.kind: spread.standard_rel * error.wtw_share for error, spread in zip(errors, spreads, strict=True)}
    assert len(widths) > 1
    assert max(widths, key=lambda kind: widths[kind]) is ErrorKind.FUEL_MODEL
    assert all(spread.reason.zh and spread.reason.en for spread in spreads)


@given(st.floats(100.0, 1400.0))
def test_small_vessel_default_is_not_below_a_bigger_one(size_t: float) -> None:
    """Among the shipped defaults a vessel under 650 t emits more per tkm than the classes above it."""
    small = default_operation(Mode.INLAND_WATERWAY, min(size_t, 649.0), SHIPPED, DAY)
    assert small.wtw_kg > default_operation(Mode.INLAND_WATERWAY, 1200.0, SHIPPED, DAY).wtw_kg
