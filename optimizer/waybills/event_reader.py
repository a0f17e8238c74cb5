"""Events from the records of a request, one by one: a wrong record has its faults, the others are read.

Keys are the fields of :class:`~optimizer.waybills.event.Event`; times as ISO 8601 (China time without an offset), mass
as ``mass_kg`` or ``mass_t``, energy as ``{"carrier": "Diesel", "amount_kg": 120}`` (Electric: ``amount_kwh``), evidence
as a list of ``{"kind": ..., "sha256": ...}``. Without ``event_id`` the id follows from waybill, lot, leg, type and
``occurrence``, so that a report sent twice is one event.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from optimizer.errors import Fault, Message
from optimizer.quantities import local_due_time, local_time, number_of
from optimizer.waybills.event import Classifier, EnergyLog, Event, EventType, Evidence, event_id

MAX_TEXT = 200
MAX_EVIDENCE = 20
_TEXTS = (
    *("location_id", "voyage_id", "vessel_id", "vehicle_class", "ship_identification_no"),
    *("withdraws", "corrected_by", "reason"),
)
_OTHERS = (
    *("event_id", "lot_no", "leg_seq", "classifier", "event_type", "event_time", "mass_kg", "mass_t"),
    *("energy", "evidence", "occurrence"),
)
FIELDS = frozenset({*_TEXTS, *_OTHERS})
"""Keys of a record; the waybill, the reporter and the record time come from outside it."""

_LARGEST = Decimal(10) ** 12


def events_from_records(
    records: Sequence[Any], number: str, reporter_id: str, record_time: datetime
) -> list[tuple[Event | None, tuple[Fault, ...]]]:
    """One pair for each record, in order: the event, or None and every fault of the record (columns are JSON pointers
    into it)."""
    return [_read(record, number, reporter_id, record_time) for record in records]


def _read(record: Any, number: str, reporter_id: str, record_time: datetime) -> tuple[Event | None, tuple[Fault, ...]]:
    if not isinstance(record, Mapping):
        return None, (_fault("", "not_an_object", "每个事件应为一个对象", "each event is an object"),)
    reader = RecordReader(record, FIELDS)
    kind = reader.choice("event_type", EventType, None)
    lot_no, leg_seq = reader.whole("lot_no"), reader.whole("leg_seq")
    occurrence = reader.whole("occurrence") or 1
    values: dict[str, Any] = {
        "classifier": reader.choice("classifier", Classifier, Classifier.ACT),
        "event_time": reader.moment("event_time"),
        "mass_kg": reader.mass_kg(),
        "energy": reader.energy(),
        "evidence": reader.evidence(),
        **{name: reader.text(name) for name in _TEXTS},
    }
    asked_id = reader.text("event_id")
    if reader.faults or kind is None:
        return None, tuple(reader.faults)
    own_id = asked_id or event_id(number, lot_no, leg_seq, kind, occurrence)
    event = Event(
        own_id, number, lot_no, leg_seq, event_type=kind, record_time=record_time, reporter_id=reporter_id, **values
    )
    return event, ()


class RecordReader:
    """Reads the fields of one record and collects what is wrong with them. ``fields``: the keys it may have; ``at``:
    where it stands in the request, a JSON pointer."""

    def __init__(self, record: Mapping[str, Any], fields: Collection[str], at: str = "") -> None:
        self.record, self.at = record, at
        self.faults: list[Fault] = [
            _fault(f"{at}/{key}", "unknown_field", "没有这个字段", "there is no such field")
            for key in record
            if key not in fields
        ]

    def text(self, name: str) -> str:
        """A text of bounded length, empty where there is none."""
        value = self.record.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
            self.wrong(name, "bad_text", f"应为至多 {MAX_TEXT} 字的文本", f"a text of at most {MAX_TEXT} characters")
            return ""
        return value.strip()

    def choice(self, name: str, kind: type[Any], default: Any) -> Any:
        """A member of an enumeration."""
        value = self.record.get(name)
        if value is None and default is not None:
            return default
        try:
            return kind(value)
        except ValueError:
            allowed = ", ".join(member.value for member in kind)
            self.wrong(name, "not_allowed", f"应为 {allowed} 之一", f"should be one of {allowed}")
            return None

    def whole(self, name: str) -> int | None:
        """A small whole number, None where there is none."""
        value = self.record.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10_000:
            self.wrong(name, "bad_number", "应为 1 至 10000 的整数", "a whole number from 1 to 10000")
            return None
        return value

    def due(self, name: str) -> datetime | None:
        """A time by which something has to be there; a day alone is its last second."""
        return self.moment(name, local_due_time)

    def moment(self, name: str, read: Callable[[str], datetime] = local_time) -> datetime | None:
        """A time, which must be there."""
        value = self.record.get(name)
        try:
            if isinstance(value, str):
                return read(value)
        except ValueError:
            pass
        self.wrong(
            name, "bad_time", "应为时间，如 2026-10-08T08:30:00+08:00", "a time such as 2026-10-08T08:30:00+08:00"
        )
        return None

    def mass_kg(self) -> int | None:
        """``mass_kg`` or ``mass_t``, None where there is neither."""
        if self.record.get("mass_kg") is not None and self.record.get("mass_t") is not None:
            self.wrong("mass_t", "given_twice", "mass_kg 与 mass_t 只留一个", "give mass_kg or mass_t, not both")
            return None
        if self.record.get("mass_kg") is not None:
            return self._integer("mass_kg", self.record["mass_kg"], 1)
        if self.record.get("mass_t") is not None:
            return self._integer("mass_t", self.record["mass_t"], 1000)
        return None

    def energy(self) -> EnergyLog | None:
        """Logged energy, None where there is none."""
        value = self.record.get("energy")
        if value is None:
            return None
        unit = "amount_kwh" if isinstance(value, Mapping) and value.get("carrier") == "Electric" else "amount_kg"
        if not isinstance(value, Mapping) or set(value) != {"carrier", unit} or not _is_word(value["carrier"]):
            self.wrong(
                "energy",
                "bad_energy",
                "应为 {carrier, amount_kg}，电力为 {carrier: Electric, amount_kwh}",
                "should be {carrier, amount_kg}; for Electric {carrier, amount_kwh}",
            )
            return None
        amount = self._integer("energy", value[unit], 1000)
        return None if amount is None else EnergyLog(value["carrier"], amount)

    def evidence(self) -> tuple[Evidence, ...]:
        """Evidence, empty where there is none."""
        value = self.record.get("evidence")
        if value is None:
            return ()
        fits = isinstance(value, list) and len(value) <= MAX_EVIDENCE
        if not fits or not all(_names_evidence(item) for item in value):
            self.wrong(
                "evidence",
                "bad_evidence",
                f"应为至多 {MAX_EVIDENCE} 个 {{kind, sha256}}",
                f"a list of at most {MAX_EVIDENCE} {{kind, sha256}}",
            )
            return ()
        return tuple(Evidence(item["kind"], item["sha256"]) for item in value)

    def _integer(self, name: str, value: Any, scale: int) -> int | None:
        """A number times ``scale``, which must come out whole: nothing is rounded in silence."""
        written = isinstance(value, int | float | str) and not isinstance(value, bool)
        number = number_of(str(value)) if written else None
        amount = Decimal(0) if number is None else number * scale
        if not 0 < amount < _LARGEST or amount != amount.to_integral_value():
            digits = "整数" if scale == 1 else "至多三位小数的数"
            self.wrong(
                name,
                "bad_number",
                f"应为正的{digits}",
                "a positive whole number" if scale == 1 else "a positive number with at most three decimals",
            )
            return None
        return int(amount)

    def wrong(self, name: str, code: str, zh: str, en: str) -> None:
        """Note a fault of a field."""
        self.faults.append(_fault(f"{self.at}/{name}", code, zh, en))


def _names_evidence(item: Any) -> bool:
    return isinstance(item, Mapping) and set(item) == {"kind", "sha256"} and all(map(_is_word, item.values()))


def _is_word(value: Any) -> bool:
    """A short text that has bytes: a lone surrogate has none."""
    return isinstance(value, str) and len(value) <= MAX_TEXT and value.isprintable()


def _fault(pointer: str, code: str, zh: str, en: str) -> Fault:
    return Fault("request", None, pointer, code, Message(zh, en))
