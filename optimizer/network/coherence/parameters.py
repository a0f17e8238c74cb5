"""The parameters that the model needs, each with its unit and the range in which it makes sense.

Written in code because code uses them by name: a network directory without one of them cannot be planned on, and a
price per litre where a price per kilogram is meant would go unseen through every result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf

from optimizer.errors import Fault, Message
from optimizer.network.tables import Table


@dataclass(frozen=True, slots=True)
class RequiredParameter:
    """A parameter the model uses; ``minimum`` and ``maximum`` are inclusive."""

    name: str
    unit: str
    minimum: float = 0.0
    maximum: float = inf


REQUIRED_PARAMETERS = (
    RequiredParameter("road_detour_factor", "1", 1.0, 3.0),
    RequiredParameter("drayage_detour_factor", "1", 1.0, 3.0),
    RequiredParameter("drayage_min_km", "km"),
    RequiredParameter("drayage_max_km", "km"),
    RequiredParameter("truck_loading_h", "h"),
    RequiredParameter("drayage_loading_h", "h"),
    RequiredParameter("diesel_price_yuan_per_kg", "yuan/kg"),
    RequiredParameter("electricity_price_yuan_per_kwh", "yuan/kWh"),
    RequiredParameter("keel_clearance_m", "m", 0.0, 5.0),
    RequiredParameter("time_value_rel_per_year", "1/year", 0.0, 1.0),
    RequiredParameter("lateness_rel_per_day", "1/d", 0.0, 1.0),
    RequiredParameter("lateness_yuan_per_t_day", "yuan/(t·d)"),
    RequiredParameter("berth_overhead_h", "h"),
    RequiredParameter("voyage_load_factor", "1", 0.01, 1.0),
    RequiredParameter("vessel_empty_share", "1", 0.0, 0.95),
    RequiredParameter("sea_load_factor", "1", 0.01, 1.0),
    RequiredParameter("sea_empty_share", "1", 0.0, 0.95),
    RequiredParameter("sea_service_interval_h", "h"),
    RequiredParameter("rail_service_interval_h", "h"),
    RequiredParameter("rail_train_t", "t", 1.0),
    RequiredParameter("sea_harbour_due_yuan_per_t", "yuan/t"),
)


def parameters_are_complete(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Every required parameter is present, in its unit and within its range. Others may stand beside them."""
    table = tables["parameters"]
    rows = {row.values.get("name"): row for row in table.all_rows}
    for needed in REQUIRED_PARAMETERS:
        row = rows.get(needed.name)
        if row is None:
            yield Fault(
                table.schema.path,
                None,
                "name",
                "parameter_missing",
                Message(
                    f"缺少参数 {needed.name}（单位 {needed.unit}）；请加一行。",
                    f"Parameter {needed.name} (in {needed.unit}) is missing; add a row.",
                ),
            )
            continue
        unit, value = row.values.get("unit"), row.values.get("value")
        if unit is not None and unit != needed.unit:
            yield row.fault(
                "unit",
                "parameter_unit",
                Message(
                    f"{needed.name} 的单位应为 {needed.unit}，此处为 {unit}；请换算数值后改正。",
                    f"{needed.name} is in {needed.unit}, here it says {unit}; convert the value and mend the unit.",
                ),
            )
        if value is not None and not needed.minimum <= value <= needed.maximum:
            limits = f"{needed.minimum:g} … {needed.maximum:g} {needed.unit}"
            yield row.fault(
                "value",
                "parameter_range",
                Message(
                    f"{needed.name} = {value:g} 不合理；应在 {limits} 之间。",
                    f"{needed.name} = {value:g} makes no sense; it lies within {limits}.",
                ),
            )
