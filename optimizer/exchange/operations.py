"""TOC and HOC from what the product computes with: an intensity, its factors, the energy behind it.

An id is the digest of everything the operation says, so the same operation has the same id in every document and
another one never has.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal

from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.chain import ElementFootprint
from optimizer.emissions.factor import Factor
from optimizer.emissions.factors import MODE_NAMES, FactorTable
from optimizer.errors import FactorError, InputError, Message
from optimizer.exchange.decimals import decimal_text
from optimizer.exchange.ileap import Energy, Operation
from optimizer.network.model import Mode

MJ_PER_KG = {"Diesel": 42.652, "MGO": 42.652, "HFO": 41.816}
"""Net calorific values, GB/T 2589-2020 annex A; they only weigh carriers against each other."""

MJ_PER_KWH = 3.6
HUB_TYPE = "Transshipment"
SHARE_DIGITS = Decimal("0.000001")


def operation_of(
    element: ElementFootprint, rates_kg: tuple[float, float], words: str, factors: FactorTable, on: date
) -> Operation:
    """The category of an element. ``rates_kg``: TTW and WTT per tkm (hub: per tonne), before the rounding of grams, so
    that all lots of one truck class or one voyage share a category. ``words`` must not name a lot either.

    Raises FactorError when nothing says what energy it used.
    """
    hub = element.mode is Mode.HUB
    ttw, wtt = (Decimal(decimal_text(rate)) for rate in rates_kg)
    wtw = ttw + wtt
    named = [factors.get(factor_id) for factor_id in element.factor_ids]
    return named_operation(
        hub=hub,
        kind=HUB_TYPE if hub else element.mode.value,
        ttw_kg=ttw,
        wtw_kg=wtw,
        unit="tonnes" if hub else "tkm",
        energies=energies_of(named, element.mode, factors, on, ttw, wtw),
        description=f"{words} ({element.tier})",
    )


def named_operation(
    hub: bool, kind: str, ttw_kg: Decimal, wtw_kg: Decimal, unit: str, energies: Sequence[Energy], description: str
) -> Operation:
    """An operation under the id that its content gives it."""
    made = Operation("", hub, kind, _rounded(ttw_kg), _rounded(wtw_kg), unit, tuple(energies), description)
    text = json.dumps(asdict(made), default=str, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return replace(made, operation_id=f"{'hoc' if hub else 'toc'}-{kind.lower()}-{digest}")


def energies_of(
    named: Sequence[Factor], mode: Mode, factors: FactorTable, on: date, ttw_kg: Decimal, wtw_kg: Decimal
) -> list[Energy]:
    """The carriers of an operation with their shares of its energy.

    Carriers come from its energy factors; a default per tkm names its own or counts as diesel. Where diesel and
    electricity stand together, their amounts follow from TTW (diesel alone emits there) and from what WTW leaves.
    """
    found = [f for f in named if f.mode == "energy" and f.serves(Boundary.WTW_CO2E)]
    if not found:
        carriers = [f.energy_carrier for f in named if f.energy_carrier] or ["Diesel"]
        found = [_energy_factor(carriers[0], mode, factors, on)]
    found = list({f.energy_carrier: f for f in found}.values())
    weights = [Decimal(1)] if len(found) == 1 else _weights(found, ttw_kg, wtw_kg)
    shares = [(weight / sum(weights)).quantize(SHARE_DIGITS) for weight in weights]
    shares[0] += 1 - sum(shares)
    return [
        Energy(f.energy_carrier, _exact(f.ttw_kg), _exact(f.ttw_kg) + _exact(f.wtt_kg), share, f.unit)
        for f, share in zip(found, shares, strict=True)
    ]


def _energy_factor(carrier: str, mode: Mode, factors: FactorTable, on: date) -> Factor:
    use = MODE_NAMES.get(mode, "hub")
    try:
        return factors.energy(carrier, use, on, Boundary.WTW_CO2E).factor
    except FactorError:
        newest = [f for f in factors.factors if f.mode == "energy" and f.energy_carrier == carrier and use in f.uses]
        if not newest:
            raise
        return newest[-1]


def _weights(found: Sequence[Factor], ttw_kg: Decimal, wtw_kg: Decimal) -> list[Decimal]:
    """MJ of each carrier per unit of work."""
    left_ttw, left_wtw = ttw_kg, wtw_kg
    weights = []
    for factor in sorted(found, key=lambda f: f.energy_carrier == "Electric"):
        ttw, wtw = _exact(factor.ttw_kg), _exact(factor.ttw_kg) + _exact(factor.wtt_kg)
        amount = left_ttw / ttw if ttw else max(left_wtw, Decimal(0)) / wtw
        left_ttw, left_wtw = left_ttw - amount * ttw, left_wtw - amount * wtw
        content = MJ_PER_KWH if factor.energy_carrier == "Electric" else MJ_PER_KG.get(factor.energy_carrier)
        if content is None:
            raise InputError(
                Message(
                    f"缺少 {factor.energy_carrier} 的热值，不能计算能源份额。",
                    f"The calorific value of {factor.energy_carrier} is missing, so shares of energy cannot be told.",
                )
            )
        weights.append(amount * Decimal(str(content)))
    order = [f.energy_carrier for f in sorted(found, key=lambda f: f.energy_carrier == "Electric")]
    return [max(weights[order.index(f.energy_carrier)], Decimal(0)) for f in found]


def _exact(value: float | None) -> Decimal:
    return Decimal(decimal_text(value or 0.0))


def _rounded(value: Decimal) -> Decimal:
    """Fifteen digits: more than any intensity is known to, and few enough to read."""
    return Decimal(decimal_text(float(value)))
