"""What a format of :mod:`record_format` writes, as JSON Schema: the same table of fields that writes and reads it."""

from __future__ import annotations

from typing import Any

from optimizer.planning.record_format import (
    NEEDED,
    Amount,
    Choice,
    Derived,
    Format,
    Many,
    Mapped,
    Moment,
    Number,
    Optional,
    Plain,
    Record,
    Sentence,
    UnboundNumber,
)

_TYPES = {str: "string", int: "integer", bool: "boolean"}


def schema_of(written: Format) -> dict[str, Any]:
    """JSON Schema (2020-12) of what ``written`` encodes; other keys may be added later. Raises TypeError for a kind of
    format that is not known here."""
    match written:
        case Plain(kind=kind):
            return {"type": _TYPES[kind]}
        case Choice(words=words):
            return {"type": "string", "enum": list(words)}
        case Amount() | Number():
            return {"type": "number"}
        case UnboundNumber():
            return {"type": ["number", "null"]}
        case Moment():
            return {"type": "string", "format": "date-time"}
        case Sentence():
            texts = {"zh": {"type": "string"}, "en": {"type": "string"}}
            return {"type": "object", "required": ["zh", "en"], "properties": texts}
        case Optional(inner=inner):
            return {"anyOf": [schema_of(inner), {"type": "null"}]}
        case Many(inner=inner):
            return {"type": "array", "items": schema_of(inner)}
        case Mapped(inner=inner):
            return {"type": "object", "additionalProperties": True if inner is None else schema_of(inner)}
        case Derived(inner=inner):
            return schema_of(inner)
        case Record(fields=fields):
            return {
                "type": "object",
                "required": [field.name for field in fields if field.absent is NEEDED],
                "properties": {field.name: schema_of(field.format) for field in fields},
            }
    raise TypeError(f"no schema for {type(written).__name__}")
