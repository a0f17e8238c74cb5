"""The waybill as frozen records: one document over all lots and legs of a shipment (一单到底).

Field names follow the electronic multimodal waybill of JT/T practice and DCSA where these have one. Mass in integer
kg, transport activity in kg·km, emissions in g CO2e. What carriers report later never changes these records: it comes
as events, and the carrier-weighed mass is what the fold of events says (:mod:`optimizer.waybills.lifecycle`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import Tour
from optimizer.network.model import WATER_MODES
from optimizer.waybills.codec import LATER
from optimizer.waybills.party import Party

TRANSPORT_TYPE_ROAD_WATER = "3"
"""transportTypeCode 3: road and water (公水联运)."""


@dataclass(frozen=True, slots=True)
class WaybillLeg:
    """One planned element of a lot's way. ``role``: pre | main | post | hub; ``mode`` as in the plan.

    ``vessel_id`` is the hull of the plan (empty off the water), ``vehicle_class`` its class or the truck class.
    ``distance_basis``: actual | sfd (waybills from before also gcd, for an estimated sfd); ``gcd_km`` is the great
    circle of an estimated one (``network.measured.Measured``). ``voyage_load_kg`` and ``voyage_fuel_g`` are the planned
    load and fuel of the whole voyage (0 without one); ``empty_fuel_ratio`` is fuel of empty voyages over fuel of loaded
    voyages of that vessel class in the plan, and ``empty_km_share`` is empty km over all km of the class.
    ``round_trip``: the loaded voyage with which the vessel comes back, where the plan has one. ``tour``: the round of
    the hull whose empty running the voyage shares (waybills from before have none: there the class's average holds).
    """

    seq: int
    role: str
    mode: str
    origin: str
    destination: str
    vehicle_class: str
    voyage_id: str
    vessel_id: str
    planned_departs_at: datetime
    planned_arrives_at: datetime
    distance_km: float
    distance_basis: str
    co2e_ttw_g: int
    co2e_wtw_g: int
    data_tier: str
    factor_ids: tuple[str, ...]
    voyage_load_kg: int = 0
    voyage_fuel_g: int = 0
    empty_fuel_ratio: float = 0.0
    empty_km_share: float = 0.0
    gcd_km: float = field(default=0.0, metadata=LATER)
    round_trip: RoundTrip | None = field(default=None, metadata=LATER)
    tour: Tour | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True)
class WaybillLot:
    """A part of the cargo that travels together. ``port_of_loading`` and ``port_of_discharge`` are the ends of its way
    by water (empty when the lot stays on the road). ``baseline_*`` is the lot's share of the road chain that would have
    run; ``cost_fen`` is the freight of its legs, as planned.
    """

    lot_no: int
    declared_mass_kg: int
    port_of_loading: str
    port_of_discharge: str
    legs: tuple[WaybillLeg, ...]
    baseline_ttw_g: int
    baseline_wtw_g: int
    baseline_cost_fen: int
    cost_fen: int

    @property
    def transport_legs(self) -> tuple[WaybillLeg, ...]:
        """The legs that move the cargo (hub operations left out)."""
        return tuple([leg for leg in self.legs if leg.mode != "Hub"])

    @property
    def planned_wtw_g(self) -> int:
        """Planned emissions of the whole way, well to wheel."""
        return sum(leg.co2e_wtw_g for leg in self.legs)

    @property
    def estimated_saving_wtw_g(self) -> int:
        """Baseline - planned way, g CO2e WTW; negative when the shift emits more than the truck."""
        return self.baseline_wtw_g - self.planned_wtw_g

    @property
    def by_water(self) -> bool:
        """Whether any leg is on the water."""
        return any(leg.mode in WATER_MODES for leg in self.legs)


@dataclass(frozen=True, slots=True)
class BaselineLeg:
    """One element of the road chain that would have run: mode, class, distance. Mass is that of the lot. Distance basis
    and ``gcd_km`` as in :class:`WaybillLeg`."""

    seq: int
    role: str
    mode: str
    origin: str
    destination: str
    vehicle_class: str
    distance_km: float
    distance_basis: str
    gcd_km: float = field(default=0.0, metadata=LATER)


@dataclass(frozen=True, slots=True)
class Waybill:
    """The document. ``number`` has 20 characters, the last one a check character. ``cargo_class`` is the two-digit
    class of JT/T 19. ``declared_mass_kg`` is the shipper's word; settlement uses the carrier's weighing."""

    number: str
    version: int
    original_document_number: str
    transport_type_code: str
    plan_id: str
    shipment_id: str
    operator: Party
    consignor: Party
    consignee: Party
    cargo_code: str
    cargo_class: str
    cargo_group: str
    description_of_goods_zh: str
    description_of_goods_en: str
    declared_mass_kg: int
    place_of_receipt: str
    port_of_loading: str
    port_of_discharge: str
    place_of_delivery: str
    ready_at: datetime
    due_at: datetime
    issued_at: datetime
    lots: tuple[WaybillLot, ...]
    baseline_legs: tuple[BaselineLeg, ...]

    def lot(self, lot_no: int) -> WaybillLot:
        """The lot with that number; KeyError when the waybill has none."""
        for lot in self.lots:
            if lot.lot_no == lot_no:
                return lot
        raise KeyError(lot_no)
