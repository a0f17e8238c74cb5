"""What one unit of activity or energy emits, looked up once for each different factor, carrier, unit, mode and day.

The lookups answer with a :class:`Rate`: values per unit, what they cover, how the factor was found, or the fault that a
row asking for it has. Rows then only carry the number of their rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.factor import Factor, Match
from optimizer.emissions.factors import DEFAULT_REGION, MODE_NAMES, FactorTable
from optimizer.emissions.footprint.faults import RowFault
from optimizer.emissions.matching import by_region, valid_rows
from optimizer.errors import FactorError, Message
from optimizer.network.model import Evidence, Mode

NAN = float("nan")
NO_FAULT = RowFault(0)
NO_WORDS = Message("", "")

CARRIERS = (
    "Diesel", "HVO", "Petrol", "CNG", "LNG", "LPG", "HFO", "MGO", "Aviation fuel", "Hydrogen", "Methanol", "Electric",
)  # fmt: skip
"""Energy carriers of iLEAP 1.0."""

ENERGY_UNITS = ("kg", "l", "kWh")

KG_PER_L = {"Diesel": 2.49 / 2.95, "MGO": 0.62665 / 0.74383524}
"""Density as the ratio of two factors of one table, per litre over per kilogram: diesel 0.844 (French order of 10 April
2012, TRAT1209296A, annex I), marine gas oil 0.842 (UK DESNZ conversion factors 2025, WTT fuels)."""

ASSUMED_EVIDENCE = (Evidence.ASSUMED, Evidence.SYNTHETIC)

USES = {**MODE_NAMES, Mode.HUB: "hub"}
"""How the factor table names the uses of energy."""

FACTOR_MODES = {name: mode for mode, name in USES.items()}

ACTIVITY_UNITS = {"tkm": False, "TEUkm": False, "t": True, "TEU": True}
"""Units of a factor that a row may name, and whether they belong to a hub."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Emissions per ``unit`` in kg, NaN where the source gives none. ``boundary``: ``wtw_co2e`` and so on, empty with a
    fault. ``basis``: distance basis of an intensity, empty where unstated. ``label``: factor id and version."""

    unit: str = ""
    ttw_kg: float = NAN
    wtt_kg: float = NAN
    wtw_kg: float = NAN
    tier: str = ""
    boundary: str = ""
    basis: str = ""
    label: str = ""
    mode: Mode | None = None
    how: Message = NO_WORDS
    factor: Factor | None = None
    fault: RowFault = NO_FAULT


@dataclass(frozen=True, slots=True)
class RateRules:
    """How rates are looked up. ``boundary`` is that of energy rows; ``allow_unstated`` lets factors pass that state no
    boundary; ``region`` is where energy is bought."""

    boundary: Boundary = Boundary.WTW_CO2E
    allow_unstated: bool = False
    region: str = DEFAULT_REGION


def factor_rate(table: FactorTable, factor_id: str, on: date, rules: RateRules) -> Rate:
    """The rate of a factor named by its id: the version valid on the day."""
    try:
        table.get(factor_id)
    except FactorError:
        return Rate(fault=RowFault.FACTOR_UNKNOWN)
    try:
        factor = table.get(factor_id, on)
    except FactorError:
        return Rate(fault=RowFault.FACTOR_NOT_VALID)
    if factor.unit not in ACTIVITY_UNITS:
        return Rate(fault=RowFault.FACTOR_UNFIT)
    if factor.boundary == "unstated" and not rules.allow_unstated:
        return Rate(fault=RowFault.BOUNDARY_UNSTATED)
    ttw, wtt, wtw = _three(factor)
    ttw_only = factor.boundary == "ttw"
    value = ttw if ttw_only else wtw
    if factor.gas_basis == "none" or factor.boundary == "wtt" or value != value:
        return Rate(fault=RowFault.FACTOR_WITHOUT_VALUE)
    assumed = factor.provenance.evidence in ASSUMED_EVIDENCE
    return Rate(
        unit=factor.unit,
        ttw_kg=ttw,
        wtt_kg=NAN if ttw_only else wtt,
        wtw_kg=NAN if ttw_only else wtw,
        tier="assumed" if assumed else "default",
        boundary=f"{factor.boundary}_{factor.gas_basis.lower()}",
        basis=factor.distance_basis,
        label=label_of(factor),
        mode=FACTOR_MODES.get(factor.mode),
        how=Message("按编号指定。", "named by its id"),
        factor=factor,
    )


def energy_rate(table: FactorTable, carrier: str, unit: str, mode: Mode, on: date, rules: RateRules) -> Rate:
    """The rate of logged energy in a mode, per ``unit``. Fuel in litres goes by its density where the table has no
    factor per litre."""
    if carrier not in CARRIERS:
        return Rate(fault=RowFault.CARRIER_UNKNOWN)
    if unit not in ENERGY_UNITS:
        return Rate(fault=RowFault.UNIT_UNKNOWN)
    usable = [
        f
        for f in table.factors
        if f.mode == "energy" and f.energy_carrier == carrier and USES[mode] in f.uses and f.serves(rules.boundary)
    ]
    if not usable:
        return Rate(fault=RowFault.ENERGY_FACTOR_MISSING)
    for factor_unit, scale, note in _conversions(carrier, unit):
        rows = [f for f in usable if f.unit == factor_unit]
        if rows:
            return _energy(rows, scale, note, unit, on, rules)
    return Rate(fault=RowFault.UNIT_UNFIT)


def label_of(factor: Factor) -> str:
    """The factor's id and version as results print them."""
    return f"{factor.factor_id}@{factor.version}"


def _three(factor: Factor) -> tuple[float, float, float]:
    """TTW, WTT and WTW; a missing one follows from the other two."""
    ttw = NAN if factor.ttw_kg is None else factor.ttw_kg
    wtt = NAN if factor.wtt_kg is None else factor.wtt_kg
    wtw = NAN if factor.wtw_kg is None else factor.wtw_kg
    if factor.boundary == "wtw":
        wtw = ttw + wtt if wtw != wtw else wtw
        wtt = max(wtw - ttw, 0.0) if wtt != wtt and ttw == ttw else wtt
    return ttw, wtt, wtw


def _conversions(carrier: str, unit: str) -> list[tuple[str, float, Message]]:
    """Units of factors that can serve a unit of energy, with the amount of the former in one of the latter."""
    exact = (unit, 1.0, Message("", ""))
    if unit == "l" and carrier in KG_PER_L:
        density = KG_PER_L[carrier]
        note = Message(f"按密度 {density:.4f} kg/l 折算。", f"; converted at {density:.4f} kg/l")
        return [exact, ("kg", density, note)]
    return [exact]


def _energy(rows: list[Factor], scale: float, note: Message, unit: str, on: date, rules: RateRules) -> Rate:
    try:
        match = by_region(valid_rows(rows, on, "energy"), rules.region)
    except FactorError:
        return Rate(fault=RowFault.ENERGY_FACTOR_MISSING)
    factor = match.factor
    ttw, wtt, wtw = _three(factor)
    ttw_only = rules.boundary is Boundary.TTW_CO2
    return Rate(
        unit=unit,
        ttw_kg=ttw * scale,
        wtt_kg=NAN if ttw_only else wtt * scale,
        wtw_kg=NAN if ttw_only else wtw * scale,
        tier="primary",
        boundary=rules.boundary.value,
        label=label_of(factor),
        how=_joined(match, note),
        factor=factor,
    )


def _joined(match: Match, note: Message) -> Message:
    return Message(match.how.zh + note.zh, match.how.en + note.en)
