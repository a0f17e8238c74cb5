"""How records become JSON and back: one table of fields serves both directions.

A format encodes a value of ours to a JSON value (amounts as exact Decimals) and decodes one, adding a fault with its
JSON pointer for everything that does not fit. After a fault the decoded value is meaningless and nobody may use it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from optimizer.errors import Message
from optimizer.planning.fault_list import FaultList
from optimizer.planning.json_text import write
from optimizer.quantities import CHINA_TIME, iso, kilograms, to_integer, tonnes, yuan

MAX_MAGNITUDE = Decimal(10) ** 18
"""No amount of a plan comes near; a larger exponent would only cost memory."""
YEARS = range(1900, 3000)  # No time of a plan lies outside; to the last one there is no hour can be added.
SECONDS_PER_HOUR, HOUR_DIGITS = 3600, Decimal("0.0001")
"""0.36 s: fine enough that every whole second comes back."""


class Format(Protocol):
    """Both directions of one kind of value."""

    def encode(self, value: Any) -> Any:
        """Our value to a JSON value."""

    def decode(self, value: Any, pointer: str, faults: FaultList) -> Any:
        """A JSON value to ours."""


def _wrong(faults: FaultList, pointer: str, code: str, zh: str, en: str, found: object) -> None:
    shown = "".join(c if c.isprintable() else " " for c in str(found))[:40]
    message = Message(f"应为{zh}，却是“{shown}”。", f"This should be {en}, but is '{shown}'.")
    faults.add(None, pointer or "/", code, message)


@dataclass(frozen=True, slots=True)
class Plain:
    """Text, whole number or true/false, unchanged."""

    kind: type
    zh: str
    en: str

    def encode(self, value: Any) -> Any:
        """Unchanged."""
        return value

    def decode(self, value: Any, pointer: str, faults: FaultList) -> Any:
        """Unchanged, if it is of the kind."""
        huge = isinstance(value, int) and abs(value) >= MAX_MAGNITUDE
        if type(value) is not self.kind or huge:
            _wrong(faults, pointer, "bad_type", self.zh, self.en, value)
        return value


@dataclass(frozen=True, slots=True, init=False)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", words)

    def encode(self, value: Any) -> Any:
        """Unchanged."""
        return value

    def decode(self, value: Any, pointer: str, faults: FaultList) -> Any:
        """Unchanged, if it is one of the words."""
        if value not in self.words:
            _wrong(
                faults, pointer, "bad_word", "、".join(self.words) + " 之一", "one of " + ", ".join(self.words), value
            )
        return value


@dataclass(frozen=True, slots=True)
class Amount:
    """A whole number of small units, written as a decimal of large ones."""

    printed: Callable[[int], str]
    per_unit: int
    exact: bool = True

    def encode(self, value: int) -> Decimal:
        """Small units to the printed decimal."""
        return Decimal(self.printed(value))

    def decode(self, value: Any, pointer: str, faults: FaultList) -> int:
        """The printed decimal to small units; more digits than the small unit has are a fault."""
        if not _is_number(value) or abs(Decimal(value)) >= MAX_MAGNITUDE:
            _wrong(faults, pointer, "bad_type", "数字", "a number", value)
            return 0
        amount = Decimal(value) * self.per_unit
        whole = to_integer(amount)
        if self.exact and whole != amount:
            unit = f"1/{self.per_unit}"
            _wrong(faults, pointer, "too_many_digits", f"{unit} 的整数倍", f"a multiple of {unit}", value)
        return whole


@dataclass(frozen=True, slots=True)
class Number:
    """A float, written with as many digits as it needs."""

    def encode(self, value: float) -> float:
        """Unchanged, always a float."""
        return float(value)

    def decode(self, value: Any, pointer: str, faults: FaultList) -> float:
        """The float nearest to the decimal."""
        if not _is_number(value) or abs(Decimal(value)) >= MAX_MAGNITUDE:
            _wrong(faults, pointer, "bad_type", "数字", "a number", value)
            return 0.0
        return float(value)


@dataclass(frozen=True, slots=True)
class UnboundNumber:
    """A float for which nothing may be known yet: then it is the infinity given, written null."""

    unknown: float

    def encode(self, value: float) -> float | None:
        """None for the infinity."""
        return None if value == self.unknown else float(value)

    def decode(self, value: Any, pointer: str, faults: FaultList) -> float:
        """The infinity for null."""
        return self.unknown if value is None else Number().decode(value, pointer, faults)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time with offset, to the second."""

    def encode(self, value: datetime) -> str:
        """ISO 8601 at +08:00."""
        return iso(value)

    def decode(self, value: Any, pointer: str, faults: FaultList) -> datetime:
        """The time in China; one without an offset is a fault."""
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None and moment.microsecond == 0 and moment.year in YEARS:
                return moment.astimezone(CHINA_TIME)
        except (TypeError, ValueError, OverflowError):
            pass
        example = "2026-10-01T08:00:00+08:00"
        _wrong(faults, pointer, "bad_time", f"时间，例如 {example}", f"a time such as {example}", value)
        return datetime(2000, 1, 1, tzinfo=CHINA_TIME)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A message in both languages."""

    def encode(self, value: Message) -> dict[str, str]:
        """``{"zh": ..., "en": ...}``."""
        return {"zh": value.zh, "en": value.en}

    def decode(self, value: Any, pointer: str, faults: FaultList) -> Message:
        """Both texts are needed."""
        if not isinstance(value, dict) or set(value) != {"zh", "en"} or not all(type(t) is str for t in value.values()):
            _wrong(faults, pointer, "bad_type", "含 zh 与 en 两段文字的对象", "an object with texts zh and en", value)
            return Message("", "")
        return Message(value["zh"], value["en"])


@dataclass(frozen=True, slots=True)
class Optional:
    """A value or null."""

    inner: Format

    def encode(self, value: Any) -> Any:
        """None stays None."""
        return None if value is None else self.inner.encode(value)

    def decode(self, value: Any, pointer: str, faults: FaultList) -> Any:
        """None stays None."""
        return None if value is None else self.inner.decode(value, pointer, faults)


@dataclass(frozen=True, slots=True)
class Many:
    """A list, in order; a tuple with us."""

    inner: Format

    def encode(self, value: tuple[Any, ...]) -> list[Any]:
        """Each member."""
        return [self.inner.encode(item) for item in value]

    def decode(self, value: Any, pointer: str, faults: FaultList) -> tuple[Any, ...]:
        """Each member, pointers counting from 0."""
        if not isinstance(value, list):
            _wrong(faults, pointer, "bad_type", "列表", "a list", value)
            return ()
        return tuple(self.inner.decode(item, f"{pointer}/{i}", faults) for i, item in enumerate(value))


@dataclass(frozen=True, slots=True)
class Mapped:
    """An object with keys of the user's, sorted; its values any JSON values, or all of one format."""

    inner: Format | None = None

    def encode(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Sorted by key."""
        return {key: _sorted(value[key]) for key in sorted(value)}

    def decode(self, value: Any, pointer: str, faults: FaultList) -> dict[str, Any]:
        """Decimals become floats."""
        if not isinstance(value, dict):
            _wrong(faults, pointer, "bad_type", "对象", "an object", value)
            return {}
        if self.inner is None:
            return {key: _floats(item) for key, item in value.items()}
        return {key: self.inner.decode(item, f"{pointer}/{_escaped(key)}", faults) for key, item in value.items()}


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that follows from the record; printed for the reader, and checked on reading."""

    inner: Format
    follows: Callable[[Any], Any]

    def encode(self, value: Any) -> Any:
        """``value`` is the whole record."""
        return self.inner.encode(self.follows(value))

    def decode(self, value: Any, pointer: str, faults: FaultList) -> Any:
        """As its inner format."""
        return self.inner.decode(value, pointer, faults)


NEEDED = object()
"""What a key has instead of a default when it must be there."""


@dataclass(frozen=True, slots=True, init=False)
class Field:
    """One key of a record: its name in the document, its format, and the attribute where that has another name. A key
    with a value ``absent`` is left out of the document where it has that value."""

    name: str
    format: Format
    attribute: str
    absent: Any

    def __init__(self, name: str, format: Format, attribute: str = "", *, absent: Any = NEEDED) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "format", format)
        object.__setattr__(self, "attribute", attribute or name)
        object.__setattr__(self, "absent", absent)


@dataclass(frozen=True, slots=True, init=False)
class Record:
    """A dataclass as an object whose keys are its fields: each that is needed must be there, and no other."""

    kind: type
    fields: tuple[Field, ...]

    def __init__(self, kind: type, *fields: Field) -> None:
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "fields", fields)

    def encode(self, value: Any) -> dict[str, Any]:
        """Keys in the order of the fields."""
        return {
            field.name: field.format.encode(
                value if isinstance(field.format, Derived) else getattr(value, field.attribute)
            )
            for field in self.fields
            if field.absent is NEEDED or getattr(value, field.attribute) != field.absent
        }

    def decode(self, value: Any, pointer: str, faults: FaultList) -> Any:
        """The record, or None after a fault."""
        before = faults.count
        if not isinstance(value, dict):
            _wrong(faults, pointer, "bad_type", "对象", "an object", value)
            return None
        names = {field.name for field in self.fields}
        for name in sorted(value.keys() - names):
            message = Message(f"不认识的键；本对象的键为 {'、'.join(sorted(names))}。",
                              f"Unknown key; the keys of this object are {', '.join(sorted(names))}.")  # fmt: skip
            faults.add(None, f"{pointer}/{_escaped(name)}", "unknown_key", message)
        decoded: dict[str, Any] = {}
        for field in self.fields:
            inside = f"{pointer}/{field.name}"
            if field.name in value:
                decoded[field.name] = field.format.decode(value[field.name], inside, faults)
            elif field.absent is not NEEDED:
                decoded[field.name] = field.absent
            else:
                faults.add(None, inside, "missing_key", Message("缺少此键；请补上。", "This key is missing; add it."))
        if faults.count > before:
            return None
        stored = (field for field in self.fields if not isinstance(field.format, Derived))
        record = self.kind(**{field.attribute: decoded[field.name] for field in stored})
        self._check_derived(record, decoded, pointer, faults)
        return record

    def _check_derived(self, record: Any, decoded: Mapping[str, Any], pointer: str, faults: FaultList) -> None:
        for field in self.fields:
            if isinstance(field.format, Derived) and decoded[field.name] != field.format.follows(record):
                right = write(field.format.encode(record))
                _wrong(faults, f"{pointer}/{field.name}", "not_derived", f" {right}（由其他数值得出）",
                       f"{right}, which follows from the other numbers", decoded[field.name])  # fmt: skip


def _is_number(value: Any) -> bool:
    return isinstance(value, Decimal | int) and not isinstance(value, bool)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


def _floats(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    return [_floats(item) for item in value] if isinstance(value, list) else value


def _hours(seconds: int) -> str:
    return str((Decimal(seconds) / SECONDS_PER_HOUR).quantize(HOUR_DIGITS))


TEXT = Plain(str, "文字", "a text")
INTEGER = Plain(int, "整数", "a whole number")
BOOLEAN = Plain(bool, "true 或 false", "true or false")
TEXTS = Many(TEXT)
NUMBER = Number()
MOMENT = Moment()
MESSAGE = Sentence()
YUAN = Amount(yuan, 100)
KILOGRAMS = Amount(kilograms, 1000)
THOUSANDTHS = Amount(tonnes, 1000)
HOURS = Amount(_hours, SECONDS_PER_HOUR, exact=False)
