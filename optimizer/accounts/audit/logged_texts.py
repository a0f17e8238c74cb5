"""Elements that sailed by a fuel log, and tours, read from their stored texts.

What a log says is another for each voyage, so there is nothing to know again; one look at the text takes a third of the
time of making a record and writing it down to see whether the text is canonical. A text that is not of this form, or
that says something rare (return cargo, an exponent), has no answer here, and records decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from optimizer.accounts.audit.lot_shape import HUB
from optimizer.accounts.audit.stored_inputs import Memo
from optimizer.emissions.chain import DISTANCE_BASES
from optimizer.emissions.tour import RULE, Tour
from optimizer.network.model import Mode
from optimizer.quantities import G_PER_KG

MODES = frozenset(mode.value for mode in Mode)


class Way(NamedTuple):
    """How an element goes, and the exact ratio of its km (of a hub 0 / 1)."""

    mode: str
    route: str
    top: int
    bottom: int


class Logged(NamedTuple):
    """An element by a log: its part of the load on board, energy that the load bears, kg (kWh), empties among it, and
    the vessel class of its tour, where it has one."""

    way: Way
    carrier: str
    use: str
    voyage_id: str
    own_kg: int
    load_kg: int
    amount_kg: float
    empties_kg: float
    vessel_class: str | None


class TourShare(NamedTuple):
    """What the cargo of a voyage bears of its tour: grams of fuel."""

    borne_fuel_g: int
    vessel_class: str


def tour_share(text: bytes) -> TourShare | None:
    """Of the canonical text of a tour with one loaded voyage, which bears all of it."""
    found = _TOUR.fullmatch(text)
    if found is None:
        return None
    empty_g, idle_g, loaded, activity_kgkm, vessel_class, voyage_id = found.groups()
    if loaded != voyage_id or activity_kgkm == b"0":
        return None
    return TourShare(int(empty_g) + int(idle_g), vessel_class.decode())


def share_of(tour: Tour) -> TourShare:
    """The same of a record."""
    return TourShare(tour.borne_fuel_g, tour.vessel_class)


class LoggedTexts:
    """Reads elements by a log. ``tours``: how any tour is read."""

    def __init__(self, tours: Callable[[bytes], TourShare]) -> None:
        self._tours = tours
        self._ways: Memo[tuple[bytes, ...], _Kept | None] = Memo()

    def __call__(self, text: bytes, mass: bytes) -> Logged | None:
        """``text``: of an element, without its beginning; ``mass``: the digits of its own. Raises ValueError for a tour
        that is none."""
        found = _LOGGED.fullmatch(text)
        if found is None:
            return None
        load, logged, own, voyage, digits, tour = found.group(6, 7, 8, 10, 11, 14)
        said = found.group(1, 2, 3, 4, 5, 9, 12, 13)
        known = self._ways.get(said)
        if known is None:
            known = self._ways[said] = _kept(*said)
        if known is None or digits != mass:
            return None
        amount_kg, empties_kg, vessel_class = int(logged) / G_PER_KG * (1 + known.ratio), 0.0, None
        if tour is not None:
            borne_g, vessel_class = self._tours(tour)
            empties_kg = borne_g / G_PER_KG
        return Logged(
            known.way,
            known.carrier,
            known.use,
            voyage.decode(),
            int(own),
            int(load),
            amount_kg + empties_kg,
            empties_kg,
            vessel_class,
        )


class _Kept(NamedTuple):
    """What many logged elements say alike: way, carrier, use, empty fuel per fuel of the log."""

    way: Way
    carrier: str
    use: str
    ratio: float


def _kept(
    basis: bytes,
    distance: bytes,
    gcd: bytes | None,
    carrier: bytes,
    ratio: bytes,
    use: bytes,
    mode: bytes,
    route: bytes,
) -> _Kept | None:
    """None where a number is not written as it is here, or the element is none."""
    if mode.decode() not in MODES or mode.decode() == HUB or basis.decode() not in DISTANCE_BASES:
        return None
    texts = (distance, ratio) if gcd is None else (distance, ratio, gcd)
    numbers = [float(text) for text in texts]
    if any(repr(number).encode() != text for number, text in zip(numbers, texts, strict=True)) or not all(numbers[2:]):
        return None
    way = Way(mode.decode(), route.decode(), *numbers[0].as_integer_ratio())
    return _Kept(way, carrier.decode(), use.decode(), numbers[1])


_WHOLE = rb"(0|[1-9]\d{0,17})"
_FLOAT = rb"(\d{1,18}\.\d{1,20})"
_WORD = rb"[ !#-\[\]-~\x80-\xff]*"
_NAME = b'"(%b)"' % _WORD
_LOGGED = re.compile(
    b'%b,"distance_km":%b(?:,"gcd_km":%b)?,"intensity":null,"log":\\{"carrier":%b,"empty_fuel_ratio":%b,"load_kg":%b,'
    b'"logged_g":%b,"own_kg":%b,"use":%b,"voyage_id":%b\\},"mass_kg":%b,"mode":%b,"route":%b(?:,"tour":(\\{.*\\}))?\\}'
    % (_NAME, _FLOAT, _FLOAT, _NAME, _FLOAT, _WHOLE, _WHOLE, _WHOLE, _NAME, _NAME, _WHOLE, _NAME, _NAME),
    re.DOTALL,
)
_TOUR = re.compile(
    b'\\{"empties":\\[(?:"%b"(?:,"%b")*)?\\],"empty_fuel_g":%b,"idle_fuel_g":%b,"loaded":\\[\\[%b,%b\\]\\],"rule":"%b",'
    b'"vessel_class":%b,"voyage_id":%b\\}'
    % (_WORD, _WORD, _WHOLE, _WHOLE, _NAME, _WHOLE, re.escape(RULE).encode(), _NAME, _NAME)
)
