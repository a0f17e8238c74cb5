"""PLAN.json: the plan as a document that people, banks and ``check`` read, and back.

Amounts are exact decimals: t, yuan, kg CO2e and tkm carry as many digits as kg, fen, g and kg·km need. Keys stand in a
fixed order, each shipment and voyage on a line of its own, so that two plans compare line by line; the same plan gives
the same bytes. Shares are printed for the reader; on reading they must agree with the amounts they follow from.
``record_format`` says how a table of fields becomes text and record.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from optimizer.errors import InputError, Message
from optimizer.planning.fault_list import FaultList
from optimizer.planning.json_text import write
from optimizer.planning.plan import (
    Amounts,
    Binding,
    Kept,
    LeftBehind,
    Leg,
    LockPassage,
    Lot,
    Moved,
    OfferTerms,
    Plan,
    PlannedShipment,
    Reason,
    Totals,
    UnusableOffer,
    Voyage,
)
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
    Choice,
    Derived,
    Field,
    Format,
    Many,
    Mapped,
    Optional,
    Record,
    UnboundNumber,
)
from optimizer.planning.record_schema import schema_of

MAX_DOCUMENT_CHARACTERS = 1_000_000_000

MODES = ("Road", "InlandWaterway", "Sea", "Rail", "Hub")
TIERS = ("primary", "modelled", "default", "assumed")

_LEG = Record(
    Leg,
    Field("seq", INTEGER),
    Field("role", Choice("pre", "main", "post", "hub")),
    Field("mode", Choice(*MODES)),
    Field("from", TEXT, "origin"),
    Field("to", TEXT, "destination"),
    Field("vehicle_class", TEXT),
    Field("voyage_id", TEXT),
    Field("departs_at", MOMENT),
    Field("arrives_at", MOMENT),
    Field("distance_km", NUMBER),
    Field("activity_tkm", THOUSANDTHS, "activity_kgkm"),
    Field("cost_yuan", YUAN, "cost_fen"),
    Field("co2e_ttw_kg", KILOGRAMS, "co2e_ttw_g"),
    Field("co2e_wtw_kg", KILOGRAMS, "co2e_wtw_g"),
    Field("data_tier", Choice(*TIERS)),
    Field("factor_ids", TEXTS),
)
_LOT = Record(Lot, Field("lot_no", INTEGER), Field("mass_t", THOUSANDTHS, "mass_kg"), Field("legs", Many(_LEG)))
_AMOUNTS = Record(
    Amounts,
    Field("cost_yuan", YUAN, "cost_fen"),
    Field("co2e_ttw_kg", KILOGRAMS, "co2e_ttw_g"),
    Field("co2e_wtw_kg", KILOGRAMS, "co2e_wtw_g"),
    Field("duration_h", HOURS, "duration_s"),
)
_REASON = Record(
    Reason,
    Field("code", TEXT),
    Field("option", TEXT),
    Field("lacks", Choice("", "money", "time", "room", "cargo", "way")),
    Field("short", NUMBER),
    Field("unit", TEXT),
    Field("zh", TEXT),
    Field("en", TEXT),
)
_SHIPMENT = Record(
    PlannedShipment,
    Field("shipment_id", TEXT),
    Field("status", Choice("planned", "rejected")),
    Field("reason", Optional(_REASON)),
    Field("on_road_because", Optional(_REASON)),
    Field("late_h", HOURS, "late_s"),
    Field("lots", Many(_LOT)),
    Field("baseline", Optional(_AMOUNTS)),
    Field("baseline_legs", Many(_LEG)),
    Field("saving", Optional(_AMOUNTS)),
    Field("left_t", THOUSANDTHS, "left_kg", absent=0),
)
_PASSAGE = Record(LockPassage, Field("lock_id", TEXT), Field("at", MOMENT))
_OFFER = Record(
    OfferTerms,
    Field("carrier_id", TEXT),
    Field("fixed_yuan", NUMBER),
    Field("price_yuan_per_t", NUMBER),
    Field("min_load_t", THOUSANDTHS, "least_kg"),
)
_VOYAGE = Record(
    Voyage,
    Field("voyage_id", TEXT),
    Field("vessel_id", TEXT),
    Field("vessel_class", TEXT),
    Field("market", Choice("own", "spot", "offer")),
    Field("from", TEXT, "origin"),
    Field("to", TEXT, "destination"),
    Field("berth_from", MOMENT),
    Field("departs_at", MOMENT),
    Field("arrives_at", MOMENT),
    Field("free_at", MOMENT),
    Field("cargo_group", TEXT),
    Field("load_t", THOUSANDTHS, "load_kg"),
    Field("capacity_t", THOUSANDTHS, "capacity_kg"),
    Field("empty", BOOLEAN),
    Field("distance_km", NUMBER),
    Field("locks", Many(_PASSAGE)),
    Field("fuel_kg", KILOGRAMS, "fuel_g"),
    Field("cost_yuan", YUAN, "cost_fen"),
    Field("co2e_ttw_kg", KILOGRAMS, "co2e_ttw_g"),
    Field("co2e_wtw_kg", KILOGRAMS, "co2e_wtw_g"),
    Field("offer", Optional(_OFFER)),
)
_BINDING = Record(
    Binding,
    Field("kind", Choice("lock", "terminal", "fleet", "water_level", "offer")),
    Field("item_id", TEXT),
    Field("day", TEXT),
    Field("value_yuan", NUMBER),
    Field("unit", TEXT),
    Field("message", MESSAGE),
    Field("saving_yuan", Optional(NUMBER), absent=None),
    Field("at_most_yuan", Optional(NUMBER), absent=None),
)
_TOTALS = Record(
    Totals,
    Field("plan", _AMOUNTS, "planned"),
    Field("baseline", _AMOUNTS),
    Field("saving", _AMOUNTS),
    Field("mass_t", THOUSANDTHS, "mass_kg"),
    Field("water_mass_t", THOUSANDTHS, "water_mass_kg"),
    Field("water_share_t", Derived(NUMBER, lambda totals: totals.water_share_t)),
    Field("activity_tkm", THOUSANDTHS, "activity_kgkm"),
    Field("water_activity_tkm", THOUSANDTHS, "water_activity_kgkm"),
    Field("water_share_tkm", Derived(NUMBER, lambda totals: totals.water_share_tkm)),
    Field("empty_km", NUMBER),
    Field("loaded_km", NUMBER),
)
_KEPT = Record(
    Kept,
    Field("plan_sha256", TEXT),
    Field("shipments", TEXTS),
    Field("voyages", TEXTS),
    Field("note", MESSAGE),
    Field("issued_only", BOOLEAN, absent=False),
)
_MOVED = Record(
    Moved,
    Field("shipment_id", TEXT),
    Field("code", TEXT),
    Field("message", MESSAGE),
    Field("was", TEXTS),
    Field("now", TEXTS),
)
_UNUSABLE = Record(
    UnusableOffer,
    Field("sailing_id", TEXT),
    Field("carrier_id", TEXT),
    Field("code", TEXT),
    Field("message", MESSAGE),
)
_LEFT_BEHIND = Record(
    LeftBehind,
    Field("mass_t", THOUSANDTHS, "mass_kg"),
    Field("at_least_t", THOUSANDTHS, "at_least_kg"),
    Field("message", MESSAGE),
)
_PLAN = Record(
    Plan,
    Field("status", Choice("optimal", "feasible", "infeasible", "time_limit")),
    Field("objective_yuan", UnboundNumber(float("inf"))),
    Field("bound_yuan", UnboundNumber(float("-inf"))),
    Field("gap", UnboundNumber(float("inf"))),
    Field("seconds", NUMBER),
    Field("settings", Mapped()),
    Field("versions", Mapped(TEXT)),
    Field("totals", _TOTALS),
    Field("binding", Many(_BINDING)),
    Field("kept", Optional(_KEPT), absent=None),
    Field("moved", Many(_MOVED), absent=()),
    Field("unusable_offers", Many(_UNUSABLE), absent=()),
    Field("left_behind", Optional(_LEFT_BEHIND), absent=None),
    Field("shipments", Many(_SHIPMENT)),
    Field("voyages", Many(_VOYAGE)),
)


def plan_schema() -> dict[str, Any]:
    """JSON Schema of PLAN.json."""
    return schema_of(_PLAN)


def plan_to_json(plan: Plan) -> str:
    """The document, ending with a newline; the same plan gives the same bytes.

    ``objective_yuan`` and ``gap`` of +inf and a ``bound_yuan`` of -inf (nothing known) are written as null. Raises
    ValueError when another number is not finite or a setting is no JSON value: a defect of ours, not of the user.
    """
    tree: dict[str, Any] = _PLAN.encode(plan)
    lines = []
    for key, value in tree.items():
        if isinstance(value, list) and value:
            body = ",\n".join("    " + write(item) for item in value)
            lines.append(f'  "{key}": [\n{body}\n  ]')
        elif isinstance(value, dict) and value:
            body = ",\n".join(f"    {write(name)}: {write(item)}" for name, item in value.items())
            lines.append(f'  "{key}": {{\n{body}\n  }}')
        else:
            lines.append(f'  "{key}": {write(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def plan_from_json(text: str, source_name: str = "PLAN.json") -> Plan:
    """The plan of a document; ``plan_from_json(plan_to_json(plan)) == plan``.

    Raises InputError with every fault, whose column is a JSON pointer (a syntax fault has row and column instead).
    """
    faults = FaultList(source_name)
    tree = _tree(text, faults)
    faults.raise_if_any(InputError)
    plan = _PLAN.decode(tree, "", faults)
    faults.raise_if_any(InputError)
    assert isinstance(plan, Plan)
    return plan


def _tree(text: str, faults: FaultList) -> Any:
    if len(text) > MAX_DOCUMENT_CHARACTERS:
        message = Message("文件过大（上限 1 GB）。", "The document is too large (the limit is 1 GB).")
        faults.add(None, None, "too_large", message)
        return None
    try:
        tree = json.loads(
            text.removeprefix("\ufeff"), parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_unique
        )
        if "\\ud" in text.lower():
            # Half a character, written as an escape: no file or terminal takes it.
            json.dumps(tree, ensure_ascii=False, default=str).encode()
        return tree
    except json.JSONDecodeError as error:
        message = Message(
            f"此处 JSON 语法有误（{error.msg}）；请重新生成该文件。",
            f"JSON syntax: {error.msg}; write the document anew.",
        )
        faults.add(error.lineno, str(error.colno), "bad_json", message)
    except UnicodeEncodeError:
        message = Message(
            "文字中有半个字符（\\ud800 之类的转义）；请改为完整的字符。",
            "A text holds half a character (an escape such as \\ud800); write whole ones.",
        )
        faults.add(None, None, "bad_text", message)
    except (ValueError, RecursionError) as error:
        message = Message(f"JSON 内容有误（{error}）。", f"JSON content: {error}.")
        faults.add(None, None, "bad_json", message)
    return None


def _refuse(constant: str) -> Format:
    raise ValueError(f"{constant} is no JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"key stands twice in one object: {', '.join(twice)}")
    return record
