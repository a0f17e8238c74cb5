"""A plan, its waybills and the events that carry it out, in the tiny world of ``tests.network.tiny``.

    S1  coal  600 t  MILL -> DOWN   lot 1 300 t on V1, lot 2 300 t on V2     shipper E1, received by E3
    S2  coal  150 t  MILL -> DOWN   lot 1 150 t on V1                        shipper E2, received by E3
    S3  coal   20 t  MILL -> DOWN   stays on the road

Each lot by water: truck MILL-UP, hub UP, vessel UP-DOWN, hub DOWN. V1 and V2 are SMALL
vessels, V9 is V2's empty return. The road from MILL to DOWN is made 260 km long, so that there is something to save.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.planning.plan import Amounts, Leg, Lot, Plan, PlannedShipment, Totals, Voyage
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME
from optimizer.waybills.codes import credit_code_check_character
from optimizer.waybills.event import Classifier, EnergyLog, Event, EventType, Evidence, event_id
from optimizer.waybills.issue import from_plan
from optimizer.waybills.party import Party
from optimizer.waybills.waybill import Waybill, WaybillLeg, WaybillLot
from tests.emissions.world import round_table
from tests.network.tiny import tiny_network

START = datetime(2026, 10, 5, 8, tzinfo=CHINA_TIME)
ISSUED_AT = datetime(2026, 10, 1, 9, tzinfo=CHINA_TIME)
LATER = datetime(2026, 11, 2, 9, tzinfo=CHINA_TIME)
ROAD_KM = 260.0
VOYAGE_FUEL_G = 260_000


def world_network() -> Network:
    """The tiny network with a long road."""
    network = tiny_network()
    links = dict(network.links)
    links["MILL-DOWN"] = replace(links["MILL-DOWN"], distance_km=ROAD_KM)
    return replace(network, links=links)


def world_factors() -> FactorTable:
    """Round numbers: diesel 4 kg CO2e/kg, electricity 0.6 kg CO2e/kWh."""
    return round_table()


def party(party_id: str, domain: str, role: str, *location_ids: str) -> Party:
    """A party with a valid credit code of a registration area that does not exist."""
    body = f"91999900TEST{party_id:0>5}".replace("S", "X")
    code = body + credit_code_check_character(body)
    return Party(party_id, code, f"示范{party_id}", f"Demo {party_id}", domain, "衢江区", "Qujiang", role, location_ids)


def parties() -> list[Party]:
    """Two shippers, a consignee at DOWN and the operator."""
    return [
        party("E1", "industry", "shipper", "MILL"),
        party("E2", "energy", "shipper", "PIT"),
        party("E3", "building", "consignee", "DOWN"),
        party("E9", "transport", "operator"),
    ]


def shipments() -> list[Shipment]:
    """S1, S2 and S3 as drawn above."""
    due = START + timedelta(days=8)
    return [
        Shipment("S1", "E1", "coal", 600_000, "MILL", "DOWN", START, due),
        Shipment("S2", "E2", "coal", 150_000, "MILL", "DOWN", START, due),
        Shipment("S3", "E2", "coal", 20_000, "MILL", "DOWN", START, due),
    ]


def _leg(seq: int, role: str, mode: str, ends: tuple[str, str], start_h: float, hours: float, mass_kg: int) -> Leg:
    distance_km = {"Road": 5.0, "InlandWaterway": 100.0, "Hub": 0.0}[mode]
    grams_per_t = {"Road": 330, "InlandWaterway": 3000, "Hub": 800}[mode]
    return Leg(
        seq=seq,
        role=role,
        mode=mode,
        origin=ends[0],
        destination=ends[1],
        vehicle_class={"Road": "T30D", "InlandWaterway": "SMALL", "Hub": ""}[mode],
        voyage_id="",
        departs_at=START + timedelta(hours=start_h),
        arrives_at=START + timedelta(hours=start_h + hours),
        distance_km=distance_km,
        activity_kgkm=int(distance_km * mass_kg),
        cost_fen=mass_kg,
        co2e_ttw_g=grams_per_t * mass_kg // 1250,
        co2e_wtw_g=grams_per_t * mass_kg // 1000,
        data_tier="assumed" if mode == "Hub" else "modelled",
        factor_ids=("Diesel-wtw",),
    )


def plan_lot(lot_no: int, mass_kg: int, voyage_id: str, day: int) -> Lot:
    """A lot that goes by truck, hub, vessel, hub; its vessel casts off on a day after START."""
    at_h = 24.0 * day
    main = _leg(3, "main", "InlandWaterway", ("UP", "DOWN"), at_h, 12, mass_kg)
    return Lot(
        lot_no,
        mass_kg,
        (
            _leg(1, "pre", "Road", ("MILL", "UP"), at_h - 12, 1, mass_kg),
            _leg(2, "hub", "Hub", ("UP", "UP"), at_h - 6, 6, mass_kg),
            replace(main, voyage_id=voyage_id),
            _leg(4, "hub", "Hub", ("DOWN", "DOWN"), at_h + 12, 5, mass_kg),
        ),
    )


def _road_leg(mass_kg: int) -> Leg:
    leg = _leg(1, "main", "Road", ("MILL", "DOWN"), 0, 6, mass_kg)
    wtw_g = 13_370 * mass_kg // 1000
    return replace(
        leg,
        vehicle_class="T30",
        distance_km=ROAD_KM,
        activity_kgkm=int(ROAD_KM * mass_kg),
        cost_fen=mass_kg * 11,
        co2e_ttw_g=wtw_g * 4 // 5,
        co2e_wtw_g=wtw_g,
    )


def planned_shipment(shipment_id: str, mass_kg: int, *lots: Lot) -> PlannedShipment:
    """A planned shipment with its road baseline; without lots it stays on the road."""
    road = _road_leg(mass_kg)
    chosen = lots or (Lot(1, mass_kg, (road,)),)
    baseline = Amounts(road.cost_fen, road.co2e_ttw_g, road.co2e_wtw_g, 6 * 3600)
    legs = [leg for lot in chosen for leg in lot.legs]
    saving = Amounts(
        baseline.cost_fen - sum(leg.cost_fen for leg in legs),
        baseline.co2e_ttw_g - sum(leg.co2e_ttw_g for leg in legs),
        baseline.co2e_wtw_g - sum(leg.co2e_wtw_g for leg in legs),
        0,
    )
    return PlannedShipment(shipment_id, "planned", None, None, chosen, baseline, (road,), saving, 0)


def voyage(voyage_id: str, vessel_id: str, load_kg: int, day: int) -> Voyage:
    """A voyage of a SMALL vessel; without a load the empty return."""
    empty = load_kg == 0
    departs_at = START + timedelta(days=day)
    return Voyage(
        voyage_id=voyage_id,
        vessel_id=vessel_id,
        vessel_class="SMALL",
        market="own",
        origin="DOWN" if empty else "UP",
        destination="UP" if empty else "DOWN",
        berth_from=departs_at - timedelta(hours=6),
        departs_at=departs_at,
        arrives_at=departs_at + timedelta(hours=12),
        free_at=departs_at + timedelta(hours=18),
        cargo_group="" if empty else "coal",
        load_kg=load_kg,
        capacity_kg=500_000,
        empty=empty,
        distance_km=100.0,
        locks=(),
        fuel_g=200_000 if empty else VOYAGE_FUEL_G,
        cost_fen=100_000,
        co2e_ttw_g=800_000,
        co2e_wtw_g=1_000_000,
    )


def plan_of(shipments_planned: Iterable[PlannedShipment], voyages: Iterable[Voyage]) -> Plan:
    """A plan document around shipments and voyages; its totals are left at zero, nothing here reads them."""
    nothing = Amounts(0, 0, 0, 0)
    totals = Totals(nothing, nothing, nothing, 0, 0, 0, 0, 0.0, 0.0)
    return Plan(
        "feasible", 0.0, 0.0, 0.0, 0.0, {}, {"product": "test"}, tuple(shipments_planned), tuple(voyages), (), totals
    )


def world_plan() -> Plan:
    """The plan drawn above."""
    return plan_of(
        [
            planned_shipment("S1", 600_000, plan_lot(1, 300_000, "V1", 1), plan_lot(2, 300_000, "V2", 2)),
            planned_shipment("S2", 150_000, plan_lot(1, 150_000, "V1", 1)),
            planned_shipment("S3", 20_000),
        ],
        [
            voyage("V1", "SMALL/UP/1", 450_000, 1),
            voyage("V2", "SMALL/UP/2", 300_000, 2),
            voyage("V9", "SMALL/UP/2", 0, 4),
        ],
    )


def world_waybills() -> list[Waybill]:
    """The waybills of the plan: S1's and S2's."""
    return from_plan(world_plan(), shipments(), parties(), world_network(), ISSUED_AT, "plan")


def digest(text: str) -> str:
    """A digest of evidence."""
    return hashlib.sha256(text.encode()).hexdigest()


def leg_event(
    waybill: Waybill,
    lot: WaybillLot,
    leg: WaybillLeg,
    kind: EventType,
    occurrence: int = 1,
    fuel_g: int | None = None,
    **changes: object,
) -> Event:
    """An event of a leg as planned: time, place, vessel and declared mass of the plan; weighed when by water.

    ``changes`` replace fields. ``fuel_g`` adds a fuel log with its receipt.
    """
    at_origin = kind in (EventType.LOAD, EventType.DEPA)
    moment = {
        EventType.LOAD: leg.planned_departs_at - timedelta(minutes=30),
        EventType.DEPA: leg.planned_departs_at,
        EventType.ARRI: leg.planned_arrives_at,
        EventType.DISC: leg.planned_arrives_at + timedelta(minutes=30),
    }[kind]
    weighed = kind in (EventType.LOAD, EventType.DISC)
    subject = f"{waybill.number}/{lot.lot_no}/{leg.seq}/{kind.value}/{occurrence}"
    evidence = [Evidence("weigh_ticket", digest(subject))] if weighed and leg.voyage_id else []
    if fuel_g is not None:
        evidence.append(Evidence("fuel_receipt", digest(leg.voyage_id)))
    event = Event(
        event_id=event_id(waybill.number, lot.lot_no, leg.seq, kind, occurrence),
        waybill_number=waybill.number,
        lot_no=lot.lot_no,
        leg_seq=leg.seq,
        classifier=Classifier.ACT,
        event_type=kind,
        event_time=moment,
        record_time=moment + timedelta(minutes=10),
        reporter_id="E9",
        location_id=leg.origin if at_origin else leg.destination,
        voyage_id=leg.voyage_id,
        vessel_id=leg.vessel_id,
        mass_kg=lot.declared_mass_kg if weighed else None,
        energy=EnergyLog("Diesel", fuel_g) if fuel_g is not None else None,
        evidence=tuple(evidence),
    )
    return replace(event, **changes)  # type: ignore[arg-type]


def delivery(waybill: Waybill, lot: WaybillLot, **changes: object) -> Event:
    """The delivery of a lot, two hours after its last planned arrival."""
    moment = lot.legs[-1].planned_arrives_at + timedelta(hours=2)
    event = Event(
        event_id=event_id(waybill.number, lot.lot_no, None, EventType.DLV),
        waybill_number=waybill.number,
        lot_no=lot.lot_no,
        leg_seq=None,
        classifier=Classifier.ACT,
        event_type=EventType.DLV,
        event_time=moment,
        record_time=moment + timedelta(minutes=10),
        reporter_id="E3",
        location_id=waybill.place_of_delivery,
    )
    return replace(event, **changes)  # type: ignore[arg-type]


def lot_events(waybill: Waybill, lot: WaybillLot, fuel_logs: dict[str, int] | None = None) -> list[Event]:
    """Everything a lot needs to be verified; ``fuel_logs``: voyage -> grams."""
    events = []
    for leg in lot.transport_legs:
        for kind in (EventType.LOAD, EventType.DEPA, EventType.ARRI, EventType.DISC):
            fuel_g = (fuel_logs or {}).get(leg.voyage_id) if kind is EventType.ARRI else None
            events.append(leg_event(waybill, lot, leg, kind, fuel_g=fuel_g))
    return [*events, delivery(waybill, lot)]


def all_events(waybills: Iterable[Waybill], fuel_logs: dict[str, int] | None = None) -> list[Event]:
    """Everything that verifies every lot of the waybills."""
    return [event for waybill in waybills for lot in waybill.lots for event in lot_events(waybill, lot, fuel_logs)]
