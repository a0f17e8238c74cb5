"""The quote form: what a visitor typed, and what is wrong with it, field by field.

Validation is the one of the shipments file (``shipments_from_records``): a form, a spreadsheet and the API refuse the
same things with the same sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from optimizer.errors import Fault, ShipmentDataError
from optimizer.network.model import Network
from optimizer.planning.files.shipment_cells import CellError, parse_moment
from optimizer.planning.files.shipment_file import shipments_from_records
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME, iso

DEFAULT_DAYS = 10
QUOTE_ID = "quote"

FIELDS = {
    "origin": "origin",
    "destination": "destination",
    "cargo": "cargo_code",
    "mass_t": "mass_t",
    "ready_at": "ready_at",
    "due_at": "due_at",
}
"""Fields of the form (and of the query string) and the columns of a shipment they fill."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A fault and the field a visitor mends it in."""

    field: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class QuoteForm:
    """``values`` are shown again as typed; ``shipment`` is None when nothing was asked yet or a fault was found."""

    values: Mapping[str, str]
    shipment: Shipment | None
    faults: tuple[FieldFault, ...]


def read_quote_form(query: Mapping[str, str], network: Network, now: datetime) -> QuoteForm:
    """The form of a request; an empty query is an empty form with sensible times in it."""
    typed = {field: query.get(field, "").strip() for field in FIELDS}
    if not any(typed.values()):
        return QuoteForm({**typed, **_times(now)}, None, ())
    ready_at = typed["ready_at"] or _times(now)["ready_at"]
    filled = {**typed, "ready_at": ready_at, "due_at": typed["due_at"] or _due_after(ready_at)}
    shipment, faults = _validated(filled, network)
    if not filled["due_at"]:
        # The due time would follow from a ready time that nobody can read: one fault to mend, not two.
        faults = tuple(entry for entry in faults if entry.field != "due_at")
    if shipment is not None:
        # As understood: a browser shows the field empty in any other form, beside an answer for that very time.
        filled |= {"ready_at": _field_time(shipment.ready_at), "due_at": _field_time(shipment.due_at)}
    return QuoteForm(filled, shipment, faults)


def quote_record(columns: Mapping[str, object]) -> dict[str, object]:
    """A shipment record for a quote: it has no number and no shipper yet."""
    return {"shipment_id": QUOTE_ID, "shipper_id": QUOTE_ID, **columns}


def _validated(values: Mapping[str, str], network: Network) -> tuple[Shipment | None, tuple[FieldFault, ...]]:
    record = quote_record({column: values[field] for field, column in FIELDS.items()})
    try:
        (shipment,) = shipments_from_records([record], network)
    except ShipmentDataError as error:
        field_of = {f"/0/{column}": field for field, column in FIELDS.items()}
        return None, tuple(FieldFault(field_of.get(fault.column or "", "origin"), fault) for fault in error.faults)
    return shipment, ()


def _times(now: datetime) -> dict[str, str]:
    """Ready tomorrow morning, due ten days later, in the form of a datetime-local field."""
    ready = (now.astimezone(CHINA_TIME) + timedelta(days=1)).replace(hour=8, minute=0, second=0)
    return {"ready_at": _field_time(ready), "due_at": _field_time(ready + timedelta(days=DEFAULT_DAYS))}


def _due_after(ready_at: str) -> str:
    """A due time for a visitor who named none; empty when the ready time is no time."""
    try:
        return _field_time(parse_moment(ready_at) + timedelta(days=DEFAULT_DAYS))
    except CellError:
        return ""


def _field_time(moment: datetime) -> str:
    return iso(moment)[: len("2026-10-01T08:00:00" if moment.second else "2026-10-01T08:00")]
