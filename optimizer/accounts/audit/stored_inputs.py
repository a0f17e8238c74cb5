"""Inputs of a calculation as they are stored, read without what many lots have in common.

An intensity is a kilobyte of text and the same for all lots of a class or a voyage; it is left as text, so that who
reads many lots reads it once. :func:`element_text` writes what was read as canonical JSON: where that is the stored
text, nothing was left out, added or written otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from json.encoder import encode_basestring
from typing import Any, TypeVar

import msgspec

from optimizer.accounts.calculation import LotInputs
from optimizer.accounts.lot_chain import ElementInput, VoyageShare
from optimizer.emissions.operations import Intensity
from optimizer.emissions.tour import Tour
from optimizer.waybills.codec import to_json

Key = TypeVar("Key")
Value = TypeVar("Value")

ABSENT = msgspec.Raw(b"")
"""A field that is not in the text."""

_MOST = 4_096


class Memo(dict[Key, Value]):
    """What was made before, by what it was made of; it begins anew before it fills the memory."""

    def __setitem__(self, key: Key, value: Value) -> None:
        if len(self) >= _MOST:
            self.clear()
        super().__setitem__(key, value)


class StoredElement(msgspec.Struct, frozen=True):
    """As ``lot_chain.ElementInput``; intensity, round trip and tour are texts."""

    mode: str
    route: str
    mass_kg: int
    distance_km: float
    distance_basis: str
    intensity: msgspec.Raw
    log: VoyageShare | None
    round_trip: msgspec.Raw = ABSENT
    gcd_km: float = 0.0
    tour: msgspec.Raw = ABSENT


class InputsWriter:
    """Writes inputs as ``to_json`` does; intensities, tours and legs that come again are written once."""

    def __init__(self) -> None:
        self._known: Memo[int, tuple[Any, bytes]] = Memo()
        self._legs: Memo[tuple[Any, ...], tuple[Intensity | None, bytes, bytes]] = Memo()

    def __call__(self, inputs: LotInputs) -> bytes:
        """The canonical text of inputs."""
        sides = [[self.element(item) for item in side] for side in (inputs.baseline, inputs.project)]
        return inputs_text(inputs, *sides)

    def element(self, item: ElementInput) -> bytes:
        """The canonical text of an element."""
        return self._leg(item) if item.log is None else self._element(item)

    def _element(self, item: ElementInput) -> bytes:
        round_trip = b"" if item.round_trip is None else self._text(item.round_trip)
        tour = b"" if item.tour is None else self._text(item.tour)
        return element_text(item, self._text(item.intensity), round_trip, tour)

    def _leg(self, item: ElementInput) -> bytes:
        """An element by intensity: those of one way differ in their mass alone. Records are known by the object itself,
        which is held as long: comparing what they say takes longer than writing it."""
        intensity, mass = item.intensity, b'"mass_kg":%d,' % item.mass_kg
        if item.tour is not None or item.round_trip is not None:
            return self._element(item)
        key = item.route, item.mode, item.distance_km, item.distance_basis, item.gcd_km, id(intensity)
        known = self._legs.get(key)
        if known is None or known[0] is not intensity:
            before, _, after = self._element(item).partition(mass)
            known = self._legs[key] = intensity, before, after
        return b"%b%b%b" % (known[1], mass, known[2])

    def _text(self, record: Any) -> bytes:
        known = self._known.get(id(record))
        if known is None:
            known = self._known[id(record)] = (record, record_text(record))
        return known[1]


def inputs_text(read: LotInputs, baseline: Iterable[bytes], project: Iterable[bytes]) -> bytes:
    """The canonical text of inputs, given those of their elements; the elements of the record are not looked at."""
    lot = read.waybill_number, read.waybill_version, read.lot_no, read.mass_kg
    return framed_text(inputs_frame(read), lot, baseline, project)


Frame = tuple[str, str, str]
"""Of a text, the pieces that are alike where others differ."""


def inputs_frame(read: LotInputs) -> Frame:
    """What stands in inputs between the elements of both sides and after them, but for what is the lot's own."""
    budget = ',"budget":true' if read.budget else ""
    return (
        f'],"boundary":{encode_basestring(read.boundary)}{budget},"lot_no":',
        f',"method":{encode_basestring(read.method)},"on":"{read.on.isoformat()}","project":[',
        f'],"uncertainty_version":{encode_basestring(read.uncertainty_version)},"waybill_number":',
    )


def framed_text(
    frame: Frame, lot: tuple[str, int, int, int], baseline: Iterable[bytes], project: Iterable[bytes]
) -> bytes:
    """Inputs of a lot. ``lot``: number and version of its waybill, its number, kg."""
    between, after = frame_texts(frame, lot)
    return b'{"baseline":[%b%b%b%b' % (b",".join(baseline), between, b",".join(project), after)


def frame_texts(frame: Frame, lot: tuple[str, int, int, int]) -> tuple[bytes, bytes]:
    """What stands in inputs of a lot between the elements of both sides, and after them."""
    number, version, lot_no, mass_kg = lot
    between = f'{frame[0]}{lot_no},"mass_kg":{mass_kg}{frame[1]}'
    after = f'{frame[2]}{encode_basestring(number)},"waybill_version":{version}}}'
    return between.encode(), after.encode()


def logged_frame(item: ElementInput) -> Frame:
    """What stands in an element that sailed by its log, but for what is the voyage's own: the texts before the load,
    before the voyage, and from the mode on."""
    text = element_text(replace(item, tour=None), b"null", b"", b"").decode()
    # A name in quotes is a field, for quotes inside a value are escaped.
    load, use, voyage = (text.index(name) for name in ('"load_kg":', ',"use":', '"voyage_id":'))
    return text[: load + len('"load_kg":')], text[use : voyage + len('"voyage_id":')], text[text.index(',"mode":') : -1]


def logged_text(frame: Frame, log: VoyageShare, mass_kg: int, tour: Tour | None) -> bytes:
    """Such an element without return cargo."""
    toured = f',"tour":{_tour_text(tour)}' if tour is not None else ""
    return (
        f'{frame[0]}{log.load_kg},"logged_g":{log.logged_g},"own_kg":{log.own_kg}{frame[1]}'
        f'{encode_basestring(log.voyage_id)}}},"mass_kg":{mass_kg}{frame[2]}{toured}}}'
    ).encode()


def element_text(item: StoredElement | ElementInput, intensity: bytes, round_trip: bytes, tour: bytes) -> bytes:
    """The canonical text of an element, given those of its records; empty where it has none."""
    gcd = f'"gcd_km":{item.gcd_km!r},' if item.gcd_km else ""
    before = (
        f'{{"distance_basis":{encode_basestring(item.distance_basis)},"distance_km":{item.distance_km!r},'
        f'{gcd}"intensity":'
    )
    after = f',"log":{_log_text(item.log)},"mass_kg":{item.mass_kg},"mode":"{item.mode}",'
    route = f'"route":{encode_basestring(item.route)}'
    return b"".join(
        (
            before.encode(),
            intensity,
            after.encode(),
            b'"round_trip":' + round_trip + b"," if round_trip else b"",
            route.encode(),
            b',"tour":' + tour if tour else b"",
            b"}",
        )
    )


def _log_text(log: VoyageShare | None) -> str:
    if log is None:
        return "null"
    return (
        f'{{"carrier":{encode_basestring(log.carrier)},"empty_fuel_ratio":{log.empty_fuel_ratio!r},'
        f'"load_kg":{log.load_kg},"logged_g":{log.logged_g},"own_kg":{log.own_kg},'
        f'"use":{encode_basestring(log.use)},"voyage_id":{encode_basestring(log.voyage_id)}}}'
    )


def record_text(record: Any) -> bytes:
    """As ``to_json``, in less time for the records that every lot has."""
    if type(record) is Intensity:
        return _intensity_text(record).encode()
    return (_tour_text(record) if type(record) is Tour else to_json(record)).encode()


def _tour_text(tour: Tour) -> str:
    empties = ",".join([encode_basestring(voyage) for voyage in tour.empties])
    loaded = ",".join([f"[{encode_basestring(voyage)},{activity_kgkm}]" for voyage, activity_kgkm in tour.loaded])
    return (
        f'{{"empties":[{empties}],"empty_fuel_g":{tour.empty_fuel_g},"idle_fuel_g":{tour.idle_fuel_g},'
        f'"loaded":[{loaded}],"rule":{encode_basestring(tour.rule)},'
        f'"vessel_class":{encode_basestring(tour.vessel_class)},"voyage_id":{encode_basestring(tour.voyage_id)}}}'
    )


def _intensity_text(made: Intensity) -> str:
    errors = ",".join(
        [
            f'{{"key":{encode_basestring(one.key)},"kind":"{one.kind.value}","rel":{_number(one.rel)},'
            f'"ttw_co2_share":{one.ttw_co2_share!r},"wtw_share":{one.wtw_share!r}}}'
            for one in made.errors
        ]
    )
    ids = ",".join([encode_basestring(name) for name in made.factor_ids])
    how = f'{{"en":{encode_basestring(made.how.en)},"zh":{encode_basestring(made.how.zh)}}}'
    return (
        f'{{"errors":[{errors}],"factor_ids":[{ids}],"how":{how},"kgce_per_unit":{made.kgce_per_unit!r},'
        f'"tier":{encode_basestring(made.tier)},"ttw_co2_kg":{_number(made.ttw_co2_kg)},"ttw_kg":{made.ttw_kg!r},'
        f'"unit":{encode_basestring(made.unit)},"wtt_kg":{made.wtt_kg!r}}}'
    )


def _number(value: float | None) -> str:
    return "null" if value is None else repr(value)
