"""Air pollutants stand apart: their own factors, a range, what is not covered said, nothing subtracted."""

from __future__ import annotations

import pytest

from optimizer.emissions.pollutants import FACTORS, pollutant_amounts


def test_amounts_by_hand() -> None:
    """A tonne of diesel in an inland ship: 54 kg NOx between 20 and 161; in a truck 33.37."""
    nox, pm = pollutant_amounts({"inland_waterway": 1000.0})
    assert (nox.pollutant, nox.kg, nox.low_kg, nox.high_kg) == ("NOx", 54.0, 20.0, 161.0)
    assert (pm.pollutant, pm.kg) == ("PM", 2.0)
    assert pollutant_amounts({"road": 1000.0})[0].kg == pytest.approx(33.37)


def test_what_no_factor_covers_is_said_and_not_zero() -> None:
    """Fuel of terminals and trains is counted apart."""
    nox, _ = pollutant_amounts({"road": 10.0, "hub": 5.0, "rail": 2.0})
    assert (nox.fuel_kg, nox.uncovered_fuel_kg) == (10.0, 7.0)


def test_a_kilogram_in_a_ship_is_not_cleaner() -> None:
    """Why no claim is made: per kilogram of fuel the measured ship emits more of both."""
    rates = {(f.pollutant, f.use): f.g_per_kg for f in FACTORS}
    for pollutant in ("NOx", "PM"):
        assert rates[pollutant, "inland_waterway"] > rates[pollutant, "road"]


def test_every_factor_has_source_page_and_a_range_around_it() -> None:
    """A number without a source is a bug."""
    for factor in FACTORS:
        assert factor.source
        assert factor.page
        assert factor.low <= factor.g_per_kg <= factor.high


def test_negative_fuel_is_refused() -> None:
    """It would be a claim by the back door."""
    with pytest.raises(ValueError, match="negative"):
        pollutant_amounts({"road": -1.0})
