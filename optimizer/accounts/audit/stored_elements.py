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

from optimizer.accounts.audit.element_amounts import EnergyRatios, Kind, Leg, Read
from optimizer.accounts.audit.input_pieces import Element
from optimizer.accounts.audit.logged_texts import MODES, Logged, LoggedTexts, TourShare, Way, share_of, tour_share
from optimizer.accounts.audit.lot_shape import HUB, LOGGED, Error, LotShapes, Shape, Width
from optimizer.accounts.audit.stored_inputs import ABSENT, Memo, StoredElement, element_text, record_text
from optimizer.accounts.lot_chain import ElementInput, VoyageShare, logged_kg
from optimizer.accounts.whole import SourceSums
from optimizer.emissions.chain import DISTANCE_BASES
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import Intensity, energy_rates, fuel_model_key
from optimizer.emissions.reduction import WEIGHED_MASS
from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import Tour
from optimizer.emissions.uncertainty import ErrorKind, ErrorSource, UncertaintyConfig
from optimizer.waybills.codec import from_json, lean_reader_of, lean_text

_BEGINNING, _MASS = b'{"distance_basis":', b',"mass_kg":'
_MOST_DIGITS = 18
_ZERO = ord("0")


class _Rates(NamedTuple):
    """Of an intensity: kg per unit."""

    unit: str
    ttw: float
    wtt: float
    ttw_co2: float | None
    kgce: float
    tier: str
    factor_ids: tuple[str, ...]
    errors: tuple[Error, ...]


class _Energy(NamedTuple):
    """Of logged energy: its rates, and ``kinds`` of elements that burnt it, by mode, route and what models the
    empties."""

    ratios: EnergyRatios
    tier: str
    factor_ids: tuple[str, ...]
    errors: tuple[Error, ...]
    kinds: Memo[tuple[str, str, str | None], Kind]


class Chains:
    """Elements as ``emissions.chain`` makes them, with one table of factors and one version of the widths."""

    def __init__(self, factors: FactorTable, config: UncertaintyConfig, sums: SourceSums) -> None:
        self._factors, self._config = factors, config
        self._widths: dict[tuple[str, float | None], Width] = {}
        self._intensities: Memo[bytes, _Rates] = Memo()
        self._energies: Memo[tuple[str, str, date], _Energy] = Memo()
        self._tours: Memo[bytes, Tour] = Memo()
        self._logged = LoggedTexts(self._tour_share)
        self._distances: Memo[tuple[str, str, str, bool], tuple[Error, ...]] = Memo()
        self._legs: Memo[tuple[bytes, bytes], Leg] = Memo()
        (mass,) = self._errors([WEIGHED_MASS])
        self.shapes = LotShapes(config.version, mass, sums)

    def element(self, text: bytes, on: date) -> Read:
        """``text``: of an element, without :data:`_BEGINNING`. Elements by intensity that differ in nothing but their
        mass are read once. Raises ValueError, KeyError or FactorError where it is not canonical, or ``calculate``
        would raise anything."""
        head, _, rest = text.partition(_MASS)
        digits, _, tail = rest.partition(b",")
        if not digits.isdigit() or digits[0] == _ZERO or len(digits) > _MOST_DIGITS:
            raise ValueError("not a mass")
        leg = self._legs.get((head, tail))
        if leg is not None:
            return leg.kind, int(digits), leg
        logged = self._logged(text, digits)
        if logged is not None:
            return self._by_log(logged, int(digits), self._energy(logged.carrier, logged.use, on))
        item: StoredElement = _DECODER.decode(_BEGINNING + text)
        if item.mass_kg != int(digits):
            raise ValueError("not the canonical text of an element")
        hub = _is_hub(item)
        records = bytes(item.intensity), bytes(item.round_trip), bytes(item.tour)
        if element_text(item, *records)[len(_BEGINNING) :] != text:
            raise ValueError("not the canonical text of an element")
        # A tour and a round trip are read whether or not the element's energy hangs on them.
        sharing = None if item.round_trip is ABSENT else _record(RoundTrip, records[1])
        if item.log is None:
            if item.tour is not ABSENT:
                self._tour_share(records[2])
            leg = self._legs[head, tail] = self._leg(item, self._intensity(records[0]), hub)
            return leg.kind, item.mass_kg, leg
        if records[0] != b"null":
            raise ValueError("an element with a log and an intensity")
        tour, log = None if item.tour is ABSENT else self._tour(records[2]), item.log
        amounts_kg, vessel_class = logged_kg(log, sharing, tour), tour.vessel_class if tour is not None else None
        top, bottom = (0, 1) if hub else item.distance_km.as_integer_ratio()
        way = Way(item.mode, item.route, top, bottom)
        share = Logged(way, log.carrier, log.use, log.voyage_id, log.own_kg, log.load_kg, *amounts_kg, vessel_class)
        return self._by_log(share, item.mass_kg, self._energy(log.carrier, log.use, on))

    def piece(self, piece: Element, mass_kg: int, on: date) -> Read:
        """:meth:`element`, for who has cut its text at a mass of so many kg."""
        leg = self._legs.get(piece)
        if leg is not None:
            return leg.kind, mass_kg, leg
        return self.element(b'%b,"mass_kg":%d,%b' % (piece[0], mass_kg, piece[1]), on)

    def leg(self, item: ElementInput) -> Leg:
        """An element by intensity, but for its mass, for who has made its record. Raises ValueError as
        :meth:`element`."""
        if item.intensity is None or item.log is not None:
            raise ValueError("not an element by intensity")
        stored = StoredElement(
            *(item.mode.value, item.route, item.mass_kg, item.distance_km, item.distance_basis),
            *(ABSENT, None),
            gcd_km=item.gcd_km,
        )
        return self._leg(stored, self._rates(item.intensity), _is_hub(stored))

    def logged(self, way: Way, log: VoyageShare, tour: Tour | None, mass_kg: int, on: date) -> Read:
        """An element by a log without return cargo, for who has made its records. Raises ValueError as
        :meth:`element`."""
        amounts_kg, vessel_class = logged_kg(log, None, tour), tour.vessel_class if tour is not None else None
        share = Logged(way, log.carrier, log.use, log.voyage_id, log.own_kg, log.load_kg, *amounts_kg, vessel_class)
        return self._by_log(share, mass_kg, self._energy(log.carrier, log.use, on))

    def _leg(self, item: StoredElement, rates: _Rates, hub: bool) -> Leg:
        if rates.unit != ("t" if hub else "tkm"):
            raise ValueError("an intensity of another unit")
        errors = rates.errors if hub else rates.errors + self._distance(item)
        top, bottom = (0, 1) if hub else item.distance_km.as_integer_ratio()
        kind = self._kind(item, rates, rates.ttw_co2 is not None, errors)
        return Leg(hub, item.distance_km, top, bottom, rates.ttw, rates.wtt, rates.ttw_co2 or 0.0, rates.kgce, kind)

    def _kind(
        self,
        item: StoredElement | Way,
        rates: _Rates | _Energy,
        co2: bool,
        errors: Sequence[Error],
        logged: bool = False,
    ) -> Kind:
        """``logged``: the first error is that of a log, whatever its key."""
        named = f'"route":{encode_basestring(item.route)},"tier":{encode_basestring(rates.tier)}'
        keys, shares, widths = zip(*errors, strict=True) if errors else ((), (), ())
        shape = Shape(item.mode, rates.tier, rates.factor_ids, keys, widths, co2, logged)
        return Kind(self.shapes.number(shape), shares, f',"mode":"{item.mode}",{named}}}', "")

    def _logged_kind(self, item: Logged, empties: float, rates: _Energy) -> Kind:
        """With the errors of ``LoggedEnergy.errors``. ``empties``: their part of all energy."""
        way, model = item.way, None
        if empties:
            model = fuel_model_key(item.vessel_class) if item.vessel_class is not None else ""
        key = way.mode, way.route, model
        known = rates.kinds.get(key)
        if known is None:
            own: list[Error] = [("", 1.0, self._width(ErrorKind.LOGGED_ENERGY, None))]
            if model is not None:
                own.append((model, 0.0, self._width(ErrorKind.EMPTY_RUNNING, None)))
            known = rates.kinds[key] = self._kind(way, rates, True, (*own, *rates.errors), logged=True)
        shares = (1 - empties, empties, *known.shares[2:]) if empties else known.shares
        return Kind(known.shape, shares, known.text, LOGGED + item.voyage_id)

    def _by_log(self, item: Logged, mass_kg: int, rates: _Energy) -> Read:
        _, _, _, _, own_kg, load_kg, amount_kg, empties_kg, _ = item
        if not (0 < own_kg <= load_kg and 0 <= amount_kg < math.inf and 0 <= empties_kg <= amount_kg):
            raise ValueError("not a share of a log")
        empties = empties_kg / amount_kg if empties_kg else 0.0
        return self._logged_kind(item, empties, rates), mass_kg, item, rates.ratios

    def _intensity(self, text: bytes) -> _Rates:
        known = self._intensities.get(text)
        if known is None:
            known = self._intensities[text] = self._rates(_intensity(text))
        return known

    def _rates(self, read: Intensity) -> _Rates:
        return _Rates(
            *(read.unit, read.ttw_kg, read.wtt_kg, read.ttw_co2_kg, read.kgce_per_unit),
            *(read.tier, read.factor_ids, self._errors(read.errors)),
        )

    def _energy(self, carrier: str, use: str, on: date) -> _Energy:
        key = carrier, use, on
        known = self._energies.get(key)
        if known is None:
            found = energy_rates(carrier, use, self._factors, on)
            rates = (found.ttw_kg, found.wtt_kg, found.ttw_co2_kg, found.kgce)
            known = self._energies[key] = _Energy(
                EnergyRatios(*(rate.as_integer_ratio() for rate in rates)),
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


def _is_hub(item: StoredElement) -> bool:
    """Raises ValueError for what is neither a hub nor a leg."""
    hub = item.mode == HUB
    if item.mode not in MODES:
        raise ValueError("not an element")
    if not hub and not (0 <= item.distance_km < math.inf and item.distance_basis in DISTANCE_BASES):
        raise ValueError("not a distance")
    return hub


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
