"""Amending an issued waybill: what may change, until when, and the version that results. Pure functions.

    until the first delivery    consignee, due time
    until the lot loads         declared mass of the lot
    until the leg loads         its vessel, voyage and planned times
    until the leg discharges    where it ends (the next leg then begins there; distances follow from the network);
                                afterwards only the place where it was in fact discharged
    always                      the shipper's own document number, the description of the goods

Everything else is another shipment: it gets a waybill of its own. A lot that is delivered as planned can therefore not
change at all, so an amendment never moves what was settled. The same rules stand in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from optimizer.errors import Fault, InputError, Message
from optimizer.network.measured import Measured
from optimizer.network.model import WATER_MODES
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.party import Party
from optimizer.waybills.waybill import Waybill, WaybillLeg, WaybillLot

DistanceOf = Callable[[WaybillLeg], tuple[float, Measured] | None]
"""Length in km and basis of a leg between its (new) ends by its mode and class; None where the network has no way."""

_ALWAYS = frozenset({"original_document_number", "description_of_goods_zh", "description_of_goods_en"})
_UNTIL_DELIVERY = frozenset({"consignee", "due_at"})
_FOLLOWING = frozenset({"version", "issued_at", "lots", "declared_mass_kg", "port_of_loading", "port_of_discharge"})
_PLANNED = frozenset({"co2e_ttw_g", "co2e_wtw_g", "voyage_load_kg"})
_UNTIL_LOADING = frozenset({"vessel_id", "voyage_id", "planned_departs_at", "origin"})
_UNTIL_DISCHARGE = frozenset(
    {"destination", "distance_km", "distance_basis", "gcd_km", "planned_arrives_at", "round_trip", "tour"}
)
_SHARED_BY = ("vessel_id", "voyage_id", "origin", "destination")
_UNDER_WAY = frozenset({EventType.LOAD, EventType.DEPA, EventType.ARRI, EventType.DISC})


@dataclass(frozen=True, slots=True)
class LegChange:
    """Another vessel, voyage or end of a leg; empty text leaves what is there."""

    lot_no: int
    seq: int
    vessel_id: str = ""
    voyage_id: str = ""
    destination: str = ""
    departs_at: datetime | None = None
    arrives_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is asked for; None and empty leave what is there. ``declared_mass_kg`` by lot number."""

    original_document_number: str | None = None
    description_of_goods_zh: str | None = None
    description_of_goods_en: str | None = None
    consignee: Party | None = None
    due_at: datetime | None = None
    declared_mass_kg: Mapping[int, int] | None = None
    legs: tuple[LegChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return self == Amendment()


def amended(waybill: Waybill, change: Amendment, distance_of: DistanceOf, at: datetime) -> Waybill:
    """The next version of a waybill, issued at a time. Planned emissions, baseline and loads follow the declared mass
    and the distances in proportion; they are estimates until the lot is settled on what was weighed and sailed.

    Raises InputError, all faults at once, for lots and legs that do not exist, masses that are not positive, and ends
    that no way of the network reaches.
    """
    faults: list[Fault] = []
    lots = tuple(_amended_lot(lot, change, distance_of, faults) for lot in waybill.lots)
    known = {(lot.lot_no, leg.seq) for lot in waybill.lots for leg in lot.legs}
    faults += [_unknown(f"{item.lot_no}/{item.seq}") for item in change.legs if (item.lot_no, item.seq) not in known]
    numbers = {lot.lot_no for lot in waybill.lots}
    faults += [_unknown(str(lot_no)) for lot_no in change.declared_mass_kg or {} if lot_no not in numbers]
    if faults:
        raise InputError.of(faults)
    first_by_water = next(lot for lot in lots if lot.by_water)
    texts = {name: getattr(change, name) for name in sorted(_ALWAYS | _UNTIL_DELIVERY)}
    return replace(
        waybill,
        version=waybill.version + 1,
        issued_at=at,
        lots=lots,
        declared_mass_kg=sum(lot.declared_mass_kg for lot in lots),
        port_of_loading=first_by_water.port_of_loading,
        port_of_discharge=first_by_water.port_of_discharge,
        **{name: value for name, value in texts.items() if value is not None},
    )


def amendment_faults(old: Waybill, new: Waybill, facts: Sequence[Event]) -> list[Fault]:
    """Why ``new`` may not follow ``old`` after these facts; empty when it may. The audit asks again."""
    delivered = any(fact.event_type is EventType.DLV for fact in facts)
    faults = []
    if new.version != old.version + 1:
        faults.append(_fault("version", "version", "版本须逐一递增", "versions follow one another"))
    for name in sorted(_differing(old, new) - _ALWAYS - _FOLLOWING):
        if name not in _UNTIL_DELIVERY:
            faults.append(_fault(name, "not_amendable", f"{name} 不可改，须另开运单", f"{name} needs a new waybill"))
        elif delivered:
            faults.append(_fault(name, "delivered", f"已有批次交付，{name} 不可再改", f"{name} is fixed by a delivery"))
    if [lot.lot_no for lot in old.lots] != [lot.lot_no for lot in new.lots]:
        return [*faults, _fault("lots", "not_amendable", "批次不可增减", "lots are neither added nor dropped")]
    if new.declared_mass_kg != sum(lot.declared_mass_kg for lot in new.lots):
        faults.append(_fault("declared_mass_kg", "mass", "总重须为各批之和", "the mass is the sum over its lots"))
    for before, after in zip(old.lots, new.lots, strict=True):
        faults += _lot_faults(before, after, [fact for fact in facts if fact.lot_no == before.lot_no])
    return faults


def changes(old: Waybill, new: Waybill) -> list[str]:
    """What a version changed, one ``name: before -> after`` each, for the timeline and for people."""
    shown = [
        f"{name}: {_shown(getattr(old, name))} -> {_shown(getattr(new, name))}"
        for name in sorted(_differing(old, new) - {"version", "issued_at", "lots"})
    ]
    for before, after in zip(old.lots, new.lots, strict=True):
        if before.declared_mass_kg != after.declared_mass_kg:
            shown.append(f"{before.lot_no} declared_mass_kg: {before.declared_mass_kg} -> {after.declared_mass_kg}")
        for leg, leg_after in zip(before.legs, after.legs, strict=True):
            shown += [
                f"{before.lot_no}/{leg.seq} {name}: {_shown(getattr(leg, name))} -> {_shown(getattr(leg_after, name))}"
                for name in sorted(_differing(leg, leg_after) - _PLANNED)
            ]
    return shown


def _amended_lot(lot: WaybillLot, change: Amendment, distance_of: DistanceOf, faults: list[Fault]) -> WaybillLot:
    mass_kg = (change.declared_mass_kg or {}).get(lot.lot_no, lot.declared_mass_kg)
    if mass_kg <= 0:
        faults.append(_fault("declared_mass_kg", "not_positive", "重量应为正数", "the mass must be positive"))
        return lot
    mass_ratio = Decimal(mass_kg) / lot.declared_mass_kg
    asked = {item.seq: item for item in change.legs if item.lot_no == lot.lot_no}
    legs: list[WaybillLeg] = []
    for leg in lot.legs:
        before = legs[-1].destination if legs else leg.origin
        new = _redirected(leg, before, asked.get(leg.seq))
        ratio = mass_ratio
        if (new.origin, new.destination) != (leg.origin, leg.destination) and leg.mode != "Hub":
            found = distance_of(new)
            if found is None:
                faults.append(_no_way(lot.lot_no, new))
                continue
            new = replace(new, distance_km=found[0], distance_basis=found[1].basis, gcd_km=found[1].gcd_km)
            ratio *= Decimal(found[0]) / Decimal(leg.distance_km)
        load_kg = leg.voyage_load_kg and leg.voyage_load_kg + mass_kg - lot.declared_mass_kg
        legs.append(
            replace(
                new,
                co2e_ttw_g=_scaled(leg.co2e_ttw_g, ratio),
                co2e_wtw_g=_scaled(leg.co2e_wtw_g, ratio),
                voyage_load_kg=load_kg,
            )
        )
    water = [leg for leg in legs if leg.mode in WATER_MODES]
    return replace(
        lot,
        declared_mass_kg=mass_kg,
        legs=tuple(legs),
        port_of_loading=water[0].origin if water else "",
        port_of_discharge=water[-1].destination if water else "",
        baseline_ttw_g=_scaled(lot.baseline_ttw_g, mass_ratio),
        baseline_wtw_g=_scaled(lot.baseline_wtw_g, mass_ratio),
        baseline_cost_fen=_scaled(lot.baseline_cost_fen, mass_ratio),
        cost_fen=_scaled(lot.cost_fen, mass_ratio),
    )


def _redirected(leg: WaybillLeg, origin: str, asked: LegChange | None) -> WaybillLeg:
    """The leg from where the former one ends now; a hub stands where the cargo is."""
    destination = origin if leg.mode == "Hub" else (asked.destination if asked else "") or leg.destination
    new = replace(
        leg,
        origin=origin,
        destination=destination,
        vessel_id=(asked.vessel_id if asked else "") or leg.vessel_id,
        voyage_id=(asked.voyage_id if asked else "") or leg.voyage_id,
        planned_departs_at=(asked.departs_at if asked else None) or leg.planned_departs_at,
        planned_arrives_at=(asked.arrives_at if asked else None) or leg.planned_arrives_at,
    )
    # Return cargo and tour were planned with that hull on that way; another one shares nothing that anybody planned.
    as_planned = all(getattr(new, name) == getattr(leg, name) for name in _SHARED_BY)
    return new if as_planned else replace(new, round_trip=None, tour=None)


def _lot_faults(old: WaybillLot, new: WaybillLot, facts: Sequence[Event]) -> list[Fault]:
    where = f"lots/{old.lot_no}"
    faults = []
    if [(leg.seq, leg.mode) for leg in old.legs] != [(leg.seq, leg.mode) for leg in new.legs]:
        return [_fault(where, "not_amendable", "运段不可增减或改方式", "legs keep their number and mode")]
    if old.declared_mass_kg != new.declared_mass_kg and any(fact.event_type in _UNDER_WAY for fact in facts):
        faults.append(
            _fault(
                f"{where}/declared_mass_kg", "loaded", "已装运，申报重量不可改", "the lot is loaded, its mass is fixed"
            )
        )
    if (old.legs[0].origin, old.legs[-1].destination) != (new.legs[0].origin, new.legs[-1].destination):
        faults.append(
            _fault(
                where,
                "not_amendable",
                "起讫地点不可改，须另开运单",
                "another place of receipt or delivery needs a new waybill",
            )
        )
    if any(here.destination != after.origin for here, after in zip(new.legs, new.legs[1:], strict=False)):
        faults.append(_fault(where, "gap", "运段须首尾相接", "each leg begins where the former ends"))
    for before, after in zip(old.legs, new.legs, strict=True):
        of_leg = [fact for fact in facts if fact.leg_seq == before.seq]
        faults += _leg_faults(f"{where}/legs/{before.seq}", before, after, of_leg)
    return faults


def _leg_faults(where: str, old: WaybillLeg, new: WaybillLeg, facts: Sequence[Event]) -> list[Fault]:
    kinds = {fact.event_type for fact in facts}
    discharged_at = {fact.location_id for fact in facts if fact.event_type is EventType.DISC}
    faults = []
    for name in sorted(_differing(old, new) - _PLANNED):
        if name not in _UNTIL_LOADING | _UNTIL_DISCHARGE:
            faults.append(_fault(f"{where}/{name}", "not_amendable", f"{name} 不可改", f"{name} cannot be amended"))
        elif name in _UNTIL_LOADING and kinds & _UNDER_WAY:
            faults.append(
                _fault(
                    f"{where}/{name}", "loaded", f"该段已装货，{name} 不可改", f"the leg is loaded, its {name} is fixed"
                )
            )
        elif discharged_at and (name == "planned_arrives_at" or new.destination not in discharged_at):
            faults.append(
                _fault(
                    f"{where}/{name}",
                    "discharged",
                    f"该段已在 {', '.join(sorted(discharged_at))} 卸货，终点只可改为该地",
                    f"the leg was discharged at {', '.join(sorted(discharged_at))}; it may end nowhere else",
                )
            )
    return faults


def _differing(old: Waybill | WaybillLeg, new: Waybill | WaybillLeg) -> set[str]:
    return {item.name for item in fields(old) if getattr(old, item.name) != getattr(new, item.name)}


def _scaled(amount: int, ratio: Decimal) -> int:
    return int((amount * ratio).to_integral_value(ROUND_HALF_EVEN))


def _shown(value: object) -> str:
    return value.party_id if isinstance(value, Party) else str(value)


def _unknown(name: str) -> Fault:
    return _fault(
        f"lots/{name}", "unknown", f"运单没有 {name}（批次或批次/运段）", f"the waybill has no {name} (lot or lot/leg)"
    )


def _no_way(lot_no: int, leg: WaybillLeg) -> Fault:
    ends = f"{leg.origin}>{leg.destination}"
    return _fault(
        f"lots/{lot_no}/legs/{leg.seq}",
        "no_way",
        f"路网没有 {ends} 的 {leg.mode} 路线（{leg.vehicle_class}）",
        f"the network has no {leg.mode} way {ends} for {leg.vehicle_class}",
    )


def _fault(column: str, code: str, zh: str, en: str) -> Fault:
    return Fault("waybill", None, column, code, Message(f"{zh}。", f"{en}."))


def before_issue(events: Iterable[Event], version: int) -> list[Event]:
    """The events that were there when a version was issued: those before its ISSU in order of arrival."""
    known: list[Event] = []
    for event in events:
        if event.event_type is EventType.ISSU and event.reason.startswith(f"v{version}:"):
            break
        known.append(event)
    return known
