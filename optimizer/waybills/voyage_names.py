"""Voyages of different plans told apart: every plan counts its own from V00001 on.

A voyage's fuel and empties are shared over everything on board of it, so two voyages under one name would lighten each
other's cargo: the accounts would credit what was never saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from optimizer.quantities import CHINA_TIME
from optimizer.waybills.waybill import Waybill, WaybillLeg

_Sailing = tuple[str, datetime]
"""Hull and planned departure: with the name, one voyage."""


def voyage_ids(waybills: Iterable[Waybill]) -> set[str]:
    """The voyages that any leg is planned on."""
    return {leg.voyage_id for waybill in waybills for lot in waybill.lots for leg in lot.legs if leg.voyage_id}


def told_apart(issued: Sequence[Waybill], taken: Iterable[Waybill]) -> list[Waybill]:
    """The waybills with another name for each voyage whose name stands for other voyages in ``taken``: hull and day are
    put behind it. A voyage that is one of those (a kept one, or more cargo for it) keeps its name, so that issuing the
    same plan again gives the same waybills."""
    known: dict[str, set[_Sailing]] = {}
    for waybill in taken:
        for lot in waybill.lots:
            for leg in lot.legs:
                if leg.voyage_id:
                    known.setdefault(leg.voyage_id, set()).add((leg.vessel_id, leg.planned_departs_at))
    if not known:
        return list(issued)
    return [
        replace(
            waybill,
            lots=tuple(replace(lot, legs=tuple(_named(leg, known) for leg in lot.legs)) for lot in waybill.lots),
        )
        for waybill in issued
    ]


def _named(leg: WaybillLeg, known: dict[str, set[_Sailing]]) -> WaybillLeg:
    sailings = known.get(leg.voyage_id)
    if not sailings or (leg.vessel_id, leg.planned_departs_at) in sailings:
        return leg
    day = leg.planned_departs_at.astimezone(CHINA_TIME).date().isoformat()
    return replace(leg, voyage_id=f"{leg.voyage_id}@{leg.vessel_id}@{day}")
