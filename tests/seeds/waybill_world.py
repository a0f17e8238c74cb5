"""A few waybills over one corridor, built by hand: mill - upstream port - downstream port - yard.

Every lot goes pre-leg by truck, hub, vessel, hub, post-leg by truck; a relay lot changes vessels half way.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from optimizer.demo.seed_files import read_parties
from optimizer.quantities import CHINA_TIME
from optimizer.waybills.codes import waybill_number
from optimizer.waybills.waybill import TRANSPORT_TYPE_ROAD_WATER, Waybill, WaybillLeg, WaybillLot

START = datetime(2026, 10, 5, 8, tzinfo=CHINA_TIME)
PARTIES = {party.party_id: party for party in read_parties()}


def leg(
    seq: int, role: str, mode: str, origin: str, destination: str, departs_h: float, hours: float, voyage: str = ""
) -> WaybillLeg:
    """One leg, ``departs_h`` hours after START. A voyage's vessel is named after it."""
    return WaybillLeg(
        seq=seq,
        role=role,
        mode=mode,
        origin=origin,
        destination=destination,
        vehicle_class="B800" if voyage else "T30",
        voyage_id=voyage,
        vessel_id=f"B800/{voyage}" if voyage else "",
        planned_departs_at=START + timedelta(hours=departs_h),
        planned_arrives_at=START + timedelta(hours=departs_h + hours),
        distance_km=300.0 if voyage else 10.0,
        distance_basis="actual",
        co2e_ttw_g=1000,
        co2e_wtw_g=1200,
        data_tier="modelled",
        factor_ids=(),
        voyage_load_kg=700_000 if voyage else 0,
        voyage_fuel_g=1_100_000 if voyage else 0,
    )


def lot(lot_no: int, mass_kg: int, *voyages: str, departs_h: float = 12.0) -> WaybillLot:
    """A lot on one voyage, or on two with a change of vessel at XS."""
    ports = ["QJ", "XS", "JX"] if len(voyages) == 2 else ["QJ", "JX"]
    legs = [leg(1, "pre", "Road", "YL", "QJ", departs_h - 6, 1), leg(2, "hub", "Hub", "QJ", "QJ", departs_h - 5, 5)]
    moment_h = departs_h
    for voyage, origin, destination in zip(voyages, ports, ports[1:], strict=False):
        legs.append(leg(len(legs) + 1, "main", "InlandWaterway", origin, destination, moment_h, 40, voyage))
        legs.append(leg(len(legs) + 1, "hub", "Hub", destination, destination, moment_h + 40, 3))
        moment_h += 43
    legs.append(leg(len(legs) + 1, "post", "Road", "JX", "SITE", moment_h, 1))
    return WaybillLot(
        lot_no=lot_no,
        declared_mass_kg=mass_kg,
        port_of_loading="QJ",
        port_of_discharge="JX",
        legs=tuple(legs),
        baseline_ttw_g=9000,
        baseline_wtw_g=9900,
        baseline_cost_fen=50_000,
        cost_fen=40_000,
    )


def waybill(shipment_id: str, *lots: WaybillLot) -> Waybill:
    """One waybill over the lots, due ten days after START."""
    return Waybill(
        number=waybill_number(date(2026, 10, 5), shipment_id),
        version=1,
        original_document_number="",
        transport_type_code=TRANSPORT_TYPE_ROAD_WATER,
        plan_id="P",
        shipment_id=shipment_id,
        operator=PARTIES["E12"],
        consignor=PARTIES["E01"],
        consignee=PARTIES["E14"],
        cargo_code="steel",
        cargo_class="04",
        cargo_group="steel",
        description_of_goods_zh="钢材",
        description_of_goods_en="steel",
        declared_mass_kg=sum(item.declared_mass_kg for item in lots),
        place_of_receipt="YL",
        port_of_loading="QJ",
        port_of_discharge="JX",
        place_of_delivery="SITE",
        ready_at=START,
        due_at=START + timedelta(days=10),
        issued_at=START,
        lots=lots,
        baseline_legs=(),
    )


def fleet_of_waybills(count: int) -> list[Waybill]:
    """``count`` waybills of two lots each, on two voyages a waybill, all different vessels."""
    return [
        waybill(f"S{i:03d}", lot(1, 600_000 + 1000 * i, f"V{i:03d}a"), lot(2, 400_000 + 1000 * i, f"V{i:03d}b"))
        for i in range(count)
    ]
