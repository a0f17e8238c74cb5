"""Emission factors: immutable rows with source, boundary and validity, and lookups that say how they matched.

A row's values are kilograms per ``unit`` (tkm, kg, l, kWh, t). ``gas_basis`` and ``boundary`` decide where it may be
used: the WTW CO2e boundary takes CO2e rows that state WTT and TTW apart, the TTW CO2 boundary takes CO2 rows of the
operation. Rows whose ``use`` is ``reference`` are kept for citation and comparison; no lookup picks them by itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from optimizer.emissions.boundaries import Boundary
from optimizer.errors import FactorError, Message
from optimizer.network.model import Mode, Provenance

REFERENCE = "reference"
DEFAULT = "default"
DEFAULT_REGION = "CN-ZJ"

MODE_NAMES = {Mode.ROAD: "road", Mode.RAIL: "rail", Mode.SEA: "sea", Mode.INLAND_WATERWAY: "inland_waterway"}
"""How factors.csv spells the transport modes."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One version of one factor. Values are kg per ``unit``, None where the source gives none. ``kgce`` is the coal
    equivalent in kg per unit. Sizes are tonnes: deadweight of a vessel, gross mass of a truck; the class is
    ``size_min_t <= size < size_max_t``. ``valid_to`` is the last day, None until replaced. ``uncertainty_rel`` is the
    half-width of a 95 % interval."""

    factor_id: str
    version: str
    mode: str
    energy_carrier: str
    uses: tuple[str, ...]
    description: Message
    unit: str
    wtt_kg: float | None
    ttw_kg: float | None
    wtw_kg: float | None
    kgce: float | None
    gas_basis: str
    gwp_set: str
    boundary: str
    region: str
    size_min_t: float | None
    size_max_t: float | None
    valid_from: date
    valid_to: date | None
    page: str
    licence: str
    uncertainty_rel: float | None
    provenance: Provenance

    def valid_on(self, on: date) -> bool:
        """Whether the factor may be used for an operation of that day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def serves(self, boundary: Boundary) -> bool:
        """Whether the row states what that boundary needs, on that boundary's gas basis."""
        if boundary is Boundary.WTW_CO2E:
            complete = self.wtt_kg is not None and self.ttw_kg is not None
            return self.gas_basis == "CO2e" and self.boundary == "wtw" and complete
        return self.gas_basis == "CO2" and self.boundary == "ttw" and self.ttw_kg is not None

    def contains_size(self, size_t: float) -> bool:
        """Whether a vehicle of that size belongs to the row's class."""
        above = self.size_min_t is None or size_t >= self.size_min_t
        return above and (self.size_max_t is None or size_t < self.size_max_t)


@dataclass(frozen=True, slots=True)
class Match:
    """A factor and how it was found. ``code``: exact | unsized | nearest_smaller | nearest_larger | wider_region |
    other_region; ``how`` says it in a sentence that documents print."""

    factor: Factor
    code: str
    how: Message


class FactorTable:
    """All factors of one data package. ``version`` changes whenever any value or text of any row does."""

    def __init__(self, factors: Iterable[Factor]) -> None:
        self.factors: tuple[Factor, ...] = tuple(sorted(factors, key=lambda f: (f.factor_id, f.valid_from, f.version)))
        self.version = f"factors-{_digest(self.factors)}"
        self._by_id: dict[str, list[Factor]] = {}
        for factor in self.factors:
            self._by_id.setdefault(factor.factor_id, []).append(factor)

    def get(self, factor_id: str, on: date | None = None) -> Factor:
        """A factor by its id: the version valid on that day, or without a day the newest one.

        Raises FactorError for an unknown id and for a day on which no version is valid.
        """
        versions = self._by_id.get(factor_id)
        if not versions:
            raise FactorError(
                Message(
                    f"没有排放因子 {factor_id}；可用的编号见 factors.csv。",
                    f"There is no emission factor {factor_id}; factors.csv lists those that exist.",
                )
            )
        if on is None:
            return versions[-1]
        return _valid(versions, on, factor_id)[-1]

    def energy(self, carrier: str, use: str, on: date, boundary: Boundary, region: str = DEFAULT_REGION) -> Match:
        """The factor of an energy carrier burnt (or drawn) in a use: road | inland_waterway | sea | rail | hub.

        Fuels are per kg, electricity is per kWh. Raises FactorError when none fits or none is valid on the day.
        """
        found = [
            f
            for f in self.factors
            if f.mode == "energy" and f.energy_carrier == carrier and use in f.uses and f.serves(boundary)
        ]
        return _regional(_valid(found, on, f"{carrier}/{use}/{boundary}"), region)

    def coal_equivalent(self, carrier: str, on: date) -> Factor:
        """kg of coal equivalent per kg (electricity: per kWh) of a carrier, GB/T 2589. Raises FactorError."""
        found = [f for f in self.factors if f.mode == "coal_equivalent" and f.energy_carrier == carrier]
        return _valid(found, on, f"coal_equivalent/{carrier}")[-1]

    def transport_default(
        self, mode: Mode, size_t: float | None, on: date, boundary: Boundary, region: str = DEFAULT_REGION
    ) -> Match:
        """The published or derived class average per tkm of a mode.

        ``size_t`` is the deadweight of a vessel or the gross mass of a truck. Between classes the nearest *smaller* one
        is taken: smaller vehicles emit more per tkm, so an answer never rests on a vehicle bigger than the real one.
        Below all classes the smallest class stands, with a warning in ``how``. Raises FactorError when no row fits or a
        size is needed and not given.
        """
        found = [
            f
            for f in self.factors
            if f.mode == MODE_NAMES.get(mode) and DEFAULT in f.uses and f.unit == "tkm" and f.serves(boundary)
        ]
        valid = _valid(found, on, f"{mode}/{boundary}")
        return _sized(valid, size_t, mode, region)


def _digest(factors: Sequence[Factor]) -> str:
    rows = json.dumps([asdict(factor) for factor in factors], default=str, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(rows.encode()).hexdigest()[:12]


def _valid(found: Sequence[Factor], on: date, wanted: str) -> list[Factor]:
    """The rows valid on a day, or a FactorError that says whether there was none at all or none for the day."""
    if not found:
        raise FactorError(
            Message(
                f"没有适用于 {wanted} 的排放因子；请在 factors.csv 中补充一行并注明来源。",
                f"No emission factor fits {wanted}; add a row with its source to factors.csv.",
            )
        )
    valid = [factor for factor in found if factor.valid_on(on)]
    if not valid:
        spans = "; ".join(f"{f.factor_id} {f.valid_from}..{f.valid_to or ''}" for f in found)
        raise FactorError(
            Message(
                f"{wanted} 的因子在 {on} 均不在有效期内（{spans}）；请补充该日有效的版本。",
                f"No factor for {wanted} is valid on {on} ({spans}); add a version that covers the day.",
            )
        )
    return valid


def _regional(found: Sequence[Factor], region: str) -> Match:
    """The row of the region, else of a wider region that holds it (longest prefix), else of another region."""
    within = [f for f in found if region == f.region or region.startswith(f"{f.region}-")]
    if not within:
        factor = min(found, key=lambda f: (f.region, f.factor_id))
        return Match(
            factor,
            "other_region",
            Message(
                f"{region} 没有因子，借用 {factor.region} 的值。",
                f"no factor for {region}; the one of {factor.region} stands in",
            ),
        )
    factor = max(within, key=lambda f: len(f.region))
    if factor.region != region:
        how = Message(
            f"{region} 没有单列因子，采用 {factor.region}。", f"no row of its own for {region}; {factor.region} is used"
        )
        return Match(factor, "wider_region", how)
    return Match(factor, "exact", Message("与用途、地区完全相符。", "exact use and region"))


def _sized(found: Sequence[Factor], size_t: float | None, mode: Mode, region: str) -> Match:
    """Choose the size class, then the region inside it."""
    unsized = [f for f in found if f.size_min_t is None and f.size_max_t is None]
    sized = [f for f in found if f not in unsized]
    if not sized:
        match = _regional(unsized, region)
        note = Message("该方式不分吨级。", "one value for all sizes of this mode")
        return Match(match.factor, "unsized", _joined(note, match))
    if size_t is None:
        raise FactorError(
            Message(
                f"{mode} 的默认因子按吨级划分，请给出船舶载重吨或车辆总质量。",
                f"Default factors of {mode} go by size; give the deadweight or the gross mass.",
            )
        )
    inside = [f for f in sized if f.contains_size(size_t)]
    if inside:
        return _regional(inside, region)
    smaller = [f for f in sized if f.size_max_t is not None and f.size_max_t <= size_t]
    if smaller:
        edge = max(f.size_max_t or 0.0 for f in smaller)
        match = _regional([f for f in smaller if f.size_max_t == edge], region)
        note = Message(
            f"{size_t:g} 吨没有对应吨级，取较小的相邻吨级。", f"no class holds {size_t:g} t; nearest smaller"
        )
        return Match(match.factor, "nearest_smaller", _joined(note, match))
    edge = min(f.size_min_t or 0.0 for f in sized)
    match = _regional([f for f in sized if (f.size_min_t or 0.0) == edge], region)
    note = Message(
        f"{size_t:g} 吨小于所有吨级，只能取最小吨级，结果偏低。",
        f"{size_t:g} t is below every class; the smallest stands in and understates",
    )
    return Match(match.factor, "nearest_larger", _joined(note, match))


def _joined(note: Message, match: Match) -> Message:
    if match.code == "exact":
        return note
    return Message(f"{note.zh}{match.how.zh}", f"{note.en}; {match.how.en}")
