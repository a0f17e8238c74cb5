"""Every way to take carriers' offers on the tiny world, tried one by one, with no code of the planner.

For each set of offers (and each cargo group that an offer may load) the cargo is laid out at least cost by a linear
program over tonnes; the cheapest set wins. Prices, hours and grams are written from the documentation, as in
``enumeration``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from scipy.optimize import linprog

from optimizer.planning.offer import Offer
from optimizer.planning.shipment import Shipment
from tests.network.tiny import TINY_START
from tests.planning.enumeration import (
    DIESEL_YUAN,
    DRAYAGE_KG_PER_TKM,
    GROUP,
    HUB_WTW_KG,
    HUB_YUAN,
    LATEST_H,
    LINE_HAUL_KG_PER_TKM,
    LOSS,
    PORT,
    SIZES,
    WAY_KM,
    WTW_KG,
)

assert DIESEL_YUAN > 0, "the carrier's fuel is in its price; only the cargo's grams come on top"


def cheapest_with_offers(
    shipments: Sequence[Shipment],
    offers: Sequence[Offer],
    carbon_yuan_per_t: float = 100.0,
    handling_t_per_day: float = 3000.0,
) -> float:
    """The least objective in yuan over every set of offers, each with one of its groups or not taken."""
    carbon = carbon_yuan_per_t / 1000
    best = float("inf")
    for groups in product(*((None, *offer.cargo_groups) for offer in offers)):
        taken = [(offer, group) for offer, group in zip(offers, groups, strict=True) if group is not None]
        best = min(best, _laid_out(shipments, taken, carbon, handling_t_per_day))
    return best


def _laid_out(
    shipments: Sequence[Shipment], taken: Sequence[tuple[Offer, str]], carbon: float, handling_t_per_day: float
) -> float:
    """Yuan of the best use of a set of offers, inf where a least load cannot be met."""
    fixed = sum(
        offer.fixed_yuan + SIZES[offer.vessel_class].empty_kg_per_km * WAY_KM * WTW_KG * carbon for offer, _ in taken
    )
    cost, who, what, handled = [], [], [], []
    for k, shipment in enumerate(shipments):
        cost.append(_road_yuan_per_t(shipment, carbon))
        who.append(k)
        what.append(-1)
        handled.append(())
        for number, (offer, group) in enumerate(taken):
            yuan = _offer_yuan_per_t(shipment, offer, group, carbon)
            if yuan is not None:
                cost.append(yuan)
                who.append(k)
                what.append(number)
                berth_h = _h(offer.departs_at) - SIZES[offer.vessel_class].berth_h
                days = (
                    (offer.origin, group, int(berth_h // 24)),
                    (offer.destination, group, int(_h(offer.arrives_at) // 24)),
                )
                handled.append(days)
    who_of, what_of = np.array(who), np.array(what)
    rows, sides = [], []
    for number, (offer, _) in enumerate(taken):
        aboard = (what_of == number).astype(float)
        rows += [aboard, -aboard]
        sides += [offer.capacity_kg / 1000, -offer.least_kg / 1000]
    for key in sorted({key for keys in handled for key in keys}):
        rows.append(np.array([float(key in keys) for keys in handled]))
        sides.append(handling_t_per_day)
    each = np.array([(who_of == k).astype(float) for k in range(len(shipments))])
    masses = [shipment.mass_kg / 1000 for shipment in shipments]
    upper = (np.array(rows), np.array(sides)) if rows else (None, None)
    found = linprog(cost, A_ub=upper[0], b_ub=upper[1], A_eq=each, b_eq=masses, method="highs")
    return fixed + float(found.fun) if found.status == 0 else float("inf")


def _road_yuan_per_t(shipment: Shipment, carbon: float) -> float:
    above = shipment.origin if shipment.origin in PORT else shipment.destination
    km = PORT[above][2]
    return _tonne(
        shipment, 10 + 0.4 * km, LINE_HAUL_KG_PER_TKM * km * WTW_KG * carbon, _h(shipment.ready_at) + 2 + km / 60
    )


def _offer_yuan_per_t(shipment: Shipment, offer: Offer, group: str, carbon: float) -> float | None:
    """Yuan per tonne aboard; None where the offer is of no use to the shipment."""
    above = shipment.origin if shipment.origin in PORT else shipment.destination
    start, end = ("UP", "DOWN") if above == shipment.origin else ("DOWN", "UP")
    if (offer.origin, offer.destination) != (start, end) or GROUP[shipment.cargo_code] != group:
        return None
    size, km = SIZES[offer.vessel_class], PORT[above][1]
    truck_h = 1 + km / 30 if km else 0.0
    yard_h = _h(shipment.ready_at) + (truck_h if start == "UP" else 0.0)
    berth_h, off_h = _h(offer.departs_at) - size.berth_h, _h(offer.arrives_at) + size.berth_h
    door_h = off_h + (truck_h if end == "UP" else 0.0)
    if yard_h > berth_h + 1e-6 or door_h > _h(shipment.due_at) + LATEST_H:
        return None
    stored = max(0.0, (berth_h - yard_h) / 24 - 2) * 0.5
    truck_yuan = max(12.0, 6 + 0.6 * km) if km else 0.0
    loss = 2 * LOSS[shipment.cargo_code] * shipment.cargo_value_yuan_per_t
    fuel_kg = size.more_kg_per_km * WAY_KM / size.capacity_t
    wtw = (DRAYAGE_KG_PER_TKM * km + fuel_kg) * WTW_KG + 2 * HUB_WTW_KG
    return _tonne(shipment, truck_yuan + 2 * HUB_YUAN + stored + loss + offer.price_yuan_per_t, wtw * carbon, door_h)


def _tonne(shipment: Shipment, yuan: float, carbon_yuan: float, door_h: float) -> float:
    value, late_h = shipment.cargo_value_yuan_per_t, max(0.0, door_h - _h(shipment.due_at))
    time = value * 0.06 / 8760 * (door_h - _h(shipment.ready_at))
    return yuan + carbon_yuan + time + (value * 0.005 + 2.0) / 24 * late_h


def _h(moment: object) -> float:
    return float((moment - TINY_START).total_seconds() / 3600)  # type: ignore[operator]
