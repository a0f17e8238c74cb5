"""Transport activity data (iLEAP TAD) as rows of a chains file.

A TAD tells what a trip burnt and which consignments were aboard, not what each of them weighed. Where the masses are
known (the consignments are shipments of the same document), each consignment bears its share by mass, which is its
share by transport activity because all went the same distance (ISO 14083). Where they are not, the trip is one chain
that bears all of it: nothing is guessed and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from optimizer.errors import Message
from optimizer.exchange.decimals import decimal_text
from optimizer.quantities import KG_PER_T

UNITS = ("kg", "l", "kWh")
SHARE_STEP = Decimal("0.000000000001")
"""Shares are written to this step; the last consignment takes what is left, so that they sum to one exactly."""

MASS_TOLERANCE_REL = Decimal("0.005")
"""What the consignments may weigh beyond the mass stated for the trip: two weighings."""


@dataclass(frozen=True, slots=True)
class ActivityChains:
    """Rows of a chains file; ``skipped`` says why there are none, ``whole`` why several consignments are one chain."""

    rows: tuple[dict[str, str], ...] = ()
    skipped: Message | None = None
    whole: Message | None = None


def activity_chains(activity: Mapping[str, Any], masses_kg: Mapping[str, Decimal]) -> ActivityChains:
    """The chains of a valid TAD. ``masses_kg``: what consignments weigh, by id, as far as known. A chain is named by
    the activity, and by the consignment where there are several."""
    name = str(activity["activityId"])
    reason = _lacking(activity)
    if reason is not None:
        return ActivityChains(skipped=Message(f"未取 TAD {name}：{reason.zh}", f"Skipped TAD {name}: {reason.en}"))
    mass_kg = Decimal(activity["mass"])
    consignments = [str(one) for one in activity.get("consignmentIds", [])]
    if len(consignments) < 2:
        return ActivityChains(rows=(_row(activity, name, mass_kg, Decimal(1)),))
    reason = _unshared(consignments, masses_kg, mass_kg)
    if reason is not None:
        count = len(consignments)
        return ActivityChains(
            rows=(_row(activity, name, mass_kg, Decimal(1)),),
            whole=Message(
                f"TAD {name} 的 {count} 批托运合为一条链：{reason.zh}",
                f"TAD {name}: its {count} consignments stand as one chain: {reason.en}",
            ),
        )
    own_kg = [masses_kg[one] for one in consignments]
    shares = _shares(own_kg, mass_kg)
    return ActivityChains(
        rows=tuple(
            _row(activity, f"{name}#{one}", kg, share)
            for one, kg, share in zip(consignments, own_kg, shares, strict=True)
        )
    )


def _shares(own_kg: Sequence[Decimal], mass_kg: Decimal) -> list[Decimal]:
    """Shares by mass. Cargo aboard beyond the named consignments keeps its own share; it is nobody's here."""
    aboard_kg = max(mass_kg, sum(own_kg, Decimal(0)))
    shares = [(kg / aboard_kg).quantize(SHARE_STEP, ROUND_DOWN) for kg in own_kg]
    if aboard_kg == sum(own_kg, Decimal(0)):
        shares[-1] = 1 - sum(shares[:-1], Decimal(0))
    return shares


def _lacking(activity: Mapping[str, Any]) -> Message | None:
    """What keeps a TAD from being reckoned at all."""
    carriers = activity.get("energyCarriers", [])
    if len(carriers) != 1 or "energyConsumption" not in carriers[0]:
        return Message("须有一种能源及其用量。", "it needs one energy carrier with its consumption.")
    if carriers[0].get("energyConsumptionUnit", "") not in UNITS:
        return Message(f"用量单位须为 {'、'.join(UNITS)}。", f"its consumption must be in {', '.join(UNITS)}.")
    if "mass" not in activity or Decimal(activity["mass"]) <= 0:
        return Message("缺载货重量。", "the mass aboard is missing.")
    return None


def _unshared(consignments: Sequence[str], masses_kg: Mapping[str, Decimal], mass_kg: Decimal) -> Message | None:
    """Why a trip cannot be shared among its consignments, None where it can."""
    unknown = [one for one in consignments if masses_kg.get(one, Decimal(0)) <= 0]
    if unknown:
        return Message(f"{unknown[0]} 的重量不在文件中。", f"the document does not say what {unknown[0]} weighs.")
    if sum((masses_kg[one] for one in consignments), Decimal(0)) > mass_kg * (1 + MASS_TOLERANCE_REL):
        return Message("各批重量之和超过载货重量。", "together they weigh more than the mass aboard.")
    return None


def _row(activity: Mapping[str, Any], chain: str, mass_kg: Decimal, share: Decimal) -> dict[str, str]:
    basis = next(name for name in ("sfd", "gcd", "actual") if name in activity["distance"])
    (carrier,) = activity["energyCarriers"]
    return {
        "chain_id": chain,
        "seq": "1",
        "kind": "transport",
        "mass_t": decimal_text(mass_kg / KG_PER_T),
        "distance_km": activity["distance"][basis],
        "distance_basis": basis,
        "mode": activity["mode"],
        "energy_carrier": carrier["energyCarrier"],
        "energy_amount": carrier["energyConsumption"],
        "energy_unit": carrier["energyConsumptionUnit"],
        "share": decimal_text(share),
    }
