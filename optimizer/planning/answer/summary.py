"""What a planner asks first of a plan: who leaves the road, who stays and why, where water is the worse way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from optimizer.errors import Message
from optimizer.network.model import WATER_MODES, Mode
from optimizer.planning.plan import Leg, Lot, Plan, PlannedShipment, Reason
from optimizer.planning.shipment import Shipment
from optimizer.quantities import apportion

REASON_KINDS: Mapping[str, Message] = {
    "water_dearer": Message("水路较贵", "water is dearer"),
    "return_cargo_missing": Message("没有回程货不划算", "pays only with a return cargo"),
    "too_little_cargo": Message("货量太少", "too little cargo for a vessel"),
    "vessels_taken": Message("船舶或过闸名额先给了更合算的货", "vessels or lockages went to better cargo"),
    "terminals_taken": Message("码头能力先给了更合算的货", "terminals went to better cargo"),
    "too_slow": Message("水路赶不上", "water is too slow"),
    "sailing_full": Message("所选航次剩余舱位不足", "no room left for the whole of it"),
    "whole_too_large": Message("不可拆分，装不进一艘船", "must stay whole and fits no vessel"),
    "no_terminal_near": Message("附近没有可装卸的码头", "no terminal near enough"),
    "no_offer": Message("没有合适的承运人航次", "no carrier's sailing fits"),
    "no_waterway": Message("没有能通过的航道", "no waterway that a vessel passes"),
    "no_vessel_for_cargo": Message("没有可装运的船", "no vessel may carry it"),
    "closed_or_shallow": Message("停航或水浅", "closures or shallow water"),
    "after_horizon": Message("计划期之后才可提货", "ready after the horizon"),
    "no_road_no_water": Message("不通公路，水路也不通", "no road and no way by water"),
    "no_road_partly": Message("不通公路，运力只够一部分", "no road, and room by water for a part only"),
    "no_road_no_room": Message("不通公路，运力不足", "no road, and no room by water"),
    "no_road_terminal_full": Message("不通公路，码头能力不足", "no road, and a terminal too small"),
}
"""Every code of a :class:`~optimizer.planning.plan.Reason`, and what it is counted under."""

ON_LAND = (Mode.ROAD, Mode.HUB)

OTHER_CODE, OTHER_REASON = "other", Message("其他", "other")


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Shipments with the same ``code`` of reason, its ``kind`` in words; ``example`` is the full sentence of the
    heaviest, ``example_id``."""

    code: str
    kind: Message
    shipments: int
    mass_kg: int
    example_id: str
    example: Message


@dataclass(frozen=True, slots=True)
class Shifted:
    """Lots that leave the road, beside their shares of the road baseline: kg, fen, g CO2e; savings may be negative.

    A lot leaves the road when it goes by water on another way than its baseline (an island's baseline has a ship in
    it too); cargo without any baseline has nothing to be compared with and is left out.
    """

    lots: int = 0
    mass_kg: int = 0
    saved_fen: int = 0
    saved_wtw_g: int = 0
    saved_ttw_g: int = 0

    def __add__(self, other: Shifted) -> Shifted:
        return Shifted(
            self.lots + other.lots,
            self.mass_kg + other.mass_kg,
            self.saved_fen + other.saved_fen,
            self.saved_wtw_g + other.saved_wtw_g,
            self.saved_ttw_g + other.saved_ttw_g,
        )


@dataclass(frozen=True, slots=True)
class Flow:
    """All shifted cargo of one kind between the same two doors."""

    origin: str
    destination: str
    cargo_code: str
    shifted: Shifted


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """Counts of shipments, and what got worse. ``partly``: some lots by water, others not; ``by_rail``: a lot by train
    and none by water; ``on_road``: nothing but trucks; ``partly_left``: of what is planned, part stays behind.
    ``dirtier`` and ``dearer`` travel by water and emit or cost more than their road baseline, worst first. ``flows``:
    least CO2e saved per tonne first."""

    shipments: int
    by_water: int
    partly: int
    by_rail: int
    on_road: int
    rejected: int
    partly_left: int
    late: int
    shifted: Shifted
    flows: tuple[Flow, ...]
    road_reasons: tuple[ReasonCount, ...]
    rejected_reasons: tuple[ReasonCount, ...]
    dirtier: tuple[PlannedShipment, ...]
    dearer: tuple[PlannedShipment, ...]


def summary_of(plan: Plan, shipments: Iterable[Shipment]) -> PlanSummary:
    """The summary of a plan of these shipments. KeyError when the plan has one that is not among them."""
    known = {shipment.shipment_id: shipment for shipment in shipments}
    planned = [item for item in plan.shipments if item.status == "planned"]
    rejected = [item for item in plan.shipments if item.status != "planned"]
    in_part = [item for item in planned if item.left_kg]
    wet = [item for item in planned if any(by_water(lot) for lot in item.lots)]
    dry = [item for item in planned if not any(leg.mode not in ON_LAND for lot in item.lots for leg in lot.legs)]
    compared = [(item, item.saving) for item in wet if item.saving is not None]
    each = [(known[item.shipment_id], _shifted(item)) for item in wet]
    return PlanSummary(
        shipments=len(plan.shipments),
        by_water=sum(all(by_water(lot) for lot in item.lots) for item in wet),
        partly=sum(not all(by_water(lot) for lot in item.lots) for item in wet),
        by_rail=len(planned) - len(wet) - len(dry),
        on_road=len(dry),
        rejected=len(rejected),
        partly_left=len(in_part),
        late=sum(item.late_s > 0 for item in planned),
        shifted=sum((shifted for _, shifted in each), Shifted()),
        flows=_flows(each),
        road_reasons=_counted([(item.shipment_id, item.on_road_because) for item in dry], known),
        rejected_reasons=_counted([(item.shipment_id, item.reason) for item in rejected], known),
        dirtier=_worst_first([(saving.co2e_wtw_g, item) for item, saving in compared]),
        dearer=_worst_first([(saving.cost_fen, item) for item, saving in compared]),
    )


def by_water(lot: Lot) -> bool:
    """Whether a leg of the lot is on the water."""
    return any(leg.mode in WATER_MODES for leg in lot.legs)


def _shifted(item: PlannedShipment) -> Shifted:
    """The lots of a shipment that go by water; its baseline is shared among its lots by mass."""
    if item.baseline is None:
        return Shifted()
    masses_kg = [lot.mass_kg for lot in item.lots]
    shares = zip(
        item.lots,
        apportion(item.baseline.cost_fen, masses_kg),
        apportion(item.baseline.co2e_wtw_g, masses_kg),
        apportion(item.baseline.co2e_ttw_g, masses_kg),
        strict=True,
    )
    lots = [
        Shifted(
            1,
            lot.mass_kg,
            fen - sum(leg.cost_fen for leg in lot.legs),
            wtw_g - sum(leg.co2e_wtw_g for leg in lot.legs),
            ttw_g - sum(leg.co2e_ttw_g for leg in lot.legs),
        )
        for lot, fen, wtw_g, ttw_g in shares
        if by_water(lot) and _way(lot.legs) != _way(item.baseline_legs)
    ]
    return sum(lots, Shifted())


def _way(legs: Iterable[Leg]) -> list[tuple[str, str, str]]:
    return [(leg.mode, leg.origin, leg.destination) for leg in legs]


def _flows(each: Iterable[tuple[Shipment, Shifted]]) -> tuple[Flow, ...]:
    sums: dict[tuple[str, str, str], Shifted] = {}
    for shipment, shifted in each:
        if shifted.lots:
            key = (shipment.origin, shipment.destination, shipment.cargo_code)
            sums[key] = sums.get(key, Shifted()) + shifted
    flows = [Flow(*key, shifted) for key, shifted in sorted(sums.items())]
    return tuple(sorted(flows, key=lambda flow: flow.shifted.saved_wtw_g / flow.shifted.mass_kg))


def _counted(
    reasons: Sequence[tuple[str, Reason | None]], shipments: Mapping[str, Shipment]
) -> tuple[ReasonCount, ...]:
    """Counted by kind, most tonnes first; a plan of another program may name a code of its own, or none."""
    groups: dict[str, list[tuple[Shipment, Message]]] = {}
    for shipment_id, reason in reasons:
        code = reason.code if reason is not None and reason.code in REASON_KINDS else OTHER_CODE
        groups.setdefault(code, []).append((shipments[shipment_id], reason or OTHER_REASON))
    counts = []
    for code, members in groups.items():
        heaviest, example = max(members, key=lambda member: member[0].mass_kg)
        mass_kg = sum(shipment.mass_kg for shipment, _ in members)
        counts.append(
            ReasonCount(
                code, REASON_KINDS.get(code, OTHER_REASON), len(members), mass_kg, heaviest.shipment_id, example
            )
        )
    return tuple(sorted(counts, key=lambda count: (-count.mass_kg, count.example_id)))


def _worst_first(savings: Iterable[tuple[int, PlannedShipment]]) -> tuple[PlannedShipment, ...]:
    worse = [(saving, item.shipment_id, item) for saving, item in savings if saving < 0]
    return tuple(item for _, _, item in sorted(worse, key=lambda entry: entry[:2]))
