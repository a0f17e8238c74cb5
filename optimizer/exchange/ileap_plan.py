"""iLEAP documents of a plan: each lot's planned way and, per shipment, the road chain; voyages as activity data."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from optimizer.emissions.factors import FactorTable
from optimizer.exchange.decimals import decimal_text
from optimizer.exchange.ileap import Activity, Bundle, Element, Operation, ShipmentFootprint, unique_operations
from optimizer.exchange.ileap_lots import place_of
from optimizer.exchange.operations import HUB_TYPE, energies_of, named_operation
from optimizer.network.graph import NetworkGraph
from optimizer.network.measured import Measured
from optimizer.network.model import Mode, Network
from optimizer.planning.plan import Leg, Plan, PlannedShipment
from optimizer.quantities import CHINA_TIME, G_PER_KG, KG_PER_T


def plan_bundle(plan: Plan, network: Network, factors: FactorTable) -> Bundle:
    """Footprints of all planned lots, of the road chains beside them, operations, and loaded voyages.

    Raises FactorError when a factor that the plan names is not in the table.
    """
    graph = NetworkGraph(network)
    footprints, baseline = [], []
    operations: list[Operation] = []
    lots_of: dict[str, list[str]] = {}
    for shipment in plan.shipments:
        for lot in shipment.lots:
            name = f"{shipment.shipment_id}-{lot.lot_no}"
            one, used = _footprint(name, "A", lot.mass_kg, lot.legs, graph, factors)
            footprints.append(one)
            operations += used
            for leg in lot.legs:
                if leg.voyage_id:
                    lots_of.setdefault(leg.voyage_id, []).append(name)
        road = _road(shipment, graph, factors)
        if road is not None:
            baseline.append(road[0])
            operations += road[1]
    voyages = tuple(_voyage(plan, number, lots_of, graph) for number, one in enumerate(plan.voyages) if not one.empty)
    return Bundle(tuple(footprints), tuple(baseline), unique_operations(operations), voyages)


def _road(
    shipment: PlannedShipment, graph: NetworkGraph, factors: FactorTable
) -> tuple[ShipmentFootprint, list[Operation]] | None:
    mass_kg = sum(lot.mass_kg for lot in shipment.lots)
    if not shipment.baseline_legs or not mass_kg:
        return None
    return _footprint(shipment.shipment_id, "B", mass_kg, shipment.baseline_legs, graph, factors)


def _footprint(
    name: str, side: str, mass_kg: int, legs: Sequence[Leg], graph: NetworkGraph, factors: FactorTable
) -> tuple[ShipmentFootprint, list[Operation]]:
    elements: list[Element] = []
    operations = []
    for leg in legs:
        operation = _operation(leg, mass_kg, factors)
        operations.append(operation)
        before = (elements[-1].element_id,) if elements else ()
        elements.append(_element(leg, mass_kg, operation, f"{name}-{side}{leg.seq}", before, graph))
    return ShipmentFootprint(name, Decimal(mass_kg), tuple(elements)), operations


def _operation(leg: Leg, mass_kg: int, factors: FactorTable) -> Operation:
    mode = Mode(leg.mode)
    hub = mode is Mode.HUB
    work = Decimal(mass_kg) / KG_PER_T if hub else _activity_tkm(leg, mass_kg)
    ttw = Decimal(leg.co2e_ttw_g) / G_PER_KG / work
    wtw = Decimal(leg.co2e_wtw_g) / G_PER_KG / work
    on = leg.departs_at.astimezone(CHINA_TIME).date()
    named = [factors.get(factor_id) for factor_id in leg.factor_ids]
    return named_operation(
        hub=hub,
        kind=HUB_TYPE if hub else mode.value,
        ttw_kg=ttw,
        wtw_kg=wtw,
        unit="tonnes" if hub else "tkm",
        energies=energies_of(named, mode, factors, on, ttw, wtw),
        description=f"planned {leg.role} {leg.vehicle_class} ({leg.data_tier})".replace("  ", " "),
    )


def _activity_tkm(leg: Leg, mass_kg: int) -> Decimal:
    return Decimal(mass_kg) * Decimal(decimal_text(leg.distance_km)) / KG_PER_T


def _element(
    leg: Leg, mass_kg: int, operation: Operation, element_id: str, before: tuple[str, ...], graph: NetworkGraph
) -> Element:
    hub, network = operation.hub, graph.network
    measured = (
        Measured("actual") if hub else graph.measured(Mode(leg.mode), leg.origin, leg.destination, leg.vehicle_class)
    )
    return Element(
        element_id=element_id,
        operation_id=operation.operation_id,
        hub=hub,
        mass_kg=Decimal(mass_kg),
        distance_km=Decimal(0) if hub else Decimal(decimal_text(leg.distance_km)),
        basis=measured.basis,
        gcd_km=Decimal(decimal_text(round(measured.gcd_km, 3))),
        activity_tkm=Decimal(0) if hub else _activity_tkm(leg, mass_kg),
        ttw_kg=Decimal(leg.co2e_ttw_g) / G_PER_KG,
        wtw_kg=Decimal(leg.co2e_wtw_g) / G_PER_KG,
        before=before,
        origin=place_of(leg.origin, network),
        destination=place_of(leg.destination, network),
        departs_at=leg.departs_at,
        arrives_at=leg.arrives_at,
        voyage=leg.voyage_id,
    )


def _voyage(plan: Plan, number: int, lots_of: dict[str, list[str]], graph: NetworkGraph) -> Activity:
    voyage, network = plan.voyages[number], graph.network
    vessel = network.vessel_classes.get(voyage.vessel_class)
    sea = vessel is not None and vessel.waters != "inland"
    mode = Mode.SEA if sea else Mode.INLAND_WATERWAY
    measured = graph.measured(mode, voyage.origin, voyage.destination, voyage.vessel_class)
    return Activity(
        activity_id=voyage.voyage_id,
        consignment_ids=tuple(lots_of.get(voyage.voyage_id, ())),
        mode=mode.value,
        distance_km=Decimal(decimal_text(voyage.distance_km)),
        basis=measured.basis,
        gcd_km=Decimal(decimal_text(round(measured.gcd_km, 3))),
        origin=place_of(voyage.origin, network),
        destination=place_of(voyage.destination, network),
        departs_at=voyage.departs_at,
        arrives_at=voyage.arrives_at,
        mass_kg=Decimal(voyage.load_kg),
        load_factor=Decimal(decimal_text(round(voyage.load_kg / voyage.capacity_kg, 6))),
    )
