"""The month's shift beside the corridor's published figures, and why they differ, recomputed in several ways.

All cargo that leaves the road is added up once, by side (the road chain that would have run, the way planned) and kind
of element. Each way of counting is then arithmetic on those sums, so that a reader can do it again by hand:

    saving per tonne = road km x truck kg/tkm - water km x vessel kg/tkm - drayage - terminals

Figures of other tables stand beside ours for comparison only; what does not share a boundary says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import (
    Intensity,
    energy_rates,
    hub_operation,
    rail_operation,
    sea_service_operation,
    truck_operation,
)
from optimizer.errors import Message
from optimizer.network.model import Mode, Network
from optimizer.quantities import CHINA_TIME, FEN_PER_YUAN, G_PER_KG, KG_PER_T
from optimizer.waybills.waybill import BaselineLeg, Waybill, WaybillLeg, WaybillLot

Kind = Literal["truck", "drayage", "vessel", "sea", "rail", "hub"]
Side = Literal["baseline", "project"]
KINDS: tuple[Kind, ...] = ("truck", "drayage", "vessel", "sea", "rail", "hub")

FRENCH_VESSEL = "fr2012-iww-motor-vessel-650-999-t"
CHINESE_TRUCK = "gbt51366-heavy30"
BRITISH_TRUCK = "defra25-hgv-artic-gt33-avg"

FIRST_PASS_KG_PER_T = 5.0
FIRST_PASS_YUAN_PER_T = 69.0
"""An earlier, coarser estimate for this corridor with the same two tables as way (b), kept as a second opinion."""


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of element on one side, over all shifted cargo. ``tkm`` is 0 for hubs, ``handled_t`` 0 for legs (a hub
    counts its tonnes at each operation). ``wtw_kg``: kg CO2e; ``ttw_co2_kg``: kg CO2 of the operation."""

    tkm: float = 0.0
    handled_t: float = 0.0
    wtw_kg: float = 0.0
    ttw_co2_kg: float = 0.0

    def __add__(self, other: Part) -> Part:
        return Part(
            self.tkm + other.tkm,
            self.handled_t + other.handled_t,
            self.wtw_kg + other.wtw_kg,
            self.ttw_co2_kg + other.ttw_co2_kg,
        )

    @property
    def wtw_g_per_tkm(self) -> float:
        """Mean intensity of a transport, g CO2e per tkm; 0 without any."""
        return self.wtw_kg * G_PER_KG / self.tkm if self.tkm else 0.0


@dataclass(frozen=True, slots=True)
class Shift:
    """All cargo that leaves the road, as planned. ``parts`` holds every (side, kind), zeros included."""

    mass_t: float
    lots: int
    saved_yuan: float
    parts: Mapping[tuple[Side, Kind], Part]

    def part(self, side: Side, kind: Kind) -> Part:
        """One sum."""
        return self.parts[side, kind]

    def side(self, side: Side) -> Part:
        """Everything of one side."""
        return sum((self.parts[side, kind] for kind in KINDS), Part())

    def km(self, side: Side, kind: Kind) -> float:
        """Mean distance that a tonne of all shifted cargo travels by a kind."""
        return self.parts[side, kind].tkm / self.mass_t if self.mass_t else 0.0


@dataclass(frozen=True, slots=True)
class Way:
    """One way of counting the same month. ``boundary`` says what its numbers cover."""

    code: str
    label: Message
    boundary: Message
    baseline_kg: float
    project_kg: float
    mass_t: float

    @property
    def saving_kg_per_t(self) -> float:
        """Baseline - project per tonne shifted."""
        return (self.baseline_kg - self.project_kg) / self.mass_t if self.mass_t else 0.0


def shift_of(waybills: Iterable[Waybill], network: Network, factors: FactorTable) -> Shift:
    """Sums over all lots that go by water on another way than their baseline.

    Grams of the project are those of the waybills; the baseline's and all TTW CO2 come from the same class models that
    settlement uses, at the day of planned arrival. Raises FactorError where a factor is missing.
    """
    parts: dict[tuple[Side, Kind], Part] = {(side, kind): Part() for side in ("baseline", "project") for kind in KINDS}
    mass_kg = lots = saved_fen = 0
    models = _Models(network, factors)
    for waybill in waybills:
        for lot in waybill.lots:
            if not is_shifted(waybill, lot):
                continue
            lots, mass_kg = lots + 1, mass_kg + lot.declared_mass_kg
            saved_fen += lot.baseline_cost_fen - lot.cost_fen
            on = lot.legs[-1].planned_arrives_at.astimezone(CHINA_TIME).date()
            mass_t = lot.declared_mass_kg / KG_PER_T
            for baseline_leg in waybill.baseline_legs:
                key: tuple[Side, Kind] = ("baseline", _kind(baseline_leg))
                parts[key] += models.baseline(baseline_leg, mass_t, waybill.cargo_group, on)
            for leg in lot.legs:
                key = ("project", _kind(leg))
                parts[key] += models.project(leg, mass_t, waybill.cargo_group, on)
    return Shift(mass_kg / KG_PER_T, lots, saved_fen / FEN_PER_YUAN, parts)


def is_shifted(waybill: Waybill, lot: WaybillLot) -> bool:
    """Whether a lot goes by water, and not only where its baseline does too (an island has no road)."""
    way = [(leg.mode, leg.origin, leg.destination) for leg in lot.legs]
    return lot.by_water and way != [(leg.mode, leg.origin, leg.destination) for leg in waybill.baseline_legs]


def ways_of_counting(shift: Shift, factors: FactorTable) -> list[Way]:
    """The month counted in different ways; (a) is ours. Raises FactorError when a reference row is gone."""
    french_kg = _per_tkm_kg(factors, FRENCH_VESSEL)
    chinese_kg, british_kg = _per_tkm_kg(factors, CHINESE_TRUCK), _per_tkm_kg(factors, BRITISH_TRUCK)
    wtw = Message("WTW CO2e，同一边界", "WTW CO2e, one boundary")
    unstated = Message("混用，未说明", "mixed, not stated")
    table = Message("法国 650–999 吨船", "French 650-999 t vessel")
    return [
        Way(
            "a",
            Message("两侧均用本系统油耗模型", "our fuel models on both sides"),
            wtw,
            shift.side("baseline").wtw_kg,
            shift.side("project").wtw_kg,
            shift.mass_t,
        ),
        Way(
            "b",
            Message(
                f"{table.zh} {french_kg * 1000:.1f} g/tkm，卡车 GB/T 51366 {chinese_kg * 1000:.0f} g/tkm",
                f"{table.en} {french_kg * 1000:.1f} g/tkm, trucks GB/T 51366 {chinese_kg * 1000:.0f} g/tkm",
            ),
            unstated,
            _side_kg(shift, "baseline", chinese_kg, french_kg),
            _side_kg(shift, "project", chinese_kg, french_kg),
            shift.mass_t,
        ),
        Way(
            "b2",
            Message("同 b，不计码头与短驳", "as b, without terminals and drayage"),
            unstated,
            shift.part("baseline", "truck").tkm * chinese_kg,
            _floating_tkm(shift, "project") * french_kg,
            shift.mass_t,
        ),
        Way(
            "c",
            Message("两侧均只算运行 CO2", "CO2 of the operation only, both sides"),
            Message("TTW CO2，同一边界", "TTW CO2, one boundary"),
            shift.side("baseline").ttw_co2_kg,
            shift.side("project").ttw_co2_kg,
            shift.mass_t,
        ),
        Way(
            "d",
            Message(
                f"同 a，卡车改用英国铰接车平均 {british_kg * 1000:.1f} g/tkm",
                f"as a, trucks at the UK average artic {british_kg * 1000:.1f} g/tkm",
            ),
            wtw,
            _side_kg(shift, "baseline", british_kg, None),
            _side_kg(shift, "project", british_kg, None),
            shift.mass_t,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Rederived:
    """What the published kg per tonne amounts to: a difference of intensities over the published haul, when water is
    taken to be as long as the road and nothing else is counted."""

    haul_km: float
    difference_g_per_tkm: float
    truck_g_per_tkm: float
    vessel_g_per_tkm: float

    @property
    def kg_per_t(self) -> float:
        """Haul x (truck - vessel) with the two tables of way (b)."""
        return self.haul_km * (self.truck_g_per_tkm - self.vessel_g_per_tkm) / G_PER_KG


def rederived(network: Network, factors: FactorTable) -> Rederived:
    """How the published saving follows from the published haul and two tables."""
    haul_km = network.benchmarks["mean_haul_km"].value
    published = network.benchmarks["co2_saving_kg_per_t"].value
    return Rederived(
        haul_km,
        published / haul_km * G_PER_KG,
        _per_tkm_kg(factors, CHINESE_TRUCK) * G_PER_KG,
        _per_tkm_kg(factors, FRENCH_VESSEL) * G_PER_KG,
    )


@dataclass(frozen=True, slots=True)
class BreakEven:
    """What one input of way (a) alone would have to be for the published saving; None where it cannot be reached."""

    truck_g_per_tkm: float | None
    vessel_g_per_tkm: float | None


def break_even(shift: Shift, published_kg_per_t: float) -> BreakEven:
    """Solve way (a) for the line-haul truck's intensity, then for the inland vessel's, everything else as it is."""
    if not shift.mass_t:
        return BreakEven(None, None)
    truck, vessel = shift.part("baseline", "truck"), shift.part("project", "vessel")
    missing_kg = published_kg_per_t * shift.mass_t - (shift.side("baseline").wtw_kg - shift.side("project").wtw_kg)
    needed_truck = (truck.wtw_kg + missing_kg) / truck.tkm * G_PER_KG if truck.tkm else None
    needed_vessel = (vessel.wtw_kg - missing_kg) / vessel.tkm * G_PER_KG if vessel.tkm else None
    return BreakEven(needed_truck, needed_vessel if needed_vessel is not None and needed_vessel > 0 else None)


def _per_tkm_kg(factors: FactorTable, factor_id: str) -> float:
    wtw_kg = factors.get(factor_id).wtw_kg
    assert wtw_kg is not None, f"{factor_id} states a WTW value"
    return wtw_kg


def _floating_tkm(shift: Shift, side: Side) -> float:
    return shift.part(side, "vessel").tkm + shift.part(side, "sea").tkm


def _side_kg(shift: Shift, side: Side, truck_kg_per_tkm: float, vessel_kg_per_tkm: float | None) -> float:
    """One side with trucks (and vessels, unless None) at a flat intensity; trains and terminals stay ours."""
    trucks_tkm = shift.part(side, "truck").tkm + shift.part(side, "drayage").tkm
    if vessel_kg_per_tkm is None:
        floating_kg = shift.part(side, "vessel").wtw_kg + shift.part(side, "sea").wtw_kg
    else:
        floating_kg = _floating_tkm(shift, side) * vessel_kg_per_tkm
    rest_kg = shift.part(side, "rail").wtw_kg + shift.part(side, "hub").wtw_kg
    return trucks_tkm * truck_kg_per_tkm + floating_kg + rest_kg


def _kind(leg: BaselineLeg | WaybillLeg) -> Kind:
    match Mode(leg.mode):
        case Mode.ROAD:
            # A truck before or after a vessel is drayage; one that goes all the way is the line haul.
            return "truck" if leg.role == "main" else "drayage"
        case Mode.INLAND_WATERWAY:
            return "vessel"
        case Mode.SEA:
            return "sea"
        case Mode.RAIL:
            return "rail"
        case Mode.HUB:
            return "hub"


class _Models:
    """The class models behind a leg, each worked out once."""

    def __init__(self, network: Network, factors: FactorTable) -> None:
        self.network, self.factors = network, factors
        self._known: dict[tuple[str, str, str, date], Intensity] = {}

    def baseline(self, leg: BaselineLeg, mass_t: float, cargo_group: str, on: date) -> Part:
        """An element of the road chain, by its class model."""
        intensity = self._intensity(leg, cargo_group, on)
        amount = mass_t if leg.mode == Mode.HUB else mass_t * leg.distance_km
        return self._part(leg, mass_t, amount * intensity.wtw_kg, amount * (intensity.ttw_co2_kg or 0.0))

    def project(self, leg: WaybillLeg, mass_t: float, cargo_group: str, on: date) -> Part:
        """An element of the way planned: its grams, and the CO2 in its TTW CO2e by its fuel."""
        wtw_kg, ttw_kg = leg.co2e_wtw_g / G_PER_KG, leg.co2e_ttw_g / G_PER_KG
        if leg.voyage_id:
            vessel = self.network.vessel_classes[leg.vehicle_class]
            use = "sea" if leg.mode == Mode.SEA else "inland_waterway"
            rates = energy_rates(vessel.energy_carrier, use, self.factors, on)
            co2_share = rates.ttw_co2_kg / rates.ttw_kg
        else:
            intensity = self._intensity(leg, cargo_group, on)
            co2_share = (intensity.ttw_co2_kg or 0.0) / intensity.ttw_kg if intensity.ttw_kg else 0.0
        return self._part(leg, mass_t, wtw_kg, ttw_kg * co2_share)

    def _part(self, leg: BaselineLeg | WaybillLeg, mass_t: float, wtw_kg: float, ttw_co2_kg: float) -> Part:
        hub = leg.mode == Mode.HUB
        return Part(0.0 if hub else mass_t * leg.distance_km, mass_t if hub else 0.0, wtw_kg, ttw_co2_kg)

    def _intensity(self, leg: BaselineLeg | WaybillLeg, cargo_group: str, on: date) -> Intensity:
        key = (leg.mode, leg.origin if leg.mode == Mode.HUB else leg.vehicle_class, cargo_group, on)
        if key not in self._known:
            self._known[key] = self._work_out(leg, cargo_group, on)
        return self._known[key]

    def _work_out(self, leg: BaselineLeg | WaybillLeg, cargo_group: str, on: date) -> Intensity:
        match Mode(leg.mode):
            case Mode.HUB:
                return hub_operation(self.network.terminals[leg.origin, cargo_group], self.factors, on)
            case Mode.ROAD:
                return truck_operation(self.network.truck_classes[leg.vehicle_class], self.factors, on)
            case Mode.RAIL:
                return rail_operation(self.factors, on)
            case _:
                vessel = self.network.vessel_classes[leg.vehicle_class]
                load_factor, empty_share = (
                    self.network.value(f"sea_{name}") for name in ("load_factor", "empty_share")
                )
                return sea_service_operation(vessel, load_factor, empty_share, self.factors, on)
