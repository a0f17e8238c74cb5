"""Footprints of chains: integers that re-add, in both boundaries, from intensities and from logs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.chain import (
    Element,
    HubElement,
    LoggedEnergy,
    TransportElement,
    activity_kgkm,
    footprint,
)
from optimizer.emissions.factors import load_factors
from optimizer.emissions.operations import Intensity, default_operation
from optimizer.errors import BoundaryError, FactorError
from optimizer.network.model import Mode
from tests.emissions.world import DAY, intensity, round_table

TABLE = round_table()
MASSES = st.integers(1, 5_000_000)
DISTANCES = st.floats(0.0, 3000.0)
RATES = st.floats(0.0, 0.5)
MODES = st.sampled_from([mode for mode in Mode if mode is not Mode.HUB])


def leg(mass_kg: int, distance_km: float, energy: Intensity | LoggedEnergy, mode: Mode = Mode.ROAD) -> TransportElement:
    """A transport leg from A to B."""
    return TransportElement(mode, mass_kg, distance_km, "sfd", "A>B", energy)


LEGS = st.builds(lambda m, d, r, mode: leg(m, d, intensity(r), mode), MASSES, DISTANCES, RATES, MODES)
HUBS = st.builds(lambda m, r: HubElement(m, "P", intensity(r, "t")), MASSES, st.floats(0.0, 5.0))
CHAINS = st.lists(LEGS | HUBS, min_size=1, max_size=8)


def test_a_chain_by_hand() -> None:
    """20 t over 100 km at 0.1 kg/tkm and one hub at 2 kg/t: 200 + 40 kg, split 4:1, with 3/4 as CO2 and 0.4 as coal."""
    chain = footprint([leg(20_000, 100.0, intensity(0.1)), HubElement(20_000, "P", intensity(2.0, "t"))], TABLE, DAY)
    assert (chain.co2e_ttw_g, chain.wtw_co2e.wtt_g, chain.co2e_wtw_g) == (192_000, 48_000, 240_000)
    assert chain.ttw_co2.total_g == 180_000
    assert chain.coal_equivalent_g == 96_000
    assert chain.activity_kgkm == 2_000_000
    assert chain.factor_ids == ("model",)


def test_distances_keep_their_fractions() -> None:
    """1 t over 0.5 km at 0.1 kg/tkm is 50 g, not nothing."""
    assert footprint([leg(1000, 0.5, intensity(0.1))], TABLE, DAY).co2e_wtw_g == 50


def test_logged_voyage_by_hand() -> None:
    """A quarter of 1,000 kg of diesel: 250 x (3.2, 0.8) kg CO2e, 250 x 3.0 kg CO2, 250 x 1.5 kgce, tier primary."""
    log = LoggedEnergy("Diesel", "inland_waterway", 1000.0, Fraction(1, 4), "V1")
    element = footprint([leg(100_000, 300.0, log, Mode.INLAND_WATERWAY)], TABLE, DAY).elements[0]
    assert (element.wtw_co2e.ttw_g, element.wtw_co2e.wtt_g) == (800_000, 200_000)
    assert element.total_g(Boundary.TTW_CO2) == 750_000
    assert element.coal_equivalent_g == 375_000
    assert element.tier == "primary"
    assert "V1" in element.how.zh
    assert "1000 kg of Diesel" in element.how.en


def test_a_log_of_electricity_counts_kwh() -> None:
    """The sentence that documents print names the unit of the carrier."""
    log = LoggedEnergy("Electric", "hub", 500.0, Fraction(1), "M1")
    assert "500 kWh of Electric" in footprint([leg(100_000, 300.0, log)], TABLE, DAY).elements[0].how.en


def test_what_is_reckoned_in_a_log_is_as_uncertain_as_its_model() -> None:
    """300 of 1,000 kg are empty running by the model: the log's error has 0.7 of the amount, the model's 0.3."""
    log = LoggedEnergy("Diesel", "inland_waterway", 1000.0, Fraction(1), "V1", None, 300.0, "fuel_model:B500")
    assert {error.key: (error.wtw_share, error.ttw_co2_share) for error in log.errors} == {
        "logged:V1": (0.7, 0.7),
        "fuel_model:B500": (0.3, 0.3),
    }


@given(CHAINS)
def test_total_is_the_sum_of_elements(elements: list[Element]) -> None:
    """Every total equals the sum over elements, exactly."""
    chain = footprint(elements, TABLE, DAY)
    assert chain.co2e_wtw_g == sum(e.wtw_co2e.ttw_g + e.wtw_co2e.wtt_g for e in chain.elements)
    assert chain.total_g(Boundary.TTW_CO2) == sum(e.total_g(Boundary.TTW_CO2) for e in chain.elements)
    assert sum(chain.activity_by_mode_kgkm().values()) == chain.activity_kgkm


@given(CHAINS, CHAINS)
def test_chains_are_additive(one: list[Element], other: list[Element]) -> None:
    """Two chains end to end emit what they emit apart."""
    whole, first, second = (footprint(elements, TABLE, DAY) for elements in (one + other, one, other))
    assert whole.wtw_co2e == first.wtw_co2e + second.wtw_co2e
    assert whole.ttw_co2 == first.ttw_co2 + second.ttw_co2


@given(st.data(), CHAINS)
def test_order_of_elements_does_not_matter(data: st.DataObject, elements: list[Element]) -> None:
    """Any permutation has the same totals."""
    shuffled = data.draw(st.permutations(elements))
    assert footprint(shuffled, TABLE, DAY).wtw_co2e == footprint(elements, TABLE, DAY).wtw_co2e


@given(MASSES, MASSES, DISTANCES, RATES)
def test_heavier_never_emits_less(one_kg: int, other_kg: int, distance_km: float, rate: float) -> None:
    """Emissions do not fall when the mass grows."""
    light, heavy = sorted((one_kg, other_kg))
    grams = [footprint([leg(m, distance_km, intensity(rate))], TABLE, DAY).co2e_wtw_g for m in (light, heavy)]
    assert grams[0] <= grams[1]


@given(MASSES, DISTANCES, DISTANCES, RATES)
def test_farther_never_emits_less(mass_kg: int, one_km: float, other_km: float, rate: float) -> None:
    """Emissions do not fall when the distance grows."""
    near, far = sorted((one_km, other_km))
    grams = [footprint([leg(mass_kg, d, intensity(rate))], TABLE, DAY).co2e_wtw_g for d in (near, far)]
    assert grams[0] <= grams[1]


@given(st.integers(1, 100_000), st.integers(1, 50), DISTANCES, RATES)
def test_linear_per_kilogram(mass_kg: int, times: int, distance_km: float, rate: float) -> None:
    """N times the mass emits N times the grams, but for the rounding of the parts (half a gram each)."""
    one, many = (
        footprint([leg(m, distance_km, intensity(rate))], TABLE, DAY).co2e_wtw_g for m in (mass_kg, mass_kg * times)
    )
    assert abs(many - times * one) <= times + 1 + many * 1e-12


@given(MASSES, st.floats(0.0, 1e5), st.fractions(Fraction(1, 10**6), 1))
def test_log_is_linear_in_its_share(mass_kg: int, amount_kg: float, share: Fraction) -> None:
    """A share and its complement emit the whole voyage's grams, within the rounding of two elements."""
    whole = leg(mass_kg, 100.0, LoggedEnergy("Diesel", "road", amount_kg, Fraction(1), "L"))
    parts = [LoggedEnergy("Diesel", "road", amount_kg, s, "L") for s in (share, 1 - share) if s > 0]
    apart = sum(footprint([leg(mass_kg, 100.0, p)], TABLE, DAY).co2e_wtw_g for p in parts)
    assert abs(apart - footprint([whole], TABLE, DAY).co2e_wtw_g) <= 3


def test_closed_boundary_is_named() -> None:
    """A sea leg on a CO2e-only default has no TTW CO2 total: the refusal names the leg, the other boundary stands."""
    factors = load_factors()
    chain = footprint([leg(1000, 100.0, default_operation(Mode.SEA, 5000.0, factors, DAY), Mode.SEA)], factors, DAY)
    assert chain.co2e_wtw_g > 0
    with pytest.raises(BoundaryError, match="A>B"):
        chain.total_g(Boundary.TTW_CO2)


def test_logged_fuel_without_a_factor_is_refused() -> None:
    """An unknown carrier is an error, not a zero."""
    with pytest.raises(FactorError, match="Hydrogen"):
        footprint([leg(1, 1.0, LoggedEnergy("Hydrogen", "road", 1.0, Fraction(1), "L"))], TABLE, DAY)


@pytest.mark.parametrize(
    "build",
    [
        lambda: leg(0, 1.0, intensity(0.1)),
        lambda: leg(1, -1.0, intensity(0.1)),
        lambda: leg(1, float("nan"), intensity(0.1)),
        lambda: leg(1, 1.0, intensity(0.1, "t")),
        lambda: leg(1, 1.0, intensity(0.1), Mode.HUB),
        lambda: TransportElement(Mode.ROAD, 1, 1.0, "guess", "A>B", intensity(0.1)),
        lambda: HubElement(1, "P", intensity(0.1)),
        lambda: LoggedEnergy("Diesel", "road", 1.0, Fraction(0), "L"),
        lambda: LoggedEnergy("Diesel", "road", 1.0, Fraction(3, 2), "L"),
        lambda: LoggedEnergy("Diesel", "road", -1.0, Fraction(1), "L"),
        lambda: footprint([], TABLE, DAY),
    ],
)
def test_impossible_elements_are_refused(build: Any) -> None:
    """Masses, distances, units, shares and empty chains that cannot be are refused where they are made."""
    with pytest.raises(ValueError, match=r"."):
        build()


@given(MASSES, DISTANCES)
def test_activity_is_exact(mass_kg: int, distance_km: float) -> None:
    """Activity is the exact product rounded once, also beyond the 53 bits of a float."""
    assert abs(activity_kgkm(mass_kg, distance_km) - Fraction(distance_km) * mass_kg) <= Fraction(1, 2)
