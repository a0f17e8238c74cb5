"""Carriers' sailings that no plan of these shipments can take, each with the reason: a carrier who asks gets an answer.

closed            a link or lock on its way is closed when it passes
terminal_closed   it loads or discharges at a terminal that is shut then
shallow           the water of its day lets it load nothing
below_least       the water of its day lets it load less than the carrier's least load
outside_horizon   it loads before or after the time of the plan
no_cargo          no shipment fits it by cargo, doors, time and size
dearer            of those that fit, none is carried for less than by its road, even in a full vessel
"""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.errors import Message
from optimizer.network.model import Network
from optimizer.planning.offer import Offer
from optimizer.planning.plan import UnusableOffer
from optimizer.quantities import KG_PER_T

CODES = ("closed", "terminal_closed", "shallow", "below_least", "outside_horizon", "no_cargo", "dearer")


@dataclass(frozen=True, slots=True)
class Unusable:
    """An offer that cannot be taken: ``code`` of :data:`CODES`, the closure met, the kilograms that the water allows
    (both only where the code is about them)."""

    offer: Offer
    code: str
    closure_id: str = ""
    allowed_kg: int = 0


def told(unusable: Unusable, network: Network) -> UnusableOffer:
    """The offer as the plan document names it."""
    offer = unusable.offer
    why = _why(unusable, network)
    message = Message(
        f"{offer.carrier_id} 的航次 {offer.sailing_id} 不能用：{why.zh}。",
        f"{offer.carrier_id}'s sailing {offer.sailing_id} cannot be used: {why.en}.",
    )
    return UnusableOffer(offer.sailing_id, offer.carrier_id, unusable.code, message)


def _why(unusable: Unusable, network: Network) -> Message:
    offer = unusable.offer
    at = f"{offer.departs_at:%Y-%m-%d %H:%M}"
    allowed, least = f"{unusable.allowed_kg / KG_PER_T:,.1f}", f"{offer.least_kg / KG_PER_T:,.1f}"
    closure = next((found for found in network.closures if found.closure_id == unusable.closure_id), None)
    if unusable.code == "closed" and closure is not None:
        return Message(
            f"航行途中 {closure.item_id} 停航（{closure.reason_zh}）",
            f"{closure.item_id} is closed when it passes ({closure.reason_en})",
        )
    return {
        "closed": Message("航行途中遇停航", "its way is closed when it passes"),
        "terminal_closed": Message("装货或卸货码头当时关闭", "a terminal at one of its ends is shut at the time"),
        "shallow": Message("当日水深不足以载货", "the water of its day lets it load nothing"),
        "below_least": Message(
            f"当日水深只许载 {allowed} 吨，低于最低载量 {least} 吨",
            f"the water of its day allows {allowed} t, less than its least load of {least} t",
        ),
        "outside_horizon": Message(
            f"{at} 离港，装货不在计划期内", f"it casts off on {at}, and loads outside the time of the plan"
        ),
        "no_cargo": Message(
            "没有一票货的货类、起讫、时间与批量合得上", "no shipment fits it by cargo, doors, time and size"
        ),
        "dearer": Message(
            "合得上的货即使满载也不比走公路便宜",
            "of the shipments that fit it none costs less than by its road, even in a full vessel",
        ),
    }[unusable.code]
