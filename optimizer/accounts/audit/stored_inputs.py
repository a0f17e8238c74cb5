"""Inputs of a calculation as they are stored, read without what many lots have in common.

An intensity is a kilobyte of text and the same for all lots of a class or a voyage; it is left as text, so that who
reads many lots reads it once. :func:`inputs_text` writes what was read as canonical JSON: where that is the stored
text, nothing was left out, added or written otherwise.
"""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TypeVar

import msgspec

from optimizer.accounts.lot_chain import VoyageShare

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


class StoredInputs(msgspec.Struct, frozen=True):
    """As ``calculation.LotInputs``."""

    method: str
    boundary: str
    uncertainty_version: str
    waybill_number: str
    waybill_version: int
    lot_no: int
    mass_kg: int
    on: str
    baseline: list[StoredElement]
    project: list[StoredElement]
    budget: bool = False


def inputs_text(read: StoredInputs) -> bytes:
    """The canonical text of what was read, given that its intensities, round trips and tours are canonical."""
    head, tail = (b",".join([_element_text(item) for item in side]) for side in (read.baseline, read.project))
    budget = ',"budget":true' if read.budget else ""
    between = (
        f'],"boundary":{encode_basestring(read.boundary)}{budget},"lot_no":{read.lot_no},"mass_kg":{read.mass_kg},'
        f'"method":{encode_basestring(read.method)},"on":{encode_basestring(read.on)},"project":['
    )
    after = (
        f'],"uncertainty_version":{encode_basestring(read.uncertainty_version)},'
        f'"waybill_number":{encode_basestring(read.waybill_number)},"waybill_version":{read.waybill_version}}}'
    )
    return b"".join((b'{"baseline":[', head, between.encode(), tail, after.encode()))


def _element_text(item: StoredElement) -> bytes:
    gcd = f'"gcd_km":{item.gcd_km!r},' if item.gcd_km else ""
    before = f'{{"distance_basis":"{item.distance_basis}","distance_km":{item.distance_km!r},{gcd}"intensity":'
    after = (
        f',"log":{_log_text(item.log)},"mass_kg":{item.mass_kg},"mode":"{item.mode}",'
        f'{_named("round_trip", item.round_trip)}"route":{encode_basestring(item.route)}'
    )
    tour = b"" if item.tour is ABSENT else b',"tour":' + bytes(item.tour)
    return b"".join((before.encode(), bytes(item.intensity), after.encode(), tour, b"}"))


def _named(name: str, text: msgspec.Raw) -> str:
    return "" if text is ABSENT else f'"{name}":{bytes(text).decode()},'


def _log_text(log: VoyageShare | None) -> str:
    if log is None:
        return "null"
    return (
        f'{{"carrier":{encode_basestring(log.carrier)},"empty_fuel_ratio":{log.empty_fuel_ratio!r},'
        f'"load_kg":{log.load_kg},"logged_g":{log.logged_g},"own_kg":{log.own_kg},'
        f'"use":{encode_basestring(log.use)},"voyage_id":{encode_basestring(log.voyage_id)}}}'
    )
