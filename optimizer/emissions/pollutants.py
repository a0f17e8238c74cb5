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
_LIMITS = "DieselNet, China: Heavy-Duty Engines, tables 1 and 2; ICCT policy update July 2018, China VI, p. 1"
_OVER = "over 0.20 kg of diesel per kWh (assumed): China V; low China VI (70 % below V), high China III"

FACTORS = (
    PollutantFactor("NOx", "inland_waterway", 54.0, 20.0, 161.0, _RHINE, "abstract", Evidence.PUBLISHED),
    PollutantFactor("PM", "inland_waterway", 2.0, 0.3, 8.1, _RHINE, "abstract, PM1", Evidence.PUBLISHED, True),
    PollutantFactor("NOx", "road", 10.0, 3.0, 25.0, _LIMITS, f"ETC limits 2.0 and 5.0 g/kWh {_OVER}", Evidence.DERIVED),
    PollutantFactor(
        "PM", "road", 0.15, 0.045, 0.8, _LIMITS, f"ETC limits 0.03 and 0.16 g/kWh {_OVER}", Evidence.DERIVED
    ),
)
"""Inland ships and trucks, the two sides of a shift. Trucks: the limits that Chinese engines are approved to (read),
turned to g per kg of fuel by an assumed consumption; the fleet drives above its limits, by how much no document that
was read says. They replaced rows of the EMEP/EEA guidebook (33 g NOx/kg) whose tables could not be read, and make the
truck look cleaner: whoever compares must not gain by a guess. Of the Rhine paper the abstract was read. Limits of
inland ship engines (GB 15097-2016) were looked for; only their scope could be read, so ships keep the measured row.
Sea ships, trains and terminals have no row: what is not here is reported as not covered and never as zero."""

G_PER_KWH = {"China III": (5.0, 0.16), "China V": (2.0, 0.03)}
"""NOx and PM limits of the European transient cycle, by stage."""

CHINA_VI_OF_CHINA_V = 0.3
KG_DIESEL_PER_KWH = 0.20

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
