"""Air pollutants stand apart: their own factors, a range, what is not covered said, nothing subtracted."""

from __future__ import annotations

import pytest

from optimizer.emissions.pollutants import (
    CHINA_VI_OF_CHINA_V,
    FACTORS,
    G_PER_KWH,
    KG_DIESEL_PER_KWH,
    pollutant_amounts,
)
from optimizer.network.model import Evidence


def test_amounts_by_hand() -> None:
    """A tonne of diesel in an inland ship: 54 kg NOx between 20 and 161; in a truck 10."""
    nox, pm = pollutant_amounts({"inland_waterway": 1000.0})
    assert (nox.pollutant, nox.kg, nox.low_kg, nox.high_kg) == ("NOx", 54.0, 20.0, 161.0)
    assert (pm.pollutant, pm.kg) == ("PM", 2.0)
    assert pollutant_amounts({"road": 1000.0})[0].kg == pytest.approx(10.0)


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


def test_truck_rows_recompute_from_the_limits() -> None:
    """China V in the middle, VI below and III above, each over the assumed consumption of an engine."""
    for place, pollutant in enumerate(("NOx", "PM")):
        row = next(f for f in FACTORS if (f.pollutant, f.use) == (pollutant, "road"))
        five, three = (G_PER_KWH[stage][place] / KG_DIESEL_PER_KWH for stage in ("China V", "China III"))
        assert row.g_per_kg == pytest.approx(five)
        assert row.low == pytest.approx(five * CHINA_VI_OF_CHINA_V)
        assert row.high == pytest.approx(three)


def test_nothing_that_nobody_read_counts_as_published() -> None:
    """What rests on an assumed consumption is derived, and says so on its page."""
    for row in FACTORS:
        if row.use == "road":
            assert row.evidence is Evidence.DERIVED
            assert "assumed" in row.page
