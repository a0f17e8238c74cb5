"""Air pollutants of burnt diesel, apart from greenhouse gases, with factors of their own.

Grams per kilogram of fuel vary several times over with engine, age and after-treatment, so a result is an order of
magnitude with its range. Nothing here says that water is cleaner: per kilogram of fuel a measured inland ship emits
more NOx than a truck, and only less fuel per tonne-kilometre can outweigh that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.network.model import Evidence


@dataclass(frozen=True, slots=True)
class PollutantFactor:
    """g of a pollutant per kg of diesel in a use, with a range. ``lower_bound``: the source gives a least value
    only."""

    pollutant: str
    use: str
    g_per_kg: float
    low: float
    high: float
    source: str
    page: str
    evidence: Evidence
    lower_bound: bool = False


_RHINE = (
    "Emissions of NO, NO2 and PM from inland water transportation, measured on the Rhine in 2013"
    " (Journal of Earth Sciences and Geotechnical Engineering)"
)
_EMEP = "EMEP/EEA air pollutant emission inventory guidebook 2019, Tier 1 diesel"

FACTORS = (
    PollutantFactor("NOx", "inland_waterway", 54.0, 20.0, 161.0, _RHINE, "abstract", Evidence.PUBLISHED),
    PollutantFactor("PM", "inland_waterway", 2.0, 0.3, 8.1, _RHINE, "abstract, PM1", Evidence.PUBLISHED, True),
    PollutantFactor("NOx", "road", 33.37, 28.34, 38.29, _EMEP, "1.A.3.b, heavy-duty vehicles", Evidence.ASSUMED),
    PollutantFactor("PM", "road", 0.94, 0.61, 1.57, _EMEP, "1.A.3.b, heavy-duty vehicles", Evidence.ASSUMED),
)
"""Inland ships and trucks, the two sides of a shift. The truck rows name where such values stand, but the guidebook
was not read for them: they are assumed until somebody compares them with it. Of the Rhine paper the abstract was read.
Sea ships, trains and terminals have no row: what is not here is reported as not covered and never as zero."""

POLLUTANTS = ("NOx", "PM")


@dataclass(frozen=True, slots=True)
class PollutantAmount:
    """kg of a pollutant with its range, the kg of fuel behind it, and the kg of fuel that no factor covers."""

    pollutant: str
    kg: float
    low_kg: float
    high_kg: float
    fuel_kg: float
    uncovered_fuel_kg: float


def pollutant_amounts(fuel_kg: Mapping[str, float]) -> list[PollutantAmount]:
    """Amounts of each pollutant from kg of diesel by use (road, inland_waterway, sea, rail, hub). Raises ValueError for
    a negative amount of fuel."""
    if any(amount < 0 for amount in fuel_kg.values()):
        raise ValueError("fuel is not negative")
    return [_amount(pollutant, fuel_kg) for pollutant in POLLUTANTS]


def _amount(pollutant: str, fuel_kg: Mapping[str, float]) -> PollutantAmount:
    rows = {factor.use: factor for factor in FACTORS if factor.pollutant == pollutant}
    covered = {use: amount for use, amount in fuel_kg.items() if use in rows}

    def kilograms(name: str) -> float:
        return sum(amount * float(getattr(rows[use], name)) / 1000 for use, amount in covered.items())

    return PollutantAmount(
        pollutant,
        kilograms("g_per_kg"),
        kilograms("low"),
        kilograms("high"),
        sum(covered.values()),
        sum(fuel_kg.values()) - sum(covered.values()),
    )
