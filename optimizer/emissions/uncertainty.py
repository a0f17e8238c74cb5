"""How uncertain each input is, as one versioned record, and which errors are shared.

Every relative value is the half-width of a 95 % interval, as IPCC 2006 Guidelines vol. 1 ch. 3 states uncertainties;
the standard uncertainty is that value over 1.96. A lognormal value is the factor by which the 95 % interval spreads: 2
means "between half and double". An *error source* has a key; elements with the same key share one error, which
therefore adds up over them (and over lots) and cannot average away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from optimizer.errors import Message

COVERAGE_95 = 1.959963984540054
"""Two-sided 95 % point of the standard normal distribution."""

ONE_SIDED_90 = 1.2815515655446004
"""One-sided 90 % point of the standard normal distribution."""


class ErrorKind(StrEnum):
    """What may be wrong about an element's emissions."""

    LOGGED_ENERGY = "logged_energy"
    WEIGHED_MASS = "weighed_mass"
    DISTANCE = "distance"
    FUEL_MODEL = "fuel_model"
    DEFAULT_ROAD = "default_road"
    DEFAULT_RAIL = "default_rail"
    DEFAULT_SEA = "default_sea"
    DEFAULT_INLAND_WATERWAY = "default_inland_waterway"
    HUB_ENERGY = "hub_energy"
    ENERGY_FACTOR = "energy_factor"
    OTHER_GASES = "other_gases"


@dataclass(frozen=True, slots=True)
class Spread:
    """Width of one error: normal with a relative 95 % half-width, or lognormal with a 95 % factor (> 1)."""

    value: float
    lognormal: bool
    reason: Message

    @property
    def sigma(self) -> float:
        """Relative standard deviation (normal) or standard deviation of the logarithm (lognormal)."""
        return (math.log(self.value) if self.lognormal else self.value) / COVERAGE_95

    @property
    def standard_rel(self) -> float:
        """Relative standard uncertainty of the amount; for a lognormal relative to its median."""
        if not self.lognormal:
            return self.sigma
        variance = self.sigma**2
        return math.sqrt((math.exp(variance) - 1) * math.exp(variance))

    def shift_rel(self, upward: bool) -> float:
        """Relative change, as a positive number, at the one-sided 90 % point on the side asked for."""
        if not self.lognormal:
            return ONE_SIDED_90 * self.sigma
        step = ONE_SIDED_90 * self.sigma
        return math.expm1(step) if upward else -math.expm1(-step)


@dataclass(frozen=True, slots=True)
class ErrorSource:
    """One error of an intensity. ``key`` names what is shared. ``rel`` overrides the configured width (an emission
    factor carries its own). The shares say which part of the element's emissions moves with this error in each boundary
    (an error of the WTT factor moves only the WTT part)."""

    key: str
    kind: ErrorKind
    rel: float | None = None
    wtw_share: float = 1.0
    ttw_co2_share: float = 1.0


@dataclass(frozen=True, slots=True)
class UncertaintyConfig:
    """A version of all widths. ``spread`` gives the one of an error source."""

    version: str
    spreads: Mapping[ErrorKind, Spread]

    def spread(self, source: ErrorSource) -> Spread:
        """The width of an error source: its own where it carries one, else the configured one of its kind."""
        configured = self.spreads[source.kind]
        return configured if source.rel is None else Spread(source.rel, configured.lognormal, configured.reason)


def _normal(value: float, zh: str, en: str) -> Spread:
    return Spread(value, False, Message(zh, en))


UNCERTAINTY_V1 = UncertaintyConfig(
    version="uncertainty-v1",
    spreads={
        ErrorKind.LOGGED_ENERGY: _normal(
            0.05,
            "加油记录或流量计，按吨公里分摊到批次",
            "bunker notes or flow meters, and the split of a voyage by tonne-kilometres",
        ),
        ErrorKind.WEIGHED_MASS: _normal(0.005, "承运人地磅或水尺计重", "weighbridge or draught survey of the carrier"),
        ErrorKind.DISTANCE: _normal(
            0.03, "路网或航道里程与实际航迹之差", "network distance against the track really followed"
        ),
        ErrorKind.FUEL_MODEL: _normal(
            0.20,
            "按船型、车型的油耗模型，个体差异与水流、风、路况未计",
            "class fuel model: single vehicles, current, wind and road are not in it",
        ),
        ErrorKind.DEFAULT_ROAD: _normal(
            0.20, "公布的货车平均值，实际载重率与车况不同", "published truck averages against the real load and vehicle"
        ),
        ErrorKind.DEFAULT_RAIL: _normal(
            0.50,
            "公布的铁路值随牵引方式与国别相差数倍",
            "published rail values differ several times over with traction and country",
        ),
        ErrorKind.DEFAULT_SEA: _normal(
            0.50, "公布的海船值按船型平均，航速与载重未计", "published ship averages: speed and load are not in them"
        ),
        ErrorKind.DEFAULT_INLAND_WATERWAY: Spread(
            2.0,
            True,
            Message(
                "公布的内河船值因船型、水流、载重相差约一倍，且只会偏离为正数，故取对数正态",
                "published inland vessel values lie within about a factor of two by vessel, current and load",
            ),
        ),
        ErrorKind.HUB_ENERGY: _normal(
            0.50, "港口单位能耗为假定值，未见本地公布", "energy per tonne at terminals is assumed, none published here"
        ),
        ErrorKind.ENERGY_FACTOR: _normal(
            0.05, "因子自带不确定度；未给出时取 5%", "the factor's own uncertainty; 5 % where it states none"
        ),
        ErrorKind.OTHER_GASES: _normal(
            1.0,
            "甲烷与氧化亚氮因子随发动机与后处理相差数倍，但只占约 2%",
            "CH4 and N2O factors vary several times over with engine and after-treatment, on a share of about 2 %",
        ),
    },
)
"""Starting values: road, vessel, hub, mass, distance and logging as the project's method note sets them; rail and sea
defaults and the energy factors' own widths are judgements made here, each with its reason."""
