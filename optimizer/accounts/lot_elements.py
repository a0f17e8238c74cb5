"""The elements of a delivered lot: each leg as the input of a calculation, by its fuel log or by its class's model."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from datetime import date
from typing import Any

from optimizer.accounts.lot_chain import ElementInput, VoyageShare
from optimizer.accounts.voyages import SailedLeg, Voyages
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import (
    EnergyRates,
    Intensity,
    Running,
    Touring,
    energy_rates,
    hub_operation,
    rail_operation,
    sea_service_operation,
    truck_operation,
    vessel_operation,
    vessel_running,
)
from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import Tour
from optimizer.network.model import Mode, Network, VesselClass
from optimizer.quantities import KG_PER_T
from optimizer.waybills.waybill import BaselineLeg, Waybill, WaybillLeg, WaybillLot


class Classes:
    """Intensities of the network's classes for one cargo group on one day. ``known``: those made before with this
    network and these factors, for who asks for many lots; new ones are put there."""

    def __init__(
        self,
        cargo_group: str,
        network: Network,
        factors: FactorTable,
        on: date,
        known: MutableMapping[Any, Intensity],
    ) -> None:
        self.cargo_group, self.network, self.factors, self.on = cargo_group, network, factors, on
        self._known = known

    def element(self, leg: BaselineLeg | WaybillLeg, mass_kg: int) -> ElementInput:
        """A leg that is not a planned voyage: truck, train, sea service or hub. It hangs on mode, ends, class and
        distance of the leg alone."""
        hub = leg.mode == Mode.HUB
        return ElementInput(
            mode=Mode(leg.mode),
            route=leg.origin if hub else f"{leg.origin}>{leg.destination}",
            mass_kg=mass_kg,
            distance_km=0.0 if hub else leg.distance_km,
            distance_basis="" if hub else leg.distance_basis,
            intensity=self._once(
                (leg.mode, leg.origin, self.cargo_group, leg.vehicle_class, self.on), lambda: self._intensity(leg)
            ),
            log=None,
            gcd_km=leg.gcd_km,
        )

    def _once(self, key: tuple[Any, ...], make: Callable[[], Intensity]) -> Intensity:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = make()
        return found

    def _intensity(self, leg: BaselineLeg | WaybillLeg) -> Intensity:
        mode, network = Mode(leg.mode), self.network
        if mode is Mode.HUB:
            return hub_operation(network.terminals[(leg.origin, self.cargo_group)], self.factors, self.on)
        if mode is Mode.ROAD:
            return truck_operation(network.truck_classes[leg.vehicle_class], self.factors, self.on)
        if mode is Mode.RAIL:
            return rail_operation(self.factors, self.on)
        vessel = network.vessel_classes[leg.vehicle_class]
        load_factor, empty_share = network.value("sea_load_factor"), network.value("sea_empty_share")
        return sea_service_operation(vessel, load_factor, empty_share, self.factors, self.on)

    def voyage(
        self, leg: WaybillLeg, vehicle_class: str, load_kg: int, shared: tuple[RoundTrip | None, Tour | None]
    ) -> Intensity:
        """A planned voyage by its class model at the load on board (a load above the capacity counts as full)."""
        sails = leg.mode, leg.empty_km_share, leg.distance_km
        return self._once(
            (sails, vehicle_class, load_kg, shared, self.on), lambda: self._voyage(leg, vehicle_class, load_kg, shared)
        )

    def _voyage(
        self, leg: WaybillLeg, vehicle_class: str, load_kg: int, shared: tuple[RoundTrip | None, Tour | None]
    ) -> Intensity:
        vessel, load_t = self._loaded(vehicle_class, load_kg)
        round_trip, tour = shared
        return vessel_operation(
            *(vessel, load_t, leg.empty_km_share, self.factors, self.on, _use(leg.mode)),
            *(round_trip, _touring(tour, leg)),
        )

    def running(
        self, leg: WaybillLeg, vehicle_class: str, load_kg: int, shared: tuple[RoundTrip | None, Tour | None]
    ) -> tuple[float, Running]:
        """Of :meth:`voyage` the load, t, and how the vessel runs with it."""
        vessel, load_t = self._loaded(vehicle_class, load_kg)
        round_trip, tour = shared
        return load_t, vessel_running(vessel, load_t, leg.empty_km_share, round_trip, _touring(tour, leg))

    def rates(self, leg: WaybillLeg, vehicle_class: str) -> EnergyRates:
        """Of :meth:`voyage` what each kg (kWh) emits."""
        carrier = self.network.vessel_classes[vehicle_class].energy_carrier
        return energy_rates(carrier, _use(leg.mode), self.factors, self.on)

    def _loaded(self, vehicle_class: str, load_kg: int) -> tuple[VesselClass, float]:
        vessel = self.network.vessel_classes[vehicle_class]
        return vessel, min(load_kg / KG_PER_T, vessel.capacity_t)


def project_element(
    waybill: Waybill, lot: WaybillLot, leg: WaybillLeg, mass_kg: int, voyages: Voyages, classes: Classes
) -> ElementInput:
    """One leg of a lot as it was carried: by its voyage where it sailed on one, else by its class."""
    sailed = sailed_voyage(waybill, lot, leg, voyages)
    return classes.element(leg, mass_kg) if sailed is None else voyage_element(leg, sailed, mass_kg, voyages, classes)


def sailed_voyage(waybill: Waybill, lot: WaybillLot, leg: WaybillLeg, voyages: Voyages) -> SailedLeg | None:
    """The voyage that a leg was carried on, None for a leg of which none was planned or reported."""
    sailed = voyages.legs.get((waybill.number, lot.lot_no, leg.seq))
    return sailed if sailed is not None and sailed.voyage_id else None


def voyage_element(
    leg: WaybillLeg, sailed: SailedLeg, mass_kg: int, voyages: Voyages, classes: Classes
) -> ElementInput:
    """A leg that sailed on a planned voyage, by its log where there is one."""
    load_kg = voyages.load_kg[sailed.voyage_id]
    round_trip, tour = sharing_of(leg, sailed, voyages)
    share = voyage_share(leg, sailed, voyages, tour)
    return ElementInput(
        mode=Mode(leg.mode),
        route=f"{leg.origin}>{leg.destination}",
        mass_kg=mass_kg,
        distance_km=leg.distance_km,
        distance_basis=leg.distance_basis,
        intensity=None if share else classes.voyage(leg, sailed.vehicle_class, load_kg, (round_trip, tour)),
        log=share,
        round_trip=round_trip,
        gcd_km=leg.gcd_km,
        tour=tour,
    )


def voyage_share(leg: WaybillLeg, sailed: SailedLeg, voyages: Voyages, tour: Tour | None) -> VoyageShare | None:
    """A lot's part in the logged energy of a voyage, None where nothing was logged. ``tour``: as :func:`sharing_of`."""
    log = voyages.logs.get(sailed.voyage_id)
    if log is None:
        return None
    return VoyageShare(
        voyage_id=sailed.voyage_id,
        carrier=log.carrier,
        use=_use(leg.mode),
        logged_g=log.amount_g,
        empty_fuel_ratio=0.0 if tour else leg.empty_fuel_ratio,
        own_kg=sailed.loaded_kg,
        load_kg=voyages.load_kg[sailed.voyage_id],
    )


def sharing_of(leg: WaybillLeg, sailed: SailedLeg, voyages: Voyages) -> tuple[RoundTrip | None, Tour | None]:
    """Return cargo and tour of the voyage that the cargo really sailed on.

    Cargo that sailed on another voyage has no part in the planned one's return cargo; it bears the empties of that
    other voyage's tour as everything on board does, so that the tour's empties are borne once. A hull of another class
    is none of the plan: its empties are the class's average.
    """
    if (sailed.voyage_id, sailed.vehicle_class) == (leg.voyage_id, leg.vehicle_class):
        return leg.round_trip, leg.tour
    tour = voyages.tours.get(sailed.voyage_id)
    return None, tour if tour is not None and tour.vessel_class == sailed.vehicle_class else None


def _touring(tour: Tour | None, leg: WaybillLeg) -> Touring | None:
    return Touring(tour, leg.distance_km) if tour is not None else None


def _use(mode: str) -> str:
    return "sea" if mode == Mode.SEA else "inland_waterway"
