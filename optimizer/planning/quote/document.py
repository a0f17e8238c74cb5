"""A quote as JSON: amounts, legs and times as in PLAN.json (t, yuan, kg CO2e and tkm as exact decimals)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer.planning.json_text import write
from optimizer.planning.plan import Amounts
from optimizer.planning.quote.records import MissingRoute, Quote, QuoteLeg, QuoteOption
from optimizer.planning.record_format import (
    BOOLEAN,
    HOURS,
    INTEGER,
    KILOGRAMS,
    MESSAGE,
    MOMENT,
    NUMBER,
    TEXT,
    TEXTS,
    THOUSANDTHS,
    YUAN,
    Field,
    Many,
    Optional,
    Record,
)
from optimizer.planning.record_schema import schema_of
from optimizer.planning.shipment import Shipment

_AMOUNTS = Record(
    Amounts,
    Field("cost_yuan", YUAN, "cost_fen"),
    Field("co2e_ttw_kg", KILOGRAMS, "co2e_ttw_g"),
    Field("co2e_wtw_kg", KILOGRAMS, "co2e_wtw_g"),
    Field("duration_h", HOURS, "duration_s"),
)
_LEG = Record(
    QuoteLeg,
    Field("seq", INTEGER),
    Field("role", TEXT),
    Field("mode", TEXT),
    Field("from", TEXT, "origin"),
    Field("to", TEXT, "destination"),
    Field("vehicle_class", TEXT),
    Field("vessels", INTEGER),
    Field("load_t", THOUSANDTHS, "load_kg"),
    Field("departs_at", MOMENT),
    Field("arrives_at", MOMENT),
    Field("distance_km", NUMBER),
    Field("distance_basis", TEXT),
    Field("activity_tkm", THOUSANDTHS, "activity_kgkm"),
    Field("cost_yuan", YUAN, "cost_fen"),
    Field("co2e_ttw_kg", KILOGRAMS, "co2e_ttw_g"),
    Field("co2e_wtw_kg", KILOGRAMS, "co2e_wtw_g"),
    Field("data_tier", TEXT),
    Field("factor_ids", TEXTS),
)
_OPTION = Record(
    QuoteOption,
    Field("kind", TEXT),
    Field("title", MESSAGE),
    Field("labels", TEXTS),
    Field("dominated", BOOLEAN),
    Field("departs_at", MOMENT),
    Field("arrives_at", MOMENT),
    Field("late_h", HOURS, "late_s"),
    Field("amounts", _AMOUNTS),
    Field("saving", Optional(_AMOUNTS)),
    Field("legs", Many(_LEG)),
    Field("assumptions", Many(MESSAGE)),
)
_SHIPMENT = Record(
    Shipment,
    Field("cargo_code", TEXT),
    Field("mass_t", THOUSANDTHS, "mass_kg"),
    Field("origin", TEXT),
    Field("destination", TEXT),
    Field("ready_at", MOMENT),
    Field("due_at", MOMENT),
    Field("splittable", BOOLEAN),
    Field("cargo_value_yuan_per_t", NUMBER),
)
_QUOTE = Record(
    Quote,
    Field("shipment", _SHIPMENT),
    Field("verdict", MESSAGE),
    Field("baseline", Optional(_OPTION)),
    Field("water", Optional(_OPTION)),
    Field("options", Many(_OPTION)),
    Field("pareto", Many(_OPTION)),
    Field("missing", Many(Record(MissingRoute, Field("code", TEXT), Field("message", MESSAGE)))),
    Field("assumptions", Many(MESSAGE)),
)


def quote_schema() -> dict[str, Any]:
    """JSON Schema of a quote, without ``calculation``."""
    schema = schema_of(_QUOTE)
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    return {
        **schema,
        "required": [*schema["required"], "versions"],
        "properties": {**schema["properties"], "versions": texts},
    }


def quote_to_json(quote: Quote, versions: Mapping[str, str], calculation: Mapping[str, Any] | None = None) -> str:
    """The document on one line for each key, ending with a newline; the same quote gives the same bytes.

    ``shipment``; ``verdict`` {zh, en}; ``baseline`` and ``water`` (an option or null); ``options`` (shown) and
    ``pareto`` (all): lists of options; ``missing``: [{code, message}]; ``assumptions``: [{zh, en}]; ``versions``. An
    option has kind, title, labels, dominated, departs_at, arrives_at, late_h, ``amounts`` and ``saving`` {cost_yuan,
    co2e_ttw_kg, co2e_wtw_kg, duration_h} (saving = road - option, null without a road), ``legs`` as in PLAN.json with
    distance_basis, vessels and load_t (tonnes reckoned aboard each), and ``assumptions``. ``calculation`` is added
    where the quote's sheet is handed in.
    """
    tree = {**_QUOTE.encode(quote), "versions": dict(versions)}
    if calculation is not None:
        tree["calculation"] = calculation
    return "{\n" + ",\n".join(f'  "{key}": {write(value)}' for key, value in tree.items()) + "\n}\n"
