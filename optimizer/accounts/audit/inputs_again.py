"""What evidence gives as inputs of a lot, straight as the text in which they are stored, for who asks of millions.

``calculation.inputs_of`` makes a record of every element. Most elements of a city are alike in all but the mass: the
same truck on the same road, the same quay, the same voyage. Those are made and written once, by the same functions (a
test holds the texts together). Whoever knows the text of an element knows what its calculation takes of it too, so
nothing is read out of the text of a lot.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from optimizer.accounts.audit.element_amounts import Leg, Read
from optimizer.accounts.audit.logged_texts import Way
from optimizer.accounts.audit.modelled_texts import ModelledFrame, ModelledText, Sailing, modelled_frame
from optimizer.accounts.audit.recalculation import LotRead, lot_read
from optimizer.accounts.audit.stored_elements import Chains
from optimizer.accounts.audit.stored_inputs import (
    Frame,
    InputsWriter,
    Memo,
    frame_texts,
    inputs_frame,
    logged_frame,
    logged_text,
)
from optimizer.accounts.calculation import lot_inputs
from optimizer.accounts.lot_chain import ElementInput, VoyageShare
from optimizer.accounts.lot_elements import Classes, sailed_voyage, sharing_of, voyage_element, voyage_share
from optimizer.accounts.voyages import SailedLeg, Voyages
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import Intensity
from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import Tour
from optimizer.errors import ModalshiftError
from optimizer.network.model import WATER_MODES, Network
from optimizer.waybills.waybill import BaselineLeg, Waybill, WaybillLeg, WaybillLot

Shared = tuple[RoundTrip | None, Tour | None]
"""Return cargo and tour of a voyage."""


class Again(NamedTuple):
    """Inputs of a lot: the pieces of their text, and what their calculation takes of them; None where it would refuse
    them."""

    pieces: list[bytes]
    read: LotRead | None

    @property
    def text(self) -> bytes:
        """The canonical text."""
        return b"".join(self.pieces)


class _Carried(NamedTuple):
    """An element by intensity: its text before and after the mass, and what its calculation takes of it but for that;
    None where it would refuse it."""

    before: bytes
    after: bytes
    leg: Leg | None


class _Sailed(NamedTuple):
    """What elements of one way by logs have in common; no ``way`` where a calculation would refuse it."""

    frame: Frame
    way: Way | None


class InputsAgain:
    """Writes the inputs of lots with one data package. ``chains``: what reads elements with the widths of today."""

    def __init__(self, network: Network, factors: FactorTable, chains: Chains) -> None:
        self._network, self._factors, self._chains = network, factors, chains
        self._written = InputsWriter()
        self._known: Memo[Any, Intensity] = Memo()
        self._classes: Memo[tuple[str, date], Classes] = Memo()
        self._legs: Memo[tuple[Any, ...], _Carried] = Memo()
        self._logged: Memo[tuple[Any, ...], _Sailed] = Memo()
        self._frames: Memo[date, Frame] = Memo()
        self._modelled_ways: Memo[tuple[Any, ...], ModelledFrame | None] = Memo()

    def __call__(self, voyages: Voyages, waybill: Waybill, lot: WaybillLot, mass_kg: int, on: date) -> Again:
        """What ``inputs_of`` gives. Raises what that raises."""
        classes = self._classes.get((waybill.cargo_group, on))
        if classes is None:
            classes = Classes(waybill.cargo_group, self._network, self._factors, on, self._known)
            self._classes[waybill.cargo_group, on] = classes
        frame = self._frames.get(on)
        if frame is None:
            frame = self._frames[on] = inputs_frame(lot_inputs(waybill, lot, mass_kg, on))
        baseline, project = _Side(mass_kg), _Side(mass_kg)
        for leg in waybill.baseline_legs:
            baseline.carried(self._leg(leg, classes, mass_kg))
        for way in lot.legs:
            # Only what goes by water sails on a voyage.
            sailed = sailed_voyage(waybill, lot, way, voyages) if way.mode in WATER_MODES else None
            if sailed is None:
                project.carried(self._leg(way, classes, mass_kg))
            else:
                self._voyage(project, way, sailed, (classes, voyages))
        between, after = frame_texts(frame, (waybill.number, waybill.version, lot.lot_no, mass_kg))
        # Each element begins with the comma that stands between two.
        pieces = [_START, *baseline.pieces[1:], between, *project.pieces[1:], after]
        return Again(pieces, self._read(mass_kg, baseline.read, project.read))

    def _read(self, mass_kg: int, baseline: list[Read] | None, project: list[Read] | None) -> LotRead | None:
        if not baseline or not project or type(mass_kg) is not int or not 0 < mass_kg < _MOST_KG:
            return None
        try:
            return lot_read(mass_kg, True, baseline, project, self._chains.shapes)
        except _REFUSED:
            return None

    def _leg(self, leg: WaybillLeg | BaselineLeg, classes: Classes, mass_kg: int) -> _Carried:
        key = (
            *(leg.mode, leg.origin, leg.destination, leg.vehicle_class, leg.distance_km, leg.distance_basis),
            *(leg.gcd_km, classes.cargo_group, classes.on),
        )
        known = self._legs.get(key)
        if known is None:
            known = self._legs[key] = self._carried(classes.element(leg, mass_kg))
        return known

    def _carried(self, item: ElementInput) -> _Carried:
        before, _, after = self._written.element(item).partition(b'"mass_kg":%d,' % item.mass_kg)
        try:
            return _Carried(before, after, self._chains.leg(item))
        except _REFUSED:
            return _Carried(before, after, None)

    def _voyage(self, side: _Side, leg: WaybillLeg, sailed: SailedLeg, of: tuple[Classes, Voyages]) -> None:
        """A leg that sailed on a voyage, by its log where there is one."""
        classes, voyages = of
        shared = sharing_of(leg, sailed, voyages)
        round_trip, tour = shared
        share = voyage_share(leg, sailed, voyages, tour)
        if share is None:
            side.carried(self._modelled(leg, sailed, of, shared, side.mass_kg))
            return
        key = (
            *(leg.mode, leg.origin, leg.destination, leg.distance_km, leg.distance_basis, leg.gcd_km),
            *(share.carrier, share.empty_fuel_ratio),
        )
        known = self._logged.get(key) if round_trip is None else None
        if known is None:
            item = voyage_element(leg, sailed, side.mass_kg, voyages, classes)
            text = self._written.element(item)
            read = self._read_text(text, classes.on)
            side.add(text, read)
            if round_trip is None:
                way = read[2].way if read is not None and len(read) == 4 else None
                self._logged[key] = _Sailed(logged_frame(item), way)
            return
        side.add(
            logged_text(known.frame, share, side.mass_kg, tour),
            self._logged_read(known, share, tour, side.mass_kg, classes.on),
        )

    def _modelled(
        self, leg: WaybillLeg, sailed: SailedLeg, of: tuple[Classes, Voyages], shared: Shared, mass_kg: int
    ) -> _Carried:
        """A voyage without a log: all on board share its intensity, and lots of one way all but the mass."""
        classes, voyages = of
        load_kg = voyages.load_kg[sailed.voyage_id]
        round_trip, tour = shared
        way = (
            *(leg.mode, leg.origin, leg.destination, leg.distance_km, leg.distance_basis, leg.gcd_km),
            *(leg.empty_km_share, sailed.vehicle_class, classes.on),
        )
        if tour is None or round_trip is not None:
            known = self._legs.get((way, load_kg, shared))
            if known is None:
                made = self._carried(voyage_element(leg, sailed, mass_kg, voyages, classes))
                known = self._legs[way, load_kg, shared] = made
            return known
        sailing = Sailing(*classes.running(leg, sailed.vehicle_class, load_kg, shared), tour)
        shares_empties = 0 < sailing.running.empties < 1
        frame = self._modelled_ways.get(way)
        if frame is not None and shares_empties:
            return _Carried(*frame.at(sailing))
        made = self._carried(voyage_element(leg, sailed, mass_kg, voyages, classes))
        if made.leg is not None and shares_empties and way not in self._modelled_ways:
            text = ModelledText(made.before, made.after, made.leg)
            self._modelled_ways[way] = modelled_frame(text, sailing, classes.rates(leg, sailed.vehicle_class))
        return made

    def _logged_read(
        self, known: _Sailed, share: VoyageShare, tour: Tour | None, mass_kg: int, on: date
    ) -> Read | None:
        try:
            return None if known.way is None else self._chains.logged(known.way, share, tour, mass_kg, on)
        except _REFUSED:
            return None

    def _read_text(self, text: bytes, on: date) -> Read | None:
        try:
            return self._chains.element(text.removeprefix(_BEGINNING), on)
        except _REFUSED:
            return None


class _Side:
    """The elements of one side of a lot, as they are added: the pieces of their texts, and what was read of them; None
    where that cannot be had of one."""

    __slots__ = ("_mass", "mass_kg", "pieces", "read")

    def __init__(self, mass_kg: int) -> None:
        self.mass_kg, self._mass = mass_kg, b'"mass_kg":%d,' % mass_kg
        self.pieces: list[bytes] = []
        self.read: list[Read] | None = []

    def carried(self, item: _Carried) -> None:
        """Add an element by intensity."""
        before, after, leg = item
        self.pieces += (b",", before, self._mass, after)
        if leg is None:
            self.read = None
        elif self.read is not None:
            self.read.append((leg.kind, self.mass_kg, leg))

    def add(self, text: bytes, read: Read | None) -> None:
        """Add any element."""
        self.pieces += (b",", text)
        if read is None:
            self.read = None
        elif self.read is not None:
            self.read.append(read)


_REFUSED = (ModalshiftError, KeyError, TypeError, ValueError, ArithmeticError)
"""What a calculation raises that refuses its inputs."""
_START = b'{"baseline":['
_BEGINNING = b'{"distance_basis":'
_MOST_KG = 10**18
