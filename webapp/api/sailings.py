"""Carriers' sailings in the body of a request that begins a plan or a frontier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer.errors import Fault, Message, SailingDataError
from optimizer.planning.files.sailing_file import HEADERS, REQUIRED
from optimizer.planning.files.sailing_records import sailings_from_records
from optimizer.planning.offer import Offer
from webapp.world import current_world

MAX_SAILINGS = 10_000
NUMBERS = ("capacity_t", "price_yuan_per_t", "fixed_yuan", "min_load_t")
MOMENTS = ("departs_at", "arrives_at")


def _column(name: str) -> dict[str, Any]:
    if name in NUMBERS:
        return {"type": ["number", "string"], "minimum": 0}
    if name in MOMENTS:
        return {"type": "string", "format": "date-time"}
    if name == "cargo_groups":
        groups = {"type": "array", "items": {"type": "string"}}
        return {"anyOf": [groups, {"type": "string"}], "description": "By default all that class and terminals take."}
    return {"type": "string"}


BODY: dict[str, Any] = {
    "sailings": {
        "type": "array",
        "maxItems": MAX_SAILINGS,
        "description": "Sailings that carriers offer, as rows of a sailings file; the plan may take them.",
        "items": {
            "type": "object",
            "required": list(REQUIRED),
            "properties": {name: _column(name) for name in HEADERS},
        },
    },
    "own_voyages": {
        "type": "boolean",
        "default": True,
        "description": "Whether the planner sails its own fleet beside what carriers offer.",
    },
}


def read_sailings_field(body: Mapping[str, Any]) -> tuple[list[Offer], list[Fault]]:
    """The offers of the field ``sailings`` and its faults, each with its JSON pointer; none where it is not there."""
    records = body.get("sailings")
    if records is None:
        return [], []
    if not isinstance(records, list) or len(records) > MAX_SAILINGS:
        sentence = Message(
            f"应为航次的数组，至多 {MAX_SAILINGS:,} 个", f"should be a list of sailings, {MAX_SAILINGS:,} at most"
        )
        return [], [Fault("request", None, "/sailings", "bad_type", sentence)]
    try:
        return sailings_from_records(records, current_world().network, "/sailings"), []
    except SailingDataError as error:
        return [], list(error.faults)
