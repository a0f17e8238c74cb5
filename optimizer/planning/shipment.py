"""A shipment as the planner sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Shipment:
    """One consignment to be moved door to door.

    Mass in whole kilograms (rounded once, on reading); value in yuan per tonne prices time and loss. A splittable
    shipment may travel in several lots, an unsplittable one travels whole in one vessel, or on the road.
    """

    shipment_id: str
    shipper_id: str
    cargo_code: str
    mass_kg: int
    origin: str
    destination: str
    ready_at: datetime
    due_at: datetime
    splittable: bool = True
    cargo_value_yuan_per_t: float = 0.0
    reference: str = ""
