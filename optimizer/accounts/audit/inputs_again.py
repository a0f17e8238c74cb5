"""What evidence gives as inputs of a lot, straight as the text in which they are stored, for who asks of millions.

``calculation.inputs_of`` makes a record of every element. Most elements of a city are alike in all but the mass: the
same truck on the same road, the same quay. Those are made and written once, by the same functions; only voyages are
made for each lot (a test holds the texts together).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from optimizer.accounts.audit.stored_inputs import (
    Frame,
    InputsWriter,
    Memo,
    framed_text,
    inputs_frame,
    logged_frame,
    logged_text,
)
from optimizer.accounts.calculation import lot_inputs
from optimizer.accounts.lot_elements import Classes, sailed_voyage, sharing_of, voyage_element, voyage_share
from optimizer.accounts.voyages import SailedLeg, Voyages
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import Intensity
from optimizer.network.model import WATER_MODES, Network
from optimizer.waybills.waybill import BaselineLeg, Waybill, WaybillLeg, WaybillLot


class InputsAgain:
    """Writes the inputs of lots that sailed on some voyages, with one data package."""

    def __init__(self, voyages: Voyages, network: Network, factors: FactorTable) -> None:
        self._voyages, self._network, self._factors = voyages, network, factors
        self._written = InputsWriter()
        self._known: Memo[Any, Intensity] = Memo()
        self._classes: dict[tuple[str, date], Classes] = {}
        self._legs: Memo[tuple[Any, ...], tuple[bytes, bytes]] = Memo()
        self._logged: Memo[tuple[Any, ...], Frame] = Memo()
        self._frames: Memo[date, Frame] = Memo()

    def __call__(self, waybill: Waybill, lot: WaybillLot, mass_kg: int, on: date) -> bytes:
        """The canonical text of what ``inputs_of`` gives. Raises what that raises."""
        classes = self._classes.get((waybill.cargo_group, on))
        if classes is None:
            classes = Classes(waybill.cargo_group, self._network, self._factors, on, self._known)
            self._classes[waybill.cargo_group, on] = classes
        mass = b'"mass_kg":%d,' % mass_kg
        baseline = [self._leg(leg, classes, mass_kg, mass) for leg in waybill.baseline_legs]
        project = []
        for leg in lot.legs:
            # Only what goes by water sails on a voyage.
            sailed = sailed_voyage(waybill, lot, leg, self._voyages) if leg.mode in WATER_MODES else None
            if sailed is None:
                project.append(self._leg(leg, classes, mass_kg, mass))
            else:
                project.append(self._voyage(leg, sailed, classes, mass_kg))
        frame = self._frames.get(on)
        if frame is None:
            frame = self._frames[on] = inputs_frame(lot_inputs(waybill, lot, mass_kg, on))
        return framed_text(frame, (waybill.number, waybill.version, lot.lot_no, mass_kg), baseline, project)

    def _leg(self, leg: WaybillLeg | BaselineLeg, classes: Classes, mass_kg: int, mass: bytes) -> bytes:
        """``mass``: how the text says it."""
        key = (
            *(leg.mode, leg.origin, leg.destination, leg.vehicle_class, leg.distance_km, leg.distance_basis),
            *(leg.gcd_km, classes.cargo_group, classes.on),
        )
        known = self._legs.get(key)
        if known is None:
            before, _, after = self._written.element(classes.element(leg, mass_kg)).partition(mass)
            known = self._legs[key] = before, after
        return b"%b%b%b" % (known[0], mass, known[1])

    def _voyage(self, leg: WaybillLeg, sailed: SailedLeg, classes: Classes, mass_kg: int) -> bytes:
        """A leg that sailed on a voyage. Of those by a log, what hangs on the way alone is written once."""
        round_trip, tour = sharing_of(leg, sailed, self._voyages)
        share = voyage_share(leg, sailed, self._voyages, tour) if round_trip is None else None
        if share is None:
            return self._written.element(voyage_element(leg, sailed, mass_kg, self._voyages, classes))
        key = (
            *(leg.mode, leg.origin, leg.destination, leg.distance_km, leg.distance_basis, leg.gcd_km),
            *(share.carrier, share.empty_fuel_ratio),
        )
        known = self._logged.get(key)
        if known is None:
            element = voyage_element(leg, sailed, mass_kg, self._voyages, classes)
            known = self._logged[key] = logged_frame(element)
        return logged_text(known, share, mass_kg, tour)
