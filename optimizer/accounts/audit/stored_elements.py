"""Elements of a chain from their stored texts: what ``lot_chain`` and ``emissions.chain`` make, without their records.

Same operations on the same numbers in the same order (a test of ``recalculation`` holds them together). An intensity,
a tour, the rates of an energy and the width of an error are made once for all lots that share them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from json.encoder import encode_basestring
from typing import Any, NamedTuple

import msgspec

from optimizer.accounts.audit.input_pieces import Element
from optimizer.accounts.audit.logged_texts import MODES, Logged, LoggedTexts, TourShare, Way, share_of, tour_share
from optimizer.accounts.audit.lot_shape import HUB, LOGGED, Error, LotShapes, Shape, Width
from optimizer.accounts.audit.stored_inputs import ABSENT, Memo, StoredElement, element_text, record_text
from optimizer.accounts.lot_chain import logged_kg
from optimizer.accounts.whole import SourceSums
from optimizer.emissions.chain import DISTANCE_BASES
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import Intensity, energy_rates, fuel_model_key
from optimizer.emissions.reduction import WEIGHED_MASS
from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import Tour
from optimizer.emissions.uncertainty import ErrorKind, ErrorSource, UncertaintyConfig
from optimizer.quantities import G_PER_KG
from optimizer.waybills.codec import from_json, lean_reader_of, lean_text

_BEGINNING, _MASS = b'{"distance_basis":', b',"mass_kg":'
_MOST_DIGITS = 18
_ZERO = ord("0")


class _Rates(NamedTuple):
    """Of an intensity: kg per unit; of logged energy: the exact ratio of each, and ``logged``: the kinds of elements
    that burnt it, by mode, route and what models the empties."""

    unit: str
    ttw: Any
    wtt: Any
    ttw_co2: Any
    kgce: Any
    tier: str
    factor_ids: tuple[str, ...]
    errors: tuple[Error, ...]
    logged: Memo[tuple[str, str, str | None], Kind]


class Kind(NamedTuple):
    """What elements have in common that differ in nothing but amounts. ``shape``: its number; ``shares``: of each of
    its errors the part of the WTW grams that moves with it; ``text``: what a result says of such an element after its
    grams; ``log``: the key of a log's error, empty without one."""

    shape: int
    shares: tuple[float, ...]
    text: str
    log: str


Made = tuple[int, int, int, int, Kind]
"""What an element came to: g CO2e WTW, g CO2 TTW (0 where it has no factor of CO2 alone), g coal equivalent, kg·km,
kind. Plain tuples: an audit makes millions."""


class _Leg(NamedTuple):
    """An element by intensity, but for its mass: distance and its exact ratio, kg per unit."""

    hub: bool
    distance_km: float
    top: int
    bottom: int
    ttw: float
    wtt: float
    ttw_co2: float
    kgce: float
    kind: Kind


class Chains:
    """Elements as ``emissions.chain`` makes them, with one table of factors and one version of the widths."""

    def __init__(self, factors: FactorTable, config: UncertaintyConfig, sums: SourceSums) -> None:
        self._factors, self._config = factors, config
        self._widths: dict[tuple[str, float | None], Width] = {}
        self._intensities: Memo[bytes, _Rates] = Memo()
        self._energies: Memo[tuple[str, str, date], _Rates] = Memo()
        self._tours: Memo[bytes, Tour] = Memo()
        self._logged = LoggedTexts(self._tour_share)
        self._distances: Memo[tuple[str, str, str, bool], tuple[Error, ...]] = Memo()
        self._legs: Memo[tuple[bytes, bytes], _Leg] = Memo()
        (mass,) = self._errors([WEIGHED_MASS])
        self.shapes = LotShapes(config.version, mass, sums)

    def element(self, text: bytes, on: date) -> Made:
        """``text``: of an element, without :data:`_BEGINNING`. Elements by intensity that differ in nothing but their
        mass are read once. Raises ValueError, KeyError or FactorError where it is not canonical, or ``calculate``
        would raise anything."""
        head, _, rest = text.partition(_MASS)
        digits, _, tail = rest.partition(b",")
        if not digits.isdigit() or digits[0] == _ZERO or len(digits) > _MOST_DIGITS:
            raise ValueError("not a mass")
        leg = self._legs.get((head, tail))
        if leg is not None:
            return _moved(leg, int(digits))
        logged = self._logged(text, digits)
        if logged is not None:
            return self._by_log(logged, int(digits), self._energy(logged.carrier, logged.use, on))
        item: StoredElement = _DECODER.decode(_BEGINNING + text)
        if item.mass_kg != int(digits):
            raise ValueError("not the canonical text of an element")
        hub = item.mode == HUB
        if item.mode not in MODES:
            raise ValueError("not an element")
        if not hub and not (0 <= item.distance_km < math.inf and item.distance_basis in DISTANCE_BASES):
            raise ValueError("not a distance")
        records = bytes(item.intensity), bytes(item.round_trip), bytes(item.tour)
        if element_text(item, *records)[len(_BEGINNING) :] != text:
            raise ValueError("not the canonical text of an element")
        # A tour and a round trip are read whether or not the element's energy hangs on them.
        sharing = None if item.round_trip is ABSENT else _record(RoundTrip, records[1])
        if item.log is None:
            if item.tour is not ABSENT:
                self._tour_share(records[2])
            leg = self._legs[head, tail] = self._leg(item, self._intensity(records[0]), hub)
            return _moved(leg, item.mass_kg)
        if records[0] != b"null":
            raise ValueError("an element with a log and an intensity")
        tour, log = None if item.tour is ABSENT else self._tour(records[2]), item.log
        amounts_kg, vessel_class = logged_kg(log, sharing, tour), tour.vessel_class if tour is not None else None
        top, bottom = (0, 1) if hub else item.distance_km.as_integer_ratio()
        way = Way(item.mode, item.route, top, bottom)
        share = Logged(way, log.carrier, log.use, log.voyage_id, log.own_kg, log.load_kg, *amounts_kg, vessel_class)
        return self._by_log(share, item.mass_kg, self._energy(log.carrier, log.use, on))

    def piece(self, piece: Element, mass_kg: int, on: date) -> Made:
        """:meth:`element`, for who has cut its text at a mass of so many kg."""
        leg = self._legs.get(piece)
        if leg is not None:
            return _moved(leg, mass_kg)
        return self.element(b'%b,"mass_kg":%d,%b' % (piece[0], mass_kg, piece[1]), on)

    def _leg(self, item: StoredElement, rates: _Rates, hub: bool) -> _Leg:
        if rates.unit != ("t" if hub else "tkm"):
            raise ValueError("an intensity of another unit")
        errors = rates.errors if hub else rates.errors + self._distance(item)
        top, bottom = (0, 1) if hub else item.distance_km.as_integer_ratio()
        kind = self._kind(item, rates, rates.ttw_co2 is not None, errors)
        return _Leg(hub, item.distance_km, top, bottom, rates.ttw, rates.wtt, rates.ttw_co2 or 0.0, rates.kgce, kind)

    def _kind(
        self, item: StoredElement | Way, rates: _Rates, co2: bool, errors: Sequence[Error], logged: bool = False
    ) -> Kind:
        """``logged``: the first error is that of a log, whatever its key."""
        named = f'"route":{encode_basestring(item.route)},"tier":{encode_basestring(rates.tier)}'
        keys, shares, widths = zip(*errors, strict=True) if errors else ((), (), ())
        shape = Shape(item.mode, rates.tier, rates.factor_ids, keys, widths, co2, logged)
        return Kind(self.shapes.number(shape), shares, f',"mode":"{item.mode}",{named}}}', "")

    def _logged_kind(self, item: Logged, empties: float, rates: _Rates) -> Kind:
        """With the errors of ``LoggedEnergy.errors``. ``empties``: their part of all energy."""
        way, model = item.way, None
        if empties:
            model = fuel_model_key(item.vessel_class) if item.vessel_class is not None else ""
        key = way.mode, way.route, model
        known = rates.logged.get(key)
        if known is None:
            own: list[Error] = [("", 1.0, self._width(ErrorKind.LOGGED_ENERGY, None))]
            if model is not None:
                own.append((model, 0.0, self._width(ErrorKind.EMPTY_RUNNING, None)))
            known = rates.logged[key] = self._kind(way, rates, True, (*own, *rates.errors), logged=True)
        shares = (1 - empties, empties, *known.shares[2:]) if empties else known.shares
        return Kind(known.shape, shares, known.text, LOGGED + item.voyage_id)

    def _by_log(self, item: Logged, mass_kg: int, rates: _Rates) -> Made:
        way, _, _, _, own_kg, load_kg, amount_kg, empties_kg, _ = item
        if not (0 < own_kg <= load_kg and 0 <= amount_kg < math.inf and 0 <= empties_kg <= amount_kg):
            raise ValueError("not a share of a log")
        energy, per_kg = amount_kg.as_integer_ratio()
        share, of = energy * own_kg * G_PER_KG, per_kg * load_kg
        (ttw, ttw_of), (wtt, wtt_of), (co2, co2_of), (coal, coal_of) = rates[1:5]
        empties = empties_kg / amount_kg if empties_kg else 0.0
        return (
            _rounded(share * ttw, of * ttw_of) + _rounded(share * wtt, of * wtt_of),
            _rounded(share * co2, of * co2_of),
            _rounded(share * coal, of * coal_of),
            _rounded(way.top * mass_kg, way.bottom),
            self._logged_kind(item, empties, rates),
        )

    def _intensity(self, text: bytes) -> _Rates:
        known = self._intensities.get(text)
        if known is None:
            read = _intensity(text)
            known = self._intensities[text] = _Rates(
                read.unit,
                read.ttw_kg,
                read.wtt_kg,
                read.ttw_co2_kg,
                read.kgce_per_unit,
                read.tier,
                read.factor_ids,
                self._errors(read.errors),
                Memo(),
            )
        return known

    def _energy(self, carrier: str, use: str, on: date) -> _Rates:
        key = carrier, use, on
        known = self._energies.get(key)
        if known is None:
            found = energy_rates(carrier, use, self._factors, on)
            known = self._energies[key] = _Rates(
                "",
                found.ttw_kg.as_integer_ratio(),
                found.wtt_kg.as_integer_ratio(),
                found.ttw_co2_kg.as_integer_ratio(),
                found.kgce.as_integer_ratio(),
                "primary",
                found.factor_ids,
                self._errors(found.errors),
                Memo(),
            )
        return known

    def _tour(self, text: bytes) -> Tour:
        known = self._tours.get(text)
        if known is None:
            known = self._tours[text] = _record(Tour, text)
        return known

    def _tour_share(self, text: bytes) -> TourShare:
        return tour_share(text) or share_of(self._tour(text))

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
                kind.value,
                spread.value if own else None,
            )
        return known


def _moved(leg: _Leg, mass_kg: int) -> Made:
    """A mass over a leg or through a hub. Raises ValueError for an amount that is not finite."""
    hub, distance_km, top, bottom, ttw, wtt, ttw_co2, kgce, kind = leg
    if hub:
        amount, activity_kgkm = float(mass_kg), 0
    else:
        amount, activity_kgkm = mass_kg * distance_km, _rounded(top * mass_kg, bottom)
        if not amount < math.inf:
            raise ValueError("not a finite amount")
    wtw_g = round(amount * ttw) + round(amount * wtt)
    return wtw_g, round(amount * ttw_co2), round(amount * kgce), activity_kgkm, kind


def _rounded(top: int, bottom: int) -> int:
    """A ratio to the nearest whole number, halves to even, as ``round`` of a Fraction."""
    whole, rest = divmod(top, bottom)
    return whole + (2 * rest > bottom or (2 * rest == bottom and whole % 2 == 1))


def _intensity(text: bytes) -> Intensity:
    """As :func:`_record`, in a third of the time where its numbers are written without exponents."""
    read = _read_intensity(text)
    numbers = [read.ttw_kg, read.wtt_kg, read.ttw_co2_kg or 0.0, read.kgce_per_unit]
    for one in read.errors:
        numbers += (one.rel or 0.0, one.ttw_co2_share, one.wtw_share)
    plain = [not number or 1e-3 < abs(number) < 1e15 for number in numbers]
    if all(plain) and lean_text([read]) == b"[%b]" % text:
        return read
    return _record(Intensity, text)  # type: ignore[no-any-return]


def _record(kind: type[Any], text: bytes) -> Any:
    """A record inside the inputs. Raises ValueError where the text is not its canonical one."""
    read = from_json(kind, text)
    if record_text(read) != text:
        raise ValueError(f"not the canonical text of a {kind.__name__}")
    return read


_read_intensity = lean_reader_of(Intensity)
_DECODER = msgspec.json.Decoder(StoredElement)
