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
    DISTANCE_ACTUAL = "distance_actual"
    DISTANCE_SFD = "distance_sfd"
    DISTANCE_ESTIMATED = "distance_estimated"
    DETOUR_FACTOR = "detour_factor"
    EMPTY_RUNNING = "empty_running"
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
        """The width of an error source: its own where it carries one, else the configured one of its kind. Raises
        ValueError for a kind that this version does not know."""
        configured = self.spreads.get(source.kind)
        if configured is None:
            raise ValueError(f"{self.version} says nothing of {source.kind}")
        return configured if source.rel is None else Spread(source.rel, configured.lognormal, configured.reason)

    def distance_kinds(self, basis: str, estimated: bool) -> tuple[ErrorKind, ...]:
        """What may be wrong about a distance of that basis (actual | sfd | gcd); ``estimated``: a great circle times a
        detour factor. The first version knows one kind for all."""
        if ErrorKind.DISTANCE_ACTUAL not in self.spreads:
            return (ErrorKind.DISTANCE,)
        if estimated or basis == "gcd":
            return (ErrorKind.DISTANCE_ESTIMATED, ErrorKind.DETOUR_FACTOR)
        return (ErrorKind.DISTANCE_ACTUAL if basis == "actual" else ErrorKind.DISTANCE_SFD,)


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
"""Starting values, in use until distances were told apart: road, vessel, hub, mass, distance and logging as the
project's method note sets them; rail and sea defaults and the energy factors' own widths are judgements made here, each
with its reason."""

UNCERTAINTY_V2 = UncertaintyConfig(
    version="uncertainty-v2",
    spreads={
        **{kind: spread for kind, spread in UNCERTAINTY_V1.spreads.items() if kind is not ErrorKind.DISTANCE},
        ErrorKind.DISTANCE_ACTUAL: _normal(
            0.03,
            "沿航道、线路或公路量得的里程与实际航迹之差",
            "distance measured along fairway, track or road against the track really followed",
        ),
        ErrorKind.DISTANCE_SFD: _normal(
            0.08,
            "最短可行路径中有估算的区段；实际里程通常比最短可行里程长约 5%（ISO 14083 所称里程调整）",
            "shortest feasible way of which parts are estimated; what is really run is usually about 5 % longer"
            " (the distance adjustment of ISO 14083)",
        ),
        ErrorKind.DISTANCE_ESTIMATED: _normal(
            0.12,
            "大圆距离乘绕行系数：各对起讫的绕行各异，不会低于直线，也少有超过 1.4 倍",
            "great circle times a detour factor: pairs differ, none is shorter than the straight line, few exceed 1.4",
        ),
        ErrorKind.DETOUR_FACTOR: _normal(
            0.08,
            "绕行系数本身由一条高速公路推得，公布值在 1.2 至 1.33 之间；同一方式的估算里程共有此误差，不会相互抵消",
            "the detour factor itself was derived from one motorway, published ones lie between 1.2 and 1.33; all"
            " estimated distances of a mode share this error, so it does not average away",
        ),
        ErrorKind.EMPTY_RUNNING: _normal(
            0.20,
            "空驶油耗按船型模型计算，载货航次有油耗记录时也未被记录",
            "empty running is reckoned by the class model and not logged, even where the loaded voyage is",
        ),
    },
)
"""As version 1, with the width of a distance by how it is known, and the modelled empties of a logged voyage apart."""

UNCERTAINTY = UNCERTAINTY_V2
"""What new calculations take."""

CONFIGS: Mapping[str, UncertaintyConfig] = {one.version: one for one in (UNCERTAINTY_V1, UNCERTAINTY_V2)}
"""Every version of the widths that accounts were settled with."""


def config_of(version: str) -> UncertaintyConfig:
    """The widths of a version. Raises ValueError for one that never was in use."""
    config = CONFIGS.get(version)
    if config is None:
        raise ValueError(f"no uncertainty version {version!r}; there are {', '.join(CONFIGS)}")
    return config
