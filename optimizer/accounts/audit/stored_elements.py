"""Elements of a chain from their stored texts: what ``lot_chain`` and ``emissions.chain`` make, without their records.

Same operations on the same numbers in the same order (a test of ``recalculation`` holds them together). An intensity,
a tour, the rates of an energy and the width of an error are made once for all lots that share them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from optimizer.accounts.audit.stored_inputs import ABSENT, Memo, StoredElement
from optimizer.accounts.lot_chain import VoyageShare, logged_kg
from optimizer.emissions.chain import DISTANCE_BASES
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import Intensity, energy_rates, fuel_model_key
from optimizer.emissions.reduction import WEIGHED_MASS
from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import Tour
from optimizer.emissions.uncertainty import ErrorKind, ErrorSource, UncertaintyConfig
from optimizer.network.model import Mode
from optimizer.quantities import G_PER_KG
from optimizer.waybills.codec import from_json, to_json

HUB = Mode.HUB.value
_MODES = frozenset(mode.value for mode in Mode)


class Width(NamedTuple):
    """How wide an error is: its value, its relative shift at the 90 % point when what it moves is above zero (``down``)
    or below (``up``), and its texts in a result, before and after the grams."""

    value: float
    down: float
    up: float
    kind_text: str
    rel_text: str


Error = tuple[str, float, Width]
"""Key, share of the element's WTW grams, width."""


class _Rates(NamedTuple):
    """Of an intensity: kg per unit; of logged energy: the exact ratio of each."""

    unit: str
    ttw: Any
    wtt: Any
    ttw_co2: Any
    kgce: Any
    tier: str
    factor_ids: tuple[str, ...]
    errors: tuple[Error, ...]


class Made(NamedTuple):
    """What an element came to. ``co2_g`` None where it has no factor of CO2 alone."""

    mode: str
    route: str
    wtw_g: int
    co2_g: int | None
    coal_g: int
    activity_kgkm: int
    tier: str
    factor_ids: tuple[str, ...]
    errors: Sequence[Error]


class Chains:
    """Elements as ``emissions.chain`` makes them, with one table of factors and one version of the widths."""

    def __init__(self, factors: FactorTable, config: UncertaintyConfig) -> None:
        self._factors, self._config = factors, config
        self._widths: dict[tuple[str, float | None], Width] = {}
        self._intensities: Memo[bytes, _Rates] = Memo()
        self._energies: Memo[tuple[str, str, date], _Rates] = Memo()
        self._tours: Memo[bytes, Tour] = Memo()
        self._distances: Memo[tuple[str, str, str, bool], tuple[Error, ...]] = Memo()
        (self.mass,) = self._errors([WEIGHED_MASS])

    def element(self, item: StoredElement, on: date) -> Made:
        """Raises ValueError, KeyError or FactorError where ``calculate`` would raise anything."""
        hub = item.mode == HUB
        if item.mass_kg <= 0 or item.mode not in _MODES:
            raise ValueError("not an element")
        if not hub and not (0 <= item.distance_km < math.inf and item.distance_basis in DISTANCE_BASES):
            raise ValueError("not a distance")
        # A tour and a round trip are read whether or not the element's energy hangs on them.
        tour = None if item.tour is ABSENT else self._tour(bytes(item.tour))
        round_trip = None if item.round_trip is ABSENT else _record(RoundTrip, bytes(item.round_trip))
        if item.log is None:
            rates = self._intensity(bytes(item.intensity))
            if rates.unit != ("t" if hub else "tkm"):
                raise ValueError("an intensity of another unit")
            return self._by_intensity(item, rates, hub)
        if bytes(item.intensity) != b"null":
            raise ValueError("an element with a log and an intensity")
        return self._by_log(item, logged_kg(item.log, round_trip, tour), tour, self._energy(item.log, on))

    def _by_intensity(self, item: StoredElement, rates: _Rates, hub: bool) -> Made:
        mass_kg = item.mass_kg
        amount = float(mass_kg) if hub else mass_kg * item.distance_km
        if not amount < math.inf:
            raise ValueError("not a finite amount")
        return Made(
            item.mode,
            item.route,
            round(amount * rates.ttw) + round(amount * rates.wtt),
            None if rates.ttw_co2 is None else round(amount * rates.ttw_co2),
            round(amount * rates.kgce),
            0 if hub else _activity_kgkm(mass_kg, item.distance_km),
            rates.tier,
            rates.factor_ids,
            rates.errors if hub else rates.errors + self._distance(item),
        )

    def _by_log(self, item: StoredElement, logged: tuple[float, float], tour: Tour | None, rates: _Rates) -> Made:
        log, (amount_kg, empties_kg) = item.log, logged
        assert log is not None
        if not (0 < log.own_kg <= log.load_kg and 0 <= amount_kg < math.inf and 0 <= empties_kg <= amount_kg):
            raise ValueError("not a share of a log")
        energy, per_kg = amount_kg.as_integer_ratio()
        share, of = energy * log.own_kg * G_PER_KG, per_kg * log.load_kg
        ttw_g, wtt_g, co2_g, coal_g = (
            _rounded(share * top, of * bottom) for top, bottom in (rates.ttw, rates.wtt, rates.ttw_co2, rates.kgce)
        )
        return Made(
            item.mode,
            item.route,
            ttw_g + wtt_g,
            co2_g,
            coal_g,
            0 if item.mode == HUB else _activity_kgkm(item.mass_kg, item.distance_km),
            "primary",
            rates.factor_ids,
            (*self._log_errors(log.voyage_id, amount_kg, empties_kg, tour), *rates.errors),
        )

    def _log_errors(self, log_id: str, amount_kg: float, empties_kg: float, tour: Tour | None) -> Iterator[Error]:
        """As ``LoggedEnergy.errors``."""
        logged = self._width(ErrorKind.LOGGED_ENERGY, None)
        if not empties_kg:
            yield f"logged:{log_id}", 1.0, logged
            return
        empties = empties_kg / amount_kg
        yield f"logged:{log_id}", 1 - empties, logged
        model = fuel_model_key(tour.vessel_class) if tour is not None else ""
        yield model, empties, self._width(ErrorKind.EMPTY_RUNNING, None)

    def _intensity(self, text: bytes) -> _Rates:
        known = self._intensities.get(text)
        if known is None:
            read = _record(Intensity, text)
            known = self._intensities[text] = _Rates(
                read.unit,
                read.ttw_kg,
                read.wtt_kg,
                read.ttw_co2_kg,
                read.kgce_per_unit,
                read.tier,
                read.factor_ids,
                self._errors(read.errors),
            )
        return known

    def _energy(self, log: VoyageShare, on: date) -> _Rates:
        key = log.carrier, log.use, on
        known = self._energies.get(key)
        if known is None:
            found = energy_rates(log.carrier, log.use, self._factors, on)
            known = self._energies[key] = _Rates(
                "",
                found.ttw_kg.as_integer_ratio(),
                found.wtt_kg.as_integer_ratio(),
                found.ttw_co2_kg.as_integer_ratio(),
                found.kgce.as_integer_ratio(),
                "primary",
                found.factor_ids,
                self._errors(found.errors),
            )
        return known

    def _tour(self, text: bytes) -> Tour:
        known = self._tours.get(text)
        if known is None:
            known = self._tours[text] = _record(Tour, text)
        return known

    def _distance(self, item: StoredElement) -> tuple[Error, ...]:
        """As ``chain`` has the errors of a distance."""
        key = item.mode, item.route, item.distance_basis, item.gcd_km > 0
        known = self._distances.get(key)
        if known is None:
            own, shared = f"distance:{item.mode}:{item.route}", f"detour:{item.mode}"
            kinds = self._config.distance_kinds(item.distance_basis, item.gcd_km > 0)
            known = self._distances[key] = self._errors(
                [ErrorSource(shared if kind is ErrorKind.DETOUR_FACTOR else own, kind) for kind in kinds]
            )
        return known

    def _errors(self, sources: Iterable[ErrorSource]) -> tuple[Error, ...]:
        return tuple((one.key, one.wtw_share, self._width(one.kind, one.rel)) for one in sources)

    def _width(self, kind: ErrorKind, rel: float | None) -> Width:
        known = self._widths.get((kind, rel))
        if known is None:
            spread = self._config.spread(ErrorSource("", kind, rel))
            own = spread.value != self._config.spreads[kind].value
            known = self._widths[kind, rel] = Width(
                spread.value,
                spread.shift_rel(upward=False),
                spread.shift_rel(upward=True),
                f',"{kind.value}",',
                f",{spread.value!r}]" if own else ",null]",
            )
        return known


def _activity_kgkm(mass_kg: int, distance_km: float) -> int:
    top, bottom = distance_km.as_integer_ratio()
    return _rounded(top * mass_kg, bottom)


def _rounded(top: int, bottom: int) -> int:
    """A ratio to the nearest whole number, halves to even, as ``round`` of a Fraction."""
    whole, rest = divmod(top, bottom)
    return whole + (2 * rest > bottom or (2 * rest == bottom and whole % 2 == 1))


def _record(kind: type[Any], text: bytes) -> Any:
    """A record inside the inputs. Raises ValueError where the text is not its canonical one."""
    read = from_json(kind, text)
    if to_json(read).encode() != text:
        raise ValueError(f"not the canonical text of a {kind.__name__}")
    return read
