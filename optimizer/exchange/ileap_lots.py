"""iLEAP documents of delivered lots: actual and baseline as two footprints of one shipment, and activity data.

The grams are those of the settlement's stored inputs, computed again by the same code; ids of elements say which lot,
side and position they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.lot_chain import ElementInput, chain_of
from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.chain import ElementFootprint
from optimizer.emissions.factors import FactorTable
from optimizer.exchange.decimals import decimal_text
from optimizer.exchange.ileap import (
    Activity,
    Bundle,
    Element,
    Energy,
    Operation,
    Place,
    ShipmentFootprint,
    unique_operations,
)
from optimizer.exchange.operations import operation_of
from optimizer.network.model import Mode, Network
from optimizer.quantities import G_PER_KG, KG_PER_T
from optimizer.waybills.waybill import Waybill, WaybillLeg

COUNTRY = "CN"


@dataclass(frozen=True, slots=True)
class SettledLot:
    """A calculation run and the waybill of its lot."""

    run: CalculationRun
    waybill: Waybill


def lots_bundle(lots: Sequence[SettledLot], network: Network, factors: FactorTable) -> Bundle:
    """The footprints of settled lots: actual, baseline, operations, and the voyages whose energy was logged.

    Raises FactorError when a factor of the calculation is no longer in the table.
    """
    actual: list[ShipmentFootprint] = []
    baseline: list[ShipmentFootprint] = []
    operations: list[Operation] = []
    activities: dict[str, Activity] = {}
    for lot in lots:
        inputs = lot.run.inputs
        legs = lot.waybill.lot(inputs.lot_no).legs
        shipment = f"{inputs.waybill_number}-{inputs.lot_no}"
        for side, items, target in (("A", inputs.project, actual), ("B", inputs.baseline, baseline)):
            one, used = _footprint(shipment, side, items, factors, inputs.on, network, legs if side == "A" else ())
            target.append(one)
            operations += used
        for item, leg in zip(inputs.project, legs, strict=False):
            _note_voyage(item, leg, shipment, network, factors, inputs.on, activities)
    return Bundle(tuple(actual), tuple(baseline), unique_operations(operations), tuple(activities.values()))


def place_of(location_id: str, network: Network) -> Place:
    """A place of the network as iLEAP names it; an unknown id stands as its own city."""
    location = network.locations.get(location_id)
    if location is None:
        return Place(location_id, COUNTRY)
    return Place(
        location.city or location.name_en,
        COUNTRY,
        location.unlocode,
        Decimal(decimal_text(location.latitude)),
        Decimal(decimal_text(location.longitude)),
    )


def basis_of(item: ElementInput) -> str:
    """The basis under which a distance of the accounts is handed over. Waybills from before said ``gcd`` for great
    circle times a detour factor, which estimates the shortest feasible distance and is none of a great circle."""
    return "sfd" if item.distance_basis == "gcd" else item.distance_basis or "actual"


def gcd_of(item: ElementInput) -> Decimal:
    """The great circle that an estimated distance rests on, metres exact; zero where it is not known or not needed."""
    return Decimal(decimal_text(round(item.gcd_km, 3)))


def element_of(
    item: ElementInput, element: ElementFootprint, operation: Operation, element_id: str, before: tuple[str, ...],
    network: Network, leg: WaybillLeg | None = None,
) -> Element:  # fmt: skip
    """A TCE from a computed element. Emissions are the grams of the accounts."""
    hub = element.mode is Mode.HUB
    origin, _, destination = element.place.partition(">")
    mass_kg = Decimal(element.mass_kg)
    distance_km = Decimal(0) if hub else Decimal(decimal_text(element.distance_km))
    return Element(
        element_id=element_id,
        operation_id=operation.operation_id,
        hub=hub,
        mass_kg=mass_kg,
        distance_km=distance_km,
        basis=basis_of(item),
        gcd_km=gcd_of(item),
        activity_tkm=mass_kg * distance_km / KG_PER_T,
        ttw_kg=Decimal(element.wtw_co2e.ttw_g) / G_PER_KG,
        wtw_kg=Decimal(element.wtw_co2e.total_g) / G_PER_KG,
        before=before,
        origin=place_of(origin, network),
        destination=place_of(destination or origin, network),
        departs_at=leg.planned_departs_at if leg else None,
        arrives_at=leg.planned_arrives_at if leg else None,
        voyage=leg.voyage_id if leg else "",
    )


def _footprint(
    shipment: str, side: str, items: Sequence[ElementInput], factors: FactorTable, on: date, network: Network,
    legs: Sequence[WaybillLeg],
) -> tuple[ShipmentFootprint, list[Operation]]:  # fmt: skip
    chain = chain_of(items, factors, on)
    elements: list[Element] = []
    operations = []
    for number, (item, element) in enumerate(zip(items, chain.elements, strict=True)):
        rates, words = _rates(item, element)
        operation = operation_of(element, rates, words, factors, on)
        operations.append(operation)
        before = (elements[-1].element_id,) if elements else ()
        leg = legs[number] if len(legs) == len(chain.elements) else None
        elements.append(element_of(item, element, operation, f"{shipment}-{side}{number + 1}", before, network, leg))
    mass_kg = Decimal(chain.elements[0].mass_kg)
    return ShipmentFootprint(shipment, mass_kg, tuple(elements)), operations


def _rates(item: ElementInput, element: ElementFootprint) -> tuple[tuple[float, float], str]:
    """TTW and WTT of an element per tkm (hub: per tonne) and where they come from. Logged energy is shared by the mass
    on board, which may differ from the mass delivered, so there the rate is what the element came to."""
    if item.intensity is not None:
        return (item.intensity.ttw_kg, item.intensity.wtt_kg), item.intensity.how.en
    log = item.log
    assert log is not None, "an element has an intensity or a log"
    work = element.mass_kg / KG_PER_T * (1.0 if item.mode is Mode.HUB else element.distance_km)
    words = f"logged {log.carrier} of voyage {log.voyage_id}, empty voyages included"
    grams = element.wtw_co2e
    return (grams.ttw_g / G_PER_KG / work, grams.wtt_g / G_PER_KG / work), words


def _note_voyage(
    item: ElementInput, leg: WaybillLeg, shipment: str, network: Network, factors: FactorTable, on: date,
    activities: dict[str, Activity],
) -> None:  # fmt: skip
    """Activity data of a voyage whose fuel was logged; further lots on board join it."""
    log = item.log
    if log is None:
        return
    known = activities.get(log.voyage_id)
    consignments = (*known.consignment_ids, shipment) if known else (shipment,)
    fuel = factors.energy(log.carrier, log.use, on, Boundary.WTW_CO2E).factor
    ttw, wtt = (Decimal(decimal_text(value or 0.0)) for value in (fuel.ttw_kg, fuel.wtt_kg))
    amount = Decimal(log.logged_g) / G_PER_KG
    activities[log.voyage_id] = Activity(
        activity_id=log.voyage_id,
        consignment_ids=consignments,
        mode=item.mode.value,
        distance_km=Decimal(decimal_text(item.distance_km)),
        basis=basis_of(item),
        gcd_km=gcd_of(item),
        origin=place_of(leg.origin, network),
        destination=place_of(leg.destination, network),
        departs_at=leg.planned_departs_at,
        arrives_at=leg.planned_arrives_at,
        mass_kg=Decimal(log.load_kg),
        load_factor=_load_factor(log.load_kg, leg, network),
        empty_distance_factor=_empty_factor(leg),
        energies=(Energy(log.carrier, ttw, ttw + wtt, Decimal(1), fuel.unit, amount),),
    )


def _load_factor(load_kg: int, leg: WaybillLeg, network: Network) -> Decimal | None:
    vessel = network.vessel_classes.get(leg.vehicle_class)
    if vessel is None:
        return None
    return Decimal(decimal_text(min(1.0, round(load_kg / KG_PER_T / vessel.capacity_t, 6))))


def _empty_factor(leg: WaybillLeg) -> Decimal:
    """Empty km per loaded km, as iLEAP counts it."""
    share = leg.empty_km_share
    return Decimal(decimal_text(round(share / (1 - share), 6))) if share < 1 else Decimal(0)


def by_waybill(runs: Mapping[str, CalculationRun], waybills: Mapping[str, Waybill]) -> list[SettledLot]:
    """The runs whose waybill is at hand, in the order of waybill and lot."""
    found = [SettledLot(run, waybills[run.inputs.waybill_number]) for run in runs.values()
             if run.inputs.waybill_number in waybills]  # fmt: skip
    return sorted(found, key=lambda lot: (lot.run.inputs.waybill_number, lot.run.inputs.lot_no))
