"""From a plan to its waybills: a pure function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import Tour
from optimizer.errors import Fault, InputError, Message
from optimizer.network.graph import Lane, NetworkGraph, Way
from optimizer.network.measured import Measured
from optimizer.network.model import WATER_MODES, Mode, Network
from optimizer.planning.plan import Amounts, Leg, Lot, Plan, PlannedShipment, Voyage
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME, apportion
from optimizer.waybills.codes import waybill_number
from optimizer.waybills.party import Party
from optimizer.waybills.sharing import empty_running, round_trips, tours
from optimizer.waybills.waybill import (
    TRANSPORT_TYPE_ROAD_WATER,
    BaselineLeg,
    Waybill,
    WaybillLeg,
    WaybillLot,
)


@dataclass(frozen=True, slots=True)
class _Sources:
    """What a waybill is made from besides its shipment."""

    graph: NetworkGraph
    voyages: Mapping[str, Voyage]
    empties: Mapping[str, tuple[float, float]]
    round_trips: Mapping[str, RoundTrip]
    tours: Mapping[str, Tour]
    plan_id: str
    issued_at: datetime


def from_plan(
    plan: Plan,
    shipments: Iterable[Shipment],
    parties: Iterable[Party],
    network: Network,
    issued_at: datetime,
    plan_id: str = "",
) -> list[Waybill]:
    """One waybill for every planned shipment that leaves the road, at least with one lot, in the plan's order.

    A lot leaves the road when it travels by water on another way than its baseline would have (an island's baseline has
    a ship in it too).
    The operator is the one party with role ``operator``; the consignee is the party that receives at the destination
    (``location_ids``), or the shipper itself. The number follows from operator, shipper and shipment, so issuing twice
    gives the same number. Raises InputError listing every shipment, shipper or cargo that is unknown.
    """
    by_id = {shipment.shipment_id: shipment for shipment in shipments}
    by_party = {party.party_id: party for party in parties}
    shifted = [item for item in plan.shipments if any(_shifted(lot, item) for lot in item.lots)]
    operator = _operator(by_party)
    faults = _unknown(shifted, by_id, by_party, network)
    if faults:
        raise InputError.of(faults)
    sources = _Sources(
        graph=NetworkGraph(network),
        voyages={voyage.voyage_id: voyage for voyage in plan.voyages},
        empties=empty_running(plan.voyages),
        round_trips=round_trips(plan.voyages),
        tours=tours(plan.voyages),
        plan_id=plan_id,
        issued_at=issued_at,
    )
    return [_waybill(item, by_id[item.shipment_id], operator, by_party, sources) for item in shifted]


def _shifted(lot: Lot, item: PlannedShipment) -> bool:
    way = [(leg.mode, leg.origin, leg.destination) for leg in lot.legs]
    baseline = [(leg.mode, leg.origin, leg.destination) for leg in item.baseline_legs]
    return any(leg.mode in WATER_MODES for leg in lot.legs) and way != baseline


def _operator(parties: Mapping[str, Party]) -> Party:
    operators = [party for party in parties.values() if party.role == "operator"]
    if len(operators) != 1:
        message = Message(
            f"参与方中应恰有一个多式联运经营人（operator），现有 {len(operators)} 个；登记用 modalshift party add。",
            f"Exactly one party must be the multimodal operator; there are {len(operators)}. Parties are registered by"
            " modalshift party add.",
        )
        raise InputError.of([Fault("parties", None, "role", "one_operator", message)])
    return operators[0]


def _unknown(
    shifted: Sequence[PlannedShipment],
    shipments: Mapping[str, Shipment],
    parties: Mapping[str, Party],
    network: Network,
) -> list[Fault]:
    faults = []
    for item in shifted:
        shipment = shipments.get(item.shipment_id)
        if shipment is None:
            faults.append(_unknown_fault(item.shipment_id, "shipment_id", item.shipment_id, "货单", "shipment"))
            continue
        if shipment.shipper_id not in parties:
            faults.append(_unregistered(item.shipment_id, shipment.shipper_id))
        if shipment.cargo_code not in network.cargo:
            faults.append(_unknown_fault(item.shipment_id, "cargo_code", shipment.cargo_code, "货类", "cargo code"))
    return faults


def _unregistered(shipment_id: str, shipper_id: str) -> Fault:
    return Fault(
        f"plan/{shipment_id}",
        None,
        "shipper_id",
        "unknown_shipper_id",
        Message(
            f"托运人“{shipper_id}”尚未登记；请先登记（modalshift party add），或改正货单，或先不选这一票。",
            f"shipper '{shipper_id}' is not registered; register it (modalshift party add), mend the shipment, or "
            "leave it out for now.",
        ),
    )


def _unknown_fault(shipment_id: str, column: str, value: str, noun_zh: str, noun_en: str) -> Fault:
    return Fault(
        f"plan/{shipment_id}",
        None,
        column,
        f"unknown_{column}",
        Message(
            f"未知{noun_zh}“{value}”；请先登记，或使用计划所依据的文件。",
            f"unknown {noun_en} '{value}'; register it first, or use the file the plan was made from.",
        ),
    )


def _waybill(
    item: PlannedShipment, shipment: Shipment, operator: Party, parties: Mapping[str, Party], sources: _Sources
) -> Waybill:
    consignor = parties[shipment.shipper_id]
    cargo = sources.graph.network.cargo[shipment.cargo_code]
    lots = _lots(item, sources)
    first_by_water = next(lot for lot in lots if lot.by_water)
    return Waybill(
        number=waybill_number(
            shipment.ready_at.astimezone(CHINA_TIME).date(),
            f"{operator.credit_code}|{consignor.credit_code}|{shipment.shipment_id}",
        ),
        version=1,
        original_document_number=shipment.reference,
        transport_type_code=TRANSPORT_TYPE_ROAD_WATER,
        plan_id=sources.plan_id,
        shipment_id=shipment.shipment_id,
        operator=operator,
        consignor=consignor,
        consignee=_consignee(shipment, consignor, parties),
        cargo_code=cargo.cargo_code,
        cargo_class=cargo.jt_t_19_class,
        cargo_group=cargo.cargo_group,
        description_of_goods_zh=cargo.name_zh,
        description_of_goods_en=cargo.name_en,
        declared_mass_kg=shipment.mass_kg - item.left_kg,
        place_of_receipt=shipment.origin,
        port_of_loading=first_by_water.port_of_loading,
        port_of_discharge=first_by_water.port_of_discharge,
        place_of_delivery=shipment.destination,
        ready_at=shipment.ready_at,
        due_at=shipment.due_at,
        issued_at=sources.issued_at,
        lots=lots,
        baseline_legs=tuple(_baseline_leg(leg, sources.graph) for leg in item.baseline_legs),
    )


def _consignee(shipment: Shipment, consignor: Party, parties: Mapping[str, Party]) -> Party:
    receivers = [
        party
        for party in parties.values()
        if shipment.destination in party.location_ids and party.role in ("consignee", "shipper")
    ]
    if consignor in receivers or not receivers:
        return consignor
    return min(receivers, key=lambda party: (party.role != "consignee", party.party_id))


def _lots(item: PlannedShipment, sources: _Sources) -> tuple[WaybillLot, ...]:
    """The lots with their shares of the baseline, which is one figure per shipment in the plan."""
    masses_kg = [lot.mass_kg for lot in item.lots]
    baseline = item.baseline or Amounts(0, 0, 0, 0)
    shares = zip(
        item.lots,
        apportion(baseline.co2e_ttw_g, masses_kg),
        apportion(baseline.co2e_wtw_g, masses_kg),
        apportion(baseline.cost_fen, masses_kg),
        strict=True,
    )
    return tuple(_lot(lot, ttw_g, wtw_g, cost_fen, sources) for lot, ttw_g, wtw_g, cost_fen in shares)


def _lot(lot: Lot, baseline_ttw_g: int, baseline_wtw_g: int, baseline_cost_fen: int, sources: _Sources) -> WaybillLot:
    water = [leg for leg in lot.legs if leg.mode in WATER_MODES]
    return WaybillLot(
        lot_no=lot.lot_no,
        declared_mass_kg=lot.mass_kg,
        port_of_loading=water[0].origin if water else "",
        port_of_discharge=water[-1].destination if water else "",
        legs=tuple(_leg(leg, sources) for leg in lot.legs),
        baseline_ttw_g=baseline_ttw_g,
        baseline_wtw_g=baseline_wtw_g,
        baseline_cost_fen=baseline_cost_fen,
        cost_fen=sum(leg.cost_fen for leg in lot.legs),
    )


def _leg(leg: Leg, sources: _Sources) -> WaybillLeg:
    voyage = sources.voyages.get(leg.voyage_id)
    own = voyage is not None and voyage.offer is None
    measured = _measured(leg, sources.graph)
    fuel_ratio, km_share = sources.empties.get(leg.vehicle_class, (0.0, 0.0)) if own else (0.0, 0.0)
    return WaybillLeg(
        seq=leg.seq,
        role=leg.role,
        mode=leg.mode,
        origin=leg.origin,
        destination=leg.destination,
        vehicle_class=leg.vehicle_class,
        voyage_id=leg.voyage_id,
        vessel_id=voyage.vessel_id if voyage else "",
        planned_departs_at=leg.departs_at,
        planned_arrives_at=leg.arrives_at,
        distance_km=leg.distance_km,
        distance_basis=measured.basis,
        co2e_ttw_g=leg.co2e_ttw_g,
        co2e_wtw_g=leg.co2e_wtw_g,
        data_tier=leg.data_tier,
        factor_ids=leg.factor_ids,
        voyage_load_kg=voyage.load_kg if voyage else 0,
        voyage_fuel_g=voyage.fuel_g if voyage else 0,
        empty_fuel_ratio=fuel_ratio,
        empty_km_share=km_share,
        gcd_km=measured.gcd_km,
        round_trip=sources.round_trips.get(leg.voyage_id) if own else None,
        tour=sources.tours.get(leg.voyage_id) if own else None,
    )


def _baseline_leg(leg: Leg, graph: NetworkGraph) -> BaselineLeg:
    measured = _measured(leg, graph)
    return BaselineLeg(
        seq=leg.seq,
        role=leg.role,
        mode=leg.mode,
        origin=leg.origin,
        destination=leg.destination,
        vehicle_class=leg.vehicle_class,
        distance_km=leg.distance_km,
        distance_basis=measured.basis,
        gcd_km=measured.gcd_km,
    )


def way_of(leg: WaybillLeg, graph: NetworkGraph) -> tuple[float, Measured] | None:
    """Length in km of a leg between its ends by its mode and class and how that is known; None without a way."""
    if leg.mode == "Road":
        found: Way | Lane | None = graph.road(leg.origin, leg.destination)
    elif leg.mode in WATER_MODES and leg.vehicle_class in graph.network.vessel_classes:
        lane = graph.lane(leg.origin, leg.destination, leg.vehicle_class)
        found = lane if lane is not None and lane.stretches else None
    else:
        return None
    return None if found is None else (found.distance_km, _measured(leg, graph))


def _measured(leg: Leg | WaybillLeg, graph: NetworkGraph) -> Measured:
    """How the distance of a leg is known; nothing at a hub."""
    if leg.mode == "Hub":
        return Measured("")
    return graph.measured(Mode(leg.mode), leg.origin, leg.destination, leg.vehicle_class)
