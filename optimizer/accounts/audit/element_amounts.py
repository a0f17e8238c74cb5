"""What an element of a lot comes to, given what was read of it: grams, coal equivalent, kg·km.

As ``emissions.chain`` reckons it: same operations on the same numbers in the same order (a test of ``recalculation``
holds them together).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from optimizer.accounts.audit.logged_texts import Logged
from optimizer.quantities import G_PER_KG


class Kind(NamedTuple):
    """What elements have in common that differ in nothing but amounts. ``shape``: its number; ``shares``: of each of
    its errors the part of the WTW grams that moves with it; ``text``: what a result says of such an element after its
    grams; ``log``: the key of a log's error, empty without one."""

    shape: int
    shares: tuple[float, ...]
    text: str
    log: str


class Leg(NamedTuple):
    """An element by intensity, but for its mass: distance and its exact ratio, kg per unit."""

    hub: bool
    distance_km: float
    top: int
    bottom: int
    ttw: float
    wtt: float
    ttw_co2: float
    kgce: float
    kind: Kind


Ratio = tuple[int, int]


class EnergyRatios(NamedTuple):
    """kg per kg (kWh) of logged energy: the exact ratio of each."""

    ttw: Ratio
    wtt: Ratio
    ttw_co2: Ratio
    kgce: Ratio


Carried = tuple[Kind, int, Leg]
"""An element by intensity: kind, kg, leg. Plain tuples: an audit makes millions."""
Sailed = tuple[Kind, int, Logged, EnergyRatios]
"""An element by a log: kind, kg, log, energy."""
Read = Carried | Sailed

Made = tuple[int, int, int, int, Kind]
"""What an element came to: g CO2e WTW, g CO2 TTW (0 where it has no factor of CO2 alone), g coal equivalent, kg·km,
kind."""


def made(item: Read) -> Made:
    """What an element comes to. Raises ValueError for an amount that is not finite."""
    return _carried(item) if len(item) == 3 else _sailed(item)


def _carried(item: Carried) -> Made:
    """A mass over a leg or through a hub."""
    kind, mass_kg, (hub, distance_km, top, bottom, ttw, wtt, ttw_co2, kgce, _) = item
    if hub:
        amount, activity_kgkm = float(mass_kg), 0
    else:
        amount, activity_kgkm = mass_kg * distance_km, rounded(top * mass_kg, bottom)
        if not amount < math.inf:
            raise ValueError("not a finite amount")
    wtw_g = round(amount * ttw) + round(amount * wtt)
    return wtw_g, round(amount * ttw_co2), round(amount * kgce), activity_kgkm, kind


def _sailed(item: Sailed) -> Made:
    """A lot's part of what a log says."""
    kind, mass_kg, (way, _, _, _, own_kg, load_kg, amount_kg, _, _), rates = item
    energy, per_kg = amount_kg.as_integer_ratio()
    share, of = energy * own_kg * G_PER_KG, per_kg * load_kg
    (ttw, ttw_of), (wtt, wtt_of), (co2, co2_of), (coal, coal_of) = rates
    return (
        rounded(share * ttw, of * ttw_of) + rounded(share * wtt, of * wtt_of),
        rounded(share * co2, of * co2_of),
        rounded(share * coal, of * coal_of),
        rounded(way.top * mass_kg, way.bottom),
        kind,
    )


def rounded(top: int, bottom: int) -> int:
    """A ratio to the nearest whole number, halves to even, as ``round`` of a Fraction."""
    whole, rest = divmod(top, bottom)
    return whole + (2 * rest > bottom or (2 * rest == bottom and whole % 2 == 1))
