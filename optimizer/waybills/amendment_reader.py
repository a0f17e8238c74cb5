"""An amendment from the record of a request: every fault at once, with JSON pointers into it.

Keys: ``reason`` (needed), ``version`` (of the waybill as it was seen), ``original_document_number``,
``description_of_goods_zh``, ``description_of_goods_en``, ``consignee_id``, ``due_at``; ``lots`` as a list of
``{"lot_no", "mass_kg" or "mass_t"}`` (the declared mass); ``legs`` as a list of ``{"lot_no", "leg_seq"}`` with any of
``vessel_id``, ``voyage_id``, ``destination``, ``departs_at``, ``arrives_at``. What is left out stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.errors import InputError
from optimizer.waybills.amendment import Amendment, LegChange
from optimizer.waybills.event_reader import RecordReader
from optimizer.waybills.party import Party

MAX_CHANGES = 1_000
TEXTS = ("original_document_number", "description_of_goods_zh", "description_of_goods_en")
FIELDS = frozenset({*TEXTS, "reason", "version", "consignee_id", "due_at", "lots", "legs"})
LOT_FIELDS = frozenset({"lot_no", "mass_kg", "mass_t"})
LEG_TEXTS = ("vessel_id", "voyage_id", "destination")
LEG_FIELDS = frozenset({"lot_no", "leg_seq", *LEG_TEXTS, "departs_at", "arrives_at"})


@dataclass(frozen=True, slots=True)
class Requested:
    """``version``: what the waybill was when the request was made, None where it does not say."""

    change: Amendment
    reason: str
    version: int | None


def amendment_from_record(record: Mapping[str, Any], parties: Mapping[str, Party]) -> Requested:
    """Raises InputError with every fault. ``parties``: those a consignee can be."""
    reader = RecordReader(record, FIELDS)
    faults = reader.faults
    reason, version, consignee_id = reader.text("reason"), reader.whole("version"), reader.text("consignee_id")
    number, goods_zh, goods_en = (reader.text(name) if record.get(name) is not None else None for name in TEXTS)
    due_at = reader.due("due_at") if record.get("due_at") is not None else None
    if consignee_id and consignee_id not in parties:
        reader.wrong("consignee_id", "unknown_party", "没有这个参与方", "there is no such party")
    if not reason and not any(fault.column == "/reason" for fault in faults):
        reader.wrong("reason", "required", "须说明改单原因", "say why it is amended")
    masses = {}
    for lot in _items(reader, "lots", LOT_FIELDS):
        lot_no, mass_kg = _needed(lot, "lot_no"), lot.mass_kg()
        if mass_kg is None and not lot.faults:
            lot.wrong("mass_t", "required", "须写吨数", "say how many tonnes")
        if lot_no in masses:
            lot.wrong("lot_no", "given_twice", "同一批写了两次", "this lot is there twice")
        masses[lot_no] = mass_kg or 0
        faults += lot.faults
    legs = []
    for leg in _items(reader, "legs", LEG_FIELDS):
        legs.append(_leg(leg))
        faults += leg.faults
    if len({(leg.lot_no, leg.seq) for leg in legs}) < len(legs) and not faults:
        reader.wrong("legs", "given_twice", "同一航段写了两次", "a leg is there twice")
    if faults:
        raise InputError.of(faults)
    change = Amendment(number, goods_zh, goods_en, parties.get(consignee_id), due_at, masses or None, tuple(legs))
    return Requested(change, reason, version)


def _leg(reader: RecordReader) -> LegChange:
    """A leg that says nothing new is a fault: who sent it meant something."""
    lot_no, seq = _needed(reader, "lot_no"), _needed(reader, "leg_seq")
    vessel_id, voyage_id, destination = (reader.text(name) for name in LEG_TEXTS)
    departs_at, arrives_at = (
        reader.moment(name) if reader.record.get(name) is not None else None for name in ("departs_at", "arrives_at")
    )
    change = LegChange(lot_no, seq, vessel_id, voyage_id, destination, departs_at, arrives_at)
    if change == LegChange(lot_no, seq) and not reader.faults:
        reader.wrong("vessel_id", "no_change", "没有写要改什么", "does not say what to change")
    return change


def _needed(reader: RecordReader, name: str) -> int:
    found = reader.whole(name)
    if found is None and reader.record.get(name) is None:
        reader.wrong(name, "required", "须写", "is needed")
    return found or 0


def _items(reader: RecordReader, name: str, fields: frozenset[str]) -> list[RecordReader]:
    """A reader for each object of a list."""
    listed = reader.record.get(name)
    if listed is None:
        return []
    if not isinstance(listed, list) or len(listed) > MAX_CHANGES or not all(isinstance(one, Mapping) for one in listed):
        reader.wrong(
            name, "not_a_list", f"应为至多 {MAX_CHANGES} 个对象的列表", f"a list of at most {MAX_CHANGES} objects"
        )
        return []
    return [RecordReader(one, fields, f"/{name}/{place}") for place, one in enumerate(listed)]
