"""Return cargo shares a round trip by tonnes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.emissions.operations import vessel_fuel_kg, vessel_operation
from optimizer.emissions.round_trip import RoundTrip, return_cargo_share
from tests.emissions.world import DAY, round_table, vessel

KG = st.integers(1, 10**7)
TRIPS = st.builds(RoundTrip, st.just("back"), KG, KG, KG, KG)


def test_the_share_by_hand() -> None:
    """800 t out on 500 kg of fuel, 200 t back on 300 kg: the cargo out bears 0.8 x 800 = 640 kg, 1.28 x its voyage."""
    trip = RoundTrip("V2", 800_000, 200_000, 500_000, 300_000)
    assert (trip.share, trip.factor) == (Fraction(4, 5), Fraction(32, 25))
    assert "1.2800" in trip.words.zh
    assert "80.00%" in trip.words.en
    assert "(800 t one way, 200 t the other)" in trip.words.en


@given(TRIPS)
def test_sharing_loses_and_saves_nothing(trip: RoundTrip) -> None:
    """Out and back bear just the fuel of both, to the last bit, and the same per tonne."""
    back = RoundTrip("out", trip.return_load_kg, trip.load_kg, trip.return_fuel_g, trip.fuel_g)
    borne_out, borne_back = trip.factor * trip.fuel_g, back.factor * back.fuel_g
    assert borne_out + borne_back == trip.fuel_g + trip.return_fuel_g
    assert borne_out * back.load_kg == borne_back * trip.load_kg


@given(KG, st.integers(0, 10**7), KG)
def test_more_return_cargo_never_means_a_larger_share(cargo_kg: int, return_kg: int, more_kg: int) -> None:
    """Alone the cargo bears everything; each further tonne on the way back takes some of it over."""
    assert return_cargo_share(cargo_kg, 0) == 1
    assert return_cargo_share(cargo_kg, return_kg + more_kg) < return_cargo_share(cargo_kg, return_kg) <= 1


@given(st.floats(1, 500), st.floats(1, 500), st.floats(1, 500))
def test_more_return_cargo_on_the_same_hull_never_raises_what_the_cargo_out_bears(
    out_t: float, one_t: float, other_t: float
) -> None:
    """Fuel grows with the load, slower than the share falls: the cargo out emits less per tkm, never more."""
    hull = vessel()
    less_t, more_t = sorted((round(one_t, 3), round(other_t, 3)))

    def intensity(back_t: float) -> float:
        fuels = [round(vessel_fuel_kg(hull, 100.0, load_t) * 1000) for load_t in (round(out_t, 3), back_t)]
        trip = RoundTrip("V2", round(out_t * 1000), round(back_t * 1000), *fuels)
        return vessel_operation(hull, round(out_t, 3), 0.2, round_table(), DAY, round_trip=trip).wtw_kg

    assert intensity(more_t) <= intensity(less_t) * (1 + 1e-4)


def test_the_modelled_intensity_holds_the_factor_on_the_loaded_fuel_alone() -> None:
    """Empty running is its class's on every voyage; only the two loaded voyages share."""
    hull, table = vessel(), round_table()
    trip = RoundTrip("V2", 400_000, 100_000, 250_000, 220_000)
    alone, none = (vessel_operation(hull, 400.0, share, table, DAY) for share in (0.25, 0.0))
    shared = vessel_operation(hull, 400.0, 0.25, table, DAY, round_trip=trip)
    assert shared.wtw_kg - alone.wtw_kg == pytest.approx(none.wtw_kg * (float(trip.factor) - 1))
    assert "V2" in shared.how.en
    assert "V2" in shared.how.zh


@pytest.mark.parametrize(("cargo_kg", "return_kg"), [(0, 1), (-1, 0), (1, -1)])
def test_return_cargo_refuses_nonsense(cargo_kg: int, return_kg: int) -> None:
    """No forward cargo, or negative return cargo, has no share."""
    with pytest.raises(ValueError, match="cargo"):
        return_cargo_share(cargo_kg, return_kg)


@pytest.mark.parametrize("name", ["load_kg", "return_load_kg", "fuel_g", "return_fuel_g"])
def test_a_trip_without_cargo_or_fuel_is_none(name: str) -> None:
    """Such a voyage has no return cargo and keeps its class's empties."""
    values = {"load_kg": 1, "return_load_kg": 1, "fuel_g": 1, "return_fuel_g": 1, name: 0}
    with pytest.raises(ValueError, match="both ways"):
        RoundTrip("V2", **values)
