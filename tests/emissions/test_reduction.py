"""Method shift-v1: the expected reduction, its interval, and what is credited."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.chain import (
    Element,
    ElementFootprint,
    Footprint,
    HubElement,
    LoggedEnergy,
    TransportElement,
    footprint,
)
from optimizer.emissions.factors import load_factors
from optimizer.emissions.operations import Intensity, hub_operation, truck_operation, vessel_operation
from optimizer.emissions.reduction import Reduction, shift_v1, together
from optimizer.emissions.uncertainty import (
    CONFIGS,
    COVERAGE_95,
    ONE_SIDED_90,
    UNCERTAINTY,
    ErrorKind,
    Spread,
    UncertaintyConfig,
)
from optimizer.errors import BoundaryError
from optimizer.network.model import Mode
from tests.emissions.world import DAY, intensity, round_table, terminal, truck, vessel

TABLE = round_table()
WTW = Boundary.WTW_CO2E
NOTHING = UncertaintyConfig(
    "nothing", {kind: replace(s, value=0.0, lognormal=False) for kind, s in UNCERTAINTY.spreads.items()}
)


def only(**widths: Spread) -> UncertaintyConfig:
    """A configuration in which only the named kinds are uncertain."""
    return UncertaintyConfig("only", {**NOTHING.spreads, **{ErrorKind(k): s for k, s in widths.items()}})


def normal(value: float) -> Spread:
    """A normal error with a relative 95 % half-width."""
    return replace(UNCERTAINTY.spreads[ErrorKind.FUEL_MODEL], value=value)


def wider(times: float) -> UncertaintyConfig:
    """The starting values, each normal width times a factor and each lognormal factor to that power."""
    spreads = {
        kind: replace(s, value=s.value**times if s.lognormal else s.value * times)
        for kind, s in UNCERTAINTY.spreads.items()
    }
    return UncertaintyConfig(f"wider-{times}", spreads)


def road(mass_kg: int, rate: float, route: str = "A>B", key: str = "truck", distance_km: float = 100.0) -> Footprint:
    """One truck leg."""
    leg = TransportElement(Mode.ROAD, mass_kg, distance_km, "sfd", route, intensity(rate, key=key))
    return footprint([leg], TABLE, DAY)


def water(mass_kg: int, rate: float, kind: ErrorKind = ErrorKind.FUEL_MODEL) -> Footprint:
    """One vessel leg of 100 km."""
    rate_of_vessel = intensity(rate, key="vessel", kind=kind)
    return footprint(
        [TransportElement(Mode.INLAND_WATERWAY, mass_kg, 100.0, "actual", "P>Q", rate_of_vessel)], TABLE, DAY
    )


def random_leg(mass_kg: int, distance_km: float, rate: float, key: int) -> TransportElement:
    """A truck leg whose model and route are shared with all legs of the same key."""
    return TransportElement(Mode.ROAD, mass_kg, distance_km, "sfd", f"route{key}", intensity(rate, key=f"model{key}"))


ELEMENTS = st.builds(random_leg, st.integers(1, 10**6), st.floats(0.0, 1000.0), st.floats(0.0, 0.3), st.integers(0, 3))
FOOTPRINTS = st.lists(ELEMENTS, min_size=1, max_size=5).map(lambda elements: footprint(elements, TABLE, DAY))
REDUCTIONS = st.builds(lambda b, p: shift_v1(b, p, WTW), FOOTPRINTS, FOOTPRINTS)


def test_expected_is_the_difference_and_may_be_negative() -> None:
    """A vessel that emits more than the truck gives a negative expectation, kept as such, and no credit."""
    result = shift_v1(road(10_000, 0.05), water(10_000, 0.09), WTW)
    assert (result.baseline_g, result.project_g, result.expected_g) == (50_000, 90_000, -40_000)
    assert result.credited_g == 0
    assert (result.method, result.uncertainty_version) == ("shift-v1", "uncertainty-v2")


def test_one_normal_source_by_hand() -> None:
    """10 % (95 % half-width) on a baseline of 100 kg alone: 100 - 30 - 1.2816 x 10 / 1.96 kg are credited."""
    project = water(10_000, 0.03, ErrorKind.HUB_ENERGY)  # a kind that is certain in this configuration
    result = shift_v1(road(10_000, 0.1), project, WTW, only(fuel_model=normal(0.1)))
    assert result.standard_g == pytest.approx(100_000 * 0.1 / COVERAGE_95)
    assert result.credited_g == math.floor(70_000 - ONE_SIDED_90 * 100_000 * 0.1 / COVERAGE_95)


def test_one_lognormal_source_by_hand() -> None:
    """A factor of two on a project of 30 kg: at the 90 % point it is 30 x 2^(1.2816/1.96) kg."""
    project = water(10_000, 0.03, ErrorKind.DEFAULT_INLAND_WATERWAY)
    spread = UNCERTAINTY.spreads[ErrorKind.DEFAULT_INLAND_WATERWAY]
    result = shift_v1(road(10_000, 0.1), project, WTW, only(default_inland_waterway=spread))
    assert result.lower_g == pytest.approx(100_000 - 30_000 * 2 ** (ONE_SIDED_90 / COVERAGE_95))


def test_a_lognormal_error_is_as_wide_as_its_moments_say() -> None:
    """E[X^n] = exp(n^2 s^2 / 2) for a median of one: the standard deviation is the root of E[X^2] - E[X]^2."""
    spread = Spread(2.0, True, UNCERTAINTY.spreads[ErrorKind.FUEL_MODEL].reason)
    first, second = (math.exp((n * math.log(2) / COVERAGE_95) ** 2 / 2) for n in (1, 2))
    assert spread.standard_rel == pytest.approx(math.sqrt(second - first**2))


def test_the_first_version_knows_one_kind_of_distance() -> None:
    """The second tells them apart and knows the old kind no more, so that no new result can rest on it."""
    first = CONFIGS["uncertainty-v1"]
    ways = [("actual", False), ("sfd", False), ("sfd", True), ("gcd", False)]
    assert {first.distance_kinds(*way) for way in ways} == {(ErrorKind.DISTANCE,)}
    assert len({UNCERTAINTY.distance_kinds(*way) for way in ways}) == 3
    assert ErrorKind.DISTANCE not in UNCERTAINTY.spreads


def test_mass_enters_once_on_the_net() -> None:
    """Baseline 100 kg, project 60 kg: half a percent of the weighed mass moves 40 kg, not 100 and 60; of
    CO2 in operation three quarters of that."""
    chains, config = (road(10_000, 0.1), water(10_000, 0.06)), only(weighed_mass=normal(0.005))
    assert shift_v1(*chains, WTW, config).standard_g == pytest.approx(40_000 * 0.005 / COVERAGE_95)
    assert shift_v1(*chains, Boundary.TTW_CO2, config).standard_g == pytest.approx(30_000 * 0.005 / COVERAGE_95)


def test_a_shared_source_acts_on_the_difference() -> None:
    """The same truck model in baseline and project: its error moves the 40 kg between them."""
    project = road(10_000, 0.06, route="C>D")
    result = shift_v1(road(10_000, 0.1), project, WTW, only(fuel_model=normal(0.2)))
    assert result.standard_g == pytest.approx(40_000 * 0.2 / COVERAGE_95)


def test_two_sources_combine_as_squares() -> None:
    """Truck and vessel models are independent: root of the sum of squares."""
    result = shift_v1(road(10_000, 0.1), water(10_000, 0.05), WTW, only(fuel_model=normal(0.2)))
    assert result.standard_g == pytest.approx(math.hypot(100_000, 50_000) * 0.2 / COVERAGE_95)


def test_a_distance_moves_only_its_own_route() -> None:
    """3 % on the baseline's road of 100 kg and, apart from it, on the waterway's 50 kg."""
    result = shift_v1(
        road(10_000, 0.1), water(10_000, 0.05), WTW, only(distance_sfd=normal(0.03), distance_actual=normal(0.03))
    )
    assert result.standard_g == pytest.approx(math.hypot(100_000, 50_000) * 0.03 / COVERAGE_95)


def test_provision_does_not_touch_the_other_boundary() -> None:
    """An error of the fuel's provision moves WTW CO2e; in TTW CO2 only the carbon's error is left."""
    voyage = TransportElement(Mode.INLAND_WATERWAY, 100_000, 320.0, "actual", "P>Q", logged())
    chains = road(100_000, 0.5), footprint([voyage], load_factors(), DAY)
    moved = {
        boundary: {c.key for c in shift_v1(*chains, boundary).contributions if c.kind is ErrorKind.ENERGY_FACTOR}
        for boundary in Boundary
    }
    assert moved == {WTW: {"combustion:Diesel", "provision:Diesel"}, Boundary.TTW_CO2: {"combustion:Diesel"}}


def test_identical_chains_save_nothing_for_certain() -> None:
    """A lot that stays on its road has expectation, uncertainty and credit of zero."""
    result = shift_v1(road(10_000, 0.1), road(10_000, 0.1), WTW)
    assert (result.expected_g, result.standard_g, result.credited_g) == (0, 0.0, 0)


def test_shared_errors_do_not_average_away() -> None:
    """A hundred lots on the same models are a hundred times as uncertain as one; on separate models ten times."""
    one = shift_v1(road(10_000, 0.1), water(10_000, 0.05), WTW)
    assert together([one] * 100).standard_g == pytest.approx(100 * one.standard_g)
    config = only(fuel_model=normal(0.2))
    apart = [
        shift_v1(road(10_000, 0.1, key=f"truck{i}"), water(10_000, 0.05, ErrorKind.HUB_ENERGY), WTW, config)
        for i in range(100)
    ]
    assert together(apart).standard_g == pytest.approx(10 * apart[0].standard_g)


@given(st.lists(REDUCTIONS, min_size=1, max_size=6))
def test_the_whole_is_at_least_as_certain_as_its_lots(reductions: list[Reduction]) -> None:
    """The bound of all lots together is never below the sum of the lots' bounds."""
    whole = together(reductions)
    assert whole.expected_g == sum(r.expected_g for r in reductions)
    assert whole.lower_g >= sum(r.lower_g for r in reductions) - 1e-6 * (1 + abs(whole.lower_g))


@given(FOOTPRINTS, FOOTPRINTS, st.sampled_from(list(Boundary)))
def test_credit_never_exceeds_the_expectation(baseline: Footprint, project: Footprint, boundary: Boundary) -> None:
    """Credit lies between zero and the expected reduction, in whole grams, in either boundary."""
    result = shift_v1(baseline, project, boundary)
    assert 0 <= result.credited_g <= max(0, result.expected_g)
    assert result.lower_g <= result.expected_g
    assert result.expected_g == baseline.total_g(boundary) - project.total_g(boundary)


@given(FOOTPRINTS, FOOTPRINTS, st.floats(0.01, 3.0), st.floats(0.01, 3.0))
def test_more_uncertainty_never_more_credit(baseline: Footprint, project: Footprint, one: float, other: float) -> None:
    """Widening every error never raises what is credited."""
    narrow, wide = sorted((one, other))
    assert (
        shift_v1(baseline, project, WTW, wider(wide)).credited_g
        <= shift_v1(baseline, project, WTW, wider(narrow)).credited_g
    )


@given(st.data(), st.lists(ELEMENTS, min_size=1, max_size=5), FOOTPRINTS)
def test_order_does_not_matter(data: st.DataObject, elements: list[Element], project: Footprint) -> None:
    """Permuting the elements of a chain changes nothing, not even the last bit."""
    shuffled = data.draw(st.permutations(elements))
    one, other = (shift_v1(footprint(e, TABLE, DAY), project, WTW) for e in (elements, shuffled))
    assert one == other


@given(st.integers(1, 10**6), st.floats(0.0, 0.2), st.floats(0.0, 0.2), st.floats(0.0, 0.2))
def test_a_dirtier_project_earns_no_more(mass_kg: int, base: float, one: float, other: float) -> None:
    """Credit falls, or stays, when the project emits more."""
    clean, dirty = sorted((one, other))
    baseline = road(mass_kg, base)
    assert (
        shift_v1(baseline, water(mass_kg, dirty), WTW).credited_g
        <= shift_v1(baseline, water(mass_kg, clean), WTW).credited_g
    )


def lot(energy: Intensity | LoggedEnergy) -> tuple[Footprint, Footprint]:
    """A lot of 400 t: 300 km by road, or drayage, two hubs and 320 km by water."""
    mass_kg, dray = 400_000, truck_operation(truck(truck_class="T20D", empty_share=0.5), TABLE, DAY)
    hub = hub_operation(terminal(), TABLE, DAY)
    baseline: list[Element] = [
        TransportElement(Mode.ROAD, mass_kg, 300.0, "sfd", "A>B", truck_operation(truck(), TABLE, DAY))
    ]
    project: list[Element] = [
        TransportElement(Mode.ROAD, mass_kg, 12.0, "sfd", "A>P", dray),
        HubElement(mass_kg, "P", hub),
        TransportElement(Mode.INLAND_WATERWAY, mass_kg, 320.0, "actual", "P>Q", energy),
        HubElement(mass_kg, "Q", hub),
        TransportElement(Mode.ROAD, mass_kg, 8.0, "sfd", "Q>B", dray),
    ]
    return footprint(baseline, TABLE, DAY), footprint(project, TABLE, DAY)


def modelled() -> Intensity:
    """The vessel's own fuel model, a fifth of all km empty."""
    return vessel_operation(vessel(), 400.0, 0.2, TABLE, DAY)


def logged() -> LoggedEnergy:
    """A log of exactly what the model says for 320 km."""
    return LoggedEnergy("Diesel", "inland_waterway", (2.8 + 0.5) * 320, Fraction(1), "V1")


TIERS: dict[str, Intensity | LoggedEnergy] = {
    "default": replace(modelled(), errors=intensity(1.0, kind=ErrorKind.DEFAULT_INLAND_WATERWAY).errors),
    "modelled": modelled(),
    "logged": logged(),
}


def test_primary_data_earn_more() -> None:
    """With the same grams, a fuel log is credited more than a fuel model, and a model more than a default."""
    results = [shift_v1(*lot(energy), WTW) for energy in TIERS.values()]
    assert len({r.expected_g for r in results}) == 1
    assert results[0].credited_g < results[1].credited_g < results[2].credited_g < results[2].expected_g


def sampled(baseline: Footprint, project: Footprint, draws: int, config: UncertaintyConfig) -> np.ndarray:
    """Monte Carlo of the same story, written apart from the method: every key drawn once, every element moved by it."""
    rng = np.random.default_rng(20261005)
    factor: dict[str, np.ndarray] = {}

    def total(elements: Sequence[ElementFootprint]) -> np.ndarray:
        whole = np.zeros(draws)
        for element in elements:
            moved = np.ones(draws)
            for error in element.errors:
                spread = config.spread(error)
                if error.key not in factor:
                    z = rng.standard_normal(draws)
                    factor[error.key] = np.expm1(z * spread.sigma) if spread.lognormal else z * spread.sigma
                moved = moved * (1 + error.wtw_share * factor[error.key])
            whole += element.total_g(WTW) * moved
        return whole

    mass = 1 + config.spreads[ErrorKind.WEIGHED_MASS].sigma * rng.standard_normal(draws)
    return (total(baseline.elements) - total(project.elements)) * mass


@pytest.mark.parametrize("tier", TIERS)
def test_interval_agrees_with_monte_carlo(tier: str) -> None:
    """The lower bound is the 10th percentile of 200,000 draws, within 4 % of the distance from the expectation."""
    chains = lot(TIERS[tier])
    result = shift_v1(*chains, WTW)
    lower_g = float(np.quantile(sampled(*chains, 200_000, UNCERTAINTY), 0.1))
    assert result.lower_g == pytest.approx(lower_g, abs=0.04 * (result.expected_g - result.lower_g))


def test_many_lots_agree_with_monte_carlo() -> None:
    """Thirty lots on one truck model, one vessel class and one terminal set, a third of them logged: the bound of the
    whole is the 10th percentile of 100,000 draws in which each shared error is drawn once for all lots."""
    energies = list(TIERS.values())
    lots = [
        lot(replace(energy, log_id=f"V{n}") if isinstance(energy, LoggedEnergy) else energy)
        for n in range(10)
        for energy in energies
    ]
    whole = together([shift_v1(*chains, WTW) for chains in lots])
    baseline, project = (Footprint(tuple(e for chains in lots for e in chains[side].elements)) for side in (0, 1))
    draws = sampled(baseline, project, 100_000, UNCERTAINTY)
    assert whole.lower_g == pytest.approx(float(np.quantile(draws, 0.1)), abs=0.04 * (whole.expected_g - whole.lower_g))
    independent_g = math.sqrt(sum(shift_v1(*chains, WTW).standard_g ** 2 for chains in lots))
    assert whole.standard_g > 3 * independent_g


def test_statements_do_not_mix_boundaries_or_versions() -> None:
    """Lots of different boundaries or uncertainty versions have no common statement."""
    chains = road(10_000, 0.1), water(10_000, 0.05)
    with pytest.raises(BoundaryError):
        together([shift_v1(*chains, boundary) for boundary in Boundary])
    with pytest.raises(ValueError, match="version"):
        together([shift_v1(*chains, WTW), shift_v1(*chains, WTW, NOTHING)])
    with pytest.raises(ValueError, match="at least one"):
        together([])
