"""The factor table: read from the data package, asked by id, by energy and by mode.

Rows are immutable; a new value is a new version with its own validity, so an old document can be recomputed for ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path

from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.factor import DEFAULT, REFERENCE, Factor, Match
from optimizer.emissions.matching import by_region, by_size, valid_rows
from optimizer.errors import FactorError, Fault, Message, NetworkDataError
from optimizer.network.model import Evidence, Mode, Provenance
from optimizer.network.schema import shipped_directory
from optimizer.network.tables import TableRow, read_package

__all__ = ["DEFAULT_REGION", "Factor", "FactorTable", "Match", "load_factors"]

DEFAULT_REGION = "CN-ZJ"
"""Where energy is bought when nobody says otherwise."""

MODE_NAMES = {Mode.ROAD: "road", Mode.RAIL: "rail", Mode.SEA: "sea", Mode.INLAND_WATERWAY: "inland_waterway"}
"""How factors.csv spells the transport modes."""

WTW_TOLERANCE_REL = 0.005
"""WTT + TTW may miss a published WTW by its rounding."""


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
        return valid_rows(versions, on, factor_id)[-1]

    def energy(self, carrier: str, use: str, on: date, boundary: Boundary, region: str = DEFAULT_REGION) -> Match:
        """The factor of an energy carrier burnt (or drawn) in a use: road | inland_waterway | sea | rail | hub.

        Fuels are per kg, electricity is per kWh. Raises FactorError when none fits or none is valid on the day.
        """
        found = [
            f
            for f in self.factors
            if f.mode == "energy" and f.energy_carrier == carrier and use in f.uses and f.serves(boundary)
        ]
        return by_region(valid_rows(found, on, f"{carrier}/{use}/{boundary}"), region)

    def coal_equivalent(self, carrier: str, on: date) -> Factor:
        """kg of coal equivalent per kg (electricity: per kWh) of a carrier, GB/T 2589. Raises FactorError."""
        found = [f for f in self.factors if f.mode == "coal_equivalent" and f.energy_carrier == carrier]
        return valid_rows(found, on, f"coal_equivalent/{carrier}")[-1]

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
        valid = valid_rows(found, on, f"{mode}/{boundary}")
        return by_size(valid, size_t, mode, region)


def _digest(factors: Sequence[Factor]) -> str:
    rows = json.dumps([asdict(factor) for factor in factors], default=str, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(rows.encode()).hexdigest()[:12]


def load_factors(directory: Path | None = None) -> FactorTable:
    """The factors of a data package directory, None for the one that travels with the product.

    Raises NetworkDataError with every fault: those of the schema, and rows that contradict themselves or each other.
    """
    return _shipped_factors() if directory in (None, shipped_directory()) else _read(directory)


@cache
def _shipped_factors() -> FactorTable:
    """Read once for a process: they are a part of the program as its code is."""
    return _read(shipped_directory())


def _read(directory: Path) -> FactorTable:
    tables, faults = read_package(directory, ["factors"])
    rows = [(row, _factor(row)) for row in tables["factors"]]
    faults = [*faults, *_row_faults(rows), *_pair_faults(rows)]
    if faults:
        raise NetworkDataError.of(faults)
    return FactorTable(factor for _, factor in rows)


def _factor(row: TableRow) -> Factor:
    v = row.values
    return Factor(
        factor_id=v["factor_id"],
        version=v["version"],
        mode=v["mode"],
        energy_carrier=v["energy_carrier"],
        uses=v["use"],
        description=Message(v["description_zh"], v["description_en"]),
        unit=v["unit"],
        wtt_kg=v["wtt_kg"],
        ttw_kg=v["ttw_kg"],
        wtw_kg=v["wtw_kg"],
        kgce=v["kgce"],
        gas_basis=v["gas_basis"],
        gwp_set=v["gwp_set"],
        boundary=v["boundary"],
        region=v["region"],
        size_min_t=v["size_min_t"],
        size_max_t=v["size_max_t"],
        valid_from=v["valid_from"],
        valid_to=v["valid_to"],
        page=v["page"],
        licence=v["licence"],
        uncertainty_rel=v["uncertainty_rel"],
        provenance=Provenance(v["source"], v["seen_at"], Evidence(v["evidence"]), v["assumed_fields"], v["notes"]),
        distance_basis=v["distance_basis"],
    )


def _row_faults(rows: Sequence[tuple[TableRow, Factor]]) -> Iterator[Fault]:
    """What a row says against itself."""
    for row, factor in rows:
        values = (factor.wtt_kg, factor.ttw_kg, factor.wtw_kg, factor.kgce)
        if all(value is None for value in values):
            yield row.fault(
                "wtw_kg",
                "value_missing",
                Message("没有任何数值；请填写其中一项。", "The row has no value; fill in one."),
            )
        if factor.wtt_kg is not None and factor.ttw_kg is not None and factor.wtw_kg is not None:
            whole = factor.wtt_kg + factor.ttw_kg
            if abs(whole - factor.wtw_kg) > WTW_TOLERANCE_REL * whole:
                yield row.fault("wtw_kg", "wtw_not_sum", _not_sum(whole))
        if factor.valid_to is not None and factor.valid_to < factor.valid_from:
            yield row.fault("valid_to", "validity_reversed", _reversed(factor))
        if factor.size_min_t is not None and factor.size_max_t is not None and factor.size_max_t <= factor.size_min_t:
            yield row.fault(
                "size_max_t", "size_reversed", Message("上限应大于下限。", "The upper size must exceed the lower one.")
            )


def _pair_faults(rows: Sequence[tuple[TableRow, Factor]]) -> Iterator[Fault]:
    """Versions of one factor that overlap in time, and two rows that answer the same lookup on the same day."""
    for (_, first), (row, second) in combinations(rows, 2):
        if not _overlap(first, second):
            continue
        if first.factor_id == second.factor_id:
            yield row.fault("valid_from", "validity_overlap", _overlapping(first))
        elif _compete(first, second):
            yield row.fault("use", "lookup_ambiguous", _ambiguous(first))


def _overlap(first: Factor, second: Factor) -> bool:
    starts_in_time = second.valid_to is None or first.valid_from <= second.valid_to
    return starts_in_time and (first.valid_to is None or second.valid_from <= first.valid_to)


def _compete(first: Factor, second: Factor) -> bool:
    same = (first.mode, first.region) == (second.mode, second.region)
    uses = (set(first.uses) & set(second.uses)) - {REFERENCE}
    boundaries = [b for b in Boundary if first.serves(b) and second.serves(b)]
    if not same or not uses:
        return False
    if first.mode == "coal_equivalent":
        return first.energy_carrier == second.energy_carrier
    if not boundaries:
        return False
    if first.mode == "energy":
        return first.energy_carrier == second.energy_carrier
    return _sizes_meet(first, second)


def _sizes_meet(first: Factor, second: Factor) -> bool:
    infinity = float("inf")
    low = max(first.size_min_t or 0.0, second.size_min_t or 0.0)
    high = min(
        infinity if first.size_max_t is None else first.size_max_t,
        infinity if second.size_max_t is None else second.size_max_t,
    )
    return low < high


def _not_sum(whole: float) -> Message:
    return Message(
        f"wtw_kg 应等于 wtt_kg + ttw_kg，即 {whole:g}。", f"wtw_kg should be wtt_kg + ttw_kg, that is {whole:g}."
    )


def _reversed(factor: Factor) -> Message:
    return Message(
        f"有效期止早于有效期起；应不早于 {factor.valid_from}。",
        f"It ends before it begins; not before {factor.valid_from}.",
    )


def _overlapping(first: Factor) -> Message:
    return Message(
        f"{first.factor_id} 的版本 {first.version} 在此期间仍有效；请先填写其 valid_to。",
        f"Version {first.version} of {first.factor_id} is still valid then; give it a valid_to first.",
    )


def _ambiguous(first: Factor) -> Message:
    return Message(
        f"与 {first.factor_id} 用途、地区、时间相同，无法取舍；请把其中一行的 use 改为 reference。",
        f"It has the use, region and time of {first.factor_id}; set the use of one of them to reference.",
    )
