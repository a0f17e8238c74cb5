"""What answers look like, as JSON Schema: made from the records that are written, so that neither can leave the other.

A record is named among the components of the document and told by its own docstring; keys may be added to any object
later, so none is closed.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

import msgspec

from optimizer.emissions.factor import Factor
from optimizer.emissions.workings import EnergyStep
from optimizer.errors import Message
from optimizer.planning.document import plan_schema
from optimizer.planning.quote.document import quote_schema

Schema = Mapping[str, Any]

REFERENCE = "#/components/schemas/{name}"
COMPONENTS: dict[str, Any] = {}
"""Schemas that others refer to by name."""

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
HASH: Schema = {"type": "string", "description": "64 hex digits"}
DECIMAL: Schema = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{3}$", "description": "exact, three decimals"}
GRAMS: Schema = {"type": "integer", "description": "g CO2e"}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(item: Schema) -> Schema:
    """A list of items."""
    return {"type": "array", "items": item}


def table_of(value: Schema) -> Schema:
    """An object whose keys are not known beforehand."""
    return {"type": "object", "additionalProperties": value}


def answer(optional: Collection[str] = (), **properties: Schema) -> dict[str, Any]:
    """An object with these keys; those that are not ``optional`` are always there."""
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def items_of(item: Schema) -> dict[str, Any]:
    """A list that is answered whole."""
    return answer(items=list_of(item))


def named(name: str, schema: Schema) -> Schema:
    """A reference to a schema that the document tells once. Raises ValueError where another one has the name."""
    if COMPONENTS.setdefault(name, schema) != schema:
        raise ValueError(f"two schemas of the name {name}")
    return {"$ref": REFERENCE.format(name=name)}


def record(kind: type, renamed: Mapping[str, str] = MappingProxyType({})) -> Schema:
    """A reference to the schema of a record as the API writes it. ``renamed``: names in the document of classes in it
    that share theirs with another."""
    (reference,), components = msgspec.json.schema_components([kind], ref_template=REFERENCE)
    for old, new in renamed.items():
        quoted = f'"{REFERENCE.format(name=old)}"', f'"{REFERENCE.format(name=new)}"'
        reference, components = json.loads(json.dumps([reference, components]).replace(*quoted))
        components[new] = {**components.pop(old), "title": new}
    kinds = {
        renamed.get(found.__name__, found.__name__): found for found in _records_in(msgspec.inspect.type_info(kind))
    }
    for name, schema in components.items():
        named(name, _tidy(schema, kinds.get(name)))
    return reference


def record_with(
    kind: type, without: Collection[str] = (), optional: Collection[str] = (), **more: Schema
) -> dict[str, Any]:
    """The schema of an object made of a record's keys but some, and of ``more``, of which some are ``optional``."""
    record(kind)
    own = COMPONENTS[kind.__name__]
    kept = {name: schema for name, schema in own["properties"].items() if name not in without}
    needed = [name for name in own["required"] if name in kept]
    return {
        "type": "object",
        "description": own["description"],
        "required": [*needed, *(name for name in more if name not in optional and name not in needed)],
        "properties": {**kept, **more},
    }


def _tidy(schema: dict[str, Any], kind: type | None) -> dict[str, Any]:
    """As it is answered: a field is written although it has its default, unless it came later to the record
    (:mod:`optimizer.waybills.codec`); the docstring without the indent of the source."""
    tidy = {**schema}
    if "description" in tidy:
        tidy["description"] = inspect.cleandoc(tidy["description"])
    if kind is not None:
        tidy["required"] = [field.name for field in fields(kind) if "later" not in field.metadata]
        tidy["properties"] = {
            name: {key: value for key, value in one.items() if key != "default"}
            for name, one in tidy["properties"].items()
        }
    return tidy


def _records_in(info: Any) -> Iterator[type]:
    """The dataclasses among a type and what it is made of."""
    if isinstance(info, msgspec.inspect.DataclassType):
        yield info.cls
    if isinstance(info, msgspec.inspect.Type | msgspec.inspect.Field):
        for part in (getattr(info, name) for name in info.__struct_fields__ if name != "cls"):
            for inner in part if isinstance(part, tuple) else (part,):
                yield from _records_in(inner)


ERRORS = list_of(named("FieldError", answer(pointer=TEXT, code=TEXT, message=TEXT)))
"""What is wrong with one record sent; ``pointer`` leads into the record."""
PLAN = named("Plan", plan_schema())
SENTENCE = record(Message)
_SHEET_LEG = answer(
    seq=COUNT,
    mode=TEXT,
    place=TEXT,
    vehicle_class=TEXT,
    vessels=COUNT,
    rule=TEXT,
    mass_kg=COUNT,
    distance_km=NUMBER,
    distance_basis=TEXT,
    unit=TEXT,
    ttw_kg_per_unit=NUMBER,
    wtt_kg_per_unit=NUMBER,
    co2e_ttw_g=GRAMS,
    co2e_wtt_g=GRAMS,
    co2e_wtw_g=GRAMS,
    largest_remainder_g=list_of(COUNT),
    data_tier=TEXT,
    factor_ids=list_of(TEXT),
    how=SENTENCE,
    steps=list_of(record_with(EnergyStep, amount_per_unit=NUMBER)),
)
QUOTE_SHEET = named(
    "QuoteSheet",
    answer(
        document=TEXT,
        boundary=TEXT,
        mass_kg=COUNT,
        factors_of=DAY,
        versions=table_of(TEXT),
        options=list_of(
            answer(
                option=COUNT,
                title=SENTENCE,
                baseline=FLAG,
                co2e_ttw_g=GRAMS,
                co2e_wtw_g=GRAMS,
                saving_wtw_g=or_null(GRAMS),
                legs=list_of(_SHEET_LEG),
            )
        ),
        factors=list_of(record(Factor)),
    ),
)
_WRITTEN_QUOTE = quote_schema()
QUOTE = named("Quote", {**_WRITTEN_QUOTE, "properties": {**_WRITTEN_QUOTE["properties"], "calculation": QUOTE_SHEET}})
