"""The empties of a hull's tour are borne by its cargo, by kg·km, to the gram."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.emissions.operations import Touring, vessel_fuel_kg, vessel_operation
from optimizer.emissions.round_trip import return_cargo_share
from optimizer.emissions.tour import RULE, LoadedVoyage, Tour
from optimizer.emissions.uncertainty import ErrorKind
from tests.emissions.world import DAY, round_table, vessel


def tours_of(fuel_g: int, activities: list[int]) -> list[Tour]:
    """One tour seen from each of its loaded voyages."""
    loaded = tuple(LoadedVoyage(f"V{number}", activity) for number, activity in enumerate(activities))
    return [Tour(RULE, one.voyage_id, "SMALL", fuel_g, ("E1",), loaded) for one in loaded]


def test_a_triangle_by_hand() -> None:
    """800 t x 300 km and 400 t x 200 km bear 1,000 g of empties as 240 : 80, so 750 g and 250 g."""
    out, home = tours_of(1000, [240_000_000, 80_000_000])
    assert (out.share, out.borne_fuel_g) == (Fraction(3, 4), 750)
    assert (home.share, home.borne_fuel_g) == (Fraction(1, 4), 250)
    assert "(1 kg of fuel)" in out.words.en
    assert "0.75 kg (ISO" in out.words.en
    assert "75.00%" in out.words.en
    assert "75.00%" in out.words.zh
    assert RULE in out.words.zh


def test_what_idle_hulls_burn_comes_on_top() -> None:
    """500 g of a hull that carries nothing, beside 750 g of the tour: 1.25 kg, and the sentence names both."""
    alone, _ = tours_of(1000, [240_000_000, 80_000_000])
    both = replace(alone, idle_fuel_g=500)
    assert (both.borne_fuel_g, both.share) == (1250, alone.share)
    assert "1.25 kg, 0.5 kg of hulls without cargo included" in both.words.en
    assert "另计无货船舶空驶 0.5 千克" in both.words.zh
    assert "without cargo" not in alone.words.en
    assert "无货船舶" not in alone.words.zh


@given(st.integers(0, 10**8), st.lists(st.integers(1, 10**10), min_size=1, max_size=8))
def test_the_parts_of_a_tour_are_its_empties_to_the_gram(fuel_g: int, activities: list[int]) -> None:
    """Nothing is counted twice and nothing is left out; each part is within a gram of its exact share."""
    tours = tours_of(fuel_g, activities)
    assert sum(tour.borne_fuel_g for tour in tours) == fuel_g
    assert sum(tour.share for tour in tours) == 1
    assert all(abs(tour.borne_fuel_g - tour.share * fuel_g) < 1 for tour in tours)


@given(st.integers(1, 10**7), st.integers(1, 10**7), st.integers(1, 2000))
def test_over_the_same_distance_tonne_kilometres_share_as_tonnes_do(out_kg: int, back_kg: int, km: int) -> None:
    """There and back the rule is that of AM0090: FR = T / (T + TR)."""
    out, _ = tours_of(1000, [out_kg * km, back_kg * km])
    assert float(out.share) == pytest.approx(float(return_cargo_share(out_kg, back_kg)), abs=1e-6)


def test_the_modelled_voyage_burns_its_own_fuel_and_the_empties_that_it_bears() -> None:
    """Intensity x t x km x (1 / rate) is the loaded fuel and the tour's part, whatever the class's average says."""
    hull, table = vessel(), round_table()
    tour = Tour(RULE, "V1", "SMALL", 90_000, ("E1",), (LoadedVoyage("V1", 2), LoadedVoyage("V2", 1)))
    found = vessel_operation(hull, 400.0, 0.9, table, DAY, touring=Touring(tour, 150.0))
    fuel_kg = vessel_fuel_kg(hull, 150.0, 400.0) + 60
    assert found.wtw_kg * 400 * 150 == pytest.approx(fuel_kg * 4)
    assert tour.words.en in found.how.en
    empties = next(error for error in found.errors if error.kind is ErrorKind.EMPTY_RUNNING)
    model = next(error for error in found.errors if error.kind is ErrorKind.FUEL_MODEL)
    assert empties.key == model.key  # one model, one error: it adds up
    assert empties.wtw_share == pytest.approx(60 / fuel_kg)
    assert empties.wtw_share + model.wtw_share == pytest.approx(1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rule": "empties-by-luck"}, "unknown rule"),
        ({"voyage_id": "V9"}, "not one voyage"),
        ({"loaded": (LoadedVoyage("V1", 1), LoadedVoyage("V1", 1))}, "not one voyage"),
        ({"loaded": (LoadedVoyage("V1", 0),)}, "above zero"),
        ({"loaded": (LoadedVoyage("V1", 1), LoadedVoyage("V2", 0))}, "above zero"),
        ({"empty_fuel_g": -1}, "no fuel below zero"),
        ({"idle_fuel_g": -1}, "no fuel below zero"),
    ],
    ids=lambda value: "",
)
def test_a_tour_that_makes_no_sense_is_refused(changed: dict[str, object], said: str) -> None:
    """A forged record cannot even be read."""
    given_: dict[str, object] = {
        "rule": RULE,
        "voyage_id": "V1",
        "vessel_class": "SMALL",
        "empty_fuel_g": 10,
        "empties": ("E1",),
        "loaded": (LoadedVoyage("V1", 1),),
    }
    with pytest.raises(ValueError, match=said):
        Tour(**{**given_, **changed})  # type: ignore[arg-type]
