"""From the published saving of the corridor to ours, one cause at a time.

Published: 9.53 kg CO2 a tonne over a mean haul of 363 km, method not stated. The nearest reading is one haul on both
sides and two tables (way b). From there each step replaces one thing by what the plan says, and the steps add up:

    published -> two tables over the published haul -> our distances -> our trucks -> our vessel classes -> their
    empties -> sea legs and trains -> drayage and terminals = ours
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from optimizer.demo.corridor import Rederived, Shift, is_shifted
from optimizer.errors import Message
from optimizer.network.model import Mode
from optimizer.quantities import G_PER_KG
from optimizer.waybills.waybill import Waybill

CAUSES = {
    "method": Message("方法未公布；取同一运距与两张表", "method not published; one haul and two tables"),
    "distance": Message("里程：公路与水路各按实际", "distance: road and water each as they are"),
    "truck_factor": Message(
        "卡车：油耗模型代替 GB/T 51366（边界未说明）", "trucks: fuel model for GB/T 51366 (boundary unstated)"
    ),
    "vessel_class": Message(
        "船型：实际船型重载油耗代替法国表（其平均含空驶）",
        "vessels: the plan's classes, loaded, for the French table (whose mean holds empties)",
    ),
    "empties": Message("本计划的空驶", "empty voyages of the plan"),
    "sea_and_rail": Message("海船与火车", "sea legs and trains"),
    "ends": Message("短驳与码头", "drayage and terminals"),
}
"""In the order in which they are told."""


@dataclass(frozen=True, slots=True)
class GapStep:
    """A cause and what it changes, kg per tonne shifted; ``saving_kg_per_t`` is the saving after it."""

    code: str
    label: Message
    change_kg_per_t: float
    saving_kg_per_t: float


def vessel_empties_kg(waybills: Iterable[Waybill]) -> float:
    """kg CO2e WTW of empty voyages within what inland vessels are said to emit: of each leg, the part r / (1 + r), with
    r the fuel of empty voyages per fuel of loaded ones of the class."""
    grams = 0.0
    for waybill in waybills:
        for lot in waybill.lots:
            if not is_shifted(waybill, lot):
                continue
            for leg in lot.legs:
                if leg.mode == Mode.INLAND_WATERWAY and leg.voyage_id:
                    grams += leg.co2e_wtw_g * leg.empty_fuel_ratio / (1 + leg.empty_fuel_ratio)
    return grams / G_PER_KG


def gap_steps(shift: Shift, empties_kg: float, tables: Rederived, published_kg_per_t: float) -> list[GapStep]:
    """The steps; the last saving is way (a) of the corridor. Empty for no shifted cargo."""
    if not shift.mass_t:
        return []
    truck = shift.part("baseline", "truck")
    vessel = shift.part("project", "vessel")
    road_km, water_km = shift.km("baseline", "truck"), shift.km("project", "vessel")
    loaded_kg = vessel.wtw_kg - empties_kg
    distance = (
        (road_km - tables.haul_km) * tables.truck_g_per_tkm - (water_km - tables.haul_km) * tables.vessel_g_per_tkm
    ) / G_PER_KG
    trucks = truck.wtw_kg / shift.mass_t - road_km * tables.truck_g_per_tkm / G_PER_KG
    classes = water_km * tables.vessel_g_per_tkm / G_PER_KG - loaded_kg / shift.mass_t
    other = sum(shift.part("baseline", kind).wtw_kg - shift.part("project", kind).wtw_kg for kind in ("sea", "rail"))
    ends = sum(shift.part("baseline", kind).wtw_kg - shift.part("project", kind).wtw_kg for kind in ("drayage", "hub"))
    # Rare: a line-haul truck on the way by water, a barge on the road chain of an island.
    ends += shift.part("baseline", "vessel").wtw_kg - shift.part("project", "truck").wtw_kg
    changes = {
        "method": tables.kg_per_t - published_kg_per_t,
        "distance": distance,
        "truck_factor": trucks,
        "vessel_class": classes,
        "empties": -empties_kg / shift.mass_t,
        "sea_and_rail": other / shift.mass_t,
        "ends": ends / shift.mass_t,
    }
    steps, saving = [], published_kg_per_t
    for code, change in changes.items():
        saving += change
        steps.append(GapStep(code, CAUSES[code], change, saving))
    return steps
