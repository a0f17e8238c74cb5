"""Elements of many lots, one of each, reckoned side by side: the amounts that ``element_amounts.made`` gives.

Elements by intensity are products of floats here as there. What there is a ratio of whole numbers, rounded once, is a
product of floats here; where that lies so near to a half that its own rounding could decide, the ratio is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from optimizer.accounts.audit.element_amounts import Carried, Read, Sailed, made, rounded
from optimizer.quantities import G_PER_KG

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Column = str | Sequence[str]
"""A piece of a text: the same for all lots, or one for each."""

_MOST = 2**50
"""Grams and kg·km up to which floats hold every sum of some as a whole number."""
_PRODUCT_REL, _SHARE_REL = 2.0**-51, 2.0**-49
"""How far a product of two floats, and a share of a log, may lie from what it would be exactly: twice and more."""


class ElementsTogether:
    """``sign``: as the reduction has the amounts of their errors. Raises OverflowError for amounts that floats do not
    hold."""

    def __init__(self, read: Sequence[Read], sign: int) -> None:
        carried = [item for item in read if len(item) == 3]
        sailed = [item for item in read if len(item) == 4]
        if carried and sailed:
            raise ValueError("elements of one kind are all by intensity or all by logs")
        self.wtw_g, self.co2_g, self.kgce_g, self.kgkm = _whole(
            np.array(_carried(carried) if carried else _sailed(sailed))
        )
        kinds = [item[0] for item in read]
        alike = len(set(map(id, kinds))) == 1
        shares = np.array([kinds[0].shares] if alike else [kind.shares for kind in kinds], np.float64)
        self.amounts: Floats = (sign * self.wtw_g).astype(np.float64)[:, None] * shares
        self.text: Column = kinds[0].text if alike else [kind.text for kind in kinds]


def _whole(amounts: Floats) -> Whole:
    if not (np.abs(amounts) <= _MOST).all():
        raise OverflowError("more than floats hold as whole numbers")
    return amounts.astype(np.int64)


def _held(amounts: Sequence[int]) -> Floats:
    """Whole numbers above zero, as the floats that they are."""
    if max(amounts) > _MOST:
        raise OverflowError("more than floats hold as whole numbers")
    return np.array(amounts, np.float64)


def _carried(read: Sequence[Carried]) -> tuple[Floats, Floats, Floats, Floats]:
    """WTW and CO2 grams, coal equivalent, kg·km."""
    legs = [item[2] for item in read]
    masses = _held([item[1] for item in read])
    if len(set(map(id, legs))) == 1:
        legs = legs[:1]
    hub, distance_km, tops, bottoms, *rates, _ = zip(*legs, strict=True)
    amounts = masses if hub[0] else masses * np.array(distance_km)
    ttw, wtt, ttw_co2, kgce = (np.rint(amounts * np.array(one)) for one in rates)
    if hub[0]:
        return ttw + wtt, ttw_co2, kgce, np.zeros(len(read))
    kgkm = np.rint(amounts)
    for place in _near_half(amounts, _PRODUCT_REL):
        of = place if len(legs) > 1 else 0
        kgkm[place] = rounded(tops[of] * read[place][1], bottoms[of])
    return ttw + wtt, ttw_co2, kgce, kgkm


def _sailed(read: Sequence[Sailed]) -> tuple[Floats, Floats, Floats, Floats]:
    """The same by logs."""
    ways, _, _, _, own, load, amount_kg, _, _ = zip(*[item[2] for item in read], strict=True)
    share = np.array(amount_kg) * _held(own) * G_PER_KG / _held(load)
    energies = [item[3] for item in read]
    if len(set(map(id, energies))) == 1:
        energies = energies[:1]
    exact = [share * np.array([top / bottom for top, bottom in rate]) for rate in zip(*energies, strict=True)]
    activity = _held([item[1] for item in read]) * np.array([way.top / way.bottom for way in ways])
    ttw, wtt, co2, kgce = map(np.rint, exact)
    found = ttw + wtt, co2, kgce, np.rint(activity)
    doubts = {place for one in exact for place in _near_half(one, _SHARE_REL)}
    for place in doubts.union(_near_half(activity, _PRODUCT_REL)):
        for column, amount in zip(found, made(read[place]), strict=False):
            column[place] = amount
    return found


def _near_half(amounts: Floats, rel: float) -> list[int]:
    """The places of amounts that rounding may have moved over a half."""
    doubtful = np.abs(amounts - np.floor(amounts) - 0.5) <= np.abs(amounts) * rel
    return [int(place) for place in np.flatnonzero(doubtful)]
