"""The data types of iLEAP 1.0 as frozen records, and as the JSON objects of its specification.

Operation            a TOC (transport operation category) or HOC (hub operation category): intensity and energy
Element              a TCE (transport chain element): one leg or hub operation of a shipment
ShipmentFootprint    the elements of a shipment in order
Activity             TAD (transport activity data): a voyage or trip and what it burnt

Every number is decimal text, optional members are left out and never null. Specification: iLEAP Technical
Specifications 1.0.0, Smart Freight Centre and SINE Foundation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from optimizer.exchange.decimals import decimal_text
from optimizer.quantities import iso

SPEC_VERSION = "1.0.0"

MODES = ("Road", "Rail", "Air", "Sea", "InlandWaterway")
HUB_TYPES = (
    "Transshipment", "StorageAndTransshipment", "Warehouse", "LiquidBulkTerminal", "MaritimeContainerTerminal",
)  # fmt: skip
CERTIFICATIONS = ("ISO14083:2023", "GLECv2", "GLECv3", "GLECv3.1")
ENERGY_UNITS = ("l", "kg", "kWh", "MJ")
ACTIVITY_UNITS = ("tkm", "TEUkm")
HUB_UNITS = ("tonnes", "TEU")
BASES = ("actual", "gcd", "sfd")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something begins or ends. ``country``: two letters. Coordinates in degrees, None where unknown."""

    city: str
    country: str
    locode: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Energy:
    """An energy carrier of an operation. Factors are kg CO2e per ``unit``; ``share`` is the part of the operation's
    energy, all shares summing to one; ``amount`` is what was consumed, None where nobody logged it."""

    carrier: str
    ttw_kg: Decimal
    wtw_kg: Decimal
    share: Decimal
    unit: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A TOC or a HOC. ``kind``: mode of a TOC, hub type of a HOC. Intensities are kg CO2e per ``unit`` (tkm or TEUkm;
    tonnes or TEU)."""

    operation_id: str
    hub: bool
    kind: str
    ttw_kg: Decimal
    wtw_kg: Decimal
    unit: str
    energies: tuple[Energy, ...]
    description: str = ""
    certified: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """A TCE. Mass kg, distance km on ``basis``, activity tkm (mass x that distance), emissions kg CO2e. ``gcd_km``: the
    great circle beside it where the distance is an estimate that rests on one. ``before``: ids of the elements before
    it."""

    element_id: str
    operation_id: str
    hub: bool
    mass_kg: Decimal
    distance_km: Decimal
    basis: str
    activity_tkm: Decimal
    ttw_kg: Decimal
    wtw_kg: Decimal
    before: tuple[str, ...] = ()
    origin: Place | None = None
    destination: Place | None = None
    departs_at: datetime | None = None
    arrives_at: datetime | None = None
    voyage: str = ""
    gcd_km: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ShipmentFootprint:
    """A shipment. ``mass_kg``: of the cargo."""

    shipment_id: str
    mass_kg: Decimal
    elements: tuple[Element, ...]

    @property
    def wtw_kg(self) -> Decimal:
        """The exact sum of its elements, kg CO2e."""
        return sum((element.wtw_kg for element in self.elements), Decimal(0))

    @property
    def activity_tkm(self) -> Decimal:
        """The exact sum of its elements, tkm."""
        return sum((element.activity_tkm for element in self.elements), Decimal(0))


@dataclass(frozen=True, slots=True)
class Activity:
    """TAD of one voyage or trip. Load factor and empty distance factor are parts of one, None where unknown."""

    activity_id: str
    consignment_ids: tuple[str, ...]
    mode: str
    distance_km: Decimal
    basis: str
    origin: Place
    destination: Place
    departs_at: datetime
    arrives_at: datetime
    mass_kg: Decimal | None = None
    load_factor: Decimal | None = None
    empty_distance_factor: Decimal | None = None
    energies: tuple[Energy, ...] = ()
    gcd_km: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one export or import holds. ``baseline``: footprints of the road chains that would have run, with the same
    shipment ids as ``footprints``."""

    footprints: tuple[ShipmentFootprint, ...] = ()
    baseline: tuple[ShipmentFootprint, ...] = ()
    operations: tuple[Operation, ...] = ()
    activities: tuple[Activity, ...] = ()

    @property
    def tocs(self) -> list[Operation]:
        """Transport operation categories."""
        return [operation for operation in self.operations if not operation.hub]

    @property
    def hocs(self) -> list[Operation]:
        """Hub operation categories."""
        return [operation for operation in self.operations if operation.hub]


def bundle_document(bundle: Bundle) -> dict[str, Any]:
    """A bundle as one JSON document; each list holds objects of the specification. Empty lists are left out."""
    lists = {
        "shipmentFootprints": [footprint_document(one) for one in bundle.footprints],
        "baselineFootprints": [footprint_document(one) for one in bundle.baseline],
        "tocs": [operation_document(one) for one in bundle.tocs],
        "hocs": [operation_document(one) for one in bundle.hocs],
        "tad": [activity_document(one) for one in bundle.activities],
    }
    return {"specVersion": SPEC_VERSION, **{name: items for name, items in lists.items() if items}}


def footprint_document(footprint: ShipmentFootprint) -> dict[str, Any]:
    """A ShipmentFootprint object."""
    return {
        "mass": decimal_text(footprint.mass_kg),
        "shipmentId": footprint.shipment_id,
        "tces": [_element(one, footprint.shipment_id) for one in footprint.elements],
    }


def operation_document(operation: Operation) -> dict[str, Any]:
    """A TOC or HOC object."""
    own = (
        {"hocId": operation.operation_id, "hubType": operation.kind, "hubActivityUnit": operation.unit}
        if operation.hub
        else {"tocId": operation.operation_id, "mode": operation.kind, "transportActivityUnit": operation.unit}
    )
    document: dict[str, Any] = {
        **own,
        "energyCarriers": [_energy(one) for one in operation.energies],
        "co2eIntensityWTW": decimal_text(operation.wtw_kg),
        "co2eIntensityTTW": decimal_text(operation.ttw_kg),
    }
    if operation.description:
        document["description"] = operation.description
    if operation.certified:
        document["certifications"] = [CERTIFICATIONS[0]]
    return document


def activity_document(activity: Activity) -> dict[str, Any]:
    """A TAD object."""
    document: dict[str, Any] = {
        "activityId": activity.activity_id,
        "consignmentIds": list(activity.consignment_ids),
        "distance": _distance(activity.basis, activity.distance_km, activity.gcd_km),
        "origin": _place(activity.origin),
        "destination": _place(activity.destination),
        "departureAt": iso(activity.departs_at),
        "arrivalAt": iso(activity.arrives_at),
        "mode": activity.mode,
    }
    numbers = {
        "mass": activity.mass_kg,
        "loadFactor": activity.load_factor,
        "emptyDistanceFactor": activity.empty_distance_factor,
    }
    document.update({name: decimal_text(number) for name, number in numbers.items() if number is not None})
    if activity.energies:
        document["energyCarriers"] = [_energy(one) for one in activity.energies]
    return document


def _distance(basis: str, distance_km: Decimal, gcd_km: Decimal) -> dict[str, str]:
    """The distance that counts, and beside it the great circle of an estimate: their quotient is the detour factor."""
    document = {basis: decimal_text(distance_km)}
    if gcd_km:
        document["gcd"] = decimal_text(gcd_km)
    return document


def _element(element: Element, shipment_id: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "tceId": element.element_id,
        "prevTceIds": list(element.before),
        "hocId" if element.hub else "tocId": element.operation_id,
        "shipmentId": shipment_id,
        "mass": decimal_text(element.mass_kg),
        "distance": _distance(element.basis, element.distance_km, element.gcd_km),
        "transportActivity": decimal_text(element.activity_tkm),
        "co2eWTW": decimal_text(element.wtw_kg),
        "co2eTTW": decimal_text(element.ttw_kg),
    }
    places = {"origin": element.origin, "destination": element.destination}
    document.update({name: _place(place) for name, place in places.items() if place is not None})
    times = {"departureAt": element.departs_at, "arrivalAt": element.arrives_at}
    document.update({name: iso(moment) for name, moment in times.items() if moment is not None})
    if element.voyage:
        document["voyageNo"] = element.voyage
    return document


def _energy(energy: Energy) -> dict[str, Any]:
    document: dict[str, Any] = {
        "energyCarrier": energy.carrier,
        "emissionFactorWTW": decimal_text(energy.wtw_kg),
        "emissionFactorTTW": decimal_text(energy.ttw_kg),
        "relativeShare": decimal_text(energy.share),
    }
    if energy.amount is not None:
        document["energyConsumption"] = decimal_text(energy.amount)
    if energy.unit:
        document["energyConsumptionUnit"] = energy.unit
    return document


def _place(place: Place) -> dict[str, Any]:
    document: dict[str, Any] = {"city": place.city, "country": place.country}
    if place.locode:
        document["locode"] = place.locode
    if place.latitude is not None and place.longitude is not None:
        document["lat"], document["lng"] = decimal_text(place.latitude), decimal_text(place.longitude)
    return document


def unique_operations(operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Each operation once, in order of first appearance."""
    return tuple({one.operation_id: one for one in operations}.values())
