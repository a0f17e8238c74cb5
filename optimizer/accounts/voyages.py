"""What was on board of each voyage and what it burnt, from the events of all waybills together.

A voyage's fuel is shared out over everything on board, so one lot's settlement needs its neighbours' loadings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from optimizer.emissions.tour import Tour
from optimizer.network.model import WATER_MODES
from optimizer.waybills.event import EnergyLog, Event, EventType
from optimizer.waybills.lifecycle import Facts, effective
from optimizer.waybills.waybill import Waybill, WaybillLeg

LegKey = tuple[str, int, int]
"""Waybill number, lot number, leg seq."""


class SailedLeg(NamedTuple):
    """How a leg by water really went: voyage, class, and what the carrier loaded for the lot. A tuple: an audit makes
    one of every lot."""

    voyage_id: str
    vehicle_class: str
    loaded_kg: int


@dataclass(frozen=True, slots=True)
class Voyages:
    """All legs by water that were loaded, the load of each voyage, its fuel log where one exists and the tour that it
    was planned in, where the waybills of its cargo say so."""

    legs: Mapping[LegKey, SailedLeg]
    load_kg: Mapping[str, int]
    logs: Mapping[str, EnergyLog]
    tours: Mapping[str, Tour] = field(default_factory=dict)


def voyages_of(
    waybills: Mapping[str, Waybill], events: Iterable[Event], left_out: Collection[tuple[str, int]] = ()
) -> Voyages:
    """Loads and logs of all voyages. ``left_out``: lots that are not believed to have been on board (duplicates).

    Only reported loadings count: cargo that no LOAD names would lighten its neighbours' share of the fuel. A log counts
    only with a fuel receipt beside it; where a voyage's logs differ, the largest stands, because too little fuel would
    credit too much.
    """
    return voyages_on(waybills, _water_legs(waybills), effective(events), left_out)


def voyages_on(
    waybills: Mapping[str, Waybill],
    planned: Mapping[LegKey, WaybillLeg],
    facts: Facts,
    left_out: Collection[tuple[str, int]] = (),
) -> Voyages:
    """:func:`voyages_of` for who knows the legs by water of all waybills: ``planned``. ``facts``: loadings and what
    names energy are enough."""
    legs: dict[LegKey, SailedLeg] = {}
    logs: dict[str, EnergyLog] = {}
    load = EventType.LOAD
    for fact in facts:
        kind, energy = fact.event_type, fact.energy
        if kind is not load:
            # Everything on board reports the voyage's log; most of them say what is known.
            known = logs.get(fact.voyage_id)
            if not energy or (known is not None and energy.amount_g <= known.amount_g):
                continue
        key = (fact.waybill_number, fact.lot_no or 0, fact.leg_seq or 0)
        leg = planned.get(key)
        if leg is None or key[:2] in left_out:
            continue
        # A leg without a planned voyage is a service that carries other cargo too: its load and fuel are not ours.
        voyage_id = (fact.voyage_id or leg.voyage_id) if leg.voyage_id else ""
        if kind is load:
            loaded_kg = fact.mass_kg or waybills[key[0]].lot(key[1]).declared_mass_kg
            legs[key] = SailedLeg(voyage_id, fact.vehicle_class or leg.vehicle_class, loaded_kg)
        if voyage_id and energy and any(item.kind == "fuel_receipt" for item in fact.evidence):
            known = logs.get(voyage_id)
            if known is None or energy.amount_g > known.amount_g:
                logs[voyage_id] = energy
    load_kg: dict[str, int] = {}
    for sailed in legs.values():
        if sailed.voyage_id:
            load_kg[sailed.voyage_id] = load_kg.get(sailed.voyage_id, 0) + sailed.loaded_kg
    tours = {leg.voyage_id: leg.tour for leg in planned.values() if leg.tour is not None}
    return Voyages(legs, load_kg, logs, tours)


def _water_legs(waybills: Mapping[str, Waybill]) -> dict[LegKey, WaybillLeg]:
    return {
        (waybill.number, lot.lot_no, leg.seq): leg
        for waybill in waybills.values()
        for lot in waybill.lots
        for leg in lot.legs
        if leg.mode in WATER_MODES
    }
